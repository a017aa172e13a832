//! The checks of the decision, one function each, in the order they run.

use super::{Action, Asked, Caller, Check, InOrganization, Refusal, Resource, Standing};
use crate::error::{DevOpsError, ErrorType};
use crate::membership::Member;
use crate::organization::Organization;
use crate::project::Project;
use crate::repository::Repository;
use crate::scope::{Scope, Scopes};

pub(super) fn check_standing(caller: &Caller) -> Result<(), Refusal> {
    let reason = match caller.standing {
        Standing::Live => return Ok(()),
        Standing::Expired => "The token has expired. Get a new one.",
        Standing::AuthorizationEnded => {
            "The authorization behind the token was revoked or has ended. Ask the person to authorize the service again."
        }
        Standing::TokenRevoked => "The token was revoked. Get a new one.",
        Standing::AccountDisabled => "The account is disabled. An administrator of its tenant can enable it.",
        Standing::AppSuspended => "The service is suspended. Its owner can ask an administrator of its tenant why.",
    };
    Err(refuse_credential(caller, Check::Standing, reason))
}

pub(super) fn check_scope(caller: &Caller, action: Action) -> Result<(), Refusal> {
    let enough = action.scopes();
    if enough.is_empty() || enough.iter().any(|scope| caller.has(*scope)) {
        return Ok(());
    }
    let names = one_of(enough);
    let held = |scopes: Scopes| enough.iter().any(|scope| scopes.implies(*scope));
    let reason = if caller.itself().is_some() {
        format!("The token or the app's registration lacks the scope {names}. Register it, and get a new token.")
    } else if held(caller.token_scopes) {
        format!("The authorization no longer covers the scope {names}. Ask the person to authorize it again.")
    } else if held(caller.authorized_scopes) {
        format!(
            "The token lacks the scope {names}, though the authorization covers it. Ask for it at the token endpoint."
        )
    } else {
        format!("The token lacks the scope {names}. Ask the person to authorize it.")
    };
    Err(refuse_scope(caller, enough, reason))
}

pub(super) fn check_own(caller: &Caller, action: Action) -> Result<(), Refusal> {
    match action {
        Action::RenewSecrets if caller.itself().is_some() => {
            Err(refuse_permission(caller, action, "They belong to a person, and no person is behind this token."))
        }
        Action::ReadProfile | Action::ListOrganizations | Action::RenewSecrets => Ok(()),
        _ => Err(refuse_permission(caller, action, "This belongs to an organization; name the organization.")),
    }
}

/// A service of the older kind acts in organizations and nowhere else: once none of those that it was authorized for lets it in, it learns
/// nothing of the person either.
pub(super) fn check_older_kind(caller: &Caller, organizations: &[&Organization]) -> Result<(), Refusal> {
    if caller.app.is_none_or(|app| app.legacy.is_none()) {
        return Ok(());
    }
    let reached = organizations.iter().filter(|organization| caller.limits.reach_organization(organization.id));
    let mut refused = None;
    for organization in reached {
        match check_policy(caller, organization) {
            Ok(()) => return Ok(()),
            Err(refusal) => refused = Some(refusal),
        }
    }
    Err(refused.unwrap_or_else(|| {
        let reason = "You belong to none of the organizations that the service was authorized for.";
        refuse_credential(caller, Check::Limits, reason)
    }))
}

pub(super) fn check_organization<'a>(
    caller: &Caller,
    resource: &Resource,
    within: InOrganization<'a>,
    action: Action,
) -> Result<(&'a Organization, &'a Member), Refusal> {
    let Some(organization) = within.organization.found else { return Err(absent(resource)) };
    if !caller.limits.reach_organization(organization.id) {
        return Err(hide(resource, Check::Limits, "The authorization does not reach this organization."));
    }
    if caller.itself().is_some_and(|tenant| tenant != organization.tenant) {
        let reason =
            "The token is of another directory than the organization. Get one at the organization's directory.";
        return Err(hide(resource, Check::Limits, reason));
    }
    // Membership is a fact about this caller in this organization; anybody else's does not count.
    let is_the_callers =
        |member: &&Member| member.person == caller.person && member.service.is_some() == caller.itself().is_some();
    let Some(member) = within.member.filter(is_the_callers) else {
        let reason = match caller.itself() {
            Some(_) => "The app is no member of this organization. An administrator of it can make it one.",
            None => "The person does not belong to this organization. An administrator of it can add them.",
        };
        return Err(hide(resource, Check::OrganizationMembership, reason));
    };
    check_accepted(caller, member, action)?;
    let needs_all = matches!(action, Action::ManageProjects | Action::AdministerOrganization);
    if needs_all && matches!(resource, Resource::Organization(_)) && !caller.limits.reach_all_of(organization.id) {
        let reason = "The authorization reaches chosen projects only, and this is about the whole organization.";
        return Err(refuse_place(caller, action, reason));
    }
    Ok((organization, member))
}

/// What an app registered after it was let in counts in this organization when an administrator has accepted it.
fn check_accepted(caller: &Caller, member: &Member, action: Action) -> Result<(), Refusal> {
    let enough = action.scopes();
    let Some(service) = member.service else { return Ok(()) };
    if enough.is_empty() || enough.iter().any(|scope| caller.has(*scope) && service.scopes.implies(*scope)) {
        return Ok(());
    }
    let reason = format!(
        "The app registered the scope {} after it was made a member. An administrator of the organization can accept that.",
        one_of(enough)
    );
    Err(refuse_scope(caller, enough, reason))
}

pub(super) fn check_project<'a>(
    caller: &Caller,
    resource: &Resource,
    organization: &Organization,
    member: &Member,
    project: Asked<'a, Project>,
    action: Action,
) -> Result<&'a Project, Refusal> {
    let Some(project) = project.found.filter(|project| project.organization == organization.id) else {
        return Err(absent(resource));
    };
    if !caller.limits.reach_project(organization.id, project.id) {
        return Err(hide(resource, Check::Limits, "The authorization does not reach this project."));
    }
    if !member.reaches(organization, project.id) {
        let reason = "The person does not belong to this project. An administrator of the project can add them.";
        return Err(hide(resource, Check::ProjectMembership, reason));
    }
    let needs_all = action == Action::ManageRepositories && matches!(resource, Resource::Project(..));
    if needs_all && !caller.limits.reach_all_repositories(organization.id, project.id) {
        let reason = "The authorization reaches chosen repositories only, so it cannot make new ones.";
        return Err(refuse_place(caller, action, reason));
    }
    Ok(project)
}

pub(super) fn check_repository<'a>(
    caller: &Caller,
    resource: &Resource,
    organization: &Organization,
    project: &Project,
    repository: Asked<'a, Repository>,
) -> Result<&'a Repository, Refusal> {
    let Some(repository) = repository.found.filter(|repository| repository.project == project.id) else {
        return Err(absent(resource));
    };
    if !caller.limits.reach_repository(organization.id, project.id, repository.id) {
        return Err(hide(resource, Check::Limits, "The authorization does not reach this repository."));
    }
    Ok(repository)
}

pub(super) fn check_access_level(member: &Member, organization: &Organization, action: Action) -> Result<(), Refusal> {
    let least = action.least_access_level();
    if member.access_level >= least {
        return Ok(());
    }
    let reason = format!(
        "Your access level in {} is {}, and to {} takes at least {least}. An administrator of the organization can change it.",
        organization.name,
        member.access_level,
        action.description(),
    );
    let error = DevOpsError::new(ErrorType::AccessDenied, format!("TF400409: {reason}"));
    Err(Refusal::open(Check::AccessLevel, reason, error))
}

pub(super) fn check_permission(
    caller: &Caller,
    member: &Member,
    organization: &Organization,
    project: Option<&Project>,
    action: Action,
) -> Result<(), Refusal> {
    if member.administers(organization) {
        return Ok(());
    }
    let Some(project) = project else {
        return match action {
            Action::ManageProjects | Action::AdministerOrganization => {
                Err(refuse_permission(caller, action, "Ask to be added to Project Collection Administrators."))
            }
            // Seeing the organization takes membership only; what is in its projects is decided for each project.
            _ => Ok(()),
        };
    };
    let in_project = member.projects.get(&project.id);
    let permitted = in_project.is_some_and(|groups| groups.iter().any(|group| group.permits(action)))
        || in_project.is_some() && member.groups.iter().any(|group| group.permits(action));
    if permitted {
        Ok(())
    } else {
        let who = match action {
            Action::ForcePush | Action::ManageProjects | Action::AdministerOrganization => {
                "Project Collection Administrators of the organization"
            }
            Action::ManageRepositories | Action::UpdateProject => "Project Administrators of the project",
            _ => "Contributors of the project",
        };
        Err(refuse_permission(caller, action, &format!("Ask to be added to {who}.")))
    }
}

pub(super) fn check_policy(caller: &Caller, organization: &Organization) -> Result<(), Refusal> {
    let Some(app) = caller.app else { return Ok(()) };
    match organization.policy.keeps_out(app.id, &caller.actors, app.legacy) {
        Some(reason) => Err(refuse_credential(caller, Check::OrganizationPolicy, reason)),
        None => Ok(()),
    }
}

/// The refusal for a thing that is not there. The answer is made of what was asked for and of nothing else, so that it is
/// the same for a thing that is hidden.
pub(super) fn absent(resource: &Resource) -> Refusal {
    hide(resource, Check::Existence, "There is no such thing.")
}

fn hide(resource: &Resource, check: Check, reason: &str) -> Refusal {
    let error = match resource {
        Resource::Own(_) => DevOpsError::not_found("There is nothing here."),
        Resource::Organization(within) => DevOpsError::organization_not_found(within.organization.name),
        Resource::Project(_, project) => DevOpsError::project_not_found(project.name),
        Resource::Repository(_, _, repository) => DevOpsError::repository_not_found(repository.name),
    };
    Refusal::hidden(check, reason.to_owned(), error)
}

/// Scopes of which any one is enough, by name: `vso.code or vso.code_status`.
fn one_of(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(" or ")
}

fn refuse_scope(caller: &Caller, missing_scopes: &'static [Scope], reason: String) -> Refusal {
    let error = DevOpsError { missing_scopes, ..DevOpsError::unauthorized(Some(caller.person), &reason) };
    Refusal::open(Check::Scope, reason, error)
}

fn refuse_credential(caller: &Caller, check: Check, reason: &str) -> Refusal {
    Refusal::open(check, reason.to_owned(), DevOpsError::unauthorized(Some(caller.person), reason))
}

fn refuse_place(caller: &Caller, action: Action, reason: &str) -> Refusal {
    Refusal { check: Check::Limits, ..refuse_permission(caller, action, reason) }
}

fn refuse_permission(caller: &Caller, action: Action, mend: &str) -> Refusal {
    let person = caller.person;
    let error = match action.git_permission() {
        Some(permission) => DevOpsError::new(
            ErrorType::GitNeedsPermission,
            format!(
                "TF401027: You need the Git '{permission}' permission to perform this action. \
                 Details: identity '{person}', to {}. {mend}",
                action.description()
            ),
        ),
        None => DevOpsError::new(
            ErrorType::AccessDenied,
            format!("TF50309: The user '{person}' does not have permission to {}. {mend}", action.description()),
        ),
    };
    Refusal::open(Check::Permission, format!("No permission to {}. {mend}", action.description()), error)
}
