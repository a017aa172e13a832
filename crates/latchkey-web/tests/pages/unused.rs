//! Manage authorizations by use: what was not used for long, what has ended, and all of it as a file.

use latchkey_testkit::{Person, World, on_both_databases};

const DAY: u64 = 86_400;

async fn listed(person: &Person, query: &str) -> Vec<String> {
    let page = person.opens(&format!("/profile/authorizations{query}")).await;
    let names = ["burndown", "compass", "beacon"];
    let rows = page.texts_with("data-authorization");
    names.into_iter().filter(|name| rows.iter().any(|row| row.contains(name))).map(str::to_owned).collect()
}

#[test]
fn what_was_not_used_for_long_is_found_and_revoked_together() {
    on_both_databases(async |world: World| {
        let ana = world.ana();
        let old = ana.authorizes("burndown").await;
        ana.authorizes("compass").await;
        world.seconds_later(60 * DAY);
        assert_eq!(listed(&ana, "?unused=30").await, ["burndown", "compass"]);
        let used = ana.authorizes("compass").await;
        assert_eq!(listed(&ana, "?unused=30").await, ["burndown", "compass"], "a key that is not used is no use");
        assert!(used.get("/harbor/_apis/projects").await.is_ok());
        assert_eq!(listed(&ana, "?unused=30").await, ["burndown"]);
        assert_eq!(listed(&ana, "?unused=90").await, [""; 0]);
        assert!(!ana.opens("/profile/authorizations").await.has("idle-revoke"));
        world.seconds_later(31 * DAY);
        ana.authorizes("beacon").await;
        let page = ana.opens("/profile/authorizations").await;
        assert_eq!(page.text_of("idle-revoke"), "Revoke all not used for 90 days (1)");
        let asked = page.follow("idle-revoke").await.page();
        assert!(asked.says("burndown") && !asked.says("compass") && !asked.says("beacon"), "{}", asked.text());
        let done = asked.press("revoke-confirm").await.page();
        assert_eq!(done.heading(), "Access has ended");
        assert!(done.says("burndown") && !done.says("compass"), "{}", done.text());
        assert!(old.refreshed().await.is_err());
        assert_eq!(listed(&ana, "").await, ["compass", "beacon"]);
        // It is gone already: the list says what is true now.
        assert_eq!(asked.press("revoke-confirm").await.page().path(), "/profile/authorizations");
    });
}

#[test]
fn what_was_used_since_the_page_was_made_stays_and_nothing_else_is_taken_along() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.authorizes("burndown").await;
        ana.authorizes("compass").await;
        world.seconds_later(90 * DAY);
        let asked = ana.opens("/profile/authorizations/revoke?unused=90").await;
        assert!(asked.says("burndown") && asked.says("compass"), "{}", asked.text());
        assert!(ana.authorizes("burndown").await.get("/harbor/_apis/projects").await.is_ok());
        let done = asked.press("revoke-confirm").await.page();
        assert!(done.says("compass") && !done.says("burndown"), "{}", done.text());
        ana.authorizes("beacon").await;
        world.seconds_later(91 * DAY);
        let id = ana.authorization("burndown").await;
        let page = ana.opens("/profile/authorizations/revoke?unused=90").await.tamper("shown", &id);
        let done = page.press("revoke-confirm").await.page();
        assert!(done.says("burndown") && !done.says("beacon"), "only what the page showed: {}", done.text());
    });
}

#[test]
fn the_page_of_what_has_ended_says_so_to_its_own_person() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.authorizes("burndown").await;
        let id = ana.authorization("burndown").await;
        ana.revokes().await;
        let page = ana.opens(&format!("/profile/authorizations/{id}")).await;
        assert_eq!(page.status(), 200);
        assert!(page.text_of("ended").contains("You revoked it. It ended 22 November 2026"), "{}", page.text());
        assert!(!page.has(&format!("revoke-{id}")) && !page.has(&format!("pause-{id}")) && !page.has("narrow-save"));
        assert_eq!(world.max().opens(&format!("/profile/authorizations/{id}")).await.status(), 404);
        // One that ran out says that, too.
        ana.authorizes_part(&world.app("compass").request(), |page| page.choose("keep", "7-days")).await;
        let id = ana.authorization("compass").await;
        world.seconds_later(7 * DAY);
        let page = ana.opens(&format!("/profile/authorizations/{id}")).await;
        assert!(page.text_of("ended").contains("Its time was over. It ended 29 November 2026"), "{}", page.text());
    });
}

#[test]
fn one_authorization_is_a_file_that_opens_nothing() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("burndown").await;
        assert!(tokens.get("/harbor/_apis/projects").await.is_ok());
        world.parts().flush().await.unwrap();
        let id = ana.authorization("burndown").await;
        let page = ana.opens(&format!("/profile/authorizations/{id}")).await;
        assert!(page.has("download"));
        let cookie = format!("__Host-latchkey={}", ana.browser().session_cookie().unwrap());
        let answer = world.get(&format!("/profile/authorizations/{id}/json")).header("cookie", &cookie).await;
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let named = format!("attachment; filename=\"authorization-{id}.json\"");
        assert_eq!(answer.header("content-disposition"), Some(&*named));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let file = answer.json();
        assert_eq!((&file["id"], &file["app"]["name"]), (&id.clone().into(), &"burndown".into()));
        assert_eq!(file["account"], "ana@harbor.test");
        assert!(file["scopes"].as_array().unwrap().contains(&"vso.work".into()), "{file}");
        assert_eq!(file["places"][0]["organization"], world.organization("harbor").to_string());
        assert_eq!(file["events"][0]["kind"], "authorization_granted");
        assert_eq!((&file["uses"][0]["count"], &file["ended"]), (&1.into(), &serde_json::Value::Null));
        let text = answer.text();
        assert!(!text.contains(&tokens.access) && !text.contains(tokens.refresh_token()));
    });
}
