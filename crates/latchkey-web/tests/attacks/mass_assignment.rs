//! The attacker registers an app by itself and says of it what only others may decide. [Keycloak CVE-2026-9705, CVE-2026-15572, CVE-2026-18570]

use http::Method;
use latchkey_identity::Change;
use latchkey_identity::client::dynamic::RegistrationGate;
use latchkey_identity::client::{Client, ClientId, ClientState, Publisher};
use latchkey_testkit::{Answer, World, on_both_databases};
use serde_json::{Value, json};
use uuid::Uuid;

/// A sound registration, and beside it everything that could be worth something.
fn wishful(world: &World) -> Value {
    json!({
        "client_name": "Skiff", "redirect_uris": ["https://skiff.test/callback"],
        "client_id": world.app("burndown").client_id(), "id": world.app("burndown").client_id(), "client_secret": "chosen",
        "owner": world.account("ana").to_string(), "tenant": world.shore().to_string(), "publisher": "verified",
        "verified": true, "admin_approved": true, "state": "active", "suspended": false, "enabled": true,
        "legacy": true, "multi_tenant": true, "required_scopes": ["user_impersonation"],
        "registration_access_token": "chosen", "service": true, "pkce_optional": true,
    })
}

async fn asked(world: &World, method: Method, url: &str, token: &str, body: &Value) -> Answer {
    world.ask(method, url).bearer(token).json(body).await
}

async fn as_stored(world: &World, told: &Value) -> Client {
    let id: Uuid = told["client_id"].as_str().unwrap_or_else(|| panic!("{told}")).parse().unwrap();
    (*world.store().client(ClientId(id)).await.unwrap().unwrap()).clone()
}

fn is_nobodys(world: &World, client: &Client) {
    assert_eq!((client.publisher.clone(), client.owner, client.tenant), (Publisher::Unverified, None, world.harbor()));
    assert!(!client.is_legacy() && !client.multi_tenant && client.required_scopes.is_empty(), "{client:?}");
}

#[test]
fn no_member_of_a_registration_is_worth_more_than_it_may_say() {
    on_both_databases(async |world| {
        let event = world.parts().registration_event(world.harbor());
        world.parts().set_registration_gate(world.harbor(), RegistrationGate::Open, event).await.unwrap();
        let endpoint = format!("/{}/oauth2/v2.0/register", world.harbor());
        let mut older = wishful(&world);
        older["profile"] = json!("legacy");
        assert_eq!(world.post(&endpoint).json(&older).await.error(), "invalid_client_metadata");
        let told = world.post(&endpoint).json(&wishful(&world)).await.json();
        assert_ne!(told["client_id"], world.app("burndown").client_id(), "{told}");
        assert!(told["client_secret"] != "chosen" && told["registration_access_token"] != "chosen", "{told}");
        is_nobodys(&world, &as_stored(&world, &told).await);

        // Its own token changes no more than its registration did, and does not let a stopped app go on.
        let (own, token) = (told["registration_client_uri"].as_str().unwrap(), &told["registration_access_token"]);
        let token = token.as_str().unwrap();
        let client = as_stored(&world, &told).await.id;
        world.becomes([Change::SetClientState { client, state: ClientState::Suspended }]).await;
        let mut again = wishful(&world);
        again["client_id"] = told["client_id"].clone();
        asked(&world, Method::PUT, own, token, &again).await;
        let stored = as_stored(&world, &told).await;
        is_nobodys(&world, &stored);
        assert_eq!(stored.state, ClientState::Suspended);

        // The whole that comes of it is checked, and not what was sent: what is left out is not what it was.
        world.becomes([Change::SetClientState { client, state: ClientState::Active }]).await;
        again["redirect_uris"] = json!([]);
        assert_eq!(asked(&world, Method::PUT, own, token, &again).await.status, 400);
        again["client_id"] = json!(world.app("burndown").client_id());
        again["redirect_uris"] = json!(["https://evil.test/callback"]);
        assert!(asked(&world, Method::PUT, own, token, &again).await.status.is_client_error());
        let burndown = world.store().client(world.app("burndown").app().id).await.unwrap().unwrap();
        assert_eq!(burndown.redirect_uris.len(), world.app("burndown").app().redirect_uris.len());
    });
}
