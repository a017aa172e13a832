//! A service that asks people for access: a small client that checks what clients have to check.

mod authorization_request;
mod tokens;

pub use authorization_request::{AuthorizationRequest, Code};
pub use tokens::{Refused, Tokens, claims, header};

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use latchkey_identity::client::{ClientId, ClientKind};
use latchkey_identity::client_auth::ASSERTION_TYPE;
use latchkey_identity::grant::token_exchange::ACCESS_TOKEN;
use latchkey_jose::digest::sha256;
use latchkey_jose::mac::MacAlgorithm;
use latchkey_jose::{SigningKey, base64url};
use serde_json::{Value, json};

use crate::browser::Boxed;
use crate::dpop::DpopKey;
use crate::server::{Answer, Ask};
use crate::world::World;

/// An app as it was registered, with what its owner was told once.
#[derive(Clone, Debug)]
pub struct RegisteredApp {
    /// What people call it.
    pub name: String,
    /// Its id.
    pub id: ClientId,
    /// Its kind.
    pub kind: ClientKind,
    /// Its secret, if it keeps one.
    pub secret: Option<String>,
    /// Its redirect URIs, the one it uses first.
    pub redirect_uris: Vec<String>,
    /// What it asks for.
    pub scopes: String,
}

/// How an app authenticates at the token endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Authentication {
    /// `client_secret_basic`, or nothing for an app without a secret.
    Header,
    /// `client_secret_post`, or `client_id` alone.
    Form,
}

/// A service at work.
#[derive(Clone)]
pub struct RelyingParty {
    world: World,
    app: Arc<RegisteredApp>,
    segment: String,
    origin: String,
    redirect_uri: String,
    scope: String,
    authentication: Authentication,
    key: Option<Arc<SigningKey>>,
    mac: Option<MacAlgorithm>,
    dpop: Option<DpopKey>,
    described_at: Option<String>,
}

impl World {
    /// A service that nobody registered: it describes itself at this address.
    pub fn agent(&self, described_at: &str, redirect_uri: &str, scopes: &str) -> RelyingParty {
        let app = RegisteredApp {
            name: described_at.to_owned(),
            id: ClientId(uuid::Uuid::nil()),
            kind: ClientKind::Native,
            secret: None,
            redirect_uris: vec![redirect_uri.to_owned()],
            scopes: scopes.to_owned(),
        };
        RelyingParty { described_at: Some(described_at.to_owned()), ..self.service(Arc::new(app)) }
    }

    /// The service of this name.
    pub fn app(&self, name: &str) -> RelyingParty {
        self.service(self.registered_app(name))
    }

    fn service(&self, app: Arc<RegisteredApp>) -> RelyingParty {
        RelyingParty {
            world: self.clone(),
            segment: self.harbor().to_string(),
            origin: self.https().to_owned(),
            redirect_uri: app.redirect_uris.first().cloned().unwrap_or_default(),
            scope: format!("openid profile email offline_access {}", app.scopes),
            app,
            authentication: Authentication::Header,
            key: None,
            mac: None,
            dpop: None,
            described_at: None,
        }
    }

    /// Redeems a code as the service it was sent to.
    pub async fn redeem(&self, code: &Code) -> Result<Tokens, Refused> {
        code.request.party.redeem(code).await
    }
}

impl RelyingParty {
    /// The app behind it.
    pub fn app(&self) -> &RegisteredApp {
        &self.app
    }

    /// Its `client_id`.
    pub fn client_id(&self) -> String {
        self.described_at.clone().unwrap_or_else(|| self.app.id.to_string())
    }

    /// Its secret.
    pub fn secret(&self) -> &str {
        self.app.secret.as_deref().unwrap_or_else(|| panic!("{} has no secret", self.app.name))
    }

    /// The same service, using another tenant segment.
    #[must_use]
    pub fn at(self, segment: &str) -> Self {
        Self { segment: segment.to_owned(), ..self }
    }

    /// The same service, using another of our origins.
    #[must_use]
    pub fn through(self, origin: &str) -> Self {
        Self { origin: origin.to_owned(), ..self }
    }

    /// The same service, asking for something else.
    #[must_use]
    pub fn asking(self, scope: &str) -> Self {
        Self { scope: scope.to_owned(), ..self }
    }

    /// The same service, with another of its redirect URIs.
    #[must_use]
    pub fn sending_back_to(self, redirect_uri: &str) -> Self {
        Self { redirect_uri: redirect_uri.to_owned(), ..self }
    }

    /// The same service, authenticating in another way.
    #[must_use]
    pub fn authenticating_by(self, authentication: Authentication) -> Self {
        Self { authentication, ..self }
    }

    /// The same service, signing with a key of its own instead of showing its secret.
    #[must_use]
    pub fn signing_with(self, key: &Arc<SigningKey>) -> Self {
        Self { key: Some(Arc::clone(key)), ..self }
    }

    /// The same service, authenticating assertions with its secret instead of showing it.
    #[must_use]
    pub fn authenticating_with(self, mac: MacAlgorithm) -> Self {
        Self { mac: Some(mac), ..self }
    }

    /// An assertion that its secret authenticates.
    pub fn authenticated(&self, mac: MacAlgorithm, claims: &Value) -> String {
        let header = json!({"alg": mac.name(), "typ": "JWT"});
        let encode = |value: &Value| base64url::encode(value.to_string());
        let start = format!("{}.{}", encode(&header), encode(claims));
        let tag = mac.authenticate(self.secret().as_bytes(), start.as_bytes());
        format!("{start}.{}", base64url::encode(tag))
    }

    /// What a sound assertion of it says, at this moment.
    pub fn assertion_claims(&self) -> Value {
        let (id, now) = (self.client_id(), self.world.now().as_secs());
        json!({"iss": id, "sub": id, "aud": self.endpoint("v2.0"), "jti": unpredictable(), "iat": now, "exp": now + 60})
    }

    /// The same service, proving with each request that it holds a key.
    #[must_use]
    pub fn proving_by(self, key: &DpopKey) -> Self {
        Self { dpop: Some(key.clone()), ..self }
    }

    /// The same service, proving nothing.
    #[must_use]
    pub fn proving_nothing(self) -> Self {
        Self { dpop: None, ..self }
    }

    /// A URL below its tenant segment.
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}/{}/{path}", self.origin, self.segment)
    }

    /// A new authorization request, with PKCE, `state` and `nonce`.
    pub fn request(&self) -> AuthorizationRequest {
        let verifier = unpredictable();
        let pairs = [
            ("client_id", self.client_id()),
            ("response_type", "code".to_owned()),
            ("redirect_uri", self.redirect_uri.clone()),
            ("scope", self.scope.clone()),
            ("state", unpredictable()),
            ("nonce", unpredictable()),
            ("code_challenge", base64url::encode(sha256(verifier.as_bytes()))),
            ("code_challenge_method", "S256".to_owned()),
        ];
        let parameters = pairs.map(|(name, value)| (name.to_owned(), value)).to_vec();
        AuthorizationRequest { party: self.clone(), parameters, verifier: Some(verifier) }
    }

    /// What it asks for.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// A request to the token endpoint with exactly these parameters and nothing else.
    pub fn bare_token_request(&self, pairs: &[(&str, &str)]) -> Ask {
        self.bare_request("token", pairs)
    }

    /// A request to one of the endpoints below its tenant segment with exactly these parameters and nothing else.
    pub fn bare_request(&self, endpoint: &str, pairs: &[(&str, &str)]) -> Ask {
        let ask = self.world.post(&self.endpoint(&format!("oauth2/v2.0/{endpoint}"))).form(pairs.iter().copied());
        match (self.app.kind, url::Url::parse(&self.redirect_uri)) {
            (ClientKind::SinglePage, Ok(page)) => ask.from_page_of(&page.origin().ascii_serialization()),
            _ => ask,
        }
    }

    /// A request to the token endpoint, authenticated.
    pub fn token_request(&self, pairs: &[(&str, &str)]) -> Ask {
        self.request_to("token", pairs)
    }

    /// A request to one of the endpoints below its tenant segment, authenticated, with a proof if it proves that it holds a key.
    pub fn request_to(&self, endpoint: &str, pairs: &[(&str, &str)]) -> Ask {
        let ask = self.unproven_request_to(endpoint, pairs);
        match &self.dpop {
            Some(key) => ask.proving_by(key),
            None => ask,
        }
    }

    fn unproven_request_to(&self, endpoint: &str, pairs: &[(&str, &str)]) -> Ask {
        let (id, mut pairs) = (self.client_id(), pairs.to_vec());
        if let Some(key) = &self.key {
            let assertion = key.sign_jwt("JWT", &self.assertion_claims()).expect("the key signs");
            pairs.extend([("client_assertion_type", ASSERTION_TYPE), ("client_assertion", &assertion)]);
            return self.bare_request(endpoint, &pairs);
        }
        if let Some(mac) = self.mac {
            let assertion = self.authenticated(mac, &self.assertion_claims());
            pairs.extend([("client_assertion_type", ASSERTION_TYPE), ("client_assertion", &assertion)]);
            return self.bare_request(endpoint, &pairs);
        }
        match (&self.app.secret, self.authentication) {
            (Some(secret), Authentication::Header) => self.bare_request(endpoint, &pairs).basic(&id, secret),
            (Some(secret), Authentication::Form) => {
                pairs.extend([("client_id", id.as_str()), ("client_secret", secret)]);
                self.bare_request(endpoint, &pairs)
            }
            (None, _) => {
                pairs.push(("client_id", &id));
                self.bare_request(endpoint, &pairs)
            }
        }
    }

    /// Gives a token back; the status.
    pub async fn gives_back(&self, token: &str) -> u16 {
        let asked: Boxed<'_, Answer> = Box::pin(self.request_to("revoke", &[("token", token)]).send());
        asked.await.status.as_u16()
    }

    /// Asks what a token is worth.
    pub async fn introspects(&self, token: &str) -> Value {
        let asked: Boxed<'_, Answer> = Box::pin(self.request_to("introspect", &[("token", token)]).send());
        let answer = asked.await;
        assert!(answer.is_ok(), "{}", answer.text());
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        answer.json()
    }

    /// What redeeming a code sends, without authentication.
    pub fn redemption<'a>(&self, code: &'a Code) -> Vec<(&'static str, &'a str)> {
        let mut pairs = vec![("grant_type", "authorization_code"), ("code", &*code.text)];
        pairs.push(("redirect_uri", code.request.value("redirect_uri")));
        pairs.extend(code.request.verifier.as_deref().map(|verifier| ("code_verifier", verifier)));
        pairs
    }

    /// Redeems a code.
    pub async fn redeem(&self, code: &Code) -> Result<Tokens, Refused> {
        let answer = self.token_request(&self.redemption(code)).await;
        let tokens = self.read(&answer)?;
        if let Some(id_token) = &tokens.id {
            let claims = claims(id_token);
            assert_eq!(claims["aud"], self.client_id(), "the ID token is for this client");
            assert_eq!(claims["nonce"].as_str(), code.request.get("nonce"), "the nonce comes back");
            assert_eq!(Some(&claims["iss"]), code.issuer.as_ref().map(|issuer| Value::from(issuer.as_str())).as_ref());
        }
        Ok(tokens)
    }

    /// Sends a refresh token.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Tokens, Refused> {
        let answer = self.token_request(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await;
        self.read(&answer)
    }

    /// Asks in its own name, with nobody behind it. Without a scope it gets what it registered.
    pub async fn by_itself(&self, scope: &str) -> Result<Tokens, Refused> {
        let mut pairs = vec![("grant_type", "client_credentials")];
        if !scope.is_empty() {
            pairs.push(("scope", scope));
        }
        let asked: Boxed<'_, Answer> = Box::pin(self.token_request(&pairs).send());
        self.read(&asked.await)
    }

    /// Exchanges an access token for one that is for less.
    pub async fn exchanges(&self, token: &str, more: &[(&str, &str)]) -> Result<Tokens, Refused> {
        let usual = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", token),
            ("subject_token_type", ACCESS_TOKEN),
        ];
        let asked: Boxed<'_, Answer> = Box::pin(self.token_request(&[&usual, more].concat()).send());
        self.read(&asked.await)
    }

    /// Reads an answer of the token endpoint.
    pub fn read(&self, answer: &Answer) -> Result<Tokens, Refused> {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "token answers stay out of caches");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let body = answer.json();
        if !answer.is_ok() {
            return Err(Refused::of(answer.status.as_u16(), &body));
        }
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        assert_eq!(body["token_type"], if self.dpop.is_some() { "DPoP" } else { "Bearer" });
        let lifetime = body["expires_in"].as_u64().expect("expires_in is a number");
        assert!((1..=5_400).contains(&lifetime), "a token of {lifetime} s");
        Ok(Tokens {
            party: self.clone(),
            access: text("access_token").expect("an access token"),
            refresh: text("refresh_token"),
            id: text("id_token"),
            body,
        })
    }
}

/// 43 characters that come once.
pub fn unpredictable() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Relaxed);
    base64url::encode(sha256(format!("latchkey testkit {count}").as_bytes()))
}
