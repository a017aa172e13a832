//! `/consent`

use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::policy::AuthorizePolicy;
use latchkey_identity::client::redirect_uri::RedirectUri;
use latchkey_identity::client::{Client, Publisher};
use latchkey_testkit::builders::{a_native_app, a_web_app};
use latchkey_testkit::{Page, Person, World, on_both_databases};

const WORK_ITEMS: &str = "/harbor/lighthouse/_apis/wit/workitems/1?api-version=7.1";

async fn approval_page(person: &Person, app: &str) -> Page {
    person.goes_to(&person.browser().world().app(app).request()).await.page()
}

#[test]
fn the_page_says_who_asks_as_whom_for_what_where_and_for_how_long() {
    on_both_databases(async |world| {
        let page = approval_page(&world.ana(), "burndown").await;
        assert_eq!(page.heading(), "burndown wants to access your DevOps resources");
        assert_eq!(page.text_of("destination"), "burndown.test");
        assert!(page.says("ana@harbor.test") && page.says("harbor.test"));
        assert!(page.says("Can read the work items, comments and boards that you can read"));
        let scopes = page.choices("scope");
        assert!(scopes.contains(&"vso.work".to_owned()) && !scopes.contains(&"openid".to_owned()), "{scopes:?}");
        let looks = ["vso.build", "vso.code", "vso.profile", "vso.project", "vso.work"];
        assert_eq!(page.ticked("scope"), looks, "what can change things is for the person to tick");
        assert_eq!(page.ticked("organization"), [world.organization("harbor").to_string()]);
        assert_eq!(page.choices("project").len(), 2);
        assert_eq!(page.choices("repository").len(), 3);
        assert_eq!(page.options("keep"), ["until-removed", "90-days", "7-days", "session"]);
        assert!(page.says("What it can never do"));
        assert!(page.has("approve") && page.has("deny"));
    });
}

/// A number where it tells nobody who they are, and of the person's own directory only.
#[test]
fn the_page_says_since_when_the_app_is_known_and_how_many_others_use_it() {
    on_both_databases(async |world| {
        let known = async |person: &Person| approval_page(person, "burndown").await.text_of("known");
        let signing_in = async |person: Person| {
            let request = world.app("burndown").at("common").asking("openid").request();
            person.goes_to(&request).await.page().text_of("known")
        };
        let (ana, max, pat) = (world.ana(), world.max(), world.pat());
        let nobody = known(&ana).await;
        assert!(nobody.starts_with("since ") && !nobody.contains("used by"), "{nobody}");
        max.authorizes("burndown").await;
        assert!(known(&ana).await.ends_with(", used by a few others in harbor.test"), "{}", known(&ana).await);
        let others = signing_in(world.dee()).await;
        assert!(others.starts_with("since ") && others.ends_with(", used by a few others in harbor.test"), "{others}");
        let others = signing_in(world.eve()).await;
        assert_eq!(others, nobody, "another directory is another's");
        // Who shares a directory with everybody is told of nobody; as a guest they count like others.
        let alone = known(&pat).await;
        assert!(alone.starts_with("since ") && !alone.contains("used by"), "{alone}");
        pat.authorizes("burndown").await;
        assert!(known(&ana).await.ends_with(", used by a few others in harbor.test"), "{}", known(&ana).await);
        max.revokes_all().await;
        pat.revokes_all().await;
        assert_eq!(known(&ana).await, nobody);
    });
}

#[test]
fn an_app_that_only_signs_in_shows_no_places() {
    on_both_databases(async |world| {
        let request = world.app("burndown").asking("openid profile email").request();
        for person in [world.ana(), world.dee(), world.cy()] {
            let page = person.goes_to(&request).await.page();
            assert_eq!(page.heading(), "burndown wants to sign you in");
            assert!(page.choices("organization").is_empty() && page.choices("scope").is_empty());
            assert!(page.text_of("identity").contains("your email address"));
        }
    });
}

#[test]
fn what_is_unticked_is_not_granted() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana
            .authorizes_part(&world.app("burndown").request(), |page| {
                page.tick_only("scope", &["vso.work", "vso.build"])
            })
            .await;
        assert_eq!(tokens.scopes(), ["email", "offline_access", "openid", "profile", "vso.build", "vso.work"]);
        assert!(tokens.get(WORK_ITEMS).await.is_ok());
        assert_eq!(tokens.get("/harbor/_apis/git/repositories?api-version=7.1").await.status, 401);
        let again = ana.authorizes("burndown").await;
        assert_eq!(again.scopes(), tokens.scopes(), "the same request is not asked again, and gets the same");
    });
}

#[test]
fn a_project_that_is_unticked_is_not_reached() {
    on_both_databases(async |world| {
        let drydock = world.project("drydock").to_string();
        let tokens = world
            .ana()
            .authorizes_part(&world.app("burndown").request(), |page| page.untick("project", &drydock))
            .await;
        assert!(tokens.get("/harbor/_apis/projects/lighthouse").await.is_ok());
        assert_eq!(tokens.get("/harbor/_apis/projects/drydock").await.status, 404);
        assert_eq!(tokens.get("/harbor/_apis/projects").await.json()["count"], 1);
    });
}

#[test]
fn a_repository_that_is_unticked_is_not_reached() {
    on_both_databases(async |world| {
        let tower = world.repository("tower").to_string();
        let tokens = world
            .ana()
            .authorizes_part(&world.app("burndown").request(), |page| page.untick("repository", &tower))
            .await;
        assert!(tokens.get("/harbor/lighthouse/_apis/git/repositories/lamp").await.is_ok());
        assert_eq!(tokens.get("/harbor/lighthouse/_apis/git/repositories/tower").await.status, 404);
        let clone =
            |name: &str| tokens.get(&format!("/harbor/lighthouse/_git/{name}/info/refs?service=git-upload-pack"));
        let (hidden, absent) = (clone("tower").await, clone("absent").await);
        assert_eq!((hidden.status, hidden.text().replace("tower", "absent")), (absent.status, absent.text()));
        assert_eq!(hidden.status, 404);
    });
}

#[test]
fn nothing_ticked_is_said_on_the_page_and_grants_nothing() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let page = approval_page(&ana, "burndown").await.tick_only("scope", &[]).press("approve").await.page();
        assert_eq!((page.status(), page.has("problem")), (422, true));
        let harbor = world.organization("harbor").to_string();
        let page = approval_page(&ana, "burndown").await.untick("organization", &harbor).press("approve").await.page();
        assert_eq!((page.status(), page.has("problem")), (422, true));
        assert!(world.store().authorizations_of(ana.id()).await.unwrap().is_empty());
    });
}

/// Whoever approves in a hurry the second time gives no more than they chose the first time.
#[test]
fn an_answer_that_was_not_accepted_is_shown_as_it_was_given() {
    on_both_databases(async |world| {
        let (harbor, drydock) = (world.organization("harbor").to_string(), world.project("drydock").to_string());
        let request = world.app("burndown").request();
        let answer = world.ana().goes_to(&request).await.page();
        let answer = answer.tick_only("scope", &["vso.work", "vso.work_write"]).untick("project", &drydock);
        let page = answer.untick("organization", &harbor).choose("keep", "session").press("approve").await.page();
        assert_eq!((page.status(), page.has("problem")), (422, true));
        assert_eq!(page.ticked("scope"), ["vso.work", "vso.work_write"]);
        assert!(page.ticked("organization").is_empty() && !page.ticked("project").contains(&drydock));
        assert_eq!(page.value("keep"), "session");
        let code = request.answered(&page.tick("organization", &harbor).press("approve").await.left()).unwrap();
        let tokens = world.redeem(&code).await.unwrap();
        assert_eq!(tokens.get("/harbor/_apis/projects").await.json()["count"], 1);
    });
}

#[test]
fn a_required_scope_cannot_be_left_out() {
    on_both_databases(async |world| {
        let pilot = world.registers(a_web_app("pilot").requiring("vso.project")).await;
        let page = approval_page(&world.ana(), "pilot").await;
        assert_eq!(page.fixed("scope"), ["vso.project"]);
        let visit = page.tick_only("scope", &["vso.work"]).press("approve").await;
        let tokens = world.ana().authorizes_part(&pilot.request(), |page| page.tick_only("scope", &["vso.work"])).await;
        assert!(visit.left().parameter("code").is_some());
        assert!(tokens.scopes().contains(&"vso.project".to_owned()));
    });
}

#[test]
fn the_organization_caps_how_long() {
    on_both_databases(async |world| {
        world.decides(|policy| policy.longest_authorization_days = Some(30)).await;
        let page = approval_page(&world.ana(), "burndown").await;
        assert_eq!(page.options("keep"), ["7-days", "session"]);
        let refused = page.tamper("keep", "until-removed").press("approve").await.page();
        assert_eq!(refused.status(), 422);
        let tokens = world.ana().authorizes("burndown").await;
        world.seconds_later(7 * 86_400);
        assert_eq!(tokens.refreshed().await.err().unwrap().error, "invalid_grant");
    });
}

#[test]
fn a_token_never_outlives_its_authorization() {
    on_both_databases(async |world| {
        let tokens =
            world.ana().authorizes_part(&world.app("burndown").request(), |page| page.choose("keep", "7-days")).await;
        world.seconds_later(7 * 86_400 - 60);
        let last = tokens.refreshed().await.unwrap();
        assert_eq!(last.body["expires_in"], 60);
        assert!(last.userinfo().await.is_ok());
        world.seconds_later(60);
        assert_eq!(last.userinfo().await.status, 401);
    });
}

#[test]
fn the_same_request_does_not_ask_again() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.approves("burndown").await;
        world.seconds_later(3_600);
        let request = world.app("burndown").request();
        assert!(request.answered(&ana.browser().open(&request.url()).await.left()).is_ok());
        let smaller = world.app("burndown").asking("openid vso.work").request();
        assert!(smaller.answered(&ana.browser().open(&smaller.url()).await.left()).is_ok());
        assert_eq!(world.store().authorizations_of(ana.id()).await.unwrap().len(), 1);
    });
}

#[test]
fn a_larger_request_shows_what_is_new() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.approves_request(&world.app("burndown").asking("openid vso.work").request()).await;
        let larger = world.app("burndown").asking("openid vso.work vso.code").request();
        let page = ana.goes_to(&larger).await.page();
        assert!(page.says("Now it asks for more") && page.says("New: Read") && page.says("Already allowed"));
        let tokens = ana.authorizes_part(&larger, |page| page).await;
        assert_eq!(tokens.scopes(), ["openid", "vso.code", "vso.work"]);
        assert_eq!(
            world.store().authorizations_of(ana.id()).await.unwrap().len(),
            1,
            "it is the same authorization, grown"
        );
    });
}

#[test]
fn refusing_what_is_new_keeps_what_was_there() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let small = ana
            .authorizes_part(&world.app("burndown").asking("openid offline_access vso.work").request(), |page| page)
            .await;
        let larger = world.app("burndown").asking("openid offline_access vso.work vso.code").request();
        let denied = ana.goes_to(&larger).await.page().press("deny").await.left();
        assert_eq!(larger.answered(&denied).err().unwrap().error, "access_denied");
        assert!(small.refreshed().await.is_ok());
    });
}

#[test]
fn an_app_that_changed_asks_again() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let request = world.app("burndown").request();
        ana.approves_request(&request).await;
        world.changes_app("burndown", |client| client.name = "Burnup".to_owned()).await;
        let page = ana.goes_to(&request).await.page();
        assert_eq!(page.heading(), "Burnup wants to access your DevOps resources");
        assert!(page.says("Its name, its publisher, its keys or where it may send you back"), "{}", page.text());
        assert!(!page.says("New: Read"), "{}", page.text());
        ana.approves_request(&request).await;
        world.changes_app("burndown", |client| client.publisher = Publisher::Verified("other.test".to_owned())).await;
        let page = ana.goes_to(&request).await.page();
        assert!(page.says("other.test"), "{}", page.text());
        ana.approves_request(&request).await;
        let elsewhere = request.party().clone().sending_back_to("http://127.0.0.1:4289/callback").request();
        assert!(ana.goes_to(&elsewhere).await.page().has("approve"), "another place to go back to is another question");
    });
}

/// Nothing that the person allowed leads to where the app may send them now: it is another to them, and all that is new of it is its host.
#[test]
fn an_app_that_moved_to_another_host_asks_again_and_says_why() {
    on_both_databases(async |world| {
        const MOVED: &str = "https://burndown.example/callback";
        let ana = world.ana();
        let request = world.app("burndown").request();
        ana.approves_request(&request).await;
        let only = |client: &mut Client| client.redirect_uris = vec![RedirectUri::from_stored(MOVED.to_owned())];
        world.changes_app("burndown", only).await;
        let page = ana.goes_to(&request.party().clone().sending_back_to(MOVED).request()).await.page();
        assert_eq!(page.text_of("destination"), "burndown.example");
        assert!(page.says("where it may send you back to have changed, so it asks again"), "{}", page.text());
        assert!(!page.says("are others now"), "nothing else is said to have: {}", page.text());
        assert!(!page.says("Already allowed"), "nothing is carried over: {}", page.text());
    });
}

/// Whoever goes back to one place said nothing of another; whoever answered for both is asked at neither.
#[test]
fn each_place_to_go_back_to_is_asked_about_once() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let asking = |scope: &str| {
            let party = world.app("burndown").asking(scope);
            (party.request(), party.sending_back_to("http://127.0.0.1:4289/callback").request())
        };
        let (web, script) = asking("openid offline_access vso.work");
        let first = ana.authorizes_part(&web, |page| page).await;
        let page = ana.goes_to(&script).await.page();
        assert!(page.says("Now you go back to another place than when you allowed it"), "{}", page.text());
        let second = ana.authorizes_part(&script, |page| page).await;
        for request in [&web, &script, &web] {
            ana.goes_to(request).await.left();
        }
        assert!(first.refreshed().await.is_ok() && second.refreshed().await.is_ok());
        let (web_more, script_more) = asking("openid offline_access vso.work vso.build");
        ana.approves_request(&web_more).await;
        ana.goes_to(&script).await.left();
        assert!(ana.goes_to(&script_more).await.page().choices("scope").contains(&"vso.build".to_owned()));
        world.changes_app("burndown", |client| client.name = "Burnup".to_owned()).await;
        for request in [&web, &script] {
            assert!(ana.goes_to(request).await.page().has("approve"), "it is another app to people");
        }
    });
}

#[test]
fn a_denial_grants_nothing_and_is_told_to_the_client() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let request = world.app("burndown").request();
        let departure = ana.goes_to(&request).await.page().press("deny").await.left();
        assert_eq!(request.answered(&departure).err().unwrap().error, "access_denied");
        assert!(world.store().authorizations_of(ana.id()).await.unwrap().is_empty());
        assert!(ana.goes_to(&request).await.page().has("approve"), "it may ask again");
    });
}

#[test]
fn whoever_lacks_a_prerequisite_is_told_which_one_and_where() {
    on_both_databases(async |world| {
        for (person, missing) in [
            (world.ben(), vec!["administrator"]),
            (world.cy(), vec!["administrator", "basic_access"]),
            (world.dee(), vec!["administrator", "project_member"]),
        ] {
            let page = approval_page(&person, "burndown").await;
            assert_eq!((page.status(), page.heading().as_str()), (403, "You cannot approve this yet"));
            let mut told = page.attributes("data-missing");
            told.sort();
            assert_eq!(told, missing, "{}", person.email());
            assert!(page.texts_with("data-missing").iter().all(|text| text.contains("harbor")));
            assert!(page.says("ana@harbor.test") && page.says("max@harbor.test"), "whom to ask: {}", page.text());
            assert!(!page.has("approve"));
            assert!(world.store().authorizations_of(person.id()).await.unwrap().is_empty());
        }
        for person in [world.ana(), world.max(), world.pat()] {
            assert!(approval_page(&person, "burndown").await.has("approve"), "{}", person.email());
        }
        let eve = world.eve();
        let page = eve.goes_to(&world.app("burndown").at("common").request()).await.page();
        assert!(page.has("approve") && page.says("shore") && !page.says("lighthouse"));
    });
}

#[test]
fn whoever_belongs_nowhere_is_told_so() {
    on_both_databases(async |world| {
        world.leaves("dee").await;
        let page = approval_page(&world.dee(), "burndown").await;
        assert!(page.has("no-organization") && !page.has("approve"), "{}", page.text());
    });
}

#[test]
fn an_organization_relaxes_the_prerequisites_or_lets_nobody_authorize() {
    on_both_databases(async |world| {
        let may = async |person: &str| approval_page(&world.person(person), "burndown").await.has("approve");
        world.decides(|policy| policy.authorize = AuthorizePolicy::Members).await;
        assert!(may("ben").await && may("ana").await && !may("cy").await && !may("dee").await);
        world.decides(|policy| policy.authorize = AuthorizePolicy::Approval).await;
        let page = approval_page(&world.ben(), "burndown").await;
        assert_eq!(page.attributes("data-missing"), ["administrator_approval"]);
        world.decides(|policy| policy.authorize = AuthorizePolicy::Nobody).await;
        let page = approval_page(&world.ana(), "burndown").await;
        assert_eq!(page.attributes("data-missing"), ["allowed_by_policy"]);
        world
            .decides(|policy| (policy.authorize, policy.third_party_apps) = (AuthorizePolicy::Administrators, false))
            .await;
        let page = approval_page(&world.ana(), "burndown").await;
        assert_eq!(page.attributes("data-missing"), ["third_party_apps"]);
    });
}

#[test]
fn a_blocked_app_is_stopped_at_that_organization() {
    on_both_databases(async |world| {
        let id = world.app("burndown").app().id;
        world.decides(|policy| policy.blocked_apps = [latchkey_devops::ids::AppId(id.0)].into()).await;
        let page = approval_page(&world.ana(), "burndown").await;
        assert_eq!(page.attributes("data-missing"), ["app_not_blocked"]);
        assert!(approval_page(&world.ana(), "compass").await.has("approve"));
    });
}

#[test]
fn a_prerequisite_lost_since_the_approval_stops_the_next_request() {
    on_both_databases(async |world: World| {
        let max = world.max();
        max.approves("burndown").await;
        world.relicenses("max", AccessLevel::Basic, AccessLevel::Stakeholder).await;
        let page = approval_page(&max, "burndown").await;
        assert_eq!(page.attributes("data-missing"), ["basic_access"]);
    });
}

#[test]
fn a_native_app_nobody_vouches_for_is_asked_for_each_time() {
    on_both_databases(async |world| {
        let seal = world.registers(a_native_app("seal").not_approved()).await;
        let ana = world.ana();
        ana.approves_request(&seal.request()).await;
        let page = ana.goes_to(&seal.request()).await.page();
        assert!(page.has("approve") && page.says("on this device"));
        assert!(page.says("Now it asks again") && !page.says("New: Read"), "it asks for nothing new: {}", page.text());
        let silent = seal.request().with("prompt", "none");
        let departure = ana.browser().open(&silent.url()).await.left();
        assert_eq!(silent.answered(&departure).err().unwrap().error, "consent_required");
        ana.approves("beacon").await;
        let vouched = world.app("beacon").request();
        assert!(vouched.answered(&ana.browser().open(&vouched.url()).await.left()).is_ok());
    });
}

#[test]
fn an_answer_is_given_once() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let page = approval_page(&ana, "burndown").await;
        page.press("approve").await.left();
        let again = page.press("approve").await.page();
        assert_eq!(again.error_code(), "flow_answered");
        let denied = page.press("deny").await.page();
        assert_eq!(denied.error_code(), "flow_answered");
    });
}

#[test]
fn whoever_goes_back_after_the_answer_is_told_that_it_was_given() {
    on_both_databases(async |world| {
        for button in ["deny", "approve"] {
            let ana = world.ana();
            let page = approval_page(&ana, "burndown").await;
            let address = page.url().to_string();
            page.press(button).await.left();
            let back = ana.browser().open(&address).await.page();
            assert_eq!((back.status(), back.error_code().as_str()), (400, "flow_answered"), "{button}");
            assert!(back.says("Nothing was given twice"), "{}", back.text());
            let elsewhere = world.browser().open(&address).await.page();
            assert_eq!(elsewhere.error_code(), "flow_expired", "nobody else learns that it was answered");
        }
    });
}

#[test]
fn a_page_that_was_open_for_half_an_hour_has_expired() {
    on_both_databases(async |world| {
        let page = approval_page(&world.ana(), "burndown").await;
        world.seconds_later(30 * 60);
        assert_eq!(page.press("approve").await.page().error_code(), "flow_expired");
    });
}
