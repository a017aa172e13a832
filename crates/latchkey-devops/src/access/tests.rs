mod app_itself;
mod restriction;

use super::*;
use crate::access_level::AccessLevel;
use crate::error::DevOpsError;
use crate::fixtures::{ANA, BEN, a_member, a_repository, an_app, an_organization, drydock, lighthouse, owner};
use crate::group::{OrganizationGroup, ProjectGroup};
use crate::ids::AppId;
use crate::scope::{Scope, Scopes};
use crate::sunset::Sunset;
use latchkey_jose::Timestamp;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_secs(1_000);

/// Everything a decision looks at.
#[derive(Clone)]
struct World {
    organization: Organization,
    member: Option<Member>,
    caller: Caller,
}

type Change = fn(&mut World);

/// Ben, through an app that he authorized for everything he may do.
fn ben() -> World {
    World {
        organization: an_organization(),
        member: Some(a_member()),
        caller: Caller {
            app: Some(CallingApp { id: an_app(), legacy: None, itself: None }),
            ..Caller::in_person(BEN, Standing::Live)
        },
    }
}

impl World {
    fn within(&self) -> InOrganization<'_> {
        InOrganization::new("harbor", Some(&self.organization), self.member.as_ref())
    }

    fn in_lighthouse(&self, action: Action) -> Result<ProjectAccess, Refusal> {
        to_project(&self.caller, self.within(), Asked::new("lighthouse", Some(&lighthouse())), action)
    }

    fn in_lamp(&self, action: Action) -> Result<RepositoryAccess, Refusal> {
        let (project, repository) = (lighthouse(), a_repository());
        let project = Asked::new("lighthouse", Some(&project));
        to_repository(&self.caller, self.within(), project, Asked::new("lamp", Some(&repository)), action)
    }

    fn with_token(mut self, scopes: &str) -> Self {
        self.caller.token_scopes = Scopes::parse(scopes);
        self
    }

    fn with_limits(mut self, limits: Limits) -> Self {
        self.caller.limits = limits;
        self
    }

    fn with_member(mut self, change: impl FnOnce(&mut Member)) -> Self {
        if let Some(member) = self.member.as_mut() {
            change(member);
        }
        self
    }

    fn in_group(self, group: ProjectGroup) -> Self {
        self.with_member(|member| member.projects = [(lighthouse().id, [group].into())].into())
    }

    fn at_level(self, level: AccessLevel) -> Self {
        self.with_member(|member| member.access_level = level)
    }
}

fn only(project: &Project, repositories: RepositoryLimits) -> Limits {
    let projects = ProjectLimits::Chosen([(project.id, repositories)].into());
    Limits::Chosen([(an_organization().id, projects)].into())
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Refusal>) -> (Check, u16) {
    let refusal = answer.unwrap_err();
    (refusal.check, refusal.error().status())
}

#[test]
fn a_proof_says_who_may_do_what_where() {
    let access = ben().in_lamp(Action::WriteCode).unwrap();
    assert_eq!((access.person(), access.action()), (BEN, Action::WriteCode));
    assert_eq!(access.organization(), an_organization().id);
    assert_eq!((access.project(), access.repository()), (lighthouse().id, a_repository().id));
}

#[test]
fn a_credential_that_no_longer_counts_is_told_to_get_another() {
    for standing in Standing::ALL {
        let mut world = ben();
        world.caller.standing = standing;
        let answer = world.in_lighthouse(Action::ReadWorkItems);
        if standing == Standing::Live {
            assert!(answer.is_ok());
        } else {
            assert_eq!(refused(answer), (Check::Standing, 401), "{standing:?}");
        }
    }
}

#[test]
fn a_missing_scope_is_named() {
    let refusal = ben().with_token("vso.work").in_lighthouse(Action::EditWorkItems).unwrap_err();
    assert_eq!(refusal.check, Check::Scope);
    assert_eq!(refusal.missing_scopes(), [Scope::WorkWrite]);
    assert_eq!(refusal.error().status(), 401);
    assert!(refusal.error().message.starts_with("TF400813"));
    assert!(refusal.error().message.contains("vso.work_write"));
}

#[test]
fn a_narrowed_authorization_narrows_the_tokens_that_are_out() {
    let mut world = ben().with_token("vso.work_write vso.code");
    assert!(world.in_lighthouse(Action::EditWorkItems).is_ok());
    world.caller.authorized_scopes = Scopes::parse("vso.work");
    assert!(world.in_lighthouse(Action::ReadWorkItems).is_ok());
    let refusal = world.in_lighthouse(Action::EditWorkItems).unwrap_err();
    assert!(refusal.reason.contains("no longer covers"), "{}", refusal.reason);
    assert_eq!(refused(world.in_lamp(Action::ReadCode)), (Check::Scope, 401));
}

#[test]
fn what_the_authorization_does_not_reach_is_not_there() {
    let elsewhere = Limits::Chosen([(OrganizationId(Uuid::from_u128(9)), ProjectLimits::All)].into());
    for limits in [elsewhere, Limits::Chosen([].into()), only(&drydock(), RepositoryLimits::All)] {
        assert_eq!(refused(ben().with_limits(limits).in_lighthouse(Action::ReadWorkItems)), (Check::Limits, 404));
    }
    let no_repository = only(&lighthouse(), RepositoryLimits::Chosen([].into()));
    assert!(ben().with_limits(no_repository.clone()).in_lighthouse(Action::ReadWorkItems).is_ok());
    assert_eq!(refused(ben().with_limits(no_repository).in_lamp(Action::ReadCode)), (Check::Limits, 404));
    let this_repository = only(&lighthouse(), RepositoryLimits::Chosen([a_repository().id].into()));
    assert!(ben().with_limits(this_repository).in_lamp(Action::ReadCode).is_ok());
}

#[test]
fn an_authorization_for_chosen_places_makes_no_new_ones() {
    let narrow = only(&lighthouse(), RepositoryLimits::Chosen([a_repository().id].into()));
    let world = ben().in_group(ProjectGroup::ProjectAdministrators);
    assert!(world.in_lighthouse(Action::ManageRepositories).is_ok());
    assert_eq!(
        refused(world.with_limits(narrow.clone()).in_lighthouse(Action::ManageRepositories)),
        (Check::Limits, 403)
    );

    let mut ana = ben().with_limits(narrow);
    ana.caller.person = ANA;
    ana.member = Some(owner());
    let answer = to_organization(&ana.caller, ana.within(), Action::ManageProjects);
    assert_eq!(refused(answer), (Check::Limits, 403));
}

#[test]
fn who_does_not_belong_cannot_tell_hidden_from_absent() {
    let project = lighthouse();
    let hidden_dock = drydock();
    let outsider = World { member: None, ..ben() };
    let mut strangers = ben();
    strangers.member = Some(owner());
    let wrong_tenant = Project { organization: OrganizationId(Uuid::from_u128(77)), ..drydock() };
    for action in Action::ALL {
        let absent = |world: &World, name: &'static str, found: Option<&Project>| {
            to_project(&world.caller, world.within(), Asked::new(name, found), action).unwrap_err()
        };
        let unknown = absent(&outsider, "lighthouse", None);
        let hidden = absent(&outsider, "lighthouse", Some(&project));
        assert_eq!(unknown.error(), hidden.error(), "{action:?}");
        assert_eq!((hidden.hidden, hidden.error().status()), (true, 404));
        assert_eq!(absent(&strangers, "lighthouse", Some(&project)).error(), unknown.error(), "another's membership");

        let unknown = absent(&ben(), "drydock", None);
        for found in [&hidden_dock, &wrong_tenant] {
            assert_eq!(absent(&ben(), "drydock", Some(found)).error(), unknown.error(), "{action:?}");
        }
        let narrowed = ben().with_limits(only(&drydock(), RepositoryLimits::All));
        assert_eq!(absent(&narrowed, "lighthouse", Some(&project)).error(), hidden.error(), "{action:?}");

        let nowhere = InOrganization::new("harbor", None, None);
        let no_organization = to_organization(&ben().caller, nowhere, action).unwrap_err();
        let hidden = to_organization(&outsider.caller, outsider.within(), action).unwrap_err();
        assert_eq!(no_organization.error(), hidden.error());
    }
}

#[test]
fn a_repository_of_another_project_is_not_there() {
    let (project, repository) = (lighthouse(), Repository { project: drydock().id, ..a_repository() });
    let world = ben();
    let answer = to_repository(
        &world.caller,
        world.within(),
        Asked::new("lighthouse", Some(&project)),
        Asked::new("lamp", Some(&repository)),
        Action::ReadCode,
    );
    let refusal = answer.unwrap_err();
    assert_eq!((refusal.check, refusal.hidden), (Check::Existence, true));
    assert!(refusal.error().message.starts_with("TF401019"));
}

#[test]
fn a_thing_asked_for_by_number_alone_is_missed_by_its_number() {
    let outsider = World { member: None, ..ben() };
    let refusal = outsider.in_lighthouse(Action::ReadWorkItems).unwrap_err();
    let missed = DevOpsError::work_item_not_found(7);
    assert_eq!(refusal.missed_as(missed.clone()).into_error(), missed);
    let refusal = ben().with_token("vso.code").in_lighthouse(Action::ReadWorkItems).unwrap_err();
    assert_eq!(refusal.missed_as(missed).into_error().status(), 401);
}

#[test]
fn a_stakeholder_works_with_work_items_and_not_with_code() {
    let cy = ben().at_level(AccessLevel::Stakeholder);
    assert!(cy.in_lighthouse(Action::ReadWorkItems).is_ok());
    assert!(cy.in_lighthouse(Action::EditWorkItems).is_ok());
    assert!(cy.in_lighthouse(Action::ReadBuilds).is_ok());
    for action in [Action::ReadCode, Action::WriteCode, Action::ReadPullRequests] {
        assert_eq!(refused(cy.in_lamp(action)), (Check::AccessLevel, 403), "{action:?}");
    }
    let refusal = cy.in_lighthouse(Action::QueueBuilds).unwrap_err();
    assert!(refusal.reason.contains("Stakeholder") && refusal.reason.contains("Basic"), "{}", refusal.reason);
}

#[test]
fn a_reader_looks_and_changes_nothing() {
    use Action::{
        Connect, ListOrganizations, ListProjects, ReadBuilds, ReadCode, ReadProfile, ReadProject, ReadPullRequests,
        ReadStatuses, ReadWorkItems,
    };
    let reading = [
        ReadProfile,
        ListOrganizations,
        Connect,
        ListProjects,
        ReadProject,
        ReadWorkItems,
        ReadCode,
        ReadPullRequests,
        ReadStatuses,
        ReadBuilds,
    ];
    let reader = ben().in_group(ProjectGroup::Readers);
    for action in Action::ALL {
        let answer = reader.in_lighthouse(action);
        if reading.contains(&action) {
            assert!(answer.is_ok(), "{action:?}");
        } else {
            assert_eq!(refused(answer), (Check::Permission, 403), "{action:?}");
        }
    }
    let refusal = reader.in_lamp(Action::WriteCode).unwrap_err();
    assert!(refusal.error().message.starts_with("TF401027: You need the Git 'GenericContribute' permission"));
}

#[test]
fn the_owner_and_the_administrators_reach_every_project() {
    let dock = drydock();
    let mut ana = ben();
    ana.caller.person = ANA;
    ana.member = Some(owner());
    let administrator = ben().with_member(|member| {
        member.groups.insert(OrganizationGroup::ProjectCollectionAdministrators);
    });
    for world in [ana, administrator] {
        for action in Action::ALL {
            let answer = to_project(&world.caller, world.within(), Asked::new("drydock", Some(&dock)), action);
            assert!(answer.is_ok(), "{action:?}");
        }
        assert!(to_organization(&world.caller, world.within(), Action::AdministerOrganization).is_ok());
    }
    assert_eq!(
        refused(to_organization(&ben().caller, ben().within(), Action::AdministerOrganization)),
        (Check::Permission, 403)
    );
}

#[test]
fn a_build_administrator_of_the_organization_still_needs_to_be_in_the_project() {
    let dock = drydock();
    let world = ben().in_group(ProjectGroup::Readers).with_member(|member| {
        member.groups.insert(OrganizationGroup::ProjectCollectionBuildAdministrators);
    });
    assert!(world.in_lighthouse(Action::QueueBuilds).is_ok());
    assert_eq!(refused(world.in_lamp(Action::WriteCode)), (Check::Permission, 403));
    let elsewhere = to_project(&world.caller, world.within(), Asked::new("drydock", Some(&dock)), Action::ReadBuilds);
    assert_eq!(refused(elsewhere), (Check::ProjectMembership, 404));
}

#[test]
fn an_organization_stops_services_and_not_people() {
    let in_person = World { caller: Caller::in_person(BEN, Standing::Live), ..ben() };
    let stops: [Change; 5] = [
        |world| world.organization.policy.third_party_apps = false,
        |world| {
            world.organization.policy.sunset = Sunset::new(None, Some(NOW)).unwrap();
            if let Some(app) = world.caller.app.as_mut() {
                app.legacy = Some(NOW);
            }
        },
        |world| {
            world.organization.policy.blocked_apps.insert(an_app());
        },
        // An app that the token was handed on to is stopped like the one that it is of.
        |world| {
            let actor = AppId(Uuid::from_u128(77));
            world.caller.actors.push(actor);
            world.organization.policy.blocked_apps.insert(actor);
        },
        |world| {
            world.organization.policy.legacy_apps = false;
            if let Some(app) = world.caller.app.as_mut() {
                app.legacy = Some(NOW);
            }
        },
    ];
    for stop in stops {
        let (mut service, mut person) = (ben(), in_person.clone());
        stop(&mut service);
        stop(&mut person);
        assert_eq!(refused(service.in_lighthouse(Action::ReadWorkItems)), (Check::OrganizationPolicy, 401));
        assert!(person.in_lighthouse(Action::ReadWorkItems).is_ok());
    }
}

#[test]
fn ones_own_profile_needs_a_live_credential_and_the_profile_scope() {
    let own = |world: &World, action| decide(&world.caller, Resource::Own(&[]), action);
    assert!(own(&ben(), Action::ReadProfile).is_ok());
    assert!(own(&ben().with_token("vso.code"), Action::ListOrganizations).is_ok(), "through inheritance");
    assert_eq!(refused(own(&ben().with_token("vso.wiki"), Action::ReadProfile)), (Check::Scope, 401));
    assert_eq!(refused(own(&ben(), Action::ReadCode)), (Check::Permission, 403));
}

#[test]
fn the_checks_run_in_their_order_and_the_first_that_fails_is_named() {
    let breaks: [(Check, Change); 7] = [
        (Check::Standing, |world| world.caller.standing = Standing::AppSuspended),
        (Check::Scope, |world| world.caller.token_scopes = Scopes::NONE),
        (Check::Limits, |world| world.caller.limits = Limits::Chosen([].into())),
        (Check::OrganizationMembership, |world| world.member = None),
        (Check::ProjectMembership, |world| {
            if let Some(member) = world.member.as_mut() {
                member.projects.remove(&lighthouse().id);
            }
        }),
        (Check::AccessLevel, |world| {
            if let Some(member) = world.member.as_mut() {
                member.access_level = AccessLevel::Stakeholder;
            }
        }),
        (Check::OrganizationPolicy, |world| world.organization.policy.third_party_apps = false),
    ];
    for broken in 1_u32..1 << breaks.len() {
        let mut world = ben();
        let mut first = None;
        for (index, (check, damage)) in breaks.iter().enumerate() {
            if broken & (1 << index) != 0 {
                damage(&mut world);
                first = first.or(Some(*check));
            }
        }
        let refusal = world.in_lamp(Action::WriteCode).unwrap_err();
        assert_eq!(Some(refusal.check), first, "{broken:b}");
    }
}

#[test]
fn a_service_of_the_older_kind_learns_of_the_person_only_where_an_organization_lets_it_in() {
    let own = |world: &World| decide(&world.caller, Resource::Own(&[&world.organization]), Action::ReadProfile);
    let mut older = ben();
    older.caller.app = older.caller.app.map(|app| CallingApp { legacy: Some(NOW), ..app });
    older.organization.policy.legacy_apps = true;
    assert!(own(&older).is_ok());
    let closed: [Change; 4] = [
        |world| world.organization.policy.legacy_apps = false,
        |world| world.organization.policy.third_party_apps = false,
        |world| world.organization.policy.sunset = Sunset::new(None, Some(NOW)).unwrap(),
        |world| {
            world.organization.policy.blocked_apps.insert(an_app());
        },
    ];
    for close in closed {
        let mut world = older.clone();
        close(&mut world);
        assert_eq!(own(&world).unwrap_err().check, Check::OrganizationPolicy);
        // One that still does is enough.
        let both = [&world.organization, &older.organization];
        assert!(decide(&world.caller, Resource::Own(&both), Action::ReadProfile).is_ok());
        let newer = World { caller: ben().caller, ..world };
        assert!(own(&newer).is_ok(), "the newer kind was authorized for the profile itself");
    }
    assert_eq!(own(&older.clone().with_limits(Limits::Chosen([].into()))).unwrap_err().check, Check::Limits);
    assert!(decide(&older.caller, Resource::Own(&[]), Action::ReadProfile).is_err());
}
