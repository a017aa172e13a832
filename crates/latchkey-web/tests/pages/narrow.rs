//! `/profile/authorizations/{id}/narrow`: less from the next call on, and never more.

use latchkey_testkit::{Page, Person, on_both_databases};

const WORK_ITEMS: &str = "/harbor/lighthouse/_apis/wit/workitems/1";
const BUILDS: &str = "/harbor/lighthouse/_apis/build/builds";
const LAMP: &str = "/harbor/lighthouse/_git/lamp/info/refs?service=git-upload-pack";
const TOWER: &str = "/harbor/lighthouse/_git/tower/info/refs?service=git-upload-pack";
const KEEL: &str = "/harbor/drydock/_git/keel/info/refs?service=git-upload-pack";

async fn details(person: &Person, app: &str) -> Page {
    let id = person.authorization(app).await;
    person.opens(&format!("/profile/authorizations/{id}")).await
}

#[test]
fn a_scope_that_is_unticked_is_gone_from_the_next_call_on() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("burndown").await;
        assert!(tokens.get(WORK_ITEMS).await.is_ok() && tokens.get(BUILDS).await.is_ok());
        let done = details(&ana, "burndown").await.untick("scope", "vso.build").press("narrow-save").await.page();
        assert!(done.says("It was narrowed"), "{}", done.text());
        assert!(done.says("You narrowed it from") && done.says("No longer: See builds"), "{}", done.text());
        assert!(tokens.get(WORK_ITEMS).await.is_ok());
        assert_eq!(tokens.get(BUILDS).await.status, 401);
        let introspected = world.app("burndown").introspects(&tokens.access).await;
        assert!(!introspected["scope"].as_str().unwrap().contains("vso.build"), "{introspected}");
        let next = tokens.refreshed().await.unwrap();
        assert!(!next.scopes().contains(&"vso.build".to_owned()) && next.scopes().contains(&"vso.work".to_owned()));
        // The app asks as before: it is not told, and the person is not asked about what they took away.
        let again = ana.authorizes("burndown").await;
        assert!(!again.scopes().contains(&"vso.build".to_owned()), "{:?}", again.scopes());
    });
}

#[test]
fn places_are_taken_one_by_one_and_a_whole_becomes_its_rest() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("burndown").await;
        let drydock = world.project("drydock").to_string();
        let tower = world.repository("tower").to_string();
        let page = details(&ana, "burndown").await.untick("project", &drydock).untick("repository", &tower);
        let done = page.press("narrow-save").await.page();
        assert!(done.says("harbor: lighthouse (only the repository lamp)"), "{}", done.text());
        let statuses = async || {
            let mut statuses = Vec::new();
            for url in [WORK_ITEMS, LAMP, TOWER, KEEL] {
                statuses.push(tokens.get(url).await.status.as_u16());
            }
            statuses
        };
        assert_eq!(statuses().await, [200, 200, 404, 404]);
        // What is gone is not offered any more.
        assert!(!done.choices("project").contains(&drydock) && !done.choices("repository").contains(&tower));
        let lamp = world.repository("lamp").to_string();
        let done = done.untick("repository", &lamp).press("narrow-save").await.page();
        assert!(done.says("lighthouse (no repository)"), "{}", done.text());
        assert_eq!(statuses().await, [200, 404, 404, 404]);
    });
}

#[test]
fn an_earlier_end_comes_earlier() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("burndown").await;
        let done = details(&ana, "burndown").await.choose("days", "7").press("narrow-save").await.page();
        assert!(done.says("29 November 2026"), "{}", done.text());
        assert_eq!(done.options("days"), ["", "1"], "later ends are not offered");
        world.seconds_later(6 * 86_400);
        let next = tokens.refreshed().await.unwrap();
        world.seconds_later(86_400);
        assert!(next.refreshed().await.is_err() && !next.userinfo().await.is_ok());
    });
}

#[test]
fn an_older_app_is_narrowed_like_any_other() {
    on_both_databases(async |world| {
        let (ana, app) = (world.ana(), world.takes_over("oldtimer").await);
        let tokens = app.authorized_by(&ana).await;
        assert!(tokens.get(WORK_ITEMS).await.is_ok());
        let page = details(&ana, "oldtimer").await;
        let lighthouse = world.project("lighthouse").to_string();
        page.untick("project", &lighthouse).press("narrow-save").await.page();
        assert_eq!(tokens.get(WORK_ITEMS).await.status, 404);
        assert!(tokens.refreshed().await.is_ok());
    });
}

#[test]
fn a_page_that_is_out_of_date_is_shown_again() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("burndown").await;
        let page = details(&ana, "burndown").await;
        page.clone().untick("scope", "vso.build").press("narrow-save").await.page();
        let again = page.untick("scope", "vso.work").press("narrow-save").await.page();
        assert_eq!(again.status(), 422);
        assert!(again.text_of("problem").contains("changed since you looked"), "{}", again.text());
        assert!(tokens.get(WORK_ITEMS).await.is_ok());
    });
}

#[test]
fn something_has_to_be_left() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.authorizes("burndown").await;
        let page = details(&ana, "burndown").await;
        let harbor = world.organization("harbor").to_string();
        for (nothing, word) in [
            (page.clone().tick_only("scope", &[]), "Leave at least one thing"),
            (page.clone().untick("organization", &harbor), "Leave at least one organization"),
        ] {
            let again = nothing.press("narrow-save").await.page();
            assert_eq!(again.status(), 422);
            assert!(again.text_of("problem").contains(word), "{}", again.text());
        }
    });
}

#[test]
fn the_record_tells_of_it_once() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.authorizes("burndown").await;
        let id = ana.authorization("burndown").await;
        let page = details(&ana, "burndown").await;
        page.press("narrow-save").await.page();
        page.untick("scope", "vso.build").press("narrow-save").await.page();
        let events = world.store().audit_events_about(world.harbor().0, id.parse().unwrap(), None, 100).await.unwrap();
        let kinds: Vec<&str> = events.iter().map(|recorded| &*recorded.event.kind).collect();
        assert_eq!(kinds, ["authorization_narrowed", "authorization_granted"], "nothing unticked is nothing done");
    });
}
