//! What the demo says when it is ready: to people, and as one line of JSON to programs.

use std::fmt;
use std::path::Path;

use serde::Serialize;
use uuid::Uuid;

use super::folder::{KeptAccount, KeptClient, KeptLegacyClient};
use crate::cli::DEMO_FOLDER;

/// Everything that a program has to know of a running demo. Its members are a promise to scripts, which a test below
/// holds.
#[derive(Serialize)]
pub(crate) struct Announcement<'a> {
    pub(crate) origin: &'a str,
    pub(crate) https_origin: &'a str,
    pub(crate) issuer: String,
    pub(crate) https_issuer: String,
    pub(crate) tenant_id: Uuid,
    pub(crate) ca_certificate: &'a Path,
    pub(crate) data_dir: &'a Path,
    pub(crate) service_url: &'a str,
    pub(crate) organization: &'a str,
    pub(crate) projects: Vec<&'a str>,
    pub(crate) repositories: Vec<InProject<'a>>,
    pub(crate) accounts: &'a [KeptAccount],
    pub(crate) clients: &'a [KeptClient],
    pub(crate) legacy_clients: &'a [KeptLegacyClient],
    /// For people: programs are not sent there.
    #[serde(skip)]
    pub(crate) oldtimer_url: &'a str,
    /// The same.
    #[serde(skip)]
    pub(crate) buildlight_url: &'a str,
}

/// A repository, by its project and its name.
#[derive(Serialize)]
pub(crate) struct InProject<'a> {
    pub(crate) project: &'a str,
    pub(crate) name: &'a str,
}

impl Announcement<'_> {
    /// The one line.
    pub(crate) fn line(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// For people.
impl fmt::Display for Announcement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, https_origin, service_url, issuer, organization, .. } = self;
        let (version, data) = (env!("CARGO_PKG_VERSION"), self.data_dir.display());
        let quoted = data.to_string().replace('\'', r"'\''");
        // The commands find a folder of another name only if they are told.
        let elsewhere = self.data_dir != Path::new(DEMO_FOLDER);
        let named = fmt::from_fn(|f| if elsewhere { write!(f, " --data '{quoted}'") } else { Ok(()) });
        writeln!(f, "latchkey {version}  demo  data: {data}  (`latchkey demo --fresh{named}` starts over)\n")?;
        writeln!(f, "  Start here       {origin}/demo  a guided walk through the whole flow")?;
        writeln!(f, "  Burndown         {service_url}/  a service that asks for access")?;
        writeln!(f, "  Oldtimer         {}/  a service of the older kind, which still works", self.oldtimer_url)?;
        writeln!(f, "  Buildlight       {}/  a lamp that is connected by a code you type", self.buildlight_url)?;
        writeln!(f, "  Your keys        {origin}/profile/authorizations")?;
        writeln!(f, "  Administration   {origin}/organizations/{organization}")?;
        writeln!(f, "  Mail             {origin}/demo/mail  captured there: none leaves this machine")?;
        writeln!(f, "  Discovery        {issuer}/.well-known/openid-configuration")?;
        writeln!(f, "  For https        {https_origin}  (first: eval \"$(latchkey demo env{named})\")\n")?;
        let widest = |length: fn(&KeptAccount) -> usize| self.accounts.iter().map(length).max().unwrap_or(0);
        let (email, password) = (widest(|account| account.email.len()), widest(|account| account.password.len()));
        for (account, who) in self.accounts.iter().zip(std::iter::once("Who").chain(std::iter::repeat(""))) {
            writeln!(f, "  {who:<15}  {:<email$}  {:<password$}  {}", account.email, account.password, account.role)?;
        }
        write!(f, "\n  Press Ctrl-C to stop.")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn a_client(client_secret: Option<&str>) -> KeptClient {
        KeptClient {
            name: "Dashboard".into(),
            client_id: Uuid::nil(),
            client_secret: client_secret.map(str::to_owned),
            kind: "web".into(),
            redirect_uris: vec!["http://127.0.0.1:4289/callback".into()],
            scopes: vec!["vso.work".into()],
        }
    }

    fn announced<T>(look: impl FnOnce(&Announcement<'_>) -> T) -> T {
        let accounts = [KeptAccount { email: "ana@harbor.test".into(), password: "p".into(), role: "owner".into() }];
        let clients = [a_client(Some("lks_s")), a_client(None)];
        let legacy_clients = [KeptLegacyClient {
            client_id: Uuid::nil(),
            client_secret: "a.b.c".into(),
            redirect_uri: "http://127.0.0.1:4289/callback".into(),
            scopes: vec!["vso.work".into()],
        }];
        look(&Announcement {
            origin: "http://localhost:4280",
            https_origin: "https://localhost:4243",
            issuer: "http://localhost:4280/t/v2.0".into(),
            https_issuer: "https://localhost:4243/t/v2.0".into(),
            tenant_id: Uuid::nil(),
            ca_certificate: Path::new("/d/authority.pem"),
            data_dir: Path::new("/d"),
            service_url: "http://127.0.0.1:4281",
            organization: "harbor",
            projects: vec!["lighthouse", "drydock"],
            repositories: vec![InProject { project: "lighthouse", name: "foghorn" }],
            accounts: &accounts,
            clients: &clients,
            legacy_clients: &legacy_clients,
            oldtimer_url: "http://127.0.0.1:4282",
            buildlight_url: "http://127.0.0.1:4283",
        })
    }

    #[test]
    fn the_line_has_exactly_the_members_that_were_promised() {
        let line = announced(|announcement| announcement.line().unwrap());
        assert!(!line.contains('\n'));
        let value: Value = serde_json::from_str(&line).unwrap();
        let members =
            |value: &Value| value.as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>();
        let promised = |names: &str| names.split(' ').map(str::to_owned).collect();
        assert_eq!(
            members(&value),
            promised(
                "origin https_origin issuer https_issuer tenant_id ca_certificate data_dir service_url organization \
                 projects repositories accounts clients legacy_clients"
            )
        );
        assert_eq!(members(&value["accounts"][0]), promised("email password role"));
        assert_eq!(members(&value["repositories"][0]), promised("project name"));
        assert_eq!(members(&value["clients"][0]), promised("name client_id client_secret type redirect_uris scopes"));
        assert_eq!(members(&value["clients"][1]), promised("name client_id type redirect_uris scopes"));
        assert_eq!(members(&value["legacy_clients"][0]), promised("client_id client_secret redirect_uri scopes"));
    }

    #[test]
    fn people_are_told_where_to_click_and_as_whom() {
        let text = announced(|announcement| announcement.to_string());
        for told in [
            "eval \"$(latchkey demo env --data '/d')\"",
            "http://localhost:4280/demo",
            "http://127.0.0.1:4281/",
            "http://127.0.0.1:4282/",
            "http://127.0.0.1:4283/",
            "ana@harbor.test",
            "Ctrl-C",
        ] {
            assert!(text.contains(told), "{told}");
        }
    }
}
