//! The metadata document: bytes that are made at the start.

use crate::generator::{Measured, Turn, Work};
use crate::http::Connection;
use crate::problem::Outcome;
use crate::scenarios::Bench;

/// Measures `GET /{t}/v2.0/.well-known/openid-configuration`.
pub(super) async fn run(bench: &Bench<'_>) -> Outcome<Measured> {
    let path = format!("/{}/v2.0/.well-known/openid-configuration", bench.world.tenant);
    let request = bench.requests().get(&path, &[]);
    bench.measure(bench.workers(|_| Document(request.clone()))).await
}

/// One document, asked for again and again.
pub(super) struct Document(pub(super) Vec<u8>);

impl Work for Document {
    async fn turn(&mut self, connection: &mut Connection) -> Outcome<Turn> {
        connection.ask(&self.0).await?.expect(200)?;
        Ok(Turn::Done)
    }
}
