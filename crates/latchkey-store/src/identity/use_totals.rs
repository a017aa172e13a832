//! Uses in sum: how much services did on which day, for lists, pictures and files.

use latchkey_identity::Timestamp;
use latchkey_identity::account::AccountId;
use uuid::Uuid;

use super::uses::{day_of, micros_of_a_day};
use crate::Store;
use crate::error::StoreError;
use crate::statement::Sql;
use crate::value::Row;

const OF_ACCOUNT: Sql = Sql::read(
    "uses.by_day_of_account",
    "SELECT u.authorization_id, u.day, u.uses
       FROM service_authorization a
       JOIN authorization_use u ON u.authorization_id = a.id AND u.day >= $2
      WHERE a.account = $1 AND a.ended_at IS NULL",
)
.by_owner();

/// Those in projects of the organization: what a service did elsewhere is nothing to it. Summed here, for pages of administrators.
const IN_ORGANIZATION: Sql = Sql::sweep(
    "uses.by_day_in_organization",
    "SELECT a.client, u.day, CAST(sum(u.uses) AS INTEGER) AS uses
       FROM authorization_organization o
       JOIN service_authorization a ON a.id = o.authorization_id
       JOIN authorization_use u ON u.authorization_id = o.authorization_id AND u.day >= $2
       JOIN project p ON p.organization = o.organization AND p.id = u.project
      WHERE o.organization = $1
      GROUP BY a.client, u.day",
);

/// Each by itself, answered or refused, the newest day first: for a file that somebody downloads.
const IN_FULL: Sql = Sql::sweep(
    "uses.of_account_in_full",
    "SELECT c.name AS app, u.day, u.operation, '' AS reason, u.uses, u.last_at
       FROM service_authorization a
       JOIN client c ON c.id = a.client
       JOIN authorization_use u ON u.authorization_id = a.id AND u.day >= $2
      WHERE a.account = $1
      UNION ALL
     SELECT c.name AS app, r.day, r.operation, r.reason, r.refusals AS uses, r.last_at
       FROM service_authorization a
       JOIN client c ON c.id = a.client
       JOIN authorization_refusal r ON r.authorization_id = a.id AND r.day >= $2
      WHERE a.account = $1
      ORDER BY day DESC, app, operation, reason LIMIT $3",
)
.by_owner();

pub(super) const ALL: &[&Sql] = &[&OF_ACCOUNT, &IN_ORGANIZATION, &IN_FULL];

/// How often something was done on one day. There may be several of one day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallsOfDay {
    /// By what: an authorization, or an app.
    pub by: Uuid,
    /// When the day began, in UTC.
    pub day: Timestamp,
    /// How many times.
    pub count: i64,
}

/// What an app did, or wanted to do, for a person on one day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppsDay {
    /// The app's name.
    pub app: String,
    /// When the day began, in UTC.
    pub day: Timestamp,
    /// What it did.
    pub operation: String,
    /// The check that refused it, by its code, if it was refused.
    pub refused_by: Option<String>,
    /// How many times.
    pub count: i64,
    /// When last on that day.
    pub last_at: Timestamp,
}

impl Store {
    /// How often the authorizations of an account that have not ended were used, on which day.
    pub async fn calls_of(&self, account: AccountId, since: Timestamp) -> Result<Vec<CallsOfDay>, StoreError> {
        self.read(&OF_ACCOUNT, vec![account.0.into(), day_of(since).into()]).await?.iter().map(calls).collect()
    }

    /// How often services did something in the projects of an organization, by app and day.
    pub async fn calls_in(&self, organization: Uuid, since: Timestamp) -> Result<Vec<CallsOfDay>, StoreError> {
        self.read(&IN_ORGANIZATION, vec![organization.into(), day_of(since).into()]).await?.iter().map(calls).collect()
    }

    /// What apps did for a person, and what was refused to them: so many rows, the newest day first.
    pub async fn activity_of(
        &self,
        account: AccountId,
        since: Timestamp,
        most: u32,
    ) -> Result<Vec<AppsDay>, StoreError> {
        let values = vec![account.0.into(), day_of(since).into(), most.into()];
        self.read(&IN_FULL, values).await?.iter().map(apps_day).collect()
    }
}

fn day(row: &Row, column: usize) -> Result<Timestamp, StoreError> {
    Ok(Timestamp::from_micros(row.int(column)?.saturating_mul(micros_of_a_day())))
}

fn calls(row: &Row) -> Result<CallsOfDay, StoreError> {
    Ok(CallsOfDay { by: row.uuid(0)?, day: day(row, 1)?, count: row.int(2)? })
}

fn apps_day(row: &Row) -> Result<AppsDay, StoreError> {
    let reason = row.text(3)?;
    Ok(AppsDay {
        app: row.text(0)?.to_owned(),
        day: day(row, 1)?,
        operation: row.text(2)?.to_owned(),
        refused_by: (!reason.is_empty()).then(|| reason.to_owned()),
        count: row.int(4)?,
        last_at: row.time(5)?,
    })
}
