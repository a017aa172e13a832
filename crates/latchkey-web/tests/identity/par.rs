//! `/{t}/oauth2/v2.0/par`

use latchkey_testkit::builders::{a_daemon, a_web_app};
use latchkey_testkit::relying_party::Authentication;
use latchkey_testkit::server::encode;
use latchkey_testkit::{AuthorizationRequest, RelyingParty, World, on_both_databases};

/// What a service sends the browser with after it pushed a request.
fn url(party: &RelyingParty, request_uri: &str) -> String {
    let pairs = [("client_id", party.client_id()), ("request_uri", request_uri.to_owned())];
    format!("{}?{}", party.endpoint("oauth2/v2.0/authorize"), encode(pairs))
}

async fn pushed(request: &AuthorizationRequest) -> String {
    let answer = request.pushed().await;
    let body = answer.json();
    assert_eq!(answer.status.as_u16(), 201, "{body}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(body["expires_in"], 90);
    body["request_uri"].as_str().unwrap().to_owned()
}

async fn skiff(world: &World) -> RelyingParty {
    world.registers(a_web_app("skiff").pushing_only()).await
}

#[test]
fn a_pushed_request_needs_only_the_client_and_its_reference() {
    on_both_databases(async |world| {
        for way in [Authentication::Header, Authentication::Form] {
            let request = world.app("burndown").authenticating_by(way).request().with("prompt", "consent");
            let uri = pushed(&request).await;
            assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:") && uri.len() > 60, "{uri}");
            let ana = world.ana();
            let visit = ana.browser().open(&url(request.party(), &uri)).await;
            let page = ana.past_sign_in(visit).await.page();
            assert_eq!(page.heading(), "burndown wants to access your DevOps resources");
            let code = request.answered(&page.press("approve").await.left()).unwrap();
            assert!(world.redeem(&code).await.is_ok(), "state, nonce and PKCE are those that were pushed");
        }
    });
}

#[test]
fn what_stands_beside_the_reference_does_not_count() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.authorizes("burndown").await;
        let request = world.app("burndown").request();
        let uri = pushed(&request).await;
        let beside =
            format!("{}&state=other&redirect_uri=https%3A%2F%2Fevil.test%2F&scope=x", url(request.party(), &uri));
        let left = ana.browser().open(&beside).await.left();
        assert!(request.answered(&left).is_ok(), "{}", left.url);
    });
}

#[test]
fn it_is_used_up_by_its_answer_and_not_by_looking_at_it() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let request = world.app("burndown").request();
        let uri = pushed(&request).await;
        let address = url(request.party(), &uri);
        for _ in 0..3 {
            let visit = ana.browser().open(&address).await;
            assert!(ana.past_sign_in(visit).await.page().has("approve"), "a reload is no use");
        }
        let visit = ana.browser().open(&address).await;
        let page = ana.past_sign_in(visit).await.page();
        world.seconds_later(600);
        let (code, again) = (page.clone().press("approve").await.left(), page.press("approve").await.page());
        assert!(request.answered(&code).is_ok(), "who began in time may read for as long as anybody");
        assert_eq!(again.status(), 400);
        let late = ana.browser().open(&address).await.page();
        assert_eq!((late.status(), late.error_code()), (400, "invalid_request_uri".to_owned()));
    });
}

#[test]
fn it_is_used_up_by_a_silent_answer_and_by_a_no() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.authorizes("burndown").await;
        let request = world.app("burndown").request();
        let address = url(request.party(), &pushed(&request).await);
        assert!(request.answered(&ana.browser().open(&address).await.left()).is_ok());
        assert_eq!(ana.browser().open(&address).await.page().error_code(), "invalid_request_uri");
        let request = world.app("burndown").request().with("prompt", "consent");
        let address = url(request.party(), &pushed(&request).await);
        let left = ana.browser().open(&address).await.page().press("deny").await.left();
        assert_eq!(request.answered(&left).err().unwrap().error, "access_denied");
        assert_eq!(ana.browser().open(&address).await.page().error_code(), "invalid_request_uri");
    });
}

#[test]
fn it_runs_out_after_a_minute_and_a_half_and_is_bound_to_its_client_and_tenant() {
    on_both_databases(async |world| {
        let (browser, burndown) = (world.browser(), world.app("burndown"));
        let uri = pushed(&burndown.request()).await;
        let code = async |party: &RelyingParty| browser.open(&url(party, &uri)).await.page().error_code();
        assert_eq!(code(&world.app("gull")).await, "invalid_request_uri", "another client's");
        assert_eq!(code(&burndown.clone().at(&world.shore().to_string())).await, "invalid_request_uri");
        world.seconds_later(89);
        let page = browser.open(&url(&burndown, &uri)).await.page();
        assert_eq!(page.path(), "/signin");
        world.seconds_later(1);
        assert_eq!(code(&burndown).await, "invalid_request_uri");
    });
}

#[test]
fn references_of_others_are_refused() {
    on_both_databases(async |world| {
        let (browser, burndown) = (world.browser(), world.app("burndown"));
        let unknown = "urn:ietf:params:oauth:request_uri:nobody-knows-it";
        let page = browser.open(&url(&burndown, unknown)).await.page();
        assert_eq!((page.status(), page.error_code()), (400, "invalid_request_uri".to_owned()));
        let uri = pushed(&burndown.request()).await;
        let twice = format!("{}&request_uri={unknown}", url(&burndown, &uri));
        assert_eq!(browser.open(&twice).await.page().error_code(), "invalid_request_uri");
        let elsewhere = burndown.request().with("request_uri", "https://burndown.test/request.jwt");
        let left = browser.open(&elsewhere.url()).await.left();
        assert_eq!(elsewhere.answered(&left).err().unwrap().error, "invalid_request_uri");
    });
}

#[test]
fn a_mistake_is_told_to_the_client_at_once() {
    on_both_databases(async |world| {
        let burndown = world.app("burndown");
        let told = async |request: AuthorizationRequest| {
            let answer = request.pushed().await;
            (answer.status.as_u16(), answer.error())
        };
        let request = || burndown.request();
        for (request, error) in [
            (request().with("request_uri", "urn:ietf:params:oauth:request_uri:x"), "invalid_request"),
            (request().with("redirect_uri", "https://evil.test/"), "invalid_request"),
            (request().without("redirect_uri"), "invalid_request"),
            (request().without("response_type"), "invalid_request"),
            (request().with("response_type", "code id_token"), "unsupported_response_type"),
            (request().with("scope", "vso.nonsense"), "invalid_scope"),
            (request().with("code_challenge_method", "plain"), "invalid_request"),
            (request().without_pkce(), "invalid_request"),
        ] {
            assert_eq!(told(request).await, (400, error.to_owned()));
        }
        let bare = burndown.bare_request("par", &[("client_id", &burndown.client_id())]).await;
        assert_eq!((bare.status.as_u16(), bare.error()), (401, "invalid_client".to_owned()));
        let night = world.registers(a_daemon("night")).await;
        let answer = night.request_to("par", &[("response_type", "code")]).await;
        assert!(!answer.is_ok());
        let get = world.get(&burndown.endpoint("oauth2/v2.0/par")).await.status.as_u16();
        assert_eq!(get, 405);
        world.suspends("burndown").await;
        assert_eq!(told(request()).await.1, "unauthorized_client");
    });
}

#[test]
fn an_app_that_pushes_its_requests_makes_none_by_a_link() {
    on_both_databases(async |world| {
        let skiff = skiff(&world).await;
        let request = skiff.request();
        let left = world.browser().open(&request.url()).await.left();
        assert_eq!(request.answered(&left).err().unwrap().error, "invalid_request");
        let uri = pushed(&request).await;
        assert_eq!(world.browser().open(&url(&skiff, &uri)).await.page().path(), "/signin");
    });
}

#[test]
fn every_parameter_doubled_is_refused() {
    on_both_databases(async |world| {
        let request = world.app("burndown").request();
        for name in [
            "client_id",
            "response_type",
            "redirect_uri",
            "scope",
            "state",
            "nonce",
            "code_challenge",
            "code_challenge_method",
        ] {
            let value = request.value(name).to_owned();
            let answer = request.clone().and(name, &value).pushed().await;
            assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_request".to_owned()), "{name}");
        }
    });
}

#[test]
fn a_reference_is_worth_nothing_where_another_kind_is_expected() {
    on_both_databases(async |world| {
        let (burndown, ana) = (world.app("burndown"), world.ana());
        let request = burndown.request();
        let uri = pushed(&request).await;
        let text = uri.rsplit(':').next().unwrap();
        let grants = [
            [("grant_type", "authorization_code"), ("code", text)],
            [("grant_type", "refresh_token"), ("refresh_token", text)],
            [("grant_type", "device_code"), ("device_code", text)],
        ];
        for pairs in grants {
            assert_eq!(burndown.token_request(&pairs).await.error(), "invalid_grant");
        }
        assert_eq!(ana.browser().open(&format!("/consent?flow={text}")).await.page().error_code(), "flow_expired");
        let code = ana.approves("burndown").await;
        let other = format!("urn:ietf:params:oauth:request_uri:{}", code.text);
        assert_eq!(ana.browser().open(&url(&burndown, &other)).await.page().error_code(), "invalid_request_uri");
        assert!(
            request.answered(&ana.browser().open(&url(&burndown, &uri)).await.left()).is_ok(),
            "nothing was used up"
        );
    });
}
