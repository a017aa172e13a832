//! Links from a work item: to other work items and to the world.

use serde_json::Value;

use crate::error::{DevOpsError, ErrorType, Shown};

/// The longest address of a link, in bytes.
const LONGEST_URL: usize = 2_048;
/// The longest comment on a link.
const LONGEST_COMMENT: usize = 255;

/// How one work item relates to another, seen from the one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LinkType {
    /// The other is below it.
    Child,
    /// The other is above it.
    Parent,
    /// They have to do with each other.
    Related,
    /// The other waits for it.
    Successor,
    /// It waits for the other.
    Predecessor,
    /// The other says the same and is given up for it.
    Duplicate,
    /// It says the same as the other and is given up for it.
    DuplicateOf,
}

impl LinkType {
    /// Every type of link.
    pub const ALL: [Self; 7] = [
        Self::Child,
        Self::Parent,
        Self::Related,
        Self::Successor,
        Self::Predecessor,
        Self::Duplicate,
        Self::DuplicateOf,
    ];

    /// The name that programs know it by.
    pub fn rel(self) -> &'static str {
        match self {
            Self::Child => "System.LinkTypes.Hierarchy-Forward",
            Self::Parent => "System.LinkTypes.Hierarchy-Reverse",
            Self::Related => "System.LinkTypes.Related",
            Self::Successor => "System.LinkTypes.Dependency-Forward",
            Self::Predecessor => "System.LinkTypes.Dependency-Reverse",
            Self::Duplicate => "System.LinkTypes.Duplicate-Forward",
            Self::DuplicateOf => "System.LinkTypes.Duplicate-Reverse",
        }
    }

    /// The name that people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Child => "Child",
            Self::Parent => "Parent",
            Self::Related => "Related",
            Self::Successor => "Successor",
            Self::Predecessor => "Predecessor",
            Self::Duplicate => "Duplicate",
            Self::DuplicateOf => "Duplicate Of",
        }
    }

    /// The same link, seen from the other end.
    pub fn reverse(self) -> Self {
        match self {
            Self::Child => Self::Parent,
            Self::Parent => Self::Child,
            Self::Related => Self::Related,
            Self::Successor => Self::Predecessor,
            Self::Predecessor => Self::Successor,
            Self::Duplicate => Self::DuplicateOf,
            Self::DuplicateOf => Self::Duplicate,
        }
    }

    /// Finds a type of link by its `rel`, in any case.
    pub fn from_rel(rel: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.rel().eq_ignore_ascii_case(rel))
    }
}

/// Where a link leads.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Link {
    /// To another work item of the organization. The other has the reverse link.
    WorkItem {
        /// How they relate.
        kind: LinkType,
        /// The number of the other.
        target: i64,
    },
    /// To a page anywhere.
    Hyperlink(String),
    /// To a commit, a pull request, a branch or a build: `vstfs:///…`.
    Artifact(String),
}

impl Link {
    /// The `rel` of the link.
    pub fn rel(&self) -> &'static str {
        match self {
            Self::WorkItem { kind, .. } => kind.rel(),
            Self::Hyperlink(_) => "Hyperlink",
            Self::Artifact(_) => "ArtifactLink",
        }
    }
}

/// A link with what people say about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Relation {
    /// Where it leads.
    pub link: Link,
    /// A comment on it.
    pub comment: Option<String>,
    /// What an artifact is, such as `Pull Request`.
    pub name: Option<String>,
}

impl Relation {
    /// Reads a relation as a patch carries it: `{rel, url, attributes}`.
    pub(super) fn read(value: &Value) -> Result<Self, DevOpsError> {
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::trim);
        let (Some(rel), Some(url)) = (text("rel"), text("url")) else {
            return Err(wrong("A relation needs rel and url."));
        };
        if url.len() > LONGEST_URL || url.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(wrong(&format!("The url of a relation has at most {LONGEST_URL} characters and no spaces.")));
        }
        let link = match LinkType::from_rel(rel) {
            Some(kind) => {
                let target =
                    work_item_in(url).ok_or_else(|| wrong("The url of this relation must be that of a work item."))?;
                Link::WorkItem { kind, target }
            }
            None if rel.eq_ignore_ascii_case("Hyperlink") => {
                if !starts_with(url, "https://") && !starts_with(url, "http://") {
                    return Err(wrong("A hyperlink begins with https:// or http://."));
                }
                Link::Hyperlink(url.to_owned())
            }
            None if rel.eq_ignore_ascii_case("ArtifactLink") => {
                if !starts_with(url, "vstfs:///") {
                    return Err(wrong("An artifact link begins with vstfs:///."));
                }
                Link::Artifact(url.to_owned())
            }
            None => return Err(wrong(&format!("The relation type {} is not one of this server.", Shown(rel)))),
        };
        let attribute = |key: &str| {
            let text = value.get("attributes").and_then(|attributes| attributes.get(key)).and_then(Value::as_str);
            text.map(|text| text.chars().filter(|c| !c.is_control()).take(LONGEST_COMMENT).collect::<String>())
        };
        let comment = attribute("comment").filter(|comment| !comment.is_empty());
        let name = attribute("name").filter(|_| matches!(link, Link::Artifact(_)));
        Ok(Self { link, comment, name })
    }
}

/// The number in the URL of a work item: `…/_apis/wit/workItems/7`.
fn work_item_in(url: &str) -> Option<i64> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let (before, number) = path.rsplit_once('/')?;
    let of_items = before.to_ascii_lowercase().ends_with("/_apis/wit/workitems");
    let number: i64 = number.parse().ok()?;
    (of_items && number > 0).then_some(number)
}

fn starts_with(url: &str, scheme: &str) -> bool {
    url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)) && url.len() > scheme.len()
}

fn wrong(message: &str) -> DevOpsError {
    DevOpsError::new(ErrorType::PatchOperationFailed, format!("VS403653: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_link_has_its_reverse() {
        for kind in LinkType::ALL {
            assert_eq!(kind.reverse().reverse(), kind);
            assert_eq!(LinkType::from_rel(&kind.rel().to_lowercase()), Some(kind));
        }
    }

    #[test]
    fn a_link_to_a_work_item_is_read_from_its_url() {
        let value = json!({
            "rel": "System.LinkTypes.Hierarchy-Reverse",
            "url": "https://dev.azure.com/harbor/lighthouse/_apis/wit/workItems/7",
            "attributes": {"comment": "part of it"},
        });
        let relation = Relation::read(&value).unwrap();
        assert_eq!(relation.link, Link::WorkItem { kind: LinkType::Parent, target: 7 });
        assert_eq!(relation.comment.as_deref(), Some("part of it"));
    }

    #[test]
    fn links_that_could_do_harm_or_lead_nowhere_are_refused() {
        for (rel, url) in [
            ("Hyperlink", "javascript:alert(1)"),
            ("Hyperlink", "https://"),
            ("Hyperlink", "https://a b"),
            ("ArtifactLink", "https://example.test"),
            ("AttachedFile", "https://example.test/a"),
            ("System.LinkTypes.Related", "https://example.test/7"),
            ("System.LinkTypes.Related", "/_apis/wit/workItems/-7"),
            ("System.LinkTypes.Related", "/_apis/wit/workItems/99999999999999999999"),
            ("Made.Up", "https://example.test"),
        ] {
            assert!(Relation::read(&json!({"rel": rel, "url": url})).is_err(), "{rel} {url}");
        }
        for value in [json!(null), json!([]), json!({"rel": 1, "url": 2}), json!({"rel": "Hyperlink"})] {
            assert!(Relation::read(&value).is_err());
        }
    }
}
