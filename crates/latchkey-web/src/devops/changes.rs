//! What a commit did to which files, and what differs between two commits.

use latchkey_devops::change::{Change, ChangeType, Changes};
use latchkey_devops::error::DevOpsError;
use latchkey_devops::wire;
use latchkey_devops::wire::change::CommitDiffs;
use latchkey_git::ObjectId;
use latchkey_git::browse::ChangeKind;

use super::call::Call;
use super::commits::named_commit;
use super::error::ApiError;
use super::items::{in_git, object_type, version};
use super::repositories::browse;
use super::table::Answer;

/// How many changes a comparison shows unless another number is asked for.
const PAGE: usize = 100;

/// `GET /{organization}[/{project}]/_apis/git/repositories/{repository}/commits/{commit}/changes`: compared with its first parent.
pub(super) async fn of_commit(call: Call) -> Answer {
    let (top, skip) = page(&call)?;
    let inside = call.repository().await?;
    let id = named_commit(&call, &inside)?;
    let read = browse(&call.app, &inside, move |browse| {
        let commit = browse.commit(id)?;
        Ok((browse.changes(&commit)?, commit.parents.first().copied()))
    });
    let (found, parent) = read.await?;
    let changes = part(found, parent, id, skip, top.unwrap_or(usize::MAX));
    let urls = call.urls(&inside.facts.organization);
    call.json(&wire::change::changes(&urls, &inside.repository, &changes))
}

/// `GET /{organization}[/{project}]/_apis/git/repositories/{repository}/diffs/commits`: from the base, or from the youngest commit that
/// both have, to the target.
pub(super) async fn between(call: Call) -> Answer {
    let (top, skip) = page(&call)?;
    let named = |side: &str| {
        let options = format!("{side}VersionOptions");
        if call.query.get(&options).is_some_and(|given| !given.eq_ignore_ascii_case("none") && given != "0") {
            return Err(ApiError::from(DevOpsError::bad_request(format!("This server knows no {options} but none."))));
        }
        let name = |name: &str| [format!("{side}{name}"), format!("{side}VersionDescriptor.{name}")];
        let ([version_, described], [kind, described_kind]) = (name("Version"), name("VersionType"));
        in_git(&version(&call, &[&version_, &described], &[&kind, &described_kind])?)
    };
    let (base, target) = (named("base")?, named("target")?);
    let from_common = call.query.flag("diffCommonCommit");
    let inside = call.repository().await?;
    let read = browse(&call.app, &inside, move |browse| {
        let (base, target) = (browse.resolve(&base)?, browse.resolve(&target)?);
        let apart = browse.divergence(base, target)?;
        let from = if from_common { apart.common } else { Some(base) };
        Ok((base, target, from, browse.changes_between(from, target)?, apart))
    });
    let (base, target, from, found, apart) = read.await?;
    let changes = part(found, from, target, skip, top.unwrap_or(PAGE));
    let urls = call.urls(&inside.facts.organization);
    call.json(&CommitDiffs {
        all_changes_included: changes.complete,
        changes: wire::change::changes(&urls, &inside.repository, &changes),
        common_commit: apart.common.map(|id| id.to_string()),
        base_commit: base.to_string(),
        target_commit: target.to_string(),
        ahead_count: apart.ahead,
        behind_count: apart.behind,
    })
}

/// How many changes, and behind how many.
fn page(call: &Call) -> Result<(Option<usize>, usize), DevOpsError> {
    let count = |names: &[&str]| call.query.count(names, u32::MAX).map(|count| count.map(|count| count as usize));
    Ok((count(&["$top", "top"])?, count(&["$skip", "skip"])?.unwrap_or(0)))
}

/// A part of the changes that lead from one commit, or from nothing, to another. A file that was moved as it was is renamed.
pub(super) fn part(
    found: latchkey_git::browse::Changes,
    from: Option<ObjectId>,
    to: ObjectId,
    skip: usize,
    top: usize,
) -> Changes {
    // Where some are missing, their counterparts may be among them.
    let moved = if found.complete { found.moved() } else { Default::default() };
    let gone: std::collections::BTreeSet<usize> = moved.values().copied().collect();
    let kinds = found.changes.iter().enumerate().map(|(place, one)| match one.kind {
        ChangeKind::Add if moved.contains_key(&place) => ChangeType::Rename,
        ChangeKind::Add => ChangeType::Add,
        ChangeKind::Edit => ChangeType::Edit,
        ChangeKind::Delete if gone.contains(&place) => ChangeType::DeleteSourceRename,
        ChangeKind::Delete => ChangeType::Delete,
    });
    let kinds: Vec<ChangeType> = kinds.collect();
    let path_of = |place: usize| found.changes.get(place).map(|one| one.path.clone());
    let tell = |place: usize| {
        let one = found.changes.get(place)?;
        let from_path = moved.get(&place).and_then(|source| path_of(*source));
        let is_gone = one.kind == ChangeKind::Delete;
        let before = if is_gone || from_path.is_some() { Some(one.id) } else { one.before };
        Some(Change {
            change: *kinds.get(place)?,
            path: one.path.clone(),
            from: from_path,
            kind: object_type(one.item),
            object_id: (!is_gone).then(|| one.id.to_string()),
            original_object_id: before.map(|id| id.to_string()),
            commit_id: if is_gone { from.unwrap_or(to) } else { to }.to_string(),
        })
    };
    Changes::part(&kinds, skip, top, found.complete, tell)
}
