//! What Buildlight does with a key: it reads builds.

use hyper::StatusCode;
use latchkey_web::pages::burndown::{BurndownItem, Reading};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::AGENT;
use crate::demo::wire::{self, Credential};

/// Builds of a project on its page.
const BUILDS: usize = 5;
/// Projects on its page.
const PROJECTS: usize = 6;

/// Where it reads, and with which key.
pub(super) struct Reader<'a> {
    /// The origin of the API.
    pub(super) origin: &'a str,
    /// The organization.
    pub(super) organization: &'a str,
    /// The key.
    pub(super) access_token: &'a str,
}

/// The key does not open anything any more.
pub(super) struct KeyRefused;

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Build {
    build_number: String,
    status: String,
    result: Option<String>,
    definition: Named,
}

impl Reader<'_> {
    /// The newest builds of each project that it can reach.
    pub(super) async fn projects(&self) -> Result<Vec<(String, Reading<BurndownItem>)>, KeyRefused> {
        let named = self.list::<Named>("_apis/projects?api-version=7.1").await?.unwrap_or_default();
        let mut projects = Vec::new();
        for project in named.into_iter().take(PROJECTS) {
            let call = format!("{}/_apis/build/builds?$top={BUILDS}&api-version=7.1", project.name);
            let builds = match self.list::<Build>(&call).await? {
                Ok(builds) => Reading::Have(builds.into_iter().map(line).collect()),
                Err(why) => Reading::Refused(why),
            };
            projects.push((project.name, builds));
        }
        Ok(projects)
    }

    /// A list of the API; the inner error is why this one list is not to be had.
    async fn list<T: DeserializeOwned>(&self, call: &str) -> Result<Result<Vec<T>, String>, KeyRefused> {
        let url = format!("{}/{}/{call}", self.origin, self.organization);
        let answer = match wire::get(AGENT, &url, Credential::Bearer(self.access_token)).await {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error.to_string())),
        };
        match answer.status {
            status if status.is_success() => Ok(answer.list().map_err(|error| error.to_string())),
            StatusCode::UNAUTHORIZED => Err(KeyRefused),
            status => Ok(Err(format!("the answer was {}.", status.as_u16()))),
        }
    }
}

/// Whether the newest build of any project failed.
pub(super) fn any_failed(projects: &[(String, Reading<BurndownItem>)]) -> bool {
    projects.iter().any(|(_, builds)| match builds {
        Reading::Have(builds) => builds.first().is_some_and(|newest| newest.tag == "failed"),
        Reading::Refused(_) => false,
    })
}

fn line(build: Build) -> BurndownItem {
    BurndownItem {
        title: build.definition.name,
        detail: build.build_number,
        tag: wire::in_words(build.result.as_deref().unwrap_or(&build.status)),
    }
}
