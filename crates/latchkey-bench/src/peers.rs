//! Another authorization server beside this one: in the same run, on the same core, under the same load, by turns.
//!
//! The peer is npm `oidc-provider` with the store that it brings, which keeps everything in volatile memory; a refresh of ours is on
//! disk before it is answered. Both sign access tokens with ES256 and take the client's secret from the form.

use std::cell::RefCell;
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::arithmetic::median;
use crate::cores::Cores;
use crate::generator::{self, Load, Measured, Turn, Work};
use crate::http::{Connection, Requests};
use crate::problem::{Outcome, Problem};
use crate::scenarios::{Bench, Scenario};
use crate::server::Server;

/// Each server is measured so often, by turns.
const TURNS: usize = 3;
/// A turn lasts so long at most: in longer ones the peer, whose store holds 1,000 entries, was seen to refuse refresh tokens that it had just given.
pub(crate) const TURN: Duration = Duration::from_secs(2);

/// The peer's program and what it needs, as files of this crate.
const FILES: [(&str, &str); 2] = [
    ("package.json", include_str!("../peers/node/package.json")),
    ("server.mjs", include_str!("../peers/node/server.mjs")),
];

/// What both servers can do, and how many times cheaper ours has to be.
const COMPARED: [(Scenario, f64); 5] = [
    (Scenario::Discovery, 8.0),
    (Scenario::Jwks, 5.0),
    (Scenario::ClientCredentials, 6.0),
    // Before what fills the peer's store, which would forget the token.
    (Scenario::Introspection, 8.0),
    (Scenario::Refresh, 4.0),
];

/// A running peer, and what it said when it began to listen.
struct Peer {
    server: Server,
    known: Known,
}

/// What is known of the peer's one client.
#[derive(Deserialize)]
struct Known {
    port: u16,
    client_id: String,
    client_secret: String,
    /// One for each chain, as it moves on.
    refresh_tokens: RefCell<Vec<String>>,
    access_token: String,
}

/// What one scenario costs there and here.
#[derive(Debug, Serialize)]
pub(crate) struct Compared {
    scenario: String,
    /// Server CPU microseconds of one request, the median of all turns.
    ours_us: f64,
    theirs_us: f64,
    /// The median of what each pair of turns came to.
    ratio: f64,
    goal: f64,
}

/// Installs the peer below `folder`, starts it, and measures both by turns.
pub(crate) async fn compare(bench: &Bench<'_>, folder: &Path, cores: Cores) -> Outcome<Vec<Compared>> {
    let folder = folder.join("peers/node");
    install(&folder)?;
    let peer = Peer::start(&folder, bench.connections, cores)?;
    let mut all = Vec::new();
    for (scenario, goal) in COMPARED {
        eprint!("Comparing {}: ", scenario.name());
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            ours.push(scenario.run(bench).await?.cpu);
            theirs.push(peer.run(scenario, bench).await?.cpu);
        }
        let ratios = ours.iter().zip(&theirs).map(|(ours, theirs)| theirs / ours).collect();
        let middle = |figures| median(figures).ok_or_else(|| Problem::new("nothing was measured"));
        let (ours_us, theirs_us, ratio) = (middle(ours)?, middle(theirs)?, middle(ratios)?);
        eprintln!("{theirs_us:.1} by {ours_us:.1} µs");
        all.push(Compared { scenario: scenario.name(), ours_us, theirs_us, ratio, goal });
    }
    peer.server.stop()?;
    Ok(all)
}

fn install(folder: &Path) -> Outcome<()> {
    fs::create_dir_all(folder).map_err(Problem::at("make", folder))?;
    for (name, text) in FILES {
        let path = folder.join(name);
        fs::write(&path, text).map_err(Problem::at("write", &path))?;
    }
    let installed = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--silent"])
        .current_dir(folder)
        .status()
        .map_err(|error| Problem::new(format!("the peer needs Node.js with npm, which does not start: {error}")))?;
    if installed.success() { Ok(()) } else { Err(Problem::new("npm did not install the peer")) }
}

impl Peer {
    fn start(folder: &Path, chains: usize, cores: Cores) -> Outcome<Self> {
        let mut command = Command::new("node");
        command.arg("server.mjs").arg(chains.to_string()).current_dir(folder);
        let (server, line) = Server::announced(command, cores)?;
        let known: Known = serde_json::from_str(&line)?;
        Ok(Self { server: server.at(known.port), known })
    }

    async fn run(&self, scenario: Scenario, bench: &Bench<'_>) -> Outcome<Measured> {
        let requests = Requests::to(self.known.port);
        let Known { client_id, client_secret, refresh_tokens, access_token, .. } = &self.known;
        let client = format!("client_id={client_id}&client_secret={client_secret}");
        let same = match scenario {
            Scenario::Discovery => requests.get("/.well-known/openid-configuration", &[]),
            Scenario::Jwks => requests.get("/jwks", &[]),
            Scenario::ClientCredentials => {
                requests.post("/token", &[], &format!("grant_type=client_credentials&{client}&scope=vso.work"))
            }
            Scenario::Introspection => {
                requests.post("/token/introspection", &[], &format!("{client}&token={access_token}"))
            }
            _ => {
                let chain = |number| Chain { requests: &requests, client: &client, tokens: refresh_tokens, number };
                let chains = refresh_tokens.borrow().len();
                return self.measure(bench, (0..chains).map(chain).collect()).await;
            }
        };
        self.measure(bench, (0..bench.connections).map(|_| Same(&same)).collect()).await
    }

    async fn measure<W: Work>(&self, bench: &Bench<'_>, workers: Vec<W>) -> Outcome<Measured> {
        generator::run(self.server.process(), self.known.port, Load::lasting(bench.time), workers).await
    }
}

/// The same request again and again.
struct Same<'a>(&'a [u8]);

impl Work for Same<'_> {
    async fn turn(&mut self, connection: &mut Connection) -> Outcome<Turn> {
        connection.ask(self.0).await?.expect(200)?;
        Ok(Turn::Done)
    }
}

/// A refresh token and its successors.
struct Chain<'a> {
    requests: &'a Requests,
    client: &'a str,
    tokens: &'a RefCell<Vec<String>>,
    number: usize,
}

/// What a refresh has to bring.
#[derive(Deserialize)]
struct Next {
    refresh_token: String,
}

impl Work for Chain<'_> {
    async fn turn(&mut self, connection: &mut Connection) -> Outcome<Turn> {
        let token = self.tokens.borrow().get(self.number).cloned().unwrap_or_default();
        let form = format!("grant_type=refresh_token&{}&refresh_token={token}", self.client);
        let next: Next = connection.ask(&self.requests.post("/token", &[], &form)).await?.expect(200)?.json()?;
        for kept in self.tokens.borrow_mut().get_mut(self.number).into_iter() {
            kept.clone_from(&next.refresh_token);
        }
        Ok(Turn::Done)
    }
}

/// The table of all comparisons.
pub(crate) struct Table<'a>(pub(crate) &'a [Compared]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## Beside npm oidc-provider\n")?;
        writeln!(
            f,
            "One core each in turn, kept-alive HTTP/1.1 on loopback, ES256 access tokens, client_secret_post."
        )?;
        writeln!(
            f,
            "The peer keeps everything in volatile memory; here a refresh is on disk before it is answered.\n"
        )?;
        writeln!(
            f,
            "| scenario | ours, CPU µs | theirs, CPU µs | times cheaper | goal | |\n|---|---|---|---|---|---|"
        )?;
        for Compared { scenario, ours_us, theirs_us, ratio, goal } in self.0 {
            let verdict = if ratio >= goal { "pass" } else { "**FAIL**" };
            writeln!(f, "| {scenario} | {ours_us:.1} | {theirs_us:.1} | **{ratio:.1}** | {goal:.1} | {verdict} |")?;
        }
        f.write_str("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cheaper_by_less_than_the_goal_fails() {
        let line =
            |ratio| Compared { scenario: "jwks".into(), ours_us: 10.0, theirs_us: 10.0 * ratio, ratio, goal: 5.0 };
        let table = Table(&[line(5.0), line(4.9)]).to_string();
        assert!(table.contains("| jwks | 10.0 | 50.0 | **5.0** | 5.0 | pass |"));
        assert!(table.contains("| jwks | 10.0 | 49.0 | **4.9** | 5.0 | **FAIL** |"));
    }
}
