//! What is held in memory of the identity platform. The feed says when to forget it.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use latchkey_identity::account::AccountId;
use latchkey_identity::authorization::{Authorization, AuthorizationId};
use latchkey_identity::client::{Client, ClientId};
use latchkey_identity::grant::authorization_code::AuthorizationCode;
use latchkey_identity::secret::TokenHash;
use latchkey_identity::session::{BrowserHash, Session, SessionId};
use latchkey_identity::tenant::{Tenant, TenantId};
use latchkey_identity::time::AccessTokenLifetime;
use latchkey_identity::token::family::{FamilyId, TokenFamily};
use quick_cache::sync::Cache;

use super::Person;
use crate::feed::{Feed, Notice};
use crate::remembered::Remembered;

/// Tenants and clients at the most: some kilobytes each.
const FEW: usize = 10_000;
/// Accounts, authorizations, sessions and token families at the most: some hundred bytes each.
const MANY: usize = 100_000;

/// Codes on their way between us, a browser and an app at the most.
const CODES: usize = 5_000;

/// The caches.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(super) tenants: Remembered<TenantId, Arc<Tenant>>,
    pub(super) domains: Remembered<String, Arc<Tenant>>,
    pub(super) accounts: Remembered<AccountId, Arc<Person>>,
    pub(super) clients: Remembered<ClientId, Arc<Client>>,
    pub(super) authorizations: Remembered<AuthorizationId, Arc<Authorization>>,
    /// Which authorization a person has for a client at a tenant.
    pub(super) current_authorizations: Remembered<(TenantId, AccountId, ClientId), AuthorizationId>,
    /// Whether a session is over.
    pub(super) sessions: Remembered<SessionId, bool>,
    /// The sessions of browsers that have some.
    pub(super) browsers: Remembered<BrowserHash, Arc<Vec<Session>>>,
    /// What is behind does no harm: see [`crate::Store::remembered_family`].
    pub(super) families: Remembered<FamilyId, Arc<TokenFamily>>,
    /// Codes on their way: see [`crate::Store::remembered_code`].
    pub(super) codes: Cache<TokenHash, Arc<AuthorizationCode>>,
    pub(super) ended_families: EndedFamilies,
}

impl Memory {
    /// Empty caches that listen to `feed` from now on.
    pub(crate) fn listening_to(feed: &Feed) -> Arc<Self> {
        let memory = Arc::new(Self {
            tenants: Remembered::new(FEW),
            domains: Remembered::new(FEW),
            accounts: Remembered::new(MANY),
            clients: Remembered::new(FEW),
            authorizations: Remembered::new(MANY),
            current_authorizations: Remembered::new(MANY),
            sessions: Remembered::new(MANY),
            browsers: Remembered::new(MANY),
            families: Remembered::new(MANY),
            codes: Cache::new(CODES),
            ended_families: EndedFamilies::default(),
        });
        let listener = Arc::clone(&memory);
        feed.subscribe(move |notice| listener.hear(notice));
        memory
    }

    fn hear(&self, notice: Notice) {
        match notice {
            Notice::Authorization(id) => self.authorizations.forget(&AuthorizationId(id)),
            Notice::TokenFamily(id) => {
                self.ended_families.add(FamilyId(id), Instant::now());
                self.families.forget(&FamilyId(id));
            }
            Notice::Rotation { family, next, at, access_expires_at } => {
                self.families.amend(&FamilyId(family), |before| {
                    Arc::new(TokenFamily { generation: next, rotated_at: at, access_expires_at, ..(**before).clone() })
                });
            }
            Notice::Account(id) => {
                self.accounts.forget(&AccountId(id));
                // Its sessions end with it.
                self.sessions.forget_all();
                self.browsers.forget_all();
            }
            Notice::Client(id) => {
                self.clients.forget(&ClientId(id));
                // Its authorizations end with it.
                self.authorizations.forget_all();
            }
            Notice::Session(id) => {
                self.sessions.forget(&SessionId(id));
                // Which browser holds it is not told. One read each brings them back.
                self.browsers.forget_all();
            }
            Notice::Browser(hash) => self.browsers.forget(&BrowserHash(TokenHash(hash))),
            Notice::Everything => self.forget_everything(),
            Notice::Organization(_) | Notice::WorkItem { .. } | Notice::Keys => {}
        }
    }

    /// All but what ended: that is known by heart.
    fn forget_everything(&self) {
        self.tenants.forget_all();
        self.domains.forget_all();
        self.accounts.forget_all();
        self.clients.forget_all();
        self.authorizations.forget_all();
        self.current_authorizations.forget_all();
        self.sessions.forget_all();
        self.browsers.forget_all();
        self.families.forget_all();
        self.codes.clear();
    }
}

/// The token families that were ended so recently that an access token of theirs may not have run out by itself.
///
/// It is bounded by time and not by number: forgetting one early would let a stolen token live again, and each costs
/// whoever makes it a durable commit.
#[derive(Default)]
pub(super) struct EndedFamilies(RwLock<Ended>);

#[derive(Default)]
struct Ended {
    families: HashSet<FamilyId>,
    /// In the order of their ends.
    since: VecDeque<(Instant, FamilyId)>,
}

const LONGEST: Duration = AccessTokenLifetime::LONGEST.as_duration();

impl EndedFamilies {
    /// Adds one, and lets go of those that do not matter any more.
    pub(super) fn add(&self, family: FamilyId, now: Instant) {
        let mut ended = self.0.write().unwrap_or_else(PoisonError::into_inner);
        while let Some((at, old)) = ended.since.front().copied()
            && now.saturating_duration_since(at) > LONGEST
        {
            ended.since.pop_front();
            ended.families.remove(&old);
        }
        if ended.families.insert(family) {
            ended.since.push_back((now, family));
        }
    }

    /// Whether it was ended.
    pub(super) fn contains(&self, family: FamilyId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).families.contains(&family)
    }
}

impl fmt::Debug for EndedFamilies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndedFamilies").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_family_that_ended_is_known_for_ninety_minutes() {
        let (families, start) = (EndedFamilies::default(), Instant::now());
        let [one, two, three] = [1, 2, 3].map(|id| FamilyId(Uuid::from_u128(id)));
        families.add(one, start);
        families.add(two, start + LONGEST);
        assert!(families.contains(one) && families.contains(two) && !families.contains(three));
        families.add(three, start + LONGEST + Duration::from_secs(1));
        assert!(!families.contains(one) && families.contains(two) && families.contains(three));
    }

    #[test]
    fn a_family_that_is_ended_again_does_not_live_twice() {
        let (families, start) = (EndedFamilies::default(), Instant::now());
        let one = FamilyId(Uuid::from_u128(1));
        families.add(one, start);
        families.add(one, start + LONGEST);
        families.add(FamilyId(Uuid::from_u128(2)), start + LONGEST + Duration::from_secs(1));
        assert!(!families.contains(one));
    }
}
