//! The way out: an app of the identity platform beside one of the older kind, both for a while, and then the older one goes.

use crate::account::Account;
use crate::change::Change;
use crate::client::redirect_uri::destination_without_port;
use crate::client::registration::{Registration, RegistrationError, new_client};
use crate::client::{Client, ClientId, ClientKind, ClientSecret, LogoutUris, Metadata, Profile, RedirectUri};
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::event::{Event, EventKind};
use crate::legacy::LegacyApp;
use crate::limits;
use crate::scope::ScopeSet;
use crate::secret::{PurposeKey, Secret};
use crate::time::{Timestamp, days};

/// What an app that moves is made of.
#[derive(Clone, Copy, Debug)]
pub struct Moving<'a> {
    /// The client of the older kind.
    pub client: &'a Client,
    /// What else is known of it.
    pub app: &'a LegacyApp,
    /// What the new one is called: like the older one, unless that is a name that no new app may have.
    pub name: &'a str,
    /// The app that it moved to before, if that is still there.
    pub moved_to: Option<ClientId>,
    /// How many apps its owner-to-be owns already.
    pub owned: usize,
    /// The scopes of the resource server.
    pub known_scopes: &'a [String],
}

/// The app that stands beside the older one now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Moved {
    /// The new client.
    pub client: Client,
    /// Its secret, told this once.
    pub secret: Secret,
    /// When the secret ends.
    pub secret_expires_at: Timestamp,
}

/// Why an app does not move, in a sentence for who asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MoveError {
    /// It is of the identity platform already.
    #[error("This app is not of the older kind.")]
    NotOfTheOlderKind,
    /// It moved already.
    #[error("This app has moved already: the new one stands beside it.")]
    Already(ClientId),
    /// What holds for every new app.
    #[error(transparent)]
    Registration(#[from] RegistrationError),
}

/// Registers the app of the identity platform that takes over. The older one goes on as it is.
///
/// The new one belongs to the same owner and directory, and asks for no more: PKCE is required of it, as of every new app.
pub fn move_app(
    moving: Moving<'_>,
    by: &Account,
    key: &PurposeKey,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Moved, MoveError> {
    let Moving { client: older, app, name, moved_to, owned, known_scopes } = moving;
    if !older.may_be_changed_by(by) {
        return Decision::refuse(RegistrationError::NotYours.into());
    }
    if !older.is_legacy() {
        return Decision::refuse(MoveError::NotOfTheOlderKind);
    }
    if let Some(there) = moved_to {
        return Decision::refuse(MoveError::Already(there));
    }
    if owned >= limits::APPS_PER_OWNER {
        return Decision::refuse(RegistrationError::TooManyApps.into());
    }
    let registration = Registration {
        name: name.to_owned(),
        kind: ClientKind::Web,
        profile: Profile::Standard,
        redirect_uris: redirect_uris(older).0,
        logout: LogoutUris::default(),
        device_code: false,
        pushed_only: false,
        scopes: scopes(app, known_scopes).0,
        required_scopes: ScopeSet::default(),
        multi_tenant: older.multi_tenant,
        metadata: Metadata::default(),
        pkce_optional: false,
    };
    let checked = match registration.check(known_scopes) {
        Ok(checked) => checked,
        Err(error) => return Decision::refuse(error.into()),
    };
    let owner = older.owner.unwrap_or(by.id);
    let client = new_client(ClientId(entropy.uuid()), checked, older.tenant, Some(owner), now);
    let secret_expires_at = now + days(limits::USUAL_SECRET_DAYS);
    let (secret, kept) = ClientSecret::generate(client.id, secret_expires_at, key, now, entropy);
    let secret_added = Event::secret_added(&client, &kept).by(by.id);
    let client = Client { secrets: vec![kept], ..client };
    let moved = Event::new(EventKind::LegacyAppMoved, older.tenant, now, client.id.to_string());
    Decision::grant(Moved { client: client.clone(), secret, secret_expires_at })
        .and(Change::Record(Event::app_registered(&client).by(by.id)))
        .and(Change::Record(secret_added))
        .and(Change::Record(moved.by(by.id).through(older.id)))
        .and(Change::MoveLegacyApp {
            client: older.id,
            to: client.id,
            organizations: app.organizations.clone(),
            at: now,
        })
        .and(Change::RegisterClient { client: Box::new(client) })
}

/// The redirect URIs that the app takes along, and those that the rules of today do not accept.
pub fn redirect_uris(older: &Client) -> (Vec<String>, Vec<String>) {
    let accepted = |uri: &String| RedirectUri::register(uri, ClientKind::Web).is_ok();
    older.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).partition(accepted)
}

/// The scopes that the app takes along, and those that mean nothing here.
pub fn scopes(app: &LegacyApp, known_scopes: &[String]) -> (ScopeSet, ScopeSet) {
    let kept: ScopeSet = app.scopes.iter().filter(|scope| known_scopes.iter().any(|known| known == scope)).collect();
    let left = app.scopes.difference(&kept);
    (kept, left)
}

/// Whether the newer app is still shown as the one that takes over, when it sends this person to `redirect_uri`: only while that leads where
/// the older one did. What people allowed to the older one says nothing of somebody else's address.
pub fn vouches_for(older: &Client, redirect_uri: &str) -> bool {
    older.destinations().contains(&destination_without_port(redirect_uri))
}

/// Retires the older app: everybody's authorizations for it end, and its client id is never used again.
pub fn retire(client: &Client, by: &Account, now: Timestamp) -> Decision<(), MoveError> {
    if !client.may_be_changed_by(by) {
        return Decision::refuse(RegistrationError::NotYours.into());
    }
    if !client.is_legacy() {
        return Decision::refuse(MoveError::NotOfTheOlderKind);
    }
    let retired = Event::new(EventKind::LegacyAppRetired, client.tenant, now, client.name.clone());
    Decision::grant(())
        .and(Change::Record(retired.by(by.id).through(client.id)))
        .and(Change::DeleteClient { client: client.id, at: now })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::legacy::registration::tests::{an_imported_app, an_imported_client};
    use crate::secret::Purpose;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    fn known() -> Vec<String> {
        ["vso.work", "vso.code"].map(String::from).into()
    }

    fn moved(older: &Client, app: &LegacyApp, by: &Account, moved_to: Option<ClientId>) -> Decision<Moved, MoveError> {
        let key = PurposeKey::derive(&[1; 32], Purpose::ClientSecret).unwrap();
        let known_scopes = known();
        let moving = Moving { client: older, app, name: &older.name, moved_to, owned: 0, known_scopes: &known_scopes };
        move_app(moving, by, &key, NOW, &mut Entropy::seeded(1))
    }

    #[test]
    fn an_app_moves_with_its_name_redirect_uris_and_the_scopes_that_exist_and_stays() {
        let by = crate::sign_in::tests::an_account();
        let older = Client { owner: Some(by.id), name: "Oldtimer".into(), ..an_imported_client() };
        let app = LegacyApp { scopes: ScopeSet::from_text("vso.work vso.code preview_api"), ..an_imported_app() };
        let decision = moved(&older, &app, &by, None);
        let new = decision.answer.unwrap();
        assert_eq!((&new.client.name, new.client.tenant, new.client.owner), (&older.name, older.tenant, older.owner));
        assert_eq!(new.client.redirect_uris, older.redirect_uris);
        assert_eq!(new.client.scopes, ScopeSet::from_text("vso.code vso.work"));
        assert_eq!(scopes(&app, &known()).1, ScopeSet::from_text("preview_api"));
        assert!(!new.client.is_legacy() && new.client.requires_pkce() && new.client.id != older.id);
        let key = PurposeKey::derive(&[1; 32], Purpose::ClientSecret).unwrap();
        assert!(new.client.secrets.iter().any(|kept| kept.matches(new.client.id, &new.secret, &key)));
        let is_linked = |change: &Change| matches!(change, Change::MoveLegacyApp { client, to, .. } if *client == older.id && *to == new.client.id);
        assert!(decision.changes.iter().any(is_linked));
        assert!(!decision.changes.iter().any(|change| matches!(change, Change::DeleteClient { .. })));
        assert!(older.redirect_uris.iter().all(|uri| vouches_for(&older, uri.as_str())));
        assert!(!vouches_for(&older, "https://evil.test/cb") && !vouches_for(&older, ""));
    }

    #[test]
    fn an_app_moves_once_and_only_by_its_owner() {
        let by = crate::sign_in::tests::an_account();
        let app = an_imported_app();
        let older = Client { owner: Some(by.id), name: "Oldtimer".into(), ..an_imported_client() };
        let there = ClientId(uuid::Uuid::from_u128(9));
        assert_eq!(moved(&older, &app, &by, Some(there)).answer, Err(MoveError::Already(there)));
        let others = Client { owner: None, ..older.clone() };
        let refused = moved(&others, &app, &by, None);
        assert_eq!(refused.answer, Err(RegistrationError::NotYours.into()));
        assert!(refused.changes.is_empty() && retire(&others, &by, NOW).changes.is_empty());
        let reserved = Client { name: "Latchkey Sync".into(), ..older.clone() };
        assert_eq!(moved(&reserved, &app, &by, None).answer, Err(RegistrationError::ReservedName.into()));
        let newer = crate::client::registration::tests::a_client();
        let newer = Client { owner: Some(by.id), ..newer };
        assert_eq!(moved(&newer, &app, &by, None).answer, Err(MoveError::NotOfTheOlderKind));
        assert_eq!(retire(&newer, &by, NOW).answer, Err(MoveError::NotOfTheOlderKind));
        assert!(matches!(retire(&older, &by, NOW).changes[..], [Change::Record(_), Change::DeleteClient { .. }]));
    }
}
