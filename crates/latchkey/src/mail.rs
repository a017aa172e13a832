//! Mail leaves: what the outbox holds is taken by one node at a time, carried to a mail server, and tried again if that fails.
//!
//! | what | where |
//! |---|---|
//! | the mail server, and the demo that captures instead | [`carrier`] |
//! | when a mail is tried again, and given up | [`retry`] |

pub(crate) mod carrier;
mod retry;

use std::time::Duration;

use latchkey_store::StoreError;
use latchkey_store::outbox::{Ending, Queued};
use latchkey_web::App;
use tokio::sync::watch;

use carrier::{Carrier, CarryError};

/// How many mails are taken at once.
const AT_ONCE: u32 = 50;
/// For how long a node has a mail to itself. A node that died meanwhile leaves it to another one.
const TAKEN: Duration = Duration::from_secs(5 * 60);
/// A mail server that takes longer for one mail is as good as none.
const PATIENCE: Duration = Duration::from_secs(30);

/// Carries what is due, until nothing is or `stopped` says so.
pub(crate) async fn deliver(app: &App, carrier: &Carrier, stopped: &watch::Receiver<bool>) -> Result<(), StoreError> {
    loop {
        let due = app.store.mail_due(app.now(), AT_ONCE).await?;
        if due.is_empty() {
            return Ok(());
        }
        for mail in &due {
            if *stopped.borrow() {
                return Ok(());
            }
            let now = app.now();
            if app.store.claim_mail(mail, now + TAKEN).await? && !carry(app, carrier, mail).await? {
                // Nobody answers there: the others wait, too.
                return Ok(());
            }
        }
    }
}

/// Carries one mail. Whether it makes sense to go on with others.
async fn carry(app: &App, carrier: &Carrier, mail: &Queued) -> Result<bool, StoreError> {
    let (store, id) = (&app.store, mail.id);
    let Some(address) = &mail.address else {
        store.end_mail(mail, Ending::Nobody, app.now()).await?;
        return Ok(true);
    };
    let carried = tokio::time::timeout(PATIENCE, carrier.carry(mail, address)).await;
    let error = match carried {
        Ok(Ok(())) => {
            store.end_mail(mail, carrier.ending(), app.now()).await?;
            return Ok(true);
        }
        Ok(Err(error)) => error,
        Err(_) => CarryError::NoAnswer("it took too long".to_owned()),
    };
    let attempts = mail.attempts.saturating_add(1);
    let again = if error.is_final() { None } else { retry::next(attempts, mail.queued_at, app.now()) };
    match again {
        Some(then) => {
            tracing::warn!(%id, attempts, %error, "a mail was not taken and will be tried again");
            store.put_off_mail(mail, then).await?;
        }
        None => {
            tracing::error!(%id, attempts, %error, "a mail is given up");
            let ending = match error {
                CarryError::RefusedForGood(_) => Ending::Refused,
                _ => Ending::GivenUp,
            };
            store.end_mail(mail, ending, app.now()).await?;
        }
    }
    Ok(!matches!(error, CarryError::NoAnswer(_)))
}

#[cfg(test)]
mod tests;
