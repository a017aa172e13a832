//! What the approval page says.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use latchkey_devops::scope::Scope;
use latchkey_identity::Timestamp;
use latchkey_identity::authorization::{Authorization, Lifetime, Place, Places};
use latchkey_identity::authorize::prompt::SignedIn;
use latchkey_identity::claims::{Claim, single};
use latchkey_identity::client::ClientId;
use latchkey_identity::client::redirect_uri::is_native_destination;
use latchkey_identity::consent::{ChoiceError, Question, asked_before as answered_before, is_of};
use latchkey_identity::legacy::LegacyApp;
use latchkey_identity::scope::{ADDRESS, EMAIL, OFFLINE_ACCESS, PHONE, PROFILE, ScopeSet};
use latchkey_identity::tenant::TenantKind;
use latchkey_identity::token::narrowing::within;
use latchkey_jose::base64url;
use latchkey_store::StoreError;
use latchkey_store::identity::ListedAuthorization;
use uuid::Uuid;

use crate::app::App;
use crate::identity::apis::{self, Call};
use crate::identity::asked::Asked;
use crate::identity::flow::{self, Deliberation, Opened};
use crate::identity::offer::{ClosedOrganization, OpenOrganization};
use crate::identity::prerequisite::asked_before;
use crate::identity::{device, logo, problem_page};
use crate::pages::consent::{
    Again, Consent, DescribedApp, Destination, KeepChoice, Obstacle, OlderApp, OrganizationChoice, ProjectChoice,
    Reach, RepositoryChoice, ScopeChoice, TookOver,
};
use crate::pages::{Count, Moment, capitalized};
use crate::visitor::Visitor;

/// The page for a person who may approve the request. `problem` is why what they chose was not kept.
pub(super) async fn page(
    app: &App,
    visitor: &Visitor,
    opened: &Opened,
    deliberation: &Deliberation,
    problem: Option<ChoiceError>,
) -> Result<Consent, StoreError> {
    let Deliberation { signed_in, existing, question, standing, carried, .. } = deliberation;
    let (asked, now) = (&opened.asked, visitor.now);
    let live = existing.as_ref().filter(|existing| existing.is_live(now));
    let since = live.map(|live| Moment::from(live.created_at));
    let before = carried.as_ref().map(|carried| &carried.authorization);
    let wanted = question.open.union(&question.already);
    let calls = apis::calls(app, &wanted).await?;
    let registered_in = app.store.tenant(asked.client.tenant).await?;
    let cap = standing.open.iter().filter_map(|organization| organization.cap_days).min();
    Ok(Consent {
        frame: problem_page::frame_for(app, visitor, signed_in.account.id),
        flow: opened.id.clone(),
        shown: base64url::encode(question.shown),
        rehearsed: opened.flow.rehearsed_by.is_some(),
        app: asked.face(),
        logo: logo::address(&asked.client),
        pages: asked.client.pages(),
        older_app: asked.legacy.as_ref().map(|app| older_app(app, &standing.open, now)),
        registered_in: registered_in.map(|tenant| tenant.domain.clone()).unwrap_or_default(),
        known_since: asked.client.created_at.into(),
        others: others(app, visitor, asked.client.id, signed_in).await?,
        described: described(asked, live),
        destination: destination(asked, visitor),
        account: flow::named(signed_in),
        changed: problem == Some(ChoiceError::Changed),
        problem: problem.filter(|problem| *problem != ChoiceError::Changed).map(|problem| problem.to_string()),
        since,
        again: again(asked, live, question),
        paused: live.and_then(|live| live.paused_at).map(Moment::from),
        took_over: carried
            .as_ref()
            .map(|carried| TookOver { name: carried.name.clone(), since: carried.authorization.created_at.into() }),
        identity: learns(&wanted),
        offline: wanted.contains(OFFLINE_ACCESS),
        scopes: scopes(question, &wanted, calls, since, before),
        names_places: deliberation.places.is_some(),
        organizations: organizations(app, deliberation, &wanted, now).await?,
        found: None,
        keep: keep(asked, &wanted, live, before, cap),
        capped_to: cap.map(|days| Count(days.into(), "day").to_string()),
    })
}

/// How many others in the person's own directory use the app. Whoever has no directory but the one for everybody has no others.
async fn others(
    app: &App,
    visitor: &Visitor,
    client: ClientId,
    signed_in: &SignedIn,
) -> Result<Option<u32>, StoreError> {
    if signed_in.home.kind != TenantKind::Work {
        return Ok(None);
    }
    let (home, person) = (signed_in.home.id, signed_in.account.id);
    app.store.others_who_authorized(client, home, person, visitor.now, Consent::MOST_OTHERS + 1).await.map(Some)
}

/// Why a person is asked who has allowed it something.
fn again(asked: &Asked, live: Option<&Authorization>, question: &Question) -> Again {
    let Some(live) = live else { return Again::More };
    match answered_before(live, &asked.request, &asked.client) {
        None if is_of(live, &asked.client) => Again::FromElsewhere,
        None => Again::Another,
        Some((_, before)) if question.open.is_empty() || !question.open.intersection(before).is_empty() => Again::Anew,
        Some(_) => Again::More,
    }
}

/// What the page says of an app that describes itself.
fn described(asked: &Asked, live: Option<&Authorization>) -> Option<DescribedApp> {
    let url = asked.client.document.as_ref()?;
    let redirect = &asked.request.redirect;
    let is_of_the_web = asked.device.is_none() && !is_native_destination(redirect.uri());
    Some(DescribedApp {
        host: url.host().to_owned(),
        address: url.to_string(),
        leads_elsewhere: is_of_the_web && redirect.destination() != url.host(),
        says_something_else: live.is_some_and(|live| !is_of(live, &asked.client)),
    })
}

/// Where the approval leads.
fn destination(asked: &Asked, visitor: &Visitor) -> Destination {
    let redirect = &asked.request.redirect;
    match &asked.device {
        Some(device) => Destination::Device(device::face(device, visitor)),
        None if is_native_destination(redirect.uri()) && !asked.client.kind.is_confidential() => {
            Destination::ThisDevice(redirect.destination())
        }
        None => Destination::Host(redirect.destination()),
    }
}

/// What the page says of an app of the older OAuth kind: what its owner told of it, and when it ends in the organizations it may be for.
fn older_app(app: &LegacyApp, open: &[OpenOrganization], now: Timestamp) -> OlderApp {
    let end = open.iter().filter_map(|organization| organization.legacy_end).filter(|end| *end > now).min();
    OlderApp {
        description: app.description.clone(),
        website: app.website.clone(),
        company: app.company.clone(),
        end: end.map(Moment::from),
    }
}

fn learns(wanted: &ScopeSet) -> Vec<String> {
    let mut learns = vec!["an identifier of your account".to_owned()];
    learns.extend(wanted.contains(PROFILE).then(|| "your name and profile".to_owned()));
    learns.extend(wanted.contains(EMAIL).then(|| "your email address".to_owned()));
    learns.extend(wanted.contains(PHONE).then(|| "your phone number".to_owned()));
    learns.extend(wanted.contains(ADDRESS).then(|| "your postal address".to_owned()));
    let single: BTreeSet<Claim> = wanted.iter().filter_map(single).map(|(_, claim)| claim).collect();
    let opened = |claim: &Claim| !wanted.contains(claim.scope());
    learns.extend(single.into_iter().filter(opened).map(|claim| claim.for_people().to_owned()));
    learns
}

fn scopes(
    question: &Question,
    wanted: &ScopeSet,
    calls: Vec<Call>,
    since: Option<Moment>,
    carried: Option<&Authorization>,
) -> Vec<ScopeChoice> {
    let described = wanted.resource();
    let described = described.iter().filter_map(|name| Scope::parse(name).map(|scope| (name, scope)));
    let calls = calls.into_iter().map(|call| ScopeChoice {
        detail: format!("What this opens there is for that app to say, which calls it {}.", call.name),
        reach: Reach::Call,
        required: question.required.contains(&call.scope),
        high_privilege: false,
        allowed_since: since.filter(|_| question.already.contains(&call.scope)),
        carried: None,
        answered: None,
        value: call.scope,
        label: call.label,
    });
    described
        .map(|(name, scope)| ScopeChoice {
            value: name.to_owned(),
            label: capitalized(scope.sentence()),
            detail: if scope.is_high_privilege() {
                "High privilege: give this to services you trust.".into()
            } else {
                String::new()
            },
            reach: scope.group().into(),
            required: question.required.contains(name),
            high_privilege: scope.is_high_privilege(),
            allowed_since: since.filter(|_| question.already.contains(name)),
            carried: carried.map(|carried| carried.scopes.contains(name)),
            answered: None,
        })
        .chain(calls)
        .collect()
}

/// The organization that is ticked where nothing was chosen before and the request names none: the one that the person last let a service into, or
/// let one work in; the only one if there is no other. Where neither says which, the person does.
async fn first_place(app: &App, deliberation: &Deliberation) -> Result<Option<Uuid>, StoreError> {
    let open = &deliberation.standing.open;
    if let [only] = open.as_slice() {
        return Ok(Some(only.id));
    }
    let mut given = app.store.authorizations_of(deliberation.signed_in.account.id).await?;
    let last = |listed: &ListedAuthorization| {
        let used = listed.last_used.as_ref().map(|(at, _)| *at);
        used.map_or(listed.authorization.changed_at, |used| used.max(listed.authorization.changed_at))
    };
    given.sort_by_key(|listed| Reverse(last(listed)));
    let last = given.iter().find_map(|listed| {
        let is_in =
            |one: &&OpenOrganization| listed.authorization.places.iter().any(|place| place.organization == one.id);
        open.iter().find(is_in)
    });
    Ok(last.map(|organization| organization.id))
}

/// The places there are to choose from, where anything is asked that has a place.
async fn organizations(
    app: &App,
    deliberation: &Deliberation,
    wanted: &ScopeSet,
    now: Timestamp,
) -> Result<Vec<OrganizationChoice>, StoreError> {
    if wanted.resource().is_empty() {
        return Ok(Vec::new());
    }
    let open = open_organizations(deliberation, first_place(app, deliberation).await?);
    let closed = deliberation.standing.closed.iter().map(|organization| closed_organization(organization, now));
    Ok(open.into_iter().chain(closed).collect())
}

/// Where the person may authorize services. `first` is the organization that is ticked if nothing else says which.
fn open_organizations(deliberation: &Deliberation, first: Option<Uuid>) -> Vec<OrganizationChoice> {
    let Deliberation { existing, standing, .. } = deliberation;
    let carried = deliberation.carried.as_ref().map(|carried| &carried.authorization);
    // What was chosen before stays ticked, for this app or for the one it took over from; without that, one organization is.
    let before =
        existing.as_ref().filter(|existing| existing.ended.is_none() && !existing.places.is_empty()).or(carried);
    // So is what is asked for by name for the first time.
    let new = |place: &&Place| before.is_none_or(|before| !within(&before.asked_places, place));
    let new: Places = deliberation.places.iter().flatten().filter(new).copied().collect();
    let names_places = deliberation.places.is_some();
    let ticked = |organization: Uuid, fits: &dyn Fn(&Place) -> bool| {
        let chosen = match before {
            Some(before) => before.places.iter().any(fits),
            None => names_places || first == Some(organization),
        };
        chosen || new.iter().any(fits)
    };
    let open = standing.open.iter().map(|organization| OrganizationChoice {
        id: organization.id.to_string(),
        name: organization.name.clone(),
        ticked: ticked(organization.id, &|place| place.organization == organization.id),
        obstacle: None,
        projects: organization
            .projects
            .iter()
            .map(|project| ProjectChoice {
                id: project.id.to_string(),
                name: project.name.clone(),
                hidden: false,
                ticked: ticked(organization.id, &|place| {
                    place.organization == organization.id && place.project.is_none_or(|of| of == project.id)
                }),
                repositories: project
                    .repositories
                    .iter()
                    .map(|(id, name)| RepositoryChoice {
                        id: id.to_string(),
                        name: name.clone(),
                        ticked: ticked(organization.id, &|place| {
                            place.organization == organization.id
                                && place.project.is_none_or(|of| of == project.id)
                                && place.repository.is_none_or(|of| of == *id)
                        }),
                    })
                    .collect(),
            })
            .collect(),
    });
    open.collect()
}

/// Where the person may not, with the first thing that is missing.
fn closed_organization(organization: &ClosedOrganization, now: Timestamp) -> OrganizationChoice {
    let names: Vec<String> = organization.administrators.iter().map(|(name, _)| name.clone()).collect();
    OrganizationChoice {
        id: organization.name.clone(),
        name: organization.name.clone(),
        ticked: false,
        obstacle: organization.missing.first().map(|missing| Obstacle {
            missing: missing.what(),
            mend: missing.what_to_do(&names),
            asked: organization.request.and_then(|request| asked_before(request, now)),
            ask: organization.request.filter(|request| request.may_ask()).map(|_| organization.id.to_string()),
        }),
        projects: Vec::new(),
    }
}

/// How long there is to choose from. A page that only asks who the person is does not touch how long anything else lasts.
fn keep(
    asked: &Asked,
    wanted: &ScopeSet,
    live: Option<&Authorization>,
    before: Option<&Authorization>,
    cap: Option<u16>,
) -> Vec<KeepChoice> {
    let has_places = !wanted.resource().is_empty();
    if !has_places && live.is_some_and(|live| !live.scopes.resource().is_empty()) {
        return Vec::new();
    }
    keeps(asked.client.offered_lifetimes(), cap.filter(|_| has_places), before.map(|before| before.lifetime))
}

/// The lifetimes within a cap. What is carried over from an older app is not made to last longer than it did, unless the person says so.
fn keeps(offered: [Lifetime; 4], cap: Option<u16>, carried: Option<Lifetime>) -> Vec<KeepChoice> {
    let offered: Vec<Lifetime> = offered.into_iter().filter(|lifetime| lifetime.is_within(cap)).collect();
    let no_longer = |lifetime: &Lifetime| match carried {
        Some(Lifetime::Days(days)) => lifetime.is_within(Some(days)),
        Some(Lifetime::ThisSession) => *lifetime == Lifetime::ThisSession,
        Some(Lifetime::UntilRemoved) | None => true,
    };
    let first = offered.iter().copied().find(no_longer);
    let label = |lifetime: Lifetime| match lifetime {
        Lifetime::UntilRemoved => "Until I remove it".to_owned(),
        Lifetime::Days(365) => "A year".to_owned(),
        Lifetime::Days(days) => format!("{days} days"),
        Lifetime::ThisSession => "This session, until I sign out".to_owned(),
    };
    let choice = |lifetime: Lifetime| KeepChoice {
        value: lifetime.name(),
        label: label(lifetime),
        chosen: Some(lifetime) == first,
    };
    offered.into_iter().map(choice).collect()
}
