//! A git program as it runs: bounded, and never left behind.

use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::GitError;
use crate::limits::{MAX_COMPLAINT_BYTES, MAX_CPU_SECONDS, MAX_MEMORY_BYTES, MAX_PACK_BYTES, QUESTION_TIME};

/// What a git program may take.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// How long it is waited for, where it is asked a question.
    pub(crate) time: Duration,
    /// Its private memory.
    pub(crate) memory: u64,
    /// A file that it writes.
    pub(crate) file: u64,
}

impl Bounds {
    /// What most may take.
    pub(crate) const USUAL: Self = Self { time: QUESTION_TIME, memory: MAX_MEMORY_BYTES, file: 2 * MAX_PACK_BYTES };
}

/// A git program that runs, alone with its children in a process group. All of them end when this is dropped.
pub(crate) struct Running {
    child: Child,
}

impl Running {
    /// Starts the command and puts bounds on what it may take.
    pub(crate) fn start(command: Command) -> Result<Self, GitError> {
        Self::start_within(Bounds::USUAL, command)
    }

    /// The same, with other bounds.
    pub(crate) fn start_within(bounds: Bounds, mut command: Command) -> Result<Self, GitError> {
        let child = command.spawn()?;
        let running = Self { child };
        if let Some(pid) = running.group() {
            bound(pid, bounds)?;
        }
        Ok(running)
    }

    /// Its standard input; once.
    pub(crate) fn stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// Its standard output; once.
    pub(crate) fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Waits for its end. Returns how it ended and what it said on its standard error.
    pub(crate) async fn end(&mut self) -> Result<(ExitStatus, String), GitError> {
        let complaint = match self.child.stderr.take() {
            Some(stderr) => first_part(stderr).await?,
            None => String::new(),
        };
        Ok((self.child.wait().await?, complaint))
    }

    /// The process group, as long as the program has not been waited for: until then no other process can have its number.
    fn group(&self) -> Option<Pid> {
        self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(group) = self.group() {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(target_os = "linux")]
fn bound(pid: Pid, bounds: Bounds) -> Result<(), GitError> {
    use rustix::process::{Resource, Rlimit, prlimit};
    for (resource, most) in [
        (Resource::Cpu, MAX_CPU_SECONDS),
        (Resource::Data, bounds.memory),
        (Resource::Fsize, bounds.file),
        (Resource::Core, 0),
    ] {
        match prlimit(Some(pid), resource, Rlimit { current: Some(most), maximum: Some(most) }) {
            // It has ended already.
            Ok(_) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => return Err(GitError::Io(error.into())),
        }
    }
    Ok(())
}

/// Only Linux lets one process put bounds on another; elsewhere time is the bound.
#[cfg(not(target_os = "linux"))]
fn bound(_: Pid, _: Bounds) -> Result<(), GitError> {
    Ok(())
}

/// Keeps the first part and reads the rest away, so that the writer is never held up.
async fn first_part(mut input: impl AsyncRead + Unpin) -> Result<String, GitError> {
    let mut kept = Vec::new();
    (&mut input).take(MAX_COMPLAINT_BYTES).read_to_end(&mut kept).await?;
    tokio::io::copy(&mut input, &mut tokio::io::sink()).await?;
    Ok(String::from_utf8_lossy(&kept).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    #[tokio::test]
    async fn a_program_and_its_children_end_when_nobody_waits_for_them() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", "tail -f /dev/null & echo; wait"])
            .stdout(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        command.current_dir(folder.path());
        let mut running = Running::start(command).unwrap();
        let mut stdout = running.stdout().unwrap();
        let mut number = [0; 1];
        stdout.read_exact(&mut number).await.unwrap();
        drop(running);
        // The child holds the other end of the pipe: it ends when the child does.
        let mut rest = Vec::new();
        stdout.read_to_end(&mut rest).await.unwrap();
    }
}
