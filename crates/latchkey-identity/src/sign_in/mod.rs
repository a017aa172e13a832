//! Sign-in: credentials are entered on our own pages only. There is no password grant.

pub mod context;
pub mod password;
pub mod password_change;
pub mod throttle;
pub mod upstream;

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use crate::account::{Account, AccountId, AccountState};
    use crate::secret::TokenHash;
    use crate::session::{BrowserHash, Session, SessionId};
    use crate::tenant::TenantId;
    use crate::time::Timestamp;

    pub(crate) fn an_account() -> Account {
        Account {
            id: AccountId(Uuid::from_u128(0xacc)),
            tenant: TenantId(Uuid::from_u128(1)),
            email: "ana@harbor.test".into(),
            email_verified: true,
            name: "Ana".into(),
            state: AccountState::Active,
            tenant_administrator: false,
            created_at: Timestamp::from_secs(0),
            changed_at: Timestamp::from_secs(0),
            claims: crate::claims::StandardClaims::default(),
        }
    }

    pub(crate) fn a_session() -> Session {
        Session {
            id: SessionId(Uuid::from_u128(0x5e)),
            browser: BrowserHash(TokenHash([1; 32])),
            account: an_account().id,
            tenant: an_account().tenant,
            authenticated_at: Timestamp::from_secs(900),
            used_at: Timestamp::from_secs(900),
            ended_at: None,
            context: crate::sign_in::context::AuthenticationContext::Password,
            address: "127.0.0.1".into(),
            user_agent: "test".into(),
        }
    }
}
