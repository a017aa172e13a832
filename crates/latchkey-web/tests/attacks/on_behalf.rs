//! Acting on behalf of a person takes the token that one was called with, and nothing that looks like it.

use latchkey_identity::client::Metadata;
use latchkey_identity::grant::token_exchange::ACCESS_TOKEN;
use latchkey_testkit::builders::{a_daemon, a_native_app, a_web_app};
use latchkey_testkit::dpop::DpopKey;
use latchkey_testkit::{RelyingParty, World, on_both_databases};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

fn exposing() -> Metadata {
    Metadata { exposed_scopes: vec!["access_as_user".into()], ..Metadata::default() }
}

async fn apps(world: &World) -> (RelyingParty, RelyingParty) {
    let middle = world.registers(a_web_app("middle").with_metadata(exposing())).await;
    let scope = format!("api://{}/access_as_user", middle.client_id());
    let front = world.registers(a_native_app("front").asking(&scope)).await;
    (middle, front.asking(&format!("openid offline_access {scope}")))
}

async fn refused(client: &RelyingParty, assertion: &str) -> String {
    let pairs = [
        ("grant_type", GRANT),
        ("requested_token_use", "on_behalf_of"),
        ("assertion", assertion),
        ("scope", "vso.work"),
    ];
    let answer = client.token_request(&pairs).await;
    assert!(!answer.is_ok(), "{}", answer.text());
    answer.error()
}

#[test]
fn no_other_token_is_taken_for_the_one_that_an_app_was_called_with() {
    on_both_databases(async |world| {
        let (middle, front) = apps(&world).await;
        let ana = world.ana();
        let own = ana.authorizes("middle").await;
        let called = ana.authorizes_part(&front.request(), |page| page).await;
        let nightly = world.app("nightly").by_itself("").await.unwrap();
        let forged = called.access.rsplit_once('.').map(|(start, _)| format!("{start}.AAAA")).unwrap();
        for other in [
            own.access.as_str(),
            own.refresh_token(),
            own.id.as_deref().unwrap(),
            called.id.as_deref().unwrap(),
            called.refresh_token(),
            nightly.access.as_str(),
            &forged,
            "x",
        ] {
            assert_eq!(refused(&middle, other).await, "invalid_grant", "{other:.12}");
        }
        // The same token at another app, at another directory, and after its time.
        let other = world.registers(a_daemon("other").with_metadata(exposing())).await;
        assert_eq!(refused(&other, &called.access).await, "invalid_grant");
        assert_eq!(refused(&front, &called.access).await, "unauthorized_client", "it proves nothing");
        assert_eq!(refused(&middle.clone().at("shore.test"), &called.access).await, "invalid_grant");
        world.seconds_later(5_401);
        assert_eq!(refused(&middle, &called.access).await, "invalid_grant");
    });
}

#[test]
fn a_token_that_is_bound_to_the_callers_key_goes_no_further() {
    on_both_databases(async |world| {
        let (middle, front) = apps(&world).await;
        world.ana().authorizes("middle").await;
        let front = front.proving_by(&DpopKey::new());
        let called = world.ana().authorizes_part(&front.request(), |page| page).await;
        assert_eq!(refused(&middle, &called.access).await, "invalid_grant");
    });
}

#[test]
fn an_app_that_acts_by_itself_calls_no_app_as_anybody() {
    on_both_databases(async |world| {
        let (middle, _) = apps(&world).await;
        let scope = format!("api://{}/access_as_user", middle.client_id());
        let daemon = world.registers(a_daemon("lone").asking(&format!("vso.work {scope}"))).await;
        assert_eq!(daemon.by_itself("").await.unwrap().scopes(), ["vso.work"]);
        for asked in [scope.clone(), format!("api://{}/.default", middle.client_id())] {
            assert_eq!(daemon.by_itself(&asked).await.unwrap_err().error, "invalid_scope");
        }
    });
}

#[test]
fn the_token_that_an_app_was_called_with_does_not_make_it_the_caller() {
    on_both_databases(async |world| {
        let (middle, _) = apps(&world).await;
        let scope = format!("api://{}/access_as_user", middle.client_id());
        let daemon = world.registers(a_daemon("lone").asking(&format!("vso.work {scope}"))).await;
        let id = daemon.client_id();
        world.changes_app("middle", move |client| client.metadata.callers = vec![id.clone()]).await;
        let called = daemon.by_itself(&scope).await.unwrap();
        assert_eq!(refused(&middle, &called.access).await, "invalid_grant", "it is about no person");
        // It does not act with what a person gave it in the name of who called it.
        let own = world.ana().authorizes("middle").await;
        let as_caller = [("actor_token", called.access.as_str()), ("actor_token_type", ACCESS_TOKEN)];
        assert_eq!(middle.exchanges(&own.access, &as_caller).await.unwrap_err().error, "invalid_request");
        let itself = daemon.by_itself("vso.work").await.unwrap();
        let as_itself = [("actor_token", itself.access.as_str()), ("actor_token_type", ACCESS_TOKEN)];
        assert!(middle.exchanges(&own.access, &as_itself).await.is_ok(), "with a token of its own it is");
    });
}

#[test]
fn a_disabled_person_is_acted_for_by_nobody() {
    on_both_databases(async |world| {
        let (middle, front) = apps(&world).await;
        world.ana().authorizes("middle").await;
        let called = world.ana().authorizes_part(&front.request(), |page| page).await;
        world.disables("ana").await;
        assert_eq!(refused(&middle, &called.access).await, "invalid_grant");
    });
}
