//! Whether git merges two commits by itself.

use std::process::Stdio;

use uuid::Uuid;

use crate::limits::{MAX_CONTENT_BYTES, MERGING_MEMORY_BYTES, MERGING_TIME};
use crate::quarantine::Quarantine;
use crate::running::Bounds;
use crate::{GitError, ObjectId, Repository};

impl Repository {
    /// Whether git merges two commits without help, for this person; `None` if that takes too much to find out. Nothing of the trial is
    /// kept.
    pub async fn merges(&self, person: Uuid, one: ObjectId, other: ObjectId) -> Result<Option<bool>, GitError> {
        let bounds = Bounds { time: MERGING_TIME, memory: MERGING_MEMORY_BYTES, file: MAX_CONTENT_BYTES };
        self.merges_within(bounds, person, one, other).await
    }

    async fn merges_within(
        &self,
        bounds: Bounds,
        person: Uuid,
        one: ObjectId,
        other: ObjectId,
    ) -> Result<Option<bool>, GitError> {
        let _slot = self.git.admit(person).await?;
        let trial = Quarantine::beside(&self.folder)?;
        let mut command = self.git.command(&self.folder);
        command.args(["-c", "merge.renameLimit=1000", "merge-tree", "--write-tree", "--no-messages"]);
        command.args([one.to_string(), other.to_string()]);
        trial.enter(&mut command);
        // How it ends says everything; what it writes of conflicts may be without end.
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let answer = match self.git.ask_within(bounds, "merge-tree", command, &[]).await {
            Err(GitError::TimedOut) => return Ok(None),
            answer => answer?,
        };
        Ok(match answer.code() {
            Some(0) => Some(true),
            Some(1) => Some(false),
            _ if answer.complaint().contains("unrelated histories") => Some(false),
            _ => {
                tracing::info!(complaint = answer.complaint(), "git did not tell whether commits merge");
                None
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::import::{FileEdit, NewCommit};
    use crate::{GitProgram, Repositories, Signature};

    #[tokio::test]
    async fn branches_merge_unless_they_contradict_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let git = GitProgram::find(std::env::var_os("PATH"), folder.path().join("home")).await.unwrap();
        let all = Repositories::at(folder.path().join("repositories"), git).await.unwrap();
        let repository = all.create(Uuid::from_u128(1), "main").await.unwrap();
        let commit = |branch: &str, from: Option<&str>, path: &str, content: &str| NewCommit {
            branch: branch.into(),
            from: from.map(str::to_owned),
            merges: vec![],
            author: Signature { name: "Ana".into(), email: "a@b.test".into(), seconds: 1, offset_minutes: 0 },
            message: content.into(),
            files: vec![FileEdit::Write { path: path.into(), content: content.into() }],
        };
        let made = repository
            .import_commits(&[
                commit("main", None, "lamp", "on"),
                commit("dim", Some("main"), "lamp", "dim"),
                commit("horn", Some("main"), "horn", "toot"),
                commit("main", None, "lamp", "bright"),
                commit("alone", None, "alone", "x"),
            ])
            .await
            .unwrap();
        let merges = async |other: ObjectId| repository.merges(Uuid::nil(), made[3], other).await.unwrap();
        assert_eq!(merges(made[1]).await, Some(false));
        assert_eq!(merges(made[2]).await, Some(true));
        assert_eq!(merges(made[4]).await, Some(false));
        let left = std::fs::read_dir(repository.folder.join("objects")).unwrap().flatten();
        assert!(left.into_iter().all(|entry| ["info", "pack"].iter().any(|own| entry.file_name() == *own)));
    }

    /// A program that does `instead` in place of a merge, and what git does otherwise.
    fn git_but(folder: &Path, instead: &str) -> OsString {
        let path = std::env::var_os("PATH").unwrap();
        let git = std::env::split_paths(&path).map(|folder| folder.join("git")).find(|git| git.exists()).unwrap();
        let script =
            format!("#!/bin/sh\ncase \" $* \" in *' merge-tree '*) {instead};; esac\nexec {} \"$@\"\n", git.display());
        std::fs::write(folder.join("git"), script).unwrap();
        std::fs::set_permissions(folder.join("git"), Permissions::from_mode(0o755)).unwrap();
        folder.into()
    }

    #[tokio::test]
    async fn nobody_knows_of_branches_that_take_too_much_to_merge() {
        for (instead, time) in [("kill -STOP $$", Duration::from_millis(1)), ("exit 128", MERGING_TIME)] {
            let folder = tempfile::tempdir().unwrap();
            let git =
                GitProgram::find(Some(git_but(folder.path(), instead)), folder.path().join("home")).await.unwrap();
            let all = Repositories::at(folder.path().join("repositories"), git).await.unwrap();
            let repository = all.create(Uuid::from_u128(1), "main").await.unwrap();
            let bounds = Bounds { time, ..Bounds::USUAL };
            let merges = repository.merges_within(bounds, Uuid::nil(), ObjectId::ZERO, ObjectId::ZERO).await;
            assert_eq!(merges.unwrap(), None, "{instead}");
        }
    }
}
