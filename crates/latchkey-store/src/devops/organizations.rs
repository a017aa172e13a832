//! Organizations: their policy, and the numbers they give to what is in them.

use std::collections::BTreeSet;

use latchkey_devops::date;
use latchkey_devops::ids::{AppId, OrganizationId, PersonId};
use latchkey_devops::membership::Member;
use latchkey_devops::name::OrganizationName;
use latchkey_devops::organization::Organization;
use latchkey_devops::policy::{AuthorizePolicy, OrganizationPolicy};
use latchkey_devops::sunset::Sunset;
use latchkey_jose::Timestamp;
use serde_json::json;

use super::{Author, OrganizationFacts, meaning, members};
use crate::Store;
use crate::error::StoreError;
use crate::feed::Notice;
use crate::outbox;
use crate::statement::{Changes, Sql};

/// The most organizations of one person that are looked at.
const MOST_OF_A_PERSON: u32 = 1_000;

const BY_ID: Sql = Sql::read(
    "organizations.by_id",
    "SELECT id, tenant, name, owner, authorize_policy, longest_authorization_days, third_party_apps, legacy_apps, version,
            legacy_warn_from, legacy_refuse_from
       FROM organization WHERE id = $1",
);

const BY_NAME: Sql = Sql::read("organizations.by_name", "SELECT id FROM organization WHERE name_key = $1");

/// All of them, however many: one that was left out would be let in. An app of the older kind and the one that it moved to are one service:
/// who stops either stops both, for as long as they are linked.
const BLOCKED_APPS: Sql = Sql::read(
    "organizations.blocked_apps",
    "SELECT app FROM organization_blocked_app WHERE organization = $1
      UNION ALL SELECT m.moved_to FROM organization_blocked_app b JOIN legacy_move m ON m.client = b.app WHERE b.organization = $1
      UNION ALL SELECT m.client FROM organization_blocked_app b JOIN legacy_move m ON m.moved_to = b.app WHERE b.organization = $1",
);

const OF_PERSON: Sql = Sql::read(
    "organizations.of_person",
    "SELECT member.organization, organization.name_key
       FROM member JOIN organization ON organization.id = member.organization
      WHERE member.person = $1 LIMIT $2",
)
.by_owner();

const LAST_NUMBER: Sql = Sql::read(
    "organizations.last_number",
    "SELECT last FROM organization_counter WHERE organization = $1 AND kind = $2",
);

const CREATE: Sql = Sql::guarded(
    "organizations.create",
    "INSERT INTO organization (id, tenant, name, name_key, owner, authorize_policy, longest_authorization_days,
                               third_party_apps, legacy_apps, version, created_at, legacy_warn_from, legacy_refuse_from)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11, $12)",
);

const START_COUNTING: Sql = Sql::write(
    "organizations.start_counting",
    "INSERT INTO organization_counter (organization, kind, last) VALUES ($1, $2, 0)",
);

/// Takes a number. Touches no row when another request took it.
const TAKE_NUMBER: Sql = Sql::guarded(
    "organizations.take_number",
    "UPDATE organization_counter SET last = $3 WHERE organization = $1 AND kind = $2 AND last + 1 = $3",
);

/// Counts a change of what access is decided by. Touches no row when another change was first.
const TOUCH: Sql =
    Sql::guarded("organizations.touch", "UPDATE organization SET version = version + 1 WHERE id = $1 AND version = $2");

const CHANGE_POLICY: Sql = Sql::guarded(
    "organizations.change_policy",
    "UPDATE organization
        SET authorize_policy = $3, longest_authorization_days = $4, third_party_apps = $5, legacy_apps = $6,
            legacy_warn_from = $7, legacy_refuse_from = $8, version = version + 1
      WHERE id = $1 AND version = $2",
);

const UNBLOCK_ALL: Sql =
    Sql::write("organizations.unblock_all", "DELETE FROM organization_blocked_app WHERE organization = $1");

const BLOCK: Sql =
    Sql::write("organizations.block", "INSERT INTO organization_blocked_app (organization, app) VALUES ($1, $2)");

const ENDING_LEGACY: Sql = Sql::read(
    "organizations.ending_legacy",
    "SELECT id FROM organization WHERE legacy_refuse_from > $1 AND legacy_refuse_from <= $2 ORDER BY legacy_refuse_from",
).of_server();

pub(crate) const ALL: &[&Sql] = &[
    &ENDING_LEGACY,
    &BY_ID,
    &BY_NAME,
    &BLOCKED_APPS,
    &OF_PERSON,
    &LAST_NUMBER,
    &CREATE,
    &START_COUNTING,
    &TAKE_NUMBER,
    &TOUCH,
    &CHANGE_POLICY,
    &UNBLOCK_ALL,
    &BLOCK,
];

/// What gets its number from its organization.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Numbered {
    /// Work items.
    WorkItem,
    /// Comments on work items.
    Comment,
    /// Pull requests.
    PullRequest,
    /// Build definitions.
    BuildDefinition,
    /// Builds.
    Build,
}

impl Numbered {
    const ALL: [Self; 5] = [Self::WorkItem, Self::Comment, Self::PullRequest, Self::BuildDefinition, Self::Build];

    const fn word(self) -> &'static str {
        match self {
            Self::WorkItem => "work_item",
            Self::Comment => "comment",
            Self::PullRequest => "pull_request",
            Self::BuildDefinition => "build_definition",
            Self::Build => "build",
        }
    }
}

/// Makes an organization, with its owner as its first member.
pub fn create(organization: &Organization, owner: &Member, author: &Author) -> Changes {
    let policy = &organization.policy;
    let mut changes = Changes::none();
    let values = vec![
        organization.id.into(),
        organization.tenant.into(),
        organization.name.as_str().into(),
        organization.name.key().into(),
        organization.owner.into(),
        policy.authorize.word().into(),
        policy.longest_authorization_days.into(),
        policy.third_party_apps.into(),
        policy.legacy_apps.into(),
        author.at.into(),
        policy.sunset.warn_from().into(),
        policy.sunset.refuse_from().into(),
    ];
    changes.write(&CREATE, values);
    for numbered in Numbered::ALL {
        changes.write(&START_COUNTING, vec![organization.id.into(), numbered.word().into()]);
    }
    block(&mut changes, organization.id, &policy.blocked_apps);
    changes
        .event(author.did("organization_created", organization, organization.name.to_string()))
        .append(members::add(organization, owner, author));
    changes
}

/// Changes what the organization's administrators decided. Lost when anybody changed it meanwhile.
pub fn change_policy(facts: &OrganizationFacts, policy: &OrganizationPolicy, author: &Author) -> Changes {
    changed_policy(facts, policy, "policy_changed", author)
}

/// Sets or moves the end of apps of the older OAuth kind. On record as what it is; everybody is told anew. Lost when anybody changed the
/// policy meanwhile.
pub fn change_sunset(facts: &OrganizationFacts, sunset: Sunset, author: &Author) -> Changes {
    let policy = OrganizationPolicy { sunset, ..facts.organization.policy.clone() };
    let mut changes = changed_policy(facts, &policy, "legacy_sunset_changed", author);
    outbox::forget_told(&mut changes, facts.id().0);
    changes
}

fn changed_policy(
    facts: &OrganizationFacts,
    policy: &OrganizationPolicy,
    kind: &'static str,
    author: &Author,
) -> Changes {
    let organization = &facts.organization;
    let mut changes = Changes::none();
    let values = vec![
        organization.id.into(),
        facts.version.into(),
        policy.authorize.word().into(),
        policy.longest_authorization_days.into(),
        policy.third_party_apps.into(),
        policy.legacy_apps.into(),
        policy.sunset.warn_from().into(),
        policy.sunset.refuse_from().into(),
    ];
    changes.write(&CHANGE_POLICY, values).write(&UNBLOCK_ALL, vec![organization.id.into()]);
    block(&mut changes, organization.id, &policy.blocked_apps);
    let mut event = author.did(kind, organization, organization.name.to_string());
    event.detail = json!({ "from": in_words(&organization.policy), "to": in_words(policy) }).to_string();
    changes.event(event).notice(Notice::Organization(organization.id.0));
    changes
}

fn block(changes: &mut Changes, organization: OrganizationId, apps: &BTreeSet<AppId>) {
    for app in apps {
        changes.write(&BLOCK, vec![organization.into(), (*app).into()]);
    }
}

fn in_words(policy: &OrganizationPolicy) -> serde_json::Value {
    json!({
        "authorize": policy.authorize.word(),
        "longest_authorization_days": policy.longest_authorization_days,
        "third_party_apps": policy.third_party_apps,
        "legacy_apps": policy.legacy_apps,
        "legacy_warn_from": policy.sunset.warn_from().map(date::format),
        "legacy_refuse_from": policy.sunset.refuse_from().map(date::format),
        "blocked_apps": policy.blocked_apps,
    })
}

/// Counts a change of what access is decided by, and tells everybody. Lost when another change was first.
pub(super) fn touch(facts: &OrganizationFacts) -> Changes {
    let mut changes = Changes::none();
    changes.write(&TOUCH, vec![facts.id().into(), facts.version.into()]).notice(Notice::Organization(facts.id().0));
    changes
}

/// Takes a number that [`Store::next_number`] said is free. Lost when another request took it.
pub(super) fn take_number(organization: OrganizationId, numbered: Numbered, number: i64) -> Changes {
    let mut changes = Changes::none();
    changes.write(&TAKE_NUMBER, vec![organization.into(), numbered.word().into(), number.into()]);
    changes
}

impl Store {
    /// The number that the next thing of its kind gets, unless another request is faster. Read inside
    /// [`Store::decide`]: whoever is too late decides again.
    pub async fn next_number(&self, organization: OrganizationId, numbered: Numbered) -> Result<i64, StoreError> {
        let row = self.read_one(&LAST_NUMBER, vec![organization.into(), numbered.word().into()]).await?;
        let last = row.map_or(Ok(0), |row| row.int(0))?;
        Ok(last.saturating_add(1))
    }

    /// The organizations where apps of the older OAuth kind end after the one and until the other.
    pub async fn organizations_ending_legacy(
        &self,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<OrganizationId>, StoreError> {
        let rows = self.read(&ENDING_LEGACY, vec![after.into(), until.into()]).await?;
        rows.iter().map(|row| row.uuid(0).map(OrganizationId)).collect()
    }

    pub(super) async fn organization_named(&self, key: &str) -> Result<Option<OrganizationId>, StoreError> {
        let row = self.read_one(&BY_NAME, vec![key.into()]).await?;
        row.map(|row| row.uuid(0).map(OrganizationId)).transpose()
    }

    /// The organization, and how often what access to it is decided by was changed.
    pub(super) async fn read_organization(
        &self,
        id: OrganizationId,
    ) -> Result<Option<(Organization, i64)>, StoreError> {
        let Some(row) = self.read_one(&BY_ID, vec![id.into()]).await? else { return Ok(None) };
        let blocked = self.read(&BLOCKED_APPS, vec![id.into()]).await?;
        let days = row.opt_int(5)?;
        let sunset = Sunset::new(row.opt_time(9)?, row.opt_time(10)?).ok();
        let policy = OrganizationPolicy {
            sunset: meaning("end of the older kind", "a warning after the end", sunset)?,
            authorize: meaning("policy", row.text(4)?, AuthorizePolicy::from_word(row.text(4)?))?,
            longest_authorization_days: days.map(|days| u32::try_from(days).unwrap_or(u32::MAX)),
            third_party_apps: row.bool(6)?,
            legacy_apps: row.bool(7)?,
            blocked_apps: blocked.iter().map(|row| row.uuid(0).map(AppId)).collect::<Result<_, _>>()?,
        };
        let organization = Organization {
            id: OrganizationId(row.uuid(0)?),
            tenant: row.uuid(1)?,
            name: meaning("name of an organization", row.text(2)?, OrganizationName::parse(row.text(2)?).ok())?,
            owner: PersonId(row.uuid(3)?),
            policy,
        };
        Ok(Some((organization, row.int(8)?)))
    }

    pub(super) async fn load_organizations_of(&self, person: PersonId) -> Result<Vec<OrganizationId>, StoreError> {
        let rows = self.read(&OF_PERSON, vec![person.into(), MOST_OF_A_PERSON.into()]).await?;
        let mut named: Vec<(String, OrganizationId)> = rows
            .iter()
            .map(|row| Ok((row.text(1)?.to_owned(), OrganizationId(row.uuid(0)?))))
            .collect::<Result<_, StoreError>>()?;
        named.sort_unstable();
        Ok(named.into_iter().map(|(_, id)| id).collect())
    }
}
