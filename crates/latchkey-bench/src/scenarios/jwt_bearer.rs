//! JWT bearer: an app that was called goes on as the person, by a token that the server has seen.

use std::cell::RefCell;

use crate::generator::{self, Measured, Turn, Work};
use crate::http::Connection;
use crate::problem::Outcome;
use crate::scenarios::Bench;
use crate::scenarios::api_read::with_seen_tokens;
use crate::scenarios::refresh::Tokens;
use crate::seed::App;

/// Measures `POST /{t}/oauth2/v2.0/token` with an assertion, for a token of the app's own.
pub(super) async fn run(bench: &Bench<'_>) -> Outcome<Measured> {
    let (requests, called) = (bench.requests(), &bench.world.called);
    let path = format!("/{}/oauth2/v2.0/token", bench.world.tenant);
    let refresh = |token: &String| {
        let App { id, secret } = &called.caller;
        let form = format!("grant_type=refresh_token&client_id={id}&client_secret={secret}&refresh_token={token}");
        requests.post(&path, &[], &form)
    };
    let mut refreshes = called.families.iter().map(refresh);
    let share = called.families.len().div_ceil(bench.connections);
    let assertions = RefCell::new(Vec::new());
    let calling = bench.workers(|_| Calling { refreshes: refreshes.by_ref().take(share).collect(), got: &assertions });
    generator::finish(bench.server.port, calling).await?;
    let request = |_, assertion: &str| {
        let App { id, secret } = &called.app;
        let form = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&client_id={id}&client_secret={secret}\
             &requested_token_use=on_behalf_of&assertion={assertion}&scope=vso.work"
        );
        requests.post(&path, &[], &form)
    };
    with_seen_tokens(bench, &assertions.into_inner(), request).await
}

/// Gets a token for each person, as the app that calls does.
struct Calling<'a> {
    refreshes: Vec<Vec<u8>>,
    got: &'a RefCell<Vec<String>>,
}

impl Work for Calling<'_> {
    async fn turn(&mut self, connection: &mut Connection) -> Outcome<Turn> {
        let Some(refresh) = self.refreshes.pop() else { return Ok(Turn::NothingLeft) };
        let answer = connection.ask(&refresh).await?.expect(200)?;
        let tokens: Tokens<'_> = answer.json()?;
        self.got.borrow_mut().push(tokens.access_token.to_owned());
        Ok(Turn::Done)
    }
}
