//! `/setup`: the link that a server prints while nobody administers it. It counts for an hour, and until somebody used one.

use axum::body::Body;
use axum::extract::{Query, State};
use http::{Request, Response, StatusCode};
use latchkey_identity::Timestamp;
use latchkey_identity::administration::NewAccount;
use latchkey_identity::claims::StandardClaims;
use latchkey_identity::set_up::{self, SetUpProblem};
use latchkey_identity::sign_in::password::check_new;
use latchkey_identity::tenant::TenantId;
use latchkey_jose::base64url;
use latchkey_store::StoreError;
use serde::Deserialize;
use uuid::Uuid;

use crate::app::{App, entropy, random};
use crate::extract::Pairs;
use crate::identity::{own_form, problem_page};
use crate::pages::set_up::{SetUp, Typed};
use crate::reply::{self, FormTargets};
use crate::visitor::Visitor;

/// What the code of a link is for.
const PURPOSE: &[u8] = b"set up";

impl App {
    /// A link by which this server is set up, if nobody has done so: whoever holds it becomes the first administrator.
    pub async fn set_up_link(&self) -> Result<Option<String>, StoreError> {
        let Some(origin) = self.settings.origins.first() else { return Ok(None) };
        if self.is_set_up().await? {
            return Ok(None);
        }
        let end = set_up::link_ends(self.now()).as_secs().to_be_bytes();
        let mac = self.keys.form.mac(&[PURPOSE, &end]);
        let token = base64url::encode([end.as_slice(), mac.as_slice()].concat());
        Ok(Some(format!("{}/setup?token={token}", origin.url)))
    }

    /// Whether somebody has a tenant here.
    async fn is_set_up(&self) -> Result<bool, StoreError> {
        Ok(set_up::is_set_up(&self.store.tenants().await?))
    }

    /// Whether a link's token is ours, and its hour is not over.
    fn is_set_up_token(&self, token: &str, now: Timestamp) -> bool {
        let Ok(token) = base64url::decode(token) else { return false };
        let Some((end, mac)) = token.split_first_chunk::<8>() else { return false };
        self.keys.form.verify(&[PURPOSE, end], mac)
            && set_up::link_counts(Timestamp::from_secs(i64::from_be_bytes(*end)), now)
    }
}

/// The query of the link.
#[derive(Deserialize)]
pub struct LinkQuery {
    token: Option<String>,
}

/// `GET /setup`.
pub async fn get(State(app): State<App>, visitor: Visitor, Query(query): Query<LinkQuery>) -> Response<Body> {
    let token = query.token.unwrap_or_default();
    match counts(&app, &visitor, &token).await {
        Ok(()) => show(&app, &visitor, token, Typed::default(), None),
        Err(response) => *response,
    }
}

/// `POST /setup`.
pub async fn post(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    let pairs = match own_form::read(&app, &visitor, request).await {
        Ok(pairs) => pairs,
        Err(response) => return *response,
    };
    let field = |name: &str| pairs.first(name).unwrap_or_default().to_owned();
    if let Err(response) = counts(&app, &visitor, &field("token")).await {
        return *response;
    }
    let typed = Typed {
        domain: field("domain"),
        tenant_name: field("tenant_name"),
        email: field("email"),
        name: field("name"),
    };
    let again = |trouble: String| show(&app, &visitor, field("token"), typed.clone(), Some(trouble));
    match set_up(&app, &visitor, &typed, &pairs).await {
        Ok(Ok(())) => {
            let hint: String = form_urlencoded::byte_serialize(typed.email.as_bytes()).collect();
            reply::see_other(&visitor, &format!("/signin?login_hint={hint}"))
        }
        Ok(Err(SetUpTrouble::Rule(SetUpProblem::Done))) => ended(&app, &visitor),
        Ok(Err(trouble)) => again(trouble.to_string()),
        Err(error) => problem_page::unavailable(&app, &visitor, &error),
    }
}

/// Why the form is shown again.
#[derive(Debug, thiserror::Error)]
enum SetUpTrouble {
    #[error(transparent)]
    Rule(#[from] SetUpProblem),
    #[error("{0}")]
    Password(String),
    #[error("Many people are signing in right now. Please try again in a moment.")]
    Busy,
}

async fn set_up(
    app: &App,
    visitor: &Visitor,
    typed: &Typed,
    pairs: &Pairs,
) -> Result<Result<(), SetUpTrouble>, StoreError> {
    let Typed { domain, tenant_name, email, name } = typed.clone();
    let administrator = NewAccount { email, name, administrator: true, claims: StandardClaims::default() };
    let wanted = set_up::SetUp { domain, tenant_name, administrator };
    if let Err(problem) = wanted.tenant(TenantId(Uuid::nil())) {
        return Ok(Err(problem.into()));
    }
    let password = pairs.first("password").unwrap_or_default();
    if let Err(error) = check_new(password, &typed.email) {
        return Ok(Err(SetUpTrouble::Password(error.to_string())));
    }
    let Ok(password) = app.hashing.hash(password.to_owned(), random()).await else {
        return Ok(Err(SetUpTrouble::Busy));
    };
    let address = visitor.address.to_string();
    let decided = app
        .store
        .decide(async || {
            let present = app.store.tenants().await?;
            let taken = app.store.credentials(&wanted.administrator.key()).await?.is_some();
            let decision = set_up::set_up(&wanted, password.clone(), &present, taken, visitor.now, &mut entropy());
            Ok(decision.seen_from(&address))
        })
        .await?;
    Ok(decided.map(drop).map_err(SetUpTrouble::Rule))
}

/// Whether the link counts; the answer instead if not.
async fn counts(app: &App, visitor: &Visitor, token: &str) -> Result<(), Box<Response<Body>>> {
    match app.is_set_up().await {
        Ok(false) if app.is_set_up_token(token, visitor.now) => Ok(()),
        Ok(_) => Err(Box::new(ended(app, visitor))),
        Err(error) => Err(Box::new(problem_page::unavailable(app, visitor, &error))),
    }
}

fn ended(app: &App, visitor: &Visitor) -> Response<Body> {
    let problem = problem_page::Problem {
        status: StatusCode::NOT_FOUND,
        heading: "This link does not count",
        sentence: "It was used, it is older than an hour, or it is not one of this server.",
        mend: "Whoever runs the server can print another one: latchkey setup-link.",
        code: "set_up_link_ended",
    };
    problem_page::show(app, visitor, problem)
}

fn show(app: &App, visitor: &Visitor, token: String, typed: Typed, trouble: Option<String>) -> Response<Body> {
    let status = if trouble.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = SetUp { frame: problem_page::frame(app, visitor), token, typed, trouble };
    reply::page(status, visitor, &page, &FormTargets::own())
}
