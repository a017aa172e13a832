use std::collections::HashMap;

use super::*;
use crate::access_level::AccessLevel;
use crate::approval_request::AppShown;
use crate::error::DevOpsError;
use crate::fixtures::{ANA, BEN, a_member, a_repository, an_app, an_organization, drydock, lighthouse, owner};
use crate::group::{OrganizationGroup, ProjectGroup};
use crate::membership::AcceptedService;
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
    let reader = ben().in_group(ProjectGroup::Readers);
    for action in Action::ALL {
        let answer = reader.in_lighthouse(action);
        if action.only_reads() {
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
    let stops: [Change; 4] = [
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

fn accepted(scopes: &str) -> Option<AcceptedService> {
    Some(AcceptedService { scopes: Scopes::parse(scopes), shown: None })
}

/// An app that acts by itself, in the groups and at the level that Ben has.
fn nightly() -> World {
    let itself = PersonId(an_app().0);
    World {
        member: Some(Member { person: itself, service: accepted("vso.work vso.code vso.project"), ..a_member() }),
        caller: Caller::app_itself(
            an_app(),
            an_organization().tenant,
            Scopes::parse("vso.work_write vso.code"),
            Scopes::parse("vso.work vso.code vso.project"),
        ),
        ..ben()
    }
}

#[test]
fn an_app_by_itself_can_what_token_registration_and_membership_let_it() {
    assert!(nightly().in_lighthouse(Action::ReadWorkItems).is_ok());
    assert!(nightly().in_lamp(Action::ReadCode).is_ok());
    assert_eq!(nightly().in_lighthouse(Action::ReadWorkItems).unwrap().person(), PersonId(an_app().0));
    assert_eq!(refused(nightly().in_lighthouse(Action::EditWorkItems)), (Check::Scope, 401), "not registered any more");
    assert_eq!(refused(nightly().in_lighthouse(Action::ReadBuilds)), (Check::Scope, 401));
    let stranger = World { member: None, ..nightly() };
    assert_eq!(refused(stranger.in_lighthouse(Action::ReadWorkItems)), (Check::OrganizationMembership, 404));
    let elsewhere = nightly().with_member(|member| member.projects = [].into());
    assert_eq!(refused(elsewhere.in_lighthouse(Action::ReadWorkItems)), (Check::ProjectMembership, 404));
    let stakeholder = nightly().at_level(AccessLevel::Stakeholder);
    assert_eq!(refused(stakeholder.in_lamp(Action::ReadCode)), (Check::AccessLevel, 403));
    let mut stopped = nightly();
    stopped.organization.policy.blocked_apps.insert(an_app());
    assert_eq!(refused(stopped.in_lighthouse(Action::ReadWorkItems)), (Check::OrganizationPolicy, 401));
    let mut closed = nightly();
    closed.organization.policy.third_party_apps = false;
    assert_eq!(refused(closed.in_lighthouse(Action::ReadWorkItems)), (Check::OrganizationPolicy, 401));
}

#[test]
fn what_an_app_registered_after_it_was_let_in_waits_for_an_administrator() {
    let before = nightly().with_member(|member| member.service = accepted("vso.work"));
    assert!(before.in_lighthouse(Action::ReadWorkItems).is_ok());
    assert_eq!(refused(before.in_lamp(Action::ReadCode)), (Check::Scope, 401));
    let more = nightly().with_member(|member| member.service = accepted("vso.work_write vso.code_write"));
    assert_eq!(refused(more.in_lighthouse(Action::EditWorkItems)), (Check::Scope, 401), "nor does acceptance register");
    assert!(more.in_lamp(Action::ReadCode).is_ok());
}

#[test]
fn an_app_that_is_more_or_other_than_what_was_accepted_is_told_apart() {
    let (shown, other) = (AppShown([1; 32]), AppShown([2; 32]));
    let service = AcceptedService { scopes: Scopes::parse("vso.work_write"), shown: Some(shown) };
    assert!(!service.differs_from(Scopes::parse("vso.work_write"), shown));
    assert!(!service.differs_from(Scopes::parse("vso.work"), shown), "less is no question");
    assert!(service.differs_from(Scopes::parse("vso.work_write vso.code"), shown));
    assert!(service.differs_from(Scopes::parse("vso.work"), other));
    let unknown = AcceptedService { shown: None, ..service };
    assert!(!unknown.differs_from(Scopes::parse("vso.work"), other));
}

#[test]
fn what_a_person_holds_is_no_apps_and_the_other_way_round() {
    // The same id, by whatever accident: the membership says whose it is.
    let as_person = nightly().with_member(|member| member.service = None);
    assert_eq!(refused(as_person.in_lighthouse(Action::ReadWorkItems)), (Check::OrganizationMembership, 404));
    let as_app = ben().with_member(|member| member.service = accepted("vso.work"));
    assert_eq!(refused(as_app.in_lighthouse(Action::ReadWorkItems)), (Check::OrganizationMembership, 404));
}

#[test]
fn an_app_by_itself_administers_nothing_and_has_no_secrets_of_people() {
    let mut owns = nightly();
    owns.organization.owner = PersonId(an_app().0);
    let owns = owns.with_member(|member| {
        member.groups.insert(OrganizationGroup::ProjectCollectionAdministrators);
        member.service = Some(AcceptedService { scopes: Scopes::EVERYTHING, shown: None });
    });
    let everything = Caller::app_itself(an_app(), an_organization().tenant, Scopes::EVERYTHING, Scopes::EVERYTHING);
    let owns = World { caller: everything, ..owns };
    let administer = to_organization(&owns.caller, owns.within(), Action::AdministerOrganization);
    assert_eq!(refused(administer), (Check::Permission, 403));
    assert_eq!(refused(decide(&owns.caller, Resource::Own(&[]), Action::RenewSecrets)), (Check::Permission, 403));
    assert!(decide(&owns.caller, Resource::Own(&[]), Action::ListOrganizations).is_ok());
}

#[test]
fn an_app_by_itself_shows_a_token_of_the_organizations_directory() {
    let scopes = Scopes::EVERYTHING;
    let foreign = World { caller: Caller::app_itself(an_app(), Uuid::from_u128(9), scopes, scopes), ..nightly() };
    assert_eq!(refused(foreign.in_lighthouse(Action::ReadWorkItems)), (Check::Limits, 404));
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

/// Every combination of the dimensions, from the least to the most restricted value of each.
fn dimensions() -> Vec<Vec<Change>> {
    fn member(world: &mut World, change: impl FnOnce(&mut Member)) {
        if let Some(member) = world.member.as_mut() {
            change(member);
        }
    }
    vec![
        vec![|_| {}, |world| world.caller.standing = Standing::AuthorizationEnded],
        vec![
            |_| {},
            |world| world.caller.token_scopes = Scopes::parse("vso.work_write vso.code_manage vso.build_execute"),
            |world| world.caller.token_scopes = Scopes::parse("vso.work vso.code"),
            |world| world.caller.token_scopes = Scopes::NONE,
        ],
        vec![|_| {}, |world| world.caller.authorized_scopes = Scopes::parse("vso.work vso.code_write"), |world| {
            world.caller.authorized_scopes = Scopes::NONE
        }],
        vec![
            |_| {},
            |world| world.caller.limits = Limits::Chosen([(world.organization.id, ProjectLimits::All)].into()),
            |world| world.caller.limits = only(&lighthouse(), RepositoryLimits::All),
            |world| world.caller.limits = only(&lighthouse(), RepositoryLimits::Chosen([a_repository().id].into())),
            |world| world.caller.limits = only(&lighthouse(), RepositoryLimits::Chosen([].into())),
            |world| world.caller.limits = only(&drydock(), RepositoryLimits::All),
            |world| world.caller.limits = Limits::Chosen([].into()),
        ],
        vec![|_| {}, |world| member(world, |member| member.access_level = AccessLevel::Stakeholder)],
        vec![
            |world| member(world, |member| member.groups = [OrganizationGroup::ProjectCollectionAdministrators].into()),
            |world| world.set_group(ProjectGroup::ProjectAdministrators),
            |world| world.set_group(ProjectGroup::Contributors),
            |world| world.set_group(ProjectGroup::Readers),
            |world| member(world, |member| member.projects = [].into()),
            |world| world.member = None,
        ],
        vec![|_| {}, |world| world.organization.policy.legacy_apps = false, |world| {
            world.organization.policy.third_party_apps = false
        }],
    ]
}

impl World {
    fn set_group(&mut self, group: ProjectGroup) {
        *self = self.clone().in_group(group);
    }

    fn allowed(&self) -> Vec<bool> {
        Action::ALL
            .into_iter()
            .flat_map(|action| {
                [
                    to_organization(&self.caller, self.within(), action).is_ok(),
                    self.in_lighthouse(action).is_ok(),
                    self.in_lamp(action).is_ok(),
                ]
            })
            .collect()
    }
}

#[test]
fn a_restriction_never_adds_access() {
    let dimensions = dimensions();
    let mut allowed = HashMap::new();
    let mut choice = vec![0; dimensions.len()];
    loop {
        let mut world = ben();
        for (values, chosen) in dimensions.iter().zip(&choice) {
            values[*chosen](&mut world);
        }
        allowed.insert(choice.clone(), world.allowed());
        let Some(next) = (0..choice.len()).find(|index| choice[*index] + 1 < dimensions[*index].len()) else { break };
        choice[next] += 1;
        choice[..next].fill(0);
    }
    assert_eq!(allowed.len(), dimensions.iter().map(Vec::len).product::<usize>());

    for (choice, before) in &allowed {
        for index in 0..choice.len() {
            let mut tighter = choice.clone();
            tighter[index] += 1;
            if let Some(after) = allowed.get(&tighter) {
                assert!(
                    after.iter().zip(before).all(|(after, before)| *before || !*after),
                    "{choice:?} -> {tighter:?}"
                );
            }
        }
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
