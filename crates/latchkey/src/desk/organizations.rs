//! `latchkey organization`.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Args, Subcommand, ValueEnum};
use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::ids::OrganizationId;
use latchkey_devops::membership::Member;
use latchkey_devops::name::{NameError, OrganizationName};
use latchkey_devops::organization::Organization;
use latchkey_devops::policy::{AuthorizePolicy, LONGEST_CAP_DAYS, OrganizationPolicy};
use latchkey_store::Changes;
use latchkey_store::devops::{OrganizationFacts, organizations};
use latchkey_web::App;
use latchkey_web::app::entropy;
use serde::{Deserialize, Serialize};

use super::report::{Report, Row, row};
use super::{account, author, organization, person, tenant};
use crate::failure::{Exit, Failure};

/// What can be done with organizations.
#[derive(Subcommand, Serialize, Deserialize)]
pub(crate) enum OrganizationOrder {
    /// Make an organization
    #[command(after_help = "Example:\n  latchkey organization create example --owner ana@example.com")]
    Create(NewOrganization),
    /// List the organizations that a person belongs to
    List {
        /// The address of their account
        #[arg(long, value_name = "EMAIL")]
        member: String,
    },
    /// Show an organization
    Show {
        /// Its name
        organization: String,
    },
    /// Decide who may authorize services for an organization, and which services are let in
    #[command(after_help = "Example:\n  latchkey organization policy example --authorize members --longest-days 90")]
    Policy {
        /// Its name
        organization: String,
        #[command(flatten)]
        policy: PolicyChange,
    },
}

/// An organization to be made.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct NewOrganization {
    /// Its name, the first part of its addresses
    name: String,
    /// The address of the account that owns it, and administers it
    #[arg(long, value_name = "EMAIL")]
    owner: String,
    /// The tenant it belongs to, by its domain or id; the owner's if left out
    #[arg(long)]
    tenant: Option<String>,
}

/// What of a policy is to change.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct PolicyChange {
    /// Who may authorize services
    #[arg(long)]
    authorize: Option<Who>,
    /// How many days an authorization lives at most; 0 for no limit
    #[arg(long, value_name = "DAYS")]
    longest_days: Option<u32>,
    /// Whether services are let in at all
    #[arg(long, value_name = "true|false")]
    third_party_apps: Option<bool>,
    /// Whether apps of the older OAuth kind that were imported are let in
    #[arg(long, value_name = "true|false")]
    legacy_apps: Option<bool>,
}

/// Who may authorize services.
#[derive(Clone, Copy, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Who {
    /// Project members with Basic access who are in Project Collection Administrators
    Administrators,
    /// Project members with Basic access
    Members,
    /// Project members with Basic access ask, and an administrator approves
    Approval,
    /// Nobody
    Nobody,
}

impl From<Who> for AuthorizePolicy {
    fn from(who: Who) -> Self {
        match who {
            Who::Administrators => Self::Administrators,
            Who::Members => Self::Members,
            Who::Approval => Self::Approval,
            Who::Nobody => Self::Nobody,
        }
    }
}

const COLUMNS: [&str; 8] =
    ["name", "tenant", "owner", "projects", "authorize", "longest_days", "third_party_apps", "legacy_apps"];

fn row(organization: &Organization, projects: usize) -> Row {
    row! {
        "name": organization.name.as_str(),
        "tenant": organization.tenant,
        "owner": organization.owner.0,
        "projects": projects,
        "authorize": organization.policy.authorize.word(),
        "longest_days": organization.policy.longest_authorization_days,
        "third_party_apps": organization.policy.third_party_apps,
        "legacy_apps": organization.policy.legacy_apps,
    }
}

pub(super) async fn perform(app: &App, order: OrganizationOrder) -> Result<Report, Failure> {
    match order {
        OrganizationOrder::Create(new) => {
            let made = create(app, new).await?;
            Ok(Report::one(&COLUMNS, row(&made, 0)))
        }
        OrganizationOrder::List { member } => {
            let account = account(app, &member).await?;
            let organizations = app.store.organizations_of(person(&account)).await?;
            let rows = organizations.iter().map(|facts| row(&facts.organization, facts.projects().count()));
            Ok(Report::list(&COLUMNS, rows.collect()))
        }
        OrganizationOrder::Show { organization: name } => {
            let facts = organization(app, &name).await?;
            Ok(Report::one(&COLUMNS, row(&facts.organization, facts.projects().count())))
        }
        OrganizationOrder::Policy { organization, policy } => change_policy(app, &organization, &policy).await,
    }
}

async fn create(app: &App, new: NewOrganization) -> Result<Organization, Failure> {
    let name = OrganizationName::parse(&new.name).map_err(|error| bad_name("an organization", &new.name, error))?;
    let owner = account(app, &new.owner).await?;
    let tenant = match &new.tenant {
        Some(named) => tenant(app, named).await?.id,
        None => owner.tenant,
    };
    let made = Organization {
        id: OrganizationId(entropy().uuid()),
        tenant: tenant.0,
        name,
        owner: person(&owner),
        policy: OrganizationPolicy::default(),
    };
    let member = Member {
        person: person(&owner),
        service: None,
        access_level: AccessLevel::Basic,
        groups: BTreeSet::new(),
        projects: BTreeMap::new(),
    };
    let by = author(app.now());
    app.store
        .decide(|| async {
            if app.store.organization(made.name.as_str()).await?.is_some() {
                let there = Failure::conflict(format!("there is an organization {} already", made.name));
                return Ok((Err(there), Changes::none()));
            }
            Ok((Ok(made.clone()), organizations::create(&made, &member, &by)))
        })
        .await?
}

async fn change_policy(app: &App, name: &str, policy: &PolicyChange) -> Result<Report, Failure> {
    if policy.longest_days.is_some_and(|days| days > LONGEST_CAP_DAYS) {
        return Err(Failure::new(Exit::Usage, format!("the longest limit is {LONGEST_CAP_DAYS} days")));
    }
    let (id, by) = (organization(app, name).await?.id(), author(app.now()));
    let (changed, projects) = app
        .store
        .decide(|| async {
            let Some(facts) = app.store.organization_by_id(id).await? else {
                let gone = Failure::not_found(format!("there is no organization {name}"));
                return Ok((Err(gone), Changes::none()));
            };
            let wanted = wanted(&facts, policy);
            let changes = match wanted == facts.organization.policy {
                true => Changes::none(),
                false => organizations::change_policy(&facts, &wanted, &by),
            };
            let changed = Organization { policy: wanted, ..facts.organization.clone() };
            Ok((Ok((changed, facts.projects().count())), changes))
        })
        .await??;
    Ok(Report::one(&COLUMNS, row(&changed, projects)))
}

fn wanted(facts: &OrganizationFacts, change: &PolicyChange) -> OrganizationPolicy {
    let present = facts.organization.policy.clone();
    OrganizationPolicy {
        authorize: change.authorize.map_or(present.authorize, Into::into),
        longest_authorization_days: match change.longest_days {
            None => present.longest_authorization_days,
            Some(0) => None,
            days => days,
        },
        third_party_apps: change.third_party_apps.unwrap_or(present.third_party_apps),
        legacy_apps: change.legacy_apps.unwrap_or(present.legacy_apps),
        ..present
    }
}

/// A name that nothing of its kind can have.
pub(super) fn bad_name(of: &str, name: &str, error: NameError) -> Failure {
    Failure::new(Exit::Usage, format!("{name} cannot be the name of {of}")).because(format!("it {error}"))
}
