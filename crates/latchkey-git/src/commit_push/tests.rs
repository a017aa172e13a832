use super::*;
use crate::browse::{ChangeKind, ItemKind, Version};
use crate::import::{FileEdit, NewCommit};
use crate::{GitProgram, Repositories};

const PERSON: Uuid = Uuid::from_u128(5);

fn ana() -> Signature {
    Signature { name: "Ana".into(), email: "ana@harbor.test".into(), seconds: 1_000, offset_minutes: 0 }
}

async fn lamp(folder: &std::path::Path) -> (Repository, ObjectId) {
    let git = GitProgram::find(std::env::var_os("PATH"), folder.join("home")).await.unwrap();
    let all = Repositories::at(folder.join("repositories"), git).await.unwrap();
    let repository = all.create(Uuid::from_u128(1), "main").await.unwrap();
    let write = |path: &str| FileEdit::Write { path: path.into(), content: path.into() };
    let first = NewCommit {
        branch: "main".into(),
        from: None,
        merges: vec![],
        author: ana(),
        message: "First".into(),
        files: vec![write("README.md"), write("src/lamp.rs"), write("src/deep/glass.rs"), write("src-2")],
    };
    let made = repository.import_commits(&[first]).await.unwrap();
    (repository, made[0])
}

fn add(path: &str, content: &str) -> WantedChange {
    WantedChange::Add { path: path.into(), content: content.into() }
}

fn edit(path: &str, content: &str) -> WantedChange {
    WantedChange::Edit { path: path.into(), content: content.into() }
}

fn delete(path: &str) -> WantedChange {
    WantedChange::Delete { path: path.into() }
}

fn rename(from: &str, to: &str) -> WantedChange {
    WantedChange::Rename { from: from.into(), to: to.into(), content: None }
}

fn push(base: ObjectId, commits: Vec<Vec<WantedChange>>) -> CommitPush {
    let commit = |changes| WantedCommit { message: "Brighter".into(), changes };
    CommitPush {
        name: "refs/heads/main".into(),
        old: base,
        base: (!base.is_zero()).then_some(base),
        commits: commits.into_iter().map(commit).collect(),
        author: ana(),
    }
}

async fn pushed(repository: &Repository, push: CommitPush) -> Result<CommitsPushed<String>, GitError> {
    repository.push_commits(PERSON, push, (), |_| async { Ok(()) }).await
}

/// Objects that were received and did not stay, or did.
fn packs(repository: &Repository) -> usize {
    let packs = std::fs::read_dir(repository.folder.join("objects/pack")).unwrap();
    let left = std::fs::read_dir(repository.folder.join("objects")).unwrap().flatten();
    assert!(left.into_iter().all(|entry| ["info", "pack"].iter().any(|own| entry.file_name() == *own)));
    packs.flatten().filter(|file| file.path().extension().is_some_and(|kind| kind == "pack")).count()
}

#[tokio::test]
async fn commits_are_made_each_on_top_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, base) = lamp(folder.path()).await;
    let changes = vec![
        vec![add("docs/a/b.md", "new"), edit("src/lamp.rs", "off"), delete("README.md")],
        vec![rename("src/deep", "inner"), rename("src/lamp.rs", "light.rs"), add("src/deep", "a file now")],
        vec![delete("src"), edit("inner/glass.rs", "clear")],
    ];
    let done = pushed(&repository, push(base, changes)).await.unwrap();
    assert_eq!(done.moves.outcomes[0].result, Ok(crate::RefChange::FastForward));
    let browse = repository.browse().unwrap();
    assert_eq!(browse.resolve(&Version::Default).unwrap(), done.commits[2]);
    let [first, second, third] = &done.commits[..] else { panic!() };
    let first = browse.commit(*first).unwrap();
    assert_eq!((first.parents.clone(), first.author.clone(), first.message.as_str()), (vec![base], ana(), "Brighter"));
    let changed = |id: ObjectId| {
        let changes = browse.changes(&browse.commit(id).unwrap()).unwrap();
        changes.changes.into_iter().map(|one| (one.path, one.kind)).collect::<Vec<_>>()
    };
    use ChangeKind::{Add, Delete, Edit};
    let told =
        |list: &[(&str, ChangeKind)]| list.iter().map(|(path, kind)| ((*path).to_owned(), *kind)).collect::<Vec<_>>();
    assert_eq!(changed(first.id), told(&[("/README.md", Delete), ("/docs/a/b.md", Add), ("/src/lamp.rs", Edit)]));
    assert_eq!(changed(*third), told(&[("/inner/glass.rs", Edit), ("/src/deep", Delete)]));
    let at = Version::Commit(*second);
    let light = browse.item(&at, "light.rs").unwrap();
    assert_eq!((browse.content(&light).unwrap(), light.kind), (b"off".to_vec(), ItemKind::File));
    assert_eq!(browse.content(&browse.item(&at, "inner/glass.rs").unwrap()).unwrap(), b"src/deep/glass.rs");
    assert!(browse.item(&Version::Default, "src").is_err(), "an empty folder is none");
}

#[tokio::test]
async fn a_folder_whose_last_file_went_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, base) = lamp(folder.path()).await;
    let emptied = || vec![delete("src/deep/glass.rs"), rename("src/lamp.rs", "lamp.rs")];
    for gone in [delete("src"), delete("src/deep"), rename("src", "x"), rename("src/deep", "x"), edit("src", "x")] {
        let changes = emptied().into_iter().chain([gone.clone()]).collect();
        let error = pushed(&repository, push(base, vec![changes])).await.unwrap_err();
        assert!(error.to_string().contains("does not exist"), "{gone:?}: {error}");
        let in_two = vec![emptied(), vec![gone.clone()]];
        let error = pushed(&repository, push(base, in_two)).await.unwrap_err();
        assert!(error.to_string().contains("does not exist"), "{gone:?}: {error}");
    }
    let changes = emptied().into_iter().chain([add("src", "a file now"), rename("lamp.rs", "lamp.rs/lamp.rs")]);
    pushed(&repository, push(base, vec![changes.collect()])).await.unwrap();
    let browse = repository.browse().unwrap();
    let content = |path: &str| browse.content(&browse.item(&Version::Default, path).unwrap()).unwrap();
    assert_eq!((content("src"), content("lamp.rs/lamp.rs")), (b"a file now".to_vec(), b"src/lamp.rs".to_vec()));
}

#[tokio::test]
async fn a_branch_begins_at_a_commit_or_with_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, base) = lamp(folder.path()).await;
    let topic = CommitPush {
        name: "refs/heads/topic".into(),
        old: ObjectId::ZERO,
        ..push(base, vec![vec![edit("README.md", "topic")]])
    };
    let done = pushed(&repository, topic).await.unwrap();
    assert_eq!(done.moves.outcomes[0].result, Ok(crate::RefChange::Create));
    let pages =
        CommitPush { name: "refs/heads/pages".into(), ..push(ObjectId::ZERO, vec![vec![add("index.html", "hi")]]) };
    let done = pushed(&repository, pages).await.unwrap();
    assert!(repository.browse().unwrap().commit(done.commits[0]).unwrap().parents.is_empty());
}

#[tokio::test]
async fn what_does_not_fit_what_is_there_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, base) = lamp(folder.path()).await;
    let before = packs(&repository);
    for (wrong, why) in [
        (add("README.md", "x"), "exists already"),
        (add("src", "x"), "exists already"),
        (add("README.md/x", "x"), "leads through a file"),
        (edit("absent", "x"), "does not exist"),
        (edit("absent/x", "x"), "does not exist"),
        (edit("src", "x"), "is not a file"),
        (delete("src/absent"), "does not exist"),
        (rename("absent", "x"), "does not exist"),
        (rename("README.md", "src/lamp.rs"), "exists already"),
        (add("../x", "x"), "not a valid path"),
        (add(".git/hooks/post-update", "x"), "not a valid path"),
        (rename("README.md", "a/.Git/config"), "not a valid path"),
        (add("git~1/config", "x"), "git refuses"),
        (add(".g\u{200c}it/config", "x"), "git refuses"),
    ] {
        let error = pushed(&repository, push(base, vec![vec![wrong.clone()]])).await.unwrap_err();
        assert!(error.to_string().contains(why), "{wrong:?}: {error}");
    }
    assert!(matches!(pushed(&repository, push(base, vec![])).await, Err(GitError::TooLarge(_))), "no commits");
    let mut wrong = push(base, vec![vec![add("x", "x")]]);
    wrong.name = "refs/pull/1/head".into();
    assert!(matches!(pushed(&repository, wrong).await, Err(GitError::InvalidName(_))));
    assert_eq!(packs(&repository), before);
    assert_eq!(repository.browse().unwrap().resolve(&Version::Default).unwrap(), base);
}

#[tokio::test]
async fn a_refusal_when_the_reference_is_about_to_move_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, base) = lamp(folder.path()).await;
    let before = packs(&repository);
    let wanted = push(base, vec![vec![add("x", "x")]]);
    let done = repository.push_commits(PERSON, wanted, (), |_| async { Err("not you".to_owned()) }).await.unwrap();
    assert_eq!(done.moves.refused.as_deref(), Some("not you"));
    assert_eq!(packs(&repository), before);
    assert_eq!(repository.browse().unwrap().resolve(&Version::Default).unwrap(), base);
}

#[tokio::test]
async fn of_equal_pushes_one_moves_the_reference() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, base) = lamp(folder.path()).await;
    let wanted = push(base, vec![vec![add("x", "x")]]);
    let one = || pushed(&repository, wanted.clone());
    let all = tokio::join!(one(), one(), one(), one());
    let moved =
        [all.0, all.1, all.2, all.3].into_iter().filter(|done| done.as_ref().unwrap().moves.outcomes[0].result.is_ok());
    assert_eq!(moved.count(), 1);
}

#[tokio::test]
async fn folders_that_are_moved_into_each_other_do_not_lie_deeper_than_any_path() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, base) = lamp(folder.path()).await;
    let below = |top: &str, depth: usize| format!("{top}/{}e", "d/".repeat(depth - 2));
    let most = crate::limits::MAX_DEPTH;
    for (first, second, fits) in [(64, most - 63, true), (64, most - 62, false), (most, most, false), (2, most, false)]
    {
        let changes = vec![add(&below("a", first), "x"), rename("a", &below("b", second))];
        let done = pushed(&repository, push(base, vec![changes])).await;
        assert_eq!(done.is_ok(), fits, "{first} {second}: {:?}", done.err());
        std::fs::write(repository.folder.join("refs/heads/main"), format!("{base}\n")).unwrap();
    }
    let mut changes = vec![add("a/f", "x")];
    let name = |n: usize| if n == 0 { "a".to_owned() } else { format!("q{n}") };
    changes.extend((0..900).map(|n| rename(&name(n), &below(&name(n + 1), most - 1))));
    let error = pushed(&repository, push(base, vec![changes])).await.unwrap_err();
    assert!(error.to_string().contains("too deep"), "{error}");
}

#[tokio::test]
async fn what_nobody_waits_for_ends_and_gives_back_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, base) = lamp(folder.path()).await;
    let wanted = || push(base, vec![vec![add("x", "x")]]);
    let awaited = Awaited::default();
    assert!(compose(&repository.browse().unwrap(), wanted(), &awaited).is_ok());
    drop(awaited.while_held());
    assert!(matches!(compose(&repository.browse().unwrap(), wanted(), &awaited), Err(GitError::Stalled)));

    for _ in 0..2 * crate::limits::MAX_RUNNING_FOR_ONE {
        let (held, mut back) = tokio::sync::mpsc::channel::<()>(1);
        let mut pushing = Box::pin(repository.push_commits(PERSON, wanted(), held, |_| async { Ok::<_, String>(()) }));
        let started = std::future::poll_fn(|context| {
            let _ = pushing.as_mut().poll(context);
            std::task::Poll::Ready(())
        });
        started.await;
        drop(pushing);
        assert_eq!(back.recv().await, None, "it comes back when the work ends");
    }
}

#[tokio::test]
async fn a_push_that_takes_too_much_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, base) = lamp(folder.path()).await;
    let long = |n: usize| format!("{n:03}{}", "x".repeat(200));
    let everywhere = |n: usize| add(&format!("w{n}/{}e", "d/".repeat(120)), "x");
    let folders = vec![(0..999).map(everywhere).collect()];
    let error = pushed(&repository, push(base, folders)).await.unwrap_err();
    assert!(matches!(error, GitError::TooLarge(_)), "{error}");

    // A large folder, written again by every commit.
    let mut commits = vec![(0..900).map(|n| add(&format!("w/{}", long(n)), "x")).collect::<Vec<_>>()];
    commits.extend((0..99).map(|n| vec![edit("w/000", &n.to_string())]));
    commits[0].push(add("w/000", "x"));
    assert!(pushed(&repository, push(base, commits)).await.is_ok(), "what is usual fits");
}
