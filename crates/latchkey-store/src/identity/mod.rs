//! The SQL of the identity platform, one noun per file.
//!
//! | what | where |
//! |---|---|
//! | what a rule decided, as statements | [`changes`] |
//! | what is held in memory, and when it is forgotten | `memory` |
//! | tenants, accounts and guests | [`tenants`], [`accounts`] |
//! | clients, their redirect URIs, their secrets | [`clients`], [`client_redirect_uris`], [`client_secrets`] |
//! | keys of clients, assertions that were used | [`client_keys`] |
//! | tokens of other issuers that stand for clients | [`federated_credentials`] |
//! | apps that registered themselves | [`dynamic_clients`] |
//! | tenants in which tokens travel through browsers | [`implicit`] |
//! | apps that describe themselves | [`client_documents`] |
//! | apps of the older kind, and the import they come in by | [`legacy_apps`] |
//! | where an app of the older kind moved to | [`legacy_moves`] |
//! | sign-ins, and requests that wait for a person | [`sessions`], [`flows`] |
//! | apps that are told of the end of a sign-in | [`logout_notices`] |
//! | what people approved, how it is listed, and what it is used for | [`authorizations`], [`authorization_lists`], [`uses`], [`use_totals`] |
//! | what devices ask, what clients pushed | [`device_codes`], [`pushed_requests`] |
//! | codes, refresh tokens | [`authorization_codes`], [`token_families`] |
//! | access tokens that apps gave back | [`app_tokens`] |
//! | guesses at passwords | [`guesses`] |
//! | private keys, sealed | [`signing_keys`] |
//! | sign-in at other providers | [`upstreams`] |
//! | what is swept away | [`purge`] |

pub mod accounts;
pub mod app_tokens;
pub mod authorization_codes;
pub mod authorization_lists;
pub mod authorizations;
pub mod changes;
pub mod client_documents;
pub mod client_keys;
pub mod client_redirect_uris;
pub mod client_secrets;
pub mod clients;
pub mod device_codes;
pub mod dynamic_clients;
pub mod federated_credentials;
pub mod flows;
pub mod guesses;
pub mod implicit;
pub mod legacy_apps;
pub mod legacy_moves;
pub mod logout_notices;
pub(crate) mod memory;
pub mod purge;
pub mod pushed_requests;
mod scope_sets;
pub mod sessions;
pub mod signing_keys;
pub mod tenants;
pub mod token_families;
pub mod upstreams;
pub mod use_totals;
pub mod uses;

pub use accounts::Person;
pub use authorization_lists::{ListedAuthorization, OrganizationAuthorization};
pub use legacy_apps::LegacyImport;
pub use logout_notices::LogoutNotice;
pub use use_totals::{AppsCalls, AppsDay, CallsOfDay};
pub use uses::{RefusedOfDay, RefusedUse, Use, UseOfDay};

use crate::error::StoreError;
use crate::statement::Sql;
use crate::value::Row;

/// What ended so recently that every node has to know it by heart, by `$1`: how long an access token lives at the most.
pub(crate) const RECALLED: [&Sql; 2] = [&token_families::RECENTLY_ENDED, &app_tokens::RECENTLY_ENDED];

/// Every statement of the identity half.
pub(crate) const ALL: &[&[&Sql]] = &[
    accounts::ALL,
    app_tokens::ALL,
    authorization_codes::ALL,
    authorization_lists::ALL,
    authorizations::ALL,
    client_keys::ALL,
    client_redirect_uris::ALL,
    client_secrets::ALL,
    client_documents::ALL,
    clients::ALL,
    device_codes::ALL,
    federated_credentials::ALL,
    dynamic_clients::ALL,
    flows::ALL,
    guesses::ALL,
    implicit::ALL,
    legacy_apps::ALL,
    legacy_moves::ALL,
    logout_notices::ALL,
    purge::ALL,
    pushed_requests::ALL,
    sessions::ALL,
    signing_keys::ALL,
    tenants::ALL,
    token_families::ALL,
    upstreams::ALL,
    use_totals::ALL,
    uses::ALL,
];

/// A number that counts up from nothing: a version, a generation.
fn counted(row: &Row, column: usize, what: &'static str) -> Result<u32, StoreError> {
    let value = row.int(column)?;
    u32::try_from(value).map_err(|_| meaningless(what, value.to_string()))
}

fn meaningless(what: &'static str, found: impl Into<String>) -> StoreError {
    StoreError::Meaningless { what, found: found.into() }
}
