//! The body of a request: JSON, bounded in size and depth, or a stream for git.

use axum::body::{Body, HttpBody as _};
use futures_util::TryStreamExt;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use latchkey_devops::error::{DevOpsError, ErrorType};
use serde_json::Value;
use tokio::io::AsyncRead;
use tokio_util::io::StreamReader;

use super::error::ApiError;

/// Bytes of a JSON body: the longest comment or description fits several times.
const MOST_BYTES: usize = 1 << 20;
/// Values of a body that is larger: it is so by its texts. Each takes many times its bytes in memory.
const MOST_VALUES: usize = 50_000;
/// How deep arrays and objects may lie in each other. No request of the API comes near.
const MOST_DEPTH: usize = 64;

/// A body that nobody has read yet.
pub(super) struct Payload {
    content_type: String,
    body: Body,
}

impl Payload {
    /// The body of a request.
    pub(super) fn new(headers: &HeaderMap, body: Body) -> Self {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default();
        Self { content_type: media_type.trim().to_ascii_lowercase(), body }
    }

    /// Reads JSON.
    pub(super) async fn json(self) -> Result<Value, ApiError> {
        // A form of another site could be sent as text, with a credential that a browser remembers.
        self.read_as(&["application/json", "text/json", "application/json-patch+json"], MOST_BYTES, |_| Ok(())).await
    }

    /// Reads JSON of up to so many bytes, with few values. `hold` makes room for so many bytes in all before they are kept.
    pub(super) async fn large_json(
        self,
        most: usize,
        hold: impl FnMut(u64) -> Result<(), ApiError>,
    ) -> Result<Value, ApiError> {
        self.read_as(&["application/json", "text/json"], most, hold).await
    }

    /// Reads a patch document, [RFC 6902].
    pub(super) async fn json_patch(self) -> Result<Value, ApiError> {
        self.read_as(&["application/json-patch+json"], MOST_BYTES, |_| Ok(())).await
    }

    /// Whether it says to be of this media type.
    pub(super) fn is(&self, media_type: &str) -> bool {
        self.content_type == media_type
    }

    /// The bytes as they come.
    pub(super) fn stream(self) -> impl AsyncRead + Unpin + Send {
        StreamReader::new(TryStreamExt::map_err(self.body.into_data_stream(), std::io::Error::other))
    }

    async fn read_as(
        self,
        media_types: &[&str],
        most: usize,
        mut hold: impl FnMut(u64) -> Result<(), ApiError>,
    ) -> Result<Value, ApiError> {
        if !media_types.contains(&self.content_type.as_str()) {
            let wanted = media_types.first().copied().unwrap_or_default();
            let message = format!("The request must have a Content-Type of {wanted}.");
            return Err(DevOpsError::new(ErrorType::ContentTypeNotSupported, message).into());
        }
        let too_large = || DevOpsError::new(ErrorType::TooLarge, format!("The body has more than {most} bytes."));
        let mut body = self.body;
        // What says that it is too large need not be read.
        if body.size_hint().lower() > most as u64 {
            return Err(too_large().into());
        }
        let mut read = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| DevOpsError::bad_request("The body broke off."))?;
            let Ok(data) = frame.into_data() else { continue };
            let so_far = read.len() + data.len();
            if so_far > most {
                return Err(too_large().into());
            }
            hold(so_far as u64)?;
            read.extend_from_slice(&data);
        }
        Ok(parse(&read)?)
    }
}

fn parse(bytes: &[u8]) -> Result<Value, DevOpsError> {
    let extent = Extent::of(bytes);
    if bytes.len() > MOST_BYTES && extent.values > MOST_VALUES {
        return Err(DevOpsError::new(ErrorType::TooLarge, format!("The body has more than {MOST_VALUES} values.")));
    }
    if extent.depth > MOST_DEPTH {
        return Err(DevOpsError::bad_request(format!("The body is nested more than {MOST_DEPTH} deep.")));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|error| DevOpsError::bad_request(format!("The body is no JSON: {error}.")))
}

/// How much there is in a text of JSON, without reading it.
struct Extent {
    /// How deep arrays and objects lie in each other at the most.
    depth: usize,
    /// How many values there are at the most.
    values: usize,
}

impl Extent {
    fn of(bytes: &[u8]) -> Self {
        let (mut depth, mut extent) = (0_usize, Self { depth: 0, values: 1 });
        let (mut in_text, mut escaped) = (false, false);
        for byte in bytes {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_text => escaped = true,
                b'"' => in_text = !in_text,
                b'[' | b'{' if !in_text => {
                    depth += 1;
                    extent.depth = extent.depth.max(depth);
                    extent.values += 1;
                }
                b',' if !in_text => extent.values += 1,
                b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        extent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(content_type: &'static str, body: impl Into<Body>) -> Payload {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, http::HeaderValue::from_static(content_type));
        Payload::new(&headers, body.into())
    }

    fn status(answer: Result<Value, ApiError>) -> u16 {
        answer.map_or_else(|error| error.status().as_u16(), |_| 200)
    }

    #[tokio::test]
    async fn json_comes_as_json_and_patches_as_patches() {
        assert_eq!(status(payload("application/json; charset=utf-8", "{}").json().await), 200);
        assert_eq!(status(payload("application/json-patch+json", "[]").json_patch().await), 200);
        assert_eq!(status(payload("application/json", "[]").json_patch().await), 415);
        assert_eq!(status(payload("text/plain", "{}").json().await), 415);
        assert_eq!(status(payload("application/json", "{").json().await), 400);
        assert_eq!(status(payload("application/json", "").json().await), 400);
    }

    #[tokio::test]
    async fn a_body_is_neither_endless_nor_bottomless() {
        let long = format!("\"{}\"", "x".repeat(MOST_BYTES));
        assert_eq!(status(payload("application/json", long).json().await), 413);
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(status(payload("application/json", deep(MOST_DEPTH)).json().await), 200);
        assert_eq!(status(payload("application/json", deep(MOST_DEPTH + 1)).json().await), 400);
        assert_eq!(status(payload("application/json", deep(500_000)).json().await), 400);
    }

    /// With the feature `raw_value` of serde_json anywhere in the workspace this member would be read as JSON of its own, however deep.
    #[test]
    fn no_member_hides_depth_in_a_text() {
        let hidden = r#"{"$serde_json::private::RawValue":"[[1]]"}"#;
        assert_eq!(parse(hidden.as_bytes()).unwrap()["$serde_json::private::RawValue"], "[[1]]");
    }

    #[test]
    fn brackets_in_texts_are_not_deep() {
        assert_eq!(Extent::of(br#"{"a": "[[[\"[["}"#).depth, 1);
        assert_eq!(Extent::of(b"]]]][").depth, 1);
    }

    #[tokio::test]
    async fn a_large_body_is_large_by_its_texts() {
        let most = 4 * MOST_BYTES;
        let text = format!("[\"{}\"]", ",".repeat(2 * MOST_BYTES));
        assert_eq!(status(payload("application/json", text).large_json(most, |_| Ok(())).await), 200);
        let many = format!("[{}0]", "0,".repeat(MOST_BYTES));
        assert_eq!(status(payload("application/json", many).large_json(most, |_| Ok(())).await), 413);
        let long = format!("\"{}\"", "x".repeat(most));
        assert_eq!(status(payload("application/json", long).large_json(most, |_| Ok(())).await), 413);
    }

    #[tokio::test]
    async fn a_body_takes_room_as_it_comes() {
        let pieces = || futures_util::stream::iter(["[1,", "22", "]"].map(Ok::<_, std::convert::Infallible>));
        let mut held = Vec::new();
        let read = payload("application/json", Body::from_stream(pieces())).large_json(9, |bytes| {
            held.push(bytes);
            Ok(())
        });
        assert_eq!(status(read.await), 200);
        assert_eq!(held, [3, 5, 6]);
        let full = |bytes| if bytes > 3 { Err(ApiError::Unavailable("full".into())) } else { Ok(()) };
        let read = payload("application/json", Body::from_stream(pieces())).large_json(9, full);
        assert_eq!(status(read.await), 503);
        assert_eq!(
            status(payload("application/json", Body::from_stream(pieces())).large_json(5, |_| Ok(())).await),
            413
        );
    }
}
