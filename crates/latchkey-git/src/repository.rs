//! Where repositories live, and how they are made.

use std::ffi::OsStr;
use std::fs::DirEntry;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use uuid::Uuid;

use crate::limits::{LOCKED_FOR, RECEIVING_FOR};
use crate::{GitError, GitProgram, RefName};

/// Leftovers of a push that was cut off; git's own housekeeping knows the prefix too.
pub(crate) const INCOMING: &str = "tmp_objdir-incoming-";

/// All repositories of this server: bare ones, side by side in one folder, each in a folder named by its id.
///
/// No name that a person chose becomes part of a path.
#[derive(Clone, Debug)]
pub struct Repositories {
    root: PathBuf,
    git: GitProgram,
}

impl Repositories {
    /// The repositories below `root`, which is made if it does not exist.
    pub async fn at(root: PathBuf, git: GitProgram) -> Result<Self, GitError> {
        tokio::fs::create_dir_all(&root).await?;
        let root = tokio::fs::canonicalize(&root).await?;
        Ok(Self { root, git })
    }

    /// Makes an empty repository whose default branch will be `default_branch` (`main`).
    pub async fn create(&self, id: Uuid, default_branch: &str) -> Result<Repository, GitError> {
        RefName::branch(default_branch)?;
        let folder = self.folder(id);
        if tokio::fs::try_exists(&folder).await? {
            return Err(GitError::AlreadyExists);
        }
        // Made beside its place and moved there: a repository is there whole or not at all.
        let making = tempfile::Builder::new().prefix("making-").tempdir_in(&self.root)?;
        let mut command = self.git.command(making.path());
        command.env_remove("GIT_DIR").args(["init", "--quiet", "--bare", "--template=", "--object-format=sha1"]);
        command.arg(format!("--initial-branch={default_branch}")).args(["--", "."]);
        self.git.ask("init", command, &[]).await?.successful()?;
        let made = making.keep();
        if let Err(error) = tokio::fs::rename(&made, &folder).await {
            let _ = tokio::fs::remove_dir_all(&made).await;
            return Err(match error.kind() {
                io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => GitError::AlreadyExists,
                _ => error.into(),
            });
        }
        let root = self.root.clone();
        blocking(move || sync_folder(&root)).await?;
        Ok(Repository { folder, git: self.git.clone() })
    }

    /// The repository with this id.
    pub async fn open(&self, id: Uuid) -> Result<Repository, GitError> {
        let folder = self.folder(id);
        if tokio::fs::try_exists(folder.join("HEAD")).await? {
            Ok(Repository { folder, git: self.git.clone() })
        } else {
            Err(GitError::NotFound)
        }
    }

    /// Removes the repository with this id, and everything in it. There is no way back.
    pub async fn remove(&self, id: Uuid) -> Result<(), GitError> {
        let going = tempfile::Builder::new().prefix("making-").tempdir_in(&self.root)?;
        match tokio::fs::rename(self.folder(id), going.path().join("repository")).await {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(GitError::NotFound),
            Err(error) => return Err(error.into()),
        }
        let root = self.root.clone();
        blocking(move || {
            going.close()?;
            sync_folder(&root)
        })
        .await
    }

    /// Clears away what requests left behind that were cut off with the server: half-received objects, locks, half-made
    /// repositories. Once, at the start, before any request: nobody else may be at work in these repositories.
    pub async fn recover(&self) -> Result<(), GitError> {
        let root = self.root.clone();
        blocking(move || recover_all(&root, &|_, _| true)).await
    }

    /// The same while others are at work in these repositories, on this server or on another one that shares the folder: what is left there goes
    /// that is older than any request.
    pub async fn tidy(&self) -> Result<(), GitError> {
        let root = self.root.clone();
        blocking(move || recover_all(&root, &is_older_than_any_request)).await
    }

    fn folder(&self, id: Uuid) -> PathBuf {
        self.root.join(id.as_hyphenated().to_string())
    }
}

/// One repository.
#[derive(Clone, Debug)]
pub struct Repository {
    pub(crate) folder: PathBuf,
    pub(crate) git: GitProgram,
}

impl Repository {
    /// Makes another branch the default one. It need not exist yet.
    pub async fn set_default_branch(&self, name: &str) -> Result<(), GitError> {
        let branch = RefName::branch(name)?;
        let mut command = self.git.command(&self.folder);
        command.args(["symbolic-ref", "HEAD", branch.as_str()]);
        self.git.ask("symbolic-ref", command, &[]).await?.successful()?;
        Ok(())
    }

    /// How many bytes the repository takes on disk. Reads every folder: blocking.
    pub fn size(&self) -> io::Result<u64> {
        fn below(folder: &Path) -> io::Result<u64> {
            std::fs::read_dir(folder)?.try_fold(0, |sum: u64, entry| {
                let entry = entry?;
                let found = entry.metadata()?;
                Ok(sum + if found.is_dir() { below(&entry.path())? } else { found.len() })
            })
        }
        below(&self.folder)
    }
}

/// What a request leaves behind that is cut off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Leftover {
    /// A half-made repository, or half-received objects.
    Folder,
    /// What keeps others from moving a reference.
    Lock,
}

fn is_older_than_any_request(leftover: Leftover, entry: &DirEntry) -> bool {
    let bound = match leftover {
        Leftover::Folder => RECEIVING_FOR,
        Leftover::Lock => LOCKED_FOR,
    };
    let changed = entry.metadata().and_then(|metadata| metadata.modified());
    changed.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > bound))
}

/// Clears away what is `dead` of what looks as if it was left behind. Somebody else may do the same.
fn recover_all(root: &Path, dead: &dyn Fn(Leftover, &DirEntry) -> bool) -> io::Result<()> {
    for entry in std::fs::read_dir(root)? {
        let entry = entry?;
        if begins_with(&entry.file_name(), "making-") {
            if dead(Leftover::Folder, &entry) {
                or_gone(std::fs::remove_dir_all(entry.path()))?;
            }
        } else if entry.path().join("HEAD").is_file() {
            or_gone(recover_one(&entry.path(), dead))?;
        }
    }
    Ok(())
}

fn recover_one(folder: &Path, dead: &dyn Fn(Leftover, &DirEntry) -> bool) -> io::Result<()> {
    for entry in std::fs::read_dir(folder.join("objects"))? {
        let entry = entry?;
        if begins_with(&entry.file_name(), INCOMING) && dead(Leftover::Folder, &entry) {
            or_gone(std::fs::remove_dir_all(entry.path()))?;
        }
    }
    remove_locks(folder, false, dead)?;
    remove_locks(&folder.join("refs"), true, dead)
}

fn remove_locks(folder: &Path, deep: bool, dead: &dyn Fn(Leftover, &DirEntry) -> bool) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            if deep {
                or_gone(remove_locks(&entry.path(), true, dead))?;
            }
        } else if entry.path().extension() == Some(OsStr::new("lock")) && dead(Leftover::Lock, &entry) {
            or_gone(std::fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

/// What is gone meanwhile is not in the way.
pub(crate) fn or_gone(outcome: io::Result<()>) -> io::Result<()> {
    outcome.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

fn begins_with(name: &OsStr, prefix: &str) -> bool {
    name.as_encoded_bytes().starts_with(prefix.as_bytes())
}

/// Makes the names in a folder as durable as the files behind them.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

/// Does work on the disk away from the threads that serve requests.
pub(crate) async fn blocking<T: Send + 'static, E: Into<GitError> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, GitError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(Into::into),
        Err(stopped) => Err(GitError::Io(io::Error::other(stopped))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn repositories(folder: &Path) -> Repositories {
        let git = GitProgram::find(std::env::var_os("PATH"), folder.join("home")).await.unwrap();
        Repositories::at(folder.join("repositories"), git).await.unwrap()
    }

    #[tokio::test]
    async fn a_repository_is_made_once_and_has_no_hooks() {
        let folder = tempfile::tempdir().unwrap();
        let all = repositories(folder.path()).await;
        let id = Uuid::from_u128(1);
        let made = all.create(id, "trunk").await.unwrap();
        assert_eq!(std::fs::read_to_string(made.folder.join("HEAD")).unwrap(), "ref: refs/heads/trunk\n");
        assert!(!made.folder.join("hooks").exists());
        assert!(matches!(all.create(id, "trunk").await, Err(GitError::AlreadyExists)));
        assert!(all.open(id).await.is_ok());
        assert!(matches!(all.open(Uuid::from_u128(2)).await, Err(GitError::NotFound)));
        all.remove(id).await.unwrap();
        assert!(matches!(all.open(id).await, Err(GitError::NotFound)));
        assert_eq!(std::fs::read_dir(&all.root).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_default_branch_is_a_branch_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let all = repositories(folder.path()).await;
        for wrong in ["", "../x", "--bare", "a b", "x.lock"] {
            assert!(matches!(all.create(Uuid::from_u128(1), wrong).await, Err(GitError::InvalidName(_))), "{wrong}");
        }
        let made = all.create(Uuid::from_u128(1), "main").await.unwrap();
        made.set_default_branch("next/one").await.unwrap();
        assert!(made.set_default_branch("../../x").await.is_err());
        assert_eq!(std::fs::read_to_string(made.folder.join("HEAD")).unwrap(), "ref: refs/heads/next/one\n");
    }

    #[tokio::test]
    async fn what_a_stopped_server_left_behind_is_cleared_away() {
        let folder = tempfile::tempdir().unwrap();
        let all = repositories(folder.path()).await;
        let one = all.create(Uuid::from_u128(1), "main").await.unwrap();
        let left = [
            one.folder.join("objects").join(format!("{INCOMING}x/pack")),
            one.folder.join("refs/heads/a"),
            all.root.join("making-x"),
        ];
        for folder in &left {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::fs::write(one.folder.join("refs/heads/a/b.lock"), "").unwrap();
        std::fs::write(one.folder.join("packed-refs.lock"), "").unwrap();
        // Somebody may be at work.
        all.tidy().await.unwrap();
        assert!(left.iter().all(|folder| folder.exists()) && one.folder.join("packed-refs.lock").exists());
        all.recover().await.unwrap();
        assert!(!one.folder.join(format!("objects/{INCOMING}x")).exists());
        assert!(!one.folder.join("refs/heads/a/b.lock").exists());
        assert!(!one.folder.join("packed-refs.lock").exists());
        assert!(!all.root.join("making-x").exists());
        assert!(all.open(Uuid::from_u128(1)).await.is_ok());
    }

    #[tokio::test]
    async fn what_is_older_than_any_request_goes_while_others_are_at_work() {
        let folder = tempfile::tempdir().unwrap();
        let all = repositories(folder.path()).await;
        let one = all.create(Uuid::from_u128(1), "main").await.unwrap();
        let incoming = one.folder.join("objects").join(format!("{INCOMING}x"));
        let (lock, fresh) = (one.folder.join("refs/heads/a.lock"), one.folder.join("refs/heads/b.lock"));
        std::fs::create_dir_all(&incoming).unwrap();
        for (path, age) in [(&lock, LOCKED_FOR * 2), (&fresh, LOCKED_FOR / 2), (&incoming, RECEIVING_FOR * 2)] {
            if !path.exists() {
                std::fs::write(path, "").unwrap();
            }
            std::fs::File::open(path).unwrap().set_modified(SystemTime::now() - age).unwrap();
        }
        all.tidy().await.unwrap();
        assert!(!lock.exists() && fresh.exists() && !incoming.exists());
    }
}
