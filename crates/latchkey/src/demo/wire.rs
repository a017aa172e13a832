//! The HTTP client of the demo services: plain http, one connection per request, bounded in size and time.

use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, USER_AGENT, WWW_AUTHENTICATE};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

/// Bytes of one answer.
const ANSWER_BYTES: usize = 2 << 20;
/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    /// The address is not one that it can call.
    #[error("{0} is not an address that can be called here")]
    Address(String),
    /// Nobody answered, or the answer broke off.
    #[error("nobody answered at {0}")]
    Silence(String),
    /// The answer is not what was asked for.
    #[error("the answer of {0} cannot be read")]
    Unreadable(String),
}

/// How a request shows who sends it.
pub(crate) enum Credential<'a> {
    /// By nothing.
    None,
    /// By client id and secret. [RFC 6749 §2.3.1]
    Basic(&'a str, &'a str),
    /// By an access token. [RFC 6750 §2.1]
    Bearer(&'a str),
}

/// An answer.
pub(crate) struct Answer {
    /// How it went.
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    url: String,
    body: Bytes,
}

#[derive(Deserialize)]
struct List<T> {
    value: Vec<T>,
}

#[derive(Deserialize)]
struct ErrorBody {
    message: String,
}

#[derive(Deserialize)]
struct OAuthErrorBody {
    error: String,
}

impl Answer {
    /// The answer as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, WireError> {
        serde_json::from_slice(&self.body).map_err(|_| WireError::Unreadable(self.url.clone()))
    }

    /// The things of the answer, if it is a list of the DevOps API.
    pub(crate) fn list<T: DeserializeOwned>(&self) -> Result<Vec<T>, WireError> {
        self.json().map(|List { value }| value)
    }

    /// What the DevOps API says of a refusal, if it says something.
    pub(crate) fn message(&self) -> Option<String> {
        self.json().ok().map(|ErrorBody { message }| message)
    }

    /// The code of an OAuth refusal, or the status of another one. [RFC 6749 §5.2]
    pub(crate) fn error_code(&self) -> String {
        self.json().map_or_else(|_| self.status.as_str().to_owned(), |OAuthErrorBody { error }| error)
    }

    /// A header, if it is there and can be read.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What the server asks for, if it refused the credential.
    pub(crate) fn challenges(&self) -> String {
        let challenges = self.headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        challenges.collect::<Vec<_>>().join(", ")
    }
}

/// Asks for something. `agent` is what the service calls itself.
pub(crate) async fn get(agent: &str, url: &str, credential: Credential<'_>) -> Result<Answer, WireError> {
    send(agent, Method::GET, url, credential, None).await
}

/// Sends a form.
pub(crate) async fn post_form(
    agent: &str,
    url: &str,
    credential: Credential<'_>,
    fields: &[(&str, &str)],
) -> Result<Answer, WireError> {
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    send(agent, Method::POST, url, credential, Some(form)).await
}

async fn send(
    agent: &str,
    method: Method,
    url: &str,
    credential: Credential<'_>,
    form: Option<String>,
) -> Result<Answer, WireError> {
    let wrong = || WireError::Address(url.to_owned());
    let parsed = Url::parse(url).ok().filter(|parsed| parsed.scheme() == "http").ok_or_else(wrong)?;
    let (host, port) = parsed.host_str().zip(parsed.port_or_known_default()).ok_or_else(wrong)?;
    let path = &parsed[url::Position::BeforePath..url::Position::AfterQuery];
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, format!("{host}:{port}"))
        .header(USER_AGENT, agent)
        .header(ACCEPT, "application/json");
    if form.is_some() {
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    if let Some(credential) = credential.header() {
        request = request.header(AUTHORIZATION, credential);
    }
    let request = request.body(Full::new(Bytes::from(form.unwrap_or_default()))).map_err(|_| wrong())?;
    let exchange = timeout(PATIENCE, exchange(host, port, request)).await;
    let (status, headers, body) =
        exchange.ok().and_then(Result::ok).ok_or_else(|| WireError::Silence(url.to_owned()))?;
    Ok(Answer { status, headers, url: url.to_owned(), body })
}

async fn exchange(
    host: &str,
    port: u16,
    request: Request<Full<Bytes>>,
) -> Result<(StatusCode, HeaderMap, Bytes), Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends by itself when the answer has come, or when nobody waits for it any more.
    let driving = tokio::spawn(connection);
    let answer = sender.send_request(request).await?;
    let (parts, body) = answer.into_parts();
    let body = Limited::new(body, ANSWER_BYTES).collect().await?.to_bytes();
    driving.abort();
    Ok((parts.status, parts.headers, body))
}

impl Credential<'_> {
    fn header(&self) -> Option<HeaderValue> {
        let text = match self {
            Self::None => return None,
            Self::Basic(id, secret) => {
                use base64::Engine as _;
                let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encode(id), encode(secret));
                format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
            }
            Self::Bearer(token) => format!("Bearer {token}"),
        };
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// A word of the API as people write it: `partiallySucceeded` becomes `partially succeeded`.
pub(crate) fn in_words(value: &str) -> String {
    let mut words = String::new();
    for letter in value.chars() {
        if letter.is_uppercase() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_calls_plain_http_and_nothing_else() {
        for url in ["https://localhost:1/", "file:///etc/passwd", "nonsense"] {
            assert!(matches!(get("Test/1.0", url, Credential::None).await, Err(WireError::Address(_))), "{url}");
        }
    }

    #[test]
    fn a_secret_with_a_colon_arrives_whole() {
        let header = Credential::Basic("id", "a:b c").header().unwrap();
        assert_eq!(header.to_str().unwrap(), "Basic aWQ6YSUzQWIrYw==");
        assert!(header.is_sensitive());
    }
}
