//! The shapes of answers: what clients read, field by field, in camelCase.
//!
//! Each function takes facts and says how they look from outside. Which facts a caller may see was decided before.

pub mod account;
pub mod build;
pub mod change;
pub mod comment;
pub mod commit;
pub mod connection_data;
pub mod definition;
pub mod git_ref;
pub mod identity;
pub mod item;
pub mod log;
pub mod profile;
pub mod project;
pub mod pull_request;
pub mod push;
pub mod registration;
pub mod repository;
pub mod team;
#[cfg(test)]
mod tests;
pub mod timeline;
pub mod update;
pub mod wiql;
pub mod work_item;
pub mod work_item_type;

use serde::{Serialize, Serializer};

use crate::ids::{ProjectId, RepositoryId};
use crate::organization::Organization;
use crate::project::Project;
use crate::repository::Repository;

/// A list, as every list is answered.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Collection<T> {
    /// How many there are in this answer.
    pub count: usize,
    /// The entries.
    pub value: Vec<T>,
}

impl<T> From<Vec<T>> for Collection<T> {
    fn from(value: Vec<T>) -> Self {
        Self { count: value.len(), value }
    }
}

impl<T> FromIterator<T> for Collection<T> {
    fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
        entries.into_iter().collect::<Vec<_>>().into()
    }
}

/// Where something is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Href {
    /// Its URL.
    pub href: String,
}

/// Where the parts of something are: `_links`.
#[derive(Clone, PartialEq, Debug)]
pub struct Links(Vec<(&'static str, Href)>);

impl Serialize for Links {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        as_object(&self.0, serializer)
    }
}

fn links<const N: usize>(links: [(&'static str, String); N]) -> Links {
    Links(links.into_iter().map(|(name, href)| (name, Href { href })).collect())
}

/// Writes names with values as an object, in their order.
fn as_object<T: Serialize, S: Serializer>(pairs: &[(&'static str, T)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

/// The URLs of one organization, as seen through the origin that the request came to.
#[derive(Clone, Copy, Debug)]
pub struct Urls<'a> {
    origin: &'a str,
    organization: &'a str,
}

impl<'a> Urls<'a> {
    /// The URLs of an organization at an origin, which has no slash at its end.
    pub fn new(origin: &'a str, organization: &'a Organization) -> Self {
        Self { origin, organization: organization.name.as_str() }
    }

    /// Whether the organization is there.
    pub fn are_below(&self, organization: &str) -> bool {
        let name = organization.strip_prefix(self.origin).and_then(|rest| rest.strip_prefix('/'));
        name == Some(self.organization)
    }

    /// The organization itself.
    pub fn organization(&self) -> String {
        format!("{}/{}", self.origin, self.organization)
    }

    /// Something of the organization's API.
    pub fn api(&self, path: &str) -> String {
        [self.origin, "/", self.organization, "/_apis/", path].concat()
    }

    /// Something of a project's API.
    pub fn project_api(&self, project: ProjectId, path: &str) -> String {
        [self.origin, "/", self.organization, "/", &project.to_string(), "/_apis/", path].concat()
    }

    /// A page of a project.
    pub fn project_page(&self, project: &str, path: &str) -> String {
        format!("{}/{}/{}/{path}", self.origin, self.organization, encoded(project))
    }

    /// A repository, as git and people find it.
    pub fn git(&self, project: &Project, repository: &Repository) -> String {
        self.project_page(project.name.as_str(), &format!("_git/{}", encoded(repository.name.as_str())))
    }

    /// A work item.
    pub fn work_item(&self, project: ProjectId, id: i64) -> String {
        self.project_api(project, &["wit/workItems/", &id.to_string()].concat())
    }

    /// Something of a repository's API.
    pub fn repository(&self, project: ProjectId, repository: RepositoryId, path: &str) -> String {
        let slash = if path.is_empty() { "" } else { "/" };
        self.project_api(project, &format!("git/repositories/{repository}{slash}{path}"))
    }

    /// Something of a build's API.
    pub fn build(&self, project: ProjectId, id: i64, path: &str) -> String {
        let slash = if path.is_empty() { "" } else { "/" };
        self.project_api(project, &format!("build/Builds/{id}{slash}{path}"))
    }
}

/// A text as a part of a path or a query: everything but unreserved characters percent-encoded. [RFC 3986 §2.3]
fn encoded(text: &str) -> String {
    use std::fmt::Write;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
