//! Access tokens to use, from the token endpoint.

use std::cell::RefCell;
use std::vec::IntoIter;

use crate::generator::{self, Turn, Work};
use crate::http::Connection;
use crate::problem::Outcome;
use crate::scenarios::Bench;
use crate::scenarios::refresh::{Refresh, chains};

/// So many access tokens, of as many families as there are: those with `openid`, or those without, whose refresh is cheaper.
pub(super) async fn issue(bench: &Bench<'_>, count: usize, openid: bool) -> Outcome<Vec<String>> {
    issue_of(bench, count, &chains(bench.world, openid)).await
}

/// So many access tokens of these families.
pub(super) async fn issue_of(bench: &Bench<'_>, count: usize, families: &[usize]) -> Outcome<Vec<String>> {
    let issued = RefCell::new(Vec::with_capacity(count));
    let workers = bench.workers(|worker| {
        // Whoever owns a family is the only one who rotates it.
        let owned = families.iter().copied().skip(worker).step_by(bench.connections);
        let mine = (worker..count).step_by(bench.connections).len();
        let mine: Vec<usize> = owned.cycle().take(mine).collect();
        Issuing { refresh: Refresh::of(bench.world, bench.requests()), mine: mine.into_iter(), issued: &issued }
    });
    generator::finish(bench.server.port, workers).await?;
    Ok(issued.into_inner())
}

struct Issuing<'a> {
    refresh: Refresh<'a>,
    mine: IntoIter<usize>,
    issued: &'a RefCell<Vec<String>>,
}

impl Work for Issuing<'_> {
    async fn turn(&mut self, connection: &mut Connection) -> Outcome<Turn> {
        let Some(family) = self.mine.next() else { return Ok(Turn::NothingLeft) };
        let keep = |token: &str| self.issued.borrow_mut().push(token.to_owned());
        self.refresh
            .turn(connection, family, |tokens| {
                keep(tokens.access_token);
                Ok(())
            })
            .await?;
        Ok(Turn::Done)
    }
}
