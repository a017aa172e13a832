//! Answers to the client, with `iss` in each of them, [RFC 6749 §4.1.2], [RFC 9207].

use std::collections::BTreeMap;

use serde::Serialize;
use url::form_urlencoded;

use crate::authorize::response_mode::ResponseMode;
use crate::client::redirect_uri;
use crate::client::{Client, Profile, Publisher};
use crate::error::OAuthError;
use crate::grant::implicit::AtOnce;
use crate::limits;
use crate::secret::Secret;
use crate::time::Timestamp;

/// A redirect URI that belongs to the client that asked. Only [`crate::authorize::request`] makes one, from the client's registration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrustedRedirect {
    pub(crate) uri: String,
    pub(crate) mode: ResponseMode,
    pub(crate) state: Option<String>,
    pub(crate) issuer: String,
    pub(crate) profile: Profile,
}

/// What an approval gives the client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Approved {
    /// A code, which the browser carries there.
    Code(Secret),
    /// Tokens that the browser carries there, and a code with them if one was asked for.
    AtOnce(Box<AtOnce>),
    /// Nothing that a browser carries: the device asks for it.
    ForDevice,
}

/// An answer on its way: where to, how, and what it says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthorizationResponse {
    /// The client's redirect URI, as it asked.
    pub uri: String,
    /// How the parameters travel.
    pub mode: ResponseMode,
    /// The parameters, in order.
    pub parameters: Vec<(&'static str, String)>,
}

impl TrustedRedirect {
    /// Where the person will be sent, for people.
    pub fn destination(&self) -> String {
        if self.mode == ResponseMode::Device {
            return "your device".to_owned();
        }
        redirect_uri::destination(&self.uri)
    }

    /// The redirect URI as the client asked for it.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The same redirect, answering for this issuer: known once the account is.
    #[must_use]
    pub fn issued_by(self, issuer: String) -> Self {
        Self { issuer, ..self }
    }

    /// The person approved, now or before. `signed` are the parameters that tokens travel in, made by [`AtOnce::parameters`].
    /// [RFC 6749 §4.1.2]
    pub fn approved(
        self,
        approved: &Approved,
        signed: Vec<(&'static str, String)>,
        client_info: Option<String>,
    ) -> AuthorizationResponse {
        let mut parameters = match approved {
            Approved::Code(code) => vec![("code", code.reveal().to_owned())],
            Approved::AtOnce(_) => signed,
            Approved::ForDevice => return self.answer(Vec::new()),
        };
        parameters.extend(client_info.map(|info| ("client_info", info)));
        self.answer(parameters)
    }

    /// An error for the client.
    pub fn error(self, error: &OAuthError) -> AuthorizationResponse {
        let microsoft = self.profile == Profile::Microsoft;
        let description = match microsoft {
            true => format!("AADSTS{}: {}", error.number, error.description),
            false => error.description.clone().into_owned(),
        };
        let mut parameters = vec![("error", error.code.to_owned()), ("error_description", description)];
        if microsoft {
            parameters.extend((error.code == "access_denied").then(|| ("error_subcode", "cancel".to_owned())));
            parameters.extend(error.suberror.map(|suberror| ("suberror", suberror.to_owned())));
        }
        self.answer(parameters)
    }

    fn answer(self, mut parameters: Vec<(&'static str, String)>) -> AuthorizationResponse {
        if self.mode == ResponseMode::Device {
            // It is our own page that reads it, and it says whether somebody said no.
            parameters.retain(|(name, _)| *name == "error");
            return AuthorizationResponse { uri: self.uri, mode: self.mode, parameters };
        }
        parameters.extend(self.state.map(|state| ("state", state)));
        // Clients of the older kind know nothing of RFC 9207.
        parameters.extend((self.profile != Profile::Legacy).then_some(("iss", self.issuer)));
        AuthorizationResponse { uri: self.uri, mode: self.mode, parameters }
    }
}

/// What a signed answer says, [JARM §2.1]: who answers whom, until when it counts, and the parameters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SignedResponse {
    iss: String,
    aud: String,
    exp: i64,
    #[serde(flatten)]
    parameters: BTreeMap<&'static str, String>,
}

impl AuthorizationResponse {
    /// What is signed of it, for a client that asked for a signed answer.
    pub fn to_sign(&self, client: &Client, now: Timestamp) -> Option<SignedResponse> {
        if !self.mode.is_signed() {
            return None;
        }
        let mut parameters: BTreeMap<_, _> = self.parameters.iter().cloned().collect();
        let iss = parameters.remove("iss")?;
        let exp = (now + limits::SIGNED_RESPONSE_LIFETIME).as_secs();
        Some(SignedResponse { iss, aud: client.identifier().to_string(), exp, parameters })
    }

    /// The same answer, signed: one parameter, which says it all. [JARM §2.3]
    #[must_use]
    pub fn signed(self, response: String) -> Self {
        Self { mode: self.mode.carrier(), parameters: vec![("response", response)], ..self }
    }

    /// The URL to send the browser to in every mode but `form_post`. The redirect URI's own query stays.
    pub fn location(&self) -> String {
        if self.parameters.is_empty() {
            return self.uri.clone();
        }
        let mut encoded = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.parameters {
            encoded.append_pair(name, value);
        }
        let encoded = encoded.finish();
        // A web address without a path means the path `/`, and clients compare it that way. One of a scheme of the app's own means itself.
        let after_scheme = self.uri.strip_prefix("https://").or_else(|| self.uri.strip_prefix("http://"));
        let slash = if after_scheme.is_some_and(|rest| !rest.contains(['/', '?'])) { "/" } else { "" };
        let separator = match self.mode.carrier() {
            ResponseMode::Fragment => '#',
            _ if self.uri.contains('?') => '&',
            _ => '?',
        };
        format!("{}{slash}{separator}{encoded}", self.uri)
    }
}

/// Whether an error may go to the client without the person's click: an administrator vouches for it, its publisher is verified, or the
/// person has approved it before. Anything else would make us a springboard. [RFC 9700 §4.11.2]
pub fn may_redirect_silently(client: &Client, redirect: &TrustedRedirect, approved_before: bool) -> bool {
    redirect.mode == ResponseMode::Device || is_vouched_for(client) || approved_before
}

/// Whether somebody stands in for where an app sends people: an administrator, or whoever verified its publisher.
pub fn is_vouched_for(client: &Client) -> bool {
    client.administrator_approved || matches!(client.publisher, Publisher::Verified(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect(uri: &str, mode: ResponseMode) -> TrustedRedirect {
        TrustedRedirect {
            uri: uri.into(),
            mode,
            state: Some("a.b~c".into()),
            issuer: "https://id.test/t/v2.0".into(),
            profile: Profile::Standard,
        }
    }

    #[test]
    fn a_signed_answer_is_one_parameter_that_says_it_all() {
        let client = crate::client::registration::tests::a_client();
        for (mode, start) in [
            (ResponseMode::Jwt, "https://app.test/cb?response=j.w.t"),
            (ResponseMode::QueryJwt, "https://app.test/cb?response=j.w.t"),
            (ResponseMode::FragmentJwt, "https://app.test/cb#response=j.w.t"),
        ] {
            let response = redirect("https://app.test/cb", mode);
            let response = response.approved(&Approved::Code(Secret::new("c0de")), Vec::new(), None);
            let told = serde_json::to_value(response.to_sign(&client, Timestamp::from_secs(100)).unwrap()).unwrap();
            let (aud, exp) = (client.id.to_string(), 100 + 300);
            let iss = "https://id.test/t/v2.0";
            let whole = serde_json::json!({"iss": iss, "aud": aud, "exp": exp, "code": "c0de", "state": "a.b~c"});
            assert_eq!(told, whole);
            assert_eq!(response.signed("j.w.t".into()).location(), start);
        }
        let plain = redirect("https://app.test/cb", ResponseMode::Query).error(&OAuthError::access_denied("no"));
        assert_eq!(plain.to_sign(&client, Timestamp::from_secs(100)), None);
    }

    #[test]
    fn iss_and_state_are_in_every_response_and_the_registered_query_stays() {
        let code = Secret::new("c0de");
        let response = redirect("https://app.test/cb?x=1&y=2", ResponseMode::Query).approved(
            &Approved::Code(code),
            Vec::new(),
            None,
        );
        assert_eq!(
            response.location(),
            "https://app.test/cb?x=1&y=2&code=c0de&state=a.b%7Ec&iss=https%3A%2F%2Fid.test%2Ft%2Fv2.0"
        );
        for (uri, before) in
            [("https://app.test", "https://app.test/?"), ("com.example.app://auth", "com.example.app://auth?")]
        {
            let code = Approved::Code(Secret::new("c0de"));
            let location = redirect(uri, ResponseMode::Query).approved(&code, Vec::new(), None).location();
            assert!(location.starts_with(&format!("{before}code=c0de&")), "{location}");
        }
        let error = redirect("http://localhost:5000", ResponseMode::Fragment)
            .error(&OAuthError::login_required("nobody is signed in"));
        let location = error.location();
        assert!(location.starts_with("http://localhost:5000/#error=login_required&"), "{location}");
        assert!(location.contains("&state=a.b%7Ec&iss=") && !location.contains("code="));
    }
}
