//! What comes of a request for tokens: tokens, or a refusal.

use http::Method;
use latchkey_jose::base64url;
use serde_json::Value;

use super::RelyingParty;
use crate::server::{Answer, Ask};

/// What a service was refused with.
#[derive(Clone, PartialEq, Debug)]
pub struct Refused {
    /// The status; zero if a browser brought it.
    pub status: u16,
    /// The code.
    pub error: String,
    /// The words.
    pub description: String,
    /// All of it.
    pub body: Value,
}

impl Refused {
    pub(super) fn of(status: u16, body: &Value) -> Self {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (error, description) = (text("error"), text("error_description"));
        assert!(!error.is_empty(), "{status}: {body}");
        let allowed = |c: char| matches!(c, '\x20' | '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
        assert!(description.chars().all(allowed), "{description:?}");
        Self { status, error, description, body: body.clone() }
    }
}

/// The tokens of one answer.
#[derive(Clone)]
pub struct Tokens {
    pub(super) party: RelyingParty,
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: Option<String>,
    /// The ID token.
    pub id: Option<String>,
    /// The whole answer.
    pub body: Value,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "tokens for {}", self.party.app.name)
    }
}

impl Tokens {
    /// The service that holds them.
    pub fn party(&self) -> &RelyingParty {
        &self.party
    }

    /// The refresh token, or the end of the test.
    pub fn refresh_token(&self) -> &str {
        self.refresh.as_deref().expect("a refresh token")
    }

    /// Sends the refresh token.
    pub async fn refreshed(&self) -> Result<Self, Refused> {
        self.party.refresh(self.refresh_token()).await
    }

    /// A call with the access token.
    pub fn ask(&self, method: Method, url: &str) -> Ask {
        let ask = self.party.world.ask(method, url);
        match &self.party.dpop {
            Some(key) => ask.dpop(&self.access, key),
            None => ask.bearer(&self.access),
        }
    }

    /// `GET` with the access token.
    pub fn get(&self, url: &str) -> Ask {
        self.ask(Method::GET, url)
    }

    /// `POST` with the access token.
    pub fn post(&self, url: &str) -> Ask {
        self.ask(Method::POST, url)
    }

    /// `PATCH` with the access token.
    pub fn patch(&self, url: &str) -> Ask {
        self.ask(Method::PATCH, url)
    }

    /// Asks UserInfo.
    pub async fn userinfo(&self) -> Answer {
        self.get("/oidc/userinfo").await
    }

    /// The claims of the access token.
    pub fn access_claims(&self) -> Value {
        claims(&self.access)
    }

    /// The claims of the ID token.
    pub fn id_claims(&self) -> Value {
        claims(self.id.as_deref().expect("an ID token"))
    }

    /// The scopes of the answer, in order of the alphabet.
    pub fn scopes(&self) -> Vec<String> {
        let mut scopes: Vec<String> =
            self.body["scope"].as_str().unwrap_or_default().split(' ').map(str::to_owned).collect();
        scopes.sort();
        scopes
    }
}

/// The claims of a JWT, unverified.
pub fn claims(jwt: &str) -> Value {
    part(jwt, 1)
}

/// The header of a JWT, unverified.
pub fn header(jwt: &str) -> Value {
    part(jwt, 0)
}

fn part(jwt: &str, index: usize) -> Value {
    let part = jwt.split('.').nth(index).unwrap_or_else(|| panic!("{jwt} is no JWT"));
    serde_json::from_slice(&base64url::decode(part).expect("base64url")).expect("JSON")
}
