//! Grant by state of account, app and authorization, the older kind as one more kind.

use std::sync::Arc;

use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::group::ProjectGroup;
use latchkey_identity::Change;
use latchkey_identity::client::ClientState;
use latchkey_jose::{Algorithm, SigningKey};
use latchkey_testkit::builders::a_daemon;
use latchkey_testkit::{World, on_both_databases};

const PROJECTS: &str = "/harbor/_apis/projects";

/// What stands in the way, or does not.
#[derive(Clone, Copy, Default)]
struct States {
    account_disabled: bool,
    apps_suspended: bool,
    authorizations_revoked: bool,
    authorizations_paused: bool,
}

/// Everything is prepared while all is well; then the states change, and every grant is tried.
fn every_grant(states: States) {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("burndown").await;
        let exchanged = world.app("burndown").exchanges(&tokens.access, &[("scope", "vso.project")]).await.unwrap();
        let code = ana.approves("burndown").await;
        let device = world.app("beacon").begins_on_a_device().await;
        ana.approves_on(&device).await;
        let older = world.takes_over("oldtimer").await;
        let older_tokens = older.authorized_by(&ana).await;
        let older_code = older.approved_by(&ana).await;
        world.takes_in("nightly", AccessLevel::Basic, "lighthouse", ProjectGroup::Readers).await;
        let nightly = world.app("nightly");
        let own = nightly.by_itself("vso.work").await.unwrap();
        let pair = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
        let keyed = world.registers(a_daemon("keyed").with_key(&pair)).await.signing_with(&pair);

        come_true(&world, states, older.id).await;

        let stopped = states.authorizations_revoked || states.authorizations_paused;
        let person = !(states.account_disabled || states.apps_suspended || stopped);
        assert_eq!(world.redeem(&code).await.is_ok(), person, "authorization_code");
        assert_eq!(tokens.refreshed().await.is_ok(), person, "refresh_token");
        assert_eq!(device.polls().await.is_ok(), person, "device_code");
        assert_eq!(world.app("burndown").exchanges(&tokens.access, &[]).await.is_ok(), person, "token_exchange");
        assert_eq!(exchanged.get(PROJECTS).await.is_ok(), person, "an exchanged token that is out");
        assert_eq!(older.redeems(&older_code).await.is_ok(), person, "a code of the older kind");
        assert_eq!(older_tokens.refreshed().await.is_ok(), person, "a refresh token of the older kind");
        assert_eq!(tokens.get(PROJECTS).await.is_ok(), person, "an access token that is out");
        assert_eq!(older_tokens.get(PROJECTS).await.is_ok(), person, "one of the older kind");
        // Nobody is behind an app that acts by itself, so only its own state counts.
        let app = !states.apps_suspended;
        assert_eq!(nightly.by_itself("vso.work").await.is_ok(), app, "client_credentials");
        assert_eq!(keyed.by_itself("vso.work").await.is_ok(), app, "client_credentials with private_key_jwt");
        assert_eq!(own.get(PROJECTS).await.is_ok(), app, "an app's own token that is out");
    });
}

async fn come_true(world: &World, states: States, older: latchkey_identity::client::ClientId) {
    if states.authorizations_paused {
        for app in ["burndown", "beacon", "oldtimer"] {
            world.ana().pauses(app).await;
        }
    }
    if states.authorizations_revoked {
        world.ana().revokes_all().await;
    }
    if states.apps_suspended {
        for app in ["burndown", "beacon", "nightly", "keyed"] {
            world.suspends(app).await;
        }
        world.becomes([Change::SetClientState { client: older, state: ClientState::Suspended }]).await;
    }
    if states.account_disabled {
        world.disables("ana").await;
    }
}

#[test]
fn where_all_is_well_every_grant_brings_tokens() {
    every_grant(States::default());
}

#[test]
fn a_disabled_account_gets_none() {
    every_grant(States { account_disabled: true, ..States::default() });
}

#[test]
fn a_suspended_app_gets_none() {
    every_grant(States { apps_suspended: true, ..States::default() });
}

#[test]
fn a_revoked_authorization_brings_none() {
    every_grant(States { authorizations_revoked: true, ..States::default() });
}

#[test]
fn a_paused_authorization_brings_none() {
    every_grant(States { authorizations_paused: true, ..States::default() });
}

#[test]
fn a_paused_authorization_that_is_revoked_brings_none() {
    every_grant(States { authorizations_paused: true, authorizations_revoked: true, ..States::default() });
}

#[test]
fn a_disabled_account_at_a_suspended_app_gets_none() {
    every_grant(States { account_disabled: true, apps_suspended: true, ..States::default() });
}

#[test]
fn a_disabled_account_with_a_revoked_authorization_gets_none() {
    every_grant(States { account_disabled: true, authorizations_revoked: true, ..States::default() });
}

#[test]
fn a_suspended_app_with_a_revoked_authorization_gets_none() {
    every_grant(States { apps_suspended: true, authorizations_revoked: true, ..States::default() });
}

#[test]
fn where_everything_has_ended_nothing_comes() {
    let ended =
        States { account_disabled: true, apps_suspended: true, authorizations_revoked: true, ..States::default() };
    every_grant(ended);
}
