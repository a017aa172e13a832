//! How long a token still works after its person revoked the authorization above it.

use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::try_join;

use crate::arithmetic::{millis, percentile};
use crate::http::{Connection, Requests};
use crate::problem::{Outcome, Problem};
use crate::scenarios::Bench;
use crate::scenarios::refresh::Refresh;
use crate::seed::{ORGANIZATION, PROJECT};

/// What some revocations came to.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Lag {
    /// How many there were.
    pub(crate) revocations: usize,
    /// From the click to the first call refused, in milliseconds: the commit is in it. All but a hundredth took at most this.
    pub(crate) p99_ms: f64,
    /// Calls that began after a revocation was acknowledged, and were served.
    pub(crate) served_after: usize,
}

impl Lag {
    /// A second for all of it, and nothing once it was acknowledged.
    pub(crate) fn passes(&self) -> bool {
        self.p99_ms <= 1_000.0 && self.served_after == 0
    }
}

/// Revokes some authorizations, the last ones, while their tokens are in use.
pub(crate) async fn run(bench: &Bench<'_>, revocations: usize) -> Outcome<Lag> {
    let requests = bench.requests();
    let (mut person, mut service) =
        (Connection::open(bench.server.port).await?, Connection::open(bench.server.port).await?);
    let (mut lags, mut served_after) = (Vec::new(), 0);
    let last = bench.world.families.borrow().len();
    for family in (0..last).rev().take(revocations) {
        let revoke = form(bench, &requests, &mut person, family).await?;
        let read = read(bench, &mut service, family).await?;
        service.ask(&read).await?.expect(200)?;

        let clicked = Instant::now();
        let revoked = async {
            let answer = person.ask(&revoke).await?;
            if !matches!(answer.status, 200 | 303) {
                answer.expect(303)?;
            }
            Ok(Instant::now())
        };
        let (acknowledged, seen) = try_join!(revoked, use_until_refused(&mut service, &read))?;
        lags.push(seen.refused - clicked);
        served_after += seen.served.iter().filter(|began| **began > acknowledged).count();
    }
    lags.sort_unstable();
    let p99 = percentile(&lags, 99.0).ok_or_else(|| Problem::new("nothing was revoked"))?;
    Ok(Lag { revocations: lags.len(), p99_ms: millis(p99), served_after })
}

/// When calls that were served began, and when the first was refused.
struct Seen {
    served: Vec<Instant>,
    refused: Instant,
}

async fn use_until_refused(service: &mut Connection, read: &[u8]) -> Outcome<Seen> {
    let (start, mut served) = (Instant::now(), Vec::new());
    while start.elapsed() < Duration::from_secs(10) {
        let began = Instant::now();
        match service.ask(read).await? {
            answer if answer.status == 401 => return Ok(Seen { served, refused: Instant::now() }),
            answer => answer.expect(200)?,
        };
        served.push(began);
    }
    Err(Problem::new("a token still works ten seconds after its authorization was revoked"))
}

/// The form that the button of an authorization sends, with the token of the page.
async fn form(bench: &Bench<'_>, requests: &Requests, person: &mut Connection, family: usize) -> Outcome<Vec<u8>> {
    let (cookie, authorization) = {
        let families = bench.world.families.borrow();
        let family = families.get(family).ok_or_else(|| Problem::new("there is no such family"))?;
        let cookie = bench.world.cookies.get(family.person).ok_or_else(|| Problem::new("there is no such person"))?;
        (format!("latchkey={cookie}"), family.authorization)
    };
    let page = person.ask(&requests.get("/profile/authorizations", &[("cookie", &cookie)])).await?.expect(200)?;
    let csrf = csrf(page.text()?).ok_or_else(|| Problem::new("the page has no form"))?;
    let form = format!("csrf={csrf}&authorization={authorization}");
    Ok(requests.post("/profile/authorizations/revoke", &[("cookie", &cookie)], &form))
}

async fn read(bench: &Bench<'_>, service: &mut Connection, family: usize) -> Outcome<Vec<u8>> {
    let mut token = String::new();
    let refresh = Refresh::of(bench.world, bench.requests());
    refresh
        .turn(service, family, |tokens| {
            tokens.access_token.clone_into(&mut token);
            Ok(())
        })
        .await?;
    let path = format!("/{ORGANIZATION}/{PROJECT}/_apis/wit/workitems/1?api-version=7.1");
    Ok(bench.requests().get(&path, &[("authorization", &format!("Bearer {token}"))]))
}

fn csrf(page: &str) -> Option<&str> {
    page.split_once("name=\"csrf\" value=\"")?.1.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_a_form_is_found_in_its_page() {
        assert_eq!(csrf("<form><input type=\"hidden\" name=\"csrf\" value=\"a-b_c\"></form>"), Some("a-b_c"));
        assert_eq!(csrf("<form></form>"), None);
    }

    #[test]
    fn one_call_served_after_the_acknowledgement_is_one_too_many() {
        let lag = Lag { revocations: 100, p99_ms: 3.0, served_after: 0 };
        assert!(lag.passes());
        assert!(!Lag { served_after: 1, ..lag }.passes());
        assert!(!Lag { p99_ms: 1_001.0, ..lag }.passes());
    }
}
