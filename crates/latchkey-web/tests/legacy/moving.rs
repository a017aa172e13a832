//! The way out: an app moves, both run side by side, a person approves once, and the older one is retired.

use latchkey_devops::ids::AppId;
use latchkey_identity::Change;
use latchkey_identity::client::{ClientId, ClientKind, RedirectUri};
use latchkey_testkit::{OldApp, Page, Person, World, on_both_databases};
use std::time::Duration;

/// An app that this person owns, as another server would have exported it.
async fn owned_by(world: &World, person: &Person) -> OldApp {
    let app = world.takes_over("oldtimer").await;
    let client = world.store().client(app.id).await.unwrap().unwrap();
    let owned = latchkey_identity::client::Client {
        owner: Some(person.id()),
        version: client.version + 1,
        ..(*client).clone()
    };
    let change = latchkey_identity::Change::ChangeClient { client: Box::new(owned), from_version: client.version };
    world.becomes([change]).await;
    app
}

async fn moves(person: &Person, app: &OldApp) -> (Page, ClientId, String) {
    let page = person.opens(&format!("/apps/{}", app.id)).await.press("move-app").await.page();
    assert_eq!(page.status(), 200, "{}", page.text());
    let id = ClientId::parse(&page.text_of("new-client-id")).unwrap();
    let secret = page.text_of("client-secret");
    (page, id, secret)
}

#[test]
fn a_legacy_app_is_shown_as_what_it_is_with_who_still_comes_by_it() {
    on_both_databases(async |world: World| {
        let (ana, max) = (world.ana(), world.max());
        let app = owned_by(&world, &ana).await;
        let tokens = app.authorized_by(&max).await;
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 200);
        let page = ana.opens(&format!("/apps/{}", app.id)).await;
        assert!(page.has("legacy") && page.has("move-app"), "{}", page.text());
        assert!(page.says("one person comes by the old way"), "{}", page.text());
        let people = page.texts_with("data-person");
        assert_eq!(people.len(), 1);
        assert!(people[0].contains("max@harbor.test") && people[0].contains("just now"), "{people:?}");
        assert!(page.says("no end date yet") && page.texts_with("data-sunset").is_empty());
        assert!(ana.opens("/apps").await.says("Legacy"));
        assert_eq!(world.ben().opens(&format!("/apps/{}", app.id)).await.status(), 404);
        // Somebody who does not belong to an organization with them sees a number and no names.
        let ben = owned_elsewhere(&world, &app).await;
        let page = ben.opens(&format!("/apps/{}", app.id)).await;
        assert!(!page.source().contains("max@harbor.test") && page.has("unlisted"), "{}", page.text());
        // Nor is the organization named, when its end comes near either.
        world.ends_older_apps(None, Some(world.now() + Duration::from_secs(30 * 86_400))).await;
        let page = ben.opens(&format!("/apps/{}", app.id)).await;
        assert!(page.text_of("elsewhere").starts_with("One organization that you do not belong to"), "{}", page.text());
        assert!(page.says("stop working in an organization that you do not belong to in 30 days"), "{}", page.text());
        assert!(!page.text().to_lowercase().contains("harbor,") && !page.texts_with("data-sunset").is_empty());
    });
}

/// Eve, of another organization, owns it now.
async fn owned_elsewhere(world: &World, app: &OldApp) -> Person {
    let eve = world.eve();
    let client = world.store().client(app.id).await.unwrap().unwrap();
    let owned =
        latchkey_identity::client::Client { owner: Some(eve.id()), version: client.version + 1, ..(*client).clone() };
    world
        .becomes([latchkey_identity::Change::ChangeClient { client: Box::new(owned), from_version: client.version }])
        .await;
    eve
}

#[test]
fn moving_makes_an_app_beside_it_and_both_work() {
    on_both_databases(async |world: World| {
        let ana = world.ana();
        let app = owned_by(&world, &ana).await;
        let tokens = app.authorized_by(&ana).await;
        let (page, id, secret) = moves(&ana, &app).await;
        for mark in ["response_type=Assertion", "response_type=code", "grant_type=authorization_code", "refresh_token="]
        {
            assert!(page.source().contains(mark), "{mark}");
        }
        assert!(page.has("change-msal") && page.has("change-openid-client"));
        let newer = world.store().client(id).await.unwrap().unwrap();
        let older = world.store().client(app.id).await.unwrap().unwrap();
        assert_eq!((&newer.name, newer.owner, newer.tenant), (&older.name, older.owner, older.tenant));
        assert_eq!((&newer.redirect_uris, &newer.scopes), (&older.redirect_uris, &older.scopes));
        assert!(!newer.is_legacy() && newer.requires_pkce());
        let url = format!("/{}/oauth2/v2.0/token", world.harbor());
        let grant = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        assert_eq!(world.post(&url).form(grant).basic(&id.to_string(), &secret).await.error(), "invalid_grant");
        // The older one goes on.
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 200);
        assert!(tokens.refreshed().await.is_ok());
        // Each page leads to the other, and the secret is on neither.
        let older = page.follow("to-older").await.page();
        assert!(older.has("moved-to") && older.has("retire") && !older.has("move-app"), "{}", older.text());
        let newer = older.follow("moved-to").await.page();
        assert!(newer.has("took-over") && newer.has("older"), "{}", newer.text());
        assert!(!older.source().contains(&secret) && !newer.source().contains(&secret));
        let events = world.store().audit_events(world.harbor().0, None, 50).await.unwrap();
        let moved = events.iter().find(|one| one.event.kind == "legacy_app_moved").unwrap();
        assert_eq!((moved.event.client, moved.event.subject.as_str()), (Some(app.id.0), id.to_string().as_str()));
        assert_eq!(moved.event.actor, Some(ana.id().0));
    });
}

#[test]
fn a_name_that_no_new_app_may_have_is_told_and_another_is_taken() {
    on_both_databases(async |world: World| {
        let ana = world.ana();
        let app = owned_by(&world, &ana).await;
        let page = ana.opens(&format!("/apps/{}", app.id)).await;
        let again = page.fill("name", "Latchkey Sync").press("move-app").await.page();
        assert!(again.status() == 422 && again.has("new-name-wrong"), "{}", again.text());
        assert!(world.store().legacy_app_moved_to(app.id).await.unwrap().is_none());
        let moved = again.fill("name", "Newtimer").press("move-app").await.page();
        let id = ClientId::parse(&moved.text_of("new-client-id")).unwrap();
        assert_eq!(world.store().client(id).await.unwrap().unwrap().name, "Newtimer");
    });
}

#[test]
fn an_app_moves_once_also_when_it_is_asked_twice_at_a_time() {
    on_both_databases(async |world: World| {
        let ana = world.ana();
        let app = owned_by(&world, &ana).await;
        let page = ana.opens(&format!("/apps/{}", app.id)).await;
        let (one, other) = tokio::join!(page.press("move-app"), page.press("move-app"));
        let made = [one.page(), other.page()].iter().filter(|page| page.has("client-secret")).count();
        assert_eq!(made, 1);
        assert_eq!(world.store().clients_owned_by(ana.id()).await.unwrap().len(), 2);
        let (newer, _) = world.store().legacy_app_moved_to(app.id).await.unwrap().unwrap();
        assert!(page.press("move-app").await.page().says("It has moved before"));
        // When the new one is deleted, it can move again.
        ana.opens(&format!("/apps/{newer}/delete")).await.press("confirm").await.page();
        let (_, again, _) = moves(&ana, &app).await;
        assert_ne!(again, newer);
    });
}

#[test]
fn what_a_person_allowed_carries_over_with_one_approval_and_nothing_without_it() {
    on_both_databases(async |world: World| {
        let (ana, max) = (world.ana(), world.max());
        let app = owned_by(&world, &ana).await;
        let project = world.project("lighthouse").0.to_string();
        let page = app.asks(&max).await.tick_only("scope", &["vso.work"]).tick_only("project", &[&project]);
        let code = app.code_of(&page.press("approve").await.left());
        app.redeems(&code).await.unwrap();
        let (_, id, _) = moves(&ana, &app).await;
        let url = format!(
            "/{}/oauth2/v2.0/authorize?client_id={id}&response_type=code&redirect_uri={}&scope=offline_access%20vso.work%20vso.code\
             &state=s&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
            world.harbor(),
            app.redirect_uri.replace(':', "%3A").replace('/', "%2F"),
        );
        // Without a page there is nothing.
        let silent = max.browser().open(&format!("{url}&prompt=none")).await;
        let told = match silent.as_page() {
            Some(page) => page.press("continue").await.left(),
            None => silent.left(),
        };
        assert_eq!(told.parameter("error").as_deref(), Some("consent_required"));
        let page = max.past_sign_in(max.browser().open(&url).await).await.page();
        assert!(page.has("carried-over"), "{}", page.text());
        assert_eq!(page.ticked("scope"), ["vso.work"], "what was not allowed is not ticked");
        assert_eq!(page.ticked("project"), [project.as_str()]);
        assert_eq!(page.value("keep"), "90-days", "a year is not made longer");
        assert_eq!(world.store().count_authorizations_for(id).await.unwrap(), 0);
        let departure = page.press("approve").await.left();
        assert!(departure.parameter("code").is_some(), "{}", departure.url);
        let given = world.store().authorizations_for(id).await.unwrap();
        assert_eq!(given.len(), 1);
        let (older, newer) = (world.store().authorizations_for(app.id).await.unwrap(), &given[0].listed.authorization);
        assert_eq!(older[0].listed.authorization.places, newer.places);
        assert_eq!(newer.scopes.to_string(), "offline_access vso.work");
        assert!(world.browser().open(&url).await.as_page().is_some(), "others are asked to sign in");
        // Now both run side by side, and the owner sees who has come over.
        let page = ana.opens(&format!("/apps/{}", app.id)).await;
        assert!(page.texts_with("data-person")[0].contains("Approved the new app"), "{}", page.text());
        // Who never allowed the older one is asked like anybody.
        let page = ana.past_sign_in(ana.browser().open(&url).await).await.page();
        assert!(page.has("approve") && !page.has("carried-over"));
    });
}

#[test]
fn what_was_allowed_to_the_older_app_vouches_for_no_other_door_and_no_new_scope() {
    on_both_databases(async |world: World| {
        let ana = world.ana();
        let app = owned_by(&world, &ana).await;
        let page = app.asks(&ana).await;
        page.untick("scope", "vso.code").tick("scope", "vso.work").press("approve").await.left();
        let (_, id, _) = moves(&ana, &app).await;
        let url = |redirect_uri: &str| {
            format!(
                "/{}/oauth2/v2.0/authorize?client_id={id}&response_type=code&redirect_uri={}&scope=vso.work%20vso.code\
                 &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
                world.harbor(),
                redirect_uri.replace(':', "%3A").replace('/', "%2F"),
            )
        };
        // Its owner adds another redirect URI, and makes a scope required that the older one was never allowed.
        let client = world.store().client(id).await.unwrap().unwrap();
        let mut changed = (*client).clone();
        changed.version += 1;
        changed.required_scopes = "vso.code".split(' ').collect();
        changed.redirect_uris.push(RedirectUri::register("https://evil.example/cb", ClientKind::Web).unwrap());
        world.becomes([Change::ChangeClient { client: Box::new(changed), from_version: client.version }]).await;
        let page = ana.past_sign_in(ana.browser().open(&url(&app.redirect_uri)).await).await.page();
        assert!(page.text_of("carried-over").contains("oldtimer"), "{}", page.text());
        assert!(page.source().contains(">New</span>"), "what comes on top is marked");
        let page = ana.past_sign_in(ana.browser().open(&url("https://evil.example/cb")).await).await.page();
        assert!(page.has("approve") && !page.has("carried-over") && !page.source().contains(">New</span>"));
    });
}

#[test]
fn a_revoked_older_authorization_carries_nothing_over() {
    on_both_databases(async |world: World| {
        let ana = world.ana();
        let app = owned_by(&world, &ana).await;
        app.authorized_by(&ana).await;
        let (_, id, _) = moves(&ana, &app).await;
        ana.revokes().await;
        let url = format!(
            "/{}/oauth2/v2.0/authorize?client_id={id}&response_type=code&redirect_uri={}&scope=vso.work\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
            world.harbor(),
            app.redirect_uri.replace(':', "%3A").replace('/', "%2F"),
        );
        let page = ana.past_sign_in(ana.browser().open(&url).await).await.page();
        assert!(page.has("approve") && !page.has("carried-over"), "{}", page.text());
    });
}

#[test]
fn retiring_asks_first_and_ends_every_authorization_of_the_older_one() {
    on_both_databases(async |world: World| {
        let (ana, max) = (world.ana(), world.max());
        let app = owned_by(&world, &ana).await;
        let tokens = app.authorized_by(&max).await;
        let (_, id, _) = moves(&ana, &app).await;
        let asked = ana.opens(&format!("/apps/{}", app.id)).await.follow("retire").await.page();
        assert!(asked.says("One person still has an authorization"), "{}", asked.text());
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 200, "nothing yet");
        let page = asked.press("confirm").await.page();
        assert_eq!(page.path(), format!("/apps/{id}"));
        assert!(page.says("The old app was retired") && page.says("The old one is retired."), "{}", page.text());
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
        assert_eq!(tokens.refreshed().await.map(|_| ()).unwrap_err().error, "invalid_client");
        assert_eq!(ana.opens(&format!("/apps/{}", app.id)).await.status(), 404);
        assert!(max.opens("/profile/authorizations").await.has("no-authorizations"));
        let events = world.store().audit_events(world.harbor().0, None, 50).await.unwrap();
        let retired = events.iter().find(|one| one.event.kind == "legacy_app_retired").unwrap();
        assert_eq!((retired.event.client, retired.event.actor), (Some(app.id.0), Some(ana.id().0)));
    });
}

#[test]
fn nobody_but_its_owner_moves_or_retires_it() {
    on_both_databases(async |world: World| {
        let app = owned_by(&world, &world.ana()).await;
        let max = world.max();
        let csrf = max.opens("/apps/new").await.value("csrf");
        let cookie = format!("__Host-latchkey={}", max.browser().session_cookie().unwrap());
        for path in ["move", "retire"] {
            let url = format!("/apps/{}/{path}", app.id);
            let answer = world.post(&url).header("cookie", &cookie).form([("csrf", csrf.as_str())]).await;
            assert_eq!(answer.status, 404, "{path}");
        }
        assert!(world.store().legacy_app_moved_to(app.id).await.unwrap().is_none());
        assert!(world.store().client(app.id).await.unwrap().is_some());
    });
}

#[test]
fn an_administrator_sets_the_end_and_everybody_concerned_is_told() {
    on_both_databases(async |world: World| {
        let (ana, max) = (world.ana(), world.max());
        let app = owned_by(&world, &ana).await;
        let tokens = app.authorized_by(&max).await;
        let page = ana.opens("/organizations/harbor").await.follow("older-apps").await.page();
        let rows = page.texts_with("data-older-app");
        assert!(rows.len() == 1 && rows[0].contains("1 person"), "{rows:?}");
        let day = |days: u64| latchkey_devops::date::field(world.now() + Duration::from_secs(86_400 * days));
        let wrong =
            page.clone().fill("warn_from", &day(31)).fill("refuse_from", &day(30)).press("save-sunset").await.page();
        assert!(wrong.status() == 422 && wrong.has("warn-wrong"), "{}", wrong.text());
        assert_eq!(wrong.value("refuse_from"), day(30), "what was typed stays");
        let wrong = page.clone().fill("refuse_from", "soon").press("save-sunset").await.page();
        assert!(wrong.status() == 422 && wrong.has("refuse-wrong"));
        let saved = page.fill("refuse_from", &day(30)).press("save-sunset").await.page();
        assert!(saved.says("Saved.") && saved.value("refuse_from") == day(30), "{}", saved.text());
        for (person, url) in [
            (&ana, "/organizations/harbor".to_owned()),
            (&ana, "/organizations/harbor/older-apps".to_owned()),
            (&ana, format!("/apps/{}", app.id)),
            (&max, "/profile/authorizations".to_owned()),
        ] {
            let notices = person.opens(&url).await.texts_with("data-sunset");
            assert_eq!(notices.len(), 1, "{url}");
            assert!(
                notices[0].contains("stop working in harbor in 29 days") || notices[0].contains("in 30 days"),
                "{notices:?}"
            );
        }
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 200);
        let events = world.store().audit_events(world.harbor().0, None, 50).await.unwrap();
        let changed: Vec<_> = events.iter().filter(|one| one.event.kind == "legacy_sunset_changed").collect();
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].event.actor, Some(ana.id().0));
        // The same again changes nothing; no date takes it back.
        let page = ana.opens("/organizations/harbor/older-apps").await.press("save-sunset").await.page();
        let open = page.fill("refuse_from", "").press("save-sunset").await.page();
        assert!(open.texts_with("data-sunset").is_empty());
        assert!(world.policy().await.sunset.refuse_from().is_none());
        let events = world.store().audit_events(world.harbor().0, None, 50).await.unwrap();
        assert_eq!(events.iter().filter(|one| one.event.kind == "legacy_sunset_changed").count(), 2);
        // From a day that is past on, nothing is accepted.
        let page = ana.opens("/organizations/harbor/older-apps").await;
        page.fill("refuse_from", &latchkey_devops::date::field(world.now())).press("save-sunset").await.page();
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
        assert!(ana.opens(&format!("/apps/{}", app.id)).await.says("has accepted no apps of the older kind since"));
    });
}

#[test]
fn the_end_is_its_administrators_to_set_and_see() {
    on_both_databases(async |world: World| {
        world.takes_over("oldtimer").await;
        assert_eq!(world.eve().opens("/organizations/harbor/older-apps").await.status(), 404);
        let ben = world.ben();
        let page = ben.opens("/organizations/harbor/older-apps").await;
        assert_eq!(page.status(), 403, "{}", page.text());
        let page = ben.opens("/organizations/harbor").await;
        assert!(!page.has("older-apps") && !page.says("oldtimer"));
    });
}

#[test]
fn a_secret_of_the_older_kind_is_added_on_its_page_for_sixty_days() {
    on_both_databases(async |world: World| {
        let ana = world.ana();
        let app = owned_by(&world, &ana).await;
        let page = ana.opens(&format!("/apps/{}", app.id)).await;
        let shown = page.choose("expires", "60").press("add-secret").await.page();
        let second = app.with_secret(&shown.text_of("client-secret"));
        let code = app.approved_by(&ana).await;
        assert!(second.redeems(&code).await.is_ok(), "two at a time");
        let third = ana.opens(&format!("/apps/{}", app.id)).await.press("add-secret").await.page();
        assert!(third.status() == 422 && third.says("at most two secrets"), "{}", third.text());
    });
}

/// An administrator stops an app for everybody in harbor, or allows it again.
async fn administers_service(person: &Person, id: ClientId) -> Page {
    let page = person.opens("/organizations/harbor/services").await;
    let page = page.press_value("client", &id.to_string()).await.page();
    if page.has("confirm") { page.press("confirm").await.page() } else { page }
}

#[test]
fn an_app_that_was_stopped_stays_stopped_when_it_moves() {
    on_both_databases(async |world: World| {
        let (ana, max) = (world.ana(), world.max());
        let app = owned_by(&world, &ana).await;
        let tokens = app.authorized_by(&max).await;
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 200);
        administers_service(&ana, app.id).await;
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
        let (_, id, _) = moves(&ana, &app).await;
        let blocked = async || world.policy().await.blocked_apps;
        let both = [AppId(app.id.0), AppId(id.0)].into();
        assert_eq!(blocked().await, both);
        // Whatever else is decided leaves it so, and allowing either allows both.
        world.decides(|policy| policy.longest_authorization_days = Some(90)).await;
        assert_eq!(blocked().await, both);
        administers_service(&ana, id).await;
        assert!(blocked().await.is_empty());
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 200);
    });
}

#[test]
fn stopping_either_of_two_linked_apps_stops_both() {
    on_both_databases(async |world: World| {
        let (ana, max) = (world.ana(), world.max());
        let app = owned_by(&world, &ana).await;
        let tokens = app.authorized_by(&max).await;
        let (_, id, _) = moves(&ana, &app).await;
        for stopped in [app.id, id] {
            world.decides(|policy| policy.blocked_apps = [AppId(stopped.0)].into()).await;
            assert_eq!(world.policy().await.blocked_apps, [AppId(app.id.0), AppId(id.0)].into());
            assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
            administers_service(&ana, app.id).await;
            assert!(world.policy().await.blocked_apps.is_empty());
        }
    });
}
