//! The approval page: what is asked, and the person's answer.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::extract::{Query, State};
use http::{Request, Response, StatusCode};
use latchkey_devops::scope::{Scope, ScopeGroup};
use latchkey_identity::authorization::{Authorization, Lifetime, Place, Places};
use latchkey_identity::authorize::response::Approved;
use latchkey_identity::claims::{Claim, single};
use latchkey_identity::client::redirect_uri::is_native_destination;
use latchkey_identity::consent::{Approval, Choice, ChoiceError, approve, deny, is_unchanged};
use latchkey_identity::legacy::LegacyApp;
use latchkey_identity::scope::{ADDRESS, EMAIL, OFFLINE_ACCESS, PHONE, PROFILE, ScopeSet};
use latchkey_identity::token::client_info;
use latchkey_identity::token::narrowing::within;
use latchkey_identity::{Decision, OAuthError, Timestamp};
use latchkey_jose::base64url;
use latchkey_store::{Changes, StoreError};
use serde::Deserialize;

use crate::app::{App, entropy};
use crate::extract::Pairs;
use crate::identity::apis::{self, Call};
use crate::identity::flow::{self, Deliberation, Next, Opened};
use crate::identity::offer::{AskedApproval, ClosedOrganization, OpenOrganization};
use crate::identity::own_form::{self, Answered};
use crate::identity::{device, front_channel, problem_page};
use crate::mail;
use crate::pages::consent::{
    Consent, DescribedApp, Destination, KeepChoice, Obstacle, OlderApp, OrganizationChoice, ProjectChoice, Reach,
    RepositoryChoice, ScopeChoice, TookOver,
};
use crate::pages::prerequisite::{AskedBefore, Contact, Missing, Prerequisite, Shortfall};
use crate::pages::wrong_tenant::WrongTenant;
use crate::pages::{Moment, Person};
use crate::reply;
use crate::visitor::Visitor;

/// The query of every page of a flow.
#[derive(Deserialize)]
pub struct FlowQuery {
    /// The id of the flow.
    pub flow: Option<String>,
}

/// `GET /consent`: goes on with a flow, whatever comes next in it.
pub async fn get(State(app): State<App>, visitor: Visitor, Query(query): Query<FlowQuery>) -> Response<Body> {
    match flow::open(&app, &visitor, query.flow.as_deref()).await {
        Ok(opened) => advance(&app, &visitor, &opened, None).await,
        Err(response) => *response,
    }
}

/// Shows what comes next in a flow, or sends its answer.
pub async fn advance(app: &App, visitor: &Visitor, opened: &Opened, problem: Option<ChoiceError>) -> Response<Body> {
    let Opened { id, flow, asked } = opened;
    match flow::next(app, visitor, asked, Some(flow)).await {
        Err(error) => problem_page::unavailable(app, visitor, &error),
        Ok(Next::SignIn { .. }) => reply::see_other(visitor, &format!("/signin?flow={id}")),
        Ok(Next::Select) => reply::see_other(visitor, &format!("/select?flow={id}")),
        Ok(Next::Answer(response)) => flow::send(app, visitor, &asked.client, &response),
        Ok(Next::Refuse(error)) => {
            // The person has been through our pages: the client is told, and the flow is over.
            match flow::end(app, flow, visitor.now).await {
                Ok(()) => flow::send(app, visitor, &asked.client, &asked.request.redirect.clone().error(&error)),
                Err(error) => problem_page::unavailable(app, visitor, &error),
            }
        }
        Ok(Next::WrongTenant(picked)) => {
            let page = WrongTenant {
                frame: problem_page::frame(app, visitor),
                flow: id.clone(),
                asking: asked.asking(),
                account: Person {
                    name: picked.account.name,
                    email: picked.account.email,
                    directory: picked.home.domain,
                },
                wanted: wanted(&asked.audience),
            };
            reply::page(StatusCode::FORBIDDEN, visitor, &page, &asked.targets())
        }
        Ok(Next::Prerequisite(deliberation)) => {
            let page = prerequisite(app, visitor, opened, &deliberation, None);
            reply::page(StatusCode::FORBIDDEN, visitor, &page, &asked.targets())
        }
        Ok(Next::Consent(deliberation)) => match consent(app, visitor, opened, &deliberation, problem).await {
            Ok(page) => {
                let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
                reply::page(status, visitor, &page, &asked.targets())
            }
            Err(error) => problem_page::unavailable(app, visitor, &error),
        },
    }
}

/// `POST /consent`: the person's answer.
pub async fn post(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    let Answered { opened, pairs, own } = match own_form::answered(&app, &visitor, request).await {
        Ok(answered) => answered,
        Err(response) => return *response,
    };
    let deliberation = match flow::next(&app, &visitor, &opened.asked, Some(&opened.flow)).await {
        Ok(Next::Consent(deliberation)) => deliberation,
        Ok(Next::Answer(response)) => return flow::send(&app, &visitor, &opened.asked.client, &response),
        // Something became true meanwhile that comes before approval: that page says what.
        Ok(_) => return advance(&app, &visitor, &opened, None).await,
        Err(error) => return problem_page::unavailable(&app, &visitor, &error),
    };
    if !own.is_for(deliberation.signed_in.account.id) {
        return problem_page::other_account(&app, &visitor);
    }
    match pairs.first("decision") {
        Some("approve") => approved(&app, &visitor, &opened, *deliberation, &pairs).await,
        Some("deny") => denied(&app, &visitor, &opened, *deliberation).await,
        _ => advance(&app, &visitor, &opened, None).await,
    }
}

async fn approved(
    app: &App,
    visitor: &Visitor,
    opened: &Opened,
    deliberation: Deliberation,
    form: &Pairs,
) -> Response<Body> {
    let choice = Choice {
        scopes: form.all("scope").collect(),
        places: deliberation.standing.chosen(form),
        lifetime: form.first("keep").and_then(Lifetime::parse).unwrap_or(Lifetime::ThisSession),
        shown: form.first("shown").and_then(|shown| base64url::decode(shown).ok()?.try_into().ok()).unwrap_or_default(),
    };
    let offer = deliberation.standing.offer();
    let (asked, address) = (&opened.asked, visitor.address.to_string());
    let decided: Result<Result<Approved, ChoiceError>, StoreError> = app
        .store
        .decide(|| async {
            if !flow::is_unanswered(app, &asked.request, Some(&opened.flow)).await? {
                return Ok((Err(ChoiceError::Changed), Changes::none()));
            }
            // The app and the person's authorization as they are now, not as they were when the page was made.
            let client = app.store.client(asked.client.id).await?.unwrap_or_else(|| asked.client.clone());
            let (tenant, account) = (deliberation.tenant, &deliberation.signed_in.account);
            let sessions = app.store.sessions_in_browser(visitor.browser.hash(), visitor.now).await?;
            if !sessions.iter().any(|session| session.id == deliberation.signed_in.session.id) {
                return Ok((Err(ChoiceError::Changed), Changes::none()));
            }
            let existing = app.store.authorization_for(tenant, account.id, client.id).await?;
            let host = asked.request.redirect.destination();
            let approval = Approval {
                request: &asked.request,
                client: &client,
                account,
                session: &deliberation.signed_in.session,
                tenant,
                origin: &visitor.origin.url,
                flow: Some(&opened.flow),
                existing: existing.as_ref(),
                places: deliberation.places.as_ref(),
                key: &app.keys.refresh_token,
            };
            let decided = approve(approval, &choice, &offer, visitor.now, &mut entropy()).seen_from(&address);
            Ok(mail::approvals::told(app, decided, &client, &host, account, visitor.now))
        })
        .await;
    match decided {
        Err(error) => problem_page::unavailable(app, visitor, &error),
        // What was answered meanwhile, here or elsewhere, cannot be read again: then that page says so.
        Ok(Err(problem)) => match flow::open(app, visitor, Some(&opened.id)).await {
            Ok(opened) => advance(app, visitor, &opened, Some(problem)).await,
            Err(response) => *response,
        },
        Ok(Ok(approved)) => {
            let redirect = asked.request.clone().issued_by(&visitor.origin.url, deliberation.tenant).redirect;
            let info = asked.request.client_info.then(|| client_info(&deliberation.signed_in.account));
            match front_channel::answer(app, redirect, &approved, info) {
                Ok(response) => flow::send(app, visitor, &asked.client, &response),
                Err(error) => problem_page::unavailable(app, visitor, &error),
            }
        }
    }
}

async fn denied(app: &App, visitor: &Visitor, opened: &Opened, deliberation: Deliberation) -> Response<Body> {
    let (asked, address) = (&opened.asked, visitor.address.to_string());
    let approval = Approval {
        request: &asked.request,
        client: &asked.client,
        account: &deliberation.signed_in.account,
        session: &deliberation.signed_in.session,
        tenant: deliberation.tenant,
        origin: &visitor.origin.url,
        flow: Some(&opened.flow),
        existing: None,
        places: None,
        key: &app.keys.refresh_token,
    };
    let decided: Result<Result<(), OAuthError>, StoreError> = app
        .store
        .decide(|| async {
            let open = flow::is_unanswered(app, &asked.request, Some(&opened.flow)).await?;
            Ok(if open { deny(approval, visitor.now).seen_from(&address) } else { Decision::grant(()) })
        })
        .await;
    match decided {
        Err(error) => problem_page::unavailable(app, visitor, &error),
        Ok(_) => {
            let redirect = asked.request.clone().issued_by(&visitor.origin.url, deliberation.tenant).redirect;
            flow::send(
                app,
                visitor,
                &asked.client,
                &redirect.error(&OAuthError::access_denied("the person denied the request")),
            )
        }
    }
}

async fn consent(
    app: &App,
    visitor: &Visitor,
    opened: &Opened,
    deliberation: &Deliberation,
    problem: Option<ChoiceError>,
) -> Result<Consent, StoreError> {
    let Deliberation { signed_in, existing, question, standing, .. } = deliberation;
    let carried = deliberation.carried.as_ref().map(|carried| &carried.authorization);
    let asked = &opened.asked;
    let since = existing.as_ref().filter(|existing| existing.is_live(visitor.now));
    let since = since.map(|existing| Moment::from_micros(existing.created_at.as_micros()));
    let paused = existing.as_ref().and_then(|existing| existing.paused_at).filter(|_| since.is_some());
    let wanted = question.open.union(&question.already);
    let calls = apis::calls(app, &wanted).await?;
    let registered_in = app.store.tenant(asked.client.tenant).await?;
    let uri = asked.request.redirect.uri();
    let host = asked.request.redirect.destination();
    // A page that only asks who the person is does not touch how long anything else lasts.
    let given = existing.as_ref().filter(|existing| existing.is_live(visitor.now));
    let keeps_its_time = wanted.resource().is_empty() && given.is_some_and(|given| !given.scopes.resource().is_empty());
    let cap = standing.open.iter().filter_map(|organization| organization.cap_days).min();
    Ok(Consent {
        frame: problem_page::frame_for(app, visitor, signed_in.account.id),
        flow: opened.id.clone(),
        shown: base64url::encode(question.shown),
        app: asked.face(),
        older_app: asked.legacy.as_ref().map(|app| older_app(app, &standing.open, visitor)),
        registered_in: registered_in.map(|tenant| tenant.domain.clone()).unwrap_or_default(),
        described: asked.client.document.as_ref().map(|url| DescribedApp {
            host: url.host().to_owned(),
            address: url.to_string(),
            leads_elsewhere: asked.device.is_none() && !is_native_destination(uri) && host != url.host(),
            says_something_else: given.is_some_and(|given| !is_unchanged(given, &asked.request, &asked.client)),
        }),
        destination: if let Some(device) = &asked.device {
            Destination::Device(device::face(device, visitor))
        } else if is_native_destination(uri) && !asked.client.kind.is_confidential() {
            Destination::ThisDevice(host)
        } else {
            Destination::Host(host)
        },
        account: Person {
            name: signed_in.account.name.clone(),
            email: signed_in.account.email.clone(),
            directory: signed_in.home.domain.clone(),
        },
        changed: problem == Some(ChoiceError::Changed),
        problem: problem.filter(|problem| *problem != ChoiceError::Changed).map(|problem| problem.to_string()),
        since,
        paused: paused.map(|at| Moment::from_micros(at.as_micros())),
        took_over: deliberation.carried.as_ref().map(|carried| TookOver {
            name: carried.name.clone(),
            since: Moment::from_micros(carried.authorization.created_at.as_micros()),
        }),
        identity: learns(&wanted),
        offline: wanted.contains(OFFLINE_ACCESS),
        scopes: scopes(question, &wanted, calls, since, carried),
        names_places: deliberation.places.is_some(),
        organizations: if wanted.resource().is_empty() { Vec::new() } else { organizations(deliberation, visitor.now) },
        keep: if keeps_its_time {
            Vec::new()
        } else {
            let cap = if wanted.resource().is_empty() { None } else { cap };
            keeps(asked.client.offered_lifetimes(), cap, carried.map(|carried| carried.lifetime))
        },
        capped_to: cap.map(|days| if days == 1 { "1 day".to_owned() } else { format!("{days} days") }),
    })
}

/// What the page says of an app of the older OAuth kind: what its owner told of it, and when it ends in the organizations it may be for.
fn older_app(app: &LegacyApp, open: &[OpenOrganization], visitor: &Visitor) -> OlderApp {
    let end = open.iter().filter_map(|organization| organization.legacy_end).filter(|end| *end > visitor.now).min();
    OlderApp {
        description: app.description.clone(),
        website: app.website.clone(),
        company: app.company.clone(),
        end: end.map(|end| Moment::from_micros(end.as_micros())),
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
    question: &latchkey_identity::consent::Question,
    wanted: &ScopeSet,
    calls: Vec<Call>,
    since: Option<Moment>,
    carried: Option<&Authorization>,
) -> Vec<ScopeChoice> {
    let described = wanted.resource();
    let described = described.iter().filter_map(|name| Scope::parse(name).map(|scope| (name, scope)));
    let calls = calls.into_iter().map(|call| ScopeChoice {
        detail: format!("What may be asked of it there is its own to say. Its name for this: {}.", call.name),
        reach: Reach::Call,
        required: question.required.contains(&call.scope),
        high_privilege: false,
        allowed_since: since.filter(|_| question.already.contains(&call.scope)),
        carried: None,
        value: call.scope,
        label: call.label,
    });
    described
        .map(|(name, scope)| ScopeChoice {
            value: name.to_owned(),
            label: sentence(scope),
            detail: if scope.is_high_privilege() {
                "High privilege: give this to services you trust.".into()
            } else {
                String::new()
            },
            reach: match scope.group() {
                ScopeGroup::Read => Reach::Read,
                ScopeGroup::Write => Reach::Write,
                ScopeGroup::Administer => Reach::Administer,
            },
            required: question.required.contains(name),
            high_privilege: scope.is_high_privilege(),
            allowed_since: since.filter(|_| question.already.contains(name)),
            carried: carried.map(|carried| carried.scopes.contains(name)),
        })
        .chain(calls)
        .collect()
}

/// What a scope allows, beginning like a sentence: `Can read the work items ... `.
pub fn sentence(scope: Scope) -> String {
    let mut characters = scope.sentence().chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

fn organizations(deliberation: &Deliberation, now: Timestamp) -> Vec<OrganizationChoice> {
    let Deliberation { existing, standing, .. } = deliberation;
    let carried = deliberation.carried.as_ref().map(|carried| &carried.authorization);
    // What was chosen before stays ticked, for this app or for the one it took over from; without that, everything is.
    let before =
        existing.as_ref().filter(|existing| existing.ended.is_none() && !existing.places.is_empty()).or(carried);
    // So is what is asked for by name for the first time.
    let new = |place: &&Place| before.is_none_or(|before| !within(&before.asked_places, place));
    let new: Places = deliberation.places.iter().flatten().filter(new).copied().collect();
    let ticked = |fits: &dyn Fn(&Place) -> bool| {
        before.is_none_or(|before| before.places.iter().any(fits)) || new.iter().any(fits)
    };
    let open = standing.open.iter().map(|organization| OrganizationChoice {
        id: organization.id.to_string(),
        name: organization.name.clone(),
        ticked: ticked(&|place| place.organization == organization.id),
        obstacle: None,
        projects: organization
            .projects
            .iter()
            .map(|project| ProjectChoice {
                id: project.id.to_string(),
                name: project.name.clone(),
                ticked: ticked(&|place| {
                    place.organization == organization.id && place.project.is_none_or(|id| id == project.id)
                }),
                repositories: project
                    .repositories
                    .iter()
                    .map(|(id, name)| RepositoryChoice {
                        id: id.to_string(),
                        name: name.clone(),
                        ticked: ticked(&|place| {
                            place.organization == organization.id
                                && place.project.is_none_or(|of| of == project.id)
                                && place.repository.is_none_or(|of| of == *id)
                        }),
                    })
                    .collect(),
            })
            .collect(),
    });
    let closed = standing.closed.iter().map(|organization| {
        let names: Vec<String> = organization.administrators.iter().map(|(name, _)| name.clone()).collect();
        let first = organization.missing.first();
        OrganizationChoice {
            id: organization.name.clone(),
            name: organization.name.clone(),
            ticked: false,
            obstacle: first.map(|missing| Obstacle {
                missing: missing.what(),
                mend: missing.what_to_do(&names),
                asked: organization.request.and_then(|request| asked_before(request, now)),
                ask: organization.request.filter(|request| request.may_ask()).map(|_| organization.id.to_string()),
            }),
            projects: Vec::new(),
        }
    });
    open.chain(closed).collect()
}

/// How long there is to choose from. What is carried over from an older app is not made to last longer than it did, unless the person says so.
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

/// What became of a request for an approval, if there was one.
fn asked_before(request: AskedApproval, now: Timestamp) -> Option<AskedBefore> {
    let ago = |at: Timestamp| Moment::from_micros(at.as_micros()).before(Moment::from_micros(now.as_micros()));
    match request {
        AskedApproval::NotYet => None,
        AskedApproval::Waiting(since) => Some(AskedBefore::Waiting(ago(since))),
        AskedApproval::Denied(at) => Some(AskedBefore::Denied(ago(at))),
        AskedApproval::Expired => Some(AskedBefore::Expired),
        AskedApproval::AppChanged => Some(AskedBefore::AppChanged),
    }
}

/// The page for a person who may not approve the request anywhere. `problem` is why what they asked for was not kept.
pub fn prerequisite(
    app: &App,
    visitor: &Visitor,
    opened: &Opened,
    deliberation: &Deliberation,
    problem: Option<String>,
) -> Prerequisite {
    let Deliberation { signed_in, standing, .. } = deliberation;
    let shortfall = |organization: &ClosedOrganization| {
        let missing = organization.missing.iter().map(|missing| {
            let code = missing.prerequisite.code();
            // Their names are not in the sentence: they are listed below, once for everything that is missing.
            (code, Missing { code: code.to_owned(), what: missing.what(), mend: missing.what_to_do(&[]) })
        });
        let contact = |(name, email): &(String, String)| Contact { name: name.clone(), email: email.clone() };
        Shortfall {
            organization: organization.name.clone(),
            missing: missing.collect::<BTreeMap<_, _>>().into_values().collect(),
            ask: organization.administrators.iter().map(contact).collect(),
            id: organization.id.to_string(),
            asked: organization.request.and_then(|request| asked_before(request, visitor.now)),
            may_ask: organization.request.is_some_and(AskedApproval::may_ask),
        }
    };
    let mut organizations: Vec<Shortfall> = standing.closed.iter().map(shortfall).collect();
    organizations.sort_by(|one, other| one.organization.cmp(&other.organization));
    Prerequisite {
        frame: problem_page::frame_for(app, visitor, signed_in.account.id),
        flow: opened.id.clone(),
        app: opened.asked.face(),
        host: opened.asked.request.redirect.destination(),
        problem,
        account: Person {
            name: signed_in.account.name.clone(),
            email: signed_in.account.email.clone(),
            directory: signed_in.home.domain.clone(),
        },
        organizations,
    }
}

fn wanted(audience: &latchkey_identity::tenant::Audience) -> String {
    use latchkey_identity::tenant::Audience;
    match audience {
        Audience::Anyone => "any directory".into(),
        Audience::WorkAccounts => "any work directory".into(),
        Audience::Tenant(tenant) => tenant.domain.clone(),
    }
}
