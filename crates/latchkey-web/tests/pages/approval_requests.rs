//! `POST /consent/ask` and `/organizations/{organization}/requests`: members ask, an administrator approves.

use std::time::Duration;

use futures_util::future::join_all;
use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::approval_request::{AppShown, ApprovalRequest, LIFETIME};
use latchkey_devops::ids::{AppId, ApprovalRequestId, PersonId};
use latchkey_devops::policy::AuthorizePolicy;
use latchkey_devops::scope::Scope;
use latchkey_identity::client::{Client, ClientKind, Publisher, RedirectUri};
use latchkey_store::audit;
use latchkey_store::devops::{Author, approval_requests as kept};
use latchkey_testkit::{AuthorizationRequest, Page, Person, World, on_both_databases};
use uuid::Uuid;

const REQUESTS: &str = "/organizations/harbor/requests";

async fn members_ask(world: &World) {
    world.decides(|policy| policy.authorize = AuthorizePolicy::Approval).await;
}

/// What burndown asks for here.
fn work(world: &World) -> AuthorizationRequest {
    world.app("burndown").asking("openid offline_access vso.work").request()
}

async fn stop_page(person: &Person, request: &AuthorizationRequest) -> Page {
    let page = person.goes_to(request).await.page();
    assert_eq!((page.status(), page.heading().as_str()), (403, "You cannot approve this yet"), "{}", page.text());
    page
}

fn ask_button(world: &World) -> String {
    format!("ask-{}", world.organization("harbor"))
}

async fn asks(world: &World, person: &Person, sentence: &str) -> Page {
    let page = stop_page(person, &work(world)).await.fill("sentence", sentence);
    page.press(&ask_button(world)).await.page()
}

/// The id of the one request that waits.
fn waiting(page: &Page) -> String {
    let ids = page.attributes("data-request");
    assert_eq!(ids.len(), 1, "{}", page.text());
    ids[0].clone()
}

async fn answers(person: &Person, decision: &str) -> Page {
    let page = person.opens(REQUESTS).await;
    let id = waiting(&page);
    page.press(&format!("{decision}-{id}")).await.page()
}

async fn kinds(world: &World) -> Vec<String> {
    let events = world.store().audit_events(world.harbor().0, None, 200).await.unwrap();
    events.into_iter().map(|one| one.event.kind).filter(|kind| kind.starts_with("approval_")).collect()
}

#[test]
fn a_member_asks_an_administrator_approves_and_the_member_authorizes_exactly_that() {
    on_both_databases(async |world| {
        members_ask(&world).await;
        let (ben, max) = (world.ben(), world.max());
        let page = asks(&world, &ben, "For the <b>sprint</b> report.").await;
        assert!(page.says("You asked an administrator just now."), "{}", page.text());
        assert!(!page.has(&ask_button(&world)), "one request waits");
        let mine = ben.opens("/profile/authorizations").await.texts_with("data-asked");
        assert!(mine[0].contains("burndown") && mine[0].contains("Waiting"), "{mine:?}");

        assert!(max.opens("/organizations/harbor").await.text_of("requests").contains("1 waiting"));
        let page = max.opens(REQUESTS).await;
        for said in [
            "burndown",
            "Ben Mole",
            "ben@harbor.test",
            "For the <b>sprint</b> report.",
            "vso.work",
            "that they can read",
        ] {
            assert!(page.says(said), "{said}: {}", page.text());
        }
        let page = answers(&max, "approve").await;
        assert!(page.says("The request was approved.") && page.has("no-requests"), "{}", page.text());
        assert!(page.texts_with("data-approved")[0].contains("Max Quay"));

        let mine = ben.opens("/profile/authorizations").await.texts_with("data-asked");
        assert!(mine[0].contains("Approved") && mine[0].contains("Max Quay"), "{mine:?}");
        let tokens = ben.authorizes_part(&work(&world), |page| page).await;
        assert!(tokens.get("/harbor/lighthouse/_apis/wit/workitems/1").await.is_ok());

        // Not more scopes, not another app, not another person.
        let more = world.app("burndown").asking("openid vso.work vso.code").request();
        assert_eq!(stop_page(&ben, &more).await.attributes("data-missing"), ["administrator_approval"]);
        stop_page(&ben, &world.app("compass").request()).await;
        world.relicenses("cy", AccessLevel::Stakeholder, AccessLevel::Basic).await;
        stop_page(&world.cy(), &work(&world)).await;
        assert_eq!(kinds(&world).await, ["approval_given", "approval_requested"]);
        assert!(audit::verify(world.store(), None).await.is_ok());
    });
}

#[test]
fn a_denied_request_says_so_and_can_be_made_again() {
    on_both_databases(async |world| {
        members_ask(&world).await;
        let (ben, ana) = (world.ben(), world.ana());
        asks(&world, &ben, "").await;
        assert!(ana.opens(REQUESTS).await.says("They did not say what it is for."));
        answers(&ana, "deny").await;
        let page = stop_page(&ben, &work(&world)).await;
        assert!(page.says("An administrator denied your request"), "{}", page.text());
        world.seconds_later(1);
        asks(&world, &ben, "Please.").await;
        answers(&ana, "approve").await;
        assert!(ben.goes_to(&work(&world)).await.page().has("approve"));
        let expected = ["approval_given", "approval_requested", "approval_denied", "approval_requested"];
        assert_eq!(kinds(&world).await, expected);
    });
}

#[test]
fn an_approval_is_taken_back_and_goes_with_its_member() {
    on_both_databases(async |world| {
        members_ask(&world).await;
        let (ben, ana) = (world.ben(), world.ana());
        asks(&world, &ben, "").await;
        let page = answers(&ana, "approve").await;
        let id = page.attributes("data-approved")[0].clone();
        let page = page.press(&format!("take-back-{id}")).await.page();
        assert!(page.says("The approval was taken back.") && !page.has("approved"), "{}", page.text());
        stop_page(&ben, &work(&world)).await;
        world.seconds_later(1);
        asks(&world, &ben, "").await;
        answers(&ana, "approve").await;
        world.leaves("ben").await;
        assert!(
            world.store().approval_requests_of(latchkey_devops::ids::PersonId(ben.id().0)).await.unwrap().is_empty()
        );
        assert!(ana.opens(REQUESTS).await.attributes("data-approved").is_empty());
    });
}

#[test]
fn a_request_that_nobody_answers_ends_after_thirty_days() {
    on_both_databases(async |world| {
        members_ask(&world).await;
        let (ben, ana) = (world.ben(), world.ana());
        asks(&world, &ben, "").await;
        let old = ana.opens(REQUESTS).await;
        let button = format!("approve-{}", waiting(&old));
        world.later(LIFETIME);
        // Its page was open all the time, in a session that ended meanwhile: nobody is heard.
        assert_eq!(old.press(&button).await.page().path(), "/signin");
        assert!(ana.opens(REQUESTS).await.has("no-requests"));
        assert!(stop_page(&ben, &work(&world)).await.says("Nobody answered your request within 30 days."));
        asks(&world, &ben, "Again.").await;
        assert!(ana.opens(REQUESTS).await.says("Again."));
        world.later(LIFETIME * 2 + Duration::from_secs(1));
        world.store().purge(world.now()).await.unwrap();
        assert!(stop_page(&ben, &work(&world)).await.attributes("role").iter().all(|role| role != "status"));
    });
}

#[test]
fn only_those_who_lack_nothing_else_can_ask_and_only_administrators_answer() {
    on_both_databases(async |world| {
        let (ben, cy, eve) = (world.ben(), world.cy(), world.eve());
        // By another policy there is nothing to ask for.
        assert!(!stop_page(&ben, &work(&world)).await.has(&ask_button(&world)));
        let form = stop_page(&ben, &work(&world)).await.tamper("ask", &world.organization("harbor").to_string());
        let (_, body) = form.form_of("return-without-approving");
        members_ask(&world).await;
        assert!(!stop_page(&cy, &work(&world)).await.has(&ask_button(&world)), "cy lacks more than an approval");
        // An organization that the person does not belong to is not told apart from one that is not there.
        let page = stop_page(&ben, &work(&world)).await.tamper("ask", &world.organization("shore").to_string());
        page.press(&ask_button(&world)).await.page();
        world.decides(|policy| policy.authorize = AuthorizePolicy::Administrators).await;
        let cookie = ben.browser().session_cookie().unwrap();
        let posted = world.post("/consent/ask").header("cookie", &format!("__Host-latchkey={cookie}"));
        posted.body("application/x-www-form-urlencoded", body).await;
        assert!(kinds(&world).await.is_empty());
        members_ask(&world).await;
        let page = stop_page(&ben, &work(&world)).await.fill("sentence", &"x".repeat(501));
        let page = page.press(&ask_button(&world)).await.page();
        assert_eq!(page.status(), 422);
        assert!(page.text_of("problem").contains("500 characters"), "{}", page.text());
        let page = asks(&world, &ben, "").await.tamper("csrf", "AAAA").press("return-without-approving").await.page();
        assert_eq!(page.error_code(), "foreign_form");

        for (person, status) in [(&ben, 403), (&cy, 403), (&eve, 404)] {
            assert_eq!(person.opens(REQUESTS).await.status(), status, "{}", person.email());
        }
        let max = world.max();
        let page = max.opens(REQUESTS).await;
        let id = waiting(&page);
        world.steps_down("max").await;
        assert_eq!(page.press(&format!("approve-{id}")).await.page().status(), 403);
        assert_eq!(waiting(&world.ana().opens(REQUESTS).await), id);
    });
}

#[test]
fn where_another_organization_is_open_the_request_is_made_on_the_approval_page() {
    on_both_databases(async |world| {
        members_ask(&world).await;
        // Eve owns shore, and joins harbor as an ordinary member.
        let eve = world.eve();
        world.joins("eve", AccessLevel::Basic, "lighthouse").await;
        let request = || world.app("burndown").at("common").asking("openid vso.work").request();
        let page = eve.goes_to(&request()).await.page();
        assert!(page.has("approve") && page.says("In harbor an administrator must approve each service first."));
        let page = page.press(&ask_button(&world)).await.page();
        assert!(page.has("approve") && page.says("You asked an administrator just now."), "{}", page.text());
        answers(&world.ana(), "approve").await;
        let page = eve.goes_to(&request()).await.page();
        assert!(!page.has(&ask_button(&world)));
        assert!(page.choices("organization").contains(&world.organization("harbor").to_string()));
    });
}

#[test]
fn of_two_administrators_who_answer_at_once_one_is_heard() {
    on_both_databases(async |world| {
        members_ask(&world).await;
        let (ben, ana, max) = (world.ben(), world.ana(), world.max());
        for _ in 0..6 {
            asks(&world, &ben, "").await;
            let (yes, no) = (ana.opens(REQUESTS).await, max.opens(REQUESTS).await);
            let id = waiting(&yes);
            let answers = [(yes, format!("approve-{id}")), (no, format!("deny-{id}"))];
            let pressed = answers.map(|(page, button)| tokio::spawn(async move { page.press(&button).await.page() }));
            let said: Vec<Page> =
                join_all(pressed).await.into_iter().map(|page| page.expect("nothing panics")).collect();
            let late = said.iter().filter(|page| page.says("Somebody answered this request before you.")).count();
            assert_eq!(late, 1, "{} {}", said[0].text(), said[1].text());
            let approved = said[0].says("The request was approved.");
            let page = ben.goes_to(&work(&world)).await.page();
            assert_eq!(page.has("approve"), approved, "what was heard is what holds");
            let kinds = kinds(&world).await;
            let answer = if approved { "approval_given" } else { "approval_denied" };
            assert_eq!((kinds[0].as_str(), kinds[1].as_str()), (answer, "approval_requested"));
            if let Some(id) = ana.opens(REQUESTS).await.attributes("data-approved").first() {
                ana.opens(REQUESTS).await.press(&format!("take-back-{id}")).await.page();
            }
            world.seconds_later(1);
        }
    });
}

#[test]
fn of_many_who_press_at_once_one_request_is_made() {
    on_both_databases(async |world| {
        members_ask(&world).await;
        let page = stop_page(&world.ben(), &work(&world)).await;
        let button = ask_button(&world);
        let all: Vec<_> = (0..16)
            .map(|_| {
                let (page, button) = (page.clone(), button.clone());
                tokio::spawn(async move { page.press(&button).await.page() })
            })
            .collect();
        for page in join_all(all).await {
            assert!(page.expect("nothing panics").says("You asked an administrator just now."));
        }
        waiting(&world.ana().opens(REQUESTS).await);
        assert_eq!(kinds(&world).await, ["approval_requested"]);
    });
}

fn leads_to(uri: &str) -> impl Fn(&mut Client) {
    move |client| client.redirect_uris.push(RedirectUri::register(uri, ClientKind::Web).unwrap())
}

#[test]
fn administrators_see_who_asks_and_where_people_are_sent_back_to() {
    on_both_databases(async |world| {
        members_ask(&world).await;
        world.changes_app("burndown", leads_to("https://other.burndown.example/cb")).await;
        asks(&world, &world.ben(), "\u{202e}Look\u{200b} here\u{2066}\u{e0041}").await;
        let page = world.ana().opens(REQUESTS).await;
        let client_id = world.app("burndown").client_id().to_string();
        for said in [client_id.as_str(), "harbor.test", "other.burndown.example", "Look here"] {
            assert!(page.says(said), "{said}: {}", page.text());
        }
    });
}

#[test]
fn a_request_counts_no_more_once_the_app_is_another() {
    on_both_databases(async |world| {
        members_ask(&world).await;
        let (ben, ana) = (world.ben(), world.ana());
        asks(&world, &ben, "").await;
        let before = ana.opens(REQUESTS).await;
        let id = waiting(&before);
        world.changes_app("burndown", leads_to("https://evil.example/cb")).await;
        // A page that shows what the app was approves nothing, and the page of now offers nothing to press.
        let page = before.press(&format!("approve-{id}")).await.page();
        assert!(page.says("The app changed since the person asked") && page.says("evil.example"), "{}", page.text());
        assert!(!page.has(&format!("approve-{id}")) && page.has(&format!("deny-{id}")));
        assert!(stop_page(&ben, &work(&world)).await.says("The app changed since you asked"));
        let mine = ben.opens("/profile/authorizations").await.texts_with("data-asked");
        assert!(mine[0].contains("Void"), "{mine:?}");
        // It is in nobody's way.
        world.seconds_later(1);
        asks(&world, &ben, "Again.").await;
        assert_ne!(waiting(&ana.opens(REQUESTS).await), id);
        answers(&ana, "approve").await;
        assert!(ben.goes_to(&work(&world)).await.page().has("approve"));
        assert_eq!(kinds(&world).await, ["approval_given", "approval_requested", "approval_requested"]);
    });
}

#[test]
fn an_approval_counts_no_more_once_the_app_is_another() {
    let changes: [fn(&mut Client); 3] = [
        |client| client.name = "Payroll".into(),
        |client| client.publisher = Publisher::Verified("payroll.example".into()),
        |client| leads_to("https://evil.example/cb")(client),
    ];
    for change in changes {
        on_both_databases(async |world| {
            members_ask(&world).await;
            let (ben, ana) = (world.ben(), world.ana());
            asks(&world, &ben, "").await;
            answers(&ana, "approve").await;
            // What is asked for with each request does not make another app of it.
            world.changes_app("burndown", |client| client.pkce_optional = !client.pkce_optional).await;
            assert!(ben.goes_to(&work(&world)).await.page().has("approve"));
            world.changes_app("burndown", change).await;
            let page = stop_page(&ben, &work(&world)).await;
            assert!(page.says("The app changed since you asked"), "{}", page.text());
            assert!(ana.opens(REQUESTS).await.says("this approval counts no more"));
        });
    }
}

#[test]
fn requests_are_listed_newest_first_a_page_at_a_time() {
    on_both_databases(async |world| {
        members_ask(&world).await;
        let (organization, shown) = (world.organization("harbor"), AppShown([1; 32]));
        let facts = world.store().organization_by_id(organization).await.unwrap().unwrap();
        for number in 0..120_u128 {
            let person = PersonId(Uuid::from_u128(number + 1));
            let request = ApprovalRequest {
                id: ApprovalRequestId(Uuid::from_u128(number + 1)),
                organization,
                person,
                app: AppId(world.app("burndown").client_id().parse().unwrap()),
                shown,
                scopes: Scope::WorkRead.into(),
                sentence: String::new(),
                // Some came at the same moment.
                asked_at: world.now() - Duration::from_secs(60)
                    + Duration::from_millis(u64::try_from(number / 4).unwrap()),
                answer: None,
            };
            let changes = kept::ask(&facts.organization, &request, &Author::person(person, world.now()));
            world.store().commit(changes).await.unwrap();
        }
        let ana = world.ana();
        assert!(ana.opens("/organizations/harbor").await.text_of("requests").contains("120 waiting"));
        let (mut page, mut seen) = (ana.opens(REQUESTS).await, Vec::new());
        loop {
            let ids: Vec<Uuid> = page.attributes("data-request").iter().map(|id| id.parse().unwrap()).collect();
            assert!(!ids.is_empty() && ids.len() <= 50);
            seen.extend(ids);
            if !page.has("more-waiting") {
                break;
            }
            page = page.follow("more-waiting").await.page();
        }
        let expected: Vec<Uuid> = (1..=120_u128).rev().map(Uuid::from_u128).collect();
        assert_eq!(seen, expected);
        for odd in ["x", "1_", "9_zz", "-1_00000000-0000-0000-0000-000000000000"] {
            assert_eq!(ana.opens(&format!("{REQUESTS}?waiting={odd}")).await.status(), 200);
        }
    });
}
