//! Whether git merges two commits by itself.

use uuid::Uuid;

use crate::quarantine::Quarantine;
use crate::{GitError, ObjectId, Repository};

impl Repository {
    /// Whether git merges these commits of this person's by itself. Nothing is kept of what it tries.
    pub async fn merges(&self, person: Uuid, one: ObjectId, other: ObjectId) -> Result<bool, GitError> {
        let _slot = self.git.admit(person).await?;
        let trial = Quarantine::beside(&self.folder)?;
        let mut command = self.git.command(&self.folder);
        command.args(["-c", "merge.renameLimit=1000", "merge-tree", "--write-tree", "--no-messages"]);
        command.args([one.to_string(), other.to_string()]);
        trial.enter(&mut command);
        // Conflicts end it without success, and so do histories that have nothing in common.
        Ok(self.git.ask("merge-tree", command, &[]).await?.succeeded())
    }
}

#[cfg(test)]
mod tests {
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
        assert!(!merges(made[1]).await);
        assert!(merges(made[2]).await);
        assert!(!merges(made[4]).await);
        let left = std::fs::read_dir(repository.folder.join("objects")).unwrap().flatten();
        assert!(left.into_iter().all(|entry| ["info", "pack"].iter().any(|own| entry.file_name() == *own)));
    }
}
