//! Comments on work items.

use latchkey_jose::Timestamp;
use serde_json::Value;

use crate::error::{DevOpsError, ErrorType};
use crate::ids::PersonId;

/// The longest comment, in characters.
const LONGEST_COMMENT: usize = 150_000;

/// How a text is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum TextFormat {
    /// Markdown.
    Markdown,
    /// HTML. Whoever shows it must clean it first.
    #[default]
    Html,
}

impl TextFormat {
    /// Its name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Html => "html",
        }
    }

    /// Reads it from its name, in any case, or from its number.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "markdown" | "0" => Some(Self::Markdown),
            "html" | "1" => Some(Self::Html),
            _ => None,
        }
    }
}

/// A comment on a work item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comment {
    /// Its number, unique in the organization.
    pub id: i64,
    /// The number of the work item.
    pub work_item: i64,
    /// How often it was written, counted from 1.
    pub version: i64,
    /// What it says.
    pub text: String,
    /// How it is written.
    pub format: TextFormat,
    /// Who wrote it.
    pub created_by: PersonId,
    /// When it was written.
    pub created_at: Timestamp,
    /// Who last changed it.
    pub modified_by: PersonId,
    /// When it was last changed.
    pub modified_at: Timestamp,
    /// Whether it was deleted. Its text is gone then.
    pub deleted: bool,
}

impl Comment {
    /// Writes a comment under the number that the store has for it.
    pub fn write(id: i64, work_item: i64, text: CommentText, format: TextFormat, by: PersonId, now: Timestamp) -> Self {
        Self {
            id,
            work_item,
            version: 1,
            text: text.0,
            format,
            created_by: by,
            created_at: now,
            modified_by: by,
            modified_at: now,
            deleted: false,
        }
    }

    /// Writes it anew. Only its author may.
    pub fn edit(&self, text: CommentText, by: PersonId, now: Timestamp) -> Result<Self, DevOpsError> {
        self.changed(text.0, by, now)
    }

    /// Deletes it. Only its author may.
    pub fn delete(&self, by: PersonId, now: Timestamp) -> Result<Self, DevOpsError> {
        Ok(Self { deleted: true, ..self.changed(String::new(), by, now)? })
    }

    fn changed(&self, text: String, by: PersonId, now: Timestamp) -> Result<Self, DevOpsError> {
        if self.deleted {
            return Err(DevOpsError::comment_not_found(self.id, self.work_item));
        }
        if by != self.created_by {
            let message = format!("Comment {} was written by someone else; only its author can change it.", self.id);
            return Err(DevOpsError::new(ErrorType::AccessDenied, message));
        }
        let version = self.version.saturating_add(1);
        Ok(Self { version, text, modified_by: by, modified_at: now, ..self.clone() })
    }
}

/// A text that can be a comment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommentText(String);

impl CommentText {
    /// Takes a text that says something and is not endless.
    pub fn new(text: &str) -> Result<Self, DevOpsError> {
        let text = text.trim();
        if text.is_empty() || text.contains('\0') {
            return Err(DevOpsError::rule("A comment must say something."));
        }
        if text.chars().count() > LONGEST_COMMENT {
            return Err(DevOpsError::rule(format!("A comment has at most {LONGEST_COMMENT} characters.")));
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads the body of a request: `{"text": "…"}`.
    pub fn read(body: &Value) -> Result<Self, DevOpsError> {
        match body.get("text").and_then(Value::as_str) {
            Some(text) => Self::new(text),
            None => Err(DevOpsError::bad_request("The body must be an object with a text.")),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{ANA, BEN, NOW};
    use serde_json::json;

    fn a_comment() -> Comment {
        Comment::write(3, 7, CommentText::new("Done?").unwrap(), TextFormat::Markdown, BEN, NOW)
    }

    #[test]
    fn only_its_author_changes_a_comment() {
        let text = || CommentText::new("Done.").unwrap();
        let edited = a_comment().edit(text(), BEN, NOW).unwrap();
        assert_eq!((edited.version, edited.text.as_str()), (2, "Done."));
        assert_eq!(a_comment().edit(text(), ANA, NOW).unwrap_err().status(), 403);
        assert_eq!(a_comment().delete(ANA, NOW).unwrap_err().status(), 403);
    }

    #[test]
    fn a_deleted_comment_says_nothing_and_stays_deleted() {
        let gone = a_comment().delete(BEN, NOW).unwrap();
        assert!(gone.deleted && gone.text.is_empty());
        assert_eq!(gone.delete(BEN, NOW).unwrap_err().status(), 404);
    }

    #[test]
    fn a_comment_says_something_and_is_not_endless() {
        for body in [
            json!({}),
            json!({"text": " "}),
            json!({"text": 1}),
            json!([]),
            json!({"text": "x".repeat(LONGEST_COMMENT + 1)}),
        ] {
            assert!(CommentText::read(&body).is_err());
        }
        assert_eq!(CommentText::read(&json!({"text": " hi "})).unwrap().as_str(), "hi");
    }
}
