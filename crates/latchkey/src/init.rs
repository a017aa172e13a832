//! `latchkey init`: writes a configuration to read and change, and a master key.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;

use crate::config;
use crate::failure::{Exit, Failure};
use crate::{out, password, place};

/// What the configuration begins with. What is left out is asked for, if somebody is there.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    latchkey init --url https://id.example.com --certificate chain.pem --key key.pem\n  \
    latchkey init --url https://id.example.com --behind-proxy --listen 127.0.0.1:8080\n  \
    latchkey init --url http://localhost:8080 --folder /srv/latchkey")]
pub(crate) struct Arguments {
    /// Where the configuration and the key are written
    #[arg(long, default_value = ".", value_name = "FOLDER")]
    folder: PathBuf,
    /// The origin that people and services find the server at
    #[arg(long)]
    url: Option<String>,
    /// The address and port to listen on
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// The certificate and its chain, a PEM file
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// The certificate's private key, a PEM file
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// A proxy that you trust stands in front and speaks TLS
    #[arg(long)]
    behind_proxy: bool,
    /// `sqlite:FILE`, or `postgres://...`
    #[arg(long, default_value = "sqlite:data/latchkey.db")]
    database: String,
}

const FILE: &str = "latchkey.toml";
const KEY: &str = "master.key";

/// Writes both files, or nothing.
pub(crate) fn init(arguments: &Arguments) -> Result<(), Failure> {
    let path = arguments.folder.join(FILE);
    let key = arguments.folder.join(KEY);
    if let Some(there) = [&path, &key].into_iter().find(|path| path.exists()) {
        return Err(Failure::conflict(format!("{} is there already", there.display()))
            .because("it would have to be replaced, and nobody could bring it back"));
    }
    let url = match &arguments.url {
        Some(url) => url.clone(),
        None if out::somebody_is_there() => {
            password::ask("Where will people find this server", "https://id.example.com")?
        }
        None => {
            return Err(
                Failure::new(Exit::Usage, "--url is missing").remedy("for example --url https://id.example.com")
            );
        }
    };
    let text = text(arguments, &url);
    // What is written can be read.
    config::read(&path, &text).map_err(|problem| problem.failure(&path, &text))?;
    let unwritable = |error: io::Error| {
        Failure::new(Exit::Unreachable, format!("{} cannot be written", arguments.folder.display())).because(error)
    };
    fs::create_dir_all(&arguments.folder).map_err(unwritable)?;
    place::make_key(&key).map_err(unwritable)?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(unwritable)?;
    file.write_all(text.as_bytes()).map_err(unwritable)?;
    let domain = url::Url::parse(&url).ok().and_then(|url| Some(url.domain()?.to_owned()));
    out::note(next(&path, &key, domain.as_deref().filter(|domain| domain.contains('.')).unwrap_or("example.com")));
    Ok(())
}

fn text(arguments: &Arguments, url: &str) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let secure = url.starts_with("https:");
    let port = url::Url::parse(url).ok().and_then(|url| url.port_or_known_default()).unwrap_or(443);
    let listen = arguments.listen.clone().unwrap_or_else(|| match (secure, arguments.behind_proxy) {
        (true, false) => format!("[::]:{port}"),
        (true, true) => "127.0.0.1:8080".to_owned(),
        (false, _) => format!("127.0.0.1:{port}"),
    });
    let file = |name: &str, path: Option<&PathBuf>, example: &str| match path {
        Some(path) => format!("{name} = {}", quoted(&path.display().to_string())),
        None if secure && !arguments.behind_proxy => format!("{name} = {}", quoted(example)),
        None => format!("# {name} = {}", quoted(example)),
    };
    let limits = config::Limits::default();
    format!(
        r#"# Latchkey. `latchkey check` reads this file and says what is wrong with it.
# Relative paths start at the folder of this file.

[server]
# Whether a proxy that you trust stands in front of every listener, speaks TLS for them, and appends each client's address to
# X-Forwarded-For. Without one, leave this false: anybody could claim any address.
behind_proxy = {behind_proxy}

# What people and services find this server at. The first origin is the one that links lead to.
[[server.origins]]
url = {url}
listen = {listen}
{certificate}
{key}

[storage]
# Everything that has no place of its own: the socket for commands, and the git repositories unless they are named below.
folder = "data"
# A file, or postgres://user@host/name. Another machine is reached by TLS and its certificate has to name it; add
# ?sslrootcert=/etc/latchkey/db-ca.pem if no authority of the system vouches for it. sslmode=disable is for a network of your own.
database = {database}
# repositories = "data/repositories"

[keys]
# All other keys come from this one, and private signing keys are encrypted with it. Keep a copy in a safe place, away from
# the copies of the database: without it they are worth nothing, and with it they are worth everything.
master = "{KEY}"

# What is spoken: TLS 1.3, and 1.2 with forward secrecy and AES-GCM, unless it is narrowed here.
# [tls]
# versions = ["1.3"]
# suites = ["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"]

# Who people are told by that a service was approved, that a secret ends, that apps of the older kind end. Without it, nobody is.
# [mail]
# url = "smtps://latchkey@mail.example.com"
# password = "mail.password"
# from = "Latchkey <latchkey@example.com>"

# Whom this server asks for keys and metadata of apps, and tells of sign-outs, beyond the public network.
# [outbound]
# hosts = ["ci.corp.example"]
# authorities = "corp.pem"

[limits]
# Connections at once, and from one address.
# connections = {connections}
# connections_per_address = {connections_per_address}
# Passwords hashed at once (19 MiB each; half of the processors if left out), and sign-ins that may wait for it.
# password_hashes = 2
# waiting_sign_ins = {waiting}

[log]
# error, warn, info, debug or trace; text or json.
level = "info"
format = "text"
"#,
        behind_proxy = arguments.behind_proxy,
        url = quoted(url),
        listen = quoted(&listen),
        certificate = file("certificate", arguments.certificate.as_ref(), "tls/chain.pem"),
        key = file("key", arguments.key.as_ref(), "tls/key.pem"),
        database = quoted(&arguments.database),
        connections = limits.connections,
        connections_per_address = limits.connections_per_address,
        waiting = limits.waiting_sign_ins,
    )
}

fn next(path: &std::path::Path, key: &std::path::Path, domain: &str) -> String {
    let config = if path.parent() == Some(std::path::Path::new(".")) {
        String::new()
    } else {
        format!(" --config {}", path.display())
    };
    format!(
        "Written: {} and {} (keep a copy of the key in a safe place).

Next:
  latchkey check{config}
  latchkey tenant create{config} --domain {domain} --name 'Your organization'
  latchkey account create{config} --email you@{domain} --name 'Your name' --administrator
  latchkey serve{config}",
        path.display(),
        key.display(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(folder: &std::path::Path) -> Arguments {
        Arguments {
            folder: folder.to_owned(),
            url: Some("https://id.example.com".into()),
            listen: None,
            certificate: None,
            key: None,
            behind_proxy: false,
            database: "sqlite:data/latchkey.db".into(),
        }
    }

    #[test]
    fn what_is_written_can_be_read_in_every_setting() {
        for (url, behind_proxy) in
            [("https://id.example.com", false), ("https://id.example.com:8443", true), ("http://localhost:8080", false)]
        {
            let folder = tempfile::tempdir().unwrap();
            let arguments = Arguments { url: Some(url.into()), behind_proxy, ..arguments(folder.path()) };
            init(&arguments).unwrap();
            let plan = config::load(Some(&folder.path().join(FILE))).unwrap();
            assert_eq!(&*plan.origins[0].origin.url, url);
            assert_eq!(plan.limits, config::Limits::default());
            plan.place.read_master_key().unwrap();
        }
    }

    #[test]
    fn nothing_that_is_there_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        init(&arguments(folder.path())).unwrap();
        let before = fs::read(folder.path().join(KEY)).unwrap();
        assert_eq!(init(&arguments(folder.path())).unwrap_err().exit(), Exit::Conflict);
        assert_eq!(fs::read(folder.path().join(KEY)).unwrap(), before);
    }

    #[test]
    fn a_wrong_value_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let wrong = Arguments { url: Some("http://id.example.com".into()), ..arguments(folder.path()) };
        assert!(init(&wrong).unwrap_err().to_string().contains("plain http"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
