//! A person is told of each authorization that begins: whoever sits at their browser does not go unnoticed.

use latchkey_identity::account::Account;
use latchkey_identity::client::Client;
use latchkey_identity::{Change, Decision, Timestamp};
use latchkey_store::{Changes, Decided};

use super::letters::{self, Approved};
use super::{letter, origin};
use crate::app::App;
use crate::portal::in_short;

/// What was decided, and the mail that tells of the authorization that begins with it. A change of one that there is tells nobody, unless a
/// device gets a key by it: that is how people are talked into giving one away. [RFC 8628 §5.4]
pub(crate) fn told<T, E>(
    app: &App,
    decision: Decision<T, E>,
    client: &Client,
    host: &str,
    account: &Account,
    now: Timestamp,
) -> (Result<T, E>, Changes) {
    let device = decision.changes.iter().any(|change| matches!(change, Change::AnswerDevice { approved: true, .. }));
    let begun = decision.changes.iter().find_map(|change| match change {
        Change::Authorize(authorization) => Some(authorization),
        Change::ChangeAuthorization { authorization, .. } if device => Some(authorization),
        _ => None,
    });
    let mail = begun.map(|authorization| {
        let details = format!("/profile/authorizations/{}", authorization.id);
        let may = in_short(&authorization.scopes);
        let approved = Approved { app: &client.name, host, may: &may, details: &details };
        letter(account, letters::approved(origin(app), &approved), None, now)
    });
    let (answer, mut changes) = decision.into_parts();
    changes.letters.extend(mail);
    (answer, changes)
}
