//! Commits: history, and one of them.

use latchkey_devops::commit::{Commit, Signature};
use latchkey_devops::date;
use latchkey_devops::error::DevOpsError;
use latchkey_devops::wire;
use latchkey_git::ObjectId;
use latchkey_git::browse::History;
use latchkey_identity::Timestamp;

use super::call::{Call, InRepository};
use super::changes::part;
use super::error::ApiError;
use super::items::{in_git, version};
use super::repositories::browse;
use super::table::Answer;

/// How many commits a page has unless another number is asked for.
const PAGE: u32 = 100;
/// How many it has at the most.
const MOST: u32 = 1_000;
/// How many commits are looked at for a person or a time.
const MOST_LOOKED_AT: usize = 20_000;

/// Which commits of a history are wanted.
struct Wanted {
    author: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

/// `GET /{organization}[/{project}]/_apis/git/repositories/{repository}/commits`: newest first.
pub(super) async fn list(call: Call) -> Answer {
    let top = call.query.count(&["searchCriteria.$top", "$top", "top"], MOST)?.unwrap_or(PAGE) as usize;
    let skip = call.query.count(&["searchCriteria.$skip", "$skip", "skip"], u32::MAX)?.unwrap_or(0) as usize;
    let of = |name: &str| {
        let (names, kinds) = (format!("searchCriteria.{name}.version"), format!("searchCriteria.{name}.versionType"));
        version(&call, &[&names], &[&kinds])
    };
    let (at, without) = (of("itemVersion")?, of("compareVersion")?);
    let without = without.name.is_some().then(|| in_git(&without)).transpose()?;
    let path = call.query.any(&["searchCriteria.itemPath", "itemPath"]).map(str::to_owned);
    let wanted = Wanted::read(&call)?;
    let inside = call.repository().await?;
    let history = History { version: in_git(&at)?, without, path, skip, top };
    let read = browse(&call.app, &inside, move |browse| {
        if !wanted.chooses() {
            return browse.commits(&history);
        }
        let all = browse.commits(&History { skip: 0, top: MOST_LOOKED_AT, ..history })?;
        Ok(all.into_iter().filter(|commit| wanted.is_met_by(commit)).skip(skip).take(top).collect())
    });
    let commits = read.await?;
    let urls = call.urls(&inside.facts.organization);
    call.list(
        commits
            .iter()
            .map(|commit| wire::commit::commit_in_list(&urls, &inside.project, &inside.repository, &told(commit))),
    )
}

/// `GET /{organization}[/{project}]/_apis/git/repositories/{repository}/commits/{commit}`, with its changes if a `changeCount` is given.
pub(super) async fn read(call: Call) -> Answer {
    let changes = call.query.count(&["changeCount"], u32::MAX)?.filter(|count| *count > 0);
    let inside = call.repository().await?;
    let id = named_commit(&call, &inside)?;
    let read = browse(&call.app, &inside, move |browse| {
        let commit = browse.commit(id)?;
        let changes = match changes {
            Some(top) => Some((top, browse.changes(&commit)?)),
            None => None,
        };
        Ok((commit, changes))
    });
    let (commit, changes) = read.await?;
    let urls = call.urls(&inside.facts.organization);
    let mut shown = wire::commit::commit(&urls, &inside.project, &inside.repository, &told(&commit));
    shown.changes = changes.map(|(top, found)| {
        let part = part(found, commit.parents.first().copied(), commit.id, 0, top as usize);
        wire::change::changes(&urls, &inside.repository, &part)
    });
    call.json(&shown)
}

/// The commit that the path names.
pub(super) fn named_commit(call: &Call, inside: &InRepository) -> Result<ObjectId, DevOpsError> {
    let name = call.named("commit");
    name.parse().map_err(|_| DevOpsError::version_not_found(name, inside.repository.name.as_str()))
}

impl Wanted {
    fn read(call: &Call) -> Result<Self, ApiError> {
        let moment = |name: &str| match call.query.get(name) {
            None => Ok(None),
            Some(text) => {
                let wrong = || DevOpsError::bad_request(format!("The value of {name} must be a date."));
                date::parse(text).ok_or_else(wrong).map(Some)
            }
        };
        Ok(Self {
            author: call.query.get("searchCriteria.author").map(str::to_lowercase),
            from: moment("searchCriteria.fromDate")?,
            to: moment("searchCriteria.toDate")?,
        })
    }

    fn chooses(&self) -> bool {
        self.author.is_some() || self.from.is_some() || self.to.is_some()
    }

    fn is_met_by(&self, commit: &latchkey_git::browse::Commit) -> bool {
        let author = &commit.author;
        let at = Timestamp::from_secs(commit.committer.seconds);
        self.author
            .as_ref()
            .is_none_or(|wanted| format!("{} <{}>", author.name, author.email).to_lowercase().contains(wanted))
            && self.from.is_none_or(|from| at >= from)
            && self.to.is_none_or(|to| at <= to)
    }
}

/// A commit as the rules know it.
fn told(commit: &latchkey_git::browse::Commit) -> Commit {
    let signature = |signature: &latchkey_git::Signature| Signature {
        name: signature.name.clone(),
        email: signature.email.clone(),
        at: Timestamp::from_secs(signature.seconds),
    };
    Commit {
        id: commit.id.to_string(),
        tree: commit.tree.to_string(),
        author: signature(&commit.author),
        committer: signature(&commit.committer),
        message: commit.message.clone(),
        parents: commit.parents.iter().map(ObjectId::to_string).collect(),
    }
}
