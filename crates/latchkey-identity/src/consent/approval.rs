//! The person's answer: what they chose, whether that was offered, and the authorization that it makes.

use uuid::Uuid;

use super::{Consent, Question, app_digest, asked_before, faces, is_of, required};
use crate::authorization::{Authorization, AuthorizationId, Elsewhere, EndReason, Lifetime, Place, Places};
use crate::authorize::response::Approved;
use crate::change::Change;
use crate::client::Client;
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::event::{Event, EventKind};
use crate::grant::authorization_code::{self, CodeContext};
use crate::scope::ScopeSet;
use crate::time::Timestamp;
use crate::token::narrowing::{in_both, within};

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
    /// What its code is issued for: who asks for what, and who answers.
    pub context: CodeContext<'a>,
    /// The person's authorization for this client, live or not.
    pub existing: Option<&'a Authorization>,
    /// The app whose scopes are asked for, as it is now, if they are an app's.
    pub called: Option<&'a Client>,
}

impl<'a> Approval<'a> {
    fn live(&self, now: Timestamp) -> Option<&'a Authorization> {
        self.existing.filter(|authorization| authorization.is_live(now))
    }
}

/// The person approved: the authorization is made or changed, and the code is on its way.
pub fn approve(
    approval: Approval<'_>,
    choice: &Choice,
    offer: &Offer,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Approved, ChoiceError> {
    let answer = match Answer::checked(&approval, choice, offer, now) {
        Ok(answer) => answer,
        Err(error) => return Decision::refuse(error),
    };
    let authorization = authorized(&approval, &answer, choice, now, entropy);
    // Whatever is in the way of the tokens was not when the page was shown.
    let Ok((code, sent)) = authorization_code::issue(approval.context, &authorization, now, entropy) else {
        return Decision::refuse(ChoiceError::Changed);
    };
    let events = on_record(&approval, &authorization, now);
    Decision::grant(code)
        .and_all(replaced(&approval, now))
        .and(saved(authorization, approval.live(now)))
        .and_all(sent)
        .and_all(events.into_iter().flatten())
}

/// The person denied, or turned back at an earlier page.
pub fn deny(context: CodeContext<'_>, now: Timestamp) -> Decision<()> {
    let CodeContext { request, client, account, session, tenant, .. } = context;
    let event = Event::new(EventKind::AuthorizationDenied, tenant, now, request.scopes.canonical().to_string());
    Decision::grant(())
        .and_all(request.used_up(false, now))
        .and_all(context.flow.map(|flow| Change::EndFlow { flow: flow.id, at: now }))
        .and(Change::Record(event.by(account.id).within(session.id).through(client.id)))
}

/// An answer to the question as it is now, within what was offered. Only [`Answer::checked`] makes one.
struct Answer {
    question: Question,
    /// What the app may do now that it could not before.
    scopes: ScopeSet,
    /// Whether the page asked for places and time.
    asks_for_places: bool,
}

impl Answer {
    fn checked(approval: &Approval<'_>, choice: &Choice, offer: &Offer, now: Timestamp) -> Result<Self, ChoiceError> {
        let Approval { context: CodeContext { request, client, places, .. }, existing, called } = *approval;
        let Consent::Ask(question) = required(request, client, existing, places, called, now) else {
            return Err(ChoiceError::Changed);
        };
        if question.shown != choice.shown {
            return Err(ChoiceError::Changed);
        }
        let scopes = choice.scopes.intersection(&question.open).union(&question.required);
        let calls = |scopes: &ScopeSet| !scopes.of_resources().is_empty();
        if calls(&question.open) && !calls(&scopes) && !calls(&question.already) {
            return Err(ChoiceError::NothingChosen);
        }
        if !client.offered_lifetimes().contains(&choice.lifetime) {
            return Err(ChoiceError::TooLong);
        }
        let asks_for_places = !question.open.union(&question.already).resource().is_empty();
        if asks_for_places {
            check_places(choice, offer)?;
        }
        check_named_places(&choice.places, places, question.places.as_ref())?;
        Ok(Self { question, scopes, asks_for_places })
    }
}

/// The authorization as it is from now on.
fn authorized(
    approval: &Approval<'_>,
    answer: &Answer,
    choice: &Choice,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Authorization {
    let CodeContext { request, places: named, client, account, session, tenant, .. } = approval.context;
    let Answer { question, scopes, asks_for_places } = answer;
    let live = approval.live(now);
    // What was approved for an app of another name or publisher was not approved for this one.
    let same = live.filter(|authorization| is_of(authorization, client));
    let kept = same.map(|authorization| authorization.scopes.difference(&question.open)).unwrap_or_default();
    let before = same.and_then(|authorization| asked_before(authorization, request, client));
    let shown = before.map_or_else(|| app_digest(request, client), |(shown, _)| shown);
    let asked = before.map_or_else(|| question.open.clone(), |(_, asked)| asked.union(&question.open));
    let scopes = kept.union(scopes);
    // A page that only asks who the person is says nothing of places and time, and changes neither.
    let unasked = same.filter(|_| !asks_for_places && !kept.resource().is_empty());
    let places = match unasked {
        Some(same) => same.places.clone(),
        None if *asks_for_places => choice.places.clone(),
        None => Places::new(),
    };
    Authorization {
        elsewhere: same.map(|same| elsewhere(same, client, shown, &scopes, &places)).unwrap_or_default(),
        id: live.map_or_else(|| AuthorizationId(entropy.uuid()), |live| live.id),
        tenant,
        account: account.id,
        client: client.id,
        version: live.map_or(1, |live| live.version.saturating_add(1)),
        scopes,
        asked,
        places,
        asked_places: named.or(same.map(|same| &same.asked_places)).cloned().unwrap_or_default(),
        lifetime: unasked.map_or(choice.lifetime, |same| same.lifetime),
        expires_at: unasked.map_or_else(|| choice.lifetime.end(now, session.authenticated_at), |same| same.expires_at),
        session: unasked.map_or(session.id, |same| same.session),
        shown,
        created_at: live.map_or(now, |live| live.created_at),
        changed_at: now,
        paused_at: None,
        ended: None,
    }
}

/// The other destinations where the person answered and need not be asked again: those that the app still has. What it may do from now on and
/// could not before is asked about once at each of them, since nobody approved it for there; so is everything when it gets to more places.
fn elsewhere(before: &Authorization, client: &Client, here: [u8; 32], scopes: &ScopeSet, places: &Places) -> Elsewhere {
    if !places.iter().all(|place| within(&before.places, place)) {
        return Elsewhere::new();
    }
    let more = scopes.difference(&before.scopes);
    let kept = |shown: [u8; 32]| Some((shown, before.asked_at(&shown)?.difference(&more)));
    faces(client).filter(|shown| *shown != here).filter_map(kept).collect()
}

/// The one before, if it ran out: it is still listed as current until it is replaced.
fn replaced(approval: &Approval<'_>, now: Timestamp) -> Option<Change> {
    let ran_out = approval.existing.filter(|existing| existing.ended.is_none() && !existing.is_live(now))?;
    Some(Change::EndAuthorization { authorization: ran_out.id, at: now, reason: EndReason::Replaced })
}

fn saved(authorization: Authorization, live: Option<&Authorization>) -> Change {
    let authorization = Box::new(authorization);
    match live {
        Some(live) => Change::ChangeAuthorization { authorization, from_version: live.version },
        None => Change::Authorize(authorization),
    }
}

/// What was granted or changed, and that a pause ended with it.
fn on_record(approval: &Approval<'_>, authorization: &Authorization, now: Timestamp) -> [Option<Change>; 2] {
    let CodeContext { account, session, tenant, .. } = approval.context;
    let live = approval.live(now);
    let kind = if live.is_some() { EventKind::AuthorizationChanged } else { EventKind::AuthorizationGranted };
    let resumed = live.filter(|live| live.is_paused()).map(|_| EventKind::AuthorizationResumed);
    [Some(kind), resumed].map(|kind| {
        let event = Event::new(kind?, tenant, now, authorization.scopes.to_string());
        Some(Change::Record(event.by(account.id).within(session.id).about(authorization)))
    })
}

/// Whether there is somewhere to act, each place was offered, and it is for no longer than each organization allows.
fn check_places(choice: &Choice, offer: &Offer) -> Result<(), ChoiceError> {
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
