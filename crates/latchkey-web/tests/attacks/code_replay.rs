//! The attacker replays a code that was redeemed.

use latchkey_testkit::on_both_databases;

#[test]
fn a_replay_ends_everything_that_came_of_the_code_and_is_on_record() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let other = ana.authorizes("burndown").await;
        let code = ana.approves("burndown").await;
        let first = world.redeem(&code).await.unwrap();
        let second = first.refreshed().await.unwrap();
        assert_eq!(world.redeem(&code).await.err().unwrap().error, "invalid_grant");
        for tokens in [&first, &second] {
            assert_eq!(tokens.userinfo().await.status, 401);
            assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
            assert!(tokens.refreshed().await.is_err());
        }
        assert!(other.userinfo().await.is_ok(), "another installation of the app is not touched");
        for _ in 0..3 {
            assert_eq!(world.redeem(&code).await.err().unwrap().error, "invalid_grant");
        }
        let events = world.store().audit_events(world.harbor().0, None, 50).await.unwrap();
        let replays = events.iter().filter(|recorded| recorded.event.kind == "code_replayed").count();
        assert_eq!(replays, 1, "who goes on is not on record again and again");
    });
}

#[test]
fn a_code_is_still_known_as_redeemed_long_after() {
    on_both_databases(async |world| {
        let code = world.ana().approves("burndown").await;
        let tokens = world.redeem(&code).await.unwrap();
        world.seconds_later(600);
        assert!(world.redeem(&code).await.is_err());
        assert!(tokens.refreshed().await.is_err(), "a late replay ends the family too");
    });
}
