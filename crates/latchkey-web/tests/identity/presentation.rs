//! `client_uri`, `logo_uri`, `policy_uri` and `tos_uri`: what an app shows of itself on the page of an approval.
//! [OpenID Connect Registration §2], [OpenID Connect Core §3.1.2.4]

use axum::body::Body;
use http::Response;
use latchkey_identity::client::Metadata;
use latchkey_identity::client::dynamic::RegistrationGate;
use latchkey_testkit::builders::a_web_app;
use latchkey_testkit::{Page, RelyingParty, World, on_both_databases};
use serde_json::json;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and what is in it";

fn shown() -> Metadata {
    Metadata {
        logo_uri: Some("https://service.test/logo.png".into()),
        policy_uri: Some("https://service.test/policy".into()),
        tos_uri: Some("https://law.test/terms".into()),
        ..Metadata::default()
    }
}

async fn skiff(world: &World, metadata: Metadata) -> RelyingParty {
    let app = a_web_app("skiff").and_redirect_uri("https://service.test/callback").with_metadata(metadata);
    world.registers(app).await
}

async fn page(world: &World, skiff: &RelyingParty) -> Page {
    world.ana().goes_to(&skiff.request()).await.page()
}

/// `oidcc-registration-logo-uri`, `oidcc-registration-policy-uri`, `oidcc-registration-tos-uri`.
#[test]
fn the_page_shows_the_logo_and_leads_to_policy_and_terms() {
    on_both_databases(async |world| {
        let remote = world.remote("service.test", |_| Response::new(Body::from(PNG))).await;
        let page = page(&world, &skiff(&world, shown()).await).await;
        assert!(
            page.says("Its privacy policy") && page.says("service.test") && page.says("law.test"),
            "{}",
            page.text()
        );
        let hrefs = page.attributes("href");
        assert!(
            hrefs.contains(&"https://service.test/policy".into()) && hrefs.contains(&"https://law.test/terms".into())
        );
        assert!(page.attributes("rel").contains(&"noopener noreferrer".into()));
        let logo = page.attributes("src").into_iter().find(|src| src.contains("/assets/logos/")).unwrap();
        assert!(remote.asked().is_empty(), "the page itself asks nobody");
        for _ in 0..3 {
            let image = world.get(&logo).await;
            assert_eq!((image.status.as_u16(), image.header("content-type")), (200, Some("image/png")));
            assert_eq!(image.header("content-security-policy"), Some("default-src 'none'; sandbox"));
            assert_eq!(image.body, PNG);
        }
        assert_eq!(remote.asked().len(), 1, "it is fetched once");
    });
}

/// Whoever signs in first sees there already whom they go on to, as the examiner's page of a sign-in does.
#[test]
fn the_sign_in_shows_the_logo_and_leads_to_policy_and_terms_of_who_asks() {
    on_both_databases(async |world| {
        let skiff = skiff(&world, shown()).await;
        let page = world.browser().open(&skiff.request().url()).await.page();
        assert!(page.has("sign-in") && page.has("logo"), "{}", page.text());
        let (hrefs, logos) = (page.attributes("href"), page.attributes("src"));
        for address in ["https://service.test/policy", "https://law.test/terms"] {
            assert!(hrefs.contains(&address.into()), "{hrefs:?}");
        }
        assert!(page.attributes("rel").contains(&"noopener noreferrer".into()));
        assert!(logos.iter().any(|src| src.starts_with("/assets/logos/")), "{logos:?}");

        let elsewhere = Metadata { logo_uri: Some("https://bank.test/logo.png".into()), ..Metadata::default() };
        let other = world.registers(a_web_app("dinghy").with_metadata(elsewhere)).await;
        for plain in [other.request().url(), "/signin".to_owned()] {
            let page = world.browser().open(&plain).await.page();
            assert!(page.has("sign-in") && !page.has("logo"), "{}", page.text());
        }
    });
}

#[test]
fn what_is_no_picture_or_from_another_host_is_not_shown() {
    on_both_databases(async |world| {
        let remote = world.remote("service.test", |_| Response::new(Body::from("<svg onload='alert(1)'/>"))).await;
        let skiff = skiff(&world, shown()).await;
        let logo = format!("/assets/logos/{}", skiff.client_id());
        for _ in 0..3 {
            assert_eq!(world.get(&logo).await.status, 404);
        }
        assert_eq!(remote.asked().len(), 1, "nor is it asked for again and again");
        let elsewhere = Metadata { logo_uri: Some("https://bank.test/logo.png".into()), ..shown() };
        let other = world.registers(a_web_app("dinghy").with_metadata(elsewhere)).await;
        assert!(!page(&world, &other).await.has("logo"));
        for nobody in ["nonsense", &world.app("burndown").client_id(), "00000000-0000-0000-0000-000000000000"] {
            assert_eq!(world.get(&format!("/assets/logos/{nobody}")).await.status, 404, "{nobody}");
        }
    });
}

#[test]
fn terms_that_changed_after_the_page_was_shown_are_shown_again() {
    on_both_databases(async |world| {
        let skiff = skiff(&world, shown()).await;
        let page = page(&world, &skiff).await;
        let others = "https://law.test/other-terms";
        world.changes_app("skiff", |client| client.metadata.tos_uri = Some(others.into())).await;
        let again = page.press("approve").await.page();
        assert!(again.has("changed"), "{}", again.text());
        assert!(again.attributes("href").contains(&others.into()));
    });
}

#[test]
fn an_app_that_registers_itself_tells_of_them_and_is_told_them_again() {
    on_both_databases(async |world| {
        let event = world.parts().registration_event(world.harbor());
        world.parts().set_registration_gate(world.harbor(), RegistrationGate::Open, event).await.unwrap();
        let registers = async |policy: &str| {
            let document = json!({"redirect_uris": ["https://skiff.test/callback"], "policy_uri": policy});
            world.post(&format!("/{}/oauth2/v2.0/register", world.harbor())).json(&document).await
        };
        let told = registers("https://skiff.test/policy").await;
        assert_eq!(told.json()["policy_uri"], "https://skiff.test/policy");
        for bad in ["javascript:alert(1)", "https://bank.test@evil.test/", "policy"] {
            assert_eq!(registers(bad).await.error(), "invalid_client_metadata", "{bad}");
        }
    });
}

/// What somebody makes this server fetch is counted by where they are, a logo like a request object; what is refused before anything is
/// fetched uses up nothing.
#[test]
fn nobody_makes_this_server_ask_others_again_and_again() {
    on_both_databases(async |world| {
        let uri = "https://service.test/request.jwt";
        let skiff = skiff(&world, Metadata { request_uris: vec![uri.into()], ..shown() }).await;
        let remote = world.remote("service.test", |_| latchkey_testkit::remote::status(404)).await;
        let asks = async |uri: &str| {
            let pairs = [("client_id", skiff.client_id()), ("request_uri", uri.to_owned())];
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            world.get(&format!("{}?{query}", skiff.endpoint("oauth2/v2.0/authorize"))).await
        };
        for _ in 0..250 {
            asks("https://service.test/other.jwt").await;
        }
        assert!(remote.asked().is_empty(), "it is fetched from where it was registered, and from nowhere else");
        for _ in 0..250 {
            asks(uri).await;
        }
        assert_eq!(remote.asked().len(), 200);
        let logo = format!("/assets/logos/{}", skiff.client_id());
        assert_eq!(world.get(&logo).await.status, 404);
        assert_eq!(remote.asked().len(), 200, "nor the logo");
        remote.answers(|_| Response::new(Body::from(PNG)));
        world.seconds_later(15 * 60);
        assert_eq!(world.get(&logo).await.status, 200);
    });
}
