//! How an authorization request is answered: to the client, or on a page of ours.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use http::{Request, Response, StatusCode};
use latchkey_identity::authorize::response::may_redirect_silently;
use latchkey_identity::authorize::{AuthorizationResponse, AuthorizeError, Flow, FlowId, ResponseMode, Untrusted};
use latchkey_identity::client::Client;
use latchkey_identity::secret::TokenHash;
use latchkey_store::StoreError;

use super::{Next, end, going_on, keep, next, signed_in};
use crate::app::App;
use crate::identity::asked::{Asked, Unserved};
use crate::identity::{for_owner, own_form, problem_page, rehearsal, signed_answer};
use crate::pages::AppFace;
use crate::pages::form_post::FormPost;
use crate::pages::interstitial::Interstitial;
use crate::reply::{self, FormTargets};
use crate::visitor::Visitor;

/// Sends an answer on its way, as the client asked for it.
pub fn send(app: &App, visitor: &Visitor, client: &Client, response: &AuthorizationResponse) -> Response<Body> {
    let Some(response) = signed_answer::authorization(app, client, response, visitor.now) else {
        return problem_page::unavailable(app, visitor, &StoreError::Unavailable("signing key".into()));
    };
    if response.mode != ResponseMode::FormPost {
        return reply::see_other(visitor, &response.location());
    }
    let page = FormPost {
        frame: problem_page::frame(app, visitor),
        action: response.uri.clone(),
        app: client.name.clone(),
        fields: response.parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
    };
    reply::page(StatusCode::OK, visitor, &page, &FormTargets::and_client(&response.uri))
}

/// How far a request has come that is not served.
#[derive(Clone, Copy)]
pub enum Stage<'a> {
    /// It has just come in.
    Arriving {
        /// The tenant segment of the URL it came to.
        segment: &'a str,
        /// Its parameters as they came.
        parameters: &'a str,
    },
    /// It waits for a person.
    Waiting {
        /// The text of the id of its flow.
        id: &'a str,
        /// Its flow.
        flow: &'a Flow,
    },
}

/// Answers a request that is not served: on our own page, or to the client, after a click where nobody vouches for the client.
pub async fn unserved(app: &App, visitor: &Visitor, error: Unserved, stage: Stage<'_>) -> Response<Body> {
    let (redirect, error, client) = match error {
        Unserved::Store(error) => return problem_page::unavailable(app, visitor, &error),
        Unserved::Request(AuthorizeError::ShowPage(why), client) => {
            let owner = match client {
                Some(client) => for_owner::of_untrusted(app, visitor, &client, why, stage).await,
                None => None,
            };
            return problem_page::untrusted(app, visitor, why, owner);
        }
        Unserved::Request(AuthorizeError::TellClient(redirect, error), Some(client)) => (redirect, error, client),
        Unserved::Request(AuthorizeError::TellClient(..), None) => {
            return problem_page::untrusted(app, visitor, Untrusted::UnknownClient, None);
        }
    };
    if let Stage::Waiting { flow, .. } = stage
        && flow.rehearsed_by.is_some()
    {
        return rehearsal::broken_off(app, visitor, flow).await;
    }
    let approved = match approved_before(app, visitor, &client).await {
        Ok(approved) => approved,
        Err(error) => return problem_page::unavailable(app, visitor, &error),
    };
    if may_redirect_silently(&client, &redirect, approved) {
        return send(app, visitor, &client, &redirect.error(&error));
    }
    let owner = for_owner::of_error(app, visitor, &client, &error, stage).await;
    let id = match stage {
        Stage::Waiting { id, .. } => id.to_owned(),
        Stage::Arriving { segment, parameters } => match keep(app, visitor, client.id, segment, parameters).await {
            Ok(id) => id,
            Err(response) => return *response,
        },
    };
    let page = Interstitial {
        frame: problem_page::frame(app, visitor),
        flow: id,
        app: AppFace::of(&client.name, &client.publisher),
        host: redirect.destination(),
        reason: error.description.trim_end_matches('.').to_owned(),
        code: error.code.to_owned(),
        owner,
    };
    reply::page(StatusCode::BAD_REQUEST, visitor, &page, &FormTargets::and_client(redirect.uri()))
}

async fn approved_before(app: &App, visitor: &Visitor, client: &Client) -> Result<bool, StoreError> {
    for one in signed_in(app, visitor).await? {
        for tenant in std::iter::once(one.home.id).chain(one.guest_of.iter().copied()) {
            let existing = app.store.authorization_for(tenant, one.account.id, client.id).await?;
            if existing.is_some_and(|existing| existing.is_live(visitor.now)) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// `POST /error/continue`: the person read where an error would be sent, and sends it.
pub async fn continue_with_error(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    let pairs = match own_form::read(&app, &visitor, request).await {
        Ok(pairs) => pairs,
        Err(response) => return *response,
    };
    let id = pairs.first("flow").unwrap_or_default();
    let flow = match app.store.flow(FlowId(TokenHash::of(id))).await {
        Ok(flow) => going_on(&app, &visitor, flow),
        Err(error) => return problem_page::unavailable(&app, &visitor, &error),
    };
    let flow = match flow {
        Ok(flow) => flow,
        Err(response) => return *response,
    };
    if flow.rehearsed_by.is_some() {
        return rehearsal::broken_off(&app, &visitor, &flow).await;
    }
    let (redirect, error, client) = match Asked::again(&app, &flow, visitor.address, visitor.now).await {
        Err(Unserved::Request(AuthorizeError::TellClient(redirect, error), Some(client))) => (*redirect, error, client),
        Err(error) => return unserved(&app, &visitor, error, Stage::Waiting { id, flow: &flow }).await,
        Ok(asked) => match next(&app, &visitor, &asked, Some(&flow)).await {
            Ok(Next::Refuse(error)) => (asked.request.redirect.clone(), error, Arc::clone(&asked.client)),
            // What was wrong has been mended meanwhile: it goes on.
            Ok(_) => return reply::see_other(&visitor, &format!("/consent?flow={id}")),
            Err(error) => return problem_page::unavailable(&app, &visitor, &error),
        },
    };
    match end(&app, &flow, visitor.now).await {
        Ok(()) => send(&app, &visitor, &client, &redirect.error(&error)),
        Err(error) => problem_page::unavailable(&app, &visitor, &error),
    }
}
