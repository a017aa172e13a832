//! Approval requests: what members ask their administrators to approve, and what was answered.

use std::fmt;

use latchkey_devops::access::OrganizationAccess;
use latchkey_devops::approval_request::{Answer, AppShown, ApprovalRequest, LIFETIME, Verdict};
use latchkey_devops::ids::{AppId, ApprovalRequestId, OrganizationId, PersonId};
use latchkey_devops::organization::Organization;
use latchkey_devops::scope::Scopes;
use latchkey_jose::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::{Author, meaning};
use crate::Store;
use crate::error::StoreError;
use crate::identity::purge::Old;
use crate::statement::{Changes, Sql};
use crate::value::{Row, Value};

/// The most requests of one person for one app that are looked at. All but two of them were denied.
const MOST_ABOUT: u32 = 100;
/// The most requests of one person, wherever, that are listed.
const MOST_OF_A_PERSON: u32 = 100;
/// Requests of an organization on one page of their list.
pub const ON_A_PAGE: u32 = 50;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT organization, id, person, app, scopes, sentence, asked_at, verdict, answered_by, answered_at, shown \
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

const OF_PERSON: Sql =
    Sql::read("approval_requests.of_person", select!("person = $1 ORDER BY asked_at DESC LIMIT $2")).by_owner();

const WAITING: Sql = Sql::read(
    "approval_requests.waiting",
    select!(
        "organization = $1 AND verdict IS NULL AND asked_at > $2 AND (asked_at, id) < ($3, $4)
          ORDER BY asked_at DESC, id DESC LIMIT $5"
    ),
);

const APPROVED: Sql = Sql::read(
    "approval_requests.approved",
    select!(
        "organization = $1 AND verdict = 'approved' AND (asked_at, id) < ($2, $3)
          ORDER BY asked_at DESC, id DESC LIMIT $4"
    ),
);

const COUNT_WAITING: Sql = Sql::read(
    "approval_requests.count_waiting",
    "SELECT count(*) AS requests FROM approval_request
      WHERE organization = $1 AND person = $2 AND verdict IS NULL AND asked_at > $3",
);

const COUNT_WAITING_IN: Sql = Sql::read(
    "approval_requests.count_waiting_in",
    "SELECT count(*) AS requests FROM approval_request WHERE organization = $1 AND verdict IS NULL AND asked_at > $2",
);

/// One that expired makes room for the next, and so does one that was made for what the app is no more.
const FORGET_OUTDATED: Sql = Sql::write(
    "approval_requests.forget_outdated",
    "DELETE FROM approval_request
      WHERE organization = $1 AND person = $2 AND app = $3 AND verdict IS NULL
        AND (asked_at <= $4 OR shown IS NULL OR shown <> $5)",
);

/// Fails on the unique index when the same waits already.
const ASK: Sql = Sql::guarded(
    "approval_requests.ask",
    "INSERT INTO approval_request (organization, id, person, app, scopes, sentence, asked_at, verdict, answered_by,
                                   answered_at, shown)
     VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, NULL, NULL, $8)",
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

/// Nobody answered them, or somebody denied them long ago.
pub(crate) const OLD: Old = Old {
    found: Sql::sweep(
        "approval_requests.old",
        "SELECT organization, id FROM approval_request
          WHERE (verdict IS NULL AND asked_at <= $1) OR (verdict = 'denied' AND answered_at <= $2) LIMIT $3",
    )
    .of_server(),
    delete: Sql::write("approval_requests.delete", "DELETE FROM approval_request WHERE organization = $1 AND id = $2"),
};

pub(crate) const ALL: &[&Sql] = &[
    &BY_ID,
    &ABOUT,
    &OF_PERSON,
    &WAITING,
    &APPROVED,
    &COUNT_WAITING,
    &COUNT_WAITING_IN,
    &FORGET_OUTDATED,
    &ASK,
    &ANSWER,
    &TAKE_BACK,
    &REPLACE,
    &FORGET_MEMBER,
    &OLD.found,
    &OLD.delete,
];

/// Where one page of requests ends and the next begins, newest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Before {
    asked_at: Timestamp,
    id: ApprovalRequestId,
}

impl Before {
    /// Before nothing: the newest.
    pub const NOTHING: Self =
        Self { asked_at: Timestamp::from_micros(i64::MAX), id: ApprovalRequestId(Uuid::from_u128(u128::MAX)) };

    /// What comes after this request.
    pub fn of(request: &ApprovalRequest) -> Self {
        Self { asked_at: request.asked_at, id: request.id }
    }

    /// Reads what [`fmt::Display`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (asked_at, id) = text.split_once('_')?;
        let asked_at = Timestamp::from_micros(asked_at.parse().ok()?);
        Some(Self { asked_at, id: ApprovalRequestId(Uuid::try_parse(id).ok()?) })
    }
}

impl fmt::Display for Before {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.asked_at.as_micros(), self.id)
    }
}

/// Some requests of an organization, newest first, and where the next ones begin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// The requests.
    pub requests: Vec<ApprovalRequest>,
    /// Where the next page begins, if there is one.
    pub next: Option<Before>,
}

/// Keeps a request. Lost when the same waits already.
pub fn ask(organization: &Organization, request: &ApprovalRequest, author: &Author) -> Changes {
    let mut changes = Changes::none();
    let about = [request.organization.into(), request.person.into(), request.app.into()];
    let expired: Timestamp = request.asked_at - LIFETIME;
    changes.write(&FORGET_OUTDATED, [&about[..], &[expired.into(), request.shown.0.into()]].concat());
    let values = vec![
        request.organization.into(),
        request.id.into(),
        request.person.into(),
        request.app.into(),
        request.scopes.to_string().into(),
        request.sentence.as_str().into(),
        request.asked_at.into(),
        request.shown.0.into(),
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

fn answered(request: &ApprovalRequest, answer: Answer) -> Vec<Value> {
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
        self.count(&COUNT_WAITING, values).await
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

    /// How many requests of an organization wait.
    pub async fn count_approval_requests_waiting(
        &self,
        access: &OrganizationAccess,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let values = vec![access.organization().into(), (now - LIFETIME).into()];
        self.count(&COUNT_WAITING_IN, values).await
    }

    /// A page of the requests of an organization that wait.
    pub async fn approval_requests_waiting(
        &self,
        access: &OrganizationAccess,
        before: Before,
        now: Timestamp,
    ) -> Result<Page, StoreError> {
        let from = [access.organization().into(), (now - LIFETIME).into()];
        self.page_of_requests(&WAITING, &from, before).await
    }

    /// A page of the requests of an organization that were approved.
    pub async fn approval_requests_approved(
        &self,
        access: &OrganizationAccess,
        before: Before,
    ) -> Result<Page, StoreError> {
        self.page_of_requests(&APPROVED, &[access.organization().into()], before).await
    }

    async fn page_of_requests(
        &self,
        statement: &'static Sql,
        from: &[Value],
        before: Before,
    ) -> Result<Page, StoreError> {
        // One more than is shown tells whether there are more.
        let place: [Value; 3] = [before.asked_at.into(), before.id.into(), (ON_A_PAGE + 1).into()];
        let rows = self.read(statement, [from, &place].concat()).await?;
        let mut requests = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let shown = usize::try_from(ON_A_PAGE).unwrap_or(usize::MAX);
        let more = requests.len() > shown;
        requests.truncate(shown);
        Ok(Page { next: requests.last().filter(|_| more).map(Before::of), requests })
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
        // One that was kept before it said what the app was is for no app there is.
        shown: row.opt_array(10)?.map_or(AppShown::NOTHING, AppShown),
        scopes: Scopes::parse(row.text(4)?),
        sentence: row.text(5)?.to_owned(),
        asked_at: row.time(6)?,
        answer,
    })
}
