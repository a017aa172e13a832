//! The apps a person may change, and the check of redirect URIs while they are typed.

use http::StatusCode;
use latchkey_identity::client::registration::RegistrationError;
use latchkey_identity::client::{Client, ClientKind, ClientState, Profile, RedirectUri};
use serde::Serialize;

use super::visit::{Answer, Visit, moment};
use crate::pages::app_new::AppProfile;
use crate::pages::apps::{AppKind, AppRow, Apps};
use crate::reply;

/// `GET /apps`: the person's own, and for a tenant administrator those of the whole tenant.
pub(super) async fn list(visit: Visit) -> Answer {
    let (store, account) = (&visit.app.store, visit.account());
    let mut clients = store.clients_owned_by(account.id).await?;
    if account.tenant_administrator {
        clients.extend(store.clients_of(account.tenant).await?.into_iter().filter(|one| one.owner != Some(account.id)));
        clients.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
    }
    let row = |client: &Client| AppRow {
        client_id: client.id.to_string(),
        name: client.name.clone(),
        kind: kind(client.kind),
        created: moment(client.created_at),
        suspended: client.state == ClientState::Suspended,
        legacy: client.is_legacy(),
    };
    let done = visit.asked("deleted").map(|_| "The app was deleted, and every authorization for it has ended.".into());
    let administers = account.tenant_administrator;
    visit.show(&Apps { frame: visit.frame(), done, administers, rows: clients.iter().map(row).collect() })
}

/// What is wrong with a redirect URI, if anything.
#[derive(Serialize)]
struct Checked {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// `GET /apps/check-redirect-uri?kind=..&uri=..`: asked while somebody types.
pub(super) async fn check_redirect_uri(visit: Visit) -> Answer {
    let kind = visit.asked("kind").and_then(ClientKind::parse).unwrap_or(ClientKind::Web);
    let reason = wrong_with(visit.asked("uri").unwrap_or_default().trim(), kind);
    let mut response = reply::json(StatusCode::OK, &Checked { ok: reason.is_none(), reason });
    reply::no_store(&mut response);
    Ok(response)
}

fn wrong_with(uri: &str, kind: ClientKind) -> Option<String> {
    match kind {
        ClientKind::Daemon => Some(RegistrationError::DaemonRedirects.to_string()),
        kind => RedirectUri::register(uri, kind).err().map(|error| error.to_string()),
    }
}

/// The kind of an app, as pages know it.
pub(super) const fn kind(kind: ClientKind) -> AppKind {
    match kind {
        ClientKind::Web => AppKind::Web,
        ClientKind::Native => AppKind::Native,
        ClientKind::SinglePage => AppKind::SinglePage,
        ClientKind::Daemon => AppKind::Daemon,
    }
}

/// The profile of an app, as pages know it.
pub(super) const fn profile(profile: Profile) -> AppProfile {
    match profile {
        Profile::Standard => AppProfile::Standard,
        Profile::Microsoft => AppProfile::Microsoft,
        Profile::Fapi2 => AppProfile::Fapi2,
        Profile::Legacy => AppProfile::Legacy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_redirect_uri_is_said_while_it_is_typed() {
        assert_eq!(wrong_with("https://contoso.test/callback", ClientKind::Web), None);
        let insecure = wrong_with("http://contoso.test/", ClientKind::Web).unwrap();
        assert_eq!(insecure, "http is for localhost, 127.0.0.1 and [::1] only: use https.");
        assert!(wrong_with("com.contoso.app:/back", ClientKind::SinglePage).is_some());
        assert_eq!(wrong_with("com.contoso.app:/back", ClientKind::Native), None);
        assert!(wrong_with("https://contoso.test/callback", ClientKind::Daemon).is_some());
    }

    #[test]
    fn pages_and_rules_call_kinds_and_profiles_by_the_same_names() {
        for one in ClientKind::ALL {
            assert_eq!(kind(one).value(), one.name());
        }
        for one in Profile::ALL {
            assert_eq!(profile(one).value(), one.name());
        }
    }
}
