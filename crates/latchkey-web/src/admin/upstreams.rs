//! Upstream providers: the same rules as on the page of the directory.

use latchkey_identity::sign_in::upstream::pending::redirect_uri;
use latchkey_identity::sign_in::upstream::registration::{Registration, USUAL_SCOPES, UpstreamProblem};
use latchkey_identity::sign_in::upstream::{Upstream, UpstreamId};
use latchkey_identity::{Decision, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::app_document::date;
use super::call::{Answer, Call, Reply};
use super::problem::Problem;
use crate::identity::upstream::registration::{Registrar, TypedSecret};

const WHAT: &str = "provider";

/// A provider to be added or changed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpstreamDocument {
    name: String,
    issuer: String,
    client_id: String,
    #[serde(default = "usual_scopes")]
    scopes: String,
    /// Without one the kept one stays, or there is none: then we sign with a key of our own.
    client_secret: Option<String>,
    /// What is kept goes, and we sign with a key of our own.
    #[serde(default)]
    own_key: bool,
    #[serde(default)]
    home_realm: bool,
    #[serde(default)]
    makes_accounts: bool,
    #[serde(default = "yes")]
    passwords: bool,
}

fn usual_scopes() -> String {
    USUAL_SCOPES.to_owned()
}

const fn yes() -> bool {
    true
}

impl UpstreamDocument {
    fn read(self) -> (Registration, Option<String>, bool) {
        let Self { name, issuer, client_id, scopes, client_secret, own_key, home_realm, makes_accounts, passwords } =
            self;
        let typed = Registration { name, issuer, client_id, scopes, home_realm, makes_accounts, passwords };
        (typed, client_secret, own_key)
    }
}

type Seen<'a> = dyn Fn(Decision<Upstream, UpstreamProblem>) -> Decision<Upstream, UpstreamProblem> + Sync + 'a;

fn registrar<'a>(call: &'a Call, now: Timestamp, seen: &'a Seen<'a>) -> Registrar<'a> {
    Registrar { by: call.by.account(), now, seen }
}

/// `GET /upstreams`
pub(super) async fn list(call: Call) -> Answer {
    let found = call.app.store.upstreams_of(call.by.tenant()).await?;
    Ok(Reply::Of(json!({ "value": found.iter().map(|upstream| shown(&call, upstream)).collect::<Vec<_>>() })))
}

/// `POST /upstreams`
pub(super) async fn create(mut call: Call) -> Answer {
    let (typed, secret, _) = call.read::<UpstreamDocument>()?.read();
    let seen = |decision| call.seen(decision);
    let secret = TypedSecret::read(secret.as_deref(), true);
    let added = call.app.add_upstream(&typed, secret, registrar(&call, call.now, &seen)).await??;
    Ok(Reply::Made(shown(&call, &added)))
}

/// `GET /upstreams/{id}`
pub(super) async fn read(call: Call) -> Answer {
    let found = call.app.upstream(call.by.tenant(), call.id("id", WHAT)?).await?;
    Ok(Reply::Of(shown(&call, &found.ok_or(UpstreamProblem::Unknown)?)))
}

/// `PUT /upstreams/{id}`
pub(super) async fn update(mut call: Call) -> Answer {
    let id = UpstreamId(call.id("id", WHAT)?);
    let (typed, secret, own_key) = call.read::<UpstreamDocument>()?.read();
    let seen = |decision| call.seen(decision);
    let secret = TypedSecret::read(secret.as_deref(), own_key);
    let changed = call.app.change_upstream(id, &typed, secret, registrar(&call, call.now, &seen)).await??;
    Ok(Reply::Of(shown(&call, &changed)))
}

/// `DELETE /upstreams/{id}`
pub(super) async fn delete(call: Call) -> Answer {
    let id = UpstreamId(call.id("id", WHAT)?);
    let seen = |decision| call.seen(decision);
    call.app.remove_upstream(id, registrar(&call, call.now, &seen)).await??;
    Ok(Reply::Done)
}

fn shown(call: &Call, upstream: &Upstream) -> Value {
    let origins = call.app.settings.origin_urls();
    json!({
        "id": upstream.id.0,
        "name": upstream.name,
        "issuer": upstream.issuer,
        "client_id": upstream.client_id,
        "scopes": upstream.scopes,
        "has_secret": upstream.secret.is_some(),
        "home_realm": upstream.home_realm,
        "makes_accounts": upstream.makes_accounts,
        "passwords": upstream.passwords,
        "redirect_uris": origins.iter().map(|origin| redirect_uri(origin, upstream.id)).collect::<Vec<_>>(),
        "created": date(upstream.created_at),
    })
}

impl From<UpstreamProblem> for Problem {
    fn from(problem: UpstreamProblem) -> Self {
        use http::StatusCode;
        let (status, code) = match problem {
            UpstreamProblem::Unknown => return Self::not_found(WHAT),
            UpstreamProblem::NotYours | UpstreamProblem::Personal => (StatusCode::FORBIDDEN, "forbidden"),
            UpstreamProblem::Known | UpstreamProblem::HomeRealm | UpstreamProblem::TooMany => {
                (StatusCode::CONFLICT, "conflict")
            }
            _ => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_provider"),
        };
        Self::new(status, code, problem.to_string())
    }
}
