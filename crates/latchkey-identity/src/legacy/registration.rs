//! What is known of an app of the older kind, and the one way in: the import of those that exist already.

use std::convert::Infallible;
use uuid::Uuid;

use crate::account::{self, AccountId};
use crate::change::Change;
use crate::client::registration::RegistrationError;
use crate::client::{
    Authentication, Client, ClientId, ClientKind, ClientState, LogoutUris, Metadata, Profile, Publisher, RedirectUri,
};
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::event::{Event, EventKind};
use crate::legacy::secret;
use crate::limits;
use crate::resource::ResourceServer;
use crate::scope::ScopeSet;
use crate::secret::{PurposeKey, Secret};
use crate::tenant::TenantId;
use crate::time::{Timestamp, days};

/// What is known of an app of the older kind beside what is known of every client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LegacyApp {
    /// The client.
    pub client: ClientId,
    /// What it is for, in its owner's words.
    pub description: String,
    /// Its web site.
    pub website: String,
    /// The company that says it is behind it. Nobody checked.
    pub company: String,
    /// The scopes it was registered with, also those that mean nothing here. A request names exactly these.
    pub scopes: ScopeSet,
    /// The organizations it was imported for. It acts nowhere else.
    pub organizations: Vec<Uuid>,
}

/// A registration of the older kind as it was exported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LegacyRegistration {
    /// `registrationId`: the `client_id` that the app goes on using.
    pub id: ClientId,
    /// `registrationName`
    pub name: String,
    /// `registrationDescription`
    pub description: String,
    /// `registrationLocation`
    pub website: String,
    /// `organizationName`
    pub company: String,
    /// `redirectUris`
    pub redirect_uris: Vec<String>,
    /// `scopes`
    pub scopes: ScopeSet,
    /// Who may see and change it: the account that `identityId` stands for, if it has one here.
    pub owner: Option<AccountId>,
}

/// Whether an organization's import is open. It is open once, from the first app until it is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ImportGate {
    /// When the first app came in.
    pub opened_at: Timestamp,
    /// When it was closed, for good.
    pub closed_at: Option<Timestamp>,
}

/// Where an app is imported to, and what is there already.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    /// The organization that takes it over.
    pub organization: Uuid,
    /// The organization's tenant.
    pub tenant: TenantId,
    /// The organization's import, if it was opened.
    pub gate: Option<&'a ImportGate>,
    /// Who has the id already.
    pub present: Present<'a>,
    /// The resource server that it is to call.
    pub resource: &'a ResourceServer,
}

/// Who has an app's id already.
#[derive(Clone, Copy, Debug)]
pub enum Present<'a> {
    /// Nobody.
    Nobody,
    /// An app that was deleted here.
    Deleted,
    /// An app of the newer kind.
    Newer,
    /// An account or a tenant. Tokens and the record tell who acted by such ids.
    SomebodyElse,
    /// The app itself, imported before.
    Imported(&'a Client, &'a LegacyApp),
}

/// What became of an app.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Imported {
    /// It is there now. Its secret, which lives 60 days, is told this once.
    Created(Client, Secret),
    /// It was there, and is now as it was exported.
    Updated(Client),
    /// It is there just so already.
    Unchanged(Client),
}

/// Why an app cannot be imported, in a sentence for who imports it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ImportError {
    /// The organization's import was closed.
    #[error("The import for this organization is closed. {}", super::NO_NEW_ONES)]
    Closed,
    /// An app of another kind has the id.
    #[error("An app of the identity platform has this id already.")]
    IdTaken,
    /// An account or a tenant has the id, which an exported file names. [RFC 9700 §4.15]
    #[error("An account or a directory has this id already.")]
    SomebodyElse,
    /// The DevOps side itself goes by the id: a token for the app would be one for it.
    #[error("The DevOps side itself has this id.")]
    Resource,
    /// Another organization relies on the app as it is there.
    #[error(
        "Another organization has this app already. It can be taken over as it is there, and not with another name, redirect URI or description."
    )]
    HeldElsewhere,
    /// The app was deleted here.
    #[error("The app was deleted here, and ids are not used again.")]
    Deleted,
    /// Its scopes are not those it was imported with.
    #[error("Its scopes are not those it was imported with; an app of this kind has the same scopes for life.")]
    OtherScopes,
    /// None of its scopes exists here.
    #[error("None of its scopes exists here, so there would be nothing it could do.")]
    NoScopes,
    /// More text than anybody shows.
    #[error(
        "Its description, web site, company or scopes are longer than 2,000 characters, or have hidden characters in them."
    )]
    Text,
    /// Something that holds for every app.
    #[error(transparent)]
    Registration(#[from] RegistrationError),
}

/// Imports one app into an organization, or says why it cannot be. Nothing else makes an app of this kind.
///
/// Asked again with the same registration it changes nothing. A plan is the same call whose changes are left alone.
pub fn import(
    registration: &LegacyRegistration,
    destination: Destination<'_>,
    key: &PurposeKey,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Imported, ImportError> {
    if destination.gate.is_some_and(|gate| gate.closed_at.is_some()) {
        return Decision::refuse(ImportError::Closed);
    }
    let (client, app) = match checked(registration, &destination, now) {
        Ok(checked) => checked,
        Err(error) => return Decision::refuse(error),
    };
    let open = destination.gate.is_none().then_some(Change::OpenLegacyImport {
        organization: destination.organization,
        tenant: destination.tenant,
        at: now,
    });
    let imported = |client: &Client| {
        let event = Event::new(EventKind::LegacyAppImported, destination.tenant, now, client.name.clone());
        Change::Record(event.through(client.id))
    };
    match destination.present {
        Present::Deleted => Decision::refuse(ImportError::Deleted),
        Present::Newer => Decision::refuse(ImportError::IdTaken),
        Present::SomebodyElse => Decision::refuse(ImportError::SomebodyElse),
        Present::Imported(_, there) if there.scopes != app.scopes => Decision::refuse(ImportError::OtherScopes),
        Present::Imported(there, known) => {
            let joins = !known.organizations.contains(&destination.organization);
            let organizations =
                known.organizations.iter().copied().chain(joins.then_some(destination.organization)).collect();
            let held_elsewhere = known.organizations.iter().any(|held| *held != destination.organization);
            let app = LegacyApp { organizations, ..app };
            let changed = updated(there, &client, destination.tenant, held_elsewhere);
            if held_elsewhere && !is_the_same(there, known, &client, &app) {
                return Decision::refuse(ImportError::HeldElsewhere);
            }
            if changed == *there && app == *known {
                return Decision::grant(Imported::Unchanged(changed));
            }
            let changed = Client { version: there.version + 1, ..changed };
            Decision::grant(Imported::Updated(changed.clone())).and_all(open).and(imported(&changed)).and(
                Change::ChangeLegacyApp {
                    client: Box::new(changed),
                    app: Box::new(app),
                    organization: destination.organization,
                    from_version: there.version,
                },
            )
        }
        Present::Nobody => {
            let end = now + days(limits::LEGACY_SECRET_DAYS);
            let (shown, kept) = secret::generate(client.id, end, key, now, entropy);
            let secret_added = Change::Record(Event::secret_added(&client, &kept));
            let client = Client { secrets: vec![kept], ..client };
            Decision::grant(Imported::Created(client.clone(), shown))
                .and_all(open)
                .and(imported(&client))
                .and(secret_added)
                .and(Change::ImportLegacyApp {
                    client: Box::new(client),
                    app: Box::new(app),
                    organization: destination.organization,
                })
        }
    }
}

/// Closes an organization's import for good, opened or not.
pub fn close_import(
    organization: Uuid,
    tenant: TenantId,
    gate: Option<&ImportGate>,
    now: Timestamp,
) -> Decision<(), Infallible> {
    if gate.is_some_and(|gate| gate.closed_at.is_some()) {
        return Decision::grant(());
    }
    Decision::grant(())
        .and_all(gate.is_none().then_some(Change::OpenLegacyImport { organization, tenant, at: now }))
        .and(Change::CloseLegacyImport { organization, at: now })
        .and(Change::Record(Event::new(EventKind::LegacyImportClosed, tenant, now, organization.to_string())))
}

fn checked(
    registration: &LegacyRegistration,
    destination: &Destination<'_>,
    now: Timestamp,
) -> Result<(Client, LegacyApp), ImportError> {
    let LegacyRegistration { id, name, description, website, company, redirect_uris, scopes, owner } = registration;
    if ClientId::parse(&destination.resource.audience) == Some(*id) {
        return Err(ImportError::Resource);
    }
    let name = name.trim();
    if !account::is_presentable(name) {
        return Err(RegistrationError::Name.into());
    }
    if [description, website, company, &scopes.to_string()].into_iter().any(|text| !is_showable(text)) {
        return Err(ImportError::Text);
    }
    let known: ScopeSet =
        scopes.iter().filter(|scope| destination.resource.scopes.iter().any(|known| known == scope)).collect();
    if known.is_empty() {
        return Err(ImportError::NoScopes);
    }
    if redirect_uris.is_empty() {
        return Err(RegistrationError::NoRedirectUri.into());
    }
    if redirect_uris.len() > limits::REDIRECT_URIS_PER_CLIENT {
        return Err(RegistrationError::TooManyRedirectUris.into());
    }
    let register = |uri: &String| {
        RedirectUri::register(uri, ClientKind::Web)
            .map_err(|error| RegistrationError::RedirectUri { uri: uri.clone(), error })
    };
    let client = Client {
        id: *id,
        tenant: destination.tenant,
        // The name may well be one that a new app could not take: it was given long ago, by others.
        name: name.to_owned(),
        kind: ClientKind::Web,
        profile: Profile::Legacy,
        publisher: Publisher::Unverified,
        administrator_approved: false,
        multi_tenant: false,
        metadata: Metadata::default(),
        pkce_optional: true,
        state: ClientState::Active,
        owner: *owner,
        redirect_uris: redirect_uris.iter().map(register).collect::<Result<_, _>>()?,
        logout: LogoutUris::default(),
        device_code: false,
        pushed_only: false,
        scopes: known,
        required_scopes: ScopeSet::default(),
        secrets: Vec::new(),
        authentication: Authentication::default(),
        version: 1,
        document: None,
        created_at: now,
    };
    let app = LegacyApp {
        client: *id,
        description: description.clone(),
        website: website.clone(),
        company: company.clone(),
        scopes: scopes.clone(),
        organizations: vec![destination.organization],
    };
    Ok((client, app))
}

/// Whether an export says of an app what is known of it.
fn is_the_same(there: &Client, known: &LegacyApp, exported: &Client, app: &LegacyApp) -> bool {
    (&there.name, &there.redirect_uris) == (&exported.name, &exported.redirect_uris)
        && (&known.description, &known.website, &known.company) == (&app.description, &app.website, &app.company)
}

/// What is there, with what an export may change. An app that organizations of two tenants take over is open to the people of both; who
/// owns it is for the first of them to say.
fn updated(there: &Client, exported: &Client, tenant: TenantId, held_elsewhere: bool) -> Client {
    Client {
        name: exported.name.clone(),
        redirect_uris: exported.redirect_uris.clone(),
        owner: there.owner.or(exported.owner.filter(|_| !held_elsewhere)),
        multi_tenant: there.multi_tenant || there.tenant != tenant,
        ..there.clone()
    }
}

fn is_showable(text: &str) -> bool {
    text.chars().count() <= limits::LEGACY_TEXT_CHARACTERS
        && text.chars().all(|c| matches!(c, '\n' | '\r' | '\t') || !account::is_hidden(c))
}

#[cfg(test)]
pub(crate) mod tests;
