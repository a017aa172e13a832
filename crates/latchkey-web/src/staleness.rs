//! While this server has no word from the database, nothing that it remembers can be gone by: it answers 503.

use latchkey_store::StoreError;

use crate::app::App;

/// Whether the memory of this server can be trusted: it heard of the database within the last second. Keys that changed are taken before
/// anything else is answered.
pub(crate) async fn check(app: &App) -> Result<(), StoreError> {
    app.store.in_touch().await?;
    if app.signer.is_behind() {
        app.reload_keys().await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    }
    Ok(())
}

/// Whether a path is served from the program itself, whatever the database says. The logo of an app is not.
pub(crate) fn is_harmless(path: &str) -> bool {
    path.starts_with("/assets/") && !path.starts_with("/assets/logos/")
}
