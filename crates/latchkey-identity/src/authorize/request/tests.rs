use super::*;
use crate::authorize::response_mode::ResponseMode;
use crate::client::registration::tests::a_client;
use crate::parameters::tests::parameters;
use crate::resource::tests::a_resource;
use crate::scope::ScopeSet;
use crate::tenant::{Tenant, TenantKind};

pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) fn harbor() -> Tenant {
    Tenant { id: a_client().tenant, kind: TenantKind::Work, name: "Harbor".into(), domain: "harbor.test".into() }
}

const GOOD: [(&str, &str); 7] = [
    ("client_id", "00000000-0000-0000-0000-0000000000c1"),
    ("redirect_uri", "https://burndown.test/callback"),
    ("response_type", "code"),
    ("scope", "openid vso.work"),
    ("state", "s"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

pub(crate) fn request(edits: &[(&str, &str)]) -> Result<AuthorizationRequest, AuthorizeError> {
    request_of(&a_client(), edits)
}

pub(crate) fn request_of(client: &Client, edits: &[(&str, &str)]) -> Result<AuthorizationRequest, AuthorizeError> {
    at_harbor(|context| parse(&good(edits), Some(client), context))
}

/// The parameters of a good request, but for these.
pub(crate) fn good(edits: &[(&str, &str)]) -> Parameters {
    let mut pairs: Vec<(&str, &str)> =
        GOOD.into_iter().filter(|(name, _)| !edits.iter().any(|(edit, _)| edit == name)).collect();
    pairs.extend(edits);
    parameters(&pairs)
}

/// Asks in a link, in the tenant that the client is of.
pub(crate) fn at_harbor<T>(ask: impl FnOnce(Context<'_>) -> T) -> T {
    let (audience, resource) = (Audience::Tenant(harbor()), a_resource());
    let (origin, came_by) = ("https://id.test", CameBy::Link);
    ask(Context { origin, audience: &audience, resource: &resource, published: &[], came_by })
}

fn told(edits: &[(&str, &str)]) -> &'static str {
    match request(edits) {
        Err(AuthorizeError::TellClient(redirect, error)) => {
            assert_eq!(redirect.uri, "https://burndown.test/callback");
            error.code
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_request_is_served_and_unknown_parameters_are_ignored() {
    let request = request(&[
        ("extra", "foobar"),
        ("display", "popup"),
        ("ui_locales", "se"),
        ("client_info", "1"),
        ("x-client-SKU", "js"),
    ])
    .unwrap();
    assert!(request.scopes.canonical().contains(OPENID) && request.client_info);
    assert_eq!(request.redirect.issuer, format!("https://id.test/{}/v2.0", harbor().id));
}

#[test]
fn tokens_through_the_browser_want_openid_and_a_nonce_and_no_challenge() {
    let mut client = a_client();
    client.metadata.response_types = ResponseType::ALL.into();
    let ask = |edits: &[(&str, &str)]| request_of(&client, edits);
    let told = |edits: &[(&str, &str)]| match ask(edits) {
        Err(AuthorizeError::TellClient(redirect, error)) => (error.code, redirect.mode),
        other => panic!("{other:?}"),
    };
    for one in ResponseType::ALL {
        let name = ("response_type", one.name());
        let asked = ask(&[name, ("nonce", "n")]).unwrap();
        assert_eq!((asked.response_type, asked.redirect.mode), (one, response_type::default_mode(Some(one.name()))));
        if one.has_id_token() {
            assert_eq!(told(&[name]), ("invalid_request", ResponseMode::Fragment));
            let plain = [name, ("nonce", "n"), ("scope", "vso.work")];
            assert_eq!(told(&plain), ("invalid_request", ResponseMode::Fragment));
        }
        if one.has_tokens() {
            assert_eq!(told(&[name, ("response_mode", "query")]).0, "invalid_request");
            let posted = ask(&[name, ("nonce", "n"), ("response_mode", "form_post")]).unwrap();
            assert_eq!(posted.redirect.mode, ResponseMode::FormPost);
        }
        if !one.has_code() {
            let bare = [name, ("nonce", "n"), ("code_challenge", ""), ("code_challenge_method", "")];
            assert!(ask(&bare).is_ok(), "{one:?}");
        }
    }
    assert!(ask(&[("response_type", "code token")]).is_ok(), "no nonce is fine for code token");
    assert_eq!(told(&[("response_type", "token")]), ("unsupported_response_type", ResponseMode::Fragment));
    let unregistered = request(&[("response_type", "id_token"), ("nonce", "n")]);
    assert!(matches!(unregistered, Err(AuthorizeError::TellClient(_, error)) if error.number == 700_054));
}

#[test]
fn without_a_known_client_and_its_own_redirect_uri_nothing_is_sent_anywhere() {
    for (edit, why) in [
        ([("redirect_uri", "https://evil.test/")], Untrusted::RedirectUriNotRegistered),
        ([("redirect_uri", "https://burndown.test/callback?x=1")], Untrusted::RedirectUriNotRegistered),
        ([("redirect_uri", "")], Untrusted::RedirectUriMissing),
    ] {
        assert_eq!(request(&edit), Err(AuthorizeError::ShowPage(why)));
        let worse = [edit[0], ("response_type", "nonsense"), ("prompt", "none")];
        assert_eq!(request(&worse), Err(AuthorizeError::ShowPage(why)));
    }
    let doubled =
        request(&[("redirect_uri", "https://burndown.test/callback"), ("redirect_uri", "https://evil.test/")]);
    assert_eq!(doubled, Err(AuthorizeError::ShowPage(Untrusted::RedirectUriMissing)));
    let suspended = Client { state: ClientState::Suspended, ..a_client() };
    assert_eq!(request_of(&suspended, &[]), Err(AuthorizeError::ShowPage(Untrusted::SuspendedClient)));
    let elsewhere = Client { tenant: TenantId(uuid::Uuid::from_u128(9)), ..a_client() };
    assert_eq!(request_of(&elsewhere, &[]), Err(AuthorizeError::ShowPage(Untrusted::ClientOfAnotherTenant)));
}

#[test]
fn a_client_that_pushes_its_requests_makes_none_by_a_link() {
    let client = Client { pushed_only: true, ..a_client() };
    let told = request_of(&client, &[]).unwrap_err();
    assert!(matches!(told, AuthorizeError::TellClient(_, error) if error.code == "invalid_request"));
}

#[test]
fn a_scope_left_out_is_everything_registered_but_for_microsofts_clients() {
    let client = a_client();
    let asked = |profile| request_of(&Client { profile, ..client.clone() }, &[("scope", "")]);
    assert_eq!(asked(Profile::Standard).unwrap().scopes.canonical(), client.scopes);
    assert!(matches!(
        asked(Profile::Microsoft),
        Err(AuthorizeError::TellClient(_, error)) if error.code == "invalid_request"
    ));
    let none = Client { scopes: ScopeSet::default(), ..a_client() };
    assert!(matches!(
        request_of(&none, &[("scope", "")]),
        Err(AuthorizeError::TellClient(_, error)) if error.code == "invalid_scope"
    ));
}

#[test]
fn everything_else_is_told_to_the_client() {
    assert_eq!(told(&[("response_type", "token")]), "unsupported_response_type");
    assert_eq!(told(&[("response_type", "")]), "invalid_request");
    assert_eq!(told(&[("response_mode", "pigeon")]), "invalid_request");
    assert_eq!(told(&[("scope", "vso.nonsense")]), "invalid_scope");
    assert_eq!(told(&[("scope", "favourite_colour")]), "invalid_scope");
    assert_eq!(told(&[("code_challenge", "")]), "invalid_request");
    assert_eq!(told(&[("code_challenge_method", "plain")]), "invalid_request");
    assert_eq!(told(&[("max_age", "-1")]), "invalid_request");
    assert_eq!(told(&[("prompt", "none login")]), "invalid_request");
    assert_eq!(told(&[("nonce", "1"), ("nonce", "2")]), "invalid_request");
    assert_eq!(told(&[("resource", "https://other.test/")]), "invalid_target");
    assert_eq!(told(&[("state", &"x".repeat(3_000))]), "invalid_request");
}
