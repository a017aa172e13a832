//! The record: every security event, written in the transaction that makes it true, in a chain per tenant that shows
//! tampering.
//!
//! The hash of a row is `SHA-256(hash of the row before ‖ seq ‖ canonical form of the event)`; the first row follows the
//! tenant's id. `audit_head` holds the last number and hash of each chain, so a tail that was cut off is missed as well.

mod export;

use latchkey_jose::Timestamp;
use uuid::Uuid;

pub use self::export::export;
use crate::Store;
use crate::engine::sqlite::connection::audit_link;
use crate::error::StoreError;
use crate::statement::{Sql, Write};
use crate::value::{Row, Value};

/// How many rows are held in memory while a chain is verified.
const PAGE: i64 = 500;

/// Moves the end of the chain. The row stays locked until the commit, so numbers have no gaps.
const LINK: Sql = Sql::write(
    "audit.link",
    "INSERT INTO audit_head (tenant, seq, hash) VALUES ($1, 1, audit_link($1, 1, $2))
     ON CONFLICT (tenant) DO UPDATE
        SET seq = audit_head.seq + 1, hash = audit_link(audit_head.hash, audit_head.seq + 1, $2)",
);

const RECORD: Sql = Sql::write(
    "audit.record",
    "INSERT INTO audit_event (tenant, seq, hash, at, kind, outcome, reason, actor, client, authorization_id, session_id,
                              subject, address, detail)
     SELECT tenant, seq, hash, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM audit_head WHERE tenant = $1",
);

/// Events of a tenant, in the columns that [`Recorded::from_row`] reads.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT tenant, seq, hash, at, kind, outcome, reason, actor, client, authorization_id, session_id, subject, address,
                    detail
               FROM audit_event WHERE tenant = $1 AND ",
            $condition
        )
    };
}

const NEWEST: Sql = Sql::read("audit.newest", select!("seq < $2 ORDER BY seq DESC LIMIT $3"));

const NEWEST_BY_ACTOR: Sql =
    Sql::read("audit.newest_by_actor", select!("actor = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4"));

const NEWEST_ABOUT: Sql =
    Sql::read("audit.newest_about", select!("authorization_id = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4"));

const OLDEST: Sql = Sql::read("audit.oldest", select!("seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4"));

const HEAD: Sql = Sql::read("audit.head", "SELECT seq, hash FROM audit_head WHERE tenant = $1");

const LAST: Sql = Sql::read("audit.last", "SELECT seq FROM audit_event WHERE tenant = $1 ORDER BY seq DESC LIMIT 1");

const TENANTS: Sql =
    Sql::sweep("audit.tenants", "SELECT tenant FROM audit_head UNION SELECT tenant FROM audit_event ORDER BY tenant")
        .of_server();

pub(crate) const ALL: &[&Sql] =
    &[&LINK, &RECORD, &NEWEST, &NEWEST_BY_ACTOR, &NEWEST_ABOUT, &OLDEST, &HEAD, &LAST, &TENANTS];

/// How an attempt ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

impl Outcome {
    /// Its word in the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// Something that must be known afterwards. Never holds a secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEvent<Kind = &'static str> {
    /// In whose record it stands.
    pub tenant: Uuid,
    /// What happened: `authorization.revoked`.
    pub kind: Kind,
    /// When.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was refused.
    pub reason: Option<String>,
    /// The account that did it.
    pub actor: Option<Uuid>,
    /// The app that did it, or that it was done to.
    pub client: Option<Uuid>,
    /// The authorization it was done under, or done to.
    pub authorization: Option<Uuid>,
    /// The session it was done in.
    pub session: Option<Uuid>,
    /// What it was done to, in words.
    pub subject: String,
    /// The network address it came from.
    pub address: Option<String>,
    /// More, as JSON.
    pub detail: String,
}

impl AuditEvent {
    /// Something that was done; add what else is known.
    pub fn new(tenant: Uuid, kind: &'static str, at: Timestamp) -> Self {
        Self {
            tenant,
            kind,
            at,
            outcome: Outcome::Done,
            reason: None,
            actor: None,
            client: None,
            authorization: None,
            session: None,
            subject: String::new(),
            address: None,
            detail: "{}".to_owned(),
        }
    }
}

impl<Kind: AsRef<str>> AuditEvent<Kind> {
    /// The bytes that the chain covers: every field with its length, so that no two events have the same bytes.
    fn canonical(&self) -> Vec<u8> {
        let mut bytes = b"latchkey audit 1".to_vec();
        bytes.extend(self.tenant.as_bytes());
        bytes.extend(self.at.as_micros().to_be_bytes());
        let uuid = |id: &'_ Option<Uuid>| id.map(|id| id.as_bytes().to_vec());
        let text = |text: &str| Some(text.as_bytes().to_vec());
        for field in [
            text(self.kind.as_ref()),
            text(self.outcome.as_str()),
            self.reason.as_deref().and_then(text),
            uuid(&self.actor),
            uuid(&self.client),
            uuid(&self.authorization),
            uuid(&self.session),
            text(&self.subject),
            self.address.as_deref().and_then(text),
            text(&self.detail),
        ] {
            match field {
                None => bytes.push(0),
                Some(field) => {
                    bytes.push(1);
                    bytes.extend((field.len() as u64).to_be_bytes());
                    bytes.extend(field);
                }
            }
        }
        bytes
    }
}

/// The statements that put events on record. Chains are locked in the order of their tenants, so that no two change sets
/// wait for each other.
pub(crate) fn writes(mut events: Vec<AuditEvent>) -> impl Iterator<Item = Write> {
    events.sort_by_key(|event| event.tenant);
    events.into_iter().flat_map(|event| {
        let link = vec![event.tenant.into(), event.canonical().into()];
        let record = vec![
            event.tenant.into(),
            event.at.into(),
            event.kind.into(),
            event.outcome.as_str().into(),
            event.reason.into(),
            event.actor.into(),
            event.client.into(),
            event.authorization.into(),
            event.session.into(),
            event.subject.into(),
            event.address.into(),
            event.detail.into(),
        ];
        [Write { sql: &LINK, values: link }, Write { sql: &RECORD, values: record }]
    })
}

/// An event as it stands on record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// Its number in its tenant's chain, from 1 without gaps.
    pub seq: i64,
    /// What happened.
    pub event: AuditEvent<String>,
    hash: [u8; 32],
}

impl Recorded {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let outcome = match row.text(5)? {
            "done" => Outcome::Done,
            "refused" => Outcome::Refused,
            found => return Err(StoreError::Meaningless { what: "outcome", found: found.to_owned() }),
        };
        Ok(Self {
            seq: row.int(1)?,
            hash: row.array(2)?,
            event: AuditEvent {
                tenant: row.uuid(0)?,
                at: row.time(3)?,
                kind: row.text(4)?.to_owned(),
                outcome,
                reason: row.opt_text(6)?.map(str::to_owned),
                actor: row.opt_uuid(7)?,
                client: row.opt_uuid(8)?,
                authorization: row.opt_uuid(9)?,
                session: row.opt_uuid(10)?,
                subject: row.text(11)?.to_owned(),
                address: row.opt_text(12)?.map(str::to_owned),
                detail: row.text(13)?.to_owned(),
            },
        })
    }
}

impl Store {
    /// A page of a tenant's record, newest first: `count` events with numbers below `before` (the first page has none).
    pub async fn audit_events(
        &self,
        tenant: Uuid,
        before: Option<i64>,
        count: u32,
    ) -> Result<Vec<Recorded>, StoreError> {
        let before = before.unwrap_or(i64::MAX);
        events(self.read(&NEWEST, vec![tenant.into(), before.into(), count.into()]).await?)
    }

    /// The same, of what one account did.
    pub async fn audit_events_of(
        &self,
        tenant: Uuid,
        account: Uuid,
        before: Option<i64>,
        count: u32,
    ) -> Result<Vec<Recorded>, StoreError> {
        let before = before.unwrap_or(i64::MAX);
        let values = vec![tenant.into(), account.into(), before.into(), count.into()];
        events(self.read(&NEWEST_BY_ACTOR, values).await?)
    }

    /// The same, of what happened to one authorization, or under it.
    pub async fn audit_events_about(
        &self,
        tenant: Uuid,
        authorization: Uuid,
        before: Option<i64>,
        count: u32,
    ) -> Result<Vec<Recorded>, StoreError> {
        let before = before.unwrap_or(i64::MAX);
        let values = vec![tenant.into(), authorization.into(), before.into(), count.into()];
        events(self.read(&NEWEST_ABOUT, values).await?)
    }
}

fn events(rows: Vec<Row>) -> Result<Vec<Recorded>, StoreError> {
    rows.iter().map(Recorded::from_row).collect()
}

/// What was verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// Chains.
    pub tenants: u64,
    /// Events in them.
    pub events: u64,
}

/// Where a record is not what was written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Tampering {
    /// The event is not the one that was written there: edited, or put in another one's place.
    #[error("event {seq} of tenant {tenant} was edited or moved")]
    Altered {
        /// Whose record.
        tenant: Uuid,
        /// Which event.
        seq: i64,
    },
    /// The event is gone.
    #[error("event {seq} of tenant {tenant} is missing")]
    Missing {
        /// Whose record.
        tenant: Uuid,
        /// Which event.
        seq: i64,
    },
    /// The event stands behind the end of the chain: put there by hand, or the end was edited.
    #[error("event {seq} of tenant {tenant} was added behind the end of the record")]
    Added {
        /// Whose record.
        tenant: Uuid,
        /// Which event.
        seq: i64,
    },
    /// The end of the chain does not belong to its last event.
    #[error("the end of the record of tenant {tenant} was edited")]
    End {
        /// Whose record.
        tenant: Uuid,
    },
    /// The record could not be read to its end, so nothing is known.
    #[error(transparent)]
    Unreadable(#[from] StoreError),
}

/// Follows the chain of one tenant, or of all, from its first event to its end. A server may go on writing meanwhile.
pub async fn verify(store: &Store, tenant: Option<Uuid>) -> Result<Report, Tampering> {
    let mut report = Report::default();
    for tenant in tenants(store, tenant).await? {
        let events = verify_chain(store, tenant).await?;
        report.tenants = report.tenants.saturating_add(1);
        report.events = report.events.saturating_add(events);
    }
    Ok(report)
}

/// The one that is named, or all that have a record.
async fn tenants(store: &Store, named: Option<Uuid>) -> Result<Vec<Uuid>, StoreError> {
    match named {
        Some(tenant) => Ok(vec![tenant]),
        None => store.read(&TENANTS, vec![]).await?.iter().map(|row| row.uuid(0)).collect(),
    }
}

async fn verify_chain(store: &Store, tenant: Uuid) -> Result<u64, Tampering> {
    let (end, end_hash) = head(store, tenant).await?;
    let mut hash = tenant.as_bytes().to_vec();
    let mut seq = 0_i64;
    loop {
        let values: Vec<Value> = vec![tenant.into(), seq.into(), end.into(), PAGE.into()];
        let page = store.read(&OLDEST, values).await?;
        if page.is_empty() {
            break;
        }
        for row in &page {
            seq = seq.saturating_add(1);
            if row.int(1)? != seq {
                return Err(Tampering::Missing { tenant, seq });
            }
            // A row that cannot even be read is not what was written.
            let recorded = Recorded::from_row(row).map_err(|_| Tampering::Altered { tenant, seq })?;
            hash = audit_link(&hash, seq, &recorded.event.canonical()).to_vec();
            if hash != recorded.hash {
                return Err(Tampering::Altered { tenant, seq });
            }
        }
    }
    if seq < end {
        return Err(Tampering::Missing { tenant, seq: seq.saturating_add(1) });
    }
    if hash != end_hash {
        return Err(Tampering::End { tenant });
    }
    // What was written meanwhile has moved the end too, and before it can be seen.
    let last = store.read_one(&LAST, vec![tenant.into()]).await?.map_or(Ok(0), |row| row.int(0))?;
    let (end, _) = head(store, tenant).await?;
    if last > end {
        return Err(Tampering::Added { tenant, seq: end.saturating_add(1) });
    }
    Ok(u64::try_from(seq).unwrap_or(0))
}

/// The last number and hash; before the first event, 0 and the tenant's id.
async fn head(store: &Store, tenant: Uuid) -> Result<(i64, Vec<u8>), StoreError> {
    match store.read_one(&HEAD, vec![tenant.into()]).await? {
        Some(row) => Ok((row.int(0)?, row.blob(1)?.to_vec())),
        None => Ok((0, tenant.as_bytes().to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_text_from_one_field_to_the_next_changes_the_canonical_form() {
        let event = AuditEvent::new(Uuid::nil(), "a", Timestamp::from_secs(1));
        let one = AuditEvent { subject: "xy".into(), detail: "z".into(), ..event.clone() };
        let other = AuditEvent { subject: "x".into(), detail: "yz".into(), ..event.clone() };
        assert_ne!(one.canonical(), other.canonical());
        assert_ne!(event.canonical(), AuditEvent { address: Some(String::new()), ..event.clone() }.canonical());
        assert_ne!(event.canonical(), AuditEvent { outcome: Outcome::Refused, ..event.clone() }.canonical());
    }

    #[test]
    fn chains_are_locked_in_the_order_of_their_tenants() {
        let event = |tenant| AuditEvent::new(Uuid::from_u128(tenant), "a", Timestamp::from_secs(1));
        let locked: Vec<Value> = writes(vec![event(2), event(1)])
            .filter(|write| write.sql.name() == LINK.name())
            .filter_map(|write| write.values.into_iter().next())
            .collect();
        assert_eq!(locked, [Value::from(Uuid::from_u128(1)), Value::from(Uuid::from_u128(2))]);
    }
}
