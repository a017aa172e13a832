//! The authorization request: who asks and where the answer goes first, then everything else.

use crate::authorize::claims_request::ClaimsRequest;
use crate::authorize::error::{AuthorizeError, Untrusted};
use crate::authorize::prompt::Prompts;
use crate::authorize::response::TrustedRedirect;
use crate::authorize::response_mode::ResponseMode;
use crate::client::key::ClientKey;
use crate::client::{Client, ClientId, ClientKind, ClientState, Profile, SubjectType};
use crate::decision::Change;
use crate::error::OAuthError;
use crate::grant::authorization_code::CodeChallenge;
use crate::limits;
use crate::parameters::Parameters;
use crate::resource::ResourceServer;
use crate::scope::{OPENID, RequestedScopes};
use crate::secret::TokenHash;
use crate::tenant::{Audience, TenantId};
use crate::time::Timestamp;
use crate::token::confirmation::Thumbprint;
use crate::token::issuer;

/// What an authorization request is read against.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The origin that the request came to.
    pub origin: &'a str,
    /// Whose accounts may answer.
    pub audience: &'a Audience,
    /// What access tokens are for.
    pub resource: &'a ResourceServer,
    /// The keys that the client publishes, where its request may be signed by one of them.
    pub published: &'a [ClientKey],
    /// How it came here.
    pub came_by: CameBy,
}

/// An authorization request whose every parameter has been checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthorizationRequest {
    /// The client that asks.
    pub client: ClientId,
    /// Where the answer goes.
    pub redirect: TrustedRedirect,
    /// What is asked for.
    pub scopes: RequestedScopes,
    /// What the client wants the person to see.
    pub prompt: Prompts,
    /// The oldest sign-in that is good enough, in seconds. [OpenID Connect Core §3.1.2.1]
    pub max_age: Option<u64>,
    /// Who the client thinks will answer.
    pub login_hint: Option<String>,
    /// Where that person's account is: a domain, `organizations` or `consumers`.
    pub domain_hint: Option<String>,
    /// An ID token of ours that names who is expected.
    pub id_token_hint: Option<String>,
    /// The subject that has to answer, if the `claims` parameter names one. [OpenID Connect Core §5.5.1]
    pub subject: Option<String>,
    /// Comes back in the ID token.
    pub nonce: Option<String>,
    /// What the `code_verifier` has to match.
    pub challenge: Option<CodeChallenge>,
    /// The key that the code may be redeemed with. [RFC 9449 §10]
    pub dpop_jkt: Option<Thumbprint>,
    /// A client of the Microsoft world wants `client_info`.
    pub client_info: bool,
    /// How it came here.
    pub came_by: CameBy,
}

/// How a request came here, and what its answer uses up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CameBy {
    /// The browser brought it.
    Link,
    /// The client made it to the server itself. [RFC 9126]
    Pushed(TokenHash),
    /// A person typed the user code of this device. [RFC 8628 §3.3]
    Device(TokenHash),
}

/// Reads the id of the client that asks, before anything is known of it.
pub fn client_id(parameters: &Parameters) -> Result<ClientId, Untrusted> {
    if parameters.repeats("client_id") {
        return Err(Untrusted::ClientMissing);
    }
    let id = parameters.get("client_id").ok_or(Untrusted::ClientMissing)?;
    ClientId::parse(id).ok_or(Untrusted::UnknownClient)
}

/// Checks a request. `client` is what the id of [`client_id`] stands for.
pub fn parse(
    parameters: &Parameters,
    client: Option<&Client>,
    context: Context<'_>,
) -> Result<AuthorizationRequest, AuthorizeError> {
    let (client, redirect) = trusted_redirect(parameters, client, context).map_err(AuthorizeError::ShowPage)?;
    let (redirect, mode) = match parameters.get("response_mode").map(ResponseMode::parse) {
        None => (redirect, Ok(())),
        Some(Some(mode)) => (TrustedRedirect { mode, ..redirect }, Ok(())),
        Some(None) => (
            redirect,
            Err(OAuthError::invalid_request("response_mode is none of those that response_modes_supported lists")
                .numbered(70_007)),
        ),
    };
    mode.and_then(|()| checked(parameters, client, redirect.clone(), context))
        .map_err(|error| AuthorizeError::TellClient(Box::new(redirect), error))
}

/// Why a request is not served whose request object does not hold: told to the client where the parameters beside it name a redirect URI
/// of its own, and on our page otherwise. [RFC 9101 §7]
pub(crate) fn refused(
    parameters: &Parameters,
    client: &Client,
    context: Context<'_>,
    error: OAuthError,
) -> AuthorizeError {
    match trusted_redirect(parameters, Some(client), context) {
        Ok((_, redirect)) => AuthorizeError::TellClient(Box::new(redirect), error),
        Err(Untrusted::RedirectUriMissing | Untrusted::RedirectUriNotRegistered) => {
            AuthorizeError::ShowPage(Untrusted::RequestObject)
        }
        Err(why) => AuthorizeError::ShowPage(why),
    }
}

fn trusted_redirect<'a>(
    parameters: &Parameters,
    client: Option<&'a Client>,
    context: Context<'_>,
) -> Result<(&'a Client, TrustedRedirect), Untrusted> {
    let client = client.ok_or(Untrusted::UnknownClient)?;
    if client.is_legacy() {
        return Err(Untrusted::OfTheOlderKind);
    }
    if client.state == ClientState::Suspended {
        return Err(Untrusted::SuspendedClient);
    }
    let issuing_tenant = match context.audience {
        Audience::Tenant(tenant) if !client.is_open_to(tenant.id) => return Err(Untrusted::ClientOfAnotherTenant),
        Audience::Tenant(tenant) => tenant.id,
        Audience::Anyone | Audience::WorkAccounts if !client.multi_tenant => {
            return Err(Untrusted::ClientOfAnotherTenant);
        }
        Audience::Anyone | Audience::WorkAccounts => client.tenant,
    };
    Ok((client, registered_redirect(parameters, client, issuer(context.origin, issuing_tenant))?))
}

/// Where the answer goes, if a client that may ask registered it: of both kinds of request. The mode is that of an answer as long as
/// nothing else is known.
pub(crate) fn registered_redirect(
    parameters: &Parameters,
    client: &Client,
    issuer: String,
) -> Result<TrustedRedirect, Untrusted> {
    if parameters.repeats("redirect_uri") {
        return Err(Untrusted::RedirectUriMissing);
    }
    let uri = parameters.get("redirect_uri").ok_or(Untrusted::RedirectUriMissing)?;
    if !client.permits_redirect(uri) {
        return Err(Untrusted::RedirectUriNotRegistered);
    }
    let state =
        parameters.get("state").filter(|state| state.len() <= limits::STATE_BYTES && !parameters.repeats("state"));
    Ok(TrustedRedirect {
        uri: uri.to_owned(),
        mode: ResponseMode::Query,
        state: state.map(str::to_owned),
        issuer,
        profile: client.profile,
    })
}

fn checked(
    parameters: &Parameters,
    client: &Client,
    redirect: TrustedRedirect,
    context: Context<'_>,
) -> Result<AuthorizationRequest, OAuthError> {
    parameters.once()?;
    if parameters.get("state").is_some_and(|state| state.len() > limits::STATE_BYTES) {
        return Err(OAuthError::invalid_request("state is longer than 2048 bytes"));
    }
    if client.pushes_only() && context.came_by == CameBy::Link {
        return Err(OAuthError::invalid_request("this client has to push its requests"));
    }
    if parameters.get("request").is_some() {
        return Err(OAuthError::invalid_request_object("a request object has no place here"));
    }
    if parameters.get("request_uri").is_some() {
        return Err(OAuthError::invalid_request_uri("request_uri has no place here"));
    }
    match parameters.require("response_type")? {
        "code" => {}
        _ => return Err(OAuthError::unsupported_response_type("response_type has to be code")),
    }
    if client.kind == ClientKind::Daemon {
        return Err(OAuthError::unauthorized_client("this client signs nobody in"));
    }
    let scopes = requested_scopes(parameters, client, context.resource)?;
    let claims = match parameters.get("claims").filter(|_| scopes.canonical().contains(OPENID)) {
        Some(claims) => ClaimsRequest::parse(claims)?,
        None => ClaimsRequest::default(),
    };
    let scopes = scopes.with_claims(claims.singles);
    if scopes.canonical().is_empty() {
        return Err(OAuthError::invalid_scope("scope names nothing that can be asked for here"));
    }
    let nonce = parameters.get("nonce").map(str::to_owned);
    if nonce.as_ref().is_some_and(|nonce| nonce.len() > limits::NONCE_BYTES) {
        return Err(OAuthError::invalid_request("nonce is longer than 1024 bytes"));
    }
    let challenge = CodeChallenge::read(parameters)?;
    if challenge.is_none() && client.requires_pkce() {
        return Err(OAuthError::invalid_request("code_challenge is missing: this client has to use PKCE with S256"));
    }
    let max_age = match parameters.get("max_age") {
        None => client.metadata.default_max_age.map(u64::from),
        Some(text) => {
            Some(text.parse::<u64>().map_err(|_| OAuthError::invalid_request("max_age is not a number of seconds"))?)
        }
    };
    context.resource.check(parameters)?;
    Ok(AuthorizationRequest {
        client: client.id,
        redirect,
        scopes,
        prompt: Prompts::parse(parameters.get("prompt").unwrap_or_default())?,
        max_age,
        login_hint: parameters.get("login_hint").map(str::to_owned),
        domain_hint: parameters.get("domain_hint").map(str::to_owned),
        id_token_hint: parameters.get("id_token_hint").map(str::to_owned),
        subject: claims.subject,
        nonce,
        challenge,
        dpop_jkt: dpop_jkt(parameters)?,
        client_info: wants_client_info(parameters, client),
        came_by: context.came_by,
    })
}

/// Whether `client_info` goes with the answer. It names the account, which a client with pairwise subjects is not told.
pub(crate) fn wants_client_info(parameters: &Parameters, client: &Client) -> bool {
    let by_subject_alone =
        client.profile != Profile::Microsoft && client.metadata.subject_type == SubjectType::Pairwise;
    parameters.get("client_info") == Some("1") && !by_subject_alone
}

/// `dpop_jkt`: the thumbprint of the key that will redeem the code.
pub(crate) fn dpop_jkt(parameters: &Parameters) -> Result<Option<Thumbprint>, OAuthError> {
    match parameters.get("dpop_jkt") {
        None => Ok(None),
        Some(text) => Thumbprint::parse(text)
            .map(Some)
            .ok_or_else(|| OAuthError::invalid_request("dpop_jkt is not the base64url form of a SHA-256")),
    }
}

impl AuthorizationRequest {
    /// What is used up by an answer, a no included.
    pub(crate) fn used_up(&self, approved: bool, now: Timestamp) -> Option<Change> {
        match self.came_by {
            CameBy::Link => None,
            CameBy::Pushed(request) => Some(Change::UsePushed { request, at: now }),
            CameBy::Device(device) => Some(Change::AnswerDevice { device, approved, at: now }),
        }
    }

    /// Whether an ID token was asked for.
    pub fn wants_id_token(&self) -> bool {
        self.scopes.canonical().contains(OPENID)
    }

    /// The tenant that answers, for the `iss` parameter and everything issued.
    #[must_use]
    pub fn issued_by(mut self, origin: &str, tenant: TenantId) -> Self {
        self.redirect = self.redirect.issued_by(issuer(origin, tenant));
        self
    }
}

/// What `scope` names. Left out it stands for everything that the client registered [RFC 6749 §3.3], but not in the Microsoft world, where
/// it has to be there.
fn requested_scopes(
    parameters: &Parameters,
    client: &Client,
    resource: &ResourceServer,
) -> Result<RequestedScopes, OAuthError> {
    match parameters.get("scope") {
        None if client.profile != Profile::Microsoft => Ok(RequestedScopes::exactly(&client.scopes)),
        _ => RequestedScopes::parse(parameters.require("scope")?, &client.scopes, resource),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::client::Doors;
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

    fn request_of(client: &Client, edits: &[(&str, &str)]) -> Result<AuthorizationRequest, AuthorizeError> {
        let mut pairs: Vec<(&str, &str)> =
            GOOD.into_iter().filter(|(name, _)| !edits.iter().any(|(edit, _)| edit == name)).collect();
        pairs.extend(edits);
        let audience = Audience::Tenant(harbor());
        let context = Context {
            origin: "https://id.test",
            audience: &audience,
            resource: &a_resource(),
            published: &[],
            came_by: CameBy::Link,
        };
        parse(&parameters(&pairs), Some(client), context)
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
        assert!(request.wants_id_token() && request.client_info);
        assert_eq!(request.redirect.issuer, format!("https://id.test/{}/v2.0", harbor().id));
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
        let client = Client { doors: Doors { pushed_only: true, ..Doors::default() }, ..a_client() };
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
}
