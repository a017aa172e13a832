//! The record: what a person did, and all of a directory for who administers it. As a page, and as a file for spreadsheets or programs.

use latchkey_devops::ids::PersonId;
use latchkey_identity::time::days;
use latchkey_store::StoreError;
use latchkey_store::audit::{Outcome, Recorded};
use serde_json::Value;
use uuid::Uuid;

use super::csv::{Csv, kept};
use super::people::Names;
use super::problem::Problem;
use super::recorded;
use super::visit::{Answer, Visit, moment};
use crate::pages::capitalized;
use crate::pages::record::{Record as RecordPage, Recorded as Row};

/// How many events a page shows.
const PAGE: u32 = 50;
/// How many events a file holds: some megabytes.
const FILE: u32 = 10_000;

/// How many days back a file of calls goes: as far as what was refused is kept.
const CALL_DAYS: u32 = 90;

/// What somebody looks at.
struct Look {
    /// In whose record.
    tenant: Uuid,
    /// Whether all of it is theirs to see. If not, they see what they did.
    administers: bool,
    /// What it is cut to.
    only: Only,
    /// The number before which it begins.
    before: Option<i64>,
}

/// What the record is cut to.
#[derive(Clone, Copy)]
enum Only {
    /// Nothing is left out.
    All,
    /// What one account did.
    By(Uuid),
    /// What happened to one authorization, or under it.
    About(Uuid),
}

impl Look {
    /// A look at what the person did.
    fn at_oneself(visit: &Visit) -> Result<Self, Problem> {
        let account = visit.account();
        let only = Only::By(account.id.0);
        Ok(Self { tenant: account.tenant.0, administers: false, only, before: before(visit)? })
    }

    /// A look at all of the directory that the person administers, cut to what the query names.
    fn at_directory(visit: &Visit) -> Result<Self, Problem> {
        let account = visit.account();
        if !account.tenant_administrator {
            return Err(Problem::Forbidden {
                reason: "Only an administrator of your directory sees its record.".into(),
            });
        }
        let id = |text: &str| Uuid::try_parse(text).map_err(|_| Problem::NotFound);
        let only = match (visit.asked("by"), visit.asked("authorization")) {
            (Some(account), _) => Only::By(id(account)?),
            (None, Some(authorization)) => Only::About(id(authorization)?),
            (None, None) => Only::All,
        };
        Ok(Self { tenant: account.tenant.0, administers: true, only, before: before(visit)? })
    }

    /// So many events, the newest first.
    async fn read(&self, visit: &Visit, count: u32) -> Result<Vec<Recorded>, StoreError> {
        let store = &visit.app.store;
        match self.only {
            Only::All => store.audit_events(self.tenant, self.before, count).await,
            Only::By(account) => store.audit_events_of(self.tenant, account, self.before, count).await,
            Only::About(authorization) => {
                store.audit_events_about(self.tenant, authorization, self.before, count).await
            }
        }
    }

    /// The address of this look: of a part below it, behind what a query says more.
    fn address(&self, part: &str, more: Option<String>) -> String {
        let path = if self.administers { "/audit" } else { "/profile/activity" };
        let only = match self.only {
            Only::By(account) if self.administers => Some(format!("by={account}")),
            Only::About(authorization) => Some(format!("authorization={authorization}")),
            Only::All | Only::By(_) => None,
        };
        let query: Vec<String> = only.into_iter().chain(more).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{path}{part}{mark}{}", query.join("&"))
    }
}

/// The number of an event that the query names.
fn before(visit: &Visit) -> Result<Option<i64>, Problem> {
    visit.asked("before").map(|text| text.parse().map_err(|_| Problem::NotFound)).transpose()
}

/// `GET /profile/activity`
pub(super) async fn show_own(visit: Visit) -> Answer {
    show(&visit, Look::at_oneself(&visit)?).await
}

/// `GET /profile/activity/csv`
pub(super) async fn download_own(visit: Visit) -> Answer {
    download(&visit, Look::at_oneself(&visit)?, "activity").await
}

/// `GET /profile/activity/jsonl`
pub(super) async fn download_own_lines(visit: Visit) -> Answer {
    download_lines(&visit, Look::at_oneself(&visit)?, "activity").await
}

/// `GET /audit`
pub(super) async fn show_directory(visit: Visit) -> Answer {
    show(&visit, Look::at_directory(&visit)?).await
}

/// `GET /audit/csv`
pub(super) async fn download_directory(visit: Visit) -> Answer {
    download(&visit, Look::at_directory(&visit)?, "audit").await
}

/// `GET /audit/jsonl`
pub(super) async fn download_directory_lines(visit: Visit) -> Answer {
    download_lines(&visit, Look::at_directory(&visit)?, "audit").await
}

async fn show(visit: &Visit, look: Look) -> Answer {
    let mut events = look.read(visit, PAGE + 1).await?;
    let more = events.len() > PAGE as usize;
    events.truncate(PAGE as usize);
    let last = events.last().filter(|_| more).map(|event| event.seq);
    let mut names = Names::default();
    let mut rows = Vec::new();
    for event in events {
        rows.push(row(visit, &look, &mut names, event).await?);
    }
    let only = match look.only {
        // Who stands in this record was named with its events; the names of others are not its administrators' to learn.
        Only::By(account) if look.administers => {
            let name = names.learned(PersonId(account)).map_or_else(|| account.to_string(), str::to_owned);
            Some(format!("Only what {name} did."))
        }
        Only::About(_) => Some("Only what happened to one authorization, or under it.".to_owned()),
        Only::All | Only::By(_) => None,
    };
    visit.show(&RecordPage {
        frame: visit.frame(),
        directory: visit.current.home.domain.clone(),
        whole: look.administers,
        only,
        rows,
        older: last.map(|last| look.address("", Some(format!("before={last}")))),
        csv: look.address("/csv", look.before.map(|before| format!("before={before}"))),
        jsonl: look.address("/jsonl", look.before.map(|before| format!("before={before}"))),
        most: FILE,
        call_days: CALL_DAYS,
    })
}

async fn row(visit: &Visit, look: &Look, names: &mut Names, recorded: Recorded) -> Result<Row, StoreError> {
    let Recorded { seq, event, .. } = recorded;
    let within = |only| Look { tenant: look.tenant, administers: true, only, before: None }.address("", None);
    let of_all = |only| look.administers.then(|| within(only));
    let who = match event.actor {
        Some(actor) => Some((names.of(&visit.app.store, PersonId(actor)).await?, of_all(Only::By(actor)))),
        None => None,
    };
    let subject = recorded::subject(visit, names, &event).await?;
    let changed = recorded::changed(visit, names, &event).await?;
    Ok(Row {
        number: seq,
        what: in_words(&event.kind),
        at: moment(event.at),
        refused: (event.outcome == Outcome::Refused).then(|| event.reason.unwrap_or_default()),
        who: who.filter(|_| look.administers),
        app: names.of_app(&visit.app.store, event.client).await?,
        authorization: event.authorization.and_then(|id| match look.administers {
            true => of_all(Only::About(id)),
            false => Some(format!("/profile/authorizations/{id}")),
        }),
        subject,
        changed,
        address: event.address,
        href: format!("{}#event-{seq}", look.address("", Some(format!("before={}", seq.saturating_add(1))))),
        kind: event.kind,
    })
}

async fn download(visit: &Visit, look: Look, name: &str) -> Answer {
    const COLUMNS: [&str; 14] = [
        "number",
        "time",
        "event",
        "outcome",
        "reason",
        "account",
        "who",
        "client",
        "app",
        "authorization",
        "session",
        "subject",
        "address",
        "detail",
    ];
    let mut file = Csv::with_columns(&COLUMNS);
    let mut names = Names::default();
    let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    for Recorded { seq, event, .. } in look.read(visit, FILE).await? {
        let who = match event.actor {
            Some(actor) => names.of(&visit.app.store, PersonId(actor)).await?,
            None => String::new(),
        };
        file.row(&[
            &seq.to_string(),
            &moment(event.at).machine().to_string(),
            &event.kind,
            event.outcome.as_str(),
            event.reason.as_deref().unwrap_or_default(),
            &id(event.actor),
            &who,
            &id(event.client),
            &names.of_app(&visit.app.store, event.client).await?.unwrap_or_default(),
            &id(event.authorization),
            &id(event.session),
            &event.subject,
            event.address.as_deref().unwrap_or_default(),
            &event.detail,
        ]);
    }
    Ok(file.answer(name))
}

/// The same for programs: an event a line, as JSON.
async fn download_lines(visit: &Visit, look: Look, name: &str) -> Answer {
    let mut file = String::new();
    let mut names = Names::default();
    for recorded in look.read(visit, FILE).await? {
        let mut fields = recorded.fields();
        if !look.administers {
            // Who has hashes and what lies between them could check guesses about what others did.
            fields.remove("hash");
        }
        let who = match recorded.event.actor {
            Some(actor) => Some(names.of(&visit.app.store, PersonId(actor)).await?),
            None => None,
        };
        fields.insert("who".into(), who.into());
        fields.insert("app".into(), names.of_app(&visit.app.store, recorded.event.client).await?.into());
        file.push_str(&Value::Object(fields).to_string());
        file.push('\n');
    }
    Ok(kept(file, "application/x-ndjson", &format!("{name}.jsonl")))
}

/// `GET /profile/activity/calls`: what services did for the person, and what was refused to them, a row for each day and kind.
pub(super) async fn download_calls(visit: Visit) -> Answer {
    let mut file = Csv::with_columns(&["day", "app", "operation", "outcome", "reason", "count", "last"]);
    for one in visit.app.store.activity_of(visit.account().id, visit.now() - days(CALL_DAYS), FILE).await? {
        let outcome = if one.refused_by.is_some() { Outcome::Refused } else { Outcome::Done };
        file.row(&[
            &moment(one.day).machine().to_string(),
            &one.app,
            &one.operation,
            outcome.as_str(),
            one.refused_by.as_deref().unwrap_or_default(),
            &one.count.to_string(),
            &moment(one.last_at).machine().to_string(),
        ]);
    }
    Ok(file.answer("calls"))
}

/// The name of an event as a sentence begins: `Authorization granted`.
pub(super) fn in_words(kind: &str) -> String {
    capitalized(&kind.replace(['_', '.'], " "))
}
