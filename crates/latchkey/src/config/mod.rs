//! The configuration: one TOML file, read into a struct that a person can read too.
//!
//! | what | where |
//! |---|---|
//! | what can be written | [`Config`] |
//! | what it comes to, once it was checked | [`plan`], [`origin`] |
//! | variables that take the place of what is written | [`overrides`] |
//! | mistakes, shown where they were made | [`problem`] |
//! | what it comes to, and where each value is from | [`show`] |

pub(crate) mod mail;
pub(crate) mod nearest;
pub(crate) mod origin;
pub(crate) mod outbound;
pub(crate) mod overrides;
pub(crate) mod plan;
pub(crate) mod problem;
pub(crate) mod show;
pub(crate) mod tls;

use std::env;
use std::path::{Path, PathBuf};

use latchkey_store::DatabaseUrl;
use serde::{Deserialize, Serialize, Serializer};
use toml::Spanned;

use crate::failure::{Exit, Failure};
use overrides::Override;
use plan::Plan;
use problem::Problem;

/// The environment variable that names the file.
const VARIABLE: &str = "LATCHKEY_CONFIG";
/// Where the file is looked for otherwise.
const PLACES: [&str; 2] = ["latchkey.toml", "/etc/latchkey/latchkey.toml"];

/// What can be written in `latchkey.toml`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Where people and services find this server.
    pub(crate) server: Server,
    /// Where it keeps everything it knows.
    #[serde(default)]
    pub(crate) storage: Storage,
    /// What it keeps secret.
    pub(crate) keys: Keys,
    /// What the listeners speak.
    #[serde(default)]
    pub(crate) tls: tls::TlsSection,
    /// How it writes to people, if it does.
    pub(crate) mail: Option<mail::Mail>,
    /// Whom it may ask by itself, beyond the public network.
    #[serde(default)]
    pub(crate) outbound: outbound::OutboundSection,
    /// How much is too much.
    #[serde(default)]
    pub(crate) limits: Limits,
    /// What it says while it works.
    #[serde(default)]
    pub(crate) log: Log,
}

/// Where people and services find this server.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    /// The origins it answers at; the first is the one that links lead to.
    pub(crate) origins: Spanned<Vec<Origin>>,
    /// Whether a proxy that you trust stands in front of all listeners, speaks TLS for them, and appends the address of
    /// each client to `X-Forwarded-For`.
    #[serde(default)]
    pub(crate) behind_proxy: bool,
}

/// One origin.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Origin {
    /// What browsers show: `https://id.example.com`.
    pub(crate) url: Spanned<String>,
    /// The address and port that are listened on: `0.0.0.0:443`.
    pub(crate) listen: Spanned<String>,
    /// The certificate and its chain, a PEM file.
    pub(crate) certificate: Option<Spanned<PathBuf>>,
    /// The certificate's private key, a PEM file.
    pub(crate) key: Option<Spanned<PathBuf>>,
    /// Where services that authenticate by a certificate of theirs find the same endpoints. It shows the same certificate as this origin.
    pub(crate) mutual_tls: Option<MutualTls>,
}

/// Where clients are asked for certificates of theirs, and need show none.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MutualTls {
    /// What services are told: `https://mtls.id.example.com`, or the same host with another port.
    pub(crate) url: Spanned<String>,
    /// The address and port that are listened on, and nothing else there.
    pub(crate) listen: Option<Spanned<String>>,
    /// In place of it, with `behind_proxy`: the proxy asks for certificates at this host, tells of what it is shown in `Client-Cert` and
    /// `Client-Cert-Chain` (RFC 9440), and lets nobody else set these headers.
    #[serde(default)]
    pub(crate) client_cert_header: bool,
}

/// Where everything is kept. Relative paths start at the folder of the configuration file.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Storage {
    /// The folder of everything that has no place of its own.
    pub(crate) folder: PathBuf,
    /// `sqlite:FILE`, or `postgres://...`; `latchkey.db` in the folder if left out. PostgreSQL on another machine is reached by TLS, with a
    /// certificate that names it, unless the address says otherwise (`sslmode`).
    #[serde(serialize_with = "without_password")]
    pub(crate) database: Option<DatabaseUrl>,
    /// The git repositories; `repositories` in the folder if left out.
    pub(crate) repositories: Option<PathBuf>,
}

impl Default for Storage {
    fn default() -> Self {
        Self { folder: "data".into(), database: None, repositories: None }
    }
}

/// What is kept secret. There is no default: `latchkey init` makes a key.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// The file of the master key, readable by its owner alone. All other keys come from it, and the private signing keys in
    /// the database are encrypted with it: keep a copy in a safe place, away from the copies of the database.
    pub(crate) master: Spanned<PathBuf>,
}

/// How much is too much.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// Connections at once.
    pub(crate) connections: u32,
    /// Connections at once from one address, or one /64 of IPv6. Not counted behind a proxy, where all come from one.
    pub(crate) connections_per_address: u32,
    /// Passwords hashed at once, each on a thread of its own with 19 MiB of memory. Half of the processors if left out.
    pub(crate) password_hashes: Option<u16>,
    /// Sign-ins that wait for one of these threads; those beyond are answered 429.
    pub(crate) waiting_sign_ins: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 20_000, connections_per_address: 512, password_hashes: None, waiting_sign_ins: 64 }
    }
}

/// What the server says while it works, on standard error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// How much: `error`, `warn`, `info`, `debug` or `trace`.
    pub(crate) level: Level,
    /// How it is written: `text` for people, `json` for programs.
    pub(crate) format: Format,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: Level::Info, format: Format::Text }
    }
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Format {
    Text,
    Json,
}

/// An address may hold a password, which is nobody's to see.
fn without_password<S: Serializer>(database: &Option<DatabaseUrl>, serializer: S) -> Result<S::Ok, S::Error> {
    match database {
        Some(database) => serializer.serialize_some(&format!("{database:?}")),
        None => serializer.serialize_none(),
    }
}

/// A file as it was found, and the variables that take the place of what it says.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) overrides: Vec<Override>,
}

impl Source {
    /// Finds the file, and reads it.
    pub(crate) fn find(named: Option<&Path>) -> Result<Self, Failure> {
        let path = find(named)?;
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Failure::new(Exit::NotFound, format!("the configuration {} cannot be read", path.display())).because(error)
        })?;
        let texts =
            env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Ok(Self { path, text, overrides: overrides::among(texts) })
    }

    /// What it comes to.
    pub(crate) fn plan(&self) -> Result<Plan, Failure> {
        overrides::plan(&self.path, &self.text, &self.overrides)
    }
}

/// Finds the file, reads it and checks it.
pub(crate) fn load(named: Option<&Path>) -> Result<Plan, Failure> {
    Source::find(named)?.plan()
}

fn find(named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    if let Some(named) = env::var_os(VARIABLE) {
        return Ok(named.into());
    }
    PLACES.iter().map(PathBuf::from).find(|place| place.exists()).ok_or_else(|| {
        Failure::new(Exit::NotFound, "there is no configuration")
            .because(format!("neither --config nor {VARIABLE} names one, and there is no {}", PLACES.join(" and no ")))
            .remedy("run `latchkey init` to write one, or `latchkey demo` to look around without")
    })
}

/// Reads and checks what is written in a file at `path`.
pub(crate) fn read(path: &Path, text: &str) -> Result<Plan, Problem> {
    let config: Config = toml::from_str(text).map_err(|error| Problem::read(&error))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    Plan::of(config, folder)
}

#[cfg(test)]
mod tests;
