//! JWT bearer on behalf of a person: an app that was called with a token goes on to call others as that person. [RFC 7523 §2.1], in the form of
//! Entra ID (`requested_token_use=on_behalf_of`).
//!
//! What it gets hangs below its own authorization by that person, who has signed in to it: it is listed and revoked as such, and never more than
//! they allowed it. The token that it was called with is what lets it ask, so it ends with that one at the latest, and there is no refresh token:
//! the assertion is what is shown again.

use crate::account::Account;
use crate::authorization::Authorization;
use crate::authorize::authorization_details::{Located, part_of};
use crate::authorize::request::wants_client_info;
use crate::change::Change;
use crate::client::{Client, ClientId};
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
use crate::token::family::{FamilyId, TokenFamily};
use crate::token::narrowing::Actor;
use crate::token::{self, Issue};

/// The one use of an assertion: to act for the person whom it is about.
const ON_BEHALF_OF: &str = "on_behalf_of";

/// The token request of an app that was called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OnBehalfOfRequest {
    /// The token that it was called with.
    pub assertion: Secret,
    /// What it wants to call on with.
    pub scopes: RequestedScopes,
    /// Whether `.default` stands among it: for whatever the person allowed.
    by_default: bool,
    /// Whether it wants `client_info`.
    client_info: bool,
}

impl OnBehalfOfRequest {
    /// Reads the form.
    pub fn read(form: &Parameters, client: &Client, resource: &ResourceServer) -> Result<Self, OAuthError> {
        if form.require("requested_token_use")? != ON_BEHALF_OF {
            return Err(OAuthError::invalid_request("requested_token_use is not on_behalf_of"));
        }
        let assertion = Secret::new(form.require("assertion")?);
        let scope = form.require("scope")?;
        Ok(Self {
            assertion,
            scopes: RequestedScopes::parse(scope, &client.scopes, resource)?,
            by_default: scope.split(' ').any(|literal| literal.ends_with("/.default")),
            client_info: wants_client_info(form, client),
        })
    }
}

/// What it is decided on. The assertion was checked: it holds at this moment.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The token that the client was called with.
    pub assertion: &'a AccessToken,
    /// What the person allowed the app that called.
    pub given: &'a Authorization,
    /// The family of the assertion.
    pub family: &'a TokenFamily,
    /// What the person allowed the client itself, live or not.
    pub own: Option<&'a Authorization>,
    /// The person.
    pub account: &'a Account,
    /// The app whose scopes are asked for, if they are an app's.
    pub api: Option<&'a Client>,
    /// What of it this token is for, if it is for less. [RFC 9396 §6]
    pub details: Option<&'a Located>,
    /// The key that refresh tokens, and some subjects, are derived with.
    pub key: &'a PurposeKey,
}

/// Whether a client may act for people at all: one that proves who it is.
pub fn may_act(client: &AuthenticatedClient<'_>) -> Result<(), OAuthError> {
    match client.credential() {
        Some(_) => Ok(()),
        None => {
            let error = OAuthError::unauthorized_client("an app that proves nothing does not act on behalf of people");
            Err(error.numbered(7_000_114))
        }
    }
}

/// Answers an app that was called: a token of its own authorization by that person.
pub fn on_behalf_of(
    request: &OnBehalfOfRequest,
    client: &AuthenticatedClient<'_>,
    facts: Facts<'_>,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Issue> {
    let Facts { assertion, given, family, account, api, details, key, .. } = facts;
    if let Err(error) = checked(client, facts) {
        return Decision::refuse(error);
    }
    let own = facts.own.filter(|own| own.is_live(now) && own.tenant == given.tenant && own.account == given.account);
    let Some(own) = own else { return Decision::refuse(not_allowed("the person has not signed in to this app yet")) };
    let (scopes, scope_text) = match within(request, client, own) {
        Ok(within) => within,
        Err(error) => return Decision::refuse(error),
    };
    let Some(actor) = actors(client.client().id, given.client, assertion.narrowing.actor.as_ref()) else {
        return Decision::refuse(unacceptable("the assertion was handed on too often"));
    };
    let family = TokenFamily {
        id: FamilyId(entropy.uuid()),
        authorization: own.id,
        tenant: own.tenant,
        account: own.account,
        client: client.client().id,
        session: family.session,
        auth_time: family.auth_time,
        context: family.context,
        scopes,
        scope_text,
        places: None,
        client_info: request.client_info,
        origin: family.origin.clone(),
        confirmation: client.confirmation(),
        refreshable: false,
        generation: 0,
        created_at: now,
        rotated_at: now,
        access_expires_at: now,
        ended_at: None,
    };
    let family = match part_of(family, details, own) {
        Ok(family) => family,
        Err(error) => return Decision::refuse(error),
    };
    let above = token::Facts { client: client.into(), authorization: own, account: Some(account), api, key };
    let issued = token::issue(above, &family, 0, None, now, entropy).and_then(|issue| {
        let expired = || unacceptable("the assertion has expired").numbered(500_133);
        issue.on_behalf(assertion.expires_at, actor).ok_or_else(expired)
    });
    match issued {
        Err(error) => Decision::refuse(error),
        Ok(issue) => {
            let family = TokenFamily { access_expires_at: issue.access_expires_at(), ..family };
            let event = Event::new(EventKind::ActedOnBehalf, own.tenant, now, given.client.to_string());
            Decision::grant(issue).and(Change::StartFamily(Box::new(family))).and(Change::Record(event.about(own)))
        }
    }
}

/// That this client was called with this assertion.
fn checked(client: &AuthenticatedClient<'_>, facts: Facts<'_>) -> Result<(), OAuthError> {
    let Facts { assertion, given, family, .. } = facts;
    may_act(client)?;
    // Its audience and its scopes name the same app.
    let called = assertion.scopes.api().filter(|api| assertion.audience == api.to_string());
    if called != Some(client.client().id) {
        return Err(unacceptable("the assertion is for another audience than this client"));
    }
    if given.is_paused() || assertion.scopes.intersection(&given.scopes).apis().is_empty() {
        return Err(unacceptable("the person has taken back that the app may be called, or paused it"));
    }
    if family.id != assertion.id.family || family.ended_at.is_some() {
        return Err(unacceptable("the assertion was revoked"));
    }
    if assertion.confirmation.is_some() && assertion.confirmation != client.confirmation() {
        return Err(unacceptable("the assertion is bound to a key or a certificate that is not shown"));
    }
    Ok(())
}

/// What of the request the person has allowed this client. What they were asked about and left out is left out, and so are words about who they
/// are that were never asked, since libraries add these by themselves; anything else has to be asked first.
fn within(
    request: &OnBehalfOfRequest,
    client: &AuthenticatedClient<'_>,
    own: &Authorization,
) -> Result<(ScopeSet, String), OAuthError> {
    let asked = request.scopes.canonical();
    let to_call = asked.of_resources();
    let beyond = to_call.difference(&own.scopes).difference(&own.asked);
    if !beyond.is_empty() && !request.by_default {
        return Err(not_allowed("the person has not allowed this app what scope names"));
    }
    let nothing_more: ScopeSet = [OFFLINE_ACCESS].into_iter().collect();
    let scopes = asked.intersection(&own.scopes).difference(&nothing_more);
    if scopes.of_resources().is_empty() {
        return Err(match to_call.is_empty() {
            true => OAuthError::invalid_scope("scope names nothing to call"),
            false => not_allowed("the person has not allowed this app what scope names"),
        });
    }
    let text = token::scope_text(client.client().profile, &request.scopes, &scopes);
    Ok((scopes, text))
}

/// Who acts: the client, after the app that called it and whoever acted before that.
fn actors(client: ClientId, caller: ClientId, before: Option<&Actor>) -> Option<Actor> {
    let before = match before {
        Some(before) => before.clone(),
        None => Actor::after(caller, None)?,
    };
    Actor::after(client, Some(&before))
}

/// An assertion that is not taken, in the words of Entra ID.
pub fn unacceptable(description: &'static str) -> OAuthError {
    OAuthError::invalid_grant(description).numbered(50_013)
}

/// The person has to be asked, which is done by signing them in to the app itself.
fn not_allowed(description: &'static str) -> OAuthError {
    OAuthError::invalid_grant(description).because("consent_required").numbered(65_001)
}

#[cfg(test)]
mod tests;
