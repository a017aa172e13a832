//! What the identity libraries of the Microsoft world send and need, beside what belongs to one endpoint. The libraries themselves run in
//! `interop/`.

use latchkey_identity::client::Metadata;
use latchkey_testkit::builders::{a_native_app, a_web_app};
use latchkey_testkit::server::encode;
use latchkey_testkit::{RelyingParty, World, on_both_databases};
use serde_json::{Value, json};

const DEVOPS: &str = "499b84ac-1321-427f-aa17-267ca6975798";

/// What they add to every form. None of it means anything here.
const NOISE: [(&str, &str); 9] = [
    ("x-client-SKU", "msal.js.node"),
    ("x-client-VER", "7.2.1"),
    ("x-client-OS", "linux"),
    ("x-client-CPU", "x64"),
    ("x-ms-lib-capability", "retry-after, h429"),
    ("x-client-current-telemetry", "5|871,0,,,|,"),
    ("x-client-last-telemetry", "5|0|||0,0"),
    ("X-AnchorMailbox", "Oid:1@2"),
    ("client-request-id", "8d1b2c3e-0000-4000-8000-000000000001"),
];

fn compass(world: &World) -> RelyingParty {
    world.app("compass").asking(&format!("openid profile offline_access {DEVOPS}/.default"))
}

#[test]
fn an_app_that_is_called_is_told_who_calls_only_if_the_one_that_calls_knows() {
    on_both_databases(async |world| {
        let metadata = Metadata { exposed_scopes: vec!["act".into()], ..Metadata::default() };
        let boards = world.registers(a_web_app("boards").with_metadata(metadata)).await;
        let scope = format!("api://{}/act", boards.client_id());
        let front = world.registers(a_native_app("front").of_the_microsoft_profile().asking(&scope)).await;
        for (identity, told) in [("openid", None), ("openid profile", Some("ana@harbor.test"))] {
            let request = front.clone().asking(&format!("{identity} {scope}")).request();
            let tokens = world.ana().authorizes_part(&request, |page| page).await;
            let claims = tokens.access_claims();
            assert_eq!((&claims["scp"], claims["ver"].as_str()), (&json!("act"), Some("2.0")));
            assert_eq!(claims.get("preferred_username").and_then(Value::as_str), told, "{claims}");
            assert_eq!(claims.get("name").is_some(), told.is_some(), "left out rather than empty: {claims}");
            assert_eq!(boards.introspects(&tokens.access).await["active"], true);
        }
    });
}

#[test]
fn an_authority_is_found_however_it_is_spelled() {
    on_both_databases(async |world| {
        let id = world.harbor().to_string();
        let issuer = format!("https://latchkey.test/{id}/v2.0");
        for path in [
            format!("/{id}/v2.0"),
            format!("/{id}//v2.0"),
            format!("/{id}"),
            format!("/{}/v2.0", id.to_uppercase()),
            "/harbor.test/v2.0".to_owned(),
            "//harbor.test//v2.0".to_owned(),
        ] {
            let document = world.get(&format!("https://latchkey.test{path}/.well-known/openid-configuration")).await;
            assert_eq!(document.status, 200, "{path}");
            let document = document.json();
            assert_eq!(document["issuer"], issuer, "{path}");
            for name in ["authorization", "token", "device_authorization", "end_session"] {
                let endpoint = document[format!("{name}_endpoint")].as_str().unwrap();
                assert!(endpoint.starts_with(&format!("https://latchkey.test/{id}/oauth2/v2.0/")), "{endpoint}");
            }
        }
    });
}

#[test]
fn what_libraries_add_to_requests_changes_nothing() {
    on_both_databases(async |world| {
        let (ana, compass) = (world.ana(), compass(&world));
        let claims = json!({
            "id_token": {"signin_state": {"essential": false}, "login_hint": null, "tenant_region_sub_scope": null},
            "access_token": {"xms_cc": {"values": ["CP1"]}},
        });
        let mut request = compass.request().with("claims", &claims.to_string()).with("client_info", "1");
        for (name, value) in NOISE.into_iter().chain([("clidata", "1"), ("haschrome", "1"), ("instance_aware", "true")])
        {
            request = request.and(name, value);
        }
        let code = ana.approves_request(&request).await;
        let capable = json!({"access_token": {"xms_cc": {"values": ["cp1"]}}}).to_string();
        let scope = format!("{DEVOPS}/.default openid profile offline_access");
        let mut pairs = [compass.redemption(&code), NOISE.into()].concat();
        pairs.extend([("client_info", "1"), ("claims", &capable), ("scope", &scope)]);
        let (id, secret) = (compass.client_id(), compass.secret().to_owned());
        pairs.extend([("client_id", id.as_str()), ("client_secret", &secret)]);
        let query = encode([("client-request-id", "8d1b2c3e-0000-4000-8000-000000000001"), ("client_id", &id)]);
        let url = format!("{}?{query}", compass.endpoint("oauth2/v2.0/token"));
        let answer = world.post(&url).form(pairs).await;
        assert!(answer.is_ok(), "{}", answer.text());
        let tokens = compass.read(&answer).unwrap();
        assert!(tokens.body["expires_in"].is_u64() && tokens.body["client_info"].is_string());
        let noisy = [&NOISE[..], &[("scope", &*scope), ("claims", &capable)]].concat();
        let device = world.app("beacon").request_to("devicecode", &noisy).await;
        assert!(device.is_ok(), "{}", device.text());
        assert!(device.json()["message"].as_str().unwrap().contains(device.json()["user_code"].as_str().unwrap()));
    });
}

/// MSAL keeps tokens under the scopes that the answer names: without those that it asked for it asks again at every call.
#[test]
fn scopes_come_back_in_the_words_that_were_asked() {
    on_both_databases(async |world| {
        for asked in [
            format!("{DEVOPS}/.default"),
            format!("{}/.default", DEVOPS.to_uppercase()),
            format!("{DEVOPS}/vso.work"),
            "https://app.vssps.visualstudio.com//.default".to_owned(),
        ] {
            let compass = world.app("compass").asking(&format!("openid offline_access {asked}"));
            let code = world.ana().approves_request(&compass.request()).await;
            let tokens = compass.redeem(&code).await.unwrap();
            assert!(tokens.scopes().contains(&asked), "{asked}: {:?}", tokens.scopes());
            let again = compass.refresh(tokens.refresh_token()).await.unwrap();
            assert!(again.access_claims()["aud"].as_str() == Some(DEVOPS), "without a scope: {asked}");
            let pairs = [("grant_type", "refresh_token"), ("refresh_token", again.refresh_token()), ("scope", &asked)];
            let named = compass.read(&compass.token_request(&pairs).await).unwrap();
            assert!(named.scopes().contains(&asked), "{asked}: {:?}", named.scopes());
        }
    });
}

/// Git Credential Manager: no scope at redemption, an empty secret, `redirect_uri` at a refresh.
#[test]
fn a_credential_manager_of_git_redeems_and_refreshes_in_its_own_way() {
    on_both_databases(async |world| {
        let beacon = world.app("beacon").sending_back_to("http://localhost:50123");
        let code = world.ana().approves_request(&beacon.request()).await;
        let id = beacon.client_id();
        let mut pairs = beacon.redemption(&code);
        pairs.extend([("client_id", id.as_str()), ("client_secret", "")]);
        let tokens = beacon.read(&beacon.bare_token_request(&pairs).await).unwrap();
        assert_eq!(tokens.access_claims()["aud"], DEVOPS);
        let refresh = [
            ("grant_type", "refresh_token"),
            ("refresh_token", tokens.refresh_token()),
            ("redirect_uri", "http://localhost:50123"),
            ("client_id", id.as_str()),
            ("client_secret", ""),
        ];
        let next = beacon.read(&beacon.bare_token_request(&refresh).await).unwrap();
        let as_password = world.get("/harbor/_apis/projects").basic("OAUTH_USER", &next.access).await;
        assert!(as_password.is_ok(), "{}", as_password.text());
    });
}

/// MSAL.js asks the person again for a refusal that has a `suberror`, and for no other.
#[test]
fn a_refresh_token_that_is_over_says_that_the_person_has_to_be_asked() {
    on_both_databases(async |world| {
        let (ana, compass) = (world.ana(), compass(&world));
        let code = ana.approves_request(&compass.request()).await;
        let tokens = compass.redeem(&code).await.unwrap();
        ana.revokes().await;
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token())];
        let trace = "8d1b2c3e-0000-4000-8000-000000000001";
        for pairs in [pairs, [("grant_type", "refresh_token"), ("refresh_token", "nonsense")]] {
            let refused = compass.token_request(&pairs).header("client-request-id", trace).await;
            let body = refused.json();
            assert_eq!((refused.status.as_u16(), &body["error"]), (400, &json!("invalid_grant")));
            assert!(body["suberror"].is_string(), "{body}");
            assert!(body["error_codes"].as_array().is_some_and(|codes| codes.iter().all(Value::is_u64)), "{body}");
            assert_eq!((&body["correlation_id"], refused.header("client-request-id")), (&json!(trace), Some(trace)));
            assert_eq!(body["trace_id"].as_str(), refused.header("x-ms-request-id"));
        }
    });
}

#[test]
fn a_page_of_a_single_page_app_reads_answers_and_their_ids() {
    on_both_databases(async |world| {
        let chart = world.app("chart");
        let answer = chart.token_request(&[("grant_type", "refresh_token"), ("refresh_token", "x")]);
        let answer = answer.from_page_of("https://chart.test").await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://chart.test"));
        let exposed = answer.header("access-control-expose-headers").unwrap();
        assert!(exposed.contains("client-request-id") && exposed.contains("x-ms-request-id"), "{exposed}");
        for url in ["v2.0/.well-known/openid-configuration", "discovery/v2.0/keys"] {
            let document = world.get(&chart.endpoint(url)).from_page_of("https://chart.test").await;
            assert_eq!(document.header("access-control-allow-origin"), Some("*"), "{url}");
        }
    });
}

#[test]
fn nobody_signs_in_by_a_password_that_an_app_was_told() {
    on_both_databases(async |world| {
        let pairs = [("grant_type", "password"), ("username", "ana@harbor.test"), ("password", "x")];
        assert_eq!(world.app("compass").token_request(&pairs).await.error(), "unsupported_grant_type");
        assert_eq!(world.get("/common/userrealm/ana@harbor.test?api-version=1.0").await.status, 404);
    });
}
