//! Guesses at passwords: counted in memory, and for all servers together where several share a database.

use std::sync::{MutexGuard, PoisonError};

use latchkey_identity::Timestamp;
use latchkey_identity::sign_in::throttle::{Attempt, Throttle};
use latchkey_identity::throttle::Wait;
use latchkey_store::StoreError;

use crate::app::App;

/// Whether a guess may be looked at. It counts until it is [taken back](take_back).
pub(super) async fn begin(app: &App, attempt: Attempt<'_>, now: Timestamp) -> Result<Result<(), Wait>, StoreError> {
    let here = throttle(app).begin(attempt, now);
    if here.is_err() || !app.store.is_shared() {
        return Ok(here);
    }
    let everywhere = app.store.count_guess(attempt.guess(&app.keys.guess), now).await?;
    Ok(everywhere.map_err(|since| throttle(app).reached(attempt, since, now)))
}

/// Takes a guess back: it was right, or was never compared.
pub(super) async fn take_back(app: &App, attempt: Attempt<'_>) {
    throttle(app).succeeded(attempt);
    if app.store.is_shared() {
        // One that cannot be taken back counts to the end of its window, which stops nobody who is in.
        let _ = app.store.take_guess_back(attempt.guess(&app.keys.guess)).await;
    }
}

fn throttle(app: &App) -> MutexGuard<'_, Throttle> {
    app.throttle.lock().unwrap_or_else(PoisonError::into_inner)
}
