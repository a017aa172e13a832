//! The attacker wants a code that needs no verifier, or one they know.

use latchkey_testkit::builders::a_web_app;
use latchkey_testkit::on_both_databases;

#[test]
fn no_weaker_challenge_is_taken() {
    on_both_databases(async |world| {
        let challenge = "a".repeat(43);
        for app in ["burndown", "beacon", "chart"] {
            for request in [
                world.app(app).request().without_pkce(),
                world.app(app).request().without("code_challenge"),
                world.app(app).request().without("code_challenge_method"),
                world.app(app).request().with("code_challenge_method", "plain"),
                world.app(app).request().with("code_challenge_method", "s256"),
                world.app(app).request().with("code_challenge_method", "S512"),
                world.app(app).request().with("code_challenge", "short"),
                world.app(app).request().with("code_challenge", &"a".repeat(128)),
                world.app(app).request().with("code_challenge", &format!("{challenge}=")),
            ] {
                let refused = request.answered(&world.browser().open(&request.url()).await.left()).err().unwrap();
                assert_eq!(refused.error, "invalid_request", "{app}: {}", request.query());
            }
        }
    });
}

#[test]
fn a_challenge_that_was_sent_needs_its_verifier_even_where_it_is_optional() {
    on_both_databases(async |world| {
        let sextant = world.registers(a_web_app("sextant").without_pkce()).await;
        let ana = world.ana();
        for verifier in [None, Some("x"), Some("")] {
            let code = ana.approves_request(&sextant.request().redeemed_with(verifier)).await;
            assert_eq!(world.redeem(&code).await.err().unwrap().error, "invalid_grant", "{verifier:?}");
        }
        let code = ana.approves_request(&sextant.request().without_pkce().redeemed_with(Some(&"v".repeat(43)))).await;
        assert_eq!(world.redeem(&code).await.err().unwrap().error, "invalid_grant", "a verifier for nothing");
    });
}

#[test]
fn the_challenge_itself_is_no_verifier() {
    on_both_databases(async |world| {
        let request = world.app("burndown").request();
        let challenge = request.value("code_challenge").to_owned();
        let code = world.ana().approves_request(&request.redeemed_with(Some(&challenge))).await;
        assert_eq!(world.redeem(&code).await.err().unwrap().error, "invalid_grant");
    });
}
