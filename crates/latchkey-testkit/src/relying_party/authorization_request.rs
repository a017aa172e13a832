//! An authorization request, and reading what comes back for it.

use serde_json::Value;

use super::{Authentication, Refused, RelyingParty};
use crate::browser::Departure;
use crate::server::{Answer, encode};

/// An authorization request of a service, with what the service keeps for itself.
#[derive(Clone)]
pub struct AuthorizationRequest {
    pub(super) party: RelyingParty,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) verifier: Option<String>,
}

impl AuthorizationRequest {
    /// The service that asks.
    pub fn party(&self) -> &RelyingParty {
        &self.party
    }

    /// With this value of a parameter, in place of any other.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// With this value too.
    #[must_use]
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without a parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(key, _)| key != name);
        self
    }

    /// Without PKCE.
    #[must_use]
    pub fn without_pkce(self) -> Self {
        Self { verifier: None, ..self.without("code_challenge").without("code_challenge_method") }
    }

    /// With another `code_verifier` at the end.
    #[must_use]
    pub fn redeemed_with(self, verifier: Option<&str>) -> Self {
        Self { verifier: verifier.map(str::to_owned), ..self }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The value of a parameter, or nothing.
    pub fn value(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// As a query.
    pub fn query(&self) -> String {
        encode(self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// The address to send the browser to.
    pub fn url(&self) -> String {
        format!("{}?{}", self.endpoint(), self.query())
    }

    /// Pushes it to the server, authenticated, and reads the answer.
    pub async fn pushed(&self) -> Answer {
        let mut pairs: Vec<(&str, &str)> =
            self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        // Those that authenticate by the form bring their id themselves.
        let brings = self.party.app.secret.is_none() || self.party.authentication == Authentication::Form;
        if let Some(position) = pairs.iter().position(|(name, _)| brings && *name == "client_id") {
            pairs.remove(position);
        }
        self.party.request_to("par", &pairs).send().await
    }

    /// The authorization endpoint.
    pub fn endpoint(&self) -> String {
        self.party.endpoint("oauth2/v2.0/authorize")
    }

    /// Reads the answer that a browser brings back: the code, or why there is none. `state` and `iss` are checked.
    pub fn answered(&self, departure: &Departure) -> Result<Code, Refused> {
        let registered = self.value("redirect_uri").split(['?', '#']).next().unwrap_or_default();
        let arrived = departure.url.split(['?', '#']).next().unwrap_or_default();
        let same = arrived.trim_end_matches('/') == registered.trim_end_matches('/');
        assert!(same, "the answer went to {} instead of {registered}", departure.url);
        let parameters = departure.parameters();
        let value = |wanted: &str| {
            let mut values = parameters.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.clone());
            let first = values.next();
            assert_eq!(values.next(), None, "{wanted} comes once");
            first
        };
        assert_eq!(value("state").as_deref(), self.get("state"), "the state comes back");
        let issuer = value("iss").expect("iss is in every answer");
        assert!(self.party.world.issuers(&self.party.origin).contains(&issuer), "{issuer} is no issuer of ours");
        match (value("code"), value("error")) {
            (Some(text), None) => Ok(Code { text, request: self.clone(), issuer: Some(issuer), parameters }),
            (None, Some(error)) => Err(Refused {
                status: 0,
                error,
                description: value("error_description").unwrap_or_default(),
                body: parameters.into_iter().map(|(name, value)| (name, Value::from(value))).collect(),
            }),
            other => panic!("neither a code nor an error: {other:?}"),
        }
    }
}

/// A code that arrived, with the request it answers.
#[derive(Clone)]
pub struct Code {
    /// Its text.
    pub text: String,
    /// The request that it answers.
    pub request: AuthorizationRequest,
    /// Who issued it.
    pub issuer: Option<String>,
    /// Everything that came with it.
    pub parameters: Vec<(String, String)>,
}
