//! What is swept away: in bulk, when nothing can ask for it any more.

use std::time::Duration;

use latchkey_identity::session::SessionId;
use latchkey_identity::{Timestamp, limits};

use super::{authorizations, uses};
use crate::Store;
use crate::error::StoreError;
use crate::feed::Notice;
use crate::statement::{Changes, Sql};

/// Sessions that run out are ended in portions, so that other change sets get their turn.
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

const FLOWS: Sql = Sql::sweep("purge.flows", "DELETE FROM flow WHERE started_at <= $1");

const CODES: Sql = Sql::sweep("purge.codes", "DELETE FROM authorization_code WHERE issued_at <= $1");

const SESSIONS: Sql = Sql::sweep("purge.sessions", "DELETE FROM session WHERE ended_at <= $1");

const FAMILIES: Sql = Sql::sweep(
    "purge.families",
    "DELETE FROM token_family
      WHERE ended_at <= $1 OR rotated_at <= $2 OR created_at <= $3 OR (refreshable = 0 AND access_expires_at <= $1)",
);

const USES: Sql = Sql::sweep("purge.uses", "DELETE FROM authorization_use WHERE day < $1");

/// What has ended is not found from its organizations any more.
const ORGANIZATIONS: Sql = Sql::sweep(
    "purge.organizations",
    "DELETE FROM authorization_organization
      WHERE EXISTS (SELECT 1 FROM service_authorization a
                     WHERE a.id = authorization_organization.authorization_id AND a.ended_at IS NOT NULL)",
);

pub(super) const ALL: &[&Sql] = &[&RUN_OUT, &END_RUN_OUT, &FLOWS, &CODES, &SESSIONS, &FAMILIES, &USES, &ORGANIZATIONS];

/// A code is kept this long, so that a replay is recognized as one.
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
        let mut changes = Changes::none();
        changes
            .write(&FLOWS, vec![(now - limits::FLOW_LIFETIME).into()])
            .write(&CODES, vec![(now - CODE_KEPT).into()])
            .write(&SESSIONS, vec![long_ago.into()])
            .write(
                &FAMILIES,
                vec![
                    long_ago.into(),
                    (long_ago - limits::FAMILY_IDLE).into(),
                    (long_ago - limits::FAMILY_LIFETIME).into(),
                ],
            )
            .write(&USES, vec![uses::day_of(now - USES_KEPT).into()])
            .write(&ORGANIZATIONS, vec![]);
        self.keep_books(&changes).await
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
            }
            Ok((rows.len(), changes))
        })
        .await
    }
}
