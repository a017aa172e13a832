//! Where the repository is, and commands that run in it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::problem::{Outcome, Problem};

/// The repository and the folder that everything made goes into.
pub(crate) struct Workspace {
    /// The folder of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target folder. Tools and clients are installed below it too.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// The workspace this program was started in by cargo.
    pub(crate) fn find() -> Outcome<Self> {
        let xtask = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let root = xtask
            .as_deref()
            .and_then(Path::parent)
            .ok_or_else(|| Problem::new("start this as `cargo xtask`, inside the repository"))?
            .to_path_buf();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => root.join("target"),
        };
        Ok(Self { root, target })
    }

    /// The `latchkey` program as the tests use it.
    pub(crate) fn latchkey(&self) -> PathBuf {
        self.target.join("debug/latchkey")
    }

    /// Programs that `cargo install` put here because the machine lacked them.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// The unmodified clients of the interop examples.
    pub(crate) fn clients(&self) -> PathBuf {
        self.target.join("clients")
    }

    /// The folder of the interop examples.
    pub(crate) fn interop(&self) -> PathBuf {
        self.root.join("interop")
    }

    /// A command that starts in the repository and finds our own tools first.
    pub(crate) fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        command.current_dir(&self.root).env("PATH", self.search_path());
        command
    }

    /// The cargo that started us.
    pub(crate) fn cargo(&self) -> Command {
        self.command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// The first of these programs that the machine has.
    pub(crate) fn which(&self, programs: &[&str]) -> Option<PathBuf> {
        let path = self.search_path();
        programs.iter().find_map(|program| {
            env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
        })
    }

    fn search_path(&self) -> OsString {
        let system = env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.tools().join("bin")).chain(env::split_paths(&system));
        env::join_paths(folders).unwrap_or(system)
    }
}
