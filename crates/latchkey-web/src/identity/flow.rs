//! The steps of an authorization request, from the first look to the answer.

use std::sync::{Arc, PoisonError};

use axum::body::Body;
use axum::extract::State;
use http::{Request, Response, StatusCode};
use latchkey_identity::account::AccountId;
use latchkey_identity::authorization::{Authorization, Places};
use latchkey_identity::authorize::prompt::{SignedIn, Step, next_step};
use latchkey_identity::authorize::request::{AuthorizationRequest, CameBy};
use latchkey_identity::authorize::response::may_redirect_silently;
use latchkey_identity::authorize::response_type;
use latchkey_identity::authorize::{
    AuthorizationResponse, AuthorizeError, Flow, FlowId, ResponseMode, TrustedRedirect, Untrusted,
};
use latchkey_identity::client::{Client, ClientId, exposed_api};
use latchkey_identity::consent::{self, Consent, Question};
use latchkey_identity::grant::authorization_code::{self, CodeContext};
use latchkey_identity::legacy::moving::vouches_for;
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::secret::TokenHash;
use latchkey_identity::tenant::TenantId;
use latchkey_identity::throttle::{Wait, network};
use latchkey_identity::token::client_info;
use latchkey_identity::token::subject::subject;
use latchkey_identity::{Change, Decision, OAuthError, Timestamp};
use latchkey_store::StoreError;
use serde::Deserialize;

use crate::app::{App, entropy};
use crate::identity::asked::{Asked, Unserved};
use crate::identity::offer::Standing;
use crate::identity::{apis, authorization_details, front_channel, own_form, problem_page, signed_answer};
use crate::pages::form_post::FormPost;
use crate::pages::interstitial::Interstitial;
use crate::reply::{self, FormTargets};
use crate::visitor::{self, Visitor};

/// A request that waits for a person, opened again in the browser it belongs to.
pub struct Opened {
    /// The text of its id.
    pub id: String,
    /// The flow.
    pub flow: Flow,
    /// What was asked, read anew.
    pub asked: Asked,
}

/// Opens the flow that a page names. `Err` is the answer instead.
pub async fn open(app: &App, visitor: &Visitor, id: Option<&str>) -> Result<Opened, Box<Response<Body>>> {
    let gone = || Box::new(problem_page::flow_gone(app, visitor));
    let id = id.filter(|id| id.len() == 43).ok_or_else(gone)?;
    let flow = app.store.flow(FlowId(TokenHash::of(id))).await;
    let flow = flow.map_err(|error| Box::new(problem_page::unavailable(app, visitor, &error)))?;
    let flow = flow.filter(|flow| flow.is_open_to(visitor.browser.hash(), visitor.now)).ok_or_else(gone)?;
    match Asked::again(app, &flow, visitor.address, visitor.now).await {
        Ok(asked) => Ok(Opened { id: id.to_owned(), flow, asked }),
        Err(error) => {
            let (segment, parameters) = (flow.segment.clone(), flow.parameters.clone());
            Err(Box::new(unserved(app, visitor, &segment, &parameters, error, Some((id, &flow))).await))
        }
    }
}

/// The accounts that are signed in in this browser.
pub async fn signed_in(app: &App, visitor: &Visitor) -> Result<Vec<SignedIn>, StoreError> {
    let mut all = Vec::new();
    for session in app.store.sessions_in_browser(visitor.browser.hash(), visitor.now).await? {
        if let Some(person) = app.store.account(session.account).await?
            && person.account.state == latchkey_identity::account::AccountState::Active
        {
            let (account, home) = (person.account.clone(), (*person.home).clone());
            all.push(SignedIn { session, account, home, guest_of: person.guest_of.clone() });
        }
    }
    Ok(all)
}

/// What comes next for a request.
pub enum Next {
    /// The sign-in page.
    SignIn {
        /// The address to fill in, if one is known.
        email: Option<String>,
    },
    /// The account picker.
    Select,
    /// The account may not answer in this tenant.
    WrongTenant(Box<SignedIn>),
    /// The approval page.
    Consent(Box<Deliberation>),
    /// The person may not authorize services anywhere.
    Prerequisite(Box<Deliberation>),
    /// A code, durable already.
    Answer(AuthorizationResponse),
    /// An error for the client.
    Refuse(OAuthError),
}

/// Everything that the approval page, or the page instead of it, is made of.
pub struct Deliberation {
    /// Who answers.
    pub signed_in: SignedIn,
    /// Whose issuer signs.
    pub tenant: TenantId,
    /// The person's authorization for this client, live or not.
    pub existing: Option<Authorization>,
    /// What the person allows the app of the older kind that this one took over from: the page is filled in alike. Nothing follows from
    /// it until they approve.
    pub carried: Option<Carried>,
    /// What is asked.
    pub question: Question,
    /// The places that the request names, if it names any.
    pub places: Option<Places>,
    /// All that the client could have afterwards.
    pub scopes: ScopeSet,
    /// Where the person may authorize services, and where not.
    pub standing: Standing,
}

/// Works out what comes next, and issues the code if nothing needs to be asked.
pub async fn next(app: &App, visitor: &Visitor, asked: &Asked, flow: Option<&Flow>) -> Result<Next, StoreError> {
    let accounts = signed_in(app, visitor).await?;
    let expected = expected(app, asked, &accounts);
    let (one, tenant) =
        match next_step(&asked.request, &asked.audience, &accounts, flow, expected.as_deref(), visitor.now) {
            Step::SignIn { email } => return Ok(Next::SignIn { email }),
            Step::SelectAccount => return Ok(Next::Select),
            Step::WrongTenant(picked) => return Ok(Next::WrongTenant(picked)),
            Step::Refuse(error) => return Ok(Next::Refuse(error)),
            Step::Continue { signed_in, tenant } => (*signed_in, tenant),
        };
    if !asked.client.is_open_to(tenant) {
        return Ok(Next::WrongTenant(Box::new(one)));
    }
    if !front_channel::may_carry(app, &asked.request, &asked.client, tenant).await? {
        return Ok(Next::Refuse(response_type::switched_off()));
    }
    let wanted = asked.request.scopes.canonical();
    let api = apis::named(app, &wanted).await?;
    if let Err(error) = exposed_api::callable(&wanted, api.as_deref(), tenant) {
        return Ok(Next::Refuse(error));
    }
    app.uses.visited(one.session.id, visitor.now);
    let existing = app.store.authorization_for(tenant, one.account.id, asked.client.id).await?;
    let wants_places = !wanted.resource().is_empty();
    let places = match &asked.request.details {
        None => None,
        Some(details) => match authorization_details::reached(app, details, one.account.id).await? {
            Some(places) => Some(places),
            None => return Ok(Next::Refuse(authorization_details::out_of_reach())),
        },
    };
    let required = consent::required(&asked.request, &asked.client, existing.as_ref(), places.as_ref(), visitor.now);
    let scopes = match (&required, &existing) {
        (Consent::Ask(question), _) => question.open.union(&question.already),
        (Consent::Remembered, Some(authorization)) => authorization.scopes.clone(),
        (Consent::Remembered, None) => wanted,
    };
    let standing = match wants_places {
        true => Standing::of(app, one.account.id, &asked.client, &scopes, asked.legacy.as_ref(), visitor.now).await?,
        false => Standing::default(),
    };
    let named = match &required {
        Consent::Ask(question) => question.places.as_ref(),
        Consent::Remembered => places.as_ref(),
    };
    let standing = match named {
        None => standing,
        Some(places) => standing.within(places),
    };
    let may = !wants_places || standing.may_authorize();
    let question = match (required, &existing) {
        (Consent::Remembered, Some(authorization)) if may => {
            let issued = issue_code(app, visitor, asked, flow, &one, authorization, places.as_ref()).await;
            return issued.map(Next::Answer);
        }
        // It was approved once, by somebody who may not any more: the page says what is missing.
        (Consent::Remembered, _) => Question::default(),
        (Consent::Ask(question), _) => question,
    };
    if asked.request.prompt.contains(latchkey_identity::authorize::Prompt::None) {
        return Ok(Next::Refuse(
            OAuthError::consent_required("the person has to be asked, and prompt=none allows no page")
                .because("consent_required"),
        ));
    }
    let carried = match existing.as_ref().is_some_and(|existing| existing.is_live(visitor.now)) || !wants_places {
        true => None,
        false => carried(app, asked, one.account.id, visitor.now).await?,
    };
    let page = Box::new(Deliberation { signed_in: one, tenant, existing, carried, question, places, scopes, standing });
    Ok(if !may { Next::Prerequisite(page) } else { Next::Consent(page) })
}

/// What a person allowed to the app of the older kind that this one took over from.
pub struct Carried {
    /// What the older one is called.
    pub name: String,
    /// The live authorization.
    pub authorization: Authorization,
}

/// The person's live authorization of the app of the older kind that this one took over from, if this one still leads where that one did.
async fn carried(app: &App, asked: &Asked, account: AccountId, now: Timestamp) -> Result<Option<Carried>, StoreError> {
    let Some((older, _)) = app.store.legacy_app_moved_from(asked.client.id).await? else { return Ok(None) };
    let older = app.store.client(older).await?;
    let Some(older) = older.filter(|older| vouches_for(older, asked.request.redirect.uri())) else { return Ok(None) };
    let mut given = app.store.authorizations_of(account).await?.into_iter().map(|listed| listed.authorization);
    let authorization = given.find(|given| given.client == older.id && given.is_live(now));
    Ok(authorization.map(|authorization| Carried { name: older.name.clone(), authorization }))
}

async fn issue_code(
    app: &App,
    visitor: &Visitor,
    asked: &Asked,
    flow: Option<&Flow>,
    one: &SignedIn,
    authorization: &Authorization,
    places: Option<&Places>,
) -> Result<AuthorizationResponse, StoreError> {
    // A code below an authorization that ends at this moment is worth nothing when it is redeemed, so nothing is read again here.
    let context = CodeContext {
        request: &asked.request,
        places,
        client: &asked.client,
        account: &one.account,
        session: &one.session,
        tenant: authorization.tenant,
        origin: &visitor.origin.url,
        key: &app.keys.refresh_token,
        flow,
    };
    let decided = app
        .store
        .decide(|| async {
            if !is_unanswered(app, &asked.request, flow).await? {
                return Ok(Decision::refuse(OAuthError::access_denied("the request was answered already")));
            }
            let issued = authorization_code::issue(context, authorization, visitor.now, &mut entropy());
            let (approved, changes) = match issued {
                Ok(issued) => issued,
                Err(error) => return Ok(Decision::refuse(error)),
            };
            let code = changes.iter().find_map(|change| match change {
                Change::IssueCode(code) => Some(code.clone()),
                _ => None,
            });
            Ok(Decision::grant((approved, code)).and_all(changes))
        })
        .await;
    let redirect = asked.request.clone().issued_by(&visitor.origin.url, authorization.tenant).redirect;
    Ok(match decided? {
        Ok((approved, code)) => {
            // It comes back in a moment.
            code.into_iter().for_each(|code| app.store.remember_code(*code));
            let info = asked.request.client_info.then(|| client_info(&one.account));
            front_channel::answer(app, redirect, &approved, info)?
        }
        Err(error) => redirect.error(&error),
    })
}

/// Whether nobody has answered a request yet, in this flow or in another.
pub async fn is_unanswered(app: &App, request: &AuthorizationRequest, flow: Option<&Flow>) -> Result<bool, StoreError> {
    if let Some(flow) = flow
        && app.store.flow(flow.id).await?.is_none_or(|flow| flow.ended_at.is_some())
    {
        return Ok(false);
    }
    match request.came_by {
        CameBy::Link => Ok(true),
        CameBy::Pushed(request) => {
            Ok(app.store.pushed_request(request).await?.is_some_and(|request| request.used_at.is_none()))
        }
        CameBy::Device(device) => {
            Ok(app.store.device_code(device).await?.is_some_and(|device| device.answered_at.is_none()))
        }
    }
}

/// The accounts that fit an ID token of ours, if one came as a hint, and the subject that the `claims` parameter names, if it does. The
/// time of the ID token does not matter, and a token of others is no hint.
fn expected(app: &App, asked: &Asked, accounts: &[SignedIn]) -> Option<Vec<AccountId>> {
    #[derive(Deserialize)]
    struct Hint {
        sub: String,
        oid: Option<String>,
    }
    let hint: Option<Hint> = asked.request.id_token_hint.as_deref().and_then(|hint| app.signer.id_token_claims(hint));
    let named = asked.request.subject.as_deref();
    if hint.is_none() && named.is_none() {
        return None;
    }
    let fits = |account: AccountId| {
        let (id, subject) = (account.to_string(), subject(&asked.client, account, &app.keys.refresh_token));
        let hinted = |hint: &Hint| hint.oid.as_deref() == Some(&*id) || hint.sub == id || hint.sub == subject;
        hint.as_ref().is_none_or(hinted) && named.is_none_or(|named| named == subject)
    };
    Some(accounts.iter().map(|one| one.account.id).filter(|account| fits(*account)).collect())
}

/// Serves a request that has just come in.
pub async fn begin(app: &App, visitor: &Visitor, asked: Asked) -> Response<Body> {
    let page = match next(app, visitor, &asked, None).await {
        Err(error) => return problem_page::unavailable(app, visitor, &error),
        Ok(Next::Answer(response)) => return send(app, visitor, &asked.client, &response),
        Ok(Next::Refuse(error)) => {
            let (segment, parameters) = (asked.segment.clone(), asked.parameters.clone());
            let error = AuthorizeError::TellClient(Box::new(asked.request.redirect.clone()), error);
            let unserved_error = Unserved::Request(error, Some(Arc::clone(&asked.client)));
            return unserved(app, visitor, &segment, &parameters, unserved_error, None).await;
        }
        Ok(Next::SignIn { .. }) => "signin",
        Ok(Next::Select) => "select",
        Ok(Next::WrongTenant(_) | Next::Consent(_) | Next::Prerequisite(_)) => "consent",
    };
    if let Some(refused) = too_many(app, visitor) {
        return refused;
    }
    let kept = Kept {
        client: asked.client.id,
        segment: &asked.segment,
        parameters: &asked.parameters,
        origin: &visitor.origin.url,
        device: None,
    };
    match start(app, visitor, &kept).await {
        Ok(id) => reply::see_other(visitor, &format!("/{page}?flow={id}")),
        Err(error) => problem_page::unavailable(app, visitor, &error),
    }
}

/// The answer instead, when this network has had more requests kept than people could answer.
pub fn too_many(app: &App, visitor: &Visitor) -> Option<Response<Body>> {
    let mut throttle = app.request_throttle.lock().unwrap_or_else(PoisonError::into_inner);
    match throttle.begin_request(&network(visitor.address), visitor.now) {
        Ok(()) => None,
        Err(Wait(wait)) => Some(problem_page::too_many_requests(app, visitor, wait)),
    }
}

/// What is kept of a request while it waits for a person.
pub struct Kept<'a> {
    /// The client that asks.
    pub client: ClientId,
    /// The tenant segment of the URL it came to.
    pub segment: &'a str,
    /// The parameters as they came.
    pub parameters: &'a str,
    /// The origin it came to.
    pub origin: &'a str,
    /// The device that it is for, if it is for one.
    pub device: Option<TokenHash>,
}

/// Keeps a request for the pages that it needs: the id that they name it by.
pub async fn start(app: &App, visitor: &Visitor, kept: &Kept<'_>) -> Result<String, StoreError> {
    let id = visitor::token();
    let flow = Flow {
        id: FlowId(TokenHash::of(&id)),
        browser: visitor.browser.hash(),
        client: kept.client,
        segment: kept.segment.to_owned(),
        origin: kept.origin.to_owned(),
        parameters: kept.parameters.to_owned(),
        device: kept.device,
        session: None,
        started_at: visitor.now,
        ended_at: None,
    };
    let kept: Result<(), OAuthError> =
        app.store.decide(|| async { Ok(Decision::grant(()).and(Change::StartFlow(Box::new(flow.clone())))) }).await?;
    // Starting a flow refuses nothing.
    kept.map_err(|error| StoreError::Unavailable(error.description.into_owned()))?;
    Ok(id)
}

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

/// Answers a request that is not served: on our own page, or to the client, after a click where nobody vouches for the client.
pub async fn unserved(
    app: &App,
    visitor: &Visitor,
    segment: &str,
    parameters: &str,
    error: Unserved,
    flow: Option<(&str, &Flow)>,
) -> Response<Body> {
    let (redirect, error, client) = match error {
        Unserved::Store(error) => return problem_page::unavailable(app, visitor, &error),
        Unserved::Request(AuthorizeError::ShowPage(why), _) => return problem_page::untrusted(app, visitor, why),
        Unserved::Request(AuthorizeError::TellClient(redirect, error), Some(client)) => (redirect, error, client),
        Unserved::Request(AuthorizeError::TellClient(..), None) => {
            return problem_page::untrusted(app, visitor, Untrusted::UnknownClient);
        }
    };
    let approved = match approved_before(app, visitor, &client).await {
        Ok(approved) => approved,
        Err(error) => return problem_page::unavailable(app, visitor, &error),
    };
    if may_redirect_silently(&client, &redirect, approved) {
        return send(app, visitor, &client, &redirect.error(&error));
    }
    if let Some(refused) = flow.is_none().then(|| too_many(app, visitor)).flatten() {
        return refused;
    }
    let id = match flow {
        Some((id, _)) => Ok(id.to_owned()),
        None => {
            let kept = Kept { client: client.id, segment, parameters, origin: &visitor.origin.url, device: None };
            start(app, visitor, &kept).await
        }
    };
    match id {
        Ok(id) => interstitial(app, visitor, id, &client, &redirect, &error),
        Err(error) => problem_page::unavailable(app, visitor, &error),
    }
}

fn interstitial(
    app: &App,
    visitor: &Visitor,
    id: String,
    client: &Client,
    redirect: &TrustedRedirect,
    error: &OAuthError,
) -> Response<Body> {
    let page = Interstitial {
        frame: problem_page::frame(app, visitor),
        flow: id,
        app: crate::identity::offer::face(client),
        host: redirect.destination(),
        sentence: error.description.clone().into_owned(),
        code: error.code.to_owned(),
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
        Ok(flow) => flow.filter(|flow| flow.is_open_to(visitor.browser.hash(), visitor.now)),
        Err(error) => return problem_page::unavailable(&app, &visitor, &error),
    };
    let Some(flow) = flow else { return problem_page::flow_gone(&app, &visitor) };
    let (redirect, error, client) = match Asked::again(&app, &flow, visitor.address, visitor.now).await {
        Err(Unserved::Request(AuthorizeError::TellClient(redirect, error), Some(client))) => (*redirect, error, client),
        Err(error) => return unserved(&app, &visitor, &flow.segment, &flow.parameters, error, Some((id, &flow))).await,
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

/// Ends a flow that nobody answers. A device that waits for it is told no.
pub async fn end(app: &App, flow: &Flow, now: Timestamp) -> Result<(), StoreError> {
    let ended: Result<(), OAuthError> = app
        .store
        .decide(|| async {
            let open = app.store.flow(flow.id).await?.is_some_and(|flow| flow.ended_at.is_none());
            let device = match flow.device {
                Some(device) if open => app.store.device_code(device).await?.filter(|device| device.is_open(now)),
                _ => None,
            };
            Ok(Decision::grant(())
                .and_all(open.then_some(Change::EndFlow { flow: flow.id, at: now }))
                .and_all(device.map(|device| Change::AnswerDevice { device: device.hash, approved: false, at: now })))
        })
        .await?;
    drop(ended);
    Ok(())
}

/// `POST /signin/cancel` and `POST /consent/return`: the person turns back, and the client is told.
pub async fn cancel(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    let (Opened { flow, asked, .. }, _) = match own_form::of_flow(&app, &visitor, request).await {
        Ok(submitted) => submitted,
        Err(response) => return *response,
    };
    match end(&app, &flow, visitor.now).await {
        Err(error) => problem_page::unavailable(&app, &visitor, &error),
        Ok(()) => {
            let error = OAuthError::access_denied("the person turned back");
            send(&app, &visitor, &asked.client, &asked.request.redirect.error(&error))
        }
    }
}
