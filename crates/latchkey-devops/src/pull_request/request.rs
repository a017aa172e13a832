//! What the bodies of requests say of pull requests.

use serde_json::Value;
use uuid::Uuid;

use super::PullRequestStatus;
use crate::error::DevOpsError;
use crate::ids::PersonId;
use crate::repository::branch_ref;

/// The longest title, in characters.
const LONGEST_TITLE: usize = 400;
/// The longest description, in characters.
const LONGEST_DESCRIPTION: usize = 4_000;
/// The most people who are asked to review.
pub(super) const MOST_REVIEWERS: usize = 50;

/// A pull request as somebody proposes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewPullRequest {
    /// The branch that has the commits, as its ref.
    pub source_ref: String,
    /// The branch that is to have them, as its ref.
    pub target_ref: String,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// Whether its author still works on it.
    pub draft: bool,
    /// Who is asked to review, and whether it cannot be merged without them.
    pub reviewers: Vec<(PersonId, bool)>,
}

/// What somebody wants to be another way. What is not named stays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PullRequestPatch {
    /// How it stands.
    pub status: Option<PullRequestStatus>,
    /// Its title.
    pub title: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// Whether its author still works on it.
    pub draft: Option<bool>,
}

impl NewPullRequest {
    /// Reads the body of a request.
    pub fn read(body: &Value) -> Result<Self, DevOpsError> {
        refuse_others(body, &["workItemRefs", "labels", "completionOptions", "autoCompleteSetBy", "forkSource"])?;
        let branch = |name: &str| {
            let given = text(body, name)?.ok_or_else(|| wrong(format!("A pull request needs a {name}.")))?;
            let name = branch_ref(given)?;
            if name.starts_with("refs/heads/") { Ok(name) } else { Err(wrong("A pull request is between branches.")) }
        };
        let (source_ref, target_ref) = (branch("sourceRefName")?, branch("targetRefName")?);
        if source_ref == target_ref {
            return Err(wrong("The source and the target of a pull request must be different branches."));
        }
        let title = title(body)?.ok_or_else(|| wrong("A pull request needs a title."))?;
        Ok(Self {
            source_ref,
            target_ref,
            title,
            description: description(body)?.unwrap_or_default(),
            draft: flag(body, "isDraft")?.unwrap_or(false),
            reviewers: reviewers(body)?,
        })
    }
}

impl PullRequestPatch {
    /// Reads the body of a request.
    pub fn read(body: &Value) -> Result<Self, DevOpsError> {
        refuse_others(body, &["completionOptions", "autoCompleteSetBy", "targetRefName", "mergeOptions"])?;
        if !body.is_object() {
            return Err(wrong("The body must be a pull request with what is to change."));
        }
        let status = match body.get("status") {
            None | Some(Value::Null) => None,
            Some(status) => match PullRequestStatus::read(status) {
                Some(PullRequestStatus::Completed) => {
                    return Err(wrong(
                        "This server does not merge: merge the branches by git and push, then abandon the pull request.",
                    ));
                }
                Some(status) => Some(status),
                None => return Err(wrong("The status must be active or abandoned.")),
            },
        };
        Ok(Self { status, title: title(body)?, description: description(body)?, draft: flag(body, "isDraft")? })
    }
}

/// What somebody says as a reviewer, or asks of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Review {
    /// What they say: 10 approved, 5 with suggestions, 0 nothing, -5 waiting, -10 rejected.
    pub vote: i64,
    /// Whether it cannot be merged without them. What is not named stays.
    pub required: Option<bool>,
}

impl Review {
    /// Reads the body of a request.
    pub fn read(body: &Value) -> Result<Self, DevOpsError> {
        let vote = match body.get("vote") {
            None | Some(Value::Null) => 0,
            Some(vote) => vote.as_i64().unwrap_or(i64::MAX),
        };
        if !matches!(vote, -10 | -5 | 0 | 5 | 10) {
            return Err(wrong("A vote is 10, 5, 0, -5 or -10."));
        }
        Ok(Self { vote, required: flag(body, "isRequired")? })
    }
}

/// What this server does not know it does not pass over in silence.
fn refuse_others(body: &Value, names: &[&str]) -> Result<(), DevOpsError> {
    let says_something = |value: &&Value| match value {
        Value::Null => false,
        Value::Array(entries) => !entries.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    };
    match names.iter().find(|name| body.get(**name).is_some_and(|value| says_something(&value))) {
        Some(name) => Err(wrong(format!("This server knows no {name} of pull requests."))),
        None => Ok(()),
    }
}

fn title(body: &Value) -> Result<Option<String>, DevOpsError> {
    let Some(title) = text(body, "title")?.map(str::trim) else { return Ok(None) };
    if title.is_empty() || title.chars().count() > LONGEST_TITLE || title.contains(char::is_control) {
        return Err(wrong(format!("A title is one line of at most {LONGEST_TITLE} characters.")));
    }
    Ok(Some(title.to_owned()))
}

fn description(body: &Value) -> Result<Option<String>, DevOpsError> {
    let Some(description) = text(body, "description")? else { return Ok(None) };
    let strange = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if description.chars().count() > LONGEST_DESCRIPTION || description.contains(strange) {
        return Err(wrong(format!(
            "A description has at most {LONGEST_DESCRIPTION} characters, and no control characters."
        )));
    }
    Ok(Some(description.to_owned()))
}

fn reviewers(body: &Value) -> Result<Vec<(PersonId, bool)>, DevOpsError> {
    let listed = match body.get("reviewers") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(listed)) if listed.len() <= MOST_REVIEWERS => listed,
        Some(_) => return Err(wrong(format!("The reviewers must be a list of at most {MOST_REVIEWERS}."))),
    };
    let mut reviewers: Vec<(PersonId, bool)> = Vec::with_capacity(listed.len());
    for one in listed {
        let id = one.get("id").and_then(Value::as_str).and_then(|id| Uuid::try_parse(id).ok());
        let person = PersonId(id.ok_or_else(|| wrong("Each of the reviewers must have an id."))?);
        if reviewers.iter().all(|(known, _)| *known != person) {
            reviewers.push((person, flag(one, "isRequired")?.unwrap_or(false)));
        }
    }
    Ok(reviewers)
}

fn text<'a>(body: &'a Value, name: &str) -> Result<Option<&'a str>, DevOpsError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong(format!("The {name} must be a text."))),
    }
}

fn flag(body: &Value, name: &str) -> Result<Option<bool>, DevOpsError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(wrong(format!("The {name} must be true or false."))),
    }
}

fn wrong(message: impl Into<String>) -> DevOpsError {
    DevOpsError::bad_request(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn a_body(more: &Value) -> Value {
        let mut body = json!({"sourceRefName": "refs/heads/dim", "targetRefName": "main", "title": " Dim it "});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    }

    #[test]
    fn a_pull_request_is_read_from_what_clients_send() {
        let ben = Uuid::from_u128(0xb).to_string();
        let more = json!({
            "description": "Why.\n", "isDraft": true, "workItemRefs": [], "labels": null,
            "reviewers": [{"id": ben, "isRequired": true}, {"id": ben}],
        });
        let read = NewPullRequest::read(&a_body(&more)).unwrap();
        assert_eq!((read.source_ref.as_str(), read.target_ref.as_str()), ("refs/heads/dim", "refs/heads/main"));
        assert_eq!((read.title.as_str(), read.description.as_str(), read.draft), ("Dim it", "Why.\n", true));
        assert_eq!(read.reviewers, [(PersonId(Uuid::from_u128(0xb)), true)]);
    }

    #[test]
    fn a_pull_request_that_cannot_be_is_refused() {
        for wrong in [
            json!({"targetRefName": "dim"}),
            json!({"sourceRefName": "refs/tags/v1"}),
            json!({"sourceRefName": "a..b"}),
            json!({"sourceRefName": null}),
            json!({"title": " "}),
            json!({"title": "a\nb"}),
            json!({"title": "x".repeat(401)}),
            json!({"description": "x".repeat(4_001)}),
            json!({"description": "a\u{0}"}),
            json!({"isDraft": "yes"}),
            json!({"reviewers": [{"id": "ben"}]}),
            json!({"reviewers": {}}),
            json!({"workItemRefs": [{"id": "7"}]}),
            json!({"completionOptions": {"squashMerge": true}}),
        ] {
            assert_eq!(NewPullRequest::read(&a_body(&wrong)).unwrap_err().status(), 400, "{wrong}");
        }
    }

    #[test]
    fn a_vote_is_one_of_five() {
        let read = |body: Value| Review::read(&body).ok();
        assert_eq!(read(json!({"vote": -5, "isRequired": true})), Some(Review { vote: -5, required: Some(true) }));
        assert_eq!(read(json!({})), Some(Review { vote: 0, required: None }));
        for wrong in [json!({"vote": 1}), json!({"vote": "10"}), json!({"vote": 10, "isRequired": 1})] {
            assert_eq!(read(wrong), None);
        }
    }

    #[test]
    fn a_patch_names_what_is_to_change() {
        let read = |body: Value| PullRequestPatch::read(&body);
        let patch = read(json!({"status": 2, "title": "Brighter"})).unwrap();
        assert_eq!(patch.status, Some(PullRequestStatus::Abandoned));
        assert_eq!((patch.title.as_deref(), patch.description), (Some("Brighter"), None));
        assert!(read(json!({"status": "completed"})).unwrap_err().message.contains("does not merge"));
        for wrong in [json!([]), json!({"status": "gone"}), json!({"targetRefName": "refs/heads/x"})] {
            assert_eq!(read(wrong).unwrap_err().status(), 400);
        }
    }
}
