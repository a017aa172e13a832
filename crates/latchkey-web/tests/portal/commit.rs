//! The page of a commit, where the API's addresses of commits lead.

use latchkey_testkit::on_both_databases;
use serde_json::Value;

const COMMITS: &str = "/harbor/lighthouse/_apis/git/repositories/lamp/commits";

#[test]
fn the_address_that_the_api_gives_a_commit_is_a_page() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes_all("burndown").await;
        let list: Value = tokens.get(COMMITS).await.json();
        let newest = &list["value"][0];
        let page = ana.opens(newest["remoteUrl"].as_str().unwrap()).await;
        assert_eq!((page.status(), page.heading().as_str()), (200, "Turn the lamp"), "{}", page.text());
        assert_eq!(page.text_of("commit-id"), newest["commitId"].as_str().unwrap());
        assert!(page.says("Edited") && page.says("src/lamp.rs") && page.says("Author"), "{}", page.text());
        assert!(!page.says("README.md"));

        let files = ana.opens("/harbor/lighthouse/_git/lamp").await;
        assert!(files.attributes("href").iter().any(|href| href == page.path()), "{}", files.source());
    });
}

#[test]
fn a_commit_is_shown_to_whoever_may_read_the_code() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let list: Value = tokens.get(COMMITS).await.json();
        let id = list["value"][0]["commitId"].as_str().unwrap().to_owned();
        let at = |repository: &str, id: &str| format!("/harbor/lighthouse/_git/{repository}/commit/{id}");
        let nobody = world.ana();
        assert_eq!(nobody.browser().open(&at("lamp", &id)).await.page().path(), "/signin");
        let eve = world.eve();
        eve.signs_in().await;
        assert_eq!(eve.opens(&at("lamp", &id)).await.status(), 404, "not hers to know of");
        let ana = world.ana();
        ana.signs_in().await;
        for nothing in [at("tower", &id), at("lamp", &"7".repeat(40)), at("lamp", &id[..8]), at("lamp", "main")] {
            let page = ana.opens(&nothing).await;
            assert_eq!((page.status(), page.error_code().as_str()), (404, "not_found"), "{nothing}");
        }
    });
}

#[test]
fn a_page_that_is_not_there_leads_on() {
    on_both_databases(async |world| {
        let page = world.browser().open("/nowhere").await.page();
        assert_eq!(page.status(), 404);
        let links = page.attributes("href");
        for link in ["/", "/profile/authorizations"] {
            assert!(links.iter().any(|href| href == link), "{link} in {links:?}");
        }
    });
}
