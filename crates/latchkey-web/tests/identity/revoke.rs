//! `/{t}/oauth2/v2.0/revoke`

use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::group::ProjectGroup;
use latchkey_testkit::{Tokens, World, on_both_databases};

const PROJECTS: &str = "/harbor/_apis/projects";

/// Whether the access token, and then the refresh token, still do anything.
async fn works(tokens: &Tokens) -> (bool, bool) {
    (tokens.get(PROJECTS).await.is_ok(), tokens.refreshed().await.is_ok())
}

async fn kinds(world: &World) -> Vec<String> {
    let events = world.store().audit_events(world.harbor().0, None, 200).await.unwrap();
    events.into_iter().map(|one| one.event.kind).filter(|kind| kind == "token_revoked").collect()
}

#[test]
fn a_token_given_back_ends_with_everything_of_its_family_and_nothing_else() {
    on_both_databases(async |world| {
        let ana = world.ana();
        for refresh in [true, false] {
            let (one, other) = (ana.authorizes("burndown").await, ana.authorizes("burndown").await);
            let token = if refresh { one.refresh_token() } else { &one.access };
            assert_eq!(world.app("burndown").gives_back(token).await, 200);
            assert_eq!(works(&one).await, (false, false), "refresh token: {refresh}");
            assert_eq!(works(&other).await, (true, true), "another installation goes on");
        }
        assert_eq!(kinds(&world).await.len(), 2);
    });
}

#[test]
fn what_is_unknown_or_over_is_answered_alike_and_changes_nothing() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        let burndown = world.app("burndown");
        assert_eq!(burndown.gives_back(tokens.refresh_token()).await, 200);
        for token in [
            tokens.refresh_token(),
            &tokens.access,
            "nonsense",
            "lkr_nonsense",
            "e30.e30.e30",
            tokens.id.as_deref().unwrap(),
        ] {
            assert_eq!(burndown.gives_back(token).await, 200, "{token}");
        }
        assert_eq!(kinds(&world).await.len(), 1, "once is once");
    });
}

#[test]
fn a_refresh_token_that_was_replaced_still_ends_its_family() {
    on_both_databases(async |world| {
        let first = world.ana().authorizes("burndown").await;
        let second = first.refreshed().await.unwrap();
        assert_eq!(world.app("burndown").gives_back(first.refresh_token()).await, 200);
        assert_eq!(works(&second).await, (false, false));
    });
}

#[test]
fn nobody_ends_the_tokens_of_another_client() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        let own = world.app("nightly").by_itself("").await.unwrap();
        for token in [tokens.refresh_token(), &tokens.access] {
            for stranger in ["nightly", "beacon", "gull"] {
                assert_eq!(world.app(stranger).gives_back(token).await, 400, "{stranger}");
            }
        }
        assert_eq!(world.app("burndown").gives_back(&own.access).await, 400);
        assert_eq!(works(&tokens).await, (true, true));
    });
}

#[test]
fn public_clients_give_back_by_their_id_and_confidential_ones_prove_who_they_are() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("beacon").await;
        assert_eq!(world.app("beacon").gives_back(tokens.refresh_token()).await, 200);
        assert_eq!(works(&tokens).await, (false, false));
        let tokens = world.ana().authorizes("chart").await;
        let answer = world.app("chart").request_to("revoke", &[("token", &tokens.access)]).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
        assert!(answer.header("access-control-allow-origin").is_some(), "its page may read the answer");

        let burndown = world.app("burndown");
        let tokens = world.ana().authorizes("burndown").await;
        let pairs = [("token", tokens.refresh_token()), ("client_id", &burndown.client_id())];
        assert_eq!(burndown.bare_request("revoke", &pairs).await.error(), "invalid_client");
        let wrong = burndown.bare_request("revoke", &pairs[..1]).basic(&burndown.client_id(), "lks_wrong").await;
        assert_eq!((wrong.status.as_u16(), wrong.error()), (401, "invalid_client".to_owned()));
        assert_eq!(burndown.request_to("revoke", &[]).await.error(), "invalid_request");
        assert_eq!(works(&tokens).await, (true, true));
    });
}

#[test]
fn an_apps_own_token_ends_alone() {
    on_both_databases(async |world| {
        world.takes_in("nightly", AccessLevel::Basic, "lighthouse", ProjectGroup::Readers).await;
        let nightly = world.app("nightly");
        let (one, other) = (nightly.by_itself("").await.unwrap(), nightly.by_itself("").await.unwrap());
        assert_eq!(one.get(PROJECTS).await.status, 200);
        assert_eq!(nightly.gives_back(&one.access).await, 200);
        assert_eq!(nightly.gives_back(&one.access).await, 200);
        assert_eq!(one.get(PROJECTS).await.status, 401);
        assert_eq!(other.get(PROJECTS).await.status, 200);
        assert_eq!(kinds(&world).await.len(), 1);
    });
}

#[test]
fn every_parameter_doubled_is_refused() {
    on_both_databases(async |world| {
        let burndown = world.app("burndown");
        let tokens = world.ana().authorizes("burndown").await;
        let (id, secret) = (burndown.client_id(), burndown.secret().to_owned());
        let good = [
            ("token", tokens.refresh_token()),
            ("token_type_hint", "refresh_token"),
            ("client_id", &id),
            ("client_secret", &secret),
        ];
        for endpoint in ["revoke", "introspect"] {
            for (name, value) in good {
                for twice in [value, "other"] {
                    let pairs: Vec<_> = good.into_iter().chain([(name, twice)]).collect();
                    let answer = burndown.bare_request(endpoint, &pairs).await;
                    assert_eq!(answer.error(), "invalid_request", "{endpoint} {name}={twice}");
                }
            }
        }
        assert!(burndown.bare_request("introspect", &good).await.json()["active"] == true);
        assert!(burndown.bare_request("revoke", &good).await.is_ok());
    });
}
