//! Making commits from data: the same data makes the same commits, with the same names.

use crate::limits::RECEIVE_TIME;
use crate::repository::{blocking, sync_folder};
use crate::{GitError, ObjectId, RefName, Repository, Signature, path};

/// A commit to be made.
#[derive(Clone, Debug)]
pub struct NewCommit {
    /// The branch that it continues, and that points to it afterwards: `main`.
    pub branch: String,
    /// Start the branch at the tip of this other branch. Without it a new branch starts with nothing.
    pub from: Option<String>,
    /// Branches whose tips it merges.
    pub merges: Vec<String>,
    /// Who wrote and committed it.
    pub author: Signature,
    /// What it says.
    pub message: String,
    /// What it changes.
    pub files: Vec<FileEdit>,
}

/// A change to one file.
#[derive(Clone, Debug)]
pub enum FileEdit {
    /// The file has this content, whether or not it existed.
    Write {
        /// The path without a slash at its start: `src/main.rs`.
        path: String,
        /// What is in it.
        content: Vec<u8>,
    },
    /// The file, or the folder with everything in it, goes.
    Remove {
        /// The path.
        path: String,
    },
}

impl Repository {
    /// Makes commits in this order, each on top of what its branch has by then, and returns their names. All branches move at
    /// the end. Asks nobody: for data that the server itself brings.
    pub async fn import_commits(&self, commits: &[NewCommit]) -> Result<Vec<ObjectId>, GitError> {
        let present = self.read(|browse| browse.refs("heads/")).await?;
        let input = stream(commits, present.into_iter().map(|found| found.name).collect())?;
        let mut command = self.git.command(&self.folder);
        command.args(["-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", "--done", "--date-format=raw"]);
        let output = self.git.ask_for(RECEIVE_TIME, "fast-import", command, &input).await?.successful()?;
        let folder = self.folder.clone();
        blocking(move || sync_folder(&folder.join("objects/pack"))).await?;
        let made: Vec<ObjectId> = output.split(|byte| *byte == b'\n').filter_map(ObjectId::from_hex).collect();
        if made.len() == commits.len() {
            Ok(made)
        } else {
            Err(GitError::Failed { command: "fast-import", complaint: "some commits were not named".to_owned() })
        }
    }
}

/// The stream that `git fast-import` reads. `known`: the branches that are there.
fn stream(commits: &[NewCommit], mut known: Vec<String>) -> Result<Vec<u8>, GitError> {
    let mut touched: Vec<String> = Vec::new();
    let mut out = Vec::new();
    for (n, commit) in commits.iter().enumerate() {
        let mark = n + 1;
        let branch = RefName::branch(&commit.branch)?.to_string();
        let who = commit.author.written()?;
        out.extend_from_slice(format!("commit {branch}\nmark :{mark}\nauthor {who}\ncommitter {who}\n").as_bytes());
        data(&mut out, format!("{}\n", commit.message.trim_end()).as_bytes());
        if let Some(from) = &commit.from {
            let from = RefName::branch(from)?.to_string();
            out.extend_from_slice(format!("from {}\n", tip(&from, &touched)).as_bytes());
        } else if known.contains(&branch) && !touched.contains(&branch) {
            // What the repository had before is not known to the importer until it is named.
            out.extend_from_slice(format!("from {branch}^0\n").as_bytes());
        }
        for merged in &commit.merges {
            let merged = RefName::branch(merged)?.to_string();
            out.extend_from_slice(format!("merge {}\n", tip(&merged, &touched)).as_bytes());
        }
        for edit in &commit.files {
            match edit {
                FileEdit::Write { path, content } => {
                    out.extend_from_slice(format!("M 100644 inline {}\n", quoted(path)?).as_bytes());
                    data(&mut out, content);
                }
                FileEdit::Remove { path } => out.extend_from_slice(format!("D {}\n", quoted(path)?).as_bytes()),
            }
        }
        out.extend_from_slice(format!("\nget-mark :{mark}\n").as_bytes());
        known.push(branch.clone());
        touched.push(branch);
    }
    out.extend_from_slice(b"done\n");
    Ok(out)
}

/// The tip of a branch: the importer's own if it has one, otherwise the repository's.
fn tip(branch: &str, touched: &[String]) -> String {
    if touched.iter().any(|name| name == branch) { branch.to_owned() } else { format!("{branch}^0") }
}

fn data(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(format!("data {}\n", bytes.len()).as_bytes());
    out.extend_from_slice(bytes);
    out.push(b'\n');
}

/// A path as the importer reads it, if it is one that every file system can hold.
fn quoted(path: &str) -> Result<String, GitError> {
    path::names(path)?;
    Ok(format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\"")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browse::{History, Version};

    fn commit(branch: &str, seconds: i64, files: Vec<FileEdit>) -> NewCommit {
        NewCommit {
            branch: branch.to_owned(),
            from: None,
            merges: Vec::new(),
            author: Signature {
                name: "Ana".to_owned(),
                email: "ana@harbor.test".to_owned(),
                seconds,
                offset_minutes: -210,
            },
            message: format!("Commit at {seconds}"),
            files,
        }
    }

    fn write(path: &str, content: &str) -> FileEdit {
        FileEdit::Write { path: path.to_owned(), content: content.into() }
    }

    async fn repository(folder: &std::path::Path) -> Repository {
        let git = crate::GitProgram::find(std::env::var_os("PATH"), folder.join("home")).await.unwrap();
        let all = crate::Repositories::at(folder.join("repositories"), git).await.unwrap();
        all.create(uuid::Uuid::from_u128(1), "main").await.unwrap()
    }

    #[tokio::test]
    async fn the_same_data_makes_the_same_commits() {
        let commits = [
            commit("main", 1_700_000_000, vec![write("a", "1"), write("dir/\"b\" ü", "2")]),
            NewCommit { from: Some("main".to_owned()), ..commit("topic", 1_700_000_100, vec![write("c", "3")]) },
            commit("main", 1_700_000_200, vec![FileEdit::Remove { path: "a".to_owned() }]),
            NewCommit { merges: vec!["topic".to_owned()], ..commit("main", 1_700_000_300, vec![write("c", "3")]) },
        ];
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let first = repository(folders[0].path()).await;
        let made = first.import_commits(&commits).await.unwrap();
        assert_eq!(made.len(), 4);
        assert_eq!(repository(folders[1].path()).await.import_commits(&commits).await.unwrap(), made);

        let browse = first.browse().unwrap();
        let merge = browse.commit(made[3]).unwrap();
        assert_eq!(merge.parents, [made[2], made[1]]);
        assert_eq!(merge.author, commits[3].author);
        assert_eq!(merge.message, "Commit at 1700000300");
    }

    #[tokio::test]
    async fn an_import_continues_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let one = repository(folder.path()).await;
        let first = one.import_commits(&[commit("main", 1, vec![write("a", "1")])]).await.unwrap();
        let second = one.import_commits(&[commit("main", 2, vec![write("b", "1")])]).await.unwrap();
        let onward = NewCommit { from: Some("main".to_owned()), ..commit("side", 3, vec![]) };
        let third = one.import_commits(&[onward]).await.unwrap();
        let browse = one.browse().unwrap();
        assert_eq!(browse.commit(second[0]).unwrap().parents, first);
        assert_eq!(browse.commit(third[0]).unwrap().parents, second);
        let history =
            History { version: Version::Branch("side".to_owned()), without: None, path: None, skip: 0, top: 9 };
        assert_eq!(browse.commits(&history).unwrap().len(), 3);
    }

    #[test]
    fn paths_that_leave_the_tree_and_names_that_end_a_line_are_refused() {
        for wrong in ["", "/a", "a//b", "../a", "a/..", ".git/config", "a/.GIT/x", "a\nb", "a\0"] {
            assert!(quoted(wrong).is_err(), "{wrong:?}");
        }
        let mut wrong = commit("main", 1, vec![]);
        wrong.author.name = "A\ncommitter x <y>".to_owned();
        assert!(stream(&[wrong], vec![]).is_err());
        assert!(stream(&[commit("../x", 1, vec![])], vec![]).is_err());
    }
}
