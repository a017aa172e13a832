//! Signing keys: rotation, revocation, and what the published set says meanwhile (S-DB-07, OpenID Connect Core §10.1.1)

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join;
use latchkey_identity::Change;
use latchkey_identity::key_rotation::{KeyChange, KeyState};
use latchkey_identity::limits::{KEY_ACTIVE_FOR, KEY_KEPT_FOR, KEY_PUBLISHED_FIRST};
use latchkey_jose::Algorithm;
use latchkey_testkit::databases::on_both_engines;
use latchkey_testkit::relying_party::header;
use latchkey_testkit::{World, on_both_databases};
use latchkey_web::key_rotation::KeysError;

async fn published(world: &World) -> BTreeSet<String> {
    let keys = world.get(&format!("/{}/discovery/v2.0/keys", world.harbor())).await.json();
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// The key of an algorithm in this state.
async fn the(world: &World, algorithm: Algorithm, state: KeyState) -> Option<String> {
    let keys = world.parts().signing_keys().await.unwrap();
    keys.into_iter().find(|key| key.algorithm == algorithm && key.state == state).map(|key| key.kid)
}

fn kid(token: &str) -> String {
    header(token)["kid"].as_str().unwrap().to_owned()
}

#[test]
fn a_successor_is_published_beside_each_key_before_it_signs() {
    on_both_databases(async |world| {
        let first = published(&world).await;
        assert_eq!(first.len(), 2, "at the first start nobody can have kept an older set");
        world.parts().advance_keys().await.unwrap();
        let both = published(&world).await;
        assert!(both.is_superset(&first) && both.len() == 4);
        assert!(first.contains(&kid(&world.ana().authorizes("burndown").await.access)));
        world.parts().advance_keys().await.unwrap();
        assert_eq!(published(&world).await, both, "once is enough");
    });
}

#[test]
fn a_rotation_waits_until_everybody_can_know_the_next_key_and_loses_no_token() {
    on_both_databases(async |world| {
        let app = world.parts();
        let before = world.ana().authorizes("burndown").await;
        let hasty = app.rotate_keys(None, "console").await.unwrap();
        assert!(hasty.iter().all(|rotation| rotation.active_from == world.now() + KEY_PUBLISHED_FIRST));
        let between = before.refreshed().await.unwrap();
        assert_eq!(kid(&between.access), kid(&before.access), "too young to sign");

        world.later(KEY_PUBLISHED_FIRST);
        app.advance_keys().await.unwrap();

        let after = between.refreshed().await.unwrap();
        for (old, new) in [(&before.access, &after.access), (before.id.as_ref().unwrap(), after.id.as_ref().unwrap())] {
            assert_ne!(kid(old), kid(new));
            assert!(published(&world).await.is_superset(&[kid(old), kid(new)].into()));
        }
        assert_eq!(before.userinfo().await.status, 200, "what the earlier key signed counts");
        assert_eq!(after.userinfo().await.status, 200);

        world.later(KEY_PUBLISHED_FIRST);
        let at_once = app.rotate_keys(Some(Algorithm::Es256), "console").await.unwrap();
        assert_eq!(at_once.len(), 1);
        assert_eq!(at_once[0].active_from, world.now());
        assert_eq!(kid(&after.refreshed().await.unwrap().access), at_once[0].kid);
    });
}

/// What oidcc-server-rotate-keys of the conformance suite compares, on a server that began a minute ago and right after a rotation.
#[test]
fn whoever_orders_a_rotation_finds_a_new_key_published_at_once() {
    on_both_databases(async |world| {
        let app = world.parts();
        app.begin_to_sign_with(Algorithm::EdDsa).await.unwrap();
        app.advance_keys().await.unwrap();
        world.later(Duration::from_secs(60));
        let signs = kid(&world.ana().authorizes("burndown").await.access);
        let before = published(&world).await;
        let first = app.rotate_keys(None, "console").await.unwrap();
        assert_eq!(first.len(), 3);
        let after = published(&world).await;
        for rotation in &first {
            assert!(!before.contains(&rotation.kid) && after.contains(&rotation.kid), "{rotation:?}");
            assert_eq!(rotation.active_from, world.now() + KEY_PUBLISHED_FIRST);
        }
        assert_eq!((before.len(), after.len()), (6, 6), "in the place of one that signed nothing");
        assert!(after.contains(&signs));

        world.later(KEY_PUBLISHED_FIRST);
        app.advance_keys().await.unwrap();
        let before = published(&world).await;
        let second = app.rotate_keys(Some(Algorithm::Es256), "console").await.unwrap();
        assert!(!before.contains(&second[0].kid) && published(&world).await.contains(&second[0].kid));
        let signs = kid(&world.ana().authorizes("burndown").await.access);
        assert!(first.iter().any(|one| one.kid == signs), "what was ordered is done");
    });
}

#[test]
fn keys_rotate_by_themselves_and_go_when_nothing_lives_that_they_signed() {
    on_both_databases(async |world| {
        let app = world.parts();
        app.advance_keys().await.unwrap();
        let first = the(&world, Algorithm::Rs256, KeyState::Active).await.unwrap();
        let next = the(&world, Algorithm::Rs256, KeyState::Next).await.unwrap();
        world.later(KEY_ACTIVE_FOR);
        app.advance_keys().await.unwrap();
        assert_eq!(the(&world, Algorithm::Rs256, KeyState::Active).await, Some(next));
        assert_eq!(the(&world, Algorithm::Rs256, KeyState::Retiring).await.as_ref(), Some(&first));
        assert!(published(&world).await.contains(&first));
        world.later(KEY_KEPT_FOR);
        app.advance_keys().await.unwrap();
        assert!(!published(&world).await.contains(&first));
        assert_eq!(the(&world, Algorithm::Rs256, KeyState::Retiring).await, None);
    });
}

#[test]
fn nothing_counts_that_a_revoked_key_signed_and_the_published_set_changes_at_once() {
    on_both_databases(async |world| {
        let app = world.parts();
        let url = format!("/{}/discovery/v2.0/keys", world.harbor());
        let tokens = world.ana().authorizes("burndown").await;
        assert_eq!(tokens.userinfo().await.status, 200, "it has been seen");
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 200);
        let etag = world.get(&url).await.header("etag").unwrap().to_owned();
        let again = world.get(&url).header("if-none-match", &etag).await;
        assert_eq!(again.status, 304);

        let stolen = kid(&tokens.access);
        app.revoke_key(&stolen, "console").await.unwrap();

        assert!(!published(&world).await.contains(&stolen));
        let fresh = world.get(&url).header("if-none-match", &etag).await;
        assert_eq!(fresh.status, 200, "the tag is another one");
        assert_eq!(tokens.userinfo().await.status, 401);
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
        assert_eq!(tokens.party().introspects(&tokens.access).await["active"], false);

        let next = tokens.refreshed().await.unwrap();
        assert_ne!(kid(&next.access), stolen);
        assert_eq!(next.userinfo().await.status, 200, "who holds a refresh token goes on");
        assert!(published(&world).await.contains(&kid(&next.access)));

        let kept = app.signing_keys().await.unwrap();
        let kept = kept.iter().find(|key| key.kid == stolen).unwrap();
        assert_eq!((kept.state, kept.sealed.0.len()), (KeyState::Revoked, 0), "its private part is gone");
        assert!(matches!(app.revoke_key(&stolen, "console").await, Err(KeysError::Refused(_))));
        assert!(matches!(app.revoke_key("nonsense", "console").await, Err(KeysError::Refused(_))));
    });
}

#[test]
fn a_change_that_somebody_else_made_is_taken_when_the_feed_tells_of_it() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        let revoke = Change::SigningKey(KeyChange::Revoke { kid: kid(&tokens.access), at: world.now() });
        world.becomes([revoke]).await;
        // What the jobs do all the time.
        world.parts().signer.changed().await;
        world.parts().reload_keys().await.unwrap();
        assert_eq!(tokens.userinfo().await.status, 401);
        assert!(!published(&world).await.contains(&kid(&tokens.access)));
    });
}

/// Who takes them has begun, and reads: whoever asks meanwhile waits for it.
#[test]
fn nothing_is_answered_by_the_keys_of_before_while_those_of_now_are_read() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        assert_eq!(tokens.userinfo().await.status, 200);
        let revoke = Change::SigningKey(KeyChange::Revoke { kid: kid(&tokens.access), at: world.now() });
        world.becomes([revoke]).await;
        let mut taking = pin!(world.parts().reload_keys());
        let begun = poll_fn(|context| Poll::Ready(taking.as_mut().poll(context)));
        let (asked, taken) = match begun.await {
            Poll::Pending => join(tokens.userinfo(), taking).await,
            // A small database in a file may have answered already; one across a socket has not.
            Poll::Ready(taken) => (tokens.userinfo().await, taken),
        };
        taken.unwrap();
        assert_eq!(asked.status, 401);
    });
}

#[test]
fn whoever_follows_the_keys_takes_every_change_of_them() {
    on_both_databases(async |world| {
        let app = world.parts().clone();
        let following = tokio::spawn(async move { app.follow_keys().await });
        for _ in 0..2 {
            let tokens = world.ana().authorizes("burndown").await;
            let revoked = kid(&tokens.access);
            world.parts().advance_keys().await.unwrap();
            world.becomes([Change::SigningKey(KeyChange::Revoke { kid: revoked.clone(), at: world.now() })]).await;
            let gone = async {
                while published(&world).await.contains(&revoked) {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), gone).await.unwrap();
            assert_eq!(tokens.userinfo().await.status, 401);
            world.later(KEY_PUBLISHED_FIRST);
            world.parts().advance_keys().await.unwrap();
        }
        following.abort();
        assert!(following.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn many_rotations_at_once_leave_one_key_that_signs_and_one_that_waits() {
    on_both_databases(async |world| {
        world.parts().advance_keys().await.unwrap();
        world.later(KEY_PUBLISHED_FIRST);
        let rotating: Vec<_> = (0..64)
            .map(|_| {
                let app = world.parts().clone();
                tokio::spawn(async move { app.rotate_keys(Some(Algorithm::Es256), "console").await.map(drop) })
            })
            .collect();
        for rotation in futures_util::future::join_all(rotating).await {
            rotation.unwrap().unwrap();
        }
        let keys = world.parts().signing_keys().await.unwrap();
        let count = |state| keys.iter().filter(|key| key.algorithm == Algorithm::Es256 && key.state == state).count();
        assert_eq!((count(KeyState::Active), count(KeyState::Retiring), count(KeyState::Next)), (1, 1, 1));
    });
}

#[test]
fn after_a_restart_the_keys_are_where_they_were() {
    on_both_engines(async |database| {
        let world = World::on(database).await;
        let tokens = world.ana().authorizes("burndown").await;
        world.parts().advance_keys().await.unwrap();
        world.later(KEY_PUBLISHED_FIRST);
        world.parts().rotate_keys(None, "console").await.unwrap();
        let (before, access) = (published(&world).await, tokens.access.clone());
        drop(tokens);
        let world = world.restarted(database).await;
        assert_eq!(published(&world).await, before);
        assert_eq!(world.get("/oidc/userinfo").bearer(&access).await.status, 200);
        world.parts().revoke_key(&kid(&access), "console").await.unwrap();
        let world = world.restarted(database).await;
        assert_eq!(world.get("/oidc/userinfo").bearer(&access).await.status, 401);
    });
}

#[test]
fn a_key_of_another_algorithm_is_there_when_somebody_needs_it() {
    on_both_databases(async |world| {
        let app = world.parts();
        assert!(app.signer.ring().signing(Algorithm::EdDsa).is_none());
        app.begin_to_sign_with(Algorithm::EdDsa).await.unwrap();
        app.begin_to_sign_with(Algorithm::EdDsa).await.unwrap();
        assert!(app.signer.ring().signing(Algorithm::EdDsa).is_some());
        assert_eq!(published(&world).await.len(), 3);
        app.advance_keys().await.unwrap();
        assert_eq!(published(&world).await.len(), 6);
    });
}

#[test]
fn the_set_may_be_kept_for_half_as_long_as_a_key_is_published_before_it_signs() {
    on_both_databases(async |world| {
        let answer = world.get(&format!("/{}/discovery/v2.0/keys", world.harbor())).await;
        let control = answer.header("cache-control").unwrap().to_owned();
        let seconds: u64 = control.strip_prefix("public, max-age=").unwrap().parse().unwrap();
        assert!(KEY_PUBLISHED_FIRST >= Duration::from_secs(2 * seconds));
    });
}
