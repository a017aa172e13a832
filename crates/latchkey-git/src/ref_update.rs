//! Moving references: every check that does not depend on who asks, then the question whether this caller may, then the move.
//!
//! Between the answer to the question and the move lies nothing but the move. A refusal leaves no reference moved and, for a
//! push, no object behind.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::browse::Browse;
use crate::limits::RECEIVE_TIME;
use crate::patience::within;
use crate::quarantine::Quarantine;
use crate::repository::{blocking, or_gone, sync_folder};
use crate::{GitError, ObjectId, RefName, Repository};

/// A reference that somebody wants moved. [`ObjectId::ZERO`] stands for a reference that does not exist (yet, or any more).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefUpdate {
    /// The full name, as it was sent.
    pub name: String,
    /// Where it must be for the move to happen.
    pub old: ObjectId,
    /// Where it shall be.
    pub new: ObjectId,
}

/// What a move does to what was there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefChange {
    /// The reference is new.
    Create,
    /// What it pointed to is part of what it will point to.
    FastForward,
    /// What it pointed to is not part of what it will point to: history is rewritten (a forced push).
    Rewrite,
    /// The reference goes.
    Delete,
}

/// A move that can be made, when it may be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefCommand {
    /// Which reference.
    pub name: RefName,
    /// Where it is. The move fails if it is elsewhere by then.
    pub old: ObjectId,
    /// Where it will be.
    pub new: ObjectId,
    /// What this does.
    pub change: RefChange,
}

/// What became of one wanted move.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefOutcome {
    /// What was wanted.
    pub update: RefUpdate,
    /// What was done, or why nothing was, in a sentence for the person who asked.
    pub result: Result<RefChange, String>,
}

/// What became of all wanted moves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefMoves<R> {
    /// Of each, in the order they were wanted in.
    pub outcomes: Vec<RefOutcome>,
    /// What `authorize` said, if it refused. Then no reference was moved.
    pub refused: Option<R>,
}

impl Repository {
    /// Moves references for this person without bringing objects: what the API does. `authorize` is asked once, just before the moves, with
    /// those that can be made; its refusal reads as a sentence for the person. Each reference is moved or refused on its own.
    ///
    /// A new place must be one that visible references reach: the name of an object is no right to it.
    pub async fn update_refs<F, R: Display>(
        &self,
        person: Uuid,
        updates: Vec<RefUpdate>,
        authorize: impl FnOnce(Vec<RefCommand>) -> F,
    ) -> Result<RefMoves<R>, GitError>
    where
        F: Future<Output = Result<(), R>>,
    {
        let _slot = self.git.admit(person).await?;
        within(RECEIVE_TIME, self.move_refs(updates, false, None, authorize)).await
    }

    /// The same with the objects of a push, which wait in `incoming`. If `atomic`, all are moved or none.
    pub(crate) async fn move_refs<F, R: Display>(
        &self,
        updates: Vec<RefUpdate>,
        atomic: bool,
        incoming: Option<Quarantine>,
        authorize: impl FnOnce(Vec<RefCommand>) -> F,
    ) -> Result<RefMoves<R>, GitError>
    where
        F: Future<Output = Result<(), R>>,
    {
        let mut refused = None;
        let mut verdicts = self.judge(&updates, incoming.as_ref()).await?;
        if atomic && verdicts.iter().any(Result::is_err) {
            refuse_all(&mut verdicts, "another part of the atomic push was refused");
        }
        let commands: Vec<RefCommand> = verdicts.iter().flatten().cloned().collect();
        if !commands.is_empty() {
            match authorize(commands.clone()).await {
                Err(reason) => {
                    refuse_all(&mut verdicts, &reason.to_string());
                    refused = Some(reason);
                }
                Ok(()) => {
                    // From here on it is carried through, whether or not the client waits for it.
                    let repository = self.clone();
                    let moving = tokio::spawn(async move { repository.publish(commands, atomic, incoming).await });
                    let mut moved = moving.await.map_err(io::Error::other)??.into_iter();
                    for verdict in &mut verdicts {
                        if verdict.is_ok()
                            && let Some(Err(reason)) = moved.next()
                        {
                            *verdict = Err(reason);
                        }
                    }
                }
            }
        }
        let outcome = |(update, verdict): (RefUpdate, Verdict)| RefOutcome {
            update,
            result: verdict.map(|command| command.change),
        };
        Ok(RefMoves { outcomes: updates.into_iter().zip(verdicts).map(outcome).collect(), refused })
    }

    /// Which of the moves can be made at all, and what each would do.
    async fn judge(&self, updates: &[RefUpdate], incoming: Option<&Quarantine>) -> Result<Vec<Verdict>, GitError> {
        let default_branch = self.read(Browse::default_branch).await?;
        let mut names = HashSet::new();
        let mut verdicts = Vec::with_capacity(updates.len());
        for update in updates {
            verdicts.push(if names.insert(update.name.as_str()) {
                by_itself(update, default_branch.as_deref())
            } else {
                Err("the same reference is named twice".to_owned())
            });
        }
        self.look_at_objects(&mut verdicts, incoming).await?;
        for command in verdicts.iter_mut().flatten() {
            if command.change == RefChange::FastForward && !self.is_ancestor(command, incoming).await? {
                command.change = RefChange::Rewrite;
            }
        }
        Ok(verdicts)
    }

    /// Refuses places that do not exist, are not whole, or are not for this kind of reference.
    async fn look_at_objects(&self, verdicts: &mut [Verdict], incoming: Option<&Quarantine>) -> Result<(), GitError> {
        let places: Vec<ObjectId> =
            verdicts.iter().flatten().filter(|command| !command.new.is_zero()).map(|command| command.new).collect();
        if places.is_empty() {
            return Ok(());
        }
        let all_whole = self.is_whole(&places, incoming).await?;
        for verdict in verdicts.iter_mut() {
            let Ok(command) = verdict else { continue };
            if command.change == RefChange::Delete {
                continue;
            }
            let new = command.new;
            if !all_whole && !self.is_whole(&[new], incoming).await? {
                *verdict = Err(format!("{new} is not here, or not with everything that belongs to it"));
            } else if command.name.is_branch() && !self.is_commit(new, incoming).await? {
                *verdict = Err("a branch can only point to a commit".to_owned());
            }
        }
        Ok(())
    }

    /// Whether everything below these objects is here. Without a push, they must be objects that fetching would give as well.
    async fn is_whole(&self, places: &[ObjectId], incoming: Option<&Quarantine>) -> Result<bool, GitError> {
        let Some(incoming) = incoming else {
            return Ok(self.first_unreachable(places.to_vec()).await?.is_none());
        };
        let mut command = self.git.command(&self.folder);
        command.args(["rev-list", "--objects", "--stdin", "--not", "--exclude-hidden=receive", "--all", "--quiet"]);
        incoming.enter(&mut command);
        let input: String = places.iter().map(|id| format!("{id}\n")).collect();
        Ok(self.git.ask_for(RECEIVE_TIME, "rev-list", command, input.as_bytes()).await?.succeeded())
    }

    async fn is_commit(&self, id: ObjectId, incoming: Option<&Quarantine>) -> Result<bool, GitError> {
        let mut command = self.git.command(&self.folder);
        command.args(["cat-file", "-t", &id.to_string()]);
        if let Some(incoming) = incoming {
            incoming.enter(&mut command);
        }
        Ok(self.git.ask("cat-file", command, &[]).await?.successful()? == b"commit\n")
    }

    /// Whether the old place is part of the new one. It is not if one of them is no commit.
    async fn is_ancestor(&self, moved: &RefCommand, incoming: Option<&Quarantine>) -> Result<bool, GitError> {
        let mut command = self.git.command(&self.folder);
        command.args(["merge-base", "--is-ancestor", &moved.old.to_string(), &moved.new.to_string()]);
        if let Some(incoming) = incoming {
            incoming.enter(&mut command);
        }
        Ok(self.git.ask("merge-base", command, &[]).await?.succeeded())
    }

    /// Makes the moves: the objects first, so that no reference ever points to nothing. What this reports is on disk.
    async fn publish(
        self,
        commands: Vec<RefCommand>,
        atomic: bool,
        incoming: Option<Quarantine>,
    ) -> Result<Vec<Result<(), String>>, GitError> {
        if let Some(incoming) = incoming {
            let folder = self.folder.clone();
            blocking(move || incoming.release(&folder)).await?;
        }
        let mut moved = Vec::with_capacity(commands.len());
        match self.transact(&commands).await? {
            Ok(()) => moved.resize(commands.len(), Ok(())),
            Err(reason) if atomic || commands.len() == 1 => moved.resize(commands.len(), Err(reason)),
            // One of them stands in the way of all: each on its own, then.
            Err(_) => {
                for command in &commands {
                    moved.push(self.transact(std::slice::from_ref(command)).await?);
                }
            }
        }
        let folder = self.folder.clone();
        blocking(move || sync_references(&folder, &commands)).await?;
        Ok(moved)
    }

    /// Moves all of these references or none of them.
    async fn transact(&self, commands: &[RefCommand]) -> Result<Result<(), String>, GitError> {
        let mut input = String::new();
        for RefCommand { name, old, new, change } in commands {
            input.push_str(&match change {
                RefChange::Create => format!("create {name}\0{new}\0"),
                RefChange::FastForward | RefChange::Rewrite => format!("update {name}\0{new}\0{old}\0"),
                RefChange::Delete => format!("delete {name}\0{old}\0"),
            });
        }
        let mut command = self.git.command(&self.folder);
        command.args(["update-ref", "--no-deref", "--stdin", "-z"]);
        let answer = self.git.ask("update-ref", command, input.as_bytes()).await?;
        if answer.succeeded() {
            return Ok(Ok(()));
        }
        let complaint = answer.complaint();
        tracing::info!(complaint, "references were not moved");
        Ok(Err(in_plain_words(complaint).to_owned()))
    }
}

/// A move that can be made, or why it cannot.
type Verdict = Result<RefCommand, String>;

fn refuse_all(verdicts: &mut [Verdict], reason: &str) {
    for verdict in verdicts.iter_mut().filter(|verdict| verdict.is_ok()) {
        *verdict = Err(reason.to_owned());
    }
}

/// What can be said of a move without looking at objects. Every update counts as a fast-forward until it is looked at.
fn by_itself(update: &RefUpdate, default_branch: Option<&str>) -> Verdict {
    let named = if update.new.is_zero() { RefName::to_remove } else { RefName::to_move };
    let name = named(&update.name).map_err(|error| error.to_string())?;
    let change = match (update.old.is_zero(), update.new.is_zero()) {
        (true, true) => return Err("there is nothing to delete".to_owned()),
        (true, false) => RefChange::Create,
        (false, false) => RefChange::FastForward,
        (false, true) if Some(name.as_str()) == default_branch => {
            return Err("the default branch cannot be deleted".to_owned());
        }
        (false, true) => RefChange::Delete,
    };
    Ok(RefCommand { name, old: update.old, new: update.new, change })
}

/// What `git update-ref` complains of, for a person who does not see this server's disk.
fn in_plain_words(complaint: &str) -> &'static str {
    if ["but expected", "reference already exists", "unable to resolve reference"]
        .iter()
        .any(|it| complaint.contains(it))
    {
        "the reference has moved meanwhile, fetch first"
    } else if complaint.contains("cannot create") || complaint.contains("cannot process") {
        "the name is in the way of another reference's name"
    } else {
        "the reference could not be moved, try again"
    }
}

/// Makes the places of references durable: their folders, and the file of packed references beside them. The last reference of a folder
/// takes the folder with it.
fn sync_references(repository: &Path, moved: &[RefCommand]) -> io::Result<()> {
    folders_of(repository, moved).iter().try_for_each(|folder| or_gone(sync_folder(folder)))
}

/// The folders that references lie in, the repository's own among them. Hundreds of branches share two or three.
fn folders_of(repository: &Path, moved: &[RefCommand]) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    for command in moved {
        let file = repository.join(command.name.as_str());
        let above = file.ancestors().skip(1).take_while(|folder| folder.starts_with(repository));
        folders.extend(above.map(Path::to_owned));
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ObjectId = ObjectId::from_bytes([1; 20]);
    const B: ObjectId = ObjectId::from_bytes([2; 20]);

    fn update(name: &str, old: ObjectId, new: ObjectId) -> RefUpdate {
        RefUpdate { name: name.to_owned(), old, new }
    }

    #[test]
    fn what_a_move_does_follows_from_where_it_starts_and_ends() {
        let change = |old, new| by_itself(&update("refs/heads/x", old, new), None).map(|command| command.change);
        assert_eq!(change(ObjectId::ZERO, A), Ok(RefChange::Create));
        assert_eq!(change(A, B), Ok(RefChange::FastForward));
        assert_eq!(change(A, ObjectId::ZERO), Ok(RefChange::Delete));
        assert!(change(ObjectId::ZERO, ObjectId::ZERO).is_err());
    }

    #[test]
    fn a_folder_is_made_durable_once_for_all_that_moved_in_it() {
        let moved = ["refs/heads/a", "refs/heads/b", "refs/heads/x/c", "refs/tags/v1"];
        let moved = moved.map(|name| by_itself(&update(name, ObjectId::ZERO, A), None).unwrap());
        let folders = folders_of(Path::new("/r"), &moved);
        let expected = ["/r", "/r/refs", "/r/refs/heads", "/r/refs/heads/x", "/r/refs/tags"];
        assert_eq!(folders, expected.map(PathBuf::from).into());
    }

    #[test]
    fn the_default_branch_stays() {
        let main = Some("refs/heads/main");
        assert!(by_itself(&update("refs/heads/main", A, ObjectId::ZERO), main).is_err());
        assert!(by_itself(&update("refs/heads/main", A, B), main).is_ok());
        assert!(by_itself(&update("refs/heads/other", A, ObjectId::ZERO), main).is_ok());
    }

    #[test]
    fn the_servers_own_references_are_not_moved() {
        for name in ["refs/internal/x", "refs/pull/1/head"] {
            assert!(by_itself(&update(name, ObjectId::ZERO, A), None).is_err());
            assert!(by_itself(&update(name, A, ObjectId::ZERO), None).is_err());
        }
        assert!(by_itself(&update("refs/heads/../../config", ObjectId::ZERO, A), None).is_err());
    }
}
