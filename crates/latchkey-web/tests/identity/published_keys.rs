//! Clients that publish their keys at a `jwks_uri`.

use std::sync::Arc;

use latchkey_identity::client::{Authentication, Client, ClientKind};
use latchkey_identity::client_auth::Method;
use latchkey_jose::{Algorithm, SigningKey};
use latchkey_testkit::builders::{a_daemon, a_web_app};
use latchkey_testkit::remote::{Remote, json, status};
use latchkey_testkit::{RelyingParty, World, on_both_databases};
use serde_json::json as value;

fn published(keys: &[&SigningKey]) -> serde_json::Value {
    let keys: Vec<_> = keys.iter().map(|key| serde_json::to_value(key.public_jwk()).unwrap()).collect();
    value!({ "keys": keys })
}

fn a_key() -> Arc<SigningKey> {
    Arc::new(SigningKey::generate(Algorithm::Es256).unwrap())
}

/// An app whose keys lie at `service.test`, and who answers there.
async fn skiff(world: &World, key: &SigningKey) -> (RelyingParty, Remote) {
    let keys = published(&[key]);
    let remote = world.remote("service.test", move |_| json(&keys)).await;
    world.registers(a_web_app("skiff")).await;
    world.changes_app("skiff", publishes).await;
    (world.app("skiff"), remote)
}

fn publishes(client: &mut Client) {
    client.metadata.jwks_uri = Some("https://service.test/keys".into());
    client.authentication = Authentication { method: Some(Method::PrivateKeyJwt), ..client.authentication.clone() };
}

#[test]
fn jwks_uri_clients_work_and_are_asked_once() {
    on_both_databases(async |world| {
        let key = a_key();
        let (skiff, remote) = skiff(&world, &key).await;
        let skiff = skiff.signing_with(&key);
        let code = world.ana().approves_request(&skiff.request()).await;
        let tokens = skiff.redeem(&code).await.unwrap();
        assert!(skiff.refresh(tokens.refresh_token()).await.is_ok());
        assert_eq!(remote.asked().len(), 1, "what was fetched is kept");
    });
}

#[test]
fn a_new_key_is_fetched_and_one_that_was_taken_away_ends() {
    on_both_databases(async |world| {
        let (old, new) = (a_key(), a_key());
        let (skiff, remote) = skiff(&world, &old).await;
        let code = world.ana().approves_request(&skiff.clone().signing_with(&old).request()).await;
        let tokens = skiff.clone().signing_with(&old).redeem(&code).await.unwrap();
        let keys = published(&[&new]);
        remote.answers(move |_| json(&keys));
        world.seconds_later(31);
        let tokens = skiff.clone().signing_with(&new).refresh(tokens.refresh_token()).await.unwrap();
        assert_eq!(remote.asked().len(), 2);
        assert!(skiff.clone().signing_with(&old).refresh(tokens.refresh_token()).await.is_err());
    });
}

#[test]
fn unknown_keys_make_nobody_ask_again_and_again() {
    on_both_databases(async |world| {
        let key = a_key();
        let (skiff, remote) = skiff(&world, &key).await;
        for _ in 0..5 {
            let refused =
                skiff.clone().signing_with(&a_key()).token_request(&[("grant_type", "client_credentials")]).await;
            assert_eq!(refused.error(), "invalid_client");
        }
        assert_eq!(remote.asked().len(), 1);
        remote.answers(|_| status(500));
        world.seconds_later(20 * 60);
        for _ in 0..5 {
            skiff.clone().signing_with(&a_key()).token_request(&[("grant_type", "client_credentials")]).await;
        }
        assert_eq!(remote.asked().len(), 2, "that nothing came is kept, too");
    });
}

#[test]
fn a_daemon_acts_by_itself_with_a_published_key_until_its_address_changes() {
    on_both_databases(async |world| {
        let key = a_key();
        let keys = published(&[&key]);
        let _remote = world.remote("service.test", move |_| json(&keys)).await;
        world.registers(a_daemon("night")).await;
        world.changes_app("night", publishes).await;
        let daemon = world.app("night").signing_with(&key);
        let tokens = daemon.by_itself("499b84ac-1321-427f-aa17-267ca6975798/.default").await.unwrap();
        let before = daemon.introspects(&tokens.access).await;
        assert_eq!(before["active"], true);
        world.changes_app("night", |client| client.metadata.jwks_uri = Some("https://friend.test/keys".into())).await;
        assert_eq!(world.app("night").app().kind, ClientKind::Daemon);
        assert!(daemon.by_itself("499b84ac-1321-427f-aa17-267ca6975798/.default").await.is_err());
    });
}
