//! The authorization request: who asks and where the answer goes first, then everything else.

use crate::authorize::authorization_details::{AuthorizationDetails, Detail};
use crate::authorize::claims_request::ClaimsRequest;
use crate::authorize::error::{AuthorizeError, Untrusted};
use crate::authorize::prompt::Prompts;
use crate::authorize::response::TrustedRedirect;
use crate::authorize::response_type::{self, ResponseType};
use crate::change::Change;
use crate::client::key::ClientKey;
use crate::client::{Client, ClientId, ClientIdentifier, ClientKind, ClientState, Profile, SubjectType};
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
    /// What the answer carries.
    pub response_type: ResponseType,
    /// What is asked for.
    pub scopes: RequestedScopes,
    /// Where it is asked for, if the request says so. Its actions are among the scopes. [RFC 9396]
    pub details: Option<AuthorizationDetails>,
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
    /// The classes of which the sign-in has to have one, if the `claims` parameter says that it has to. [OpenID Connect Core §5.5.1.1]
    pub acr: Vec<&'static str>,
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
    /// It was made here, for a test of the client's sign-in: nobody had to push it or to sign it, and nothing is kept of what comes of it.
    Rehearsal,
}

/// Reads the id of the client that asks, before anything is known of it.
pub fn client_id(parameters: &Parameters) -> Result<ClientIdentifier, Untrusted> {
    if parameters.repeats("client_id") {
        return Err(Untrusted::ClientMissing);
    }
    let id = parameters.get("client_id").ok_or(Untrusted::ClientMissing)?;
    ClientIdentifier::parse(id).ok_or(Untrusted::UnknownClient)
}

/// Checks a request. `client` is what the id of [`client_id`] stands for.
pub fn parse(
    parameters: &Parameters,
    client: Option<&Client>,
    context: Context<'_>,
) -> Result<AuthorizationRequest, AuthorizeError> {
    let (client, redirect) = trusted_redirect(parameters, client, context).map_err(AuthorizeError::ShowPage)?;
    let types = parameters.get("response_type");
    let (redirect, mode) = match parameters.get("response_mode").map(|mode| response_type::mode(mode, types)) {
        None => (redirect, Ok(())),
        Some(Some(mode)) => (TrustedRedirect { mode, ..redirect }, Ok(())),
        Some(None) => (
            redirect,
            Err(OAuthError::invalid_request("response_mode is none of those that such an answer may travel by")
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
    if !client.is_open_to_all_of(context.audience) {
        return Err(Untrusted::ClientOfAnotherTenant);
    }
    let issuing_tenant = match context.audience {
        Audience::Tenant(tenant) => tenant.id,
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
        mode: response_type::default_mode(parameters.get("response_type")),
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
    let response_type = client.response_type(parameters.require("response_type")?)?;
    if client.kind == ClientKind::Daemon {
        return Err(OAuthError::unauthorized_client("this client signs nobody in"));
    }
    let (scope, details) = (parameters.get("scope"), parameters.get("authorization_details"));
    let (scopes, details) = asked(scope, details, client, context.resource)?;
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
    check_tokens(response_type, &scopes, nonce.as_deref())?;
    let challenge = CodeChallenge::read(parameters)?;
    if challenge.is_none() && client.requires_pkce() && response_type.has_code() {
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
        response_type,
        scopes,
        details,
        prompt: Prompts::parse(parameters.get("prompt").unwrap_or_default())?,
        max_age,
        login_hint: parameters.get("login_hint").map(str::to_owned),
        domain_hint: parameters.get("domain_hint").map(str::to_owned),
        id_token_hint: parameters.get("id_token_hint").map(str::to_owned),
        subject: claims.subject,
        acr: claims.acr,
        nonce,
        challenge,
        dpop_jkt: dpop_jkt(parameters)?,
        client_info: wants_client_info(parameters, client),
        came_by: context.came_by,
    })
}

/// What has to be there for tokens that the browser carries: a nonce, which is all that tells the client for which of its requests an ID
/// token was made, and scopes of one resource, this server's. [OpenID Connect Core §3.2.2.1, §3.3.2.11]
fn check_tokens(response_type: ResponseType, scopes: &RequestedScopes, nonce: Option<&str>) -> Result<(), OAuthError> {
    let scopes = scopes.canonical();
    if response_type.has_id_token() && !scopes.contains(OPENID) {
        return Err(OAuthError::invalid_request("response_type names an ID token, and scope does not contain openid"));
    }
    if response_type.has_id_token() && nonce.is_none() {
        return Err(OAuthError::invalid_request(
            "nonce is missing: an ID token that the browser carries is bound to it",
        ));
    }
    if response_type.has_access_token() && !scopes.apis().is_empty() {
        return Err(OAuthError::invalid_scope(
            "tokens for other apps are not sent through the browser: ask for a code",
        ));
    }
    Ok(())
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
    /// A client asks for a code and these scopes, and says nothing else.
    pub(crate) fn of_scopes(
        client: &Client,
        scopes: RequestedScopes,
        redirect: TrustedRedirect,
        came_by: CameBy,
    ) -> Self {
        Self {
            response_type: ResponseType::Code,
            client: client.id,
            redirect,
            scopes,
            details: None,
            prompt: Prompts::default(),
            max_age: None,
            login_hint: None,
            domain_hint: None,
            id_token_hint: None,
            subject: None,
            acr: Vec::new(),
            nonce: None,
            challenge: None,
            dpop_jkt: None,
            client_info: false,
            came_by,
        }
    }

    /// What is used up by an answer, a no included.
    pub(crate) fn used_up(&self, approved: bool, now: Timestamp) -> Option<Change> {
        match self.came_by {
            CameBy::Link | CameBy::Rehearsal => None,
            CameBy::Pushed(request) => Some(Change::UsePushed { request, at: now }),
            CameBy::Device(device) => Some(Change::AnswerDevice { device, approved, at: now }),
        }
    }

    /// The tenant that answers, for the `iss` parameter and everything issued.
    #[must_use]
    pub fn issued_by(mut self, origin: &str, tenant: TenantId) -> Self {
        self.redirect = self.redirect.issued_by(issuer(origin, tenant));
        self
    }
}

/// What `scope` and `authorization_details` name. Where both are left out, they stand for everything that the client registered
/// [RFC 6749 §3.3], but not in the Microsoft world, where `scope` has to be there.
///
/// Where places are named, `scope` is for OpenID Connect alone: other scopes would count in all places.
pub(crate) fn asked(
    scope: Option<&str>,
    details: Option<&str>,
    client: &Client,
    resource: &ResourceServer,
) -> Result<(RequestedScopes, Option<AuthorizationDetails>), OAuthError> {
    let details = details.map(|text| authorization_details(text, client, resource)).transpose()?;
    let scopes = match scope.filter(|scope| !scope.is_empty()) {
        Some(scope) => RequestedScopes::parse(scope, &client.scopes, resource)?,
        None if details.is_some() => RequestedScopes::default(),
        None if client.profile != Profile::Microsoft => RequestedScopes::exactly(&client.scopes).of_one_resource()?,
        None => return Err(OAuthError::invalid_request("scope is missing").numbered(900_144)),
    };
    let Some(details) = details else { return Ok((scopes, None)) };
    if !scopes.canonical().of_resources().is_empty() {
        return Err(OAuthError::invalid_authorization_details(
            "scope names scopes of a resource beside authorization_details, whose actions stand for them",
        ));
    }
    Ok((scopes.and(&details.scopes), Some(details)))
}

/// `authorization_details`, of a type that the client did not register to do without. [RFC 9396 §2 and §10]
fn authorization_details(
    text: &str,
    client: &Client,
    resource: &ResourceServer,
) -> Result<AuthorizationDetails, OAuthError> {
    let details = AuthorizationDetails::parse(text, &client.scopes, resource)?;
    let registered = client.metadata.authorization_details_types.as_ref();
    let used = |detail: &Detail| registered.is_none_or(|types| types.contains(&detail.kind));
    match details.objects.iter().all(used) {
        true => Ok(details),
        false => Err(OAuthError::invalid_authorization_details("the type is not registered for this client")),
    }
}

#[cfg(test)]
pub(crate) mod tests;
