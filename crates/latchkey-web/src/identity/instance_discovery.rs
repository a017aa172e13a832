//! Instance discovery, which clients of the Microsoft world ask before they trust an authority.

use axum::body::Body;
use axum::extract::State;
use axum::response::IntoResponse as _;
use http::{Request, Response, StatusCode};
use latchkey_identity::OAuthError;
use serde_json::json;

use crate::app::App;
use crate::extract::Pairs;
use crate::identity::problem::OAuthProblem;
use crate::reply;
use crate::visitor::Visitor;

/// `GET /common/discovery/instance?authorization_endpoint=...`: where the metadata of that authority's tenant is.
pub async fn instance_discovery(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    let pairs = Pairs::decode(request.uri().query().unwrap_or_default().as_bytes());
    let asked = pairs.first("authorization_endpoint").and_then(|url| url::Url::parse(url).ok());
    let host_of = |authority: &str| authority.split(':').next().unwrap_or_default().to_owned();
    // Some clients leave the port out of the URL that they ask about.
    let ours = asked.filter(|url| {
        let host = url.host_str().unwrap_or_default();
        app.settings.origins.iter().any(|origin| host_of(&origin.authority) == host)
    });
    let segment = ours.as_ref().and_then(|url| url.path_segments()?.next().map(str::to_owned));
    let Some(segment) = segment.filter(|segment| latchkey_identity::tenant::TenantSegment::parse(segment).is_some())
    else {
        let error = OAuthError {
            code: "invalid_instance",
            ..OAuthError::invalid_request("authorization_endpoint is not one of this server's")
        };
        return OAuthProblem::from(error.numbered(50_049)).into_response();
    };
    let authority = &*visitor.origin.authority;
    reply::json(
        StatusCode::OK,
        &json!({
            "tenant_discovery_endpoint": format!("{}/{segment}/v2.0/.well-known/openid-configuration", visitor.origin.url),
            "api-version": "1.1",
            "metadata": [{ "preferred_network": authority, "preferred_cache": authority, "aliases": [authority] }],
        }),
    )
}
