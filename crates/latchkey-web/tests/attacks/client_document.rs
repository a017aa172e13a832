//! Somebody names an address as their `client_id`: to make this server ask something from the inside, or to pass for somebody else.
//! [Client ID Metadata Document §8]

use axum::body::Body;
use http::Response;
use latchkey_testkit::remote::{Remote, json};
use latchkey_testkit::{Page, World, on_both_databases};
use serde_json::{Value, json as value};

const BACK: &str = "http://127.0.0.1:3118/callback";

fn a_document(at: &str) -> Value {
    value!({"client_id": at, "client_name": "An agent", "redirect_uris": [BACK]})
}

/// The page that a person sees who is sent here by whoever is at this address.
async fn sent_by(world: &World, at: &str) -> Page {
    world.ana().goes_to(&world.agent(at, BACK, "vso.work").request()).await.page()
}

async fn is_refused(world: &World, at: &str) {
    let page = sent_by(world, at).await;
    assert!(page.has("error-code") && !page.has("approve"), "{at}: {}", page.text());
    assert_eq!(page.status(), 400, "{at}");
}

#[test]
fn addresses_that_lead_inside_are_not_asked() {
    on_both_databases(async |world| {
        let inside = Remote::start("evil.test", |_| json(&a_document("https://evil.test/agent.json"))).await;
        world.names().set("evil.test", vec![inside.address()]);
        world.names().set("localhost", vec![inside.address()]);
        let port = inside.address().port();
        for at in [
            "https://evil.test/agent.json".to_owned(),
            format!("https://evil.test:{port}/agent.json"),
            "https://localhost/agent.json".to_owned(),
            format!("https://127.0.0.1:{port}/agent.json"),
            "https://127.0.0.1/agent.json".to_owned(),
            "https://[::1]/agent.json".to_owned(),
            "https://169.254.169.254/latest/meta-data/".to_owned(),
            "https://10.0.0.1/agent.json".to_owned(),
            "https://nowhere.invalid/agent.json".to_owned(),
        ] {
            is_refused(&world, &at).await;
        }
        assert_eq!(inside.connections(), 0);
        assert_eq!(world.store().count_described_clients(world.harbor()).await.unwrap(), 0);
    });
}

#[test]
fn what_is_no_address_of_a_document_is_nobody() {
    on_both_databases(async |world| {
        let remote = world
            .remote("service.test", |asked| json(&a_document(&format!("https://service.test{}", asked.head.uri))))
            .await;
        for at in [
            "http://service.test/agent.json",
            "https://service.test",
            "https://service.test/agent.json#other",
            "https://service.test/a/../agent.json",
            "https://service.test/%2e%2e/agent.json",
            "https://ana:secret@service.test/agent.json",
            "https://SERVICE.test/agent.json",
            "https://service.test\\@evil.test/agent.json",
            "https://\u{455}ervice.test/agent.json",
        ] {
            is_refused(&world, at).await;
        }
        assert!(remote.asked().is_empty());
    });
}

#[test]
fn a_redirect_is_not_followed_to_a_document() {
    on_both_databases(async |world| {
        let friend = world.remote("friend.test", |_| json(&a_document("https://service.test/agent.json"))).await;
        let _service = world
            .remote("service.test", |_| {
                let to = Response::builder().status(302).header("location", "https://friend.test/agent.json");
                to.body(Body::empty()).unwrap()
            })
            .await;
        is_refused(&world, "https://service.test/agent.json").await;
        assert_eq!(friend.connections(), 0);
    });
}

#[test]
fn a_document_of_somebody_else_is_nobodys() {
    on_both_databases(async |world| {
        // What people can upload to a server, or copy from another.
        let _service = world.remote("service.test", |_| json(&a_document("https://friend.test/agent.json"))).await;
        is_refused(&world, "https://service.test/agent.json").await;
        is_refused(&world, "https://service.test/friend.test/agent.json").await;
    });
}

#[test]
fn a_secret_that_everybody_can_read_is_none() {
    on_both_databases(async |world| {
        let at = "https://service.test/agent.json";
        let remote = world.remote("service.test", |_| json(&value!({}))).await;
        for (name, said) in [
            ("client_secret", value!("hunter2")),
            ("token_endpoint_auth_method", value!("client_secret_basic")),
            ("token_endpoint_auth_method", value!("client_secret_post")),
            ("jwks", value!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]})),
        ] {
            let mut document = a_document(at);
            document[name] = said;
            remote.answers(move |_| json(&document));
            is_refused(&world, at).await;
        }
        assert_eq!(remote.asked().len(), 4, "errors are not kept");
    });
}

#[test]
fn what_is_too_large_or_no_json_is_not_read() {
    on_both_databases(async |world| {
        let at = "https://service.test/agent.json";
        let mut large = a_document(at);
        large["client_uri"] = value!(format!("https://service.test/{}", "x".repeat(5_120)));
        let remote = world.remote("service.test", move |_| json(&large)).await;
        is_refused(&world, at).await;
        remote.answers(move |_| {
            let text = a_document(at).to_string();
            Response::builder().header("content-type", "text/plain").body(Body::from(text)).unwrap()
        });
        is_refused(&world, at).await;
        remote.answers(|_| {
            Response::builder().header("content-type", "application/json").body(Body::from("<html>")).unwrap()
        });
        is_refused(&world, at).await;
    });
}

#[test]
fn nobody_is_known_by_the_id_that_a_description_is_kept_under_nor_in_another_tenant() {
    on_both_databases(async |world| {
        let at = "https://service.test/agent.json";
        let remote = world.remote("service.test", move |_| json(&a_document(at))).await;
        assert!(sent_by(&world, at).await.has("approve"));
        let clients = world.store().clients_of(world.harbor()).await.unwrap();
        let kept = clients.iter().find(|client| client.document.is_some()).unwrap();
        let agent = world.agent(at, BACK, "vso.work");
        let by_our_id = agent.request().with("client_id", &kept.id.to_string());
        assert!(world.ana().goes_to(&by_our_id).await.page().has("error-code"));
        let refused = agent.bare_token_request(&[("grant_type", "refresh_token"), ("client_id", &kept.id.to_string())]);
        assert_eq!(refused.await.error(), "invalid_client");
        // Another tenant has a client of its own, which knows nothing of this one.
        let elsewhere = agent.at(&world.shore().to_string());
        world.eve().goes_to(&elsewhere.request()).await;
        assert_eq!(remote.asked().len(), 2);
        for segment in ["common", "organizations"] {
            let page = world.ana().goes_to(&world.agent(at, BACK, "vso.work").at(segment).request()).await.page();
            assert!(page.has("error-code"), "{segment}: {}", page.text());
        }
    });
}

#[test]
fn markup_and_names_of_others_do_no_harm_on_the_page() {
    on_both_databases(async |world| {
        let at = "https://service.test/agent.json";
        let mut document = a_document(at);
        document["client_name"] = value!("<script>alert(1)</script>");
        let remote = world.remote("service.test", move |_| json(&document)).await;
        let page = sent_by(&world, at).await;
        assert!(page.says("<script>alert(1)</script>"), "it is text");
        assert!(page.text_of("described").contains("service.test"));
        let mut ours = a_document(at);
        ours["client_name"] = value!("Latchkey");
        remote.answers(move |_| json(&ours));
        world.seconds_later(3_601);
        is_refused(&world, at).await;
    });
}

#[test]
fn nobody_makes_this_server_ask_others_again_and_again() {
    on_both_databases(async |world| {
        let remote = world
            .remote("service.test", |asked| json(&a_document(&format!("https://service.test{}", asked.head.uri))))
            .await;
        let browser = world.browser();
        for number in 0..230 {
            let agent = world.agent(&format!("https://service.test/{number}.json"), BACK, "vso.work");
            browser.open(&agent.request().url()).await;
        }
        assert_eq!(remote.asked().len(), 200, "one network has so many in a quarter of an hour");
        let known = world.agent("https://service.test/0.json", BACK, "vso.work");
        assert!(world.ana().goes_to(&known.request()).await.page().has("approve"), "what is known is served");
    });
}
