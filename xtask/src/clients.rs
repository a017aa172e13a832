//! The unmodified clients, installed below the target folder by their own package managers.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::problem::{Outcome, Problem};
use crate::process;
use crate::workspace::Workspace;

/// Installs the Node.js clients that `interop/package.json` names, where the examples' imports find them.
pub(crate) fn node(workspace: &Workspace, may_install: bool) -> Outcome<()> {
    let folder = workspace.clients().join("node");
    let list = workspace.interop().join("package.json");
    if !is_current(&folder, &list)? {
        insist("the Node.js clients", may_install)?;
        fs::create_dir_all(&folder).map_err(Problem::at("create", &folder))?;
        fs::copy(&list, folder.join("package.json")).map_err(Problem::at("copy", &list))?;
        let mut npm = workspace.command("npm");
        npm.args(["install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]);
        process::run(npm.arg(&folder))?;
        is_now_current(&folder, &list)?;
    }

    let link = workspace.interop().join("node_modules");
    let modules = folder.join("node_modules");
    if fs::read_link(&link).is_ok_and(|target| target == modules) {
        return Ok(());
    }
    if link.is_symlink() {
        fs::remove_file(&link).map_err(Problem::at("replace", &link))?;
    }
    symlink(&modules, &link).map_err(Problem::at("link", &link))
}

/// Installs the Python clients that `interop/requirements.txt` names. Answers the interpreter that finds them.
pub(crate) fn python(workspace: &Workspace, may_install: bool) -> Outcome<PathBuf> {
    let folder = workspace.clients().join("python");
    let list = workspace.interop().join("requirements.txt");
    let interpreter = folder.join("bin/python");
    if !is_current(&folder, &list)? {
        insist("the Python clients", may_install)?;
        process::run(workspace.command("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let mut pip = workspace.command(&interpreter);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(&list);
        process::run(pip.env("PIP_ROOT_USER_ACTION", "ignore"))?;
        is_now_current(&folder, &list)?;
    }
    Ok(interpreter)
}

fn insist(what: &str, may_install: bool) -> Outcome<()> {
    if may_install {
        println!("Installing {what}");
        Ok(())
    } else {
        Err(Problem::new(format!("Missing: {what}. Run this once without --no-install")))
    }
}

/// Whether what is installed in this folder was installed from this very list.
fn is_current(folder: &Path, list: &Path) -> Outcome<bool> {
    let wanted = fs::read(list).map_err(Problem::at("read", list))?;
    Ok(fs::read(folder.join("installed-from")).is_ok_and(|installed| installed == wanted))
}

fn is_now_current(folder: &Path, list: &Path) -> Outcome<()> {
    fs::copy(list, folder.join("installed-from")).map_err(Problem::at("copy", list))?;
    Ok(())
}
