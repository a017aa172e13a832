//! Client credentials of an app that proves itself by an assertion.

use std::time::{SystemTime, UNIX_EPOCH};

use latchkey_devops::scope::AUDIENCE;
use latchkey_identity::client::ClientId;
use serde_json::json;

use crate::generator::{self, Load, Measured, Turn, Work};
use crate::http::Connection;
use crate::problem::Outcome;
use crate::scenarios::Bench;

/// For how long an assertion is made, in seconds: as Microsoft's clients do.
const LIFETIME: u64 = 600;

/// Assertions for each second that the scenario is to last. They are signed before it begins: that takes the app's time, not the server's.
const ASSERTIONS_PER_SECOND: u64 = 4_000;

/// Measures `POST /{t}/oauth2/v2.0/token` with `private_key_jwt`: each assertion counts once, which is on disk before the answer.
pub(super) async fn once(bench: &Bench<'_>) -> Outcome<Measured> {
    let apps = bench.world.clients.iter().map(|app| app.id);
    asking(bench, &apps.collect::<Vec<_>>(), "vso.work").await
}

/// The same with assertions that may come again. They do not, here: each is verified.
pub(super) async fn reusable(bench: &Bench<'_>) -> Outcome<Measured> {
    asking(bench, &[bench.world.microsoft], &format!("{AUDIENCE}/.default")).await
}

async fn asking(bench: &Bench<'_>, apps: &[ClientId], scope: &str) -> Outcome<Measured> {
    let (requests, path) = (bench.requests(), format!("/{}/oauth2/v2.0/token", bench.world.tenant));
    let audience = requests.url(&path);
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let count = usize::try_from(bench.time.as_secs() * ASSERTIONS_PER_SECOND)?;
    let signed = apps.iter().cycle().take(count).enumerate().map(|(number, app)| {
        let id = app.to_string();
        let claims = json!({
            "iss": id, "sub": id, "aud": audience, "iat": now.as_secs(), "exp": now.as_secs() + LIFETIME,
            "jti": format!("{}-{number}", now.as_nanos()),
        });
        let assertion = bench.world.assertion_key.sign_jwt("JWT", &claims)?;
        let form = format!(
            "grant_type=client_credentials&client_id={id}&scope={scope}&client_assertion={assertion}\
             &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
        );
        Ok(requests.post(&path, &[], &form))
    });
    let mut signed = signed.collect::<Outcome<Vec<_>>>()?.into_iter();
    let share = count.div_ceil(bench.connections);
    let workers = bench.workers(|_| Asking { forms: signed.by_ref().take(share).collect() });
    let load = Load::while_there_is_work();
    generator::run(bench.server.process(), bench.server.port, load, workers).await
}

struct Asking {
    forms: Vec<Vec<u8>>,
}

impl Work for Asking {
    async fn turn(&mut self, connection: &mut Connection) -> Outcome<Turn> {
        let Some(form) = self.forms.pop() else { return Ok(Turn::NothingLeft) };
        connection.ask(&form).await?.expect(200)?;
        Ok(Turn::Done)
    }
}
