//! Requests to the server: handed to it in this process, or sent over a real socket.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;

use axum::body::{Body, Bytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION, ORIGIN};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use latchkey_identity::Timestamp;
use latchkey_web::{ClientCertificate, Peer};
use serde_json::Value;
use tokio::net::TcpListener;
use url::Url;

use crate::world::World;

/// Where requests come from unless a test says otherwise.
pub const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));

/// A request that is about to be made. Awaiting it makes it.
#[derive(Clone)]
pub struct Ask {
    world: World,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Vec<u8>,
    address: IpAddr,
    certificate: Option<ClientCertificate>,
}

/// What the server answered, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl World {
    /// A request by any method. A path alone means the https origin.
    pub fn ask(&self, method: Method, url: &str) -> Ask {
        let url = if url.starts_with('/') { format!("{}{url}", self.https()) } else { url.to_owned() };
        Ask {
            world: self.clone(),
            method,
            url: Url::parse(&url).unwrap_or_else(|error| panic!("{url}: {error}")),
            headers: HeaderMap::new(),
            body: Vec::new(),
            address: HOME,
            certificate: None,
        }
    }

    /// `GET`.
    pub fn get(&self, url: &str) -> Ask {
        self.ask(Method::GET, url)
    }

    /// `POST`.
    pub fn post(&self, url: &str) -> Ask {
        self.ask(Method::POST, url)
    }

    /// `PATCH`.
    pub fn patch(&self, url: &str) -> Ask {
        self.ask(Method::PATCH, url)
    }

    /// `OPTIONS`.
    pub fn options(&self, url: &str) -> Ask {
        self.ask(Method::OPTIONS, url)
    }
}

impl Ask {
    /// With this header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header name");
        self.headers.append(name, HeaderValue::from_str(value).expect("a header value"));
        self
    }

    /// Its method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Its URL.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The moment at which it is made.
    pub fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// With this token in the `Authorization` header.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// With this name and password in the `Authorization` header.
    #[must_use]
    pub fn basic(self, name: &str, password: &str) -> Self {
        let pair = STANDARD.encode(format!("{name}:{password}"));
        self.header(AUTHORIZATION.as_str(), &format!("Basic {pair}"))
    }

    /// From a page of this origin.
    #[must_use]
    pub fn from_page_of(self, origin: &str) -> Self {
        self.header(ORIGIN.as_str(), origin)
    }

    /// From this network address.
    #[must_use]
    pub fn from_address(mut self, address: IpAddr) -> Self {
        self.address = address;
        self
    }

    /// Over a connection whose handshake showed this certificate.
    #[must_use]
    pub fn showing(self, certificate: ClientCertificate) -> Self {
        Self { certificate: Some(certificate), ..self }
    }

    /// With a form as its body.
    #[must_use]
    pub fn form<N: AsRef<str>, V: AsRef<str>>(self, pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        self.body("application/x-www-form-urlencoded", encode(pairs))
    }

    /// With JSON as its body.
    #[must_use]
    pub fn json(self, value: &Value) -> Self {
        self.body("application/json", value.to_string())
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_str(content_type).expect("a content type"));
        self.body = body.into();
        self
    }

    /// Makes the request. The server may refuse whatever it likes, but it never breaks.
    pub async fn send(mut self) -> Answer {
        let body = Body::from(std::mem::take(&mut self.body));
        self.send_with(body).await
    }

    /// Makes the request with a body that comes as the test likes.
    pub async fn send_with(self, body: Body) -> Answer {
        let (method, url) = (self.method.clone(), self.url.clone());
        let (parts, body) = self.open_with(body).await.into_parts();
        let body = body.collect().await.expect("an answer to its end").to_bytes();
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        assert_ne!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{method} {url}: {}", answer.text());
        answer
    }

    /// Makes the request, and leaves the body of its answer to be read.
    pub async fn open(mut self) -> Response<Body> {
        let body = Body::from(std::mem::take(&mut self.body));
        self.open_with(body).await
    }

    async fn open_with(self, body: Body) -> Response<Body> {
        let Self { world, method, url, mut headers, address, certificate, body: _ } = self;
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        if !headers.contains_key(HOST) {
            let origin = url.origin().ascii_serialization();
            let (_, host) = origin.split_once("://").expect("an origin");
            headers.insert(HOST, HeaderValue::from_str(host).expect("a host"));
        }
        let mut request = Request::builder().method(method).uri(&path).body(body).expect("a request");
        *request.headers_mut() = headers;
        if let Some(certificate) = certificate {
            request.extensions_mut().insert(certificate);
        }
        let peer = Peer { address, secure: url.scheme() == "https" };
        world.site().answer(request, peer).await
    }
}

impl IntoFuture for Ask {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// Pairs as a query or a form.
pub fn encode<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> String {
    let mut encoded = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        encoded.append_pair(name.as_ref(), value.as_ref());
    }
    encoded.finish()
}

impl Answer {
    /// A header, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        self.header(LOCATION.as_str()).unwrap_or_else(|| panic!("no redirect: {} {}", self.status, self.text()))
    }

    /// The `error` of an OAuth answer.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_else(|| panic!("no error: {}", self.text())).to_owned()
    }

    /// Whether it is a success.
    pub fn is_ok(&self) -> bool {
        self.status.is_success()
    }
}

/// A listener on loopback for clients that need a socket. It ends with the value.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Listener {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl World {
    /// Listens on a free port of loopback. Whatever host a client names, the server believes that it is the http origin's.
    pub async fn listen(&self) -> Listener {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("the port");
        let world = self.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let world = world.clone();
                tokio::spawn(async move {
                    let service = hyper::service::service_fn(|mut request: Request<hyper::body::Incoming>| {
                        let mut site = world.site();
                        let peer = Peer { address: peer.ip(), secure: false };
                        request.headers_mut().insert(HOST, HeaderValue::from_static(crate::world::HTTP_AUTHORITY));
                        async move { Ok::<_, std::convert::Infallible>(site.answer(request.map(Body::new), peer).await) }
                    });
                    let builder = auto::Builder::new(TokioExecutor::new());
                    // A client that goes away in the middle is its own affair.
                    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Listener { address, task }
    }
}
