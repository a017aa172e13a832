//! Apps that act by themselves.

use super::*;
use crate::approval_request::AppShown;
use crate::membership::AcceptedService;

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
