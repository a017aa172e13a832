//! One HTTP/1.1 connection that is kept alive, with as little of its own as possible: the generator must not be the limit.

use std::fmt::Write as _;

use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::problem::{Outcome, Problem};

/// The media type of forms.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// Percent-encodes the few characters of ours that need it.
pub(crate) fn encoded(text: &str) -> String {
    text.replace(':', "%3A").replace('/', "%2F").replace(' ', "%20")
}

/// A connection to a server on this machine.
pub(crate) struct Connection {
    stream: TcpStream,
    /// The answer that is being read.
    received: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    /// The status code.
    pub(crate) status: u16,
    head: &'a str,
    /// The body.
    pub(crate) body: &'a [u8],
}

impl Connection {
    /// Connects to a port of this machine.
    pub(crate) async fn open(port: u16) -> Outcome<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(16 * 1_024) })
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Outcome<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.received.clear();
        let shape = loop {
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(Problem::new("the server closed the connection"));
            }
            match Shape::of(&self.received)? {
                Some(shape) if self.received.len() >= shape.head + shape.body => break shape,
                _ => {}
            }
        };
        shape.answer(&self.received)
    }
}

impl<'a> Answer<'a> {
    /// Insists on a status code. Anything else fails the run, with what the server said.
    pub(crate) fn expect(self, status: u16) -> Outcome<Self> {
        if self.status == status {
            return Ok(self);
        }
        let body = String::from_utf8_lossy(self.body.get(..600).unwrap_or(self.body));
        Err(Problem::new(format!("the answer is {} where {status} was expected: {}\n{body}", self.status, self.head)))
    }

    /// A header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        header(self.head, name)
    }

    /// The body as JSON.
    pub(crate) fn json<T: Deserialize<'a>>(&self) -> Outcome<T> {
        Ok(serde_json::from_slice(self.body)?)
    }

    /// The body as text.
    pub(crate) fn text(&self) -> Outcome<&'a str> {
        Ok(str::from_utf8(self.body)?)
    }
}

/// How many bytes an answer's head and body have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Shape {
    head: usize,
    body: usize,
}

impl Shape {
    /// The shape of the answer that begins here; nothing as long as its head is not complete.
    fn of(received: &[u8]) -> Outcome<Option<Self>> {
        let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
        let head = str::from_utf8(received.get(..end).unwrap_or_default())?;
        let body = match header(head, "content-length") {
            Some(length) => length.parse()?,
            None if matches!(status(head)?, 204 | 304) => 0,
            None => return Err(Problem::new(format!("an answer has no content-length: {head}"))),
        };
        Ok(Some(Self { head: end + 4, body }))
    }

    fn answer(self, received: &[u8]) -> Outcome<Answer<'_>> {
        let (head, body) = received.split_at_checked(self.head).unwrap_or_default();
        let head = str::from_utf8(head)?;
        let body = body.get(..self.body).unwrap_or_default();
        Ok(Answer { status: status(head)?, head, body })
    }
}

fn status(head: &str) -> Outcome<u16> {
    let code = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok());
    code.ok_or_else(|| Problem::new("the answer is not HTTP/1.1"))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n").skip(1).find_map(|line| {
        let (field, value) = line.split_once(':')?;
        field.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Requests to one server.
#[derive(Clone, Debug)]
pub(crate) struct Requests {
    authority: String,
}

impl Requests {
    /// Requests to the server at this port.
    pub(crate) fn to(port: u16) -> Self {
        Self { authority: format!("127.0.0.1:{port}") }
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.authority)
    }

    /// A GET request.
    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
        self.request("GET", path, headers, "")
    }

    /// A POST request with a form.
    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Vec<u8> {
        let length = form.len().to_string();
        let headers = [headers, &[("content-type", FORM), ("content-length", &length)]].concat();
        self.request("POST", path, &headers, form)
    }

    fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.authority);
        for (name, value) in headers {
            // Writing to a string does not fail.
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text.push_str("\r\n");
        text.push_str(body);
        text.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 303 See Other\r\nLocation: /a\r\ncontent-length: 2\r\n\r\nok";

    #[test]
    fn an_answer_is_complete_when_head_and_body_are() {
        assert_eq!(Shape::of(&ANSWER[..30]).unwrap(), None);
        let shape = Shape::of(ANSWER).unwrap().unwrap();
        assert_eq!(shape.head + shape.body, ANSWER.len());
        let answer = shape.answer(ANSWER).unwrap();
        assert_eq!((answer.status, answer.header("location"), answer.body), (303, Some("/a"), &b"ok"[..]));
        assert!(answer.expect(200).unwrap_err().to_string().contains("303 where 200 was expected"));
    }

    #[test]
    fn an_answer_without_a_length_is_an_error_and_not_a_wait() {
        assert!(Shape::of(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert_eq!(Shape::of(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap().body, 0);
    }

    #[test]
    fn a_form_is_sent_with_its_length() {
        let request = String::from_utf8(Requests::to(80).post("/t", &[("cookie", "a=b")], "x=1")).unwrap();
        assert_eq!(
            request,
            "POST /t HTTP/1.1\r\nhost: 127.0.0.1:80\r\ncookie: a=b\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: 3\r\n\r\nx=1"
        );
    }
}
