//! Approval: what is asked, what is remembered, and what the person's answer becomes, [OpenID Connect Core §3.1.2.4].

mod approval;

use uuid::Uuid;

use crate::authorization::{Authorization, Place, Places};
use crate::authorize::prompt::Prompt;
use crate::authorize::request::{AuthorizationRequest, CameBy};
use crate::client::Client;
use crate::client::metadata_document::told_by;
use crate::client::redirect_uri;
use crate::scope::ScopeSet;
use crate::secret::sha256;
use crate::time::Timestamp;
use crate::token::narrowing::{in_both, within};

pub use approval::{Approval, Choice, ChoiceError, Offer, approve, deny};

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
    let same = existing.filter(|existing| is_of(existing, client));
    let before = same.and_then(|same| asked_before(same, request, client)).map(|(_, asked)| asked);
    let question = |open: ScopeSet, already: ScopeSet| {
        let required = open.identity().union(&open.intersection(&client.required_scopes));
        let given = same.into_iter().flat_map(|same| &same.places);
        let places = places.map(|places| places.iter().chain(given).copied().collect());
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
    // Whoever is sent to another place is asked about everything: what they approved was to be sent where the page said.
    let Some(before) = before.filter(|_| !request.prompt.contains(Prompt::Consent)) else {
        let stays = stays(&wanted);
        return question(wanted, stays);
    };
    let new = wanted.difference(before);
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

/// Whether the person has to be asked about places: one of them was neither given nor asked about before, or none of them is given.
fn are_new(places: &Places, existing: &Authorization) -> bool {
    let known = |place: &Place| within(&existing.places, place) || within(&existing.asked_places, place);
    !places.iter().all(known) || in_both(&existing.places, places).is_empty()
}

/// Whether an authorization was given to this app as people are told of it now, wherever it sent them.
pub fn is_of(existing: &Authorization, client: &Client) -> bool {
    faces(client).any(|shown| existing.asked_at(&shown).is_some())
}

/// What the person was asked about by the app that asks now, as far as people are told of it, and the digest of that. To a device nobody is
/// sent, so it does not matter where they were sent when they approved.
pub fn asked_before<'a>(
    existing: &'a Authorization,
    request: &AuthorizationRequest,
    client: &Client,
) -> Option<([u8; 32], &'a ScopeSet)> {
    let asked_at = |shown: [u8; 32]| Some((shown, existing.asked_at(&shown)?));
    let here = asked_at(app_digest(request, client));
    match request.came_by {
        CameBy::Device(_) => here.or_else(|| faces(client).find_map(asked_at)),
        CameBy::Link | CameBy::Pushed(_) | CameBy::Rehearsal => here,
    }
}

/// The digests of what people are told of an app: one for each place that it may send them to, and one for where it sends them nowhere.
fn faces(client: &Client) -> impl Iterator<Item = [u8; 32]> {
    client.destinations().into_iter().chain([String::new()]).map(move |place| told(client, &place))
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

/// Whether an administrator's word for an app counts for what became of it: only while it is the same to people, and sends them nowhere else
/// when they leave.
pub(crate) fn is_still_vouched_for(before: &Client, after: &Client) -> bool {
    let left_for = |client: &Client| -> Vec<String> {
        let uris = client.logout.post_logout_redirect_uris.iter();
        uris.map(|uri| redirect_uri::destination_without_port(uri.as_str())).collect()
    };
    let known: Vec<String> = before.destinations().into_iter().chain(left_for(before)).collect();
    before.administrator_approved
        && app_shown(before) == app_shown(after)
        && left_for(after).iter().all(|destination| known.contains(destination))
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
