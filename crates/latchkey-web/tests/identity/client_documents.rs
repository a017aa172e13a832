//! Clients that describe themselves: the `client_id` is the address of a document. [Client ID Metadata Document]

use std::sync::Arc;

use http::Response;
use latchkey_jose::{Algorithm, SigningKey};
use latchkey_testkit::remote::{Remote, json, status};
use latchkey_testkit::{RelyingParty, World, on_both_databases};
use serde_json::{Value, json as value};

const AT: &str = "https://service.test/oauth/agent.json";
const BACK: &str = "http://127.0.0.1:3118/callback";
const DAY: u64 = 86_400;

/// What a tool of the Model Context Protocol says of itself.
fn a_document() -> Value {
    value!({"client_id": AT, "client_name": "An agent", "redirect_uris": [BACK, "https://service.test/callback"],
            "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"]})
}

fn with(name: &str, changed: Value) -> Value {
    let mut document = a_document();
    document[name] = changed;
    document
}

fn with_key(key: &SigningKey) -> Value {
    let mut document = with("token_endpoint_auth_method", value!("private_key_jwt"));
    document["jwks"] = value!({"keys": [serde_json::to_value(key.public_jwk()).unwrap()]});
    document
}

fn a_key() -> Arc<SigningKey> {
    Arc::new(SigningKey::generate(Algorithm::Es256).unwrap())
}

/// Somebody who says this of themselves.
async fn agent(world: &World, document: Value) -> (RelyingParty, Remote) {
    let remote = world.remote("service.test", move |_| json(&document)).await;
    (world.agent(AT, BACK, "vso.work"), remote)
}

/// The approval page, or the one that comes instead.
async fn page_for(world: &World, agent: &RelyingParty) -> latchkey_testkit::Page {
    world.ana().goes_to(&agent.request()).await.page()
}

#[test]
fn both_documents_say_that_clients_may_describe_themselves_and_common_does_not() {
    on_both_databases(async |world| {
        let tenant = world.harbor();
        for at in [
            format!("/{tenant}/v2.0/.well-known/openid-configuration"),
            format!("/.well-known/oauth-authorization-server/{tenant}/v2.0"),
        ] {
            assert_eq!(world.get(&at).await.json()["client_id_metadata_document_supported"], true, "{at}");
        }
        let common = world.get("/common/v2.0/.well-known/openid-configuration").await.json();
        assert_eq!(common["client_id_metadata_document_supported"], false);
    });
}

#[test]
fn an_agent_that_knows_only_an_address_connects_with_nobodys_help() {
    on_both_databases(async |world| {
        let (agent, remote) = agent(&world, a_document()).await;
        let page = page_for(&world, &agent).await;
        assert!(page.says("An agent") && page.says("Publisher not verified"), "{}", page.text());
        assert!(page.text_of("described").contains("service.test"), "the host of the client_id is shown");
        assert_eq!(page.text_of("described-at").trim(), AT);
        assert!(page.says("any program on this device could pretend to be it"), "a loopback redirect is warned of");
        let code = world.ana().approves_request(&agent.request()).await;
        let tokens = agent.redeem(&code).await.unwrap();
        assert_eq!(tokens.id_claims()["aud"], AT, "an ID token is for the client by its name");
        assert_eq!(tokens.access_claims()["client_id"], AT);
        let answer = tokens.get("/harbor/lighthouse/_apis/wit/workitems/1?api-version=7.1").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let tokens = agent.refresh(tokens.refresh_token()).await.unwrap();
        assert_eq!(agent.gives_back(tokens.refresh_token()).await, 200);
        assert!(agent.refresh(tokens.refresh_token()).await.is_err());
        assert_eq!(remote.asked().len(), 1, "what was fetched is kept");
        assert_eq!(remote.asked()[0].head.uri.path(), "/oauth/agent.json");
    });
}

#[test]
fn where_a_password_is_typed_nothing_is_shown_that_nobody_registered() {
    on_both_databases(async |world| {
        let mut document = with("policy_uri", value!("https://service.test/policy"));
        document["redirect_uris"] = value!([BACK, "https://service.test/callback"]);
        document["logo_uri"] = value!("https://service.test/logo.png");
        let (agent, _remote) = agent(&world, document).await;
        let policy = "https://service.test/policy".to_owned();
        let sign_in = world.browser().open(&agent.request().url()).await.page();
        assert!(sign_in.has("sign-in") && sign_in.says("An agent"), "{}", sign_in.text());
        assert!(!sign_in.has("logo") && !sign_in.attributes("href").contains(&policy));
        assert!(page_for(&world, &agent).await.attributes("href").contains(&policy), "the approval says whose it is");
    });
}

#[test]
fn an_agent_with_a_key_proves_by_it_who_it_is_at_every_endpoint() {
    on_both_databases(async |world| {
        let key = a_key();
        let (plain, _remote) = agent(&world, with_key(&key)).await;
        let agent = plain.clone().signing_with(&key);
        let pushed = agent.request().pushed().await;
        assert_eq!(pushed.status, 201, "{}", pushed.text());
        let code = world.ana().approves_request(&agent.request()).await;
        assert_eq!(plain.redeem(&code).await.unwrap_err().error, "invalid_client", "it has to authenticate");
        let code = world.ana().approves_request(&agent.request()).await;
        let tokens = agent.redeem(&code).await.unwrap();
        let told = agent.introspects(&tokens.access).await;
        assert_eq!((&told["active"], &told["client_id"]), (&value!(true), &value!(AT)));
        assert_eq!(plain.refresh(tokens.refresh_token()).await.unwrap_err().error, "invalid_client");
        assert!(agent.refresh(tokens.refresh_token()).await.is_ok());
        let by_itself = agent.by_itself("499b84ac-1321-427f-aa17-267ca6975798/.default").await;
        assert_eq!(by_itself.unwrap_err().error, "unauthorized_client", "nobody here registered it");
    });
}

#[test]
fn a_new_key_of_the_document_counts_at_once_and_people_are_asked_again() {
    on_both_databases(async |world| {
        let (old, new) = (a_key(), a_key());
        let (plain, remote) = agent(&world, with_key(&old)).await;
        let plain = plain.sending_back_to("https://service.test/callback");
        let before = plain.clone().signing_with(&old);
        let code = world.ana().approves_request(&before.request()).await;
        let tokens = before.redeem(&code).await.unwrap();
        let remembered = world.ana().goes_to(&before.request()).await;
        assert!(remembered.as_page().is_none(), "the same question was answered before");
        let document = with_key(&new);
        remote.answers(move |_| json(&document));
        world.seconds_later(3_601);
        let asked = page_for(&world, &before).await;
        assert!(asked.has("approve") && asked.has("described-anew"), "{}", asked.text());
        assert!(before.refresh(tokens.refresh_token()).await.is_err(), "a key that was taken away is gone");
    });
}

#[test]
fn a_key_that_nobody_knows_is_looked_for_in_the_document_now_and_then() {
    on_both_databases(async |world| {
        let (old, new) = (a_key(), a_key());
        let (plain, remote) = agent(&world, with_key(&old)).await;
        let before = plain.clone().signing_with(&old);
        let code = world.ana().approves_request(&before.request()).await;
        let tokens = before.redeem(&code).await.unwrap();
        let document = with_key(&new);
        remote.answers(move |_| json(&document));
        let after = plain.signing_with(&new);
        assert!(after.refresh(tokens.refresh_token()).await.is_err(), "it was asked a moment ago");
        world.seconds_later(31);
        assert!(after.refresh(tokens.refresh_token()).await.is_ok());
        assert_eq!(remote.asked().len(), 2);
    });
}

#[test]
fn whoever_changes_where_people_are_sent_is_asked_about_again() {
    on_both_databases(async |world| {
        let (agent, remote) = agent(&world, a_document()).await;
        let agent = agent.sending_back_to("https://service.test/callback");
        world.ana().approves_request(&agent.request()).await;
        assert!(world.ana().goes_to(&agent.request()).await.as_page().is_none());
        let moved = with("redirect_uris", value!([BACK, "https://service.test/callback", "https://evil.test/steal"]));
        remote.answers(move |_| json(&moved));
        world.seconds_later(3_601);
        let page = page_for(&world, &agent).await;
        assert!(page.has("described-anew"), "{}", page.text());
        let gone = with("redirect_uris", value!([BACK]));
        remote.answers(move |_| json(&gone));
        world.seconds_later(3_601);
        let page = page_for(&world, &agent).await;
        assert_eq!(page.text_of("error-code").trim(), "invalid_redirect_uri");
    });
}

#[test]
fn an_outage_of_the_clients_host_breaks_nothing_for_a_while() {
    on_both_databases(async |world| {
        let (agent, remote) = agent(&world, a_document()).await;
        let code = world.ana().approves_request(&agent.request()).await;
        let mut tokens = agent.redeem(&code).await.unwrap();
        remote.answers(|_| status(503));
        for _ in 0..3 {
            world.seconds_later(DAY / 2 + 60);
            tokens = agent.refresh(tokens.refresh_token()).await.unwrap();
            assert!(page_for(&world, &agent).await.has("approve"), "the last good document counts");
        }
        for _ in 0..3 {
            world.seconds_later(DAY);
            tokens = agent.refresh(tokens.refresh_token()).await.unwrap();
        }
        let page = page_for(&world, &agent).await;
        assert_eq!(page.text_of("error-code").trim(), "unauthorized_client", "{}", page.text());
        // The document that was taken back is not shown to anybody for as long as that.
        let document = a_document();
        remote.answers(move |_| json(&document));
        world.seconds_later(60);
        assert!(page_for(&world, &agent).await.has("approve"), "errors are not kept");
        remote.answers(|_| status(404));
        world.seconds_later(3_601);
        assert!(!page_for(&world, &agent).await.has("approve"));
        assert!(agent.refresh(tokens.refresh_token()).await.is_ok());
    });
}

#[test]
fn a_document_says_how_long_it_is_fresh_within_bounds() {
    on_both_databases(async |world| {
        let answer = |cache: &'static str| {
            move |_: &latchkey_testkit::remote::Asked| {
                let mut answer: Response<_> = json(&a_document());
                answer.headers_mut().insert("cache-control", cache.parse().unwrap());
                answer
            }
        };
        let remote = world.remote("service.test", answer("max-age=7200")).await;
        let agent = world.agent(AT, BACK, "vso.work");
        let looks = async |seconds| {
            world.seconds_later(seconds);
            page_for(&world, &agent).await;
            remote.asked().len()
        };
        assert_eq!((looks(0).await, looks(7_100).await, looks(200).await), (1, 1, 2));
        remote.answers(answer("no-store"));
        assert_eq!((looks(7_300).await, looks(200).await, looks(200).await), (3, 3, 4));
    });
}

#[test]
fn an_administrator_decides_whether_they_are_let_in() {
    on_both_databases(async |world| {
        let (agent, _remote) = agent(&world, a_document()).await;
        let code = world.ana().approves_request(&agent.request()).await;
        let tokens = agent.redeem(&code).await.unwrap();
        assert_eq!(world.ben().opens("/apps/self-registration").await.status(), 403);
        let page = world.ana().opens("/apps/self-registration").await;
        let page = page.choose("documents", "off").press("save-documents").await.page();
        assert!(page.says("Saved"), "{}", page.text());
        let page = page_for(&world, &agent).await;
        assert!(page.says("are not let in to this directory"), "{}", page.text());
        assert_eq!(agent.refresh(tokens.refresh_token()).await.unwrap_err().error, "invalid_client");
        let tenant = world.harbor();
        let document = world.get(&format!("/{tenant}/v2.0/.well-known/openid-configuration")).await.json();
        assert_eq!(document["client_id_metadata_document_supported"], false);
        let page = world.ana().opens("/apps/self-registration").await;
        page.choose("documents", "on").press("save-documents").await.page();
        assert!(agent.refresh(tokens.refresh_token()).await.is_ok());
    });
}

#[test]
fn an_administrator_sees_them_among_the_apps_and_edits_none() {
    on_both_databases(async |world| {
        let (agent, _remote) = agent(&world, a_document()).await;
        world.ana().approves_request(&agent.request()).await;
        let page = world.ana().opens("/apps").await;
        assert!(page.says("An agent"), "{}", page.text());
        let clients = world.store().clients_of(world.harbor()).await.unwrap();
        let client = clients.iter().find(|client| client.document.is_some()).unwrap();
        let page = world.ana().opens(&format!("/apps/{}", client.id)).await;
        assert_eq!(page.text_of("client-id").trim(), AT);
        assert!(page.says("It describes itself") && !page.has("save-scopes"), "{}", page.text());
    });
}

#[test]
fn a_device_is_told_by_what_describes_itself_too() {
    on_both_databases(async |world| {
        let grants = value!(["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]);
        let (agent, _remote) = agent(&world, with("grant_types", grants)).await;
        let begun = agent.request_to("devicecode", &[("scope", "openid vso.work")]).await;
        assert_eq!(begun.status, 200, "{}", begun.text());
        assert!(begun.json()["user_code"].is_string());
    });
}

#[test]
fn who_signed_in_to_it_signs_out_by_its_id_token() {
    on_both_databases(async |world| {
        let document = with("post_logout_redirect_uris", value!(["https://service.test/bye"]));
        let (agent, _remote) = agent(&world, document).await;
        let ana = world.ana();
        let code = ana.approves_request(&agent.request()).await;
        let id_token = agent.redeem(&code).await.unwrap().id.unwrap();
        let query = latchkey_testkit::server::encode([
            ("id_token_hint", id_token.as_str()),
            ("client_id", AT),
            ("post_logout_redirect_uri", "https://service.test/bye"),
        ]);
        let mut visit = ana.browser().open(&format!("/{}/oauth2/v2.0/logout?{query}", world.harbor())).await;
        if let Some(page) = visit.as_page() {
            visit = page.press("signout-confirm").await;
        }
        assert!(visit.left().url.starts_with("https://service.test/bye"));
    });
}

#[test]
fn those_that_nobody_authorized_are_forgotten_and_come_back_by_themselves() {
    on_both_databases(async |world| {
        let (agent, _remote) = agent(&world, a_document()).await;
        page_for(&world, &agent).await;
        assert_eq!(world.store().count_described_clients(world.harbor()).await.unwrap(), 1);
        world.seconds_later(DAY + 1);
        world.parts().purge().await.unwrap();
        assert_eq!(world.store().count_described_clients(world.harbor()).await.unwrap(), 0);
        assert!(world.store().clients_of(world.harbor()).await.unwrap().iter().all(|one| one.document.is_none()));
        let code = world.ana().approves_request(&agent.request()).await;
        let tokens = agent.redeem(&code).await.unwrap();
        world.seconds_later(3 * DAY);
        world.parts().purge().await.unwrap();
        assert!(agent.refresh(tokens.refresh_token()).await.is_ok(), "whoever is authorized stays");
    });
}
