//! The tenants of the sample and the people in them.

use std::sync::Arc;

use latchkey_devops::ids::PersonId;
use latchkey_identity::account::{Account, AccountId, AccountState};
use latchkey_identity::event::{Event, EventKind};
use latchkey_identity::sign_in::password;
use latchkey_identity::tenant::{PERSONAL_TENANT, Tenant, TenantId, TenantKind};
use latchkey_identity::{Change, Timestamp};
use latchkey_web::app::random;
use latchkey_web::hashing::HashingPool;
use tokio::task::JoinSet;

use super::{SampleError, id};
use crate::demo::folder::KeptAccount;

/// Hashes that are computed at once while the sample is made: nobody else is at work yet.
const HASHES_AT_ONCE: usize = 8;

/// Somebody of the sample.
pub(crate) struct Somebody {
    /// Their email address.
    pub(crate) email: &'static str,
    /// Their name.
    pub(crate) name: &'static str,
    /// What they are, in one word.
    pub(crate) role: &'static str,
    /// What they are good to try for.
    pub(crate) hint: &'static str,
}

/// The owner of harbor.
pub(crate) const ANA: Somebody = Somebody {
    email: "ana@harbor.test",
    name: "Ana Moreira",
    role: "owner",
    hint: "Owns the organization harbor and may approve everything.",
};
/// An administrator of harbor.
pub(crate) const MAX: Somebody = Somebody {
    email: "max@harbor.test",
    name: "Max Lindqvist",
    role: "administrator",
    hint: "In Project Collection Administrators of harbor: may approve too.",
};
/// A member of one project.
pub(crate) const BEN: Somebody = Somebody {
    email: "ben@harbor.test",
    name: "Ben Adeyemi",
    role: "member",
    hint: "Works in lighthouse with Basic access, but administers nothing: is told whom to ask.",
};
/// Somebody with a free licence.
pub(crate) const CY: Somebody = Somebody {
    email: "cy@harbor.test",
    name: "Cy Nakamura",
    role: "stakeholder",
    hint: "Has Stakeholder access: less than it takes to authorize a service.",
};
/// Somebody without a project.
pub(crate) const DEE: Somebody = Somebody {
    email: "dee@harbor.test",
    name: "Dee Kowalski",
    role: "outsider",
    hint: "Has Basic access in harbor and belongs to no project.",
};
/// Somebody with a personal account.
pub(crate) const PAT: Somebody = Somebody {
    email: "pat@personal.test",
    name: "Pat O'Brien",
    role: "personal",
    hint: "A personal account that is a guest of harbor.test and administers harbor.",
};
/// Somebody of another tenant.
pub(crate) const EVE: Somebody = Somebody {
    email: "eve@shore.test",
    name: "Eve Laurent",
    role: "other_tenant",
    hint: "Owns the organization shore, in another directory: harbor is closed to her.",
};

/// All of them.
pub(crate) const EVERYBODY: [Somebody; 7] = [ANA, MAX, BEN, CY, DEE, PAT, EVE];

impl Somebody {
    /// The id of their account.
    pub(crate) fn account(&self) -> AccountId {
        AccountId(id(self.email))
    }

    /// The same, on the DevOps side.
    pub(crate) fn person(&self) -> PersonId {
        PersonId(self.account().0)
    }

    /// Somebody with a password that was invented for this data folder.
    pub(crate) fn with_a_password(&self) -> KeptAccount {
        KeptAccount { email: self.email.to_owned(), password: invent_password(), role: self.role.to_owned() }
    }

    fn home(&self) -> TenantId {
        match self.email.rsplit_once('@') {
            Some((_, "personal.test")) => PERSONAL_TENANT,
            Some((_, "shore.test")) => shore(),
            _ => harbor(),
        }
    }
}

/// The tenant `harbor.test`.
pub(crate) fn harbor() -> TenantId {
    TenantId(id("harbor.test"))
}

/// The tenant `shore.test`.
pub(crate) fn shore() -> TenantId {
    TenantId(id("shore.test"))
}

/// Everybody with their password, and what the product keeps of it, in the same order.
pub(crate) struct Invented {
    /// What the demo remembers.
    pub(crate) accounts: Vec<KeptAccount>,
    /// What the product keeps.
    pub(crate) hashes: Vec<String>,
}

/// Everybody with an invented password, and what is kept of each, in the same order. It takes a while, and needs nothing
/// that is not there from the start.
pub(crate) async fn invent() -> Result<Invented, SampleError> {
    let accounts: Vec<KeptAccount> = EVERYBODY.iter().map(Somebody::with_a_password).collect();
    let at_once = std::thread::available_parallelism().map_or(1, usize::from).min(HASHES_AT_ONCE);
    let pool = Arc::new(HashingPool::start(at_once, accounts.len()));
    let mut hashing = JoinSet::new();
    for (place, account) in accounts.iter().enumerate() {
        password::check_new(&account.password, &account.email).map_err(|error| SampleError::Rule(error.to_string()))?;
        let (pool, password) = (Arc::clone(&pool), account.password.clone());
        hashing.spawn(async move { pool.hash(password, random()).await.map(|hash| (place, hash)) });
    }
    let hashes: Result<Vec<_>, _> = hashing.join_all().await.into_iter().collect();
    let mut hashes = hashes.map_err(|busy| SampleError::Rule(busy.to_string()))?;
    hashes.sort_unstable();
    Ok(Invented { accounts, hashes: hashes.into_iter().map(|(_, hash)| hash).collect() })
}

/// The tenants and the accounts, with what is kept of their passwords.
pub(crate) fn changes(hashes: &[String], now: Timestamp) -> Vec<Change> {
    let work = |id, name: &str, domain: &str| Tenant {
        id,
        kind: TenantKind::Work,
        name: name.to_owned(),
        domain: domain.to_owned(),
    };
    let personal = Tenant { kind: TenantKind::Personal, ..work(PERSONAL_TENANT, "Personal accounts", "personal.test") };
    let mut changes = Vec::new();
    for tenant in [work(harbor(), "Harbor", "harbor.test"), work(shore(), "Shore", "shore.test"), personal] {
        changes.push(Change::Record(Event::new(EventKind::TenantCreated, tenant.id, now, tenant.domain.clone())));
        changes.push(Change::CreateTenant(tenant));
    }
    for (somebody, hash) in EVERYBODY.iter().zip(hashes) {
        let account = Account {
            id: somebody.account(),
            tenant: somebody.home(),
            email: somebody.email.to_owned(),
            email_verified: true,
            name: somebody.name.to_owned(),
            state: AccountState::Active,
            tenant_administrator: matches!(somebody.role, "owner" | "other_tenant"),
            created_at: now,
            changed_at: now,
            claims: latchkey_identity::claims::StandardClaims::default(),
        };
        changes.push(Change::Record(Event::new(EventKind::AccountCreated, account.tenant, now, somebody.email)));
        changes.push(Change::CreateAccount { account: Box::new(account), password: Some(hash.clone()) });
    }
    changes.push(Change::AddGuest { tenant: harbor(), account: PAT.account() });
    changes
}

const WORDS: [&str; 64] = [
    "amber", "anchor", "azure", "ballast", "beacon", "bilge", "bollard", "bosun", "breeze", "bridge", "buoy", "cabin",
    "canvas", "capstan", "cargo", "chart", "cleat", "compass", "copper", "coral", "crest", "current", "davit", "deck",
    "delta", "dinghy", "ebb", "ensign", "fathom", "fender", "flare", "foghorn", "galley", "gannet", "granite", "gull",
    "halyard", "hatch", "hawser", "helm", "horizon", "island", "jetty", "keel", "kelp", "lagoon", "lantern", "league",
    "mainsail", "marina", "mast", "oar", "pebble", "pier", "quay", "reef", "rudder", "sandbar", "sextant", "signal",
    "skerry", "spar", "tiller", "wharf",
];

/// Four words and four digits: 37 bits, for a server that only this machine can reach. Easy to type from one page to another.
fn invent_password() -> String {
    let words: Vec<&str> = random::<4>().iter().map(|drawn| word(*drawn)).collect();
    let number = u16::from_be_bytes(random()) % 10_000;
    format!("{}-{number:04}", words.join("-"))
}

fn word(drawn: u8) -> &'static str {
    // There are 64 words: 256 draws fall evenly upon them.
    WORDS.get(usize::from(drawn) % WORDS.len()).copied().unwrap_or("harbor")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_there_once_and_no_address_twice() {
        let roles: Vec<&str> = EVERYBODY.iter().map(|somebody| somebody.role).collect();
        assert_eq!(roles, ["owner", "administrator", "member", "stakeholder", "outsider", "personal", "other_tenant"]);
        let mut ids: Vec<_> = EVERYBODY.iter().map(Somebody::account).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), EVERYBODY.len());
    }

    #[test]
    fn an_invented_password_is_good_enough_for_the_product_itself() {
        for somebody in &EVERYBODY {
            let kept = somebody.with_a_password();
            assert_eq!(password::check_new(&kept.password, &kept.email), Ok(()), "{}", kept.password);
            assert_ne!(kept.password, somebody.with_a_password().password);
        }
    }

    #[test]
    fn people_live_in_the_directory_of_their_address() {
        assert_eq!(PAT.home(), PERSONAL_TENANT);
        assert_eq!((EVE.home(), ANA.home()), (shore(), harbor()));
    }
}
