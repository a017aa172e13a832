//! Making an app a member of an organization by itself: it is named, asked about, and then added.

use std::collections::BTreeSet;
use std::sync::Arc;

use latchkey_devops::access::{Action, OrganizationAccess};
use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::group::ProjectGroup;
use latchkey_devops::ids::{PersonId, ProjectId};
use latchkey_devops::membership::Member;
use latchkey_identity::client::{Client, ClientId};
use latchkey_identity::grant::client_credentials::{NotByItself, can_act_by_itself};
use latchkey_identity::tenant::TenantId;
use latchkey_store::devops::{OrganizationFacts, members};
use latchkey_store::{Changes, StoreError};

use super::{MOST_SERVICES, about_the_app, fingerprint, own_scopes, page, projects};
use crate::identity::offer::as_service;
use crate::pages::AppFace;
use crate::pages::confirm::Confirm;
use crate::pages::service_members::{Choice, ServiceForm};
use crate::portal::organization::Entered;
use crate::portal::problem::Problem;
use crate::portal::visit::{Answer, Visit};

/// What was typed into the form.
#[derive(Default)]
pub(super) struct Typed {
    client: String,
    access_level: Option<AccessLevel>,
    group: Option<ProjectGroup>,
    projects: BTreeSet<ProjectId>,
}

impl Typed {
    /// What was typed, as far as it means something.
    pub(super) fn read(visit: &Visit, facts: &OrganizationFacts) -> Self {
        let project = |name: &str| facts.project(name).map(|project| project.id);
        Self {
            client: visit.posted("client").unwrap_or_default().trim().to_owned(),
            access_level: visit.posted("access_level").and_then(AccessLevel::from_licence),
            group: visit.posted("group").and_then(ProjectGroup::from_name),
            projects: visit.all_posted("project").filter_map(project).collect(),
        }
    }

    /// The form again, with what was typed.
    pub(super) fn form(&self, facts: &OrganizationFacts) -> ServiceForm {
        let (level, group) =
            (self.access_level.unwrap_or(AccessLevel::Basic), self.group.unwrap_or(ProjectGroup::Readers));
        let choice =
            |value: &str, label: &str, chosen| Choice { value: value.to_owned(), label: label.to_owned(), chosen };
        ServiceForm {
            client: self.client.clone(),
            access_levels: AccessLevel::ALL.map(|one| choice(one.licence(), one.name(), one == level)).into(),
            groups: ProjectGroup::ALL.map(|one| choice(one.name(), one.name(), one == group)).into(),
            projects: facts
                .projects()
                .map(|project| {
                    choice(&project.id.to_string(), project.name.as_str(), self.projects.contains(&project.id))
                })
                .collect(),
        }
    }

    fn member(&self, client: &Client) -> Member {
        let groups = BTreeSet::from([self.group.unwrap_or(ProjectGroup::Readers)]);
        Member {
            person: PersonId(client.id.0),
            service: Some(as_service(client)),
            access_level: self.access_level.unwrap_or(AccessLevel::Basic),
            groups: BTreeSet::new(),
            projects: self.projects.iter().map(|project| (*project, groups.clone())).collect(),
        }
    }
}

/// `POST /organizations/{organization}/service-members`: says which app it is, asks, and then makes it a member.
pub(in crate::portal) async fn add(visit: Visit) -> Answer {
    let entered = Entered::read(&visit).await?;
    let access = entered.may(&visit, Action::AdministerOrganization)?;
    let typed = Typed::read(&visit, &entered.facts);
    let client = match candidate(&visit, &entered, &access, &typed).await? {
        Ok(client) => client,
        Err(sentence) => {
            let page = page(&visit, &entered, &typed, about_the_app(&sentence)).await?;
            return visit.show_again(&page);
        }
    };
    // What was read before the app became something else is read again.
    let shown = fingerprint(as_service(&client));
    if visit.posted("sure").is_none() || visit.posted("shown") != Some(shown.as_str()) {
        return ask(&visit, &entered, &typed, &client).await;
    }
    match added(&visit, &client, &typed.member(&client)).await? {
        true => visit.go_to(&format!("/organizations/{}/service-members?added={}", entered.name(), client.id)),
        false => Err(Problem::NotFound),
    }
}

/// The app that was named, or why it cannot become a member, as a sentence.
async fn candidate(
    visit: &Visit,
    entered: &Entered,
    access: &OrganizationAccess,
    typed: &Typed,
) -> Result<Result<Arc<Client>, String>, StoreError> {
    let store = &visit.app.store;
    let client = match ClientId::parse(&typed.client) {
        Some(id) => store.client(id).await?,
        None => None,
    };
    let refused = |sentence: &str| Ok(Err(sentence.to_owned()));
    let tenant = TenantId(entered.facts.organization.tenant);
    let client = match client.map(|client| (can_act_by_itself(&client, tenant), client)) {
        Some((Ok(()), client)) => client,
        // An app that is not open to this directory is none of which it is told.
        None | Some((Err(NotByItself::OtherTenant), _)) => {
            return refused("There is no app with this client id that is open to this directory.");
        }
        Some((Err(error), _)) => return Ok(Err(error.to_string())),
    };
    if typed.projects.is_empty() {
        return refused("Choose at least one project: without one it reaches nothing.");
    }
    if store.member(entered.facts.id(), PersonId(client.id.0)).await?.is_some() {
        return refused("It is a member already. Remove it first to give it other rights.");
    }
    let most = usize::try_from(MOST_SERVICES).unwrap_or(usize::MAX);
    if store.services(access, MOST_SERVICES).await?.len() >= most {
        return Ok(Err(format!("At most {MOST_SERVICES} services can be members. Remove one first.")));
    }
    Ok(Ok(client))
}

/// Makes an app a member, if everything is still as it was when it was asked for.
async fn added(visit: &Visit, client: &Client, member: &Member) -> Result<bool, StoreError> {
    let store = &visit.app.store;
    store
        .decide(|| async {
            let Ok((entered, _)) = Entered::administered(visit).await? else { return Ok((false, Changes::none())) };
            let facts = &entered.facts;
            let present = store.member(facts.id(), member.person).await?.is_some();
            let there = member.projects.keys().all(|project| facts.project_by_id(*project).is_some());
            if present || !there {
                return Ok((false, Changes::none()));
            }
            // It is let in as what the page said that it is.
            let now = store.client(client.id).await?;
            if now.is_none_or(|now| Some(as_service(&now)) != member.service) {
                return Ok((false, Changes::none()));
            }
            Ok((true, members::add(&facts.organization, member, &visit.author())))
        })
        .await
}

async fn ask(visit: &Visit, entered: &Entered, typed: &Typed, client: &Client) -> Answer {
    let (name, member) = (entered.name(), typed.member(client));
    let may = own_scopes(client).join(", ");
    let reach = projects(&entered.facts, &member.projects).join(", ");
    let publisher = AppFace::of(&client.name, &client.publisher).publisher;
    let tenant = visit.app.store.tenant(client.tenant).await?;
    let directory = tenant.map_or_else(|| "an unknown directory".to_owned(), |tenant| tenant.domain.clone());
    let mut fields: Vec<(String, String)> = vec![
        ("client".into(), client.id.to_string()),
        ("access_level".into(), member.access_level.licence().into()),
        ("group".into(), typed.group.unwrap_or(ProjectGroup::Readers).name().into()),
    ];
    fields.extend(typed.projects.iter().map(|project| ("project".to_owned(), project.to_string())));
    fields.push(("shown".into(), fingerprint(as_service(client))));
    fields.push(("sure".into(), "yes".into()));
    visit.show(&Confirm {
        frame: visit.frame(),
        heading: format!("Make {} a member of {name}?", client.name),
        consequences: vec![
            format!("It is registered at {directory}, and published by {publisher}. Its client id is {}.", client.id),
            "Whoever holds its secret acts as it, without a person and without an approval page.".into(),
            format!(
                "It may do what its registration says now, as far as its groups allow: {may}. What its owner adds later, you are asked about."
            ),
            format!("It reaches {reach}, with {} access.", member.access_level),
        ],
        action: format!("/organizations/{name}/service-members"),
        fields,
        button: "Make it a member".into(),
        back: format!("/organizations/{name}/service-members"),
    })
}
