//! Forms that our own pages send: read, and made by a page of ours for this browser. `Err` is the answer instead.

use axum::body::Body;
use http::{Request, Response};

use crate::app::App;
use crate::extract::{Pairs, form};
use crate::forms;
use crate::identity::flow::{self, Opened};
use crate::identity::problem_page;
use crate::visitor::Visitor;

/// What the form says.
pub async fn read(app: &App, visitor: &Visitor, request: Request<Body>) -> Result<Pairs, Box<Response<Body>>> {
    let (parts, body) = request.into_parts();
    let pairs =
        form(&parts.headers, body).await.map_err(|error| Box::new(problem_page::bad_form(app, visitor, error)))?;
    if !forms::is_ours(app, visitor, &parts.headers, pairs.first("csrf")) {
        return Err(Box::new(problem_page::foreign_form(app, visitor)));
    }
    Ok(pairs)
}

/// The same, of a page of a flow, and the flow.
pub async fn of_flow(
    app: &App,
    visitor: &Visitor,
    request: Request<Body>,
) -> Result<(Opened, Pairs), Box<Response<Body>>> {
    let pairs = read(app, visitor, request).await?;
    let opened = flow::open(app, visitor, pairs.first("flow")).await?;
    Ok((opened, pairs))
}
