//! Commits and history.

use gix::bstr::ByteSlice;
use gix::revision::walk::Sorting;
use gix::traverse::commit::simple::CommitTimeOrder;

use super::{Browse, BrowseError, Version, from_gix, items, to_gix};
use crate::limits::{MAX_MESSAGE_BYTES, MAX_PARENTS, MAX_SIGNATURE_BYTES, MAX_WALKED};
use crate::{ObjectId, Signature};

/// A commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Commit {
    /// Its name.
    pub id: ObjectId,
    /// The root folder as it was then.
    pub tree: ObjectId,
    /// The commits it follows, [`MAX_PARENTS`] at the most; the first is the one it was made on.
    pub parents: Vec<ObjectId>,
    /// Who wrote it.
    pub author: Signature,
    /// Who committed it.
    pub committer: Signature,
    /// What it says, without the newline at the end; the first [`MAX_MESSAGE_BYTES`] of it.
    pub message: String,
}

/// Which part of history is asked for.
#[derive(Clone, Debug)]
pub struct History {
    /// Where it ends.
    pub version: Version,
    /// Leave out the commits that this one reaches: those of a pull request are the commits of its source without those of its target.
    pub without: Option<Version>,
    /// Only commits that changed this file or something in this folder.
    pub path: Option<String>,
    /// How many to pass over.
    pub skip: usize,
    /// How many to return at the most.
    pub top: usize,
}

impl Browse {
    /// A commit by its name, if a visible reference leads to it.
    pub fn commit(&self, id: ObjectId) -> Result<Commit, BrowseError> {
        self.read_commit(self.resolve(&Version::Commit(id))?)
    }

    /// A commit that a reference is known to lead to.
    fn read_commit(&self, id: ObjectId) -> Result<Commit, BrowseError> {
        let found = self.repo.find_commit(to_gix(id))?;
        let commit = found.decode()?;
        Ok(Commit {
            id,
            tree: from_gix(&commit.tree()),
            parents: commit.parents().take(MAX_PARENTS).map(|parent| from_gix(&parent)).collect(),
            author: signature(&commit.author()?),
            committer: signature(&commit.committer()?),
            message: beginning(commit.message.trim_end(), MAX_MESSAGE_BYTES),
        })
    }

    /// History, newest first. It ends early where [`MAX_WALKED`] commits have been looked at; where it takes more to find out what is left
    /// out, it is refused.
    pub fn commits(&self, history: &History) -> Result<Vec<Commit>, BrowseError> {
        let tip = self.resolve(&history.version)?;
        let walk = self.repo.rev_walk([to_gix(tip)]).sorting(Sorting::ByCommitTime(CommitTimeOrder::NewestFirst));
        let walk = match &history.without {
            Some(without) => {
                let wanted = self.only_of(tip, self.resolve(without)?, MAX_WALKED)?;
                walk.selected(move |id| wanted.contains(id))?
            }
            None => walk.all()?,
        };
        let path = history.path.as_deref().map(items::names).filter(|names| !names.is_empty());
        let mut passed_over = 0;
        let mut commits = Vec::new();
        for step in walk.take(MAX_WALKED) {
            if commits.len() >= history.top {
                break;
            }
            let step = step?;
            if let Some(path) = &path
                && !self.changed(step.id, path)?
            {
                continue;
            }
            if passed_over < history.skip {
                passed_over += 1;
                continue;
            }
            commits.push(self.read_commit(from_gix(&step.id))?);
        }
        Ok(commits)
    }

    /// Whether the path is another thing in this commit than in each of its parents. A merge that took it from one of them
    /// did not change it.
    fn changed(&self, id: gix::ObjectId, path: &[&str]) -> Result<bool, BrowseError> {
        let commit = self.repo.find_commit(id)?;
        let here = self.entry_at(&commit, path)?;
        let mut is_root = true;
        for parent in commit.parent_ids() {
            is_root = false;
            if self.entry_at(&self.repo.find_commit(parent)?, path)? == here {
                return Ok(false);
            }
        }
        Ok(!is_root || here.is_some())
    }

    fn entry_at(&self, commit: &gix::Commit<'_>, path: &[&str]) -> Result<Option<(u16, gix::ObjectId)>, BrowseError> {
        let found = commit.tree()?.lookup_entry(path.iter().map(|name| name.as_bytes()))?;
        Ok(found.map(|entry| (entry.mode().value(), entry.object_id())))
    }
}

/// The beginning of a text that somebody pushed: who wrote it chose its length.
fn beginning(text: &[u8], bytes: usize) -> String {
    let whole = text.get(..bytes).unwrap_or(text);
    whole.to_str_lossy().into_owned()
}

fn signature(found: &gix::actor::SignatureRef<'_>) -> Signature {
    let trimmed = found.trim();
    // A moment that nobody can read is the epoch's: the commit is still worth showing.
    let time = trimmed.time().unwrap_or_default();
    Signature {
        name: beginning(trimmed.name, MAX_SIGNATURE_BYTES),
        email: beginning(trimmed.email, MAX_SIGNATURE_BYTES),
        seconds: time.seconds,
        offset_minutes: time.offset / 60,
    }
}
