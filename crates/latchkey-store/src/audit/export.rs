//! The record for other programs: each event as an object, the oldest first.

use latchkey_devops::date;
use latchkey_jose::base64url;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{OLDEST, PAGE, Recorded, head, tenants};
use crate::Store;
use crate::error::StoreError;

impl Recorded {
    /// The event with its number and its hash, by the names that files have for its fields.
    pub fn fields(&self) -> Map<String, Value> {
        let event = &self.event;
        let id = |id: Option<Uuid>| id.map(|id| id.to_string());
        let fields = json!({
            "tenant": event.tenant.to_string(),
            "number": self.seq,
            "time": date::format(event.at),
            "event": event.kind,
            "outcome": event.outcome.as_str(),
            "reason": event.reason,
            "account": id(event.actor),
            "client": id(event.client),
            "authorization": id(event.authorization),
            "session": id(event.session),
            "subject": event.subject,
            "address": event.address,
            "detail": serde_json::from_str(&event.detail).unwrap_or_else(|_| Value::from(event.detail.as_str())),
            "hash": base64url::encode(self.hash),
        });
        match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }
}

/// Gives out the record of one tenant, or of all, event by event, as long as `take` takes more.
pub async fn export(store: &Store, tenant: Option<Uuid>, take: impl Fn(&Recorded) -> bool) -> Result<(), StoreError> {
    for tenant in tenants(store, tenant).await? {
        let (end, _) = head(store, tenant).await?;
        let mut last = 0_i64;
        while last < end {
            let page = store.read(&OLDEST, vec![tenant.into(), last.into(), end.into(), PAGE.into()]).await?;
            if page.is_empty() {
                break;
            }
            for row in &page {
                let recorded = Recorded::from_row(row)?;
                last = recorded.seq;
                if !take(&recorded) {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}
