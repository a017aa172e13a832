//! Upstream sign-in: a work tenant lets another OpenID provider say who its people are. The provider's issuer and subject find the account,
//! and nothing else does: an address says where to ask, and never who somebody is. [OpenID Connect Core §5.7]
//!
//! | what | where |
//! |---|---|
//! | a provider that a tenant registered, and who registers one | this, [`registration`] |
//! | what a provider publishes about itself | [`metadata`] |
//! | a sign-in that is on its way there | [`pending`] |
//! | what comes back | [`id_token`] |
//! | whose account it is | [`link`] |

pub mod id_token;
pub mod link;
pub mod metadata;
pub mod pending;
pub mod registration;

use std::fmt;

use uuid::Uuid;

use crate::account::{Account, email_key};
use crate::key_rotation::Sealed;
use crate::tenant::TenantId;
use crate::time::Timestamp;

/// The id of an upstream provider of a tenant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct UpstreamId(pub Uuid);

impl fmt::Display for UpstreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// An OpenID provider that a tenant lets say who its people are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Upstream {
    /// Its id.
    pub id: UpstreamId,
    /// The tenant.
    pub tenant: TenantId,
    /// What people call it: `Sign in with NAME`.
    pub name: String,
    /// Its issuer, compared byte for byte. It never changes: links are made of it.
    pub issuer: String,
    /// What we are called there.
    pub client_id: String,
    /// The secret that we have there, encrypted. Without one we sign with a key of our own (`private_key_jwt`).
    pub secret: Option<Sealed>,
    /// What is asked for, words of the `scope` parameter.
    pub scopes: String,
    /// Whether people with an address of the tenant's domain are sent there.
    pub home_realm: bool,
    /// Whether somebody who is not known yet gets an account, or has to link theirs first.
    pub makes_accounts: bool,
    /// Whether passwords count beside it. Those of tenant administrators always do: it is their way back in.
    pub passwords: bool,
    /// When it was registered.
    pub created_at: Timestamp,
    /// How often it was changed.
    pub version: i64,
}

/// The provider, of those of a tenant, where people with an address of the tenant's domain sign in.
pub fn home_realm(upstreams: &[Upstream]) -> Option<&Upstream> {
    upstreams.iter().find(|upstream| upstream.home_realm)
}

/// Whether the password of this account counts. `upstreams` are those of its tenant.
pub fn passwords_count(account: &Account, upstreams: &[Upstream]) -> bool {
    account.tenant_administrator || upstreams.iter().all(|upstream| upstream.passwords)
}

/// The domain of an address, in the form that tenants have it.
pub fn domain(email: &str) -> Option<String> {
    email_key(email).rsplit_once('@').map(|(_, domain)| domain.to_owned()).filter(|domain| !domain.is_empty())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::sign_in::tests::an_account;

    pub(crate) const ISSUER: &str = "https://login.upstream.test";

    pub(crate) fn an_upstream() -> Upstream {
        Upstream {
            id: UpstreamId(Uuid::from_u128(0xab)),
            tenant: an_account().tenant,
            name: "Harbor Login".into(),
            issuer: ISSUER.into(),
            client_id: "latchkey".into(),
            secret: None,
            scopes: registration::USUAL_SCOPES.into(),
            home_realm: true,
            makes_accounts: true,
            passwords: true,
            created_at: Timestamp::from_secs(0),
            version: 1,
        }
    }

    #[test]
    fn an_administrator_always_has_a_way_back_in() {
        let strict = [Upstream { passwords: false, ..an_upstream() }, an_upstream()];
        let administrator = Account { tenant_administrator: true, ..an_account() };
        assert!(passwords_count(&an_account(), &[an_upstream()]) && passwords_count(&an_account(), &[]));
        assert!(!passwords_count(&an_account(), &strict));
        assert!(passwords_count(&administrator, &strict));
    }

    #[test]
    fn the_domain_of_an_address_is_what_stands_behind_its_last_at_sign() {
        assert_eq!(domain(" Ana@Harbor.TEST ").as_deref(), Some("harbor.test"));
        assert_eq!(domain("a@b@harbor.test").as_deref(), Some("harbor.test"));
        for none in ["ana", "ana@", ""] {
            assert_eq!(domain(none), None, "{none}");
        }
    }
}
