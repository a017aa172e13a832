//! Mail that waits to be sent: queued in the transaction that makes true what it tells of, so that nothing is lost, and nothing is sent that
//! did not happen. Who was told of which end is kept beside it.

use std::time::Duration;

use latchkey_identity::time::days;
use latchkey_jose::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::identity::purge::Old;
use crate::statement::{Changes, Sql, Write};
use crate::value::Row;

/// About one topic, nobody gets two mails within this time.
const TOPIC_PAUSE: Duration = Duration::from_secs(3_600);
/// A mail is kept this long, so that it can be seen what was sent. One that still waits then will never be sent: nobody wants to read it.
pub(crate) const KEPT: Duration = days(7);
/// Who was told is kept this long after the end.
pub(crate) const TOLD_KEPT: Duration = days(30);

/// One mail about a topic waits at a time, and the next leaves no sooner than an hour after it. A mail without a topic is compared with
/// none, since NULL equals nothing.
const QUEUE: Sql = Sql::write(
    "outbox.queue",
    "INSERT INTO outbox (tenant, id, account, topic, subject, body, queued_at, next_at, attempts, ended_at, outcome)
     SELECT $1, $2, $3, $4, $5, $6, $7,
            coalesce((SELECT max(o.next_at) + $8 FROM outbox o
                       WHERE o.tenant = $1 AND o.account = $3 AND o.topic = $4 AND o.next_at > $9), $7),
            0, NULL, NULL
      WHERE 1 = 1
         ON CONFLICT DO NOTHING",
);

/// With the address of an account that is not disabled.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT o.tenant, o.id, o.subject, o.body, o.queued_at, o.next_at, o.attempts, o.ended_at, a.email
               FROM outbox o
               LEFT JOIN account a ON a.id = o.account AND a.tenant = o.tenant AND a.disabled_at IS NULL ",
            $rest
        )
    };
}

const DUE: Sql =
    Sql::read("outbox.due", select!("WHERE o.ended_at IS NULL AND o.next_at <= $1 ORDER BY o.next_at LIMIT $2"))
        .of_server();

const NEWEST: Sql =
    Sql::read("outbox.newest", select!("WHERE o.queued_at <= $1 ORDER BY o.queued_at DESC LIMIT $2")).of_server();

/// Touches no row when another node has taken it.
const CLAIM: Sql = Sql::guarded(
    "outbox.claim",
    "UPDATE outbox SET next_at = $4, attempts = attempts + 1
      WHERE tenant = $1 AND id = $2 AND next_at = $3 AND ended_at IS NULL",
);

const PUT_OFF: Sql =
    Sql::write("outbox.put_off", "UPDATE outbox SET next_at = $3 WHERE tenant = $1 AND id = $2 AND ended_at IS NULL");

/// From now on the pause of its topic is counted.
const END: Sql = Sql::write(
    "outbox.end",
    "UPDATE outbox SET ended_at = $3, next_at = $3, outcome = $4 WHERE tenant = $1 AND id = $2 AND ended_at IS NULL",
);

/// What was written long ago.
pub(crate) const OLD: Old = Old {
    found: Sql::read("outbox.old", "SELECT tenant, id FROM outbox WHERE queued_at <= $1 LIMIT $2").of_server(),
    delete: Sql::write("outbox.delete", "DELETE FROM outbox WHERE tenant = $1 AND id = $2"),
};

/// Fails on the key when they have been told.
const TELL: Sql = Sql::guarded(
    "told.tell",
    "INSERT INTO told (about, account, tenant, ends_at, days, told_at) VALUES ($1, $2, $3, $4, $5, $6)",
);

/// So many days before the end, or later.
const WAS_TOLD: Sql = Sql::read(
    "told.was_told",
    "SELECT count(*) AS times FROM told WHERE about = $1 AND account = $2 AND ends_at = $3 AND days <= $4 AND tenant = $5",
);

const FORGET: Sql = Sql::write("told.forget", "DELETE FROM told WHERE about = $1").by_key();

/// Who was told of what is over.
pub(crate) const OLD_TOLD: Old = Old {
    found: Sql::sweep("told.old", "SELECT about, account, ends_at, days FROM told WHERE ends_at <= $1 LIMIT $2")
        .of_server(),
    delete: Sql::write(
        "told.delete",
        "DELETE FROM told WHERE about = $1 AND account = $2 AND ends_at = $3 AND days = $4",
    )
    .by_key(),
};

pub(crate) const ALL: &[&Sql] = &[
    &QUEUE,
    &DUE,
    &NEWEST,
    &CLAIM,
    &PUT_OFF,
    &END,
    &OLD.found,
    &OLD.delete,
    &TELL,
    &WAS_TOLD,
    &FORGET,
    &OLD_TOLD.found,
    &OLD_TOLD.delete,
];

/// A mail for an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    /// Its id, never used before.
    pub id: Uuid,
    /// The tenant the account lives in.
    pub tenant: Uuid,
    /// Whom it is for. Its address is looked up when the mail leaves.
    pub account: Uuid,
    /// What no second mail is queued about while one waits, nor sent within an hour.
    pub topic: Option<String>,
    /// What it is about.
    pub subject: String,
    /// What it says, as plain text.
    pub body: String,
    /// When it is written.
    pub at: Timestamp,
}

/// A mail of the outbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Queued {
    /// The tenant of the account.
    pub tenant: Uuid,
    /// Its id.
    pub id: Uuid,
    /// Where it goes; nowhere when the account is gone or disabled.
    pub address: Option<String>,
    /// What it is about.
    pub subject: String,
    /// What it says, as plain text.
    pub body: String,
    /// When it was written.
    pub queued_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// When nothing more happened to it.
    pub ended_at: Option<Timestamp>,
    next_at: Timestamp,
}

/// What became of a mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// A mail server took it.
    Sent,
    /// It was captured on this machine.
    Captured,
    /// No mail server took it for days.
    GivenUp,
    /// A mail server refused it for good.
    Refused,
    /// There is nobody to send it to.
    Nobody,
}

impl Ending {
    /// Its word in the database.
    const fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Captured => "captured",
            Self::GivenUp => "given_up",
            Self::Refused => "refused",
            Self::Nobody => "nobody",
        }
    }
}

/// That somebody is told of an end, so many days before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reminder {
    /// What ends: an organization's older kind, a secret.
    pub about: Uuid,
    /// Who is told.
    pub account: Uuid,
    /// The tenant they live in.
    pub tenant: Uuid,
    /// When it ends.
    pub ends_at: Timestamp,
    /// How many days before it they are told.
    pub days: u64,
}

/// The statements that queue these.
pub(crate) fn writes(letters: Vec<Letter>) -> impl Iterator<Item = Write> {
    letters.into_iter().map(|letter| Write {
        sql: &QUEUE,
        values: vec![
            letter.tenant.into(),
            letter.id.into(),
            letter.account.into(),
            letter.topic.into(),
            letter.subject.into(),
            letter.body.into(),
            letter.at.into(),
            i64::try_from(TOPIC_PAUSE.as_micros()).unwrap_or(i64::MAX).into(),
            (letter.at - TOPIC_PAUSE).into(),
        ],
    })
}

/// Forgets who was told of an end that moved.
pub(crate) fn forget_told(changes: &mut Changes, about: Uuid) {
    changes.write(&FORGET, vec![about.into()]);
}

/// Keeps that somebody is told. Lost when they have been told meanwhile.
pub fn tell(changes: &mut Changes, reminder: Reminder, at: Timestamp) {
    let Reminder { about, account, tenant, ends_at, days } = reminder;
    let values = vec![about.into(), account.into(), tenant.into(), ends_at.into(), whole(days).into(), at.into()];
    changes.write(&TELL, values);
}

impl Store {
    /// From now on mail is queued. Without this it is dropped, because nobody would ever send it.
    pub fn open_outbox(&self) {
        self.outbox.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// Whether mail is queued.
    pub fn has_outbox(&self) -> bool {
        self.outbox.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// The mail that is to be tried now, at most so many.
    pub async fn mail_due(&self, now: Timestamp, most: u32) -> Result<Vec<Queued>, StoreError> {
        self.read(&DUE, vec![now.into(), most.into()]).await?.iter().map(read).collect()
    }

    /// The newest mail, whatever became of it, at most so many.
    pub async fn newest_mail(&self, now: Timestamp, most: u32) -> Result<Vec<Queued>, StoreError> {
        self.read(&NEWEST, vec![now.into(), most.into()]).await?.iter().map(read).collect()
    }

    /// Takes a mail until then; `false` when another node was first.
    pub async fn claim_mail(&self, mail: &Queued, until: Timestamp) -> Result<bool, StoreError> {
        let mut changes = Changes::none();
        changes.write(&CLAIM, vec![mail.tenant.into(), mail.id.into(), mail.next_at.into(), until.into()]);
        self.commit_if_first(changes).await
    }

    /// Tries a mail again then.
    pub async fn put_off_mail(&self, mail: &Queued, until: Timestamp) -> Result<(), StoreError> {
        let mut changes = Changes::none();
        changes.write(&PUT_OFF, vec![mail.tenant.into(), mail.id.into(), until.into()]);
        self.commit_anyway(&changes).await
    }

    /// Is done with a mail.
    pub async fn end_mail(&self, mail: &Queued, ending: Ending, at: Timestamp) -> Result<(), StoreError> {
        let mut changes = Changes::none();
        changes.write(&END, vec![mail.tenant.into(), mail.id.into(), at.into(), ending.word().into()]);
        self.commit_anyway(&changes).await
    }

    /// Whether somebody was told of this end, so many days before it or later.
    pub async fn was_told(&self, reminder: Reminder) -> Result<bool, StoreError> {
        let Reminder { about, account, tenant, ends_at, days } = reminder;
        let values = vec![about.into(), account.into(), ends_at.into(), whole(days).into(), tenant.into()];
        Ok(self.count(&WAS_TOLD, values).await? > 0)
    }
}

fn whole(days: u64) -> i64 {
    i64::try_from(days).unwrap_or(i64::MAX)
}

fn read(row: &Row) -> Result<Queued, StoreError> {
    Ok(Queued {
        tenant: row.uuid(0)?,
        id: row.uuid(1)?,
        subject: row.text(2)?.to_owned(),
        body: row.text(3)?.to_owned(),
        queued_at: row.time(4)?,
        next_at: row.time(5)?,
        attempts: u32::try_from(row.int(6)?).unwrap_or(u32::MAX),
        ended_at: row.opt_time(7)?,
        address: row.opt_text(8)?.map(str::to_owned),
    })
}
