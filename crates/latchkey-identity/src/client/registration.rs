//! Registration: what becomes a client, and who may change it.

mod error;

use crate::account::{self, Account, AccountId};
use crate::authorize::response_type;
use crate::change::Change;
use crate::client::authentication::{Authentication, stands_on_a_name};
use crate::client::exposed_api;
use crate::client::fapi2::{self, NotFapi2};
use crate::client::logout_uris::LogoutUris;
use crate::client::metadata::{BadMetadata, Metadata};
use crate::client::redirect_uri::{self, RedirectUri};
use crate::client::reserved_name;
use crate::client::sector::{self, SectorDocument};
use crate::consent::is_still_vouched_for;
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::event::Event;
use crate::limits;
use crate::scope::ScopeSet;
use crate::tenant::TenantId;
use crate::time::Timestamp;

pub use self::error::RegistrationError;

pub use crate::client::registered_client::{
    Client, ClientId, ClientKind, ClientState, Profile, Publisher, SenderConstraint,
};
pub use crate::client::secret::{add_secret, may_hold_secret, remove_secret};

/// What someone asks to have registered, as it was typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Registration {
    /// What people will call it.
    pub name: String,
    /// What sort of program it is.
    pub kind: ClientKind,
    /// What it needs differently.
    pub profile: Profile,
    /// Where answers may be sent.
    pub redirect_uris: Vec<String>,
    /// Who hears of the end of a sign-in, and where people go on after it.
    pub logout: LogoutUris<String>,
    /// It asks for device codes.
    pub device_code: bool,
    /// It makes its requests by pushing them, and in no other way.
    pub pushed_only: bool,
    /// How it asks and is answered.
    pub metadata: Metadata,
    /// The resource scopes it may ask for.
    pub scopes: ScopeSet,
    /// Those of them without which it does not work.
    pub required_scopes: ScopeSet,
    /// People of other tenants may authorize it.
    pub multi_tenant: bool,
    /// It may leave out PKCE.
    pub pkce_optional: bool,
}

/// A registration that was checked whole. Only [`Registration::check`] makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckedRegistration {
    registration: Registration,
    redirect_uris: Vec<RedirectUri>,
    logout: LogoutUris,
}

impl CheckedRegistration {
    /// What sort of program it is.
    pub const fn kind(&self) -> ClientKind {
        self.registration.kind
    }
}

impl Registration {
    /// What is registered, as it would be typed.
    pub fn of(client: &Client) -> Self {
        Self {
            name: client.name.clone(),
            kind: client.kind,
            profile: client.profile,
            redirect_uris: client.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect(),
            logout: client.logout.typed(),
            device_code: client.device_code,
            pushed_only: client.pushed_only,
            metadata: client.metadata.clone(),
            scopes: client.scopes.clone(),
            required_scopes: client.required_scopes.clone(),
            multi_tenant: client.multi_tenant,
            pkce_optional: client.pkce_optional,
        }
    }

    /// Checks every field, and how they fit together. `known_scopes` are those of the resource server.
    ///
    /// One with a `sector_identifier_uri` needs [`Self::check_with`].
    pub fn check(self, known_scopes: &[String]) -> Result<CheckedRegistration, RegistrationError> {
        self.check_with(None, known_scopes)
    }

    /// The same, with what is at its `sector_identifier_uri`.
    pub fn check_with(
        mut self,
        document: Option<&SectorDocument>,
        known_scopes: &[String],
    ) -> Result<CheckedRegistration, RegistrationError> {
        if self.profile == Profile::Legacy {
            return Err(RegistrationError::NoNewLegacyApps);
        }
        self.name = self.name.trim().to_owned();
        if !account::is_presentable(&self.name) {
            return Err(RegistrationError::Name);
        }
        if reserved_name::is_reserved(&self.name) {
            return Err(RegistrationError::ReservedName);
        }
        if self.pkce_optional && !self.kind.is_confidential() {
            return Err(RegistrationError::PkceNeeded);
        }
        if self.profile == Profile::Fapi2 {
            fapi2::check(&mut self)?;
        }
        // What is asked of people themselves any app may ask: it can be written along, and is registered nowhere.
        for scopes in [&mut self.scopes, &mut self.required_scopes] {
            *scopes = scopes.difference(&scopes.identity());
        }
        // Whether an app exposes a scope is seen when somebody is asked for it: that may change at any time.
        let known = |scope: &str| known_scopes.iter().any(|known| known == scope) || exposed_api::is_scope(scope);
        if let Some(unknown) = self.scopes.iter().find(|scope| !known(scope)) {
            return Err(RegistrationError::UnknownScope(unknown.to_owned()));
        }
        if let Some(extra) = self.required_scopes.difference(&self.scopes).iter().next() {
            return Err(RegistrationError::RequiredScope(extra.to_owned()));
        }
        match (self.kind, self.redirect_uris.len()) {
            (ClientKind::Daemon, 0) => {}
            (ClientKind::Daemon, _) => return Err(RegistrationError::DaemonRedirects),
            (_, 0) => return Err(RegistrationError::NoRedirectUri),
            (_, count) if count > limits::REDIRECT_URIS_PER_CLIENT => {
                return Err(RegistrationError::TooManyRedirectUris);
            }
            _ => {}
        }
        let mut redirect_uris = Vec::new();
        for uri in &self.redirect_uris {
            let checked = RedirectUri::register(uri, self.kind)
                .map_err(|error| RegistrationError::RedirectUri { uri: uri.clone(), error })?;
            if !redirect_uris.contains(&checked) {
                redirect_uris.push(checked);
            }
        }
        if self.device_code && !self.kind.can_use_device_codes() {
            return Err(RegistrationError::DeviceCodes);
        }
        if self.pushed_only && self.kind == ClientKind::Daemon {
            return Err(RegistrationError::PushedOnly);
        }
        let logout = self.checked_logout()?;
        self.check_response_types(&redirect_uris)?;
        let metadata = std::mem::take(&mut self.metadata);
        self.metadata = metadata.check(self.kind, &redirect_uris, document).map_err(RegistrationError::Metadata)?;
        Ok(CheckedRegistration { registration: self, redirect_uris, logout })
    }

    fn check_response_types(&mut self, redirect_uris: &[RedirectUri]) -> Result<(), RegistrationError> {
        let metadata = &mut self.metadata;
        let bound = metadata.dpop_bound_access_tokens || metadata.tls_client_certificate_bound_access_tokens;
        let without_access_tokens = bound || self.profile == Profile::Microsoft;
        let asked = std::mem::take(&mut metadata.response_types);
        metadata.response_types = response_type::check(asked, self.kind, redirect_uris, without_access_tokens)
            .ok_or(RegistrationError::Metadata(BadMetadata::ResponseTypes))?;
        Ok(())
    }

    fn checked_logout(&self) -> Result<LogoutUris, RegistrationError> {
        let typed = &self.logout.post_logout_redirect_uris;
        if typed.len() > limits::REDIRECT_URIS_PER_CLIENT || (self.kind == ClientKind::Daemon && !typed.is_empty()) {
            return Err(RegistrationError::PostLogoutRedirectUris);
        }
        let mut post_logout_redirect_uris = Vec::new();
        for uri in typed {
            let checked = RedirectUri::register(uri, self.kind)
                .map_err(|error| RegistrationError::PostLogoutRedirectUri { uri: uri.clone(), error })?;
            if !post_logout_redirect_uris.contains(&checked) {
                post_logout_redirect_uris.push(checked);
            }
        }
        Ok(LogoutUris {
            post_logout_redirect_uris,
            backchannel_logout_uri: self.checked_backchannel()?,
            frontchannel_logout_uri: self.checked_frontchannel()?,
        })
    }

    /// Where the server tells of sign-outs: by https, wherever it is. [Back-Channel Logout §2.2]
    fn checked_backchannel(&self) -> Result<Option<RedirectUri>, RegistrationError> {
        let Some(typed) = &self.logout.backchannel_logout_uri else { return Ok(None) };
        let wrong = || RegistrationError::BackchannelLogoutUri(typed.clone());
        let uri = RedirectUri::register(typed, ClientKind::Web).map_err(|_| wrong())?;
        let suits = uri.as_str().starts_with("https://") && self.kind != ClientKind::Daemon;
        if suits { Ok(Some(uri)) } else { Err(wrong()) }
    }

    /// The page that is framed: of the app itself, so that nobody makes browsers of others load something else. [Front-Channel Logout §2]
    fn checked_frontchannel(&self) -> Result<Option<RedirectUri>, RegistrationError> {
        let Some(typed) = &self.logout.frontchannel_logout_uri else { return Ok(None) };
        let wrong = || RegistrationError::FrontchannelLogoutUri(typed.clone());
        let uri = RedirectUri::register(typed, ClientKind::Web).map_err(|_| wrong())?;
        let own = |redirect: &String| redirect_uri::origin(redirect) == redirect_uri::origin(uri.as_str());
        if self.redirect_uris.iter().any(own) { Ok(Some(uri)) } else { Err(wrong()) }
    }
}

/// Registers an app. The owner is the account that asks; `owned` is how many it owns already.
pub fn register(
    checked: CheckedRegistration,
    owner: &Account,
    owned: usize,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Client, RegistrationError> {
    if owned >= limits::APPS_PER_OWNER {
        return Decision::refuse(RegistrationError::TooManyApps);
    }
    let client = new_client(ClientId(entropy.uuid()), checked, owner.tenant, Some(owner.id), now);
    Decision::grant(client.clone())
        .and(Change::Record(Event::app_registered(&client).by(owner.id)))
        .and(Change::RegisterClient { client: Box::new(client) })
}

/// A client as it stands right after registration.
pub fn new_client(
    id: ClientId,
    checked: CheckedRegistration,
    tenant: TenantId,
    owner: Option<AccountId>,
    now: Timestamp,
) -> Client {
    let CheckedRegistration { registration, redirect_uris, logout } = checked;
    Client {
        id,
        tenant,
        name: registration.name,
        kind: registration.kind,
        profile: registration.profile,
        publisher: Publisher::Unverified,
        administrator_approved: false,
        multi_tenant: registration.multi_tenant,
        pkce_optional: registration.pkce_optional,
        state: ClientState::Active,
        owner,
        redirect_uris,
        logout,
        device_code: registration.device_code,
        pushed_only: registration.pushed_only,
        metadata: registration.metadata,
        scopes: registration.scopes,
        required_scopes: registration.required_scopes,
        secrets: Vec::new(),
        authentication: Authentication::default(),
        version: 1,
        document: None,
        created_at: now,
    }
}

/// Whether anybody may edit an app at all: one of the older kind stays as it was imported, and one that describes itself is what it says.
pub(crate) fn may_be_edited(client: &Client) -> Result<(), RegistrationError> {
    if client.is_legacy() {
        return Err(RegistrationError::LegacyStaysAsItIs);
    }
    if client.document.is_some() { Err(RegistrationError::DescribesItself) } else { Ok(()) }
}

/// Changes what an app's owner may change. Its kind stays: a public app does not become confidential by a form. An administrator's word for
/// it ends with what people are told of the app, unless an administrator changes it.
pub fn change(
    client: &Client,
    checked: CheckedRegistration,
    by: &Account,
    now: Timestamp,
) -> Decision<Client, RegistrationError> {
    if !client.may_be_changed_by(by) {
        return Decision::refuse(RegistrationError::NotYours);
    }
    if let Err(error) = may_be_edited(client) {
        return Decision::refuse(error);
    }
    let by_secret = client.authentication.method.is_some_and(|method| !fapi2::authenticates_by(method));
    if checked.registration.profile == Profile::Fapi2 && by_secret {
        return Decision::refuse(NotFapi2::Secret.into());
    }
    if let Err(error) = stands_on_a_name(client.authentication.method, &checked.registration.metadata) {
        return Decision::refuse(error);
    }
    let CheckedRegistration { registration, redirect_uris, logout } = checked;
    let mut changed = Client {
        name: registration.name,
        profile: registration.profile,
        multi_tenant: registration.multi_tenant,
        pkce_optional: registration.pkce_optional,
        redirect_uris,
        logout,
        device_code: registration.device_code,
        pushed_only: registration.pushed_only,
        metadata: registration.metadata,
        scopes: registration.scopes,
        required_scopes: registration.required_scopes,
        version: client.version + 1,
        ..client.clone()
    };
    if !client.is_administered_by(by) {
        changed.administrator_approved = is_still_vouched_for(client, &changed);
    }
    if let Err(error) = sector::may_become(client, &changed) {
        return Decision::refuse(RegistrationError::Metadata(error));
    }
    Decision::grant(changed.clone())
        .and(Change::Record(Event::app_changed(&changed, now).by(by.id)))
        .and(Change::ChangeClient { client: Box::new(changed), from_version: client.version })
}

/// Deletes an app: its authorizations end with it.
pub fn delete(client: &Client, by: &Account, now: Timestamp) -> Decision<(), RegistrationError> {
    if !client.may_be_changed_by(by) {
        return Decision::refuse(RegistrationError::NotYours);
    }
    Decision::grant(())
        .and(Change::Record(Event::app_deleted(client, now).by(by.id)))
        .and(Change::DeleteClient { client: client.id, at: now })
}

#[cfg(test)]
pub(crate) mod tests;
