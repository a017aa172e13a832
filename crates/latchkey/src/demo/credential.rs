//! `latchkey demo credential`: a credential helper of git. A person approves it at a page, by a code, and git gets the key as a password.

use std::collections::HashMap;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::{Instant, sleep};
use url::Url;

use super::folder::Keepsake;
use super::sample::people::harbor;
use super::wire::{self, Answer, Credential};
use crate::config::origin::is_local;
use crate::failure::{Exit, Failure};
use crate::out;

/// What it calls itself.
const AGENT: &str = "Latchkey-demo-credential/1.0";
/// What git needs, and what names what it clones.
const SCOPE: &str = "vso.code vso.project";
/// Bytes that git says at the most.
const SAID_BYTES: u64 = 8 << 10;
/// How much longer to wait when asked to slow down. [RFC 8628 §3.5]
const SLOWER: Duration = Duration::from_secs(5);

/// The answer of the device endpoint. [RFC 8628 §3.2]
#[derive(Deserialize)]
struct Asked {
    device_code: String,
    verification_uri_complete: String,
    expires_in: u64,
    interval: u64,
}

#[derive(Deserialize)]
struct Key {
    access_token: String,
}

/// Answers git. It also tells its helpers what became of a password: there is nothing to keep of that.
pub(crate) async fn credential(folder: &Path, operation: &str) -> Result<(), Failure> {
    if operation != "get" {
        return Ok(());
    }
    let mut said = String::new();
    let read = io::stdin().lock().take(SAID_BYTES).read_to_string(&mut said);
    read.map_err(|error| Failure::new(Exit::Usage, "git says nothing that can be read").because(error))?;
    // The demo speaks plain http on this machine. For anything else this says nothing, and git asks its next helper, or the person.
    let Some(origin) = plain_origin(&said) else { return Ok(()) };
    let lost = || Failure::not_found(format!("there is no demo in {}", folder.display()));
    let kept = Keepsake::read(folder)?.ok_or_else(lost)?;
    let client = kept.clients.iter().find(|client| client.kind == "native").ok_or_else(lost)?;

    let (authority, id) = (format!("{origin}/{}/oauth2/v2.0", harbor()), client.client_id.to_string());
    let asked = post(&format!("{authority}/devicecode"), &[("client_id", &id), ("scope", SCOPE)]).await?;
    let asked: Asked = asked.json().map_err(|_| refused(&asked.error_code()))?;
    out::note(format_args!(
        "Open {} and approve {} there. git goes on by itself.",
        asked.verification_uri_complete, client.name
    ));
    let key = wait_for(&format!("{authority}/token"), &id, &asked).await?;
    out::data(format_args!("username=token\npassword={key}"));
    Ok(())
}

/// Waits until somebody has answered. [RFC 8628 §3.4 and §3.5]
async fn wait_for(endpoint: &str, client_id: &str, asked: &Asked) -> Result<String, Failure> {
    let fields = [
        ("client_id", client_id),
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", &asked.device_code),
    ];
    let end = Instant::now() + Duration::from_secs(asked.expires_in);
    let mut interval = Duration::from_secs(asked.interval);
    while Instant::now() < end {
        sleep(interval).await;
        let answer = post(endpoint, &fields).await?;
        if answer.status.is_success() {
            let key: Key = answer.json().map_err(|error| refused("unreadable").because(error))?;
            // What git reads ends with each line.
            return Some(key.access_token)
                .filter(|key| !key.contains(char::is_control))
                .ok_or_else(|| refused("unreadable"));
        }
        match answer.error_code().as_str() {
            "authorization_pending" => {}
            "slow_down" => interval += SLOWER,
            code => return Err(refused(code)),
        }
    }
    Err(refused("expired_token"))
}

async fn post(url: &str, fields: &[(&str, &str)]) -> Result<Answer, Failure> {
    let sent = wire::post_form(AGENT, url, Credential::None, fields).await;
    sent.map_err(|error| Failure::new(Exit::Unreachable, "the demo does not answer").because(error))
}

fn refused(code: &str) -> Failure {
    Failure::refused(format!("there is no key for git: {code}"))
}

/// The origin that git has in mind, if it is one of plain http on this machine: no other host is to pass this on to the demo and keep the key.
fn plain_origin(said: &str) -> Option<String> {
    let attributes: HashMap<&str, &str> = said.lines().filter_map(|line| line.split_once('=')).collect();
    let host = attributes.get("host").filter(|_| attributes.get("protocol") == Some(&"http"))?;
    let url = Url::parse(&format!("http://{host}")).ok()?;
    is_local(&url).then(|| url.origin().ascii_serialization())
}

/// The line that clones with this helper, by the program that runs.
pub(crate) fn clone_line(program: Option<&Path>, folder: &Path, repository: &str) -> String {
    let program = program.and_then(quotable).unwrap_or("latchkey");
    let data = quotable(folder).map(|folder| format!(" --data \"{folder}\"")).unwrap_or_default();
    format!("git -c credential.helper= -c 'credential.helper=!\"{program}\" demo credential{data}' clone {repository}")
}

/// A path that two shells, one inside the other, leave as it is.
fn quotable(path: &Path) -> Option<&str> {
    path.to_str().filter(|path| path.chars().all(|c| c.is_alphanumeric() || "/._-+@ ".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_answered_and_nothing_else() {
        let said = |protocol: &str| format!("capability[]=authtype\nprotocol={protocol}\nhost=localhost:4280\n\n");
        assert_eq!(plain_origin(&said("http")).as_deref(), Some("http://localhost:4280"));
        assert_eq!(plain_origin(&said("https")), None);
        assert_eq!(plain_origin("protocol=http\n"), None);
        for host in ["evil.test", "localhost.evil.test", "192.0.2.1:4280", "localhost@evil.test", "a b"] {
            assert_eq!(plain_origin(&format!("protocol=http\nhost={host}\n")), None, "{host}");
        }
        for host in ["127.0.0.1:4280", "[::1]:4280", "burndown.localhost:4280"] {
            assert_eq!(plain_origin(&format!("protocol=http\nhost={host}\n")), Some(format!("http://{host}")));
        }
    }

    #[test]
    fn a_shell_reads_the_line_as_it_was_meant() {
        let line = |program: &str, folder: &str| clone_line(Some(Path::new(program)), Path::new(folder), "http://h/r");
        assert_eq!(
            line("/opt/a b/latchkey", "/srv/demo"),
            "git -c credential.helper= -c 'credential.helper=!\"/opt/a b/latchkey\" demo credential --data \"/srv/demo\"' \
             clone http://h/r"
        );
        for odd in ["/a'b", "/a\"b", "/a$b", "/a`b", "/a\\b", "/a!b"] {
            assert!(!line(odd, odd).contains(odd), "{odd}");
        }
    }
}
