//! What the token endpoints answer: what was issued, signed.

use latchkey_identity::authorize::authorization_details::Detail;
use latchkey_identity::client::Profile;
use latchkey_identity::grant::token_exchange;
use latchkey_identity::resource::ResourceServer;
use latchkey_identity::token::Issue;
use latchkey_identity::token::app_token::AppIssue;
use serde::Serialize;

use crate::signer::Signer;

/// The answer of the token endpoint. [RFC 6749 §5.1], [OpenID Connect Core §3.1.3.3]
#[derive(Serialize)]
#[allow(missing_docs, reason = "named by the specifications")]
pub struct TokenResponse {
    pub token_type: &'static str,
    pub access_token: String,
    pub expires_in: u64,
    pub scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ext_expires_in: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_info: Option<String>,
    /// [RFC 8693 §2.2.1]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
    /// [RFC 9396 §7]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<Vec<Detail>>,
}

/// The answer of the token endpoint of the older kind.
#[derive(Serialize)]
#[allow(missing_docs, reason = "named by the clients of that kind")]
pub struct LegacyTokenResponse {
    pub access_token: String,
    pub token_type: &'static str,
    /// A number as text: clients declare it so.
    pub expires_in: String,
    pub refresh_token: Option<String>,
    pub scope: String,
}

impl Signer {
    /// Signs what was issued to an app of the older kind.
    pub fn legacy_token_response(&self, issue: &Issue, resource: &ResourceServer) -> Option<LegacyTokenResponse> {
        Some(LegacyTokenResponse {
            access_token: self.access_token(issue, resource)?,
            token_type: "jwt-bearer",
            expires_in: issue.expires_in().to_string(),
            refresh_token: issue.refresh_token().map(|token| token.reveal().to_owned()),
            scope: issue.scope_text().to_owned(),
        })
    }

    /// Signs what was issued.
    pub fn token_response(&self, issue: &Issue, resource: &ResourceServer) -> Option<TokenResponse> {
        let access_token = self.access_token(issue, resource)?;
        let id_token = match issue.has_id_token() {
            true => Some(self.id_token(issue, Some(&access_token), None)?),
            false => None,
        };
        let microsoft = issue.profile() == Profile::Microsoft;
        Some(TokenResponse {
            token_type: issue.token_type(),
            expires_in: issue.expires_in(),
            ext_expires_in: microsoft.then(|| issue.expires_in()),
            scope: issue.scope_text().to_owned(),
            refresh_token: issue.refresh_token().map(|token| token.reveal().to_owned()),
            client_info: issue.client_info(),
            issued_token_type: issue.is_exchanged().then_some(token_exchange::ACCESS_TOKEN),
            authorization_details: issue.authorization_details(resource),
            access_token,
            id_token,
        })
    }

    /// Signs what was issued to an app that acts by itself: an access token and nothing else. [RFC 6749 §4.4.3]
    pub fn app_token_response(&self, issue: &AppIssue, resource: &ResourceServer) -> Option<TokenResponse> {
        let microsoft = issue.profile() == Profile::Microsoft;
        Some(TokenResponse {
            token_type: issue.token_type(),
            access_token: self.app_token(issue, resource)?,
            expires_in: issue.expires_in(),
            scope: issue.scope_text().to_owned(),
            ext_expires_in: microsoft.then(|| issue.expires_in()),
            refresh_token: None,
            id_token: None,
            client_info: None,
            issued_token_type: None,
            authorization_details: None,
        })
    }
}
