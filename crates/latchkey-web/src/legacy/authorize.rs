//! The authorization endpoint of the older kind. What it asks is answered on the same pages as everything else.

use axum::body::Body;
use axum::extract::State;
use http::{Request, Response};
use latchkey_identity::authorize::request::client_id;
use latchkey_identity::authorize::{AuthorizeError, Untrusted};
use latchkey_identity::legacy::authorize::{Registered, parse};
use latchkey_identity::tenant::Audience;

use super::SEGMENT;
use super::notice::Notice;
use crate::app::App;
use crate::extract;
use crate::identity::asked::{Asked, Unserved};
use crate::identity::flow::{self, Stage};
use crate::identity::problem_page;
use crate::visitor::Visitor;

/// `GET /oauth2/authorize`.
pub async fn get(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    let parameters = request.uri().query().unwrap_or_default().to_owned();
    let read = read(&app, &visitor.origin.url, &parameters).await;
    let organizations = read.as_ref().ok().and_then(|asked| asked.legacy.as_ref());
    let organizations = organizations.map(|app| app.organizations.clone()).unwrap_or_default();
    let notice = match Notice::of(&app, organizations).await {
        Ok(notice) => notice,
        Err(error) => return problem_page::unavailable(&app, &visitor, &error),
    };
    let mut response = match read {
        Ok(asked) => flow::begin(&app, &visitor, asked).await,
        Err(unserved) => {
            let stage = Stage::Arriving { segment: SEGMENT, parameters: &parameters };
            flow::unserved(&app, &visitor, unserved, stage).await
        }
    };
    notice.add_to(response.headers_mut(), &visitor.origin.url);
    response
}

/// Reads a request, when it comes in and again at every step.
pub async fn read(app: &App, origin: &str, parameters: &str) -> Result<Asked, Unserved> {
    let untrusted = |why| Unserved::Request(AuthorizeError::ShowPage(why), None);
    let read = extract::parameters(parameters.as_bytes()).map_err(|_| untrusted(Untrusted::ClientMissing))?;
    let id = client_id(&read).map_err(untrusted)?.registered().ok_or_else(|| untrusted(Untrusted::UnknownClient))?;
    let client = app.store.client(id).await?;
    let client = client.ok_or_else(|| untrusted(Untrusted::UnknownClient))?;
    let Some(legacy) = app.store.legacy_app(client.id).await? else {
        return Err(Unserved::Request(AuthorizeError::ShowPage(Untrusted::NotOfTheOlderKind), Some(client)));
    };
    let request = parse(&read, Some(Registered { client: &client, app: &legacy }), origin)
        .map_err(|error| Unserved::Request(error, Some(client.clone())))?;
    // It is for the people of the directory that took it over; for everybody's once a second one did.
    let home = app.store.tenant(client.tenant).await?.ok_or_else(|| untrusted(Untrusted::UnknownTenant))?;
    let audience = if client.multi_tenant { Audience::Anyone } else { Audience::Tenant((*home).clone()) };
    Ok(Asked {
        request,
        client,
        legacy: Some(legacy),
        device: None,
        audience,
        segment: SEGMENT.to_owned(),
        parameters: parameters.to_owned(),
    })
}
