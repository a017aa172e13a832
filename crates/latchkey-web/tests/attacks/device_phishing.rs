//! Somebody else's device: a code sent to a victim, guessed, taken along or presented where it does not belong. [RFC 8628 §5]

use latchkey_testkit::{World, on_both_databases};

#[test]
fn a_link_with_a_code_in_it_does_nothing_without_the_persons_clicks() {
    on_both_databases(async |world: World| {
        let (ana, beacon) = (world.ana(), world.app("beacon"));
        ana.authorizes("beacon").await;
        let device = beacon.begins_on_a_device().await;
        let link = device.body["verification_uri_complete"].as_str().unwrap();
        let page = ana.browser().open_from("https://evil.test", link).await.page();
        assert_eq!(page.heading(), "Connect a device");
        assert_eq!(device.polls().await.err().unwrap().error, "authorization_pending");
        let body = format!("user_code={}&csrf=x", device.user_code);
        let form = "application/x-www-form-urlencoded";
        for path in ["/device", "/device/continue"] {
            let refused = ana.browser().post_from("https://evil.test", path, form, &body).await.page();
            assert_eq!(refused.error_code(), "foreign_form", "{path}");
        }
        for path in ["/device/continue", "/device/done"] {
            let _ = ana.browser().open_from("https://evil.test", path).await;
        }
        world.seconds_later(5);
        assert_eq!(device.polls().await.err().unwrap().error, "authorization_pending");
    });
}

#[test]
fn an_approval_given_before_and_an_administrators_word_still_ask_for_a_device() {
    on_both_databases(async |world: World| {
        let (ana, beacon) = (world.ana(), world.app("beacon"));
        ana.authorizes("beacon").await;
        for scope in [beacon.scope().to_owned(), "openid".to_owned()] {
            let device = beacon.clone().asking(&scope).begins_on_a_device().await;
            let picker = ana.types(&device).await.press("device-continue").await.page();
            assert_eq!(picker.heading(), "Pick an account", "nobody is let in silently");
            let page = picker.pick(ana.email()).await.page();
            assert!(page.has("approve"), "{scope}: {}", page.text());
            assert_eq!(device.polls().await.err().unwrap().error, "authorization_pending");
        }
    });
}

#[test]
fn codes_cannot_be_guessed() {
    on_both_databases(async |world: World| {
        let device = world.app("beacon").begins_on_a_device().await;
        let form = world.browser().open("/device").await.page();
        for _ in 0..10 {
            assert_eq!(form.clone().fill("user_code", "BBBB-BBBB").press("device-next").await.page().status(), 422);
        }
        let stopped = form.clone().fill("user_code", &device.user_code).press("device-next").await.page();
        assert_eq!(stopped.status(), 429, "even the right one");
        assert!(stopped.header("retry-after").is_some());
        let elsewhere = world.browser_at("203.0.113.9".parse().unwrap()).open("/device").await.page();
        assert_eq!(elsewhere.fill("user_code", &device.user_code).press("device-next").await.page().status(), 200);
        world.seconds_later(900);
        let fresh = world.app("beacon").begins_on_a_device().await;
        assert_eq!(form.fill("user_code", &fresh.user_code).press("device-next").await.page().status(), 200);
    });
}

#[test]
fn an_account_cannot_go_on_guessing_from_another_network() {
    on_both_databases(async |world: World| {
        let mut statuses = Vec::new();
        for network in 1..=3u8 {
            let browser = world.browser_at(format!("203.0.{network}.9").parse().unwrap());
            world.person_at("ana", &browser).signs_in().await;
            let form = browser.open("/device").await.page();
            for _ in 0..5 {
                statuses.push(form.clone().fill("user_code", "BBBB-BBBB").press("device-next").await.page().status());
            }
        }
        assert_eq!(statuses, [[422; 5], [422; 5], [429; 5]].concat());
    });
}

#[test]
fn a_client_gets_no_flood_of_codes() {
    on_both_databases(async |world: World| {
        let beacon = world.app("beacon");
        for _ in 0..100 {
            assert!(beacon.device_request(&[("scope", "openid")]).await.is_ok());
        }
        let refused = beacon.device_request(&[("scope", "openid")]).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (429, "temporarily_unavailable".to_owned()));
        assert_eq!(refused.header("retry-after"), Some("900"), "when the window is over");
    });
}

#[test]
fn another_client_gets_nothing_for_a_device_code_and_uses_nothing_up() {
    on_both_databases(async |world: World| {
        let device = world.app("beacon").begins_on_a_device().await;
        world.ana().approves_on(&device).await;
        let grant = "urn:ietf:params:oauth:grant-type:device_code";
        let pairs = [("grant_type", grant), ("device_code", &*device.code)];
        assert_eq!(world.app("burndown").token_request(&pairs).await.error(), "invalid_grant");
        assert!(device.polls().await.is_ok());
    });
}

#[test]
fn a_device_code_is_worth_nothing_where_another_kind_is_expected() {
    on_both_databases(async |world: World| {
        let (beacon, ana) = (world.app("beacon"), world.ana());
        let device = beacon.begins_on_a_device().await;
        ana.approves_on(&device).await;
        for code in [&device.code, &device.user_code] {
            for redirect_uri in ["/device/done", "http://localhost"] {
                let pairs = [("grant_type", "authorization_code"), ("code", &**code), ("redirect_uri", redirect_uri)];
                assert_eq!(beacon.token_request(&pairs).await.error(), "invalid_grant");
            }
            let pairs = [("grant_type", "refresh_token"), ("refresh_token", code)];
            assert_eq!(beacon.token_request(&pairs).await.error(), "invalid_grant");
            assert_eq!(ana.browser().open(&format!("/consent?flow={code}")).await.page().error_code(), "flow_expired");
        }
        let code = ana.approves("beacon").await;
        let grant = "urn:ietf:params:oauth:grant-type:device_code";
        for other in [&code.text, &device.user_code] {
            let pairs = [("grant_type", grant), ("device_code", &**other)];
            assert_eq!(beacon.token_request(&pairs).await.error(), "invalid_grant");
        }
        assert!(world.redeem(&code).await.is_ok() && device.polls().await.is_ok(), "nothing was used up");
    });
}

#[test]
fn whoever_may_not_any_more_gets_nothing_at_the_last_poll() {
    on_both_databases(async |world: World| {
        let waiting = async |name: &str| {
            let device = world.app("beacon").begins_on_a_device().await;
            world.person(name).approves_on(&device).await;
            device
        };
        let (disabled, suspended) = (waiting("max").await, waiting("ana").await);
        world.disables("max").await;
        assert_eq!(disabled.polls().await.err().unwrap().error, "invalid_grant");
        world.suspends("beacon").await;
        assert_eq!(suspended.polls().await.err().unwrap().error, "unauthorized_client");
    });
}

#[test]
fn a_second_person_who_types_the_code_answers_nothing_after_the_first() {
    on_both_databases(async |world: World| {
        let device = world.app("beacon").begins_on_a_device().await;
        let (ana, max) = (world.ana(), world.max());
        let (anas, maxs) = (ana.considers(&device).await, max.considers(&device).await);
        assert_eq!(anas.press("approve").await.page().heading(), "You can go back to your device");
        let late = maxs.press("approve").await.page();
        assert_eq!((late.status(), late.error_code()), (400, "expired_token".to_owned()));
        let tokens = device.polls().await.unwrap();
        assert_eq!(tokens.access_claims()["sub"], ana.id().to_string());
        assert!(world.store().authorizations_of(max.id()).await.unwrap().is_empty());
    });
}
