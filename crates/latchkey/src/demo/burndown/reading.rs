//! What Burndown reads through the DevOps API, and how it understands a no.

use hyper::StatusCode;
use latchkey_web::pages::burndown::{BurndownItem, BurndownProject, Reading};
use serde::Deserialize;

use super::AGENT;
use super::relying_party::Key;
use crate::demo::wire::{self, Credential};

/// Work items are asked for by number: it looks at the first of them.
const FIRST_WORK_ITEMS: u32 = 200;
/// Lines of a panel.
const LINES: usize = 8;
/// Projects on the page.
const PROJECTS: usize = 10;

/// Where it reads, and with which key.
pub(crate) struct Reader<'a> {
    /// The origin of the API.
    pub(crate) origin: &'a str,
    /// The organization.
    pub(crate) organization: &'a str,
    /// The key.
    pub(crate) key: &'a Key,
}

/// The key does not open anything any more: the call that was refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KeyRefused {
    /// The call.
    pub(crate) call: String,
}

/// Why a call brought nothing.
enum No {
    /// The key counts for nothing.
    Key(KeyRefused),
    /// This one thing is not to be had, for this reason.
    Thing(String),
}

#[derive(Deserialize)]
struct Named {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct WorkItem {
    id: i64,
    fields: WorkItemFields,
}

#[derive(Deserialize)]
struct WorkItemFields {
    #[serde(rename = "System.Title")]
    title: String,
    #[serde(rename = "System.State")]
    state: String,
    #[serde(rename = "System.WorkItemType")]
    kind: String,
    #[serde(rename = "System.TeamProject")]
    project: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Commit {
    commit_id: String,
    comment: String,
    author: Author,
}

#[derive(Deserialize)]
struct Author {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Build {
    build_number: String,
    status: String,
    result: Option<String>,
    source_branch: String,
    definition: DefinitionOfBuild,
}

#[derive(Deserialize)]
struct DefinitionOfBuild {
    name: String,
}

impl Reader<'_> {
    /// Everything it shows: a section for each project it can reach.
    pub(crate) async fn projects(&self) -> Result<Vec<BurndownProject>, KeyRefused> {
        let projects = match self.list::<Named>("_apis/projects?api-version=7.1").await {
            Ok(projects) => projects,
            Err(No::Key(refused)) => return Err(refused),
            Err(No::Thing(_)) => Vec::new(),
        };
        let mut work_items = self.work_items().await?;
        let mut shown = Vec::new();
        for project in projects.into_iter().take(PROJECTS) {
            let work_items = match &mut work_items {
                Reading::Have(by_project) => Reading::Have(of_project(by_project, &project.name)),
                Reading::Refused(why) => Reading::Refused(why.clone()),
            };
            let (commits, builds) = tokio::join!(self.commits(&project), self.builds(&project));
            shown.push(BurndownProject { work_items, commits: commits?, builds: builds?, name: project.name });
        }
        Ok(shown)
    }

    /// All work items, each with the name of its project.
    async fn work_items(&self) -> Result<Reading<(String, BurndownItem)>, KeyRefused> {
        if !self.key.is_for("vso.work") {
            return Ok(not_approved("work items"));
        }
        let ids: Vec<String> = (1..=FIRST_WORK_ITEMS).map(|id| id.to_string()).collect();
        let fields = "System.Title,System.State,System.WorkItemType,System.TeamProject";
        let ids = ids.join(",");
        let call = format!("_apis/wit/workitems?ids={ids}&fields={fields}&errorPolicy=omit&api-version=7.1");
        let found = self.list::<Option<WorkItem>>(&call).await;
        read(found.map(|items| items.into_iter().flatten().collect()), |item: WorkItem| {
            let detail = format!("{} #{}", item.fields.kind, item.id);
            (item.fields.project, BurndownItem { title: item.fields.title, detail, tag: item.fields.state })
        })
    }

    async fn commits(&self, project: &Named) -> Result<Reading<BurndownItem>, KeyRefused> {
        if !self.key.is_for("vso.code") {
            return Ok(not_approved("source code"));
        }
        let place = format!("{}/_apis/git/repositories", project.name);
        let repositories = match self.list::<Named>(&format!("{place}?api-version=7.1")).await {
            Ok(repositories) => repositories,
            Err(No::Key(refused)) => return Err(refused),
            Err(No::Thing(why)) => return Ok(Reading::Refused(why)),
        };
        let mut lines = Vec::new();
        for repository in &repositories {
            let call = format!("{place}/{}/commits?searchCriteria.$top=4&api-version=7.1", repository.id);
            match self.list::<Commit>(&call).await {
                Ok(commits) => lines.extend(commits.into_iter().map(|commit| BurndownItem {
                    title: commit.comment,
                    detail: format!("{}, {}", commit.author.name, repository.name),
                    tag: commit.commit_id.chars().take(7).collect(),
                })),
                Err(No::Key(refused)) => return Err(refused),
                Err(No::Thing(why)) => return Ok(Reading::Refused(why)),
            }
        }
        lines.truncate(LINES);
        Ok(Reading::Have(lines))
    }

    async fn builds(&self, project: &Named) -> Result<Reading<BurndownItem>, KeyRefused> {
        if !self.key.is_for("vso.build") {
            return Ok(not_approved("build results"));
        }
        let call = format!("{}/_apis/build/builds?$top={LINES}&api-version=7.1", project.name);
        read(self.list(&call).await, |build: Build| BurndownItem {
            title: format!("{} {}", build.definition.name, build.build_number),
            detail: build.source_branch.trim_start_matches("refs/heads/").to_owned(),
            tag: wire::in_words(build.result.as_deref().unwrap_or(&build.status)),
        })
    }

    async fn list<T: serde::de::DeserializeOwned>(&self, call: &str) -> Result<Vec<T>, No> {
        let path = format!("/{}/{call}", self.organization);
        let url = format!("{}{path}", self.origin);
        let answer = wire::get(AGENT, &url, Credential::Bearer(&self.key.access_token)).await;
        let answer = answer.map_err(|error| No::Thing(error.to_string()))?;
        match answer.status {
            status if status.is_success() => answer.list().map_err(|error| No::Thing(error.to_string())),
            // A key that is good, but not for this, is told so. [RFC 6750 §3.1]
            StatusCode::UNAUTHORIZED if !answer.challenges().contains("insufficient_scope") => {
                let path = path.split_once('?').map_or(path.as_str(), |(path, _)| path);
                Err(No::Key(KeyRefused { call: format!("GET {path}") }))
            }
            status => {
                let said = answer.message();
                Err(No::Thing(said.unwrap_or_else(|| format!("the answer was {}.", status.as_u16()))))
            }
        }
    }
}

fn not_approved<T>(what: &str) -> Reading<T> {
    Reading::Refused(format!("you did not approve {what}."))
}

/// The lines of one project, taken out of those of all.
fn of_project(lines: &mut Vec<(String, BurndownItem)>, project: &str) -> Vec<BurndownItem> {
    lines.extract_if(.., |(of, _)| of == project).map(|(_, line)| line).collect()
}

fn read<T, L>(found: Result<Vec<T>, No>, line: impl Fn(T) -> L) -> Result<Reading<L>, KeyRefused> {
    match found {
        Ok(found) => Ok(Reading::Have(found.into_iter().map(line).collect())),
        Err(No::Thing(why)) => Ok(Reading::Refused(why)),
        Err(No::Key(refused)) => Err(refused),
    }
}
