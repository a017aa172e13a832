//! What proofs of possession add, at the token endpoint and at the API.

use std::cell::RefCell;

use crate::dpop::Prover;
use crate::generator::{self, Measured, Turn, Work};
use crate::http::Connection;
use crate::problem::Outcome;
use crate::scenarios::refresh::{Tokens, chains};
use crate::scenarios::{Bench, share};
use crate::seed::{ORGANIZATION, PROJECT, WORK_ITEMS};

/// Bound tokens in use at once.
const BOUND_TOKENS: usize = 2_000;
/// A nonce is asked for once; more often than this would be a fault.
const ATTEMPTS: usize = 3;

/// Measures `POST /{t}/oauth2/v2.0/token` with a client's secret and a proof.
pub(super) async fn client_credentials(bench: &Bench<'_>) -> Outcome<Measured> {
    let (requests, path) = (bench.requests(), format!("/{}/oauth2/v2.0/token", bench.world.tenant));
    let (prover, url) = (Prover::new()?, requests.url(&path));
    let apps = &bench.world.clients;
    let mut forms = apps.iter().cycle().map(|app| {
        format!("grant_type=client_credentials&client_id={}&client_secret={}&scope=vso.work", app.id, app.secret)
    });
    let (requests, path) = (&requests, path.as_str());
    let workers = bench.workers(|_| {
        let form = forms.next().unwrap_or_default();
        let request = move |_, proof: &str| requests.post(path, &[("dpop", proof)], &form);
        Proving { prover: &prover, method: "POST", url: url.clone(), token: None, order: 0.., request }
    });
    bench.measure(workers).await
}

/// Measures a read of a work item with bound tokens that have been seen before.
pub(super) async fn api_read(bench: &Bench<'_>) -> Outcome<Measured> {
    let (prover, requests) = (Prover::new()?, bench.requests());
    let tokens = bound_tokens(bench, &prover).await?;
    let reading = |worker: usize, order| {
        let token = tokens.get(worker % tokens.len().max(1)).map(String::as_str).unwrap_or_default();
        let item = worker as i64 % WORK_ITEMS + 1;
        let path = format!("/{ORGANIZATION}/{PROJECT}/_apis/wit/workitems/{item}?api-version=7.1");
        // A proof names the URL without its query.
        let url = requests.url(path.split('?').next().unwrap_or_default());
        let (requests, authorization) = (&requests, format!("DPoP {token}"));
        let request =
            move |_, proof: &str| requests.get(&path, &[("authorization", authorization.as_str()), ("dpop", proof)]);
        Proving { prover: &prover, method: "GET", url, token: Some(token), order, request }
    };
    generator::finish(bench.server.port, bench.workers(|worker| reading(worker, 0..1))).await?;
    bench.measure(bench.workers(|worker| reading(worker, 0..usize::MAX))).await
}

/// Access tokens that are bound to the key of the prover, from refreshes with a proof.
async fn bound_tokens(bench: &Bench<'_>, prover: &Prover) -> Outcome<Vec<String>> {
    let families = chains(bench.world, false);
    let (requests, path) = (bench.requests(), format!("/{}/oauth2/v2.0/token", bench.world.tenant));
    let url = requests.url(&path);
    let issued = RefCell::new(Vec::new());
    let workers = bench.workers(|worker| {
        let mine = share(worker, bench.connections, families.len().min(BOUND_TOKENS));
        let mine = mine.take(families.len().min(BOUND_TOKENS).div_ceil(bench.connections));
        Binding { bench, prover, path: &path, url: &url, families: &families, mine, issued: &issued }
    });
    generator::finish(bench.server.port, workers).await?;
    Ok(issued.into_inner())
}

/// Requests with a proof each.
struct Proving<'a, I, R> {
    prover: &'a Prover,
    method: &'static str,
    url: String,
    token: Option<&'a str>,
    order: I,
    request: R,
}

impl<I: Iterator<Item = usize>, R: Fn(usize, &str) -> Vec<u8>> Work for Proving<'_, I, R> {
    async fn turn(&mut self, connection: &mut Connection) -> Outcome<Turn> {
        let Some(number) = self.order.next() else { return Ok(Turn::NothingLeft) };
        for _ in 0..ATTEMPTS {
            let proof = self.prover.proof(self.method, &self.url, self.token)?;
            let answer = connection.ask(&(self.request)(number, &proof)).await?;
            if !self.prover.hears(&answer) {
                answer.expect(200)?;
                return Ok(Turn::Done);
            }
        }
        Err(Prover::gives_up())
    }
}

/// Refreshes that bind what they bring.
struct Binding<'a, I> {
    bench: &'a Bench<'a>,
    prover: &'a Prover,
    path: &'a str,
    url: &'a str,
    families: &'a [usize],
    mine: I,
    issued: &'a RefCell<Vec<String>>,
}

impl<I: Iterator<Item = usize>> Work for Binding<'_, I> {
    async fn turn(&mut self, connection: &mut Connection) -> Outcome<Turn> {
        let world = self.bench.world;
        let Some(&index) = self.mine.next().and_then(|mine| self.families.get(mine)) else {
            return Ok(Turn::NothingLeft);
        };
        for _ in 0..ATTEMPTS {
            let form = world.refresh_form(index)?;
            let proof = self.prover.proof("POST", self.url, None)?;
            let request = self.bench.requests().post(self.path, &[("dpop", &proof)], &form);
            let answer = connection.ask(&request).await?;
            if self.prover.hears(&answer) {
                continue;
            }
            let answer = answer.expect(200)?;
            let tokens: Tokens<'_> = answer.json()?;
            world.keep_refresh_token(index, tokens.refresh_token);
            self.issued.borrow_mut().push(tokens.access_token.to_owned());
            return Ok(Turn::Done);
        }
        Err(Prover::gives_up())
    }
}
