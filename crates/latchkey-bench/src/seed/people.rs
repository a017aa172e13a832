//! People, each signed in in a browser of their own.

use latchkey_identity::Change;
use latchkey_identity::account::{Account, AccountId, AccountState};
use latchkey_identity::claims::StandardClaims;
use latchkey_identity::secret::{Secret, TokenHash};
use latchkey_identity::session::{BrowserHash, Session, SessionId};
use latchkey_identity::sign_in::context::AuthenticationContext;
use latchkey_identity::tenant::Tenant;

use super::Seeder;

/// Somebody who is signed in.
pub(super) struct Person {
    pub(super) account: Account,
    pub(super) session: Session,
    /// The cookie of their browser.
    pub(super) cookie: String,
}

impl Seeder<'_> {
    /// So many people.
    pub(super) fn people(&mut self, tenant: &Tenant, count: usize) -> Vec<Person> {
        (0..count).map(|number| self.person(tenant, number)).collect()
    }

    fn person(&mut self, tenant: &Tenant, number: usize) -> Person {
        let account = Account {
            id: AccountId(self.entropy.uuid()),
            tenant: tenant.id,
            email: format!("person{number}@harbor.test"),
            email_verified: true,
            name: format!("Person {number}"),
            state: AccountState::Active,
            tenant_administrator: false,
            created_at: self.now,
            changed_at: self.now,
            claims: StandardClaims::default(),
        };
        let cookie = Secret::generate(&mut self.entropy);
        let session = Session {
            id: SessionId(self.entropy.uuid()),
            browser: BrowserHash(TokenHash::of(cookie.reveal())),
            account: account.id,
            tenant: tenant.id,
            authenticated_at: self.now,
            context: AuthenticationContext::Password,
            used_at: self.now,
            ended_at: None,
            address: "127.0.0.1".into(),
            user_agent: "Browser/1".into(),
        };
        self.change(Change::CreateAccount { account: Box::new(account.clone()), password: None });
        self.change(Change::StartSession(Box::new(session.clone())));
        Person { account, session, cookie: cookie.reveal().to_owned() }
    }
}
