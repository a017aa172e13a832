//! Organizations and what lives in them, on both databases.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::Arc;
use std::time::Duration;

use latchkey_devops::access::{
    self, Action, Asked, Caller, InOrganization, OrganizationAccess, ProjectAccess, RepositoryAccess, Standing,
};
use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::build::definition::{Definition, QueueStatus};
use latchkey_devops::build::filter::{BuildQueryOrder, PersonRequested};
use latchkey_devops::build::timeline::{Issue, IssueType, RecordResult, RecordState, RecordType, TimelineRecord};
use latchkey_devops::build::{
    self, Build, BuildFilter, BuildPatch, BuildReason, BuildResult, BuildStatus, DefinitionFilter, QueueRequest,
};
use latchkey_devops::group::{OrganizationGroup, ProjectGroup};
use latchkey_devops::ids::{AppId, OrganizationId, PersonId, ProjectId, RepositoryId, TeamId};
use latchkey_devops::membership::{Member, People};
use latchkey_devops::name::{OrganizationName, ProjectName, RepositoryName};
use latchkey_devops::organization::Organization;
use latchkey_devops::policy::{AuthorizePolicy, OrganizationPolicy};
use latchkey_devops::project::Project;
use latchkey_devops::pull_request::{MergeStatus, PullRequest, PullRequestStatus, Reviewer};
use latchkey_devops::repository::Repository;
use latchkey_devops::sunset::Sunset;
use latchkey_devops::work_item::comment::CommentText;
use latchkey_devops::work_item::{self, Comment, Patch, Revision, Surroundings, TextFormat, WorkItemType};
use latchkey_jose::Timestamp;
use latchkey_store::devops::builds::Continuation;
use latchkey_store::devops::organizations::Numbered;
use latchkey_store::devops::pull_requests::PullRequestFilter;
use latchkey_store::devops::{
    Author, OrganizationFacts, build_definitions, builds, comments, groups, logs, members, organizations, projects,
    pull_requests, repositories, timelines, work_items,
};
use latchkey_store::{Changes, CommitError, Store, audit};
use latchkey_testkit::databases::on_both_databases;
use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_secs(1_795_330_800);
const ANA: PersonId = PersonId(Uuid::from_u128(0xa));
const BEN: PersonId = PersonId(Uuid::from_u128(0xb));
const EVE: PersonId = PersonId(Uuid::from_u128(0xe));

fn later(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

fn by_ana() -> Author {
    Author::person(ANA, NOW)
}

fn an_organization(id: u128, name: &str, owner: PersonId) -> Organization {
    Organization {
        id: OrganizationId(Uuid::from_u128(id)),
        tenant: Uuid::from_u128(id + 0x7e00),
        name: OrganizationName::parse(name).unwrap(),
        owner,
        policy: OrganizationPolicy::default(),
    }
}

fn a_project(organization: &Organization, id: u128, name: &str) -> Project {
    Project {
        id: ProjectId(Uuid::from_u128(id)),
        organization: organization.id,
        name: ProjectName::parse(name).unwrap(),
        description: "Keeps ships off the rocks.".into(),
        revision: 1,
        updated_at: NOW,
        default_team: TeamId(Uuid::from_u128(id + 100)),
    }
}

fn a_repository(project: ProjectId, id: u128, name: &str) -> Repository {
    Repository {
        id: RepositoryId(Uuid::from_u128(id)),
        project,
        name: RepositoryName::parse(name).unwrap(),
        default_branch: None,
        size: 0,
        disabled: false,
        created_at: NOW,
    }
}

fn a_member(person: PersonId) -> Member {
    Member { person, service: None, access_level: AccessLevel::Basic, groups: [].into(), projects: [].into() }
}

/// An organization with one project and one repository. Its owner is in the project.
struct World {
    store: Store,
    id: OrganizationId,
    owner: PersonId,
    project: ProjectId,
    repository: RepositoryId,
}

impl World {
    async fn harbor(store: &Store) -> Self {
        Self::new(store, an_organization(1, "Harbor", ANA), 11).await
    }

    /// Has the same numbers of work items and builds as harbor.
    async fn shore(store: &Store) -> Self {
        Self::new(store, an_organization(2, "shore", EVE), 21).await
    }

    async fn new(store: &Store, organization: Organization, project: u128) -> Self {
        let author = Author::person(organization.owner, NOW);
        let owner = a_member(organization.owner);
        store.commit(organizations::create(&organization, &owner, &author)).await.unwrap();
        let project = a_project(&organization, project, "Lighthouse");
        let repository = a_repository(project.id, project.id.0.as_u128() + 1_000, "lamp");
        let world = Self {
            store: store.clone(),
            id: organization.id,
            owner: organization.owner,
            project: project.id,
            repository: repository.id,
        };
        store.commit(projects::create(&*world.facts().await, &project, &author)).await.unwrap();
        store.commit(repositories::create(&*world.facts().await, &repository, &author)).await.unwrap();
        let groups = [ProjectGroup::ProjectAdministrators].into();
        let join = members::add_to_project(&organization, world.owner, project.id, &groups, &author);
        store.commit(join).await.unwrap();
        world
    }

    async fn facts(&self) -> Arc<OrganizationFacts> {
        self.store.organization_by_id(self.id).await.unwrap().unwrap()
    }

    async fn member(&self, person: PersonId) -> Option<Arc<Member>> {
        self.store.member(self.id, person).await.unwrap()
    }

    async fn project(&self) -> ProjectAccess {
        let (facts, member) = (self.facts().await, self.member(self.owner).await);
        let within = InOrganization::new("it", Some(&facts.organization), member.as_deref());
        let project = Asked::new("it", facts.project_by_id(self.project));
        let caller = Caller::in_person(self.owner, Standing::Live);
        access::to_project(&caller, within, project, Action::ReadProject).unwrap()
    }

    async fn repository(&self) -> RepositoryAccess {
        let (facts, member) = (self.facts().await, self.member(self.owner).await);
        let within = InOrganization::new("it", Some(&facts.organization), member.as_deref());
        let project = Asked::new("it", facts.project_by_id(self.project));
        let repository = Asked::new("it", facts.repository_by_id(self.repository));
        let caller = Caller::in_person(self.owner, Standing::Live);
        access::to_repository(&caller, within, project, repository, Action::ReadCode).unwrap()
    }

    async fn organization(&self) -> OrganizationAccess {
        let (facts, member) = (self.facts().await, self.member(self.owner).await);
        let within = InOrganization::new("it", Some(&facts.organization), member.as_deref());
        let caller = Caller::in_person(self.owner, Standing::Live);
        access::to_organization(&caller, within, Action::AdministerOrganization).unwrap()
    }

    async fn create_item(&self, patch: serde_json::Value, now: Timestamp) -> Revision {
        let (access, facts) = (self.project().await, self.facts().await);
        let project = facts.project_by_id(self.project).unwrap();
        let patch = Patch::parse(&patch).unwrap();
        let decide = async || {
            let (people, reachable) = (People::default(), [1, 2, 3].into());
            let surroundings = Surroundings { project, people: &people, reachable_items: &reachable };
            let id = self.store.next_number(self.id, Numbered::WorkItem).await?;
            let comment = self.store.next_number(self.id, Numbered::Comment).await?;
            let revision = work_item::create(id, WorkItemType::Task, &patch, surroundings, self.owner, now).unwrap();
            let changes = work_items::keep(&access, &revision, Some(comment));
            Ok((revision, changes))
        };
        self.store.decide(decide).await.unwrap()
    }

    async fn next_revision(&self, id: i64, title: &str, now: Timestamp) -> (Revision, Changes) {
        let (access, facts) = (self.project().await, self.facts().await);
        let (people, reachable) = (People::default(), [].into());
        let project = facts.project_by_id(self.project).unwrap();
        let surroundings = Surroundings { project, people: &people, reachable_items: &reachable };
        let current = self.store.work_item(self.id, id).await.unwrap().unwrap().prove(&access).unwrap();
        let revision = work_item::update(&current, &titled(title), surroundings, self.owner, now).unwrap();
        let changes = work_items::keep(&access, &revision, None);
        (revision, changes)
    }

    async fn queue(&self, definition: i64, now: Timestamp) -> Build {
        let access = self.project().await;
        let decide = async || {
            let id = self.store.next_number(self.id, Numbered::Build).await?;
            let request = QueueRequest::of(definition, BuildReason::IndividualCi, "refs/heads/main", &"0a".repeat(20));
            let definition = self.a_definition(definition);
            let earlier = self.store.builds_queued(&access, definition.id, NOW, later(86_400)).await?;
            let build = build::queue(id, &request, &definition, earlier, self.owner, now).unwrap();
            let changes = builds::queue(&access, &build);
            Ok((build, changes))
        };
        self.store.decide(decide).await.unwrap()
    }

    async fn patch_build(&self, id: i64, patch: BuildPatch, now: Timestamp) -> Build {
        let access = self.project().await;
        let before = self.store.build(&access, id).await.unwrap().unwrap();
        let after = build::update(&before.build, &patch, self.owner, now).unwrap();
        self.store.commit(builds::update(&access, &before, &after)).await.unwrap();
        after
    }

    fn a_definition(&self, id: i64) -> Definition {
        Definition {
            id,
            project: self.project,
            name: format!("Nightly {id}"),
            path: "\\".into(),
            revision: 1,
            queue_status: QueueStatus::Enabled,
            repository: self.repository,
            default_branch: "refs/heads/main".into(),
            file: "ci.yml".into(),
            created_by: self.owner,
            created_at: NOW,
        }
    }
}

fn titled(title: &str) -> Patch {
    Patch::parse(&json!([{ "op": "add", "path": "/fields/System.Title", "value": title }])).unwrap()
}

fn a_task(title: &str) -> serde_json::Value {
    json!([{ "op": "add", "path": "/fields/System.Title", "value": title }])
}

fn ids(builds: &[Build]) -> Vec<i64> {
    builds.iter().map(|build| build.id).collect()
}

#[test]
fn an_organization_is_found_by_its_name_in_any_case_and_by_its_id() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        for name in ["harbor", "HARBOR", "Harbor", &harbor.id.to_string()] {
            let found = store.organization(name).await.unwrap().unwrap();
            assert_eq!(found.organization, an_organization(1, "Harbor", ANA), "{name}");
            assert_eq!(found.project("LIGHTHOUSE").unwrap().id, harbor.project);
            assert_eq!(found.project(&harbor.project.to_string()).unwrap().description, "Keeps ships off the rocks.");
            assert_eq!(found.repository(harbor.project, "Lamp").unwrap().id, harbor.repository);
            assert_eq!(found.repository(ProjectId(Uuid::nil()), &harbor.repository.to_string()), None);
            assert_eq!(found.repositories_of(harbor.project).count(), 1);
        }
        assert!(store.organization("shore").await.unwrap().is_none());
        World::shore(&store).await;
        assert!(store.organization("shore").await.unwrap().is_some(), "that it was not there is not remembered");
    });
}

#[test]
fn a_name_in_another_case_is_taken() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let again = organizations::create(&an_organization(9, "HARBOR", EVE), &a_member(EVE), &by_ana());
        assert_eq!(store.commit(again).await, Err(CommitError::Lost));
        let facts = harbor.facts().await;
        let again = projects::create(&facts, &a_project(&facts.organization, 99, "LightHouse"), &by_ana());
        assert_eq!(store.commit(again).await, Err(CommitError::Lost));
        let again = repositories::create(&facts, &a_repository(harbor.project, 99, "LAMP"), &by_ana());
        assert_eq!(store.commit(again).await, Err(CommitError::Lost));
        assert_eq!(store.teams(&harbor.project().await).await.unwrap()[0].name, "Lighthouse Team");
    });
}

#[test]
fn once_warm_nothing_is_read_to_decide_access() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        harbor.repository().await;
        store.organization("harbor").await.unwrap();
        store.organizations_of(ANA).await.unwrap();
        let before = store.counters();
        harbor.repository().await;
        store.organization("HARBOR").await.unwrap();
        assert_eq!(store.organizations_of(ANA).await.unwrap().len(), 1);
        assert_eq!(store.counters(), before);
    });
}

#[test]
fn a_membership_that_ended_is_gone_at_once() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let organization = harbor.facts().await.organization.clone();
        assert_eq!(harbor.member(BEN).await, None);
        let ben = Member {
            groups: [OrganizationGroup::ProjectCollectionAdministrators].into(),
            projects: [(harbor.project, [ProjectGroup::Contributors, ProjectGroup::Readers].into())].into(),
            ..a_member(BEN)
        };
        store.commit(members::add(&organization, &ben, &by_ana())).await.unwrap();
        assert_eq!(harbor.member(BEN).await.as_deref(), Some(&ben));
        assert_eq!(store.organizations_of(BEN).await.unwrap().len(), 1);
        let administrators = OrganizationGroup::ProjectCollectionAdministrators;
        assert_eq!(store.group_members(harbor.id, administrators).await.unwrap(), [BEN]);
        assert_eq!(store.members(&harbor.organization().await, None, 10).await.unwrap(), [ANA, BEN]);
        assert_eq!(store.members(&harbor.organization().await, Some(ANA), 10).await.unwrap(), [BEN]);

        store.commit(members::remove(&organization, BEN, &by_ana())).await.unwrap();
        assert_eq!(harbor.member(BEN).await, None);
        assert!(store.organizations_of(BEN).await.unwrap().is_empty());
        assert_eq!(store.commit(members::remove(&organization, BEN, &by_ana())).await, Err(CommitError::Lost));

        store.commit(members::add(&organization, &a_member(BEN), &by_ana())).await.unwrap();
        assert_eq!(harbor.member(BEN).await.as_deref(), Some(&a_member(BEN)), "nothing comes back");
    });
}

#[test]
fn what_a_member_may_changes_step_by_step() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let organization = harbor.facts().await.organization.clone();
        let project = harbor.project;
        let (builders, readers) = (OrganizationGroup::ProjectCollectionBuildAdministrators, ProjectGroup::Readers);
        store.commit(members::add(&organization, &a_member(BEN), &by_ana())).await.unwrap();
        let steps = [
            members::change_access_level(&organization, BEN, AccessLevel::Basic, AccessLevel::Stakeholder, &by_ana()),
            groups::join(&organization, BEN, builders, &by_ana()),
            members::add_to_project(&organization, BEN, project, &[ProjectGroup::Contributors].into(), &by_ana()),
            groups::join_of_project(&organization, BEN, project, readers, &by_ana()),
            groups::leave_of_project(&organization, BEN, project, ProjectGroup::Contributors, &by_ana()),
        ];
        for step in steps {
            assert_eq!(store.commit(step.clone()).await, Ok(()));
            assert_eq!(store.commit(step).await, Err(CommitError::Lost), "it happens once");
        }
        let expected = Member {
            person: BEN,
            service: None,
            access_level: AccessLevel::Stakeholder,
            groups: [builders].into(),
            projects: [(project, [readers].into())].into(),
        };
        assert_eq!(harbor.member(BEN).await.as_deref(), Some(&expected));
        store.commit(groups::leave(&organization, BEN, builders, &by_ana())).await.unwrap();
        store.commit(members::remove_from_project(&organization, BEN, project, &by_ana())).await.unwrap();
        let expected = Member { access_level: AccessLevel::Stakeholder, ..a_member(BEN) };
        assert_eq!(harbor.member(BEN).await.as_deref(), Some(&expected));
        let stranger = groups::join(&organization, EVE, builders, &by_ana());
        assert_eq!(store.commit(stranger).await, Err(CommitError::Lost), "Eve is no member");
        let events = store.audit_events(organization.tenant, None, 100).await.unwrap();
        assert_eq!(events.iter().filter(|event| event.event.kind == "member_changed").count(), 8);
        assert!(audit::verify(&store, None).await.is_ok());
    });
}

#[test]
fn a_policy_that_was_changed_counts_at_once_and_only_if_it_was_the_present_one() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let facts = harbor.facts().await;
        let policy = OrganizationPolicy {
            authorize: AuthorizePolicy::Nobody,
            longest_authorization_days: Some(7),
            third_party_apps: false,
            legacy_apps: true,
            sunset: Sunset::new(None, Some(later(9_000))).unwrap(),
            blocked_apps: [AppId(Uuid::from_u128(5)), AppId(Uuid::from_u128(6))].into(),
        };
        store.commit(organizations::change_policy(&facts, &policy, &by_ana())).await.unwrap();
        assert_eq!(harbor.facts().await.organization.policy, policy);
        let stale = organizations::change_policy(&facts, &OrganizationPolicy::default(), &by_ana());
        assert_eq!(store.commit(stale).await, Err(CommitError::Lost));
        let event = store.audit_events(facts.organization.tenant, None, 1).await.unwrap().remove(0).event;
        assert_eq!((event.kind.as_str(), event.actor), ("policy_changed", Some(ANA.0)));
        assert!(event.detail.contains("\"authorize\":\"nobody\""), "{}", event.detail);

        let relaxed = OrganizationPolicy { blocked_apps: [].into(), ..policy };
        let changes = organizations::change_policy(&*harbor.facts().await, &relaxed, &by_ana());
        store.commit(changes).await.unwrap();
        assert_eq!(harbor.facts().await.organization.policy, relaxed);
    });
}

#[test]
fn a_push_gives_a_repository_its_first_branch() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        for (branch, size) in [("refs/heads/main", 10), ("refs/heads/other", 20)] {
            let access = harbor.repository().await;
            store.commit(repositories::note_push(&access, Some(branch), size)).await.unwrap();
            let facts = harbor.facts().await;
            let repository = facts.repository_by_id(harbor.repository).unwrap();
            assert_eq!((repository.default_branch.as_deref(), repository.size), (Some("refs/heads/main"), size));
        }
    });
}

#[test]
fn a_work_item_is_read_as_it_was_written() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        harbor.create_item(a_task("Polish the lens"), NOW).await;
        let patch = json!([
            { "op": "add", "path": "/fields/System.Title", "value": "Wind the clockwork ⚙" },
            { "op": "add", "path": "/fields/System.Tags", "value": "night; lamp" },
            { "op": "add", "path": "/fields/System.Description", "value": "<p>Daily</p>" },
            { "op": "add", "path": "/multilineFieldsFormat/System.Description", "value": "Markdown" },
            { "op": "add", "path": "/fields/Microsoft.VSTS.Common.StackRank", "value": 1.5 },
            { "op": "add", "path": "/relations/-", "value": {
                "rel": "System.LinkTypes.Hierarchy-Reverse", "url": "https://x.test/_apis/wit/workItems/1",
                "attributes": { "comment": "part of" } } },
            { "op": "add", "path": "/relations/-", "value": {
                "rel": "ArtifactLink", "url": "vstfs:///Build/Build/1", "attributes": { "name": "Build" } } },
            { "op": "add", "path": "/relations/-", "value": { "rel": "Hyperlink", "url": "https://a.test/" } },
            { "op": "add", "path": "/fields/System.History", "value": "Begun." },
        ]);
        let revision = harbor.create_item(patch, NOW).await;
        assert_eq!(revision.item.id, 2);

        let found = store.work_item(harbor.id, 2).await.unwrap().unwrap();
        assert_eq!(found.project(), harbor.project);
        assert_eq!(found.prove(&access).as_deref(), Some(&revision.item));
        assert_eq!(store.revision(&access, 2, 1).await.unwrap(), Some(revision.item));
        let comments = store.comments(&access, 2, None, 10).await.unwrap();
        assert_eq!(comments.len(), 1);
        assert_eq!((comments[0].text.as_str(), comments[0].created_by), ("Begun.", ANA));
        assert!(store.work_item(harbor.id, 3).await.unwrap().is_none());
    });
}

#[test]
fn many_work_items_are_read_in_the_order_asked_for() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        for number in 1..=45 {
            harbor.create_item(a_task("Polish"), later(number)).await;
        }
        let access = harbor.project().await;
        let asked: Vec<i64> = (1..=60).rev().collect();
        let items = store.work_items(harbor.id, &asked).await.unwrap();
        let found: Vec<i64> = items.into_iter().filter_map(|item| item.prove(&access)).map(|item| item.id).collect();
        assert_eq!(found, (1..=45).rev().collect::<Vec<i64>>());
        assert!(store.work_items(harbor.id, &[]).await.unwrap().is_empty());
        let newest = store.work_items_of_project(&access, 3, 1).await.unwrap();
        assert_eq!(newest.iter().map(|item| item.id).collect::<Vec<_>>(), [44, 43, 42]);
    });
}

#[test]
fn a_small_work_item_is_read_once_and_a_long_one_each_time() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        harbor.create_item(a_task("Polish"), NOW).await;
        let long = json!([
            { "op": "add", "path": "/fields/System.Title", "value": "Paint" },
            { "op": "add", "path": "/fields/System.Description", "value": "blue ".repeat(1_000) },
        ]);
        harbor.create_item(long, NOW).await;
        let cost = async |id| {
            let before = store.counters();
            let item = store.work_item(harbor.id, id).await.unwrap().unwrap().prove(&access).unwrap();
            (store.counters().since(before).reads, item.text("System.Title").to_owned())
        };
        assert_eq!((cost(1).await.0, cost(1).await), (1, (0, "Polish".to_owned())));
        assert_eq!((cost(2).await.0, cost(2).await.0), (1, 1));
        let (_, changes) = harbor.next_revision(1, "Polish well", later(1)).await;
        store.commit(changes).await.unwrap();
        assert_eq!(cost(1).await, (1, "Polish well".to_owned()), "what was changed is read anew");
    });
}

#[test]
fn of_two_writers_of_one_revision_one_wins_and_the_history_has_one_of_each() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        harbor.create_item(a_task("Polish"), NOW).await;
        let (revision, first) = harbor.next_revision(1, "Polish well", later(1)).await;
        let (_, second) = harbor.next_revision(1, "Polish badly", later(2)).await;
        store.commit(first).await.unwrap();
        assert_eq!(store.commit(second).await, Err(CommitError::Lost));
        let item = store.work_item(harbor.id, 1).await.unwrap().unwrap().prove(&access).unwrap();
        assert_eq!(*item, revision.item);
        let history = store.revisions(&access, 1, 0, 10).await.unwrap();
        assert_eq!(history.iter().map(|item| item.text("System.Title")).collect::<Vec<_>>(), ["Polish", "Polish well"]);
        assert_eq!(store.revisions(&access, 1, 1, 10).await.unwrap(), [revision.item]);
    });
}

#[test]
fn items_made_at_the_same_time_get_numbers_of_their_own() {
    on_both_databases(async |store| {
        let harbor = Arc::new(World::harbor(&store).await);
        let mut makers = JoinSet::new();
        for _ in 0..16 {
            let harbor = Arc::clone(&harbor);
            makers.spawn(async move { harbor.create_item(a_task("Polish"), NOW).await.item.id });
        }
        let mut numbers = makers.join_all().await;
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=16).collect::<Vec<i64>>());
    });
}

#[test]
fn comments_are_counted_edited_and_deleted() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let access = harbor.project().await;
        harbor.create_item(a_task("Polish"), NOW).await;
        let write = |id, text| {
            let text = CommentText::new(text).unwrap();
            Comment::write(id, 1, text, TextFormat::Markdown, ANA, NOW)
        };
        let (first, second) = (write(1, "One"), write(2, "Two"));
        store.commit(comments::add(&access, &first)).await.unwrap();
        store.commit(comments::add(&access, &second)).await.unwrap();
        assert_eq!(store.commit(comments::add(&access, &second)).await, Err(CommitError::Lost));
        let count =
            async || store.work_item(harbor.id, 1).await.unwrap().unwrap().prove(&access).unwrap().comment_count;
        assert_eq!(count().await, 2);
        assert_eq!(store.comments(&access, 1, None, 10).await.unwrap(), [second.clone(), first.clone()]);
        assert_eq!(store.comments(&access, 1, Some(2), 10).await.unwrap().as_slice(), std::slice::from_ref(&first));

        let edited = first.edit(CommentText::new("Won").unwrap(), ANA, later(1)).unwrap();
        store.commit(comments::change(&access, &edited)).await.unwrap();
        assert_eq!(store.commit(comments::change(&access, &edited)).await, Err(CommitError::Lost));
        let deleted = second.delete(ANA, later(2)).unwrap();
        store.commit(comments::change(&access, &deleted)).await.unwrap();
        assert_eq!(store.comments(&access, 1, None, 10).await.unwrap(), [edited]);
        assert_eq!(store.comment(&access, 1, 2).await.unwrap(), Some(deleted));
        assert_eq!(count().await, 1);

        let orphan = Comment { work_item: 77, ..write(3, "Lost") };
        assert_eq!(store.commit(comments::add(&access, &orphan)).await, Err(CommitError::Lost));
    });
}

#[test]
fn what_belongs_to_another_organization_cannot_be_seen() {
    on_both_databases(async |store| {
        let (harbor, shore) = (World::harbor(&store).await, World::shore(&store).await);
        harbor.create_item(a_task("Secret"), NOW).await;
        let definition = harbor.a_definition(1);
        store.commit(build_definitions::create(&harbor.project().await, &definition)).await.unwrap();
        harbor.queue(1, NOW).await;
        let (here, there) = (harbor.project().await, shore.project().await);

        assert!(store.work_item(shore.id, 1).await.unwrap().is_none());
        assert!(store.work_items(shore.id, &[1]).await.unwrap().is_empty());
        let unproven = store.work_item(harbor.id, 1).await.unwrap().unwrap();
        assert_eq!(unproven.prove(&there), None, "the proof is of another place");
        assert!(store.revisions(&there, 1, 0, 10).await.unwrap().is_empty());
        assert!(store.work_items_of_project(&there, 10, 0).await.unwrap().is_empty());
        assert!(store.build(&there, 1).await.unwrap().is_none());
        assert!(store.definition(&there, 1).await.unwrap().is_none());
        assert!(store.builds(&there, &BuildFilter::default(), None).await.unwrap().builds.is_empty());
        assert!(store.build(&here, 1).await.unwrap().is_some());
        assert_eq!(shore.member(ANA).await, None);
        let facts = shore.facts().await;
        assert_eq!(facts.project_by_id(harbor.project), None);
        assert_eq!(facts.repository_by_id(harbor.repository), None);
        assert_eq!(shore.create_item(a_task("Own"), NOW).await.item.id, 1, "each organization counts for itself");
    });
}

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

#[test]
fn pull_requests_are_listed_by_how_they_stand_and_where() {
    on_both_databases(async |store| {
        let harbor = World::harbor(&store).await;
        let (access, project) = (harbor.repository().await, harbor.project().await);
        let open = PullRequest {
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
        };
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
