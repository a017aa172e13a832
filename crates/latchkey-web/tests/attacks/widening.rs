//! The attacker widens an authorization through the form that narrows it: more than it has, another person's, in another account.

use latchkey_testkit::{Page, Person, World, on_both_databases};

async fn part(world: &World, person: &Person) -> Page {
    let drydock = world.project("drydock").to_string();
    let request = world.app("burndown").request();
    let part = |page: Page| page.tick_only("scope", &["vso.work"]).untick("project", &drydock).choose("keep", "7-days");
    person.authorizes_part(&request, part).await;
    let id = person.authorization("burndown").await;
    person.opens(&format!("/profile/authorizations/{id}")).await
}

async fn is_as_it_was(world: &World, person: &Person, before: &str) -> bool {
    let listed = world.store().authorizations_of(person.id()).await.unwrap();
    format!("{:?}", listed[0].authorization) == before
}

async fn as_it_is(world: &World, person: &Person) -> String {
    format!("{:?}", world.store().authorizations_of(person.id()).await.unwrap()[0].authorization)
}

#[test]
fn no_field_of_the_form_makes_it_wider() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let page = part(&world, &ana).await;
        let before = as_it_is(&world, &ana).await;
        let (drydock, keel) = (world.project("drydock").to_string(), world.repository("keel").to_string());
        let (shore, nowhere) = (world.organization("shore").to_string(), "00000000-0000-0000-0000-0000000000ff");
        let forged = [
            ("scope", "vso.code"),
            ("scope", "vso.work vso.code"),
            ("scope", "profile"),
            ("project", drydock.as_str()),
            ("repository", keel.as_str()),
            ("organization", shore.as_str()),
            ("organization", nowhere),
            ("organization", "nonsense"),
            ("days", "7"),
            ("days", "90"),
            ("days", "365"),
            ("days", "0"),
            ("days", "-1"),
            ("days", "99999999999"),
            ("version", "0"),
            ("version", "2"),
            ("version", "nonsense"),
        ];
        for (name, value) in forged {
            let answer = page.clone().tamper(name, value).press("narrow-save").await.page();
            assert_eq!(answer.status(), 422, "{name}={value}: {}", answer.text());
            assert!(is_as_it_was(&world, &ana, &before).await, "{name}={value}");
        }
    });
}

#[test]
fn another_persons_authorization_is_not_narrowed() {
    on_both_databases(async |world| {
        let (ana, max) = (world.ana(), world.max());
        let page = part(&world, &ana).await;
        let before = as_it_is(&world, &ana).await;
        let theirs = page.path().rsplit('/').next().unwrap().to_owned();
        let own = part(&world, &max).await;
        let (url, body) = own.form_of("narrow-save");
        let mine = own.path().rsplit('/').next().unwrap().to_owned();
        let cookie = format!("__Host-latchkey={}", max.browser().session_cookie().unwrap());
        let form = "application/x-www-form-urlencoded";
        let answer = world.post(&url.replace(&mine, &theirs)).header("cookie", &cookie).body(form, body).await;
        assert_eq!(answer.status, 404);
        for path in ["", "/json"] {
            assert_eq!(max.opens(&format!("/profile/authorizations/{theirs}{path}")).await.status(), 404);
        }
        assert!(is_as_it_was(&world, &ana, &before).await);
    });
}

#[test]
fn a_page_counts_for_the_account_that_it_showed() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let page = part(&world, &ana).await;
        let before = as_it_is(&world, &ana).await;
        // Somebody else signs in in the same browser, and acts from then on.
        world.person_at("max", ana.browser()).signs_in().await;
        let answer =
            page.clone().tick_only("scope", &["vso.work"]).choose("days", "1").press("narrow-save").await.page();
        assert_eq!(answer.status(), 403, "{}", answer.text());
        let id = page.path().rsplit('/').next().unwrap().to_owned();
        assert_eq!(page.press(&format!("pause-{id}")).await.page().status(), 403);
        assert!(is_as_it_was(&world, &ana, &before).await);
    });
}
