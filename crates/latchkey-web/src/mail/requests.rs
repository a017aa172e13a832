//! Administrators are told that a request waits, and whoever asked, what became of it.

use latchkey_devops::approval_request::ApprovalRequest;
use latchkey_identity::account::AccountId;
use latchkey_identity::client::ClientId;
use latchkey_store::devops::OrganizationFacts;
use latchkey_store::{Letter, StoreError};

use super::{letter, letters, origin};
use crate::app::App;
use crate::identity::offer::administrators;

/// One mail for each administrator, and at most one in an hour, however many ask.
pub(crate) async fn arrived(
    app: &App,
    facts: &OrganizationFacts,
    request: &ApprovalRequest,
) -> Result<Vec<Letter>, StoreError> {
    let topic = format!("requests {}", facts.id().0);
    let mut mails = Vec::new();
    if !app.store.has_outbox() {
        return Ok(mails);
    }
    for person in administrators(app, facts).await? {
        let Some(person) = app.store.account(AccountId(person.0)).await? else { continue };
        let text = letters::request_arrived(origin(app), facts.organization.name.as_str());
        mails.push(letter(&person.account, text, Some(topic.clone()), request.asked_at));
    }
    Ok(mails)
}

/// One mail for who asked.
pub(crate) async fn answered(
    app: &App,
    facts: &OrganizationFacts,
    request: &ApprovalRequest,
) -> Result<Option<Letter>, StoreError> {
    let Some(answer) = request.answer else { return Ok(None) };
    let Some(asker) = app.store.account(AccountId(request.person.0)).await? else { return Ok(None) };
    let client = app.store.client(ClientId(request.app.0)).await?;
    let name = client.as_ref().map_or("a service", |client| client.name.as_str());
    let organization = facts.organization.name.as_str();
    let text = letters::request_answered(origin(app), organization, name, answer.verdict);
    Ok(Some(letter(&asker.account, text, None, answer.at)))
}
