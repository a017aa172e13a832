//! What no visible reference reaches stays hidden, however it is asked for.

use latchkey_git::RefCommand;

use super::*;

/// A repository in which one commit is reachable only through a hidden reference and one through none.
async fn with_secrets(world: &World) -> [ObjectId; 2] {
    let made = world.repository.import_commits(&[a_commit("main", 1), a_commit("one", 2), a_commit("two", 3)]).await;
    let made = made.unwrap();
    std::fs::create_dir_all(world.server_folder().join("refs/internal")).unwrap();
    let heads = world.server_folder().join("refs/heads");
    std::fs::rename(heads.join("one"), world.server_folder().join("refs/internal/one")).unwrap();
    std::fs::remove_file(heads.join("two")).unwrap();
    [made[1], made[2]]
}

#[tokio::test]
async fn what_no_visible_reference_reaches_is_neither_shown_nor_fetched() {
    let world = World::new().await;
    let secrets = with_secrets(&world).await;
    let here = world.checkout("here").await;
    for version in 0..=2 {
        let protocol = format!("-c protocol.version={version}");
        let shown = world.git(&here, &format!("{protocol} ls-remote origin")).await;
        assert!(!shown.contains("internal") && shown.contains("refs/heads/main"), "{shown}");
        for secret in secrets {
            let said = world.try_git(&here, &format!("{protocol} fetch origin {secret}")).await;
            assert!(!said.ok, "version {version}: {}", said.err);
            let said = world.try_git(&here, &format!("{protocol} fetch origin refs/internal/one")).await;
            assert!(!said.ok, "version {version}: {}", said.err);
        }
    }
    let offered = world.repository.advertise(ANA, Service::ReceivePack, None).await.unwrap();
    assert!(!String::from_utf8_lossy(&offered).contains("internal"));
}

#[tokio::test]
async fn a_client_that_asks_all_the_same_is_refused_in_every_version() {
    let world = World::new().await;
    let secrets = with_secrets(&world).await;
    let blob = world.git(&world.server_folder(), &format!("rev-parse {}:file-3", secrets[1])).await;
    let blob: ObjectId = blob.trim().parse().unwrap();
    for secret in [secrets[0], secrets[1], blob, ObjectId::from_bytes([7; 20])] {
        let old = format!("0032want {secret}\n00000009done\n");
        let new = format!("0011command=fetch00010032want {secret}\n0009done\n0000");
        for (header, body) in [(None, &old), (Some("version=1"), &old), (Some("version=2"), &new)] {
            let answer = world.repository.upload_pack(ANA, body.as_bytes(), Encoding::Identity, header).await.unwrap();
            let text = String::from_utf8_lossy(&everything(answer).await).into_owned();
            assert!(text.contains("ERR upload-pack: not our ref"), "{header:?} {secret}: {text}");
            assert!(!text.contains("PACK"));
        }
    }
    // An older commit of a visible branch is nothing secret.
    let main = world.server_refs()[0].1;
    world.repository.import_commits(&[a_commit("main", 9)]).await.unwrap();
    let body = format!("0011command=fetch00010032want {main}\n0009done\n0000");
    let answer =
        world.repository.upload_pack(ANA, body.as_bytes(), Encoding::Identity, Some("version=2")).await.unwrap();
    assert!(String::from_utf8_lossy(&everything(answer).await).contains("PACK"));
}

#[tokio::test]
async fn the_end_of_a_shallow_clone_is_no_way_into_hidden_history() {
    let world = World::new().await;
    let next = NewCommit { from: Some("one".into()), ..a_commit("one-more", 4) };
    let [hidden, _] = with_secrets(&world).await;
    std::fs::copy(world.server_folder().join("refs/internal/one"), world.server_folder().join("refs/heads/one"))
        .unwrap();
    let more = world.repository.import_commits(&[next]).await.unwrap()[0];
    for name in ["one", "one-more"] {
        std::fs::remove_file(world.server_folder().join("refs/heads").join(name)).unwrap();
    }
    let main = world.server_refs()[0].1;
    for (header, before, after) in [(None, "", "0000"), (Some("version=2"), "0011command=fetch0001", "")] {
        let end = if header.is_some() { "0009done\n0000" } else { "0009done\n" };
        let body = format!("{before}0032want {main}\n0035shallow {more}\n0016deepen 2147483647\n{after}{end}");
        let answer = world.repository.upload_pack(ANA, body.as_bytes(), Encoding::Identity, header).await.unwrap();
        let text = String::from_utf8_lossy(&everything(answer).await).into_owned();
        assert!(text.contains("not our ref"), "{header:?}, {hidden} lies before it: {text}");
    }
    // Ends that only other servers know are nothing to us.
    let elsewhere = ObjectId::from_bytes([7; 20]);
    let body =
        format!("0011command=fetch00010032want {main}\n0035shallow {elsewhere}\n0016deepen 2147483647\n0009done\n0000");
    let answer =
        world.repository.upload_pack(ANA, body.as_bytes(), Encoding::Identity, Some("version=2")).await.unwrap();
    assert!(String::from_utf8_lossy(&everything(answer).await).contains("PACK"));
}

#[tokio::test]
async fn the_name_of_an_unreachable_object_does_not_make_a_branch_of_it() {
    let world = World::new().await;
    let [hidden, lost] = with_secrets(&world).await;
    for new in [hidden, lost, ObjectId::from_bytes([7; 20])] {
        let update = RefUpdate { name: "refs/heads/mine".to_owned(), old: ObjectId::ZERO, new };
        let outcome = world.repository.update_refs(ANA, vec![update], anybody).await.unwrap().outcomes;
        assert!(outcome[0].result.is_err());
    }
    let main = world.server_refs()[0].1;
    let update = |name: &str, old, new| RefUpdate { name: name.to_owned(), old, new };
    let updates =
        vec![update("refs/heads/mine", ObjectId::ZERO, main), update("refs/heads/../x", ObjectId::ZERO, main)];
    let outcomes = world.repository.update_refs(ANA, updates.clone(), anybody).await.unwrap().outcomes;
    assert_eq!(outcomes[0].result, Ok(RefChange::Create));
    assert!(outcomes[1].result.is_err());
    let outcomes = world.repository.update_refs(ANA, updates, anybody).await.unwrap().outcomes;
    assert_eq!(outcomes[0].result, Err("the reference has moved meanwhile, fetch first".to_owned()));
}

async fn anybody(_: Vec<RefCommand>) -> Result<(), String> {
    Ok(())
}
