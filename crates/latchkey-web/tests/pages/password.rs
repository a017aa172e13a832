//! `/profile/sign-in/password`

use futures_util::future::join;
use latchkey_store::outbox::Queued;
use latchkey_testkit::{Browser, Page, Person, World, on_both_databases};

const PASSWORD: &str = "correct horse battery staple";
const NEW: &str = "a lighthouse is no lamp";

/// The form as somebody fills it in: the password now, the new one, and that once more.
async fn filled(person: &Person, now: &str, new: &str, repeated: &str) -> Page {
    let page = person.opens("/profile/sign-in").await;
    page.fill("current_password", now).fill("new_password", new).fill("repeated_password", repeated)
}

async fn signs_in(browser: &Browser, password: &str) -> Page {
    let page = browser.open("/signin").await.page();
    page.fill("email", "ana@harbor.test").fill("password", password).press("sign-in").await.page()
}

async fn mail(world: &World) -> Vec<Queued> {
    world.store().mail_due(world.now(), 10).await.unwrap()
}

#[test]
fn a_new_password_holds_at_once_and_ends_every_other_session() {
    on_both_databases(async |world| {
        let (here, there) = (world.ana(), world.ana());
        there.signs_in().await;
        let page = filled(&here, PASSWORD, NEW, NEW).await;
        let thief = here.browser().copied();
        world.store().open_outbox();
        let done = page.press("change-password").await.page();
        assert!(done.text_of("done").starts_with("Your password was changed."), "{}", done.text());
        assert_eq!(here.browser().open("/me").await.page().path(), "/me", "this session goes on");
        assert_eq!(there.browser().open("/me").await.page().path(), "/signin");
        assert_eq!(thief.open("/me").await.page().path(), "/signin", "a copied cookie is worth nothing");
        assert_eq!(signs_in(&world.browser(), PASSWORD).await.status(), 422);
        assert_eq!(signs_in(&world.browser(), NEW).await.path(), "/me");
        let mail = mail(&world).await;
        assert_eq!(mail.len(), 1);
        let body = &mail[0].body;
        assert!(body.contains("the password of ana@harbor.test") && body.contains("/profile/activity"), "{body}");
        let record = here.opens("/profile/activity").await.attributes("data-kind");
        assert!(
            record.contains(&"password_changed".to_owned()) && record.contains(&"session_ended".to_owned()),
            "{record:?}"
        );
    });
}

#[test]
fn what_services_may_do_is_taken_back_with_it_unless_the_person_says_no() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let passing =
            ana.authorizes_part(&world.app("burndown").request(), |page| page.choose("keep", "session")).await;
        let lasting = ana.authorizes("beacon").await;
        let page = filled(&ana, PASSWORD, NEW, NEW).await;
        assert!(page.says("Take back what services may do (2)"), "{}", page.text());
        assert_eq!(page.ticked("revoke_services"), ["yes"], "it is what happens unless they say no");
        page.untick("revoke_services", "yes").press("change-password").await.page();
        assert!(passing.refreshed().await.is_ok() && lasting.refreshed().await.is_ok(), "their session goes on");
        let page = filled(&ana, NEW, PASSWORD, PASSWORD).await;
        assert!(page.press("change-password").await.page().says("no service may do anything for you"));
        for tokens in [passing, lasting] {
            assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
            assert_eq!(tokens.refreshed().await.err().unwrap().error, "invalid_grant");
        }
        assert!(!ana.opens("/profile/sign-in").await.has("revoke-services"), "there is nothing to take back");
    });
}

/// What was given for the time of a session ends with it, whatever the person says of services.
#[test]
fn what_was_given_for_another_session_ends_with_it_and_the_page_says_so() {
    on_both_databases(async |world| {
        let (here, there) = (world.ana(), world.ana());
        let passing =
            there.authorizes_part(&world.app("burndown").request(), |page| page.choose("keep", "session")).await;
        let lasting = there.authorizes("beacon").await;
        let page = filled(&here, PASSWORD, NEW, NEW).await.untick("revoke_services", "yes");
        let done = page.press("change-password").await.page().text_of("done");
        assert!(
            done.ends_with("go on, except those that you allowed in another session for as long as it lasts."),
            "{done}"
        );
        assert_eq!(passing.get("/harbor/_apis/projects").await.status, 401);
        assert_eq!(passing.refreshed().await.err().unwrap().error, "invalid_grant");
        assert_eq!(lasting.get("/harbor/_apis/projects").await.status, 200);
        assert!(lasting.refreshed().await.is_ok());
    });
}

#[test]
fn a_password_that_is_not_shown_or_not_good_enough_changes_nothing() {
    on_both_databases(async |world| {
        let (ana, elsewhere) = (world.ana(), world.ana());
        elsewhere.signs_in().await;
        for (now, new, repeated, told) in [
            ("wrong horse battery staple", NEW, NEW, "That was not your password."),
            (PASSWORD, "too short", "too short", "A new password has 12 to 1,024 bytes"),
            (PASSWORD, "ana@harbor.test", "ana@harbor.test", "too easy to guess"),
            (PASSWORD, NEW, "a lighthouse is no lamb", "not typed the same twice"),
            (PASSWORD, PASSWORD, PASSWORD, "That is the password you have."),
        ] {
            let page = filled(&ana, now, new, repeated).await.press("change-password").await.page();
            let said = page.text_of("done");
            assert!(said.contains(told) && said.contains("Nothing was changed"), "{said}");
        }
        assert_eq!(elsewhere.browser().open("/me").await.page().path(), "/me");
        assert_eq!(signs_in(&world.browser(), PASSWORD).await.path(), "/me");
    });
}

#[test]
fn guesses_on_a_browser_that_was_left_open_are_throttled() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let mut told = String::new();
        for _ in 0..30 {
            let page = filled(&ana, "wrong horse battery staple", NEW, NEW).await.press("change-password").await.page();
            told = page.text_of("done");
            if told.contains("too many attempts") {
                break;
            }
        }
        assert!(told.contains("too many attempts"), "{told}");
        let right = filled(&ana, PASSWORD, NEW, NEW).await.press("change-password").await.page();
        assert!(right.text_of("done").contains("too many attempts"), "not even the right one is looked at");
    });
}

#[test]
fn of_two_changes_at_once_one_holds() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let (one, other) = (filled(&ana, PASSWORD, NEW, NEW).await, "another lighthouse, no lamp");
        let other = one.clone().fill("new_password", other).fill("repeated_password", other);
        let (one, other) = join(one.press("change-password"), other.press("change-password")).await;
        let changed = [one, other].into_iter().filter(|visit| {
            visit
                .as_page()
                .is_some_and(|page| page.has("done") && page.text_of("done").starts_with("Your password was changed"))
        });
        assert_eq!(changed.count(), 1);
    });
}
