//! The attacker listens on plain http, or sits on a neighbouring origin.

use latchkey_testkit::on_both_databases;
use latchkey_testkit::world::{HTTP, HTTPS};

#[test]
fn a_cookie_of_one_scheme_is_none_at_the_other() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.signs_in().await;
        let cookie = ana.browser().session_cookie().unwrap();
        for name in ["latchkey", "__Host-latchkey"] {
            let answer = world.get(&format!("{HTTP}/me")).header("cookie", &format!("{name}={cookie}")).await;
            if name == "__Host-latchkey" {
                assert!(answer.status.is_redirection(), "the https cookie has no meaning here");
            }
        }
        let plain = world.browser();
        plain.open(&format!("{HTTP}/signin")).await.page();
        let names: Vec<String> = plain.cookies().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["latchkey"]);
        let answer = world.get(&format!("{HTTPS}/me")).header("cookie", &format!("latchkey={cookie}")).await;
        assert!(answer.status.is_redirection(), "a cookie that a plain http neighbour could plant is not read");
    });
}

#[test]
fn no_cookie_is_readable_by_script_sent_across_sites_or_shared_with_other_hosts() {
    on_both_databases(async |world| {
        // The browser of these tests refuses cookies without HttpOnly, SameSite, Path=/ and, on https, Secure and __Host-.
        let ana = world.ana();
        ana.authorizes("burndown").await;
        ana.browser().open("/signout").await.page().press("signout-confirm").await.page();
        assert!(ana.browser().cookies().iter().all(|(name, _)| name.starts_with("__Host-")));
    });
}
