//! Accounts: sign-in identities. In protocol text: the resource owner.

use std::fmt;

pub use latchkey_jose::is_hidden;
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use crate::claims::StandardClaims;
use crate::limits;
use crate::tenant::TenantId;
use crate::time::Timestamp;

/// The id of an account, in every tenant and for every app: the `oid` claim.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct AccountId(pub Uuid);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// Whether an account may do anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccountState {
    /// It may.
    Active,
    /// An administrator disabled it; nothing of it is accepted anywhere.
    Disabled,
}

/// One sign-in identity, in one tenant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The tenant it lives in.
    pub tenant: TenantId,
    /// The address it signs in with, as it was entered.
    pub email: String,
    /// Whether its holder showed that the address is theirs.
    pub email_verified: bool,
    /// What people call its holder.
    pub name: String,
    /// Active or disabled.
    pub state: AccountState,
    /// A tenant administrator manages the tenant's accounts and apps.
    pub tenant_administrator: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its name or address last changed: the `updated_at` claim.
    pub changed_at: Timestamp,
    /// What else it tells of its holder.
    pub claims: StandardClaims,
}

/// The key an address is found by: NFC, lower case. Never an identity: that is ([`TenantId`], [`AccountId`]).
pub fn email_key(email: &str) -> String {
    email.trim().nfc().collect::<String>().to_lowercase()
}

/// Whether a text can be shown to people as a name: 1 to 256 characters, none of them a control, direction or zero-width character.
pub fn is_presentable(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= limits::NAME_CHARACTERS && !name.chars().any(is_hidden)
}

/// Whether a text has the form of an address: something, one `@`, a host.
pub fn is_address(email: &str) -> bool {
    let Some((local, host)) = email.split_once('@') else { return false };
    !local.is_empty()
        && !host.is_empty()
        && !host.contains('@')
        && email.len() <= limits::EMAIL_BYTES
        && !email.contains(char::is_whitespace)
        && is_presentable(email)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_one_key() {
        assert_eq!(email_key(" Ana@Harbor.test "), email_key("ana@harbor.test"));
        assert_eq!(email_key("jose\u{301}@x.test"), email_key("jos\u{e9}@x.test"));
    }

    #[test]
    fn names_hide_nothing() {
        assert!(is_presentable("Burndown — Ábc 漢字"));
        for bad in ["", "  ", "a\u{202e}b", "a\u{200b}b", "a\nb", &"x".repeat(257)] {
            assert!(!is_presentable(bad), "{bad:?}");
        }
    }

    #[test]
    fn an_address_has_one_at_sign_and_no_space() {
        assert!(is_address("ana@harbor.test"));
        for bad in ["ana", "@b", "a@", "a@b@c", "a b@c", "a@b\u{200b}"] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
