//! Apps are told that a session ended, by a request of the server's own. [Back-Channel Logout §2.5]
//!
//! It never keeps a browser waiting: what is to be told is queued in the set that ends the session, and told a moment later.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use latchkey_identity::client::{Client, ClientState};
use latchkey_identity::logout_notice::{Outcome, is_answered, outcome};
use latchkey_store::StoreError;
use latchkey_store::identity::LogoutNotice;
use url::form_urlencoded;

use crate::app::{App, entropy};

/// How often [`App::tell_of_sign_outs`] is due.
pub const TELL_EVERY: Duration = Duration::from_secs(2);
/// How many notices are taken at once.
const TAKEN_AT_ONCE: u32 = 64;
/// How many apps are asked at the same time.
const TOLD_AT_ONCE: usize = 8;
/// For how long a node has a notice to itself. A node that died meanwhile leaves it to another one.
const TAKEN: Duration = Duration::from_secs(60);
/// For how long an app that did not answer is told of nothing else: each try may keep others waiting for as long as an answer may take.
const LEFT_ALONE: Duration = Duration::from_secs(10);

impl App {
    /// Tells apps of the sessions that ended. Who does not answer is told again later.
    pub async fn tell_of_sign_outs(&self) -> Result<(), StoreError> {
        loop {
            let due = self.store.logout_notices_due(self.now(), TAKEN_AT_ONCE).await?;
            if due.is_empty() {
                return Ok(());
            }
            futures_util::stream::iter(due.iter().map(Ok))
                .try_for_each_concurrent(TOLD_AT_ONCE, |notice| tell(self, notice))
                .await?;
        }
    }
}

async fn tell(app: &App, notice: &LogoutNotice) -> Result<(), StoreError> {
    let now = app.now();
    if !app.store.claim_logout_notice(notice, now + TAKEN).await? {
        return Ok(());
    }
    let client = app.store.client(notice.about.client).await?;
    let active = client.as_deref().filter(|client| client.state == ClientState::Active);
    let listening = active.and_then(|client| client.logout.backchannel_logout_uri.as_ref().zip(Some(client)));
    // It does not want to hear of it any more.
    let Some((uri, client)) = listening else { return app.store.end_logout_notice(notice).await };
    let status = post(app, notice, client, uri.as_str()).await;
    if !is_answered(status) {
        let now = app.now();
        app.store.skip_logout_notices(notice.about.client, now, now + LEFT_ALONE).await?;
    }
    let attempts = notice.attempts.saturating_add(1);
    match outcome(status, attempts, notice.queued_at, app.now()) {
        Outcome::Told => app.store.end_logout_notice(notice).await,
        Outcome::GivenUp => {
            tracing::warn!(client = %notice.about.client, attempts, ?status, "an app was not told of a sign-out");
            app.store.end_logout_notice(notice).await
        }
        Outcome::Again(then) => app.store.put_off_logout_notice(notice, then).await,
    }
}

/// Posts a logout token. The status, if there was an answer.
async fn post(app: &App, notice: &LogoutNotice, client: &Client, uri: &str) -> Option<u16> {
    let told = async {
        let target = app.outbound.target(uri)?;
        let claims = notice.about.logout_token(client, &app.keys.refresh_token, app.now(), &mut entropy());
        let token = app.signer.logout_token(&claims).unwrap_or_default();
        let form = form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", &token).finish();
        app.outbound.post_form(&target, form).await
    };
    match told.await {
        Ok(status) => Some(status.as_u16()),
        Err(error) => {
            tracing::debug!(client = %client.id, %error, "an app could not be told of a sign-out");
            None
        }
    }
}
