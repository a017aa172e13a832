//! Apps that register themselves, where the tenant lets them. [RFC 7591], [RFC 7592], [OpenID Connect Registration]

use std::convert::Infallible;

use latchkey_jose::{Jwk, JwkSet};
use serde_json::{Map, Value, json};

use crate::change::Change;
use crate::client::authentication::Authentication;
use crate::client::client_metadata::Proposal;
use crate::client::key::ClientKey;
use crate::client::registration::{Client, ClientId, RegistrationError, may_hold_secret, new_client};
use crate::client::secret::ClientSecret;
use crate::client::sector;
use crate::client_auth::Method;
use crate::consent::is_still_vouched_for;
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::event::Event;
use crate::grant::implicit::NAME as IMPLICIT;
use crate::limits;
use crate::scope::IDENTITY_SCOPES;
use crate::secret::{PurposeKey, Secret, TokenHash};
use crate::tenant::TenantId;
use crate::time::Timestamp;

/// Who may register apps by themselves in a tenant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RegistrationGate {
    /// Nobody: people register apps.
    #[default]
    Off,
    /// Whoever has an initial access token. [RFC 7591 §3]
    InitialToken,
    /// Everybody.
    Open,
}

impl RegistrationGate {
    /// Every gate, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Off, Self::InitialToken, Self::Open];

    /// The name in commands, forms and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::InitialToken => "initial-token",
            Self::Open => "open",
        }
    }

    /// The gate of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|gate| gate.name() == name)
    }
}

/// Why a registration was not made. [RFC 7591 §3.2.2]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refused {
    /// The gate is closed.
    Closed,
    /// The token is missing, wrong or over.
    Token,
    /// What is registered is not acceptable: the error code, and a sentence.
    Metadata(&'static str, String),
    /// The tenant has more of them than anybody looks after.
    Full,
}

impl From<RegistrationError> for Refused {
    fn from(error: RegistrationError) -> Self {
        use RegistrationError as E;
        let code = match error {
            E::RedirectUri { .. } | E::NoRedirectUri | E::TooManyRedirectUris | E::DaemonRedirects => {
                "invalid_redirect_uri"
            }
            _ => "invalid_client_metadata",
        };
        Self::Metadata(code, error.to_string())
    }
}

/// What lets an app register itself. It counts for a week, as often as it is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InitialAccessToken {
    /// What is kept of it.
    pub hash: TokenHash,
    /// The tenant.
    pub tenant: TenantId,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl InitialAccessToken {
    /// A new one. The secret is in the answer and nowhere else.
    pub fn generate(tenant: TenantId, now: Timestamp, entropy: &mut Entropy) -> (Secret, Self) {
        let secret = Secret::new(format!("lki_{}", Secret::generate(entropy).reveal()));
        let token = Self { hash: secret.hash(), tenant, expires_at: now + limits::INITIAL_ACCESS_TOKEN_LIFETIME };
        (secret, token)
    }
}

/// What is kept of an app that registered itself, beside its registration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DynamicClient {
    /// The app.
    pub client: ClientId,
    /// Its tenant.
    pub tenant: TenantId,
    /// What is kept of the token that it manages its registration with.
    pub mac: [u8; 32],
    /// What it said of itself that has no place of its own, as JSON.
    pub declared: String,
    /// When it registered.
    pub registered_at: Timestamp,
}

/// What a registration is decided on.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The tenant.
    pub tenant: TenantId,
    /// Who may register there.
    pub gate: RegistrationGate,
    /// The initial access token that was shown, if it is one.
    pub token: Option<InitialAccessToken>,
    /// How many apps have registered themselves there.
    pub registered: usize,
    /// What secrets and tokens are kept under.
    pub key: &'a PurposeKey,
    /// The moment.
    pub now: Timestamp,
}

/// A new registration, with what is shown this once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Registered {
    /// The app.
    pub client: Client,
    /// Its secret, if it has one.
    pub secret: Option<Secret>,
    /// The token that it manages its registration with.
    pub access_token: Secret,
    /// What it said of itself beside.
    pub declared: Map<String, Value>,
}

/// Whether somebody may register an app here at all: asked before anything that they say is looked at.
pub fn may_register(standing: Standing<'_>) -> Result<(), Refused> {
    let Standing { tenant, gate, token, registered, now, .. } = standing;
    let held = token.is_some_and(|token| token.tenant == tenant && now < token.expires_at);
    match gate {
        RegistrationGate::Off => Err(Refused::Closed),
        RegistrationGate::InitialToken if !held => Err(Refused::Token),
        _ if registered >= limits::DYNAMIC_CLIENTS_PER_TENANT => Err(Refused::Full),
        RegistrationGate::InitialToken | RegistrationGate::Open => Ok(()),
    }
}

/// Registers an app that asks for it. Nobody vouches for it and nobody owns it: people see that it is unverified. [RFC 7591 §3.2.1]
pub fn register(proposal: Proposal, standing: Standing<'_>, entropy: &mut Entropy) -> Decision<Registered, Refused> {
    if let Err(refused) = may_register(standing) {
        return Decision::refuse(refused);
    }
    let Standing { tenant, key, now, .. } = standing;
    let Proposal { checked, method, keys, declared } = proposal;
    let mut client = new_client(ClientId(entropy.uuid()), checked, tenant, None, now);
    client.authentication.method = Some(method);
    let secret = match with_secret(&mut client, method, key, now, entropy) {
        Ok(secret) => secret,
        Err(error) => return Decision::refuse(error.into()),
    };
    let access_token = Secret::new(format!("lkr_{}", Secret::generate(entropy).reveal()));
    let kept = DynamicClient {
        client: client.id,
        tenant,
        mac: key.mac(&managing(&client.id, &access_token)),
        declared: Value::Object(declared.clone()).to_string(),
        registered_at: now,
    };
    let told = having(&client, &keys);
    let decision = Decision::grant(Registered { client: told, secret, access_token, declared })
        .and(Change::Record(Event::app_registered(&client)))
        .and(Change::RegisterClient { client: Box::new(client.clone()) })
        .and(Change::KeepDynamicClient(Box::new(kept)));
    with_keys(decision, &client, keys)
}

/// A secret, for a method that takes one. It lives as long as any.
fn with_secret(
    client: &mut Client,
    method: Method,
    key: &PurposeKey,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Result<Option<Secret>, RegistrationError> {
    let generate = match method {
        Method::ClientSecretBasic | Method::ClientSecretPost => ClientSecret::generate,
        Method::ClientSecretJwt => ClientSecret::generate_shared,
        _ => return Ok(None),
    };
    may_hold_secret(client, now)?;
    let end = now + limits::CLIENT_SECRET_LIFETIME;
    let (secret, kept) = generate(client.id, end, key, now, entropy);
    client.secrets.push(kept);
    Ok(Some(secret))
}

fn with_keys<T>(decision: Decision<T, Refused>, client: &Client, keys: Vec<ClientKey>) -> Decision<T, Refused> {
    if keys.is_empty() {
        return decision;
    }
    decision.and(Change::AddClientKeys { client: client.id, keys, from_version: client.version })
}

/// The client as it will be with these keys.
fn having(client: &Client, keys: &[ClientKey]) -> Client {
    let authentication = Authentication { keys: keys.to_vec(), ..client.authentication.clone() };
    Client { authentication, ..client.clone() }
}

/// What is authenticated of the token that a registration is managed with.
fn managing<'a>(client: &'a ClientId, token: &'a Secret) -> [&'a [u8]; 3] {
    [b"registration access token", client.0.as_bytes(), token.reveal().as_bytes()]
}

impl DynamicClient {
    /// Whether a token is the one that this registration is managed with. [RFC 7592 §2]
    pub fn is_managed_with(&self, token: &Secret, key: &PurposeKey) -> bool {
        key.verify(&managing(&self.client, token), &self.mac)
    }
}

/// Replaces all of a registration. Its kind stays, as it does for every app, and an administrator's word for it ends with what people are
/// told of the app. [RFC 7592 §2.2]
pub fn replace(
    client: &Client,
    kept: &DynamicClient,
    proposal: Proposal,
    key: &PurposeKey,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<(Client, Option<Secret>), Refused> {
    let Proposal { checked, method, keys, declared } = proposal;
    let wanted = new_client(client.id, checked, client.tenant, None, client.created_at);
    if wanted.kind != client.kind {
        return Decision::refuse(RegistrationError::KindStays.into());
    }
    let mut changed = Client {
        publisher: client.publisher.clone(),
        state: client.state,
        owner: client.owner,
        secrets: client.secrets.clone(),
        authentication: client.authentication.clone(),
        version: client.version + 1,
        ..wanted
    };
    changed.administrator_approved = is_still_vouched_for(client, &changed);
    if let Err(error) = sector::may_become(client, &changed) {
        return Decision::refuse(RegistrationError::Metadata(error).into());
    }
    changed.authentication.method = Some(method);
    let needs_secret = !changed.secrets.iter().any(|secret| secret.is_live(now) && secret.suits(Some(method)));
    let secret = match needs_secret.then(|| with_secret(&mut changed, method, key, now, entropy)).transpose() {
        Ok(secret) => secret.flatten(),
        Err(error) => return Decision::refuse(error.into()),
    };
    let added = secret.as_ref().and(changed.secrets.last().cloned()).map(|secret| Change::AddSecret {
        client: client.id,
        secret,
        from_version: client.version + 1,
    });
    let after = client.version + 1 + i64::from(added.is_some());
    let gone = client.authentication.keys.iter();
    let removed: Vec<Change> = gone.map(|key| Change::RemoveClientKey { client: client.id, key: key.id }).collect();
    let after = after + i64::try_from(removed.len()).unwrap_or_default();
    let declared = Value::Object(declared).to_string();
    let same_keys = keys.len() == client.authentication.keys.len()
        && keys.iter().all(|one| client.authentication.keys.iter().any(|kept| one.is_the_key_of(kept)));
    let as_it_was = Client { version: client.version, ..changed.clone() } == *client;
    if as_it_was && same_keys && declared == kept.declared {
        return Decision::grant((client.clone(), None));
    }
    let kept = DynamicClient { declared, ..kept.clone() };
    let decision = Decision::grant((having(&changed, &keys), secret))
        .and(Change::Record(Event::app_changed(&changed, now)))
        .and(Change::ChangeClient { client: Box::new(changed.clone()), from_version: client.version })
        .and_all(added)
        .and_all(removed)
        .and(Change::ChangeDynamicClient(Box::new(kept)));
    with_keys(decision, &Client { version: after, ..changed }, keys)
}

/// Decides who may register apps by themselves in a tenant. `event` says who did.
pub fn set_gate(tenant: TenantId, gate: RegistrationGate, event: Event) -> Decision<(), Infallible> {
    let event = Event { subject: format!("apps register themselves: {}", gate.name()), ..event };
    Decision::grant(()).and(Change::Record(event)).and(Change::SetRegistrationGate { tenant, gate })
}

/// Makes a token that lets apps register themselves: its secret is in the answer and nowhere else. `event` says who did. [RFC 7591 §3]
pub fn add_initial_access_token(
    tenant: TenantId,
    event: Event,
    entropy: &mut Entropy,
) -> Decision<(Secret, InitialAccessToken), Infallible> {
    let (secret, token) = InitialAccessToken::generate(tenant, event.at, entropy);
    let event = Event { subject: "a token to register apps with".into(), ..event };
    Decision::grant((secret, token)).and(Change::Record(event)).and(Change::AddInitialAccessToken(token))
}

/// An app takes its registration back: its authorizations end with it. [RFC 7592 §2.3]
pub fn unregister(client: &Client, now: Timestamp) -> Decision<(), Refused> {
    Decision::grant(())
        .and(Change::Record(Event::app_deleted(client, now)))
        .and(Change::DeleteClient { client: client.id, at: now })
}

/// What an app is told of its registration: what is true, and what it said beside. [RFC 7591 §3.2.1]
pub fn description(client: &Client, declared: Map<String, Value>) -> Map<String, Value> {
    let mut told = declared;
    let uris = |uris: &[crate::client::RedirectUri]| uris.iter().map(|uri| uri.as_str().to_owned()).collect::<Vec<_>>();
    let scope: Vec<&str> = IDENTITY_SCOPES.iter().copied().chain(client.scopes.iter()).collect();
    let method = client.authentication.method.unwrap_or(Method::ClientSecretBasic);
    let types = client.response_types();
    let mut grants = Vec::new();
    if types.iter().any(|one| one.has_code()) {
        grants.extend(["authorization_code", "refresh_token"]);
    }
    grants.extend(types.iter().any(|one| one.has_tokens()).then_some(IMPLICIT));
    grants.extend(client.may_use_device_codes().then_some("urn:ietf:params:oauth:grant-type:device_code"));
    let native = client.kind == crate::client::ClientKind::Native;
    let facts = json!({
        "client_id": client.id.to_string(),
        "client_id_issued_at": client.created_at.as_secs(),
        "client_name": client.name,
        "application_type": if native { "native" } else { "web" },
        "token_endpoint_auth_method": method.name(),
        "grant_types": grants,
        "response_types": types,
        "redirect_uris": uris(&client.redirect_uris),
        "scope": scope.join(" "),
        "subject_type": client.metadata.subject_type,
        "id_token_signed_response_alg": client.id_token_algorithm(),
    });
    if let Value::Object(facts) = facts {
        told.extend(facts);
    }
    let logout = &client.logout;
    let keys: Vec<Jwk> = client.authentication.keys.iter().map(|key| key.jwk.clone()).collect();
    let more = [
        ("jwks", (!keys.is_empty()).then(|| json!(JwkSet { keys }))),
        (
            "post_logout_redirect_uris",
            (!logout.post_logout_redirect_uris.is_empty()).then(|| json!(uris(&logout.post_logout_redirect_uris))),
        ),
        ("backchannel_logout_uri", logout.backchannel_logout_uri.as_ref().map(|uri| json!(uri.as_str()))),
        ("frontchannel_logout_uri", logout.frontchannel_logout_uri.as_ref().map(|uri| json!(uri.as_str()))),
        ("require_pushed_authorization_requests", client.pushed_only.then_some(json!(true))),
    ];
    told.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    if let Ok(Value::Object(metadata)) = serde_json::to_value(&client.metadata) {
        told.extend(metadata);
    }
    told
}

#[cfg(test)]
mod tests;
