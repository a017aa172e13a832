//! `/signin`

use std::net::{IpAddr, Ipv4Addr};

use latchkey_testkit::{Browser, Page, World, on_both_databases};

/// A guess at a password.
async fn guess(browser: &Browser, email: &str, password: &str) -> Page {
    let page = browser.open("/signin").await.page();
    page.fill("email", email).fill("password", password).press("sign-in").await.page()
}

fn network(third: u8, last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(203, 0, third, last))
}

#[test]
fn a_person_signs_in_with_address_and_password() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let page = ana.signs_in().await;
        assert_ne!(page.path(), "/signin", "{}", page.text());
        assert!(ana.browser().cookies().iter().any(|(name, _)| name == "__Host-latchkey-device"));
    });
}

#[test]
fn wrong_unknown_and_disabled_sound_the_same() {
    on_both_databases(async |world| {
        world.disables("cy").await;
        let mut answers = Vec::new();
        for (email, password) in [
            ("ana@harbor.test", "wrong horse battery staple"),
            ("nobody@harbor.test", "correct horse battery staple"),
            ("cy@harbor.test", "correct horse battery staple"),
            ("not an address", "x"),
            ("", ""),
            ("ana@harbor.test", ""),
            ("ana@harbor.test", &"x".repeat(2_000)),
        ] {
            let page = guess(&world.browser(), email, password).await;
            answers.push((page.status(), page.text_of("sign-in-error"), page.header("set-cookie").map(str::len)));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!(answers[0].0, 422);
    });
}

#[test]
fn the_address_stays_in_the_form_and_the_password_does_not() {
    on_both_databases(async |world| {
        let page = guess(&world.browser(), "ana@harbor.test", "wrong horse battery staple").await;
        assert_eq!((page.value("email").as_str(), page.value("password").as_str()), ("ana@harbor.test", ""));
        assert!(!page.source().contains("wrong horse"));
    });
}

#[test]
fn the_address_is_found_in_any_case_and_with_blanks_around() {
    on_both_databases(async |world| {
        let page = guess(&world.browser(), " ANA@Harbor.TEST ", "correct horse battery staple").await;
        assert_ne!(page.path(), "/signin", "{}", page.text());
    });
}

#[test]
fn the_browser_gets_a_new_cookie_at_every_sign_in() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.browser().open("/signin").await.page();
        let mut seen = vec![ana.browser().session_cookie()];
        for _ in 0..3 {
            ana.signs_in().await;
            let now = ana.browser().session_cookie();
            assert!(now.is_some() && !seen.contains(&now));
            seen.push(now);
        }
    });
}

#[test]
fn seven_accounts_live_in_one_browser() {
    on_both_databases(async |world| {
        let browser = world.browser();
        for name in ["ana", "max", "ben", "cy", "dee", "pat", "eve"] {
            world.person_at(name, &browser).signs_in().await;
        }
        let request = world.app("burndown").at("common").request().with("prompt", "select_account");
        let page = browser.open(&request.url()).await.page();
        assert_eq!(page.accounts().len(), 7);
        assert!(page.has("use-another-account"));
    });
}

#[test]
fn too_many_guesses_at_an_account_are_throttled() {
    on_both_databases(async |world| {
        let mut throttled = None;
        for n in 0..20 {
            let page = guess(&world.browser_at(network(n, 1)), "ana@harbor.test", "wrong horse battery staple").await;
            if page.status() == 429 {
                throttled = Some((n, page.header("retry-after").map(str::to_owned)));
                break;
            }
        }
        let (guesses, wait) = throttled.expect("guessing is throttled");
        assert!(guesses <= 10, "{guesses}");
        let wait: u64 = wait.unwrap().parse().unwrap();
        world.seconds_later(wait);
        let page = guess(&world.browser_at(network(99, 1)), "ana@harbor.test", "correct horse battery staple").await;
        assert_ne!(page.path(), "/signin", "it ends when the page said it would");
    });
}

#[test]
fn an_account_that_does_not_exist_is_throttled_like_one_that_does() {
    on_both_databases(async |world| {
        let statuses = async |email: &str, third: u8| {
            let mut statuses = Vec::new();
            for n in 0..12 {
                statuses.push(
                    guess(&world.browser_at(network(third + n, 1)), email, "wrong horse battery staple").await.status(),
                );
            }
            statuses
        };
        assert_eq!(statuses("ana@harbor.test", 0).await, statuses("nobody@harbor.test", 100).await);
    });
}

#[test]
fn whoever_floods_an_account_does_not_lock_its_owner_out() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.signs_in().await;
        for n in 0..12 {
            guess(&world.browser_at(network(n, 1)), "ana@harbor.test", "wrong horse battery staple").await;
        }
        let stranger =
            guess(&world.browser_at(network(50, 1)), "ana@harbor.test", "correct horse battery staple").await;
        assert_eq!(stranger.status(), 429);
        let page = ana.signs_in().await;
        assert_ne!(page.path(), "/signin", "on the device she knows she comes in: {}", page.text());
    });
}

#[test]
fn a_network_that_guesses_at_many_accounts_is_throttled_too() {
    on_both_databases(async |world| {
        let browser = world.browser_at(network(7, 7));
        let mut throttled = false;
        for n in 0..110 {
            throttled |= guess(&browser, &format!("guess{n}@harbor.test"), "").await.status() == 429;
        }
        assert!(throttled);
        assert_ne!(
            guess(&world.browser_at(network(8, 8)), "ana@harbor.test", "").await.status(),
            429,
            "others are not"
        );
    });
}

#[test]
fn a_sign_in_ends_by_idleness_and_by_age() {
    on_both_databases(async |world| {
        let request = world.app("burndown").request();
        let asked = async |world: &World, browser: &Browser| {
            browser.open(&request.url()).await.as_page().map(|page| page.path() == "/signin") == Some(true)
                && world.now().as_secs() > 0
        };
        let ana = world.ana();
        ana.approves_request(&request).await;
        world.seconds_later(11 * 3_600);
        assert!(!asked(&world, ana.browser()).await);
        world.parts().flush().await.unwrap();
        world.seconds_later(11 * 3_600);
        assert!(!asked(&world, ana.browser()).await, "use keeps it");
        world.parts().flush().await.unwrap();
        world.seconds_later(12 * 3_600);
        assert!(asked(&world, ana.browser()).await, "half a day without use ends it");
        ana.signs_in().await;
        for _ in 0..14 {
            world.seconds_later(11 * 3_600);
            ana.browser().open(&request.url()).await;
            world.parts().flush().await.unwrap();
        }
        world.seconds_later(14 * 3_600);
        assert!(asked(&world, ana.browser()).await, "a week ends it, whatever its use");
    });
}

#[test]
fn a_form_that_comes_after_the_session_ended_is_told_of_and_leads_back_to_its_page() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let form = ana.opens("/apps/new").await.fill("name", "Half filled");
        let elsewhere = world.person_at("ana", &world.browser());
        elsewhere.opens("/profile/sessions").await.press("end-others").await.page();
        let page = form.press("register").await.page();
        assert_eq!((page.heading().as_str(), page.status()), ("Sign in", 200));
        assert!(page.says("You were signed out meanwhile"), "{}", page.text());
        let page = page.fill("email", ana.email()).fill("password", "correct horse battery staple");
        assert_eq!(page.press("sign-in").await.page().path(), "/apps/new");
        assert!(!ana.opens("/apps").await.says("Half filled"), "nothing of it was done");
        // A page that was merely looked at was not lost.
        let page = world.browser().open("/profile/sessions").await.page();
        assert!(page.heading() == "Sign in" && !page.says("You were signed out meanwhile"), "{}", page.text());
    });
}

#[test]
fn after_sign_in_only_our_own_pages_come_next() {
    on_both_databases(async |world| {
        for next in ["https://evil.test/", "//evil.test/", "/\\evil.test", "/a\r\nx:y", "javascript:alert(1)"] {
            let page = world.browser().open("/signin?next=/me").await.page();
            let visit = page
                .tamper("next", next)
                .fill("email", "ana@harbor.test")
                .fill("password", "correct horse battery staple")
                .press("sign-in")
                .await;
            assert_eq!(visit.page().path(), "/me", "{next:?}");
        }
    });
}
