//! The schema, as one set of files for both engines. A file that has been released is never edited; a change is a new file.

use crate::error::{OpenError, StoreError};
use crate::statement::Sql;

/// One step of the schema.
#[derive(Debug)]
pub(crate) struct Migration {
    /// The name of its file: its number, and what it is about.
    file: &'static str,
    pub(crate) text: &'static str,
}

impl Migration {
    /// Its number.
    pub(crate) fn version(&self) -> i64 {
        self.parts().0
    }

    /// What it is about.
    pub(crate) fn name(&self) -> &'static str {
        self.parts().1
    }

    /// Tells that it did not run.
    pub(crate) fn failed(&self, error: &StoreError) -> OpenError {
        OpenError::Migration { version: self.version(), name: self.name(), reason: error.to_string() }
    }

    fn parts(&self) -> (i64, &'static str) {
        let (number, name) = self.file.split_once('_').unwrap_or_default();
        (number.parse().unwrap_or_default(), name)
    }
}

macro_rules! step {
    ($file:literal) => {
        Migration { file: $file, text: include_str!(concat!("../migrations/", $file, ".sql")) }
    };
}

/// All steps, oldest first, numbered without gaps. Add yours at the end.
pub(crate) const MIGRATIONS: &[Migration] = &[
    step!("0001_audit"),
    step!("0002_identity"),
    step!("0003_devops"),
    step!("0004_what_services_did"),
    step!("0005_legacy"),
    step!("0006_approval_requests"),
    step!("0007_through_services"),
    step!("0008_legacy_moves"),
    step!("0009_tokens_made_with"),
    step!("0010_mail"),
    step!("0011_services"),
    step!("0012_doors"),
    step!("0013_approval_of_what_was_shown"),
    step!("0014_pauses"),
    step!("0015_services_as_accepted"),
    step!("0016_client_keys"),
    step!("0017_federated_credentials"),
    step!("0018_sender_constraints"),
    step!("0019_claims_of_accounts"),
    step!("0020_client_metadata"),
    step!("0021_logout_notices"),
    step!("0022_dynamic_clients"),
    step!("0023_key_states"),
    step!("0024_app_lists"),
    step!("0025_set_up"),
    step!("0026_client_documents"),
    step!("0027_document_gate"),
    step!("0028_asked_places"),
    step!("0029_shared_secrets"),
    step!("0030_upstreams"),
    step!("0031_authentication_contexts"),
    step!("0032_implicit"),
    step!("0033_rehearsals"),
    step!("0034_devices_in_places"),
    step!("0035_notices"),
    step!("0036_organization_uses"),
    step!("0037_ended_authorizations"),
    step!("0038_sign_in_counts"),
    step!("0039_destinations"),
    step!("0040_open_pull_requests"),
    step!("0041_moments_of_revisions"),
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
    Ok(MIGRATIONS.iter().filter(move |migration| migration.version() > found))
}

/// A reader needs exactly the schema it was built for.
pub(crate) fn must_be_current(found: i64) -> Result<(), OpenError> {
    match missing(found)?.next() {
        Some(_) => Err(OpenError::OlderSchema { found, known: latest() }),
        None => Ok(()),
    }
}

fn latest() -> i64 {
    MIGRATIONS.last().map_or(0, Migration::version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_are_numbered_without_gaps() {
        assert!(MIGRATIONS.iter().map(Migration::version).eq(1..=latest()));
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
