//! Pull requests.

use latchkey_devops::pull_request::{MergeStatus, PullRequest, PullRequestStatus, Reviewer};
use latchkey_store::devops::pull_requests::{self, PullRequestFilter};
use latchkey_store::{Changes, CommitError, Sql};
use latchkey_testkit::databases::{on_both_databases, on_both_engines};

use crate::world::{ANA, BEN, EVE, NOW, World, later};

fn a_pull_request(harbor: &World) -> PullRequest {
    PullRequest {
        id: 1,
        repository: harbor.repository,
        status: PullRequestStatus::Active,
        merge_status: MergeStatus::Succeeded,
        title: "A brighter lamp".into(),
        description: "Twice as bright".into(),
        source_ref: "refs/heads/bright".into(),
        target_ref: "refs/heads/main".into(),
        source_commit: Some("0a".repeat(20)),
        target_commit: None,
        created_by: ANA,
        created_at: NOW,
        closed_at: None,
        draft: true,
        reviewers: vec![Reviewer { person: BEN, vote: 10, required: true }],
    }
}

#[test]
fn pull_requests_are_listed_by_how_they_stand_and_where() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let (access, project) = (harbor.repository().await, harbor.project().await);
        let open = a_pull_request(&harbor);
        let merged = PullRequest {
            id: 2,
            status: PullRequestStatus::Completed,
            closed_at: Some(later(1)),
            reviewers: vec![],
            ..open.clone()
        };
        for pull_request in [&open, &merged] {
            store.commit(pull_requests::create(&access, pull_request)).await.unwrap();
        }
        let active = PullRequestFilter::default();
        let any = PullRequestFilter { status: None, ..active.clone() };
        let from = PullRequestFilter { source_ref: Some("refs/heads/none".into()), ..any.clone() };
        let by_eve = PullRequestFilter { created_by: Some(EVE), ..any.clone() };
        assert_eq!(store.pull_requests(&access, &active).await.unwrap().as_slice(), std::slice::from_ref(&open));
        assert_eq!(store.pull_requests(&access, &any).await.unwrap(), [merged, open.clone()]);
        assert!(store.pull_requests(&access, &from).await.unwrap().is_empty());
        assert!(store.pull_requests(&access, &by_eve).await.unwrap().is_empty());
        let mut listed = store.pull_requests_of_project(&project, &active).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed.remove(0).prove(&access).as_ref(), Some(&open));
        let found = store.pull_request(harbor.id, 1).await.unwrap().unwrap();
        assert_eq!((found.project(), found.repository()), (harbor.project, harbor.repository));
        assert_eq!(found.prove(&access), Some(open));
        let shore = World::shore(&store).await;
        let found = store.pull_request(harbor.id, 1).await.unwrap().unwrap();
        assert_eq!(found.prove(&shore.repository().await), None);
    });
}

#[test]
fn a_change_of_what_was_changed_meanwhile_is_lost() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.repository().await;
        let open = a_pull_request(&harbor);
        store.commit(pull_requests::create(&access, &open)).await.unwrap();
        let given_up = PullRequest { status: PullRequestStatus::Abandoned, closed_at: Some(later(1)), ..open.clone() };
        store.commit(pull_requests::update(&access, &open, &given_up)).await.unwrap();
        let found = store.pull_request(harbor.id, 1).await.unwrap().unwrap();
        assert_eq!(found.prove(&access).as_ref(), Some(&given_up));
        let retitled = PullRequest { title: "Another lamp".into(), ..open.clone() };
        assert!(store.commit(pull_requests::update(&access, &open, &retitled)).await.is_err());
        let approved = PullRequest { reviewers: vec![], ..given_up };
        let stale = PullRequest { reviewers: vec![], ..open.clone() };
        assert!(store.commit(pull_requests::update(&access, &stale, &approved)).await.is_err());
        assert!(pull_requests::update(&access, &open, &open).is_empty());
    });
}

#[test]
fn between_two_branches_one_pull_request_is_open() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.repository().await;
        let open = a_pull_request(&harbor);
        let given_up = PullRequest { id: 2, status: PullRequestStatus::Abandoned, ..open.clone() };
        let elsewhere = PullRequest { id: 3, target_ref: "refs/heads/other".into(), ..open.clone() };
        for one in [&open, &given_up, &elsewhere] {
            store.commit(pull_requests::create(&access, one)).await.unwrap();
        }
        let twin = PullRequest { id: 4, ..open.clone() };
        assert_eq!(store.commit(pull_requests::create(&access, &twin)).await, Err(CommitError::Lost));
        let taken_up = PullRequest { status: PullRequestStatus::Active, ..given_up.clone() };
        let again = || pull_requests::update(&access, &given_up, &taken_up);
        assert_eq!(store.commit(again()).await, Err(CommitError::Lost));
        let closed = PullRequest { status: PullRequestStatus::Abandoned, ..open.clone() };
        store.commit(pull_requests::update(&access, &open, &closed)).await.unwrap();
        assert_eq!(store.commit(again()).await, Ok(()));
    });
}

#[test]
fn of_twins_from_before_the_newest_stays_open() {
    const ALLOW: Sql = Sql::sweep("test.allow_twins", "DROP INDEX pull_request_open");
    const BEFORE: Sql = Sql::sweep("test.before_0040", "DELETE FROM schema_version WHERE version >= 40");
    const UNDO_0041: Sql = Sql::sweep("test.undo_0041", "DROP INDEX work_item_revision_changed");
    on_both_engines(async |database| {
        let store = database.open().await;
        let harbor = World::harbor(&store).await;
        let access = harbor.repository().await;
        let mut before = Changes::none();
        before.write(&ALLOW, vec![]).write(&UNDO_0041, vec![]).write(&BEFORE, vec![]);
        store.commit(before).await.unwrap();
        for id in 1..=4 {
            let target_ref = if id == 4 { "refs/heads/other" } else { "refs/heads/main" }.into();
            let one = PullRequest { id, target_ref, ..a_pull_request(&harbor) };
            store.commit(pull_requests::create(&access, &one)).await.unwrap();
        }
        drop((store, harbor));
        let store = database.open().await;
        let ids = async |status| {
            let filter = PullRequestFilter { status: Some(status), ..PullRequestFilter::default() };
            let found = store.pull_requests(&access, &filter).await.unwrap();
            found.iter().map(|one| (one.id, one.closed_at.is_some())).collect::<Vec<_>>()
        };
        assert_eq!(ids(PullRequestStatus::Active).await, [(4, false), (3, false)]);
        assert_eq!(ids(PullRequestStatus::Abandoned).await, [(2, true), (1, true)]);
    });
}
