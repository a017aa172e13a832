//! `latchkey member`.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::{Args, Subcommand, ValueEnum};
use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::group::{OrganizationGroup, ProjectGroup};
use latchkey_devops::ids::{PersonId, ProjectId};
use latchkey_devops::membership::Member;
use latchkey_devops::organization::Organization;
use latchkey_identity::account::Account;
use latchkey_identity::client::{Client, ClientId};
use latchkey_identity::grant::client_credentials::can_act_by_itself;
use latchkey_identity::tenant::TenantId;
use latchkey_identity::{Change, Decision};
use latchkey_store::Changes;
use latchkey_store::devops::{Author, OrganizationFacts, groups, members};
use latchkey_web::App;
use latchkey_web::identity::offer::as_service;
use serde::{Deserialize, Serialize};

use super::report::Report;
use super::{account, author, from_console, organization, person};
use crate::failure::Failure;

/// What can be done with members.
#[derive(Subcommand, Serialize, Deserialize)]
pub(crate) enum MemberOrder {
    /// Add a person or an app that acts by itself to an organization, or to more of its projects
    #[command(after_help = "Examples:\n  \
        latchkey member add example ben@example.com --project lighthouse\n  \
        latchkey member add example cy@example.com --access-level stakeholder --project lighthouse --group readers\n  \
        latchkey member add example 00000000-0000-0000-0000-000000000000 --project lighthouse --group readers")]
    Add(NewMember),
    /// Change what a member's licence lets them use, whether they administer the organization, or their group in projects
    #[command(after_help = "Examples:\n  \
        latchkey member change example cy@example.com --access-level basic\n  \
        latchkey member change example ben@example.com --administrator true\n  \
        latchkey member change example ben@example.com --project lighthouse --group readers")]
    Change(MemberChange),
    /// Remove a person or an app from an organization: nothing of theirs reaches it any more
    #[command(after_help = "Examples:\n  \
        latchkey member remove example ben@example.com\n  \
        latchkey member remove example ben@example.com --project lighthouse")]
    Remove {
        /// The organization
        organization: String,
        /// The address of their account, or the client id of an app
        member: String,
        /// A project they are taken out of; they stay a member of the organization. May be given several times
        #[arg(long = "project", value_name = "PROJECT")]
        projects: Vec<String>,
    },
}

/// A member to be added.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct NewMember {
    /// The organization
    organization: String,
    /// The address of their account, or the client id of an app that is to act by itself
    member: String,
    /// What their licence lets them use
    #[arg(long, default_value = "basic")]
    access_level: Level,
    /// Put them into Project Collection Administrators
    #[arg(long)]
    administrator: bool,
    /// A project they are added to; may be given several times
    #[arg(long = "project", value_name = "PROJECT")]
    projects: Vec<String>,
    /// Their group in these projects
    #[arg(long, default_value = "contributors")]
    group: Group,
}

/// What of a member is to change.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct MemberChange {
    /// The organization
    organization: String,
    /// The address of their account, or the client id of an app
    member: String,
    /// What their licence lets them use
    #[arg(long, required_unless_present_any = ["administrator", "group"])]
    access_level: Option<Level>,
    /// Whether they are in Project Collection Administrators. The owner administers without
    #[arg(long)]
    administrator: Option<bool>,
    /// A project that they are in, for another group there; may be given several times
    #[arg(long = "project", value_name = "PROJECT", requires = "group")]
    #[serde(default)]
    projects: Vec<String>,
    /// Their group in these projects, in place of those they have there
    #[arg(long, requires = "projects")]
    #[serde(default)]
    group: Option<Group>,
}

/// What a licence lets people use.
#[derive(Clone, Copy, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Level {
    /// Work items and the sight of builds; no code
    Stakeholder,
    /// Work items, code, builds
    Basic,
    /// Basic, and test plans
    BasicTestPlans,
}

impl From<Level> for AccessLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Stakeholder => Self::Stakeholder,
            Level::Basic => Self::Basic,
            Level::BasicTestPlans => Self::BasicAndTestPlans,
        }
    }
}

/// A group of a project.
#[derive(Clone, Copy, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Group {
    /// Look at everything
    Readers,
    /// Edit work items, push code, run builds
    Contributors,
    /// Administer builds, and push code
    BuildAdministrators,
    /// Everything in the project
    ProjectAdministrators,
}

impl From<Group> for ProjectGroup {
    fn from(group: Group) -> Self {
        match group {
            Group::Readers => Self::Readers,
            Group::Contributors => Self::Contributors,
            Group::BuildAdministrators => Self::BuildAdministrators,
            Group::ProjectAdministrators => Self::ProjectAdministrators,
        }
    }
}

impl MemberOrder {
    pub(super) fn question(&self) -> Option<String> {
        match self {
            Self::Add(_) | Self::Change(_) => None,
            Self::Remove { organization, member, projects } if projects.is_empty() => {
                Some(format!("Remove {member} from {organization}?"))
            }
            Self::Remove { organization, member, projects } => {
                Some(format!("Remove {member} from {} of {organization}?", projects.join(", ")))
            }
        }
    }
}

pub(super) async fn perform(app: &App, order: MemberOrder) -> Result<Report, Failure> {
    match order {
        MemberOrder::Add(new) => add(app, &new).await,
        MemberOrder::Change(wanted) => change(app, &wanted).await,
        MemberOrder::Remove { organization, member, projects } => remove(app, &organization, &member, &projects).await,
    }
}

/// Whoever is or becomes a member.
enum Somebody {
    Person(Account),
    Service(Arc<Client>),
}

impl Somebody {
    /// Who an address or a client id means.
    async fn find(app: &App, text: &str) -> Result<Self, Failure> {
        match ClientId::parse(text) {
            None => Ok(Self::Person(account(app, text).await?)),
            Some(id) => {
                let client = app.store.client(id).await?;
                client.map(Self::Service).ok_or_else(|| Failure::not_found(format!("there is no app {text}")))
            }
        }
    }

    /// As the DevOps side knows them.
    fn id(&self) -> PersonId {
        match self {
            Self::Person(account) => person(account),
            Self::Service(client) => PersonId(client.id.0),
        }
    }
}

async fn add(app: &App, new: &NewMember) -> Result<Report, Failure> {
    let (somebody, facts) = (Somebody::find(app, &new.member).await?, organization(app, &new.organization).await?);
    if let Somebody::Service(client) = &somebody {
        can_act_by_itself(client, TenantId(facts.organization.tenant))
            .map_err(|reason| Failure::refused(format!("{} cannot be a member", client.name)).because(reason))?;
        if new.administrator {
            return Err(never_administers());
        }
    }
    let projects = projects_named(&facts, &new.projects)?;
    let by = author(app.now());
    app.store
        .decide(|| async {
            let present = app.store.member(facts.id(), somebody.id()).await?;
            let changes = match present.as_deref() {
                None => members::add(&facts.organization, &whole(&somebody, &projects, new), &by),
                Some(member) if member.service.is_some() != matches!(somebody, Somebody::Service(_)) => {
                    let other = Failure::conflict(format!("{} is the id of another kind of member there", new.member));
                    return Ok((Err(other), Changes::none()));
                }
                Some(member) => {
                    let missing: Vec<_> = projects.iter().filter(|id| !member.projects.contains_key(id)).collect();
                    if missing.is_empty() {
                        let there = Failure::conflict(format!("{} is a member of all of that already", new.member));
                        return Ok((Err(there), Changes::none()));
                    }
                    let mut changes = Changes::none();
                    for project in missing {
                        let groups = BTreeSet::from([new.group.into()]);
                        changes.append(members::add_to_project(
                            &facts.organization,
                            member.person,
                            *project,
                            &groups,
                            &by,
                        ));
                    }
                    changes
                }
            };
            Ok((Ok(()), changes))
        })
        .await??;
    if let Somebody::Person(account) = &somebody {
        invite(app, account, &facts).await?;
    }
    Ok(Report::done(format!("{} is a member of {}.", new.member, facts.organization.name)))
}

fn whole(somebody: &Somebody, projects: &BTreeSet<ProjectId>, new: &NewMember) -> Member {
    let groups = new.administrator.then_some(OrganizationGroup::ProjectCollectionAdministrators);
    Member {
        person: somebody.id(),
        service: match somebody {
            Somebody::Person(_) => None,
            Somebody::Service(client) => Some(as_service(client)),
        },
        access_level: new.access_level.into(),
        groups: groups.into_iter().collect(),
        projects: projects.iter().map(|project| (*project, BTreeSet::from([new.group.into()]))).collect(),
    }
}

/// A member from another tenant becomes a guest of the organization's: without that they could not sign in to it.
async fn invite(app: &App, account: &Account, facts: &OrganizationFacts) -> Result<(), Failure> {
    let tenant = TenantId(facts.organization.tenant);
    if account.tenant == tenant {
        return Ok(());
    }
    let invited = app.store.decide(|| async {
        Ok(from_console(Decision::<(), Failure>::grant(()).and(Change::AddGuest { tenant, account: account.id })))
    });
    invited.await?
}

/// The projects of these names, each once.
fn projects_named(facts: &OrganizationFacts, names: &[String]) -> Result<BTreeSet<ProjectId>, Failure> {
    let missing = |name| Failure::not_found(format!("there is no project {name} in {}", facts.organization.name));
    names.iter().map(|name| facts.project(name).map(|project| project.id).ok_or_else(|| missing(name))).collect()
}

fn never_administers() -> Failure {
    Failure::refused("an app is never an administrator").because("whoever holds its secret would hold the organization")
}

fn no_member(named: &str, facts: &OrganizationFacts) -> Failure {
    Failure::not_found(format!("{named} is no member of {}", facts.organization.name))
}

fn outside(named: &str) -> Failure {
    Failure::not_found(format!("{named} is not a member of all of these projects"))
}

/// The id of a member: an app may have been deleted since.
async fn member(app: &App, named: &str) -> Result<PersonId, Failure> {
    Ok(match ClientId::parse(named) {
        Some(id) => PersonId(id.0),
        None => person(&account(app, named).await?),
    })
}

async fn change(app: &App, wanted: &MemberChange) -> Result<Report, Failure> {
    let (facts, named) = (organization(app, &wanted.organization).await?, &wanted.member);
    let (member, projects) = (member(app, named).await?, projects_named(&facts, &wanted.projects)?);
    let by = author(app.now());
    app.store
        .decide(|| async {
            let present = app.store.member(facts.id(), member).await?;
            let changes = present.ok_or_else(|| no_member(named, &facts));
            let changes = changes.and_then(|present| changed(&facts.organization, &present, wanted, &projects, &by));
            Ok(match changes {
                Ok(changes) => (Ok(()), changes),
                Err(failure) => (Err(failure), Changes::none()),
            })
        })
        .await??;
    Ok(Report::done(format!("The membership of {named} in {} is changed.", facts.organization.name)))
}

/// What makes a member what is wanted: at least one change.
fn changed(
    organization: &Organization,
    present: &Member,
    wanted: &MemberChange,
    projects: &BTreeSet<ProjectId>,
    by: &Author,
) -> Result<Changes, Failure> {
    let (person, administrators) = (present.person, OrganizationGroup::ProjectCollectionAdministrators);
    if present.service.is_some() && wanted.administrator == Some(true) {
        return Err(never_administers());
    }
    let mut changes = Changes::none();
    let from = present.access_level;
    if let Some(to) = wanted.access_level.map(AccessLevel::from).filter(|to| *to != from) {
        changes.append(members::change_access_level(organization, person, from, to, by));
    }
    if let Some(seat) = wanted.administrator.filter(|seat| *seat != present.groups.contains(&administrators)) {
        changes.append(match seat {
            true => groups::join(organization, person, administrators, by),
            false => groups::leave(organization, person, administrators, by),
        });
    }
    if let Some(group) = wanted.group.map(ProjectGroup::from) {
        for project in projects {
            let there = present.projects.get(project).ok_or_else(|| outside(&wanted.member))?;
            for other in there.iter().filter(|other| **other != group) {
                changes.append(groups::leave_of_project(organization, person, *project, *other, by));
            }
            if !there.contains(&group) {
                changes.append(groups::join_of_project(organization, person, *project, group, by));
            }
        }
    }
    if changes.is_empty() {
        return Err(Failure::conflict(format!("nothing changes: {} has all of that already", wanted.member)));
    }
    Ok(changes)
}

async fn remove(app: &App, name: &str, named: &str, projects: &[String]) -> Result<Report, Failure> {
    let facts = organization(app, name).await?;
    let projects = projects_named(&facts, projects)?;
    let member = member(app, named).await?;
    if projects.is_empty() && facts.organization.owner == member {
        return Err(Failure::refused(format!("{named} owns {}", facts.organization.name))
            .because("an organization without an owner would belong to nobody"));
    }
    let by = author(app.now());
    app.store
        .decide(|| async {
            let Some(present) = app.store.member(facts.id(), member).await? else {
                return Ok((Err(no_member(named, &facts)), Changes::none()));
            };
            if projects.is_empty() {
                return Ok((Ok(()), members::remove(&facts.organization, member, &by)));
            }
            let mut changes = Changes::none();
            for project in &projects {
                if !present.projects.contains_key(project) {
                    return Ok((Err(outside(named)), Changes::none()));
                }
                changes.append(members::remove_from_project(&facts.organization, member, *project, &by));
            }
            Ok((Ok(()), changes))
        })
        .await??;
    let left = if projects.is_empty() { "" } else { "these projects of " };
    Ok(Report::done(format!("{named} is no member of {left}{} any more.", facts.organization.name)))
}
