//! Pushes whose commits the server makes: what the API does for clients without git.
//!
//! The server packs what is asked for as a client of git would, and takes the pack in as it takes in theirs: in a quarantine, checked
//! by git, with the question who may asked just before the reference moves.

use std::fmt::Display;

use gix::objs::Kind;
use uuid::Uuid;

use crate::browse::{Browse, from_gix, to_gix};
use crate::limits::{MAX_NEW_COMMITS, RECEIVE_TIME};
use crate::pack::Pack;
use crate::patience::{Awaited, within};
use crate::receive_pack::first_line;
use crate::repository::blocking;
use crate::tree_edit::TreeEdit;
use crate::{GitError, ObjectId, RefMoves, RefName, RefUpdate, Repository, Signature};

const TOO_MANY_OR_NONE: GitError = GitError::TooLarge("a push of the API makes between 1 and 100 commits");

/// Commits that are to be made, and the reference that is to point to the last of them.
#[derive(Clone, Debug)]
pub struct CommitPush {
    /// The full name of the reference.
    pub name: String,
    /// Where it must be for the move to happen; [`ObjectId::ZERO`] if it is new.
    pub old: ObjectId,
    /// The commit that the first of them follows, which visible references have to reach. Without one it begins a history of its own.
    pub base: Option<ObjectId>,
    /// The commits, each on top of the one before.
    pub commits: Vec<WantedCommit>,
    /// Who makes them, and when.
    pub author: Signature,
}

/// A commit that is to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WantedCommit {
    /// What it says.
    pub message: String,
    /// What it changes, in this order.
    pub changes: Vec<WantedChange>,
}

/// A change to one file. Paths have no slash at their start: `src/main.rs`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WantedChange {
    /// There is a new file.
    Add {
        /// Where there was nothing.
        path: String,
        /// What is in it.
        content: Vec<u8>,
    },
    /// A file has other content.
    Edit {
        /// The file.
        path: String,
        /// What is in it now.
        content: Vec<u8>,
    },
    /// The file, or the folder with everything in it, goes.
    Delete {
        /// The file or folder.
        path: String,
    },
    /// A file or folder is elsewhere.
    Rename {
        /// Where it was.
        from: String,
        /// Where it is now.
        to: String,
        /// What is in the file now, if that changed.
        content: Option<Vec<u8>>,
    },
}

/// What became of such a push.
#[derive(Clone, Debug)]
pub struct CommitsPushed<R> {
    /// The commits that were made.
    pub commits: Vec<ObjectId>,
    /// Whether the reference was moved, and if not, why.
    pub moves: RefMoves<R>,
}

impl Repository {
    /// Makes commits for this person and moves a reference to the last of them. `authorize` is asked once, when the objects have been checked
    /// and the reference is about to move; after a refusal nothing of them stays. `held` is dropped when nothing works on this any more, which may
    /// be a moment after nobody waits for it.
    pub async fn push_commits<F, R: Display, H: Send + 'static>(
        &self,
        person: Uuid,
        push: CommitPush,
        held: H,
        authorize: impl FnOnce(Vec<crate::RefCommand>) -> F,
    ) -> Result<CommitsPushed<R>, GitError>
    where
        F: Future<Output = Result<(), R>>,
    {
        RefName::to_move(&push.name)?;
        if push.commits.len() > MAX_NEW_COMMITS {
            return Err(TOO_MANY_OR_NONE);
        }
        let slot = self.git.admit(person).await?;
        let turn = self.git.turn_to_make().await?;
        within(RECEIVE_TIME, async {
            let (name, old) = (push.name.clone(), push.old);
            let folder = self.folder.clone();
            let awaited = Awaited::default();
            let _waiting = awaited.while_held();
            let compose = move || {
                let made = compose(&Browse::open(&folder)?, push, &awaited)?;
                Ok::<_, GitError>((made, (slot, turn, held)))
            };
            let ((commits, pack), _held) = blocking(compose).await?;
            let new = commits.last().copied().ok_or(TOO_MANY_OR_NONE)?;
            let incoming = self.index_pack(&[], &mut pack.as_slice()).await?.map_err(|complaint| {
                GitError::Impossible(format!("git refuses these commits: {}", first_line(&complaint)))
            })?;
            let updates = vec![RefUpdate { name, old, new }];
            let moves = self.move_refs(updates, true, incoming, authorize).await?;
            Ok(CommitsPushed { commits, moves })
        })
        .await
    }
}

/// Makes the objects of a push, as long as that is waited for.
fn compose(browse: &Browse, push: CommitPush, awaited: &Awaited) -> Result<(Vec<ObjectId>, Vec<u8>), GitError> {
    let who = push.author.written()?;
    let root = push.base.map(|base| browse.root(base)).transpose()?;
    let mut files = TreeEdit::of(browse, root, awaited)?;
    let mut pack = Pack::new();
    let mut parent = push.base.map(to_gix);
    let mut made = Vec::with_capacity(push.commits.len());
    for commit in push.commits {
        for change in commit.changes {
            awaited.check()?;
            apply(&mut files, &mut pack, &change)?;
        }
        let tree = files.write(&mut pack)?;
        let follows = parent.map(|parent| format!("parent {parent}\n")).unwrap_or_default();
        let message = commit.message.trim_end();
        let data = format!("tree {tree}\n{follows}author {who}\ncommitter {who}\n\n{message}\n");
        let id = pack.add(Kind::Commit, data.as_bytes())?;
        made.push(from_gix(&id));
        parent = Some(id);
    }
    Ok((made, pack.finish()?))
}

fn apply(files: &mut TreeEdit<'_>, pack: &mut Pack, change: &WantedChange) -> Result<(), GitError> {
    match change {
        WantedChange::Add { path, content } => files.add(path, pack.add(Kind::Blob, content)?),
        WantedChange::Edit { path, content } => files.edit(path, pack.add(Kind::Blob, content)?),
        WantedChange::Delete { path } => files.delete(path),
        WantedChange::Rename { from, to, content } => {
            files.rename(from, to)?;
            match content {
                Some(content) => files.edit(to, pack.add(Kind::Blob, content)?),
                None => Ok(()),
            }
        }
    }
}

#[cfg(test)]
mod tests;
