//! How an app proves who it is, beside by its secrets: its public keys, and the one method that counts.

use latchkey_identity::client::authentication::fix_method;
use latchkey_identity::client::key::{add_keys, remove_key};
use latchkey_identity::client::{Client, ClientId, ClientKey};
use latchkey_identity::client_auth::Method;
use latchkey_identity::client_auth::tls_client_auth::NameKind;
use uuid::Uuid;

use super::app::{self, Shown};
use super::problem::Problem;
use super::registration;
use super::visit::{Answer, Visit, moment};
use crate::app::entropy;
use crate::pages::app::Part;
use crate::pages::app_keys::{CertificateNameForm, KeyRow, MethodChoice, ProofForm};

/// `POST /apps/{id}/keys`
pub(super) async fn add(visit: Visit) -> Answer {
    let id = app::own(&visit).await?.id;
    let typed = visit.posted("key").unwrap_or_default();
    let rule = |client: &Client| add_keys(client, visit.account(), typed, visit.now(), &mut entropy());
    match visit.decide_client(id, rule).await? {
        Ok(_) => app::back(&visit, id, Part::Keys, "key-added"),
        Err(error) => app::refused(&visit, &error, Shown::with_key(typed)).await,
    }
}

/// `POST /apps/{id}/keys/remove`
pub(super) async fn remove(visit: Visit) -> Answer {
    let id = ClientId(visit.id("id")?);
    let key = visit.posted("key").and_then(|key| Uuid::try_parse(key).ok()).ok_or(Problem::NotFound)?;
    match visit.decide_client(id, |client| remove_key(client, key, visit.account(), visit.now())).await? {
        Ok(()) => app::back(&visit, id, Part::Keys, "key-removed"),
        Err(_) => Err(Problem::NotFound),
    }
}

/// `POST /apps/{id}/published-keys`: without an address there is none any more.
pub(super) async fn save_published(visit: Visit) -> Answer {
    let typed = registration::one(&visit, "jwks_uri");
    match app::edited(&visit, |one| one.metadata.jwks_uri.clone_from(&typed)).await? {
        Ok(client) => app::back(&visit, client.id, Part::Keys, "published-keys"),
        Err(error) => app::refused(&visit, &error, Shown::with_jwks_uri(typed.unwrap_or_default())).await,
    }
}

/// `POST /apps/{id}/method`
pub(super) async fn save_method(visit: Visit) -> Answer {
    let id = app::own(&visit).await?.id;
    let typed = visit.posted("method").unwrap_or_default();
    let method = match typed {
        ANY => None,
        name => Some(Method::parse(name).ok_or(Problem::NotFound)?),
    };
    match visit.decide_client(id, |client| fix_method(client, method, visit.account(), visit.now())).await? {
        Ok(_) => app::back(&visit, id, Part::Keys, "method"),
        Err(error) => app::refused(&visit, &error, Shown::of(Part::Keys)).await,
    }
}

/// `POST /apps/{id}/certificate-name`: without a name there is none any more.
pub(super) async fn save_certificate_name(visit: Visit) -> Answer {
    let kind = visit.posted("certificate_name_kind").and_then(NameKind::parse).ok_or(Problem::NotFound)?;
    let typed = visit.posted("certificate_name").map(str::trim).filter(|typed| !typed.is_empty());
    let name = typed.map(|typed| (kind, typed.to_owned()));
    match app::edited(&visit, |one| one.metadata.set_certificate_name(name.clone())).await? {
        Ok(client) => app::back(&visit, client.id, Part::Keys, "certificate-name"),
        Err(error) => app::refused(&visit, &error, Shown::with_certificate_name(name)).await,
    }
}

/// No method in particular.
const ANY: &str = "any";

/// How the page shows it.
pub(super) fn form(
    client: &Client,
    visit: &Visit,
    typed: String,
    jwks_uri: Option<String>,
    name: Option<(NameKind, String)>,
) -> ProofForm {
    let held = &client.authentication;
    let any = MethodChoice { value: ANY, label: "Whatever is registered here", chosen: held.method.is_none() };
    let one = |method: Method| MethodChoice {
        value: method.name(),
        label: label(method),
        chosen: held.method == Some(method),
    };
    ProofForm {
        keys: held.keys.iter().map(|key| row(key, visit)).collect(),
        typed,
        jwks_uri: jwks_uri.or_else(|| client.metadata.jwks_uri.clone()).unwrap_or_default(),
        methods: [any].into_iter().chain(Method::PROVING.map(one)).collect(),
        certificate_name: visit.app.settings.client_authorities.are_there().then(|| certificate_name(client, name)),
    }
}

fn certificate_name(client: &Client, typed: Option<(NameKind, String)>) -> CertificateNameForm {
    let held = || client.metadata.certificate_name().map(|(kind, text)| (kind, text.to_owned()));
    let (kind, text) = typed.or_else(held).unwrap_or((NameKind::SubjectDn, String::new()));
    let one = |each: NameKind| MethodChoice { value: each.name(), label: kind_label(each), chosen: each == kind };
    CertificateNameForm { kinds: NameKind::ALL.map(one).into(), text }
}

const fn kind_label(kind: NameKind) -> &'static str {
    match kind {
        NameKind::SubjectDn => "The subject: CN=ci,O=Example,C=DE",
        NameKind::SanDns => "A host",
        NameKind::SanUri => "A URI",
        NameKind::SanIp => "An address",
        NameKind::SanEmail => "A mail address",
    }
}

const fn label(method: Method) -> &'static str {
    match method {
        Method::ClientSecretBasic => "A secret, in the header (client_secret_basic)",
        Method::ClientSecretPost => "A secret, in the form (client_secret_post)",
        Method::ClientSecretJwt => "A secret that is never sent (client_secret_jwt): add one after choosing this",
        Method::PrivateKeyJwt => "A key of its own (private_key_jwt)",
        Method::TlsClientAuth => "A certificate with the name that it registered (tls_client_auth)",
        Method::SelfSignedTlsClientAuth => "The certificate that it registered (self_signed_tls_client_auth)",
        Method::None | Method::LegacyAssertion => "",
    }
}

fn row(key: &ClientKey, visit: &Visit) -> KeyRow {
    let [x5t, x5t_s256] = key.certificate_names();
    KeyRow {
        id: key.id.to_string(),
        kid: key.kid(),
        algorithms: key.algorithms().map(|algorithm| algorithm.name()).collect::<Vec<_>>().join(", "),
        x5t,
        x5t_s256,
        added: moment(key.created_at),
        expires: moment(key.expires_at),
        expired: !key.is_live(visit.now()),
    }
}
