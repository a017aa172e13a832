//! `/profile/authorizations/{id}`: what happened, and what was refused.

use http::Method;
use latchkey_testkit::builders::a_daemon;
use latchkey_testkit::{Page, Person, on_both_databases};
use serde_json::json;

async fn details(person: &Person) -> Page {
    let list = person.opens("/profile/authorizations").await;
    let id = list.attributes("data-authorization")[0].clone();
    person.opens(&format!("/profile/authorizations/{id}")).await
}

#[test]
fn the_timeline_is_what_the_record_says() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let request = world.app("burndown").request();
        let all = |page: Page| page.tick_only("scope", &["vso.work", "vso.build"]);
        let first = ana.authorizes_part(&request, all).await;
        assert!(details(&ana).await.says("You approved it from 198.51.100.20."));
        world.seconds_later(60);
        let again = world.app("burndown").request().with("prompt", "consent");
        ana.authorizes_part(&again, |page| page.tick_only("scope", &["vso.work"])).await;
        let page = details(&ana).await;
        assert!(page.says("You narrowed it from 198.51.100.20. No longer: See builds"), "{}", page.text());
        world.seconds_later(60);
        let again = world.app("burndown").request().with("prompt", "consent");
        ana.authorizes_part(&again, |page| page.tick_only("scope", &["vso.work", "vso.code"])).await;
        assert!(details(&ana).await.says("You approved more"));
        let second = first.refreshed().await.unwrap();
        world.seconds_later(61);
        assert!(second.refreshed().await.is_ok());
        assert!(details(&ana).await.says("It renewed its keys."));
        assert!(first.refreshed().await.is_err());
        let page = details(&ana).await;
        assert!(page.says("A key that was used up came back from 192.0.2.10"), "{}", page.text());
        let at = |sentence: &str| page.text().find(sentence).unwrap();
        assert!(
            at("A key that was used up") < at("You approved more") && at("You narrowed it") < at("You approved it")
        );
        // Nobody else's record is in it.
        let max = world.max();
        max.authorizes("burndown").await;
        let page = details(&max).await;
        assert!(page.says("You approved it") && !page.says("narrowed") && !page.says("came back"), "{}", page.text());
    });
}

#[test]
fn what_an_administrator_revoked_is_told_as_theirs_and_without_their_address() {
    on_both_databases(async |world| {
        let max = world.max();
        max.authorizes("burndown").await;
        let id = max.authorization("burndown").await;
        let steward = a_daemon("steward").owned_by("ana").asking("vso.tenant_manage");
        let steward = world.registers(steward).await.by_itself("vso.tenant_manage").await.unwrap();
        world.seconds_later(60);
        let revoked = steward.ask(Method::DELETE, &format!("/_admin/v1/authorizations/{id}")).await;
        assert_eq!(revoked.status, 204);
        let page = max.opens(&format!("/profile/authorizations/{id}")).await;
        assert!(page.says("An administrator revoked it.") && !page.says("You revoked it"), "{}", page.text());
        assert!(!page.says("revoked it from"), "{}", page.text());
    });
}

#[test]
fn calls_that_were_refused_are_counted_and_the_person_is_told_why() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let drydock = world.project("drydock").to_string();
        let request = world.app("burndown").request();
        let part = |page: Page| page.tick_only("scope", &["vso.work"]).untick("project", &drydock);
        let tokens = ana.authorizes_part(&request, part).await;
        assert!(details(&ana).await.says("Nothing, in the last 90 days."));
        for _ in 0..3 {
            assert_eq!(tokens.get("/harbor/drydock/_apis/wit/workitems?ids=1").await.status, 404);
        }
        assert_eq!(tokens.get("/harbor/lighthouse/_apis/build/builds").await.status, 401);
        assert_eq!(tokens.get("/harbor/lighthouse/_git/lamp/info/refs?service=git-receive-pack").await.status, 403);
        // What is not there is refused to nobody, and a call that is wrong in itself is no refusal.
        assert_eq!(tokens.get("/harbor/nowhere/_apis/wit/workitems?ids=1").await.status, 404);
        assert_eq!(tokens.get("/harbor/lighthouse/_apis/wit/workitems/x").await.status, 400);
        let counts = world.store().counters();
        world.parts().flush().await.unwrap();
        let cost = world.store().counters().since(counts);
        assert!((1..=2).contains(&cost.change_sets), "they ride along with the uses: {cost:?}");
        let page = details(&ana).await;
        let mut rows = page.texts_with("data-refused");
        rows.sort();
        assert_eq!(rows.len(), 3, "{rows:?}");
        assert!(rows[0].starts_with("It wanted to push source code: you did not approve that."), "{rows:?}");
        assert!(rows[1].starts_with("It wanted to view builds: you did not approve that."), "{rows:?}");
        let outside = "It wanted to view work items: the place is not part of what you approved.";
        assert!(rows[2].starts_with(outside) && rows[2].contains("3 calls"), "{rows:?}");
        assert!(page.source().contains("; 5 refused</title>"), "the chart counts them too");
        // A token of what has ended is nobody's refusal any more.
        ana.revokes().await;
        assert_eq!(tokens.get("/harbor/lighthouse/_apis/build/builds").await.status, 401);
        world.parts().flush().await.unwrap();
    });
}

#[test]
fn what_a_service_changed_names_it_in_the_history_and_on_the_page_of_its_authorization() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes_all("burndown").await;
        let edit = json!([{ "op": "add", "path": "/fields/System.State", "value": "Active" }]);
        let edited = tokens
            .patch("/harbor/lighthouse/_apis/wit/workitems/2?api-version=7.1")
            .body("application/json-patch+json", edit.to_string())
            .await;
        assert!(edited.is_ok(), "{}", edited.text());
        let queued = tokens
            .post("/harbor/lighthouse/_apis/build/builds?api-version=7.1")
            .json(&json!({ "definition": { "id": 1 } }))
            .await;
        assert!(queued.is_ok(), "{}", queued.text());
        let build = queued.json()["id"].as_i64().unwrap();
        let item = ana.opens("/harbor/lighthouse/_workitems/edit/2").await;
        assert!(item.says("by Ana Harbor through burndown"), "{}", item.text());
        assert!(!ana.opens("/harbor/lighthouse/_workitems/edit/1").await.says("through"), "nobody's service made that");
        let shown = ana.opens(&format!("/harbor/lighthouse/_build/results?buildId={build}")).await;
        assert!(shown.says("Ana Harbor through burndown"), "{}", shown.text());
        let patch = json!({ "tags": ["nightly"] });
        let tagged = tokens.patch(&format!("/harbor/lighthouse/_apis/build/builds/{build}?api-version=7.1"));
        assert!(tagged.json(&patch).await.is_ok());
        world.parts().flush().await.unwrap();
        let page = details(&ana).await;
        let changed = page.texts_with("data-changed");
        assert!(changed.iter().any(|one| one.starts_with("Changed Bug #2: The lamp flickers")), "{changed:?}");
        assert!(changed.iter().any(|one| one.starts_with("Queued build")), "{changed:?}");
        let used = page.texts_with("data-used");
        assert!(used.iter().any(|one| one.starts_with("Edit work items in lighthouse")), "{used:?}");
        // Another service's page says nothing of it, and who may not see the project any more is not told either.
        ana.revokes().await;
        ana.authorizes("compass").await;
        assert!(details(&ana).await.says("Nothing yet."));
        let max = world.max();
        let theirs = max.authorizes_all("burndown").await;
        let edit = json!([{ "op": "add", "path": "/fields/System.State", "value": "Resolved" }]);
        let url = "/harbor/lighthouse/_apis/wit/workitems/2?api-version=7.1";
        assert!(theirs.patch(url).body("application/json-patch+json", edit.to_string()).await.is_ok());
        assert_eq!(details(&max).await.texts_with("data-changed").len(), 1);
        world.steps_down("max").await;
        world.leaves_project("max", "lighthouse").await;
        assert!(details(&max).await.texts_with("data-changed").is_empty());
    });
}
