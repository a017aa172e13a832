//! Git repositories, as access to them is decided. What is inside them is on disk.

use latchkey_devops::access::RepositoryAccess;
use latchkey_devops::ids::{OrganizationId, ProjectId, RepositoryId};
use latchkey_devops::name::RepositoryName;
use latchkey_devops::repository::Repository;

use super::{Author, OrganizationFacts, meaning, organizations};
use crate::Store;
use crate::error::StoreError;
use crate::feed::Notice;
use crate::statement::{Changes, Sql};

/// The most repositories of one organization. Whoever creates one asks the facts first.
pub const MOST_REPOSITORIES: usize = 10_000;

const OF_ORGANIZATION: Sql = Sql::read(
    "repositories.of_organization",
    "SELECT id, project, name, default_branch, size, disabled, created_at
       FROM repository WHERE organization = $1 ORDER BY id LIMIT $2",
);

const CREATE: Sql = Sql::guarded(
    "repositories.create",
    "INSERT INTO repository (organization, id, project, name, name_key, default_branch, size, disabled, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
);

const NOTE_PUSH: Sql = Sql::write(
    "repositories.note_push",
    "UPDATE repository SET default_branch = coalesce(default_branch, $4), size = $5
      WHERE organization = $1 AND id = $2 AND project = $3",
);

pub(crate) const ALL: &[&Sql] = &[&OF_ORGANIZATION, &CREATE, &NOTE_PUSH];

/// Makes a repository. Its folder on disk must be there before.
pub fn create(facts: &OrganizationFacts, repository: &Repository, author: &Author) -> Changes {
    let organization = &facts.organization;
    let mut changes = organizations::touch(facts);
    let values = vec![
        organization.id.into(),
        repository.id.into(),
        repository.project.into(),
        repository.name.as_str().into(),
        repository.name.key().into(),
        repository.default_branch.as_ref().into(),
        repository.size.into(),
        repository.disabled.into(),
        repository.created_at.into(),
    ];
    let project = facts.project_by_id(repository.project).map_or("", |project| project.name.as_str());
    let subject = format!("{}/{project}/{}", organization.name, repository.name);
    changes.write(&CREATE, values).event(author.did("repository_created", organization, subject));
    changes
}

/// Notes what a push did: how large the repository is now, and which branch one starts at if there was none before.
pub fn note_push(access: &RepositoryAccess, default_branch: Option<&str>, size: i64) -> Changes {
    let mut changes = Changes::none();
    let values = vec![
        access.organization().into(),
        access.repository().into(),
        access.project().into(),
        default_branch.into(),
        size.into(),
    ];
    changes.write(&NOTE_PUSH, values).notice(Notice::Organization(access.organization().0));
    changes
}

impl Store {
    pub(super) async fn read_repositories(&self, organization: OrganizationId) -> Result<Vec<Repository>, StoreError> {
        let most = i64::try_from(MOST_REPOSITORIES).unwrap_or(i64::MAX);
        let rows = self.read(&OF_ORGANIZATION, vec![organization.into(), most.into()]).await?;
        rows.iter()
            .map(|row| {
                Ok(Repository {
                    id: RepositoryId(row.uuid(0)?),
                    project: ProjectId(row.uuid(1)?),
                    name: meaning("name of a repository", row.text(2)?, RepositoryName::parse(row.text(2)?).ok())?,
                    default_branch: row.opt_text(3)?.map(str::to_owned),
                    size: row.int(4)?,
                    disabled: row.bool(5)?,
                    created_at: row.time(6)?,
                })
            })
            .collect()
    }
}
