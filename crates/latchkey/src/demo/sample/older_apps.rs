//! The app of the older OAuth kind in the sample: registered long ago, and taken over by harbor through the import that every
//! organization has. Nothing else makes one.

use latchkey_devops::sunset::Sunset;
use latchkey_identity::Timestamp;
use latchkey_identity::client::ClientId;
use latchkey_identity::legacy::{ImportError, Imported, LegacyRegistration};
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::time::days;
use latchkey_store::identity::LegacyImport;
use latchkey_web::App;
use latchkey_web::app::entropy;

use super::people::{ANA, harbor};
use super::{SampleError, id, organizations};
use crate::demo::folder::KeptLegacyClient;

/// The name of the demo service of the older kind.
pub(crate) const OLDTIMER: &str = "Oldtimer";
/// Nothing listens here: it is for scripts, which read the answer off the redirect.
const FOR_SCRIPTS: &str = "http://127.0.0.1:4289/callback";
/// What it was registered for, for life.
const SCOPES: &str = "vso.profile vso.project vso.work vso.code vso.build";

/// When apps of the older kind end in harbor: warned of for a month already, half a year ahead.
pub(crate) fn sunset(now: Timestamp) -> Result<Sunset, SampleError> {
    Sunset::new(Some(now - days(30)), Some(now + days(180))).map_err(|error| SampleError::Rule(error.to_string()))
}

/// Imports Oldtimer, and returns what the demo remembers of it: its secret too.
pub(crate) async fn import(app: &App, redirect: &str, now: Timestamp) -> Result<KeptLegacyClient, SampleError> {
    match imported(app, redirect, now).await? {
        Ok(Imported::Created(client, secret)) => Ok(KeptLegacyClient {
            client_id: client.id.0,
            client_secret: secret.reveal().to_owned(),
            redirect_uri: FOR_SCRIPTS.to_owned(),
            scopes: ScopeSet::from_text(SCOPES).iter().map(str::to_owned).collect(),
        }),
        Ok(_) => Err(SampleError::Missing("Oldtimer's secret")),
        Err(error) => Err(SampleError::Rule(error.to_string())),
    }
}

/// Has the import say where Oldtimer listens now, if that is another port than the last time. Once the import is closed, it stays
/// where it was.
pub(crate) async fn moved(app: &App, redirect: &str) -> Result<(), SampleError> {
    let known = app.store.client(ClientId(id(OLDTIMER))).await?;
    if known.is_some_and(|client| client.redirect_uris.iter().any(|uri| uri.as_str() == redirect)) {
        return Ok(());
    }
    if let Err(error) = imported(app, redirect, app.now()).await? {
        tracing::warn!(%error, "Oldtimer listens at another port than it is registered with");
    }
    Ok(())
}

async fn imported(app: &App, redirect: &str, now: Timestamp) -> Result<Result<Imported, ImportError>, SampleError> {
    let registration = LegacyRegistration {
        id: ClientId(id(OLDTIMER)),
        name: OLDTIMER.to_owned(),
        description: "Work items on one page, since 2016.".to_owned(),
        website: "https://oldtimer.test/".to_owned(),
        company: "Old & Sons".to_owned(),
        redirect_uris: vec![redirect.to_owned(), FOR_SCRIPTS.to_owned()],
        scopes: ScopeSet::from_text(SCOPES),
        owner: Some(ANA.account()),
    };
    let import = LegacyImport {
        registration: &registration,
        organization: id(organizations::HARBOR),
        tenant: harbor(),
        resource: &app.resource,
        key: &app.keys.client_secret,
        address: "demo",
        now,
    };
    Ok(app.store.import_legacy_app(import, entropy).await?)
}
