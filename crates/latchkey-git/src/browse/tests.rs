use super::*;
use crate::import::{FileEdit, NewCommit};
use crate::limits::MAX_PATH_BYTES;
use crate::{GitProgram, Repositories, Signature};

fn write(path: &str, content: &str) -> FileEdit {
    FileEdit::Write { path: path.to_owned(), content: content.into() }
}

fn commit(branch: &str, seconds: i64, files: Vec<FileEdit>) -> NewCommit {
    let author = Signature { name: "Ben".into(), email: "ben@harbor.test".into(), seconds, offset_minutes: 60 };
    NewCommit {
        branch: branch.into(),
        from: None,
        merges: vec![],
        author,
        message: format!("at {seconds}\n\nWhy."),
        files,
    }
}

/// Two branches: `main` with three commits, `topic` with one more than the first of them.
async fn lighthouse(folder: &Path) -> (Repository, Vec<ObjectId>) {
    let git = GitProgram::find(std::env::var_os("PATH"), folder.join("home")).await.unwrap();
    let all = Repositories::at(folder.join("repositories"), git).await.unwrap();
    let repository = all.create(uuid::Uuid::from_u128(7), "main").await.unwrap();
    let commits = [
        commit("main", 100, vec![write("README.md", "hello"), write("src/lamp.rs", "on"), write("a/b/c/deep", "x")]),
        NewCommit { from: Some("main".into()), ..commit("topic", 200, vec![write("src/horn.rs", "toot")]) },
        commit("main", 300, vec![write("src/lamp.rs", "off")]),
        commit("main", 400, vec![FileEdit::Remove { path: "README.md".into() }, write("src", "a file now")]),
    ];
    let made = repository.import_commits(&commits).await.unwrap();
    (repository, made)
}

fn paths(items: &Items) -> Vec<&str> {
    items.items.iter().map(|item| item.path.as_str()).collect()
}

fn changed(changes: &Changes) -> Vec<(&str, ChangeKind)> {
    changes.changes.iter().map(|change| (change.path.as_str(), change.kind)).collect()
}

#[tokio::test]
async fn versions_are_branches_tags_and_commits_of_exactly_that_name() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, made) = lighthouse(folder.path()).await;
    std::fs::write(repository.folder.join("refs/tags/v1"), format!("{}\n", made[0])).unwrap();
    let browse = repository.browse().unwrap();

    assert_eq!(browse.resolve(&Version::Default).unwrap(), made[3]);
    assert_eq!(browse.resolve(&Version::Branch("topic".into())).unwrap(), made[1]);
    assert_eq!(browse.resolve(&Version::Tag("v1".into())).unwrap(), made[0]);
    assert_eq!(browse.resolve(&Version::Commit(made[2])).unwrap(), made[2]);
    let tree = browse.commit(made[0]).unwrap().tree;
    for wrong in [
        Version::Branch("v1".into()),
        Version::Tag("main".into()),
        Version::Branch("heads/main".into()),
        Version::Branch("../../HEAD".into()),
        Version::Branch("HEAD".into()),
        Version::Branch(String::new()),
        Version::Commit(tree),
        Version::Commit(ObjectId::ZERO),
    ] {
        assert!(matches!(browse.resolve(&wrong), Err(BrowseError::VersionNotFound(_))), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_commit_is_read_while_a_visible_reference_leads_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, made) = lighthouse(folder.path()).await;
    let read = |id| repository.browse().unwrap().resolve(&Version::Commit(id));
    let gone = |id| matches!(read(id), Err(BrowseError::VersionNotFound(_)));
    assert!(made.iter().all(|id| read(*id).unwrap() == *id));

    std::fs::create_dir_all(repository.folder.join("refs/internal")).unwrap();
    std::fs::rename(repository.folder.join("refs/heads/topic"), repository.folder.join("refs/internal/topic")).unwrap();
    assert!(gone(made[1]) && read(made[0]).is_ok(), "the topic is hidden, its root is not");
    assert!(matches!(repository.browse().unwrap().commit(made[1]), Err(BrowseError::VersionNotFound(_))));

    // A rewritten branch leaves its old commits behind.
    std::fs::write(repository.folder.join("refs/heads/main"), format!("{}\n", made[2])).unwrap();
    assert!(gone(made[3]) && read(made[2]).is_ok());
    // A tag at a file leads nowhere and is in nobody's way.
    let lamp = repository.browse().unwrap().item(&Version::Default, "src/lamp.rs").unwrap().id;
    std::fs::write(repository.folder.join("refs/tags/file"), format!("{lamp}\n")).unwrap();
    assert!(gone(made[1]) && read(made[0]).is_ok());
}

#[tokio::test]
async fn a_commit_before_one_that_is_dated_wrong_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, _) = lighthouse(folder.path()).await;
    let late = repository.import_commits(&[commit("clock", 500, vec![]), commit("clock", 1, vec![])]).await.unwrap();
    assert!(repository.browse().unwrap().resolve(&Version::Commit(late[0])).is_ok());
}

#[tokio::test]
async fn a_walk_that_takes_too_long_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, made) = lighthouse(folder.path()).await;
    let browse = repository.browse().unwrap();
    assert!(browse.is_reachable(made[3], 0).unwrap(), "a tip is not walked to");
    assert!(matches!(browse.is_reachable(made[0], 1), Err(BrowseError::TooFarBack(_))));
}

#[tokio::test]
async fn references_are_listed_by_their_beginning_and_hidden_ones_never() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, made) = lighthouse(folder.path()).await;
    std::fs::create_dir_all(repository.folder.join("refs/internal")).unwrap();
    std::fs::write(repository.folder.join("refs/internal/x"), format!("{}\n", made[0])).unwrap();
    let browse = repository.browse().unwrap();
    let names = |filter: &str| browse.refs(filter).unwrap().into_iter().map(|found| found.name).collect::<Vec<_>>();
    assert_eq!(names(""), ["refs/heads/main", "refs/heads/topic"]);
    assert_eq!(names("heads/t"), ["refs/heads/topic"]);
    assert!(names("internal/").is_empty());
    assert!(names("../").is_empty());
}

#[tokio::test]
async fn history_is_newest_first_and_can_be_paged_and_narrowed() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, made) = lighthouse(folder.path()).await;
    let browse = repository.browse().unwrap();
    let history = |history: History| browse.commits(&history).unwrap().iter().map(|it| it.id).collect::<Vec<_>>();
    let all = History { version: Version::Default, without: None, path: None, skip: 0, top: 100 };

    assert_eq!(history(all.clone()), [made[3], made[2], made[0]]);
    assert_eq!(history(History { skip: 1, top: 1, ..all.clone() }), [made[2]]);
    assert_eq!(history(History { path: Some("/src/lamp.rs".into()), ..all.clone() }), [made[3], made[2], made[0]]);
    assert_eq!(history(History { path: Some("README.md".into()), ..all.clone() }), [made[3], made[0]]);
    assert!(history(History { path: Some("../README.md".into()), ..all.clone() }).is_empty());
    let ahead = History { version: Version::Branch("topic".into()), without: Some(Version::Default), ..all };
    assert_eq!(history(ahead), [made[1]]);
}

#[tokio::test]
async fn what_one_commit_has_alone_is_found_within_bounds_and_in_the_order_it_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, made) = lighthouse(folder.path()).await;
    // All of one moment, as a push of the API makes them, and one whose clock was wrong.
    let times = [500, 500, 500, 1];
    let commits: Vec<NewCommit> = times.into_iter().map(|seconds| commit("topic", seconds, vec![])).collect();
    let more = repository.import_commits(&commits).await.unwrap();
    let browse = repository.browse().unwrap();
    let (version, without) = (Version::Branch("topic".into()), Some(Version::Default));
    let history = History { version: version.clone(), without, path: None, skip: 0, top: 100 };
    let found: Vec<ObjectId> = browse.commits(&history).unwrap().iter().map(|it| it.id).collect();
    assert_eq!(found, [more[3], more[2], more[1], more[0], made[1]]);
    let nothing = History { without: Some(version), ..history };
    assert!(browse.commits(&nothing).unwrap().is_empty());

    assert_eq!(browse.only_of(made[1], made[3], 4).unwrap(), [to_gix(made[1])].into());
    assert!(matches!(browse.only_of(made[1], made[3], 3), Err(BrowseError::TooFarBack(_))));
}

#[tokio::test]
async fn a_commit_tells_who_when_and_what() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, made) = lighthouse(folder.path()).await;
    let browse = repository.browse().unwrap();
    let first = browse.commit(made[0]).unwrap();
    assert_eq!(first.message, "at 100\n\nWhy.");
    assert_eq!((first.author.seconds, first.author.offset_minutes), (100, 60));
    assert_eq!(
        changed(&browse.changes(&first).unwrap()),
        [("/README.md", ChangeKind::Add), ("/a/b/c/deep", ChangeKind::Add), ("/src/lamp.rs", ChangeKind::Add)]
    );
    let edit = browse.commit(made[2]).unwrap();
    assert_eq!(edit.parents, [made[0]]);
    assert_eq!(changed(&browse.changes(&edit).unwrap()), [("/src/lamp.rs", ChangeKind::Edit)]);
    let last = browse.commit(made[3]).unwrap();
    assert_eq!(
        changed(&browse.changes(&last).unwrap()),
        [("/README.md", ChangeKind::Delete), ("/src", ChangeKind::Add), ("/src/lamp.rs", ChangeKind::Delete)]
    );
}

#[tokio::test]
async fn a_message_is_read_as_far_as_people_write() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, _) = lighthouse(folder.path()).await;
    let endless = NewCommit { message: "<".repeat(4 << 20), ..commit("main", 500, vec![write("a", "1")]) };
    let made = repository.import_commits(&[endless]).await.unwrap();
    let read = repository.browse().unwrap().commit(made[0]).unwrap();
    assert_eq!(read.message.len(), crate::limits::MAX_MESSAGE_BYTES);
}

#[tokio::test]
async fn items_are_read_and_listed_at_every_depth() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, made) = lighthouse(folder.path()).await;
    let browse = repository.browse().unwrap();
    let first = Version::Commit(made[0]);

    let lamp = browse.item(&first, "/src/lamp.rs").unwrap();
    assert_eq!((lamp.kind, lamp.commit), (ItemKind::File, made[0]));
    assert_eq!(browse.content(&lamp).unwrap(), b"on");
    assert_eq!(browse.size(&lamp).unwrap(), 2);
    let root = browse.item(&first, "/").unwrap();
    assert!(matches!(browse.content(&root), Err(BrowseError::NotAFile(_))));

    let list = |scope: &str, recursion| browse.items(&first, scope, recursion).unwrap();
    assert_eq!(paths(&list("/src", Recursion::None)), ["/src"]);
    assert_eq!(paths(&list("", Recursion::OneLevel)), ["/", "/README.md", "/a", "/src"]);
    assert_eq!(
        paths(&list("/", Recursion::OneLevelPlusNestedEmptyFolders)),
        ["/", "/README.md", "/a", "/a/b", "/a/b/c", "/src"]
    );
    assert_eq!(
        paths(&list("/", Recursion::Full)),
        ["/", "/README.md", "/a", "/a/b", "/a/b/c", "/a/b/c/deep", "/src", "/src/lamp.rs"]
    );
}

#[tokio::test]
async fn a_path_leads_nowhere_but_into_the_commit() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, _) = lighthouse(folder.path()).await;
    let browse = repository.browse().unwrap();
    for wrong in
        ["..", "../config", "/a/../../config", "a/./b", "HEAD", "/objects", "a\0b", "src/lamp.rs", "a/b/c/deep/x"]
    {
        let error = browse.item(&Version::Default, wrong).unwrap_err();
        assert!(matches!(error, BrowseError::PathNotFound { .. }), "{wrong}: {error}");
    }
}

#[tokio::test]
async fn an_empty_repository_says_that_it_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    let git = GitProgram::find(std::env::var_os("PATH"), folder.path().join("home")).await.unwrap();
    let all = Repositories::at(folder.path().join("repositories"), git).await.unwrap();
    let browse = all.create(uuid::Uuid::from_u128(8), "main").await.unwrap().browse().unwrap();
    assert!(matches!(browse.resolve(&Version::Default), Err(BrowseError::NoCommits)));
    assert_eq!(browse.default_branch().unwrap().as_deref(), Some("refs/heads/main"));
    assert!(browse.refs("").unwrap().is_empty());
}

#[tokio::test]
async fn a_replacement_that_was_pushed_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, made) = lighthouse(folder.path()).await;
    let replacements = repository.folder.join("refs/replace");
    std::fs::create_dir_all(&replacements).unwrap();
    std::fs::write(replacements.join(made[0].to_string()), format!("{}\n", made[3])).unwrap();
    let commit = repository.browse().unwrap().commit(made[0]).unwrap();
    assert_eq!(commit.author.seconds, 100);
}

#[tokio::test]
async fn two_commits_lie_to_each_other_by_what_each_has_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, made) = lighthouse(folder.path()).await;
    let merge = NewCommit { merges: vec!["topic".into()], ..commit("main", 500, vec![write("src", "merged")]) };
    let orphan = commit("alone", 50, vec![write("a", "1")]);
    let more = repository.import_commits(&[merge, orphan]).await.unwrap();
    let browse = repository.browse().unwrap();
    let told = |base, target| {
        let found = browse.divergence(base, target).unwrap();
        (found.ahead, found.behind, found.common)
    };
    assert_eq!(told(made[1], made[3]), (2, 1, Some(made[0])));
    assert_eq!(told(made[3], made[1]), (1, 2, Some(made[0])));
    assert_eq!(told(made[0], made[3]), (2, 0, Some(made[0])));
    assert_eq!(told(made[3], made[3]), (0, 0, Some(made[3])));
    assert_eq!(told(made[1], more[0]), (3, 0, Some(made[1])));
    assert_eq!(told(made[3], more[0]), (2, 0, Some(made[3])));
    assert_eq!(told(more[1], made[0]), (1, 1, None));
}

#[tokio::test]
async fn clocks_that_were_wrong_do_not_change_the_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, made) = lighthouse(folder.path()).await;
    // On each side a commit of long ago lies above what both have.
    let left = NewCommit { from: Some("main".into()), ..commit("left", 1, vec![write("left", "1")]) };
    let more = repository
        .import_commits(&[
            left,
            commit("left", 900, vec![write("left", "2")]),
            commit("main", 2, vec![write("b", "1")]),
        ])
        .await
        .unwrap();
    let found = repository.browse().unwrap().divergence(more[2], more[1]).unwrap();
    assert_eq!((found.ahead, found.behind, found.common), (2, 1, Some(made[3])));
}

#[tokio::test]
async fn what_was_deleted_and_added_as_it_was_has_moved() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, _) = lighthouse(folder.path()).await;
    let edits = vec![
        FileEdit::Remove { path: "a/b/c/deep".into() },
        write("shallow", "x"),
        write("copy", "x"),
        FileEdit::Remove { path: "src".into() },
        write("src", ""),
    ];
    let made = repository.import_commits(&[commit("main", 500, edits)]).await.unwrap();
    let browse = repository.browse().unwrap();
    let changes = browse.changes(&browse.commit(made[0]).unwrap()).unwrap();
    let path = |place: usize| changes.changes[place].path.as_str();
    let moved: Vec<_> = changes.moved().into_iter().map(|(to, from)| (path(from), path(to))).collect();
    assert_eq!(moved, [("/a/b/c/deep", "/copy")], "each has moved once");
    let edited = changes.changes.iter().find(|one| one.kind == ChangeKind::Edit).unwrap();
    assert!(edited.before.is_some_and(|before| before != edited.id));
}

/// Folders in folders, each holding the next one twice: no file, and more ways to it than anybody walks.
#[tokio::test]
async fn folders_that_hold_each_other_without_end_are_not_compared_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, made) = lighthouse(folder.path()).await;
    let mut pack = crate::pack::Pack::new();
    let mut tree = pack.add(gix::objs::Kind::Tree, b"").unwrap();
    for _ in 0..60 {
        let entry = |name: &str| [format!("40000 {name}\0").as_bytes(), tree.as_slice()].concat();
        let data = [entry("a"), entry("b")].concat();
        tree = pack.add(gix::objs::Kind::Tree, &data).unwrap();
    }
    let bomb = bring(&repository, pack, tree, made[3]).await;
    let browse = repository.browse().unwrap();
    let changes = browse.changes(&browse.commit(bomb).unwrap()).unwrap();
    assert!(!changes.complete);
}

/// Makes a commit of this tree, and the branch `bomb` for it.
async fn bring(
    repository: &Repository,
    mut pack: crate::pack::Pack,
    tree: gix::ObjectId,
    parent: ObjectId,
) -> ObjectId {
    let who = "Ana <ana@harbor.test> 900 +0000";
    let data = format!("tree {tree}\nparent {parent}\nauthor {who}\ncommitter {who}\n\nBomb\n");
    let bomb = from_gix(&pack.add(gix::objs::Kind::Commit, data.as_bytes()).unwrap());
    let bytes = pack.finish().unwrap();
    let incoming = repository.index_pack(&[], &mut bytes.as_slice()).await.unwrap().unwrap().unwrap();
    incoming.release(&repository.folder).unwrap();
    std::fs::write(repository.folder.join("refs/heads/bomb"), format!("{bomb}\n")).unwrap();
    bomb
}

/// Some files, below so many folders with such long names that their paths are thousands of times what was pushed.
#[tokio::test]
async fn long_paths_are_not_told_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, made) = lighthouse(folder.path()).await;
    let mut pack = crate::pack::Pack::new();
    let file = pack.add(gix::objs::Kind::Blob, b"x").unwrap();
    let entry =
        |mode: &str, name: &str, id: gix::ObjectId| [format!("{mode} {name}\0").as_bytes(), id.as_slice()].concat();
    let files: Vec<u8> = (0..1_000).flat_map(|n| entry("100644", &format!("f{n:04}"), file)).collect();
    let mut tree = pack.add(gix::objs::Kind::Tree, &files).unwrap();
    for n in 0..50 {
        tree = pack.add(gix::objs::Kind::Tree, &entry("40000", &format!("{n:03}{}", "n".repeat(2_000)), tree)).unwrap();
    }
    let bomb = bring(&repository, pack, tree, made[3]).await;
    let browse = repository.browse().unwrap();
    let changes = browse.changes(&browse.commit(bomb).unwrap()).unwrap();
    let bytes: usize = changes.changes.iter().map(|one| one.path.len()).sum();
    assert!(!changes.complete && bytes <= MAX_PATH_BYTES && changes.changes.len() > 100, "{bytes}");
    let listing = browse.items(&Version::Branch("bomb".into()), "/", Recursion::Full).unwrap();
    let bytes: usize = listing.items.iter().map(|one| one.path.len()).sum();
    assert!(!listing.complete && bytes <= MAX_PATH_BYTES && listing.items.len() > 100, "{bytes}");
}
