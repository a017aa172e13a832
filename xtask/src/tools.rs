//! What the machine must have beside Rust, git and a C compiler, and how to get it.

use std::env;
use std::path::PathBuf;

use crate::problem::{Outcome, Problem};
use crate::process;
use crate::test::{Part, Parts};
use crate::workspace::Workspace;

/// The oldest Node.js that the clients run on.
const OLDEST_NODE: u32 = 20;

/// Something from the operating system that some parts of the tests need.
struct Program {
    name: &'static str,
    /// Debian's package.
    package: &'static str,
    parts: &'static [Part],
    found: fn(&Workspace) -> bool,
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "git",
        package: "git",
        parts: &[Part::Rust, Part::Interop],
        found: |workspace| workspace.which(&["git"]).is_some(),
    },
    Program {
        name: "the PostgreSQL server",
        package: "postgresql",
        parts: &[Part::Rust],
        found: |workspace| postgres_folder(workspace).is_some(),
    },
    Program {
        name: "Python 3 with venv",
        package: "python3-venv",
        parts: &[Part::Interop],
        found: |workspace| process::succeeds(workspace.command("python3").args(["-c", "import venv, ensurepip"])),
    },
    Program {
        name: "Node.js",
        package: "nodejs",
        parts: &[Part::Interop, Part::Browser],
        found: |workspace| workspace.which(&["node"]).is_some(),
    },
    Program {
        name: "npm",
        package: "npm",
        parts: &[Part::Interop, Part::Browser],
        found: |workspace| workspace.which(&["npm"]).is_some(),
    },
    Program {
        name: "Chromium",
        package: "chromium",
        parts: &[Part::Browser],
        found: |workspace| chromium(workspace).is_some(),
    },
    Program {
        name: "a font for Chromium",
        package: "fonts-dejavu-core",
        parts: &[Part::Browser],
        found: |_| {
            ["/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/dejavu"].iter().any(|f| PathBuf::from(f).is_dir())
        },
    },
];

/// A cargo subcommand that is built here if the machine lacks it.
struct Subcommand {
    name: &'static str,
    version: &'static str,
    parts: &'static [Part],
}

const SUBCOMMANDS: &[Subcommand] = &[
    Subcommand { name: "nextest", version: "0.9.143", parts: &[Part::Rust] },
    Subcommand { name: "deny", version: "0.20.2", parts: &[Part::Lint] },
    Subcommand { name: "machete", version: "0.9.2", parts: &[Part::Lint] },
];

/// Sees to it that everything these parts need is there.
pub(crate) fn prepare(workspace: &Workspace, parts: &Parts, may_install: bool) -> Outcome<()> {
    programs(workspace, parts, may_install)?;
    subcommands(workspace, parts, may_install)?;
    if parts.any(&[Part::Interop, Part::Browser]) { recent_node(workspace) } else { Ok(()) }
}

fn programs(workspace: &Workspace, parts: &Parts, may_install: bool) -> Outcome<()> {
    let missing = || PROGRAMS.iter().filter(|program| parts.any(program.parts) && !(program.found)(workspace));
    let packages: Vec<_> = missing().map(|program| program.package).collect();
    if packages.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = missing().map(|program| program.name).collect();
    let names = names.join(", ");
    let by_hand = format!("apt-get install --no-install-recommends {}", packages.join(" "));
    if !may_install || !is_root() || workspace.which(&["apt-get"]).is_none() {
        return Err(Problem::new(format!("Missing on this machine: {names}. On Debian, run: sudo {by_hand}")));
    }
    println!("Missing on this machine: {names}. Running: {by_hand}");
    process::run(workspace.command("apt-get").args(["update", "-qq"]))?;
    let mut install = workspace.command("apt-get");
    install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(&packages);
    process::run(install.env("DEBIAN_FRONTEND", "noninteractive"))?;
    match missing().next() {
        None => Ok(()),
        Some(program) => {
            Err(Problem::new(format!("{} is installed, but {} is not found", program.package, program.name)))
        }
    }
}

fn subcommands(workspace: &Workspace, parts: &Parts, may_install: bool) -> Outcome<()> {
    for Subcommand { name, version, .. } in SUBCOMMANDS.iter().filter(|subcommand| parts.any(subcommand.parts)) {
        // Asked by its own name: `cargo machete --version` would come from a cargo that hides which one it ran.
        // Some want their name as the first word even then, and some take it for a folder.
        let answers = |words: &[&str]| process::succeeds(workspace.command(format!("cargo-{name}")).args(words));
        if answers(&["--version"]) || answers(&[name, "--version"]) {
            continue;
        }
        let tools = workspace.tools();
        let package = format!("cargo-{name}@{version}");
        if !may_install {
            return Err(Problem::new(format!(
                "Missing on this machine: cargo-{name}. Run: cargo install --locked {package}"
            )));
        }
        println!("Missing on this machine: cargo-{name}. Building it into {}", tools.display());
        process::run(workspace.cargo().args(["install", "--quiet", "--locked", &package, "--root"]).arg(tools))?;
    }
    Ok(())
}

fn recent_node(workspace: &Workspace) -> Outcome<()> {
    let version = process::answer(workspace.command("node").arg("--version"))?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_some_and(|major| major >= OLDEST_NODE) {
        Ok(())
    } else {
        Err(Problem::new(format!("Node.js {OLDEST_NODE} or newer is needed, and this machine has {version}")))
    }
}

/// Where Chromium is: the `CHROMIUM` variable, or the first of its usual names.
pub(crate) fn chromium(workspace: &Workspace) -> Option<PathBuf> {
    let named = env::var_os("CHROMIUM").map(PathBuf::from);
    named.or_else(|| workspace.which(&["chromium", "chromium-browser", "google-chrome"]))
}

/// The folder of PostgreSQL's server programs. Debian keeps them out of the search path, one folder per version.
pub(crate) fn postgres_folder(workspace: &Workspace) -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let folders = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    let newest = folders.filter(|folder| folder.join("postgres").is_file()).max();
    // A link in the search path leads to the folder that has the other programs too.
    newest.or_else(|| workspace.which(&["postgres"])?.canonicalize().ok()?.parent().map(PathBuf::from))
}

/// Whether we run as root, who may install packages and whom PostgreSQL refuses to run as.
pub(crate) fn is_root() -> bool {
    process::answer(std::process::Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}
