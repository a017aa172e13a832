//! The code flow of somebody who is signed in and has approved the app before: two requests, no page.

use crate::generator::{Measured, Turn, Work};
use crate::http::{Connection, Requests, encoded};
use crate::problem::{Outcome, Problem};
use crate::scenarios::refresh::Tokens;
use crate::scenarios::{Bench, share};
use crate::seed::{App, REDIRECT_URI, SCOPES, VERIFIER, World, challenge};

/// Measures `GET /{t}/oauth2/v2.0/authorize` and `POST /{t}/oauth2/v2.0/token` with the code, together.
pub(super) async fn run(bench: &Bench<'_>) -> Outcome<Measured> {
    let (redirect_uri, challenge) = (encoded(REDIRECT_URI), challenge());
    let asked = format!(
        "response_type=code&redirect_uri={redirect_uri}&scope={}&state=s&nonce=n\
         &code_challenge={challenge}&code_challenge_method=S256",
        encoded(SCOPES)
    );
    let workers = bench.workers(|worker| Flows {
        world: bench.world,
        requests: bench.requests(),
        asked: format!("/{}/oauth2/v2.0/authorize?{asked}", bench.world.tenant),
        token: format!("/{}/oauth2/v2.0/token", bench.world.tenant),
        redirect_uri: redirect_uri.clone(),
        authorizations: share(worker, bench.connections, bench.world.families.borrow().len()),
    });
    bench.measure(workers).await
}

struct Flows<'a, I> {
    world: &'a World,
    requests: Requests,
    asked: String,
    token: String,
    redirect_uri: String,
    authorizations: I,
}

impl<I: Iterator<Item = usize>> Work for Flows<'_, I> {
    async fn turn(&mut self, connection: &mut Connection) -> Outcome<Turn> {
        let Some((app, cookie)) = self.authorizations.next().and_then(|authorization| self.who(authorization)) else {
            return Ok(Turn::NothingLeft);
        };
        let authorize = format!("{}&client_id={}", self.asked, app.id);
        let authorize = self.requests.get(&authorize, &[("cookie", &format!("latchkey={cookie}"))]);
        let answer = connection.ask(&authorize).await?.expect(303)?;
        let location = answer.header("location").unwrap_or_default();
        let code = code(location).ok_or_else(|| Problem::new(format!("there is no code in {location}")))?;
        let form = format!(
            "grant_type=authorization_code&client_id={}&client_secret={}&redirect_uri={}&code_verifier={VERIFIER}&code={code}",
            app.id, app.secret, self.redirect_uri
        );
        let redeem = self.requests.post(&self.token, &[], &form);
        let answer = connection.ask(&redeem).await?.expect(200)?;
        let tokens: Tokens<'_> = answer.json()?;
        tokens.id_token.ok_or_else(|| Problem::new("a code brings no ID token"))?;
        Ok(Turn::Done)
    }
}

impl<'a, I> Flows<'a, I> {
    fn who(&self, authorization: usize) -> Option<(&'a App, &'a str)> {
        let families = self.world.families.borrow();
        let family = families.get(authorization)?;
        Some((self.world.clients.get(family.client)?, self.world.cookies.get(family.person)?))
    }
}

fn code(location: &str) -> Option<&str> {
    let (_, query) = location.strip_prefix(REDIRECT_URI)?.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix("code="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_taken_from_where_it_was_to_be_sent_and_nowhere_else() {
        assert_eq!(code(&format!("{REDIRECT_URI}?state=s&code=abc&iss=i")), Some("abc"));
        assert_eq!(code(&format!("{REDIRECT_URI}?error=access_denied")), None);
        assert_eq!(code("/signin?flow=1&code=abc"), None);
    }
}
