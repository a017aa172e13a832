//! The token request of the older kind: a code by the JWT bearer grant, or a refresh token, both in `assertion`.
//!
//! The rules behind are those of every code and every refresh token; what differs is how they are asked and answered. A `scope` is no part of
//! this kind's token request: one that goes beyond the registered scopes is refused, any other changes nothing, and the answer says what the
//! token may do. [RFC 6749 §3.3]

use crate::client::Client;
use crate::client_auth::AuthenticatedClient;
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::error::OAuthError;
use crate::grant::GrantType;
use crate::grant::authorization_code::{self, CodeRequest, Redemption};
use crate::grant::refresh_token::{self, RefreshRequest, Rotation};
use crate::legacy::{LegacyError, Reason, is_code};
use crate::parameters::Parameters;
use crate::secret::{PurposeKey, Secret};
use crate::time::Timestamp;
use crate::token::Issue;
use crate::token::refresh_token::RefreshToken;

/// The `grant_type` of a request with a code.
const JWT_BEARER: &str = GrantType::JwtBearer.name();

/// What a token request asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TokenRequest {
    /// Tokens for a code.
    Code(CodeRequest),
    /// The successor of a refresh token.
    Refresh(RefreshRequest),
}

impl TokenRequest {
    /// Reads the form. What is not of this kind, or in the place of the other, never reaches the store: it is not consumed.
    pub fn read(form: &Parameters, client: &Client, key: &PurposeKey) -> Result<Self, LegacyError> {
        let required = |name: &'static str, reason, sentence: &str| {
            form.get(name).ok_or_else(|| LegacyError::new(reason, sentence))
        };
        let grant = required("grant_type", Reason::GrantTypeRequired, "grant_type is missing")?;
        let refreshes = match grant {
            JWT_BEARER => false,
            "refresh_token" => true,
            _ => {
                let sentence = "grant_type is neither urn:ietf:params:oauth:grant-type:jwt-bearer nor refresh_token";
                return Err(LegacyError::new(Reason::InvalidAuthorizationGrant, sentence));
            }
        };
        let assertion = required("assertion", Reason::AuthorizationGrantRequired, "assertion is missing")?;
        let redirect_uri = required("redirect_uri", Reason::RedirectUriRequired, "redirect_uri is missing")?;
        if !client.permits_redirect(redirect_uri) {
            return Err(LegacyError::new(Reason::InvalidRedirectUri, "redirect_uri is not registered for this client"));
        }
        if let Some(scope) = form.get("scope")
            && !scope.split_ascii_whitespace().all(|asked| client.scopes.contains(asked))
        {
            return Err(LegacyError::new(Reason::InvalidScope, "scope goes beyond what the app was registered with"));
        }
        if refreshes {
            let token = RefreshToken::read_legacy(assertion, key)
                .ok_or_else(|| LegacyError::new(Reason::InvalidRefreshToken, "The access token is not valid"))?;
            return Ok(Self::Refresh(RefreshRequest { token, scope: None, details: None }));
        }
        if !is_code(assertion) {
            return Err(LegacyError::new(
                Reason::InvalidAuthorizationGrant,
                "the assertion is not a code of this kind",
            ));
        }
        let redirect_uri = Some(redirect_uri.to_owned());
        let code = Secret::new(assertion);
        Ok(Self::Code(CodeRequest { code, redirect_uri, code_verifier: None, details: None }))
    }
}

/// Redeems a code. See [`authorization_code::redeem`].
pub fn redeem(
    request: &CodeRequest,
    client: &AuthenticatedClient<'_>,
    facts: Redemption<'_>,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Issue, LegacyError> {
    told(authorization_code::redeem(request, client, facts, now, entropy), LegacyError::of_code)
}

/// Answers a refresh. See [`refresh_token::rotate`].
pub fn rotate(
    request: &RefreshRequest,
    client: &AuthenticatedClient<'_>,
    facts: Rotation<'_>,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Issue, LegacyError> {
    told(refresh_token::rotate(request, client, facts, now, entropy), LegacyError::of_refresh_token)
}

/// The same decision, with its refusal in the words of this kind.
fn told(decision: Decision<Issue>, words: fn(&OAuthError) -> LegacyError) -> Decision<Issue, LegacyError> {
    let Decision { answer, changes } = decision;
    Decision { answer: answer.map_err(|error| words(&error)), changes }
}

#[cfg(test)]
mod tests;
