//! The steps of an authorization request, from the first look to the answer.

mod answer;
mod next;

use std::sync::{Arc, PoisonError};

use axum::body::Body;
use axum::extract::State;
use http::{Request, Response};
use latchkey_identity::account::AccountState;
use latchkey_identity::authorize::flow::{Kept, abandon};
use latchkey_identity::authorize::prompt::SignedIn;
use latchkey_identity::authorize::request::{AuthorizationRequest, CameBy};
use latchkey_identity::authorize::{AuthorizeError, Flow, FlowId};
use latchkey_identity::client::ClientId;
use latchkey_identity::secret::TokenHash;
use latchkey_identity::throttle::{Wait, network};
use latchkey_identity::{Decision, OAuthError, Timestamp};
use latchkey_store::StoreError;

pub use answer::{Stage, continue_with_error, send, unserved};
pub use next::{Deliberation, Next, next};

use crate::app::App;
use crate::identity::asked::{Asked, Unserved};
use crate::identity::{own_form, problem_page, rehearsal};
use crate::pages::Person;
use crate::reply;
use crate::visitor::{self, Visitor};

/// A request that waits for a person, opened again in the browser it belongs to.
pub struct Opened {
    /// The text of its id.
    pub id: String,
    /// The flow.
    pub flow: Flow,
    /// What was asked, read anew.
    pub asked: Asked,
}

/// Opens the flow that a page names. `Err` is the answer instead.
pub async fn open(app: &App, visitor: &Visitor, id: Option<&str>) -> Result<Opened, Box<Response<Body>>> {
    let gone = || Box::new(problem_page::flow_gone(app, visitor));
    let id = id.filter(|id| id.len() == 43).ok_or_else(gone)?;
    let flow = app.store.flow(FlowId(TokenHash::of(id))).await;
    let flow = flow.map_err(|error| Box::new(problem_page::unavailable(app, visitor, &error)))?;
    let flow = going_on(app, visitor, flow)?;
    match Asked::again(app, &flow, visitor.address, visitor.now).await {
        Ok(asked) => Ok(Opened { id: id.to_owned(), flow, asked }),
        Err(error) => Err(Box::new(unserved(app, visitor, error, Stage::Waiting { id, flow: &flow }).await)),
    }
}

/// A flow that this browser may go on with. `Err` is the answer instead: whoever goes back to what they answered is told so.
fn going_on(app: &App, visitor: &Visitor, flow: Option<Flow>) -> Result<Flow, Box<Response<Body>>> {
    let browser = visitor.browser.hash();
    match flow {
        Some(flow) if flow.is_open_to(browser, visitor.now) => Ok(flow),
        Some(flow) if flow.has_ended_in(browser) => Err(Box::new(problem_page::flow_answered(app, visitor))),
        _ => Err(Box::new(problem_page::flow_gone(app, visitor))),
    }
}

/// The accounts that are signed in in this browser.
pub async fn signed_in(app: &App, visitor: &Visitor) -> Result<Vec<SignedIn>, StoreError> {
    let mut all = Vec::new();
    for session in app.store.remembered_sessions_in_browser(visitor.browser.hash(), visitor.now).await? {
        if let Some(person) = app.store.account(session.account).await?
            && person.account.state == AccountState::Active
        {
            let (account, home) = (person.account.clone(), (*person.home).clone());
            all.push(SignedIn { session, account, home, guest_of: person.guest_of.clone() });
        }
    }
    Ok(all)
}

/// An account as the pages of a flow name it: with the domain of its directory, which apps and people ask for.
pub fn named(one: &SignedIn) -> Person {
    Person { name: one.account.name.clone(), email: one.account.email.clone(), directory: one.home.domain.clone() }
}

/// Whether nobody has answered a request yet, in this flow or in another.
pub async fn is_unanswered(app: &App, request: &AuthorizationRequest, flow: Option<&Flow>) -> Result<bool, StoreError> {
    if let Some(flow) = flow
        && app.store.flow(flow.id).await?.is_none_or(|flow| flow.ended_at.is_some())
    {
        return Ok(false);
    }
    match request.came_by {
        CameBy::Link | CameBy::Rehearsal => Ok(true),
        CameBy::Pushed(request) => {
            Ok(app.store.pushed_request(request).await?.is_some_and(|request| request.used_at.is_none()))
        }
        CameBy::Device(device) => {
            Ok(app.store.device_code(device).await?.is_some_and(|device| device.answered_at.is_none()))
        }
    }
}

/// Serves a request that has just come in.
pub async fn begin(app: &App, visitor: &Visitor, asked: Asked) -> Response<Body> {
    let page = match next(app, visitor, &asked, None).await {
        Err(error) => return problem_page::unavailable(app, visitor, &error),
        Ok(Next::Answer(response)) => return send(app, visitor, &asked.client, &response),
        Ok(Next::Refuse(error)) => {
            let error = AuthorizeError::TellClient(Box::new(asked.request.redirect.clone()), error);
            let error = Unserved::Request(error, Some(Arc::clone(&asked.client)));
            let stage = Stage::Arriving { segment: &asked.segment, parameters: &asked.parameters };
            return unserved(app, visitor, error, stage).await;
        }
        Ok(Next::SignIn { .. }) => "signin",
        Ok(Next::Select) => "select",
        Ok(Next::WrongTenant(_) | Next::Consent(_) | Next::Prerequisite(_)) => "consent",
    };
    match keep(app, visitor, asked.client.id, &asked.segment, &asked.parameters).await {
        Ok(id) => reply::see_other(visitor, &format!("/{page}?flow={id}")),
        Err(response) => *response,
    }
}

/// Keeps a request that has just come in for the pages that it needs: the id that they name it by. `Err` is the answer instead.
async fn keep(
    app: &App,
    visitor: &Visitor,
    client: ClientId,
    segment: &str,
    parameters: &str,
) -> Result<String, Box<Response<Body>>> {
    if let Some(refused) = too_many(app, visitor) {
        return Err(Box::new(refused));
    }
    let origin = &visitor.origin.url;
    let kept = Kept { client, segment, parameters, origin, device: None, rehearsed_by: None };
    start(app, visitor, &kept).await.map_err(|error| Box::new(problem_page::unavailable(app, visitor, &error)))
}

/// The answer instead, when this network has had more requests kept than people could answer.
pub fn too_many(app: &App, visitor: &Visitor) -> Option<Response<Body>> {
    let mut throttle = app.request_throttle.lock().unwrap_or_else(PoisonError::into_inner);
    match throttle.begin_request(&network(visitor.address), visitor.now) {
        Ok(()) => None,
        Err(Wait(wait)) => Some(problem_page::too_many_requests(app, visitor, wait)),
    }
}

/// Keeps a request for the pages that it needs: the id that they name it by.
pub async fn start(app: &App, visitor: &Visitor, kept: &Kept<'_>) -> Result<String, StoreError> {
    let id = visitor::token();
    let (flow, browser) = (FlowId(TokenHash::of(&id)), visitor.browser.hash());
    let Ok(()) = app.store.decide(async || Ok(Flow::begin(flow, browser, kept, visitor.now))).await?;
    Ok(id)
}

/// Ends a flow that nobody answers. A device that waits for it is told no.
pub async fn end(app: &App, flow: &Flow, now: Timestamp) -> Result<(), StoreError> {
    let Ok(()) = app
        .store
        .decide(|| async {
            let Some(flow) = app.store.flow(flow.id).await? else { return Ok(Decision::grant(())) };
            let device = match flow.device {
                Some(device) => app.store.device_code(device).await?,
                None => None,
            };
            Ok(abandon(&flow, device.as_ref(), now))
        })
        .await?;
    Ok(())
}

/// `POST /signin/cancel` and `POST /consent/return`: the person turns back, and the client is told.
pub async fn cancel(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    let (opened, _) = match own_form::of_flow(&app, &visitor, request).await {
        Ok(submitted) => submitted,
        Err(response) => return *response,
    };
    refuse(&app, &visitor, &opened, &OAuthError::access_denied("the person turned back")).await
}

/// Ends a flow with an error for its client.
pub async fn refuse(app: &App, visitor: &Visitor, opened: &Opened, error: &OAuthError) -> Response<Body> {
    let Opened { flow, asked, .. } = opened;
    let response = asked.request.redirect.clone().error(error);
    if flow.rehearsed_by.is_some() {
        return rehearsal::refused(app, visitor, opened, &response).await;
    }
    match end(app, flow, visitor.now).await {
        Err(error) => problem_page::unavailable(app, visitor, &error),
        Ok(()) => send(app, visitor, &asked.client, &response),
    }
}
