//! Refresh tokens: family, generation and a derived secret. Rotation adds nothing to the store.

use crate::account::Account;
use crate::authorization::Authorization;
use crate::authorize::authorization_details::{Located, part_of};
use crate::change::Change;
use crate::client::{Client, Profile};
use crate::client_auth::AuthenticatedClient;
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::error::OAuthError;
use crate::event::{Event, EventKind};
use crate::limits;
use crate::parameters::Parameters;
use crate::resource::ResourceServer;
use crate::scope::{OPENID, RequestedScopes, ScopeSet};
use crate::secret::PurposeKey;
use crate::time::Timestamp;
use crate::token::confirmation::Confirmation;
use crate::token::family::TokenFamily;
use crate::token::refresh_token::RefreshToken;
use crate::token::{self, Issue};

/// The token request with a refresh token. [RFC 6749 §6]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefreshRequest {
    /// The refresh token, whose secret was checked: it is one that we made.
    pub token: RefreshToken,
    /// `scope`, if it stands in the form: never more than was granted.
    pub scope: Option<String>,
    /// What this access token is for, in detail, if it is for less than was granted. [RFC 9396 §6]
    pub details: Option<Located>,
}

impl RefreshRequest {
    /// Reads the form. A token that we did not make never reaches the store.
    pub fn read(form: &Parameters, key: &PurposeKey) -> Result<Self, OAuthError> {
        let token = RefreshToken::read(form.require("refresh_token")?, key)
            .ok_or_else(|| dead("the refresh token is not one of ours"))?;
        Ok(Self { token, scope: form.get("scope").map(str::to_owned), details: None })
    }
}

/// What a refresh is decided on.
#[derive(Clone, Copy, Debug)]
pub struct Rotation<'a> {
    /// The family and the authorization above it, if they are known.
    pub family: Option<(&'a TokenFamily, &'a Authorization)>,
    /// The account that approved.
    pub account: Option<&'a Account>,
    /// The app whose scopes the family has, if they are an app's.
    pub api: Option<&'a Client>,
    /// What access tokens are for.
    pub resource: &'a ResourceServer,
    /// The key that refresh tokens are derived with.
    pub key: &'a PurposeKey,
}

/// Answers a refresh: the successor of the token, and a new access token.
///
/// A token presented again within 60 s, while its successor is unused, gets the same successor (a lost answer); any other reuse ends the
/// family. [RFC 9700 §4.14.2]
pub fn rotate(
    request: &RefreshRequest,
    client: &AuthenticatedClient<'_>,
    facts: Rotation<'_>,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Issue> {
    let Some((family, authorization)) = facts.family else {
        return Decision::refuse(dead("the refresh token is unknown"));
    };
    if family.client != client.client().id {
        return Decision::refuse(OAuthError::invalid_grant("the refresh token was not issued to this client"));
    }
    if family.ended_at.is_some() {
        return Decision::refuse(dead("the refresh token was revoked").numbered(50_173));
    }
    if now >= family.expires_at(client.client().kind, client.client().profile) {
        return Decision::refuse(dead("the refresh token has expired").numbered(700_082));
    }
    if let Some(bound) = family.confirmation.filter(|_| !shows_what_binds(family, client)) {
        return Decision::refuse(match bound {
            Confirmation::Key(_) => {
                OAuthError::invalid_grant("the refresh token is bound to a key, and no DPoP proof of that key is here")
            }
            Confirmation::Certificate(_) => {
                OAuthError::invalid_grant("the refresh token is bound to a certificate that is not shown")
            }
        });
    }
    let presented = request.token.generation;
    let is_repeat =
        presented.checked_add(1) == Some(family.generation) && now.since(family.rotated_at) <= limits::REPEAT_WINDOW;
    if presented != family.generation && !is_repeat {
        let event = Event::new(EventKind::RefreshTokenReplayed, family.tenant, now, "").through(family.client);
        return Decision::refuse(dead("the refresh token was used before; its family has ended").numbered(50_173))
            .and(Change::EndTokenFamily { family: family.id, at: now })
            .and(Change::Record(event.below(family.authorization)));
    }
    // A refresh token that is worth nothing without the client's keys gains nothing by rotating, and answers get lost.
    // [FAPI 2.0 Security Profile §5.3.2.1]
    let rotates = client.client().profile != Profile::Fapi2;
    let successor = if rotates || is_repeat { presented.saturating_add(1) } else { presented };
    let token_facts =
        token::Facts { client: client.into(), authorization, account: facts.account, api: facts.api, key: facts.key };
    let asked = asked(request, family, authorization, client, facts.resource);
    match asked.and_then(|asked| token::issue(token_facts, &asked, successor, None, now, entropy)) {
        Err(error) => Decision::refuse(error),
        // The successor stands already: nothing has to be written for a lost answer.
        Ok(issue) if is_repeat => Decision::grant(issue),
        Ok(issue) => {
            let access_expires_at = issue.access_expires_at();
            Decision::grant(issue).and(Change::RotateFamily {
                family: family.id,
                generation: presented,
                next: successor,
                at: now,
                access_expires_at,
            })
        }
    }
}

/// A refresh token that is bound stays so. A client that authenticates is bound by that, and may come with another key. [RFC 9449 §5]
fn shows_what_binds(family: &TokenFamily, client: &AuthenticatedClient<'_>) -> bool {
    match (family.confirmation, client.confirmation()) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(bound), Some(shown)) => client.credential().is_some() || bound == shown,
    }
}

/// What this one access token is for: all of the family, or the part that `scope` and `authorization_details` name.
fn asked(
    request: &RefreshRequest,
    family: &TokenFamily,
    authorization: &Authorization,
    client: &AuthenticatedClient<'_>,
    resource: &ResourceServer,
) -> Result<TokenFamily, OAuthError> {
    let asked = match &request.scope {
        None => family.clone(),
        Some(scope) => narrowed(scope, family, authorization, client, resource)?,
    };
    part_of(asked, request.details.as_ref(), authorization)
}

/// The part of a family that `scope` names.
fn narrowed(
    scope: &str,
    family: &TokenFamily,
    authorization: &Authorization,
    client: &AuthenticatedClient<'_>,
    resource: &ResourceServer,
) -> Result<TokenFamily, OAuthError> {
    let registered = client.client().scopes.union(&family.scopes.of_resources());
    let asked = RequestedScopes::parse(scope, &registered, resource)?;
    let canonical = asked.canonical();
    // `.default` stands for whatever was granted. What the person was asked about and left out is left out again: a client that repeats
    // its first request is not sent back to a page that would say the same.
    let beyond = canonical.difference(&family.scopes).difference(&authorization.asked_anywhere());
    let by_default = scope.split(' ').any(|literal| literal.ends_with("/.default"));
    if !beyond.is_empty() && !by_default {
        return Err(OAuthError::invalid_scope("scope goes beyond what was granted").because("consent_required"));
    }
    // Single claims have no words in `scope`: they stay as long as the client asks who the person is.
    let singles = if canonical.contains(OPENID) { family.scopes.claims() } else { ScopeSet::default() };
    let scopes = canonical.intersection(&family.scopes).union(&singles);
    let scope_text = token::scope_text(client.client().profile, &asked, &scopes);
    Ok(TokenFamily { scopes, scope_text, ..family.clone() })
}

fn dead(description: &'static str) -> OAuthError {
    OAuthError::invalid_grant(description).because("bad_token")
}

#[cfg(test)]
mod tests;
