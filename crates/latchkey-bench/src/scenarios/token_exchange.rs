//! Token exchange: an app gets a token that can do less, for one that the server has seen.

use crate::generator::Measured;
use crate::problem::{Outcome, Problem};
use crate::scenarios::api_read::{WARM_TOKENS, with_seen_tokens};
use crate::scenarios::refresh::chains;
use crate::scenarios::{Bench, tokens};

/// Measures `POST /{t}/oauth2/v2.0/token` with an access token that the app has, for a narrower one.
pub(super) async fn run(bench: &Bench<'_>) -> Outcome<Measured> {
    let app = bench.world.clients.get(APP).ok_or_else(|| Problem::new("there is no such app"))?;
    let families = bench.world.families.borrow().clone();
    let of_the_app = |index: &usize| families.get(*index).is_some_and(|family| family.client == APP);
    let mine: Vec<usize> = chains(bench.world, false).into_iter().filter(of_the_app).collect();
    let tokens = tokens::issue_of(bench, WARM_TOKENS.min(mine.len()), &mine).await?;
    let (requests, path) = (bench.requests(), format!("/{}/oauth2/v2.0/token", bench.world.tenant));
    let request = |_, token: &str| {
        let form = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&client_id={}&client_secret={}\
             &subject_token={token}&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&scope=vso.work",
            app.id, app.secret
        );
        requests.post(&path, &[], &form)
    };
    with_seen_tokens(bench, &tokens, request).await
}

/// The app that exchanges: one whose refreshes bring no ID token.
const APP: usize = 1;
