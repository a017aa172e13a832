//! From the start of the program to its first answer, what it takes while idle, and how large it is.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use tokio::time::sleep;

use crate::arithmetic::{median, millis};
use crate::cores::Cores;
use crate::home::Home;
use crate::kernel::MIB;
use crate::problem::{Outcome, Problem};
use crate::server::Server;

/// After its first answer a server is idle so long before its memory is looked at.
const SETTLE: Duration = Duration::from_millis(500);

/// How starts went.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Starts {
    /// How many there were.
    pub(crate) starts: usize,
    /// Half of them took at most so many milliseconds until the first answer.
    pub(crate) median_ms: f64,
    /// The slowest.
    pub(crate) slowest_ms: f64,
    /// The memory of a server that does nothing, in MiB.
    pub(crate) idle_mib: f64,
    /// The size of the program, in MiB.
    pub(crate) binary_mib: f64,
}

/// Starts the server again and again on data that is there.
pub(crate) async fn starts(binary: &Path, home: &Home, cores: Cores, count: usize) -> Outcome<Starts> {
    // The first start of all makes the signing keys.
    Server::latchkey(binary, home, cores).await?.0.stop()?;
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for number in 0..count {
        let (server, time) = Server::latchkey(binary, home, cores).await?;
        times.push(millis(time));
        if number == 0 {
            sleep(SETTLE).await;
            memory.push(server.process().memory()?);
        }
        server.stop()?;
    }
    let slowest = times.iter().copied().fold(0.0, f64::max);
    let figures = median(times).zip(median(memory)).ok_or_else(|| Problem::new("nothing was started"))?;
    let size = fs::metadata(binary).map_err(Problem::at("look at", binary))?.len();
    Ok(Starts {
        starts: count,
        median_ms: figures.0,
        slowest_ms: slowest,
        idle_mib: figures.1,
        binary_mib: size as f64 / MIB,
    })
}
