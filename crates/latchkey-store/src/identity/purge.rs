//! What is swept away: in bulk, when nothing can ask for it any more.

use std::time::Duration;

use latchkey_devops::approval_request::LIFETIME;
use latchkey_identity::session::SessionId;
use latchkey_identity::{Timestamp, limits};

use super::{authorizations, dynamic_clients, logout_notices, uses};
use crate::Store;
use crate::devops::approval_requests;
use crate::error::StoreError;
use crate::feed::Notice;
use crate::outbox;
use crate::statement::{Changes, Sql};
use crate::value::Value;

/// What there may be much of is ended and deleted in portions, so that other change sets get their turn.
const PORTION: usize = 500;

/// Those that ran out and were not ended, a portion of them.
const RUN_OUT: Sql = Sql::sweep(
    "purge.run_out",
    "SELECT id FROM session WHERE ended_at IS NULL AND (used_at <= $1 OR authenticated_at <= $2) LIMIT $3",
);

/// Ends a session, unless it was used meanwhile.
const END_RUN_OUT: Sql = Sql::guarded(
    "purge.end_run_out",
    "UPDATE session SET ended_at = $2
      WHERE id = $1 AND ended_at IS NULL AND (used_at <= $3 OR authenticated_at <= $4)",
);

/// What chooses things and what deletes them, a portion at a time: the last value is the size of a portion.
struct Portion {
    found: Sql,
    delete: Sql,
}

const FLOWS: Portion = Portion {
    found: Sql::sweep("purge.old_flows", "SELECT id FROM flow WHERE started_at <= $1 LIMIT $2"),
    delete: Sql::sweep(
        "purge.flows",
        "DELETE FROM flow WHERE id IN (SELECT id FROM flow WHERE started_at <= $1 LIMIT $2)",
    ),
};

const CODES: Portion = Portion {
    found: Sql::sweep("purge.old_codes", "SELECT hash FROM authorization_code WHERE issued_at <= $1 LIMIT $2"),
    delete: Sql::sweep(
        "purge.codes",
        "DELETE FROM authorization_code
          WHERE hash IN (SELECT hash FROM authorization_code WHERE issued_at <= $1 LIMIT $2)",
    ),
};

const DEVICES: Portion = Portion {
    found: Sql::sweep("purge.old_devices", "SELECT hash FROM device_code WHERE started_at <= $1 LIMIT $2"),
    delete: Sql::sweep(
        "purge.devices",
        "DELETE FROM device_code WHERE hash IN (SELECT hash FROM device_code WHERE started_at <= $1 LIMIT $2)",
    ),
};

const PUSHED: Portion = Portion {
    found: Sql::sweep("purge.old_pushed", "SELECT hash FROM pushed_request WHERE pushed_at <= $1 LIMIT $2"),
    delete: Sql::sweep(
        "purge.pushed",
        "DELETE FROM pushed_request WHERE hash IN (SELECT hash FROM pushed_request WHERE pushed_at <= $1 LIMIT $2)",
    ),
};

const UPSTREAM_SIGN_INS: Portion = Portion {
    found: Sql::sweep(
        "purge.old_upstream_sign_ins",
        "SELECT state FROM upstream_sign_in WHERE started_at <= $1 LIMIT $2",
    ),
    delete: Sql::sweep(
        "purge.upstream_sign_ins",
        "DELETE FROM upstream_sign_in
          WHERE state IN (SELECT state FROM upstream_sign_in WHERE started_at <= $1 LIMIT $2)",
    ),
};

const ASSERTIONS: Portion = Portion {
    found: Sql::sweep("purge.old_assertions", "SELECT hash FROM spent_assertion WHERE until <= $1 LIMIT $2"),
    delete: Sql::sweep(
        "purge.assertions",
        "DELETE FROM spent_assertion WHERE hash IN (SELECT hash FROM spent_assertion WHERE until <= $1 LIMIT $2)",
    ),
};

const SESSIONS: Portion = Portion {
    found: Sql::sweep("purge.old_sessions", "SELECT id FROM session WHERE ended_at <= $1 LIMIT $2"),
    delete: Sql::sweep(
        "purge.sessions",
        "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE ended_at <= $1 LIMIT $2)",
    ),
};

/// Those of apps of the older kind live longer than others, and are kept for as long.
const FAMILIES: Portion = Portion {
    found: Sql::sweep(
        "purge.old_families",
        "SELECT id FROM token_family
          WHERE ended_at <= $1 OR (refreshable = 0 AND access_expires_at <= $1) OR created_at <= $4
             OR ((rotated_at <= $2 OR created_at <= $3)
                 AND NOT EXISTS (SELECT 1 FROM legacy_app l WHERE l.client = token_family.client))
          LIMIT $5",
    ),
    delete: Sql::sweep(
        "purge.families",
        "DELETE FROM token_family
          WHERE id IN (SELECT id FROM token_family
                        WHERE ended_at <= $1 OR (refreshable = 0 AND access_expires_at <= $1) OR created_at <= $4
                           OR ((rotated_at <= $2 OR created_at <= $3)
                               AND NOT EXISTS (SELECT 1 FROM legacy_app l WHERE l.client = token_family.client))
                        LIMIT $5)",
    ),
};

const APP_TOKENS: Portion = Portion {
    found: Sql::sweep("purge.old_app_tokens", "SELECT id FROM ended_app_token WHERE ended_at <= $1 LIMIT $2"),
    delete: Sql::sweep(
        "purge.app_tokens",
        "DELETE FROM ended_app_token WHERE id IN (SELECT id FROM ended_app_token WHERE ended_at <= $1 LIMIT $2)",
    ),
};

const USES: Sql = Sql::sweep("purge.uses", "DELETE FROM authorization_use WHERE day < $1");

const REFUSALS: Sql = Sql::sweep("purge.refusals", "DELETE FROM authorization_refusal WHERE day < $1");

/// What has ended is not found from its organizations any more.
const ORGANIZATIONS: Sql = Sql::sweep(
    "purge.organizations",
    "DELETE FROM authorization_organization
      WHERE EXISTS (SELECT 1 FROM service_authorization a
                     WHERE a.id = authorization_organization.authorization_id AND a.ended_at IS NOT NULL)",
);

pub(super) const ALL: &[&Sql] = &[
    &RUN_OUT,
    &END_RUN_OUT,
    &FLOWS.found,
    &FLOWS.delete,
    &CODES.found,
    &CODES.delete,
    &DEVICES.found,
    &DEVICES.delete,
    &PUSHED.found,
    &PUSHED.delete,
    &UPSTREAM_SIGN_INS.found,
    &UPSTREAM_SIGN_INS.delete,
    &ASSERTIONS.found,
    &ASSERTIONS.delete,
    &SESSIONS.found,
    &SESSIONS.delete,
    &FAMILIES.found,
    &FAMILIES.delete,
    &APP_TOKENS.found,
    &APP_TOKENS.delete,
    &USES,
    &REFUSALS,
    &ORGANIZATIONS,
];

/// A code, of a device too, is kept this long, so that a replay is recognized as one; that a token was given back, since no token lives so
/// long.
const CODE_KEPT: Duration = Duration::from_secs(86_400);
/// What has ended is kept this long, so that people who ask can be told.
const ENDED_KEPT: Duration = Duration::from_secs(30 * 86_400);
/// Uses are listed for this long.
const USES_KEPT: Duration = Duration::from_secs(90 * 86_400);

impl Store {
    /// Ends the sessions that ran out, and what was given for their time; deletes what ended or ran out long ago.
    pub async fn purge(&self, now: Timestamp) -> Result<(), StoreError> {
        while self.end_sessions_that_ran_out(now).await? == PORTION {}
        let long_ago = now - ENDED_KEPT;
        self.delete_in_portions(&FLOWS, vec![(now - limits::FLOW_LIFETIME).into()]).await?;
        self.delete_in_portions(&CODES, vec![(now - CODE_KEPT).into()]).await?;
        self.delete_in_portions(&DEVICES, vec![(now - CODE_KEPT).into()]).await?;
        // Whoever began with one just before it ran out has as long as any flow.
        let pushed = limits::PUSHED_REQUEST_LIFETIME + limits::FLOW_LIFETIME;
        self.delete_in_portions(&PUSHED, vec![(now - pushed).into()]).await?;
        self.delete_in_portions(&UPSTREAM_SIGN_INS, vec![(now - limits::UPSTREAM_SIGN_IN_LIFETIME).into()]).await?;
        self.delete_in_portions(&ASSERTIONS, vec![now.into()]).await?;
        self.delete_in_portions(&SESSIONS, vec![long_ago.into()]).await?;
        let (idle, old) = (long_ago - limits::FAMILY_IDLE, long_ago - limits::FAMILY_LIFETIME);
        let oldest = long_ago - limits::LEGACY_FAMILY_LIFETIME;
        self.delete_in_portions(&FAMILIES, vec![long_ago.into(), idle.into(), old.into(), oldest.into()]).await?;
        self.delete_in_portions(&APP_TOKENS, vec![(now - CODE_KEPT).into()]).await?;
        while self.delete_unused_registrations(now - limits::UNUSED_REGISTRATION_LIFETIME, PORTION, now).await?
            == PORTION
        {}
        while self.delete_unused_descriptions(now - limits::UNUSED_DESCRIPTION_LIFETIME, PORTION).await? == PORTION {}
        let mut changes = Changes::none();
        dynamic_clients::purge_tokens(&mut changes, now);
        changes
            .write(&USES, vec![uses::day_of(now - USES_KEPT).into()])
            .write(&REFUSALS, vec![uses::day_of(now - USES_KEPT).into()])
            .write(&ORGANIZATIONS, vec![])
            .write(&approval_requests::PURGE, vec![(long_ago - LIFETIME).into(), long_ago.into()]);
        outbox::purge(&mut changes, now);
        logout_notices::purge(&mut changes, now);
        self.keep_books(&changes).await
    }

    /// Deletes what these values choose, a portion after the other.
    async fn delete_in_portions(&self, portion: &'static Portion, mut values: Vec<Value>) -> Result<(), StoreError> {
        values.push(i64::try_from(PORTION).unwrap_or(i64::MAX).into());
        loop {
            let found = self.read(&portion.found, values.clone()).await?.len();
            if found > 0 {
                let mut changes = Changes::none();
                changes.write(&portion.delete, values.clone());
                self.keep_books(&changes).await?;
            }
            if found < PORTION {
                return Ok(());
            }
        }
    }

    /// Ends a portion of them; how many it found.
    async fn end_sessions_that_ran_out(&self, now: Timestamp) -> Result<usize, StoreError> {
        let (idle, old) = (now - limits::SESSION_IDLE, now - limits::SESSION_LIFETIME);
        let portion = i64::try_from(PORTION).unwrap_or(i64::MAX);
        self.decide(async || {
            let rows = self.read(&RUN_OUT, vec![idle.into(), old.into(), portion.into()]).await?;
            let mut changes = Changes::none();
            for row in &rows {
                let session = SessionId(row.uuid(0)?);
                changes
                    .write(&END_RUN_OUT, vec![session.0.into(), now.into(), idle.into(), old.into()])
                    .notice(Notice::Session(session.0));
                authorizations::end_those_for(&mut changes, session, now);
                logout_notices::forget(&mut changes, session);
            }
            Ok((rows.len(), changes))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_may_be_much_of_goes_in_portions() {
        for portion in [&FLOWS, &CODES, &DEVICES, &PUSHED, &ASSERTIONS, &SESSIONS, &FAMILIES, &APP_TOKENS] {
            assert!(portion.delete.text().contains(" LIMIT $"), "{}", portion.delete.name());
        }
    }
}
