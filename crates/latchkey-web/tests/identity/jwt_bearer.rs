//! `grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer`: an app that was called goes on as the person. [RFC 7523 §2.1]

use latchkey_identity::client::Metadata;
use latchkey_testkit::builders::{a_native_app, a_web_app};
use latchkey_testkit::{Refused, RelyingParty, Tokens, World, on_both_databases};

const PROJECTS: &str = "/harbor/_apis/projects";

/// An app that others call, and one that calls it.
async fn apps(world: &World) -> (RelyingParty, RelyingParty) {
    let metadata = Metadata { exposed_scopes: vec!["access_as_user".into()], ..Metadata::default() };
    let middle = world.registers(a_web_app("middle").with_metadata(metadata)).await;
    let scope = format!("api://{}/access_as_user", middle.client_id());
    let front = world.registers(a_native_app("front").asking(&format!("vso.work {scope}"))).await;
    (middle, front.asking(&format!("openid offline_access {scope}")))
}

async fn goes_on(middle: &RelyingParty, assertion: &str, scope: &str) -> Result<Tokens, Refused> {
    let pairs = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("requested_token_use", "on_behalf_of"),
        ("assertion", assertion),
        ("scope", scope),
    ];
    middle.read(&middle.token_request(&pairs).await)
}

async fn why(middle: &RelyingParty, assertion: &str, scope: &str) -> String {
    let refused = goes_on(middle, assertion, scope).await.unwrap_err();
    assert_eq!(refused.status, 400, "{refused:?}");
    refused.error
}

#[test]
fn a_person_approves_that_one_app_calls_another_as_them() {
    on_both_databases(async |world| {
        let (middle, front) = apps(&world).await;
        let ana = world.ana();
        let page = ana.goes_to(&front.request()).await.page();
        assert_eq!(page.heading(), "front wants to call other apps as you");
        assert!(page.says("Call middle as you") && page.says("access_as_user"));
        assert!(page.choices("organization").is_empty(), "nothing in DevOps is opened by it");
        assert_eq!(page.ticked("scope").len(), 1);
        let tokens = ana.authorizes_part(&front.request(), |page| page).await;
        let claims = tokens.access_claims();
        assert_eq!(claims["aud"], middle.client_id());
        assert_eq!(claims["scope"], "access_as_user");
        assert!(
            tokens.body["scope"].as_str().unwrap().contains(&format!("api://{}/access_as_user", middle.client_id()))
        );
        // It is of no use here.
        assert_eq!(tokens.get(PROJECTS).await.status, 401);
        assert_ne!(tokens.userinfo().await.status, 200);
        assert!(front.exchanges(&tokens.access, &[]).await.is_err());
        // The app that it is for may ask what it is worth, and so may the one that has it.
        assert_eq!(middle.introspects(&tokens.access).await["scope"], "access_as_user");
        assert_eq!(middle.introspects(&tokens.access).await["client_id"], front.client_id());
        assert_eq!(world.app("burndown").introspects(&tokens.access).await["active"], false);
        // It is refreshed like any other, and its authorization says what it is.
        let again = front.refresh(tokens.refresh_token()).await.unwrap();
        assert_eq!(again.access_claims()["aud"], middle.client_id());
        let id = ana.authorization("front").await;
        assert!(ana.opens(&format!("/profile/authorizations/{id}")).await.says("Call middle as you"));
        // Without a look at the page it is had again: nothing was asked that is new.
        assert!(goes_on(&middle, &again.access, "vso.work").await.is_err(), "ana has not signed in to middle");
    });
}

#[test]
fn an_app_that_was_called_goes_on_with_what_the_person_allowed_it() {
    on_both_databases(async |world| {
        let (middle, front) = apps(&world).await;
        let ana = world.ana();
        ana.authorizes("middle").await;
        let called = ana.authorizes_part(&front.request(), |page| page).await;
        let tokens =
            goes_on(&middle, &called.access, "openid profile offline_access vso.project vso.work").await.unwrap();
        assert!(tokens.get(PROJECTS).await.is_ok());
        assert!(tokens.refresh.is_none(), "the assertion is what is shown again");
        let (claims, id) = (tokens.access_claims(), tokens.id_claims());
        assert_eq!(claims["act"]["sub"], middle.client_id());
        assert_eq!(claims["act"]["act"]["sub"], front.client_id());
        assert_eq!(id["aud"], middle.client_id());
        assert!(claims["exp"].as_i64() <= called.access_claims()["exp"].as_i64());
        assert_eq!(tokens.get("/harbor/lighthouse/_apis/git/repositories").await.status, 401, "it asked for less");
        // Never more than the person allowed this app, nor what it did not register.
        assert_eq!(why(&middle, &called.access, "vso.tenant_manage").await, "invalid_scope");
        assert_eq!(why(&middle, &called.access, "vso.nonsense").await, "invalid_scope");
        assert_eq!(why(&middle, &called.access, "openid").await, "invalid_scope");
        // The middle app gives its token back; the front app's is untouched.
        assert_eq!(middle.gives_back(&tokens.access).await, 200);
        assert_eq!(tokens.get(PROJECTS).await.status, 401);
        assert!(goes_on(&middle, &called.access, "vso.project").await.is_ok());
    });
}

#[test]
fn what_the_person_takes_back_ends_at_once() {
    on_both_databases(async |world| {
        let (middle, front) = apps(&world).await;
        let ana = world.ana();
        ana.authorizes("middle").await;
        let called = ana.authorizes_part(&front.request(), |page| page).await;
        let tokens = goes_on(&middle, &called.access, "vso.project").await.unwrap();
        assert!(tokens.get(PROJECTS).await.is_ok());
        ana.pauses("middle").await;
        assert_eq!(tokens.get(PROJECTS).await.status, 401);
        assert_eq!(why(&middle, &called.access, "vso.project").await, "invalid_grant");
        ana.resumes("middle").await;
        assert!(tokens.get(PROJECTS).await.is_ok());
        ana.pauses("front").await;
        assert_eq!(why(&middle, &called.access, "vso.project").await, "invalid_grant");
        ana.resumes("front").await;
        assert!(goes_on(&middle, &called.access, "vso.project").await.is_ok());
        // The app that called is stopped: so is what was got by its call.
        world.suspends("front").await;
        assert_eq!(tokens.get(PROJECTS).await.status, 401);
        assert_eq!(why(&middle, &called.access, "vso.project").await, "invalid_grant");
        ana.revokes_all().await;
        assert_eq!(tokens.get(PROJECTS).await.status, 401);
        assert_eq!(why(&middle, &called.access, "vso.project").await, "invalid_grant");
    });
}

#[test]
fn a_person_who_never_signed_in_to_the_app_is_to_be_asked() {
    on_both_databases(async |world| {
        let metadata = Metadata { exposed_scopes: vec!["access_as_user".into()], ..Metadata::default() };
        let middle = world.registers(a_web_app("middle").of_the_microsoft_profile().with_metadata(metadata)).await;
        let scope = format!("api://{}/access_as_user", middle.client_id());
        let front = world.registers(a_native_app("front").of_the_microsoft_profile().asking(&scope)).await;
        let front = front.asking(&format!("openid api://{}/.default", middle.client_id()));
        let called = world.ana().authorizes_part(&front.request(), |page| page).await;
        assert_eq!(called.access_claims()["scp"], "access_as_user");
        assert!(called.access_claims().get("name").is_none(), "its name was not asked for");
        let refused = goes_on(&middle, &called.access, "vso.work").await.unwrap_err();
        assert_eq!(refused.error, "invalid_grant");
        assert_eq!(refused.body["suberror"], "consent_required");
        assert_eq!(refused.body["error_codes"][0], 65_001);
        world.ana().authorizes("middle").await;
        assert_eq!(goes_on(&middle, &called.access, "vso.work").await.unwrap().access_claims()["scp"], "vso.work");
    });
}

#[test]
fn scopes_of_two_resources_are_not_asked_for_at_once() {
    on_both_databases(async |world| {
        let (middle, front) = apps(&world).await;
        let scope = format!("vso.work api://{}/access_as_user", middle.client_id());
        let refused = world.ana().answers(&front.clone().asking(&scope).request(), |page| page).await;
        assert_eq!(refused.err().unwrap().error, "invalid_scope");
        // What is not exposed any more cannot be asked for, and is not refreshed.
        let tokens = world.ana().authorizes_part(&front.request(), |page| page).await;
        world.changes_app("middle", |client| client.metadata.exposed_scopes.clear()).await;
        assert_eq!(front.refresh(tokens.refresh_token()).await.unwrap_err().error, "invalid_scope");
        let refused = world.ana().answers(&front.request(), |page| page).await;
        assert_eq!(refused.err().unwrap().error, "invalid_scope");
    });
}
