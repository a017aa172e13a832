//! Refresh with rotation: each family is a chain, and many chains move on at once.

use serde::Deserialize;

use crate::generator::{self, Measured, Turn, Work};
use crate::http::{Connection, Requests};
use crate::problem::{Outcome, Problem};
use crate::scenarios::{Bench, share};
use crate::seed::World;

/// What a token answer has to hold.
#[derive(Deserialize)]
pub(super) struct Tokens<'a> {
    /// The access token.
    pub(super) access_token: &'a str,
    /// The refresh token that is next to be used.
    pub(super) refresh_token: &'a str,
    /// The ID token, if the scopes ask for one.
    pub(super) id_token: Option<&'a str>,
}

/// Measures `POST /{t}/oauth2/v2.0/token` with a refresh token.
pub(super) async fn run(bench: &Bench<'_>, with_id_token: bool) -> Outcome<Measured> {
    let (all, world) = (chains(bench.world, with_id_token), bench.world);
    let refresh = || Refresh::of(world, bench.requests());
    // Each once, so that what is measured is a server that has been at work: apps refresh again and again.
    let once = bench.workers(|worker| {
        let mine = all.iter().copied().skip(worker).step_by(bench.connections);
        Chains { refresh: refresh(), mine, with_id_token }
    });
    generator::finish(bench.server.port, once).await?;
    let again = bench.workers(|worker| {
        let mine = share(worker, bench.connections, all.len()).filter_map(|at| all.get(at).copied());
        Chains { refresh: refresh(), mine, with_id_token }
    });
    bench.measure(again).await
}

/// The families that bring an ID token with each refresh, or those that do not.
pub(super) fn chains(world: &World, with_id_token: bool) -> Vec<usize> {
    let families = world.families.borrow();
    let fitting = families.iter().enumerate().filter(|(_, family)| family.has_id_token == with_id_token);
    fitting.map(|(index, _)| index).collect()
}

/// The chains of one connection.
struct Chains<'a, I> {
    refresh: Refresh<'a>,
    mine: I,
    with_id_token: bool,
}

impl<I: Iterator<Item = usize>> Work for Chains<'_, I> {
    async fn turn(&mut self, connection: &mut Connection) -> Outcome<Turn> {
        let Some(family) = self.mine.next() else { return Ok(Turn::NothingLeft) };
        let with_id_token = self.with_id_token;
        self.refresh
            .turn(connection, family, |tokens| {
                if tokens.id_token.is_some() == with_id_token {
                    return Ok(());
                }
                Err(Problem::new(format!("a refresh brings an ID token or not: expected {with_id_token}")))
            })
            .await?;
        Ok(Turn::Done)
    }
}

/// Refreshes of a world's families.
pub(super) struct Refresh<'a> {
    world: &'a World,
    requests: Requests,
    path: String,
}

impl<'a> Refresh<'a> {
    pub(super) fn of(world: &'a World, requests: Requests) -> Self {
        Self { world, requests, path: format!("/{}/oauth2/v2.0/token", world.tenant) }
    }

    /// Uses the refresh token of a family and keeps its successor. `see` is shown the answer.
    pub(super) async fn turn(
        &self,
        connection: &mut Connection,
        family: usize,
        see: impl FnOnce(&Tokens<'_>) -> Outcome<()>,
    ) -> Outcome<()> {
        let answer = connection.ask(&self.request(family)?).await?.expect(200)?;
        let tokens: Tokens<'_> = answer.json()?;
        see(&tokens)?;
        self.world.keep_refresh_token(family, tokens.refresh_token);
        Ok(())
    }

    fn request(&self, family: usize) -> Outcome<Vec<u8>> {
        let form = self.world.refresh_form(family)?;
        Ok(self.requests.post(&self.path, &[], &form))
    }
}
