//! The walls between the crates (`ARCHITECTURE.md`), read from what cargo would really build.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::process::Command;

/// The names of everything that `package` needs in a normal build, itself left out.
fn needs(package: &str) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "--package",
            package,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).unwrap();
    let names: BTreeSet<String> = text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    assert!(names.contains(package), "{package} is in its own tree");
    names.into_iter().filter(|name| name != package).collect()
}

#[test]
fn the_lower_crates_reach_neither_network_nor_database_nor_chance() {
    for package in ["latchkey-jose", "latchkey-identity", "latchkey-devops"] {
        let needed = needs(package);
        for forbidden in ["tokio", "axum", "hyper", "rusqlite", "tokio-postgres", "rand", "reqwest"] {
            assert!(!needed.contains(forbidden), "{package} needs {forbidden}");
        }
    }
}

#[test]
fn the_two_halves_do_not_know_each_other() {
    assert!(!needs("latchkey-identity").contains("latchkey-devops"));
    assert!(!needs("latchkey-devops").contains("latchkey-identity"));
}

#[test]
fn only_the_store_speaks_sql_and_only_web_and_the_binary_speak_http() {
    for package in ["latchkey-git", "latchkey-identity", "latchkey-devops"] {
        assert!(!needs(package).contains("rusqlite"), "{package} speaks SQL");
    }
    for package in ["latchkey-store", "latchkey-git"] {
        let needed = needs(package);
        assert!(!needed.contains("axum") && !needed.contains("hyper"), "{package} speaks HTTP");
    }
}

#[test]
fn what_is_for_tests_is_not_shipped() {
    assert!(!needs("latchkey").contains("latchkey-testkit"));
    assert!(!needs("latchkey").contains("latchkey-bench"));
}
