//! `/{t}/oauth2/v2.0/logout`: what an examiner of RP-Initiated Logout looks at, line by line.

use latchkey_testkit::builders::{a_native_app, a_web_app};
use latchkey_testkit::server::encode;
use latchkey_testkit::{Browser, Person, RelyingParty, Tokens, Visit, World, on_both_databases};

const BYE: &str = "https://skiff.test/bye?from=latchkey";

async fn skiff(world: &World) -> RelyingParty {
    world.registers(a_web_app("skiff").and_post_logout_redirect_uri(BYE)).await
}

/// Ana, signed in at skiff, and what skiff got.
async fn signed_in(world: &World) -> (RelyingParty, Person, Tokens) {
    let (skiff, ana) = (skiff(world).await, world.ana());
    let tokens = ana.authorizes("skiff").await;
    (skiff, ana, tokens)
}

fn url(skiff: &RelyingParty, pairs: &[(&str, &str)]) -> String {
    format!("{}?{}", skiff.endpoint("oauth2/v2.0/logout"), encode(pairs.iter().copied()))
}

async fn goes(skiff: &RelyingParty, browser: &Browser, pairs: &[(&str, &str)]) -> Visit {
    browser.open_from("https://skiff.test", &url(skiff, pairs)).await
}

/// Whether a silent request still finds somebody.
async fn is_signed_in(world: &World, browser: &Browser) -> bool {
    let request = world.app("skiff").request().with("prompt", "none");
    let left = browser.open(&request.url()).await.left();
    match request.answered(&left) {
        Ok(_) => true,
        Err(refused) => {
            let known = ["login_required", "account_selection_required", "consent_required"];
            assert!(known.contains(&&*refused.error), "{}", refused.error);
            refused.error != "login_required"
        }
    }
}

fn hint(tokens: &Tokens) -> &str {
    tokens.id.as_deref().unwrap()
}

#[test]
fn a_hint_and_a_registered_address_sign_out_and_lead_there_with_the_same_state_and_nothing_else() {
    on_both_databases(async |world| {
        let (skiff, ana, tokens) = signed_in(&world).await;
        assert!(is_signed_in(&world, ana.browser()).await);
        let state = "a.b-c_d~".repeat(16);
        let to = [("id_token_hint", hint(&tokens)), ("post_logout_redirect_uri", BYE), ("state", &state)];
        let left = goes(&skiff, ana.browser(), &to).await.left();
        assert!(left.url.starts_with(BYE) && left.form.is_none(), "{}", left.url);
        let expected = [("from".to_owned(), "latchkey".to_owned()), ("state".to_owned(), state.clone())];
        assert_eq!(left.parameters(), expected);
        assert!(!is_signed_in(&world, ana.browser()).await, "the sign-in is really gone");
        assert!(tokens.refreshed().await.is_ok(), "what was approved stays until it is revoked");
    });
}

#[test]
fn without_a_state_none_is_added_and_post_is_the_same_as_get() {
    on_both_databases(async |world| {
        let (skiff, ana, tokens) = signed_in(&world).await;
        let body = encode([("id_token_hint", hint(&tokens)), ("post_logout_redirect_uri", BYE), ("extra", "1")]);
        let endpoint = skiff.endpoint("oauth2/v2.0/logout");
        let form = "application/x-www-form-urlencoded";
        let left = ana.browser().post_from("https://skiff.test", &endpoint, form, &body).await.left();
        assert_eq!(left.url, BYE);
        assert!(!is_signed_in(&world, ana.browser()).await);
    });
}

#[test]
fn what_stands_in_the_address_of_a_post_counts_beside_its_form() {
    on_both_databases(async |world| {
        let (skiff, ana, tokens) = signed_in(&world).await;
        let rest = encode([("post_logout_redirect_uri", BYE)]);
        let (address, form) = (url(&skiff, &[("id_token_hint", hint(&tokens))]), "application/x-www-form-urlencoded");
        assert_eq!(ana.browser().post_from("https://skiff.test", &address, form, &rest).await.left().url, BYE);
        assert!(!is_signed_in(&world, ana.browser()).await);
    });
}

#[test]
fn an_address_that_is_not_registered_or_has_more_in_its_query_is_an_error_page() {
    on_both_databases(async |world| {
        let (skiff, ana, tokens) = signed_in(&world).await;
        for address in [
            "https://evil.test/",
            "https://skiff.test/callback",
            "https://skiff.test/bye",
            &format!("{BYE}&foo=bar"),
            "javascript:alert(1)",
        ] {
            for about in [("id_token_hint", hint(&tokens)), ("client_id", &*skiff.client_id())] {
                let page = goes(&skiff, ana.browser(), &[about, ("post_logout_redirect_uri", address)]).await.page();
                assert_eq!((page.status(), page.error_code()), (400, "invalid_redirect_uri".to_owned()), "{address}");
                assert!(!page.source().contains(address), "it is not shown, let alone as a link");
            }
        }
        assert!(is_signed_in(&world, ana.browser()).await);
    });
}

#[test]
fn a_hint_of_alg_none_or_of_a_foreign_key_is_an_error_page() {
    on_both_databases(async |world| {
        let (skiff, ana, tokens) = signed_in(&world).await;
        let parts: Vec<&str> = hint(&tokens).split('.').collect();
        let none = format!("eyJhbGciOiJub25lIn0.{}.", parts[1]);
        let foreign = format!("{}.{}.{}", parts[0], parts[1], parts[2].chars().rev().collect::<String>());
        for wrong in [&none, &foreign, &tokens.access, "nonsense"] {
            let asks = [("id_token_hint", wrong), ("post_logout_redirect_uri", BYE), ("state", "s")];
            let page = goes(&skiff, ana.browser(), &asks).await.page();
            assert_eq!((page.status(), page.error_code()), (400, "id_token_hint".to_owned()), "{wrong}");
        }
        assert!(is_signed_in(&world, ana.browser()).await);
    });
}

#[test]
fn without_a_hint_and_without_a_client_nobody_is_sent_anywhere() {
    on_both_databases(async |world| {
        let (skiff, ana, _) = signed_in(&world).await;
        let page = goes(&skiff, ana.browser(), &[("post_logout_redirect_uri", BYE), ("state", "s")]).await.page();
        assert_eq!((page.status(), page.heading()), (200, "Sign out".to_owned()));
        assert!(is_signed_in(&world, ana.browser()).await, "it asks first");
        let done = page.press("signout-confirm").await.page();
        assert_eq!(done.heading(), "You are signed out");
        assert!(!is_signed_in(&world, ana.browser()).await);
    });
}

#[test]
fn no_parameters_only_a_state_or_a_hint_alone_end_at_a_page_that_says_so() {
    on_both_databases(async |world| {
        let skiff = skiff(&world).await;
        for bare in [vec![], vec![("state", "s")]] {
            let ana = world.ana();
            ana.authorizes("skiff").await;
            let page = goes(&skiff, ana.browser(), &bare).await.page().press("signout-confirm").await.page();
            assert_eq!(page.heading(), "You are signed out");
            assert!(!is_signed_in(&world, ana.browser()).await);
        }
        let ana = world.ana();
        let tokens = ana.authorizes("skiff").await;
        let page = goes(&skiff, ana.browser(), &[("id_token_hint", hint(&tokens))]).await.page();
        assert_eq!(page.heading(), "You are signed out");
        assert!(page.says("ana@harbor.test") && !is_signed_in(&world, ana.browser()).await);
    });
}

#[test]
fn an_expired_id_token_is_as_good_a_hint() {
    on_both_databases(async |world| {
        let (skiff, ana, tokens) = signed_in(&world).await;
        world.seconds_later(3 * 3_600);
        let asks = [("id_token_hint", hint(&tokens)), ("post_logout_redirect_uri", BYE)];
        assert_eq!(goes(&skiff, ana.browser(), &asks).await.left().url, BYE);
        assert!(!is_signed_in(&world, ana.browser()).await);
    });
}

#[test]
fn a_hint_for_somebody_else_asks_and_then_leads_on() {
    on_both_databases(async |world| {
        let (skiff, _, tokens) = signed_in(&world).await;
        let max = world.max();
        max.authorizes("skiff").await;
        let asks = [("id_token_hint", hint(&tokens)), ("post_logout_redirect_uri", BYE), ("state", "s")];
        let page = goes(&skiff, max.browser(), &asks).await.page();
        assert_eq!(page.heading(), "Sign out");
        assert!(page.says("skiff") && page.says("max@harbor.test"));
        assert!(is_signed_in(&world, max.browser()).await);
        let left = page.press("signout-confirm").await.left();
        assert_eq!(left.url, format!("{BYE}&state=s"));
        assert!(!is_signed_in(&world, max.browser()).await);
    });
}

#[test]
fn somebody_elses_hint_does_not_make_us_a_springboard_to_an_app_that_nobody_vouches_for() {
    on_both_databases(async |world| {
        let skiff = world.registers(a_web_app("skiff").not_approved().and_post_logout_redirect_uri(BYE)).await;
        let tokens = world.ana().authorizes("skiff").await;
        let asks = [("id_token_hint", hint(&tokens)), ("post_logout_redirect_uri", BYE)];
        let page = goes(&skiff, &world.browser(), &asks).await.page();
        assert_eq!((page.status(), page.heading()), (200, "Sign out".to_owned()));
        assert!(page.says("You are not signed in here") && page.attributes("href").contains(&BYE.to_owned()));
    });
}

#[test]
fn the_hint_of_an_app_that_was_sent_away_asks_first() {
    on_both_databases(async |world| {
        let (skiff, ana, tokens) = signed_in(&world).await;
        ana.revokes().await;
        let page = goes(&skiff, ana.browser(), &[("id_token_hint", hint(&tokens))]).await.page();
        assert!(page.has("signout-confirm"), "{}", page.text());
        assert!(is_signed_in(&world, ana.browser()).await);
        page.press("signout-confirm").await;
        assert!(!is_signed_in(&world, ana.browser()).await);
    });
}

#[test]
fn a_client_id_with_a_registered_address_asks_first() {
    on_both_databases(async |world| {
        let (skiff, ana, _) = signed_in(&world).await;
        let id = skiff.client_id();
        let asks = [("client_id", &*id), ("post_logout_redirect_uri", BYE), ("state", "s")];
        let page = goes(&skiff, ana.browser(), &asks).await.page();
        assert!(is_signed_in(&world, ana.browser()).await);
        assert_eq!(page.press("signout-confirm").await.left().url, format!("{BYE}&state=s"));
        let nobody = goes(&skiff, ana.browser(), &asks).await.page();
        assert!(nobody.says("You are not signed in here"));
        assert!(nobody.text_of("onward").starts_with("Go on to skiff at "), "and to which host: {}", nobody.text());
        assert!(nobody.attributes("href").contains(&format!("{BYE}&state=s")), "a link, and no redirect");
    });
}

#[test]
fn the_account_of_the_hint_leaves_and_the_others_stay() {
    on_both_databases(async |world| {
        let (skiff, ana, tokens) = signed_in(&world).await;
        world.person_at("max", ana.browser()).signs_in().await;
        let page = goes(&skiff, ana.browser(), &[("id_token_hint", hint(&tokens))]).await.page();
        assert!(page.says("ana@harbor.test") && page.says("One other account is still signed in"), "{}", page.text());
        let asks = [("logout_hint", "MAX@harbor.test"), ("client_id", &*skiff.client_id())];
        world.person_at("ana", ana.browser()).signs_in().await;
        let page = goes(&skiff, ana.browser(), &asks).await.page();
        assert!(page.says("max@harbor.test") && !page.says("ana@harbor.test"), "the app meant one: {}", page.text());
        let all = page.press("signout-all").await.page();
        assert!(all.says("max@harbor.test") && all.says("ana@harbor.test"));
    });
}

#[test]
fn a_library_of_the_microsoft_world_names_only_where_it_goes() {
    on_both_databases(async |world| {
        let (skiff, compass) = (skiff(&world).await, world.app("compass"));
        let ana = world.ana();
        ana.authorizes("compass").await;
        let own = compass.app().redirect_uris[0].clone();
        let asks = [("post_logout_redirect_uri", &*own), ("state", "s"), ("client-request-id", "1"), ("pocd", "1")];
        let page = goes(&skiff, ana.browser(), &asks).await.page();
        assert!(page.says("compass"), "{}", page.text());
        assert!(page.press("signout-confirm").await.left().url.starts_with(&*own));
    });
}

#[test]
fn what_names_two_apps_an_unknown_one_or_another_tenant_is_refused() {
    on_both_databases(async |world| {
        let (skiff, ana, tokens) = signed_in(&world).await;
        let other = world.registers(a_native_app("dinghy")).await.client_id();
        let page = goes(&skiff, ana.browser(), &[("id_token_hint", hint(&tokens)), ("client_id", &other)]).await.page();
        assert_eq!(page.error_code(), "invalid_request");
        for unknown in ["00000000-0000-0000-0000-000000000001", "nonsense"] {
            let page = goes(&skiff, ana.browser(), &[("client_id", unknown)]).await.page();
            assert_eq!(page.error_code(), "unauthorized_client");
        }
        let shore = skiff.clone().at(&world.shore().to_string());
        let page = goes(&shore, ana.browser(), &[("id_token_hint", hint(&tokens))]).await.page();
        assert_eq!(page.error_code(), "id_token_hint", "harbor's token says nothing at shore");
        let nowhere = skiff.clone().at("nowhere.test");
        assert_eq!(goes(&nowhere, ana.browser(), &[]).await.page().error_code(), "invalid_tenant");
        assert!(is_signed_in(&world, ana.browser()).await);
    });
}

#[test]
fn every_parameter_doubled_is_refused() {
    on_both_databases(async |world| {
        let (skiff, ana, tokens) = signed_in(&world).await;
        let id = skiff.client_id();
        let good = [
            ("id_token_hint", hint(&tokens)),
            ("client_id", &*id),
            ("post_logout_redirect_uri", BYE),
            ("state", "s"),
            ("logout_hint", "ana@harbor.test"),
        ];
        for (name, value) in good {
            for twice in [value, "other"] {
                let pairs: Vec<_> = good.into_iter().chain([(name, twice)]).collect();
                let page = goes(&skiff, ana.browser(), &pairs).await.page();
                assert_eq!((page.status(), page.error_code()), (400, "invalid_request".to_owned()), "{name}");
            }
        }
        assert!(is_signed_in(&world, ana.browser()).await);
    });
}

#[test]
fn a_suspended_app_signs_people_out_but_leads_them_nowhere() {
    on_both_databases(async |world| {
        let (skiff, ana, tokens) = signed_in(&world).await;
        world.suspends("skiff").await;
        let asks = [("id_token_hint", hint(&tokens)), ("post_logout_redirect_uri", BYE)];
        let page = goes(&skiff, ana.browser(), &asks).await.page();
        assert_eq!(page.heading(), "You are signed out");
    });
}
