//! A client as it is registered: what it is, and what it may do.

use std::collections::BTreeSet;
use std::fmt;

use uuid::Uuid;

use crate::account::{Account, AccountId};
use crate::authorization::Lifetime;
use crate::client::authentication::Authentication;
use crate::client::federated_credential::FederatedCredential;
use crate::client::identifier::DocumentUrl;
use crate::client::key::ClientKey;
use crate::client::logout_uris::LogoutUris;
use crate::client::metadata::Metadata;
use crate::client::redirect_uri::{RedirectUri, destination_without_port};
use crate::client::secret::ClientSecret;
use crate::client_auth::Credential;
use crate::error::OAuthError;
use crate::scope::ScopeSet;
use crate::tenant::{Audience, TenantId};
use crate::time::Timestamp;

/// The id of a client: the `client_id` parameter and the `azp` claim. A GUID, as clients of the Microsoft world expect.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ClientId(pub Uuid);

impl ClientId {
    /// Reads the `client_id` parameter; `None` if it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten().map(Self)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// What sort of program an app is. [RFC 6749 §2.1]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ClientKind {
    /// Runs on a server and keeps a secret.
    Web,
    /// Runs on a person's machine and can keep none.
    Native,
    /// Runs in a browser and can keep none.
    SinglePage,
    /// Runs on a server without anybody present.
    Daemon,
}

impl ClientKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Web, Self::Native, Self::SinglePage, Self::Daemon];

    /// The name in configuration, commands and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Native => "native",
            Self::SinglePage => "spa",
            Self::Daemon => "daemon",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether people can use it on a device without a browser. [RFC 8628 §1]
    pub const fn can_use_device_codes(self) -> bool {
        matches!(self, Self::Web | Self::Native)
    }

    /// Whether it keeps a secret, and therefore authenticates.
    pub const fn is_confidential(self) -> bool {
        matches!(self, Self::Web | Self::Daemon)
    }
}

/// What clients of different worlds need differently.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Profile {
    /// RFC 9068 access tokens, nothing beside the standards.
    Standard,
    /// Entra-shaped tokens for clients of the Microsoft world.
    Microsoft,
    /// FAPI 2.0 Security Profile: pushed requests, authentication by a key, tokens bound to one.
    Fapi2,
    /// The older OAuth kind: imported, and never registered. See [`crate::legacy`].
    Legacy,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Microsoft, Self::Fapi2, Self::Legacy];

    /// The name in configuration, commands and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Microsoft => "microsoft",
            Self::Fapi2 => "fapi2",
            Self::Legacy => "legacy",
        }
    }

    /// The profile of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }
}

/// What is known of who stands behind an app.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Publisher {
    /// Nobody checked.
    Unverified,
    /// The publisher showed that they control this domain.
    Verified(String),
}

impl Publisher {
    /// The domain that was verified, or nothing.
    pub fn domain(&self) -> &str {
        match self {
            Self::Unverified => "",
            Self::Verified(domain) => domain,
        }
    }
}

/// What tokens are bound to, so that a copy of one opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SenderConstraint {
    /// A key that the client shows by DPoP proofs. [RFC 9449]
    Dpop,
    /// The certificate that the client shows when it shakes hands. [RFC 8705 §3]
    Certificate,
}

/// Whether an app may do anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientState {
    /// It may.
    Active,
    /// An administrator stopped it for everybody; authorizations are kept and nothing works.
    Suspended,
}

/// A registered service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// The tenant it is registered in.
    pub tenant: TenantId,
    /// What people call it.
    pub name: String,
    /// What sort of program it is.
    pub kind: ClientKind,
    /// What it needs differently.
    pub profile: Profile,
    /// Who stands behind it.
    pub publisher: Publisher,
    /// An administrator vouches for it: its approvals are reused silently, and errors go to it without a click.
    pub administrator_approved: bool,
    /// People of other tenants may authorize it.
    pub multi_tenant: bool,
    /// It may leave out PKCE. Only confidential clients can.
    pub pkce_optional: bool,
    /// Active or suspended.
    pub state: ClientState,
    /// Who registered it, and may change it.
    pub owner: Option<AccountId>,
    /// Where answers may be sent.
    pub redirect_uris: Vec<RedirectUri>,
    /// Who hears of the end of a sign-in, and where people go on after it.
    pub logout: LogoutUris,
    /// It asks for device codes. [RFC 8628 §3.1]
    pub device_code: bool,
    /// It makes its requests by pushing them, and in no other way. [RFC 9126 §6]
    pub pushed_only: bool,
    /// How it asks and is answered.
    pub metadata: Metadata,
    /// The resource scopes it may ask for.
    pub scopes: ScopeSet,
    /// Those of them without which it does not work.
    pub required_scopes: ScopeSet,
    /// Its secrets, at most two.
    pub secrets: Vec<ClientSecret>,
    /// How it proves who it is without them.
    pub authentication: Authentication,
    /// Rises with every change; a change is made against the version it was read at.
    pub version: i64,
    /// Where the document lies that it describes itself by. Nobody registered it then.
    pub document: Option<DocumentUrl>,
    /// When it was registered.
    pub created_at: Timestamp,
}

impl Client {
    /// Whether this person may see and change the registration: its owner, or an administrator of its tenant.
    pub fn may_be_changed_by(&self, account: &Account) -> bool {
        self.owner == Some(account.id) || self.is_administered_by(account)
    }

    /// Whether this person administers the tenant that it is registered in.
    pub(crate) fn is_administered_by(&self, account: &Account) -> bool {
        account.tenant_administrator && account.tenant == self.tenant
    }

    /// Whether people of `tenant` may authorize it.
    pub fn is_open_to(&self, tenant: TenantId) -> bool {
        self.multi_tenant || self.tenant == tenant
    }

    /// Whether everybody whom a request is open to may authorize it: the people of the tenant that is named, or of any if none is.
    pub(crate) fn is_open_to_all_of(&self, audience: &Audience) -> bool {
        match audience {
            Audience::Tenant(tenant) => self.is_open_to(tenant.id),
            Audience::Anyone | Audience::WorkAccounts => self.multi_tenant,
        }
    }

    /// Whether it may do anything at all: an administrator may have stopped it.
    pub(crate) fn may_act(&self) -> Result<(), OAuthError> {
        match self.state {
            ClientState::Active => Ok(()),
            ClientState::Suspended => {
                Err(OAuthError::unauthorized_client("an administrator has stopped this client").numbered(7_000_112))
            }
        }
    }

    /// Whether it must prove with PKCE that the code comes back to who asked. [RFC 7636], [RFC 9700 §2.1.1]
    pub fn requires_pkce(&self) -> bool {
        !(self.pkce_optional && self.kind.is_confidential())
    }

    /// Whether it makes its requests by pushing them only. [RFC 9126 §6], [FAPI 2.0 Security Profile §5.3.2.2]
    pub fn pushes_only(&self) -> bool {
        self.pushed_only || self.profile == Profile::Fapi2
    }

    /// What everything that is issued to it has to be bound to. [RFC 9449 §5.2], [RFC 8705 §3.4], [FAPI 2.0 Security Profile §5.3.2.1]
    pub fn sender_constraint(&self) -> Option<SenderConstraint> {
        if self.metadata.tls_client_certificate_bound_access_tokens {
            return Some(SenderConstraint::Certificate);
        }
        let by_dpop = self.metadata.dpop_bound_access_tokens || self.profile == Profile::Fapi2;
        by_dpop.then_some(SenderConstraint::Dpop)
    }

    /// What it can prove who it is with, live or not.
    pub fn credentials(&self) -> impl Iterator<Item = Credential> {
        let keys = self.authentication.keys.iter().map(ClientKey::credential);
        let federated = self.authentication.federated.iter().map(FederatedCredential::credential);
        let secrets = self.secrets.iter().map(ClientSecret::credential);
        let by_others = self.published_credential().into_iter().chain(self.certified_credential());
        secrets.chain(keys).chain(federated).chain(by_others)
    }

    /// Whether it is of the older OAuth kind.
    pub fn is_legacy(&self) -> bool {
        self.profile == Profile::Legacy
    }

    /// How long people may let it act, longest first.
    pub fn offered_lifetimes(&self) -> [Lifetime; 4] {
        if self.is_legacy() { Lifetime::OFFERED_TO_LEGACY } else { Lifetime::OFFERED }
    }

    /// Every place that it may send people back to, as people are told of them.
    pub fn destinations(&self) -> BTreeSet<String> {
        self.redirect_uris.iter().map(|uri| destination_without_port(uri.as_str())).collect()
    }

    /// Whether it registered a redirect URI by which an answer may go to `requested`.
    pub fn permits_redirect(&self, requested: &str) -> bool {
        self.redirect_uris.iter().any(|uri| uri.permits(requested, self.kind))
    }

    /// Whether people may be sent to `requested` after they signed out. In the Microsoft world it may be one of the redirect URIs.
    /// [RP-Initiated Logout §3]
    pub fn permits_post_logout_redirect(&self, requested: &str) -> bool {
        self.logout.post_logout_redirect_uris.iter().any(|uri| uri.as_str() == requested)
            || (self.profile == Profile::Microsoft && self.permits_redirect(requested))
    }

    /// Whether it may ask for device codes: a native app, or one that keeps a secret, which registered for it. [RFC 8628 §3.1]
    pub fn may_use_device_codes(&self) -> bool {
        self.device_code && self.kind.can_use_device_codes() && !self.is_legacy()
    }
}
