//! Uses in sum: how much services did on which day, for lists, pictures and files.

use std::collections::BTreeMap;

use latchkey_devops::ids::OrganizationId;
use latchkey_identity::Timestamp;
use latchkey_identity::account::AccountId;
use latchkey_identity::authorization::AuthorizationId;
use latchkey_identity::client::{ClientId, Profile};

use super::clients;
use super::uses::Use;
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};
use crate::value::Row;

const OF_ACCOUNT: Sql = Sql::read(
    "uses.by_day_of_account",
    "SELECT u.authorization_id, u.day, u.uses
       FROM service_authorization a
       JOIN authorization_use u ON u.authorization_id = a.id AND u.day >= $2
      WHERE a.account = $1 AND a.ended_at IS NULL",
)
.by_owner();

/// Nodes add to the same total, in any order.
const ADD_IN_ORGANIZATION: Sql = Sql::write(
    "uses.add_in_organization",
    "INSERT INTO organization_use (organization, day, client, uses) VALUES ($1, $2, $3, $4)
     ON CONFLICT (organization, day, client) DO UPDATE SET uses = organization_use.uses + excluded.uses",
);

/// Those in projects of the organization: what a service did elsewhere is nothing to it.
const IN_ORGANIZATION: Sql = Sql::read(
    "uses.by_day_in_organization",
    "SELECT u.client, u.day, u.uses, c.profile
       FROM organization_use u
       JOIN client c ON c.id = u.client
      WHERE u.organization = $1 AND u.day >= $2",
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

pub(super) const ALL: &[&Sql] = &[&OF_ACCOUNT, &ADD_IN_ORGANIZATION, &IN_ORGANIZATION, &IN_FULL];

/// How often something was done on one day. There may be several of one day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallsOfDay {
    /// By which authorization.
    pub by: AuthorizationId,
    /// When the day began, in UTC.
    pub day: Timestamp,
    /// How many times.
    pub count: i64,
}

/// How often an app did something in an organization on one day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AppsCalls {
    /// The app.
    pub app: ClientId,
    /// Its profile.
    pub profile: Profile,
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

/// Adds what was done in projects to the totals of their organizations: one statement for each app and day, in one order for all.
pub(super) fn add(changes: &mut Changes, uses: &[Use]) {
    let mut totals: BTreeMap<(OrganizationId, i64, ClientId), i64> = BTreeMap::new();
    for one in uses {
        if let Some((organization, _)) = one.project {
            let total = totals.entry((organization, one.at.as_days(), one.app)).or_default();
            *total = total.saturating_add(one.count);
        }
    }
    for ((organization, day, app), count) in totals {
        changes.write(&ADD_IN_ORGANIZATION, vec![organization.into(), day.into(), app.0.into(), count.into()]);
    }
}

impl Store {
    /// How often the authorizations of an account that have not ended were used, on which day.
    pub async fn calls_of(&self, account: AccountId, since: Timestamp) -> Result<Vec<CallsOfDay>, StoreError> {
        self.read(&OF_ACCOUNT, vec![account.0.into(), since.as_days().into()]).await?.iter().map(calls).collect()
    }

    /// How often services did something in the projects of an organization, by app and day.
    pub async fn calls_in(&self, organization: OrganizationId, since: Timestamp) -> Result<Vec<AppsCalls>, StoreError> {
        let values = vec![organization.into(), since.as_days().into()];
        self.read(&IN_ORGANIZATION, values).await?.iter().map(apps_calls).collect()
    }

    /// What apps did for a person, and what was refused to them: so many rows, the newest day first.
    pub async fn activity_of(
        &self,
        account: AccountId,
        since: Timestamp,
        most: u32,
    ) -> Result<Vec<AppsDay>, StoreError> {
        let values = vec![account.0.into(), since.as_days().into(), most.into()];
        self.read(&IN_FULL, values).await?.iter().map(apps_day).collect()
    }
}

fn day(row: &Row, column: usize) -> Result<Timestamp, StoreError> {
    Ok(Timestamp::from_days(row.int(column)?))
}

fn calls(row: &Row) -> Result<CallsOfDay, StoreError> {
    Ok(CallsOfDay { by: AuthorizationId(row.uuid(0)?), day: day(row, 1)?, count: row.int(2)? })
}

fn apps_calls(row: &Row) -> Result<AppsCalls, StoreError> {
    let profile = clients::profile(row.text(3)?)?;
    Ok(AppsCalls { app: ClientId(row.uuid(0)?), profile, day: day(row, 1)?, count: row.int(2)? })
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
