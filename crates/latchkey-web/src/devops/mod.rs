//! The DevOps API and git over HTTP.
//!
//! | what | where |
//! |---|---|
//! | every route, with the action that its caller must be allowed | [`routes`] |
//! | how a path finds its route | [`table`] |
//! | one request, and who asks | [`visit`], [`caller`] |
//! | into an organization, a project, a repository | [`call`] |
//! | what comes in | [`query`], [`payload`], [`accept`] |
//! | what goes out | [`answer`](mod@answer), [`error`], [`paging`], [`people`] |
//! | where clients find things | [`locations`], [`connection_data`] |
//! | projects, profiles, organizations | [`projects`], [`teams`], [`profiles`], [`accounts`] |
//! | work items | [`work_items`], [`work_item_edits`], [`revisions`], [`comments`], [`work_item_types`] |
//! | source code | [`repositories`], [`refs`], [`items`], [`zip`], [`commits`], [`pull_requests`] |
//! | builds | [`definitions`], [`builds`], [`build_tags`], [`timelines`], [`logs`] |
//! | clone, fetch, push | [`git`] |

mod accept;
mod accounts;
mod answer;
mod build_tags;
mod builds;
mod call;
mod caller;
mod comments;
mod commits;
mod connection_data;
mod definitions;
mod error;
mod git;
mod items;
mod locations;
mod logs;
mod paging;
mod payload;
mod people;
mod profiles;
mod projects;
pub mod protected_resource;
mod pull_requests;
mod query;
mod refs;
mod registration_secrets;
mod repositories;
mod revisions;
mod routes;
mod table;
mod teams;
mod through;
mod timelines;
mod visit;
mod work_item_edits;
mod work_item_types;
mod work_items;
mod zip;

use std::sync::Arc;

use axum::body::Body;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ALLOW, HeaderName,
    HeaderValue,
};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use latchkey_devops::error::{DevOpsError, ErrorType};
use latchkey_devops::scope::Scope;
use latchkey_store::StoreError;
use uuid::Uuid;

use crate::app::{App, random};
use crate::dpop;
use crate::legacy::notice::{Notice, organizations_of};
use crate::reply;
use call::Call;
use error::{ApiError, Circumstances, RESOURCE_TENANT};
use payload::Payload;
use table::{Answer, Dialect, Endpoint, Handler, NotFound, PathValues};
use visit::Visit;

/// What finds a request in the log.
const ACTIVITY_ID: HeaderName = HeaderName::from_static("activityid");

/// Tokens are in headers, never in cookies, so pages of any origin may ask.
const ALLOWED_HEADERS: &str = "authorization, dpop, accept, content-type, x-tfs-fedauthredirect, x-tfs-session, \
                               x-vss-forcemsapassthrough, x-vss-reauthenticationaction, if-match";
const EXPOSED_HEADERS: &str = "x-ms-continuationtoken, ActivityId, X-TFS-Session, X-VSS-GlobalMessage, X-VSS-ResourceTenant, DPoP-Nonce, WWW-Authenticate";

/// Answers a request of the API or of git; gives back what it read if the path belongs to neither.
pub async fn answer(app: &App, request: Request<Body>) -> Result<Response<Body>, Arc<Parts>> {
    let (parts, body) = request.into_parts();
    let parts = Arc::new(parts);
    let (endpoint, values) = match routes::TABLE.find(parts.uri.path()) {
        Ok(found) => (Some(found.endpoint), found.values),
        Err(NotFound::NoRoute) if !is_of_the_api(parts.uri.path()) => return Err(parts),
        Err(_) => (None, PathValues::default()),
    };
    let dialect = endpoint.map_or(Dialect::Rest, |endpoint| endpoint.dialect);
    if parts.method == Method::OPTIONS && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        return Ok(preflight());
    }
    let activity = uuid::Builder::from_random_bytes(random()).into_uuid().to_string();
    let organization = values.get("organization").map(str::to_owned);
    let mut notice = None;
    let done = serve(app, &parts, body, endpoint, values, &mut notice).await;

    // What is hidden is answered like what is not there, headers included.
    let hidden = done.as_ref().is_err_and(|error| error.status() == StatusCode::NOT_FOUND);
    let tenant = match &organization {
        // Discovery looks at no organization, so that it costs nothing and says the same of those that are not there.
        Some(name) if !hidden && parts.method != Method::OPTIONS => tenant_of(app, name).await,
        _ => None,
    };
    let mut response = done.unwrap_or_else(|error| {
        let origin = visit::origin(app, &parts);
        let with_credential = caller::has_credential(&parts.headers);
        let as_dpop = caller::proves_by_dpop(&parts.headers);
        let activity = activity.as_str();
        let scope = endpoint.and_then(|endpoint| endpoint.least_scope(&parts.method)).map(Scope::name);
        let organization = organization.as_deref().filter(|_| tenant.is_some());
        error.answer(&Circumstances {
            dialect,
            origin: &origin.url,
            organization,
            scope,
            tenant,
            with_credential,
            as_dpop,
            activity,
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
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
    for (name, value) in [(ACTIVITY_ID, Some(activity)), (RESOURCE_TENANT, tenant.map(|tenant| tenant.to_string()))] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    if let Some(notice) = notice {
        notice.add_to(headers, &visit::origin(app, &parts).url);
    }
    Ok(response)
}

async fn serve(
    app: &App,
    parts: &Arc<Parts>,
    body: Body,
    endpoint: Option<&Endpoint>,
    values: PathValues,
    notice: &mut Option<Notice>,
) -> Answer {
    let nothing_here = || DevOpsError::not_found("VS800000: No resource of this server has this URL.");
    let endpoint = endpoint.ok_or_else(nothing_here)?;
    let Some(handler) = endpoint.handler(&parts.method) else {
        if endpoint.only_says_where_things_are() {
            return Err(nothing_here().into());
        }
        let message = format!("The method {} does not fit this URL; it takes {}.", parts.method, endpoint.allowed());
        return Err(DevOpsError::new(ErrorType::MethodNotAllowed, message).into());
    };
    match handler {
        Handler::Open(handler) => handler(Visit::read(app, parts, values, endpoint.dialect)?).await,
        Handler::For(action, handler) => {
            // Who has no credential learns nothing else about the request.
            let identified = caller::identify(app, parts, app.now()).await?;
            let person = identified.holder.person();
            if let Some(bearer) = person.filter(|bearer| bearer.client.is_legacy()) {
                // Everybody who runs an app of the older kind is told of its end, wherever they look.
                *notice = Some(Notice::of(app, organizations_of(&bearer.authorization)).await?);
            }
            let visit = Visit::read(app, parts, values, endpoint.dialect)?;
            let (authorization, now) = (person.map(|bearer| bearer.authorization.id), visit.now);
            let done = handler(Call::new(visit, identified, *action), Payload::new(&parts.headers, body)).await;
            if let (Err(ApiError::Denied(refusal)), Some(authorization)) = (&done, authorization) {
                app.uses.refused(authorization, refusal, now);
            }
            match endpoint.dialect {
                Dialect::Rest => done,
                // To git a 401 means another password; it would throw away the one it has.
                Dialect::Git => done.map_err(ApiError::of_somebody_known),
            }
        }
    }
}

/// What a request of the DevOps side is answered while the server cannot answer; nothing if it is of another.
pub(crate) fn unavailable(parts: &Parts, error: &StoreError) -> Option<Response<Body>> {
    let of_git = parts.uri.path().split('/').any(|segment| segment.eq_ignore_ascii_case("_git"));
    let dialect = if of_git { Dialect::Git } else { Dialect::Rest };
    (of_git || is_of_the_api(parts.uri.path())).then(|| {
        ApiError::Unavailable(error.to_string()).answer(&Circumstances {
            dialect,
            origin: "",
            organization: None,
            scope: None,
            tenant: None,
            with_credential: false,
            as_dpop: false,
            activity: "",
        })
    })
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
    let mut response = answer::no_content();
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
