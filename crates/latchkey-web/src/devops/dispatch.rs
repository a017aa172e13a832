//! How a request of the API or of git is answered: its route, its caller, and the headers that every answer has.

use std::sync::Arc;

use axum::body::Body;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ALLOW, HeaderMap, HeaderName,
    HeaderValue,
};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use latchkey_devops::error::{DevOpsError, ErrorType};
use latchkey_devops::scope::Scope;
use latchkey_store::StoreError;
use uuid::Uuid;

use super::answer::no_content;
use super::call::Call;
use super::caller::{self, Identified};
use super::error::{ApiError, Circumstances, RESOURCE_TENANT};
use super::payload::Payload;
use super::routes;
use super::table::{Answer, Dialect, Endpoint, Handler, PathValues};
use super::visit::{self, Visit};
use crate::app::App;
use crate::dpop;
use crate::legacy::notice::{Notice, organizations_of};
use crate::reader::BadAddress;
use crate::reply;

/// What finds a request in the log.
const ACTIVITY_ID: HeaderName = HeaderName::from_static("activityid");

/// Tokens are in headers, never in cookies, so pages of any origin may ask.
const ALLOWED_HEADERS: &str = "authorization, dpop, accept, content-type, x-tfs-fedauthredirect, x-tfs-session, \
                               x-vss-forcemsapassthrough, x-vss-reauthenticationaction, if-match";
const EXPOSED_HEADERS: &str = "x-ms-continuationtoken, ActivityId, X-TFS-Session, X-VSS-GlobalMessage, X-VSS-ResourceTenant, DPoP-Nonce, WWW-Authenticate";

/// What came of a request, and what its caller is told beside that.
struct Served {
    answer: Answer,
    /// Of the end of the older kind, if the caller is an app of it.
    notice: Option<Notice>,
}

impl From<ApiError> for Served {
    fn from(error: ApiError) -> Self {
        Self { answer: Err(error), notice: None }
    }
}

/// Where a path leads on the DevOps side: to an endpoint, or to the error of the API that there is none.
pub(crate) struct Destination {
    endpoint: Option<&'static Endpoint>,
    values: PathValues,
}

impl Destination {
    /// The endpoint that a path leads to.
    pub(crate) fn endpoint(path: &str) -> Option<Self> {
        // A word of the API or of git begins with this; so do a few pages.
        if !path.contains("/_") {
            return None;
        }
        let found = routes::TABLE.find(path).ok()?;
        Some(Self { endpoint: Some(found.endpoint), values: found.values })
    }

    /// The same, and nowhere for other paths of the API. None: the path is not of this side.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let nowhere = || is_of_the_api(path).then(|| Self { endpoint: None, values: PathValues::default() });
        Self::endpoint(path).or_else(nowhere)
    }
}

/// Answers a request of the API or of git.
pub(crate) async fn answer(app: &App, request: Request<Body>, destination: Destination) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let parts = Arc::new(parts);
    let Destination { endpoint, values } = destination;
    if parts.method == Method::OPTIONS && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        return preflight();
    }
    let activity = app.activities.next().to_string();
    let organization = values.get("organization").map(str::to_owned);
    let Served { answer, notice } = serve(app, &parts, body, endpoint, values).await.unwrap_or_else(Served::from);
    // What is hidden is answered like what is not there, headers included.
    let status = answer.as_ref().map_or_else(ApiError::status, Response::status);
    let hidden = status == StatusCode::NOT_FOUND;
    let tenant = match &organization {
        // Discovery looks at no organization, so that it costs nothing and says the same of those that are not there.
        Some(name) if !hidden && parts.method != Method::OPTIONS => tenant_of(app, name).await,
        _ => None,
    };
    let mut response = answer.unwrap_or_else(|error| {
        error.answer(&Circumstances {
            dialect: endpoint.map_or(Dialect::Rest, |endpoint| endpoint.dialect),
            origin: &visit::origin(app, &parts).url,
            organization: organization.as_deref().filter(|_| tenant.is_some()),
            scope: endpoint.and_then(|endpoint| endpoint.least_scope(&parts.method)).map(Scope::name),
            tenant,
            with_credential: caller::has_credential(&parts.headers),
            as_dpop: caller::proves_by_dpop(&parts.headers),
            activity: &activity,
        })
    });
    if response.status() == StatusCode::METHOD_NOT_ALLOWED
        && let Some(allowed) = endpoint.and_then(|endpoint| HeaderValue::from_str(&endpoint.allowed()).ok())
    {
        response.headers_mut().insert(ALLOW, allowed);
    }
    reply::no_store(&mut response);
    let headers = response.headers_mut();
    dpop::offer_nonce(app, &parts.headers, headers, app.now());
    expose(headers, activity, tenant);
    if let Some(notice) = notice {
        notice.add_to(headers, &visit::origin(app, &parts).url);
    }
    response
}

/// Lets the pages of any origin read an answer, and says which request and which tenant it is about.
fn expose(headers: &mut HeaderMap, activity: String, tenant: Option<Uuid>) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
    for (name, value) in [(ACTIVITY_ID, Some(activity)), (RESOURCE_TENANT, tenant.map(|tenant| tenant.to_string()))] {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
}

/// Finds the handler of a request and lets it act. `Err`: refused before it was known who asks.
async fn serve(
    app: &App,
    parts: &Arc<Parts>,
    body: Body,
    endpoint: Option<&Endpoint>,
    values: PathValues,
) -> Result<Served, ApiError> {
    let endpoint = endpoint.ok_or_else(nothing_here)?;
    match handler(endpoint, &parts.method)? {
        Handler::Open(handler) => {
            let answer = handler(Visit::read(app, parts, values, endpoint.dialect)?).await;
            Ok(Served { answer, notice: None })
        }
        Handler::For(action, handler) => {
            // Who has no credential learns nothing else about the request.
            let identified = caller::identify(app, parts, app.now()).await?;
            let notice = notice_for(app, &identified).await?;
            let authorization = identified.holder.person().map(|bearer| bearer.authorization.id);
            let visit = match Visit::read(app, parts, values, endpoint.dialect) {
                Ok(visit) => visit,
                Err(error) => return Ok(Served { answer: Err(error), notice }),
            };
            let now = visit.now;
            let done = handler(Call::new(visit, identified, *action), Payload::new(&parts.headers, body)).await;
            if let (Err(ApiError::Denied(refusal)), Some(authorization)) = (&done, authorization) {
                app.uses.refused(authorization, refusal, now);
            }
            let answer = match endpoint.dialect {
                Dialect::Rest => done,
                // To git a 401 means another password; it would throw away the one it has.
                Dialect::Git => done.map_err(ApiError::of_somebody_known),
            };
            Ok(Served { answer, notice })
        }
    }
}

/// What a method does at an endpoint.
fn handler<'a>(endpoint: &'a Endpoint, method: &Method) -> Result<&'a Handler, DevOpsError> {
    match endpoint.handler(method) {
        Some(handler) => Ok(handler),
        None if endpoint.only_says_where_things_are() => Err(nothing_here()),
        None => {
            let message = format!("The method {method} does not fit this URL; it takes {}.", endpoint.allowed());
            Err(DevOpsError::new(ErrorType::MethodNotAllowed, message))
        }
    }
}

fn nothing_here() -> DevOpsError {
    DevOpsError::not_found("VS800000: No resource of this server has this URL.")
}

/// Everybody who runs an app of the older kind is told of its end, wherever they look.
async fn notice_for(app: &App, identified: &Identified) -> Result<Option<Notice>, StoreError> {
    match identified.holder.person().filter(|bearer| bearer.client.is_legacy()) {
        Some(bearer) => Notice::of(app, organizations_of(&bearer.authorization)).await.map(Some),
        None => Ok(None),
    }
}

/// Whether clients of the DevOps side read what is answered at a path.
pub(crate) fn is_of_devops(path: &str) -> bool {
    is_of_git(path) || is_of_the_api(path)
}

/// The answer to a request of the DevOps side while the server cannot give one.
pub(crate) fn unavailable(parts: &Parts, error: &StoreError) -> Response<Body> {
    unlooked(parts, ApiError::Unavailable(error.to_string()))
}

/// The answer to a request of the DevOps side at an address that is not looked up.
pub(crate) fn bad_address(parts: &Parts, why: BadAddress) -> Response<Body> {
    let mut response = unlooked(parts, DevOpsError::bad_request(why.sentence()).into());
    *response.status_mut() = why.status();
    response
}

/// An error before anything is looked at.
fn unlooked(parts: &Parts, error: ApiError) -> Response<Body> {
    error.answer(&Circumstances {
        dialect: if is_of_git(parts.uri.path()) { Dialect::Git } else { Dialect::Rest },
        origin: "",
        organization: None,
        scope: None,
        tenant: None,
        with_credential: false,
        as_dpop: false,
        activity: "",
    })
}

fn is_of_git(path: &str) -> bool {
    path.split('/').any(|segment| segment.eq_ignore_ascii_case("_git"))
}

/// Whether a path is one of the API, even if nothing is there: then its clients want an error that they can read.
fn is_of_the_api(path: &str) -> bool {
    path.split('/').any(|segment| segment.eq_ignore_ascii_case("_apis"))
}

/// The tenant of an organization, if there is such an organization and the store answers.
async fn tenant_of(app: &App, name: &str) -> Option<Uuid> {
    let facts = app.store.organization(name).await.ok().flatten()?;
    Some(facts.organization.tenant)
}

/// What a browser asks before it lets a page of another origin ask.
fn preflight() -> Response<Body> {
    let mut response = no_content();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers
        .insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED_HEADERS));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_answers_for_its_paths_whether_or_not_something_is_there() {
        assert!(is_of_the_api("/harbor/_apis/nothing"));
        assert!(is_of_the_api("/harbor/lighthouse/_APIS"));
        assert!(!is_of_the_api("/harbor/lighthouse/_git/lamp"));
        assert!(!is_of_the_api("/"));
    }
}
