//! What keeps a page from being shown, and the page that says so instead.

use axum::body::Body;
use http::{Response, StatusCode};
use latchkey_devops::access::Refusal;
use latchkey_git::{BrowseError, GitError};
use latchkey_store::StoreError;

use crate::app::App;
use crate::extract::FormError;
use crate::identity::problem_page::{self, Problem as ProblemPage};
use crate::pages::error::ErrorPage;
use crate::reply::{self, FormTargets};
use crate::visitor::Visitor;

/// Why a page is not shown.
#[derive(Debug)]
pub(super) enum Problem {
    /// Nobody is signed in. Afterwards the person comes back to this path.
    SignIn {
        /// A path of ours.
        next: String,
        /// Whether a form came that could not count: the person is told.
        lost_a_form: bool,
    },
    /// There is no such thing, or it is not this person's to see: they are told the same.
    NotFound,
    /// The person may not do this, and may know why.
    Forbidden {
        /// What is missing, and how to mend it.
        reason: String,
    },
    /// The form was not made by a page of ours for this browser.
    ForeignForm,
    /// The form's page named another account than the one that acts now.
    OtherAccount,
    /// The body is no form.
    Form(FormError),
    /// The store did not answer.
    Store(StoreError),
    /// As many git programs run as may, or the disk did not answer in time.
    GitBusy,
    /// A repository on disk cannot be read.
    Unreadable(String),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<FormError> for Problem {
    fn from(error: FormError) -> Self {
        Self::Form(error)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        if refusal.hidden { Self::NotFound } else { Self::Forbidden { reason: refusal.reason } }
    }
}

impl From<GitError> for Problem {
    fn from(error: GitError) -> Self {
        match error {
            GitError::Busy | GitError::ShareTaken | GitError::TimedOut => Self::GitBusy,
            other => Self::Unreadable(other.to_string()),
        }
    }
}

impl From<BrowseError> for Problem {
    fn from(error: BrowseError) -> Self {
        match error {
            BrowseError::NoCommits
            | BrowseError::VersionNotFound(_)
            | BrowseError::TooFarBack(_)
            | BrowseError::PathNotFound { .. } => Self::NotFound,
            other => Self::Unreadable(other.to_string()),
        }
    }
}

impl Problem {
    /// A form with a value that no form of ours sends.
    pub(super) fn not_offered() -> Self {
        Self::Forbidden { reason: "The form holds a choice that this page does not offer.".into() }
    }

    /// The page that says what went wrong.
    pub(super) fn page(self, app: &App, visitor: &Visitor) -> Response<Body> {
        match self {
            Self::SignIn { next, lost_a_form } => {
                let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", &next).finish();
                let lost = if lost_a_form { "&lost=form" } else { "" };
                reply::see_other(visitor, &format!("/signin?{query}{lost}"))
            }
            Self::NotFound => problem_page::show(app, visitor, NOT_FOUND),
            Self::Forbidden { reason } => forbidden(app, visitor, reason),
            Self::ForeignForm => problem_page::foreign_form(app, visitor),
            Self::OtherAccount => problem_page::other_account(app, visitor),
            Self::Form(error) => problem_page::bad_form(app, visitor, error),
            Self::Store(error) if error.is_temporary() => problem_page::unavailable(app, visitor, &error),
            Self::Store(error) => bug(app, visitor, &error.to_string()),
            Self::GitBusy => {
                let error = StoreError::Unavailable("git is busy".to_owned());
                problem_page::unavailable(app, visitor, &error)
            }
            Self::Unreadable(error) => bug(app, visitor, &error),
        }
    }
}

const NOT_FOUND: ProblemPage = ProblemPage {
    status: StatusCode::NOT_FOUND,
    heading: "There is nothing here",
    sentence: "What this address names does not exist any more, never did, or is not yours to see.",
    mend: "Check the address, or that you are signed in with the right account.",
    code: "not_found",
};

fn forbidden(app: &App, visitor: &Visitor, reason: String) -> Response<Body> {
    let page = ErrorPage {
        frame: problem_page::frame(app, visitor),
        heading: "This is not yours to do".into(),
        sentence: reason,
        mend: String::new(),
        code: "access_denied".into(),
        correlation_id: visitor.request_id.clone(),
        at: visitor.now.into(),
        owner: None,
    };
    reply::page(StatusCode::FORBIDDEN, visitor, &page, &FormTargets::own())
}

fn bug(app: &App, visitor: &Visitor, error: &str) -> Response<Body> {
    tracing::error!(error, request_id = %visitor.request_id, "a page failed");
    let problem = ProblemPage {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        heading: "Something broke on our side",
        sentence: "The page could not be made. It is in our log.",
        mend: "Try again, and if it stays like this, tell whoever runs this server.",
        code: "server_error",
    };
    problem_page::show(app, visitor, problem)
}
