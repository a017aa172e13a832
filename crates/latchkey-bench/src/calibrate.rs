//! The limits of this machine, measured in the same run and on the same core as the server.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use latchkey_identity::{Change, Decision, Timestamp};
use latchkey_jose::{Algorithm, SigningKey};
use latchkey_store::catalogue::catalogue;
use latchkey_store::{Changes, Decided as _, Store};
use serde::Serialize;

use crate::arithmetic::{median, micros};
use crate::cores::Cores;
use crate::generator::{self, Load, Turn, Work};
use crate::home::Home;
use crate::http::{Connection, Requests};
use crate::kernel::{own_cpu, thread_cpu};
use crate::problem::{Outcome, Problem};
use crate::seed;
use crate::server::Server;

/// Every limit is the median of so many measurements.
const SLICES: u32 = 9;
/// The bare server is not measured for longer: what it costs is known within a second.
const LONGEST: Duration = Duration::from_millis(1_500);
/// Rotations in one transaction.
const GROUP: usize = 64;
/// Bytes of what is signed: an access token without its signature.
const MESSAGE: [u8; 620] = [b'x'; 620];
/// The look-up that an API read cannot do without.
const LOOK_UP: &str = "work_items.by_id";
/// A verified token, found by the hash of its text in a table of a million, in microseconds.
const SEEN_TOKEN: f64 = 0.9;

/// What the parts of a request cost at least, in microseconds of processor time.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Limits {
    /// A small JSON answer.
    pub(crate) http: f64,
    /// An ES256 signature.
    pub(crate) sign_es256: f64,
    /// An RS256 signature, 2,048 bits.
    pub(crate) sign_rs256: f64,
    /// Verifying an ES256 signature.
    pub(crate) verify_es256: f64,
    /// Verifying an RS256 signature, 2,048 bits.
    pub(crate) verify_rs256: f64,
    /// One rotation of 64 in a transaction that is on disk when it is acknowledged.
    pub(crate) tx: f64,
    /// Reading one row.
    pub(crate) read: f64,
    /// Recognizing a token that was verified before.
    pub(crate) seen_token: f64,
}

#[cfg(test)]
impl Limits {
    /// Those of some machine, for tests.
    pub(crate) const EXAMPLE: Self = Self {
        http: 8.0,
        sign_es256: 16.0,
        sign_rs256: 244.0,
        verify_es256: 51.0,
        verify_rs256: 17.0,
        tx: 13.0,
        read: 4.0,
        seen_token: 1.0,
    };
}

impl Limits {
    /// The mean of several measurements of the same limits. Nothing of nothing.
    pub(crate) fn mean(all: &[Self]) -> Option<Self> {
        let mean = |limit: fn(&Self) -> f64| all.iter().map(limit).sum::<f64>() / all.len() as f64;
        (!all.is_empty()).then(|| Self {
            http: mean(|limits| limits.http),
            sign_es256: mean(|limits| limits.sign_es256),
            sign_rs256: mean(|limits| limits.sign_rs256),
            verify_es256: mean(|limits| limits.verify_es256),
            verify_rs256: mean(|limits| limits.verify_rs256),
            tx: mean(|limits| limits.tx),
            read: mean(|limits| limits.read),
            seen_token: mean(|limits| limits.seen_token),
        })
    }
}

/// The limits of this machine as they move: its neighbours have more to do in one minute than in the next, so each scenario is compared
/// with what was measured right before it and right after it.
#[derive(Debug)]
pub(crate) struct Calibration<'a> {
    below: &'a Path,
    cores: Cores,
    connections: usize,
    time: Duration,
    all: Vec<Limits>,
}

impl<'a> Calibration<'a> {
    /// None yet. Data goes into a folder `below`, for as long as it is needed.
    pub(crate) fn new(below: &'a Path, cores: Cores, connections: usize, time: Duration) -> Self {
        Self { below, cores, connections, time: time.min(LONGEST), all: Vec::new() }
    }

    /// Measures all limits.
    pub(crate) async fn again(&mut self) -> Outcome<()> {
        let limits = limits(self.below, self.cores, self.connections, self.time).await?;
        self.all.push(limits);
        Ok(())
    }

    /// What the last two measurements come to.
    pub(crate) fn around(&self) -> Outcome<Limits> {
        let around = self.all.get(self.all.len().saturating_sub(2)..).unwrap_or_default();
        Limits::mean(around).ok_or_else(uncalibrated)
    }

    /// What all measurements come to.
    pub(crate) fn of_all(&self) -> Outcome<Limits> {
        Limits::mean(&self.all).ok_or_else(uncalibrated)
    }
}

fn uncalibrated() -> Problem {
    Problem::new("nothing was calibrated")
}

/// Measures all limits once.
async fn limits(below: &Path, cores: Cores, connections: usize, time: Duration) -> Outcome<Limits> {
    let http = http(cores, connections, time).await.map_err(|problem| problem.during("the bare server"))?;
    let home = Home::make(below)?;
    // A thread of its own: threads that it starts, the store's among them, stay on the server's core with it.
    let rest = std::thread::scope(|scope| {
        let measuring = scope.spawn(|| {
            cores.be_the_server()?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(rest(&home, http))
        });
        measuring.join().map_err(|_| Problem::new("the calibration broke off"))?
    });
    rest.map_err(|problem| problem.during("the calibration"))
}

async fn http(cores: Cores, connections: usize, time: Duration) -> Outcome<f64> {
    struct Ask(Vec<u8>);
    impl Work for Ask {
        async fn turn(&mut self, connection: &mut Connection) -> Outcome<Turn> {
            connection.ask(&self.0).await?.expect(200)?;
            Ok(Turn::Done)
        }
    }
    let server = Server::bare(cores)?;
    let request = Requests::to(server.port).get("/", &[]);
    let workers = (0..connections).map(|_| Ask(request.clone())).collect();
    let measured = generator::run(server.process(), server.port, Load::lasting(time), workers).await?;
    server.stop()?;
    Ok(measured.cpu)
}

async fn rest(home: &Home, http: f64) -> Outcome<Limits> {
    let es256 = SigningKey::generate(Algorithm::Es256)?;
    let rs256 = SigningKey::generate(Algorithm::Rs256)?;
    let (signature, key) = (es256.sign(&MESSAGE)?, es256.verifying_key()?);
    let (rsa_signature, rsa_key) = (rs256.sign(&MESSAGE)?, rs256.verifying_key()?);
    let store = home.open().await?;
    let world = seed::seed(&store, home, 1_000, 0).await?;
    Ok(Limits {
        http,
        sign_es256: of_this_thread(2_000, || es256.sign(&MESSAGE))?,
        sign_rs256: of_this_thread(200, || rs256.sign(&MESSAGE))?,
        verify_es256: of_this_thread(1_000, || key.accepts(&MESSAGE, &signature))?,
        verify_rs256: of_this_thread(2_000, || rsa_key.accepts(&MESSAGE, &rsa_signature))?,
        tx: rotation(&store, &world).await?,
        read: look_up(&store, &world).await?,
        seen_token: SEEN_TOKEN,
    })
}

/// What one call costs, of many.
fn of_this_thread<T>(calls: u32, mut call: impl FnMut() -> T) -> Outcome<f64> {
    let slices = (0..SLICES).map(|_| {
        let before = thread_cpu();
        for _ in 0..calls {
            black_box(call());
        }
        micros(thread_cpu().saturating_sub(before)) / f64::from(calls)
    });
    figure(slices.collect())
}

/// The server's own statement in its own engine, without anything that a request adds.
async fn rotation(store: &Store, world: &seed::World) -> Outcome<f64> {
    let mut slices = Vec::new();
    for generation in 0..SLICES {
        let groups: Vec<Changes> =
            world.families.borrow().chunks_exact(GROUP).map(|group| rotate(group, generation)).collect();
        let rotations = groups.len() * GROUP;
        let before = own_cpu();
        for group in groups {
            store.commit(group).await?;
        }
        slices.push(micros(own_cpu().saturating_sub(before)) / rotations as f64);
    }
    figure(slices)
}

fn rotate(group: &[seed::Family], generation: u32) -> Changes {
    let at = Timestamp::from_secs(2_000_000_000);
    let rotations = group.iter().map(|family| Change::RotateFamily {
        family: family.id,
        generation,
        next: generation + 1,
        at,
        access_expires_at: at + Duration::from_secs(3_600),
    });
    let decision: Decision<()> = Decision::grant(()).and_all(rotations);
    decision.into_parts().1
}

async fn look_up(store: &Store, world: &seed::World) -> Outcome<f64> {
    let statement = catalogue().find(|statement| statement.name() == LOOK_UP);
    let statement = statement.ok_or_else(|| Problem::new(format!("there is no statement {LOOK_UP}")))?;
    let mut slices = Vec::new();
    for _ in 0..SLICES {
        let before = own_cpu();
        for item in 1..=seed::WORK_ITEMS {
            let rows = store.read(statement, vec![world.organization_id.into(), item.into()]).await?;
            if rows.is_empty() {
                return Err(Problem::new("the look-up found nothing"));
            }
        }
        slices.push(micros(own_cpu().saturating_sub(before)) / seed::WORK_ITEMS as f64);
    }
    figure(slices)
}

fn figure(slices: Vec<f64>) -> Outcome<f64> {
    median(slices).ok_or_else(|| Problem::new("nothing was measured"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_compared_with_what_was_measured_around_it() {
        let cores = Cores::share_out().unwrap();
        let mut calibration = Calibration::new(Path::new("/"), cores, 64, Duration::from_secs(12));
        assert!(calibration.around().is_err() && calibration.of_all().is_err());
        let measured = |http| Limits { http, ..Limits::EXAMPLE };
        calibration.all = [2.0, 8.0, 14.0].map(measured).to_vec();
        assert_eq!((calibration.around().unwrap().http, calibration.of_all().unwrap().http), (11.0, 8.0));
        assert_eq!(calibration.around().unwrap().tx, Limits::EXAMPLE.tx);
    }
}
