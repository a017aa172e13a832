//! The account picker.

use std::slice;

use axum::body::Body;
use axum::extract::{Query, State};
use http::{Request, Response, StatusCode};
use latchkey_identity::authorize::flow::NotSignedIn;
use latchkey_identity::authorize::prompt::SignedIn;
use latchkey_identity::logout::{Leaving, leave};
use latchkey_identity::session::SessionId;

use crate::app::App;
use crate::identity::consent::FlowQuery;
use crate::identity::flow::{self, Opened};
use crate::identity::{own_form, problem_page};
use crate::pages::select::{AccountChoice, Select};
use crate::reply;
use crate::visitor::Visitor;

/// `GET /select`: every account that is signed in in this browser.
pub async fn get(State(app): State<App>, visitor: Visitor, Query(query): Query<FlowQuery>) -> Response<Body> {
    let opened = match flow::open(&app, &visitor, query.flow.as_deref()).await {
        Ok(opened) => opened,
        Err(response) => return *response,
    };
    let accounts = match flow::signed_in(&app, &visitor).await {
        Ok(accounts) => accounts,
        Err(error) => return problem_page::unavailable(&app, &visitor, &error),
    };
    if accounts.is_empty() {
        return reply::see_other(&visitor, &format!("/signin?flow={}", opened.id));
    }
    let page = Select {
        frame: problem_page::frame(&app, &visitor),
        flow: opened.id.clone(),
        asking: opened.asked.asking(),
        accounts: accounts.into_iter().map(choice).collect(),
    };
    reply::page(StatusCode::OK, &visitor, &page, &opened.asked.targets())
}

fn choice(one: SignedIn) -> AccountChoice {
    AccountChoice {
        id: one.session.id.to_string(),
        name: one.account.name,
        email: one.account.email,
        directory: one.home.domain,
    }
}

/// What a form of the picker says: whose flow, who is signed in, and which of them.
struct Picked {
    opened: Opened,
    accounts: Vec<SignedIn>,
    session: SessionId,
}

async fn read(app: &App, visitor: &Visitor, request: Request<Body>) -> Result<Picked, Box<Response<Body>>> {
    let (opened, pairs) = own_form::of_flow(app, visitor, request).await?;
    let session = pairs.first("account").and_then(|id| uuid::Uuid::try_parse(id).ok()).unwrap_or_default();
    let accounts = flow::signed_in(app, visitor)
        .await
        .map_err(|error| Box::new(problem_page::unavailable(app, visitor, &error)))?;
    Ok(Picked { opened, accounts, session: SessionId(session) })
}

/// `POST /select`: this account answers.
pub async fn post(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    let Picked { opened, accounts, session } = match read(&app, &visitor, request).await {
        Ok(picked) => picked,
        Err(response) => return *response,
    };
    let next = match app.store.decide(async || Ok(opened.flow.choose(&accounts, session))).await {
        Ok(Ok(())) => "consent",
        Ok(Err(NotSignedIn)) => "select",
        Err(error) => return problem_page::unavailable(&app, &visitor, &error),
    };
    reply::see_other(&visitor, &format!("/{next}?flow={}", opened.id))
}

/// `POST /select/another`: none of these.
pub async fn another(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    match read(&app, &visitor, request).await {
        Ok(Picked { opened, .. }) => reply::see_other(&visitor, &format!("/signin?flow={}&another=1", opened.id)),
        Err(response) => *response,
    }
}

/// `POST /select/forget`: signs this account out of the browser.
pub async fn forget(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    let Picked { opened, accounts, session } = match read(&app, &visitor, request).await {
        Ok(picked) => picked,
        Err(response) => return *response,
    };
    if let Some(one) = accounts.iter().find(|one| one.session.id == session) {
        let address = visitor.address.to_string();
        let ended = app
            .store
            .decide(|| async {
                let live = app.store.sessions_in_browser(visitor.browser.hash(), visitor.now).await?;
                Ok(leave(slice::from_ref(one), &live, Leaving::Forgotten, visitor.now).seen_from(&address))
            })
            .await;
        if let Err(error) = ended {
            return problem_page::unavailable(&app, &visitor, &error);
        }
    }
    reply::see_other(&visitor, &format!("/select?flow={}", opened.id))
}
