//! Clone and push, by the `git` program over a real socket.

use std::path::Path;
use std::process::Stdio;

use latchkey_testkit::{World, on_both_databases};
use tokio::process::Command;

/// Runs git in a folder, with nothing of the machine's configuration. `Err` is what it printed.
pub(super) async fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .args([
            "-c",
            "credential.helper=",
            "-c",
            "user.name=Ana",
            "-c",
            "user.email=ana@harbor.test",
            "-c",
            "core.askPass=true",
        ])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .output()
        .await
        .expect("git runs");
    let printed = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(printed(&output.stdout)) } else { Err(printed(&output.stderr)) }
}

fn remote(listener: &latchkey_testkit::server::Listener, token: &str) -> String {
    format!("http://git:{token}@{}/harbor/lighthouse/_git/lamp", listener.address())
}

#[test]
fn a_token_clones_and_pushes() {
    on_both_databases(async |world| {
        let (listener, folder) = (world.listen().await, tempfile::tempdir().unwrap());
        let tokens = world.ana().authorizes_all("burndown").await;
        git(folder.path(), &["clone", "--quiet", &remote(&listener, &tokens.access), "lamp"]).await.unwrap();
        let clone = folder.path().join("lamp");
        assert!(std::fs::read_to_string(clone.join("README.md")).unwrap().starts_with("# Lamp"));
        std::fs::write(clone.join("NEWS.md"), "Brighter.\n").unwrap();
        git(&clone, &["add", "NEWS.md"]).await.unwrap();
        git(&clone, &["commit", "--quiet", "-m", "Brighter"]).await.unwrap();
        git(&clone, &["push", "--quiet", "origin", "main"]).await.unwrap();
        let item = "/harbor/lighthouse/_apis/git/repositories/lamp/items?path=/NEWS.md";
        assert!(tokens.get(item).header("accept", "text/plain").await.text().contains("Brighter"));
    });
}

#[test]
fn who_can_only_look_clones_and_does_not_push() {
    on_both_databases(async |world| {
        let (listener, folder) = (world.listen().await, tempfile::tempdir().unwrap());
        let tokens = world.ana().authorizes("burndown").await;
        git(folder.path(), &["clone", "--quiet", &remote(&listener, &tokens.access), "lamp"]).await.unwrap();
        let clone = folder.path().join("lamp");
        let refused = git(&clone, &["push", "--quiet", "origin", "main:refs/heads/mine"]).await;
        assert!(refused.is_err());
    });
}

#[test]
fn a_revoked_token_neither_clones_nor_fetches_nor_pushes() {
    on_both_databases(async |world: World| {
        let (listener, folder) = (world.listen().await, tempfile::tempdir().unwrap());
        let ana = world.ana();
        let tokens = ana.authorizes_all("burndown").await;
        git(folder.path(), &["clone", "--quiet", &remote(&listener, &tokens.access), "lamp"]).await.unwrap();
        ana.revokes_all().await;
        let clone = folder.path().join("lamp");
        assert!(git(&clone, &["fetch", "--quiet"]).await.is_err());
        assert!(git(&clone, &["push", "--quiet", "origin", "main:refs/heads/mine"]).await.is_err());
        let again = git(folder.path(), &["clone", "--quiet", &remote(&listener, &tokens.access), "again"]).await;
        assert!(again.is_err() && !folder.path().join("again/README.md").exists());
    });
}

#[test]
fn existing_and_absent_repositories_answer_strangers_alike() {
    on_both_databases(async |world| {
        let ask = async |name: &str| {
            let answer = world.get(&format!("/harbor/lighthouse/_git/{name}/info/refs?service=git-upload-pack")).await;
            let challenges: Vec<_> = answer.headers.get_all("www-authenticate").iter().cloned().collect();
            (answer.status, answer.text(), challenges)
        };
        assert_eq!(ask("lamp").await, ask("absent").await);
        assert_eq!(ask("lamp").await.0, 401);
    });
}
