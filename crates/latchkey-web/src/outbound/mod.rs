//! Requests that the server makes itself, to addresses that somebody else named: a client's keys, its metadata, where it hears of sign-out.
//!
//! | what | where |
//! |---|---|
//! | what may be reached | [`latchkey_identity::outbound`] |
//! | the one client through which all of them go | this |
//! | what a name means, checked, and a connection to exactly that | `connect` |
//! | how many at once | `turns` |
//!
//! https only, no redirects, no proxy, one connection for each request, a few seconds, a bounded answer.

mod connect;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, USER_AGENT};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use latchkey_identity::outbound::{OutboundPolicy, Target, TargetError};
use rustls::pki_types::CertificateDer;
use tokio::time::timeout;

use connect::Connector;
pub use connect::Resolver;
use turns::Turns;

/// A whole request takes no longer: somebody may be waiting.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of the head of an answer.
const HEAD_BYTES: usize = 32_768;
/// Headers of an answer.
const HEADERS: usize = 64;
/// Who is asking, for whoever reads their log.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("Latchkey/", env!("CARGO_PKG_VERSION")));

/// The one client.
pub struct Outbound {
    policy: OutboundPolicy,
    connector: Connector,
    turns: Turns,
}

/// What somebody answered with 200.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The headers.
    pub headers: HeaderMap,
    /// The body, to its end.
    pub body: Bytes,
}

/// Why a request brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The address is none that is asked.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The name means an address that is not public, or nothing.
    #[error("the host cannot be reached from here")]
    NotReachable,
    /// Nobody answered, or not as https.
    #[error("there was no answer that can be trusted: {0}")]
    NoAnswer(String),
    /// Too slow.
    #[error("it took longer than five seconds")]
    TooSlow,
    /// Too many requests are on their way already.
    #[error("too many requests are on their way")]
    Busy,
    /// Another status; a redirect is one, too.
    #[error("the answer was {0}")]
    Status(StatusCode),
    /// More than was wanted.
    #[error("the answer is too large")]
    TooLarge,
    /// A compressed body: nobody knows how large it is.
    #[error("the answer is compressed")]
    Compressed,
}

impl Outbound {
    /// The client of an installation. `authorities` are trusted beside those of the system.
    pub fn new(policy: OutboundPolicy, authorities: Vec<CertificateDer<'static>>, resolver: Resolver) -> Self {
        Self { policy, connector: Connector::new(authorities, resolver), turns: Turns::default() }
    }

    /// What may be reached.
    pub fn policy(&self) -> &OutboundPolicy {
        &self.policy
    }

    /// Reads an address that somebody named.
    pub fn target(&self, text: &str) -> Result<Target, TargetError> {
        Target::read(text, &self.policy)
    }

    /// A document of somebody else's, of at most `most` bytes. What goes wrong is in the log, and theirs to mend.
    pub async fn document(&self, address: &str, accept: &'static str, most: usize) -> Option<Bytes> {
        let fetched = async {
            let target = self.target(address)?;
            self.fetch(&target, accept, most).await
        };
        match fetched.await {
            Ok(fetched) => Some(fetched.body),
            Err(error) => {
                // What follows a question mark may be a secret between the two.
                let uri = address.split(['?', '#']).next();
                tracing::info!(uri, %error, "a document could not be fetched");
                None
            }
        }
    }

    /// Fetches a document of at most `most` bytes.
    pub async fn fetch(&self, target: &Target, accept: &'static str, most: usize) -> Result<Fetched, OutboundError> {
        self.fetch_with(target, accept, None, most).await
    }

    /// The same, with this `Authorization`.
    pub async fn fetch_with(
        &self,
        target: &Target,
        accept: &'static str,
        authorization: Option<HeaderValue>,
        most: usize,
    ) -> Result<Fetched, OutboundError> {
        let request = Request::builder().method(Method::GET).header(ACCEPT, HeaderValue::from_static(accept));
        let request = authorized(request, authorization);
        let (status, fetched) = self.ask(target, request, Bytes::new(), most).await?;
        if status == StatusCode::OK { Ok(fetched) } else { Err(OutboundError::Status(status)) }
    }

    /// Posts a form. What is answered beside the status is of no interest.
    pub async fn post_form(&self, target: &Target, form: String) -> Result<StatusCode, OutboundError> {
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        let request = Request::builder().method(Method::POST).header(CONTENT_TYPE, form_type);
        self.ask(target, request, form.into(), 0).await.map(|(status, _)| status)
    }

    /// Posts a form, and reads the document of at most `most` bytes that is the answer.
    pub async fn post_for(
        &self,
        target: &Target,
        form: String,
        authorization: Option<HeaderValue>,
        most: usize,
    ) -> Result<Fetched, OutboundError> {
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        let json = HeaderValue::from_static("application/json");
        let request = Request::builder().method(Method::POST).header(CONTENT_TYPE, form_type).header(ACCEPT, json);
        let (status, fetched) = self.ask(target, authorized(request, authorization), form.into(), most).await?;
        if status == StatusCode::OK { Ok(fetched) } else { Err(OutboundError::Status(status)) }
    }

    async fn ask(
        &self,
        target: &Target,
        request: http::request::Builder,
        body: Bytes,
        most: usize,
    ) -> Result<(StatusCode, Fetched), OutboundError> {
        let no_answer = |error: http::Error| OutboundError::NoAnswer(error.to_string());
        let request = request
            .uri(target.path_and_query())
            .header(HOST, target.authority())
            .header(USER_AGENT, AGENT)
            .body(Full::new(body))
            .map_err(no_answer)?;
        let _turn = self.turns.take(target.host()).ok_or(OutboundError::Busy)?;
        // In a box: those who ask are few, and what might ask is in every request that comes in.
        timeout(PATIENCE, Box::pin(self.exchange(target, request, most))).await.map_err(|_| OutboundError::TooSlow)?
    }

    async fn exchange(
        &self,
        target: &Target,
        request: Request<Full<Bytes>>,
        most: usize,
    ) -> Result<(StatusCode, Fetched), OutboundError> {
        let failed = |error: hyper::Error| OutboundError::NoAnswer(error.to_string());
        let stream = self.connector.connect(target, &self.policy).await?;
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD_BYTES)
            .max_headers(HEADERS)
            .handshake(stream)
            .await
            .map_err(failed)?;
        // It is driven here and nowhere else: when this request is over or given up, so is the connection.
        let answered = async {
            let response = sender.send_request(request).await.map_err(failed)?;
            let (parts, body) = response.into_parts();
            let body =
                if parts.status == StatusCode::OK { read(&parts.headers, body, most).await? } else { Bytes::new() };
            Ok((parts.status, Fetched { headers: parts.headers, body }))
        };
        tokio::pin!(answered, connection);
        tokio::select! {
            answer = &mut answered => answer,
            _ = &mut connection => answered.await,
        }
    }
}

fn authorized(request: http::request::Builder, authorization: Option<HeaderValue>) -> http::request::Builder {
    match authorization {
        Some(value) => request.header(AUTHORIZATION, value),
        None => request,
    }
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// Reads a body to its end, unless that is too far away. Nothing is read where nothing is wanted.
async fn read(headers: &HeaderMap, mut body: Incoming, most: usize) -> Result<Bytes, OutboundError> {
    if most == 0 {
        return Ok(Bytes::new());
    }
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(OutboundError::Compressed);
    }
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| OutboundError::NoAnswer(error.to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        if read.len() + data.len() > most {
            return Err(OutboundError::TooLarge);
        }
        read.extend_from_slice(&data);
    }
    Ok(read.freeze())
}

/// The system's resolver.
pub fn system_resolver() -> Resolver {
    Arc::new(|host, port| {
        Box::pin(async move { tokio::net::lookup_host((host.as_str(), port)).await.map(Iterator::collect) })
    })
}
