use serde_json::{Value, json};

use super::*;
use crate::error::{DevOpsError, ErrorType};
use crate::fixtures::{ANA, BEN, NOW, a_definition};

const LATER: Timestamp = Timestamp::from_secs(NOW.as_secs() + 600);

fn queued() -> Build {
    let request = QueueRequest::read(&json!({"definition": {"id": 3}}), None).unwrap();
    queue(41, &request, &a_definition(), 0, ANA, NOW).unwrap()
}

fn change(build: &Build, body: Value) -> Result<Build, DevOpsError> {
    update(build, &BuildPatch::read(&body)?, BEN, LATER)
}

fn completed() -> Build {
    let running = change(&queued(), json!({"status": "inProgress"})).unwrap();
    change(&running, json!({"status": "completed", "result": "failed"})).unwrap()
}

#[test]
fn a_queued_build_waits_under_a_number_of_its_day() {
    let build = queued();
    assert_eq!((build.build_number.as_str(), build.status), ("20261122.1", BuildStatus::NotStarted));
    assert_eq!((build.reason, build.priority), (BuildReason::Manual, QueuePriority::Normal));
    assert_eq!(build.source_branch, "refs/heads/main");
    let request =
        QueueRequest::read(&json!({"reason": 2, "priority": "HIGH", "sourceBranch": "feature/x"}), Some(3)).unwrap();
    let second = queue(42, &request, &a_definition(), 1, ANA, NOW).unwrap();
    assert_eq!((second.build_number.as_str(), second.reason), ("20261122.2", BuildReason::IndividualCi));
    assert_eq!((second.priority, second.source_branch.as_str()), (QueuePriority::High, "refs/heads/feature/x"));
}

#[test]
fn a_disabled_definition_takes_no_builds_and_a_paused_one_lets_them_wait() {
    let request = QueueRequest::of(3, BuildReason::Manual, "refs/heads/main", &"a".repeat(40));
    let with = |queue_status| queue(1, &request, &Definition { queue_status, ..a_definition() }, 0, ANA, NOW);
    assert_eq!(with(QueueStatus::Disabled).unwrap_err().kind, ErrorType::DefinitionDisabled);
    assert!(with(QueueStatus::Paused).is_ok());
}

#[test]
fn a_build_begins_and_is_completed_by_words_and_by_numbers() {
    let by_words = completed();
    let running = change(&queued(), json!({"status": 1})).unwrap();
    assert_eq!(change(&running, json!({"status": 2, "result": 8})).unwrap(), by_words);
    assert_eq!((by_words.started_at, by_words.finished_at), (Some(LATER), Some(LATER)));
    assert_eq!((by_words.last_changed_by, by_words.result), (BEN, Some(BuildResult::Failed)));
}

#[test]
fn there_is_no_way_back() {
    let running = change(&queued(), json!({"status": "inProgress"})).unwrap();
    assert_eq!(
        change(&running, json!({"status": "notStarted"})).unwrap_err().kind,
        ErrorType::BuildStatusInvalidChange
    );
    assert_eq!(change(&completed(), json!({"status": "inProgress"})).unwrap_err().status(), 400);
    assert!(
        change(&queued(), json!({"status": "completed", "result": "succeeded"})).is_ok(),
        "a run reported afterwards"
    );
}

#[test]
fn a_result_comes_with_the_completion_and_not_before() {
    let running = change(&queued(), json!({"status": "inProgress"})).unwrap();
    assert!(change(&running, json!({"result": "succeeded"})).is_err());
    assert!(change(&running, json!({"status": "completed"})).is_err());
    assert!(change(&running, json!({"status": "completed", "result": "none"})).is_err());
    assert!(change(&running, json!({"result": 0, "status": 1})).is_ok());
    let stopping = change(&running, json!({"status": "cancelling"})).unwrap();
    assert_eq!(change(&stopping, json!({"status": "completed"})).unwrap().result, Some(BuildResult::Canceled));
}

#[test]
fn a_completed_build_keeps_everything_but_its_tags_and_whether_it_is_kept() {
    let build = completed();
    for body in [
        json!({"result": "succeeded"}),
        json!({"buildNumber": "v2"}),
        json!({"finishTime": "2026-11-22T07:10:01Z"}),
        json!({"startTime": "2026-11-22T07:01:00Z"}),
        json!({"sourceVersion": "b".repeat(40)}),
    ] {
        assert_eq!(change(&build, body.clone()).unwrap_err().kind, ErrorType::BuildStatusInvalidChange, "{body}");
    }
    let kept = change(&build, json!({"keepForever": true, "tags": ["release"]})).unwrap();
    assert!(kept.keep_forever && kept.tags.contains("release"));
    assert_eq!(change(&build, json!({"status": "completed", "result": "failed"})).unwrap(), build, "said again");
}

#[test]
fn times_come_from_the_reporter_within_reason() {
    let running =
        change(&queued(), json!({"status": "inProgress", "startTime": "Sun, 22 Nov 2026 07:05:00 GMT"})).unwrap();
    assert_eq!(running.started_at, Some(Timestamp::from_secs(NOW.as_secs() + 300)));
    let finish = |time: &str| change(&running, json!({"status": "completed", "result": "failed", "finishTime": time}));
    assert!(finish("2026-11-22T07:09:00Z").is_ok());
    assert!(finish("2026-11-22T07:04:00Z").is_err(), "before it began");
    assert!(finish("2027-01-01T00:00:00Z").is_err(), "in the future");
    assert!(finish("soon").is_err());
}

#[test]
fn tags_come_and_go_whatever_their_case() {
    let build = add_tag(&completed(), "Release", BEN, LATER).unwrap();
    assert_eq!(add_tag(&build, "release", BEN, LATER).unwrap(), build);
    assert_eq!(remove_tag(&build, "RELEASE", BEN, LATER).unwrap().tags.len(), 0);
    assert_eq!(remove_tag(&build, "other", BEN, LATER).unwrap(), build);
    let changed = change_tags(&build, &json!({"tagsToAdd": ["a"], "tagsToRemove": ["release"]}), BEN, LATER).unwrap();
    assert_eq!(changed.tags, ["a".to_owned()].into());
    assert_eq!(change_tags(&build, &json!(["b"]), BEN, LATER).unwrap().tags.len(), 2);
    for body in [json!("x"), json!(null), json!([1]), json!([""]), json!({"tagsToAdd": "x"})] {
        assert_eq!(change_tags(&build, &body, BEN, LATER).unwrap_err().status(), 400, "{body}");
    }
    assert_eq!(change_tags(&build, &json!({}), BEN, LATER).unwrap(), build);
    let many: Vec<String> = (0..101).map(|n| n.to_string()).collect();
    assert!(change_tags(&build, &json!(many), BEN, LATER).is_err());
}

#[test]
fn a_request_that_is_no_build_is_refused_and_never_panics() {
    for body in [
        json!(null),
        json!([]),
        json!({}),
        json!({"definition": 3}),
        json!({"definition": {"id": "x"}}),
        json!({"definition": {"id": 3}, "sourceVersion": "HEAD"}),
        json!({"definition": {"id": 3}, "sourceBranch": "a..b"}),
        json!({"definition": {"id": 3}, "reason": "whim"}),
        json!({"definition": {"id": 3}, "reason": 1e300}),
        json!({"definition": {"id": 3}, "parameters": {}}),
        json!({"definition": {"id": 3}, "buildNumber": "a/b"}),
        json!({"definition": {"id": 3}, "tags": "x"}),
    ] {
        assert_eq!(QueueRequest::read(&body, None).unwrap_err().status(), 400, "{body}");
    }
    for body in [
        json!(null),
        json!({"status": "sleeping"}),
        json!({"status": []}),
        json!({"keepForever": 1}),
        json!({"startTime": 5}),
    ] {
        assert_eq!(BuildPatch::read(&body).unwrap_err().status(), 400, "{body}");
    }
}

#[test]
fn what_a_change_is_about_says_which_permission_it_takes() {
    assert!(BuildPatch::read(&json!({"keepForever": true})).unwrap().is_of_quality_only());
    assert!(!BuildPatch::read(&json!({"keepForever": true, "status": 1})).unwrap().is_of_quality_only());
}
