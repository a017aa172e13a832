//! Where the people of a directory sign in besides here: decided by who administers it.

use std::sync::Arc;

use latchkey_identity::limits;
use latchkey_identity::sign_in::upstream::pending::redirect_uri;
use latchkey_identity::sign_in::upstream::registration::{Registration, USUAL_SCOPES, UpstreamProblem};
use latchkey_identity::sign_in::upstream::{Upstream, UpstreamId};
use latchkey_identity::tenant::{Tenant, TenantKind};

use super::problem::Problem;
use super::registration::at;
use super::visit::{Answer, Visit};
use crate::identity::upstream::registration::{Registrar, TypedSecret};
use crate::pages::Problems;
use crate::pages::upstreams::{Known, UpstreamForm, UpstreamRow, UpstreamTyped, Upstreams};

/// `GET /upstream`
pub(super) async fn list(visit: Visit) -> Answer {
    let tenant = administered(&visit).await?;
    let upstreams = visit.app.store.upstreams_of(tenant.id).await?;
    let row = |upstream: &Upstream| UpstreamRow {
        id: upstream.id.to_string(),
        name: upstream.name.clone(),
        issuer: upstream.issuer.clone(),
        home_realm: upstream.home_realm,
        without_passwords: !upstream.passwords,
    };
    visit.show(&Upstreams {
        frame: visit.frame(),
        done: match visit.asked("done") {
            Some("saved") => Some("Saved. It holds from now on."),
            Some("removed") => Some("It is removed, and nobody signs in by it any more."),
            _ => None,
        },
        directory: tenant.domain.clone(),
        rows: upstreams.iter().map(row).collect(),
        may_add: upstreams.len() < limits::UPSTREAMS_PER_TENANT,
    })
}

/// `GET /upstream/new`
pub(super) async fn ask(visit: Visit) -> Answer {
    let tenant = administered(&visit).await?;
    let typed = UpstreamTyped { scopes: USUAL_SCOPES.to_owned(), passwords: true, ..UpstreamTyped::default() };
    visit.show(&form(&visit, &tenant, None, typed, Problems::default()))
}

/// `POST /upstream/new`
pub(super) async fn add(visit: Visit) -> Answer {
    let tenant = administered(&visit).await?;
    let (typed, address) = (typed(&visit), visit.address());
    let secret = TypedSecret::read(visit.posted("secret"), TypedSecret::OwnKey);
    let registrar = Registrar { by: visit.account(), now: visit.now(), seen: &|decision| decision.seen_from(&address) };
    match visit.app.add_upstream(&typed, secret, registrar).await? {
        Ok(added) => visit.go_to(&format!("/upstream/{}", added.id)),
        Err(problem) => visit.show_again(&form(&visit, &tenant, None, again(typed), problems(problem)?)),
    }
}

/// `GET /upstream/{id}`
pub(super) async fn show(visit: Visit) -> Answer {
    let tenant = administered(&visit).await?;
    let upstream = named(&visit).await?;
    let typed = UpstreamTyped {
        name: upstream.name.clone(),
        issuer: upstream.issuer.clone(),
        client_id: upstream.client_id.clone(),
        scopes: upstream.scopes.clone(),
        home_realm: upstream.home_realm,
        makes_accounts: upstream.makes_accounts,
        passwords: upstream.passwords,
    };
    visit.show(&form(&visit, &tenant, Some(&upstream), typed, Problems::default()))
}

/// `POST /upstream/{id}`
pub(super) async fn save(visit: Visit) -> Answer {
    let tenant = administered(&visit).await?;
    let upstream = named(&visit).await?;
    let (typed, address) = (typed(&visit), visit.address());
    let otherwise = if visit.posted("own_key").is_some() { TypedSecret::OwnKey } else { TypedSecret::Keep };
    let secret = TypedSecret::read(visit.posted("secret"), otherwise);
    let registrar = Registrar { by: visit.account(), now: visit.now(), seen: &|decision| decision.seen_from(&address) };
    match visit.app.change_upstream(upstream.id, &typed, secret, registrar).await? {
        Ok(_) => visit.go_to("/upstream?done=saved"),
        Err(problem) => visit.show_again(&form(&visit, &tenant, Some(&upstream), again(typed), problems(problem)?)),
    }
}

/// `POST /upstream/{id}/remove`
pub(super) async fn remove(visit: Visit) -> Answer {
    administered(&visit).await?;
    let (id, address) = (UpstreamId(visit.id("id")?), visit.address());
    let registrar = Registrar { by: visit.account(), now: visit.now(), seen: &|decision| decision.seen_from(&address) };
    match visit.app.remove_upstream(id, registrar).await? {
        Ok(_) => visit.go_to("/upstream?done=removed"),
        Err(_) => Err(Problem::NotFound),
    }
}

/// The work directory that the person administers.
async fn administered(visit: &Visit) -> Result<Arc<Tenant>, Problem> {
    let forbidden = |reason: UpstreamProblem| Problem::Forbidden { reason: reason.to_string() };
    if !visit.account().tenant_administrator {
        return Err(forbidden(UpstreamProblem::NotYours));
    }
    let tenant = visit.app.store.tenant(visit.account().tenant).await?.ok_or(Problem::NotFound)?;
    if tenant.kind == TenantKind::Work { Ok(tenant) } else { Err(forbidden(UpstreamProblem::Personal)) }
}

/// The provider of the path, if it is one of the person's directory.
async fn named(visit: &Visit) -> Result<Upstream, Problem> {
    visit.app.upstream(visit.account().tenant, visit.id("id")?).await?.ok_or(Problem::NotFound)
}

fn typed(visit: &Visit) -> Registration {
    let text = |name: &str| visit.posted(name).unwrap_or_default().trim().to_owned();
    Registration {
        name: text("name"),
        issuer: text("issuer"),
        client_id: text("client_id"),
        scopes: text("scopes"),
        home_realm: visit.posted("home_realm").is_some(),
        makes_accounts: visit.posted("makes_accounts").is_some(),
        passwords: visit.posted("passwords").is_some(),
    }
}

fn again(typed: Registration) -> UpstreamTyped {
    let Registration { name, issuer, client_id, scopes, home_realm, makes_accounts, passwords } = typed;
    UpstreamTyped { name, issuer, client_id, scopes, home_realm, makes_accounts, passwords }
}

fn form(
    visit: &Visit,
    tenant: &Tenant,
    known: Option<&Upstream>,
    typed: UpstreamTyped,
    problems: Problems,
) -> UpstreamForm {
    let origin = &visit.visitor.origin.url;
    UpstreamForm {
        frame: visit.frame(),
        known: known.map(|known| Known {
            id: known.id.to_string(),
            redirect_uri: redirect_uri(origin, known.id),
            has_secret: known.secret.is_some(),
        }),
        domain: tenant.domain.clone(),
        key_set: format!("{origin}/{}/discovery/v2.0/keys", tenant.id),
        problems,
        typed,
    }
}

/// A mistake, at the field where it can be mended.
fn problems(problem: UpstreamProblem) -> Result<Problems, Problem> {
    use UpstreamProblem as E;
    let field = match problem {
        E::Name | E::TooMany => "name",
        E::Issuer | E::IssuerStays | E::Known => "issuer",
        E::ClientId => "client-id",
        E::Scopes => "upstream-scopes",
        E::Secret => "secret",
        E::HomeRealm => "home-realm",
        E::NotYours | E::Personal => return Err(Problem::Forbidden { reason: problem.to_string() }),
        E::Unknown => return Err(Problem::NotFound),
    };
    Ok(at(field, problem.to_string()))
}
