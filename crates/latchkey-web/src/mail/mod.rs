//! What people are told by mail. It is queued in the transaction that makes it true, and leaves by a job of the server, where mail is
//! configured; without that, nothing is queued.
//!
//! | what | where |
//! |---|---|
//! | what mails say | [`letters`] |
//! | a service was approved | [`approvals`] |
//! | a request was made, or answered | [`requests`] |
//! | what ends soon: the older OAuth kind, client secrets | [`reminders`] |

pub(crate) mod approvals;
mod letters;
mod reminders;
pub(crate) mod requests;

use latchkey_identity::Timestamp;
use latchkey_identity::account::Account;
use latchkey_store::Letter;

use crate::app::{App, entropy};
use letters::Text;

/// The origin that links in mails lead to: the first one that is configured.
fn origin(app: &App) -> &str {
    app.settings.origins.first().map_or("", |origin| &*origin.url)
}

/// A mail of this text for an account.
fn letter(to: &Account, Text { subject, body }: Text, topic: Option<String>, now: Timestamp) -> Letter {
    let body = format!("Hello {},\n\n{body}\n", to.name);
    Letter { id: entropy().uuid(), tenant: to.tenant.0, account: to.id.0, topic, subject, body, at: now }
}

/// Tells the person whose password was changed.
pub fn password_changed(app: &App, account: &Account, now: Timestamp) -> Letter {
    letter(account, letters::password_changed(origin(app), &account.email), None, now)
}

/// Tells the person that they changed it, which may have been somebody else.
pub(crate) fn own_password_changed(app: &App, account: &Account, now: Timestamp) -> Letter {
    letter(account, letters::own_password_changed(origin(app), &account.email), None, now)
}
