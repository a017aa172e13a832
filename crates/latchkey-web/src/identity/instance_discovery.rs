//! Instance discovery, which clients of the Microsoft world ask before they trust an authority.

use axum::body::Body;
use axum::extract::State;
use axum::response::IntoResponse as _;
use http::{Request, Response, StatusCode};
use latchkey_identity::OAuthError;
use serde_json::json;
use url::Url;

use crate::app::App;
use crate::extract::Pairs;
use crate::identity::problem::OAuthProblem;
use crate::reply;
use crate::visitor::Visitor;

/// `GET /common/discovery/instance?authorization_endpoint=...`: where the metadata of that authority's tenant is.
pub async fn instance_discovery(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    let pairs = Pairs::decode(request.uri().query().unwrap_or_default().as_bytes());
    let asked = pairs.first("authorization_endpoint").and_then(|url| Url::parse(url).ok());
    let ours = asked.filter(|url| app.settings.origins.iter().any(|origin| is_at(&origin.url, url)));
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

/// Whether a URL is at the host of an origin. Some clients leave out the port.
fn is_at(origin: &str, url: &Url) -> bool {
    url.host().is_some() && Url::parse(origin).is_ok_and(|origin| origin.host() == url.host())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_ours_by_its_host() {
        let at = |origin, url: &str| is_at(origin, &Url::parse(url).unwrap());
        assert!(at("https://id.test:4243", "https://id.test/common/oauth2/v2.0/authorize"));
        assert!(at("http://[::1]:4280", "http://[::1]:4280/common/oauth2/v2.0/authorize"));
        assert!(!at("http://[::1]:4280", "http://[::2]:4280/common/oauth2/v2.0/authorize"));
        assert!(!at("https://id.test", "https://login.test/common"));
        assert!(!at("https://id.test", "mailto:ana@id.test"));
    }
}
