//! What a developer runs on this workspace: `cargo xtask test`, `cargo xtask bench`, `cargo xtask docs`.
#![allow(clippy::print_stdout, reason = "telling a person at a terminal what happens is what this program is for")]

mod bench;
mod citations;
mod clients;
mod count;
mod doc_tests;
mod docs;
mod postgres;
mod problem;
mod process;
mod report;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask", about)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs every check and every test; installs what they need, or says what is missing
    Test(test::Options),
    /// Measures the release build against the limits of this machine
    Bench(bench::Options),
    /// Writes the table from sections of specifications to functions to tests
    Docs(docs::Options),
}

fn main() -> ExitCode {
    let outcome = Workspace::find().and_then(|workspace| match Cli::parse().task {
        Task::Test(options) => test::run(&options, &workspace),
        Task::Bench(options) => bench::run(&options, &workspace),
        Task::Docs(options) => docs::run(&options, &workspace),
    });
    match outcome {
        Ok(code) => code,
        Err(problem) => {
            println!("{problem}");
            ExitCode::FAILURE
        }
    }
}
