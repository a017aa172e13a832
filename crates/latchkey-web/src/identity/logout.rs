//! The end session endpoint: an app asks to sign somebody out here as well.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use http::{Request, Response, StatusCode};
use latchkey_identity::Timestamp;
use latchkey_identity::authorize::Untrusted;
use latchkey_identity::authorize::prompt::SignedIn;
use latchkey_identity::client::redirect_uri::destination;
use latchkey_identity::client::{Client, ClientIdentifier, Profile};
use latchkey_identity::logout::{
    Hint, HintClaims, LogoutError, LogoutRequest, PostLogoutRedirect, Step, next_step, target,
};
use latchkey_identity::sign_in::context::AuthenticationContext;
use latchkey_identity::tenant::{Audience, TenantId};
use latchkey_store::StoreError;

use crate::app::App;
use crate::extract;
use crate::identity::tenants::NoAudience;
use crate::identity::{flow, problem_page, sign_out, tenants};
use crate::pages::sign_out::{Onward, SignOut, SignedIn as Listed};
use crate::pages::signed_out::SignedOut;
use crate::reply::{self, FormTargets};
use crate::visitor::Visitor;

/// `GET /{t}/oauth2/v2.0/logout`. [RP-Initiated Logout §2]
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    Path(segment): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    let query = request.uri().query().unwrap_or_default();
    let asked = match Asked::read(&app, &visitor, &segment, query).await {
        Ok(asked) => asked,
        Err(response) => return *response,
    };
    let accounts = match flow::signed_in(&app, &visitor).await {
        Ok(accounts) => accounts,
        Err(error) => return problem_page::unavailable(&app, &visitor, &error),
    };
    let allowed = match asked.is_allowed(&app, &accounts, visitor.now).await {
        Ok(allowed) => allowed,
        Err(error) => return problem_page::unavailable(&app, &visitor, &error),
    };
    let (hint, client, key) = (asked.hint.as_ref(), asked.client.as_deref(), &app.keys.refresh_token);
    match next_step(&asked.request, hint, client, &accounts, allowed, key) {
        Step::End(session) => {
            let (leaving, staying) = accounts.into_iter().partition(|one| one.session.id == session);
            sign_out::end(&app, visitor, Some(&asked), leaving, staying).await
        }
        Step::Nothing => asked.after(&app, &visitor, LoggedOut::default()),
        Step::Ask(about) => {
            let others = accounts.len();
            let meant = |one: &SignedIn| about.is_none_or(|session| session == one.session.id);
            let accounts: Vec<SignedIn> = accounts.into_iter().filter(meant).collect();
            let elsewhere = accounts.iter().any(is_elsewhere);
            let accounts: Vec<Listed> = accounts.iter().map(listed).collect();
            let page = SignOut {
                frame: problem_page::frame(&app, &visitor),
                app: asked.client.as_ref().map(|client| client.name.clone()),
                request: Some((segment, query.to_owned())),
                onward: asked.target.as_ref().map(onward),
                others: others.saturating_sub(accounts.len()),
                elsewhere,
                accounts,
            };
            reply::page(StatusCode::OK, &visitor, &page, &asked.targets())
        }
    }
}

/// Where a page lets the person go on to, with the host that they get to.
fn onward(target: &PostLogoutRedirect) -> Onward {
    Onward { href: target.location(), host: destination(target.uri()) }
}

/// Whether somebody signed in at another provider: there they stay so.
pub fn is_elsewhere(one: &SignedIn) -> bool {
    matches!(one.session.context, AuthenticationContext::Upstream(_))
}

/// An account as the page that asks before a sign-out lists it.
pub fn listed(one: &SignedIn) -> Listed {
    Listed { id: one.session.id.to_string(), person: flow::named(one) }
}

/// A request to sign out that was read and checked against what is true now.
pub struct Asked {
    request: LogoutRequest,
    hint: Option<Hint>,
    /// The app that asks, if the request says so.
    pub client: Option<Arc<Client>>,
    target: Option<PostLogoutRedirect>,
}

impl Asked {
    /// Reads a request. `Err` is the answer instead.
    pub async fn read(app: &App, visitor: &Visitor, segment: &str, query: &str) -> Result<Self, Box<Response<Body>>> {
        let audience = tenants::audience(app, segment).await.map_err(|why| {
            Box::new(match why {
                NoAudience::UnknownTenant => problem_page::untrusted(app, visitor, Untrusted::UnknownTenant, None),
                NoAudience::Store(error) => problem_page::unavailable(app, visitor, &error),
            })
        })?;
        let refused = |error: LogoutError| Box::new(refused(app, visitor, error));
        let parameters = extract::parameters(query.as_bytes());
        let request =
            LogoutRequest::read(&parameters.map_err(|_| refused(LogoutError::Malformed))?).map_err(refused)?;
        let hint = match &request.id_token_hint {
            None => None,
            Some(token) => {
                let claims: Option<HintClaims> = app.signer.id_token_claims(token);
                let claims = claims.ok_or_else(|| refused(LogoutError::Hint))?;
                Some(Hint::read(&claims, &app.settings.origin_urls(), &audience).map_err(refused)?)
            }
        };
        let named = request.client(hint.as_ref()).map_err(refused)?;
        // An ID token names the tenant, whose own the client is if it describes itself.
        let issued_by = hint.as_ref().map(|hint| hint.tenant);
        let client = asking(app, visitor, &request, named, &audience, issued_by).await;
        let client = client.map_err(|error| Box::new(problem_page::unavailable(app, visitor, &error)))?;
        if named.is_some() && client.is_none() {
            return Err(refused(LogoutError::UnknownClient));
        }
        let target = target(&request, client.as_deref()).map_err(refused)?;
        Ok(Self { request, hint, client, target })
    }

    /// Whether the person whom the ID token names still allows the app anything.
    async fn is_allowed(&self, app: &App, signed_in: &[SignedIn], now: Timestamp) -> Result<bool, StoreError> {
        let named = self.hint.as_ref().and_then(|hint| hint.named(signed_in, &app.keys.refresh_token));
        let (Some(one), Some(client)) = (named, &self.client) else { return Ok(false) };
        let given = app.store.authorizations_of(one.account.id).await?;
        Ok(given.iter().any(|given| given.authorization.client == client.id && given.authorization.is_live(now)))
    }

    /// Where the form of the page that asks may lead.
    fn targets(&self) -> FormTargets {
        self.target.as_ref().map_or_else(FormTargets::own, |target| FormTargets::and_client(target.uri()))
    }

    /// What follows the sign-out: the app's own page, or ours.
    pub fn after(&self, app: &App, visitor: &Visitor, done: LoggedOut) -> Response<Body> {
        match &self.target {
            Some(target) if done.frames.is_empty() => reply::see_other(visitor, &target.location()),
            target => signed_out(app, visitor, done, target.as_ref().map(onward)),
        }
    }
}

/// What came of a sign-out.
#[derive(Default)]
pub struct LoggedOut {
    /// Who was signed out.
    pub accounts: Vec<SignedIn>,
    /// How many are still signed in in this browser.
    pub staying: usize,
    /// What frames load, so that apps notice it too. [Front-Channel Logout §3]
    pub frames: Vec<String>,
}

/// Our own page that says who was signed out.
pub fn signed_out(app: &App, visitor: &Visitor, done: LoggedOut, onward: Option<Onward>) -> Response<Body> {
    let page = SignedOut {
        frame: problem_page::frame(app, visitor),
        accounts: done.accounts.into_iter().map(|one| one.account.email).collect(),
        frames: done.frames,
        onward,
        remaining: u32::try_from(done.staying).unwrap_or(u32::MAX),
    };
    if page.frames.is_empty() {
        return reply::page(StatusCode::OK, visitor, &page, &FormTargets::own());
    }
    reply::framing_page(
        visitor,
        &page,
        &FormTargets::own(),
        &page.frames,
        page.onward.as_ref().map(|onward| &*onward.href),
    )
}

/// The client that asks. Libraries of the Microsoft world name only the address that they want to go to: then it is the app with this
/// address among those that somebody here has authorized.
async fn asking(
    app: &App,
    visitor: &Visitor,
    request: &LogoutRequest,
    named: Option<&ClientIdentifier>,
    audience: &Audience,
    issued_by: Option<TenantId>,
) -> Result<Option<Arc<Client>>, StoreError> {
    let uri = match (named, &request.post_logout_redirect_uri) {
        (Some(identifier), _) => {
            let tenant = match issued_by {
                Some(tenant) => app.store.tenant(tenant).await?,
                None => None,
            };
            let issuer = tenant.map(|tenant| Audience::Tenant((*tenant).clone()));
            return app.client_called(issuer.as_ref().unwrap_or(audience), identifier).await;
        }
        (None, None) => return Ok(None),
        (None, Some(uri)) => uri,
    };
    for one in flow::signed_in(app, visitor).await? {
        for given in app.store.authorizations_of(one.account.id).await? {
            let client = app.store.client(given.authorization.client).await?;
            let fits =
                |client: &Arc<Client>| client.profile == Profile::Microsoft && client.permits_post_logout_redirect(uri);
            if given.authorization.is_live(visitor.now)
                && let Some(client) = client.filter(fits)
            {
                return Ok(Some(client));
            }
        }
    }
    Ok(None)
}

fn refused(app: &App, visitor: &Visitor, error: LogoutError) -> Response<Body> {
    let problem = problem_page::Problem {
        status: StatusCode::BAD_REQUEST,
        heading: "You were not signed out",
        sentence: error.sentence(),
        mend: "Sign out at /signout yourself, and tell whoever runs the service what this page says.",
        code: error.code(),
    };
    problem_page::show(app, visitor, problem)
}
