use super::*;
use crate::fixtures::{ANA, BEN, NOW, lighthouse, people};
use serde_json::json;
use std::time::Duration;

const LATER: Timestamp = Timestamp::from_secs(NOW.as_secs() + 60);

fn patch(document: Value) -> Patch {
    Patch::parse(&document).unwrap()
}

fn set(field: &str, value: Value) -> Value {
    json!({"op": "add", "path": format!("/fields/{field}"), "value": value})
}

fn link(kind: LinkType, target: i64) -> Value {
    let url = format!("https://localhost/harbor/_apis/wit/workItems/{target}");
    json!({"op": "add", "path": "/relations/-", "value": {"rel": kind.rel(), "url": url}})
}

fn make(kind: WorkItemType, document: Value) -> Result<Revision, DevOpsError> {
    let (project, people, reachable) = (lighthouse(), people(), [7, 8].into());
    let surroundings = Surroundings { project: &project, people: &people, reachable_items: &reachable };
    create(5, kind, &patch(document), surroundings, ANA, NOW)
}

fn change(item: &WorkItem, document: Value) -> Result<Revision, DevOpsError> {
    let (project, people, reachable) = (lighthouse(), people(), [7, 8].into());
    let surroundings = Surroundings { project: &project, people: &people, reachable_items: &reachable };
    update(item, &patch(document), surroundings, BEN, LATER)
}

fn a_bug() -> WorkItem {
    make(WorkItemType::Bug, json!([set("System.Title", json!("The lamp is dark"))])).unwrap().item
}

fn code(answer: Result<Revision, DevOpsError>) -> (u16, String) {
    let error = answer.unwrap_err();
    (error.status(), error.message.split(':').next().unwrap_or_default().to_owned())
}

#[test]
fn a_new_item_begins_at_revision_one_in_the_first_state_of_its_type() {
    let bug = a_bug();
    assert_eq!((bug.id, bug.rev, bug.kind), (5, 1, WorkItemType::Bug));
    assert_eq!((bug.text(field::STATE), bug.text(field::REASON)), ("New", "New"));
    assert_eq!((bug.text(field::AREA_PATH), bug.text(field::ITERATION_PATH)), ("lighthouse", "lighthouse"));
    assert_eq!((bug.created_by, bug.created_at, bug.changed_by), (ANA, NOW, ANA));
    let issue = make(WorkItemType::Issue, json!([set("System.Title", json!("Fog"))])).unwrap().item;
    assert_eq!(issue.text(field::STATE), "Active");
    assert_eq!(issue.fields.value(field::ACTIVATED_BY), Some(&FieldValue::Identity(ANA)));
}

#[test]
fn an_item_needs_a_title() {
    assert_eq!(code(make(WorkItemType::Task, json!([]))), (400, "TF401320".into()));
    assert_eq!(code(change(&a_bug(), json!([set("System.Title", json!("  "))]))).0, 400);
    assert_eq!(code(change(&a_bug(), json!([{"op": "remove", "path": "/fields/System.Title"}]))).0, 400);
    assert_eq!(code(change(&a_bug(), json!([set("System.Title", json!("a".repeat(256)))]))).0, 400);
    let another = json!([{"op": "remove", "path": "/fields/System.Title"}, set("System.Title", json!("Brighter"))]);
    assert_eq!(change(&a_bug(), another).unwrap().item.text(field::TITLE), "Brighter", "what it has in the end counts");
}

#[test]
fn a_change_makes_the_next_revision_and_says_what_changed() {
    let bug = a_bug();
    let revision =
        change(&bug, json!([set("System.State", json!("active")), set("System.AssignedTo", json!("ben@harbor.test"))]))
            .unwrap();
    let item = &revision.item;
    assert_eq!((item.rev, item.changed_by, item.changed_at), (2, BEN, LATER));
    assert_eq!((item.created_by, item.created_at), (ANA, NOW));
    assert_eq!((item.text(field::STATE), item.text(field::REASON)), ("Active", "Approved"));
    let changed: Vec<&str> = revision.update.fields.iter().map(|change| change.field).collect();
    assert_eq!(
        changed,
        [
            "Microsoft.VSTS.Common.ActivatedBy",
            "Microsoft.VSTS.Common.ActivatedDate",
            "Microsoft.VSTS.Common.StateChangeDate",
            "System.AssignedTo",
            "System.ChangedBy",
            "System.ChangedDate",
            "System.Reason",
            "System.Rev",
            "System.State",
        ]
    );
    let state = revision.update.fields.iter().find(|change| change.field == field::STATE).unwrap();
    assert_eq!(
        (&state.old, &state.new),
        (&Some(FieldValue::Text("New".into())), &Some(FieldValue::Text("Active".into())))
    );
    let nothing = change(item, json!([])).unwrap().update;
    let named: Vec<&str> = nothing.fields.iter().map(|change| change.field).collect();
    assert_eq!(named, ["System.Rev"], "a change of nothing is a revision, and no more");
}

#[test]
fn a_test_of_the_revision_that_fails_changes_nothing() {
    let bug = WorkItem { rev: 5, ..a_bug() };
    let error =
        change(&bug, json!([{"op": "Test", "path": "/rev", "value": 4}, set("System.Title", json!("x"))])).unwrap_err();
    assert_eq!(error.status(), 412);
    assert_eq!(error.kind.key(), "TestPatchOperationFailedException");
    assert_eq!(error.message, "VS403351: Test Operation for path /rev failed, value 5 was not equal to test value 4.");
    assert_eq!(change(&bug, json!([{"op": "test", "path": "/rev", "value": "5"}])).unwrap().item.rev, 6);
}

#[test]
fn a_field_can_be_tested_too() {
    let holds = |field: &str, value: Value| {
        change(&a_bug(), json!([{"op": "test", "path": format!("/fields/{field}"), "value": value}]))
    };
    assert!(holds("System.State", json!("New")).is_ok());
    assert!(holds("System.CreatedBy", json!("ana@harbor.test")).is_ok());
    assert!(holds("System.AssignedTo", Value::Null).is_ok());
    assert_eq!(holds("System.State", json!("Closed")).unwrap_err().status(), 412);
    assert_eq!(holds("System.Rev", json!({})).unwrap_err().status(), 412);
}

#[test]
fn states_are_those_of_the_type() {
    assert_eq!(code(change(&a_bug(), json!([set("System.State", json!("Removed"))]))), (400, "TF401320".into()));
    assert_eq!(code(change(&a_bug(), json!([set("System.State", Value::Null)]))).0, 400);
    let closed =
        change(&a_bug(), json!([set("System.State", json!("Closed")), set("System.Reason", json!("Duplicate"))]))
            .unwrap()
            .item;
    assert_eq!(closed.text(field::REASON), "Duplicate");
    assert_eq!(closed.fields.value(field::CLOSED_DATE), Some(&FieldValue::DateTime(LATER)));
    let reopened = change(&closed, json!([set("System.State", json!("Active"))])).unwrap().item;
    assert_eq!(reopened.fields.value(field::CLOSED_DATE), None);
    assert_eq!(reopened.text(field::REASON), "Approved");
}

#[test]
fn areas_and_iterations_are_below_the_project() {
    let with = |path: &str| change(&a_bug(), json!([set("System.AreaPath", json!(path))]));
    assert_eq!(with("Lighthouse\\Lamp").unwrap().item.text(field::AREA_PATH), "lighthouse\\Lamp");
    assert_eq!(with("\\lighthouse\\").unwrap().item.text(field::AREA_PATH), "lighthouse");
    for path in ["drydock", "drydock\\lighthouse", "lighthouse\\\\x", "lighthousex", "\\"] {
        assert_eq!(code(with(path)), (400, "TF401347".into()), "{path}");
    }
    assert_eq!(code(with(&format!("lighthouse{}", "\\a".repeat(20)))).0, 400);
}

#[test]
fn a_comment_rides_along_with_a_change() {
    let revision = change(&a_bug(), json!([set("System.History", json!("Looking into it"))])).unwrap();
    assert_eq!(revision.comment.unwrap().as_str(), "Looking into it");
    assert_eq!(revision.item.comment_count, 1);
    assert_eq!(revision.item.fields.value(field::HISTORY), None);
}

#[test]
fn links_lead_to_items_that_the_caller_can_reach() {
    let linked = change(&a_bug(), json!([link(LinkType::Parent, 7), link(LinkType::Related, 8)])).unwrap();
    assert_eq!(linked.item.parent(), Some(7));
    assert_eq!(linked.update.relations_added.len(), 2);
    assert_eq!(change(&a_bug(), json!([link(LinkType::Child, 99)])).unwrap_err().kind, ErrorType::WorkItemNotFound);
    assert_eq!(change(&a_bug(), json!([link(LinkType::Related, 5)])).unwrap_err().status(), 400);
    assert_eq!(change(&linked.item, json!([link(LinkType::Parent, 8)])).unwrap_err().status(), 400);
    assert_eq!(change(&linked.item, json!([link(LinkType::Related, 8)])).unwrap_err().status(), 400);
    let removed = change(&linked.item, json!([{"op": "remove", "path": "/relations/0"}])).unwrap();
    assert_eq!((removed.item.parent(), removed.update.relations_removed.len()), (None, 1));
    assert_eq!(change(&linked.item, json!([{"op": "remove", "path": "/relations/2"}])).unwrap_err().status(), 400);
}

#[test]
fn fields_belong_to_their_types() {
    let story = make(
        WorkItemType::UserStory,
        json!([set("System.Title", json!("s")), set("Microsoft.VSTS.Scheduling.StoryPoints", json!(3))]),
    );
    assert!(story.is_ok());
    let error = make(
        WorkItemType::Epic,
        json!([set("System.Title", json!("e")), set("Microsoft.VSTS.Scheduling.StoryPoints", json!(3))]),
    )
    .unwrap_err();
    assert_eq!(error.kind, ErrorType::InvalidPatchField);
}

#[test]
fn values_are_copied_and_moved() {
    let item = change(&a_bug(), json!([set("Microsoft.VSTS.TCM.ReproSteps", json!("Look up"))])).unwrap().item;
    let moved = change(
        &item,
        json!([{"op": "move", "from": "/fields/Microsoft.VSTS.TCM.ReproSteps", "path": "/fields/System.Description"}]),
    )
    .unwrap()
    .item;
    assert_eq!((moved.text("System.Description"), moved.text("Microsoft.VSTS.TCM.ReproSteps")), ("Look up", ""));
    let onto_itself =
        change(&item, json!([{"op": "move", "from": "/fields/System.Title", "path": "/fields/System.Title"}])).unwrap();
    assert_eq!(onto_itself.item.text(field::TITLE), "The lamp is dark");
    assert!(
        change(&item, json!([{"op": "move", "from": "/fields/System.Title", "path": "/fields/System.Reason"}]))
            .is_err()
    );
}

#[test]
fn a_field_can_be_written_in_markdown() {
    let format =
        |format: &str| json!([{"op": "add", "path": "/multilineFieldsFormat/System.Description", "value": format}]);
    let item = change(&a_bug(), format("Markdown")).unwrap().item;
    assert!(item.markdown_fields.contains("System.Description"));
    assert!(change(&item, format("Html")).unwrap().item.markdown_fields.is_empty());
}

#[test]
fn a_change_keeps_who_made_the_item_and_tells_who_changed_it() {
    let item = change(&a_bug(), json!([set("System.Title", json!("Brighter"))])).unwrap().item;
    assert_eq!(item.changed_at.since(item.created_at), Duration::from_secs(60));
    assert_eq!(item.people(), [ANA, BEN].into());
}

#[test]
fn no_patch_however_odd_breaks_the_rules_or_the_server() {
    let long = "x".repeat(300);
    let values = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e308),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}"),
        json!(long),
        json!("lighthouse\\"),
        json!([]),
        json!({}),
        json!({"rel": "Hyperlink", "url": "https://e.test"}),
        json!({"id": 1}),
    ];
    let fixed = [
        "/rev",
        "/id",
        "/relations/-",
        "/relations/0",
        "/relations/18446744073709551615",
        "/fields/",
        "fields/System.Title",
        "//",
        "/é",
    ];
    let fields = field::FIELDS.iter().map(|field| format!("/fields/{}", field.reference_name));
    let paths: Vec<String> = fixed.iter().map(|path| (*path).to_owned()).chain(fields).collect();
    let bug = a_bug();
    let mut done = 0;
    for op in ["add", "replace", "remove", "test", "copy", "move"] {
        for path in &paths {
            for value in &values {
                let operation = json!({"op": op, "path": path, "value": value, "from": "/fields/System.Title"});
                let Ok(patch) = Patch::parse(&json!([operation])) else { continue };
                let (project, people, reachable) = (lighthouse(), people(), BTreeSet::new());
                let surroundings = Surroundings { project: &project, people: &people, reachable_items: &reachable };
                match update(&bug, &patch, surroundings, BEN, LATER) {
                    Ok(Revision { item, .. }) => {
                        done += 1;
                        assert_eq!((item.id, item.rev, item.created_by, item.project), (5, 2, ANA, bug.project));
                        assert!((1..=255).contains(&item.text(field::TITLE).chars().count()), "{op} {path} {value}");
                        assert!(item.kind.state(item.text(field::STATE)).is_some(), "{op} {path} {value}");
                    }
                    Err(error) => assert!((400..500).contains(&error.status()), "{op} {path} {value}"),
                }
            }
        }
    }
    assert!(done > 100);
}
