//! Client credentials: an app asks for a token in its own name.

use serde::Deserialize;

use crate::generator::{Measured, Turn, Work};
use crate::http::{Connection, encoded};
use crate::problem::{Outcome, Problem};
use crate::scenarios::Bench;

/// Measures `POST /{t}/oauth2/v2.0/token` with a client's id and secret and nothing else: a token for the DevOps side.
pub(super) async fn run(bench: &Bench<'_>) -> Outcome<Measured> {
    asking_for(bench, "vso.work").await
}

/// The same for an app whose tokens are signed with RS256.
pub(super) async fn rs256(bench: &Bench<'_>) -> Outcome<Measured> {
    asking_for(bench, &encoded(&bench.world.called.scope)).await
}

async fn asking_for(bench: &Bench<'_>, scope: &str) -> Outcome<Measured> {
    let (requests, path) = (bench.requests(), format!("/{}/oauth2/v2.0/token", bench.world.tenant));
    let apps = &bench.world.clients;
    let mut forms = apps.iter().cycle().map(|app| {
        let form =
            format!("grant_type=client_credentials&client_id={}&client_secret={}&scope={scope}", app.id, app.secret);
        requests.post(&path, &[], &form)
    });
    let workers = bench.workers(|_| Asking { form: forms.next().unwrap_or_default() });
    bench.measure(workers).await
}

/// What of the answer has to be there.
#[derive(Deserialize)]
struct Token<'a> {
    access_token: &'a str,
}

struct Asking {
    form: Vec<u8>,
}

impl Work for Asking {
    async fn turn(&mut self, connection: &mut Connection) -> Outcome<Turn> {
        let token: Token<'_> = connection.ask(&self.form).await?.expect(200)?.json()?;
        if token.access_token.is_empty() {
            return Err(Problem::new("an app gets a token without a text"));
        }
        Ok(Turn::Done)
    }
}
