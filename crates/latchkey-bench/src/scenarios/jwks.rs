//! The public keys: bytes that are made at the start and at key changes.

use crate::generator::Measured;
use crate::problem::Outcome;
use crate::scenarios::Bench;
use crate::scenarios::discovery::Document;

/// Measures `GET /{t}/discovery/v2.0/keys`.
pub(super) async fn run(bench: &Bench<'_>) -> Outcome<Measured> {
    let request = bench.requests().get(&format!("/{}/discovery/v2.0/keys", bench.world.tenant), &[]);
    bench.measure(bench.workers(|_| Document(request.clone()))).await
}
