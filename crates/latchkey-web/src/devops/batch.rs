//! Several changes of work items in one request. Each is made or refused by itself, as if it came alone.

use axum::body::Body;
use http::{Method, Response, StatusCode};
use http_body_util::BodyExt as _;
use latchkey_devops::error::{DevOpsError, ErrorType};
use serde::Serialize;
use serde_json::{Map, Value};

use super::call::Call;
use super::error::ApiError;
use super::payload::Payload;
use super::query::Query;
use super::routes::TABLE;
use super::table::Answer;
use super::work_item_edits;

/// The most changes of one request.
const MOST_CHANGES: usize = 200;
/// The longest address of one of them.
const LONGEST_ADDRESS: usize = 4_096;
/// When the answers have so many bytes together, no further change is made. Each may hold a whole item.
const MOST_ANSWERED: usize = 16 << 20;

/// What came of one change.
#[derive(Serialize)]
struct Outcome {
    code: u16,
    headers: Map<String, Value>,
    /// JSON, as a text.
    body: String,
}

/// `PATCH /{organization}/_apis/wit/$batch`: changes of items, and new ones.
pub(super) async fn work_items(call: Call, payload: Payload) -> Answer {
    let (call, body) = call.after(payload.json()).await?;
    let Value::Array(changes) = body else {
        return Err(DevOpsError::bad_request("The body must be an array of requests.").into());
    };
    if changes.len() > MOST_CHANGES {
        return Err(DevOpsError::bad_request(format!("A batch has at most {MOST_CHANGES} requests.")).into());
    }
    call.on_the_way().await?;
    let mut outcomes = Outcomes::of(changes.len());
    for change in changes {
        let answer = match outcomes.written.len() {
            0..MOST_ANSWERED => change_one(&call, change).await,
            _ => Err(too_much().into()),
        };
        outcomes.add(&outcome(&call, answer).await?)?;
    }
    outcomes.finish(&call)
}

fn too_much() -> DevOpsError {
    let message = "The requests of this batch before this one fill the answer. This one was not made: ask for it in another batch.";
    DevOpsError::new(ErrorType::TooLarge, message)
}

/// A list of what came of changes, written as they come: a whole answer is kept in one form only, and once.
struct Outcomes {
    written: Vec<u8>,
}

impl Outcomes {
    /// A list that will have so many.
    fn of(count: usize) -> Self {
        Self { written: format!("{{\"count\":{count},\"value\":[").into_bytes() }
    }

    fn add(&mut self, outcome: &Outcome) -> Result<(), ApiError> {
        if self.written.last() == Some(&b'}') {
            self.written.push(b',');
        }
        serde_json::to_writer(&mut self.written, outcome)
            .map_err(|error| ApiError::Bug(format!("an answer cannot be written: {error}")))
    }

    fn finish(mut self, call: &Call) -> Answer {
        self.written.extend_from_slice(b"]}");
        Ok(call.written_json(self.written))
    }
}

/// Makes one change. The credential is looked at again: what it began under may have ended meanwhile.
async fn change_one(call: &Call, mut change: Value) -> Answer {
    let wrong = |what: &str| DevOpsError::bad_request(format!("A request of a batch needs {what}."));
    let method = change.get("method").and_then(Value::as_str).unwrap_or_default();
    if ![Method::PATCH, Method::POST].iter().any(|known| known.as_str().eq_ignore_ascii_case(method)) {
        return Err(wrong("the method PATCH").into());
    }
    let address = change.get("uri").and_then(Value::as_str).unwrap_or_default();
    let address = address.get(..LONGEST_ADDRESS.min(address.len())).filter(|part| *part == address);
    let address = address.ok_or_else(|| wrong("a shorter uri"))?;
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let path = ["/", call.named("organization"), path].concat();
    let found = TABLE.find(&path).ok().filter(|_| address.starts_with('/') && is_of_a_work_item(&path));
    let values = found.ok_or_else(|| wrong("the uri of a work item"))?.values;
    let is_new = values.get("type").is_some();
    let part = call.part(values, Query::read(query)?).await?;
    let document = change.get_mut("body").map(Value::take).unwrap_or_default();
    match is_new {
        true => work_item_edits::make(part, &document).await,
        false => work_item_edits::change(part, &document).await,
    }
}

/// Whether a path ends like those of a work item and of a new one: `_apis/wit/workitems/7`, `_apis/wit/workitems/$Task`.
fn is_of_a_work_item(path: &str) -> bool {
    let mut segments = path.trim_end_matches('/').rsplit('/').skip(1);
    ["workitems", "wit", "_apis"].iter().all(|word| segments.next().is_some_and(|is| is.eq_ignore_ascii_case(word)))
}

/// What came of a change, for the answer. What the server could not do ends the batch only if nothing of it can be told.
async fn outcome(call: &Call, answer: Answer) -> Result<Outcome, ApiError> {
    let (status, body) = match answer {
        Ok(response) => read(response).await?,
        Err(error) => {
            call.note_refusal(&error);
            let status = error.status();
            let told = match error {
                ApiError::Refused(error) => error,
                ApiError::Denied(refusal) => refusal.into_error(),
                ApiError::Unproven(error) => DevOpsError::unauthorized(None, &format!("{error}.")),
                ApiError::Unavailable(reason) => {
                    tracing::warn!(reason, "a change of a batch could not be made");
                    DevOpsError::unavailable()
                }
                ApiError::Bug(reason) => {
                    tracing::error!(reason, "a change of a batch failed");
                    DevOpsError::internal("")
                }
            };
            let body = serde_json::to_string(&told);
            (status, body.map_err(|error| ApiError::Bug(format!("an error cannot be written: {error}")))?)
        }
    };
    let headers = Map::from_iter([("Content-Type".to_owned(), Value::from("application/json; charset=utf-8"))]);
    Ok(Outcome { code: status.as_u16(), headers, body })
}

async fn read(response: Response<Body>) -> Result<(StatusCode, String), ApiError> {
    let status = response.status();
    let unreadable = |what: String| ApiError::Bug(format!("an answer cannot be read: {what}"));
    let bytes = response.into_body().collect().await.map_err(|error| unreadable(error.to_string()))?.to_bytes();
    let text = String::from_utf8(bytes.into()).map_err(|error| unreadable(error.to_string()))?;
    Ok((status, text))
}
