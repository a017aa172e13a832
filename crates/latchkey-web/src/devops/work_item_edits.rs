//! Making and changing work items. A link has two ends, and both change at once.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_devops::access::ProjectAccess;
use latchkey_devops::error::{DevOpsError, ErrorType};
use latchkey_devops::membership::People;
use latchkey_devops::project::Project;
use latchkey_devops::work_item::{self, Link, LinkType, Patch, Revision, Shape, Surroundings, WorkItem, WorkItemType};
use latchkey_store::devops::organizations::Numbered;
use latchkey_store::devops::work_items as kept;
use latchkey_store::{Changes, StoreError};
use serde_json::{Value, json};

use super::call::{Call, InOrganization};
use super::payload::Payload;
use super::people;
use super::table::Answer;
use super::through::through;
use super::work_items::{Found, find, show};

/// A change that somebody asks for, with everything it leans on.
struct Edit<'a> {
    call: &'a Call,
    patch: &'a Patch,
    people: &'a People,
    inside: &'a InOrganization,
    access: &'a ProjectAccess,
    project: &'a Project,
}

/// Another work item, which a link leads to.
struct Other {
    access: ProjectAccess,
    project: Project,
    item: WorkItem,
}

/// Others by their numbers.
type Others = BTreeMap<i64, Other>;

/// `POST /{organization}/{project}/_apis/wit/workitems/${type}`.
pub(super) async fn create(call: Call, payload: Payload) -> Answer {
    let (call, document) = call.after(payload.json_patch()).await?;
    make(call, &document).await
}

/// Makes an item by a patch document.
pub(super) async fn make(call: Call, document: &Value) -> Answer {
    let shape = shape(&call)?;
    let patch = Patch::parse(document)?;
    let entered = call.project().await?;
    let (access, project) = (entered.access, entered.project.clone());
    let inside = entered.around(&call)?;
    let name = call.named("type");
    let kind = WorkItemType::parse(name);
    let kind = kind.ok_or_else(|| DevOpsError::work_item_type_not_found(name, project.name.as_str()))?;
    let people = people::named(&call.app, &inside, &patch.people()).await?;
    let edit =
        Edit { call: &call, patch: &patch, people: &people, inside: &inside, access: &access, project: &project };
    let item = call.app.store.decide(|| edit.decide(Target::New(kind))).await??;
    show(&call, &Found { inside, access, project, item: item.into() }, &shape).await
}

/// `PATCH /{organization}[/{project}]/_apis/wit/workitems/{id}`.
pub(super) async fn update(call: Call, payload: Payload) -> Answer {
    let (call, document) = call.after(payload.json_patch()).await?;
    change(call, &document).await
}

/// Changes the item that the path names by a patch document.
pub(super) async fn change(call: Call, document: &Value) -> Answer {
    let shape = shape(&call)?;
    let id = call.number("id")?;
    let patch = Patch::parse(document)?;
    let found = find(&call, id).await?;
    let people = people::named(&call.app, &found.inside, &patch.people()).await?;
    let edit = Edit {
        call: &call,
        patch: &patch,
        people: &people,
        inside: &found.inside,
        access: &found.access,
        project: &found.project,
    };
    let item = call.app.store.decide(|| edit.decide(Target::Present(id))).await??;
    show(&call, &Found { item: item.into(), ..found }, &shape).await
}

/// How much of the item the answer holds: everything, unless less is asked for. Rules are bypassed by nobody.
fn shape(call: &Call) -> Result<Shape, DevOpsError> {
    if call.query.flag("bypassRules") {
        let message = "TF401325: You do not have permission to bypass rules on work item updates.";
        return Err(DevOpsError::new(ErrorType::AccessDenied, message));
    }
    match call.query.get("$expand") {
        Some(expand) => Shape::parse(Some(expand), None),
        None => Ok(Shape::everything()),
    }
}

/// Which item is edited.
#[derive(Clone, Copy)]
enum Target {
    New(WorkItemType),
    Present(i64),
}

impl Edit<'_> {
    /// Reads what is true now, and decides. Lost races come here again.
    async fn decide(&self, target: Target) -> Result<(Result<WorkItem, DevOpsError>, Changes), StoreError> {
        let store = &self.call.app.store;
        let organization = self.access.organization();
        let (by, now) = (self.call.person(), self.call.now);
        let mut others = self.others(self.patch.linked_work_items()).await?;
        let reachable: BTreeSet<i64> = others.keys().copied().collect();
        let surroundings = Surroundings { project: self.project, people: self.people, reachable_items: &reachable };
        let revision = match target {
            Target::New(kind) => {
                let id = store.next_number(organization, Numbered::WorkItem).await?;
                work_item::create(id, kind, self.patch, surroundings, by, now)
            }
            Target::Present(id) => {
                let current = store.work_item(organization, id).await?.and_then(|item| item.prove(self.access));
                match current {
                    Some(current) => work_item::update(&current, self.patch, surroundings, by, now),
                    None => Err(DevOpsError::work_item_not_found(id)),
                }
            }
        };
        let revision = match revision {
            Ok(revision) => revision,
            Err(error) => return Ok((Err(error), Changes::none())),
        };
        let left: BTreeSet<i64> = links(&revision.update.relations_removed).map(|(_, other)| other).collect();
        others.extend(self.others(&left - &reachable).await?);
        let other_ends = match self.other_ends(&revision, &others) {
            Ok(changes) => changes,
            Err(error) => return Ok((Err(error), Changes::none())),
        };
        if self.call.query.flag("validateOnly") {
            return Ok((Ok(revision.item), Changes::none()));
        }
        let comment = match revision.comment {
            Some(_) => Some(store.next_number(organization, Numbered::Comment).await?),
            None => None,
        };
        let mut changes = kept::keep_through(self.access, &revision, comment, through(self.call));
        changes.append(other_ends);
        Ok((Ok(revision.item), changes))
    }

    /// Those of these items that the caller may edit.
    async fn others(&self, ids: BTreeSet<i64>) -> Result<Others, StoreError> {
        let ids: Vec<i64> = ids.into_iter().collect();
        let mut others = Others::new();
        if ids.is_empty() {
            return Ok(others);
        }
        for unproven in self.call.app.store.work_items(self.access.organization(), &ids).await? {
            let Some(project) = self.inside.facts.project_by_id(unproven.project()) else { continue };
            let Ok(access) = self.call.enter(self.inside, project) else { continue };
            if let Some(item) = unproven.prove(&access) {
                others.insert(item.id, Other { access, project: project.clone(), item });
            }
        }
        Ok(others)
    }

    /// What happens at the other end of every link that came or went. One that the caller cannot reach keeps what it had.
    fn other_ends(&self, revision: &Revision, others: &Others) -> Result<Changes, DevOpsError> {
        let source = revision.item.id;
        let (by, now) = (self.call.person(), self.call.now);
        let nobody = People::default();
        let reachable = BTreeSet::from([source]);
        let mut changes = Changes::none();
        for (id, other) in others {
            let back = |kind: LinkType| Link::WorkItem { kind: kind.reverse(), target: source };
            let of_other = |link: &(LinkType, i64)| link.1 == *id;
            let place = |link: &Link| other.item.relations.iter().position(|relation| relation.link == *link);

            let went = links(&revision.update.relations_removed).filter(of_other);
            let mut gone: Vec<usize> = went.filter_map(|(kind, _)| place(&back(kind))).collect();
            // From the end on, so that the places that follow stay what they are.
            gone.sort_unstable_by(|one, two| two.cmp(one));
            let removals = gone.iter().map(|place| json!({"op": "remove", "path": format!("/relations/{place}")}));
            let mut patch = Patch::parse(&removals.collect())?;

            let came = links(&revision.update.relations_added).filter(of_other).map(|(kind, _)| back(kind));
            let came: Vec<Link> = came.filter(|link| place(link).is_none()).collect();
            if gone.is_empty() && came.is_empty() {
                continue;
            }
            for link in came {
                patch = patch.with_link(link);
            }
            let surroundings = Surroundings { project: &other.project, people: &nobody, reachable_items: &reachable };
            let end = work_item::update(&other.item, &patch, surroundings, by, now)?;
            changes.append(kept::keep_through(&other.access, &end, None, through(self.call)));
        }
        Ok(changes)
    }
}

/// The links to work items among relations.
fn links(relations: &[work_item::Relation]) -> impl Iterator<Item = (LinkType, i64)> {
    relations.iter().filter_map(|relation| match relation.link {
        Link::WorkItem { kind, target } => Some((kind, target)),
        Link::Hyperlink(_) | Link::Artifact(_) => None,
    })
}
