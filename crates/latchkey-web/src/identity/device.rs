//! Devices: the endpoint where they ask, and the pages where a person types their code, reads what asks and goes on.

use std::sync::{Arc, PoisonError};

use axum::body::Body;
use axum::extract::{Path, Query, State};
use http::header::{HeaderValue, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use latchkey_identity::OAuthError;
use latchkey_identity::Timestamp;
use latchkey_identity::account::AccountId;
use latchkey_identity::authorize::flow::Kept;
use latchkey_identity::authorize::{AuthorizeError, Untrusted};
use latchkey_identity::client::{Client, ClientId};
use latchkey_identity::grant::device_code::pace::INTERVAL;
use latchkey_identity::grant::device_code::user_code::UserCode;
use latchkey_identity::grant::device_code::{self, Codes, Context, DeviceCode};
use latchkey_identity::limits;
use latchkey_identity::secret::TokenHash;
use latchkey_identity::sign_in::throttle::Typing;
use latchkey_identity::throttle::Wait;
use latchkey_store::StoreError;
use serde::{Deserialize, Serialize};

use crate::app::{App, entropy};
use crate::identity::asked::{Asked, Unserved};
use crate::identity::client_request::{ClientRequest, answer_client};
use crate::identity::flow;
use crate::identity::problem::OAuthProblem;
use crate::identity::{own_form, problem_page, tenants};
use crate::pages::device::{Device, DeviceConfirm, DeviceDone, DeviceFace, DeviceTrouble};
use crate::pages::{AppFace, Moment, Remaining};
use crate::reply::{self, FormTargets};
use crate::visitor::Visitor;

/// The answer to a device. [RFC 8628 §3.2]
#[derive(Serialize)]
struct DeviceResponse {
    device_code: String,
    user_code: String,
    verification_uri: String,
    /// The same, as some libraries of the Microsoft world read it.
    verification_url: String,
    verification_uri_complete: String,
    expires_in: u64,
    interval: u64,
    /// What such libraries print, and some print nothing else.
    message: String,
}

/// `POST /{t}/oauth2/v2.0/devicecode`. [RFC 8628 §3.1]
pub async fn begin(
    State(app): State<App>,
    visitor: Visitor,
    Path(segment): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let request = match ClientRequest::read_first(&app, &parts, &segment, body).await {
        Ok(request) => request,
        Err(problem) => return answer_client(&parts.headers, None, Err(problem), visitor.now),
    };
    let answered = begun(&app, &visitor, &segment, &request).await.map(|codes| {
        let mut response = reply::json(StatusCode::OK, &answer(&codes, &visitor));
        reply::no_store(&mut response);
        response
    });
    answer_client(&parts.headers, request.client.as_deref(), answered, visitor.now)
}

async fn begun(app: &App, visitor: &Visitor, segment: &str, request: &ClientRequest) -> Result<Codes, OAuthProblem> {
    let client = request.authenticate(app, visitor.now).await?;
    has_room(app, client.client().id, visitor)?;
    let address = visitor.address.to_canonical().to_string();
    let context = Context {
        origin: &visitor.origin.url,
        segment,
        audience: &request.audience,
        resource: &app.resource,
        address: &address,
    };
    let begun: Result<Result<Codes, OAuthError>, StoreError> = app
        .store
        .decide(|| async { Ok(device_code::begin(&request.form, &client, context, visitor.now, &mut entropy())) })
        .await;
    Ok(begun??)
}

fn has_room(app: &App, client: ClientId, visitor: &Visitor) -> Result<(), OAuthProblem> {
    let mut throttle = app.request_throttle.lock().unwrap_or_else(PoisonError::into_inner);
    let room = throttle.begin_device(client, visitor.address, visitor.now);
    room.map_err(|Wait(wait)| OAuthProblem::too_much("too many device codes were asked for from here", wait))
}

fn answer(codes: &Codes, visitor: &Visitor) -> DeviceResponse {
    let (page, user_code) = (format!("{}/device", visitor.origin.url), codes.user_code.to_string());
    DeviceResponse {
        device_code: codes.device_code.reveal().to_owned(),
        verification_uri_complete: format!("{page}?user_code={user_code}"),
        message: format!("To sign in, use a web browser to open the page {page} and enter the code {user_code}."),
        verification_url: page.clone(),
        verification_uri: page,
        user_code,
        expires_in: limits::DEVICE_CODE_LIFETIME.as_secs(),
        interval: INTERVAL.as_secs(),
    }
}

/// The query of the page.
#[derive(Deserialize)]
pub struct DeviceQuery {
    user_code: Option<String>,
}

/// `GET /device`: the code is typed, or the device's link brought it along. Nothing is looked up yet, so a link does nothing.
pub async fn get(State(app): State<App>, visitor: Visitor, Query(query): Query<DeviceQuery>) -> Response<Body> {
    let typed = query.user_code.unwrap_or_default();
    let typed = UserCode::parse(&typed).map(|code| code.to_string()).unwrap_or_default();
    type_it(&app, &visitor, typed, None)
}

fn type_it(app: &App, visitor: &Visitor, user_code: String, trouble: Option<DeviceTrouble>) -> Response<Body> {
    let (status, wait) = match trouble {
        None => (StatusCode::OK, None),
        Some(DeviceTrouble::Unknown) => (StatusCode::UNPROCESSABLE_ENTITY, None),
        Some(DeviceTrouble::Throttled(Remaining(seconds))) => (StatusCode::TOO_MANY_REQUESTS, Some(seconds)),
    };
    let page = Device { frame: problem_page::frame(app, visitor), user_code, trouble };
    let mut response = reply::page(status, visitor, &page, &FormTargets::own());
    if let Some(seconds) = wait {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// `POST /device`: tells what asks, from where and since when.
pub async fn look(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    let (device, client) = match found(&app, &visitor, request).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let page = DeviceConfirm {
        frame: problem_page::frame(&app, &visitor),
        app: AppFace::of(&client.name, &client.publisher),
        device: face(&device, &visitor),
    };
    reply::page(StatusCode::OK, &visitor, &page, &FormTargets::own())
}

/// `POST /device/continue`: the person says that the device is theirs, and goes on as with any request.
pub async fn go_on(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    let (device, client) = match found(&app, &visitor, request).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    if let Some(refused) = flow::too_many(&app, &visitor) {
        return refused;
    }
    let kept = Kept {
        client: client.id,
        segment: &device.segment,
        parameters: "",
        origin: &device.origin,
        device: Some(device.hash),
        rehearsed_by: None,
    };
    match flow::start(&app, &visitor, &kept).await {
        Ok(id) => reply::see_other(&visitor, &format!("/consent?flow={id}")),
        Err(error) => problem_page::unavailable(&app, &visitor, &error),
    }
}

/// The query of the last page.
#[derive(Deserialize)]
pub struct DoneQuery {
    error: Option<String>,
}

/// `GET /device/done`: the person goes back to the device.
pub async fn done(State(app): State<App>, visitor: Visitor, Query(query): Query<DoneQuery>) -> Response<Body> {
    let page = DeviceDone { frame: problem_page::frame(&app, &visitor), approved: query.error.is_none() };
    reply::page(StatusCode::OK, &visitor, &page, &FormTargets::own())
}

/// The device that shows the code of a form, and its client. `Err` is the page instead.
async fn found(
    app: &App,
    visitor: &Visitor,
    request: Request<Body>,
) -> Result<(DeviceCode, Arc<Client>), Box<Response<Body>>> {
    let pairs = own_form::read(app, visitor, request).await?;
    let unavailable = |error: StoreError| Box::new(problem_page::unavailable(app, visitor, &error));
    let typed = pairs.first("user_code").unwrap_or_default();
    let accounts = flow::signed_in(app, visitor).await.map_err(unavailable)?;
    let accounts: Vec<AccountId> = accounts.iter().map(|one| one.account.id).collect();
    let typing = Typing { address: visitor.address, accounts: &accounts };
    let throttle = || app.throttle.lock().unwrap_or_else(PoisonError::into_inner);
    let shown: String = typed.chars().take(20).collect();
    if let Err(Wait(wait)) = throttle().begin_user_code(typing, visitor.now) {
        let trouble = DeviceTrouble::Throttled(Remaining::of(wait));
        return Err(Box::new(type_it(app, visitor, shown, Some(trouble))));
    }
    let device = match UserCode::parse(typed) {
        Some(code) => app.store.device_of(&code).await.map_err(unavailable)?,
        None => None,
    };
    let unknown = || Box::new(type_it(app, visitor, shown.clone(), Some(DeviceTrouble::Unknown)));
    let device = device.filter(|device| device.is_open(visitor.now)).ok_or_else(unknown)?;
    throttle().user_code_found(typing);
    let client = app.store.client(device.client).await.map_err(unavailable)?;
    Ok((device, client.ok_or_else(unknown)?))
}

/// What pages say of a device.
pub fn face(device: &DeviceCode, visitor: &Visitor) -> DeviceFace {
    let at = Moment::from(device.started_at);
    DeviceFace {
        user_code: device.user_code.to_string(),
        address: device.address.clone(),
        asked: at.before(visitor.now.into()),
    }
}

/// Reads what a device asks for, at every step of the flow that answers it.
pub async fn read(app: &App, device: TokenHash, now: Timestamp) -> Result<Asked, Unserved> {
    let untrusted = |why| Unserved::Request(AuthorizeError::ShowPage(why), None);
    let device = app.store.device_code(device).await?.ok_or_else(|| untrusted(Untrusted::DeviceCodeGone))?;
    let audience = tenants::audience(app, &device.segment).await?;
    let client = app.store.client(device.client).await?.ok_or_else(|| untrusted(Untrusted::UnknownClient))?;
    let request = device_code::request(&device, &client, &audience, &app.resource, now).map_err(untrusted)?;
    Ok(Asked {
        request,
        client,
        legacy: None,
        segment: device.segment.clone(),
        device: Some(device),
        audience,
        parameters: String::new(),
    })
}
