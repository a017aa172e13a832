//! Device codes that somebody has approved: a device asks for its tokens. Each code counts once.

use crate::generator::{self, Load, Measured, Turn, Work};
use crate::http::Connection;
use crate::problem::Outcome;
use crate::scenarios::Bench;
use crate::scenarios::refresh::Tokens;
use crate::seed::World;

/// Devices for each second that the scenario is to last: more than a core can answer.
const DEVICES_PER_SECOND: u64 = 4_000;

/// How many devices have to be there.
pub(crate) fn devices(seconds: u64) -> usize {
    usize::try_from(seconds * DEVICES_PER_SECOND).unwrap_or_default()
}

/// Measures `POST /{t}/oauth2/v2.0/token` with a device code.
pub(super) async fn run(bench: &Bench<'_>) -> Outcome<Measured> {
    let (requests, path) = (bench.requests(), format!("/{}/oauth2/v2.0/token", bench.world.tenant));
    let forms = bench.world.devices.borrow().iter().filter_map(|device| form(bench.world, device)).collect::<Vec<_>>();
    let share = forms.len().div_ceil(bench.connections);
    let mut polls = forms.iter().map(|form| requests.post(&path, &[], form));
    let workers = bench.workers(|_| Asking { polls: polls.by_ref().take(share).collect() });
    generator::run(bench.server.process(), bench.server.port, Load::while_there_is_work(), workers).await
}

fn form(world: &World, device: &crate::seed::Approved) -> Option<String> {
    let app = world.clients.get(device.client)?;
    Some(format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id={}&client_secret={}&device_code={}",
        app.id,
        app.secret,
        device.code.reveal()
    ))
}

struct Asking {
    polls: Vec<Vec<u8>>,
}

impl Work for Asking {
    async fn turn(&mut self, connection: &mut Connection) -> Outcome<Turn> {
        let Some(poll) = self.polls.pop() else { return Ok(Turn::NothingLeft) };
        let answer = connection.ask(&poll).await?.expect(200)?;
        let _: Tokens<'_> = answer.json()?;
        Ok(Turn::Done)
    }
}
