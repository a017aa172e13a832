//! One commit: what it says, who made it, and what it changed.

use latchkey_git::ObjectId;
use latchkey_git::browse::{Change, ChangeKind};
use latchkey_identity::Timestamp;

use super::problem::Problem;
use super::project::InProject;
use super::repositories::{read, title};
use super::visit::{Answer, Visit, moment};
use crate::pages::commit::{ChangedFile, Commit as CommitPage, HowChanged, Signed};

/// How many changed files are listed.
const MOST_LISTED: usize = 500;

/// `GET /{organization}/{project}/_git/{repository}/commit/{id}`
pub(super) async fn show(visit: Visit) -> Answer {
    let here = InProject::read(&visit).await?;
    let facts = &here.organization().facts;
    let repository = facts.repository(here.project.id, visit.part("repository")).ok_or(Problem::NotFound)?;
    here.may_read(&visit, repository)?;
    let id: ObjectId = visit.part("id").parse().map_err(|_| Problem::NotFound)?;
    let looked = read(&visit, repository, move |browse| {
        let commit = browse.commit(id)?;
        let changes = browse.changes(&commit)?;
        Ok((commit, changes))
    });
    let (commit, changes) = looked.await?;
    let title = title(&commit);
    visit.show(&CommitPage {
        frame: visit.frame(),
        at: here.at(),
        repository: repository.name.to_string(),
        id: commit.id.to_string(),
        // What does not fit into the title stands below it, whole.
        message: commit.message.strip_prefix(&title).unwrap_or(&commit.message).trim().to_owned(),
        title,
        author: signed(&commit.author),
        committer: (commit.committer != commit.author).then(|| signed(&commit.committer)),
        parents: commit.parents.iter().map(ObjectId::to_string).collect(),
        more: !changes.complete || changes.changes.len() > MOST_LISTED,
        changes: changes.changes.iter().take(MOST_LISTED).map(changed).collect(),
    })
}

fn signed(signature: &latchkey_git::Signature) -> Signed {
    Signed {
        name: signature.name.clone(),
        email: signature.email.clone(),
        at: moment(Timestamp::from_secs(signature.seconds)),
    }
}

fn changed(change: &Change) -> ChangedFile {
    let how = match change.kind {
        ChangeKind::Add => HowChanged::Added,
        ChangeKind::Edit => HowChanged::Edited,
        ChangeKind::Delete => HowChanged::Removed,
    };
    ChangedFile { path: change.path.trim_start_matches('/').to_owned(), how }
}
