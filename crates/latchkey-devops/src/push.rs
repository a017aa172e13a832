//! Pushes that come as JSON: commits to be made on top of what a branch has.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::change::ChangeType;
use crate::error::{DevOpsError, Shown};
use crate::repository::is_object_id;
use crate::word::words;

/// The most commits of one push.
const MOST_COMMITS: usize = 100;
/// The most changes of one push, of all its commits together.
const MOST_CHANGES: usize = 1_000;
/// The longest message of a commit, in bytes: as much of one as is read.
const LONGEST_COMMENT: usize = 64 << 10;

words! {
    /// How the content of a file is written.
    ContentType {
        /// As a text.
        RawText "rawText" = 0,
        /// As bytes in base64.
        Base64Encoded "base64Encoded" = 1,
    }
}

/// A push as a request asks for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewPush {
    /// The whole name of the ref.
    pub ref_name: String,
    /// Where the caller believes it to be.
    pub old_object_id: String,
    /// The commits, in order.
    pub commits: Vec<NewCommit>,
}

/// A commit that is to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewCommit {
    /// What it says.
    pub comment: String,
    /// The object ids of the commits before it, where the request names them.
    pub parents: Vec<String>,
    /// What it does.
    pub changes: Vec<NewChange>,
}

/// What is to be done to a file. Paths have no slash at their start. The crate that makes commits has a shape of its own for this: it does
/// not know the API.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NewChange {
    /// It is new.
    Add {
        /// Where it is.
        path: String,
        /// What it holds.
        content: Vec<u8>,
    },
    /// It gets other content.
    Edit {
        /// Where it is.
        path: String,
        /// What it holds.
        content: Vec<u8>,
    },
    /// It goes.
    Delete {
        /// Where it is.
        path: String,
    },
    /// It moves.
    Rename {
        /// Where it is.
        from: String,
        /// Where it will be.
        to: String,
        /// What it holds then, if that is another thing.
        content: Option<Vec<u8>>,
    },
}

impl NewPush {
    /// Reads the body of a request. Who made the commits is not read from it: that is whoever asks.
    pub fn read(body: &Value) -> Result<Self, DevOpsError> {
        let [update] = list(body, "refUpdates")? else { return Err(wrong("A push has exactly one of refUpdates.")) };
        let old_object_id = text(update, "oldObjectId")?.to_ascii_lowercase();
        if !is_object_id(&old_object_id) {
            return Err(wrong("The oldObjectId must be a whole object id: 40 zeros for a new branch."));
        }
        let commits = list(body, "commits")?;
        if commits.is_empty() || commits.len() > MOST_COMMITS {
            return Err(wrong(format!("A push makes between 1 and {MOST_COMMITS} commits.")));
        }
        let commits = commits.iter().map(NewCommit::read).collect::<Result<Vec<_>, _>>()?;
        if commits.iter().map(|commit| commit.changes.len()).sum::<usize>() > MOST_CHANGES {
            return Err(wrong(format!("A push has at most {MOST_CHANGES} changes; use git for larger ones.")));
        }
        Ok(Self { ref_name: text(update, "name")?.to_owned(), old_object_id, commits })
    }
}

impl NewCommit {
    fn read(commit: &Value) -> Result<Self, DevOpsError> {
        let comment = text(commit, "comment")?.trim_end().replace("\r\n", "\n");
        let strange = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        if comment.is_empty() || comment.len() > LONGEST_COMMENT || comment.contains(strange) {
            return Err(wrong(format!(
                "A comment is a text of at most {LONGEST_COMMENT} bytes without control characters."
            )));
        }
        let parents = match commit.get("parents") {
            None | Some(Value::Null) => Vec::new(),
            Some(_) => {
                let whole = |parent: &Value| {
                    let id = parent.as_str().filter(|id| is_object_id(id));
                    id.map(str::to_ascii_lowercase).ok_or_else(|| wrong("Parents must be whole commit ids."))
                };
                list(commit, "parents")?.iter().map(whole).collect::<Result<_, _>>()?
            }
        };
        let changes = list(commit, "changes")?;
        if changes.is_empty() || changes.len() > MOST_CHANGES {
            return Err(wrong(format!("A commit has between 1 and {MOST_CHANGES} changes.")));
        }
        Ok(Self { comment, parents, changes: changes.iter().map(NewChange::read).collect::<Result<_, _>>()? })
    }
}

impl NewChange {
    fn read(change: &Value) -> Result<Self, DevOpsError> {
        let kind = change.get("changeType").and_then(ChangeType::read);
        let path = path(change.get("item").unwrap_or(&Value::Null), "path")?;
        let content = content(change.get("newContent"))?;
        let needed = || wrong(format!("The change of '{}' needs a newContent.", Shown(&path)));
        Ok(match kind {
            Some(ChangeType::Add) => Self::Add { content: content.ok_or_else(needed)?, path },
            Some(ChangeType::Edit) => Self::Edit { content: content.ok_or_else(needed)?, path },
            Some(ChangeType::Delete) => Self::Delete { path },
            Some(ChangeType::Rename | ChangeType::EditRename) => {
                Self::Rename { from: self::path(change, "sourceServerItem")?, to: path, content }
            }
            Some(ChangeType::DeleteSourceRename) | None => {
                return Err(wrong("The changeType must be add, edit, rename or delete."));
            }
        })
    }
}

/// What `newContent` says is in a file.
fn content(new: Option<&Value>) -> Result<Option<Vec<u8>>, DevOpsError> {
    let Some(new) = new.filter(|new| !new.is_null()) else { return Ok(None) };
    let kind = match new.get("contentType") {
        None | Some(Value::Null) => ContentType::RawText,
        Some(kind) => {
            ContentType::read(kind).ok_or_else(|| wrong("The contentType must be rawtext or base64encoded."))?
        }
    };
    let written = text(new, "content")?;
    match kind {
        ContentType::RawText => Ok(Some(written.as_bytes().to_vec())),
        ContentType::Base64Encoded => {
            let written: String = written.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            STANDARD.decode(written).map(Some).map_err(|_| wrong("The content is not base64."))
        }
    }
}

/// A path without the slash at its start.
fn path(of: &Value, name: &str) -> Result<String, DevOpsError> {
    let path = text(of, name)?;
    Ok(path.strip_prefix('/').unwrap_or(path).to_owned())
}

fn text<'a>(of: &'a Value, name: &str) -> Result<&'a str, DevOpsError> {
    of.get(name).and_then(Value::as_str).ok_or_else(|| wrong(format!("The {name} must be a text.")))
}

fn list<'a>(of: &'a Value, name: &str) -> Result<&'a [Value], DevOpsError> {
    let list = of.get(name).and_then(Value::as_array);
    list.map(Vec::as_slice).ok_or_else(|| wrong(format!("The {name} must be a list.")))
}

fn wrong(message: impl Into<String>) -> DevOpsError {
    DevOpsError::bad_request(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const OLD: &str = "00FF10a94a8fe5ccb19ba61c4c0873d391e98798";

    fn push(changes: &Value) -> Value {
        json!({
            "refUpdates": [{"name": "refs/heads/main", "oldObjectId": OLD}],
            "commits": [{"comment": "Brighter\r\n\r\nWhy.\n", "changes": changes}],
        })
    }

    fn read(changes: &Value) -> Result<Vec<NewChange>, DevOpsError> {
        NewPush::read(&push(changes)).map(|mut push| push.commits.remove(0).changes)
    }

    #[test]
    fn a_push_is_read_with_words_and_with_numbers() {
        let read = NewPush::read(&push(&json!([
            {"changeType": "add", "item": {"path": "/a"}, "newContent": {"content": "1", "contentType": "rawtext"}},
            {"changeType": 2, "item": {"path": "b"}, "newContent": {"content": "AP8\n=", "contentType": 1}},
            {"changeType": "Delete", "item": {"path": "/c"}},
            {"changeType": 8, "sourceServerItem": "/d", "item": {"path": "/e"}},
            {"changeType": "edit, rename", "sourceServerItem": "d", "item": {"path": "/f"}, "newContent": {"content": ""}},
        ])))
        .unwrap();
        assert_eq!((read.ref_name.as_str(), read.old_object_id), ("refs/heads/main", OLD.to_ascii_lowercase()));
        assert_eq!(read.commits[0].comment, "Brighter\n\nWhy.");
        let path = |path: &str| path.to_owned();
        assert_eq!(
            read.commits[0].changes,
            [
                NewChange::Add { path: path("a"), content: b"1".to_vec() },
                NewChange::Edit { path: path("b"), content: vec![0, 255] },
                NewChange::Delete { path: path("c") },
                NewChange::Rename { from: path("d"), to: path("e"), content: None },
                NewChange::Rename { from: path("d"), to: path("f"), content: Some(Vec::new()) },
            ]
        );
    }

    #[test]
    fn a_change_that_cannot_be_is_refused() {
        for wrong in [
            json!([]),
            json!({}),
            json!([1]),
            json!([{"changeType": "add", "item": {"path": "/a"}}]),
            json!([{"changeType": "edit", "item": {"path": "/a"}, "newContent": {}}]),
            json!([{"changeType": "add", "item": {}, "newContent": {"content": "1"}}]),
            json!([{"changeType": "add", "item": {"path": "/a"}, "newContent": {"content": "1", "contentType": "xml"}}]),
            json!([{"changeType": "add", "item": {"path": "/a"}, "newContent": {"content": "!", "contentType": 1}}]),
            json!([{"changeType": "rename", "item": {"path": "/a"}}]),
            json!([{"changeType": 1040, "item": {"path": "/a"}}]),
            json!([{"changeType": "merge", "item": {"path": "/a"}}]),
            Value::Array(vec![json!({"changeType": "delete", "item": {"path": "/a"}}); MOST_CHANGES + 1]),
        ] {
            assert_eq!(read(&wrong).unwrap_err().status(), 400, "{wrong}");
        }
    }

    #[test]
    fn a_push_that_cannot_be_is_refused() {
        let good = push(&json!([{"changeType": "delete", "item": {"path": "/a"}}]));
        assert!(NewPush::read(&good).is_ok());
        let change = |at: &str, value: Value| {
            let mut body = good.clone();
            *body.pointer_mut(at).unwrap() = value;
            body
        };
        let commit = good["commits"][0].clone();
        for wrong in [
            json!(null),
            json!({}),
            change("/refUpdates", json!([])),
            change("/refUpdates", json!([good["refUpdates"][0], good["refUpdates"][0]])),
            change("/refUpdates/0/oldObjectId", json!("main")),
            change("/refUpdates/0/name", json!(7)),
            change("/commits", json!([])),
            change("/commits", Value::Array(vec![commit; MOST_COMMITS + 1])),
            change("/commits/0/comment", json!(" \n")),
            change("/commits/0/comment", json!("a\u{0}b")),
            change("/commits/0/comment", json!("x".repeat(LONGEST_COMMENT + 1))),
        ] {
            assert_eq!(NewPush::read(&wrong).unwrap_err().status(), 400);
        }
        let mut parents = good.clone();
        parents["commits"][0]["parents"] = json!(["main"]);
        assert!(NewPush::read(&parents).is_err());
        parents["commits"][0]["parents"] = json!([OLD]);
        assert_eq!(NewPush::read(&parents).unwrap().commits[0].parents, [OLD.to_ascii_lowercase()]);
    }
}
