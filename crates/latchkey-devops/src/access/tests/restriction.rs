//! Whatever is taken away, nothing is allowed that was not before.

use std::collections::HashMap;

use super::*;

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
