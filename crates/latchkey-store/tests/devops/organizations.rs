//! Organizations, their members and policies, their repositories, and the walls between them.

use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::build::BuildFilter;
use latchkey_devops::group::{OrganizationGroup, ProjectGroup};
use latchkey_devops::ids::{AppId, ProjectId};
use latchkey_devops::membership::Member;
use latchkey_devops::policy::{AuthorizePolicy, OrganizationPolicy};
use latchkey_devops::sunset::Sunset;
use latchkey_store::devops::{build_definitions, groups, members, organizations, projects, repositories};
use latchkey_store::{CommitError, audit};
use latchkey_testkit::databases::on_both_databases;
use uuid::Uuid;

use crate::world::{
    ANA, BEN, EVE, NOW, World, a_member, a_project, a_repository, a_task, an_organization, by_ana, later,
};

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
