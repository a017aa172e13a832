//! The first administrator of a server: whoever holds the link that the server printed makes the first tenant and themselves its administrator.
//! It happens once. There is no default password, and whoever comes first without the link is nobody.

use crate::account::{Account, AccountId, AccountState, is_presentable};
use crate::administration::{AccountProblem, NewAccount};
use crate::change::Change;
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::event::{Event, EventKind};
use crate::limits;
use crate::tenant::{Tenant, TenantId, TenantKind, TenantSegment};
use crate::time::Timestamp;

/// When a link that is made now ends.
pub fn link_ends(now: Timestamp) -> Timestamp {
    now + limits::SET_UP_LINK_LIFETIME
}

/// Whether a link that ends then still counts.
pub fn link_counts(end: Timestamp, now: Timestamp) -> bool {
    now < end
}

/// What whoever sets a server up says.
#[derive(Clone, Debug)]
pub struct SetUp {
    /// The verified domain of the first tenant.
    pub domain: String,
    /// What people call it.
    pub tenant_name: String,
    /// Its administrator.
    pub administrator: NewAccount,
}

/// Why nothing was set up, in a sentence for whoever asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SetUpProblem {
    /// It has been done.
    #[error("This server has been set up already.")]
    Done,
    /// It does not have the form of a domain.
    #[error("This is no domain: for example example.com.")]
    Domain,
    /// A tenant has it: the one of people's own accounts.
    #[error("The domain is that of people's own accounts already.")]
    DomainTaken,
    /// The tenant's name cannot be shown to people.
    #[error("A name has 1 to 256 characters, none of them hidden.")]
    TenantName,
    /// The account cannot be made.
    #[error(transparent)]
    Account(#[from] AccountProblem),
}

impl SetUp {
    /// The tenant that is to be made.
    pub fn tenant(&self, id: TenantId) -> Result<Tenant, SetUpProblem> {
        let Some(TenantSegment::Domain(domain)) = TenantSegment::parse(self.domain.trim()) else {
            return Err(SetUpProblem::Domain);
        };
        if !is_presentable(&self.tenant_name) {
            return Err(SetUpProblem::TenantName);
        }
        self.administrator.check()?;
        Ok(Tenant { id, kind: TenantKind::Work, name: self.tenant_name.trim().to_owned(), domain })
    }
}

/// Whether a server has been set up: somebody works in one of its tenants.
pub fn is_set_up(tenants: &[Tenant]) -> bool {
    tenants.iter().any(|tenant| tenant.kind == TenantKind::Work)
}

/// Sets a server up. `present` are the tenants that there are, and `taken` says whether somebody has the administrator's address;
/// `password` is what is kept of the administrator's.
pub fn set_up(
    wanted: &SetUp,
    password: String,
    present: &[Tenant],
    taken: bool,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Account, SetUpProblem> {
    if is_set_up(present) {
        return Decision::refuse(SetUpProblem::Done);
    }
    let tenant = match wanted.tenant(TenantId(entropy.uuid())) {
        Ok(tenant) => tenant,
        Err(problem) => return Decision::refuse(problem),
    };
    if present.iter().any(|other| other.domain == tenant.domain) {
        return Decision::refuse(SetUpProblem::DomainTaken);
    }
    if taken {
        return Decision::refuse(AccountProblem::Taken.into());
    }
    let NewAccount { email, name, claims, .. } = wanted.administrator.clone();
    let account = Account {
        id: AccountId(entropy.uuid()),
        tenant: tenant.id,
        email,
        // Whoever runs the server vouches for it.
        email_verified: true,
        name,
        state: AccountState::Active,
        tenant_administrator: true,
        created_at: now,
        changed_at: now,
        claims,
    };
    let event = |kind, subject: &str| Change::Record(Event::new(kind, tenant.id, now, subject));
    Decision::grant(account.clone())
        .and(Change::SetUp { at: now })
        .and(event(EventKind::TenantCreated, &tenant.domain))
        .and(event(EventKind::AccountCreated, &account.email))
        .and(Change::CreateTenant(tenant.clone()))
        .and(Change::CreateAccount { account: Box::new(account), password: Some(password) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::StandardClaims;

    fn wanted() -> SetUp {
        SetUp {
            domain: "Example.com".into(),
            tenant_name: "Example".into(),
            administrator: NewAccount {
                email: "ana@example.com".into(),
                name: "Ana".into(),
                administrator: true,
                claims: StandardClaims::default(),
            },
        }
    }

    fn a_tenant(kind: TenantKind) -> Tenant {
        Tenant { id: TenantId(uuid::Uuid::nil()), kind, name: "There".into(), domain: "there.test".into() }
    }

    fn decide(wanted: &SetUp, done: bool) -> Decision<Account, SetUpProblem> {
        let present = [a_tenant(if done { TenantKind::Work } else { TenantKind::Personal })];
        set_up(wanted, "$argon2id$".into(), &present, false, Timestamp::from_secs(1), &mut Entropy::seeded(1))
    }

    #[test]
    fn whoever_sets_a_server_up_administers_its_first_tenant() {
        let decision = decide(&wanted(), false);
        let account = decision.answer.unwrap();
        assert!(account.tenant_administrator);
        assert_eq!(decision.changes[0], Change::SetUp { at: Timestamp::from_secs(1) });
        let Change::CreateTenant(tenant) = &decision.changes[3] else { panic!("no tenant") };
        assert_eq!((tenant.domain.as_str(), tenant.id), ("example.com", account.tenant));
    }

    #[test]
    fn an_address_or_a_domain_that_somebody_has_is_refused() {
        let (now, mut entropy) = (Timestamp::from_secs(1), Entropy::seeded(1));
        let decision = set_up(&wanted(), "$argon2id$".into(), &[], true, now, &mut entropy);
        assert_eq!(decision.answer, Err(SetUpProblem::Account(AccountProblem::Taken)));
        assert_eq!(decision.changes, []);
        let decision = decide(&SetUp { domain: "There.test".into(), ..wanted() }, false);
        assert_eq!(decision.answer, Err(SetUpProblem::DomainTaken));
        assert_eq!(decision.changes, []);
    }

    #[test]
    fn it_is_done_once_and_rightly_or_not_at_all() {
        let problem = |wanted: &SetUp, done| {
            let decision = decide(wanted, done);
            assert_eq!(decision.changes, []);
            decision.answer.unwrap_err()
        };
        assert_eq!(problem(&wanted(), true), SetUpProblem::Done);
        assert_eq!(problem(&SetUp { domain: "common".into(), ..wanted() }, false), SetUpProblem::Domain);
        assert_eq!(problem(&SetUp { tenant_name: " ".into(), ..wanted() }, false), SetUpProblem::TenantName);
        let nameless = NewAccount { name: String::new(), ..wanted().administrator };
        assert_eq!(
            problem(&SetUp { administrator: nameless, ..wanted() }, false),
            SetUpProblem::Account(AccountProblem::Name)
        );
    }
}
