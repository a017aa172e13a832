//! The attacker copied a refresh token.

use latchkey_testkit::on_both_databases;

#[test]
fn whoever_comes_second_ends_it_for_both() {
    on_both_databases(async |world| {
        let stolen = world.ana().authorizes("burndown").await;
        let owner = stolen.refreshed().await.unwrap().refreshed().await.unwrap();
        assert_eq!(stolen.refreshed().await.err().unwrap().error, "invalid_grant");
        assert_eq!(owner.refreshed().await.err().unwrap().error, "invalid_grant");
        assert_eq!(owner.userinfo().await.status, 401);
        let events = world.store().audit_events(world.harbor().0, None, 50).await.unwrap();
        assert!(events.iter().any(|recorded| recorded.event.kind == "refresh_token_replayed"));
    });
}

#[test]
fn within_the_window_a_thief_gets_no_line_of_their_own() {
    on_both_databases(async |world| {
        let stolen = world.ana().authorizes("burndown").await;
        let (owner, thief) = (stolen.refreshed().await.unwrap(), stolen.refreshed().await.unwrap());
        assert_eq!(owner.refresh, thief.refresh, "there are never two live successors");
        let next = owner.refreshed().await.unwrap();
        assert!(stolen.refreshed().await.is_err(), "the successor was used");
        assert!(next.refreshed().await.is_err(), "and now nobody has anything");
    });
}

#[test]
fn a_changed_refresh_token_is_none_and_ends_nothing() {
    on_both_databases(async |world| {
        let (tokens, burndown) = (world.ana().authorizes("burndown").await, world.app("burndown"));
        let token = tokens.refresh_token();
        for index in (0..token.len()).step_by(7) {
            let mut changed = token.to_owned();
            let other = if token.as_bytes()[index] == b'A' { "B" } else { "A" };
            changed.replace_range(index..=index, other);
            assert_eq!(burndown.refresh(&changed).await.err().unwrap().error, "invalid_grant", "{index}");
        }
        for bad in [&token[..token.len() - 1], &format!("{token}A"), &token.to_lowercase(), "lkr_"] {
            assert_eq!(burndown.refresh(bad).await.err().unwrap().error, "invalid_grant");
        }
        assert!(tokens.refreshed().await.is_ok());
    });
}
