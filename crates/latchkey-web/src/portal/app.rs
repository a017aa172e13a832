//! One app, for those who may change it: its owner, and the administrators of its tenant. To others it is not there.

use std::sync::Arc;

use latchkey_identity::Decision;
use latchkey_identity::client::federated_credential::Federation;
use latchkey_identity::client::registration::{Registration, RegistrationError, change, delete};
use latchkey_identity::client::rehearsal::Rehearsal;
use latchkey_identity::client::sector::SectorDocument;
use latchkey_identity::client::{Client, ClientId, ClientSecret, ClientState, LogoutUris, Metadata, Publisher};
use latchkey_identity::client_auth::tls_client_auth::NameKind;
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::token;

use super::problem::Problem;
use super::visit::{Answer, Visit, moment};
use super::{app_federation, app_keys, app_tokens, apps, legacy_app, registration, scopes, snippets};
use crate::pages::Problems;
use crate::pages::app::{AppDetails, Part, SecretRow, SignOutAndRequests, TookOver};
use crate::pages::app_answers::AnswersForm;
use crate::pages::app_api::ApiForm;
use crate::pages::app_presentation;
use crate::pages::app_tokens::TokensForm;
use crate::pages::confirm::Confirm;

/// `GET /apps/{id}`
pub(super) async fn show(visit: Visit) -> Answer {
    let client = own(&visit).await?;
    if client.is_legacy() {
        let done = visit.asked("done").and_then(done);
        return visit.show(&legacy_app::details(&visit, &client, done, Problems::default()).await?);
    }
    show_part(&visit, &client, Part::Overview).await
}

/// `GET /apps/{id}/keys`
pub(super) async fn show_keys(visit: Visit) -> Answer {
    show_part(&visit, &*own(&visit).await?, Part::Keys).await
}

/// `GET /apps/{id}/requests`
pub(super) async fn show_requests(visit: Visit) -> Answer {
    show_part(&visit, &*own(&visit).await?, Part::Requests).await
}

async fn show_part(visit: &Visit, client: &Client, part: Part) -> Answer {
    let shown = Shown { part, done: visit.asked("done").and_then(done), ..Shown::default() };
    let page = details(visit, client, shown).await?;
    // An app that is not for this part has none at that address.
    if client.is_legacy() || !page.parts().any(|one| one == part) {
        return Err(Problem::NotFound);
    }
    visit.show(&page)
}

/// Back to the part of the page that a form stood on.
pub(super) fn back(visit: &Visit, client: ClientId, part: Part, done: &str) -> Answer {
    visit.go_to(&format!("/apps/{client}{}?done={done}", part.path()))
}

/// The app that the path names, if it is this person's to change.
pub(super) async fn own(visit: &Visit) -> Result<Arc<Client>, Problem> {
    let client = visit.app.store.client(ClientId(visit.id("id")?)).await?;
    client.filter(|client| client.may_be_changed_by(visit.account())).ok_or(Problem::NotFound)
}

/// `POST /apps/{id}/redirect-uris`
pub(super) async fn save_redirect_uris(visit: Visit) -> Answer {
    let typed = visit.posted("redirect_uris").unwrap_or_default().to_owned();
    let uris = registration::lines(&typed);
    let edit = |registration: &mut Registration| registration.redirect_uris.clone_from(&uris);
    match edited(&visit, edit).await? {
        Ok(client) => visit.go_to(&format!("/apps/{}?done=redirect-uris", client.id)),
        Err(error) => refused(&visit, &error, Shown { redirect_uris: Some(typed), ..Shown::default() }).await,
    }
}

/// `POST /apps/{id}/scopes`
pub(super) async fn save_scopes(visit: Visit) -> Answer {
    let (asked, required) = registration::scopes(&visit);
    let edit = |registration: &mut Registration| {
        registration.scopes.clone_from(&asked);
        registration.required_scopes.clone_from(&required);
    };
    match edited(&visit, edit).await? {
        Ok(client) => visit.go_to(&format!("/apps/{}?done=scopes", client.id)),
        Err(error) => refused(&visit, &error, Shown { scopes: Some((asked, required)), ..Shown::default() }).await,
    }
}

/// `POST /apps/{id}/sign-out-and-requests`
pub(super) async fn save_sign_out_and_requests(visit: Visit) -> Answer {
    let logout = registration::logout(&visit);
    let (device_code, pushed_only) = (visit.posted("device_code").is_some(), visit.posted("pushed_only").is_some());
    let edit = |registration: &mut Registration| {
        registration.logout.clone_from(&logout);
        registration.device_code = device_code;
        registration.pushed_only = pushed_only;
    };
    match edited(&visit, edit).await? {
        Ok(client) => back(&visit, client.id, Part::Requests, "sign-out-and-requests"),
        Err(error) => {
            let typed = TypedRequests { logout, device_code, pushed_only };
            refused(&visit, &error, Shown { requests: Some(typed), ..Shown::of(Part::Requests) }).await
        }
    }
}

pub(super) async fn edited(
    visit: &Visit,
    edit: impl Fn(&mut Registration),
) -> Result<Result<Client, RegistrationError>, Problem> {
    let id = ClientId(visit.id("id")?);
    let document = sector_document(visit, id, &edit).await?;
    let rule = |client: &Client| {
        if client.is_legacy() {
            return Decision::refuse(RegistrationError::LegacyStaysAsItIs);
        }
        let mut registration = Registration::of(client);
        edit(&mut registration);
        match registration.check_with(document.as_ref(), &visit.app.resource.scopes) {
            Ok(checked) => change(client, checked, visit.account(), visit.now()),
            Err(error) => Decision::refuse(error),
        }
    };
    visit.decide_client(id, rule).await
}

/// The list that the app would name after an edit of its owner's, if it would name one.
async fn sector_document(
    visit: &Visit,
    id: ClientId,
    edit: impl Fn(&mut Registration),
) -> Result<Option<SectorDocument>, Problem> {
    let client = visit.app.store.client(id).await?.filter(|client| client.may_be_changed_by(visit.account()));
    let Some(client) = client else { return Ok(None) };
    let mut wanted = Registration::of(&client);
    edit(&mut wanted);
    Ok(visit.app.sector_document(&wanted.metadata, &wanted.redirect_uris, Some(&client)).await)
}

/// The page again, with what was typed and what is wrong with it.
pub(super) async fn refused(visit: &Visit, error: &RegistrationError, shown: Shown) -> Answer {
    let client = own(visit).await?;
    if client.is_legacy() {
        return visit.show_again(&legacy_app::details(visit, &client, None, registration::problems(error)).await?);
    }
    let shown = Shown { problems: registration::problems(error), ..shown };
    visit.show_again(&details(visit, &client, shown).await?)
}

/// `GET /apps/{id}/delete`: asks first.
pub(super) async fn ask_to_delete(visit: Visit) -> Answer {
    let client = own(&visit).await?;
    visit.show(&Confirm {
        frame: visit.frame(),
        heading: format!("Delete {}?", client.name),
        consequences: vec![
            "Everybody's authorizations for it end at once, and none of its keys work any more.".into(),
            match client.document {
                None => "Its secrets stop working, and its client id is never used again.".into(),
                Some(_) => "It comes back when somebody is asked for it again, and is asked for anew.".into(),
            },
            "This cannot be taken back.".into(),
        ],
        action: format!("/apps/{}/delete", client.id),
        fields: Vec::new(),
        button: "Delete".into(),
        back: format!("/apps/{}", client.id),
    })
}

/// `POST /apps/{id}/delete`
pub(super) async fn remove(visit: Visit) -> Answer {
    let id = ClientId(visit.id("id")?);
    match visit.decide_client(id, |client| delete(client, visit.account(), visit.now())).await? {
        Ok(()) => visit.go_to("/apps?deleted=1"),
        Err(_) => Err(Problem::NotFound),
    }
}

/// What the page shows beside the app as it is.
#[derive(Default)]
pub(super) struct Shown {
    part: Part,
    key: String,
    certificate_name: Option<(NameKind, String)>,
    federation: Option<Federation>,
    done: Option<&'static str>,
    problems: Problems,
    redirect_uris: Option<String>,
    requests: Option<TypedRequests>,
    answers: Option<AnswersForm>,
    api: Option<Metadata>,
    tokens: Option<TokensForm>,
    presentation: Option<Metadata>,
    jwks_uri: Option<String>,
    scopes: Option<(ScopeSet, ScopeSet)>,
}

/// What was typed of sign-out, device codes and pushed requests.
struct TypedRequests {
    logout: LogoutUris<String>,
    device_code: bool,
    pushed_only: bool,
}

impl Shown {
    /// This part, as it is.
    pub(super) fn of(part: Part) -> Self {
        Self { part, ..Self::default() }
    }

    /// With what was typed of requests and answers.
    pub(super) fn with_answers(typed: AnswersForm) -> Self {
        Self { answers: Some(typed), ..Self::of(Part::Requests) }
    }

    /// With what was typed of what it exposes.
    pub(super) fn with_api(typed: Metadata) -> Self {
        Self { api: Some(typed), ..Self::default() }
    }

    /// With what was typed of its tokens.
    pub(super) fn with_tokens(typed: TokensForm) -> Self {
        Self { tokens: Some(typed), ..Self::of(Part::Requests) }
    }

    /// With what was typed of what people see of it.
    pub(super) fn with_presentation(typed: Metadata) -> Self {
        Self { presentation: Some(typed), ..Self::default() }
    }

    /// With what was typed of where it publishes its keys.
    pub(super) fn with_jwks_uri(typed: String) -> Self {
        Self { jwks_uri: Some(typed), ..Self::of(Part::Keys) }
    }

    /// With what was typed for another key.
    pub(super) fn with_key(typed: &str) -> Self {
        Self { key: typed.to_owned(), ..Self::of(Part::Keys) }
    }

    /// With what was typed of the name in its certificates.
    pub(super) fn with_certificate_name(typed: Option<(NameKind, String)>) -> Self {
        Self { certificate_name: typed, ..Self::of(Part::Keys) }
    }

    /// With what was typed for another federated credential.
    pub(super) fn with_federation(typed: Federation) -> Self {
        Self { federation: Some(typed), ..Self::of(Part::Keys) }
    }
}

async fn details(visit: &Visit, client: &Client, shown: Shown) -> Result<AppDetails, Problem> {
    let store = &visit.app.store;
    let owner = match client.owner {
        Some(owner) => store.account(owner).await?.map(|person| person.account.name.clone()),
        None => None,
    };
    let directory = store.tenant(client.tenant).await?.map(|tenant| tenant.domain.clone()).unwrap_or_default();
    let (asked, required) = shown.scopes.unwrap_or_else(|| (client.scopes.clone(), client.required_scopes.clone()));
    Ok(AppDetails {
        frame: visit.frame(),
        done: shown.done.map(str::to_owned),
        problems: shown.problems,
        part: shown.part,
        client_id: client.id.to_string(),
        described_at: client.document.as_ref().map(ToString::to_string),
        name: client.name.clone(),
        kind: apps::kind(client.kind),
        profile: apps::profile(client.profile),
        suspended: (client.state == ClientState::Suspended)
            .then(|| "An administrator stopped it; they can let it go on.".into()),
        verified: matches!(client.publisher, Publisher::Verified(_)),
        owner: owner.unwrap_or_else(|| format!("the administrators of {directory}")),
        directory,
        tenant_id: client.tenant.to_string(),
        issuer: token::issuer(&visit.visitor.origin.url, client.tenant),
        created: moment(client.created_at),
        people: store.count_authorizations_for(client.id).await?,
        took_over_from: took_over_from(visit, client.id).await?,
        sign_out_and_requests: sign_out_and_requests(client, shown.requests),
        tokens: shown.tokens.unwrap_or_else(|| app_tokens::form(client)),
        presentation: app_presentation::fields(shown.presentation.as_ref().unwrap_or(&client.metadata)),
        answers: shown.answers.unwrap_or_else(|| AnswersForm::of(&client.metadata)),
        redirect_uris: shown.redirect_uris.unwrap_or_else(|| registration::shown(&client.redirect_uris)),
        api: ApiForm::of(client, shown.api.as_ref()),
        scopes: scopes::options(&asked, &required),
        app_scopes: scopes::of_apps(&asked),
        secrets: client.secrets.iter().map(|secret| row(secret, visit)).collect(),
        proof: app_keys::form(client, visit, shown.key, shown.jwks_uri, shown.certificate_name),
        federation: app_federation::form(client, shown.federation),
        unfit: Rehearsal::of(client, visit.account()).err().map(|unfit| unfit.to_string()),
        snippets: snippets::of(&visit.visitor.origin.url, client),
    })
}

fn sign_out_and_requests(client: &Client, typed: Option<TypedRequests>) -> SignOutAndRequests {
    let TypedRequests { logout, device_code, pushed_only } = typed.unwrap_or_else(|| TypedRequests {
        logout: client.logout.typed(),
        device_code: client.device_code,
        pushed_only: client.pushed_only,
    });
    SignOutAndRequests {
        post_logout_redirect_uris: logout.post_logout_redirect_uris.join("\n"),
        backchannel_logout_uri: logout.backchannel_logout_uri.unwrap_or_default(),
        frontchannel_logout_uri: logout.frontchannel_logout_uri.unwrap_or_default(),
        device_code: client.kind.can_use_device_codes().then_some(device_code),
        pushed_only,
    }
}

/// The app of the older kind that this one took over from.
async fn took_over_from(visit: &Visit, client: ClientId) -> Result<Option<TookOver>, Problem> {
    let store = &visit.app.store;
    let Some((older, at)) = store.legacy_app_moved_from(client).await? else { return Ok(None) };
    let retired = store.client(older).await?.is_none();
    let people = store.count_authorizations_for(older).await?;
    Ok(Some(TookOver { client_id: older.to_string(), at: moment(at), retired, people }))
}

/// A secret, as pages list it.
pub(super) fn row(secret: &ClientSecret, visit: &Visit) -> SecretRow {
    SecretRow {
        id: secret.id.to_string(),
        label: secret.label(),
        added: moment(secret.created_at),
        expires: moment(secret.expires_at),
        expired: !secret.is_live(visit.now()),
        ends_in: secret.ends_soon(visit.now()).then(|| secret.days_left(visit.now())),
    }
}

fn done(what: &str) -> Option<&'static str> {
    match what {
        "registered" => Some("The app was registered."),
        "redirect-uris" => Some("The redirect URIs were saved."),
        "sign-out-and-requests" => Some("Sign-out, devices and pushed requests were saved."),
        "answers" => Some("How it asks and is answered was saved."),
        "api" => Some("What it exposes was saved. Tokens that are out stay as they are."),
        "tokens" => Some("Its access tokens were changed. Tokens that are out stay as they are."),
        "presentation" => Some("What people see of it was saved."),
        "published-keys" => Some("Where it publishes its keys was saved."),
        "scopes" => Some("What it asks for was saved. Authorizations that exist stay as people approved them."),
        "key-added" => Some("The key was added."),
        "key-removed" => Some("The key was removed. Nobody authenticates with it again."),
        "federation-added" => Some("The federated credential was added."),
        "federation-removed" => {
            Some("The federated credential was removed. No token of its issuer stands for the app.")
        }
        "method" => Some("How it authenticates was saved."),
        "certificate-name" => Some("The name in its certificates was saved."),
        "secret-removed" => Some("The secret was removed. Nobody authenticates with it again."),
        "moved-before" => Some("It has moved before: the new app stands beside it."),
        "retired" => {
            Some("The old app was retired, and every authorization for it has ended. This one has taken over.")
        }
        _ => None,
    }
}
