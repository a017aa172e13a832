//! One request, before it is known who asks.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;
use http::request::Parts;
use latchkey_devops::api_version::ApiVersion;
use latchkey_devops::error::DevOpsError;
use latchkey_identity::Timestamp;

use super::error::ApiError;
use super::query::Query;
use super::table::{Dialect, PathValues};
use crate::app::App;
use crate::settings::Origin;
use crate::visitor::Peer;

/// One request's circumstances and what it names.
#[derive(Clone)]
pub(super) struct Visit {
    pub(super) app: App,
    /// The moment.
    pub(super) now: Timestamp,
    /// Where it came to.
    pub(super) origin: Origin,
    /// Where it comes from.
    pub(super) address: IpAddr,
    pub(super) path: PathValues,
    pub(super) query: Query,
    parts: Arc<Parts>,
    pub(super) version: ApiVersion,
}

impl Visit {
    /// Reads a request that a route was found for.
    pub(super) fn read(app: &App, parts: &Arc<Parts>, path: PathValues, dialect: Dialect) -> Result<Self, ApiError> {
        let query = Query::read(parts.uri.query().unwrap_or_default())?;
        let version = match dialect {
            Dialect::Git => ApiVersion::RELEASED,
            Dialect::Rest => {
                let accept = parts.headers.get(http::header::ACCEPT).and_then(|accept| accept.to_str().ok());
                ApiVersion::of_request(parts.method.as_str(), query.get("api-version"), accept)?
            }
        };
        Ok(Self {
            now: app.now(),
            origin: origin(app, parts),
            address: parts.extensions.get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.address),
            parts: Arc::clone(parts),
            app: app.clone(),
            path,
            query,
            version,
        })
    }

    /// What a segment of the path names. The table says which segments there are.
    pub(super) fn named(&self, segment: &str) -> &str {
        self.path.get(segment).unwrap_or_default()
    }

    /// The number that a segment of the path holds.
    pub(super) fn number(&self, segment: &str) -> Result<i64, ApiError> {
        let text = self.named(segment);
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if digits { text.parse().ok() } else { None };
        number.ok_or_else(|| DevOpsError::bad_request(format!("The {segment} in the URL must be a number.")).into())
    }

    /// The headers.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// All of it but its body.
    pub(super) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// A header as text.
    pub(super) fn header(&self, name: http::HeaderName) -> Option<&str> {
        self.parts.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// The origin that the request came to; the site put it there.
pub(super) fn origin(app: &App, parts: &Parts) -> Origin {
    let origin = parts.extensions.get::<Origin>().cloned().or_else(|| app.settings.origins.first().cloned());
    origin.unwrap_or_else(|| Origin { url: "".into(), authority: "".into(), secure: true, mutual_tls: None })
}
