//! What a policy would do, told before it is saved; and pictures of calls by day, which stand on the same figures.

use latchkey_devops::policy::AuthorizePolicy;
use latchkey_testkit::on_both_databases;

const PROJECTS: &str = "/harbor/_apis/projects";
const BUILDS: &str = "/harbor/lighthouse/_apis/build/builds";

#[test]
fn each_choice_says_what_it_would_have_refused() {
    on_both_databases(async |world| {
        let (ana, max) = (world.ana(), world.max());
        let tokens = max.authorizes_all("burndown").await;
        for _ in 0..3 {
            assert_eq!(tokens.get(BUILDS).await.status, 200);
        }
        world.parts().flush().await.unwrap();
        let page = ana.opens("/organizations/harbor/policy").await;
        assert_eq!(page.text_of("would-services-on"), "Would have refused 0 of 3 calls.");
        assert_eq!(page.text_of("would-services-off"), "Would have refused 3 of 3 calls.");
        assert_eq!(page.text_of("would-older-off"), "Would have refused 0 of 3 calls.");
        assert_eq!(page.text_of("would-administrators"), "0 of 1 authorizations could not be given again.");
        assert_eq!(page.text_of("would-nobody"), "1 of 1 authorizations could not be given again.");
        assert!(page.text_of("counted").contains("the authorizations that are alive now (1)"));
        // What was told comes true.
        let saved = page.choose("services", "off").press("save-policy").await.page();
        assert!(saved.says("Saved."));
        assert_eq!(tokens.get(BUILDS).await.status, 401);
        // Calls of more than a week ago are not counted.
        world.seconds_later(9 * 86_400);
        let page = ana.opens("/organizations/harbor/policy").await;
        assert_eq!(page.text_of("would-services-off"), "Would have refused 0 of 0 calls.");
    });
}

#[test]
fn nobody_may_give_a_key_any_more_and_those_that_are_out_go_on_working() {
    on_both_databases(async |world| {
        let tokens = world.max().authorizes("burndown").await;
        world.decides(|policy| policy.authorize = AuthorizePolicy::Nobody).await;
        assert_eq!(tokens.get(PROJECTS).await.status, 200, "as the page says");
        let page = world.ana().opens("/organizations/harbor/policy").await;
        assert!(page.says("Those that are out go on working"), "{}", page.text());
    });
}

#[test]
fn calls_of_thirty_days_are_drawn_for_the_person_and_for_the_organization() {
    on_both_databases(async |world| {
        let (ana, max) = (world.ana(), world.max());
        let tokens = max.authorizes_all("burndown").await;
        assert!(!max.opens("/profile/authorizations").await.says("in 30 days"), "nothing happened yet");
        for _ in 0..2 {
            assert_eq!(tokens.get(BUILDS).await.status, 200);
        }
        assert_eq!(tokens.get(PROJECTS).await.status, 200);
        world.parts().flush().await.unwrap();
        let list = max.opens("/profile/authorizations").await;
        assert!(list.says("3 calls in 30 days"), "{}", list.text());
        assert!(list.source().contains("<title>3 calls in 30 days, 3 on the busiest day</title>"));
        // The organization counts what happened in its projects, and its administrators are told of others in the third person.
        let services = ana.opens("/organizations/harbor/services").await;
        assert!(services.says("2 calls in 30 days"), "{}", services.text());
        assert!(services.says("that they can read") && !services.says("that you can"), "{}", services.text());
    });
}
