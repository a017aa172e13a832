//! Repositories, as answers show them.

use serde::Serialize;

use crate::date::WireDate;
use crate::ids::RepositoryId;
use crate::project::Project;
use crate::repository;
use crate::wire::Urls;
use crate::wire::project::{ProjectReference, project_reference};

/// A repository.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Repository {
    /// Its id.
    pub id: RepositoryId,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// The project it belongs to.
    pub project: ProjectReference,
    /// The branch one starts at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_branch: Option<String>,
    /// How large it is, in bytes.
    pub size: i64,
    /// Where git finds it.
    pub remote_url: String,
    /// Where people find it.
    pub web_url: String,
    /// Whether nobody may use it for now.
    pub is_disabled: bool,
    /// Whether it is being worked on.
    pub is_in_maintenance: bool,
    /// Whether it was copied from another.
    pub is_fork: bool,
    /// When it was made.
    pub creation_date: WireDate,
}

/// Shows a repository of a project.
pub fn repository(urls: &Urls, project: &Project, repository: &repository::Repository) -> Repository {
    let remote_url = urls.git(project, repository);
    Repository {
        id: repository.id,
        name: repository.name.to_string(),
        url: urls.repository(project.id, repository.id, ""),
        project: project_reference(urls, project),
        default_branch: repository.default_branch.clone(),
        size: repository.size,
        web_url: remote_url.clone(),
        remote_url,
        is_disabled: repository.disabled,
        is_in_maintenance: false,
        is_fork: false,
        creation_date: WireDate(repository.created_at),
    }
}
