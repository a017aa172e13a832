//! Requests over real connections that stay open. A request is answered, or nothing is known of it.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// The way to one run of the server.
pub(crate) struct Wire {
    port: u16,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
}

/// No answer came, or one that leaves open what happened.
#[derive(Debug)]
pub(crate) struct NoAnswer(#[allow(dead_code, reason = "it is printed")] String);

impl<E: std::error::Error> From<E> for NoAnswer {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// A request that is about to be made.
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) form: Vec<(String, String)>,
}

impl Ask {
    pub(crate) fn get(path: &str) -> Self {
        Self { method: Method::GET, path: path.to_owned(), headers: Vec::new(), form: Vec::new() }
    }

    pub(crate) fn post(path: &str, form: Vec<(String, String)>) -> Self {
        Self { method: Method::POST, form, ..Self::get(path) }
    }

    pub(crate) fn header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Bytes,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Where it leads, if it leads anywhere.
    pub(crate) fn location(&self) -> Option<&str> {
        self.headers.get(LOCATION)?.to_str().ok()
    }
}

impl Wire {
    pub(crate) fn to(port: u16) -> Arc<Self> {
        Arc::new(Self { port, idle: Mutex::default() })
    }

    /// Makes a request. The server may refuse, but it does not break.
    pub(crate) async fn send(&self, ask: Ask) -> Result<Reply, NoAnswer> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&ask.form).finish();
        let what = format!("{} {}", ask.method, ask.path);
        let mut request = Request::new(Full::from(body));
        *request.uri_mut() = ask.path.parse().expect("a path");
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_str(&format!("localhost:{}", self.port)).expect("a host"));
        if ask.method == Method::POST {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        }
        for (name, value) in ask.headers {
            headers.insert(name, HeaderValue::from_str(&value).expect("a header"));
        }
        *request.method_mut() = ask.method;
        let mut line = self.line().await?;
        let (parts, body) = line.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        self.idle.lock().unwrap().push(line);
        let reply = Reply { status: parts.status, headers: parts.headers, body };
        match reply.status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Err(NoAnswer(reply.text())),
            status if status.is_server_error() => panic!("{what}: {status} {}", reply.text()),
            _ => Ok(reply),
        }
    }

    /// A connection that is open, or a new one.
    async fn line(&self) -> Result<SendRequest<Full<Bytes>>, NoAnswer> {
        loop {
            let Some(mut line) = self.idle.lock().unwrap().pop() else { break };
            if line.ready().await.is_ok() {
                return Ok(line);
            }
        }
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
        stream.set_nodelay(true)?;
        let (line, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with the server, or when the line is dropped; whoever waits for an answer on it is told.
        tokio::spawn(connection);
        Ok(line)
    }
}
