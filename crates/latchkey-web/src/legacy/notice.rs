//! What every answer of the older kind tells of its end, and the end itself.

use http::header::{HeaderMap, HeaderName, HeaderValue, LINK};
use latchkey_devops::ids::OrganizationId;
use latchkey_devops::sunset::Sunset;
use latchkey_identity::Timestamp;
use latchkey_identity::authorization::Authorization;
use latchkey_identity::legacy::{LegacyError, Reason};
use latchkey_store::StoreError;
use uuid::Uuid;

use crate::app::App;

/// Where the way out is shown.
pub const WAY_OUT: &str = "/legacy";

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// The headers that tell of the end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notice {
    sunset: Sunset,
}

impl Notice {
    /// What is to be told of these organizations: the dates that come first.
    pub async fn of(app: &App, organizations: impl IntoIterator<Item = Uuid>) -> Result<Self, StoreError> {
        let mut sunset = Sunset::NONE;
        for organization in organizations {
            if let Some(facts) = app.store.organization_by_id(OrganizationId(organization)).await? {
                sunset = sunset.or_sooner(facts.organization.policy.sunset);
            }
        }
        Ok(Self { sunset })
    }

    /// `Deprecation` [RFC 9745], `Sunset` [RFC 8594] once there is a date, and a `Link` to the way out for both.
    pub fn add_to(self, headers: &mut HeaderMap, origin: &str) {
        let link = format!(
            "<{origin}{WAY_OUT}>; rel=\"deprecation\"; type=\"text/html\", <{origin}{WAY_OUT}>; rel=\"sunset\"; type=\"text/html\""
        );
        let values =
            [(DEPRECATION, Some(self.sunset.deprecation())), (SUNSET, self.sunset.header()), (LINK, Some(link))];
        for (name, value) in values {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                headers.insert(name, value);
            }
        }
    }
}

/// The organizations that an authorization reaches.
pub fn organizations_of(authorization: &Authorization) -> Vec<Uuid> {
    let mut organizations: Vec<Uuid> = authorization.places.iter().map(|place| place.organization).collect();
    organizations.dedup();
    organizations
}

/// The refusal once every organization that an authorization reaches refuses apps of the older kind: since a date, or by its policy.
/// Nothing is consumed by it.
pub async fn refusal(
    app: &App,
    authorization: &Authorization,
    now: Timestamp,
) -> Result<Option<LegacyError>, StoreError> {
    let mut ended = None;
    for organization in organizations_of(authorization) {
        let Some(facts) = app.store.organization_by_id(OrganizationId(organization)).await? else { continue };
        let policy = &facts.organization.policy;
        let since = policy.sunset.header().filter(|_| policy.sunset.refuses(now)).map(|end| format!("since {end} "));
        match since.or_else(|| (!policy.legacy_apps).then(String::new)) {
            Some(since) => ended = Some((facts.organization.name.to_string(), since)),
            None => return Ok(None),
        }
    }
    Ok(ended.map(|(organization, since)| {
        let sentence = format!(
            "{since}{organization} accepts no apps of the older OAuth kind; move the app to the identity platform, see {WAY_OUT}"
        );
        LegacyError::new(Reason::HostAuthorizationIsNotValid, &sentence)
    }))
}
