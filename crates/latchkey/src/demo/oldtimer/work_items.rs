//! The one thing that Oldtimer does with a key: it reads work items.

use hyper::StatusCode;
use latchkey_web::pages::burndown::BurndownItem;
use serde::Deserialize;

use super::AGENT;
use crate::demo::wire::{self, Credential, WireError};

/// Work items are asked for by number: it looks at the first of them.
const FIRST_WORK_ITEMS: u32 = 50;
/// Work items on its page.
const SHOWN: usize = 12;

/// A call, its answer in a line, and what came of it.
pub(super) struct Looked {
    pub(super) call: String,
    pub(super) answer: String,
    pub(super) read: Read,
}

/// What came of reading the work items.
pub(super) enum Read {
    Have(Vec<BurndownItem>),
    /// Not to be had, for this reason.
    Refused(String),
    /// The key does not open anything any more.
    KeyRefused,
}

#[derive(Deserialize)]
struct WorkItem {
    id: i64,
    fields: Fields,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "System.Title")]
    title: String,
    #[serde(rename = "System.State")]
    state: String,
    #[serde(rename = "System.WorkItemType")]
    kind: String,
}

/// Reads the first work items of an organization.
pub(super) async fn read(latchkey: &str, organization: &str, access_token: &str) -> Result<Looked, WireError> {
    let ids: Vec<String> = (1..=FIRST_WORK_ITEMS).map(|id| id.to_string()).collect();
    let path = format!("/{organization}/_apis/wit/workitems");
    let fields = "System.Title,System.State,System.WorkItemType";
    let query = format!("ids={}&fields={fields}&errorPolicy=omit&api-version=5.0", ids.join(","));
    let answer = wire::get(AGENT, &format!("{latchkey}{path}?{query}"), Credential::Bearer(access_token)).await?;
    let message = answer.message().unwrap_or_default();
    let status = answer.status.as_u16();
    let line = if message.is_empty() { status.to_string() } else { format!("{status}: {message}") };
    let read = match answer.status {
        StatusCode::UNAUTHORIZED => Read::KeyRefused,
        status if status.is_success() => match answer.list::<Option<WorkItem>>() {
            Ok(list) => Read::Have(list.into_iter().flatten().take(SHOWN).map(item).collect()),
            Err(error) => Read::Refused(format!("{error}.")),
        },
        _ => Read::Refused(message),
    };
    Ok(Looked { call: format!("GET {path}"), answer: line, read })
}

fn item(work_item: WorkItem) -> BurndownItem {
    let Fields { title, state, kind } = work_item.fields;
    BurndownItem { title, detail: format!("{kind} #{}", work_item.id), tag: state }
}
