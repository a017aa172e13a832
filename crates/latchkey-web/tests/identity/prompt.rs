//! `prompt`, `max_age` and the hints: who answers an authorization request, and whether they are asked. [OpenID Connect Core §3.1.2.1]

use latchkey_testkit::{Person, on_both_databases};

#[test]
fn prompt_none_shows_no_page_and_says_what_is_missing() {
    on_both_databases(async |world| {
        let refused = async |person: &Person, app: &str| {
            let request = world.app(app).request().with("prompt", "none");
            request.answered(&person.browser().open(&request.url()).await.left()).err().map(|refused| refused.error)
        };
        let ana = world.ana();
        assert_eq!(refused(&ana, "burndown").await.as_deref(), Some("login_required"));
        ana.signs_in().await;
        assert_eq!(refused(&ana, "burndown").await.as_deref(), Some("consent_required"));
        ana.approves("burndown").await;
        assert_eq!(refused(&ana, "burndown").await, None);
        world.person_at("max", ana.browser()).signs_in().await;
        assert_eq!(refused(&ana, "burndown").await.as_deref(), Some("account_selection_required"));
    });
}

#[test]
fn prompt_none_with_a_hint_answers_for_that_person_only() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("burndown").await;
        let hint = tokens.id.clone().unwrap();
        let silent = world.app("burndown").request().with("prompt", "none").with("id_token_hint", &hint);
        let code = silent.answered(&ana.browser().open(&silent.url()).await.left()).unwrap();
        assert_eq!(world.redeem(&code).await.unwrap().id_claims()["sub"], tokens.id_claims()["sub"]);

        let max = world.max();
        max.approves("burndown").await;
        let visit = max.browser().open(&silent.url()).await;
        assert_eq!(silent.answered(&visit.left()).err().unwrap().error, "login_required");
    });
}

/// Checklist 2.2: `auth_time` is the time of the sign-in; silence, approval, picking and a refresh leave it as it is.
#[test]
fn auth_time_is_that_of_the_sign_in_whatever_follows_it() {
    on_both_databases(async |world| {
        let (ana, burndown) = (world.ana(), world.app("burndown"));
        let first = ana.authorizes("burndown").await;
        let signed_in = first.id_claims()["auth_time"].clone();
        assert_eq!(signed_in, first.id_claims()["iat"], "to the second");
        for prompt in ["none", "consent", "select_account"] {
            world.seconds_later(7);
            let code = ana.approves_request(&burndown.request().with("prompt", prompt)).await;
            let claims = world.redeem(&code).await.unwrap().id_claims();
            assert_eq!((&claims["auth_time"], &claims["sub"]), (&signed_in, &first.id_claims()["sub"]), "{prompt}");
        }
        assert_eq!(first.refreshed().await.unwrap().id_claims()["auth_time"], signed_in);
    });
}

/// Checklist 2.1: `offline_access` with `prompt=consent` brings a refresh token after an approval that the person saw.
#[test]
fn offline_access_with_prompt_consent_is_seen_and_brings_a_refresh_token() {
    on_both_databases(async |world| {
        let (ana, burndown) = (world.ana(), world.app("burndown").asking("openid offline_access"));
        ana.approves_request(&burndown.request()).await;
        let request = burndown.request().with("prompt", "consent");
        let page = ana.goes_to(&request).await.page();
        let code = request.answered(&page.press("approve").await.left()).unwrap();
        assert!(world.redeem(&code).await.unwrap().refreshed().await.is_ok());
    });
}

#[test]
fn prompt_none_stands_alone() {
    on_both_databases(async |world| {
        let request = world.app("burndown").request().with("prompt", "none login");
        let refused = request.answered(&world.browser().open(&request.url()).await.left()).err().unwrap();
        assert_eq!(refused.error, "invalid_request");
    });
}

#[test]
fn prompt_login_signs_in_again_and_auth_time_moves() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let first = ana.authorizes("burndown").await.id_claims()["auth_time"].as_i64().unwrap();
        world.seconds_later(30);
        let request = world.app("burndown").request().with("prompt", "login");
        let page = ana.browser().open(&request.url()).await.page();
        assert_eq!((page.heading().as_str(), page.value("email")), ("Sign in", ana.email().to_owned()));
        let code = ana.approves_request(&request).await;
        let second = world.redeem(&code).await.unwrap().id_claims()["auth_time"].as_i64().unwrap();
        assert_eq!(second, first + 30);
    });
}

#[test]
fn max_age_asks_again_only_when_the_sign_in_is_older() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let first = ana.authorizes("burndown").await.id_claims()["auth_time"].clone();
        world.seconds_later(2);
        for age in ["15000", "10000"] {
            let request = world.app("burndown").request().with("max_age", age);
            let code = request.answered(&ana.browser().open(&request.url()).await.left()).unwrap();
            assert_eq!(world.redeem(&code).await.unwrap().id_claims()["auth_time"], first);
        }
        let request = world.app("burndown").request().with("max_age", "1");
        assert_eq!(ana.browser().open(&request.url()).await.page().heading(), "Sign in");
        let code = ana.approves_request(&request).await;
        assert!(world.redeem(&code).await.unwrap().id_claims()["auth_time"].as_i64() > first.as_i64());
        for bad in ["-1", "soon", "1e3"] {
            let request = world.app("burndown").request().with("max_age", bad);
            let refused = request.answered(&ana.browser().open(&request.url()).await.left()).err().unwrap();
            assert_eq!(refused.error, "invalid_request", "{bad}");
        }
    });
}

#[test]
fn prompt_select_account_shows_the_picker_even_for_one_account() {
    on_both_databases(async |world| {
        let (ana, burndown) = (world.ana(), world.app("burndown"));
        ana.approves("burndown").await;
        let page = ana.browser().open(&burndown.request().with("prompt", "select_account").url()).await.page();
        assert_eq!((page.path(), page.accounts()), ("/select", vec![ana.email().to_owned()]));
    });
}

#[test]
fn prompt_consent_asks_again() {
    on_both_databases(async |world| {
        let (ana, burndown) = (world.ana(), world.app("burndown"));
        ana.approves("burndown").await;
        let page = ana.goes_to(&burndown.request().with("prompt", "consent")).await.page();
        assert!(page.has("approve"), "{}", page.text());
    });
}

#[test]
fn an_unknown_prompt_is_told_to_the_client() {
    on_both_databases(async |world| {
        let request = world.app("burndown").request().with("prompt", "dance");
        let refused = request.answered(&world.browser().open(&request.url()).await.left()).err().unwrap();
        assert_eq!(refused.error, "invalid_request");
    });
}

#[test]
fn a_login_hint_fills_the_address_in_and_picks_among_several() {
    on_both_databases(async |world| {
        let browser = world.browser();
        let request = world.app("burndown").request().with("login_hint", "buffy@slayers.test");
        assert_eq!(browser.open(&request.url()).await.page().value("email"), "buffy@slayers.test");

        let (ana, max) = (world.person_at("ana", &browser), world.person_at("max", &browser));
        ana.approves("burndown").await;
        max.signs_in().await;
        let request = world.app("burndown").request().with("login_hint", "ANA@harbor.test");
        let code = request.answered(&browser.open(&request.url()).await.left()).unwrap();
        assert_eq!(world.redeem(&code).await.unwrap().id_claims()["sub"], ana.id().to_string());
        let request = world.app("burndown").request().with("login_hint", "cy@harbor.test");
        let page = browser.open(&request.url()).await.page();
        assert_eq!((page.path(), page.value("email")), ("/signin", "cy@harbor.test".to_owned()));
    });
}

#[test]
fn a_domain_hint_leaves_only_the_accounts_of_that_domain() {
    on_both_databases(async |world| {
        let browser = world.browser();
        let (ana, pat) = (world.person_at("ana", &browser), world.person_at("pat", &browser));
        let common = world.app("burndown").at("common").asking("openid");
        let code = ana.approves_request(&common.request()).await;
        world.redeem(&code).await.unwrap();
        pat.signs_in().await;
        for (hint, person) in [("organizations", Some(&ana)), ("harbor.test", Some(&ana)), ("HARBOR.test", Some(&ana))]
        {
            let request = common.request().with("domain_hint", hint);
            let visit = browser.open(&request.url()).await;
            let code = request.answered(&visit.left()).unwrap();
            let subject = world.redeem(&code).await.unwrap().id_claims()["sub"].clone();
            assert_eq!(person.map(|person| person.id().to_string()).as_deref(), subject.as_str(), "{hint}");
        }
        let consumers = browser.open(&common.request().with("domain_hint", "consumers").url()).await.page();
        assert!(consumers.says(pat.email()) && !consumers.says(ana.email()), "{}", consumers.text());
        assert_eq!(browser.open(&common.request().url()).await.page().path(), "/select");
    });
}
