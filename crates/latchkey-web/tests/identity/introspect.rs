//! `/{t}/oauth2/v2.0/introspect`

use latchkey_testkit::{Tokens, World, on_both_databases};
use serde_json::{Value, json};

async fn actives(world: &World, tokens: &Tokens) -> [bool; 2] {
    let burndown = world.app("burndown");
    let (access, refresh) =
        (burndown.introspects(&tokens.access).await, burndown.introspects(tokens.refresh_token()).await);
    for answer in [&access, &refresh] {
        assert!(answer["active"] == true || *answer == json!({ "active": false }), "{answer}");
    }
    [access["active"] == true, refresh["active"] == true]
}

#[test]
fn a_client_learns_what_its_own_tokens_are_worth() {
    on_both_databases(async |world| {
        let (burndown, tokens) = (world.app("burndown"), world.ana().authorizes("burndown").await);
        let answer = burndown.introspects(&tokens.access).await;
        let claims = tokens.access_claims();
        for name in ["sub", "aud", "iss", "exp", "iat", "jti", "client_id", "scope"] {
            assert_eq!(answer[name], claims[name], "{name}: {answer}");
        }
        assert_eq!((&answer["active"], &answer["token_type"]), (&Value::Bool(true), &"Bearer".into()));
        assert_eq!(answer["username"], "ana@harbor.test");
        let refresh = burndown.introspects(tokens.refresh_token()).await;
        assert_eq!((&refresh["active"], &refresh["sub"]), (&Value::Bool(true), &claims["sub"]));
        assert!(refresh.get("token_type").is_none() && refresh["exp"].is_i64(), "{refresh}");
        // Without `email` the address is not the app's to know.
        let party = world.app("burndown").asking("openid vso.work offline_access");
        let few = world.redeem(&world.max().approves_request(&party.request()).await).await.unwrap();
        for token in [&few.access, few.refresh_token()] {
            let answer = burndown.introspects(token).await;
            assert!(answer["active"] == true && answer.get("username").is_none(), "{answer}");
        }
        let nightly = world.app("nightly");
        let own = nightly.by_itself("vso.work").await.unwrap();
        let answer = nightly.introspects(&own.access).await;
        assert_eq!((&answer["sub"], &answer["scope"]), (&nightly.client_id().into(), &"vso.work".into()));
    });
}

#[test]
fn nobody_learns_of_the_tokens_of_others_and_a_public_client_of_none() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        let of_gull = world.app("gull");
        for token in
            [&tokens.access, tokens.refresh_token(), tokens.id.as_deref().unwrap(), "nonsense", "lkr_x", "a.b.c"]
        {
            assert_eq!(of_gull.introspects(token).await, json!({ "active": false }), "{token}");
        }
        let id_token = tokens.id.as_deref().unwrap();
        assert_eq!(world.app("burndown").introspects(id_token).await, json!({ "active": false }), "no access token");
        for public in ["beacon", "chart"] {
            let answer = world.app(public).request_to("introspect", &[("token", &tokens.access)]).await;
            assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_client".to_owned()), "{public}");
        }
        let nobody = world.app("burndown").bare_request("introspect", &[("token", &tokens.access)]).await;
        assert!(matches!(nobody.status.as_u16(), 400 | 401));
    });
}

#[test]
fn what_ended_is_not_active_at_once() {
    type End = for<'a> fn(&'a World) -> std::pin::Pin<Box<dyn Future<Output = ()> + 'a>>;
    let ends: [(&str, End); 3] = [
        ("the person revoked it", |world| Box::pin(async { drop(world.ana().revokes_all().await) })),
        ("the account is disabled", |world| Box::pin(world.disables("ana"))),
        ("time", |world| {
            world.seconds_later(91 * 86_400);
            Box::pin(std::future::ready(()))
        }),
    ];
    for (what, end) in ends {
        on_both_databases(async |world| {
            let tokens = world.ana().authorizes("burndown").await;
            assert_eq!(actives(&world, &tokens).await, [true, true]);
            end(&world).await;
            assert_eq!(actives(&world, &tokens).await, [false, false], "{what}");
        });
    }
    on_both_databases(async |world| {
        let first = world.ana().authorizes("burndown").await;
        let second = first.refreshed().await.unwrap();
        assert_eq!(actives(&world, &first).await, [true, false], "its successor took over");
        assert_eq!(actives(&world, &second).await, [true, true]);
        assert_eq!(world.app("burndown").gives_back(second.refresh_token()).await, 200);
        assert_eq!(actives(&world, &first).await, [false, false]);
        assert_eq!(actives(&world, &second).await, [false, false]);
    });
}
