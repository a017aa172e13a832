//! Approval requests: what members ask their administrators to approve, and what was answered.

use latchkey_devops::access::OrganizationAccess;
use latchkey_devops::approval_request::{Answer, ApprovalRequest, LIFETIME, Verdict};
use latchkey_devops::ids::{AppId, ApprovalRequestId, OrganizationId, PersonId};
use latchkey_devops::organization::Organization;
use latchkey_devops::scope::Scopes;
use latchkey_jose::Timestamp;
use serde_json::json;

use super::{Author, meaning};
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};
use crate::value::Row;

/// The most requests of one person for one app that are looked at. All but two of them were denied.
const MOST_ABOUT: u32 = 100;
/// The most requests of one person, wherever, that are listed.
const MOST_OF_A_PERSON: u32 = 100;
/// The most requests of an organization that are listed at once.
const MOST_LISTED: u32 = 500;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT organization, id, person, app, scopes, sentence, asked_at, verdict, answered_by, answered_at \
               FROM approval_request WHERE ",
            $rest
        )
    };
}

const BY_ID: Sql = Sql::read("approval_requests.by_id", select!("organization = $1 AND id = $2"));

const ABOUT: Sql = Sql::read(
    "approval_requests.about",
    select!("organization = $1 AND person = $2 AND app = $3 ORDER BY asked_at DESC LIMIT $4"),
);

const OF_PERSON: Sql = Sql::read("approval_requests.of_person", select!("person = $1 ORDER BY asked_at DESC LIMIT $2"));

const WAITING: Sql = Sql::read(
    "approval_requests.waiting",
    select!("organization = $1 AND verdict IS NULL AND asked_at > $2 ORDER BY asked_at LIMIT $3"),
);

const APPROVED: Sql = Sql::read(
    "approval_requests.approved",
    select!("organization = $1 AND verdict = 'approved' ORDER BY asked_at DESC LIMIT $2"),
);

const COUNT_WAITING: Sql = Sql::read(
    "approval_requests.count_waiting",
    "SELECT count(*) AS requests FROM approval_request
      WHERE organization = $1 AND person = $2 AND verdict IS NULL AND asked_at > $3",
);

/// One that expired makes room for the next.
const FORGET_EXPIRED: Sql = Sql::write(
    "approval_requests.forget_expired",
    "DELETE FROM approval_request
      WHERE organization = $1 AND person = $2 AND app = $3 AND verdict IS NULL AND asked_at <= $4",
);

/// Fails on the unique index when the same waits already.
const ASK: Sql = Sql::guarded(
    "approval_requests.ask",
    "INSERT INTO approval_request (organization, id, person, app, scopes, sentence, asked_at, verdict, answered_by,
                                   answered_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, NULL, NULL)",
);

/// Touches no row when another administrator answered first.
const ANSWER: Sql = Sql::guarded(
    "approval_requests.answer",
    "UPDATE approval_request SET verdict = $3, answered_by = $4, answered_at = $5
      WHERE organization = $1 AND id = $2 AND verdict IS NULL",
);

/// Touches no row when another administrator took it back first.
const TAKE_BACK: Sql = Sql::guarded(
    "approval_requests.take_back",
    "UPDATE approval_request SET verdict = $3, answered_by = $4, answered_at = $5
      WHERE organization = $1 AND id = $2 AND verdict = 'approved'",
);

/// What is approved now takes the place of what was approved before.
const REPLACE: Sql = Sql::write(
    "approval_requests.replace",
    "DELETE FROM approval_request
      WHERE organization = $1 AND person = $2 AND app = $3 AND verdict = 'approved' AND id <> $4",
);

/// Whoever leaves takes no approval along, and finds none when they come back.
pub(super) const FORGET_MEMBER: Sql = Sql::write(
    "approval_requests.forget_member",
    "DELETE FROM approval_request WHERE organization = $1 AND person = $2",
);

pub(crate) const PURGE: Sql = Sql::sweep(
    "approval_requests.purge",
    "DELETE FROM approval_request
      WHERE (verdict IS NULL AND asked_at <= $1) OR (verdict = 'denied' AND answered_at <= $2)",
);

pub(crate) const ALL: &[&Sql] = &[
    &BY_ID,
    &ABOUT,
    &OF_PERSON,
    &WAITING,
    &APPROVED,
    &COUNT_WAITING,
    &FORGET_EXPIRED,
    &ASK,
    &ANSWER,
    &TAKE_BACK,
    &REPLACE,
    &FORGET_MEMBER,
    &PURGE,
];

/// Keeps a request. Lost when the same waits already.
pub fn ask(organization: &Organization, request: &ApprovalRequest, author: &Author) -> Changes {
    let mut changes = Changes::none();
    let about = [request.organization.into(), request.person.into(), request.app.into()];
    let expired: Timestamp = request.asked_at - LIFETIME;
    changes.write(&FORGET_EXPIRED, [&about[..], &[expired.into()]].concat());
    let values = vec![
        request.organization.into(),
        request.id.into(),
        request.person.into(),
        request.app.into(),
        request.scopes.to_string().into(),
        request.sentence.as_str().into(),
        request.asked_at.into(),
    ];
    changes.write(&ASK, values);
    tell(&mut changes, "approval_requested", organization, request, author);
    changes
}

/// Keeps an answer. Lost when somebody else was first.
pub fn answer(organization: &Organization, request: &ApprovalRequest, author: &Author) -> Changes {
    let Some(answer) = request.answer else { return Changes::none() };
    let mut changes = Changes::none();
    changes.write(&ANSWER, answered(request, answer));
    let kind = match answer.verdict {
        Verdict::Approved => {
            let others = [request.organization.into(), request.person.into(), request.app.into(), request.id.into()];
            changes.write(&REPLACE, others.into());
            "approval_given"
        }
        Verdict::Denied => "approval_denied",
    };
    tell(&mut changes, kind, organization, request, author);
    changes
}

/// Keeps that an approval was taken back. Lost when somebody else was first.
pub fn take_back(organization: &Organization, request: &ApprovalRequest, author: &Author) -> Changes {
    let Some(answer) = request.answer else { return Changes::none() };
    let mut changes = Changes::none();
    changes.write(&TAKE_BACK, answered(request, answer));
    tell(&mut changes, "approval_taken_back", organization, request, author);
    changes
}

fn answered(request: &ApprovalRequest, answer: Answer) -> Vec<crate::value::Value> {
    vec![
        request.organization.into(),
        request.id.into(),
        answer.verdict.word().into(),
        answer.by.into(),
        answer.at.into(),
    ]
}

/// What happened to a request, for the record: whose it is, for which app, for which scopes. What it is for is between them.
fn tell(
    changes: &mut Changes,
    kind: &'static str,
    organization: &Organization,
    request: &ApprovalRequest,
    author: &Author,
) {
    let mut event = author.did(kind, organization, format!("{}: {}", organization.name, request.scopes));
    event.client = Some(request.app.0);
    event.detail = json!({ "request": request.id, "person": request.person }).to_string();
    changes.event(event);
}

impl Store {
    /// The requests of a person for an app in an organization, newest first.
    pub async fn approval_requests_about(
        &self,
        organization: OrganizationId,
        person: PersonId,
        app: AppId,
    ) -> Result<Vec<ApprovalRequest>, StoreError> {
        let values = vec![organization.into(), person.into(), app.into(), MOST_ABOUT.into()];
        self.read(&ABOUT, values).await?.iter().map(read).collect()
    }

    /// How many requests of a person wait in an organization.
    pub async fn approval_requests_waiting_of(
        &self,
        organization: OrganizationId,
        person: PersonId,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let values = vec![organization.into(), person.into(), (now - LIFETIME).into()];
        let count = self.read_one(&COUNT_WAITING, values).await?.map_or(Ok(0), |row| row.int(0))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Everything that a person asked for, newest first.
    pub async fn approval_requests_of(&self, person: PersonId) -> Result<Vec<ApprovalRequest>, StoreError> {
        self.read(&OF_PERSON, vec![person.into(), MOST_OF_A_PERSON.into()]).await?.iter().map(read).collect()
    }

    /// One request of an organization.
    pub async fn approval_request(
        &self,
        access: &OrganizationAccess,
        id: ApprovalRequestId,
    ) -> Result<Option<ApprovalRequest>, StoreError> {
        self.read_one(&BY_ID, vec![access.organization().into(), id.into()]).await?.as_ref().map(read).transpose()
    }

    /// The requests of an organization that wait, oldest first.
    pub async fn approval_requests_waiting(
        &self,
        access: &OrganizationAccess,
        now: Timestamp,
    ) -> Result<Vec<ApprovalRequest>, StoreError> {
        let values = vec![access.organization().into(), (now - LIFETIME).into(), MOST_LISTED.into()];
        self.read(&WAITING, values).await?.iter().map(read).collect()
    }

    /// The requests of an organization that were approved, newest first.
    pub async fn approval_requests_approved(
        &self,
        access: &OrganizationAccess,
    ) -> Result<Vec<ApprovalRequest>, StoreError> {
        let values = vec![access.organization().into(), MOST_LISTED.into()];
        self.read(&APPROVED, values).await?.iter().map(read).collect()
    }
}

fn read(row: &Row) -> Result<ApprovalRequest, StoreError> {
    let verdict = row.opt_text(7)?;
    let verdict = verdict.map(|word| meaning("verdict", word, Verdict::from_word(word))).transpose()?;
    let answer = match (verdict, row.opt_uuid(8)?, row.opt_time(9)?) {
        (Some(verdict), Some(by), Some(at)) => Some(Answer { verdict, by: PersonId(by), at }),
        _ => None,
    };
    Ok(ApprovalRequest {
        organization: OrganizationId(row.uuid(0)?),
        id: ApprovalRequestId(row.uuid(1)?),
        person: PersonId(row.uuid(2)?),
        app: AppId(row.uuid(3)?),
        scopes: Scopes::parse(row.text(4)?),
        sentence: row.text(5)?.to_owned(),
        asked_at: row.time(6)?,
        answer,
    })
}
