//! A project at a glance, and the way into everything in it.

use axum::body::Body;
use axum::extract::{RawPathParams, State};
use http::{Request, Response};
use latchkey_devops::access::{self, Action, Asked, ProjectAccess, RepositoryAccess};
use latchkey_devops::name::{OrganizationName, ProjectName};
use latchkey_devops::project::Project;
use latchkey_devops::repository::Repository;
use latchkey_devops::work_item::{StateCategory, WorkItem, field};

use super::builds;
use super::organization::Entered;
use super::problem::Problem;
use super::visit::{self, Answer, PathParts, Visit, count};
use crate::app::App;
use crate::devops::dispatch::{self, Destination};
use crate::pages::project::{Place, Project as ProjectPage};
use crate::reader;

/// How many work items are looked at to count those that are not done.
const MOST_COUNTED: u32 = 1_000;

/// The project that a path names, and the person's place in it.
pub(super) struct InProject {
    entered: Entered,
    /// The project.
    pub(super) project: Project,
}

impl InProject {
    /// Finds the project of the path. Who may not enter it learns nothing of it.
    pub(super) async fn read(visit: &Visit) -> Result<Self, Problem> {
        let entered = Entered::read(visit).await?;
        let project = entered.facts.project(visit.part("project")).ok_or(Problem::NotFound)?.clone();
        let found = Self { entered, project };
        found.may(visit, Action::ReadProject)?;
        Ok(found)
    }

    /// The organization around it.
    pub(super) fn organization(&self) -> &Entered {
        &self.entered
    }

    /// Where the page is.
    pub(super) fn at(&self) -> Place {
        Place { organization: self.entered.name().to_owned(), project: self.project.name.to_string() }
    }

    fn asked(&self) -> Asked<'_, Project> {
        Asked::new(self.project.name.as_str(), Some(&self.project))
    }

    /// Proof that the person may do this in the project.
    pub(super) fn may(&self, visit: &Visit, action: Action) -> Result<ProjectAccess, Problem> {
        Ok(access::to_project(&visit.caller(), self.entered.within(), self.asked(), action)?)
    }

    /// Proof that the person may read a repository of the project.
    pub(super) fn may_read(&self, visit: &Visit, repository: &Repository) -> Result<RepositoryAccess, Problem> {
        let asked = Asked::new(repository.name.as_str(), Some(repository));
        let within = self.entered.within();
        Ok(access::to_repository(&visit.caller(), within, self.asked(), asked, Action::ReadCode)?)
    }

    /// Its repositories, if the person may read code.
    pub(super) fn repositories(&self, visit: &Visit) -> Vec<&Repository> {
        let all = self.entered.facts.repositories_of(self.project.id);
        all.filter(|repository| self.may_read(visit, repository).is_ok()).collect()
    }
}

/// `GET /{organization}/{project}`, unless the path is one of the API's own.
pub(super) async fn show_or_else(State(app): State<App>, path: PathParts, request: Request<Body>) -> Response<Body> {
    if path.as_ref().is_ok_and(names_a_project) {
        return visit::show(app, path, request, show).await;
    }
    match Destination::of(request.uri().path()) {
        Some(destination) => dispatch::answer(&app, request, destination).await,
        None => reader::nowhere(&app, &request.into_parts().0),
    }
}

/// Whether the two parts can be names of an organization and a project: `.well-known/..` and `../_apis` cannot.
fn names_a_project(path: &RawPathParams) -> bool {
    path.iter().all(|(name, value)| match name {
        "organization" => OrganizationName::parse(value).is_ok(),
        _ => ProjectName::parse(value).is_ok(),
    })
}

async fn show(visit: Visit) -> Answer {
    let here = InProject::read(&visit).await?;
    let store = &visit.app.store;
    let open_work_items = match here.may(&visit, Action::ReadWorkItems) {
        Ok(access) => {
            let items = store.work_items_of_project(&access, MOST_COUNTED, 0).await?;
            Some(count(items.iter().filter(|item| is_open(item)).count()))
        }
        Err(_) => None,
    };
    let repositories = here.may(&visit, Action::ReadCode).is_ok().then(|| count(here.repositories(&visit).len()));
    let last_build = match here.may(&visit, Action::ReadBuilds) {
        Ok(access) => builds::newest(store, &access, 1).await?.into_iter().next(),
        Err(_) => None,
    };
    visit.show(&ProjectPage {
        frame: visit.frame(),
        at: here.at(),
        description: here.project.description.clone(),
        open_work_items,
        repositories,
        last_build,
    })
}

fn is_open(item: &WorkItem) -> bool {
    let state = item.kind.state(item.text(field::STATE));
    !state.is_some_and(|state| matches!(state.category, StateCategory::Completed | StateCategory::Removed))
}

/// `GET /organizations/{organization}/projects/{project}`: the project has a shorter address.
pub(super) async fn lead_there(visit: Visit) -> Answer {
    let here = InProject::read(&visit).await?;
    visit.go_to(&here.at().path())
}
