//! Federated credentials: tokens of another issuer that an app may show in place of a secret, so that a CI job or a workload holds none.
//! [RFC 7523 §2.2], and Entra's workload identity federation, whose form they have.

use latchkey_jose::certificate::KeyOrCertificate;
use latchkey_jose::{JwkSet, is_hidden};
use url::Url;
use uuid::Uuid;

use crate::account::{Account, is_presentable};
use crate::change::Change;
use crate::client::key::ClientKey;
use crate::client::registration::{Client, Profile, RegistrationError, may_be_edited};
use crate::client_auth::{Credential, CredentialKind};
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::event::Event;
use crate::limits;
use crate::time::Timestamp;
use crate::token::read_issuer;

/// The audience that such tokens have unless another is agreed on.
pub const USUAL_AUDIENCE: &str = "api://AzureADTokenExchange";

/// What a token of another issuer has to say to stand for the app. All three are compared letter by letter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FederatedCredential {
    /// Its id, for lists.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// `iss`.
    pub issuer: String,
    /// `sub`.
    pub subject: String,
    /// `aud`, alone.
    pub audience: String,
    /// The issuer's keys, if they are pinned. Otherwise they are those that it publishes.
    pub pinned: Vec<ClientKey>,
    /// When it was added.
    pub created_at: Timestamp,
}

/// A federated credential as it was typed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs, reason = "as in FederatedCredential")]
pub struct Federation {
    pub name: String,
    pub issuer: String,
    pub subject: String,
    pub audience: String,
    /// A JSON Web Key Set, or nothing.
    pub keys: String,
}

/// Why a federated credential is not kept, in a sentence for the person who typed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FederationError {
    /// The name is not one that people could tell apart.
    #[error("A name has 3 to 120 characters, none of them hidden.")]
    Name,
    /// The issuer is no address, or our own.
    #[error("An issuer is an https address, as `iss` of its tokens has it, and not one of this server.")]
    Issuer,
    /// Nothing, or too much.
    #[error("Subject and audience have 1 to 600 characters each.")]
    Text,
    /// The keys are none.
    #[error("The keys of the issuer are a JSON Web Key Set with public keys only, or left out.")]
    Keys,
    /// It is there already.
    #[error("The app has a federated credential of this issuer and subject, or of this name, already.")]
    Known,
    /// More than anybody looks after.
    #[error("An app has at most 20 federated credentials: remove one first.")]
    TooMany,
    /// The profile of the app does not take them.
    #[error("An app of the FAPI 2.0 profile authenticates by a key of its own.")]
    Profile,
}

impl FederatedCredential {
    /// What stands in for it where it was used. Tokens that the app got with it end with it.
    pub fn credential(&self) -> Credential {
        Credential { id: self.id, kind: CredentialKind::Key, expires_at: None }
    }

    /// The pinned keys as they are stored: a JSON Web Key Set, or nothing.
    pub fn pinned_text(&self) -> Option<String> {
        let keys: Vec<_> = self.pinned.iter().map(|key| key.jwk.clone()).collect();
        (!keys.is_empty()).then(|| serde_json::to_string(&JwkSet { keys }).unwrap_or_default())
    }

    /// Reads pinned keys; `None` if they are not what was asked for. They hold as long as the credential.
    pub fn read_pinned(text: &str, id: Uuid, created_at: Timestamp) -> Option<Vec<ClientKey>> {
        let keys = JwkSet::registered(text).ok().filter(|keys| keys.len() <= limits::KEYS_PER_ISSUER)?;
        let key = |key: KeyOrCertificate| ClientKey::stored(id, key.into_parts().0, None, created_at, Timestamp::MAX);
        keys.into_iter().map(key).collect()
    }
}

impl Federation {
    fn check(
        &self,
        client: &Client,
        origins: &[String],
        now: Timestamp,
        entropy: &mut Entropy,
    ) -> Result<FederatedCredential, FederationError> {
        let trimmed = |text: &str| text.trim().to_owned();
        let (name, issuer, subject) = (trimmed(&self.name), trimmed(&self.issuer), trimmed(&self.subject));
        let audience = Some(trimmed(&self.audience)).filter(|text| !text.is_empty());
        let audience = audience.unwrap_or_else(|| USUAL_AUDIENCE.to_owned());
        if !(3..=120).contains(&name.chars().count()) || !is_presentable(&name) {
            return Err(FederationError::Name);
        }
        if !is_issuer(&issuer, origins) {
            return Err(FederationError::Issuer);
        }
        let is_text = |text: &str| {
            (1..=limits::FEDERATED_TEXT_CHARACTERS).contains(&text.chars().count()) && !text.contains(is_hidden)
        };
        if !is_text(&subject) || !is_text(&audience) {
            return Err(FederationError::Text);
        }
        let id = entropy.uuid();
        let pinned = match self.keys.trim() {
            "" => Vec::new(),
            text => FederatedCredential::read_pinned(text, id, now).ok_or(FederationError::Keys)?,
        };
        let held = &client.authentication.federated;
        let is_known =
            |held: &FederatedCredential| held.name == name || (held.issuer == issuer && held.subject == subject);
        if held.iter().any(is_known) {
            return Err(FederationError::Known);
        }
        if held.len() >= limits::FEDERATED_CREDENTIALS_PER_CLIENT {
            return Err(FederationError::TooMany);
        }
        Ok(FederatedCredential { id, name, issuer, subject, audience, pinned, created_at: now })
    }
}

/// An https address without query or fragment, and none of ours: a token of ours stands for whom we say, and for nobody's app.
pub(crate) fn is_issuer(text: &str, origins: &[String]) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let ours = |origin: &String| url.origin().ascii_serialization() == *origin;
    text.len() <= limits::FEDERATED_TEXT_CHARACTERS
        && url.scheme() == "https"
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && !origins.iter().any(ours)
        && read_issuer(text).is_none_or(|(origin, _)| !origins.iter().any(|ours| ours == origin))
}

/// Adds a federated credential. `origins` are ours.
pub fn add_federated(
    client: &Client,
    by: &Account,
    typed: &Federation,
    origins: &[String],
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<FederatedCredential, RegistrationError> {
    if !client.may_be_changed_by(by) {
        return Decision::refuse(RegistrationError::NotYours);
    }
    if let Err(error) = may_be_edited(client) {
        return Decision::refuse(error);
    }
    if !client.kind.is_confidential() {
        return Decision::refuse(RegistrationError::PublicClient);
    }
    if client.profile == Profile::Fapi2 {
        return Decision::refuse(FederationError::Profile.into());
    }
    match typed.check(client, origins, now, entropy) {
        Err(error) => Decision::refuse(error.into()),
        Ok(credential) => Decision::grant(credential.clone())
            .and(Change::Record(Event::federated_credential_added(client, &credential).by(by.id)))
            .and(Change::AddFederatedCredential {
                client: client.id,
                credential: Box::new(credential),
                from_version: client.version,
            }),
    }
}

/// Removes a federated credential: no token of its issuer opens anything, and what the app got with one ends.
pub fn remove_federated(client: &Client, id: Uuid, by: &Account, now: Timestamp) -> Decision<(), RegistrationError> {
    if !client.may_be_changed_by(by) {
        return Decision::refuse(RegistrationError::NotYours);
    }
    let Some(held) = client.authentication.federated.iter().find(|held| held.id == id) else {
        return Decision::refuse(RegistrationError::NotYours);
    };
    Decision::grant(())
        .and(Change::Record(Event::federated_credential_removed(client, held, now).by(by.id)))
        .and(Change::RemoveFederatedCredential { client: client.id, credential: id })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::client::ClientKind;
    use crate::client::registration::tests::a_client;
    use crate::sign_in::tests::an_account;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    fn a_federation() -> Federation {
        Federation {
            name: "main branch".into(),
            issuer: "https://ci.test".into(),
            subject: "repo:harbor/lighthouse:ref:refs/heads/main".into(),
            ..Federation::default()
        }
    }

    fn an_app() -> Client {
        Client { owner: Some(an_account().id), ..a_client() }
    }

    fn add(client: &Client, edit: impl Fn(&mut Federation)) -> Result<FederatedCredential, RegistrationError> {
        let mut typed = a_federation();
        edit(&mut typed);
        let origins = ["https://id.test".to_owned()];
        add_federated(client, &an_account(), &typed, &origins, NOW, &mut Entropy::seeded(1)).answer
    }

    #[test]
    fn every_field_is_checked() {
        use FederationError as E;
        let added = add(&an_app(), |_| ()).unwrap();
        assert_eq!((added.audience.as_str(), added.pinned.len()), (USUAL_AUDIENCE, 0));
        let refused = |edit: fn(&mut Federation), error: E| assert_eq!(add(&an_app(), edit), Err(error.into()));
        refused(|f| f.name = "ab".into(), E::Name);
        refused(|f| f.name = "a\u{202e}bc".into(), E::Name);
        for issuer in [
            "http://ci.test",
            "ci.test",
            "https://ci.test?x",
            "https://ci.test#x",
            "https://a:b@ci.test",
            "https://id.test",
            "https://id.test:443/",
            "https://ID.test/00000000-0000-0000-0000-000000000001/v2.0",
        ] {
            assert_eq!(add(&an_app(), |f| f.issuer = issuer.into()), Err(E::Issuer.into()), "{issuer}");
        }
        refused(|f| f.subject = " ".into(), E::Text);
        refused(|f| f.subject = "a\u{200b}b".into(), E::Text);
        refused(|f| f.audience = "x".repeat(601), E::Text);
        refused(|f| f.keys = "{\"keys\":[]}".into(), E::Keys);
        refused(|f| f.keys = "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}".into(), E::Keys);
    }

    #[test]
    fn an_app_has_each_once_and_twenty_at_most() {
        let mut client = an_app();
        for number in 0..limits::FEDERATED_CREDENTIALS_PER_CLIENT {
            let added = add(&client, |f| (f.name, f.subject) = (format!("job {number}"), number.to_string())).unwrap();
            client.authentication.federated.push(added);
            let again = add(&client, |f| f.subject = number.to_string());
            assert_eq!(again, Err(FederationError::Known.into()));
        }
        assert_eq!(add(&client, |_| ()), Err(FederationError::TooMany.into()));
    }

    #[test]
    fn they_are_for_apps_that_authenticate_and_for_those_who_may_change_them() {
        assert_eq!(add(&Client { kind: ClientKind::Native, ..an_app() }, |_| ()), Err(RegistrationError::PublicClient));
        assert_eq!(add(&Client { profile: Profile::Fapi2, ..an_app() }, |_| ()), Err(FederationError::Profile.into()));
        assert_eq!(add(&a_client(), |_| ()), Err(RegistrationError::NotYours));
        let mut client = an_app();
        let added = add(&client, |_| ()).unwrap();
        let remove = |client: &Client| remove_federated(client, added.id, &an_account(), NOW);
        assert_eq!(remove(&client).answer, Err(RegistrationError::NotYours), "it has none");
        client.authentication.federated.push(added.clone());
        assert!(
            remove(&client)
                .changes
                .contains(&Change::RemoveFederatedCredential { client: client.id, credential: added.id })
        );
    }
}
