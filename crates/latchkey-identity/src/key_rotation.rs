//! The keys that we sign with: one is published to follow, one signs, others wait for the end of what they signed.
//!
//! `next -> active -> retiring`, and from each of them to `revoked`. A key is published before it signs for long enough that nobody who keeps
//! our key set meets a signature by a key that they do not know; only an emergency is in a greater hurry. [OpenID Connect Core §10.1.1]

use std::convert::Infallible;
use std::{fmt, iter};

use latchkey_jose::Algorithm;

use crate::change::Change;
use crate::decision::Decision;
use crate::event::{Event, EventKind};
use crate::limits::{KEY_ACTIVE_FOR, KEY_KEPT_FOR, KEY_PUBLISHED_FIRST, REVOKED_KEY_KEPT_FOR};
use crate::tenant::PERSONAL_TENANT;
use crate::time::Timestamp;

/// The algorithms that we always have keys of: RS256 where clients expect it, ES256 for what our own side reads.
pub const ALWAYS: [Algorithm; 2] = [Algorithm::Es256, Algorithm::Rs256];

/// How far a key has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyState {
    /// Published, so that everybody knows it when it begins to sign.
    Next,
    /// It signs. There is one of each algorithm.
    Active,
    /// It signs nothing new, and stays published while something that it signed lives.
    Retiring,
    /// Nothing that it signed is accepted any more. Its private part is gone.
    Revoked,
}

impl KeyState {
    /// All of them, in the order of a key's life.
    pub const ALL: [Self; 4] = [Self::Next, Self::Active, Self::Retiring, Self::Revoked];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Revoked => "revoked",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A private key as it is kept: encrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sealed]")
    }
}

/// A signing key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// Its thumbprint: the `kid` of what it signs.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// How far it has come.
    pub state: KeyState,
    /// The private part. Nothing is left of it once the key is revoked.
    pub sealed: Sealed,
    /// When it was made, and with that published.
    pub published_at: Timestamp,
    /// From when on it signs, or signed.
    pub active_from: Timestamp,
    /// When it stopped signing.
    pub stopped_at: Option<Timestamp>,
}

impl Key {
    /// When it has been published for long enough to sign.
    pub fn ready_at(&self) -> Timestamp {
        self.published_at + KEY_PUBLISHED_FIRST
    }

    /// Whether it waits to be ready and for nothing else, because somebody ordered a rotation.
    fn is_hastened(&self) -> bool {
        self.active_from <= self.ready_at()
    }

    /// Whether what it signed counts, so that it is published.
    pub fn counts(&self) -> bool {
        self.state != KeyState::Revoked
    }

    fn activated(&self, now: Timestamp) -> [Change; 2] {
        let activate = Change::SigningKey(KeyChange::Activate { kid: self.kid.clone(), at: now });
        [activate, event(EventKind::SigningKeyActivated, self.algorithm, &self.kid, now)]
    }
}

/// A key that was just made, and of which nobody knows yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FreshKey {
    /// Its thumbprint.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// The private part.
    pub sealed: Sealed,
}

impl FreshKey {
    fn published(self, state: KeyState, active_from: Timestamp, now: Timestamp) -> [Change; 2] {
        let Self { kid, algorithm, sealed } = self;
        let told = event(EventKind::SigningKeyPublished, algorithm, &kid, now);
        let key = Key { kid, algorithm, state, sealed, published_at: now, active_from, stopped_at: None };
        [told, Change::SigningKey(KeyChange::Publish(Box::new(key)))]
    }
}

/// What can become of the keys that are stored. All but the last are guarded: if another node was first, the whole set rolls back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyChange {
    /// A key is published. Of each algorithm there is one that signs, and one that follows it.
    Publish(Box<Key>),
    /// A key that was published goes to work.
    Activate {
        /// The key.
        kid: String,
        /// When.
        at: Timestamp,
    },
    /// A key that was published is to go to work at another time than it was meant to.
    Hasten {
        /// The key.
        kid: String,
        /// From when on it signs.
        active_from: Timestamp,
    },
    /// A key that was published goes before it signed anything.
    Withdraw {
        /// The key.
        kid: String,
    },
    /// A key signs nothing new.
    Retire {
        /// The key.
        kid: String,
        /// When.
        at: Timestamp,
    },
    /// Nothing that a key signed is accepted any more, and its private part goes.
    Revoke {
        /// The key.
        kid: String,
        /// When.
        at: Timestamp,
    },
    /// A key goes that nobody asks for any more. It may have gone before.
    Drop {
        /// The key.
        kid: String,
    },
}

/// What became of an order to rotate, for one algorithm.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rotation {
    /// The key that follows.
    pub kid: String,
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// From when on it signs: now, or when it has been published for long enough.
    pub active_from: Timestamp,
}

/// Why an order about keys was not carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyProblem {
    /// There is no such key.
    #[error("there is no signing key of this id")]
    Unknown,
    /// It is revoked already.
    #[error("this key is revoked already")]
    RevokedAlready,
}

/// The key of an algorithm in a state that only one can be in.
fn key_in(keys: &[Key], algorithm: Algorithm, state: KeyState) -> Option<&Key> {
    keys.iter().find(|key| key.algorithm == algorithm && key.state == state)
}

/// The algorithms that keys are there of, in the order in which metadata lists them.
pub fn in_use(keys: &[Key]) -> impl Iterator<Item = Algorithm> {
    let used = |algorithm: &Algorithm| {
        ALWAYS.contains(algorithm) || keys.iter().any(|key| key.algorithm == *algorithm && key.counts())
    };
    Algorithm::ALL.into_iter().filter(used)
}

/// The algorithms that nothing could be signed with if their present key were lost: a fresh key is due.
pub fn without_successor(keys: &[Key]) -> Vec<Algorithm> {
    in_use(keys).filter(|algorithm| key_in(keys, *algorithm, KeyState::Next).is_none()).collect()
}

/// Of these algorithms, those that nothing can be signed with.
pub fn without_key(keys: &[Key], algorithms: &[Algorithm]) -> Vec<Algorithm> {
    let none = |algorithm: &Algorithm| key_in(keys, *algorithm, KeyState::Active).is_none();
    algorithms.iter().copied().filter(none).collect()
}

/// The first keys of algorithms, unless somebody else was first.
pub fn begin(keys: &[Key], fresh: Vec<FreshKey>, now: Timestamp) -> Decision<(), Infallible> {
    let first = |fresh: &FreshKey| key_in(keys, fresh.algorithm, KeyState::Active).is_none();
    advance(keys, fresh.into_iter().filter(first).collect(), now)
}

/// What is due by itself: whoever has waited goes to work, successors are published, and what nobody asks for any more goes.
pub fn advance(keys: &[Key], fresh: Vec<FreshKey>, now: Timestamp) -> Decision<(), Infallible> {
    let mut changes = Vec::new();
    for algorithm in Algorithm::ALL {
        let (active, next) = (key_in(keys, algorithm, KeyState::Active), key_in(keys, algorithm, KeyState::Next));
        let fresh = fresh.iter().find(|key| key.algorithm == algorithm).cloned();
        match (active, next, fresh) {
            // The first of its kind: nobody can have kept a key set with another one.
            (None, None, Some(fresh)) => changes.extend(fresh.published(KeyState::Active, now, now)),
            (None, Some(next), _) => changes.extend(next.activated(now)),
            (Some(active), None, Some(fresh)) => {
                let active_from = (active.active_from + KEY_ACTIVE_FOR).max(now + KEY_PUBLISHED_FIRST);
                changes.extend(fresh.published(KeyState::Next, active_from, now));
            }
            (Some(active), Some(next), _) if next.active_from.max(next.ready_at()) <= now => {
                changes.extend(succeeded(active, next, now));
            }
            _ => {}
        }
    }
    let over = |key: &&Key| {
        let kept = match key.state {
            KeyState::Next | KeyState::Active => None,
            KeyState::Retiring => Some(KEY_KEPT_FOR),
            KeyState::Revoked => Some(REVOKED_KEY_KEPT_FOR),
        };
        kept.zip(key.stopped_at).is_some_and(|(kept, stopped_at)| stopped_at + kept <= now)
    };
    changes.extend(keys.iter().filter(over).map(|key| Change::SigningKey(KeyChange::Drop { kid: key.kid.clone() })));
    Decision::grant(()).and_all(changes)
}

/// The algorithms whose next key cannot sign yet and was not told to hurry, among those of an order to rotate: a fresh key is due.
pub fn with_young_successor(keys: &[Key], only: Option<Algorithm>, now: Timestamp) -> Vec<Algorithm> {
    let young = |key: &&Key| key.state == KeyState::Next && key.ready_at() > now && !key.is_hastened();
    let asked = |algorithm: &Algorithm| only.is_none_or(|only| only == *algorithm);
    keys.iter().filter(young).map(|key| key.algorithm).filter(asked).collect()
}

/// Rotates: successors go to work at once if they have been published for long enough. One that has not makes place for a fresh key, which
/// signs when it has: whoever orders a rotation sees a new key. An order that waits already is not put off by another one.
pub fn rotate(
    keys: &[Key],
    only: Option<Algorithm>,
    fresh: Vec<FreshKey>,
    now: Timestamp,
) -> Decision<Vec<Rotation>, KeyProblem> {
    let (mut changes, mut rotations) = (Vec::new(), Vec::new());
    for algorithm in in_use(keys).filter(|algorithm| only.is_none_or(|only| only == *algorithm)) {
        let (active, next) = (key_in(keys, algorithm, KeyState::Active), key_in(keys, algorithm, KeyState::Next));
        let Some(next) = next else { continue };
        let active_from = next.ready_at().max(now);
        let fresh = fresh.iter().find(|key| key.algorithm == algorithm).filter(|_| !next.is_hastened());
        match (active, fresh) {
            (Some(active), _) if active_from <= now => changes.extend(succeeded(active, next, now)),
            (None, _) => changes.extend(next.activated(now)),
            (Some(_), Some(fresh)) => {
                let active_from = now + KEY_PUBLISHED_FIRST;
                rotations.push(Rotation { kid: fresh.kid.clone(), algorithm, active_from });
                changes.push(Change::SigningKey(KeyChange::Withdraw { kid: next.kid.clone() }));
                changes.push(event(EventKind::SigningKeyWithdrawn, algorithm, &next.kid, now));
                changes.extend(fresh.clone().published(KeyState::Next, active_from, now));
                continue;
            }
            (Some(_), None) if next.active_from != active_from => {
                changes.push(Change::SigningKey(KeyChange::Hasten { kid: next.kid.clone(), active_from }));
            }
            (Some(_), None) => {}
        }
        rotations.push(Rotation { kid: next.kid.clone(), algorithm, active_from });
    }
    Decision::grant(rotations).and_all(changes)
}

/// Revokes a key in an emergency: whoever else may hold its private part signs nothing with it any more that is accepted. If it was at work,
/// its successor takes over at once, however short it has been published; if there is none, a fresh one.
pub fn revoke(keys: &[Key], kid: &str, fresh: Vec<FreshKey>, now: Timestamp) -> Decision<(), KeyProblem> {
    let Some(key) = keys.iter().find(|key| key.kid == kid) else { return Decision::refuse(KeyProblem::Unknown) };
    if key.state == KeyState::Revoked {
        return Decision::refuse(KeyProblem::RevokedAlready);
    }
    let mut changes = vec![
        Change::SigningKey(KeyChange::Revoke { kid: key.kid.clone(), at: now }),
        event(EventKind::SigningKeyRevoked, key.algorithm, &key.kid, now),
    ];
    if key.state == KeyState::Active {
        let fresh = fresh.into_iter().find(|fresh| fresh.algorithm == key.algorithm);
        match (key_in(keys, key.algorithm, KeyState::Next), fresh) {
            (Some(next), _) => changes.extend(next.activated(now)),
            (None, Some(fresh)) => changes.extend(fresh.published(KeyState::Active, now, now)),
            (None, None) => {}
        }
    }
    Decision::grant(()).and_all(changes)
}

/// The one that signs steps back before the other steps forward: there is never more than one.
fn succeeded(active: &Key, next: &Key, now: Timestamp) -> impl Iterator<Item = Change> {
    let retired = Change::SigningKey(KeyChange::Retire { kid: active.kid.clone(), at: now });
    iter::once(retired).chain(next.activated(now))
}

/// The keys are those of all tenants; what is done with them stands in the record of the one that every server has.
fn event(kind: EventKind, algorithm: Algorithm, kid: &str, now: Timestamp) -> Change {
    Change::Record(Event::new(kind, PERSONAL_TENANT, now, format!("{algorithm} {kid}")))
}

#[cfg(test)]
mod tests;
