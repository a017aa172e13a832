//! The registered clients of the sample: one of each type, and the demo service.

use std::time::Duration;

use latchkey_identity::client::registration::{CheckedRegistration, Registration, RegistrationError, new_client};
use latchkey_identity::client::{Client, ClientId, ClientKind, ClientSecret, LogoutUris, Metadata, Profile};
use latchkey_identity::event::{Event, EventKind};
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::time::{AccessTokenLifetime, days};
use latchkey_identity::{Change, Decision, Timestamp};
use latchkey_web::App;
use latchkey_web::app::entropy;

use super::people::{ANA, harbor};
use super::{SampleError, id};
use crate::demo::buildlight;
use crate::demo::folder::KeptClient;

/// The name of the demo service.
pub(crate) const BURNDOWN: &str = "Burndown";
/// The name of the demo service on a device.
pub(crate) const BUILDLIGHT: &str = "Buildlight";

/// Nothing listens there: it is for scripts, which read the answer off the redirect.
const FOR_SCRIPTS: &str = "http://127.0.0.1:4289/callback";
/// The same, for after sign-out.
const AFTER_SIGN_OUT: &str = "http://127.0.0.1:4289/signed-out";
/// The daemon, which is a member of harbor by itself.
pub(crate) const NIGHT_WATCH: &str = "Night Watch";

/// What services read and write.
const EVERYTHING: &str =
    "vso.profile vso.project vso.work vso.work_write vso.code vso.code_write vso.build vso.build_execute";
/// What the demo service reads.
const READING: &str = "vso.profile vso.project vso.work vso.code vso.build";
/// How long keys of the demo service live, so that who walks sees one run out.
const BURNDOWN_KEY_LIFETIME: Duration = Duration::from_secs(120);
/// Secrets of the demo live a year.
const SECRET_LIFETIME: Duration = days(365);

/// An app of the sample.
struct Sample<'a> {
    name: &'a str,
    kind: ClientKind,
    profile: Profile,
    redirect_uris: &'a [&'a str],
    scopes: &'a str,
}

/// Registers all of them, and returns what the demo remembers of them: their secrets too.
pub(crate) fn register(
    app: &App,
    burndown_redirect: &str,
    now: Timestamp,
) -> Result<(Vec<KeptClient>, Vec<Change>), SampleError> {
    let (standard, microsoft) = (Profile::Standard, Profile::Microsoft);
    let web: &[&str] = &[FOR_SCRIPTS, "http://localhost:4289/callback"];
    let native: &[&str] =
        &["http://localhost", "http://127.0.0.1", "http://localhost/callback", "http://127.0.0.1/callback"];
    let spa: &[&str] = &["http://localhost:4290/", "http://localhost:4290/callback", "http://127.0.0.1:4290/callback"];
    let samples = [
        Sample { name: "Dashboard", kind: ClientKind::Web, profile: standard, redirect_uris: web, scopes: EVERYTHING },
        Sample {
            name: "Dashboard for MSAL",
            kind: ClientKind::Web,
            profile: microsoft,
            redirect_uris: web,
            scopes: EVERYTHING,
        },
        Sample {
            name: "Pocket Tools",
            kind: ClientKind::Native,
            profile: microsoft,
            redirect_uris: native,
            scopes: EVERYTHING,
        },
        Sample {
            name: "Wallboard",
            kind: ClientKind::SinglePage,
            profile: standard,
            redirect_uris: spa,
            scopes: READING,
        },
        Sample { name: NIGHT_WATCH, kind: ClientKind::Daemon, profile: standard, redirect_uris: &[], scopes: READING },
        Sample {
            name: BURNDOWN,
            kind: ClientKind::Web,
            profile: standard,
            redirect_uris: &[burndown_redirect],
            scopes: READING,
        },
        // It is never sent back to: it gets its keys by asking for them.
        Sample {
            name: BUILDLIGHT,
            kind: ClientKind::Native,
            profile: standard,
            redirect_uris: &["http://localhost"],
            scopes: buildlight::SCOPES,
        },
    ];
    let (mut kept, mut changes) = (Vec::new(), Vec::new());
    for sample in samples {
        let mut client = sample.client(app, now)?;
        // An administrator vouches for what came with the demo: it asks once, and not again.
        client.administrator_approved = true;
        let mut shown = None;
        if client.kind.is_confidential() {
            let key = &app.keys.client_secret;
            let (secret, stored) = ClientSecret::generate(client.id, now + SECRET_LIFETIME, key, now, &mut entropy());
            client.secrets.push(stored);
            shown = Some(secret.reveal().to_owned());
        }
        kept.push(remembered(&client, shown));
        let registered = Event::new(EventKind::AppRegistered, client.tenant, now, client.name.clone());
        changes.push(Change::Record(registered.by(ANA.account()).through(client.id)));
        changes.push(Change::RegisterClient { client: Box::new(client) });
    }
    Ok((kept, changes))
}

impl Sample<'_> {
    fn client(&self, app: &App, now: Timestamp) -> Result<Client, SampleError> {
        let checked = self.registration().check(&app.resource.scopes).map_err(refused)?;
        Ok(new_client(ClientId(id(self.name)), checked, harbor(), Some(ANA.account()), now))
    }

    fn registration(&self) -> Registration {
        Registration {
            name: self.name.to_owned(),
            kind: self.kind,
            profile: self.profile,
            redirect_uris: self.redirect_uris.iter().map(|uri| (*uri).to_owned()).collect(),
            logout: self.logout(),
            device_code: self.kind == ClientKind::Native,
            pushed_only: false,
            scopes: ScopeSet::from_text(self.scopes),
            required_scopes: ScopeSet::default(),
            multi_tenant: true,
            metadata: match self.name {
                BURNDOWN => brief(),
                _ => Metadata::default(),
            },
            pkce_optional: false,
        }
    }

    /// What scripts use has an address for after sign-out too.
    fn logout(&self) -> LogoutUris<String> {
        let for_scripts = self.redirect_uris.contains(&FOR_SCRIPTS);
        let post_logout_redirect_uris = for_scripts.then(|| AFTER_SIGN_OUT.to_owned()).into_iter().collect();
        LogoutUris { post_logout_redirect_uris, ..LogoutUris::default() }
    }
}

/// Keys that can be watched running out.
fn brief() -> Metadata {
    Metadata { access_token_lifetime: AccessTokenLifetime::new(BURNDOWN_KEY_LIFETIME), ..Metadata::default() }
}

fn refused(error: RegistrationError) -> SampleError {
    SampleError::Rule(error.to_string())
}

fn remembered(client: &Client, client_secret: Option<String>) -> KeptClient {
    KeptClient {
        name: client.name.clone(),
        client_id: client.id.0,
        client_secret,
        kind: client.kind.name().to_owned(),
        redirect_uris: client.redirect_uris.iter().map(ToString::to_string).collect(),
        scopes: client.scopes.iter().map(str::to_owned).collect(),
    }
}

/// Registers where the demo service listens now, if that is another port than the last time, and that its keys are brief.
pub(crate) async fn move_burndown(app: &App, kept: &mut KeptClient, redirect: &str) -> Result<(), SampleError> {
    let registered = app.store.client(ClientId(kept.client_id)).await?;
    if kept.redirect_uris == [redirect] && registered.is_some_and(|client| client.metadata == brief()) {
        return Ok(());
    }
    let now = app.now();
    let rule = async || {
        let client = app.store.client(ClientId(kept.client_id)).await?;
        let owner = app.store.account(ANA.account()).await?;
        Ok(match client.zip(owner) {
            Some((client, owner)) => match moved(&client, redirect, &app.resource.scopes) {
                Ok(checked) => latchkey_identity::client::registration::change(&client, checked, &owner.account, now),
                Err(error) => Decision::refuse(error),
            },
            None => Decision::refuse(RegistrationError::NotYours),
        })
    };
    app.store.decide(rule).await?.map_err(refused)?;
    kept.redirect_uris = vec![redirect.to_owned()];
    Ok(())
}

fn moved(client: &Client, redirect: &str, known_scopes: &[String]) -> Result<CheckedRegistration, RegistrationError> {
    let registration =
        Registration { redirect_uris: vec![redirect.to_owned()], metadata: brief(), ..Registration::of(client) };
    registration.check(known_scopes)
}
