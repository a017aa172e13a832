//! `latchkey audit verify`: whether the record is what was written.

use latchkey_store::Store;
use latchkey_store::audit::{self, Tampering};
use uuid::Uuid;

use crate::desk::report::{Report, row};
use crate::failure::{Exit, Failure};

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
