//! Where a person may authorize services, and where not: the prerequisites of each organization, and what there is to choose from.

use latchkey_devops::approval_request::{AppShown, ApprovalRequest, State};
use latchkey_devops::group::OrganizationGroup;
use latchkey_devops::ids::{AppId, PersonId};
use latchkey_devops::membership::{AcceptedService, Member};
use latchkey_devops::policy::{
    AuthorizePolicy, MayAuthorize, MissingPrerequisite, Prerequisite, Wanted, may_authorize, may_authorize_legacy,
};
use latchkey_devops::project::Project;
use latchkey_devops::scope::{Scope, Scopes};
use latchkey_identity::Timestamp;
use latchkey_identity::account::AccountId;
use latchkey_identity::authorization::{Branch, Place, Places};
use latchkey_identity::client::Client;
use latchkey_identity::consent::{Offer, app_shown};
use latchkey_identity::legacy::LegacyApp;
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::time::whole_days;
use latchkey_identity::token::narrowing::within;
use latchkey_store::StoreError;
use latchkey_store::devops::OrganizationFacts;
use uuid::Uuid;

use crate::app::App;
use crate::extract::Pairs;

/// How a person stands with each organization they belong to.
#[derive(Default)]
pub struct Standing {
    /// Where they may authorize services.
    pub open: Vec<OpenOrganization>,
    /// Where they may not, and why.
    pub closed: Vec<ClosedOrganization>,
}

/// An organization that the person may authorize services for.
pub struct OpenOrganization {
    /// The organization.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The longest authorization that it allows.
    pub cap_days: Option<u16>,
    /// When apps of the older OAuth kind end in it.
    pub legacy_end: Option<Timestamp>,
    /// The projects that the person reaches.
    pub projects: Vec<OpenProject>,
    /// Whether there are others, or will be, that are not asked for.
    pub in_part: bool,
}

/// A project that the person reaches.
pub struct OpenProject {
    /// The project.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its repositories: id and name.
    pub repositories: Vec<(Uuid, String)>,
    /// Whether there are others, or will be, that are not asked for.
    pub in_part: bool,
}

/// An organization that the person may not authorize services for.
pub struct ClosedOrganization {
    /// The organization.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// What is missing.
    pub missing: Vec<MissingPrerequisite>,
    /// Who can help: name and address.
    pub administrators: Vec<(String, String)>,
    /// If an administrator's approval is all that is missing: what became of the request for it.
    pub request: Option<AskedApproval>,
}

/// How a person stands with their request for an approval.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AskedApproval {
    /// They may ask. Nothing was asked, or what was approved is less.
    NotYet,
    /// They asked, and wait since then.
    Waiting(Timestamp),
    /// They asked, and nobody answered in time. They may ask again.
    Expired,
    /// They asked, and it was denied then. They may ask again.
    Denied(Timestamp),
    /// They asked, and the app is another since. They may ask again.
    AppChanged,
}

impl AskedApproval {
    /// What became of the newest request. `shown` is what the app is now.
    fn of(requests: &[ApprovalRequest], shown: AppShown, now: Timestamp) -> Self {
        let newest = requests.iter().max_by_key(|request| request.asked_at);
        match newest.map(|request| (request, request.state(now))) {
            Some((request, State::Waiting | State::Approved)) if !request.is_about(shown) => Self::AppChanged,
            Some((request, State::Waiting)) => Self::Waiting(request.asked_at),
            Some((_, State::Expired)) => Self::Expired,
            Some((request, State::Denied)) => Self::Denied(request.answer.map_or(request.asked_at, |answer| answer.at)),
            Some((_, State::Approved)) | None => Self::NotYet,
        }
    }

    /// Whether another request can be made now.
    pub fn may_ask(self) -> bool {
        !matches!(self, Self::Waiting(_))
    }
}

/// The scopes that an administrator's approval has to cover. If one of them is unknown here, only an approval of everything does.
pub fn approvable(scopes: &ScopeSet) -> Scopes {
    let known: Option<Scopes> = scopes.resource().iter().map(Scope::parse).collect();
    known.unwrap_or(Scopes::EVERYTHING)
}

/// The digest of what an administrator is shown of the app now: an approval counts for that.
pub fn shown(client: &Client) -> AppShown {
    AppShown(app_shown(client))
}

/// What an app that acts by itself is now, for an administrator who lets it in. It never acts as a person could.
pub fn as_service(client: &Client) -> AcceptedService {
    let scopes = client.scopes.iter().filter_map(Scope::parse).collect::<Scopes>();
    AcceptedService { scopes: scopes.without(Scope::UserImpersonation), shown: Some(shown(client)) }
}

impl Standing {
    /// Looks at every organization that the person belongs to. `scopes` are all that the client could have afterwards; `legacy` is there for
    /// an app of the older OAuth kind.
    pub async fn of(
        app: &App,
        account: AccountId,
        client: &Client,
        scopes: &ScopeSet,
        legacy: Option<&LegacyApp>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let (person, mut standing) = (PersonId(account.0), Self::default());
        let (app_id, shown) = (AppId(client.id.0), shown(client));
        for facts in app.store.organizations_of(person).await? {
            let member = app.store.member(facts.id(), person).await?;
            let (organization, member_of) = (&facts.organization, member.as_deref());
            let requests = match organization.policy.authorize {
                AuthorizePolicy::Approval => app.store.approval_requests_about(facts.id(), person, app_id).await?,
                _ => Vec::new(),
            };
            let wanted = Wanted { app: app_id, shown, scopes: approvable(scopes), requests: &requests };
            let may = match legacy {
                None => may_authorize(organization, member_of, wanted),
                Some(legacy) => {
                    let taken_over = legacy.organizations.contains(&facts.id().0);
                    may_authorize_legacy(organization, member_of, wanted, taken_over, now)
                }
            };
            match may {
                Ok(may) => standing.open.push(OpenOrganization::of(&facts, member_of, &may)),
                Err(missing) => {
                    let only_approval =
                        missing.iter().all(|missing| missing.prerequisite == Prerequisite::AdministratorApproval);
                    standing.closed.push(ClosedOrganization {
                        id: facts.id().0,
                        name: organization.name.to_string(),
                        missing,
                        administrators: a_few_administrators(app, &facts).await?,
                        request: only_approval.then(|| AskedApproval::of(&requests, shown, now)),
                    });
                }
            }
        }
        Ok(standing)
    }

    /// What of it a request may be answered with that names its places.
    #[must_use]
    pub fn within(mut self, named: &Places) -> Self {
        self.closed.retain(|closed| named.iter().any(|place| place.organization == closed.id));
        for organization in &mut self.open {
            let whole = Place { organization: organization.id, project: None, repository: None };
            organization.in_part = !named.contains(&whole);
            for project in &mut organization.projects {
                let whole = Place { project: Some(project.id), ..whole };
                project.in_part = !within(named, &whole);
                project.repositories.retain(|(id, _)| within(named, &Place { repository: Some(*id), ..whole }));
            }
            let reached = |project: &OpenProject| {
                !organization.in_part
                    || named
                        .iter()
                        .any(|place| place.organization == organization.id && place.project == Some(project.id))
            };
            organization.projects.retain(reached);
        }
        self.open.retain(|open| named.iter().any(|place| place.organization == open.id));
        self
    }

    /// Whether there is anywhere at all.
    pub fn may_authorize(&self) -> bool {
        !self.open.is_empty()
    }

    /// What the rule of approval checks a choice against.
    pub fn offer(&self) -> Offer {
        let mut offer = Offer::default();
        for organization in &self.open {
            let whole = Place { organization: organization.id, project: None, repository: None };
            offer.places.insert(whole);
            offer.caps.extend(organization.cap_days.map(|days| (organization.id, days)));
            for project in &organization.projects {
                let whole = Place { project: Some(project.id), ..whole };
                offer.places.insert(whole);
                offer.places.insert(Place { repository: Some(Place::NO_REPOSITORY), ..whole });
                let repositories = project.repositories.iter().map(|(id, _)| Place { repository: Some(*id), ..whole });
                offer.places.extend(repositories);
            }
        }
        offer
    }

    /// What was ticked: an organization or project stands for itself, and what is not ticked inside it is left out.
    pub fn chosen(&self, form: &Pairs) -> Places {
        let ticked = ["organization", "project", "repository"].into_iter().flat_map(|name| form.all(name));
        let ticked = ticked.filter_map(|id| Uuid::try_parse(id).ok()).collect();
        self.open.iter().flat_map(|organization| organization.branch().chosen(&ticked)).collect()
    }
}

impl OpenOrganization {
    /// An organization with the projects that a member reaches in it.
    fn of(facts: &OrganizationFacts, member: Option<&Member>, may: &MayAuthorize) -> Self {
        let organization = &facts.organization;
        let longest = may.longest_authorization();
        let reaches = |project| member.is_some_and(|member| member.reaches(organization, project));
        let open = |project: &Project| OpenProject {
            id: project.id.0,
            name: project.name.to_string(),
            repositories: facts
                .repositories_of(project.id)
                .map(|repository| (repository.id.0, repository.name.to_string()))
                .collect(),
            in_part: false,
        };
        Self {
            id: organization.id.0,
            name: organization.name.to_string(),
            cap_days: longest.map(|longest| u16::try_from(whole_days(longest)).unwrap_or(u16::MAX)),
            legacy_end: organization.policy.sunset.refuse_from(),
            projects: facts.projects().filter(|project| reaches(project.id)).map(open).collect(),
            in_part: false,
        }
    }

    fn branch(&self) -> Branch {
        let place = Place { organization: self.id, project: None, repository: None };
        let inside = self.projects.iter().map(|project| project.branch(place)).collect();
        Branch { place, name: self.name.clone(), whole: !self.in_part, inside }
    }
}

impl OpenProject {
    fn branch(&self, organization: Place) -> Branch {
        let place = Place { project: Some(self.id), ..organization };
        let repository = |(id, name): &(Uuid, String)| Branch {
            place: Place { repository: Some(*id), ..place },
            name: name.clone(),
            whole: true,
            inside: Vec::new(),
        };
        let inside = self.repositories.iter().map(repository).collect();
        Branch { place, name: self.name.clone(), whole: !self.in_part, inside }
    }
}

/// Who administers an organization: its owner, and the group that does. At most a hundred of the group are looked at.
pub(crate) async fn administrators(app: &App, facts: &OrganizationFacts) -> Result<Vec<PersonId>, StoreError> {
    let owner = facts.organization.owner;
    let group = app.store.group_members(facts.id(), OrganizationGroup::ProjectCollectionAdministrators).await?;
    Ok(std::iter::once(owner).chain(group.into_iter().filter(|person| *person != owner)).collect())
}

/// A few of them, by name and address: enough to ask.
async fn a_few_administrators(app: &App, facts: &OrganizationFacts) -> Result<Vec<(String, String)>, StoreError> {
    let mut named = Vec::new();
    for person in administrators(app, facts).await?.into_iter().take(5) {
        if let Some(person) = app.store.account(AccountId(person.0)).await? {
            named.push((person.account.name.clone(), person.account.email.clone()));
        }
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HARBOR: Uuid = Uuid::from_u128(1);
    const LIGHTHOUSE: Uuid = Uuid::from_u128(2);
    const DRYDOCK: Uuid = Uuid::from_u128(3);
    const LAMP: Uuid = Uuid::from_u128(4);
    const TOWER: Uuid = Uuid::from_u128(5);

    fn standing() -> Standing {
        let lighthouse = OpenProject {
            id: LIGHTHOUSE,
            name: "lighthouse".into(),
            repositories: vec![(LAMP, "lamp".into()), (TOWER, "tower".into())],
            in_part: false,
        };
        let drydock = OpenProject { id: DRYDOCK, name: "drydock".into(), repositories: vec![], in_part: false };
        let harbor = OpenOrganization {
            id: HARBOR,
            name: "harbor".into(),
            cap_days: None,
            legacy_end: None,
            projects: vec![lighthouse, drydock],
            in_part: false,
        };
        Standing { open: vec![harbor], closed: vec![] }
    }

    fn chosen(ticked: &[(&str, Uuid)]) -> Vec<(Option<Uuid>, Option<Uuid>)> {
        let query: Vec<String> = ticked.iter().map(|(name, id)| format!("{name}={id}")).collect();
        let places = standing().chosen(&Pairs::decode(query.join("&").as_bytes()));
        assert!(places.is_subset(&standing().offer().places));
        places.into_iter().map(|place| (place.project, place.repository)).collect()
    }

    #[test]
    fn of_what_is_named_no_more_is_chosen_than_that() {
        let whole = Place { organization: HARBOR, project: None, repository: None };
        let lighthouse = Place { project: Some(LIGHTHOUSE), ..whole };
        let named = |place: Place| standing().within(&Places::from([place]));
        let all = "organization=00000000-0000-0000-0000-000000000001&project=00000000-0000-0000-0000-000000000002\
            &project=00000000-0000-0000-0000-000000000003&repository=00000000-0000-0000-0000-000000000004\
            &repository=00000000-0000-0000-0000-000000000005";
        let all = Pairs::decode(all.as_bytes());
        for place in [
            whole,
            lighthouse,
            Place { repository: Some(LAMP), ..lighthouse },
            Place { repository: Some(Place::NO_REPOSITORY), ..lighthouse },
        ] {
            assert_eq!(named(place).chosen(&all), Places::from([place]), "everything is ticked");
        }
        assert!(!named(Place { organization: Uuid::from_u128(9), ..whole }).may_authorize());
    }

    #[test]
    fn what_is_ticked_is_what_is_chosen() {
        let everything = [
            ("organization", HARBOR),
            ("project", LIGHTHOUSE),
            ("project", DRYDOCK),
            ("repository", LAMP),
            ("repository", TOWER),
        ];
        assert_eq!(chosen(&everything), [(None, None)]);
        assert_eq!(chosen(&[everything[0], everything[1], everything[3], everything[4]]), [(Some(LIGHTHOUSE), None)]);
        assert_eq!(chosen(&[everything[0], everything[1], everything[3]]), [(Some(LIGHTHOUSE), Some(LAMP))]);
        assert_eq!(chosen(&[everything[0], everything[1]]), [(Some(LIGHTHOUSE), Some(Place::NO_REPOSITORY))]);
        assert_eq!(chosen(&everything[1..]), [], "without its organization nothing in it is chosen");
        assert_eq!(chosen(&everything[..1]), []);
        assert_eq!(chosen(&[("organization", Uuid::from_u128(99))]), []);
    }
}
