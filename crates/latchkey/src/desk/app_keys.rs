//! `latchkey app key` and `latchkey app method`: how an app proves who it is, beside by secrets.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Subcommand;
use latchkey_identity::Decision;
use latchkey_identity::client::Client;
use latchkey_identity::client::authentication::fix_method;
use latchkey_identity::client::key::{ClientKey, add_keys, remove_key};
use latchkey_identity::client_auth::Method;
use latchkey_web::App;
use latchkey_web::app::entropy;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::apps::find;
use super::report::{Report, Row, row};
use super::{from_console, moment, operator};
use crate::failure::{Exit, Failure};

/// What can be done with the keys of an app.
#[derive(Subcommand, Serialize, Deserialize)]
pub(crate) enum KeyOrder {
    /// Add the public keys of a file: the app signs with their private parts, which stay where they are
    #[command(
        after_help = "The file is a certificate or a public key (PEM or DER), a JSON Web Key or a JSON Web Key Set.\n\n\
        Example:\n  latchkey app key add 00000000-0000-0000-0000-000000000000 ci.pem"
    )]
    Add {
        /// The app's client id
        client_id: String,
        /// The certificate, public key or key set
        file: PathBuf,
        /// What the file says. It is read by the command, and not by the server.
        #[arg(skip)]
        #[serde(default)]
        text: String,
    },
    /// List the keys of an app, by the names that assertions give them
    List {
        /// The app's client id
        client_id: String,
    },
    /// Remove a key: nobody authenticates with it again
    Remove {
        /// The app's client id
        client_id: String,
        /// The key's id, as `latchkey app key list` has it
        key_id: Uuid,
    },
}

/// A few keys are far below this.
const LONGEST_FILE: u64 = 256 * 1024;

const LISTED: [&str; 7] = ["key_id", "kid", "algorithms", "x5t", "x5t#S256", "added", "ends"];

impl KeyOrder {
    pub(super) fn question(&self) -> Option<String> {
        match self {
            Self::Remove { key_id, .. } => Some(format!("Remove the key {key_id}? Whoever uses it is locked out.")),
            Self::Add { .. } | Self::List { .. } => None,
        }
    }

    /// With what the file says.
    pub(super) fn read(self) -> Result<Self, Failure> {
        let Self::Add { client_id, file, .. } = self else { return Ok(self) };
        let failed = |error: std::io::Error| {
            Failure::new(Exit::Usage, format!("{} cannot be read", file.display())).because(error)
        };
        let mut bytes = Vec::new();
        File::open(&file).map_err(failed)?.take(LONGEST_FILE).read_to_end(&mut bytes).map_err(failed)?;
        let text = String::from_utf8(bytes).unwrap_or_else(|der| STANDARD.encode(der.as_bytes()));
        Ok(Self::Add { client_id, file, text })
    }
}

fn row(key: &ClientKey) -> Row {
    let [sha1, sha256] = key.certificate_names();
    row! {
        "key_id": key.id,
        "kid": key.kid(),
        "algorithms": key.algorithms().map(|algorithm| algorithm.name()).collect::<Vec<_>>(),
        "x5t": sha1,
        "x5t#S256": sha256,
        "added": moment(key.created_at),
        "ends": moment(key.expires_at),
    }
}

pub(super) async fn perform(app: &App, order: KeyOrder) -> Result<Report, Failure> {
    match order {
        KeyOrder::Add { client_id, text, .. } => add(app, &client_id, &text).await,
        KeyOrder::List { client_id } => {
            let client = find(app, &client_id).await?;
            Ok(Report::list(&LISTED, client.authentication.keys.iter().map(row).collect()))
        }
        KeyOrder::Remove { client_id, key_id } => remove(app, &client_id, key_id).await,
    }
}

async fn add(app: &App, client_id: &str, text: &str) -> Result<Report, Failure> {
    let (id, now) = (find(app, client_id).await?.id, app.now());
    let rule =
        |client: &Client| from_console(add_keys(client, &operator(client.tenant, now), text, now, &mut entropy()));
    let added = app.decide_client(id, rule).await??;
    Ok(Report::list(&LISTED, added.iter().map(row).collect()))
}

async fn remove(app: &App, client_id: &str, key: Uuid) -> Result<Report, Failure> {
    let (id, now) = (find(app, client_id).await?.id, app.now());
    let rule = |client: &Client| {
        if !client.authentication.keys.iter().any(|held| held.id == key) {
            return Decision::refuse(Failure::not_found(format!("the app has no key {key}")));
        }
        from_console(remove_key(client, key, &operator(client.tenant, now), now))
    };
    app.decide_client(id, rule).await??;
    Ok(Report::done("The key is removed: nobody authenticates with it again."))
}

/// Fixes an app to one method of authentication; `any` to none in particular.
pub(super) async fn set_method(app: &App, client_id: &str, name: &str) -> Result<Report, Failure> {
    let method = match name {
        "any" => None,
        name => Some(Method::parse(name).ok_or_else(|| {
            let known = Method::ALL.map(Method::name).join(", ");
            Failure::new(Exit::Usage, format!("there is no method {name}"))
                .remedy(format!("it is any, or one of {known}"))
        })?),
    };
    let (id, now) = (find(app, client_id).await?.id, app.now());
    let rule = |client: &Client| from_console(fix_method(client, method, &operator(client.tenant, now), now));
    app.decide_client(id, rule).await??;
    Ok(Report::done(match method {
        Some(method) => format!("The app authenticates by {} and by nothing else.", method.name()),
        None => "The app authenticates by whatever is registered for it.".to_owned(),
    }))
}
