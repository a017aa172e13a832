//! One app, for those who may change it: its owner, and the administrators of its tenant. To others it is not there.

use std::sync::Arc;

use latchkey_identity::Decision;
use latchkey_identity::client::federated_credential::Federation;
use latchkey_identity::client::registration::{Registration, RegistrationError, SenderConstraint, change, delete};
use latchkey_identity::client::sector::SectorDocument;
use latchkey_identity::client::{Client, ClientId, ClientSecret, ClientState, Doors, Publisher};
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::token;

use super::problem::Problem;
use super::visit::{Answer, Visit, moment};
use super::{app_federation, app_keys, apps, legacy_app, registration, scopes, snippets};
use crate::pages::Problems;
use crate::pages::app::{AppDetails, Binding, DoorsForm, SecretRow, TookOver};
use crate::pages::app_answers::AnswersForm;
use crate::pages::app_api::ApiForm;
use crate::pages::confirm::Confirm;

/// `GET /apps/{id}`
pub(super) async fn show(visit: Visit) -> Answer {
    let client = own(&visit).await?;
    if client.is_legacy() {
        let done = visit.asked("done").and_then(done);
        return visit.show(&legacy_app::details(&visit, &client, done, Problems::default()).await?);
    }
    let page = details(&visit, &client, Shown { done: visit.asked("done").and_then(done), ..Shown::default() }).await?;
    visit.show(&page)
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

/// `POST /apps/{id}/doors`
pub(super) async fn save_doors(visit: Visit) -> Answer {
    let typed = registration::doors(&visit);
    match edited(&visit, |registration| registration.doors.clone_from(&typed)).await? {
        Ok(client) => visit.go_to(&format!("/apps/{}?done=doors", client.id)),
        Err(error) => refused(&visit, &error, Shown { doors: Some(typed), ..Shown::default() }).await,
    }
}

/// `POST /apps/{id}/binding`
pub(super) async fn save_binding(visit: Visit) -> Answer {
    let chosen = visit.posted("binding").unwrap_or_default();
    let bind = |registration: &mut Registration| {
        registration.metadata.dpop_bound_access_tokens = chosen == "dpop";
        registration.metadata.tls_client_certificate_bound_access_tokens = chosen == "certificate";
    };
    match edited(&visit, bind).await? {
        Ok(client) => visit.go_to(&format!("/apps/{}?done=binding", client.id)),
        Err(error) => refused(&visit, &error, Shown::default()).await,
    }
}

pub(super) async fn edited(
    visit: &Visit,
    edit: impl Fn(&mut Registration),
) -> Result<Result<Client, RegistrationError>, Problem> {
    let (store, id) = (&visit.app.store, ClientId(visit.id("id")?));
    let document = sector_document(visit, id, &edit).await?;
    let decided = store
        .decide(|| async {
            let Some(client) = store.client(id).await? else {
                return Ok(Decision::refuse(RegistrationError::NotYours));
            };
            if client.is_legacy() {
                return Ok(Decision::refuse(RegistrationError::LegacyStaysAsItIs));
            }
            let mut registration = registration::of(&client);
            edit(&mut registration);
            Ok(match registration.check_with(document.as_ref(), &visit.app.resource.scopes) {
                Ok(checked) => change(&client, checked, visit.account(), visit.now()).seen_from(&visit.address()),
                Err(error) => Decision::refuse(error),
            })
        })
        .await?;
    Ok(decided)
}

/// The list that the app would name after an edit of its owner's, if it would name one.
async fn sector_document(
    visit: &Visit,
    id: ClientId,
    edit: impl Fn(&mut Registration),
) -> Result<Option<SectorDocument>, Problem> {
    let client = visit.app.store.client(id).await?.filter(|client| client.may_be_changed_by(visit.account()));
    let Some(client) = client else { return Ok(None) };
    let mut wanted = registration::of(&client);
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
    let (store, id) = (&visit.app.store, ClientId(visit.id("id")?));
    let decided: Result<(), RegistrationError> = store
        .decide(|| async {
            Ok(match store.client(id).await? {
                Some(client) => delete(&client, visit.account(), visit.now()).seen_from(&visit.address()),
                None => Decision::refuse(RegistrationError::NotYours),
            })
        })
        .await?;
    match decided {
        Ok(()) => visit.go_to("/apps?deleted=1"),
        Err(_) => Err(Problem::NotFound),
    }
}

/// What the page shows beside the app as it is.
#[derive(Default)]
pub(super) struct Shown {
    key: String,
    federation: Option<Federation>,
    done: Option<&'static str>,
    problems: Problems,
    redirect_uris: Option<String>,
    doors: Option<Doors<String>>,
    answers: Option<AnswersForm>,
    api: Option<String>,
    scopes: Option<(ScopeSet, ScopeSet)>,
}

impl Shown {
    /// With what was typed of requests and answers.
    pub(super) fn with_answers(typed: AnswersForm) -> Self {
        Self { answers: Some(typed), ..Self::default() }
    }

    /// With what was typed of what it exposes.
    pub(super) fn with_api(typed: String) -> Self {
        Self { api: Some(typed), ..Self::default() }
    }

    /// With what was typed for another key.
    pub(super) fn with_key(typed: &str) -> Self {
        Self { key: typed.to_owned(), ..Self::default() }
    }

    /// With what was typed for another federated credential.
    pub(super) fn with_federation(typed: Federation) -> Self {
        Self { federation: Some(typed), ..Self::default() }
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
        doors: doors_form(client, shown.doors.unwrap_or_else(|| client.doors.typed())),
        binding: match client.sender_constraint() {
            None => Binding::Optional,
            Some(SenderConstraint::Dpop) => Binding::Dpop,
            Some(SenderConstraint::Certificate) => Binding::Certificate,
        },
        answers: shown.answers.unwrap_or_else(|| AnswersForm::of(&client.metadata)),
        redirect_uris: shown.redirect_uris.unwrap_or_else(|| registration::shown(&client.redirect_uris)),
        api: ApiForm::of(client, shown.api),
        scopes: scopes::options(&asked, &required),
        app_scopes: scopes::of_apps(&asked),
        secrets: client.secrets.iter().map(|secret| row(secret, visit)).collect(),
        proof: app_keys::form(client, visit, shown.key),
        federation: app_federation::form(client, shown.federation),
        snippets: snippets::of(&visit.visitor.origin.url, client),
    })
}

fn doors_form(client: &Client, doors: Doors<String>) -> DoorsForm {
    DoorsForm {
        post_logout_redirect_uris: doors.post_logout_redirect_uris.join("\n"),
        backchannel_logout_uri: doors.backchannel_logout_uri.unwrap_or_default(),
        frontchannel_logout_uri: doors.frontchannel_logout_uri.unwrap_or_default(),
        device_code: client.kind.can_use_device_codes().then_some(doors.device_code),
        pushed_only: doors.pushed_only,
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
        "doors" => Some("What it uses beside sign-in was saved."),
        "answers" => Some("How it asks and is answered was saved."),
        "api" => Some("What it exposes was saved. Tokens that are out stay as they are."),
        "binding" => Some("What its tokens are bound to was saved. Tokens that are out stay as they are."),
        "scopes" => Some("What it asks for was saved. Authorizations that exist stay as people approved them."),
        "key-added" => Some("The key was added."),
        "key-removed" => Some("The key was removed. Nobody authenticates with it again."),
        "federation-added" => Some("The federated credential was added."),
        "federation-removed" => {
            Some("The federated credential was removed. No token of its issuer stands for the app.")
        }
        "method" => Some("How it authenticates was saved."),
        "secret-removed" => Some("The secret was removed. Nobody authenticates with it again."),
        "moved-before" => Some("It has moved before: the new app stands beside it."),
        "retired" => {
            Some("The old app was retired, and every authorization for it has ended. This one has taken over.")
        }
        _ => None,
    }
}
