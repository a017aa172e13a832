//! Every statement there is. The catalogue test prepares them all on both engines and looks at their plans.

use crate::statement::Sql;
use crate::{audit, devops, identity, migrations, outbox};

/// Each module that holds SQL lists its statements in an `ALL`; add yours here.
const MODULES: &[&[&Sql]] = &[migrations::ALL, audit::ALL, outbox::ALL];

/// Tables that stay so small that reading all of one is the best plan.
pub const TINY_TABLES: &[&str] = &["schema_version"];

/// Every statement.
pub fn catalogue() -> impl Iterator<Item = &'static Sql> {
    MODULES.iter().chain(identity::ALL).chain(devops::ALL).flat_map(|module| module.iter().copied())
}
