//! The secrets of apps of the older OAuth kind, for the person who owns one.

use std::sync::Arc;

use latchkey_devops::date::WireDate;
use latchkey_devops::error::{DevOpsError, ErrorType};
use latchkey_devops::wire::registration::Registration;
use latchkey_identity::Decision;
use latchkey_identity::client::registration::{RegistrationError, add_secret};
use latchkey_identity::client::{Client, ClientId, ClientSecret};
use latchkey_identity::legacy::LegacyApp;
use latchkey_identity::legacy::rotation::{SecretType, rotate};
use latchkey_identity::limits::LEGACY_SECRET_DAYS;
use latchkey_identity::secret::Secret;
use latchkey_store::identity::Person;

use super::call::Call;
use super::error::ApiError;
use super::payload::Payload;
use super::table::Answer;
use crate::app::entropy;

/// `POST /_apis/delegatedauth/registrationsecret/{registrationId}`: the second secret, a JWT, told this once.
pub(super) async fn create(call: Call, _: Payload) -> Answer {
    let (client, _, person) = own(&call).await?;
    let (store, account) = (&call.app.store, &person.account);
    let made: Result<(Secret, ClientSecret), RegistrationError> = store
        .decide(|| async {
            let Some(client) = store.client(client.id).await? else {
                return Ok(Decision::refuse(RegistrationError::NotYours));
            };
            let key = &call.app.keys.client_secret;
            let decision = add_secret(&client, account, LEGACY_SECRET_DAYS, key, call.now, &mut entropy());
            Ok(decision.seen_from(&call.address.to_string()))
        })
        .await?;
    let (secret, _) = made.map_err(told)?;
    call.json(&secret.reveal())
}

/// `PUT /_apis/delegatedauth/registrationsecret/{registrationId}?secretType=`: another secret in the place of one of the two. The old one
/// ends at once, and the tokens that were made with it.
pub(super) async fn replace(call: Call, _: Payload) -> Answer {
    let (client, app, person) = own(&call).await?;
    let secret_type = SecretType::parse(call.query.once("secretType")?.unwrap_or("primary"))
        .ok_or_else(|| DevOpsError::bad_request("The secretType is primary or alternative."))?;
    let (store, account) = (&call.app.store, &person.account);
    let made: Result<Option<(Secret, ClientSecret)>, RegistrationError> = store
        .decide(|| async {
            let Some(client) = store.client(client.id).await? else {
                return Ok(Decision::refuse(RegistrationError::NotYours));
            };
            let Some(old) = secret_type.of(&client, call.now) else { return Ok(Decision::grant(None)) };
            let made_with = store.families_made_with(old.id).await?;
            let key = &call.app.keys.client_secret;
            let Decision { answer, changes } = rotate(&client, old, made_with, account, key, call.now, &mut entropy());
            Ok(Decision { answer: answer.map(Some), changes }.seen_from(&call.address.to_string()))
        })
        .await?;
    let Some((secret, kept)) = made.map_err(told)? else {
        let message = "The app has no live secret of this type. Add one first.";
        return Err(DevOpsError::new(ErrorType::ResourceNotFound, message).into());
    };
    let client = store.client(client.id).await?.ok_or_else(absent)?;
    call.json(&registration(&call, &client, &app, &secret, &kept))
}

/// The app that the path names, if it is of the older kind and the caller owns it. To everybody else it is not there.
async fn own(call: &Call) -> Result<(Arc<Client>, LegacyApp, Arc<Person>), ApiError> {
    call.own().await?;
    let bearer = call.identified.holder.person().ok_or_else(absent)?;
    if bearer.client.is_legacy() {
        let message =
            "Secrets are renewed with a token of the identity platform, not with one of the older OAuth kind.";
        return Err(DevOpsError::new(ErrorType::AccessDenied, message).into());
    }
    let id = ClientId::parse(call.named("registration")).ok_or_else(absent)?;
    let client = call.app.store.client(id).await?;
    let owner = bearer.person.account.id;
    let client = client.filter(|client| client.is_legacy() && client.owner == Some(owner)).ok_or_else(absent)?;
    let app = call.app.store.legacy_app(id).await?.ok_or_else(absent)?;
    Ok((client, app, Arc::clone(&bearer.person)))
}

fn absent() -> ApiError {
    DevOpsError::not_found("There is no app of the older kind with this registration id that is yours.").into()
}

fn told(error: RegistrationError) -> ApiError {
    match error {
        RegistrationError::NotYours => absent(),
        error => DevOpsError::bad_request(error.to_string()).into(),
    }
}

fn registration(call: &Call, client: &Client, app: &LegacyApp, secret: &Secret, made: &ClientSecret) -> Registration {
    let of = |secret_type: SecretType| secret_type.of(client, call.now);
    let text = |kept: Option<&ClientSecret>| kept.filter(|kept| kept.id == made.id).map(|_| secret.reveal().to_owned());
    let (primary, alternative) = (of(SecretType::Primary), of(SecretType::Alternative));
    Registration {
        registration_id: client.id.0,
        registration_name: client.name.clone(),
        registration_description: app.description.clone(),
        registration_location: app.website.clone(),
        organization_name: app.company.clone(),
        identity_id: client.owner.map(|owner| owner.0),
        redirect_uris: client.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect(),
        response_types: "assertion",
        scopes: app.scopes.to_string(),
        client_type: "confidential",
        is_valid: true,
        secret: text(primary),
        secret_version_id: primary.map(|kept| kept.id),
        secret_valid_to: primary.map(|kept| WireDate(kept.expires_at)),
        alternative_secret: text(alternative),
        alternative_secret_version_id: alternative.map(|kept| kept.id),
        alternative_secret_valid_to: alternative.map(|kept| WireDate(kept.expires_at)),
    }
}
