//! A test for each sentence of "What always holds" in `ARCHITECTURE.md`, named after it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![recursion_limit = "256"]

use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::ids::AppId;
use latchkey_devops::policy::AuthorizePolicy;
use latchkey_identity::Change;
use latchkey_identity::authorization::Authorization;
use latchkey_store::audit::verify;
use latchkey_testkit::databases::on_both_engines;
use latchkey_testkit::{Tokens, World, on_both_databases};

const PROJECTS: &str = "/harbor/_apis/projects";
const CLONE: &str = "/harbor/lighthouse/_git/lamp/info/refs?service=git-upload-pack";
const WORK_ITEM: &str = "/harbor/lighthouse/_apis/wit/workitems/1";

/// Where a token is accepted: API, git, UserInfo, refresh.
async fn accepted(tokens: &Tokens) -> [bool; 4] {
    [
        tokens.get(PROJECTS).await.is_ok() && tokens.get(WORK_ITEM).await.is_ok(),
        tokens.get(CLONE).await.is_ok(),
        tokens.userinfo().await.is_ok(),
        tokens.refreshed().await.is_ok(),
    ]
}

const OPEN: [bool; 4] = [true; 4];
const CLOSED: [bool; 4] = [false; 4];

/// Somebody's authorization becomes another.
async fn narrows(world: &World, person: &str, narrow: impl Fn(&mut Authorization)) {
    let app = world.app("burndown").app().id;
    let found = world.store().authorization_for(world.harbor(), world.account(person), app).await.unwrap().unwrap();
    let mut narrowed = found.clone();
    narrow(&mut narrowed);
    narrowed.version += 1;
    let (authorization, from_version) = (Box::new(narrowed), found.version);
    world.becomes([Change::ChangeAuthorization { authorization, from_version }]).await;
}

/// What always holds, 1.
#[test]
fn no_access_token_outlives_90_minutes() {
    on_both_databases(async |world| {
        let mut tokens = world.ana().authorizes("burndown").await;
        for _ in 0..20 {
            let claims = tokens.access_claims();
            let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
            assert!((3_600..=5_400).contains(&lifetime), "{lifetime}");
            assert_eq!(tokens.body["expires_in"], lifetime);
            tokens = tokens.refreshed().await.unwrap();
        }
        world.seconds_later(5_400);
        assert_eq!(tokens.get(PROJECTS).await.status, 401);
        assert_eq!(tokens.get(CLONE).await.status, 401);
        assert_eq!(tokens.userinfo().await.status, 401);
    });
}

/// What always holds, 2.
#[test]
fn what_a_service_may_is_the_intersection_worked_out_on_every_request() {
    on_both_databases(async |world| {
        let max = world.max();
        let tokens = max.authorizes("burndown").await;
        let reads = async |url: &str| tokens.get(url).await.status.as_u16();
        assert_eq!((reads(WORK_ITEM).await, reads(CLONE).await), (200, 200));

        // The scopes of the token, and of the authorization.
        let request = world.app("burndown").asking("vso.work").request();
        let small = max.authorizes_part(&request, |page| page).await;
        let (work, clone) = (small.get(WORK_ITEM).await.status, small.get(CLONE).await.status);
        assert_eq!((work.as_u16(), clone.as_u16()), (200, 403));
        // The person's access level.
        world.relicenses("max", AccessLevel::Basic, AccessLevel::Stakeholder).await;
        assert_eq!((reads(WORK_ITEM).await, reads(CLONE).await), (200, 403));
        world.relicenses("max", AccessLevel::Stakeholder, AccessLevel::Basic).await;
        assert_eq!(reads(CLONE).await, 200);
        // Organization policy.
        world.decides(|policy| policy.third_party_apps = false).await;
        assert_eq!((reads(WORK_ITEM).await, reads(CLONE).await), (401, 403));
        world.decides(|policy| policy.third_party_apps = true).await;
        assert_eq!(reads(WORK_ITEM).await, 200);
        // The person's membership.
        world.steps_down("max").await;
        assert_eq!(reads(WORK_ITEM).await, 200, "a member of the project reads on");
        world.leaves_project("max", "lighthouse").await;
        assert_eq!((reads(WORK_ITEM).await, reads(CLONE).await), (404, 404));
        world.leaves("max").await;
        assert_eq!(reads(PROJECTS).await, 404);
    });
}

/// What always holds, 3.
#[test]
fn a_person_authorizes_a_service_only_with_the_prerequisites_of_the_organization() {
    on_both_databases(async |world| {
        for (policy, may) in [
            (AuthorizePolicy::Administrators, ["ana", "max", "pat"].as_slice()),
            (AuthorizePolicy::Members, &["ana", "max", "ben", "pat"]),
            (AuthorizePolicy::Approval, &["ana", "max", "pat"]),
            (AuthorizePolicy::Nobody, &[]),
        ] {
            world.decides(|all| all.authorize = policy).await;
            for name in ["ana", "max", "ben", "cy", "dee", "pat"] {
                let page = world.person(name).goes_to(&world.app("burndown").request()).await.page();
                assert_eq!(page.has("approve"), may.contains(&name), "{name} under {policy:?}");
                assert_eq!(page.attributes("data-missing").is_empty(), may.contains(&name), "{name} is told why");
            }
        }
    });
}

/// What always holds, 4.
#[test]
fn the_password_stays_here() {
    on_both_databases(async |world| {
        let burndown = world.app("burndown");
        for grant in ["password", "http://oauth.net/grant_type/device/1.0"] {
            let pairs =
                [("grant_type", grant), ("username", "ana@harbor.test"), ("password", "correct horse battery staple")];
            assert_eq!(burndown.token_request(&pairs).await.error(), "unsupported_grant_type");
        }
        let answer = world.get(PROJECTS).basic("ana@harbor.test", "correct horse battery staple").await;
        assert_eq!(answer.status, 401, "a password is no credential of the API");
        assert_eq!(world.get(CLONE).basic("ana@harbor.test", "correct horse battery staple").await.status, 401);
    });
}

/// What always holds, 5.
#[test]
fn a_revocation_ends_things() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let (tokens, code) = (ana.authorizes("burndown").await, ana.approves("burndown").await);
        let other = ana.authorizes("compass").await;
        assert_eq!(accepted(&tokens).await, OPEN);
        let page = ana.opens("/profile/authorizations").await;
        let row = page.texts_with("data-authorization").iter().position(|text| text.contains("burndown")).unwrap();
        let id = page.attributes("data-authorization")[row].clone();
        page.press(&format!("revoke-{id}")).await.page();
        assert_eq!(accepted(&tokens).await, CLOSED);
        assert_eq!(world.redeem(&code).await.err().unwrap().error, "invalid_grant");
        assert_eq!(accepted(&other).await, OPEN, "and nothing else");
        assert!(ana.goes_to(&world.app("burndown").request()).await.page().has("approve"), "it has to ask again");
    });
}

/// What always holds, 5.
#[test]
fn a_pause_lets_nothing_through_and_takes_nothing() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let (tokens, code) = (ana.authorizes("burndown").await, ana.approves("burndown").await);
        ana.pauses("burndown").await;
        assert_eq!(accepted(&tokens).await, CLOSED);
        assert!(world.redeem(&code).await.is_err());
        ana.resumes("burndown").await;
        assert!(world.redeem(&code).await.is_ok());
        assert_eq!(accepted(&tokens).await, OPEN);
    });
}

/// What always holds, 5.
#[test]
fn the_same_for_a_disabled_account() {
    on_both_databases(async |world| {
        let max = world.max();
        let (tokens, code) = (max.authorizes("burndown").await, max.approves("burndown").await);
        assert_eq!(accepted(&tokens).await, OPEN);
        world.disables("max").await;
        assert_eq!(accepted(&tokens).await, CLOSED);
        assert_eq!(world.redeem(&code).await.err().unwrap().error, "invalid_grant");
        let page = max.browser().open(&world.app("burndown").request().url()).await.page();
        assert_eq!(page.path(), "/signin", "the session has ended too");
    });
}

/// What always holds, 5.
#[test]
fn the_same_for_a_suspended_app() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let (tokens, code) = (ana.authorizes("burndown").await, ana.approves("burndown").await);
        assert_eq!(accepted(&tokens).await, OPEN);
        world.suspends("burndown").await;
        assert_eq!(accepted(&tokens).await, CLOSED);
        assert!(world.redeem(&code).await.is_err());
        let page = ana.browser().open(&world.app("burndown").request().url()).await.page();
        assert_eq!(page.error_code(), "unauthorized_client");
    });
}

/// What always holds, 5.
#[test]
fn the_same_for_a_lost_membership() {
    on_both_databases(async |world| {
        let tokens = world.max().authorizes("burndown").await;
        assert_eq!(accepted(&tokens).await, OPEN);
        world.leaves("max").await;
        let [api, git, ..] = accepted(&tokens).await;
        assert!(!api && !git, "who one is remains true, what one reaches does not");
    });
}

/// What always holds, 5.
#[test]
fn the_same_for_a_narrowed_authorization() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        assert_eq!(accepted(&tokens).await, OPEN);
        narrows(&world, "ana", |authorization| {
            authorization.scopes = "openid offline_access vso.project vso.work".split(' ').collect();
        })
        .await;
        assert_eq!(accepted(&tokens).await, [true, false, true, true]);
        let fresh = tokens.refreshed().await.unwrap();
        assert_eq!(fresh.scopes(), ["offline_access", "openid", "vso.project", "vso.work"]);
        narrows(&world, "ana", |authorization| authorization.places.clear()).await;
        assert_eq!(fresh.get(PROJECTS).await.status, 404);
        assert_eq!(fresh.get(WORK_ITEM).await.status, 404);
    });
}

/// What always holds, 5.
#[test]
fn the_same_for_a_policy_switched_off() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        assert_eq!(accepted(&tokens).await, OPEN);
        let id = AppId(world.app("burndown").app().id.0);
        world.decides(|policy| policy.blocked_apps = [id].into()).await;
        let [api, git, ..] = accepted(&tokens).await;
        assert!(!api && !git);
        world.decides(|policy| policy.blocked_apps.clear()).await;
        assert_eq!(accepted(&tokens).await, OPEN);
        world.decides(|policy| policy.third_party_apps = false).await;
        let [api, git, ..] = accepted(&tokens).await;
        assert!(!api && !git);
    });
}

/// What always holds, 6.
#[test]
fn once_means_once_for_a_code() {
    on_both_databases(async |world| {
        let code = world.ana().approves("burndown").await;
        let tokens = world.redeem(&code).await.unwrap();
        assert_eq!(accepted(&tokens).await, OPEN);
        assert_eq!(world.redeem(&code).await.err().unwrap().error, "invalid_grant");
        assert_eq!(accepted(&tokens).await, CLOSED, "a replayed code ends what it produced");
    });
}

/// What always holds, 6.
#[test]
fn a_lost_answer_gets_the_same_successor_within_60_seconds_while_it_is_unused() {
    on_both_databases(async |world| {
        let first = world.ana().authorizes("burndown").await;
        let second = first.refreshed().await.unwrap();
        world.seconds_later(60);
        let again = first.refreshed().await.unwrap();
        assert_eq!(second.refresh, again.refresh);
        assert_ne!(second.access, again.access);
        assert!(second.refreshed().await.is_ok());
        assert_eq!(first.refreshed().await.err().unwrap().error, "invalid_grant", "its successor was used");
    });
}

/// What always holds, 6.
#[test]
fn any_other_reuse_of_a_refresh_token_ends_the_family() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let (first, other) = (ana.authorizes("burndown").await, ana.authorizes("burndown").await);
        let second = first.refreshed().await.unwrap();
        world.seconds_later(61);
        assert_eq!(first.refreshed().await.err().unwrap().error, "invalid_grant");
        assert_eq!(accepted(&second).await, CLOSED);
        assert_eq!(accepted(&other).await, OPEN, "another installation goes on");
    });
}

/// What always holds, 7.
#[test]
fn nothing_is_acknowledged_before_it_is_durable() {
    on_both_engines(async |database| {
        let world = World::on(database).await;
        let (kept, revoked) = {
            let ana = world.ana();
            let (kept, revoked) = (ana.authorizes("burndown").await, ana.authorizes("compass").await);
            let page = ana.opens("/profile/authorizations").await;
            let row = page.texts_with("data-authorization").iter().position(|text| text.contains("compass")).unwrap();
            let id = page.attributes("data-authorization")[row].clone();
            page.press(&format!("revoke-{id}")).await.page();
            let held = |tokens: &Tokens| (tokens.access.clone(), tokens.refresh_token().to_owned());
            (held(&kept), held(&revoked))
        };
        let world = world.restarted(database).await;
        let status = async |token: &str| world.get("/oidc/userinfo").bearer(token).await.status.as_u16();
        assert_eq!((status(&kept.0).await, status(&revoked.0).await), (200, 401));
        assert!(world.app("burndown").refresh(&kept.1).await.is_ok());
        assert!(world.app("compass").refresh(&revoked.1).await.is_err());
    });
}

/// What always holds, 8.
#[test]
fn every_grant_ends_in_the_same_funnel() {
    on_both_databases(async |world| {
        // Whatever stops one grant stops the other.
        for stop in ["account", "app", "authorization"] {
            let world = world.clone();
            let (name, app) = match stop {
                "account" => ("max", "burndown"),
                "app" => ("ana", "compass"),
                _ => ("ana", "burndown"),
            };
            let person = world.person(name);
            let (tokens, code) = (person.authorizes(app).await, person.approves(app).await);
            match stop {
                "account" => world.disables(name).await,
                "app" => world.suspends(app).await,
                _ => drop(person.revokes_all().await),
            }
            assert!(world.redeem(&code).await.is_err(), "a code after {stop}");
            assert!(tokens.refreshed().await.is_err(), "a refresh token after {stop}");
        }
    });
}

/// What always holds, 8.
#[test]
fn one_function_decides_access_for_every_transport() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        let by_basic = async |url: &str| world.get(url).basic("whoever", &tokens.access).await.status;
        for url in [PROJECTS, WORK_ITEM, CLONE] {
            assert_eq!(tokens.get(url).await.status, by_basic(url).await, "{url}");
        }
        narrows(&world, "ana", |authorization| authorization.scopes = "openid vso.work".split(' ').collect()).await;
        for url in [PROJECTS, WORK_ITEM, CLONE] {
            assert_eq!(tokens.get(url).await.status, by_basic(url).await, "{url}");
        }
    });
}

/// What always holds, 10.
#[test]
fn tenants_do_not_leak() {
    on_both_databases(async |world| {
        let eve = world.eve();
        let tokens =
            eve.authorizes_part(&world.app("burndown").at("shore.test").request(), |page| page.tick_all("scope")).await;
        assert_eq!(tokens.get("/shore/_apis/projects").await.json()["count"], 1);
        for url in
            [PROJECTS, WORK_ITEM, CLONE, "/harbor/_apis/projects/lighthouse", "/harbor/lighthouse/_apis/build/builds"]
        {
            let (hidden, absent) = (tokens.get(url).await, tokens.get(&url.replace("harbor", "nowhere")).await);
            assert_eq!(hidden.status, 404, "{url}");
            assert_eq!(
                hidden.text().replace("harbor", "nowhere"),
                absent.text(),
                "{url}: it is not there, like one that is not"
            );
        }
        assert_eq!(tokens.access_claims()["iss"], format!("https://latchkey.test/{}/v2.0", world.shore()));
        let accounts = tokens.get(&format!("/_apis/accounts?memberId={}", eve.id())).await.json();
        assert!(!accounts.to_string().contains("harbor"), "{accounts}");
        assert!(!eve.opens("/me").await.says("harbor"));
    });
}

/// What always holds, 11.
#[test]
fn everything_is_on_record_in_a_log_that_shows_tampering() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("burndown").await;
        let code = ana.approves("burndown").await;
        world.redeem(&code).await.unwrap();
        assert!(world.redeem(&code).await.is_err());
        assert!(tokens.refreshed().await.is_ok());
        ana.browser()
            .open("/signin")
            .await
            .page()
            .fill("email", ana.email())
            .fill("password", "wrong")
            .press("sign-in")
            .await
            .page();
        ana.revokes_all().await;
        ana.browser().open("/signout").await.page().press("signout-confirm").await.page();
        let kinds = recorded(&world).await;
        for kind in [
            "sign_in_succeeded",
            "authorization_granted",
            "code_replayed",
            "sign_in_failed",
            "authorization_revoked",
            "session_ended",
        ] {
            assert!(kinds.iter().any(|one| one == kind), "{kind}: {kinds:?}");
        }
    });
}

/// What always holds, 12.
#[test]
fn plain_http_is_spoken_on_loopback_only() {
    on_both_databases(async |world| {
        let url = "http://latchkey.test/common/v2.0/.well-known/openid-configuration";
        assert_eq!(world.get(url).await.status, 421, "the https origin does not answer without TLS");
        assert_eq!(world.get("https://localhost:4280/healthz").await.status, 421);
        let answer = world.get("/signin").await;
        assert!(answer.header("strict-transport-security").unwrap().starts_with("max-age=31536000"));
    });
}

/// The kinds of the events on harbor's record, which has to hold together.
async fn recorded(world: &World) -> Vec<String> {
    verify(world.store(), None).await.expect("the record holds together");
    let events = world.store().audit_events(world.harbor().0, None, 1_000).await.unwrap();
    events.into_iter().map(|recorded| recorded.event.kind).collect()
}
