//! The schema, as one set of files for both engines. A file that has been released is never edited; a change is a new file.

use crate::error::{OpenError, StoreError};
use crate::statement::Sql;

/// One step of the schema.
#[derive(Debug)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

impl Migration {
    /// Tells that it did not run.
    pub(crate) fn failed(&self, error: &StoreError) -> OpenError {
        OpenError::Migration { version: self.version, name: self.name, reason: error.to_string() }
    }
}

/// All steps, oldest first, numbered without gaps. Add yours at the end.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "audit", text: include_str!("../migrations/0001_audit.sql") },
    Migration { version: 2, name: "identity", text: include_str!("../migrations/0002_identity.sql") },
    Migration { version: 3, name: "devops", text: include_str!("../migrations/0003_devops.sql") },
    Migration { version: 4, name: "what_services_did", text: include_str!("../migrations/0004_what_services_did.sql") },
    Migration { version: 5, name: "legacy", text: include_str!("../migrations/0005_legacy.sql") },
    Migration { version: 6, name: "approval_requests", text: include_str!("../migrations/0006_approval_requests.sql") },
    Migration { version: 7, name: "through_services", text: include_str!("../migrations/0007_through_services.sql") },
    Migration { version: 8, name: "legacy_moves", text: include_str!("../migrations/0008_legacy_moves.sql") },
    Migration { version: 9, name: "tokens_made_with", text: include_str!("../migrations/0009_tokens_made_with.sql") },
    Migration { version: 10, name: "mail", text: include_str!("../migrations/0010_mail.sql") },
    Migration { version: 11, name: "services", text: include_str!("../migrations/0011_services.sql") },
    Migration { version: 12, name: "doors", text: include_str!("../migrations/0012_doors.sql") },
    Migration {
        version: 13,
        name: "approval_of_what_was_shown",
        text: include_str!("../migrations/0013_approval_of_what_was_shown.sql"),
    },
    Migration { version: 14, name: "pauses", text: include_str!("../migrations/0014_pauses.sql") },
    Migration {
        version: 15,
        name: "services_as_accepted",
        text: include_str!("../migrations/0015_services_as_accepted.sql"),
    },
    Migration { version: 16, name: "client_keys", text: include_str!("../migrations/0016_client_keys.sql") },
    Migration {
        version: 17,
        name: "federated_credentials",
        text: include_str!("../migrations/0017_federated_credentials.sql"),
    },
    Migration {
        version: 18,
        name: "sender_constraints",
        text: include_str!("../migrations/0018_sender_constraints.sql"),
    },
    Migration {
        version: 19,
        name: "claims_of_accounts",
        text: include_str!("../migrations/0019_claims_of_accounts.sql"),
    },
    Migration { version: 20, name: "client_metadata", text: include_str!("../migrations/0020_client_metadata.sql") },
    Migration { version: 21, name: "logout_notices", text: include_str!("../migrations/0021_logout_notices.sql") },
    Migration { version: 22, name: "dynamic_clients", text: include_str!("../migrations/0022_dynamic_clients.sql") },
    Migration { version: 23, name: "key_states", text: include_str!("../migrations/0023_key_states.sql") },
    Migration { version: 24, name: "app_lists", text: include_str!("../migrations/0024_app_lists.sql") },
    Migration { version: 25, name: "set_up", text: include_str!("../migrations/0025_set_up.sql") },
    Migration { version: 26, name: "client_documents", text: include_str!("../migrations/0026_client_documents.sql") },
    Migration { version: 27, name: "document_gate", text: include_str!("../migrations/0027_document_gate.sql") },
    Migration { version: 28, name: "asked_places", text: include_str!("../migrations/0028_asked_places.sql") },
    Migration { version: 29, name: "shared_secrets", text: include_str!("../migrations/0029_shared_secrets.sql") },
    Migration { version: 30, name: "upstreams", text: include_str!("../migrations/0030_upstreams.sql") },
    Migration {
        version: 31,
        name: "authentication_contexts",
        text: include_str!("../migrations/0031_authentication_contexts.sql"),
    },
    Migration { version: 32, name: "implicit", text: include_str!("../migrations/0032_implicit.sql") },
    Migration { version: 33, name: "rehearsals", text: include_str!("../migrations/0033_rehearsals.sql") },
    Migration {
        version: 34,
        name: "devices_in_places",
        text: include_str!("../migrations/0034_devices_in_places.sql"),
    },
    Migration { version: 35, name: "notices", text: include_str!("../migrations/0035_notices.sql") },
    Migration {
        version: 36,
        name: "organization_uses",
        text: include_str!("../migrations/0036_organization_uses.sql"),
    },
    Migration {
        version: 37,
        name: "ended_authorizations",
        text: include_str!("../migrations/0037_ended_authorizations.sql"),
    },
    Migration { version: 38, name: "sign_in_counts", text: include_str!("../migrations/0038_sign_in_counts.sql") },
];

pub(crate) const CREATE_VERSION_TABLE: &str =
    "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL) STRICT;";

/// What the database has been brought to.
pub(crate) const CURRENT: Sql =
    Sql::sweep("schema_version.current", "SELECT coalesce(max(version), 0) AS version FROM schema_version").of_server();

/// Notes that a step has been taken.
pub(crate) const APPLIED: Sql =
    Sql::write("schema_version.applied", "INSERT INTO schema_version (version, name) VALUES ($1, $2)").of_server();

pub(crate) const ALL: &[&Sql] = &[&CURRENT, &APPLIED];

/// The steps that a database at `found` still needs; an error when it is ahead of us.
pub(crate) fn missing(found: i64) -> Result<impl Iterator<Item = &'static Migration>, OpenError> {
    let known = latest();
    if found > known {
        return Err(OpenError::NewerSchema { found, known });
    }
    Ok(MIGRATIONS.iter().filter(move |migration| migration.version > found))
}

/// A reader needs exactly the schema it was built for.
pub(crate) fn must_be_current(found: i64) -> Result<(), OpenError> {
    match missing(found)?.next() {
        Some(_) => Err(OpenError::OlderSchema { found, known: latest() }),
        None => Ok(()),
    }
}

fn latest() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_are_numbered_without_gaps() {
        assert!(MIGRATIONS.iter().map(|migration| migration.version).eq(1..=latest()));
    }

    #[test]
    fn a_newer_schema_stops_an_older_binary_with_one_clear_sentence() {
        let Err(error) = missing(latest() + 1) else { panic!("an older binary went on") };
        assert!(error.to_string().contains("start the newer Latchkey"));
    }

    #[test]
    fn a_reader_does_not_change_the_schema() {
        assert!(must_be_current(latest()).is_ok());
        assert!(matches!(must_be_current(0), Err(OpenError::OlderSchema { found: 0, .. })));
    }
}
