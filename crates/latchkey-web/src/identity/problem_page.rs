//! Errors of the identity platform as pages: for people, and for requests whose sender we cannot trust.

use std::time::Duration;

use axum::body::Body;
use http::header::{HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use latchkey_identity::account::AccountId;
use latchkey_identity::authorize::Untrusted;
use latchkey_store::StoreError;

use crate::app::App;
use crate::extract::FormError;
use crate::forms;
use crate::pages::error::ErrorPage;
use crate::pages::for_owner::ForOwner;
use crate::pages::{Frame, Locale};
use crate::reader::BadAddress;
use crate::reply::{self, FormTargets};
use crate::visitor::Visitor;

/// What a page of ours is framed with when nobody in particular is meant.
pub fn frame(app: &App, visitor: &Visitor) -> Frame {
    framed(app, visitor, None)
}

/// What a page of a flow is framed with that names the account which answers: its forms count for that account only.
pub fn frame_for(app: &App, visitor: &Visitor, account: AccountId) -> Frame {
    framed(app, visitor, Some(account))
}

fn framed(app: &App, visitor: &Visitor, account: Option<AccountId>) -> Frame {
    Frame {
        nonce: visitor.nonce.clone(),
        csrf: forms::token(app, visitor, account),
        person: None,
        others: Vec::new(),
        locale: Locale::English,
    }
}

/// What went wrong, for people.
#[derive(Clone, Copy, Debug)]
pub struct Problem {
    /// The status of the answer.
    pub status: StatusCode,
    /// The fixed heading.
    pub heading: &'static str,
    /// What happened.
    pub sentence: &'static str,
    /// What to do.
    pub mend: &'static str,
    /// The stable code.
    pub code: &'static str,
}

/// A page that says what went wrong.
pub fn show(app: &App, visitor: &Visitor, problem: Problem) -> Response<Body> {
    show_with(app, visitor, problem, None)
}

fn show_with(app: &App, visitor: &Visitor, problem: Problem, owner: Option<ForOwner>) -> Response<Body> {
    let Problem { status, heading, sentence, mend, code } = problem;
    if status.is_server_error() {
        tracing::warn!(request_id = %visitor.request_id, code, "an error page was shown");
    }
    let page = ErrorPage {
        frame: frame(app, visitor),
        heading: heading.into(),
        sentence: sentence.into(),
        mend: mend.into(),
        code: code.into(),
        correlation_id: visitor.request_id.clone(),
        at: visitor.now.into(),
        owner,
    };
    reply::page(status, visitor, &page, &FormTargets::own())
}

/// No page has this address.
pub fn nowhere(app: &App, visitor: &Visitor) -> Response<Body> {
    let problem = Problem {
        status: StatusCode::NOT_FOUND,
        heading: "There is nothing here",
        sentence: "No page has this address.",
        mend: "Check the address, or start from the first page.",
        code: "not_found",
    };
    show(app, visitor, problem)
}

/// The page of this address is not asked for by this method.
pub fn wrong_method(app: &App, visitor: &Visitor) -> Response<Body> {
    let problem = Problem {
        status: StatusCode::METHOD_NOT_ALLOWED,
        heading: "This address is not used like this",
        sentence: "There is a page or a form here, and it is not asked for by this method. Nothing was changed.",
        mend: "Open the page in a browser and use what is on it.",
        code: "method_not_allowed",
    };
    show(app, visitor, problem)
}

/// The request is not served, and nothing is sent anywhere. `owner` is what is said beside, to whoever may change the app.
pub fn untrusted(app: &App, visitor: &Visitor, why: Untrusted, owner: Option<ForOwner>) -> Response<Body> {
    let problem = Problem {
        status: StatusCode::BAD_REQUEST,
        heading: "This sign-in link does not work",
        sentence: why.sentence(),
        mend: "Go back to the service and tell whoever runs it what this page says.",
        code: why.code(),
    };
    show_with(app, visitor, problem, owner)
}

/// The page of a flow was opened again, in its browser, after the flow ended: with an answer that was sent, or with one that nobody was sent.
pub fn flow_answered(app: &App, visitor: &Visitor) -> Response<Body> {
    let problem = Problem {
        status: StatusCode::BAD_REQUEST,
        heading: "You have answered this already",
        sentence: "An answer counts once, whatever it was. Nothing was given twice, and going back changed nothing.",
        mend: "Go on at the service. To take access back, to pause it or to allow less, open Manage authorizations; to allow more, start again at the service.",
        code: "flow_answered",
    };
    show(app, visitor, problem)
}

/// The page of a flow was opened late, or in another browser.
pub fn flow_gone(app: &App, visitor: &Visitor) -> Response<Body> {
    let problem = Problem {
        status: StatusCode::BAD_REQUEST,
        heading: "This page has expired",
        sentence: "The request that brought you here is older than half an hour, or was begun in another browser.",
        mend: "Go back to the service and start again.",
        code: "flow_expired",
    };
    show(app, visitor, problem)
}

/// The sign-in of an app is tested, and the request that the app would make is refused.
pub fn rehearsal_refused(app: &App, visitor: &Visitor) -> Response<Body> {
    let problem = Problem {
        status: StatusCode::BAD_REQUEST,
        heading: "The test is over",
        sentence: "The request of the app is refused as the app is registered now. Perhaps it was changed since the test began.",
        mend: "Look at what the app may ask for, and test its sign-in again.",
        code: "request_refused",
    };
    show(app, visitor, problem)
}

/// A form that none of our pages made for this browser.
pub fn foreign_form(app: &App, visitor: &Visitor) -> Response<Body> {
    let problem = Problem {
        status: StatusCode::FORBIDDEN,
        heading: "This form was not accepted",
        sentence: "It did not come from a page of ours in this browser, or you signed in again since it was opened. Nothing was changed.",
        mend: "Go back, reload the page and try again.",
        code: "foreign_form",
    };
    show(app, visitor, problem)
}

/// A form of a page that named another account than the one that acts in this browser now.
pub fn other_account(app: &App, visitor: &Visitor) -> Response<Body> {
    let problem = Problem {
        status: StatusCode::CONFLICT,
        heading: "You go on as another account now",
        sentence: "The page was opened with another account than the one that acts in this browser now. Nothing was changed.",
        mend: "Go back and reload the page. If you meant the other account, switch to it first.",
        code: "other_account",
    };
    show(app, visitor, problem)
}

/// An address that is not looked up.
pub(crate) fn bad_address(app: &App, visitor: &Visitor, why: BadAddress) -> Response<Body> {
    let problem = Problem {
        status: why.status(),
        heading: "This address cannot be read",
        sentence: why.sentence(),
        mend: "Go back to where you came from and start again.",
        code: "bad_address",
    };
    show(app, visitor, problem)
}

/// A body that is no form.
pub fn bad_form(app: &App, visitor: &Visitor, error: FormError) -> Response<Body> {
    let (status, sentence) = match error {
        FormError::ContentType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The form came in a form that we do not read."),
        FormError::Null => (StatusCode::BAD_REQUEST, "A field of the form contains a null character."),
        FormError::Body => (StatusCode::PAYLOAD_TOO_LARGE, "The form was longer than 64 KiB, or broke off on its way."),
    };
    let problem = Problem {
        status,
        heading: "This form could not be read",
        sentence,
        mend: "Go back and try again.",
        code: "invalid_request",
    };
    show(app, visitor, problem)
}

/// More requests from one network than people could answer.
pub fn too_many_requests(app: &App, visitor: &Visitor, wait: Duration) -> Response<Body> {
    let problem = Problem {
        status: StatusCode::TOO_MANY_REQUESTS,
        heading: "Too many requests",
        sentence: "More sign-ins were begun from your network than people could answer. Nothing was changed.",
        mend: "Wait a few minutes and start again.",
        code: "too_many_requests",
    };
    let mut response = show(app, visitor, problem);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    response
}

/// The store did not answer.
pub fn unavailable(app: &App, visitor: &Visitor, error: &StoreError) -> Response<Body> {
    tracing::error!(%error, request_id = %visitor.request_id, "the store did not answer");
    let problem = Problem {
        status: StatusCode::SERVICE_UNAVAILABLE,
        heading: "We cannot answer right now",
        sentence: "The server is short of something it needs. Nothing was lost and nothing was changed.",
        mend: "Wait a moment and reload the page.",
        code: "temporarily_unavailable",
    };
    let mut response = show(app, visitor, problem);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
    response
}
