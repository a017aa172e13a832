//! Uses: when and for what authorizations were used, and what was refused to them. Gathered in memory, and written here from
//! time to time.

use std::collections::BTreeMap;

use latchkey_devops::ids::{OrganizationId, ProjectId};
use latchkey_identity::Timestamp;
use latchkey_identity::authorization::AuthorizationId;
use latchkey_identity::client::ClientId;
use uuid::Uuid;

use super::use_totals;
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};
use crate::value::Row;

/// The time of last use only moves forward: nodes report in any order.
const LAST: Sql = Sql::write(
    "uses.last",
    "UPDATE service_authorization SET last_used_at = $2, last_used_address = $3
      WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
)
.by_key();

const ADD: Sql = Sql::write(
    "uses.add",
    "INSERT INTO authorization_use (authorization_id, day, operation, project, uses, last_at)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (authorization_id, day, operation, project) DO UPDATE
        SET uses = authorization_use.uses + excluded.uses,
            last_at = CASE WHEN excluded.last_at > authorization_use.last_at THEN excluded.last_at
                           ELSE authorization_use.last_at END",
)
.by_key();

const OF_AUTHORIZATION: Sql = Sql::read(
    "uses.of_authorization",
    "SELECT day, operation, project, uses, last_at FROM authorization_use WHERE authorization_id = $1 ORDER BY day DESC",
).by_key();

const ADD_REFUSALS: Sql = Sql::write(
    "uses.add_refusals",
    "INSERT INTO authorization_refusal (authorization_id, day, operation, reason, refusals, last_at)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (authorization_id, day, operation, reason) DO UPDATE
        SET refusals = authorization_refusal.refusals + excluded.refusals,
            last_at = CASE WHEN excluded.last_at > authorization_refusal.last_at THEN excluded.last_at
                           ELSE authorization_refusal.last_at END",
)
.by_key();

const REFUSALS_OF_AUTHORIZATION: Sql = Sql::read(
    "uses.refusals_of_authorization",
    "SELECT day, operation, reason, refusals, last_at FROM authorization_refusal WHERE authorization_id = $1
      ORDER BY day DESC",
)
.by_key();

pub(super) const ALL: &[&Sql] = &[&LAST, &ADD, &OF_AUTHORIZATION, &ADD_REFUSALS, &REFUSALS_OF_AUTHORIZATION];

/// One or more uses of an authorization.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Use {
    /// The authorization.
    pub authorization: AuthorizationId,
    /// The app that holds it.
    pub app: ClientId,
    /// When, the last of them.
    pub at: Timestamp,
    /// From which network address, the last of them.
    pub address: String,
    /// For what, in words that lists show.
    pub operation: String,
    /// In which project of which organization, if in one.
    pub project: Option<(OrganizationId, ProjectId)>,
    /// How many times.
    pub count: i64,
}

/// What an authorization was used for on one day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UseOfDay {
    /// When the day began, in UTC.
    pub day: Timestamp,
    /// For what.
    pub operation: String,
    /// In which project, if in one.
    pub project: Option<Uuid>,
    /// How many times.
    pub count: i64,
    /// When last on that day.
    pub last_at: Timestamp,
}

/// One or more calls of an authorization that were refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusedUse {
    /// The authorization.
    pub authorization: AuthorizationId,
    /// When, the last of them.
    pub at: Timestamp,
    /// What it wanted to do, in words that lists show.
    pub operation: String,
    /// Which check failed, by its code.
    pub reason: String,
    /// How many times.
    pub count: i64,
}

/// What was refused to an authorization on one day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusedOfDay {
    /// When the day began, in UTC.
    pub day: Timestamp,
    /// What it wanted to do.
    pub operation: String,
    /// Which check failed, by its code.
    pub reason: String,
    /// How many times.
    pub count: i64,
    /// When last on that day.
    pub last_at: Timestamp,
}

fn from_row(row: &Row) -> Result<UseOfDay, StoreError> {
    let project = row.uuid(2)?;
    Ok(UseOfDay {
        day: Timestamp::from_days(row.int(0)?),
        operation: row.text(1)?.to_owned(),
        project: (!project.is_nil()).then_some(project),
        count: row.int(3)?,
        last_at: row.time(4)?,
    })
}

fn refused_from_row(row: &Row) -> Result<RefusedOfDay, StoreError> {
    Ok(RefusedOfDay {
        day: Timestamp::from_days(row.int(0)?),
        operation: row.text(1)?.to_owned(),
        reason: row.text(2)?.to_owned(),
        count: row.int(3)?,
        last_at: row.time(4)?,
    })
}

/// How many times each key came, and when last.
fn summed<K: Ord>(counted: impl Iterator<Item = (K, i64, Timestamp)>) -> BTreeMap<K, (i64, Timestamp)> {
    let mut sums = BTreeMap::new();
    for (key, count, at) in counted {
        let (sum, last_at) = sums.entry(key).or_insert((0_i64, at));
        *sum = sum.saturating_add(count);
        *last_at = at.max(*last_at);
    }
    sums
}

/// The newest use of each authorization.
fn newest(uses: &[Use]) -> BTreeMap<AuthorizationId, &Use> {
    let mut newest = BTreeMap::new();
    for one in uses {
        let known = newest.entry(one.authorization).or_insert(one);
        if known.at < one.at {
            *known = one;
        }
    }
    newest
}

/// The statements for these uses and refusals, in one order for all, so that no two change sets wait for each other.
fn recorded(uses: &[Use], refused: &[RefusedUse]) -> Changes {
    let mut changes = Changes::none();
    for (authorization, newest) in newest(uses) {
        changes.write(&LAST, vec![authorization.0.into(), newest.at.into(), newest.address.as_str().into()]);
    }
    let used = uses.iter().map(|one| {
        let project = one.project.map_or_else(Uuid::nil, |(_, project)| project.0);
        ((one.authorization, one.at.as_days(), one.operation.as_str(), project), one.count, one.at)
    });
    for ((authorization, day, operation, project), (count, last_at)) in summed(used) {
        let values =
            vec![authorization.0.into(), day.into(), operation.into(), project.into(), count.into(), last_at.into()];
        changes.write(&ADD, values);
    }
    let refused = refused.iter().map(|one| {
        ((one.authorization, one.at.as_days(), one.operation.as_str(), one.reason.as_str()), one.count, one.at)
    });
    for ((authorization, day, operation, reason), (count, last_at)) in summed(refused) {
        let values =
            vec![authorization.0.into(), day.into(), operation.into(), reason.into(), count.into(), last_at.into()];
        changes.write(&ADD_REFUSALS, values);
    }
    use_totals::add(&mut changes, uses);
    changes
}

impl Store {
    /// Records uses, and calls that were refused, as one change set.
    pub async fn record_uses(&self, uses: &[Use], refused: &[RefusedUse]) -> Result<(), StoreError> {
        self.commit_anyway(&recorded(uses, refused)).await
    }

    /// What was refused to an authorization, newest first.
    pub async fn refusals_of(&self, authorization: AuthorizationId) -> Result<Vec<RefusedOfDay>, StoreError> {
        let rows = self.read(&REFUSALS_OF_AUTHORIZATION, vec![authorization.0.into()]).await?;
        let mut refused = rows.iter().map(refused_from_row).collect::<Result<Vec<_>, _>>()?;
        refused.sort_by(|one, other| other.last_at.cmp(&one.last_at).then_with(|| one.operation.cmp(&other.operation)));
        Ok(refused)
    }

    /// What an authorization was used for, newest first.
    pub async fn uses_of(&self, authorization: AuthorizationId) -> Result<Vec<UseOfDay>, StoreError> {
        let rows = self.read(&OF_AUTHORIZATION, vec![authorization.0.into()]).await?;
        let mut uses = rows.iter().map(from_row).collect::<Result<Vec<_>, _>>()?;
        uses.sort_by(|one, other| other.last_at.cmp(&one.last_at).then_with(|| one.operation.cmp(&other.operation)));
        Ok(uses)
    }
}
