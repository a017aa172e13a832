//! The test of a sign-in by an app's owner: it opens nothing to anybody, and changes nothing that exists.

use latchkey_identity::Change;
use latchkey_identity::authorize::ResponseType;
use latchkey_identity::authorize::flow::{Flow, FlowId};
use latchkey_identity::client::{Client, ClientId, Metadata};
use latchkey_identity::secret::TokenHash;
use latchkey_testkit::builders::a_web_app;
use latchkey_testkit::server::encode;
use latchkey_testkit::{Page, on_both_databases};

/// The longest run of characters that a token or a code could be made of.
fn longest(page: &Page) -> usize {
    let of_tokens = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let text = page.text();
    let runs = text.split(|c| !of_tokens(c)).filter(|run| run.contains('.') || run.starts_with("lk"));
    runs.map(str::len).max().unwrap_or_default()
}

#[test]
fn nothing_on_its_page_opens_anything() {
    on_both_databases(async |world| {
        let party = world.registers(a_web_app("crane").owned_by("ana")).await;
        let ana = world.ana();
        let page = ana.opens(&format!("/apps/{}", party.client_id())).await;
        let shown = page.press("test-sign-in").await.page().press("approve").await.page();
        assert!(shown.says("The app gets them"), "{}", shown.text());
        assert!(longest(&shown) < 60, "{}", shown.text());
        assert!(world.store().authorizations_of(ana.id()).await.unwrap().is_empty());
        // The page cannot be had again.
        let again = ana.opens(shown.url().as_str()).await;
        assert!(!again.says("The app gets them"));
    });
}

#[test]
fn an_authorization_that_exists_stays_as_it_is() {
    on_both_databases(async |world| {
        let party = world.registers(a_web_app("crane").owned_by("ana")).await;
        let ana = world.ana();
        let code = ana.approves_request(&party.request()).await;
        let tokens = party.redeem(&code).await.unwrap();
        let before = world.store().authorizations_of(ana.id()).await.unwrap();
        let page = ana.opens(&format!("/apps/{}", party.client_id())).await;
        let asked = page.press("test-sign-in").await.page();
        let shown = asked.tick_only("scope", &["vso.work"]).press("approve").await.page();
        assert!(shown.says("The app gets them"), "{}", shown.text());
        let after = world.store().authorizations_of(ana.id()).await.unwrap();
        assert_eq!(before.len(), after.len());
        assert_eq!(before[0].authorization, after[0].authorization);
        assert!(world.get("https://latchkey.test/harbor/_apis/projects").bearer(&tokens.access).await.is_ok());
    });
}

#[test]
fn only_whoever_runs_the_app_begins_and_ends_one() {
    on_both_databases(async |world| {
        let party = world.registers(a_web_app("crane").owned_by("ana")).await;
        let (ana, ben) = (world.ana(), world.ben());
        let address = format!("/apps/{}", party.client_id());
        let own = world.registers(a_web_app("skiff").owned_by("ben")).await;
        let form = ben.opens(&format!("/apps/{}", own.client_id())).await;
        let body = encode([("csrf", form.value("csrf"))]);
        let content_type = "application/x-www-form-urlencoded";
        let at = format!("https://latchkey.test{address}/test");
        let stolen = ben.browser().post_from("https://latchkey.test", &at, content_type, &body).await;
        assert_eq!(stolen.page().status(), 404, "somebody else's app is not there");
        // An app that is gone by the time that it is approved.
        let asked = ana.opens(&address).await.press("test-sign-in").await.page();
        ana.opens(&format!("{address}/delete")).await.press("confirm").await.page();
        let shown = asked.press("approve").await.page();
        assert!(!shown.says("The app gets them"), "{}", shown.text());
    });
}

/// What a test leaves out for the app, nobody else leaves out.
#[test]
fn a_test_opens_no_way_for_requests_that_were_not_pushed() {
    on_both_databases(async |world| {
        let party = world.registers(a_web_app("pusher").pushing_only().owned_by("ana")).await;
        let ana = world.ana();
        let asked = ana.opens(&format!("/apps/{}", party.client_id())).await.press("test-sign-in").await.page();
        assert!(asked.has("approve"), "{}", asked.text());
        let link = ana.goes_to(&party.request()).await;
        assert!(link.as_page().is_none_or(|page| !page.has("approve")), "the same request by a link");
    });
}

/// No address of ours is anybody's redirect URI.
#[test]
fn no_request_leads_to_it() {
    on_both_databases(async |world| {
        let party = world.registers(a_web_app("crane").owned_by("ana")).await;
        let own = format!("https://latchkey.test/apps/{}/test", party.client_id());
        let visit = world.ana().goes_to(&party.request().with("redirect_uri", &own)).await;
        assert_eq!(visit.page().status(), 400);
    });
}

/// A rehearsal asks each time. One of a request that does not say so, and that was approved before, is over without an answer to the app.
#[test]
fn what_would_be_answered_without_a_page_is_not_sent_either() {
    on_both_databases(async |world| {
        let party = world.registers(a_web_app("crane").owned_by("ana")).await;
        let ana = world.ana();
        let asked = ana.opens(&format!("/apps/{}", party.client_id())).await.press("test-sign-in").await.page();
        let id = |flow: &str| FlowId(TokenHash::of(flow));
        let flow = world.store().flow(id(&asked.value("flow"))).await.unwrap().unwrap();
        assert!(flow.rehearsed_by.is_some() && flow.parameters.ends_with("&prompt=consent"));
        let unasked = Flow { parameters: flow.parameters.replace("&prompt=consent", ""), ..flow };
        let [a_link, a_test] = ["l", "t"].map(|letter| letter.repeat(43));
        let link = Flow { id: id(&a_link), rehearsed_by: None, ..unasked.clone() };
        let test = Flow { id: id(&a_test), ..unasked };
        world.becomes([link, test].map(|flow| Change::StartFlow(Box::new(flow)))).await;
        ana.opens(&format!("/consent?flow={a_link}")).await.tick_all("scope").press("approve").await;
        let before = world.store().authorizations_of(ana.id()).await.unwrap();
        assert_eq!(before.len(), 1);
        let over = ana.browser().open(&format!("/consent?flow={a_test}")).await;
        let over = over.as_page().expect("a page of ours, and no way to the app");
        assert!(over.says("access_denied") && !over.text().contains("code="), "{}", over.text());
        assert_eq!(world.store().authorizations_of(ana.id()).await.unwrap(), before);
    });
}

#[test]
fn a_request_that_is_refused_midway_sends_nobody_to_the_app() {
    on_both_databases(async |world| {
        let party = world.registers(a_web_app("crane").owned_by("ana")).await;
        let ana = world.ana();
        let page = ana.opens(&format!("/apps/{}", party.client_id())).await;
        let asked = page.press("test-sign-in").await.page();
        let id = ClientId::parse(&party.client_id()).unwrap();
        let before = world.store().client(id).await.unwrap().unwrap();
        let metadata = Metadata { response_types: vec![ResponseType::CodeIdToken], ..Metadata::default() };
        let changed = Client { metadata, ..(*before).clone() };
        world.becomes([Change::ChangeClient { client: Box::new(changed), from_version: before.version }]).await;
        let over = asked.press("approve").await.page();
        assert!(over.says("The test is over"), "{}", over.text());
    });
}
