//! Every way to make a new app of the older kind ends in one refusal, which names the way forward.

use latchkey_identity::client::registration::{Registration, RegistrationError};
use latchkey_identity::client::{Client, ClientId, ClientKind, LogoutUris, Profile};
use latchkey_identity::legacy::{ImportError, Imported, LegacyRegistration, NO_NEW_ONES};
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::{Change, Decision};
use latchkey_store::{CommitError, Decided};
use latchkey_testkit::legacy::an_exported_app;
use latchkey_testkit::on_both_databases;

#[test]
fn the_registration_page_refuses_it() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let page = ana.opens("/apps/new").await;
        let again = page
            .fill("name", "Sneaky")
            .fill("redirect_uris", "https://sneaky.test/callback")
            .tamper("profile", "legacy")
            .press("register")
            .await
            .page();
        assert_eq!(again.status(), 422);
        assert!(again.says("Register an app of the identity platform instead"), "{}", again.text());
    });
}

#[test]
fn the_places_where_they_were_made_once_say_so() {
    on_both_databases(async |world| {
        let page = world.browser().open("/app/register").await.page();
        assert_eq!((page.status(), page.error_code().as_str()), (410, "no_new_legacy_apps"));
        assert!(page.says("/apps/new"));
        for answer in [
            world.post("/_apis/delegatedauth/registration").json(&serde_json::json!({"registrationName": "x"})).await,
            world.get("/_apis/delegatedauth/registration").await,
        ] {
            assert_eq!(answer.status, 410);
            assert_eq!(answer.json()["message"], NO_NEW_ONES);
            assert!(answer.header("link").is_some());
        }
    });
}

#[test]
fn the_rule_of_registration_refuses_it() {
    let registration = Registration {
        name: "Sneaky".into(),
        kind: ClientKind::Web,
        profile: Profile::Legacy,
        redirect_uris: vec!["https://sneaky.test/callback".into()],
        logout: LogoutUris::default(),
        device_code: false,
        pushed_only: false,
        scopes: ScopeSet::from_text("vso.work"),
        required_scopes: ScopeSet::default(),
        multi_tenant: false,
        metadata: latchkey_identity::client::Metadata::default(),
        pkce_optional: true,
    };
    let refused = registration.check(&["vso.work".into()]).unwrap_err();
    assert_eq!((refused.to_string().as_str(), refused), (NO_NEW_ONES, RegistrationError::NoNewLegacyApps));
}

#[test]
fn a_direct_call_of_the_store_makes_none_and_turns_none_into_one() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let old = world.store().client(app.id).await.unwrap().unwrap();
        let id = ClientId(uuid::Uuid::from_u128(77));
        let lost = async |change: Change| {
            let decision: Decision<()> = Decision::grant(()).and(change);
            world.store().commit(decision.into_parts().1).await == Err(CommitError::Lost)
        };
        let made = Client { id, secrets: vec![], ..(*old).clone() };
        assert!(lost(Change::RegisterClient { client: Box::new(made) }).await);
        assert!(world.store().client(id).await.unwrap().is_none());
        let burndown = world.store().client(world.app("burndown").app().id).await.unwrap().unwrap();
        let version = burndown.version;
        let turned = Client { profile: Profile::Legacy, version: version + 1, ..(*burndown).clone() };
        assert!(lost(Change::ChangeClient { client: Box::new(turned), from_version: version }).await);
        let version = old.version;
        let modern = Client { profile: Profile::Standard, version: version + 1, ..(*old).clone() };
        assert!(lost(Change::ChangeClient { client: Box::new(modern), from_version: version }).await);
        // With the import closed, not even the import's own change counts.
        world
            .store()
            .close_legacy_import(world.organization("harbor").0, world.harbor(), "console", world.now())
            .await
            .unwrap();
        let late = Client { id, secrets: vec![], ..(*old).clone() };
        let known = world.store().legacy_app(app.id).await.unwrap().unwrap();
        let known = latchkey_identity::legacy::LegacyApp { client: id, ..known };
        let organization = world.organization("harbor").0;
        assert!(lost(Change::ImportLegacyApp { client: Box::new(late), app: Box::new(known), organization }).await);
        assert!(app.authorized_by(&world.ana()).await.refreshed().await.is_ok(), "what exists goes on working");
    });
}

#[test]
fn an_app_does_not_come_in_under_the_id_of_somebody_else() {
    on_both_databases(async |world| {
        for id in [world.account("ana").0, world.account("eve").0, world.harbor().0, world.shore().0] {
            let exported = LegacyRegistration { id: ClientId(id), ..an_exported_app("oldtimer", "vso.work") };
            assert_eq!(world.imports(&exported).await, Err(ImportError::SomebodyElse), "{id}");
            assert!(world.store().client(exported.id).await.unwrap().is_none());
        }
        let devops = ClientId::parse(&world.parts().resource.audience).unwrap();
        let exported = LegacyRegistration { id: devops, ..an_exported_app("oldtimer", "vso.work") };
        assert_eq!(world.imports(&exported).await, Err(ImportError::Resource), "whom its tokens would be for");
        assert!(world.imports(&an_exported_app("oldtimer", "vso.work")).await.is_ok());
    });
}

#[test]
fn the_import_is_once_per_organization_and_asked_again_changes_nothing() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let exported = an_exported_app("oldtimer", "vso.work vso.code");
        assert!(matches!(world.imports(&exported).await, Ok(Imported::Unchanged(_))));
        let renamed = LegacyRegistration { name: "Oldtimer 2".into(), ..exported.clone() };
        let Ok(Imported::Updated(client)) = world.imports(&renamed).await else { panic!("it is updated") };
        assert_eq!((client.name.as_str(), client.secrets.len()), ("Oldtimer 2", 1));
        assert!(app.authorized_by(&world.ana()).await.refreshed().await.is_ok());
        let organization = world.organization("harbor").0;
        assert_eq!(world.store().legacy_apps_of(organization).await.unwrap(), [app.id]);
        for _ in 0..2 {
            world.store().close_legacy_import(organization, world.harbor(), "console", world.now()).await.unwrap();
        }
        let refused = world.imports(&an_exported_app("latecomer", "vso.work")).await.unwrap_err();
        assert_eq!(refused, ImportError::Closed);
        assert!(refused.to_string().contains(NO_NEW_ONES));
        let events = world.store().audit_events(world.harbor().0, None, 50).await.unwrap();
        let closed = events.iter().filter(|one| one.event.kind == "legacy_import_closed").count();
        assert_eq!(closed, 1);
        let imported = |kind: &str| matches!(kind, "legacy_app_imported" | "legacy_import_closed");
        let mut told = events.iter().filter(|one| imported(&one.event.kind)).map(|one| one.event.address.as_deref());
        assert!(told.all(|address| address == Some("console")), "the record says where an order came from");
    });
}

#[test]
fn an_app_that_was_deleted_does_not_come_back() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let tokens = app.authorized_by(&world.ana()).await;
        world.becomes([Change::DeleteClient { client: app.id, at: world.now() }]).await;
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
        assert_eq!(tokens.refreshed().await.err().unwrap().error, "invalid_client");
        let exported = an_exported_app("oldtimer", "vso.work vso.code");
        assert_eq!(world.imports(&exported).await.unwrap_err(), ImportError::Deleted);
    });
}
