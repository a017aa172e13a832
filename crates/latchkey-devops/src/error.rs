//! Errors as DevOps clients know them: a status, a type key and a message that begins with a code.
//!
//! The body is the `WrappedException` of the original, so the clients' own error types carry our words.

mod kind;

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

pub use kind::ErrorType;

use crate::ids::PersonId;
use crate::scope::Scope;

/// How much of a name from outside a message repeats.
const SHOWN: usize = 120;

/// An error of the DevOps side. Serializes to the body that clients read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct DevOpsError {
    /// The kind, which settles status and type key.
    pub kind: ErrorType,
    /// What happened and how to mend it. Begins with the original's code, where there is one.
    pub message: String,
    /// The scopes of which one is missing, for the challenge.
    pub missing_scopes: &'static [Scope],
}

impl DevOpsError {
    /// An error of a kind, in words.
    pub fn new(kind: ErrorType, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), missing_scopes: &[] }
    }

    /// The status it is answered with.
    pub fn status(&self) -> u16 {
        self.kind.status()
    }

    /// A credential is missing or does not count. `more` says why, if the caller may know.
    pub fn unauthorized(person: Option<PersonId>, more: &str) -> Self {
        let person = person.unwrap_or(PersonId(uuid::Uuid::nil()));
        let gap = if more.is_empty() { "" } else { " " };
        Self::new(
            ErrorType::Unauthorized,
            format!("TF400813: The user '{person}' is not authorized to access this resource.{gap}{more}"),
        )
    }

    /// The request cannot be what it is.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorType::BadRequest, message)
    }

    /// A rule of a field is broken.
    pub fn rule(message: impl Into<String>) -> Self {
        Self::new(ErrorType::RuleValidation, message)
    }

    /// No such organization, or none for this caller.
    pub fn organization_not_found(name: &str) -> Self {
        Self::new(
            ErrorType::OrganizationNotFound,
            format!(
                "VS800076: The organization '{}' does not exist, or you do not have permission to access it.",
                Shown(name)
            ),
        )
    }

    /// No such project, or none for this caller. Asked by name or id.
    pub fn project_not_found(name_or_id: &str) -> Self {
        match uuid::Uuid::try_parse(name_or_id) {
            Ok(id) => Self::new(
                ErrorType::ProjectNotFound,
                format!(
                    "VS800075: The project with id 'vstfs:///Classification/TeamProject/{id}' does not exist, \
                     or you do not have permission to access it."
                ),
            ),
            Err(_) => Self::new(
                ErrorType::ProjectNameNotFound,
                format!(
                    "TF200016: The following project does not exist: {}. Verify that the name of the project is correct \
                     and that you have permission to access it.",
                    Shown(name_or_id)
                ),
            ),
        }
    }

    /// No such team.
    pub fn team_not_found(name_or_id: &str) -> Self {
        Self::new(
            ErrorType::TeamNotFound,
            format!("The team '{}' does not exist, or you do not have permission to access it.", Shown(name_or_id)),
        )
    }

    /// No such repository, or none for this caller.
    pub fn repository_not_found(name_or_id: &str) -> Self {
        Self::new(
            ErrorType::RepositoryNotFound,
            format!(
                "TF401019: The Git repository with name or identifier {} does not exist or you do not have permissions \
                 for the operation you are attempting.",
                Shown(name_or_id)
            ),
        )
    }

    /// A branch, tag or commit that does not resolve.
    pub fn version_not_found(version: &str, repository: &str) -> Self {
        Self::new(
            ErrorType::VersionNotFound,
            format!(
                "TF401175: The version descriptor <{}> could not be resolved to a version in the repository {}.",
                Shown(version),
                Shown(repository)
            ),
        )
    }

    /// A branch or tag is not where the caller believed it to be.
    pub fn reference_moved(name: &str) -> Self {
        Self::new(
            ErrorType::ReferenceMoved,
            format!(
                "TF401028: The reference '{}' has already been updated by another client, so you cannot update it. \
                 Please try again.",
                Shown(name)
            ),
        )
    }

    /// No such path at this version.
    pub fn item_not_found(path: &str, version: &str) -> Self {
        Self::new(
            ErrorType::ItemNotFound,
            format!("TF401174: The item '{}' could not be found at version <{}>.", Shown(path), Shown(version)),
        )
    }

    /// No such pull request, or none for this caller.
    pub fn pull_request_not_found(id: &str) -> Self {
        Self::new(
            ErrorType::PullRequestNotFound,
            format!(
                "TF401180: The requested pull request {} was not found, or you do not have permission to view it.",
                Shown(id)
            ),
        )
    }

    /// No such work item, or none for this caller.
    pub fn work_item_not_found(id: i64) -> Self {
        Self::new(
            ErrorType::WorkItemNotFound,
            format!("TF401232: Work item {id} does not exist, or you do not have permissions to read it."),
        )
    }

    /// No such type of work items.
    pub fn work_item_type_not_found(name: &str, project: &str) -> Self {
        Self::new(
            ErrorType::WorkItemTypeNotFound,
            format!(
                "VS402323: Work item type {} does not exist in project {} or you do not have permission to access it.",
                Shown(name),
                Shown(project)
            ),
        )
    }

    /// No such field of work items.
    pub fn field_not_found(name: &str) -> Self {
        Self::new(ErrorType::InvalidPatchField, format!("TF51535: Cannot find field {}.", Shown(name)))
    }

    /// No such comment on this work item.
    pub fn comment_not_found(id: i64, work_item: i64) -> Self {
        Self::new(ErrorType::CommentNotFound, format!("Comment {id} does not exist on work item {work_item}."))
    }

    /// No such build, or none for this caller.
    pub fn build_not_found(id: i64) -> Self {
        Self::new(ErrorType::BuildNotFound, format!("The requested build {id} could not be found."))
    }

    /// No such build definition, or none for this caller.
    pub fn definition_not_found(id: i64) -> Self {
        Self::new(
            ErrorType::DefinitionNotFound,
            format!("The build definition {id} does not exist, or you do not have permission to view it."),
        )
    }

    /// Nothing at this URL.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorType::ResourceNotFound, message)
    }

    /// A bug of ours. The log has the rest under this id.
    pub fn internal(activity: &str) -> Self {
        Self::new(
            ErrorType::Internal,
            format!("TF400898: An Internal Error Occurred. Activity Id: {}.", Shown(activity)),
        )
    }

    /// The server cannot answer now; nothing was changed.
    pub fn unavailable() -> Self {
        Self::new(
            ErrorType::Unavailable,
            "TF400733: The request has been canceled: the server cannot answer at the moment. Try again shortly.",
        )
    }
}

impl Serialize for DevOpsError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct CustomProperties {
            missing_scopes: &'static [Scope],
        }
        let kind = self.kind;
        let namespace = kind.namespace();
        let custom =
            (!self.missing_scopes.is_empty()).then_some(CustomProperties { missing_scopes: self.missing_scopes });
        let mut body = serializer.serialize_struct("WrappedException", 7 + usize::from(custom.is_some()))?;
        body.serialize_field("$id", "1")?;
        if let Some(custom) = custom {
            body.serialize_field("customProperties", &custom)?;
        }
        body.serialize_field("innerException", &None::<()>)?;
        body.serialize_field("message", &self.message)?;
        body.serialize_field("typeName", &format!("{namespace}.{}, {namespace}", kind.key()))?;
        body.serialize_field("typeKey", kind.key())?;
        body.serialize_field("errorCode", &0)?;
        body.serialize_field("eventId", &kind.event_id())?;
        body.end()
    }
}

/// A text from outside as a message repeats it: without control characters, and not at any length.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        for (index, c) in self.0.chars().enumerate() {
            if index == SHOWN {
                return f.write_char('…');
            }
            f.write_char(if c.is_control() { '\u{fffd}' } else { c })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_the_one_that_clients_parse() {
        let body = serde_json::to_value(DevOpsError::work_item_not_found(7)).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "$id": "1",
                "innerException": null,
                "message": "TF401232: Work item 7 does not exist, or you do not have permissions to read it.",
                "typeName": "Microsoft.TeamFoundation.WorkItemTracking.Server.WorkItemUnauthorizedAccessException, \
                             Microsoft.TeamFoundation.WorkItemTracking.Server",
                "typeKey": "WorkItemUnauthorizedAccessException",
                "errorCode": 0,
                "eventId": 3200,
            })
        );
    }

    #[test]
    fn a_missing_scope_is_named_in_the_body() {
        let error = DevOpsError {
            missing_scopes: &[Scope::WorkRead],
            ..DevOpsError::unauthorized(None, "The token lacks the scope vso.work.")
        };
        let body = serde_json::to_value(&error).unwrap();
        assert_eq!(body["customProperties"]["missingScopes"][0], "vso.work");
        assert_eq!(error.status(), 401);
    }

    #[test]
    fn a_message_repeats_names_from_outside_without_harm() {
        let message = DevOpsError::project_not_found(&format!("a\r\nSet-Cookie: b\u{0}{}", "x".repeat(5_000))).message;
        assert!(message.len() < 600 && !message.contains('\n') && !message.contains('\0'));
    }

    #[test]
    fn a_project_asked_by_id_is_missed_by_id() {
        let id = "6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c";
        assert!(DevOpsError::project_not_found(id).message.starts_with("VS800075"));
        assert!(DevOpsError::project_not_found("drydock").message.starts_with("TF200016"));
    }
}
