//! Reads the forms of our own pages, and refuses those that no page of ours made for this browser. `Err` is the answer to send instead.

use axum::body::Body;
use http::{Request, Response};

use crate::app::App;
use crate::extract::{Pairs, form};
use crate::forms::{self, OwnForm};
use crate::identity::flow::{self, Opened};
use crate::identity::problem_page;
use crate::visitor::Visitor;

/// What the form says.
pub async fn read(app: &App, visitor: &Visitor, request: Request<Body>) -> Result<Pairs, Box<Response<Body>>> {
    made_here(app, visitor, request).await.map(|(pairs, _)| pairs)
}

async fn made_here(
    app: &App,
    visitor: &Visitor,
    request: Request<Body>,
) -> Result<(Pairs, OwnForm), Box<Response<Body>>> {
    let (parts, body) = request.into_parts();
    let pairs =
        form(&parts.headers, body).await.map_err(|error| Box::new(problem_page::bad_form(app, visitor, error)))?;
    match forms::made_here(app, visitor, &parts.headers, pairs.first("csrf")) {
        Some(own) => Ok((pairs, own)),
        None => Err(Box::new(problem_page::foreign_form(app, visitor))),
    }
}

/// The same, of a page of a flow, and the flow.
pub async fn of_flow(
    app: &App,
    visitor: &Visitor,
    request: Request<Body>,
) -> Result<(Opened, Pairs), Box<Response<Body>>> {
    answered(app, visitor, request).await.map(|Answered { opened, pairs, .. }| (opened, pairs))
}

/// An answer that an account gives on a page of a flow.
pub struct Answered {
    /// The flow.
    pub opened: Opened,
    /// What the form says.
    pub pairs: Pairs,
    /// Whom the page named.
    pub own: OwnForm,
}

/// The same, of a page that names the account that answers.
pub async fn answered(app: &App, visitor: &Visitor, request: Request<Body>) -> Result<Answered, Box<Response<Body>>> {
    let (pairs, own) = made_here(app, visitor, request).await?;
    let opened = flow::open(app, visitor, pairs.first("flow")).await?;
    Ok(Answered { opened, pairs, own })
}
