//! Pushed authorization requests, [RFC 9126]: a client makes its request to the server itself, and sends the browser with a reference to
//! it. It counts for a minute and a half, for its client, until it is answered.

use url::form_urlencoded;

use crate::authorize::error::{AuthorizeError, Untrusted};
use crate::authorize::request::{self, CameBy, Context};
use crate::authorize::request_object;
use crate::change::Change;
use crate::client::ClientId;
use crate::client_auth::AuthenticatedClient;
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::error::OAuthError;
use crate::limits;
use crate::parameters::Parameters;
use crate::secret::{Secret, TokenHash};
use crate::time::Timestamp;
use crate::token::confirmation::Confirmation;

/// What references to requests begin with. [RFC 9126 §2.2]
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// What is between the client and the server, and no part of the request.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// A request as we keep it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PushedRequest {
    /// What we keep of its reference.
    pub hash: TokenHash,
    /// The client that pushed it.
    pub client: ClientId,
    /// The tenant segment of the URL it came to.
    pub segment: String,
    /// The parameters, form-urlencoded. They are read and checked anew at every step.
    pub parameters: String,
    /// When it came.
    pub pushed_at: Timestamp,
    /// When it was answered.
    pub used_at: Option<Timestamp>,
}

impl PushedRequest {
    /// The parameters, if `client` may begin with them at this moment. Who has begun may go on: then it is the moment that counts.
    /// [RFC 9126 §4 and §7.3]
    pub fn parameters_for(&self, client: ClientId, begun_at: Timestamp) -> Result<&str, Untrusted> {
        let expires_at = self.pushed_at + limits::PUSHED_REQUEST_LIFETIME;
        let holds = self.client == client && self.used_at.is_none() && begun_at < expires_at;
        holds.then_some(self.parameters.as_str()).ok_or(Untrusted::RequestUri)
    }
}

/// The hash that a `request_uri` of ours is found by; nothing for the addresses of others.
pub fn reference(request_uri: &str) -> Option<TokenHash> {
    request_uri.strip_prefix(PREFIX).map(TokenHash::of)
}

/// Keeps a request: the answer is its reference. It is checked now, so that the client hears of a mistake before the person does.
/// [RFC 9126 §2]
pub fn push(
    form: &Parameters,
    client: &AuthenticatedClient<'_>,
    segment: &str,
    context: Context<'_>,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<String> {
    let confirmation = client.confirmation();
    let client = client.client();
    if form.get("request_uri").is_some() {
        return Decision::refuse(OAuthError::invalid_request("request_uri has no place in a pushed request"));
    }
    let text = Secret::generate(entropy);
    let context = Context { came_by: CameBy::Pushed(text.hash()), ..context };
    let form = match request_object::open(form, client, context, now) {
        Ok(form) => form,
        Err(error) => return Decision::refuse(error),
    };
    let named = match request::parse(&form, Some(client), context) {
        Ok(request) => request.dpop_jkt,
        Err(AuthorizeError::TellClient(_, error)) => return Decision::refuse(error),
        Err(AuthorizeError::ShowPage(why)) => return Decision::refuse(untrusted(why)),
    };
    // A proof beside the request says the same as the parameter would. [RFC 9449 §10.1]
    let proved = match confirmation {
        Some(Confirmation::Key(key)) => Some(key),
        Some(Confirmation::Certificate(_)) | None => None,
    };
    if let (Some(named), Some(proved)) = (named, proved)
        && named != proved
    {
        return Decision::refuse(OAuthError::invalid_dpop_proof("dpop_jkt is not the key of the DPoP proof"));
    }
    let id = client.identifier().to_string();
    let own = form.iter().filter(|(name, _)| *name != "client_id" && !CREDENTIALS.contains(name));
    let mut parameters = form_urlencoded::Serializer::new(String::new());
    parameters.append_pair("client_id", &id).extend_pairs(own);
    if let (None, Some(proved)) = (named, proved) {
        parameters.append_pair("dpop_jkt", &proved.to_string());
    }
    let parameters = parameters.finish();
    if parameters.len() > limits::PUSHED_REQUEST_BYTES {
        return Decision::refuse(OAuthError::invalid_request("the request is longer than 16 KiB"));
    }
    let pushed = PushedRequest {
        hash: text.hash(),
        client: client.id,
        segment: segment.to_owned(),
        parameters,
        pushed_at: now,
        used_at: None,
    };
    Decision::grant(format!("{PREFIX}{}", text.reveal())).and(Change::Push(Box::new(pushed)))
}

/// What would have been a page for the person is an error for the client. [RFC 9126 §2.3]
fn untrusted(why: Untrusted) -> OAuthError {
    match why {
        Untrusted::RedirectUriMissing => OAuthError::invalid_request("redirect_uri is missing"),
        Untrusted::RedirectUriNotRegistered => {
            OAuthError::invalid_request("redirect_uri is not registered for this client").numbered(50_011)
        }
        _ => OAuthError::unauthorized_client("this client may not ask here").numbered(why.number()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorize::request::tests::{at_harbor, good};
    use crate::client::registration::tests::a_client;
    use crate::client::{Client, ClientKind};
    use crate::tenant::TenantId;
    use crate::token::tests::authenticated;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    fn public() -> Client {
        Client { kind: ClientKind::SinglePage, pushed_only: true, ..a_client() }
    }

    fn pushed(client: &Client, edits: &[(&str, &str)]) -> Decision<String> {
        let form = good(edits);
        at_harbor(|context| push(&form, &authenticated(client), "harbor.test", context, NOW, &mut Entropy::seeded(1)))
    }

    fn kept(decision: &Decision<String>) -> PushedRequest {
        match decision.changes.as_slice() {
            [Change::Push(pushed)] => (**pushed).clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_request_is_kept_without_what_proves_the_client() {
        let decision = pushed(&public(), &[("client_secret", "hunter2"), ("state", "a b")]);
        let uri = decision.answer.clone().unwrap();
        assert!(uri.len() > PREFIX.len() + 40 && reference(&uri) == Some(kept(&decision).hash));
        let parameters = kept(&decision).parameters;
        assert!(parameters.starts_with("client_id=00000000-0000-0000-0000-0000000000c1&"), "{parameters}");
        assert!(parameters.contains("state=a+b") && !parameters.contains("hunter2"), "{parameters}");
        assert_eq!(reference("https://burndown.test/request.jwt"), None);
    }

    #[test]
    fn a_mistake_is_told_at_once() {
        let told = |edits: &[(&str, &str)]| {
            let decision = pushed(&public(), edits);
            assert!(decision.changes.is_empty());
            decision.answer.unwrap_err().code
        };
        assert_eq!(told(&[("request_uri", "urn:x")]), "invalid_request");
        assert_eq!(told(&[("redirect_uri", "https://evil.test/")]), "invalid_request");
        assert_eq!(told(&[("redirect_uri", "")]), "invalid_request");
        assert_eq!(told(&[("scope", "vso.nonsense")]), "invalid_scope");
        assert_eq!(told(&[("response_type", "token")]), "unsupported_response_type");
        assert_eq!(told(&[("code_challenge_method", "plain")]), "invalid_request");
        assert_eq!(told(&[("extra", &"x".repeat(20_000))]), "invalid_request");
        let elsewhere = Client { tenant: TenantId(Uuid::from_u128(9)), ..public() };
        assert_eq!(pushed(&elsewhere, &[]).answer.unwrap_err().code, "unauthorized_client");
    }

    #[test]
    fn it_holds_for_its_client_for_a_minute_and_a_half_until_it_is_answered() {
        let request = kept(&pushed(&public(), &[]));
        let (client, end) = (request.client, NOW + limits::PUSHED_REQUEST_LIFETIME);
        assert!(request.parameters_for(client, NOW).is_ok());
        assert_eq!(request.parameters_for(client, end), Err(Untrusted::RequestUri));
        assert_eq!(request.parameters_for(ClientId(Uuid::from_u128(9)), NOW), Err(Untrusted::RequestUri));
        let used = PushedRequest { used_at: Some(NOW), ..request };
        assert_eq!(used.parameters_for(client, NOW), Err(Untrusted::RequestUri));
    }
}
