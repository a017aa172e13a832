//! The attacker holds a code that was meant for somebody else.

use latchkey_testkit::{World, on_both_databases};

#[test]
fn a_code_is_worth_nothing_to_another_client_and_is_burned() {
    on_both_databases(async |world| {
        let (code, gull) = (world.ana().approves("burndown").await, world.app("gull"));
        let answer = gull.token_request(&gull.redemption(&code)).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (400, "invalid_grant"));
        assert_eq!(world.redeem(&code).await.err().unwrap().error, "invalid_grant", "its owner starts again");
    });
}

#[test]
fn a_code_that_was_redeemed_and_then_shown_by_another_client_ends_what_it_produced() {
    on_both_databases(async |world| {
        let (code, gull) = (world.ana().approves("burndown").await, world.app("gull"));
        let tokens = world.redeem(&code).await.unwrap();
        assert!(!gull.token_request(&gull.redemption(&code)).await.is_ok());
        assert_eq!(tokens.userinfo().await.status, 401);
    });
}

#[test]
fn a_code_of_one_request_does_not_fit_another() {
    on_both_databases(async |world: World| {
        let ana = world.ana();
        let (mine, stolen) = (ana.approves("burndown").await, world.max().approves("burndown").await);
        let burndown = world.app("burndown");
        let mut pairs = burndown.redemption(&mine);
        for pair in &mut pairs {
            if pair.0 == "code" {
                pair.1 = &stolen.text;
            }
        }
        assert_eq!(burndown.token_request(&pairs).await.error(), "invalid_grant", "the verifier is another's");
    });
}
