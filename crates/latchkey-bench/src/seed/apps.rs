//! Apps, each with a secret and a key.

use latchkey_identity::Change;
use latchkey_identity::client::key::ClientKey;
use latchkey_identity::client::{
    Authentication, Client, ClientId, ClientKind, ClientSecret, ClientState, LogoutUris, Metadata, Profile, Publisher,
    RedirectUri,
};
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::tenant::Tenant;
use latchkey_identity::time::days;

use super::{App, CLIENTS, REDIRECT_URI, Seeder, exposed_api};
use crate::problem::{Outcome, Problem};

/// What apps differ in.
pub(super) struct Registration<'a> {
    pub(super) scopes: &'a str,
    pub(super) profile: Profile,
    pub(super) metadata: Metadata,
}

impl<'a> Registration<'a> {
    /// Nothing but scopes.
    pub(super) fn of(scopes: &'a str) -> Self {
        Self { scopes, profile: Profile::Standard, metadata: Metadata::default() }
    }
}

/// An app as it was registered, and its secret.
pub(super) struct Registered {
    pub(super) client: Client,
    pub(super) secret: String,
}

impl Registered {
    /// What its own server knows.
    pub(super) fn known(self) -> App {
        App { id: self.client.id, secret: self.secret }
    }
}

impl Seeder<'_> {
    /// The apps that people approve. Each may call that app in its own name, too.
    pub(super) fn apps(&mut self, tenant: &Tenant, calls: ClientId) -> Outcome<Vec<Registered>> {
        let scopes = format!("vso.work {}", exposed_api::scope(calls));
        let mut app = |number| {
            let id = ClientId(self.entropy.uuid());
            self.app(tenant, id, format!("Burndown {number}"), Registration::of(&scopes))
        };
        (0..CLIENTS).map(&mut app).collect()
    }

    /// An app, with a secret and a key.
    pub(super) fn app(
        &mut self,
        tenant: &Tenant,
        id: ClientId,
        name: String,
        with: Registration<'_>,
    ) -> Outcome<Registered> {
        let expires_at = self.now + days(1);
        let (secret, kept) = ClientSecret::generate(id, expires_at, &self.secret_key, self.now, &mut self.entropy);
        let jwk = self.assertion_key.public_jwk();
        let key = ClientKey::stored(self.entropy.uuid(), jwk, None, self.now, expires_at);
        let key = key.ok_or_else(|| Problem::new("the key of the apps is none"))?;
        let client = Client {
            id,
            tenant: tenant.id,
            name,
            kind: ClientKind::Web,
            profile: with.profile,
            publisher: Publisher::Unverified,
            administrator_approved: true,
            multi_tenant: true,
            metadata: with.metadata,
            pkce_optional: false,
            state: ClientState::Active,
            owner: None,
            redirect_uris: vec![RedirectUri::from_stored(REDIRECT_URI.into())],
            logout: LogoutUris::default(),
            device_code: true,
            pushed_only: false,
            scopes: ScopeSet::from_text(with.scopes),
            required_scopes: ScopeSet::default(),
            secrets: vec![kept],
            authentication: Authentication { keys: vec![key], ..Authentication::default() },
            version: 1,
            document: None,
            created_at: self.now,
        };
        self.change(Change::RegisterClient { client: Box::new(client.clone()) });
        Ok(Registered { client, secret: secret.reveal().to_owned() })
    }
}
