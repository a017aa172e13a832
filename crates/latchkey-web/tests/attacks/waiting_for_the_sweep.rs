//! The attacker comes with what has run out before anybody swept it away. [authentik CVE-2025-64708, Keycloak CVE-2026-9802]

use std::time::Duration;

use latchkey_identity::limits;
use latchkey_testkit::databases::on_both_engines;
use latchkey_testkit::{Tokens, World, on_both_databases};

const MINUTE: Duration = Duration::from_secs(60);

async fn opens_nothing(world: &World, access: &str) {
    for url in ["/harbor/_apis/projects", "/oidc/userinfo"] {
        assert_eq!(world.get(url).bearer(access).await.status, 401, "{url}");
    }
    assert_eq!(world.app("burndown").introspects(access).await["active"], false);
}

fn error(refused: Result<Tokens, latchkey_testkit::Refused>) -> String {
    refused.err().unwrap().error
}

/// Nothing sweeps in these tests: every row is there still.
#[test]
fn what_has_run_out_is_worth_nothing_though_it_is_still_there() {
    on_both_databases(async |world| {
        let (ana, party) = (world.ana(), world.app("beacon"));
        let tokens = ana.authorizes("burndown").await;
        let code = ana.approves("burndown").await;
        let device = party.begins_on_a_device().await;
        ana.approves_on(&device).await;
        let pushed = party.request().pushed().await.json()["request_uri"].as_str().unwrap().to_owned();
        world.later(limits::CODE_LIFETIME);
        assert_eq!(error(world.redeem(&code).await), "invalid_grant");
        world.later(limits::DEVICE_CODE_LIFETIME);
        assert_eq!(error(device.polls().await), "expired_token");
        let pairs = [("client_id", party.client_id()), ("request_uri", pushed)];
        let query = latchkey_testkit::server::encode(pairs.iter().map(|(name, value)| (*name, value.as_str())));
        let page = ana.browser().open(&format!("{}?{query}", party.endpoint("oauth2/v2.0/authorize"))).await.page();
        assert!(page.status() == 400, "{}", page.text());
        world.later(90 * MINUTE);
        opens_nothing(&world, &tokens.access).await;
        world.later(limits::SESSION_IDLE);
        assert_eq!(ana.browser().open("/me").await.page().path(), "/signin");
        world.later(limits::FAMILY_IDLE);
        assert_eq!(error(world.app("burndown").refresh(tokens.refresh_token()).await), "invalid_grant");
    });
}

/// What a server knew before it was stopped is no more than what the database says.
#[test]
fn a_restart_revives_nothing() {
    on_both_engines(async |database| {
        let world = World::on(database).await;
        let (over, revoked) = {
            let (ana, max) = (world.ana(), world.max());
            let over = ana.authorizes("burndown").await;
            let revoked = max.authorizes("burndown").await;
            max.revokes().await;
            let spent = over.refreshed().await.unwrap();
            assert!(spent.refreshed().await.is_ok());
            (
                (over.access.clone(), over.refresh_token().to_owned()),
                (revoked.access.clone(), revoked.refresh_token().to_owned()),
            )
        };
        let world = world.restarted(database).await;
        opens_nothing(&world, &revoked.0).await;
        assert_eq!(error(world.app("burndown").refresh(&revoked.1).await), "invalid_grant");
        assert_eq!(error(world.app("burndown").refresh(&over.1).await), "invalid_grant", "used before the restart");
        opens_nothing(&world, &over.0).await;
        world.later(90 * MINUTE);
        let world = world.restarted(database).await;
        opens_nothing(&world, &over.0).await;
    });
}
