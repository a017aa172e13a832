//! The attacker has an account with somebody else's address, and hopes that a service goes by addresses (nOAuth). [Keycloak CVE-2026-82968]

use latchkey_identity::Change;
use latchkey_identity::account::{Account, AccountId};
use latchkey_testkit::on_both_databases;
use uuid::Uuid;

#[test]
fn an_address_that_nobody_verified_is_told_as_such_and_names_nobody() {
    on_both_databases(async |world| {
        // Somebody whose address was only claimed: that of a person elsewhere.
        let email = "chief@elsewhere.test";
        let (max, password) = world.store().credentials("max@harbor.test").await.unwrap().unwrap();
        let mallory = AccountId(Uuid::from_u128(0xbad));
        let account = Account { id: mallory, email: email.to_owned(), email_verified: false, ..max };
        world.becomes([Change::CreateAccount { account: Box::new(account), password }]).await;

        let request = world.app("compass").asking("openid profile email").request().with("login_hint", email);
        let page = world.browser().open(&request.url()).await.page();
        let page = page.fill("email", email).fill("password", "correct horse battery staple");
        let departure = page.press("sign-in").await.page().press("approve").await.left();
        let tokens = world.redeem(&request.answered(&departure).unwrap()).await.unwrap();
        for told in [tokens.userinfo().await.json(), tokens.id_claims()] {
            if told["email"].is_string() {
                assert_eq!(told["email_verified"], false, "{told}");
            }
            assert!(!told["sub"].as_str().unwrap().contains('@'), "{told}");
        }
        // Nobody gets an account of an address that somebody has: `what_is_there_already_is_not_made_again`.
        assert_eq!(tokens.userinfo().await.json()["email"], email);
    });
}
