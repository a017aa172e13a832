//! Upstream providers: the same rules as on the page of the directory.

use latchkey_identity::Decision;
use latchkey_identity::sign_in::upstream::registration::{Registration, USUAL_SCOPES, UpstreamProblem};
use latchkey_identity::sign_in::upstream::{Upstream, UpstreamId};
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
    fn registration(&self) -> Registration {
        Registration {
            name: self.name.clone(),
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            scopes: self.scopes.clone(),
            home_realm: self.home_realm,
            makes_accounts: self.makes_accounts,
            passwords: self.passwords,
        }
    }

    fn secret(&self) -> TypedSecret<'_> {
        let otherwise = if self.own_key { TypedSecret::OwnKey } else { TypedSecret::Keep };
        TypedSecret::read(self.client_secret.as_deref(), otherwise)
    }
}

type Seen<'a> = dyn Fn(Decision<Upstream, UpstreamProblem>) -> Decision<Upstream, UpstreamProblem> + Sync + 'a;

fn registrar<'a>(call: &'a Call, seen: &'a Seen<'a>) -> Registrar<'a> {
    Registrar { by: call.by.account(), now: call.now, seen }
}

/// `GET /upstreams`
pub(super) async fn list(call: Call) -> Answer {
    let found = call.app.store.upstreams_of(call.by.tenant()).await?;
    Ok(Reply::Of(json!({ "value": found.iter().map(|upstream| shown(&call, upstream)).collect::<Vec<_>>() })))
}

/// `POST /upstreams`
pub(super) async fn create(mut call: Call) -> Answer {
    let document: UpstreamDocument = call.read()?;
    let seen = |decision| call.seen(decision);
    let registrar = registrar(&call, &seen);
    let added = call.app.add_upstream(&document.registration(), document.secret(), registrar).await??;
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
    let document: UpstreamDocument = call.read()?;
    let seen = |decision| call.seen(decision);
    let registrar = registrar(&call, &seen);
    let changed = call.app.change_upstream(id, &document.registration(), document.secret(), registrar).await??;
    Ok(Reply::Of(shown(&call, &changed)))
}

/// `DELETE /upstreams/{id}`
pub(super) async fn delete(call: Call) -> Answer {
    let id = UpstreamId(call.id("id", WHAT)?);
    let seen = |decision| call.seen(decision);
    call.app.remove_upstream(id, registrar(&call, &seen)).await??;
    Ok(Reply::Done)
}

fn shown(call: &Call, upstream: &Upstream) -> Value {
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
        "redirect_uris": call.app.redirect_uris_of(upstream.id),
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
