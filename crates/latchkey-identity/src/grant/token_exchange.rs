//! Token exchange, [RFC 8693]: a client gets a token for less than one that it has, to hand on to a part of itself or to another app.
//!
//! The new token is for fewer scopes, projects or repositories, or for as many; never for more, and never for longer. It hangs below the same
//! authorization and the same token family, so whatever ends these ends it. There is no refresh token and no ID token.

use crate::account::Account;
use crate::authorization::{Authorization, Places};
use crate::authorize::authorization_details::Located;
use crate::change::Change;
use crate::client::ClientId;
use crate::client_auth::AuthenticatedClient;
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::error::OAuthError;
use crate::event::{Event, EventKind};
use crate::parameters::Parameters;
use crate::resource::ResourceServer;
use crate::scope::{OFFLINE_ACCESS, RequestedScopes, ScopeSet};
use crate::secret::{PurposeKey, Secret};
use crate::time::Timestamp;
use crate::token::access_token::AccessToken;
use crate::token::family::TokenFamily;
use crate::token::narrowing::{Actor, NarrowedPlaces, Narrowing, within};
use crate::token::{self, Issue};

/// The one type of token that is exchanged, and that it is exchanged for. [RFC 8693 §3]
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The token request of an exchange. [RFC 8693 §2.1]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExchangeRequest {
    /// The token that the client has.
    pub subject_token: Secret,
    /// A token of the app that is to act, its own.
    pub actor_token: Option<Secret>,
    /// `scope`. Left out it is everything that the token has.
    pub scope: Option<String>,
}

impl ExchangeRequest {
    /// Reads the form.
    pub fn read(form: &Parameters, resource: &ResourceServer) -> Result<Self, OAuthError> {
        let subject_token = Secret::new(form.require("subject_token")?);
        if form.require("subject_token_type")? != ACCESS_TOKEN {
            return Err(unacceptable("subject_token_type is not that of an access token"));
        }
        if form.get("requested_token_type").is_some_and(|wanted| wanted != ACCESS_TOKEN) {
            return Err(unacceptable("requested_token_type is not that of an access token"));
        }
        if form.get("audience").is_some_and(|audience| !resource.is_whole(audience)) {
            return Err(OAuthError::invalid_target("audience is not one that tokens are issued for"));
        }
        let actor_token = match (form.get("actor_token"), form.get("actor_token_type")) {
            (None, None) => None,
            (Some(token), Some(ACCESS_TOKEN)) => Some(Secret::new(token)),
            _ => return Err(unacceptable("actor_token comes with actor_token_type, which is that of an access token")),
        };
        Ok(Self { subject_token, actor_token, scope: form.get("scope").map(str::to_owned) })
    }
}

/// What an exchange is decided on. Both tokens were checked: they hold at this moment.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The token that the client has.
    pub subject: &'a AccessToken,
    /// What the person approved, as it stands now.
    pub authorization: &'a Authorization,
    /// The token's family.
    pub family: &'a TokenFamily,
    /// The person.
    pub account: &'a Account,
    /// The app that is to act, by a token of its own.
    pub actor: Option<ClientId>,
    /// Where the new token is to count, if not wherever the old one does.
    pub places: Option<&'a Places>,
    /// The same with what may be done there. [RFC 9396 §2]
    pub details: Option<&'a Located>,
    /// What access tokens are for.
    pub resource: &'a ResourceServer,
    /// The key that refresh tokens are derived with.
    pub key: &'a PurposeKey,
}

/// Exchanges a token for one that is for less.
pub fn exchange(
    request: &ExchangeRequest,
    client: &AuthenticatedClient<'_>,
    facts: Facts<'_>,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Issue> {
    let (scopes, scope_text) = match checked(request, client, facts) {
        Ok(narrowed) => narrowed,
        Err(error) => return Decision::refuse(error),
    };
    let narrowing = match narrowing(facts) {
        Ok(narrowing) => narrowing,
        Err(error) => return Decision::refuse(error),
    };
    let asked = TokenFamily { scopes, scope_text, refreshable: false, client_info: false, ..facts.family.clone() };
    let Facts { authorization, account, key, .. } = facts;
    let above = token::Facts { client: client.into(), authorization, account: Some(account), api: None, key };
    let issued = token::issue(above, &asked, 0, None, now, entropy).and_then(|issue| {
        issue
            .narrowed(facts.subject.expires_at, narrowing, &authorization.places)
            .ok_or_else(|| unacceptable("the token has expired"))
    });
    match (issued, facts.actor) {
        (Err(error), _) => Decision::refuse(error),
        (Ok(issue), None) => Decision::grant(issue),
        (Ok(issue), Some(actor)) => {
            let event = Event::new(EventKind::TokenDelegated, authorization.tenant, now, actor.to_string());
            Decision::grant(issue).and(Change::Record(event.about(authorization)))
        }
    }
}

/// That the client may exchange this token, and for which scopes.
fn checked(
    request: &ExchangeRequest,
    client: &AuthenticatedClient<'_>,
    facts: Facts<'_>,
) -> Result<(ScopeSet, String), OAuthError> {
    let Facts { subject, authorization, family, resource, .. } = facts;
    // Whoever was handed a token of another app does not make more of them.
    if authorization.client != client.client().id || family.id != subject.id.family {
        return Err(unacceptable("the subject token was not issued to this client"));
    }
    if subject.scopes.api().is_some() {
        return Err(unacceptable("the subject token is for an app, which is called with it as it is"));
    }
    if family.ended_at.is_some() {
        return Err(unacceptable("the subject token was revoked"));
    }
    if subject.confirmation.is_some() && subject.confirmation != client.confirmation() {
        return Err(unacceptable("the subject token is bound to a key or a certificate that is not shown"));
    }
    // There is nothing to refresh, so nothing stands for it.
    let reach = subject.scopes.difference(&[OFFLINE_ACCESS].into_iter().collect());
    let allowed = |details: &Located| details.scopes.is_subset(&reach);
    if !facts.details.is_none_or(allowed) {
        return Err(beyond(Located::BEYOND));
    }
    let Some(scope) = &request.scope else {
        let scopes = facts.details.map_or_else(|| reach.clone(), |details| reach.identity().union(&details.scopes));
        let text = scopes.without_claims().to_string();
        return Ok((scopes, text));
    };
    let asked = RequestedScopes::parse(scope, &reach.resource(), resource)?;
    if facts.details.is_some() && !asked.canonical().of_resources().is_empty() {
        return Err(beyond(
            "scope names scopes of a resource beside authorization_details, whose actions stand for them",
        ));
    }
    let asked = facts.details.map_or_else(|| asked.clone(), |details| asked.clone().and(&details.scopes));
    let scopes = asked.canonical();
    if scopes.is_empty() || !scopes.is_subset(&reach) {
        return Err(OAuthError::invalid_scope("scope goes beyond what the subject token is for"));
    }
    let text = token::scope_text(client.client().profile, &asked, &scopes);
    Ok((scopes, text))
}

/// Where the new token counts, and who acts with it.
fn narrowing(facts: Facts<'_>) -> Result<Narrowing, OAuthError> {
    let Facts { subject, authorization, actor, places, details, .. } = facts;
    let reached = subject.narrowing.within(&authorization.places);
    let places = match (places, details) {
        (None, None) => subject.narrowing.places.clone(),
        (Some(_), Some(_)) => return Err(beyond("resource names places beside authorization_details")),
        (None, Some(details)) => {
            if !details.places.iter().all(|place| within(&reached, place)) {
                return Err(beyond(Located::BEYOND));
            }
            Some(NarrowedPlaces(details.places.clone()))
        }
        (Some(asked), None) => {
            if !asked.iter().all(|place| within(&reached, place)) {
                return Err(OAuthError::invalid_target("resource names what the subject token does not reach"));
            }
            Some(NarrowedPlaces(asked.clone()))
        }
    };
    let before = subject.narrowing.actor.as_ref();
    let actor = match actor {
        None => before.cloned(),
        Some(client) => {
            Some(Actor::after(client, before).ok_or_else(|| unacceptable("the token was handed on too often"))?)
        }
    };
    Ok(Narrowing { places, actor })
}

/// More than there is, or what does not go together. [RFC 9396 §5]
fn beyond(description: &'static str) -> OAuthError {
    OAuthError::invalid_authorization_details(description)
}

/// A token that is not taken, [RFC 8693 §2.2.2].
fn unacceptable(description: &'static str) -> OAuthError {
    OAuthError::invalid_request(description)
}

#[cfg(test)]
mod tests;
