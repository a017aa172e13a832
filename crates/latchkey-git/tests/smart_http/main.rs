//! The real `git` clones, fetches and pushes over HTTP.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "this is all test code"
)]

mod support;
mod unreachable;

use latchkey_git::import::{FileEdit, NewCommit};
use latchkey_git::{Encoding, GitError, ObjectId, RefChange, RefUpdate, Service, Signature};
use support::{ANA, World};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Bytes that do not get smaller when they are packed.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
    .flatten()
    .take(length)
    .collect()
}

fn a_commit(branch: &str, seconds: i64) -> NewCommit {
    let author = Signature { name: "Ben".into(), email: "ben@harbor.test".into(), seconds, offset_minutes: 0 };
    let file = FileEdit::Write { path: format!("file-{seconds}"), content: seconds.to_string().into() };
    NewCommit { branch: branch.into(), from: None, merges: vec![], author, message: "commit".into(), files: vec![file] }
}

async fn everything(stream: latchkey_git::PackStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    tokio_util::io::StreamReader::new(stream).read_to_end(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn clone_fetch_and_push_work_in_every_version_of_the_protocol() {
    for version in 0..=2 {
        let world = World::new().await;
        let protocol = format!("-c protocol.version={version}");
        let here = world.checkout("here").await;
        let first = world.commit(&here, "a", b"1").await;
        world.git(&here, &format!("{protocol} push -q origin main")).await;

        let there = world.folder.path().join("there");
        world.git(world.folder.path(), &format!("{protocol} clone -q {} there", world.url)).await;
        assert_eq!(std::fs::read(there.join("a")).unwrap(), b"1", "version {version}");

        let second = world.commit(&here, "b", b"2").await;
        world.git(&here, "tag -a v1 -m v1").await;
        world.git(&here, &format!("{protocol} push -q origin main v1")).await;
        world.git(&there, &format!("{protocol} pull -q --ff-only --tags")).await;
        assert_eq!(world.git(&there, "rev-parse HEAD v1^{}").await, format!("{second}\n{second}\n"));
        assert_eq!(world.git(&there, "rev-parse HEAD~1").await, format!("{first}\n"));
        assert_eq!(world.git(&there, "fsck --strict").await, "");
    }
}

#[tokio::test]
async fn an_empty_repository_can_be_cloned_and_knows_its_default_branch() {
    let world = World::new().await;
    for version in 0..=2 {
        let arguments = format!("-c protocol.version={version} clone -q {} empty-{version}", world.url);
        let said = world.try_git(world.folder.path(), &arguments).await;
        assert!(said.ok && said.err.contains("cloned an empty repository"), "version {version}: {}", said.err);
    }
    let head = std::fs::read_to_string(world.folder.path().join("empty-2/.git/HEAD")).unwrap();
    assert_eq!(head, "ref: refs/heads/main\n");
}

#[tokio::test]
async fn a_large_push_comes_in_chunks_after_a_probe() {
    let world = World::new().await;
    let here = world.checkout("here").await;
    let content = noise(2_500_000);
    let pushed = world.commit(&here, "large", &content).await;
    world.git(&here, "push -q origin main").await;

    let posts: Vec<_> = world.requests().into_iter().filter(|seen| seen.path.ends_with("receive-pack")).collect();
    assert_eq!(posts.len(), 2, "{posts:?}");
    assert_eq!(posts[0].length.as_deref(), Some("4"));
    assert!(posts[1].chunked && posts[1].length.is_none());
    assert_eq!(world.server_refs(), [("refs/heads/main".to_owned(), pushed)]);
    let browse = world.repository.browse().unwrap();
    let item = browse.item(&latchkey_git::Version::Default, "/large").unwrap();
    assert_eq!(browse.content(&item).unwrap(), content);
}

#[tokio::test]
async fn a_fetch_of_many_references_arrives_packed_and_is_understood() {
    let world = World::new().await;
    let commits: Vec<_> = (0..60).map(|n| a_commit(&format!("branch-{n}"), n)).collect();
    world.repository.import_commits(&commits).await.unwrap();
    world.repository.set_default_branch("branch-0").await.unwrap();
    world.git(world.folder.path(), &format!("clone -q {} there", world.url)).await;
    assert!(world.requests().iter().any(|seen| seen.gzip));
    let fetched = world.git(&world.folder.path().join("there"), "branch -r").await;
    assert_eq!(fetched.lines().filter(|line| line.contains("branch-")).count(), 61);
}

#[tokio::test]
async fn a_push_that_is_refused_at_the_end_moves_nothing_and_leaves_nothing() {
    let world = World::new().await;
    let here = world.checkout("here").await;
    world.commit(&here, "a", b"1").await;
    world.git(&here, "push -q origin main").await;
    let (refs, objects) = (world.server_refs(), world.server_objects());

    // The rights that the push began with have ended by the time its objects are here.
    world.rule(|_| Err("your access to lighthouse ended at 10:42".to_owned()));
    world.commit(&here, "large", &noise(1_500_000)).await;
    let said = world.try_git(&here, "push origin main main:other").await;

    assert!(!said.ok);
    let refusal = "! [remote rejected] main -> main (your access to lighthouse ended at 10:42)";
    assert!(said.err.contains(refusal), "{}", said.err);
    assert!(said.err.contains("! [remote rejected] main -> other"), "{}", said.err);
    assert_eq!(world.server_refs(), refs);
    assert_eq!(world.server_objects(), objects);
    assert!(world.outcomes().iter().skip(1).all(|outcome| outcome.result.is_err()));
}

#[tokio::test]
async fn a_refusal_of_several_lines_is_printed_whole() {
    let world = World::new().await;
    let here = world.checkout("here").await;
    world.commit(&here, "a", b"1").await;
    world.rule(|_| Err("the scope is missing\nApprove vso.code_write for this service.".to_owned()));
    let said = world.try_git(&here, "push origin main").await;
    assert!(said.err.contains("remote: Approve vso.code_write for this service."), "{}", said.err);
    assert!(said.err.contains("(the scope is missing)"), "{}", said.err);
}

#[tokio::test]
async fn who_is_asked_learns_what_each_move_does() {
    let world = World::new().await;
    let here = world.checkout("here").await;
    let first = world.commit(&here, "a", b"1").await;
    world.git(&here, "push -q origin main main:topic").await;
    assert_eq!(world.asked().iter().map(|it| it.change).collect::<Vec<_>>(), [RefChange::Create; 2]);

    let second = world.commit(&here, "a", b"2").await;
    world.git(&here, "push -q origin main").await;
    let asked = world.asked();
    assert_eq!((asked[0].change, asked[0].old, asked[0].new), (RefChange::FastForward, first, second));

    world.git(&here, "commit -q --amend -m another").await;
    world.rule(|commands| match commands.iter().any(|it| it.change == RefChange::Rewrite) {
        true => Err("history of main is not rewritten".to_owned()),
        false => Ok(()),
    });
    let said = world.try_git(&here, "push --force origin main").await;
    assert!(said.err.contains("history of main is not rewritten"), "{}", said.err);
    world.rule(|_| Ok(()));
    world.git(&here, "push -q --force origin main").await;
    assert_eq!(world.asked().iter().map(|it| it.change).collect::<Vec<_>>(), [RefChange::Rewrite; 2]);

    world.git(&here, "push -q origin :topic").await;
    assert_eq!(world.asked()[0].change, RefChange::Delete);
    assert_eq!(world.server_refs().len(), 1);
    let said = world.try_git(&here, "push origin :main").await;
    assert!(said.err.contains("the default branch cannot be deleted"), "{}", said.err);
    assert!(world.asked().is_empty());
}

#[tokio::test]
async fn an_atomic_push_moves_all_or_nothing() {
    let world = World::new().await;
    let here = world.checkout("here").await;
    world.commit(&here, "a", b"1").await;
    let said = world.try_git(&here, "push --atomic origin main main:refs/internal/x").await;
    assert!(!said.ok && said.err.contains("another part of the atomic push was refused"), "{}", said.err);
    assert!(world.server_refs().is_empty());

    let said = world.try_git(&here, "push origin main main:refs/internal/x").await;
    assert!(!said.ok && said.err.contains("is reserved for the server"), "{}", said.err);
    assert_eq!(world.server_refs().len(), 1);
}

#[tokio::test]
async fn a_reference_that_moved_meanwhile_stays_where_it_is() {
    let world = World::new().await;
    let here = world.checkout("here").await;
    world.commit(&here, "a", b"1").await;
    world.git(&here, "push -q origin main main:old").await;
    let before = world.server_refs();
    let second = world.commit(&here, "a", b"2").await;
    world.git(&here, "push -q origin main:next").await;
    world.commit(&here, "a", b"3").await;

    // Somebody else is faster, in the last moment.
    let main = world.server_folder().join("refs/heads/main");
    world.rule(move |_| std::fs::write(&main, format!("{second}\n")).map_err(|error| error.to_string()));
    let said = world.try_git(&here, "push origin main main:new").await;

    assert!(said.err.contains("[remote rejected] main -> main (the reference has moved meanwhile"), "{}", said.err);
    assert!(said.err.contains("[new branch]      main -> new"), "{}", said.err);
    let after = world.server_refs();
    assert_eq!(after.iter().find(|(name, _)| name == "refs/heads/main").unwrap().1, second);
    assert_eq!(
        after.iter().find(|(name, _)| name == "refs/heads/old"),
        before.iter().find(|(name, _)| name.ends_with("old"))
    );
}

#[tokio::test]
async fn names_in_each_others_way_are_told_apart_from_a_race() {
    let world = World::new().await;
    let here = world.checkout("here").await;
    world.commit(&here, "a", b"1").await;
    world.git(&here, "push -q origin main:a").await;
    let said = world.try_git(&here, "push origin main:a/b").await;
    assert!(said.err.contains("in the way of another reference's name"), "{}", said.err);
}

#[tokio::test]
async fn objects_that_are_not_sound_are_refused_and_not_kept() {
    let world = World::new().await;
    let here = world.checkout("here").await;
    world.commit(&here, "a", b"1").await;
    world.git(&here, "push -q origin main").await;
    let objects = world.server_objects();

    // A folder with a `.git` in it would be run by who checks it out.
    let blob = world.git(&here, "rev-parse HEAD:a").await;
    let id = blob.trim().parse::<ObjectId>().unwrap();
    let entry: Vec<u8> = [b"100644 .git\0".as_slice(), id.as_bytes()].concat();
    std::fs::write(here.join("tree"), entry).unwrap();
    let tree = world.git(&here, "hash-object -t tree --literally -w tree").await;
    let commit = world.git(&here, &format!("commit-tree -m bad {}", tree.trim())).await;
    let said = world.try_git(&here, &format!("push origin {}:refs/heads/bad", commit.trim())).await;

    assert!(!said.ok && said.err.contains("contains '.git'"), "{}", said.err);
    assert!(said.err.contains("unpack"), "{}", said.err);
    assert!(!said.err.contains(world.server_folder().to_str().unwrap()), "{}", said.err);
    assert_eq!(world.server_objects(), objects);
}

#[tokio::test]
async fn a_clone_without_blobs_gets_them_when_it_needs_them() {
    let world = World::new().await;
    world.repository.import_commits(&[a_commit("main", 1), a_commit("main", 2)]).await.unwrap();
    world.git(world.folder.path(), &format!("clone -q --filter=blob:none {} there", world.url)).await;
    assert_eq!(std::fs::read(world.folder.path().join("there/file-2")).unwrap(), b"2");
    let said = world.try_git(world.folder.path(), &format!("clone -q --filter=tree:0 {} trees", world.url)).await;
    assert!(!said.ok && said.err.contains("filter 'tree' not supported"), "{}", said.err);
}

#[tokio::test]
async fn a_clone_in_an_older_version_of_the_protocol_is_whole_whatever_it_asks_to_leave_out() {
    let world = World::new().await;
    world.repository.import_commits(&[a_commit("main", 1), a_commit("main", 2)]).await.unwrap();
    for version in [0, 1] {
        let clone = format!("-c protocol.version={version} clone -q --filter=blob:none {} v{version}", world.url);
        world.git(world.folder.path(), &clone).await;
        let there = world.folder.path().join(format!("v{version}"));
        assert_eq!(std::fs::read(there.join("file-2")).unwrap(), b"2");
        assert!(!world.git(&there, "rev-list --objects --all --missing=print").await.contains('?'));
    }
}

#[tokio::test]
async fn a_shallow_clone_can_push() {
    let world = World::new().await;
    world.repository.import_commits(&[a_commit("main", 1), a_commit("main", 2)]).await.unwrap();
    world.git(world.folder.path(), &format!("clone -q --depth=1 {} there", world.url)).await;
    let there = world.folder.path().join("there");
    let pushed = world.commit(&there, "b", b"3").await;
    world.git(&there, "push -q origin main").await;
    assert_eq!(world.server_refs()[0].1, pushed);
}

#[tokio::test]
async fn what_is_no_push_is_refused() {
    let world = World::new().await;
    let id = ObjectId::from_bytes([7; 20]);
    let command = format!("{} {id} refs/heads/x\0report-status", ObjectId::ZERO);
    let command = format!("{:04x}{command}0000", command.len() + 4);
    for wrong in ["", "00", "0005", "0001", "GET / HTTP/1.1", &command, &format!("{command}PACKxxxxxxxx")] {
        let push = world.repository.receive_pack(ANA, wrong.as_bytes(), |_| async { Ok(()) }).await;
        assert!(matches!(push, Err(GitError::Malformed(_))), "{wrong}");
    }
    // A pack that ends early is reported in the protocol's own way.
    let cut = [command.as_bytes(), b"PACK\0\0\0\x02\0\0\0\x01abc"].concat();
    let push = world.repository.receive_pack(ANA, cut.as_slice(), |_| async { Ok(()) }).await.unwrap();
    assert!(String::from_utf8_lossy(&push.answer).contains("ng refs/heads/x the objects were not accepted"));
    assert!(world.asked().is_empty() && world.server_refs().is_empty());
    let left = world.server_objects();
    assert!(left.iter().all(|path| path.ends_with("info") || path.ends_with("pack")), "{left:?}");
}

#[tokio::test]
async fn a_push_whose_client_goes_away_leaves_nothing() {
    let world = World::new().await;
    let id = ObjectId::from_bytes([7; 20]);
    let command = format!("{} {id} refs/heads/x\0report-status", ObjectId::ZERO);
    let (mut client, server) = tokio::io::duplex(64);
    let repository = world.repository.clone();
    let push = tokio::spawn(async move { repository.receive_pack(ANA, server, |_| async { Ok(()) }).await });
    client.write_all(format!("{:04x}{command}0000", command.len() + 4).as_bytes()).await.unwrap();
    client.write_all(b"PACK\0\0\0\x02\0\0\0\x01").await.unwrap();
    // The pipe is short: when this is written, most of it is in the quarantine.
    client.write_all(&noise(500_000)).await.unwrap();
    assert!(world.server_objects().iter().any(|path| path.to_string_lossy().contains("incoming")));

    push.abort();
    assert!(push.await.unwrap_err().is_cancelled());
    assert!(!world.server_objects().iter().any(|path| path.to_string_lossy().contains("incoming")));
}

type Pushing = JoinHandle<Result<latchkey_git::Push, GitError>>;

/// A push of somebody who has sent this much and sends nothing more while the other end is held. So much of it is read before
/// this returns that no more than a byte is left.
async fn pushing(world: &World, person: Uuid, sent: &[u8]) -> (DuplexStream, Pushing) {
    let (mut client, server) = tokio::io::duplex(1);
    let repository = world.repository.clone();
    let push = tokio::spawn(async move { repository.receive_pack(person, server, |_| async { Ok(()) }).await });
    client.write_all(sent).await.unwrap();
    (client, push)
}

fn a_begun_push() -> Vec<u8> {
    let command = format!("{} {} refs/heads/x\0report-status", ObjectId::ZERO, ObjectId::from_bytes([7; 20]));
    [format!("{:04x}{command}0000", command.len() + 4).as_bytes(), b"PACK\0\0\0\x02\0\0\0\x01abcd"].concat()
}

#[tokio::test]
async fn whoever_is_slow_to_say_what_they_push_keeps_nobody_waiting() {
    let world = World::new().await;
    let mut slow = Vec::new();
    for _ in 0..=latchkey_git::limits::MAX_RUNNING {
        slow.push(pushing(&world, ANA, b"00a1").await);
    }
    let here = world.checkout("here").await;
    world.commit(&here, "a", b"1").await;
    world.git(&here, "push -q origin main").await;
}

#[tokio::test]
async fn one_person_who_pushes_slowly_leaves_room_for_the_others() {
    const BEN: Uuid = Uuid::from_u128(0xbe);
    let world = World::new().await;
    world.repository.import_commits(&[a_commit("main", 1)]).await.unwrap();
    let mut slow = Vec::new();
    for _ in 0..latchkey_git::limits::MAX_RUNNING_FOR_ONE {
        slow.push(pushing(&world, ANA, &a_begun_push()).await);
    }
    let fetch = |person| {
        let body = &b"0014command=ls-refs\n0000"[..];
        world.repository.upload_pack(person, body, Encoding::Identity, Some("version=2"))
    };
    let mut waiting = Box::pin(fetch(ANA));
    let refs = tokio::select! {
        biased;
        _ = &mut waiting => panic!("there is no room for more of ana"),
        refs = fetch(BEN) => everything(refs.unwrap()).await,
    };
    assert!(String::from_utf8_lossy(&refs).contains("refs/heads/main"));

    for (client, push) in slow {
        drop(client);
        push.await.unwrap().unwrap();
    }
    assert!(waiting.await.is_ok(), "it got in when there was room");
}

#[tokio::test]
async fn the_servers_own_references_and_odd_ones_are_refused_each_with_its_reason() {
    let world = World::new().await;
    let here = world.checkout("here").await;
    world.commit(&here, "a", b"1").await;
    let names = "refs/heads/HEAD main:refs/pull/1/head main:refs/stash main:refs/notes/x main:refs/tags/v1";
    let said = world.try_git(&here, &format!("push origin main main:{names}")).await;
    for refused in [
        "main -> HEAD (\"refs/heads/HEAD\" is not a valid name of a branch or a tag)",
        "main -> refs/pull/1/head (\"refs/pull/1/head\" cannot be pushed: the server alone writes below refs/pull)",
        "main -> refs/stash (\"refs/stash\" is none that can be pushed",
    ] {
        assert!(said.err.contains(&format!("! [remote rejected] {refused}")), "{refused}: {}", said.err);
    }
    let names: Vec<String> = world.server_refs().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["refs/heads/main", "refs/notes/x", "refs/tags/v1"]);
}
