//! How an app proves who it is, on its page: keys, the one method that counts, tokens of other issuers.

use std::sync::Arc;

use latchkey_jose::{Algorithm, SigningKey};
use latchkey_testkit::builders::a_web_app;
use latchkey_testkit::on_both_databases;
use serde_json::json;

#[test]
fn a_key_is_added_used_and_removed_on_the_apps_page() {
    on_both_databases(async |world| {
        let app = world.registers(a_web_app("signer").owned_by("ana")).await;
        let (ana, path) = (world.ana(), format!("/apps/{}/keys", app.client_id()));
        let pair = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
        let signer = app.clone().signing_with(&pair);
        let public = serde_json::to_string(&pair.public_jwk()).unwrap();
        assert!(signer.by_itself("").await.is_err());
        let page = ana.opens(&path).await;
        let page = page.fill("key", "-----BEGIN PRIVATE KEY-----").press("add-key").await.page();
        assert!(page.status() == 422 && page.says("This contains a private key"), "{}", page.text());
        let page = page.fill("key", &public).press("add-key").await.page();
        assert!(page.says("The key was added.") && page.says(pair.kid()), "{}", page.text());
        assert!(signer.by_itself("").await.is_ok());
        let page = page.fill("key", &public).press("add-key").await.page();
        assert!(page.says("The app has this key already."));
        // From now on nothing else counts.
        assert!(app.by_itself("").await.is_ok());
        let page = page.choose("method", "private_key_jwt").press("save-method").await.page();
        assert!(page.says("How it authenticates was saved."), "{}", page.text());
        assert_eq!(app.by_itself("").await.unwrap_err().error, "invalid_client");
        assert!(signer.by_itself("").await.is_ok());
        let remove = page.attributes("id").into_iter().find(|id| id.starts_with("remove-key-")).unwrap();
        let page = page.press(&remove).await.page();
        assert!(page.says("The key was removed."), "{}", page.text());
        assert!(signer.by_itself("").await.is_err());
    });
}

#[test]
fn a_federated_credential_is_added_and_removed_on_the_apps_page() {
    on_both_databases(async |world| {
        let app = world.registers(a_web_app("deployer").owned_by("ana")).await;
        let pair = SigningKey::generate(Algorithm::Rs256).unwrap();
        let page = world.ana().opens(&format!("/apps/{}/keys", app.client_id())).await;
        let page = page.fill("name", "main branch").fill("issuer", "https://latchkey.test").fill("subject", "x");
        let page = page.press("add-federation").await.page();
        assert!(page.status() == 422 && page.says("not one of this server"), "{}", page.text());
        assert_eq!(page.value("name"), "main branch");
        let keys = json!({"keys": [pair.public_jwk()]}).to_string();
        let page = page.fill("issuer", "https://ci.test").fill("keys", &keys).press("add-federation").await.page();
        assert!(page.says("The federated credential was added.") && page.says("https://ci.test"), "{}", page.text());
        let held = world.store().client(app.app().id).await.unwrap().unwrap();
        assert_eq!(held.authentication.federated[0].pinned.len(), 1);
        let remove = page.attributes("id").into_iter().find(|id| id.starts_with("remove-federation-")).unwrap();
        let page = page.press(&remove).await.page();
        assert!(page.says("The federated credential was removed."), "{}", page.text());
        // Somebody else finds nothing to change.
        assert_eq!(world.ben().opens(&format!("/apps/{}/keys", app.client_id())).await.status(), 404);
    });
}
