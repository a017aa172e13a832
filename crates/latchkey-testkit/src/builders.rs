//! Apps to register.

use latchkey_identity::Entropy;
use latchkey_identity::client::FederatedCredential;
use latchkey_identity::client::federated_credential::USUAL_AUDIENCE;
use latchkey_identity::client::registration::{Registration, new_client};
use latchkey_identity::client::{
    Authentication, Client, ClientId, ClientKey, ClientKind, LogoutUris, Metadata, Profile,
};
use latchkey_identity::client_auth::Method;
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::tenant::TenantId;
use latchkey_jose::SigningKey;
use latchkey_jose::digest::sha256;
use uuid::Uuid;

use crate::sample;

/// What the sample apps ask for.
pub const SCOPES: &str = "vso.build vso.code vso.profile vso.project vso.work";

/// An app that is about to be registered, in the tenant of harbor unless said otherwise.
#[derive(Clone, Debug)]
pub struct AppBuilder {
    name: String,
    tenant: TenantId,
    registration: Registration,
    approved: bool,
    owner: Option<&'static str>,
    authentication: Authentication,
}

/// A confidential web app.
pub fn a_web_app(name: &str) -> AppBuilder {
    an_app(name, ClientKind::Web, &[&format!("https://{name}.test/callback")])
}

/// A public native app, which listens on any port of loopback.
pub fn a_native_app(name: &str) -> AppBuilder {
    an_app(name, ClientKind::Native, &["http://localhost", &format!("test.{name}:/callback")])
}

/// A single-page app.
pub fn a_single_page_app(name: &str) -> AppBuilder {
    an_app(name, ClientKind::SinglePage, &[&format!("https://{name}.test/callback")])
}

/// A daemon, to which nobody signs in.
pub fn a_daemon(name: &str) -> AppBuilder {
    an_app(name, ClientKind::Daemon, &[])
}

fn an_app(name: &str, kind: ClientKind, redirect_uris: &[&str]) -> AppBuilder {
    let registration = Registration {
        name: name.to_owned(),
        kind,
        profile: Profile::Standard,
        redirect_uris: redirect_uris.iter().map(|uri| (*uri).to_owned()).collect(),
        logout: LogoutUris::default(),
        device_code: false,
        pushed_only: false,
        scopes: ScopeSet::from_text(SCOPES),
        required_scopes: ScopeSet::default(),
        multi_tenant: true,
        metadata: Metadata::default(),
        pkce_optional: false,
    };
    AppBuilder {
        name: name.to_owned(),
        tenant: sample::harbor().id,
        registration,
        approved: true,
        owner: None,
        authentication: Authentication::default(),
    }
}

impl AppBuilder {
    /// That no administrator vouches for.
    #[must_use]
    pub fn not_approved(self) -> Self {
        Self { approved: false, ..self }
    }

    /// For the Microsoft world.
    #[must_use]
    pub fn of_the_microsoft_profile(mut self) -> Self {
        self.registration.profile = Profile::Microsoft;
        self
    }

    /// By FAPI 2.0.
    #[must_use]
    pub fn of_the_fapi2_profile(mut self) -> Self {
        self.registration.profile = Profile::Fapi2;
        self
    }

    /// That can do without PKCE.
    #[must_use]
    pub fn without_pkce(mut self) -> Self {
        self.registration.pkce_optional = true;
        self
    }

    /// In the tenant of shore.
    #[must_use]
    pub fn of_shore(self) -> Self {
        Self { tenant: sample::shore().id, ..self }
    }

    /// For its own tenant only.
    #[must_use]
    pub fn of_one_tenant(mut self) -> Self {
        self.registration.multi_tenant = false;
        self
    }

    /// With another redirect URI too.
    #[must_use]
    pub fn and_redirect_uri(mut self, uri: &str) -> Self {
        self.registration.redirect_uris.push(uri.to_owned());
        self
    }

    /// That sends people here after they signed out.
    #[must_use]
    pub fn and_post_logout_redirect_uri(mut self, uri: &str) -> Self {
        self.registration.logout.post_logout_redirect_uris.push(uri.to_owned());
        self
    }

    /// That is told here that somebody signed out.
    #[must_use]
    pub fn and_backchannel_logout_uri(mut self, uri: &str) -> Self {
        self.registration.logout.backchannel_logout_uri = Some(uri.to_owned());
        self
    }

    /// Whose page is framed when somebody signs out.
    #[must_use]
    pub fn and_frontchannel_logout_uri(mut self, uri: &str) -> Self {
        self.registration.logout.frontchannel_logout_uri = Some(uri.to_owned());
        self
    }

    /// That asks for device codes.
    #[must_use]
    pub fn with_device_codes(mut self) -> Self {
        self.registration.device_code = true;
        self
    }

    /// That pushes its requests, and makes them in no other way.
    #[must_use]
    pub fn pushing_only(mut self) -> Self {
        self.registration.pushed_only = true;
        self
    }

    /// That registered how it asks and is answered.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.registration.metadata = metadata;
        self
    }

    /// With other scopes.
    #[must_use]
    pub fn asking(mut self, scopes: &str) -> Self {
        self.registration.scopes = ScopeSet::from_text(scopes);
        self
    }

    /// With scopes that cannot be left out.
    #[must_use]
    pub fn requiring(mut self, scopes: &str) -> Self {
        self.registration.required_scopes = ScopeSet::from_text(scopes);
        self
    }

    /// That signs with this key.
    #[must_use]
    pub fn with_key(mut self, pair: &SigningKey) -> Self {
        let text = serde_json::to_string(&pair.public_jwk()).expect("a key has a text");
        let seed = self.authentication.keys.len() as u64;
        let keys = ClientKey::read(&text, sample::START, &mut Entropy::seeded(seed)).expect("a sound key");
        self.authentication.keys.extend(keys);
        self
    }

    /// For which tokens of this issuer and subject stand, signed by this key or by what the issuer publishes.
    #[must_use]
    pub fn trusting(mut self, issuer: &str, subject: &str, pinned: Option<&SigningKey>) -> Self {
        let id = id("federated credential", subject);
        let text = |pair: &SigningKey| serde_json::to_string(&pair.public_jwk()).expect("a key has a text");
        let read = |pair| FederatedCredential::read_pinned(&text(pair), id, sample::START).expect("a sound key");
        self.authentication.federated.push(FederatedCredential {
            id,
            name: subject.to_owned(),
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            audience: USUAL_AUDIENCE.to_owned(),
            pinned: pinned.map(read).unwrap_or_default(),
            created_at: sample::START,
        });
        self
    }

    /// That registered this certificate.
    #[must_use]
    pub fn with_certificate(mut self, pem: &str) -> Self {
        let keys = ClientKey::read(pem, sample::START, &mut Entropy::seeded(99)).expect("a sound certificate");
        self.authentication.keys.extend(keys);
        self
    }

    /// That gets no tokens but such as are bound to a certificate.
    #[must_use]
    pub fn bound_to_its_certificate(mut self) -> Self {
        self.registration.metadata.tls_client_certificate_bound_access_tokens = true;
        self
    }

    /// That authenticates by this method and no other.
    #[must_use]
    pub fn authenticating_only_by(mut self, method: Method) -> Self {
        self.authentication.method = Some(method);
        self
    }

    /// Registered by this person.
    #[must_use]
    pub fn owned_by(self, owner: &'static str) -> Self {
        Self { owner: Some(owner), ..self }
    }

    pub(crate) fn build(self, known: &[String]) -> Client {
        let id = ClientId(id("client", &self.name));
        let checked = self.registration.check(known).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let owner = self.owner.map(sample::account_id);
        let authentication = self.authentication;
        Client {
            administrator_approved: self.approved,
            authentication,
            ..new_client(id, checked, self.tenant, owner, sample::START)
        }
    }
}

/// The id of a sample thing, made of its name.
pub(crate) fn id(kind: &str, name: &str) -> Uuid {
    let hash = sha256(format!("{kind} {name}").as_bytes());
    uuid::Builder::from_random_bytes(hash[..16].try_into().expect("16 of 32 bytes")).into_uuid()
}
