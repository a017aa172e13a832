//! `cargo xtask bench`: the release build, measured.

use std::process::ExitCode;

use clap::Args;

use crate::problem::Outcome;
use crate::process;
use crate::workspace::Workspace;

/// Which measurements to make; handed to `latchkey-bench` as they are.
#[derive(Args)]
pub(crate) struct Options {
    /// Arguments of `latchkey-bench`; `-- --help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds the release binary and measures it.
pub(crate) fn run(options: &Options, workspace: &Workspace) -> Outcome<ExitCode> {
    process::run(workspace.cargo().args(["build", "--release", "-p", "latchkey"]))?;
    let mut bench = workspace.cargo();
    bench.args(["run", "--release", "-p", "latchkey-bench", "--"]).args(&options.arguments);
    bench.env("LATCHKEY_BIN", workspace.target.join("release/latchkey"));
    process::run(&mut bench)?;
    Ok(ExitCode::SUCCESS)
}
