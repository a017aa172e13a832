//! The authorization request of the older kind: `response_type=Assertion`, exactly the registered scopes, no PKCE.

use crate::authorize::error::{AuthorizeError, Untrusted};
use crate::authorize::request::{AuthorizationRequest, CameBy, registered_redirect};
use crate::authorize::response::TrustedRedirect;
use crate::client::{Client, ClientState};
use crate::error::OAuthError;
use crate::legacy::LegacyApp;
use crate::limits;
use crate::parameters::Parameters;
use crate::scope::{OFFLINE_ACCESS, RequestedScopes, ScopeSet};
use crate::token::issuer;

/// What is known of the client that asks.
#[derive(Clone, Copy, Debug)]
pub struct Registered<'a> {
    /// The client.
    pub client: &'a Client,
    /// What else is known of it.
    pub app: &'a LegacyApp,
}

/// Checks a request. Client and redirect URI come first: until both are known nothing is sent anywhere.
pub fn parse(
    parameters: &Parameters,
    registered: Option<Registered<'_>>,
    origin: &str,
) -> Result<AuthorizationRequest, AuthorizeError> {
    let registered = registered.ok_or(AuthorizeError::ShowPage(Untrusted::UnknownClient))?;
    let redirect = trusted_redirect(parameters, registered.client, origin).map_err(AuthorizeError::ShowPage)?;
    checked(parameters, registered, redirect.clone())
        .map_err(|error| AuthorizeError::TellClient(Box::new(redirect), error))
}

fn trusted_redirect(parameters: &Parameters, client: &Client, origin: &str) -> Result<TrustedRedirect, Untrusted> {
    if !client.is_legacy() {
        return Err(Untrusted::NotOfTheOlderKind);
    }
    if client.state == ClientState::Suspended {
        return Err(Untrusted::SuspendedClient);
    }
    registered_redirect(parameters, client, issuer(origin, client.tenant))
}

fn checked(
    parameters: &Parameters,
    registered: Registered<'_>,
    redirect: TrustedRedirect,
) -> Result<AuthorizationRequest, OAuthError> {
    parameters.once().map_err(|error| told("InvalidRequest", error))?;
    if parameters.get("state").is_some_and(|state| state.len() > limits::STATE_BYTES) {
        return Err(told("InvalidRequest", OAuthError::invalid_request("state is longer than 2048 bytes")));
    }
    match parameters.get("response_type") {
        None => {
            return Err(told("ResponseTypeRequired", OAuthError::invalid_request("response_type is missing")));
        }
        Some(asked) if !asked.eq_ignore_ascii_case("Assertion") => {
            let error = OAuthError::unsupported_response_type("response_type has to be Assertion");
            return Err(told("ResponseTypeNotSupported", error));
        }
        Some(_) => {}
    }
    let Some(scope) = parameters.get("scope").filter(|scope| scope.len() <= limits::SCOPE_BYTES) else {
        return Err(told("ScopeRequired", OAuthError::invalid_scope("scope is missing or too long")));
    };
    if ScopeSet::from_text(scope) != registered.app.scopes {
        let error = OAuthError::invalid_scope("scope has to name exactly the scopes that the app was registered with");
        return Err(told("InvalidScope", error));
    }
    // Every app of this kind gets refresh tokens; the page says so like for any other.
    let mut scopes = registered.client.scopes.clone();
    scopes.insert(OFFLINE_ACCESS);
    let scopes = RequestedScopes::exactly(&scopes);
    Ok(AuthorizationRequest::of_scopes(registered.client, scopes, redirect, CameBy::Link))
}

/// The error by the name that its developers find when they search for it: `error=InvalidScope` in the redirect.
fn told(name: &'static str, error: OAuthError) -> OAuthError {
    OAuthError { code: name, ..error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::legacy::registration::tests::{an_imported_app, an_imported_client};
    use crate::parameters::tests::parameters;

    const GOOD: [(&str, &str); 5] = [
        ("client_id", "00000000-0000-0000-0000-0000000001e9"),
        ("redirect_uri", "https://oldtimer.test/callback"),
        ("response_type", "Assertion"),
        ("scope", "vso.work vso.code"),
        ("state", "s"),
    ];

    fn request(client: &Client, edits: &[(&str, &str)]) -> Result<AuthorizationRequest, AuthorizeError> {
        let mut pairs: Vec<(&str, &str)> =
            GOOD.into_iter().filter(|(name, _)| !edits.iter().any(|(edit, _)| edit == name)).collect();
        pairs.extend(edits);
        let app = an_imported_app();
        parse(&parameters(&pairs), Some(Registered { client, app: &app }), "https://id.test")
    }

    fn told(edits: &[(&str, &str)]) -> &'static str {
        match request(&an_imported_client(), edits) {
            Err(AuthorizeError::TellClient(redirect, error)) => {
                let location = redirect.error(&error).location();
                assert!(location.starts_with(&format!("https://oldtimer.test/callback?error={}&", error.code)));
                assert!(!location.contains("iss="), "{location}");
                error.code
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_good_request_asks_for_the_registered_scopes_and_for_staying() {
        let request = request(&an_imported_client(), &[("extra", "1")]).unwrap();
        assert_eq!(request.scopes.canonical().to_string(), "offline_access vso.code vso.work");
        assert!(request.challenge.is_none());
    }

    #[test]
    fn everything_but_client_and_redirect_uri_is_told_to_the_client_by_its_old_name() {
        assert_eq!(told(&[("response_type", "code")]), "ResponseTypeNotSupported");
        assert_eq!(told(&[("response_type", "")]), "ResponseTypeRequired");
        assert_eq!(told(&[("scope", "")]), "ScopeRequired");
        assert_eq!(told(&[("scope", "vso.work")]), "InvalidScope");
        assert_eq!(told(&[("scope", "vso.work vso.code vso.build")]), "InvalidScope");
        assert_eq!(told(&[("scope", "a"), ("scope", "b")]), "InvalidRequest");
        assert_eq!(told(&[("state", &"x".repeat(3_000))]), "InvalidRequest");
    }

    #[test]
    fn without_a_client_of_this_kind_and_its_own_redirect_uri_nothing_is_sent_anywhere() {
        let shown = |client: &Client, edits: &[(&str, &str)]| match request(client, edits) {
            Err(AuthorizeError::ShowPage(why)) => why,
            other => panic!("{other:?}"),
        };
        let client = an_imported_client();
        let elsewhere = [("redirect_uri", "https://oldtimer.test/callback/")];
        assert_eq!(shown(&client, &elsewhere), Untrusted::RedirectUriNotRegistered);
        assert_eq!(shown(&client, &[("redirect_uri", "")]), Untrusted::RedirectUriMissing);
        let newer = crate::client::registration::tests::a_client();
        assert_eq!(shown(&newer, &[]), Untrusted::NotOfTheOlderKind);
        let stopped = Client { state: ClientState::Suspended, ..client };
        assert_eq!(shown(&stopped, &[]), Untrusted::SuspendedClient);
        assert_eq!(
            parse(&parameters(&GOOD), None, "https://id.test"),
            Err(AuthorizeError::ShowPage(Untrusted::UnknownClient))
        );
    }
}
