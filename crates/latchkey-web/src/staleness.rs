//! While this server has no word from the database, nothing that it remembers can be gone by: it answers 503.

use latchkey_store::StoreError;

use crate::app::App;

/// Whether what is remembered can be gone by, as of a second ago at the most. Keys that changed are taken before anything else is answered.
pub(crate) async fn check(app: &App) -> Result<(), StoreError> {
    app.store.in_touch().await?;
    if app.signer.is_behind() {
        app.reload_keys().await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    }
    Ok(())
}

/// Whether what is at a path is the same for everybody and at any time. The logo of an app is not.
pub(crate) fn is_harmless(path: &str) -> bool {
    path.starts_with("/assets/") && !path.starts_with("/assets/logos/")
}
