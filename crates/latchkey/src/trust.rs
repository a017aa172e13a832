//! `latchkey trust`: the demo's authority in the system's store, for clients that ask the system whom to trust.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Subcommand;

use crate::authority::certificate_path;
use crate::failure::{Exit, Failure};
use crate::out;

/// What can be done.
#[derive(Clone, Copy, Subcommand)]
pub(crate) enum Action {
    /// Print the authority's certificate
    #[command(after_help = "Example:\n  curl --cacert <(latchkey trust print) https://localhost:4243/healthz")]
    Print,
    /// Have this system trust it; needs the rights of root
    #[command(after_help = "Example:\n  sudo latchkey trust install --data ./latchkey-demo")]
    Install,
    /// Have this system forget it
    Uninstall,
}

/// Where systems keep the authorities that an administrator added, and how they are told.
const STORES: [(&str, &str, &[&str]); 3] = [
    ("/usr/local/share/ca-certificates", "update-ca-certificates", &[]),
    ("/etc/pki/ca-trust/source/anchors", "update-ca-trust", &["extract"]),
    ("/etc/ca-certificates/trust-source/anchors", "trust", &["extract-compat"]),
];
const FILE: &str = "latchkey-demo.crt";

/// Does it, for the demo in `folder`.
pub(crate) fn act(folder: &Path, action: Action) -> Result<(), Failure> {
    let path = certificate_path(folder);
    let certificate = || {
        fs::read_to_string(&path).map_err(|error| {
            Failure::not_found(format!("there is no authority in {}", folder.display()))
                .because(error)
                .remedy("run `latchkey demo` once, or name its folder by --data")
        })
    };
    match action {
        Action::Print => {
            out::data(certificate()?.trim_end());
            Ok(())
        }
        Action::Install => {
            let certificate = certificate()?;
            change("install", folder, |target| fs::write(target, &certificate))
        }
        Action::Uninstall => change("uninstall", folder, |target| fs::remove_file(target)),
    }
}

fn change(verb: &str, folder: &Path, change: impl Fn(&Path) -> io::Result<()>) -> Result<(), Failure> {
    let found = STORES.iter().find(|(store, ..)| Path::new(store).is_dir());
    let Some(&(store, program, arguments)) = found else {
        return Err(Failure::not_found("this system's store of authorities was not found")
            .remedy(format!("add {} to it by hand", certificate_path(folder).display())));
    };
    let target = PathBuf::from(store).join(FILE);
    change(&target).map_err(|error| {
        let failure = Failure::refused(format!("{} cannot be changed", target.display())).because(&error);
        match error.kind() {
            io::ErrorKind::PermissionDenied => {
                failure.remedy(format!("sudo latchkey trust {verb} --data {}", folder.display()))
            }
            _ => failure,
        }
    })?;
    let ended = Command::new(program).args(arguments).status();
    match ended {
        Ok(status) if status.success() => {
            out::note(format_args!("{verb}ed: {}", target.display()));
            Ok(())
        }
        Ok(status) => Err(Failure::new(Exit::Failed, format!("{program} failed")).because(status)),
        Err(error) => Err(Failure::new(Exit::Failed, format!("{program} cannot be run")).because(error)),
    }
}
