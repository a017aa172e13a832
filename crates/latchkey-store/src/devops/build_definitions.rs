//! Build definitions.

use latchkey_devops::access::ProjectAccess;
use latchkey_devops::build::definition::{Definition, QueueStatus};
use latchkey_devops::build::filter::{self, DefinitionFilter};
use latchkey_devops::ids::{PersonId, ProjectId, RepositoryId};

use super::meaning;
use super::organizations::{Numbered, take_number};
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};
use crate::value::Row;

/// How many definitions are read at once while a list is put together.
const PAGE: u32 = 1_000;

const BY_ID: Sql = Sql::read(
    "build_definitions.by_id",
    "SELECT id, project, name, path, revision, queue_status, repository, default_branch, file, created_by, created_at
       FROM build_definition WHERE organization = $1 AND project = $2 AND id = $3",
);

const OF_PROJECT: Sql = Sql::read(
    "build_definitions.of_project",
    "SELECT id, project, name, path, revision, queue_status, repository, default_branch, file, created_by, created_at
       FROM build_definition
      WHERE organization = $1 AND project = $2 AND id > $3 AND (CAST($4 AS BLOB) IS NULL OR repository = $4)
      ORDER BY id LIMIT $5",
);

const CREATE: Sql = Sql::guarded(
    "build_definitions.create",
    "INSERT INTO build_definition (organization, project, id, name, path, revision, queue_status, repository,
                                   default_branch, file, created_by, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
);

pub(crate) const ALL: &[&Sql] = &[&BY_ID, &OF_PROJECT, &CREATE];

/// Keeps a new definition. Lost when another request took its number.
pub fn create(access: &ProjectAccess, definition: &Definition) -> Changes {
    let mut changes = take_number(access.organization(), Numbered::BuildDefinition, definition.id);
    let values = vec![
        access.organization().into(),
        access.project().into(),
        definition.id.into(),
        definition.name.as_str().into(),
        definition.path.as_str().into(),
        definition.revision.into(),
        definition.queue_status.word().into(),
        definition.repository.into(),
        definition.default_branch.as_str().into(),
        definition.file.as_str().into(),
        definition.created_by.into(),
        definition.created_at.into(),
    ];
    changes.write(&CREATE, values);
    changes
}

impl Store {
    /// A build definition.
    pub async fn definition(&self, access: &ProjectAccess, id: i64) -> Result<Option<Definition>, StoreError> {
        let values = vec![access.organization().into(), access.project().into(), id.into()];
        self.read_one(&BY_ID, values).await?.as_ref().map(read).transpose()
    }

    /// The build definitions that a list is about, by number, behind `after`. If there are as many as the filter allows,
    /// there may be more behind the last one.
    pub async fn definitions(
        &self,
        access: &ProjectAccess,
        filter: &DefinitionFilter,
        mut after: i64,
    ) -> Result<Vec<Definition>, StoreError> {
        let most = usize::try_from(filter.top).unwrap_or(usize::MAX);
        let mut definitions = Vec::new();
        loop {
            let values = vec![
                access.organization().into(),
                access.project().into(),
                after.into(),
                filter.repository.into(),
                PAGE.into(),
            ];
            let rows = self.read(&OF_PROJECT, values).await?;
            for row in &rows {
                let definition = read(row)?;
                after = definition.id;
                if is_meant(filter, &definition) {
                    definitions.push(definition);
                    if definitions.len() >= most {
                        return Ok(definitions);
                    }
                }
            }
            if rows.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                return Ok(definitions);
            }
        }
    }
}

fn is_meant(filter: &DefinitionFilter, definition: &Definition) -> bool {
    (filter.ids.is_empty() || filter.ids.contains(&definition.id))
        && filter.name.as_ref().is_none_or(|name| filter::matches(name, &definition.name))
        && filter.path.as_ref().is_none_or(|path| filter::matches(path, &definition.path))
}

fn read(row: &Row) -> Result<Definition, StoreError> {
    Ok(Definition {
        id: row.int(0)?,
        project: ProjectId(row.uuid(1)?),
        name: row.text(2)?.to_owned(),
        path: row.text(3)?.to_owned(),
        revision: row.int(4)?,
        queue_status: meaning("queue status", row.text(5)?, QueueStatus::parse(row.text(5)?))?,
        repository: RepositoryId(row.uuid(6)?),
        default_branch: row.text(7)?.to_owned(),
        file: row.text(8)?.to_owned(),
        created_by: PersonId(row.uuid(9)?),
        created_at: row.time(10)?,
    })
}
