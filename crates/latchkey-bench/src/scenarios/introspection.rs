//! Introspection of tokens that the server has seen before, by the app that holds them.

use serde::Deserialize;

use crate::generator::{self, Measured, Turn, Work};
use crate::http::Connection;
use crate::problem::{Outcome, Problem};
use crate::scenarios::api_read::WARM_TOKENS;
use crate::scenarios::refresh::chains;
use crate::scenarios::{Bench, share, tokens};

/// Measures `POST /{t}/oauth2/v2.0/introspect`.
pub(super) async fn run(bench: &Bench<'_>) -> Outcome<Measured> {
    let (world, requests) = (bench.world, bench.requests());
    let mut all = chains(world, false);
    // One app asks, and it is answered about its own tokens.
    let of = |family: usize| world.families.borrow().get(family).map(|family| family.client);
    let asking = all.first().and_then(|family| of(*family));
    all.retain(|family| of(*family) == asking);
    let app = asking.and_then(|client| world.clients.get(client)).ok_or_else(|| Problem::new("nobody asks"))?;
    let tokens = tokens::issue_of(bench, WARM_TOKENS, &all).await?;
    let path = format!("/{}/oauth2/v2.0/introspect", world.tenant);
    let questions: Vec<Vec<u8>> = tokens
        .iter()
        .map(|token| {
            let form = format!("client_id={}&client_secret={}&token={token}", app.id, app.secret);
            requests.post(&path, &[], &form)
        })
        .collect();
    let once = bench.workers(|worker| Asking {
        order: (worker..questions.len()).step_by(bench.connections),
        questions: &questions,
    });
    generator::finish(bench.server.port, once).await?;
    let again = bench
        .workers(|worker| Asking { order: share(worker, bench.connections, questions.len()), questions: &questions });
    bench.measure(again).await
}

#[derive(Deserialize)]
struct Answer {
    active: bool,
}

struct Asking<'a, I> {
    order: I,
    questions: &'a [Vec<u8>],
}

impl<I: Iterator<Item = usize>> Work for Asking<'_, I> {
    async fn turn(&mut self, connection: &mut Connection) -> Outcome<Turn> {
        let Some(question) = self.order.next().and_then(|number| self.questions.get(number)) else {
            return Ok(Turn::NothingLeft);
        };
        let answer: Answer = connection.ask(question).await?.expect(200)?.json()?;
        if !answer.active {
            return Err(Problem::new("a token that lives is told to be worth nothing"));
        }
        Ok(Turn::Done)
    }
}
