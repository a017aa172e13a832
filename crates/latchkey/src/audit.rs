//! `latchkey audit`: whether the record is what was written, and the record for other programs.

use latchkey_store::Store;
use latchkey_store::audit::{self, Tampering};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::desk::report::{Report, escaped, row};
use crate::failure::{Exit, Failure};
use crate::out;

/// Prints the record of one tenant, or of all: an event a line, as JSON. Ends early when nobody reads any more.
pub(crate) async fn export(store: &Store, tenant: Option<Uuid>) -> Result<(), Failure> {
    audit::export(store, tenant, |recorded| out::data(line(recorded.fields()))).await.map_err(Failure::from)
}

/// What somebody named a thing stands in it, and is shown to an administrator's terminal.
fn line(event: Map<String, Value>) -> String {
    escaped(&Value::Object(event).to_string())
}

/// Follows the chain of one tenant, or of all.
pub(crate) async fn verify(store: &Store, tenant: Option<Uuid>) -> Result<Report, Failure> {
    match audit::verify(store, tenant).await {
        Ok(report) => {
            let row = row! { "intact": true, "tenants": report.tenants, "events": report.events };
            Ok(Report::one(&["intact", "tenants", "events"], row))
        }
        Err(Tampering::Unreadable(error)) => Err(error.into()),
        Err(tampering) => Err(Failure::new(Exit::Failed, "the record is not what was written")
            .because(tampering)
            .remedy("compare with a copy of the database from before; whoever changed it could write to the database")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_tells_a_terminal_nothing_and_reads_the_same() {
        let kid = "key\u{9b}31m\u{202e}\n";
        let event = row! { "event": "key_added", "detail": serde_json::json!({ "kid": kid }) };
        let line = line(event.clone());
        assert!(line.contains("key\\u009b31m\\u202e\\n") && !line.contains(['\u{9b}', '\u{202e}', '\n']), "{line:?}");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), Value::Object(event));
    }
}
