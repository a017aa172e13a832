use serde_json::{Value, json};

use super::identity::{Identities, IdentityRef};
use super::*;
use crate::build::timeline::{IssueType, RecordResult, RecordState, RecordType, TimelineRecord};
use crate::build::{BuildReason, QueueRequest};
use crate::fixtures::{ANA, BEN, NOW, a_definition, a_repository, an_organization, everybody, lighthouse, people};
use crate::work_item::{LinkType, Patch, Shape, Surroundings, WorkItemType};
use crate::{commit as git_commit, item as git_item, refs, work_item as rules};

const ORIGIN: &str = "https://localhost:4243";
const SHA: &str = "89abcdef0123456789abcdef0123456789abcdef";

fn shown<T: Serialize>(show: impl FnOnce(&Urls) -> T) -> Value {
    let harbor = an_organization();
    serde_json::to_value(show(&Urls::new(ORIGIN, &harbor))).unwrap()
}

fn identities<'a>(urls: &Urls<'a>) -> Identities<'a> {
    Identities::new(urls, everybody().map(|person| (person.id, IdentityRef::new(urls, person))))
}

fn a_task() -> rules::WorkItem {
    let (project, people, reachable) = (lighthouse(), people(), [7].into());
    let surroundings = Surroundings { project: &project, people: &people, reachable_items: &reachable };
    let patch = Patch::of_fields([
        ("System.Title", json!("Replace the lamp")),
        ("System.AssignedTo", json!("ben@harbor.test")),
        ("System.Tags", json!("b; a")),
    ])
    .with_link(rules::Link::WorkItem { kind: LinkType::Parent, target: 7 });
    rules::create(5, WorkItemType::Task, &patch, surroundings, ANA, NOW).unwrap().item
}

fn show_task(shape: &Shape) -> Value {
    let (project, task) = (lighthouse(), a_task());
    shown(|urls| json!(super::work_item::work_item(urls, &project, &identities(urls), &task, shape)))
}

#[test]
fn a_work_item_is_shown_as_clients_read_it() {
    let item = show_task(&Shape::default());
    assert_eq!((&item["id"], &item["rev"]), (&json!(5), &json!(1)));
    let fields = &item["fields"];
    assert_eq!(fields["System.TeamProject"], "lighthouse");
    assert_eq!(fields["System.CreatedDate"], "2026-11-22T07:00:00.000Z");
    assert_eq!(fields["System.AssignedTo"]["uniqueName"], "ben@harbor.test");
    assert_eq!(fields["System.CreatedBy"]["displayName"], "Ana");
    assert_eq!((&fields["System.Tags"], &fields["System.Parent"]), (&json!("a; b"), &json!(7)));
    for field in [
        "System.Id",
        "System.Rev",
        "System.AreaPath",
        "System.IterationPath",
        "System.WorkItemType",
        "System.State",
        "System.Reason",
        "System.ChangedDate",
        "System.ChangedBy",
        "System.CommentCount",
        "Microsoft.VSTS.Common.StateChangeDate",
        "Microsoft.VSTS.Common.Priority",
    ] {
        assert!(fields.get(field).is_some(), "{field}");
    }
    assert!(item.get("relations").is_none() && item.get("_links").is_none());
    let url = format!("{ORIGIN}/harbor/{}/_apis/wit/workItems/5", lighthouse().id);
    assert_eq!(item["url"], url.as_str());
}

#[test]
fn a_work_item_shows_as_much_as_was_asked_for() {
    let narrow = show_task(&Shape::parse(None, Some("System.Title")).unwrap());
    assert_eq!(narrow["fields"], json!({"System.Title": "Replace the lamp"}));
    let wide = show_task(&Shape::everything());
    assert_eq!(wide["relations"][0]["rel"], "System.LinkTypes.Hierarchy-Reverse");
    assert_eq!(wide["relations"][0]["url"], format!("{ORIGIN}/harbor/_apis/wit/workItems/7").as_str());
    assert_eq!(wide["relations"][0]["attributes"]["name"], "Parent");
    assert!(wide["_links"]["html"]["href"].as_str().unwrap().ends_with("/harbor/lighthouse/_workitems/edit/5"));
}

#[test]
fn an_update_shows_what_was_and_what_is() {
    let update = rules::Update::between(None, &a_task(), "lighthouse");
    let update = shown(|urls| json!(super::update::update(urls, lighthouse().id, &identities(urls), &update)));
    assert_eq!(update["fields"]["System.State"], json!({"newValue": "New"}));
    assert_eq!(update["relations"]["added"][0]["attributes"]["name"], "Parent");
    assert_eq!(update["revisedBy"]["id"], ANA.to_string().as_str());
}

#[test]
fn somebody_who_is_gone_is_still_shown_by_what_they_did() {
    let stranger = crate::ids::PersonId(uuid::Uuid::from_u128(99));
    let shown = shown(|urls| identities(urls).of(stranger));
    assert_eq!(shown["displayName"], "Former member");
    assert!(shown["descriptor"].as_str().unwrap().starts_with("aad."));
    assert!(shown["_links"]["avatar"]["href"].is_string());
}

#[test]
fn types_show_their_states_fields_and_transitions() {
    let bug = shown(|urls| work_item_type::work_item_type(urls, lighthouse().id, WorkItemType::Bug));
    assert_eq!(bug["states"][0], json!({"name": "New", "color": "b2b2b2", "category": "Proposed"}));
    assert_eq!(bug["transitions"][""], json!([{"to": "New", "actions": null}]));
    let story = shown(|urls| work_item_type::work_item_type(urls, lighthouse().id, WorkItemType::UserStory));
    assert!(story["url"].as_str().unwrap().ends_with("/wit/workItemTypes/User%20Story"));
    let title = story["fields"].as_array().unwrap().iter().find(|field| field["referenceName"] == "System.Title");
    assert_eq!(title.unwrap()["alwaysRequired"], true);
}

#[test]
fn a_project_shows_its_team_and_its_capabilities_when_asked() {
    let project = shown(|urls| super::project::project(urls, &lighthouse(), "lighthouse Team", true));
    assert_eq!((&project["state"], &project["visibility"]), (&json!("wellFormed"), &json!("private")));
    assert_eq!(project["capabilities"]["versioncontrol"]["sourceControlType"], "Git");
    assert_eq!(project["defaultTeam"]["name"], "lighthouse Team");
    let list: Collection<Value> = vec![project].into();
    assert_eq!(serde_json::to_value(list).unwrap()["count"], 1);
}

#[test]
fn a_repository_shows_where_git_finds_it() {
    let mut project = lighthouse();
    project.name = crate::name::ProjectName::parse("Light House").unwrap();
    let repository = shown(|urls| super::repository::repository(urls, &project, &a_repository()));
    assert_eq!(repository["remoteUrl"], format!("{ORIGIN}/harbor/Light%20House/_git/lamp").as_str());
    assert_eq!(repository["defaultBranch"], "refs/heads/main");
}

#[test]
fn changes_are_shown_with_what_was_done_how_often() {
    use crate::change::{Change, ChangeType, Changes};
    let change = |change: ChangeType, path: &str, from: Option<&str>| Change {
        change,
        path: path.into(),
        from: from.map(str::to_owned),
        kind: git_item::ObjectType::Blob,
        object_id: (change != ChangeType::DeleteSourceRename).then(|| SHA.to_owned()),
        original_object_id: None,
        commit_id: SHA.into(),
    };
    let all = [ChangeType::DeleteSourceRename, ChangeType::Rename];
    let tell = |place: usize| match place {
        0 => Some(change(all[0], "/a", None)),
        _ => Some(change(all[1], "/b c", Some("/a"))),
    };
    let changes = Changes::part(&all, 0, 9, true, tell);
    let told = shown(|urls| super::change::changes(urls, &a_repository(), &changes));
    assert_eq!(told["changeCounts"], json!({"Add": 0, "Edit": 0, "Delete": 0, "Rename": 1}));
    let [source, renamed] = &told["changes"].as_array().unwrap()[..] else { panic!("{told}") };
    assert_eq!(source["changeType"], "delete, sourceRename");
    assert!(source["item"].get("objectId").is_none() && source.get("sourceServerItem").is_none());
    assert_eq!((&renamed["sourceServerItem"], &renamed["item"]["objectId"]), (&json!("/a"), &json!(SHA)));
    let url = renamed["item"]["url"].as_str().unwrap();
    assert!(url.ends_with(&format!("items/b%20c?versionType=Commit&version={SHA}&versionOptions=None")), "{url}");
}

#[test]
fn refs_commits_and_items_are_shown_with_their_urls() {
    let main = refs::Ref { name: "refs/heads/main".into(), object_id: SHA.into(), peeled_object_id: None };
    let main = shown(|urls| git_ref::git_ref(urls, &a_repository(), &main, true));
    assert!(main["url"].as_str().unwrap().ends_with("/refs?filter=heads%2Fmain"));

    let signature = git_commit::Signature { name: "Ana".into(), email: "ana@harbor.test".into(), at: NOW };
    let commit = git_commit::Commit {
        id: SHA.into(),
        tree: SHA.into(),
        author: signature.clone(),
        committer: signature,
        message: format!("Light the lamp\n\n{}", "Because. ".repeat(40)),
        parents: vec![SHA.into()],
    };
    let short = shown(|urls| super::commit::commit_in_list(urls, &lighthouse(), &a_repository(), &commit));
    assert_eq!((&short["comment"], &short["commentTruncated"]), (&json!("Light the lamp"), &json!(true)));
    let whole = shown(|urls| super::commit::commit(urls, &lighthouse(), &a_repository(), &commit));
    assert_eq!((&whole["parents"], whole.get("commentTruncated")), (&json!([SHA]), None));

    let version = git_item::Version { name: Some("feature/x".into()), kind: None };
    let file = git_item::Item {
        path: "/docs/a b.md".into(),
        object_id: SHA.into(),
        kind: git_item::ObjectType::Blob,
        symlink: false,
        commit_id: SHA.into(),
        content: None,
    };
    let file = shown(|urls| super::item::item(urls, &a_repository(), &version, &file));
    assert_eq!(file["gitObjectType"], "blob");
    let end = "/items/docs/a%20b.md?versionType=Branch&version=feature%2Fx&versionOptions=None";
    assert!(file["url"].as_str().unwrap().ends_with(end));
    assert!(file.get("isFolder").is_none());
}

#[test]
fn a_build_and_its_timeline_are_shown_with_words_for_enums() {
    let definition = a_definition();
    let request = QueueRequest::of(3, BuildReason::IndividualCi, "refs/heads/main", SHA);
    let build = crate::build::queue(41, &request, &definition, 0, BEN, NOW).unwrap();
    let shown_build =
        shown(|urls| super::build::build(urls, &lighthouse(), &a_repository(), &definition, &identities(urls), &build));
    assert_eq!((&shown_build["status"], &shown_build["reason"]), (&json!("notStarted"), &json!("individualCI")));
    assert_eq!(shown_build["uri"], "vstfs:///Build/Build/41");
    assert_eq!(shown_build["definition"]["queueStatus"], "enabled");
    assert_eq!(shown_build["repository"]["type"], "TfsGit");
    assert!(shown_build.get("result").is_none());

    let job = TimelineRecord {
        id: uuid::Uuid::from_u128(1),
        parent: None,
        kind: RecordType::Job,
        name: "Build".into(),
        started_at: Some(NOW),
        finished_at: Some(NOW),
        state: RecordState::Completed,
        result: Some(RecordResult::Failed),
        order: 1,
        attempt: 1,
        worker: None,
        log: Some(2),
        issues: vec![crate::build::timeline::Issue {
            kind: IssueType::Error,
            category: "General".into(),
            message: "The lamp is dark.".into(),
        }],
    };
    let timeline = shown(|urls| super::timeline::timeline(urls, &build, &[job]));
    let record = &timeline["records"][0];
    assert_eq!(
        (&record["type"], &record["result"], &record["errorCount"]),
        (&json!("Job"), &json!("failed"), &json!(1))
    );
    assert!(record["log"]["url"].as_str().unwrap().ends_with("/build/Builds/41/logs/2"));
    assert_eq!(timeline["id"], shown_build["orchestrationPlan"]["planId"]);
}

#[test]
fn connection_data_names_who_is_connected_or_nobody() {
    let harbor = an_organization();
    let known = serde_json::to_value(connection_data::connection_data(&harbor, people().by_id(ANA))).unwrap();
    assert_eq!(known["authenticatedUser"]["properties"]["Account"]["$value"], "ana@harbor.test");
    let nobody = serde_json::to_value(connection_data::connection_data(&harbor, None)).unwrap();
    assert_eq!(nobody["authenticatedUser"]["id"], "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa");
    let account = serde_json::to_value(account::account(ORIGIN, &harbor)).unwrap();
    assert_eq!(account["accountUri"], format!("{ORIGIN}/harbor/").as_str());
}

#[test]
fn a_reviewer_is_a_person_with_a_vote() {
    use crate::pull_request as asked;
    let reviewer = asked::Reviewer { person: BEN, vote: 10, required: true };
    let pull_request = asked::PullRequest {
        id: 9,
        repository: a_repository().id,
        status: asked::PullRequestStatus::Active,
        merge_status: asked::MergeStatus::Succeeded,
        title: "A brighter lamp".into(),
        description: String::new(),
        source_ref: "refs/heads/brighter".into(),
        target_ref: "refs/heads/main".into(),
        source_commit: Some(SHA.into()),
        target_commit: None,
        created_by: ANA,
        created_at: NOW,
        closed_at: None,
        draft: false,
        reviewers: vec![reviewer],
    };
    let shown = shown(|urls| {
        super::pull_request::pull_request(urls, &lighthouse(), &a_repository(), &identities(urls), &pull_request)
    });
    let (author, reviewer) = (&shown["createdBy"], &shown["reviewers"][0]);
    assert_eq!(author["displayName"], "Ana");
    assert_eq!((&reviewer["uniqueName"], &reviewer["vote"]), (&json!("ben@harbor.test"), &json!(10)));
    let members = |person: &Value| person.as_object().unwrap().len();
    assert_eq!(members(reviewer), members(author) + 4, "as any person, and what they said");
}
