//! The messages of a sign-in as its owner is shown them: decoded, and of whatever opens something only the beginning.

use latchkey_identity::OAuthError;
use latchkey_identity::authorize::AuthorizationResponse;
use latchkey_identity::claims::UserClaims;
use latchkey_identity::client::Client;
use latchkey_identity::client::registration::SenderConstraint;
use latchkey_identity::client::rehearsal::verifier;
use latchkey_identity::client_auth::Method;
use latchkey_jose::unverified;
use serde::Serialize;
use serde_json::Value;
use url::form_urlencoded;

use crate::identity::flow::Opened;
use crate::pages::rehearsal::Message;
use crate::token_response::TokenResponse;

/// The members of messages that open something, or prove something.
const SECRET: [&str; 5] = ["code", "access_token", "refresh_token", "id_token", "code_verifier"];
/// Characters of one that are shown.
const SHOWN: usize = 8;

/// The beginning of a value that nobody else should read whole.
fn shortened(text: &str) -> String {
    let begin: String = text.chars().take(SHOWN).collect();
    format!("{begin}… ({} characters)", text.chars().count())
}

fn value(name: &str, text: &str) -> String {
    if SECRET.contains(&name) { shortened(text) } else { text.to_owned() }
}

fn lines(pairs: impl IntoIterator<Item = (String, String)>) -> String {
    pairs.into_iter().map(|(name, text)| format!("{name} = {}\n", value(&name, &text))).collect()
}

fn parameters(opened: &Opened) -> impl Iterator<Item = (String, String)> {
    form_urlencoded::parse(opened.flow.parameters.as_bytes()).into_owned()
}

/// The `state` of the request, which all else that is made up follows from.
pub(super) fn state(opened: &Opened) -> String {
    parameters(opened).find(|(name, _)| name == "state").map(|(_, state)| state).unwrap_or_default()
}

/// The authorization request, signed and pushed if the app has to make it so. [OpenID Connect Core §3.1.2.1], [RFC 9101 §5], [RFC 9126 §2]
pub(super) fn request(opened: &Opened) -> Vec<Message> {
    let (flow, client) = (&opened.flow, &opened.asked.client);
    let message = |title, line: String, body, decoded| Message { title, line, body, decoded };
    let asked = lines(parameters(opened));
    let (asked, object) = match client.metadata.require_signed_request_object {
        true => (format!("{}{SIGNED}\n", named(opened)), vec![("Request object, which the test left unsigned", asked)]),
        false => (asked, Vec::new()),
    };
    let at = format!("{}/{}/oauth2/v2.0", flow.origin, flow.segment);
    let sends = |body, decoded| message("The app sends the person here", format!("GET {at}/authorize"), body, decoded);
    if !client.pushes_only() {
        return vec![sends(asked, object)];
    }
    let asked = proof(client).map_or(asked.clone(), |proof| format!("{proof}\n{asked}"));
    vec![
        message("The app pushes its request", format!("POST {at}/par"), asked, object),
        message(
            "The app gets a reference to it",
            "201 application/json".to_owned(),
            format!("{REFERENCE}\n"),
            Vec::new(),
        ),
        sends(format!("{}{REFERENCE}\n", named(opened)), Vec::new()),
    ]
}

/// What stands for a request object. Only the public part of the key is here.
const SIGNED: &str = "request = [a JWT that it signs with its key]";
/// What stands for a reference to a request that was pushed. The test made none.
const REFERENCE: &str = "request_uri = [a reference that counts once]";

fn named(opened: &Opened) -> String {
    lines(parameters(opened).filter(|(name, _)| name == "client_id"))
}

/// The answer to it. [OpenID Connect Core §3.1.2.5]
pub(super) fn response(response: &AuthorizationResponse) -> Message {
    let parameters = response.parameters.iter().map(|(name, text)| ((*name).to_owned(), text.clone()));
    Message {
        title: "The person is sent back to the app",
        line: format!("{} ({})", response.uri, response.mode.name()),
        body: lines(parameters),
        decoded: Vec::new(),
    }
}

/// The token request. [RFC 6749 §4.1.3]
pub(super) fn token_request(opened: &Opened, state: &str, response: &AuthorizationResponse) -> Message {
    let client = &opened.asked.client;
    let code = response.parameters.iter().find(|(name, _)| *name == "code").map(|(_, code)| code.clone());
    let form = [
        ("grant_type", "authorization_code".to_owned()),
        ("code", code.unwrap_or_default()),
        ("redirect_uri", response.uri.clone()),
        ("code_verifier", verifier(state)),
        ("client_id", client.id.to_string()),
    ];
    let form = form.map(|(name, text)| (name.to_owned(), text));
    let proves = proof(client).into_iter().chain(binding(client)).map(|line| format!("{line}\n"));
    Message {
        title: "The app asks for tokens",
        line: format!("POST {}/{}/oauth2/v2.0/token", opened.flow.origin, opened.flow.segment),
        body: proves.chain([lines(form)]).collect(),
        decoded: Vec::new(),
    }
}

/// How the app shows who it is. What it shows is nobody's to see, and was not needed here.
fn proof(client: &Client) -> Option<&'static str> {
    if !client.kind.is_confidential() {
        return None;
    }
    let by_key = client.secrets.is_empty() && !client.authentication.keys.is_empty();
    let usual = if by_key { Method::PrivateKeyJwt } else { Method::ClientSecretBasic };
    match client.authentication.method.unwrap_or(usual) {
        Method::ClientSecretBasic => Some("Authorization: Basic [client id and secret]"),
        Method::ClientSecretPost => Some("client_secret = [its secret]"),
        Method::ClientSecretJwt => Some("client_assertion = [a JWT that it makes with its secret]"),
        Method::PrivateKeyJwt => Some("client_assertion = [a JWT that it signs with its key]"),
        Method::TlsClientAuth | Method::SelfSignedTlsClientAuth => Some("[its certificate, when hands are shaken]"),
        Method::None | Method::LegacyAssertion => None,
    }
}

fn binding(client: &Client) -> Option<&'static str> {
    match client.sender_constraint()? {
        SenderConstraint::Dpop => Some("DPoP: [a proof of its key]"),
        SenderConstraint::Certificate => Some("[the certificate that its tokens are bound to]"),
    }
}

/// The tokens, decoded. [OpenID Connect Core §3.1.3.3]
pub(super) fn tokens(tokens: &TokenResponse) -> Message {
    let token = |title: &'static str, text: Option<&str>| {
        let read = unverified::decode_for_display(text?)?;
        Some((title, format!("{}\n{}", pretty(&read.header), pretty(&read.payload))))
    };
    let id_token = token("ID token", tokens.id_token.as_deref());
    let access_token = token("Access token", Some(&tokens.access_token));
    Message {
        title: "The app gets them",
        line: "200 application/json".to_owned(),
        body: members(tokens),
        decoded: id_token.into_iter().chain(access_token).collect(),
    }
}

/// Why it gets none. [RFC 6749 §5.2]
pub(super) fn refusal(error: &OAuthError) -> Message {
    Message {
        title: "The app gets none",
        line: "application/json".to_owned(),
        body: format!("error = {}\nerror_description = {}\n", error.code, error.description),
        decoded: Vec::new(),
    }
}

/// UserInfo, and its answer. [OpenID Connect Core §5.3]
pub(super) fn userinfo(opened: &Opened, claims: &UserClaims) -> [Message; 2] {
    let signed = opened.asked.client.metadata.userinfo_signed_response_alg;
    let kind = if signed.is_some() { "200 application/jwt, decoded" } else { "200 application/json" };
    let asks = Message {
        title: "The app asks who the person is",
        line: format!("GET {}/oidc/userinfo", opened.flow.origin),
        body: "Authorization: [the access token]\n".to_owned(),
        decoded: Vec::new(),
    };
    let learns = Message {
        title: "The app learns",
        line: kind.to_owned(),
        body: serde_json::to_value(claims).map(|claims| pretty(&claims)).unwrap_or_default(),
        decoded: Vec::new(),
    };
    [asks, learns]
}

fn members(of: &impl Serialize) -> String {
    let Ok(Value::Object(mut members)) = serde_json::to_value(of) else { return String::new() };
    for (name, member) in &mut members {
        if let Value::String(text) = member {
            *text = value(name, text);
        }
    }
    pretty(&Value::Object(members))
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
