//! `/{t}/oauth2/v2.0/devicecode`, `/device`, and the grant

use std::time::Duration;

use latchkey_testkit::builders::{a_daemon, a_native_app, a_single_page_app, a_web_app};
use latchkey_testkit::relying_party::Authentication;
use latchkey_testkit::{Device, Refused, Tokens, World, on_both_databases};

const URN: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn a_device(world: &World) -> Device {
    world.app("beacon").begins_on_a_device().await
}

fn error(polled: Result<Tokens, Refused>) -> String {
    match polled {
        Ok(_) => "tokens".to_owned(),
        Err(refused) => {
            assert_eq!(refused.status, 400, "{}", refused.body);
            refused.error
        }
    }
}

#[test]
fn a_device_gets_tokens_once_a_person_has_typed_its_code_and_approved() {
    on_both_databases(async |world| {
        let device = a_device(&world).await;
        assert_eq!(error(device.polls().await), "authorization_pending");
        let ana = world.ana();
        let confirm = ana.types(&device).await;
        assert_eq!(confirm.heading(), "Is this your device?");
        assert_eq!(confirm.text_of("device-code"), device.user_code);
        assert_eq!(confirm.text_of("device-address"), "192.0.2.10");
        assert!(confirm.says("beacon") && confirm.says("just now"));
        assert!(confirm.text_of("device-warning").contains("If somebody sent you the code"));
        let page = ana.past_sign_in(confirm.press("device-continue").await).await.page();
        assert_eq!(page.heading(), "beacon wants to access your DevOps resources");
        assert!(page.text().contains(&device.user_code) && page.text().contains("192.0.2.10"));
        world.seconds_later(5);
        assert_eq!(error(device.polls().await), "authorization_pending");
        let done = page.press("approve").await.page();
        assert_eq!(done.heading(), "You can go back to your device");
        world.seconds_later(5);
        let tokens = device.polls().await.unwrap();
        assert!(tokens.refresh.is_some() && tokens.id.is_some());
        assert_eq!(tokens.access_claims()["sub"], world.account("ana").to_string());
        assert!(tokens.get("/harbor/_apis/projects").await.is_ok());
        assert!(tokens.refreshed().await.is_ok());
    });
}

#[test]
fn it_is_listed_and_revoked_like_any_other() {
    on_both_databases(async |world| {
        let (ana, device) = (world.ana(), a_device(&world).await);
        ana.approves_on(&device).await;
        let tokens = device.polls().await.unwrap();
        assert!(ana.opens("/profile/authorizations").await.says("beacon"));
        ana.revokes().await;
        assert_eq!(tokens.userinfo().await.status, 401);
        assert_eq!(tokens.refreshed().await.err().unwrap().error, "invalid_grant");
        let later = a_device(&world).await;
        ana.approves_on(&later).await;
        ana.revokes().await;
        assert_eq!(error(later.polls().await), "invalid_grant", "revoked before the device came for it");
    });
}

#[test]
fn the_answer_has_what_devices_and_libraries_read() {
    on_both_databases(async |world| {
        let device = a_device(&world).await;
        let body = &device.body;
        assert_eq!((&body["expires_in"], &body["interval"]), (&900.into(), &5.into()));
        assert_eq!(body["verification_uri"], "https://latchkey.test/device");
        assert_eq!(body["verification_url"], body["verification_uri"]);
        let complete = body["verification_uri_complete"].as_str().unwrap();
        assert_eq!(complete, format!("https://latchkey.test/device?user_code={}", device.user_code));
        let message = body["message"].as_str().unwrap();
        assert!(message.contains(&device.user_code) && message.contains("https://latchkey.test/device"));
        assert_eq!(device.code.len(), 43);
        let page = world.ana().browser().open(complete).await.page();
        assert_eq!(page.value("user_code"), device.user_code, "typed already, and still asked");
        let confirm = page.press("device-next").await.page();
        assert_eq!(confirm.heading(), "Is this your device?");
    });
}

#[test]
fn a_code_is_read_however_it_is_typed_and_a_wrong_one_says_so() {
    on_both_databases(async |world| {
        let device = a_device(&world).await;
        let browser = world.browser();
        let form = browser.open("/device").await.page();
        let typed = device.user_code.to_lowercase().replace('-', " ");
        let confirm = form.clone().fill("user_code", &typed).press("device-next").await.page();
        assert_eq!(confirm.text_of("device-code"), device.user_code);
        for wrong in ["BCDF-GHJK", "nonsense", "<script>"] {
            let page = form.clone().fill("user_code", wrong).press("device-next").await.page();
            assert_eq!(page.status(), 422);
            assert!(page.text_of("user-code-error").starts_with("No device shows this code"));
        }
        world.later(Duration::from_secs(900));
        let late = form.fill("user_code", &device.user_code).press("device-next").await.page();
        assert_eq!(late.status(), 422, "it has run out");
        assert_eq!(error(device.polls().await), "expired_token");
    });
}

#[test]
fn a_person_who_says_no_is_told_to_the_device() {
    on_both_databases(async |world| {
        let ana = world.ana();
        for (app, said) in [("beacon", "access_denied"), ("buoy", "authorization_declined")] {
            if app == "buoy" {
                world.registers(a_native_app("buoy").of_the_microsoft_profile().with_device_codes()).await;
            }
            let device = world.app(app).begins_on_a_device().await;
            let done = ana.considers(&device).await.press("deny").await.page();
            assert_eq!(done.heading(), "Your device gets nothing");
            assert_eq!(error(device.polls().await), said);
            let again = ana.types(&device).await;
            assert_eq!(again.status(), 422, "it was answered");
        }
        let device = a_device(&world).await;
        let page = world.max().types(&device).await.press("device-continue").await.page();
        assert_eq!(page.path(), "/signin");
        assert_eq!(page.press("cancel").await.page().heading(), "Your device gets nothing");
        assert_eq!(error(device.polls().await), "access_denied");
    });
}

#[test]
fn only_a_device_that_polls_too_fast_is_told_to_slow_down() {
    on_both_databases(async |world| {
        let device = a_device(&world).await;
        for _ in 0..4 {
            assert_eq!(error(device.polls().await), "authorization_pending");
            world.seconds_later(5);
        }
        assert_eq!(error(device.polls().await), "authorization_pending");
        assert_eq!(error(device.polls().await), "slow_down");
        world.seconds_later(6);
        assert_eq!(error(device.polls().await), "slow_down", "ten seconds from now on");
        world.seconds_later(15);
        assert_eq!(error(device.polls().await), "authorization_pending");
    });
}

#[test]
fn native_and_web_apps_that_registered_for_it_use_it_and_nobody_else() {
    on_both_databases(async |world| {
        let skiff = world.registers(a_web_app("skiff").with_device_codes()).await;
        for way in [Authentication::Header, Authentication::Form] {
            let device = skiff.clone().authenticating_by(way).begins_on_a_device().await;
            world.ana().approves_on(&device).await;
            assert!(device.polls().await.is_ok());
        }
        let bare = skiff.bare_request("devicecode", &[("client_id", &skiff.client_id()), ("scope", "openid")]).await;
        assert_eq!((bare.status.as_u16(), bare.error()), (401, "invalid_client".to_owned()), "it keeps a secret");
        for app in [a_web_app("raft"), a_native_app("dory"), a_daemon("night"), a_single_page_app("pane")] {
            let party = world.registers(app).await;
            let answer = party.device_request(&[("scope", "openid")]).await;
            assert_eq!((answer.status.as_u16(), answer.error()), (400, "unauthorized_client".to_owned()));
        }
        world.suspends("skiff").await;
        let answer = world.app("skiff").device_request(&[("scope", "openid")]).await;
        assert_eq!(answer.error(), "unauthorized_client");
    });
}

#[test]
fn a_device_that_goes_on_polling_is_on_record_once() {
    on_both_databases(async |world| {
        let device = a_device(&world).await;
        world.ana().approves_on(&device).await;
        let tokens = device.polls().await.unwrap();
        for _ in 0..3 {
            assert_eq!(error(device.polls().await), "invalid_grant");
            world.seconds_later(10);
        }
        assert_eq!(tokens.userinfo().await.status, 401, "what came of it has ended");
        let events = world.store().audit_events(world.harbor().0, None, 200).await.unwrap();
        assert_eq!(events.iter().filter(|one| one.event.kind == "code_replayed").count(), 1);
    });
}

#[test]
fn the_short_name_of_the_grant_and_a_second_copy_of_the_code_are_accepted() {
    on_both_databases(async |world| {
        let compass = world.registers(a_native_app("buoy").of_the_microsoft_profile().with_device_codes()).await;
        for grant in [URN, "device_code"] {
            let device = compass.clone().at("organizations").begins_on_a_device().await;
            let poll = async || {
                let pairs = [("grant_type", grant), ("device_code", &*device.code), ("code", &*device.code)];
                device.party().read(&device.party().token_request(&pairs).await)
            };
            let pending = poll().await.err().unwrap();
            assert_eq!(pending.error, "authorization_pending");
            assert_eq!(pending.body["error_codes"][0], 70_016);
            world.ana().approves_on(&device).await;
            world.seconds_later(5);
            let tokens = poll().await.unwrap();
            assert_eq!(tokens.id_claims()["preferred_username"], "ana@harbor.test");
            assert_eq!(poll().await.err().unwrap().error, "bad_verification_code");
        }
    });
}

#[test]
fn the_issuer_is_that_of_the_origin_where_the_device_asked() {
    on_both_databases(async |world| {
        let device = world.app("beacon").through("http://localhost:4280").begins_on_a_device().await;
        world.ana().approves_on(&device).await;
        let tokens = device.polls().await.unwrap();
        assert!(tokens.id_claims()["iss"].as_str().unwrap().starts_with("http://localhost:4280/"));
    });
}

#[test]
fn what_was_approved_in_a_browser_stays_when_a_device_is_approved_too() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("beacon").await;
        let device = world.app("beacon").asking("openid vso.work").begins_on_a_device().await;
        ana.approves_on(&device).await;
        assert!(device.polls().await.is_ok());
        assert!(tokens.refreshed().await.unwrap().scopes().contains(&"vso.code".to_owned()));
        assert_eq!(world.store().authorizations_of(ana.id()).await.unwrap().len(), 1);
    });
}

#[test]
fn a_request_for_a_device_is_refused_as_the_specification_names_it() {
    on_both_databases(async |world| {
        let beacon = world.app("beacon");
        let asked = async |pairs: &[(&str, &str)]| beacon.device_request(pairs).await.error();
        assert_eq!(asked(&[]).await, "invalid_request");
        assert_eq!(asked(&[("scope", "vso.nonsense")]).await, "invalid_scope");
        assert_eq!(asked(&[("scope", "favourite_colour")]).await, "invalid_scope");
        assert_eq!(beacon.bare_request("devicecode", &[("scope", "openid")]).await.error(), "invalid_request");
        let nowhere = beacon.clone().at("nowhere.test");
        assert_eq!(nowhere.device_request(&[("scope", "openid")]).await.error(), "invalid_tenant");
        let get = world.get(&beacon.endpoint("oauth2/v2.0/devicecode")).await;
        assert!(!get.is_ok());
    });
}

#[test]
fn every_parameter_doubled_is_refused() {
    on_both_databases(async |world| {
        let beacon = world.app("beacon");
        let id = beacon.client_id();
        let good = [("client_id", &*id), ("scope", "openid vso.work"), ("client_info", "1")];
        for (name, value) in good {
            let pairs: Vec<_> = good.into_iter().chain([(name, value)]).collect();
            assert_eq!(beacon.bare_request("devicecode", &pairs).await.error(), "invalid_request", "{name}");
        }
        let device = a_device(&world).await;
        world.ana().approves_on(&device).await;
        let good = [("client_id", &*id), ("grant_type", URN), ("device_code", &*device.code)];
        for (name, value) in good {
            let pairs: Vec<_> = good.into_iter().chain([(name, value)]).collect();
            assert_eq!(beacon.bare_token_request(&pairs).await.error(), "invalid_request", "{name}");
        }
        assert!(device.polls().await.is_ok(), "nothing was used up");
    });
}
