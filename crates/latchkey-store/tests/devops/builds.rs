//! Builds, definitions, timelines and logs.

use latchkey_devops::build::filter::{BuildQueryOrder, PersonRequested};
use latchkey_devops::build::timeline::{Issue, IssueType, RecordResult, RecordState, RecordType, TimelineRecord};
use latchkey_devops::build::{self, BuildFilter, BuildPatch, BuildResult, BuildStatus, DefinitionFilter};
use latchkey_store::CommitError;
use latchkey_store::devops::build_lists::Continuation;
use latchkey_store::devops::builds;
use latchkey_store::devops::{build_definitions, logs, timelines};
use latchkey_testkit::databases::on_both_databases;
use uuid::Uuid;

use crate::world::{ANA, EVE, NOW, World, ids, later};

#[test]
fn a_build_is_queued_reported_and_found() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        let definition = harbor.a_definition(1);
        store.commit(build_definitions::create(&access, &definition)).await.unwrap();
        assert_eq!(store.definition(&access, 1).await.unwrap(), Some(definition));
        let queued = harbor.queue(1, later(10)).await;
        assert_eq!(queued.build_number, "20261122.1");
        assert_eq!(harbor.queue(1, later(20)).await.build_number, "20261122.2");
        assert_eq!(store.build(&access, 1).await.unwrap().unwrap().build, queued);

        let begun = BuildPatch { status: Some(BuildStatus::InProgress), ..BuildPatch::default() };
        harbor.patch_build(1, begun, later(30)).await;
        let stale = store.build(&access, 1).await.unwrap().unwrap();
        let over = BuildPatch {
            status: Some(BuildStatus::Completed),
            result: Some(BuildResult::Failed),
            tags: Some(["Night".to_owned(), "50%".to_owned()].into()),
            ..BuildPatch::default()
        };
        let completed = harbor.patch_build(1, over.clone(), later(40)).await;
        assert_eq!(store.build(&access, 1).await.unwrap().unwrap().build, completed);
        let after = build::update(&stale.build, &over, ANA, later(50)).unwrap();
        assert_eq!(store.commit(builds::update(&access, &stale, &after)).await, Err(CommitError::Lost));
        assert!(builds::update(&access, &stale, &stale.build).is_empty());
    });
}

#[test]
fn builds_are_listed_as_the_filter_says() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        for id in 1..=2 {
            store.commit(build_definitions::create(&access, &harbor.a_definition(id))).await.unwrap();
        }
        for (number, definition) in [(1, 1), (2, 2), (3, 1), (4, 2), (5, 1)] {
            harbor.queue(definition, later(number)).await;
        }
        let over = BuildPatch {
            status: Some(BuildStatus::Completed),
            result: Some(BuildResult::Failed),
            tags: Some(["Night".to_owned(), "a_b".to_owned(), "zz".to_owned()].into()),
            ..BuildPatch::default()
        };
        harbor.patch_build(2, over.clone(), later(60)).await;
        harbor.patch_build(1, BuildPatch { result: Some(BuildResult::Succeeded), ..over }, later(70)).await;

        let listed = async |query: &[(&str, &str)]| {
            let filter = BuildFilter::parse(query.iter().copied()).unwrap();
            ids(&store.builds(&access, &filter, None).await.unwrap().builds)
        };
        let everything = [5, 4, 3, 2, 1];
        let ana = ANA.to_string();
        let repository = harbor.repository.to_string();
        for (query, expected) in [
            (&[][..], &everything[..]),
            (&[("queryOrder", "queueTimeAscending")], &[1, 2, 3, 4, 5]),
            (&[("queryOrder", "finishTimeAscending")], &[2, 1, 3, 4, 5]),
            (&[("queryOrder", "finishTimeDescending")], &[5, 4, 3, 1, 2]),
            (&[("queryOrder", "startTimeDescending")], &everything),
            (&[("definitions", "2")], &[4, 2]),
            (&[("definitions", "2,1,9")], &everything),
            (&[("definitions", "2,1"), ("$top", "2")], &[5, 4]),
            (&[("maxBuildsPerDefinition", "1")], &[5, 4]),
            (&[("maxBuildsPerDefinition", "1"), ("resultFilter", "failed")], &[2]),
            (&[("resultFilter", "failed")], &[2]),
            (&[("resultFilter", "10")], &[2, 1]),
            (&[("statusFilter", "completed,inProgress")], &[2, 1]),
            (&[("reasonFilter", "manual")], &[]),
            (&[("reasonFilter", "individualCI")], &everything),
            (&[("tagFilters", "zz,NIGHT")], &[2, 1]),
            (&[("tagFilters", "a_b")], &[2, 1]),
            (&[("tagFilters", "axb")], &[]),
            (&[("tagFilters", "nigh")], &[]),
            (&[("buildNumber", "20261122.2")], &[4, 3]),
            (&[("buildNumber", "2026*")], &everything),
            (&[("buildNumber", "2026%")], &[]),
            (&[("branchName", "main")], &everything),
            (&[("branchName", "refs/heads/other")], &[]),
            (&[("repositoryId", &repository)], &everything),
            (&[("repositoryId", "00000000-0000-0000-0000-000000000001")], &[]),
            (&[("requestedFor", &ana)], &everything),
            (&[("requestedFor", "Ana")], &[]),
            (&[("buildIds", "3,1,77")], &[3, 1]),
            (&[("deletedFilter", "onlyDeleted")], &[]),
            (&[("minTime", "2026-11-22T07:00:03Z"), ("maxTime", "2026-11-22T07:00:04Z")], &[4, 3]),
        ] {
            assert_eq!(listed(query).await, expected, "{query:?}");
        }
        let renamed = BuildPatch { build_number: Some("NÄCHTLICH".to_owned()), ..BuildPatch::default() };
        harbor.patch_build(5, renamed, later(80)).await;
        assert_eq!(listed(&[("buildNumber", "nÄcht*")]).await, [5], "letters beyond ASCII have one case");
        let nobody = BuildFilter { requested_for: Some(PersonRequested::Id(EVE)), ..BuildFilter::default() };
        assert!(store.builds(&access, &nobody, None).await.unwrap().builds.is_empty());
    });
}

#[test]
fn a_list_of_builds_goes_on_where_its_page_ended() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        // All at one moment, so that only the numbers tell them apart.
        for definition in [1, 2, 1, 2, 1] {
            harbor.queue(definition, NOW).await;
        }
        for order in BuildQueryOrder::ALL {
            for definitions in [vec![], vec![1, 2]] {
                let filter = BuildFilter { definitions, order: *order, top: 2, ..BuildFilter::default() };
                let (mut seen, mut after) = (Vec::new(), None);
                loop {
                    let page = store.builds(&access, &filter, after).await.unwrap();
                    assert!(page.builds.len() <= 2);
                    seen.extend(ids(&page.builds));
                    let Some(next) = page.next else { break };
                    after = Some(Continuation::parse(&next.to_string()).unwrap());
                }
                assert_eq!(seen.len(), 5, "{filter:?}");
                assert!(seen.is_sorted() || seen.is_sorted_by(|one, other| one > other), "{seen:?}");
            }
        }
    });
}

#[test]
fn definitions_are_listed_by_name_and_page() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        for id in 1..=12 {
            store.commit(build_definitions::create(&access, &harbor.a_definition(id))).await.unwrap();
        }
        let listed = async |query: &[(&str, &str)], after| {
            let filter = DefinitionFilter::parse(query.iter().copied()).unwrap();
            let definitions = store.definitions(&access, &filter, after).await.unwrap();
            definitions.iter().map(|definition| definition.id).collect::<Vec<_>>()
        };
        assert_eq!(listed(&[("name", "nightly 1*")], 0).await, [1, 10, 11, 12]);
        assert_eq!(listed(&[("name", "nightly 1*"), ("$top", "2")], 1).await, [10, 11]);
        assert_eq!(listed(&[("definitionIds", "3,4")], 0).await, [3, 4]);
        assert!(listed(&[("path", "\\other")], 0).await.is_empty());
    });
}

#[test]
fn a_build_has_a_timeline_and_logs() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        let build = harbor.queue(1, NOW).await.id;
        let job = TimelineRecord {
            id: Uuid::from_u128(1),
            parent: None,
            kind: RecordType::Job,
            name: "Build".into(),
            started_at: Some(NOW),
            finished_at: None,
            state: RecordState::InProgress,
            result: None,
            order: 1,
            attempt: 1,
            worker: Some("agent-1".into()),
            log: None,
            issues: vec![],
        };
        let issue = Issue { kind: IssueType::Error, category: "General".into(), message: "The lamp is out".into() };
        let over = TimelineRecord {
            finished_at: Some(later(9)),
            state: RecordState::Completed,
            result: Some(RecordResult::Failed),
            log: Some(1),
            issues: vec![issue],
            ..job.clone()
        };
        let task =
            TimelineRecord { id: Uuid::from_u128(2), parent: Some(job.id), kind: RecordType::Task, ..job.clone() };
        for record in [&job, &task, &over] {
            store.commit(timelines::keep(&access, build, record)).await.unwrap();
        }
        assert_eq!(store.timeline(&access, build).await.unwrap(), [over, task]);

        store.commit(logs::keep(&access, build, 1, "one\n", NOW)).await.unwrap();
        store.commit(logs::keep(&access, build, 1, "one\ntwo\n", later(5))).await.unwrap();
        let (log, text) = store.log(&access, build, 1).await.unwrap().unwrap();
        assert_eq!(text, "one\ntwo\n");
        assert_eq!((log.line_count, log.created_at, log.changed_at), (2, NOW, later(5)));
        assert_eq!(store.logs(&access, build).await.unwrap(), [log]);
        assert!(store.log(&access, build, 2).await.unwrap().is_none());
    });
}
