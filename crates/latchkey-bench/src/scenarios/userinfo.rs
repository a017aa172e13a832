//! `UserInfo` with tokens that the server has seen before.

use crate::generator::Measured;
use crate::problem::Outcome;
use crate::scenarios::Bench;
use crate::scenarios::api_read::{WARM_TOKENS, with_seen_tokens};
use crate::scenarios::tokens;

/// Measures `GET /oidc/userinfo`.
pub(super) async fn run(bench: &Bench<'_>) -> Outcome<Measured> {
    let tokens = tokens::issue(bench, WARM_TOKENS, true).await?;
    let requests = bench.requests();
    let request = |_, token: &str| requests.get("/oidc/userinfo", &[("authorization", &format!("Bearer {token}"))]);
    with_seen_tokens(bench, &tokens, request).await
}
