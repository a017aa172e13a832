//! Answers that carry tokens through the browser, by the implicit and the hybrid flow: whether the tenants allow them, and their signatures.
//! [OpenID Connect Core §3.2.2.5]

use latchkey_identity::authorize::response::Approved;
use latchkey_identity::authorize::{AuthorizationRequest, AuthorizationResponse, TrustedRedirect};
use latchkey_identity::client::Client;
use latchkey_identity::event::Event;
use latchkey_identity::grant::implicit::{self, AtOnce};
use latchkey_identity::tenant::TenantId;
use latchkey_store::StoreError;

use crate::app::App;

/// The answer to a request that was approved, now or before.
pub(super) fn answer(
    app: &App,
    redirect: TrustedRedirect,
    approved: &Approved,
    client_info: Option<String>,
) -> Result<AuthorizationResponse, StoreError> {
    let signed = match approved {
        Approved::AtOnce(at_once) => sign(app, at_once).ok_or_else(|| StoreError::Unavailable("signing key".into()))?,
        Approved::Code(_) | Approved::ForDevice => Vec::new(),
    };
    Ok(redirect.approved(approved, signed, client_info))
}

fn sign(app: &App, at_once: &AtOnce) -> Option<Vec<(&'static str, String)>> {
    let AtOnce { response_type, code, issue } = at_once;
    let access_token = match response_type.has_access_token() {
        true => Some(app.signer.access_token(issue, &app.resource)?),
        false => None,
    };
    let id_token = match response_type.has_id_token() {
        true => Some(app.signer.id_token(issue, access_token.as_deref(), code.as_ref())?),
        false => None,
    };
    Some(at_once.parameters(access_token, id_token))
}

/// Whether what a request asks for may travel through browsers: its client's tenant and the one that answers both say so.
pub(super) async fn may_carry(
    app: &App,
    request: &AuthorizationRequest,
    client: &Client,
    answers: TenantId,
) -> Result<bool, StoreError> {
    if !request.response_type.has_tokens() {
        return Ok(true);
    }
    let elsewhere = answers != client.tenant && !app.store.allows_implicit(answers).await?;
    Ok(!elsewhere && app.store.allows_implicit(client.tenant).await?)
}

impl App {
    /// Decides whether tokens may travel through browsers in a tenant.
    pub async fn allow_implicit(&self, tenant: TenantId, allowed: bool, event: Event) -> Result<(), StoreError> {
        let Ok(()) = self.store.decide(|| async { Ok(implicit::allow(tenant, allowed, event.clone())) }).await?;
        // Metadata says what can be asked for.
        self.documents.renew(&self.signer);
        Ok(())
    }
}
