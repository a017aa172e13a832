//! `/{t}/oauth2/v2.0/token`

use std::time::Duration;

use http::Method;
use latchkey_identity::authorization::AuthorizationId;
use latchkey_testkit::builders::a_web_app;
use latchkey_testkit::relying_party::{Authentication, header};
use latchkey_testkit::server::{Answer, encode};
use latchkey_testkit::{Code, RelyingParty, World, on_both_databases};

/// What a refusal says: status and code.
fn said(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.error())
}

fn refusal(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

/// What comes of redeeming a code with one parameter changed, left out (empty) or added.
async fn redeemed_with(party: &RelyingParty, code: &Code, name: &str, value: &str) -> (u16, String) {
    let mut pairs: Vec<(&str, &str)> = party.redemption(code).into_iter().filter(|(key, _)| *key != name).collect();
    if !value.is_empty() {
        pairs.push((name, value));
    }
    let answer = party.token_request(&pairs).await;
    if answer.is_ok() { (200, String::new()) } else { said(&answer) }
}

#[test]
fn a_code_becomes_tokens() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        let access = tokens.access_claims();
        assert_eq!(header(&tokens.access)["typ"], "at+jwt");
        assert_eq!(header(&tokens.access)["alg"], "ES256");
        assert_eq!(access["aud"], "499b84ac-1321-427f-aa17-267ca6975798");
        assert_eq!(access["client_id"], tokens.party().client_id());
        assert_eq!(access["sub"], world.account("ana").to_string());
        let lifetime = access["exp"].as_i64().unwrap() - access["iat"].as_i64().unwrap();
        assert!((3_600..=5_400).contains(&lifetime), "{lifetime}");
        assert_eq!(tokens.body["expires_in"], lifetime);
        let id = tokens.id_claims();
        assert_eq!(header(tokens.id.as_deref().unwrap())["alg"], "RS256");
        assert_eq!((&id["iss"], &id["sub"]), (&access["iss"], &access["sub"]));
        for name in ["name", "email", "preferred_username", "tid", "oid", "ver"] {
            assert!(id.get(name).is_none(), "{name} is for UserInfo or the Microsoft world");
        }
        assert!(tokens.refresh.is_some());
    });
}

#[test]
fn what_is_answered_follows_from_what_was_asked() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let asked = async |scope: &str| {
            let code = ana.approves_request(&world.app("burndown").asking(scope).request()).await;
            let tokens = world.redeem(&code).await.unwrap();
            (tokens.id.is_some(), tokens.refresh.is_some(), tokens.access_claims()["aud"].as_str().unwrap().len())
        };
        let (devops, userinfo) = (36, "https://latchkey.test/oidc/userinfo".len());
        assert_eq!(asked("vso.work").await, (false, false, devops));
        assert_eq!(asked("openid").await, (true, false, userinfo));
        assert_eq!(asked("openid offline_access").await, (true, true, userinfo));
        assert_eq!(asked("vso.work offline_access openid").await, (true, true, devops));
    });
}

#[test]
fn clients_of_the_microsoft_world_find_what_they_look_for() {
    on_both_databases(async |world| {
        let compass =
            world.app("compass").asking("openid profile offline_access 499b84ac-1321-427f-aa17-267ca6975798/.default");
        let request = compass.request().with("client_info", "1").with("x-client-SKU", "MSAL.Python");
        let code = world.ana().approves_request(&request).await;
        assert!(code.parameters.iter().any(|(name, _)| name == "client_info"));
        let tokens = world.redeem(&code).await.unwrap();
        let id = tokens.id_claims();
        for name in ["tid", "oid", "ver", "name", "preferred_username", "sub"] {
            assert!(id.get(name).is_some(), "{name}: {id}");
        }
        assert_ne!(id["sub"], id["oid"], "the subject is one for each client");
        let access = tokens.access_claims();
        assert!(access["scp"].as_str().unwrap().contains("vso.work"), "{access}");
        let scopes = tokens.scopes();
        assert!(
            scopes.contains(&"499b84ac-1321-427f-aa17-267ca6975798/.default".to_owned()),
            "their own words: {scopes:?}"
        );
        assert!(tokens.body["client_info"].is_string() && tokens.body["ext_expires_in"].is_number());
        let refused = compass.refresh("nonsense").await.err().unwrap();
        assert!(refused.description.starts_with("AADSTS"), "{}", refused.description);
        for name in ["error_codes", "timestamp", "trace_id", "correlation_id"] {
            assert!(refused.body.get(name).is_some(), "{name}");
        }
    });
}

#[test]
fn a_code_holds_for_its_client_redirect_uri_and_verifier_only() {
    on_both_databases(async |world| {
        let (ana, burndown) = (world.ana(), world.app("burndown"));
        let wrong = "x".repeat(43);
        for (name, value, expected) in [
            ("redirect_uri", "https://burndown.test/callback?x=1", refusal(400, "invalid_grant")),
            ("redirect_uri", "http://127.0.0.1:4289/callback", refusal(400, "invalid_grant")),
            ("redirect_uri", "", refusal(400, "invalid_grant")),
            ("code_verifier", &wrong, refusal(400, "invalid_grant")),
            ("code_verifier", "short", refusal(400, "invalid_grant")),
            ("code_verifier", "", refusal(400, "invalid_grant")),
            ("code", "nonsense", refusal(400, "invalid_grant")),
            ("code", "", refusal(400, "invalid_request")),
            ("grant_type", "", refusal(400, "invalid_request")),
            ("grant_type", "password", refusal(400, "unsupported_grant_type")),
            ("grant_type", "urn:ietf:params:oauth:grant-type:nonsense", refusal(400, "unsupported_grant_type")),
        ] {
            let code = ana.approves("burndown").await;
            assert_eq!(redeemed_with(&burndown, &code, name, value).await, expected, "{name}={value}");
            assert!(world.redeem(&code).await.is_ok(), "a mistake does not burn the code: {name}={value}");
        }
    });
}

#[test]
fn a_code_is_good_for_a_minute() {
    on_both_databases(async |world| {
        let code = world.ana().approves("burndown").await;
        world.seconds_later(59);
        assert!(world.redeem(&code).await.is_ok());
        let late = world.ana().approves("burndown").await;
        world.seconds_later(60);
        assert_eq!(world.redeem(&late).await.err().unwrap().error, "invalid_grant");
    });
}

#[test]
fn an_app_without_pkce_goes_without_a_verifier_too() {
    on_both_databases(async |world| {
        let sextant = world.registers(a_web_app("sextant").without_pkce()).await;
        let ana = world.ana();
        let code = ana.approves_request(&sextant.request().without_pkce()).await;
        let with_verifier = redeemed_with(&sextant, &code, "code_verifier", &"v".repeat(43)).await;
        assert_eq!(with_verifier, refusal(400, "invalid_grant"));
        assert!(world.redeem(&code).await.is_ok());
        let with_challenge = ana.approves_request(&sextant.request()).await;
        assert_eq!(redeemed_with(&sextant, &with_challenge, "code_verifier", "").await, refusal(400, "invalid_grant"));
    });
}

#[test]
fn a_client_authenticates_by_header_or_form_and_not_by_both() {
    on_both_databases(async |world| {
        let ana = world.ana();
        for by in [Authentication::Header, Authentication::Form] {
            let burndown = world.app("burndown").authenticating_by(by);
            let code = ana.approves_request(&burndown.request()).await;
            assert!(world.redeem(&code).await.is_ok(), "{by:?}");
        }
        let burndown = world.app("burndown");
        let (id, secret) = (burndown.client_id(), burndown.secret().to_owned());
        let grant = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        let ask = |more: &[(&str, &str)]| burndown.bare_token_request(&[&grant, more].concat());
        let both = ask(&[("client_id", &id), ("client_secret", &secret)]).basic(&id, &secret).await;
        assert_eq!(said(&both), refusal(400, "invalid_request"));
        let twice = ask(&[]).basic(&id, &secret).basic(&id, &secret).await;
        assert_eq!(said(&twice), refusal(400, "invalid_request"), "of two headers nobody knows which one counts");
        let other = ask(&[("client_id", &world.app("gull").client_id())]).basic(&id, &secret).await;
        assert_eq!(said(&other), refusal(401, "invalid_client"));
        assert_eq!(other.header("www-authenticate"), Some("Basic realm=\"token\""));
        assert_eq!(said(&ask(&[("client_id", &id)]).await), refusal(401, "invalid_client"));
        assert_eq!(
            said(&ask(&[("client_id", &id), ("client_secret", "lks_wrong")]).await),
            refusal(401, "invalid_client")
        );
        assert_eq!(said(&ask(&[]).basic(&id, "wrong").await), refusal(401, "invalid_client"));
        assert_eq!(said(&ask(&[]).header("authorization", "Basic !!!").await), refusal(401, "invalid_client"));
        assert_eq!(said(&ask(&[]).header("authorization", "Bearer abc").await), refusal(401, "invalid_client"));
        assert_eq!(said(&ask(&[]).await), refusal(400, "invalid_request"));
        let unknown = ask(&[("client_id", &world.harbor().to_string()), ("client_secret", "lks_wrong")]).await;
        let wrong = ask(&[("client_id", &id), ("client_secret", "lks_wrong")]).await;
        assert_eq!(unknown.text(), wrong.text(), "unknown and wrong sound the same");
        assert_eq!(said(&ask(&[("client_id", &id), ("client_secret", &secret)]).await), refusal(400, "invalid_grant"));
    });
}

#[test]
fn a_public_client_presents_no_secret_and_a_secret_ends() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("beacon").await;
        assert!(tokens.refreshed().await.is_ok());
        let beacon = world.app("beacon");
        let id = beacon.client_id();
        let grant = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token())];
        let with_secret = [grant.as_slice(), &[("client_id", &*id), ("client_secret", "x")]].concat();
        assert_eq!(said(&beacon.bare_token_request(&with_secret).await), refusal(401, "invalid_client"));
        world.seconds_later(366 * 86_400);
        let code = ana.approves("burndown").await;
        assert_eq!(world.redeem(&code).await.err().unwrap().error, "invalid_client");
    });
}

#[test]
fn a_single_page_app_redeems_from_its_own_page_only() {
    on_both_databases(async |world| {
        let (chart, code) = (world.app("chart"), world.ana().approves("chart").await);
        let mut pairs = chart.redemption(&code);
        let id = chart.client_id();
        pairs.push(("client_id", &id));
        let url = chart.endpoint("oauth2/v2.0/token");
        assert_eq!(said(&world.post(&url).form(pairs.clone()).await), refusal(400, "invalid_request"));
        let foreign = world.post(&url).form(pairs.clone()).from_page_of("https://evil.test").await;
        assert_eq!(said(&foreign), refusal(400, "invalid_request"));
        assert_eq!(foreign.header("access-control-allow-origin"), None);
        let own = world.post(&url).form(pairs).from_page_of("https://chart.test").await;
        assert!(own.is_ok(), "{}", own.text());
        assert_eq!(own.header("access-control-allow-origin"), Some("https://chart.test"));
        assert_eq!(own.header("access-control-allow-credentials"), None);
        let asked = world
            .options(&url)
            .from_page_of("https://chart.test")
            .header("access-control-request-method", "POST")
            .await;
        assert_eq!(asked.status, 204);
    });
}

#[test]
fn the_endpoint_reads_forms_by_post_and_nothing_else() {
    on_both_databases(async |world| {
        let burndown = world.app("burndown");
        let url = burndown.endpoint("oauth2/v2.0/token");
        let (id, secret) = (burndown.client_id(), burndown.secret().to_owned());
        let grant = encode([("grant_type", "refresh_token"), ("refresh_token", "x")]);
        let post =
            |content_type: &str, body: &str| world.post(&url).basic(&id, &secret).body(content_type, body.as_bytes());
        let json = post("application/json", r#"{"grant_type":"refresh_token"}"#).await;
        assert_eq!(said(&json), refusal(400, "invalid_request"));
        assert_eq!(said(&post("text/plain", &grant).await), refusal(400, "invalid_request"));
        assert_eq!(said(&post("multipart/form-data; boundary=x", &grant).await), refusal(400, "invalid_request"));
        let charset = post("application/x-www-form-urlencoded; charset=UTF-8", &grant).await;
        assert_eq!(said(&charset), refusal(400, "invalid_grant"));
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
            let status = world.ask(method.clone(), &url).basic(&id, &secret).await.status;
            assert!(matches!(status.as_u16(), 404 | 405), "{method}: {status}");
        }
        assert_eq!(
            said(&post("application/x-www-form-urlencoded", &"a=b&".repeat(20_000)).await),
            refusal(400, "invalid_request")
        );
        assert_eq!(
            said(&post("application/x-www-form-urlencoded", &"a=b&".repeat(300)).await),
            refusal(400, "invalid_request")
        );
    });
}

/// `fapi2-security-profile-final-par-attempt-invalid-http-method`, and the same of every endpoint that clients post to.
#[test]
fn an_endpoint_that_is_posted_to_answers_405_to_other_methods_and_says_which_it_has() {
    on_both_databases(async |world| {
        let burndown = world.app("burndown");
        for endpoint in ["token", "par", "revoke", "introspect", "devicecode", "register"] {
            for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
                let url = burndown.endpoint(&format!("oauth2/v2.0/{endpoint}"));
                let answer = world.ask(method.clone(), &url).await;
                assert_eq!(said(&answer), (405, "invalid_request".into()), "{method} {endpoint}");
                assert!(answer.header("allow").unwrap().contains("POST"), "{endpoint}");
            }
        }
        let tenant = burndown.endpoint("");
        for url in [
            "/oidc/userinfo",
            "/oauth2/token",
            "/common/discovery/instance",
            &format!("{tenant}discovery/v2.0/keys"),
            &format!("{tenant}v2.0/.well-known/openid-configuration"),
            "/.well-known/oauth-protected-resource/harbor",
        ] {
            let answer = world.ask(Method::DELETE, url).await;
            assert_eq!(said(&answer), (405, "invalid_request".into()), "{url}");
            assert!(answer.header("allow").is_some(), "{url}");
        }
        assert_eq!(world.ask(Method::POST, "/healthz").await.status, 405);
        for page in ["/signin", "/me", "/profile/sessions", "/organizations/harbor", "/harbor/lighthouse"] {
            let answer = world.ask(Method::PUT, page).await;
            assert_eq!((answer.status.as_u16(), answer.header("allow").is_some()), (405, true), "{page}");
            assert!(answer.text().contains("method_not_allowed"), "a page says so, too: {page}");
        }
    });
}

#[test]
fn an_address_of_nothing_is_told_in_the_form_that_its_reader_reads() {
    on_both_databases(async |world| {
        let tenant = world.app("burndown").endpoint("");
        for url in [
            &format!("{tenant}oauth2/v2.0/nothing"),
            &format!("{tenant}v2.0/.well-known/nothing"),
            "/.well-known/nothing",
            "/oauth2/nothing",
        ] {
            for method in [Method::GET, Method::POST] {
                let answer = world.ask(method.clone(), url).await;
                assert_eq!(said(&answer), (404, "invalid_request".into()), "{method} {url}");
            }
        }
        let page = world.get("/nothing").await;
        assert_eq!((page.status.as_u16(), page.text().contains("There is nothing here")), (404, true));
    });
}

#[test]
fn every_doubled_parameter_is_refused() {
    on_both_databases(async |world| {
        let (burndown, code) = (world.app("burndown"), world.ana().approves("burndown").await);
        for (name, value) in burndown.redemption(&code) {
            let mut pairs = burndown.redemption(&code);
            pairs.push((name, value));
            assert_eq!(said(&burndown.token_request(&pairs).await), refusal(400, "invalid_request"), "{name}");
        }
        assert!(world.redeem(&code).await.is_ok());
    });
}

#[test]
fn a_code_is_redeemed_at_the_tenant_that_issued_it() {
    on_both_databases(async |world| {
        let code = world.ana().approves("burndown").await;
        for segment in ["shore.test", "consumers"] {
            let elsewhere = world.app("burndown").at(segment);
            let answer = elsewhere.token_request(&elsewhere.redemption(&code)).await;
            assert_eq!(said(&answer), refusal(400, "invalid_grant"), "{segment}");
        }
        let nowhere = world.app("burndown").at("nowhere.test");
        assert_eq!(nowhere.token_request(&nowhere.redemption(&code)).await.status, 400);
        let common = world.app("burndown").at("common");
        assert!(common.token_request(&common.redemption(&code)).await.is_ok());
    });
}

#[test]
fn a_refresh_gives_new_tokens_of_the_same_person_and_time() {
    on_both_databases(async |world| {
        let first = world.ana().authorizes("burndown").await;
        world.seconds_later(10);
        let second = first.refreshed().await.unwrap();
        assert_ne!(first.access, second.access);
        assert_ne!(first.refresh, second.refresh);
        let (before, after) = (first.id_claims(), second.id_claims());
        for name in ["iss", "sub", "aud", "auth_time", "sid"] {
            assert_eq!(before[name], after[name], "{name}");
        }
        assert_eq!(after["iat"].as_i64(), before["iat"].as_i64().map(|iat| iat + 10));
        assert!(after.get("nonce").is_none());
        assert!(first.userinfo().await.is_ok(), "the access token lives on");
    });
}

#[test]
fn a_refresh_may_ask_for_less_and_never_for_more() {
    on_both_databases(async |world| {
        let burndown = world.app("burndown");
        let request = burndown.clone().asking("openid offline_access vso.work vso.build").request();
        let tokens = world.ana().authorizes_part(&request, |page| page).await;
        let refresh = async |scope: &str, token: &str| {
            let pairs = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
            burndown.read(&burndown.token_request(&pairs).await)
        };
        let less = refresh("vso.work", tokens.refresh_token()).await.unwrap();
        assert_eq!(less.scopes(), ["vso.work"]);
        assert!(less.id.is_none());
        for more in ["vso.code", "vso.work vso.work_write", "vso.nonsense"] {
            assert_eq!(refresh(more, less.refresh_token()).await.err().unwrap().error, "invalid_scope", "{more}");
        }
        let again = refresh("vso.build openid vso.work offline_access", less.refresh_token()).await.unwrap();
        assert_eq!(
            again.scopes(),
            ["offline_access", "openid", "vso.build", "vso.work"],
            "less once is not less for ever"
        );
    });
}

#[test]
fn a_refresh_token_is_its_own_clients_and_needs_its_authentication() {
    on_both_databases(async |world: World| {
        let tokens = world.ana().authorizes("burndown").await;
        assert_eq!(world.app("gull").refresh(tokens.refresh_token()).await.err().unwrap().error, "invalid_grant");
        let burndown = world.app("burndown");
        let grant = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token())];
        let id = burndown.client_id();
        let bare = [grant.as_slice(), &[("client_id", &*id)]].concat();
        assert_eq!(said(&burndown.bare_token_request(&bare).await), refusal(401, "invalid_client"));
        assert!(tokens.refreshed().await.is_ok(), "nothing of that ended the family");
    });
}

#[test]
fn a_family_ends_by_idleness_and_sooner_in_a_browser() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let (web, page) = (ana.authorizes("burndown").await, ana.authorizes("chart").await);
        world.seconds_later(86_399);
        let page = page.refreshed().await.unwrap();
        world.seconds_later(1);
        assert_eq!(page.refreshed().await.err().unwrap().error, "invalid_grant");
        world.seconds_later(29 * 86_400 - 1);
        let web = web.refreshed().await.unwrap();
        world.seconds_later(30 * 86_400);
        assert_eq!(web.refreshed().await.err().unwrap().error, "invalid_grant");
    });
}

#[test]
fn nothing_of_an_authorization_that_is_kept_no_longer_is_accepted_again() {
    on_both_databases(async |world| {
        let (max, burndown) = (world.max(), world.app("burndown"));
        let tokens = max.authorizes("burndown").await;
        let unspent = max.approves("burndown").await;
        let authorization = AuthorizationId(max.authorization("burndown").await.parse().unwrap());
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 200);
        max.revokes_all().await;
        // The clocks of this server and of the database go their own ways: what the sweep takes is gone for whoever holds a token still.
        world.store().purge(world.now() + Duration::from_secs(401 * 86_400)).await.unwrap();
        assert_eq!(world.store().authorization_of(max.id(), authorization).await.unwrap(), None);
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
        assert_eq!(tokens.userinfo().await.status, 401);
        assert_eq!(burndown.introspects(&tokens.access).await["active"], false);
        assert_eq!(tokens.refreshed().await.unwrap_err().error, "invalid_grant");
        assert_eq!(world.redeem(&unspent).await.unwrap_err().error, "invalid_grant");
        // A new approval is another authorization: what was given below the old one stays refused.
        let anew = max.authorizes("burndown").await;
        assert_eq!(anew.get("/harbor/_apis/projects").await.status, 200);
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
        assert_eq!(tokens.refreshed().await.unwrap_err().error, "invalid_grant");
    });
}

#[test]
fn the_correlation_id_of_a_client_comes_back() {
    on_both_databases(async |world| {
        let answer = world.app("burndown").token_request(&[]).header("client-request-id", "abc-123").await;
        assert_eq!(answer.header("client-request-id"), Some("abc-123"));
        assert!(answer.header("x-ms-request-id").is_some());
    });
}
