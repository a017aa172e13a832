//! Buildlight's side of the device grant: a code to show, and a key once somebody has typed it. [RFC 8628]
//!
//! What goes wrong is the code of an error: that of an answer, or `unavailable` if there is none.

use std::time::Duration;

use latchkey_jose::Timestamp;
use serde::Deserialize;

use super::{AGENT, SCOPES};
use crate::demo::wire::{self, Answer, Credential, WireError};

/// What Buildlight was told when it was registered.
pub(crate) struct Registered {
    /// The address of the issuer, without `/v2.0`.
    pub(crate) authority: String,
    /// Its id. It keeps no secret.
    pub(crate) client_id: String,
}

/// A code that waits for somebody.
#[derive(Clone)]
pub(super) struct Asked {
    /// What was answered.
    pub(super) answer: DeviceAnswer,
    /// When it ends.
    pub(super) ends_at: Timestamp,
    /// When it may be asked about next.
    pub(super) next_at: Timestamp,
    interval: Duration,
}

/// The answer of the device endpoint. [RFC 8628 §3.2]
#[derive(Clone, Deserialize)]
pub(super) struct DeviceAnswer {
    device_code: String,
    /// What is typed.
    pub(super) user_code: String,
    /// Where.
    pub(super) verification_uri: String,
    /// The same with the code in it.
    pub(super) verification_uri_complete: String,
    expires_in: u64,
    interval: u64,
}

/// Tokens, as Buildlight holds them.
#[derive(Clone)]
pub(super) struct Key {
    /// Opens the API until [`Key::expires_at`].
    pub(super) access_token: String,
    refresh_token: Option<String>,
    /// When it ends.
    pub(super) expires_at: Timestamp,
}

/// What came of asking whether somebody has answered.
pub(super) enum Polled {
    /// Somebody approved.
    Key(Key),
    /// Nobody has answered so far.
    NotYet(Asked),
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    refresh_token: Option<String>,
    expires_in: u64,
}

impl Registered {
    /// Asks for a code to show. [RFC 8628 §3.1]
    pub(super) async fn ask(&self, now: Timestamp) -> Result<Asked, String> {
        let scope = format!("openid offline_access {SCOPES}");
        let answer = self.post("devicecode", &[("client_id", &self.client_id), ("scope", &scope)]).await?;
        let answer: DeviceAnswer = answer.json().map_err(|_| answer.error_code())?;
        let interval = Duration::from_secs(answer.interval);
        let ends_at = now + Duration::from_secs(answer.expires_in);
        Ok(Asked { answer, ends_at, next_at: now + interval, interval })
    }

    /// Asks whether somebody has answered. [RFC 8628 §3.4 and §3.5]
    pub(super) async fn poll(&self, asked: Asked, now: Timestamp) -> Result<Polled, String> {
        let fields = [
            ("client_id", &*self.client_id),
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", &asked.answer.device_code),
        ];
        let interval = match self.token(&fields, now).await {
            Ok(key) => return Ok(Polled::Key(key)),
            Err(code) if code == "authorization_pending" => asked.interval,
            Err(code) if code == "slow_down" => asked.interval + Duration::from_secs(5),
            Err(code) => return Err(code),
        };
        Ok(Polled::NotYet(Asked { interval, next_at: now + interval, ..asked }))
    }

    /// Gets the next key.
    pub(super) async fn renew(&self, key: &Key, now: Timestamp) -> Result<Key, String> {
        let refresh_token = key.refresh_token.as_deref().ok_or("invalid_grant")?;
        let fields =
            [("client_id", &*self.client_id), ("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        self.token(&fields, now).await
    }

    async fn token(&self, fields: &[(&str, &str)], now: Timestamp) -> Result<Key, String> {
        let answer = self.post("token", fields).await?;
        let TokenAnswer { access_token, refresh_token, expires_in } = answer.json().map_err(|_| answer.error_code())?;
        Ok(Key { access_token, refresh_token, expires_at: now + Duration::from_secs(expires_in) })
    }

    async fn post(&self, endpoint: &str, fields: &[(&str, &str)]) -> Result<Answer, String> {
        let url = format!("{}/oauth2/v2.0/{endpoint}", self.authority);
        wire::post_form(AGENT, &url, Credential::None, fields).await.map_err(|_: WireError| "unavailable".to_owned())
    }
}
