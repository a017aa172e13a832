//! What a service did under an authorization: what for it was used, and what it changed, as far as the person may see it now.

use std::collections::BTreeMap;

use latchkey_devops::access::{self, Action, Asked, InOrganization, ProjectAccess};
use latchkey_devops::ids::ProjectId;
use latchkey_devops::membership::Member;
use latchkey_devops::work_item::field;
use latchkey_identity::Timestamp;
use latchkey_identity::authorization::AuthorizationId;
use latchkey_store::StoreError;
use latchkey_store::devops::OrganizationFacts;
use latchkey_store::identity::UseOfDay;
use uuid::Uuid;

use super::visit::{Visit, moment};
use crate::pages::authorization::{Deed, UsedFor};
use crate::pages::capitalized;
use crate::pages::project::Place;

/// How many changes are shown, and how many are looked at in each organization.
const MOST_SHOWN: u32 = 30;
/// How many ways of use are shown.
const MOST_WAYS: usize = 20;
/// In how many of the person's organizations is looked.
const MOST_ORGANIZATIONS: usize = 20;

/// What is known of the service's doings.
pub(super) struct Deeds {
    /// What for it was used.
    pub(super) used_for: Vec<UsedFor>,
    /// What it changed, the newest first.
    pub(super) changes: Vec<Deed>,
}

/// Looks at what was done under an authorization.
pub(super) async fn of(visit: &Visit, id: AuthorizationId, uses: &[UseOfDay]) -> Result<Deeds, StoreError> {
    let store = &visit.app.store;
    let (mut changes, mut projects) = (Vec::new(), BTreeMap::new());
    for facts in store.organizations_of(visit.person()).await?.into_iter().take(MOST_ORGANIZATIONS) {
        let Some(member) = store.member(facts.id(), visit.person()).await? else { continue };
        let reached = facts.projects().filter(|project| member.reaches(&facts.organization, project.id));
        projects.extend(reached.map(|project| (project.id.0, project.name.to_string())));
        let may = |project, action| may(visit, &facts, &member, project, action);
        for revision in store.revisions_under(facts.id(), id.0, MOST_SHOWN).await? {
            let Some((access, at)) = may(revision.project(), Action::ReadWorkItems) else { continue };
            let Some(item) = revision.prove(&access) else { continue };
            let did = if item.rev == 1 { "Made" } else { "Changed" };
            let sentence = format!("{did} {} #{}: {}", item.kind.name(), item.id, item.text(field::TITLE));
            let href = format!("{}/_workitems/edit/{}", at.path(), item.id);
            changes.push((item.changed_at, sentence, href));
        }
        for build in store.builds_under(facts.id(), id.0, MOST_SHOWN).await? {
            let Some((access, at)) = may(build.project(), Action::ReadBuilds) else { continue };
            let Some(build) = build.prove(&access) else { continue };
            let did = if build.queued { "Queued" } else { "Reported on" };
            let href = format!("{}/_build/results?buildId={}", at.path(), build.id);
            changes.push((build.at, format!("{did} build {}", build.build_number), href));
        }
    }
    changes.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
    let deed = |(at, sentence, href)| Deed { sentence, href, at: moment(at) };
    let shown = usize::try_from(MOST_SHOWN).unwrap_or(usize::MAX);
    Ok(Deeds { used_for: used_for(uses, &projects), changes: changes.into_iter().take(shown).map(deed).collect() })
}

/// Proof that the person may see this in a project, and where that is.
fn may(
    visit: &Visit,
    facts: &OrganizationFacts,
    member: &Member,
    project: ProjectId,
    action: Action,
) -> Option<(ProjectAccess, Place)> {
    let (organization, project) = (&facts.organization, facts.project_by_id(project)?);
    let within = InOrganization::new(organization.name.as_str(), Some(organization), Some(member));
    let asked = Asked::new(project.name.as_str(), Some(project));
    let access = access::to_project(&visit.caller(), within, asked, action).ok()?;
    let place = Place { organization: organization.name.to_string(), project: project.name.to_string() };
    Some((access, place))
}

/// What for it was used, all days together, the last use first.
fn used_for(uses: &[UseOfDay], projects: &BTreeMap<Uuid, String>) -> Vec<UsedFor> {
    let mut ways: BTreeMap<(&str, Option<Uuid>), (i64, Timestamp)> = BTreeMap::new();
    for one in uses {
        let (count, last) = ways.entry((one.operation.as_str(), one.project)).or_insert((0, one.last_at));
        *count = count.saturating_add(one.count);
        *last = (*last).max(one.last_at);
    }
    let mut ways: Vec<_> = ways.into_iter().collect();
    ways.sort_by_key(|(_, (_, last))| std::cmp::Reverse(*last));
    let place =
        |project: Uuid| projects.get(&project).map_or("a project that you do not reach any more", String::as_str);
    let way = |((operation, project), (count, last)): ((&str, Option<Uuid>), (i64, Timestamp))| UsedFor {
        operation: capitalized(operation),
        place: project.map(|project| place(project).to_owned()),
        count: u32::try_from(count).unwrap_or(u32::MAX),
        last: moment(last),
    };
    ways.into_iter().take(MOST_WAYS).map(way).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_of_one_kind_of_use_in_one_project_are_one_line() {
        let lighthouse = Uuid::from_u128(1);
        let used = |day: i64, operation: &str, project| UseOfDay {
            day: Timestamp::from_secs(day * 86_400),
            operation: operation.into(),
            project,
            count: 2,
            last_at: Timestamp::from_secs(day * 86_400 + 5),
        };
        let uses = [
            used(3, "view work items", Some(lighthouse)),
            used(2, "view work items", Some(lighthouse)),
            used(1, "view work items", Some(Uuid::from_u128(2))),
            used(4, "list projects", None),
        ];
        let shown = used_for(&uses, &[(lighthouse, "lighthouse".to_owned())].into());
        let shown: Vec<_> = shown.iter().map(|one| (one.place.as_deref(), one.count)).collect();
        let gone = Some("a project that you do not reach any more");
        assert_eq!(shown, [(None, 2), (Some("lighthouse"), 4), (gone, 2)]);
    }
}
