//! Builds: the list, one of them, queueing, and reporting how they go.

use std::collections::{BTreeSet, HashMap};

use latchkey_devops::access::{Action, ProjectAccess};
use latchkey_devops::build::filter::PersonRequested;
use latchkey_devops::build::{self, Build, BuildFilter, BuildPatch, Definition, QueueRequest};
use latchkey_devops::error::DevOpsError;
use latchkey_devops::ids::PersonId;
use latchkey_devops::project::Project;
use latchkey_devops::wire;
use latchkey_identity::time::days;
use latchkey_store::devops::OrganizationFacts;
use latchkey_store::devops::build_lists::Continuation;
use latchkey_store::devops::builds as kept;
use latchkey_store::devops::organizations::Numbered;
use latchkey_store::{Changes, StoreError};
use serde_json::Value;

use super::call::{Call, InProject};
use super::error::ApiError;
use super::payload::Payload;
use super::people;
use super::table::Answer;
use super::through::through;

/// The most builds that one request changes.
const MOST_CHANGED: usize = 200;

/// `GET /{organization}/{project}/_apis/build/builds`.
pub(super) async fn list(call: Call) -> Answer {
    let mut filter = BuildFilter::parse(call.query.pairs())?;
    let inside = call.project().await?;
    let name = format!("builds of {}", inside.access.project());
    let after = call.continuation(&name)?.and_then(|position| Continuation::parse(&position));
    let (access, project) = (inside.access, inside.project.clone());
    let facts = inside.facts.clone();
    if let Some(PersonRequested::Named(text)) = &filter.requested_for {
        let organization = inside.around(&call)?;
        let people = people::named(&call.app, &organization, &BTreeSet::from([text.as_str()])).await?;
        if let Some(person) = people.meant_by(text) {
            filter.requested_for = Some(PersonRequested::Id(person.id));
        }
    }
    let page = call.app.store.builds(&access, &filter, after).await?;
    let shown = Shown { call: &call, access: &access, facts: &facts, project: &project };
    let builds = shown.all(&page.builds).await?;
    call.page(builds, page.next.map(|next| call.continue_at(&name, &next.to_string())))
}

/// `GET /{organization}/{project}/_apis/build/builds/{id}`.
pub(super) async fn read(call: Call) -> Answer {
    let inside = call.project().await?;
    let build = find(&call, &inside.access).await?;
    show(&call, &inside, &build).await
}

/// The build that the path names.
pub(super) async fn find(call: &Call, access: &ProjectAccess) -> Result<Build, ApiError> {
    let id = call.number("id")?;
    let kept = call.app.store.build(access, id).await?;
    Ok(kept.ok_or_else(|| DevOpsError::build_not_found(id))?.build)
}

/// `POST /{organization}/{project}/_apis/build/builds`. Nothing runs here: whoever builds asks for it, and reports.
pub(super) async fn queue(call: Call, payload: Payload) -> Answer {
    let definition_id = call.query.once("definitionId")?.and_then(|id| id.parse().ok());
    let (call, body) = call.after(payload.json()).await?;
    let request = QueueRequest::read(&body, definition_id)?;
    let inside = call.project().await?;
    let (store, access) = (&call.app.store, &inside.access);
    let today = call.now.floor_to_days();
    let queued = store
        .decide(|| async {
            let Some(definition) = store.definition(access, request.definition).await? else {
                return Ok((Err(DevOpsError::definition_not_found(request.definition)), Changes::none()));
            };
            let id = store.next_number(access.organization(), Numbered::Build).await?;
            let earlier = store.builds_queued(access, definition.id, today, today + days(1)).await?;
            let build = build::queue(id, &request, &definition, earlier, call.person(), call.now);
            let keep = |build| kept::queue_through(access, build, through(&call));
            let changes = build.as_ref().map(keep).unwrap_or_default();
            Ok((build, changes))
        })
        .await?;
    show(&call, &inside, &queued?).await
}

/// `PATCH /{organization}/{project}/_apis/build/builds/{id}`. Tags and retention take another permission than results.
pub(super) async fn update(call: Call, payload: Payload) -> Answer {
    let id = call.number("id")?;
    let (call, body) = call.after(payload.json()).await?;
    let patch = BuildPatch::read(&body)?;
    let inside = call.project_for(action(&[(id, patch.clone())])).await?;
    let changed = change(&call, &inside.access, &[(id, patch)]).await?;
    match changed.first() {
        Some(build) => show(&call, &inside, build).await,
        None => Err(DevOpsError::build_not_found(id).into()),
    }
}

/// `PATCH /{organization}/{project}/_apis/build/builds`: several at once, all of them or none.
pub(super) async fn update_several(call: Call, payload: Payload) -> Answer {
    let (call, body) = call.after(payload.json()).await?;
    let wrong = || DevOpsError::bad_request("The body must be an array of builds, each with an id.");
    let entries = body.as_array().filter(|entries| entries.len() <= MOST_CHANGED).ok_or_else(wrong)?;
    let mut seen = BTreeSet::new();
    let mut patches = Vec::with_capacity(entries.len());
    for entry in entries {
        let id = entry.get("id").and_then(Value::as_i64).filter(|id| seen.insert(*id)).ok_or_else(wrong)?;
        patches.push((id, BuildPatch::read(entry)?));
    }
    let inside = call.project_for(action(&patches)).await?;
    let changed = change(&call, &inside.access, &patches).await?;
    let shown = Shown { call: &call, access: &inside.access, facts: &inside.facts, project: &inside.project };
    call.list(shown.all(&changed).await?)
}

fn action(patches: &[(i64, BuildPatch)]) -> Action {
    let of_quality_only = patches.iter().all(|(_, patch)| patch.is_of_quality_only());
    if of_quality_only { Action::TagBuilds } else { Action::UpdateBuilds }
}

async fn change(call: &Call, access: &ProjectAccess, patches: &[(i64, BuildPatch)]) -> Result<Vec<Build>, ApiError> {
    let rule = async || -> Result<(Result<Vec<Build>, DevOpsError>, Changes), StoreError> {
        let mut changes = Changes::none();
        let mut changed = Vec::with_capacity(patches.len());
        for (id, patch) in patches {
            let present = call.app.store.build(access, *id).await?;
            let Some(present) = present else { return Ok((Err(DevOpsError::build_not_found(*id)), Changes::none())) };
            match build::update(&present.build, patch, call.person(), call.now) {
                Ok(next) => {
                    changes.append(kept::update_through(access, &present, &next, through(call)));
                    changed.push(next);
                }
                Err(error) => return Ok((Err(error), Changes::none())),
            }
        }
        Ok((Ok(changed), changes))
    };
    Ok(call.app.store.decide(rule).await??)
}

/// Changes one build by a rule.
pub(super) async fn change_by(
    call: &Call,
    access: &ProjectAccess,
    rule: impl Fn(&Build) -> Result<Build, DevOpsError>,
) -> Result<Build, ApiError> {
    let id = call.number("id")?;
    let changed = call
        .app
        .store
        .decide(|| async {
            let Some(present) = call.app.store.build(access, id).await? else {
                return Ok((Err(DevOpsError::build_not_found(id)), Changes::none()));
            };
            let next = rule(&present.build);
            let keep = |next| kept::update_through(access, &present, next, through(call));
            let changes = next.as_ref().map(keep).unwrap_or_default();
            Ok((next, changes))
        })
        .await?;
    Ok(changed?)
}

async fn show(call: &Call, inside: &InProject, build: &Build) -> Answer {
    let shown = Shown { call, access: &inside.access, facts: &inside.facts, project: &inside.project };
    let mut shown = shown.all(std::slice::from_ref(build)).await?;
    match shown.pop() {
        Some(build) => call.json(&build),
        None => Err(DevOpsError::build_not_found(build.id).into()),
    }
}

/// Where builds are shown.
struct Shown<'a> {
    call: &'a Call,
    access: &'a ProjectAccess,
    facts: &'a OrganizationFacts,
    project: &'a Project,
}

impl Shown<'_> {
    /// Builds with what they speak of: definitions, repositories and people, each looked up once.
    async fn all(&self, builds: &[Build]) -> Result<Vec<wire::build::Build>, ApiError> {
        let mut definitions: HashMap<i64, Definition> = HashMap::new();
        for build in builds {
            if !definitions.contains_key(&build.definition) {
                let definition = self.call.app.store.definition(self.access, build.definition).await?;
                definitions.extend(definition.map(|definition| (definition.id, definition)));
            }
        }
        let urls = self.call.urls(&self.facts.organization);
        let identities = people::identities(&self.call.app, &urls, builds.iter().flat_map(mentioned)).await?;
        let shown = builds.iter().map(|build| {
            let lost = || ApiError::Bug(format!("build {} has no definition or repository", build.id));
            let definition = definitions.get(&build.definition).ok_or_else(lost)?;
            let repository = self.facts.repository_by_id(build.repository).ok_or_else(lost)?;
            Ok(wire::build::build(&urls, self.project, repository, definition, &identities, build))
        });
        shown.collect()
    }
}

fn mentioned(build: &Build) -> [PersonId; 3] {
    [build.requested_for, build.requested_by, build.last_changed_by]
}
