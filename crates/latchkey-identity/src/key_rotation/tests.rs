//! The life of a signing key.

use std::time::Duration;

use super::*;
use crate::limits::{ID_TOKEN_LIFETIME, KEY_SET_MAX_AGE, SESSION_LIFETIME};
use crate::time::AccessTokenLifetime;

const START: Timestamp = Timestamp::from_secs(1_000_000);

fn fresh(name: &str, algorithm: Algorithm) -> FreshKey {
    FreshKey { kid: name.to_owned(), algorithm, sealed: Sealed(vec![1]) }
}

/// What the store makes of a decision.
fn apply<T, E>(mut keys: Vec<Key>, decision: Decision<T, E>) -> Vec<Key> {
    let find = |keys: &mut Vec<Key>, kid: &str| keys.iter().position(|key| key.kid == kid).unwrap();
    for change in decision.changes {
        match change {
            Change::SigningKey(KeyChange::Publish(key)) => keys.push(*key),
            Change::SigningKey(KeyChange::Activate { kid, at }) => {
                let place = find(&mut keys, &kid);
                assert_eq!(keys[place].state, KeyState::Next);
                (keys[place].state, keys[place].active_from) = (KeyState::Active, at);
            }
            Change::SigningKey(KeyChange::Retire { kid, at }) => {
                let place = find(&mut keys, &kid);
                (keys[place].state, keys[place].stopped_at) = (KeyState::Retiring, Some(at));
            }
            Change::SigningKey(KeyChange::Revoke { kid, at }) => {
                let place = find(&mut keys, &kid);
                (keys[place].state, keys[place].stopped_at) = (KeyState::Revoked, Some(at));
            }
            Change::SigningKey(KeyChange::Hasten { kid, active_from }) => {
                let place = find(&mut keys, &kid);
                keys[place].active_from = active_from;
            }
            Change::SigningKey(KeyChange::Withdraw { kid }) => {
                let place = find(&mut keys, &kid);
                assert_eq!(keys.remove(place).state, KeyState::Next);
            }
            Change::SigningKey(KeyChange::Drop { kid }) => keys.retain(|key| key.kid != kid),
            Change::Record(_) => {}
            other => panic!("{other:?}"),
        }
        for algorithm in Algorithm::ALL {
            for state in [KeyState::Next, KeyState::Active] {
                let of = |key: &&Key| key.algorithm == algorithm && key.state == state;
                assert!(keys.iter().filter(of).count() <= 1, "{algorithm} {state:?}");
            }
        }
    }
    keys
}

/// An active key, and one that follows; of ES256 alone.
fn a_ring() -> Vec<Key> {
    let keys = apply(vec![], advance(&[], vec![fresh("one", Algorithm::Es256)], START));
    apply(keys.clone(), advance(&keys, vec![fresh("two", Algorithm::Es256)], START))
}

fn states(keys: &[Key]) -> Vec<(&str, KeyState)> {
    keys.iter().map(|key| (key.kid.as_str(), key.state)).collect()
}

#[test]
fn the_first_key_signs_at_once_and_its_successor_is_published_beside_it() {
    assert_eq!(states(&a_ring()), [("one", KeyState::Active), ("two", KeyState::Next)]);
    assert_eq!(without_successor(&a_ring()), [Algorithm::Rs256]);
    assert_eq!(without_key(&a_ring(), &ALWAYS), [Algorithm::Rs256]);
}

#[test]
fn after_its_time_a_key_is_followed_by_one_that_was_published_long_before() {
    let keys = a_ring();
    let early = START + KEY_ACTIVE_FOR - Duration::from_secs(1);
    assert_eq!(advance(&keys, vec![], early).changes, []);

    let keys = apply(keys.clone(), advance(&keys, vec![], START + KEY_ACTIVE_FOR));

    assert_eq!(states(&keys), [("one", KeyState::Retiring), ("two", KeyState::Active)]);
}

#[test]
fn a_key_is_published_for_twice_the_time_that_a_key_set_is_kept_before_it_signs() {
    assert!(KEY_PUBLISHED_FIRST >= KEY_SET_MAX_AGE * 2);
    let keys = a_ring();

    let decision = rotate(&keys, None, vec![], START + Duration::from_secs(60));

    let ready = START + KEY_PUBLISHED_FIRST;
    assert_eq!(decision.answer.clone().unwrap()[0].active_from, ready);
    assert_eq!(decision.changes, [Change::SigningKey(KeyChange::Hasten { kid: "two".into(), active_from: ready })]);
    let keys = apply(keys, decision);
    assert_eq!(advance(&keys, vec![], ready - Duration::from_secs(1)).changes, []);
    let keys = apply(keys.clone(), advance(&keys, vec![], ready));
    assert_eq!(states(&keys), [("one", KeyState::Retiring), ("two", KeyState::Active)]);
}

#[test]
fn a_key_that_was_published_long_enough_goes_to_work_at_once() {
    let (keys, now) = (a_ring(), START + KEY_PUBLISHED_FIRST);

    let decision = rotate(&keys, Some(Algorithm::Es256), vec![], now);

    let rotation = Rotation { kid: "two".into(), algorithm: Algorithm::Es256, active_from: now };
    assert_eq!(decision.answer, Ok(vec![rotation]));
    assert_eq!(states(&apply(keys, decision)), [("one", KeyState::Retiring), ("two", KeyState::Active)]);
}

#[test]
fn an_order_publishes_a_key_unless_one_before_waits_and_puts_that_one_off_never() {
    let (keys, first) = (a_ring(), START + Duration::from_secs(60));
    assert_eq!(with_young_successor(&keys, Some(Algorithm::Es256), first), [Algorithm::Es256]);
    assert_eq!(with_young_successor(&keys, Some(Algorithm::Rs256), first), []);

    let decision = rotate(&keys, None, vec![fresh("three", Algorithm::Es256)], first);

    let ready = first + KEY_PUBLISHED_FIRST;
    let rotation = Rotation { kid: "three".into(), algorithm: Algorithm::Es256, active_from: ready };
    assert_eq!(decision.answer, Ok(vec![rotation.clone()]));
    let keys = apply(keys, decision);
    assert_eq!(states(&keys), [("one", KeyState::Active), ("three", KeyState::Next)]);

    // Another order while it waits changes nothing, whatever it brings along.
    let second = first + Duration::from_secs(60);
    assert_eq!(with_young_successor(&keys, None, second), []);
    let again = rotate(&keys, None, vec![fresh("four", Algorithm::Es256)], second);
    assert_eq!((again.answer, again.changes), (Ok(vec![rotation]), vec![]));

    assert_eq!(advance(&keys, vec![], ready - Duration::from_secs(1)).changes, []);
    let keys = apply(keys.clone(), advance(&keys, vec![], ready));
    assert_eq!(states(&keys), [("one", KeyState::Retiring), ("three", KeyState::Active)]);
}

#[test]
fn of_two_first_keys_of_an_algorithm_one_is_published() {
    let keys = apply(vec![], begin(&[], vec![fresh("one", Algorithm::Es256)], START));
    assert_eq!(states(&keys), [("one", KeyState::Active)]);
    assert_eq!(begin(&keys, vec![fresh("two", Algorithm::Es256)], START).changes, []);
}

#[test]
fn a_retiring_key_outlives_everything_that_it_signed() {
    for lifetime in [AccessTokenLifetime::LONGEST.as_duration(), ID_TOKEN_LIFETIME, SESSION_LIFETIME] {
        assert!(KEY_KEPT_FOR > lifetime);
    }
    let now = START + KEY_ACTIVE_FOR;
    let keys = apply(a_ring(), advance(&a_ring(), vec![], now));
    let kept = now + KEY_KEPT_FOR - Duration::from_secs(1);
    assert_eq!(advance(&keys, vec![], kept).changes, []);
    assert_eq!(
        advance(&keys, vec![], now + KEY_KEPT_FOR).changes,
        [Change::SigningKey(KeyChange::Drop { kid: "one".into() })]
    );
}

#[test]
fn a_revoked_key_is_followed_at_once_however_young_its_successor_is() {
    let keys = a_ring();
    let keys = apply(keys.clone(), revoke(&keys, "one", vec![], START + Duration::from_secs(1)));
    assert_eq!(states(&keys), [("one", KeyState::Revoked), ("two", KeyState::Active)]);

    let third = vec![fresh("three", Algorithm::Es256)];
    let keys = apply(keys.clone(), revoke(&keys, "two", third, START + Duration::from_secs(2)));
    assert_eq!(states(&keys)[1..], [("two", KeyState::Revoked), ("three", KeyState::Active)]);

    let again = revoke(&keys, "two", vec![], START + Duration::from_secs(3));
    assert_eq!((again.answer, again.changes), (Err(KeyProblem::RevokedAlready), vec![]));
    assert_eq!(revoke(&keys, "four", vec![], START).answer, Err(KeyProblem::Unknown));
}

#[test]
fn a_successor_that_is_revoked_leaves_the_one_at_work_alone() {
    let keys = a_ring();
    let keys = apply(keys.clone(), revoke(&keys, "two", vec![], START));
    assert_eq!(states(&keys), [("one", KeyState::Active), ("two", KeyState::Revoked)]);
    assert!(without_successor(&keys).contains(&Algorithm::Es256));
}

#[test]
fn each_step_of_a_key_is_on_record() {
    let kinds = |changes: Vec<Change>| -> Vec<EventKind> {
        let kind = |change| if let Change::Record(event) = change { Some(event.kind) } else { None };
        changes.into_iter().filter_map(kind).collect()
    };
    let keys = a_ring();
    let first = vec![fresh("one", Algorithm::Es256)];
    assert_eq!(kinds(advance(&[], first, START).changes), [EventKind::SigningKeyPublished]);
    assert_eq!(kinds(advance(&keys, vec![], START + KEY_ACTIVE_FOR).changes), [EventKind::SigningKeyActivated]);
    let early = rotate(&keys, None, vec![fresh("three", Algorithm::Es256)], START);
    assert_eq!(kinds(early.changes), [EventKind::SigningKeyWithdrawn, EventKind::SigningKeyPublished]);
    let revoked = [EventKind::SigningKeyRevoked, EventKind::SigningKeyActivated];
    assert_eq!(kinds(revoke(&keys, "one", vec![], START).changes), revoked);
}

#[test]
fn a_sealed_key_does_not_print() {
    assert!(format!("{:?}", a_ring()).contains("sealed: [sealed]"));
}
