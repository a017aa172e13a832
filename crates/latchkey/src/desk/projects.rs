//! `latchkey project` and `latchkey repository`.

use std::collections::BTreeSet;

use clap::Subcommand;
use latchkey_devops::group::ProjectGroup;
use latchkey_devops::ids::{ProjectId, RepositoryId, TeamId};
use latchkey_devops::name::{ProjectName, RepositoryName};
use latchkey_devops::project::Project;
use latchkey_devops::repository::Repository;
use latchkey_store::Changes;
use latchkey_store::devops::projects::MOST_PROJECTS;
use latchkey_store::devops::repositories::MOST_REPOSITORIES;
use latchkey_store::devops::{OrganizationFacts, members, projects, repositories};
use latchkey_web::App;
use latchkey_web::app::entropy;
use serde::{Deserialize, Serialize};

use super::organizations::bad_name;
use super::report::{Report, Row, row};
use super::{author, organization};
use crate::failure::{Exit, Failure};

/// The branch that a new repository begins with.
const DEFAULT_BRANCH: &str = "main";

/// What can be done with projects.
#[derive(Subcommand, Serialize, Deserialize)]
pub(crate) enum ProjectOrder {
    /// Make a project; the organization's owner becomes its first administrator
    #[command(
        after_help = "Example:\n  latchkey project create example lighthouse --description 'The light on the pier'"
    )]
    Create {
        /// The organization
        organization: String,
        /// Its name
        name: String,
        /// What it is about
        #[arg(long, default_value = "")]
        description: String,
    },
    /// List the projects of an organization
    List {
        /// The organization
        organization: String,
    },
}

/// What can be done with repositories.
#[derive(Subcommand, Serialize, Deserialize)]
pub(crate) enum RepositoryOrder {
    /// Make an empty git repository
    #[command(after_help = "Example:\n  latchkey repository create example lighthouse lamp")]
    Create {
        /// The organization
        organization: String,
        /// The project
        project: String,
        /// Its name
        name: String,
    },
    /// List the repositories of a project
    List {
        /// The organization
        organization: String,
        /// The project
        project: String,
    },
}

const PROJECTS: [&str; 3] = ["name", "description", "id"];
const REPOSITORIES: [&str; 4] = ["name", "default_branch", "bytes", "id"];

fn row(project: &Project) -> Row {
    row! { "name": project.name.as_str(), "description": project.description, "id": project.id.0 }
}

fn repository_row(repository: &Repository) -> Row {
    row! {
        "name": repository.name.as_str(),
        "default_branch": repository.default_branch,
        "bytes": repository.size,
        "id": repository.id.0,
    }
}

pub(super) async fn perform(app: &App, order: ProjectOrder) -> Result<Report, Failure> {
    match order {
        ProjectOrder::List { organization: named } => {
            let facts = organization(app, &named).await?;
            Ok(Report::list(&PROJECTS, facts.projects().map(row).collect()))
        }
        ProjectOrder::Create { organization, name, description } => {
            let made = create(app, &organization, &name, description).await?;
            Ok(Report::one(&PROJECTS, row(&made)))
        }
    }
}

pub(super) async fn perform_on_repository(app: &App, order: RepositoryOrder) -> Result<Report, Failure> {
    match order {
        RepositoryOrder::List { organization: named, project: of } => {
            let facts = organization(app, &named).await?;
            let project = project(&facts, &of)?;
            Ok(Report::list(&REPOSITORIES, facts.repositories_of(project).map(repository_row).collect()))
        }
        RepositoryOrder::Create { organization, project, name } => {
            let made = create_repository(app, &organization, &project, &name).await?;
            Ok(Report::one(&REPOSITORIES, repository_row(&made)))
        }
    }
}

fn project(facts: &OrganizationFacts, name: &str) -> Result<ProjectId, Failure> {
    facts.project(name).map(|project| project.id).ok_or_else(|| {
        let organization = &facts.organization.name;
        Failure::not_found(format!("there is no project {name} in {organization}"))
            .remedy(format!("`latchkey project list {organization}` shows those there are"))
    })
}

async fn create(app: &App, named: &str, name: &str, description: String) -> Result<Project, Failure> {
    let name = ProjectName::parse(name).map_err(|error| bad_name("a project", name, error))?;
    let id = organization(app, named).await?.id();
    let (now, mut entropy) = (app.now(), entropy());
    let made = Project {
        id: ProjectId(entropy.uuid()),
        organization: id,
        name,
        description,
        revision: 1,
        updated_at: now,
        default_team: TeamId(entropy.uuid()),
    };
    let by = author(now);
    app.store
        .decide(|| async {
            let Some(facts) = app.store.organization_by_id(id).await? else {
                let gone = Failure::not_found(format!("there is no organization {named}"));
                return Ok((Err(gone), Changes::none()));
            };
            if facts.project(made.name.as_str()).is_some() {
                let there = Failure::conflict(format!("there is a project {} already", made.name));
                return Ok((Err(there), Changes::none()));
            }
            if facts.projects().count() >= MOST_PROJECTS {
                let full = Failure::refused(format!("an organization has {MOST_PROJECTS} projects at most"));
                return Ok((Err(full), Changes::none()));
            }
            let mut changes = projects::create(&facts, &made, &by);
            let groups = BTreeSet::from([ProjectGroup::ProjectAdministrators]);
            let owner = facts.organization.owner;
            changes.append(members::add_to_project(&facts.organization, owner, made.id, &groups, &by));
            Ok((Ok(made.clone()), changes))
        })
        .await?
}

async fn create_repository(app: &App, named: &str, of: &str, name: &str) -> Result<Repository, Failure> {
    let name = RepositoryName::parse(name).map_err(|error| bad_name("a repository", name, error))?;
    let facts = organization(app, named).await?;
    let (id, now) = (facts.id(), app.now());
    let made = Repository {
        id: RepositoryId(entropy().uuid()),
        project: project(&facts, of)?,
        name,
        default_branch: None,
        size: 0,
        disabled: false,
        created_at: now,
    };
    // The folder first: a repository that is listed is there.
    let folder = app.repositories.create(made.id.0, DEFAULT_BRANCH).await;
    folder.map_err(|error| Failure::new(Exit::Failed, "the repository's folder cannot be made").because(error))?;
    let by = author(now);
    let listed: Result<Repository, Failure> = app
        .store
        .decide(|| async {
            let Some(facts) = app.store.organization_by_id(id).await? else {
                let gone = Failure::not_found(format!("there is no organization {named}"));
                return Ok((Err(gone), Changes::none()));
            };
            if facts.repository(made.project, made.name.as_str()).is_some() {
                let there = Failure::conflict(format!("there is a repository {} already", made.name));
                return Ok((Err(there), Changes::none()));
            }
            if facts.repository_count() >= MOST_REPOSITORIES {
                let full = Failure::refused(format!("an organization has {MOST_REPOSITORIES} repositories at most"));
                return Ok((Err(full), Changes::none()));
            }
            Ok((Ok(made.clone()), repositories::create(&facts, &made, &by)))
        })
        .await
        .map_err(Failure::from)
        .flatten();
    if listed.is_err()
        && let Err(error) = app.repositories.remove(made.id.0).await
    {
        tracing::warn!(%error, id = %made.id, "an unlisted repository stays on disk");
    }
    listed
}
