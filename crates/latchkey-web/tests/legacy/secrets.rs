//! The two secrets of an app of the older kind, renewed by its owner through the API.

use std::time::Duration;

use http::Method;
use latchkey_identity::client::Client;
use latchkey_testkit::builders::a_web_app;
use latchkey_testkit::{OldApp, Person, Tokens, World, on_both_databases};

async fn owned_by(world: &World, person: &Person) -> OldApp {
    let app = world.takes_over("oldtimer").await;
    let client = world.store().client(app.id).await.unwrap().unwrap();
    let owned = Client { owner: Some(person.id()), version: client.version + 1, ..(*client).clone() };
    let change = latchkey_identity::Change::ChangeClient { client: Box::new(owned), from_version: client.version };
    world.becomes([change]).await;
    app
}

/// A token of the identity platform that may renew secrets.
async fn keyring(world: &World, person: &Person) -> Tokens {
    world.registers(a_web_app("keyring").asking("vso.tokens vso.profile")).await;
    person.authorizes_all("keyring").await
}

fn url(app: &OldApp) -> String {
    format!("/_apis/delegatedauth/registrationsecret/{}?api-version=7.2-preview.2", app.id)
}

#[test]
fn a_second_secret_is_made_and_a_third_is_refused() {
    on_both_databases(async |world: World| {
        let ana = world.ana();
        let app = owned_by(&world, &ana).await;
        let token = keyring(&world, &ana).await;
        let made = token.post(&url(&app)).await;
        assert_eq!(made.status, 200, "{}", made.text());
        let second = app.with_secret(made.json().as_str().unwrap());
        let code = app.approved_by(&ana).await;
        assert!(second.redeems(&code).await.is_ok());
        assert!(app.authorized_by(&ana).await.refreshed().await.is_ok(), "the first works on");
        let third = token.post(&url(&app)).await;
        assert!(third.status == 400 && third.text().contains("at most two secrets"), "{}", third.text());
    });
}

#[test]
fn a_replaced_secret_and_the_tokens_made_with_it_end_at_once_and_the_others_do_not() {
    on_both_databases(async |world: World| {
        let (ana, max) = (world.ana(), world.max());
        let app = owned_by(&world, &ana).await;
        let token = keyring(&world, &ana).await;
        // The two go by when they came.
        world.seconds_later(1);
        let other = app.with_secret(token.post(&url(&app)).await.json().as_str().unwrap());
        let (first, second) = (app.authorized_by(&ana).await, other.authorized_by(&max).await);
        // One that began with the first and went on with the second is the second's.
        let code = app.approved_by(&ana).await;
        let began = app.redeems(&code).await.unwrap();
        let moved = other.refreshes(&began.refresh).await.unwrap();
        // A lost answer that is asked for again with the first is made with the first.
        let repeated = app.refreshes(&began.refresh).await.unwrap();
        assert_eq!(repeated.refresh, moved.refresh);
        for tokens in [&began, &moved, &repeated] {
            assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 200);
        }
        let pending = app.approved_by(&ana).await;
        let replaced = token.ask(Method::PUT, &format!("{}&secretType=primary", url(&app))).await;
        assert_eq!(replaced.status, 200, "{}", replaced.text());
        let registration = replaced.json();
        assert_eq!(registration["registrationId"], app.id.to_string());
        assert!(
            registration["alternativeSecretValidTo"].is_string() && registration.get("alternativeSecret").is_none()
        );
        let renewed = app.with_secret(registration["secret"].as_str().unwrap());
        for tokens in [&first, &began, &repeated] {
            assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
        }
        assert_eq!(renewed.refreshes(&first.refresh).await.map(|_| ()).unwrap_err().error, "invalid_request");
        assert_eq!(app.redeems(&pending).await.map(|_| ()).unwrap_err().error, "invalid_client");
        assert!(renewed.redeems(&pending).await.is_ok(), "the code was not consumed");
        for tokens in [&second, &moved] {
            assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 200);
            assert!(other.refreshes(&tokens.refresh).await.is_ok());
        }
        // The places stay: what was replaced is still the first.
        let again = token.ask(Method::PUT, &url(&app)).await.json();
        assert_eq!(again["alternativeSecretVersionId"], registration["alternativeSecretVersionId"]);
        assert!(other.authorized_by(&ana).await.refreshed().await.is_ok());
        let alternative = token.ask(Method::PUT, &format!("{}&secretType=alternative", url(&app))).await.json();
        assert!(alternative["alternativeSecret"].is_string() && alternative.get("secret").is_none());
        assert_eq!(second.get("/harbor/_apis/projects").await.status, 401);
        let events = world.store().audit_events(world.harbor().0, None, 100).await.unwrap();
        let removed = events.iter().filter(|one| one.event.kind == "secret_removed").count();
        assert_eq!(removed, 3);
    });
}

#[test]
fn only_the_owner_renews_and_only_with_the_scope_and_a_newer_token() {
    on_both_databases(async |world: World| {
        let (ana, max) = (world.ana(), world.max());
        let app = owned_by(&world, &max).await;
        // Ana administers the directory and does not own the app.
        let token = keyring(&world, &ana).await;
        for answer in [token.post(&url(&app)).await, token.ask(Method::PUT, &url(&app)).await] {
            assert_eq!(answer.status, 404, "{}", answer.text());
        }
        let unscoped = max.authorizes("burndown").await.post(&url(&app)).await;
        assert_eq!(unscoped.status, 401, "{}", unscoped.text());
        assert!(unscoped.header("www-authenticate").is_some());
        assert_eq!(world.post(&url(&app)).await.status, 401);
        let own = max.authorizes_all("keyring").await;
        let wrong = own.ask(Method::PUT, &format!("{}&secretType=third", url(&app))).await;
        assert_eq!(wrong.status, 400, "{}", wrong.text());
        let twice = format!("{}&secretType=primary&SECRETTYPE=alternative", url(&app));
        let twice = own.ask(Method::PUT, &twice).await;
        assert_eq!(twice.status, 400, "{}", twice.text());
        let absent = own.ask(Method::PUT, &format!("{}&secretType=alternative", url(&app))).await;
        assert_eq!(absent.status, 404, "{}", absent.text());
        let newer = format!(
            "/_apis/delegatedauth/registrationsecret/{}?api-version=7.2-preview.2",
            world.app("burndown").client_id()
        );
        assert_eq!(own.post(&newer).await.status, 404, "it is for apps of the older kind");
        assert_eq!(world.store().client(app.id).await.unwrap().unwrap().secrets.len(), 1);
    });
}

#[test]
fn a_secret_removed_on_its_page_takes_the_tokens_along_that_were_made_with_it() {
    on_both_databases(async |world: World| {
        let ana = world.ana();
        let app = owned_by(&world, &ana).await;
        let token = keyring(&world, &ana).await;
        world.seconds_later(1);
        let other = app.with_secret(token.post(&url(&app)).await.json().as_str().unwrap());
        let first = app.authorized_by(&ana).await;
        let code = app.approved_by(&ana).await;
        let began = app.redeems(&code).await.unwrap();
        let moved = other.refreshes(&began.refresh).await.unwrap();
        let client = world.store().client(app.id).await.unwrap().unwrap();
        let oldest = client.secrets.iter().min_by_key(|secret| secret.created_at).unwrap().id;
        let page = ana.opens(&format!("/apps/{}", app.id)).await;
        let page = page.press(&format!("remove-secret-{oldest}")).await.page();
        assert_eq!(page.status(), 200, "{}", page.text());
        for tokens in [&first, &began] {
            assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
        }
        assert!(other.refreshes(&first.refresh).await.is_err());
        assert_eq!(moved.get("/harbor/_apis/projects").await.status, 200);
        assert!(other.refreshes(&moved.refresh).await.is_ok());
    });
}

#[test]
fn no_token_outlives_the_secret_it_was_made_with() {
    on_both_databases(async |world: World| {
        let ana = world.ana();
        let app = owned_by(&world, &ana).await;
        let client = world.store().client(app.id).await.unwrap().unwrap();
        let left = client.secrets[0].expires_at.since(world.now());
        world.later(left - Duration::from_secs(600));
        let tokens = app.authorized_by(&ana).await;
        let expires_in: u64 = tokens.answer.json()["expires_in"].as_str().unwrap().parse().unwrap();
        assert!((1..=600).contains(&expires_in), "{expires_in}");
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 200);
        world.later(Duration::from_secs(600));
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
        assert!(app.refreshes(&tokens.refresh).await.is_err());
    });
}
