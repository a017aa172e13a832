//! An app says that another host is its own, to learn by which subject the apps of that host know a person. [OpenID Connect Core §8.1]

use http::Method;
use latchkey_identity::client::dynamic::RegistrationGate;
use latchkey_identity::client::{Metadata, RedirectUri, SubjectType};
use latchkey_testkit::builders::a_web_app;
use latchkey_testkit::{World, on_both_databases};
use serde_json::json;

fn pairwise() -> Metadata {
    Metadata { subject_type: SubjectType::Pairwise, ..Metadata::default() }
}

async fn subject_at_its_own(world: &World) -> String {
    let bank = world.registers(a_web_app("bank").with_metadata(pairwise())).await;
    let tokens = world.ana().authorizes_part(&bank.asking("openid").request(), |page| page).await;
    tokens.id_claims()["sub"].as_str().unwrap().to_owned()
}

/// With a device code nobody is sent to the redirect URI that it registered.
#[test]
fn a_redirect_uri_that_nobody_is_sent_to_shows_nothing() {
    on_both_databases(async |world| {
        let bank = subject_at_its_own(&world).await;
        let theirs = world.app("bank").app().redirect_uris[0].clone();
        let evil = world.registers(a_web_app("evil").with_metadata(pairwise()).with_device_codes()).await;
        let uri = RedirectUri::from_stored(theirs.clone());
        world.changes_app("evil", |client| client.redirect_uris = vec![uri.clone()]).await;
        let evil = evil.sending_back_to(&theirs).asking("openid");
        let tokens = world.ana().authorizes_part(&evil.request(), |page| page).await;
        assert_ne!(tokens.id_claims()["sub"], json!(bank));
        assert_ne!(tokens.userinfo().await.json()["sub"], json!(bank));
    });
}

/// What people approved while it was at home would count for the other host.
#[test]
fn nobody_moves_to_another_host() {
    on_both_databases(async |world| {
        let event = world.parts().registration_event(world.harbor());
        world.parts().set_registration_gate(world.harbor(), RegistrationGate::Open, event).await.unwrap();
        let document = |uri: &str| json!({"redirect_uris": [uri], "subject_type": "pairwise"});
        let endpoint = format!("/{}/oauth2/v2.0/register", world.harbor());
        let registered = world.post(&endpoint).json(&document("https://evil.test/callback")).await.json();
        let mut moved = document("https://bank.test/callback");
        moved["client_id"] = registered["client_id"].clone();
        let ask = world.ask(Method::PUT, registered["registration_client_uri"].as_str().unwrap());
        let refused = ask.bearer(registered["registration_access_token"].as_str().unwrap()).json(&moved).await;
        assert_eq!((refused.status.as_u16(), refused.error().as_str()), (400, "invalid_client_metadata"));
    });
}
