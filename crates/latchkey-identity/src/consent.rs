//! Approval: what is asked, what is remembered, and what the person's answer becomes, [OpenID Connect Core §3.1.2.4].

use uuid::Uuid;

use crate::account::Account;
use crate::authorization::{Authorization, AuthorizationId, EndReason, Lifetime, Place, Places};
use crate::authorize::flow::Flow;
use crate::authorize::prompt::Prompt;
use crate::authorize::request::{AuthorizationRequest, CameBy};
use crate::authorize::response::Approved;
use crate::change::Change;
use crate::client::Client;
use crate::client::metadata_document::told_by;
use crate::client::redirect_uri;
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::event::{Event, EventKind};
use crate::grant::authorization_code::{self, CodeContext};
use crate::scope::ScopeSet;
use crate::secret::{PurposeKey, sha256};
use crate::session::Session;
use crate::tenant::TenantId;
use crate::time::Timestamp;
use crate::token::narrowing::{in_both, within};

/// Whether the person has to be asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Consent {
    /// The same question was answered before.
    Remembered,
    /// Ask.
    Ask(Question),
}

/// What the approval page asks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Question {
    /// The scopes with an open checkbox.
    pub open: ScopeSet,
    /// Those of them that cannot be unticked.
    pub required: ScopeSet,
    /// Those allowed before, which are shown and stay.
    pub already: ScopeSet,
    /// The places that may be given, if the request names places: these, and those given before.
    pub places: Option<Places>,
    /// Digest of all that the page says of the app: it has to be the same when the answer comes.
    pub shown: [u8; 32],
}

/// Decides whether to ask. `existing` is the person's authorization for this client in the issuing tenant, live or not; `places` are those
/// that the request names, if it names any, and `called` is the app whose scopes it asks for, if they are an app's.
pub fn required(
    request: &AuthorizationRequest,
    client: &Client,
    existing: Option<&Authorization>,
    places: Option<&Places>,
    called: Option<&Client>,
    now: Timestamp,
) -> Consent {
    let wanted = request.scopes.canonical();
    let app = app_digest(request, client);
    let existing = existing.filter(|authorization| authorization.is_live(now));
    let paused_at = existing.and_then(|authorization| authorization.paused_at);
    let same = existing.filter(|existing| is_for(existing, request, client));
    let question = |open: ScopeSet, already: ScopeSet| {
        let required = open.identity().union(&open.intersection(&client.required_scopes));
        let before = same.into_iter().flat_map(|same| &same.places);
        let places = places.map(|places| places.iter().chain(before).copied().collect());
        let presented = (client.presented(), called.map(|called| called.name.as_str()));
        let shown = page_digest(app, presented, &open, &already, places.as_ref(), paused_at);
        Consent::Ask(Question { open, required, already, places, shown })
    };
    // Where it is another app to the person now, nothing that was approved for the one before stays.
    let Some(existing) = same else { return question(wanted, ScopeSet::default()) };
    // Places and time are for all of it, so all that stays is on the page that asks for them.
    let stays = |open: &ScopeSet| match wanted.resource().is_empty() {
        true => ScopeSet::default(),
        false => existing.scopes.difference(open),
    };
    if request.prompt.contains(Prompt::Consent) {
        let stays = stays(&wanted);
        return question(wanted, stays);
    }
    let new = wanted.difference(&existing.asked);
    if !new.is_empty() || places.is_some_and(|places| are_new(places, existing)) {
        let stays = stays(&new);
        return question(new, stays);
    }
    // Anyone on the same machine can pose as a native app, so its requests are never answered without a look.
    // [RFC 6749 §10.2], [RFC 8252 §8.6]
    if redirect_uri::is_native_destination(request.redirect.uri())
        && !client.administrator_approved
        && !client.kind.is_confidential()
    {
        let stays = stays(&wanted);
        return question(wanted, stays);
    }
    if existing.is_paused() {
        // The person stopped it: it goes on when they say so, and not because the app asks again.
        let stays = stays(&new);
        return question(new, stays);
    }
    Consent::Remembered
}

/// What the person chose on the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// The scopes that were ticked.
    pub scopes: ScopeSet,
    /// The places that were ticked.
    pub places: Places,
    /// `Keep access for`.
    pub lifetime: Lifetime,
    /// The digest of what the page said.
    pub shown: [u8; 32],
}

/// What the person may choose from: worked out anew when the answer comes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Offer {
    /// Every organization, project and repository that may be ticked.
    pub places: Places,
    /// The longest authorization, in days, that each organization allows.
    pub caps: Vec<(Uuid, u16)>,
}

/// Why an answer was not accepted: the page is shown again and says so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChoiceError {
    /// The app, the scopes or something else on the page is not what it was.
    #[error("Something about this request changed since you looked at it. Please read it again.")]
    Changed,
    /// No scope of the resource was ticked although some were offered.
    #[error("Choose at least one thing that the app may do, or deny the request.")]
    NothingChosen,
    /// Nowhere to act.
    #[error("Choose at least one organization or project, or deny the request.")]
    NoPlace,
    /// A place that was not offered.
    #[error("One of the places is not yours to give access to. Please choose again.")]
    PlaceNotOffered,
    /// Longer than an organization allows.
    #[error("One of the organizations allows only a shorter time. Please choose again.")]
    TooLong,
}

/// Everything an approval is decided on.
#[derive(Clone, Copy, Debug)]
pub struct Approval<'a> {
    /// The request.
    pub request: &'a AuthorizationRequest,
    /// The client that asks.
    pub client: &'a Client,
    /// Who answers.
    pub account: &'a Account,
    /// In which session.
    pub session: &'a Session,
    /// Whose issuer signs.
    pub tenant: TenantId,
    /// The origin that the flow runs at.
    pub origin: &'a str,
    /// The flow that is answered with it, if pages were shown.
    pub flow: Option<&'a Flow>,
    /// The person's authorization for this client, live or not.
    pub existing: Option<&'a Authorization>,
    /// The places that the request names, if it names any.
    pub places: Option<&'a Places>,
    /// The app whose scopes are asked for, as it is now, if they are an app's.
    pub called: Option<&'a Client>,
    /// The key that a person's subject is derived with.
    pub key: &'a PurposeKey,
}

/// The person approved: the authorization is made or changed, and the code is on its way.
pub fn approve(
    approval: Approval<'_>,
    choice: &Choice,
    offer: &Offer,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Approved, ChoiceError> {
    let Approval { request, client, account, session, existing, places, called, .. } = approval;
    let Consent::Ask(question) = required(request, client, existing, places, called, now) else {
        return Decision::refuse(ChoiceError::Changed);
    };
    if question.shown != choice.shown {
        return Decision::refuse(ChoiceError::Changed);
    }
    let chosen = choice.scopes.intersection(&question.open).union(&question.required);
    let asks_for_places = !question.open.union(&question.already).resource().is_empty();
    let calls = |scopes: &ScopeSet| !scopes.of_resources().is_empty();
    if calls(&question.open) && !calls(&chosen) && !calls(&question.already) {
        return Decision::refuse(ChoiceError::NothingChosen);
    }
    if !client.offered_lifetimes().contains(&choice.lifetime) {
        return Decision::refuse(ChoiceError::TooLong);
    }
    if let Err(error) = check_places(choice, offer, asks_for_places) {
        return Decision::refuse(error);
    }
    let live = existing.filter(|authorization| authorization.is_live(now));
    // What was approved for an app of another name, publisher or destination was not approved for this one.
    let same = live.filter(|authorization| is_for(authorization, request, client));
    if let Err(error) = check_named_places(&choice.places, places, question.places.as_ref()) {
        return Decision::refuse(error);
    }
    let kept = same.map(|authorization| authorization.scopes.difference(&question.open)).unwrap_or_default();
    let asked = same.map(|authorization| authorization.asked.clone()).unwrap_or_default();
    // A page that only asks who the person is says nothing of places and time, and changes neither.
    let unasked = same.filter(|_| !asks_for_places && !kept.resource().is_empty());
    let authorization = Authorization {
        id: live.map_or_else(|| AuthorizationId(entropy.uuid()), |live| live.id),
        tenant: approval.tenant,
        account: account.id,
        client: client.id,
        version: live.map_or(1, |live| live.version.saturating_add(1)),
        scopes: kept.union(&chosen),
        asked: asked.union(&question.open),
        places: match unasked {
            Some(same) => same.places.clone(),
            None if asks_for_places => choice.places.clone(),
            None => Places::new(),
        },
        asked_places: places.or(same.map(|same| &same.asked_places)).cloned().unwrap_or_default(),
        lifetime: unasked.map_or(choice.lifetime, |same| same.lifetime),
        expires_at: unasked.map_or_else(|| choice.lifetime.end(now, session.authenticated_at), |same| same.expires_at),
        session: unasked.map_or(session.id, |same| same.session),
        shown: same.map_or_else(|| app_digest(request, client), |same| same.shown),
        created_at: live.map_or(now, |live| live.created_at),
        changed_at: now,
        paused_at: None,
        ended: None,
    };
    let kind = if live.is_some() { EventKind::AuthorizationChanged } else { EventKind::AuthorizationGranted };
    let event = Event::new(kind, approval.tenant, now, authorization.scopes.to_string());
    let event = event.by(account.id).within(session.id).about(&authorization);
    let resumed = live.filter(|live| live.is_paused()).map(|_| {
        let event = Event::new(EventKind::AuthorizationResumed, approval.tenant, now, authorization.scopes.to_string());
        Change::Record(event.by(account.id).within(session.id).about(&authorization))
    });
    let context = CodeContext {
        request,
        places,
        client,
        account,
        session,
        tenant: approval.tenant,
        origin: approval.origin,
        key: approval.key,
        flow: approval.flow,
    };
    // Whatever is in the way of the tokens was not when the page was shown.
    let Ok((code, sent)) = authorization_code::issue(context, &authorization, now, entropy) else {
        return Decision::refuse(ChoiceError::Changed);
    };
    let save = match live {
        Some(live) => {
            Change::ChangeAuthorization { authorization: Box::new(authorization), from_version: live.version }
        }
        None => Change::Authorize(Box::new(authorization)),
    };
    // One that ran out is still listed as current until it is replaced.
    let replaced = existing.filter(|existing| existing.ended.is_none() && !existing.is_live(now));
    Decision::grant(code)
        .and_all(replaced.map(|existing| Change::EndAuthorization {
            authorization: existing.id,
            at: now,
            reason: EndReason::Replaced,
        }))
        .and(save)
        .and_all(sent)
        .and(Change::Record(event))
        .and_all(resumed)
}

/// The person denied, or turned back at an earlier page.
pub fn deny(approval: Approval<'_>, now: Timestamp) -> Decision<()> {
    let Approval { request, client, account, session, .. } = approval;
    let event =
        Event::new(EventKind::AuthorizationDenied, approval.tenant, now, request.scopes.canonical().to_string());
    Decision::grant(())
        .and_all(request.used_up(false, now))
        .and_all(approval.flow.map(|flow| Change::EndFlow { flow: flow.id, at: now }))
        .and(Change::Record(event.by(account.id).within(session.id).through(client.id)))
}

fn check_places(choice: &Choice, offer: &Offer, needed: bool) -> Result<(), ChoiceError> {
    if !needed {
        return Ok(());
    }
    if choice.places.is_empty() {
        return Err(ChoiceError::NoPlace);
    }
    let offered = |place: &Place| {
        let organization = Place { organization: place.organization, project: None, repository: None };
        let project = Place { project: place.project, ..organization };
        // A whole organization or project is offered by itself; what lies in it is offered one by one.
        offer.places.contains(place) && offer.places.contains(&organization) && offer.places.contains(&project)
    };
    if !choice.places.iter().all(offered) {
        return Err(ChoiceError::PlaceNotOffered);
    }
    let cap = offer
        .caps
        .iter()
        .filter(|(organization, _)| choice.places.iter().any(|place| place.organization == *organization));
    if !choice.lifetime.is_within(cap.map(|(_, days)| *days).min()) {
        return Err(ChoiceError::TooLong);
    }
    Ok(())
}

/// A request that names places is answered in these: no other place comes in with it, and one of them at least is given.
fn check_named_places(chosen: &Places, named: Option<&Places>, offered: Option<&Places>) -> Result<(), ChoiceError> {
    let (Some(named), Some(offered)) = (named, offered) else { return Ok(()) };
    if !chosen.iter().all(|place| within(offered, place)) {
        return Err(ChoiceError::PlaceNotOffered);
    }
    if in_both(chosen, named).is_empty() { Err(ChoiceError::NoPlace) } else { Ok(()) }
}

/// Whether the person has to be asked about places: one of them was neither given nor asked about before, or none of them is given.
fn are_new(places: &Places, existing: &Authorization) -> bool {
    let known = |place: &Place| within(&existing.places, place) || within(&existing.asked_places, place);
    !places.iter().all(known) || in_both(&existing.places, places).is_empty()
}

/// Whether an authorization was given to the app that asks now, as far as people are told of it. To a device nobody is sent, so it does
/// not matter where they were sent when they approved.
fn is_for(existing: &Authorization, request: &AuthorizationRequest, client: &Client) -> bool {
    let anywhere = matches!(request.came_by, CameBy::Device(_));
    existing.shown == app_digest(request, client)
        || (anywhere && client.destinations().iter().any(|place| existing.shown == told(client, place)))
}

/// Whether the app is still what the person knew when they approved, as far as people are told of it.
pub fn is_unchanged(existing: &Authorization, request: &AuthorizationRequest, client: &Client) -> bool {
    is_for(existing, request, client)
}

/// What the person is told of the app. An approval is for that app, not for another of the same id; of one that describes itself it is for
/// the redirect URIs and keys that it had.
fn app_digest(request: &AuthorizationRequest, client: &Client) -> [u8; 32] {
    told(client, &redirect_uri::destination_without_port(request.redirect.uri()))
}

fn told(client: &Client, destination: &str) -> [u8; 32] {
    let described = told_by(client);
    let told = [client.name.as_bytes(), client.publisher.domain().as_bytes(), destination.as_bytes()];
    digest(&told.into_iter().chain(described.iter().map(String::as_bytes)).collect::<Vec<_>>())
}

/// What an administrator is told of the app that a member asks for, with every place that it may send people back to, and whether it hands
/// out codes for devices: what is approved is that app, and not what its owner makes of it later.
pub fn app_shown(client: &Client) -> [u8; 32] {
    let destinations = client.destinations();
    let told = [client.tenant.0.as_bytes(), client.name.as_bytes(), client.publisher.domain().as_bytes()];
    let devices = client.may_use_device_codes().then_some(b"device codes".as_slice());
    let described = told_by(client);
    let more = destinations.iter().chain(&described).map(String::as_bytes);
    let parts: Vec<&[u8]> = told.into_iter().chain(devices).chain(more).collect();
    digest(&parts)
}

/// What the page says. The app's own pages and logo are part of it, the name of the app that would be called, and that an approval ends a pause.
fn page_digest(
    app: [u8; 32],
    (presented, called): (String, Option<&str>),
    open: &ScopeSet,
    already: &ScopeSet,
    places: Option<&Places>,
    paused_at: Option<Timestamp>,
) -> [u8; 32] {
    let paused_at = paused_at.map(|at| at.as_micros().to_be_bytes()).unwrap_or_default();
    let ids = |place: &Place| [Some(place.organization), place.project, place.repository];
    let bytes = |id: Option<Uuid>| id.map_or([0xff; 16], Uuid::into_bytes);
    let places: Vec<u8> = places.into_iter().flatten().flat_map(ids).flat_map(bytes).collect();
    digest(&[
        &app,
        presented.as_bytes(),
        called.unwrap_or_default().as_bytes(),
        open.to_string().as_bytes(),
        already.to_string().as_bytes(),
        &places,
        &paused_at,
    ])
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    sha256(&bytes)
}

#[cfg(test)]
mod tests;
