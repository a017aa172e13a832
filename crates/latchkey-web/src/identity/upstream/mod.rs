//! Sign-in at an upstream provider: there, and back.
//!
//! | what | where |
//! |---|---|
//! | the choice on the sign-in page, and the way there | this |
//! | the way back | [`callback`] |
//! | what the server itself asks a provider | [`provider`] |
//! | registering a provider | [`registration`] |
//! | what goes wrong, for people | [`problem`] |

pub mod callback;
mod problem;
pub mod provider;
pub mod registration;

use axum::body::Body;
use axum::extract::State;
use http::{Request, Response};
use latchkey_identity::authorize::Prompt;
use latchkey_identity::secret::Secret;
use latchkey_identity::sign_in::upstream::pending::{Companions, Freshness, PendingSignIn, Purpose, redirect_uri};
use latchkey_identity::sign_in::upstream::{self, Upstream};
use latchkey_identity::tenant::{Audience, TenantId, TenantKind};
use latchkey_store::StoreError;

use crate::app::App;
use crate::identity::flow::{self, Opened};
use crate::identity::sign_in::{self, is_own_path};
use crate::identity::{own_form, problem_page};
use crate::pages::onward::Onward;
use crate::pages::sign_in::{Provider, SignInTrouble};
use crate::reply;
use crate::visitor::{self, Visitor};

/// Where somebody goes to sign in, and what for.
pub(crate) struct Errand<'a> {
    /// The provider.
    pub upstream: &'a Upstream,
    /// What it is for.
    pub purpose: Purpose,
    /// How fresh the sign-in there has to be.
    pub freshness: Freshness,
    /// Who it is about, if that is known.
    pub login_hint: Option<&'a str>,
}

/// Why nobody is sent anywhere.
pub(crate) enum NotSent {
    /// The provider does not say where.
    Unreachable,
    /// Another answer.
    Answer(Box<Response<Body>>),
}

/// Sends somebody to a provider. By a page and not by a redirect: what is posted to us may not be redirected anywhere else, and browsers hold
/// that against every redirect that follows.
pub(crate) async fn send(app: &App, visitor: &Visitor, errand: Errand<'_>) -> Result<Response<Body>, NotSent> {
    if let Some(refused) = flow::too_many(app, visitor) {
        return Err(NotSent::Answer(Box::new(refused)));
    }
    let Errand { upstream, purpose, freshness, login_hint } = errand;
    let metadata = app.provider_metadata(&upstream.issuer, visitor.now).await.ok_or(NotSent::Unreachable)?;
    let state = Secret::new(visitor::token());
    let companions = Companions::of(&state, &app.keys.upstream);
    let mut parameters = vec![
        ("response_type", "code".to_owned()),
        ("client_id", upstream.client_id.clone()),
        ("redirect_uri", redirect_uri(&visitor.origin.url, upstream.id)),
        ("scope", upstream.scopes.clone()),
        ("state", state.reveal().to_owned()),
        ("nonce", companions.nonce.clone()),
        ("code_challenge", companions.code_challenge()),
        ("code_challenge_method", "S256".to_owned()),
    ];
    parameters.extend(freshness.parameters());
    parameters.extend(login_hint.map(|hint| ("login_hint", hint.to_owned())));
    let endpoint = app.outbound.target(&metadata.authorization_endpoint).map_err(|_| NotSent::Unreachable)?;
    let mut location = url::Url::parse(endpoint.as_str()).map_err(|_| NotSent::Unreachable)?;
    location.query_pairs_mut().extend_pairs(parameters);
    let browser = (visitor.browser.hash(), &*visitor.origin.url);
    let begin = async || Ok(PendingSignIn::begin(&state, browser, upstream, (purpose.clone(), freshness), visitor.now));
    match app.store.decide(begin).await {
        Ok(Ok(())) => Ok(onward(app, visitor, &upstream.name, location.as_str())),
        Err(error) => Err(NotSent::Answer(Box::new(problem_page::unavailable(app, visitor, &error)))),
    }
}

/// A page that goes on by itself.
fn onward(app: &App, visitor: &Visitor, to: &str, location: &str) -> Response<Body> {
    let page = Onward { frame: problem_page::frame(app, visitor), to: to.to_owned(), location: location.to_owned() };
    reply::onward_page(visitor, &page, location)
}

/// The providers that a sign-in page offers.
#[derive(Default)]
pub(crate) struct Offered {
    /// Those of the directory that somebody signs in to.
    pub upstreams: Vec<Upstream>,
    /// Whether an address may lead to one.
    pub by_address: bool,
}

impl Offered {
    /// Those of the directory of a flow; without one, an address says which it is.
    pub(crate) async fn on(app: &App, opened: Option<&Opened>) -> Result<Self, StoreError> {
        let upstreams = match opened.map(|opened| &opened.asked.audience) {
            Some(Audience::Tenant(tenant)) => app.store.upstreams_of(tenant.id).await?,
            _ => Vec::new(),
        };
        Ok(Self { upstreams, by_address: app.store.is_any_home_realm().await? })
    }

    /// As the page shows them.
    pub(crate) fn shown(&self) -> Vec<Provider> {
        let shown = |upstream: &Upstream| Provider { id: upstream.id.to_string(), name: upstream.name.clone() };
        self.upstreams.iter().map(shown).collect()
    }
}

/// The provider where people with an address of this domain sign in, if there is one. [Home realm discovery]
pub(crate) async fn of_domain(app: &App, domain: &str) -> Result<Option<Upstream>, StoreError> {
    let Some(tenant) = app.store.tenant_by_domain(domain).await?.filter(|tenant| tenant.kind == TenantKind::Work)
    else {
        return Ok(None);
    };
    Ok(upstream::home_realm(&app.store.upstreams_of(tenant.id).await?).cloned())
}

/// The same of an address.
pub(crate) async fn of_address(app: &App, email: &str) -> Result<Option<Upstream>, StoreError> {
    match upstream::domain(email) {
        Some(domain) => of_domain(app, &domain).await,
        None => Ok(None),
    }
}

/// The provider that a flow leads to before anybody is asked: by the address that it is about, or by the domain that it names.
pub(crate) async fn meant(
    app: &App,
    opened: Option<&Opened>,
    email: Option<&str>,
) -> Result<Option<Upstream>, StoreError> {
    if let Some(email) = email {
        return of_address(app, email).await;
    }
    match opened.and_then(|opened| opened.asked.request.domain_hint.as_deref()) {
        Some(domain) => of_domain(app, &domain.to_ascii_lowercase()).await,
        None => Ok(None),
    }
}

/// What a sign-in at a provider is for: a flow, or a page of ours.
pub(crate) fn purpose(opened: Option<&Opened>, next: Option<&str>) -> (Purpose, Freshness) {
    match opened {
        Some(opened) => {
            let (flow, request) = (Some(opened.flow.id), &opened.asked.request);
            let anew = request.prompt.contains(Prompt::Login) || request.max_age == Some(0);
            let purpose = Purpose::SignIn { flow, next: format!("/consent?flow={}", opened.id) };
            (purpose, Freshness { anew, max_age: request.max_age })
        }
        None => (Purpose::SignIn { flow: None, next: next.unwrap_or("/me").to_owned() }, Freshness::default()),
    }
}

/// `POST /signin/elsewhere`: with a provider of the directory, or with the one that an address leads to.
pub async fn choose(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    let pairs = match own_form::read(&app, &visitor, request).await {
        Ok(pairs) => pairs,
        Err(response) => return *response,
    };
    let opened = match pairs.first("flow").filter(|flow| !flow.is_empty()) {
        None => None,
        Some(id) => match flow::open(&app, &visitor, Some(id)).await {
            Ok(opened) => Some(opened),
            Err(response) => return *response,
        },
    };
    let next = pairs.first("next").filter(|next| is_own_path(next));
    let email = pairs.first("email").unwrap_or_default();
    let found = match pairs.first("upstream") {
        Some(id) => Offered::on(&app, opened.as_ref())
            .await
            .map(|offered| offered.upstreams.into_iter().find(|upstream| upstream.id.to_string() == id)),
        None => of_address(&app, email).await,
    };
    let again = async |trouble: SignInTrouble| {
        let next = next.map(str::to_owned);
        sign_in::show(&app, &visitor, opened.as_ref(), next, email.to_owned(), Some(trouble)).await
    };
    match found {
        Err(error) => problem_page::unavailable(&app, &visitor, &error),
        Ok(None) => again(SignInTrouble::NoProvider).await,
        Ok(Some(upstream)) => {
            let (purpose, freshness) = purpose(opened.as_ref(), next);
            let login_hint = Some(email.trim()).filter(|email| !email.is_empty());
            match send(&app, &visitor, Errand { upstream: &upstream, purpose, freshness, login_hint }).await {
                Ok(response) => response,
                Err(NotSent::Answer(response)) => *response,
                Err(NotSent::Unreachable) => again(SignInTrouble::ProviderUnreachable).await,
            }
        }
    }
}

impl App {
    /// One provider of a tenant.
    pub(crate) async fn upstream(&self, tenant: TenantId, id: uuid::Uuid) -> Result<Option<Upstream>, StoreError> {
        Ok(self.store.upstreams_of(tenant).await?.into_iter().find(|upstream| upstream.id.0 == id))
    }
}
