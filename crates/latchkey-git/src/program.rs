//! The `git` program, started with nothing of its surroundings: found once as an absolute path, with an environment, a
//! configuration, a process group and limits of our making, and ended when nobody waits for it any more.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use uuid::Uuid;

use crate::GitError;
use crate::advertise::Protocol;
use crate::limits::MAX_MAKING;
use crate::patience::{Patience, within};
use crate::ref_name::HIDDEN;
use crate::running::{Bounds, Running};
use crate::slots::{Slot, Slots};

/// The first version that understands everything we ask of it (`rev-list --exclude-hidden` is the youngest).
const OLDEST: (u32, u32) = (2, 39);

/// What git is told before it reads a repository's own settings, which nobody outside can write.
const SETTINGS: &[(&str, &str)] = &[
    // Nothing is run on behalf of a repository, and nothing is fetched from anywhere.
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("protocol.allow", "never"),
    // Housekeeping is not started by a request.
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    // What is acknowledged is on disk.
    ("core.fsync", "all"),
    ("core.fsyncMethod", "fsync"),
    // Who fetches gets what the visible references reach, and nothing else.
    ("transfer.hideRefs", HIDDEN),
    ("transfer.advertiseSID", "false"),
    ("transfer.advertiseObjectInfo", "false"),
    ("uploadpack.allowTipSHA1InWant", "false"),
    ("uploadpack.allowReachableSHA1InWant", "false"),
    ("uploadpack.allowAnySHA1InWant", "false"),
    ("uploadpack.allowRefInWant", "false"),
    ("uploadpack.advertiseBundleURIs", "false"),
    // Partial clones without blobs, or without large ones; the filters that make the server search are off.
    ("uploadpack.allowFilter", "true"),
    ("uploadpackfilter.allow", "false"),
    ("uploadpackfilter.blob:none.allow", "true"),
    ("uploadpackfilter.blob:limit.allow", "true"),
    // One request does not take the whole machine.
    ("pack.threads", "2"),
    ("pack.windowMemory", "64m"),
    ("core.bigFileThreshold", "32m"),
];

/// The `git` program and how it is started. Cheap to clone.
#[derive(Clone, Debug)]
pub struct GitProgram {
    path: PathBuf,
    home: PathBuf,
    slots: Slots,
    /// Who may make commits.
    making: Arc<Semaphore>,
    /// How long clients are waited for.
    pub(crate) patience: Patience,
}

impl GitProgram {
    /// Finds `git` in the folders of `search`, a `PATH`, and makes sure that it is young enough. `home` becomes, and must stay,
    /// an empty folder: it is all that git sees of a home.
    pub async fn find(search: Option<OsString>, home: PathBuf) -> Result<Self, GitError> {
        let missing = || GitError::Program("git is not installed: there is no git program in PATH".to_owned());
        let path = std::env::split_paths(&search.ok_or_else(missing)?)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join("git"))
            .find(|candidate| is_program(candidate))
            .ok_or_else(missing)?;
        tokio::fs::create_dir_all(&home).await?;
        let git = Self {
            path,
            home,
            slots: Slots::default(),
            making: Arc::new(Semaphore::new(MAX_MAKING)),
            patience: Patience::USUAL,
        };
        let mut command = git.command(&git.home);
        command.arg("version");
        let answer = git.ask("version", command, &[]).await?.successful()?;
        let version = String::from_utf8_lossy(&answer);
        if parse_version(&version).is_none_or(|found| found < OLDEST) {
            let (major, minor) = OLDEST;
            return Err(GitError::Program(format!("{} is too old: git {major}.{minor} is needed", version.trim())));
        }
        Ok(git)
    }

    /// Room for one more request of this person that runs git, until the slot is dropped.
    pub(crate) async fn admit(&self, person: Uuid) -> Result<Slot, GitError> {
        self.slots.wait_for(person, self.patience.waiting).await
    }

    /// The right to make commits in memory, until it is dropped.
    pub(crate) async fn turn_to_make(&self) -> Result<OwnedSemaphorePermit, GitError> {
        let turn = timeout(self.patience.waiting, Arc::clone(&self.making).acquire_owned()).await;
        turn.map_err(|_| GitError::Busy)?.map_err(|_| GitError::Busy)
    }

    /// A command that sees nothing but `folder`, which is its working directory and its repository. Sub-command and arguments
    /// follow; paths in it are relative to the folder, so that no message tells where it lies.
    pub(crate) fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.path);
        command
            .env_clear()
            .env("PATH", self.path.parent().unwrap_or(Path::new("/usr/bin")))
            .env("HOME", &self.home)
            .env("LC_ALL", "C")
            .env("GIT_DIR", ".")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_CONFIG_COUNT", SETTINGS.len().to_string());
        for (n, (key, value)) in SETTINGS.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{n}"), key).env(format!("GIT_CONFIG_VALUE_{n}"), value);
        }
        command
            .current_dir(folder)
            .process_group(0)
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end, with `input` on its standard input; it has to be quick.
    pub(crate) async fn ask(&self, name: &'static str, command: Command, input: &[u8]) -> Result<Answer, GitError> {
        self.ask_within(Bounds::USUAL, name, command, input).await
    }

    /// The same, for a command that may take this long.
    pub(crate) async fn ask_for(
        &self,
        time: Duration,
        name: &'static str,
        command: Command,
        input: &[u8],
    ) -> Result<Answer, GitError> {
        self.ask_within(Bounds { time, ..Bounds::USUAL }, name, command, input).await
    }

    /// The same, for a command that may take no more than this.
    pub(crate) async fn ask_within(
        &self,
        bounds: Bounds,
        name: &'static str,
        command: Command,
        input: &[u8],
    ) -> Result<Answer, GitError> {
        within(bounds.time, async {
            let mut running = Running::start_within(bounds, command)?;
            let mut stdin = running.stdin();
            let mut stdout = running.stdout();
            let mut output = Vec::new();
            let feed = async {
                if let Some(stdin) = &mut stdin {
                    // Who answers early does not read to the end; what it answers counts.
                    let _ = stdin.write_all(input).await;
                    let _ = stdin.shutdown().await;
                }
                drop(stdin);
            };
            let collect = async {
                match &mut stdout {
                    Some(stdout) => stdout.read_to_end(&mut output).await.map(drop),
                    None => Ok(()),
                }
            };
            let ((), collected, ended) = tokio::join!(feed, collect, running.end());
            collected?;
            let (status, complaint) = ended?;
            Ok(Answer { name, status, output, complaint })
        })
        .await
    }
}

/// What a git command answered.
pub(crate) struct Answer {
    name: &'static str,
    status: ExitStatus,
    output: Vec<u8>,
    complaint: String,
}

impl Answer {
    /// Whether it ended with success.
    pub(crate) fn succeeded(&self) -> bool {
        self.status.success()
    }

    /// What it says with how it ended; nothing if it was ended.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// What it said on its standard error.
    pub(crate) fn complaint(&self) -> &str {
        &self.complaint
    }

    /// Its output, if it ended with success.
    pub(crate) fn successful(self) -> Result<Vec<u8>, GitError> {
        if self.status.success() {
            Ok(self.output)
        } else {
            Err(GitError::Failed { command: self.name, complaint: self.complaint })
        }
    }
}

/// Sets the protocol version that the client asked for, before the sub-command; git's default is none.
pub(crate) fn speak(command: &mut Command, protocol: Protocol) {
    match protocol {
        Protocol::V0 => {}
        Protocol::V1 => drop(command.env("GIT_PROTOCOL", "version=1")),
        Protocol::V2 => drop(command.env("GIT_PROTOCOL", "version=2")),
    }
    if protocol < Protocol::V2 {
        // What a clone left out it could not come back for: these versions ask for what a reference names, and for nothing else.
        command.args(["-c", "uploadpack.allowFilter=false"]);
    }
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// `git version 2.47.3` is 2 and 47.
fn parse_version(line: &str) -> Option<(u32, u32)> {
    let mut parts = line.trim().strip_prefix("git version ")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn git(home: &Path) -> GitProgram {
        GitProgram::find(std::env::var_os("PATH"), home.join("home")).await.unwrap()
    }

    #[tokio::test]
    async fn git_sees_no_settings_but_ours() {
        let folder = tempfile::tempdir().unwrap();
        let git = git(folder.path()).await;
        let mut command = git.command(folder.path());
        command.args(["config", "--list", "--show-origin"]);
        let output = git.ask("config", command, &[]).await.unwrap().successful().unwrap();
        let lines = String::from_utf8(output).unwrap();
        assert_eq!(lines.lines().count(), SETTINGS.len());
        assert!(lines.lines().all(|line| line.starts_with("command line:")), "{lines}");
    }

    #[tokio::test]
    async fn a_machine_without_git_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let search = Some(folder.path().as_os_str().to_owned());
        let error = GitProgram::find(search, folder.path().join("home")).await.unwrap_err();
        assert!(error.to_string().contains("git is not installed"));
    }

    #[test]
    fn versions_of_several_makers_are_read() {
        assert_eq!(parse_version("git version 2.47.3\n"), Some((2, 47)));
        assert_eq!(parse_version("git version 2.39.5 (Apple Git-154)\n"), Some((2, 39)));
        assert_eq!(parse_version("hub version 2"), None);
    }
}
