//! Reading a work item, with a token that the server has seen before and with one that it has not.

use std::cell::Cell;

use crate::generator::{self, Load, Measured, Turn, Work};
use crate::http::{Connection, Requests};
use crate::problem::Outcome;
use crate::scenarios::{Bench, share, tokens};
use crate::seed::{ORGANIZATION, PROJECT, WORK_ITEMS};

/// Tokens in use at once where all have been seen: of different authorizations as long as there are so many.
pub(super) const WARM_TOKENS: usize = 10_000;
/// Tokens never seen, for each second that the scenario is to last: more than a core can verify.
const COLD_TOKENS_PER_SECOND: u64 = 8_000;

/// Measures a read with tokens seen before.
pub(super) async fn warm(bench: &Bench<'_>) -> Outcome<Measured> {
    let tokens = tokens::issue(bench, WARM_TOKENS, false).await?;
    let requests = bench.requests();
    with_seen_tokens(bench, &tokens, |number, token| read(&requests, number, token)).await
}

/// Measures a read with tokens never seen, each used once.
pub(super) async fn cold(bench: &Bench<'_>) -> Outcome<Measured> {
    let tokens = tokens::issue(bench, usize::try_from(bench.time.as_secs() * COLD_TOKENS_PER_SECOND)?, false).await?;
    let (requests, next) = (bench.requests(), Cell::new(0));
    let request = |number, token: &str| read(&requests, number, token);
    let workers = bench.workers(|_| Use { order: in_turn(&next), tokens: &tokens, request });
    let load = Load::while_there_is_work();
    generator::run(bench.server.process(), bench.server.port, load, workers).await
}

/// Uses each token once, so that all have been seen, and then measures.
pub(super) async fn with_seen_tokens(
    bench: &Bench<'_>,
    tokens: &[String],
    request: impl Fn(usize, &str) -> Vec<u8> + Copy,
) -> Outcome<Measured> {
    let next = Cell::new(0);
    let once = bench.workers(|_| Use { order: in_turn(&next), tokens, request });
    generator::finish(bench.server.port, once).await?;
    let again = bench.workers(|worker| Use { order: share(worker, bench.connections, tokens.len()), tokens, request });
    bench.measure(again).await
}

/// The numbers from 0 on, shared out as they are asked for.
fn in_turn(next: &Cell<usize>) -> impl Iterator<Item = usize> {
    std::iter::repeat_with(|| next.replace(next.get() + 1))
}

fn read(requests: &Requests, number: usize, token: &str) -> Vec<u8> {
    let item = number as i64 % WORK_ITEMS + 1;
    let path = format!("/{ORGANIZATION}/{PROJECT}/_apis/wit/workitems/{item}?api-version=7.1");
    requests.get(&path, &[("authorization", &format!("Bearer {token}"))])
}

/// Requests with a token each.
struct Use<'a, I, R> {
    order: I,
    tokens: &'a [String],
    request: R,
}

impl<I: Iterator<Item = usize>, R: Fn(usize, &str) -> Vec<u8>> Work for Use<'_, I, R> {
    async fn turn(&mut self, connection: &mut Connection) -> Outcome<Turn> {
        let number = self.order.next();
        let Some((number, token)) = number.and_then(|number| Some((number, self.tokens.get(number)?))) else {
            return Ok(Turn::NothingLeft);
        };
        connection.ask(&(self.request)(number, token)).await?.expect(200)?;
        Ok(Turn::Done)
    }
}
