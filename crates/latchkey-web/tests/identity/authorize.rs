//! `/{t}/oauth2/v2.0/authorize`

use latchkey_testkit::browser::Departure;
use latchkey_testkit::builders::{a_native_app, a_web_app};
use latchkey_testkit::server::encode;
use latchkey_testkit::world::{HTTP, HTTPS};
use latchkey_testkit::{Person, RelyingParty, Visit, World, on_both_databases};

/// Ana, signed in, with burndown approved.
async fn ana_with_burndown(world: &World) -> (Person, RelyingParty) {
    let ana = world.ana();
    ana.approves("burndown").await;
    (ana, world.app("burndown"))
}

#[test]
fn get_and_post_lead_to_the_same_page() {
    on_both_databases(async |world| {
        let request = world.app("burndown").request();
        let by_get = world.browser().open(&request.url()).await.page();
        let form = "application/x-www-form-urlencoded";
        let by_post = world
            .browser()
            .post_from("https://burndown.test", &request.endpoint(), form, &request.query())
            .await
            .page();
        assert_eq!((by_get.path(), by_get.text()), (by_post.path(), by_post.text()));
        assert_eq!(by_get.heading(), "Sign in");
        assert!(by_get.says("burndown.test"));
    });
}

#[test]
fn what_stands_in_the_address_counts_beside_a_posted_form() {
    on_both_databases(async |world| {
        let (ana, burndown) = ana_with_burndown(&world).await;
        let request = burndown.request();
        let post = async |url: &str, form: &str| {
            ana.browser().post_from("https://burndown.test", url, "application/x-www-form-urlencoded", form).await
        };
        assert!(request.answered(&post(&request.url(), "").await.left()).is_ok(), "all of it in the address");
        let query = request.query();
        let (address, form) = query.split_once('&').unwrap();
        let divided = post(&format!("{}?{address}", request.endpoint()), form).await;
        assert!(request.answered(&divided.left()).is_ok(), "a part in each");
        let twice = post(&format!("{}?scope=openid", request.endpoint()), &query).await;
        let refused = request.answered(&twice.left()).err().map(|refused| refused.error);
        assert_eq!(refused.as_deref(), Some("invalid_request"), "a parameter in both");
        let accented = post(&format!("{}?extra=%C3%A9&more=\u{e9}", request.endpoint()), &query).await;
        assert!(request.answered(&accented.left()).is_ok(), "whatever characters stand in it");
        let long = post(&request.endpoint(), &format!("{query}&extra={}", "x".repeat(8_192))).await.page();
        assert_eq!((long.status(), long.error_code()), (413, "invalid_request".to_owned()));
    });
}

#[test]
fn a_post_from_another_site_finds_the_person_signed_in() {
    on_both_databases(async |world| {
        let (ana, burndown) = ana_with_burndown(&world).await;
        let request = burndown.request();
        let form = "application/x-www-form-urlencoded";
        let visit = ana.browser().post_from("https://burndown.test", &request.endpoint(), form, &request.query()).await;
        assert!(request.answered(&visit.left()).is_ok());
    });
}

#[test]
fn the_answer_travels_in_the_mode_that_was_asked_for() {
    on_both_databases(async |world| {
        let (ana, burndown) = ana_with_burndown(&world).await;
        let query = ana.goes_to(&burndown.request().with("response_mode", "query")).await.left();
        assert!(query.url.contains("?code=") && !query.url.contains('#'), "{}", query.url);
        let fragment = ana.goes_to(&burndown.request().with("response_mode", "fragment")).await.left();
        assert!(fragment.url.contains("#code=") && !fragment.url.contains('?'), "{}", fragment.url);
        let request = burndown.request().with("response_mode", "form_post");
        let page = ana.goes_to(&request).await.page();
        assert_eq!(page.status(), 200);
        let posted = page.press("continue").await.left();
        assert_eq!(posted.url, "https://burndown.test/callback");
        let code = request.answered(&posted).unwrap();
        world.redeem(&code).await.unwrap();
    });
}

#[test]
fn an_error_travels_in_the_mode_that_was_asked_for_too() {
    on_both_databases(async |world| {
        let burndown = world.app("burndown");
        for mode in ["query", "fragment", "form_post"] {
            let request = burndown.request().with("response_mode", mode).with("prompt", "none");
            let departure = match world.browser().open(&request.url()).await {
                Visit::Page(page) => page.press("continue").await.left(),
                Visit::Left(departure) => departure,
            };
            assert_eq!(request.answered(&departure).err().unwrap().error, "login_required", "{mode}");
        }
    });
}

#[test]
fn a_success_carries_code_state_and_iss_and_nothing_else() {
    on_both_databases(async |world| {
        let (ana, burndown) = ana_with_burndown(&world).await;
        let departure = ana.goes_to(&burndown.request()).await.left();
        let names: Vec<String> = departure.parameters().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["code", "state", "iss"]);
        assert!(departure.parameter("code").unwrap().len() >= 43);
    });
}

#[test]
fn an_error_carries_error_description_state_and_iss_and_nothing_else() {
    on_both_databases(async |world| {
        let departure =
            world.browser().open(&world.app("burndown").request().with("prompt", "none").url()).await.left();
        let names: Vec<String> = departure.parameters().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["error", "error_description", "state", "iss"]);
    });
}

#[test]
fn the_redirect_uris_own_query_survives() {
    on_both_databases(async |world| {
        let burndown =
            world.app("burndown").sending_back_to("https://burndown.test/callback?dummy1=lorem&dummy2=ipsum");
        let request = burndown.request();
        let code = world.ana().approves_request(&request).await;
        let value = |name: &str| code.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        assert_eq!((value("dummy1").as_deref(), value("dummy2").as_deref()), (Some("lorem"), Some("ipsum")));
        world.redeem(&code).await.unwrap();
    });
}

/// Checklist 2.2: who turns back is told of to the address with its own query, with `state` and `iss`.
#[test]
fn a_refusal_keeps_the_redirect_uris_own_query() {
    on_both_databases(async |world| {
        let burndown =
            world.app("burndown").sending_back_to("https://burndown.test/callback?dummy1=lorem&dummy2=ipsum");
        let request = burndown.request();
        for button in ["cancel", "deny"] {
            let visit = world.browser().open(&request.url()).await;
            let page = match button {
                "deny" => world.ana().past_sign_in(visit).await.page(),
                _ => visit.page(),
            };
            let left = page.press(button).await.left();
            assert!(left.url.starts_with("https://burndown.test/callback?dummy1=lorem&dummy2=ipsum&"), "{}", left.url);
            assert_eq!(request.answered(&left).err().unwrap().error, "access_denied", "{button}");
        }
    });
}

/// Checklist 2.3 and 11: what is not told to the client is told on a page of ours: 400, the code in its text, an id to quote, and nothing of
/// the address that was asked for as a link.
#[test]
fn an_error_page_has_its_code_an_id_and_no_link_to_where_it_was_asked_to_go() {
    on_both_databases(async |world| {
        let request = || world.app("burndown").request();
        for (request, code) in [
            (request().with("redirect_uri", "https://evil.test/x"), "invalid_redirect_uri"),
            (request().with("redirect_uri", "https://burndown.test/callback?evil=x"), "invalid_redirect_uri"),
            (request().without("redirect_uri"), "invalid_request"),
            (request().with("client_id", "evil.test"), "unauthorized_client"),
            (request().with("request_uri", "urn:ietf:params:oauth:request_uri:evil"), "invalid_request_uri"),
        ] {
            for locale in ["en", "de"] {
                let page = world.browser().open(&request.clone().with("ui_locales", locale).url()).await.page();
                assert_eq!((page.status(), page.error_code().as_str()), (400, code), "{}", page.text());
                assert!(!page.text_of("correlation-id").is_empty() && !page.heading().is_empty());
                let links = [page.attributes("href"), page.attributes("action")].concat();
                assert!(links.iter().all(|link| !link.contains("evil")), "{links:?}");
            }
        }
    });
}

#[test]
fn state_comes_back_unchanged_and_is_not_invented() {
    on_both_databases(async |world| {
        let (ana, burndown) = ana_with_burndown(&world).await;
        for times in [16, 64] {
            let state = "aZ09-._~".repeat(times);
            let request = burndown.request().with("state", &state);
            assert_eq!(ana.goes_to(&request).await.left().parameter("state"), Some(state));
        }
        let request = burndown.request().without("state");
        assert_eq!(ana.goes_to(&request).await.left().parameter("state"), None);
        let strange = "a b&c=d+e%20\u{e9}";
        let request = burndown.request().with("state", strange);
        assert_eq!(ana.goes_to(&request).await.left().parameter("state").as_deref(), Some(strange));
    });
}

#[test]
fn nonce_comes_back_in_the_id_token_at_any_length_and_is_not_invented() {
    on_both_databases(async |world| {
        let (ana, burndown) = ana_with_burndown(&world).await;
        for nonce in ["n".repeat(43), "n".repeat(64), "n".repeat(384), "n".repeat(512)] {
            let code = ana.approves_request(&burndown.request().with("nonce", &nonce)).await;
            assert_eq!(world.redeem(&code).await.unwrap().id_claims()["nonce"], nonce);
        }
        let code = ana.approves_request(&burndown.request().without("nonce")).await;
        assert!(world.redeem(&code).await.unwrap().id_claims().get("nonce").is_none());
    });
}

#[test]
fn parameters_that_mean_nothing_here_are_ignored() {
    on_both_databases(async |world| {
        let (ana, burndown) = ana_with_burndown(&world).await;
        for (name, value) in [
            ("extra", "foobar"),
            ("display", "page"),
            ("display", "popup"),
            ("ui_locales", "se"),
            ("claims_locales", "se"),
            ("acr_values", "1 2"),
            ("id_token_hint", "not.a.token"),
            ("prompt", "create"),
        ] {
            let request = burndown.request().and(name, value);
            assert!(request.answered(&ana.goes_to(&request).await.left()).is_ok(), "{name}={value}");
        }
    });
}

#[test]
fn a_tenant_may_be_named_by_guid_by_domain_and_by_the_three_words() {
    on_both_databases(async |world| {
        let burndown = world.app("burndown").asking("openid");
        let issuer_of = |tenant: &str| format!("{HTTPS}/{tenant}/v2.0");
        let harbor = issuer_of(&world.harbor().to_string());
        let personal = issuer_of("9188040d-6c67-4c5b-b112-36a304b66dad");
        let guid = world.harbor().to_string();
        for (segment, person, issuer) in [
            (guid.as_str(), "ana", Some(&harbor)),
            ("harbor.test", "ana", Some(&harbor)),
            ("HARBOR.test", "ana", Some(&harbor)),
            ("common", "ana", Some(&harbor)),
            ("organizations", "ana", Some(&harbor)),
            ("common", "pat", Some(&personal)),
            ("consumers", "pat", Some(&personal)),
            ("harbor.test", "pat", Some(&harbor)),
            ("organizations", "pat", None),
            ("consumers", "ana", None),
            ("shore.test", "ana", None),
        ] {
            let request = burndown.clone().at(segment).request();
            let person = world.person(person);
            match issuer {
                Some(issuer) => {
                    let code = person.approves_request(&request).await;
                    assert_eq!(code.issuer.as_ref(), Some(issuer), "{segment}");
                    assert_eq!(world.redeem(&code).await.unwrap().id_claims()["iss"], **issuer);
                }
                None => {
                    let page = person.goes_to(&request).await.page();
                    assert_eq!(page.error_code(), "account_not_in_directory", "{segment}: {}", page.text());
                    assert_eq!(page.status(), 403);
                }
            }
        }
        for segment in ["nowhere.test", "00000000-0000-0000-0000-000000000001", "harbor"] {
            let page = world.browser().open(&burndown.clone().at(segment).request().url()).await.page();
            assert_eq!((page.status(), page.error_code().as_str()), (400, "invalid_tenant"), "{segment}");
        }
    });
}

#[test]
fn an_app_of_one_tenant_is_not_for_others() {
    on_both_databases(async |world| {
        let app = world.registers(a_web_app("cabin").of_one_tenant()).await.asking("openid");
        world.ana().approves_request(&app.request()).await;
        for segment in ["shore.test", "common", "organizations", "consumers"] {
            let page = world.browser().open(&app.clone().at(segment).request().url()).await.page();
            assert_eq!(page.error_code(), "unauthorized_client", "{segment}");
        }
    });
}

#[test]
fn the_person_can_turn_back_on_every_page() {
    on_both_databases(async |world| {
        let request = world.app("burndown").request();
        let turned_back = |departure: Departure| request.answered(&departure).err().map(|refused| refused.error);
        let signing_in = world.browser().open(&request.url()).await.page();
        assert_eq!(turned_back(signing_in.press("cancel").await.left()).as_deref(), Some("access_denied"));

        let ana = world.ana();
        ana.signs_in().await;
        let picking = ana.browser().open(&request.clone().with("prompt", "select_account").url()).await.page();
        assert_eq!(turned_back(picking.press("cancel").await.left()).as_deref(), Some("access_denied"));
        let approving = ana.goes_to(&request).await.page();
        assert_eq!(turned_back(approving.press("deny").await.left()).as_deref(), Some("access_denied"));
        let missing = world.ben().goes_to(&request).await.page();
        assert_eq!(
            turned_back(missing.press("return-without-approving").await.left()).as_deref(),
            Some("access_denied")
        );
    });
}

#[test]
fn response_type_is_code_and_nothing_else() {
    on_both_databases(async |world| {
        let burndown = world.app("burndown");
        let refused = async |request: latchkey_testkit::AuthorizationRequest| {
            let visit = world.browser().open(&request.url()).await;
            request.answered(&visit.left()).err().map(|refused| refused.error).unwrap()
        };
        assert_eq!(refused(burndown.request().without("response_type")).await, "invalid_request");
        for kind in ["token", "id_token", "code id_token", "id_token token", "code token", "none", "CODE"] {
            assert_eq!(
                refused(burndown.request().with("response_type", kind)).await,
                "unsupported_response_type",
                "{kind}"
            );
        }
        assert_eq!(refused(burndown.request().with("response_mode", "pigeon")).await, "invalid_request");
    });
}

#[test]
fn scopes_are_checked_and_strange_ones_of_others_ignored() {
    on_both_databases(async |world| {
        let burndown = world.app("burndown");
        for (scope, error) in [
            ("vso.nonsense", "invalid_scope"),
            ("openid vso.tokens", "invalid_scope"),
            ("favourite_colour", "invalid_scope"),
            ("openid \u{e9}", "invalid_scope"),
        ] {
            let request = burndown.request().with("scope", scope);
            let refused = request.answered(&world.browser().open(&request.url()).await.left()).err().unwrap();
            assert_eq!(refused.error, error, "{scope}");
        }
        let ana = world.ana();
        let code = ana.approves_request(&burndown.request().with("scope", "vso.work favourite_colour openid")).await;
        assert_eq!(world.redeem(&code).await.unwrap().scopes(), ["openid", "vso.work"]);
    });
}

#[test]
fn a_scope_left_out_is_everything_that_the_app_registered() {
    on_both_databases(async |world| {
        let heron = world.registers(a_web_app("heron").asking("vso.code vso.work")).await.asking("");
        let code = world.ana().approves_request(&heron.request()).await;
        assert_eq!(world.redeem(&code).await.unwrap().scopes(), ["vso.code", "vso.work"]);
    });
}

#[test]
fn an_unsigned_request_object_is_refused_and_never_ignored() {
    on_both_databases(async |world| {
        for (name, error) in [("request", "invalid_request_object"), ("request_uri", "invalid_request_uri")] {
            let request = world.app("burndown").request().with(name, "eyJhbGciOiJub25lIn0.e30.");
            let refused = request.answered(&world.browser().open(&request.url()).await.left()).err().unwrap();
            assert_eq!(refused.error, error);
        }
    });
}

#[test]
fn every_doubled_parameter_is_refused() {
    on_both_databases(async |world| {
        let burndown = world.app("burndown");
        for name in [
            "response_type",
            "scope",
            "nonce",
            "code_challenge",
            "code_challenge_method",
            "prompt",
            "max_age",
            "login_hint",
        ] {
            let request = burndown.request().and(name, "a").and(name, "b");
            let refused = request.answered(&world.browser().open(&request.url()).await.left()).err().unwrap();
            assert_eq!(refused.error, "invalid_request", "{name}");
        }
        for name in ["client_id", "redirect_uri"] {
            let request = burndown.request();
            let doubled = request.clone().and(name, request.value(name));
            assert_eq!(world.browser().open(&doubled.url()).await.page().status(), 400, "{name}");
        }
        let doubled = burndown.request().and("state", "other");
        let departure = world.browser().open(&doubled.url()).await.left();
        assert_eq!(departure.parameter("error").as_deref(), Some("invalid_request"));
        assert_eq!(departure.parameter("state"), None, "which of two states is meant is not guessed");
    });
}

#[test]
fn a_native_app_listens_on_any_port_and_is_asked_for_each_time() {
    on_both_databases(async |world| {
        let seal = world.registers(a_native_app("seal").not_approved()).await.asking("openid");
        let ana = world.ana();
        for uri in ["http://localhost:53000", "http://localhost:53001/", "test.seal:/callback"] {
            let request = seal.clone().sending_back_to(uri).request();
            let page = ana.goes_to(&request).await.page();
            assert!(page.has("approve"), "{uri}: {}", page.text());
            let code = request.answered(&page.press("approve").await.left()).unwrap();
            world.redeem(&code).await.unwrap();
        }
    });
}

#[test]
fn each_origin_has_its_own_issuer() {
    on_both_databases(async |world| {
        let burndown = world.app("burndown").through(HTTP);
        let code = world.ana().approves_request(&burndown.request()).await;
        let issuer = format!("{HTTP}/{}/v2.0", world.harbor());
        assert_eq!(code.issuer.as_deref(), Some(&*issuer));
        let tokens = world.redeem(&code).await.unwrap();
        assert_eq!(tokens.access_claims()["iss"], *issuer);
        assert!(tokens.get(&format!("{HTTPS}/oidc/userinfo")).await.is_ok(), "any of our origins accepts it");
    });
}

#[test]
fn an_app_nobody_vouches_for_sends_nobody_away_without_a_click() {
    on_both_databases(async |world| {
        let request = world.app("gull").request().with("scope", "vso.nonsense");
        let page = world.browser().open(&request.url()).await.page();
        assert_eq!((page.text_of("destination").as_str(), page.error_code().as_str()), ("gull.test", "invalid_scope"));
        let refused = request.answered(&page.press("continue").await.left()).err().unwrap();
        assert_eq!(refused.error, "invalid_scope");

        let eve = world.eve();
        let gull = world.app("gull").at("shore.test").asking("openid");
        eve.approves_request(&gull.request()).await;
        let request = gull.request().with("prompt", "none").with("scope", "openid vso.work");
        let departure = eve.browser().open(&request.url()).await.left();
        assert_eq!(
            request.answered(&departure).err().unwrap().error,
            "consent_required",
            "who approved it before is sent on"
        );
    });
}

#[test]
fn a_request_that_is_too_long_is_answered_and_not_served() {
    on_both_databases(async |world| {
        let request = world.app("burndown").request().with("login_hint", &"x".repeat(9_000));
        assert_eq!(world.get(&request.url()).await.status, 414);
        let form = encode([("client_id", "x".repeat(70_000))]);
        let url = world.app("burndown").request().endpoint();
        assert_eq!(world.post(&url).body("application/x-www-form-urlencoded", form).await.status, 413);
        assert_eq!(world.post(&url).body("application/json", "{}").await.status, 415);
    });
}
