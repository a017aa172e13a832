//! What a request can ask: the `claims` parameter, request objects, resources.

use latchkey_identity::client::Metadata;
use latchkey_jose::{Algorithm, SigningKey, base64url};
use latchkey_testkit::builders::a_web_app;
use latchkey_testkit::server::encode;
use latchkey_testkit::{AuthorizationRequest, RelyingParty, Visit, World, on_both_databases};
use serde_json::{Value, json};

const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

fn asks_for(party: &RelyingParty, claims: &Value) -> AuthorizationRequest {
    party.clone().asking("openid").request().with("claims", &claims.to_string())
}

/// OpenID Connect Core §5.5: `claims={"userinfo":{"name":{"essential":true}}}` with scope `openid`.
#[test]
fn single_claims_are_told_where_they_were_asked_for_and_the_person_reads_which() {
    on_both_databases(async |world| {
        let (ana, burndown) = (world.ana(), world.app("burndown"));
        let asked =
            json!({"userinfo": {"name": {"essential": true}, "shoe_size": null}, "id_token": {"birthdate": null}});
        let request = asks_for(&burndown, &asked);
        let page = ana.goes_to(&request).await.page();
        let learns = page.text_of("identity");
        assert!(learns.contains("your name") && learns.contains("your date of birth"), "{learns}");
        assert!(!learns.contains("profile"), "{learns}");
        let code = request.answered(&page.press("approve").await.left()).unwrap();
        let tokens = world.redeem(&code).await.unwrap();
        assert_eq!(tokens.body["scope"], "openid", "clients are told scopes");
        let (id_token, userinfo) = (tokens.id_claims(), tokens.userinfo().await.json());
        assert_eq!((&userinfo["name"], userinfo.get("birthdate")), (&json!("Ana Harbor"), None));
        assert_eq!((id_token.get("name"), &id_token["birthdate"]), (None, &json!("1990-02-28")));
        assert_eq!(burndown.introspects(&tokens.access).await["scope"], "openid");
        // The same again is remembered; another claim is another question.
        assert!(matches!(ana.goes_to(&asks_for(&burndown, &asked)).await, Visit::Left(_)));
        let more = ana.goes_to(&asks_for(&burndown, &json!({"userinfo": {"phone_number": null}}))).await.page();
        assert!(more.text_of("identity").contains("your phone number"), "{}", more.text());
        let listed = ana.opens("/profile/authorizations").await;
        assert!(listed.says("See your name"), "{}", listed.text());
    });
}

#[test]
fn single_claims_stay_when_the_tokens_are_refreshed() {
    on_both_databases(async |world| {
        let party = world.app("burndown").asking("openid offline_access");
        let request = party.request().with("claims", &json!({"userinfo": {"nickname": null}}).to_string());
        let tokens = world.ana().authorizes_part(&request, |page| page).await;
        let refreshed = tokens.refreshed().await.unwrap();
        assert_eq!(refreshed.userinfo().await.json()["nickname"], "Anita");
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", refreshed.refresh.as_deref().unwrap())];
        let repeated = party.token_request(&[pairs[0], pairs[1], ("scope", "openid")]).await;
        let repeated = party.read(&repeated).ok().unwrap();
        assert_eq!(repeated.userinfo().await.json()["nickname"], "Anita");
    });
}

/// OpenID Connect Core §5.4: scopes give all their standard claims for a person that has them.
#[test]
fn scopes_give_all_their_claims() {
    on_both_databases(async |world| {
        let party = world.app("burndown").asking("openid profile email phone address");
        let tokens = world.ana().authorizes_part(&party.request(), |page| page).await;
        let told = tokens.userinfo().await.json();
        for name in [
            "name",
            "given_name",
            "family_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "email",
            "phone_number",
        ] {
            assert!(told[name].is_string(), "{name}");
        }
        assert!(told["updated_at"].is_i64());
        assert_eq!((&told["email_verified"], &told["phone_number_verified"]), (&json!(true), &json!(true)));
        assert_eq!(told["address"]["country"], "Portugal");
        let others = world.ben().authorizes_part(&party.request(), |page| page).await.userinfo().await.json();
        assert!(others.get("address").is_none() && others.get("given_name").is_none(), "{others}");
    });
}

/// OpenID Connect Core §3.1.2.1 and §5.5.1.1: `acr_values`, and an essential `acr`.
#[test]
fn the_acr_is_that_of_a_password_and_one_that_is_out_of_reach_is_refused() {
    on_both_databases(async |world| {
        let (ana, burndown) = (world.ana(), world.app("burndown").asking("openid"));
        ana.approves_request(&burndown.request()).await;
        let request = burndown.request().with("acr_values", &format!("1 {PASSWORD}"));
        let code = request.answered(&ana.goes_to(&request).await.left()).unwrap();
        let claims = world.redeem(&code).await.unwrap().id_claims();
        assert_eq!((&claims["acr"], &claims["amr"]), (&json!(PASSWORD), &json!(["pwd"])));
        let essential =
            |values: Value| asks_for(&burndown, &json!({"id_token": {"acr": {"essential": true, "values": values}}}));
        let reached = essential(json!(["1", PASSWORD]));
        assert!(reached.answered(&ana.goes_to(&reached).await.left()).is_ok());
        let beyond = essential(json!(["phr"]));
        let refused = beyond.answered(&ana.goes_to(&beyond).await.left()).err().unwrap();
        assert_eq!(refused.error, "unmet_authentication_requirements");
        let metadata = world.get("/harbor.test/v2.0/.well-known/openid-configuration").await.json();
        assert_eq!(metadata["acr_values_supported"], json!([PASSWORD]));
    });
}

#[test]
fn a_request_for_one_subject_is_answered_for_nobody_else() {
    on_both_databases(async |world| {
        let burndown = world.app("burndown").asking("openid");
        let (ana, max) = (world.ana(), world.max());
        let sub = ana.authorizes_part(&burndown.request(), |page| page).await.id_claims()["sub"].clone();
        max.approves_request(&burndown.request()).await;
        let named = || asks_for(&burndown, &json!({"id_token": {"sub": {"value": sub}}})).with("prompt", "none");
        let request = named();
        assert!(request.answered(&ana.goes_to(&request).await.left()).is_ok());
        let request = named();
        assert_eq!(request.answered(&max.goes_to(&request).await.left()).err().unwrap().error, "login_required");
    });
}

#[test]
fn claims_that_are_no_json_are_refused() {
    on_both_databases(async |world| {
        let request = world.app("burndown").request().with("claims", "{");
        let left = world.browser().open(&request.url()).await.left();
        assert_eq!(request.answered(&left).err().unwrap().error, "invalid_request");
    });
}

#[test]
fn a_default_max_age_asks_for_a_fresh_sign_in() {
    on_both_databases(async |world| {
        let metadata = Metadata { default_max_age: Some(60), require_auth_time: true, ..Metadata::default() };
        let skiff = world.registers(a_web_app("skiff").with_metadata(metadata)).await.asking("openid");
        let ana = world.ana();
        ana.approves_request(&skiff.request()).await;
        let soon = skiff.request();
        assert!(soon.answered(&ana.goes_to(&soon).await.left()).is_ok());
        world.seconds_later(61);
        assert_eq!(ana.browser().open(&skiff.request().url()).await.page().heading(), "Sign in");
        let enough = skiff.request().with("max_age", "3600");
        assert!(enough.answered(&ana.goes_to(&enough).await.left()).is_ok(), "the request says otherwise");
    });
}

/// The parameters of a request, signed as its client does.
fn signed(world: &World, request: &AuthorizationRequest, pair: &SigningKey, edit: impl FnOnce(&mut Value)) -> String {
    let issuer = format!("https://latchkey.test/{}/v2.0", world.harbor());
    let mut payload = json!({"iss": request.party().client_id(), "aud": issuer});
    for (name, value) in url::form_urlencoded::parse(request.query().as_bytes()) {
        payload[name.as_ref()] = json!(value);
    }
    edit(&mut payload);
    pair.sign_jwt("oauth-authz-req+jwt", &payload).unwrap()
}

fn with_object(party: &RelyingParty, object: &str, beside: &[(&str, &str)]) -> String {
    let id = party.client_id();
    let mut pairs = vec![("client_id", id.as_str()), ("request", object)];
    pairs.extend(beside);
    format!("{}?{}", party.endpoint("oauth2/v2.0/authorize"), encode(pairs))
}

#[test]
fn a_signed_request_counts_by_what_is_inside() {
    on_both_databases(async |world| {
        for algorithm in Algorithm::ALL {
            let pair = SigningKey::generate(algorithm).unwrap();
            let name = format!("skiff-{}", algorithm.name().to_lowercase());
            let skiff = world.registers(a_web_app(&name).with_key(&pair)).await.asking("openid");
            let request = skiff.request();
            let object = signed(&world, &request, &pair, |payload| payload["max_age"] = json!(3600));
            let url = with_object(
                &skiff,
                &object,
                &[("state", "other"), ("redirect_uri", "https://evil.test/"), ("scope", "x")],
            );
            let ana = world.ana();
            let visit = ana.browser().open(&url).await;
            let page = ana.past_sign_in(visit).await.page();
            let code = request.answered(&page.press("approve").await.left()).unwrap();
            assert!(world.redeem(&code).await.is_ok(), "{algorithm}: state, nonce and PKCE are those inside");
        }
    });
}

#[test]
fn a_signed_request_that_runs_out_while_the_person_reads_goes_on() {
    on_both_databases(async |world| {
        let pair = SigningKey::generate(Algorithm::Es256).unwrap();
        let skiff = world.registers(a_web_app("skiff").with_key(&pair)).await.asking("openid");
        let request = skiff.request();
        let exp = world.now().as_secs() + 60;
        let object = signed(&world, &request, &pair, |payload| payload["exp"] = json!(exp));
        let ana = world.ana();
        let visit = ana.browser().open(&with_object(&skiff, &object, &[])).await;
        let page = ana.past_sign_in(visit).await.page();
        world.seconds_later(120);
        assert!(request.answered(&page.press("approve").await.left()).is_ok());
        let late = ana.browser().open(&with_object(&skiff, &object, &[])).await.page();
        assert_eq!((late.status(), late.error_code()), (400, "invalid_request_object".to_owned()));
    });
}

/// RFC 9101 §6: `none`, a bad signature, another client's key, a bad redirect URI beside.
#[test]
fn a_request_object_that_does_not_hold_leads_nowhere_but_to_its_client() {
    on_both_databases(async |world| {
        let (pair, other) =
            (SigningKey::generate(Algorithm::Es256).unwrap(), SigningKey::generate(Algorithm::Es256).unwrap());
        let skiff = world.registers(a_web_app("skiff").with_key(&pair)).await.asking("openid");
        world.registers(a_web_app("dinghy").with_key(&other)).await;
        let request = skiff.request();
        let body = base64url::encode(signed(&world, &request, &pair, |_| ()).split('.').nth(1).unwrap());
        let unsigned = format!("{}.{body}.", base64url::encode(r#"{"alg":"none"}"#));
        let forged = signed(&world, &request, &other, |_| ());
        let elsewhere = signed(&world, &request, &pair, |payload| payload["aud"] = json!("https://other.test"));
        for object in [unsigned, forged, elsewhere, "nonsense".to_owned()] {
            let page = world.browser().open(&with_object(&skiff, &object, &[])).await.page();
            assert_eq!((page.status(), page.error_code()), (400, "invalid_request_object".to_owned()));
            let evil = with_object(&skiff, &object, &[("redirect_uri", "https://evil.test/")]);
            assert_eq!(world.browser().open(&evil).await.page().error_code(), "invalid_request_object");
            let own = with_object(&skiff, &object, &[("redirect_uri", request.value("redirect_uri")), ("state", "s")]);
            let left = world.browser().open(&own).await.left();
            assert_eq!(left.parameter("error").as_deref(), Some("invalid_request_object"));
        }
    });
}

#[test]
fn a_signed_request_can_be_pushed_and_can_be_required() {
    on_both_databases(async |world| {
        let pair = SigningKey::generate(Algorithm::Ps256).unwrap();
        let metadata = Metadata {
            require_signed_request_object: true,
            request_object_signing_alg: Some(Algorithm::Ps256),
            ..Metadata::default()
        };
        let skiff = world.registers(a_web_app("skiff").with_key(&pair).with_metadata(metadata)).await.asking("openid");
        let request = skiff.request();
        assert_eq!(request.pushed().await.error(), "invalid_request", "unsigned");
        let object = signed(&world, &request, &pair, |_| ());
        let again = signed(&world, &request, &pair, |payload| payload["request_uri"] = json!("urn:x"));
        let refused = skiff.request_to("par", &[("request", &again)]).await;
        assert_eq!(refused.error(), "invalid_request_object", "RFC 9101 §4: request_uri inside a request object");
        let pushed = skiff.request_to("par", &[("request", &object)]).await;
        assert_eq!(pushed.status.as_u16(), 201, "{}", pushed.text());
        let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
        let pairs = [("client_id", skiff.client_id()), ("request_uri", uri)];
        let url = format!("{}?{}", skiff.endpoint("oauth2/v2.0/authorize"), encode(pairs));
        let ana = world.ana();
        let visit = ana.browser().open(&url).await;
        let page = ana.past_sign_in(visit).await.page();
        let code = request.answered(&page.press("approve").await.left()).unwrap();
        assert!(world.redeem(&code).await.is_ok());
        let left = ana.browser().open(&skiff.request().url()).await.left();
        assert_eq!(left.parameter("error").as_deref(), Some("invalid_request"), "by a link, unsigned");
    });
}

/// OpenID Connect Core §6.2: `request_uri`, registered with a hash, fetched once.
#[test]
fn a_request_object_is_fetched_from_where_its_client_registered_it_and_from_nowhere_else() {
    on_both_databases(async |world| {
        let pair = SigningKey::generate(Algorithm::Rs256).unwrap();
        let (uri, other) = ("https://service.test/request.jwt#v1", "https://service.test/other.jwt");
        let metadata = Metadata { request_uris: vec![uri.to_owned()], ..Metadata::default() };
        let skiff = world.registers(a_web_app("skiff").with_key(&pair).with_metadata(metadata)).await.asking("openid");
        let request = skiff.request();
        let object = signed(&world, &request, &pair, |_| ());
        let remote = world.remote("service.test", move |_| http::Response::new(object.clone().into())).await;
        let at = |uri: &str, redirect_uri: &str| {
            let pairs =
                [("client_id", skiff.client_id()), ("request_uri", uri.into()), ("redirect_uri", redirect_uri.into())];
            format!("{}?{}", skiff.endpoint("oauth2/v2.0/authorize"), encode(pairs))
        };
        let ana = world.ana();
        let visit = ana.browser().open(&at(uri, "https://evil.test/")).await;
        let page = ana.past_sign_in(visit).await.page();
        assert!(request.answered(&page.press("approve").await.left()).is_ok());
        let asked = remote.asked();
        assert_eq!(asked.len(), 1, "each step of the person reads what came");
        assert_eq!(asked[0].head.uri.path(), "/request.jwt");
        for unregistered in [other, "https://service.test/request.jwt", "https://service.test/request.jwt#v2"] {
            let left = ana.browser().open(&at(unregistered, request.value("redirect_uri"))).await.left();
            assert_eq!(left.parameter("error").as_deref(), Some("invalid_request_uri"));
            let page = ana.browser().open(&at(unregistered, "https://evil.test/")).await.page();
            assert_eq!(page.status(), 400);
        }
        assert_eq!(remote.asked().len(), 1);
        remote.answers(|_| latchkey_testkit::remote::status(404));
        let left = ana.browser().open(&at(uri, request.value("redirect_uri"))).await.left();
        assert_eq!(left.parameter("error").as_deref(), Some("invalid_request_uri"));
    });
}

/// RFC 8707: a resource may stand more than once, and each has to be one that tokens are issued for.
#[test]
fn a_resource_is_ours_or_the_request_is_refused() {
    on_both_databases(async |world| {
        let (ana, burndown) = (world.ana(), world.app("burndown"));
        ana.approves("burndown").await;
        let ours = "499b84ac-1321-427f-aa17-267ca6975798";
        let request = burndown.request().with("resource", ours).and("resource", ours);
        let code = request.answered(&ana.goes_to(&request).await.left()).unwrap();
        let mut pairs = burndown.redemption(&code);
        pairs.push(("resource", "https://other.test/"));
        assert_eq!(burndown.token_request(&pairs).await.error(), "invalid_target");
        pairs.pop();
        pairs.push(("resource", ours));
        assert!(burndown.token_request(&pairs).await.is_ok(), "the code was not used up by the refusal");
        let request = burndown.request().with("resource", ours).and("resource", "https://other.test/");
        let refused = request.answered(&ana.goes_to(&request).await.left()).err().unwrap();
        assert_eq!(refused.error, "invalid_target");
        let device =
            world.app("beacon").request_to("devicecode", &[("scope", "openid"), ("resource", "https://x.test")]);
        assert_eq!(device.await.error(), "invalid_target");
    });
}
