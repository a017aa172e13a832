//! Apps that other apps call as a person, by the scopes that they expose.

use std::sync::Arc;

use latchkey_identity::client::{Client, exposed_api};
use latchkey_identity::scope::ScopeSet;
use latchkey_store::StoreError;

use crate::app::App;

/// The app whose scopes are among these, if there is one.
pub async fn named(app: &App, scopes: &ScopeSet) -> Result<Option<Arc<Client>>, StoreError> {
    match scopes.api() {
        Some(id) => app.store.client(id).await,
        None => Ok(None),
    }
}

/// A scope of an app, in words.
pub struct Call {
    /// The scope.
    pub scope: String,
    /// What it allows: `Call Burndown as you`.
    pub label: String,
    /// The same by the name that the app gave it: `access_as_user`.
    pub name: String,
}

/// The scopes of apps among these, in words. An app that is gone cannot be called, and is not named.
pub async fn calls(app: &App, scopes: &ScopeSet) -> Result<Vec<Call>, StoreError> {
    let mut calls = Vec::new();
    for scope in scopes.apis().iter() {
        let Some((id, name)) = exposed_api::read(scope) else { continue };
        let called = app.store.client(id).await?;
        let called = called.map_or_else(|| "an app that is gone".to_owned(), |client| client.name.clone());
        calls.push(Call { scope: scope.to_owned(), label: format!("Call {called} as you"), name: name.to_owned() });
    }
    Ok(calls)
}
