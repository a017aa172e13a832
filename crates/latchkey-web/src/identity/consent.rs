//! The approval page: what is asked, and the person's answer.

mod page;

use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Query, State};
use http::{Request, Response, StatusCode};
use latchkey_identity::authorization::Lifetime;
use latchkey_identity::authorize::response::Approved;
use latchkey_identity::consent::{Approval, Choice, ChoiceError, approve, deny};
use latchkey_identity::grant::authorization_code::CodeContext;
use latchkey_identity::tenant::Audience;
use latchkey_identity::token::client_info;
use latchkey_identity::{Decision, OAuthError};
use latchkey_jose::base64url;
use latchkey_store::{Changes, StoreError};
use serde::Deserialize;

use crate::app::{App, entropy};
use crate::extract::Pairs;
use crate::identity::flow::{self, Deliberation, Next, Opened};
use crate::identity::own_form::{self, Answered};
use crate::identity::{apis, front_channel, prerequisite, problem_page, rehearsal};
use crate::mail;
use crate::pages::wrong_tenant::WrongTenant;
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

/// An answer that was not accepted.
#[derive(Clone, Copy)]
pub struct Unaccepted<'a> {
    /// Why not.
    why: ChoiceError,
    /// What it said.
    form: &'a Pairs,
}

/// Shows what comes next in a flow, or sends its answer.
pub async fn advance(app: &App, visitor: &Visitor, opened: &Opened, answer: Option<Unaccepted<'_>>) -> Response<Body> {
    let Opened { id, flow, asked } = opened;
    match flow::next(app, visitor, asked, Some(flow)).await {
        Err(error) => problem_page::unavailable(app, visitor, &error),
        Ok(Next::SignIn { .. }) => reply::see_other(visitor, &format!("/signin?flow={id}")),
        Ok(Next::Select) => reply::see_other(visitor, &format!("/select?flow={id}")),
        Ok(Next::Answer(response)) => flow::send(app, visitor, &asked.client, &response),
        // The person has been through our pages: the client is told, and the flow is over.
        Ok(Next::Refuse(error)) => flow::refuse(app, visitor, opened, &error).await,
        Ok(Next::WrongTenant(picked)) => {
            let page = WrongTenant {
                frame: problem_page::frame(app, visitor),
                flow: id.clone(),
                asking: asked.asking(),
                account: flow::named(&picked),
                wanted: wanted(&asked.audience),
            };
            reply::page(StatusCode::FORBIDDEN, visitor, &page, &asked.targets())
        }
        Ok(Next::Prerequisite(deliberation)) => {
            let page = prerequisite::page(app, visitor, opened, &deliberation, None);
            reply::page(StatusCode::FORBIDDEN, visitor, &page, &asked.targets())
        }
        Ok(Next::Consent(deliberation)) => {
            let problem = answer.map(|answer| answer.why);
            match (page::page(app, visitor, opened, &deliberation, problem).await, answer) {
                (Ok(page), None) => reply::page(StatusCode::OK, visitor, &page, &asked.targets()),
                (Ok(page), Some(Unaccepted { form, why })) => {
                    let page = page.answered(form, why == ChoiceError::Changed);
                    reply::page(StatusCode::UNPROCESSABLE_ENTITY, visitor, &page, &asked.targets())
                }
                (Err(error), _) => problem_page::unavailable(app, visitor, &error),
            }
        }
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
        Some("find") => find(&app, &visitor, &opened, &deliberation, &pairs).await,
        Some("deny") => denied(&app, &visitor, &opened, *deliberation).await,
        _ => advance(&app, &visitor, &opened, None).await,
    }
}

/// The page as it was filled in, with what was looked for among its places. Nothing is decided.
async fn find(
    app: &App,
    visitor: &Visitor,
    opened: &Opened,
    deliberation: &Deliberation,
    form: &Pairs,
) -> Response<Body> {
    match page::page(app, visitor, opened, deliberation, None).await {
        Ok(page) => {
            let page = page.answered(form, false).found(form.first("find").unwrap_or_default());
            reply::page(StatusCode::OK, visitor, &page, &opened.asked.targets())
        }
        Err(error) => problem_page::unavailable(app, visitor, &error),
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
    let context = deliberation.context(app, visitor, opened);
    let withheld = Mutex::new(Vec::new());
    let decided: Result<Result<Approved, ChoiceError>, StoreError> = app
        .store
        .decide(|| async {
            if !flow::is_unanswered(app, &asked.request, Some(&opened.flow)).await? {
                return Ok((Err(ChoiceError::Changed), Changes::none()));
            }
            // The app and the person's authorization as they are now, not as they were when the page was made.
            let Some(client) = app.store.client(asked.client.id).await? else {
                return Ok((Err(ChoiceError::Changed), Changes::none()));
            };
            let (tenant, account) = (deliberation.tenant, &deliberation.signed_in.account);
            let sessions = app.store.sessions_in_browser(visitor.browser.hash(), visitor.now).await?;
            if !sessions.iter().any(|session| session.id == deliberation.signed_in.session.id) {
                return Ok((Err(ChoiceError::Changed), Changes::none()));
            }
            let existing = app.store.authorization_for(tenant, account.id, client.id).await?;
            let called = apis::named(app, &asked.request.scopes.canonical()).await?;
            let host = asked.request.redirect.destination();
            let context = CodeContext { client: &client, ..context };
            let approval = Approval { context, existing: existing.as_ref(), called: called.as_deref() };
            let decided = approve(approval, &choice, &offer, visitor.now, &mut entropy()).seen_from(&address);
            if opened.flow.rehearsed_by.is_some() {
                // It was decided as ever. What follows from it is shown, and not committed.
                *withheld.lock().unwrap_or_else(PoisonError::into_inner) = decided.changes;
                return Ok((decided.answer, Changes::none()));
            }
            Ok(mail::approvals::told(app, decided, &client, &host, account, visitor.now))
        })
        .await;
    match decided {
        Err(error) => problem_page::unavailable(app, visitor, &error),
        // What was answered meanwhile, here or elsewhere, cannot be read again: then that page says so.
        Ok(Err(problem)) => match flow::open(app, visitor, Some(&opened.id)).await {
            Ok(opened) => advance(app, visitor, &opened, Some(Unaccepted { why: problem, form })).await,
            Err(response) => *response,
        },
        Ok(Ok(approved)) if opened.flow.rehearsed_by.is_some() => {
            let changes = withheld.into_inner().unwrap_or_else(PoisonError::into_inner);
            rehearsal::approved(app, visitor, opened, &deliberation, &approved, &changes).await
        }
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
    let error = OAuthError::access_denied("the person denied the request");
    if opened.flow.rehearsed_by.is_some() {
        return flow::refuse(app, visitor, opened, &error).await;
    }
    let (asked, address) = (&opened.asked, visitor.address.to_string());
    let context = deliberation.context(app, visitor, opened);
    let decided: Result<Result<(), OAuthError>, StoreError> = app
        .store
        .decide(|| async {
            if !flow::is_unanswered(app, &asked.request, Some(&opened.flow)).await? {
                return Ok(Decision::refuse(OAuthError::access_denied("the request was answered already")));
            }
            Ok(deny(context, visitor.now).seen_from(&address))
        })
        .await;
    match decided {
        Err(error) => problem_page::unavailable(app, visitor, &error),
        // It was answered meanwhile, and one answer is all that its app gets.
        Ok(Err(_)) => match flow::open(app, visitor, Some(&opened.id)).await {
            Ok(opened) => advance(app, visitor, &opened, None).await,
            Err(response) => *response,
        },
        Ok(Ok(())) => {
            let redirect = asked.request.clone().issued_by(&visitor.origin.url, deliberation.tenant).redirect;
            flow::send(app, visitor, &asked.client, &redirect.error(&error))
        }
    }
}

fn wanted(audience: &Audience) -> String {
    match audience {
        Audience::Anyone => "any directory".into(),
        Audience::WorkAccounts => "any work directory".into(),
        Audience::Tenant(tenant) => tenant.domain.clone(),
    }
}
