//! What is swept away: in bulk, when nothing can ask for it any more.

use std::time::Duration;

use latchkey_devops::approval_request::LIFETIME;
use latchkey_identity::logout_notice::GIVEN_UP_AFTER;
use latchkey_identity::session::SessionId;
use latchkey_identity::throttle::WINDOW;
use latchkey_identity::time::days;
use latchkey_identity::{Timestamp, limits};

use super::{authorizations, dynamic_clients, guesses, logout_notices};
use crate::Store;
use crate::devops::approval_requests;
use crate::error::StoreError;
use crate::feed::Notice;
use crate::outbox;
use crate::statement::{Changes, Sql};
use crate::value::{Row, Value};

/// What there may be much of is ended and deleted in portions, each a commit of its own, so that other change sets get their turn.
const PORTION: usize = 500;

/// So many are looked for at once, because looking may walk a whole table: beside the writer, in a connection for reading.
const FOUND_AT_ONCE: usize = 20 * PORTION;

/// Those that ran out and were not ended, a portion of them.
const RUN_OUT: Sql = Sql::sweep(
    "purge.run_out",
    "SELECT id FROM session WHERE ended_at IS NULL AND (used_at <= $1 OR authenticated_at <= $2) LIMIT $3",
)
.of_server();

/// Ends a session, unless it was used meanwhile.
const END_RUN_OUT: Sql = Sql::guarded(
    "purge.end_run_out",
    "UPDATE session SET ended_at = $2
      WHERE id = $1 AND ended_at IS NULL AND (used_at <= $3 OR authenticated_at <= $4)",
)
.by_key();

/// What goes: how its keys are found, and how one row is deleted by its key. What was found once stays old. The last value of `found` is
/// how many are wanted.
pub(crate) struct Old {
    pub(crate) found: Sql,
    pub(crate) delete: Sql,
}

const FLOWS: Old = Old {
    found: Sql::sweep("purge.old_flows", "SELECT id FROM flow WHERE started_at <= $1 LIMIT $2").of_server(),
    delete: Sql::write("purge.flow", "DELETE FROM flow WHERE id = $1").by_key(),
};

const CODES: Old = Old {
    found: Sql::sweep("purge.old_codes", "SELECT hash FROM authorization_code WHERE issued_at <= $1 LIMIT $2")
        .of_server(),
    delete: Sql::write("purge.code", "DELETE FROM authorization_code WHERE hash = $1").by_key(),
};

const DEVICES: Old = Old {
    found: Sql::sweep("purge.old_devices", "SELECT hash FROM device_code WHERE started_at <= $1 LIMIT $2").of_server(),
    delete: Sql::write("purge.device", "DELETE FROM device_code WHERE hash = $1").by_key(),
};

const PUSHED: Old = Old {
    found: Sql::sweep("purge.old_pushed", "SELECT hash FROM pushed_request WHERE pushed_at <= $1 LIMIT $2").of_server(),
    delete: Sql::write("purge.pushed", "DELETE FROM pushed_request WHERE hash = $1").by_key(),
};

const UPSTREAM_SIGN_INS: Old = Old {
    found: Sql::sweep(
        "purge.old_upstream_sign_ins",
        "SELECT state FROM upstream_sign_in WHERE started_at <= $1 LIMIT $2",
    )
    .of_server(),
    delete: Sql::write("purge.upstream_sign_in", "DELETE FROM upstream_sign_in WHERE state = $1").by_key(),
};

const ASSERTIONS: Old = Old {
    found: Sql::sweep("purge.old_assertions", "SELECT hash FROM spent_assertion WHERE until <= $1 LIMIT $2")
        .of_server(),
    delete: Sql::write("purge.assertion", "DELETE FROM spent_assertion WHERE hash = $1").by_key(),
};

const SESSIONS: Old = Old {
    found: Sql::sweep("purge.old_sessions", "SELECT id FROM session WHERE ended_at <= $1 LIMIT $2").of_server(),
    delete: Sql::write("purge.session", "DELETE FROM session WHERE id = $1").by_key(),
};

/// Those of apps of the older kind live longer than others, and are kept for as long.
const FAMILIES: Old = Old {
    found: Sql::sweep(
        "purge.old_families",
        "SELECT id FROM token_family
          WHERE ended_at <= $1 OR (refreshable = 0 AND access_expires_at <= $1) OR created_at <= $4
             OR ((rotated_at <= $2 OR created_at <= $3)
                 AND NOT EXISTS (SELECT 1 FROM legacy_app l WHERE l.client = token_family.client))
          LIMIT $5",
    )
    .of_server(),
    delete: Sql::write("purge.family", "DELETE FROM token_family WHERE id = $1").by_key(),
};

const APP_TOKENS: Old = Old {
    found: Sql::sweep("purge.old_app_tokens", "SELECT id FROM ended_app_token WHERE ended_at <= $1 LIMIT $2")
        .of_server(),
    delete: Sql::write("purge.app_token", "DELETE FROM ended_app_token WHERE id = $1").by_key(),
};

const USES: Old = Old {
    found: Sql::sweep(
        "purge.old_uses",
        "SELECT authorization_id, day, operation, project FROM authorization_use WHERE day < $1 LIMIT $2",
    )
    .of_server(),
    delete: Sql::write(
        "purge.use",
        "DELETE FROM authorization_use WHERE authorization_id = $1 AND day = $2 AND operation = $3 AND project = $4",
    )
    .by_key(),
};

const REFUSALS: Old = Old {
    found: Sql::sweep(
        "purge.old_refusals",
        "SELECT authorization_id, day, operation, reason FROM authorization_refusal WHERE day < $1 LIMIT $2",
    )
    .of_server(),
    delete: Sql::write(
        "purge.refusal",
        "DELETE FROM authorization_refusal WHERE authorization_id = $1 AND day = $2 AND operation = $3 AND reason = $4",
    )
    .by_key(),
};

const TOTALS: Old = Old {
    found: Sql::sweep(
        "purge.old_totals",
        "SELECT organization, day, client FROM organization_use WHERE day < $1 LIMIT $2",
    )
    .of_server(),
    delete: Sql::write(
        "purge.total",
        "DELETE FROM organization_use WHERE organization = $1 AND day = $2 AND client = $3",
    ),
};

/// What has ended is not found from its organizations any more.
const ORGANIZATIONS: Old = Old {
    found: Sql::sweep(
        "purge.old_organizations",
        "SELECT o.organization, o.authorization_id
           FROM authorization_organization o JOIN service_authorization a ON a.id = o.authorization_id
          WHERE a.ended_at IS NOT NULL LIMIT $1",
    )
    .of_server(),
    delete: Sql::write(
        "purge.organization",
        "DELETE FROM authorization_organization WHERE organization = $1 AND authorization_id = $2",
    ),
};

/// Those that ended or ran out so long ago that nothing is left below them.
const AUTHORIZATIONS: Sql = Sql::sweep(
    "purge.old_authorizations",
    "SELECT id FROM service_authorization
      WHERE ended_at <= $1 OR (ended_at IS NULL AND expires_at <= $1) LIMIT $2",
)
.of_server();

/// Touches no row when the person approved it anew meanwhile.
const AUTHORIZATION: Sql = Sql::write(
    "purge.authorization",
    "DELETE FROM service_authorization
      WHERE id = $1 AND (ended_at <= $2 OR (ended_at IS NULL AND expires_at <= $2))",
)
.by_key();

/// Where it led to, if it is gone.
const ITS_ORGANIZATIONS: Sql = Sql::write(
    "purge.its_organizations",
    "DELETE FROM authorization_organization
      WHERE authorization_id = $1 AND NOT EXISTS (SELECT 1 FROM service_authorization a WHERE a.id = $1)",
)
.by_key();

pub(super) const ALL: &[&Sql] = &[
    &AUTHORIZATIONS,
    &AUTHORIZATION,
    &ITS_ORGANIZATIONS,
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
    &USES.found,
    &USES.delete,
    &REFUSALS.found,
    &REFUSALS.delete,
    &TOTALS.found,
    &TOTALS.delete,
    &ORGANIZATIONS.found,
    &ORGANIZATIONS.delete,
];

/// A code, of a device too, is kept this long, so that a replay is recognized as one; that a token was given back, since no token lives so
/// long.
const CODE_KEPT: Duration = days(1);
/// What has ended is kept this long, so that people who ask can be told.
const ENDED_KEPT: Duration = days(30);
/// Uses are listed for this long.
const USES_KEPT: Duration = days(90);
/// An authorization that ended is kept this long; the record keeps that it was given, and how it ended. Everything that hangs below one is
/// gone before: of token families those of the older kind are the last.
const AUTHORIZATION_KEPT: Duration = days(400);
const _: () = assert!(AUTHORIZATION_KEPT.as_secs() > limits::LEGACY_FAMILY_LIFETIME.as_secs() + ENDED_KEPT.as_secs());
const _: () = assert!(AUTHORIZATION_KEPT.as_secs() > USES_KEPT.as_secs());

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
        self.delete_in_portions(&guesses::OLD, vec![(now - WINDOW).into()]).await?;
        self.delete_in_portions(&SESSIONS, vec![long_ago.into()]).await?;
        let (idle, old) = (long_ago - limits::FAMILY_IDLE, long_ago - limits::FAMILY_LIFETIME);
        let oldest = long_ago - limits::LEGACY_FAMILY_LIFETIME;
        self.delete_in_portions(&FAMILIES, vec![long_ago.into(), idle.into(), old.into(), oldest.into()]).await?;
        self.delete_in_portions(&APP_TOKENS, vec![(now - CODE_KEPT).into()]).await?;
        while self.delete_unused_registrations(now - limits::UNUSED_REGISTRATION_LIFETIME, PORTION, now).await?
            == PORTION
        {}
        while self.delete_unused_descriptions(now - limits::UNUSED_DESCRIPTION_LIFETIME, PORTION).await? == PORTION {}
        self.delete_in_portions(&dynamic_clients::OLD_TOKENS, vec![now.into()]).await?;
        let used = (now - USES_KEPT).as_days();
        self.delete_in_portions(&USES, vec![used.into()]).await?;
        self.delete_in_portions(&REFUSALS, vec![used.into()]).await?;
        self.delete_in_portions(&TOTALS, vec![used.into()]).await?;
        self.delete_in_portions(&ORGANIZATIONS, vec![]).await?;
        self.delete_authorizations(now - AUTHORIZATION_KEPT).await?;
        let unanswered = long_ago - LIFETIME;
        self.delete_in_portions(&approval_requests::OLD, vec![unanswered.into(), long_ago.into()]).await?;
        self.delete_in_portions(&outbox::OLD, vec![(now - outbox::KEPT).into()]).await?;
        self.delete_in_portions(&outbox::OLD_TOLD, vec![(now - outbox::TOLD_KEPT).into()]).await?;
        self.delete_in_portions(&logout_notices::OLD, vec![(now - GIVEN_UP_AFTER).into()]).await
    }

    /// Deletes what these values choose, a portion after the other.
    async fn delete_in_portions(&self, old: &'static Old, mut values: Vec<Value>) -> Result<(), StoreError> {
        values.push(i64::try_from(FOUND_AT_ONCE).unwrap_or(i64::MAX).into());
        loop {
            let found = self.read(&old.found, values.clone()).await?;
            let last = found.len() < FOUND_AT_ONCE;
            let mut keys = found.into_iter().map(Row::into_values).peekable();
            while keys.peek().is_some() {
                let mut changes = Changes::none();
                for key in keys.by_ref().take(PORTION) {
                    changes.write(&old.delete, key);
                }
                self.commit_anyway(&changes).await?;
            }
            if last {
                return Ok(());
            }
        }
    }

    /// Deletes the authorizations that ended or ran out by then. Whoever remembers one hears of it: it may have run out without an end.
    async fn delete_authorizations(&self, by: Timestamp) -> Result<(), StoreError> {
        loop {
            let most = i64::try_from(FOUND_AT_ONCE).unwrap_or(i64::MAX);
            let found = self.read(&AUTHORIZATIONS, vec![by.into(), most.into()]).await?;
            for portion in found.chunks(PORTION) {
                let mut changes = Changes::none();
                for row in portion {
                    let id = row.uuid(0)?;
                    changes
                        .write(&AUTHORIZATION, vec![id.into(), by.into()])
                        .write(&ITS_ORGANIZATIONS, vec![id.into()])
                        .notice(Notice::Authorization(id));
                }
                self.commit_anyway(&changes).await?;
            }
            if found.len() < FOUND_AT_ONCE {
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
