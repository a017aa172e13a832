//! Builds, as answers show them.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::build::{self, BuildReason, BuildResult, BuildStatus, QueuePriority};
use crate::date::WireDate;
use crate::project::Project;
use crate::repository::Repository;
use crate::wire::definition::{DefinitionReference, definition_reference};
use crate::wire::identity::{Identities, IdentityRef};
use crate::wire::project::{ProjectReference, project_reference};
use crate::wire::{Links, Urls, links};

/// A build.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Build {
    /// Where its parts are.
    #[serde(rename = "_links")]
    pub links: Links,
    /// Its number.
    pub id: i64,
    /// The number that people call it by.
    pub build_number: String,
    /// How far it is.
    pub status: BuildStatus,
    /// How it went, when it is completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<BuildResult>,
    /// When it was queued.
    pub queue_time: WireDate,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<WireDate>,
    /// When it was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_time: Option<WireDate>,
    /// Where it is.
    pub url: String,
    /// What it is called across servers.
    pub uri: String,
    /// The definition it follows.
    pub definition: DefinitionReference,
    /// The project it belongs to.
    pub project: ProjectReference,
    /// The ref it builds.
    pub source_branch: String,
    /// The commit it builds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_version: Option<String>,
    /// Whether it goes before others.
    pub priority: QueuePriority,
    /// Why it was queued.
    pub reason: BuildReason,
    /// For whom it was queued.
    pub requested_for: IdentityRef,
    /// Who queued it.
    pub requested_by: IdentityRef,
    /// When it was last changed.
    pub last_changed_date: WireDate,
    /// Who changed it last.
    pub last_changed_by: IdentityRef,
    /// Parameters as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<String>,
    /// Its plan, which is also its timeline.
    pub orchestration_plan: Value,
    /// Where its logs are.
    pub logs: Value,
    /// What it builds.
    pub repository: Value,
    /// Its tags.
    pub tags: BTreeSet<String>,
    /// Nothing is known of what set it off.
    pub trigger_info: Map<String, Value>,
    /// Nothing is kept beside it.
    pub properties: Map<String, Value>,
    /// Nothing was wrong with the request.
    pub validation_results: Vec<Value>,
    /// Whether it is kept for good.
    pub keep_forever: bool,
    /// Whether a release keeps it.
    pub retained_by_release: bool,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// Shows a build of a definition.
pub fn build(
    urls: &Urls,
    project: &Project,
    of: &Repository,
    definition: &build::Definition,
    identities: &Identities,
    build: &build::Build,
) -> Build {
    let url = urls.build(project.id, build.id, "");
    let page = format!("_build/results?buildId={}", build.id);
    let badge = urls.project_api(project.id, &format!("build/status/{}", build.definition));
    Build {
        links: links([
            ("self", url.clone()),
            ("web", urls.project_page(project.name.as_str(), &page)),
            ("timeline", urls.build(project.id, build.id, "Timeline")),
            ("badge", badge),
        ]),
        id: build.id,
        build_number: build.build_number.clone(),
        status: build.status,
        result: build.result,
        queue_time: WireDate(build.queued_at),
        start_time: build.started_at.map(WireDate),
        finish_time: build.finished_at.map(WireDate),
        url,
        uri: format!("vstfs:///Build/Build/{}", build.id),
        definition: definition_reference(urls, project, definition),
        project: project_reference(urls, project),
        source_branch: build.source_branch.clone(),
        source_version: build.source_version.clone(),
        priority: build.priority,
        reason: build.reason,
        requested_for: identities.of(build.requested_for),
        requested_by: identities.of(build.requested_by),
        last_changed_date: WireDate(build.last_changed_at),
        last_changed_by: identities.of(build.last_changed_by),
        parameters: build.parameters.clone(),
        orchestration_plan: json!({"planId": super::timeline::plan_id(project.id, build.id)}),
        logs: json!({"id": 0, "type": "Container", "url": urls.build(project.id, build.id, "logs")}),
        repository: repository(urls, project, of),
        tags: build.tags.clone(),
        trigger_info: Map::new(),
        properties: Map::new(),
        validation_results: Vec::new(),
        keep_forever: build.keep_forever,
        retained_by_release: false,
        deleted: false,
    }
}

/// Shows a repository as builds and definitions do.
pub(super) fn repository(urls: &Urls, project: &Project, repository: &Repository) -> Value {
    json!({
        "id": repository.id,
        "type": "TfsGit",
        "name": repository.name,
        "url": urls.git(project, repository),
        "defaultBranch": repository.default_branch,
        "clean": null,
        "checkoutSubmodules": false,
    })
}
