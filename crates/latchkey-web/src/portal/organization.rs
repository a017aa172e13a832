//! An organization, for its members. To everybody else it is not there.

use std::sync::Arc;

use latchkey_devops::access::{self, Action, InOrganization, OrganizationAccess};
use latchkey_devops::group::OrganizationGroup;
use latchkey_devops::membership::Member;
use latchkey_devops::organization::Organization;
use latchkey_devops::sunset::Sunset;
use latchkey_identity::account::AccountId;
use latchkey_identity::client::ClientId;
use latchkey_identity::tenant::TenantId;
use latchkey_store::StoreError;
use latchkey_store::devops::OrganizationFacts;

use super::organization_older_apps;
use super::people::Names;
use super::problem::Problem;
use super::visit::{Answer, Visit, count, moment};
use crate::pages::organization::{MemberRow, OlderApps, Organization as OrganizationPage, ProjectRow};

/// How many members are listed.
const MOST_MEMBERS: u32 = 500;

/// The organization that a path names, and the person's place in it.
pub(super) struct Entered {
    /// The organization.
    pub(super) facts: Arc<OrganizationFacts>,
    /// The person's membership.
    pub(super) member: Arc<Member>,
}

impl Entered {
    /// Finds the organization of the path.
    pub(super) async fn read(visit: &Visit) -> Result<Self, Problem> {
        let store = &visit.app.store;
        let facts = store.organization(visit.part("organization")).await?.ok_or(Problem::NotFound)?;
        let member = store.member(facts.id(), visit.person()).await?.ok_or(Problem::NotFound)?;
        Ok(Self { facts, member })
    }

    /// Finds it for a rule that is decided there, with the proof that the person administers it at that moment. Only what the store says is
    /// an error of the decision.
    pub(super) async fn administered(visit: &Visit) -> Result<Result<(Self, OrganizationAccess), Problem>, StoreError> {
        let found = async {
            let entered = Self::read(visit).await?;
            let access = entered.may(visit, Action::AdministerOrganization)?;
            Ok((entered, access))
        };
        match found.await {
            Err(Problem::Store(error)) => Err(error),
            found => Ok(found),
        }
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        self.facts.organization.name.as_str()
    }

    /// The organization with the membership, for the decision.
    pub(super) fn within(&self) -> InOrganization<'_> {
        InOrganization::new(self.name(), Some(&self.facts.organization), Some(&self.member))
    }

    /// Proof that the person may do this in the organization.
    pub(super) fn may(&self, visit: &Visit, action: Action) -> Result<OrganizationAccess, Problem> {
        Ok(access::to_organization(&visit.caller(), self.within(), action)?)
    }
}

/// `GET /organizations/{organization}`
pub(super) async fn show(visit: Visit) -> Answer {
    let entered = Entered::read(&visit).await?;
    let access = entered.may(&visit, Action::ListProjects)?;
    let (store, organization) = (&visit.app.store, &entered.facts.organization);
    let mut members = Vec::new();
    for person in store.members(&access, None, MOST_MEMBERS).await? {
        let Some(member) = store.member(organization.id, person).await? else { continue };
        let (name, email) = if member.service.is_some() {
            let Some(client) = store.client(ClientId(person.0)).await? else { continue };
            (client.name.clone(), client.id.to_string())
        } else {
            let Some(account) = store.account(AccountId(person.0)).await? else { continue };
            (account.account.name.clone(), account.account.email.clone())
        };
        let (access_level, roles) = (member.access_level.to_string(), roles(organization, &member));
        members.push(MemberRow { name, email, access_level, roles });
    }
    members.sort_by(|one, other| (&one.name, &one.email).cmp(&(&other.name, &other.email)));
    let requests = match entered.may(&visit, Action::AdministerOrganization) {
        Ok(access) => store.count_approval_requests_waiting(&access, visit.now()).await?,
        Err(_) => 0,
    };
    let older_apps = match entered.member.administers(organization) {
        true => older_apps(&visit, &entered).await?,
        false => None,
    };
    let reached = entered.facts.projects().filter(|project| entered.member.reaches(organization, project.id));
    let directory = store.tenant(TenantId(organization.tenant)).await?;
    visit.show(&OrganizationPage {
        frame: visit.frame(),
        name: entered.name().to_owned(),
        owner: Names::default().of(store, organization.owner).await?,
        directory: directory.map(|tenant| tenant.domain.clone()).unwrap_or_default(),
        requests: count(requests),
        older_apps,
        administers: entered.member.administers(organization),
        projects: reached
            .map(|project| ProjectRow { name: project.name.to_string(), description: project.description.clone() })
            .collect(),
        members,
    })
}

/// The apps of the older kind, if there are any or there is an end of them.
async fn older_apps(visit: &Visit, entered: &Entered) -> Result<Option<OlderApps>, Problem> {
    let sunset = entered.facts.organization.policy.sunset;
    let apps = organization_older_apps::apps(visit, entered).await?;
    Ok((!apps.is_empty() || sunset != Sunset::NONE).then(|| OlderApps {
        notice: organization_older_apps::told(visit, entered),
        warn_from: sunset.warn_from().map(moment),
        refuse_from: sunset.refuse_from().map(moment),
        apps,
    }))
}

/// What a member is beside their access level. The owner administers by being the owner, in the group or not.
fn roles(organization: &Organization, member: &Member) -> Vec<String> {
    if member.service.is_some() {
        return vec!["Service".to_owned()];
    }
    let administrators = OrganizationGroup::ProjectCollectionAdministrators;
    let owner = organization.owner == member.person;
    let by_ownership =
        (owner && !member.groups.contains(&administrators)).then(|| format!("{administrators}, as the owner"));
    let groups = member.groups.iter().map(ToString::to_string);
    owner.then(|| "Owner".to_owned()).into_iter().chain(by_ownership).chain(groups).collect()
}
