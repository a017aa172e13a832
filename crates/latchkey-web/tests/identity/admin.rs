//! The admin API: every operation, who may, and that it stays within its tenant

use http::Method;
use latchkey_testkit::builders::{AppBuilder, a_daemon, a_web_app};
use latchkey_testkit::server::Answer;
use latchkey_testkit::{Tokens, World, on_both_databases};
use serde_json::{Value, json};

const SCOPE: &str = "vso.tenant_manage";
const BASE: &str = "/_admin/v1";

fn an_admin_daemon(name: &str) -> AppBuilder {
    a_daemon(name).owned_by("ana").asking(SCOPE)
}

/// A daemon of harbor that an administrator owns and vouches for.
async fn steward(world: &World) -> Tokens {
    world.registers(an_admin_daemon("steward")).await.by_itself(SCOPE).await.unwrap()
}

async fn call(tokens: &Tokens, method: Method, path: &str, body: Option<Value>) -> Answer {
    let ask = tokens.ask(method, &format!("{BASE}{path}"));
    match body {
        Some(body) => ask.json(&body).await,
        None => ask.await,
    }
}

async fn get(tokens: &Tokens, path: &str) -> Answer {
    call(tokens, Method::GET, path, None).await
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

fn an_app(name: &str) -> Value {
    json!({
        "name": name,
        "kind": "web",
        "redirect_uris": [format!("https://{}.test/callback", name.to_lowercase())],
        "scopes": ["vso.work"],
        "subject_type": "pairwise",
    })
}

#[test]
fn an_app_is_made_read_changed_and_deleted() {
    on_both_databases(async |world| {
        let tokens = steward(&world).await;
        let mut document = an_app("Examiner");
        document["client_id"] = json!("11111111-2222-4333-8444-555555555555");
        document["client_secrets"] = json!([{ "secret": "cJ5nT0qLx8sV2wYbR7eKfGh3uPzA9mDi" }]);
        let made = call(&tokens, Method::POST, "/apps", Some(document.clone())).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let path = "/apps/11111111-2222-4333-8444-555555555555";
        let read = get(&tokens, path).await.json();
        assert_eq!((&read["owner"], &read["active"]), (&json!("ana@harbor.test"), &json!(true)));
        assert_eq!(read["secrets"].as_array().unwrap().len(), 1);
        assert!(!read.to_string().contains("cJ5n"), "a secret is written and never read");
        assert_eq!(code(&call(&tokens, Method::POST, "/apps", Some(document.clone())).await), (409, "conflict".into()));

        document["name"] = json!("Auditor");
        let changed = call(&tokens, Method::PUT, path, Some(document.clone())).await;
        assert_eq!((changed.status.as_u16(), &changed.json()["name"]), (200, &json!("Auditor")));
        document["kind"] = json!("native");
        assert_eq!(call(&tokens, Method::PUT, path, Some(document)).await.status, 409);

        let listed = get(&tokens, "/apps").await.json();
        assert!(listed["value"].as_array().unwrap().iter().any(|app| app["name"] == "Auditor"));
        assert_eq!(call(&tokens, Method::DELETE, path, None).await.status, 204);
        assert_eq!(code(&get(&tokens, path).await), (404, "not_found".into()));
    });
}

#[test]
fn of_many_who_make_an_app_of_one_id_at_once_one_does() {
    on_both_databases(async |world| {
        let tokens = steward(&world).await;
        let made = (0..16).map(|number| {
            let mut document = an_app(&format!("Racer{number}"));
            document["client_id"] = json!("11111111-2222-4333-8444-555555555555");
            call(&tokens, Method::POST, "/apps", Some(document))
        });
        let mut statuses: Vec<u16> =
            futures_util::future::join_all(made).await.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses[0], 201);
        assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
    });
}

#[test]
fn secrets_and_keys_come_and_go() {
    on_both_databases(async |world| {
        let tokens = steward(&world).await;
        let made = call(&tokens, Method::POST, "/apps", Some(an_app("Examiner"))).await.json();
        let path = format!("/apps/{}", made["client_id"].as_str().unwrap());
        let secret = call(&tokens, Method::POST, &format!("{path}/secrets"), Some(json!({ "days": 30 }))).await;
        assert_eq!(secret.status, 201, "{}", secret.text());
        assert!(secret.json()["client_secret"].as_str().unwrap().starts_with("lks_"));
        assert_eq!(call(&tokens, Method::POST, &format!("{path}/secrets"), None).await.status, 201);
        assert_eq!(call(&tokens, Method::POST, &format!("{path}/secrets"), None).await.status, 409, "two at a time");
        let id = secret.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(call(&tokens, Method::DELETE, &format!("{path}/secrets/{id}"), None).await.status, 204);
        assert_eq!(call(&tokens, Method::DELETE, &format!("{path}/secrets/{id}"), None).await.status, 404);

        let jwk = latchkey_jose::SigningKey::generate(latchkey_jose::Algorithm::Es256).unwrap().public_jwk();
        let keys = json!({ "jwks": { "keys": [jwk] } });
        let added = call(&tokens, Method::POST, &format!("{path}/keys"), Some(keys.clone())).await;
        assert_eq!(added.status, 201, "{}", added.text());
        assert_eq!(call(&tokens, Method::POST, &format!("{path}/keys"), Some(keys)).await.status, 422, "it is known");
        let id = added.json()["value"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(call(&tokens, Method::DELETE, &format!("{path}/keys/{id}"), None).await.status, 204);
        assert_eq!(call(&tokens, Method::DELETE, &format!("{path}/keys/{id}"), None).await.status, 404);
    });
}

#[test]
fn accounts_are_made_read_listed_and_disabled() {
    on_both_databases(async |world| {
        let tokens = steward(&world).await;
        let gus = json!({
            "email": "gus@harbor.test", "name": "Gus", "password": "a long enough password",
            "claims": { "birthdate": "1990-02-03", "address.country": "Portugal" },
        });
        let made = call(&tokens, Method::POST, "/accounts", Some(gus.clone())).await;
        assert_eq!(made.status, 201, "{}", made.text());
        assert_eq!(made.json()["claims"]["birthdate"], "1990-02-03");
        assert_eq!(code(&call(&tokens, Method::POST, "/accounts", Some(gus)).await), (409, "conflict".into()));
        let weak = json!({ "email": "hal@harbor.test", "name": "Hal", "password": "short" });
        assert_eq!(code(&call(&tokens, Method::POST, "/accounts", Some(weak)).await), (422, "invalid_password".into()));

        let path = format!("/accounts/{}", made.json()["id"].as_str().unwrap());
        assert_eq!(get(&tokens, &path).await.json()["active"], true);
        assert_eq!(call(&tokens, Method::POST, &format!("{path}/disable"), None).await.status, 204);
        assert_eq!(get(&tokens, &path).await.json()["active"], false);
        assert_eq!(call(&tokens, Method::POST, &format!("{path}/disable"), None).await.status, 409);

        let ana = format!("/accounts/{}/disable", world.account("ana"));
        assert_eq!(call(&tokens, Method::POST, &ana, None).await.status, 409, "nobody locks themselves out");
    });
}

#[test]
fn an_app_does_not_take_the_id_of_anything_else() {
    on_both_databases(async |world| {
        let tokens = steward(&world).await;
        let made = call(&tokens, Method::POST, "/apps", Some(an_app("Gone"))).await.json();
        let gone = made["client_id"].as_str().unwrap().to_owned();
        assert_eq!(call(&tokens, Method::DELETE, &format!("/apps/{gone}"), None).await.status, 204);
        let (account, tenant) = (world.account("eve").to_string(), world.harbor().to_string());
        let (nobody, audience) = (uuid::Uuid::nil().to_string(), latchkey_devops::scope::AUDIENCE.to_owned());
        for id in [account, tenant, gone, nobody, audience] {
            let mut document = an_app("Sham");
            document["client_id"] = json!(id);
            let refused = call(&tokens, Method::POST, "/apps", Some(document)).await;
            assert!(refused.status.is_client_error(), "{id}: {}", refused.text());
            assert_eq!(get(&tokens, &format!("/apps/{id}")).await.status, 404, "{id}");
        }
    });
}

#[test]
fn nobody_vouches_for_addresses_of_another_domain_or_hears_whether_somebody_has_them() {
    on_both_databases(async |world| {
        let tokens = steward(&world).await;
        for email in ["eve@shore.test", "nobody@shore.test"] {
            let account = json!({ "email": email, "name": "Gus" });
            let refused = call(&tokens, Method::POST, "/accounts", Some(account)).await;
            assert_eq!(code(&refused), (403, "forbidden".into()), "{email}: {}", refused.text());
        }
    });
}

#[test]
fn long_lists_come_in_pages() {
    on_both_databases(async |world| {
        let tokens = steward(&world).await;
        for list in ["/accounts", "/apps"] {
            let whole = get(&tokens, list).await.json()["value"].as_array().unwrap().clone();
            let (mut after, mut found) = (String::new(), Vec::new());
            loop {
                let page = get(&tokens, &format!("{list}?limit=2&after={after}")).await.json();
                found.extend(page["value"].as_array().unwrap().clone());
                match page["next"].as_str() {
                    Some(next) => next.clone_into(&mut after),
                    None => break,
                }
            }
            assert!(found.len() > 2, "{list}");
            assert_eq!(found, whole, "{list}");
            for bad in ["limit=0", "limit=101", "limit=x"] {
                assert_eq!(get(&tokens, &format!("{list}?{bad}")).await.status, 400, "{bad}");
            }
        }
        assert_eq!(get(&tokens, "/apps?after=x").await.status, 400);
    });
}

#[test]
fn what_somebody_approved_is_listed_and_revoked() {
    on_both_databases(async |world| {
        let tokens = steward(&world).await;
        let of_max = world.max().authorizes("burndown").await;
        let listed = get(&tokens, "/authorizations").await.json();
        let found = listed["value"].as_array().unwrap().iter().find(|one| one["account"]["email"] == "max@harbor.test");
        let found = found.unwrap_or_else(|| panic!("{listed}"));
        assert_eq!(found["client"]["name"], "burndown");
        let path = format!("/authorizations/{}", found["id"].as_str().unwrap());
        assert_eq!(of_max.userinfo().await.status, 200);
        assert_eq!(call(&tokens, Method::DELETE, &path, None).await.status, 204);
        assert_eq!(of_max.userinfo().await.status, 401);
        assert!(of_max.refreshed().await.is_err());
        assert_eq!(call(&tokens, Method::DELETE, &path, None).await.status, 204, "it has ended");
    });
}

#[test]
fn signing_keys_are_listed_without_anything_secret() {
    on_both_databases(async |world| {
        let tokens = steward(&world).await;
        let answer = get(&tokens, "/keys").await;
        assert_eq!(answer.json()["value"].as_array().unwrap().len(), 2);
        assert!(!answer.text().contains("sealed"));
    });
}

#[test]
fn whoever_is_no_administrator_at_that_moment_is_refused() {
    on_both_databases(async |world| {
        let paths = ["/apps", "/accounts", "/authorizations", "/keys"];
        for path in paths {
            let bare = world.get(&format!("{BASE}{path}")).await;
            assert_eq!(bare.status, 401);
            assert!(bare.header("www-authenticate").unwrap().starts_with("Bearer"));
            assert_eq!(bare.header("content-type"), Some("application/problem+json"));
            assert_eq!(world.get(&format!("{BASE}{path}")).bearer("nonsense").await.status, 401);
        }
        // Another scope, even the one for everything that a person can do.
        let without = world.registers(a_daemon("without").owned_by("ana")).await.by_itself("").await.unwrap();
        assert_eq!(code(&get(&without, "/apps").await), (403, "insufficient_scope".into()));
        // An app that nobody vouches for, one of somebody who is no administrator, and one without an owner.
        let apps = [
            an_admin_daemon("unapproved").not_approved(),
            an_admin_daemon("of-ben").owned_by("ben"),
            a_daemon("of-nobody").asking(SCOPE),
        ];
        for app in apps {
            let tokens = world.registers(app).await.by_itself(SCOPE).await.unwrap();
            assert_eq!(code(&get(&tokens, "/apps").await), (403, "not_an_administrator".into()));
        }
        // A person who administers an organization is no administrator of the tenant.
        let console = world.registers(a_web_app("console").asking(SCOPE).requiring(SCOPE)).await;
        let of_max = world.max().authorizes("console").await;
        assert_eq!(code(&get(&of_max, "/apps").await), (403, "not_an_administrator".into()));
        let of_ana = world.ana().authorizes("console").await;
        assert_eq!(get(&of_ana, "/apps").await.status, 200);
        // Nor does a token that was narrowed to a part of the tenant's organization administer the whole.
        let narrow = [("resource", "https://latchkey.test/harbor/lighthouse")];
        let narrow = console.exchanges(&of_ana.access, &narrow).await.unwrap();
        assert_eq!(code(&get(&narrow, "/apps").await), (403, "insufficient_scope".into()));
        // And what ends the owner's right ends the app's.
        let tokens = steward(&world).await;
        assert_eq!(get(&tokens, "/apps").await.status, 200);
        world.disables("ana").await;
        assert_eq!(get(&tokens, "/apps").await.status, 403);
        assert_eq!(get(&of_ana, "/apps").await.status, 401);
    });
}

#[test]
fn nothing_of_another_tenant_is_seen_or_touched() {
    on_both_databases(async |world| {
        let tokens = steward(&world).await;
        let of_shore = world.registers(a_web_app("gulls").of_shore()).await.client_id();
        let app = format!("/apps/{of_shore}");
        assert_eq!(get(&tokens, &app).await.status, 404);
        assert_eq!(call(&tokens, Method::DELETE, &app, None).await.status, 404);
        assert_eq!(call(&tokens, Method::PUT, &app, Some(an_app("Beacon"))).await.status, 404);
        assert_eq!(call(&tokens, Method::POST, &format!("{app}/secrets"), None).await.status, 404);
        let mut taken = an_app("Beacon");
        taken["client_id"] = json!(of_shore);
        assert_eq!(call(&tokens, Method::POST, "/apps", Some(taken)).await.status, 409);
        let eve = format!("/accounts/{}", world.account("eve"));
        assert_eq!(get(&tokens, &eve).await.status, 404);
        assert_eq!(call(&tokens, Method::POST, &format!("{eve}/disable"), None).await.status, 404);
        let listed = get(&tokens, "/accounts").await.text();
        assert!(!listed.contains("eve@shore.test") && listed.contains("ana@harbor.test"));
        let mut foreign = an_app("Lure");
        foreign["owner"] = json!("eve@shore.test");
        assert_eq!(call(&tokens, Method::POST, "/apps", Some(foreign)).await.status, 404);
    });
}

#[test]
fn what_cannot_be_read_is_refused_with_the_reason() {
    on_both_databases(async |world| {
        let tokens = steward(&world).await;
        let post = async |body: &str| {
            let ask = tokens.post(&format!("{BASE}/apps")).body("application/json", body.as_bytes());
            code(&ask.await)
        };
        for bad in ["", "{", "[]", "{\"name\":1}", "{\"name\":\"a\\u0000b\",\"kind\":\"web\"}", "null"] {
            assert_eq!(post(bad).await, (400, "invalid_request".into()), "{bad}");
        }
        let mut unknown = an_app("Examiner");
        unknown["surprise"] = json!(true);
        let answer = call(&tokens, Method::POST, "/apps", Some(unknown)).await;
        assert!(answer.json()["detail"].as_str().unwrap().contains("surprise"));
        let mut older = an_app("Examiner");
        older["profile"] = json!("legacy");
        assert_eq!(code(&call(&tokens, Method::POST, "/apps", Some(older)).await), (403, "legacy_app".into()));
        let form = tokens.post(&format!("{BASE}/apps")).form([("name", "Examiner")]).await;
        assert_eq!(form.status, 415);
        let long = format!("{{\"name\":\"{}\"}}", "x".repeat(70_000));
        assert_eq!(post(&long).await.0, 413);
        assert_eq!(get(&tokens, "/apps/nonsense").await.status, 404);
        assert_eq!(get(&tokens, "/nonsense").await.status, 404);
    });
}

#[test]
fn the_description_names_every_operation_and_each_of_them_answers() {
    on_both_databases(async |world| {
        let tokens = steward(&world).await;
        let described = world.get(&format!("{BASE}/openapi.json")).await.json();
        assert_eq!(described["openapi"], "3.1.0");
        let paths = described["paths"].as_object().unwrap();
        assert!(paths.len() >= 9);
        for (path, methods) in paths {
            let path = path.replace("{client_id}", "00000000-0000-4000-8000-000000000000");
            let path = path.replace("{id}", "00000000-0000-4000-8000-000000000000");
            for method in methods.as_object().unwrap().keys() {
                let method: Method = method.to_uppercase().parse().unwrap();
                let answer = tokens.ask(method.clone(), &path).await;
                assert!(matches!(answer.status.as_u16(), 200 | 201 | 400 | 404), "{method} {path}: {}", answer.status);
                let bare = world.ask(method.clone(), &path).await;
                assert_eq!(bare.status, 401, "{method} {path}");
            }
        }
    });
}

#[test]
fn a_method_that_an_operation_does_not_have_is_said_as_a_problem() {
    on_both_databases(async |world| {
        let tokens = steward(&world).await;
        for (method, path) in [(Method::PUT, "/apps"), (Method::PATCH, "/implicit"), (Method::DELETE, "/openapi.json")]
        {
            let answer = call(&tokens, method.clone(), path, None).await;
            assert_eq!(code(&answer), (405, "method_not_allowed".into()), "{method} {path}");
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            assert!(answer.header("allow").unwrap().contains("GET"), "{path}");
        }
    });
}

#[test]
fn a_provider_at_which_people_sign_in_is_added_read_changed_and_removed() {
    on_both_databases(async |world| {
        let tokens = steward(&world).await;
        let mut document = json!({
            "name": "Harbor Login",
            "issuer": "https://login.harbor.example",
            "client_id": "latchkey",
            "client_secret": "a-secret-of-theirs",
            "home_realm": true,
        });
        let made = call(&tokens, Method::POST, "/upstreams", Some(document.clone())).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let made = made.json();
        let path = format!("/upstreams/{}", made["id"].as_str().unwrap());
        let read = get(&tokens, &path).await.json();
        assert_eq!((&read["has_secret"], &read["passwords"]), (&json!(true), &json!(true)));
        assert!(!read.to_string().contains("a-secret"), "a secret is written and never read");
        assert!(read["redirect_uris"][0].as_str().unwrap().contains("/upstream/callback/"));
        let again = call(&tokens, Method::POST, "/upstreams", Some(document.clone())).await;
        assert_eq!(code(&again), (409, "conflict".into()));
        document["passwords"] = json!(false);
        document["client_secret"] = Value::Null;
        let changed = call(&tokens, Method::PUT, &path, Some(document.clone())).await.json();
        assert_eq!((&changed["has_secret"], &changed["passwords"]), (&json!(true), &json!(false)));
        document["issuer"] = json!("https://elsewhere.example");
        let moved = call(&tokens, Method::PUT, &path, Some(document)).await;
        assert_eq!(code(&moved), (422, "invalid_provider".into()));
        assert_eq!(get(&tokens, "/upstreams").await.json()["value"].as_array().unwrap().len(), 1);
        assert_eq!(call(&tokens, Method::DELETE, &path, None).await.status, 204);
        assert_eq!(code(&get(&tokens, &path).await), (404, "not_found".into()));
    });
}

#[test]
fn an_administrator_decides_whether_tokens_travel_through_browsers() {
    on_both_databases(async |world| {
        let steward = steward(&world).await;
        assert_eq!(get(&steward, "/implicit").await.json(), json!({ "allowed": false }));
        let told = call(&steward, Method::PUT, "/implicit", Some(json!({ "allowed": true }))).await;
        assert_eq!((told.status.as_u16(), told.json()), (200, json!({ "allowed": true })));
        assert!(world.store().allows_implicit(world.harbor()).await.unwrap());
        assert!(!world.store().allows_implicit(world.shore()).await.unwrap(), "its own tenant alone");
        let wrong = call(&steward, Method::PUT, "/implicit", Some(json!({ "allow": true }))).await;
        assert_eq!(wrong.status, 400);
    });
}
