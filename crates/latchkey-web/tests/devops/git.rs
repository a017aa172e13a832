//! Clone and push, by the `git` program over a real socket.

use std::path::Path;
use std::process::Stdio;

use latchkey_testkit::{World, on_both_databases};
use serde_json::json;
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
fn git_lfs_is_told_in_its_own_words_that_there_is_no_place_for_large_files() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let body = json!({ "operation": "upload", "objects": [] });
        for repository in ["lamp", "lamp.git", "no-such-repository"] {
            let url = format!("/harbor/lighthouse/_git/{repository}/info/lfs/objects/batch");
            for ask in [tokens.post(&url), world.post(&url)] {
                let answer = ask.json(&body).await;
                assert_eq!(
                    (answer.status.as_u16(), answer.header("content-type")),
                    (404, Some("application/vnd.git-lfs+json"))
                );
                assert!(answer.json()["message"].as_str().unwrap().contains("no large files"), "{}", answer.text());
            }
        }
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

/// Packed by gzip, in one block that is stored as it is.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let size = u16::try_from(bytes.len()).unwrap();
    let crc = !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    });
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1];
    let sizes = [size.to_le_bytes(), (!size).to_le_bytes()].concat();
    [&head[..], &sizes, bytes, &crc.to_le_bytes(), &u32::from(size).to_le_bytes()].concat()
}

#[test]
fn a_push_that_its_client_has_packed_is_taken_in() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let refs = "/harbor/lighthouse/_apis/git/repositories/lamp/refs?filter=heads/";
        let main = tokens.get(refs).await.json()["value"][0]["objectId"].as_str().unwrap().to_owned();
        // A branch where there are all objects already: a pack without any.
        let push = |name: &str| {
            let command = format!("{} {main} refs/heads/{name}\0report-status", "0".repeat(40));
            let line = format!("{:04x}{command}0000", command.len() + 4);
            [line.as_bytes(), b"PACK\0\0\0\x02\0\0\0\0", &[0; 20]].concat()
        };
        let ask = |encoding: &str, body: Vec<u8>| {
            let ask = tokens.post("/harbor/lighthouse/_git/lamp/git-receive-pack").header("content-encoding", encoding);
            ask.body("application/x-git-receive-pack-request", body)
        };
        for (encoding, name, body) in [
            ("gzip", "small", gzip(&push("small"))),
            ("x-gzip", "older", gzip(&push("older"))),
            ("identity", "plain", push("plain")),
        ] {
            let answer = ask(encoding, body).await;
            assert!(answer.text().contains(&format!("ok refs/heads/{name}")), "{encoding}: {}", answer.text());
            assert!(tokens.get(refs).await.text().contains(&format!("refs/heads/{name}")), "{encoding}");
        }
        assert_eq!(ask("br", push("no")).await.status, 415);
        assert_eq!(ask("gzip", push("no")).await.status, 400);
        let large = gzip(&[&push("no")[..], &[0; 60_000]].concat());
        assert_eq!(ask("gzip", large.repeat(200)).await.status, 413, "it is more than is held in memory");
        assert!(!tokens.get(refs).await.text().contains("refs/heads/no"));
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
