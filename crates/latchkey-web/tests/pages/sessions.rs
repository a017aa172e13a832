//! `/profile/sessions`

use latchkey_testkit::on_both_databases;

#[test]
fn every_browser_is_listed_and_this_one_marked() {
    on_both_databases(async |world| {
        let (here, there) = (world.ana(), world.ana());
        there.signs_in().await;
        let page = here.opens("/profile/sessions").await;
        assert_eq!(page.heading(), "Sessions");
        assert!(page.says("This one") && page.says("198.51.100.20"), "{}", page.text());
        assert!(page.has("end-others"));
        assert!(!world.max().opens("/profile/sessions").await.has("end-others"), "other people's are not");
    });
}

#[test]
fn one_session_ends_at_once() {
    on_both_databases(async |world| {
        let (here, there) = (world.ana(), world.ana());
        there.signs_in().await;
        let page = here.opens("/profile/sessions").await;
        let button = page.attributes("id").into_iter().find(|id| id.starts_with("end-") && id != "end-others").unwrap();
        let done = page.press(&button).await.page();
        assert!(done.says("One session was ended"));
        assert_eq!(there.browser().open("/profile/sessions").await.page().path(), "/signin");
        assert_eq!(here.browser().open("/profile/sessions").await.page().path(), "/profile/sessions");
    });
}

#[test]
fn all_others_end_at_once() {
    on_both_databases(async |world| {
        let (here, others) = (world.ana(), [world.ana(), world.ana(), world.ana()]);
        for other in &others {
            other.signs_in().await;
        }
        let page = here.opens("/profile/sessions").await;
        assert!(page.press("end-others").await.page().says("3 sessions were ended"));
        for other in &others {
            assert_eq!(other.browser().open("/me").await.page().path(), "/signin");
        }
        assert_eq!(here.browser().open("/me").await.page().path(), "/me");
    });
}
