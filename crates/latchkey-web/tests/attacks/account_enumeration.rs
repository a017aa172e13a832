//! The attacker wants to know which accounts exist.

use latchkey_testkit::server::Answer;
use latchkey_testkit::{World, on_both_databases};

/// What an answer says, without what is new in each.
fn said(answer: &Answer, email: &str) -> (u16, Vec<String>, String) {
    let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
    names.sort();
    let text = answer.text().replace(email, "EMAIL");
    let text: Vec<&str> = text.split('"').filter(|piece| ![64, 43, 22].contains(&piece.len())).collect();
    (answer.status.as_u16(), names, text.join("\""))
}

async fn attempt(world: &World, email: &str, password: &str) -> (u16, Vec<String>, String) {
    let browser = world.browser();
    let page = browser.open("/signin").await.page();
    let cookie = format!("__Host-latchkey={}", browser.session_cookie().unwrap());
    let csrf = page.value("csrf");
    let form = [("csrf", csrf.as_str()), ("email", email), ("password", password)];
    said(&world.post("/signin").header("cookie", &cookie).form(form).await, email)
}

#[test]
fn sign_in_answers_the_same_bytes_for_known_unknown_and_disabled() {
    on_both_databases(async |world| {
        world.disables("cy").await;
        let known = attempt(&world, "ana@harbor.test", "wrong horse battery staple").await;
        let unknown = attempt(&world, "zoe@harbor.test", "wrong horse battery staple").await;
        let disabled = attempt(&world, "cy@harbor.test", "correct horse battery staple").await;
        assert_eq!(known, unknown);
        assert_eq!(known, disabled);
    });
}

#[test]
fn a_hint_of_an_account_that_exists_changes_nothing() {
    on_both_databases(async |world| {
        let page = async |hint: &str| {
            let request = world.app("burndown").request().with("login_hint", hint);
            let page = world.browser().open(&request.url()).await.page();
            (page.status(), page.text().replace(hint, ""), page.path().to_owned())
        };
        assert_eq!(page("ana@harbor.test").await, page("zoe@harbor.test").await);
    });
}

#[test]
fn silent_requests_say_the_same_of_everybody() {
    on_both_databases(async |world| {
        let error = async |hint: &str| {
            let request = world.app("burndown").request().with("login_hint", hint).with("prompt", "none");
            request.answered(&world.browser().open(&request.url()).await.left()).err().unwrap().description
        };
        assert_eq!(error("ana@harbor.test").await, error("zoe@harbor.test").await);
    });
}

#[test]
fn an_unknown_address_costs_as_much_hashing_as_a_known_one() {
    on_both_databases(async |world| {
        let fastest = async |email: &str| {
            let mut fastest = std::time::Duration::MAX;
            for _ in 0..5 {
                let before = std::time::Instant::now();
                attempt(&world, email, "wrong horse battery staple").await;
                fastest = fastest.min(before.elapsed());
            }
            fastest
        };
        // How close they are is measured by the bench. Here a hash that is left out shows, whatever else the machine does.
        let (unknown, known) = (fastest("zoe@harbor.test").await, fastest("ana@harbor.test").await);
        assert!(unknown * 3 > known, "an unknown address is answered too fast: {unknown:?} against {known:?}");
    });
}
