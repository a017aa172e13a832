//! `cargo xtask test`: everything that must hold, on a machine that needs nothing but Rust, git and a C compiler.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::{Args, ValueEnum};

use crate::clients;
use crate::count::Count;
use crate::doc_tests;
use crate::docs;
use crate::postgres::{self, Cluster};
use crate::problem::{Outcome, Problem};
use crate::process::{self, Stream};
use crate::report::Report;
use crate::tools;
use crate::workspace::Workspace;

/// What to test, and whether the machine may be changed for it.
#[derive(Args)]
pub(crate) struct Options {
    /// Only these parts
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Only these packages, in the parts `lint` and `rust`
    #[arg(long, short, value_name = "NAME")]
    package: Vec<String>,
    /// Say what is missing instead of installing it
    #[arg(long)]
    no_install: bool,
}

/// A part of the tests that can be run by itself.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Format, clippy, licences and bans, unused dependencies
    Lint,
    /// The tests of all crates, on SQLite and PostgreSQL
    Rust,
    /// Unmodified clients against the demo
    Interop,
    /// The whole story in Chromium
    Browser,
}

/// The parts that were asked for.
pub(crate) struct Parts(Vec<Part>);

impl Parts {
    fn of(only: &[Part]) -> Self {
        Self(if only.is_empty() { Part::value_variants().to_vec() } else { only.to_vec() })
    }

    /// Whether at least one of these was asked for.
    pub(crate) fn any(&self, parts: &[Part]) -> bool {
        parts.iter().any(|part| self.0.contains(part))
    }
}

/// Prepares the machine, does the parts in the order of their price, and adds up what came of it.
pub(crate) fn run(options: &Options, workspace: &Workspace) -> Outcome<ExitCode> {
    let parts = Parts::of(&options.only);
    tools::prepare(workspace, &parts, !options.no_install)?;
    let mut report = Report::default();
    if parts.any(&[Part::Lint]) {
        lint(&mut report, workspace, &options.package);
    }
    if parts.any(&[Part::Rust]) {
        rust(&mut report, workspace, &options.package);
    }
    if parts.any(&[Part::Interop, Part::Browser]) {
        against_the_demo(&mut report, workspace, &parts, !options.no_install);
    }
    Ok(if report.close() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn lint(report: &mut Report, workspace: &Workspace, packages: &[String]) {
    report.step("format", || {
        let all = if packages.is_empty() { vec!["--all".into()] } else { chosen(packages) };
        process::run(workspace.cargo().arg("fmt").args(all).arg("--check"))?;
        Ok(Count::PASSED)
    });
    report.step("clippy", || {
        let mut clippy = workspace.cargo();
        clippy.args(["clippy", "--quiet", "--all-targets"]).args(chosen(packages)).args(["--", "-D", "warnings"]);
        process::run(&mut clippy)?;
        Ok(Count::PASSED)
    });
    report.step("licences, bans and sources", || {
        let mut deny = workspace.command("cargo-deny");
        process::run(deny.args(["--log-level", "error", "check", "bans", "licenses", "sources"]))?;
        Ok(Count::PASSED)
    });
    report.step("known vulnerabilities", || {
        if !process::succeeds(workspace.command("cargo-deny").args(["fetch", "db"])) {
            println!("The advisory database cannot be reached from this machine: advisories were not checked.");
            return Ok(Count::SKIPPED);
        }
        process::run(workspace.command("cargo-deny").args(["check", "--disable-fetch", "advisories"]))?;
        Ok(Count::PASSED)
    });
    report.step("unused dependencies", || {
        process::run(workspace.command("cargo-machete").args(["crates", "xtask"]))?;
        Ok(Count::PASSED)
    });
    report.step("the table of standards", || {
        docs::check(workspace)?;
        Ok(Count::PASSED)
    });
}

fn rust(report: &mut Report, workspace: &Workspace, packages: &[String]) {
    let mut cluster = None;
    let started = report.step("start PostgreSQL", || {
        cluster = Some(Cluster::start(workspace)?);
        Ok(Count::default())
    });
    // Dropped at the end of this function, whatever happens below.
    let Some(cluster) = cluster.filter(|_| started) else { return };

    report.step("tests of all crates", || {
        let mut nextest = workspace.cargo();
        nextest.args(["nextest", "run", "--no-fail-fast", "--no-tests=pass", "--status-level=slow"]);
        nextest.args(["--final-status-level=fail"]).args(chosen(packages));
        nextest.env(postgres::VARIABLE, cluster.socket());
        counted(&mut nextest, Stream::Stderr, Count::of_nextest)
    });
    let crates = workspace.root.join("crates");
    let folders =
        if packages.is_empty() { vec![crates] } else { packages.iter().map(|name| crates.join(name)).collect() };
    if folders.iter().any(|folder| doc_tests::below(folder)) {
        report.step("tests in documentation", || {
            let mut doc = workspace.cargo();
            doc.args(["test", "--quiet", "--doc"]).args(chosen(packages));
            counted(&mut doc, Stream::Stdout, Count::of_libtest)
        });
    }
}

fn against_the_demo(report: &mut Report, workspace: &Workspace, parts: &Parts, may_install: bool) {
    let built = report.step("build latchkey", || {
        process::run(workspace.cargo().args(["build", "--quiet", "-p", "latchkey"]))?;
        Ok(Count::default())
    });
    let mut python = None;
    let installed = report.step("install clients", || {
        clients::node(workspace, may_install)?;
        if parts.any(&[Part::Interop]) {
            python = Some(clients::python(workspace, may_install)?);
        }
        Ok(Count::default())
    });
    if !built || !installed {
        println!("The clients and the browser were not tried: there is nothing to try them with.");
        return;
    }
    if let Some(python) = python {
        let node = PathBuf::from("node");
        for (example, program, script) in [
            ("openid-client", &node, "openid-client/main.mjs"),
            ("oauth4webapi", &node, "oauth4webapi/main.mjs"),
            ("Authlib", &python, "authlib/main.py"),
            ("msal for Python", &python, "msal-python/main.py"),
            ("msal for Node.js", &node, "msal-node/main.mjs"),
            ("the conformance tests of MCP", &node, "mcp-conformance/main.mjs"),
            ("the SDK of MCP", &node, "mcp-sdk/main.mjs"),
            ("azure-devops-node-api", &node, "azure-devops-node-api/main.mjs"),
            ("git", &node, "git/main.mjs"),
            ("an older app in Python", &python, "legacy-python/main.py"),
            ("an older app in Node.js", &node, "legacy-node/main.mjs"),
            ("a moved app with openid-client", &node, "moved-node/main.mjs"),
            ("a moved app with msal", &python, "moved-python/main.py"),
        ] {
            report.step(example, || example_with_a_demo(workspace, program, script));
        }
    }
    if parts.any(&[Part::Browser]) {
        for (example, script) in [
            ("the story in Chromium", "browser/main.mjs"),
            ("oidc-client-ts in Chromium", "oidc-client-ts/main.mjs"),
            ("msal for browsers in Chromium", "msal-browser/main.mjs"),
        ] {
            report.step(example, || example_with_a_demo(workspace, Path::new("node"), script));
        }
    }
}

/// Runs one example against a demo of its own. `interop/lib/with-demo.mjs` starts and ends it.
fn example_with_a_demo(workspace: &Workspace, program: &Path, script: &str) -> Outcome<Count> {
    let mut example = workspace.command("node");
    example.current_dir(workspace.interop()).arg("lib/with-demo.mjs").arg(program).arg(script);
    example.env("LATCHKEY_BIN", workspace.latchkey()).env("SCREENSHOTS", workspace.target.join("screenshots"));
    if let Some(chromium) = tools::chromium(workspace) {
        example.env("CHROMIUM", chromium);
    }
    counted(&mut example, Stream::Stdout, Count::of_tap)
}

/// Runs a test program and adds up the cases it reports. One that fails without a failed case is a failed case.
fn counted(command: &mut Command, stream: Stream, read: fn(&str) -> Option<Count>) -> Outcome<Count> {
    let mut count = Count::default();
    let mut reported = false;
    let succeeded = process::watch(command, stream, |line| {
        if let Some(cases) = read(line) {
            count += cases;
            reported = true;
        }
    })?;
    if !succeeded && count.failed == 0 {
        println!("It ended with a failure that is none of its cases.");
        count += Count::FAILED;
    }
    if reported || !succeeded { Ok(count) } else { Err(Problem::new("It reported no cases.")) }
}

/// The arguments that choose these packages, or all of them.
fn chosen(packages: &[String]) -> Vec<String> {
    if packages.is_empty() {
        return vec!["--workspace".into()];
    }
    packages.iter().flat_map(|package| ["--package".into(), package.clone()]).collect()
}
