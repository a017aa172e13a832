//! The load generator: a number of connections, each with one request under way at any time.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use tokio::time::sleep;

use crate::arithmetic::{median, micros, percentile};
use crate::http::Connection;
use crate::kernel::Process;
use crate::problem::{Outcome, Problem};

/// What one connection does again and again.
pub(crate) trait Work {
    /// Does it once. Any error ends the run.
    async fn turn(&mut self, connection: &mut Connection) -> Outcome<Turn>;
}

/// How a turn ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    /// It was done.
    Done,
    /// There was nothing left to do.
    NothingLeft,
}

/// For how long there is load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Until the first window, for caches and allocators to settle.
    pub(crate) warm_up: Duration,
    /// One window. The figure is the median of all.
    pub(crate) window: Duration,
    /// How many windows.
    pub(crate) windows: u32,
}

impl Load {
    /// Three windows in this time.
    pub(crate) fn lasting(time: Duration) -> Self {
        Self { warm_up: (time / 4).max(Duration::from_millis(500)), window: time / 3, windows: 3 }
    }

    /// Until there is nothing left to do.
    pub(crate) const fn while_there_is_work() -> Self {
        Self { warm_up: Duration::from_millis(200), window: Duration::from_secs(3_600), windows: 1 }
    }
}

/// What a run came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// Processor time of the server for one turn, in microseconds: the figure to trust.
    pub(crate) cpu: f64,
    /// Turns in a second.
    pub(crate) rate: f64,
    /// How long half of the turns took at most.
    pub(crate) p50: Duration,
    /// How long all but a hundredth of the turns took at most.
    pub(crate) p99: Duration,
}

/// Does the work of all workers at once, each on a connection of its own, and watches the server.
pub(crate) async fn run<W: Work>(server: Process, port: u16, load: Load, workers: Vec<W>) -> Outcome<Measured> {
    let tally = Tally::default();
    let mut marks = Vec::new();
    let mut all = Box::pin(try_join_all(workers.into_iter().map(|worker| tally.drive(worker, port))));
    let ended = tokio::select! {
        ended = &mut all => Some(ended),
        watched = watch(server, load, &tally, &mut marks) => {
            watched?;
            None
        }
        never = stay_awake() => match never {},
    };
    match ended {
        Some(ended) => {
            ended?;
            marks.push(Mark::now(server, &tally)?);
        }
        None => {
            tally.over.set(true);
            all.await?;
        }
    }
    measured(&marks, tally.times.take())
}

/// Does the work of all workers until nothing is left, without watching anybody.
pub(crate) async fn finish<W: Work>(port: u16, workers: Vec<W>) -> Outcome<()> {
    let tally = Tally::default();
    try_join_all(workers.into_iter().map(|worker| tally.drive(worker, port))).await?;
    Ok(())
}

/// What the connections have done so far.
#[derive(Default)]
struct Tally {
    turns: Cell<u64>,
    over: Cell<bool>,
    times: RefCell<Vec<Duration>>,
}

impl Tally {
    async fn drive(&self, mut worker: impl Work, port: u16) -> Outcome<()> {
        let mut connection = Connection::open(port).await?;
        while !self.over.get() {
            let start = Instant::now();
            if worker.turn(&mut connection).await? == Turn::NothingLeft {
                break;
            }
            self.times.borrow_mut().push(start.elapsed());
            self.turns.set(self.turns.get() + 1);
        }
        Ok(())
    }
}

/// What there was at one moment.
#[derive(Clone, Copy, Debug)]
struct Mark {
    turns: u64,
    cpu: Duration,
    at: Instant,
}

impl Mark {
    fn now(server: Process, tally: &Tally) -> Outcome<Self> {
        Ok(Self { turns: tally.turns.get(), cpu: server.cpu()?, at: Instant::now() })
    }
}

/// Keeps the generator from falling asleep: waking it would be charged to the server, as if its clients were on its own machine, and the
/// more the slower it is.
async fn stay_awake() -> Infallible {
    loop {
        tokio::task::yield_now().await;
    }
}

async fn watch(server: Process, load: Load, tally: &Tally, marks: &mut Vec<Mark>) -> Outcome<()> {
    sleep(load.warm_up).await;
    tally.times.borrow_mut().clear();
    marks.push(Mark::now(server, tally)?);
    for _ in 0..load.windows {
        sleep(load.window).await;
        marks.push(Mark::now(server, tally)?);
    }
    Ok(())
}

fn measured(marks: &[Mark], mut times: Vec<Duration>) -> Outcome<Measured> {
    let windows = || marks.iter().zip(marks.iter().skip(1)).filter(|(from, to)| to.turns > from.turns);
    let turns = |from: &Mark, to: &Mark| (to.turns - from.turns) as f64;
    let cpu = windows().map(|(from, to)| micros(to.cpu.saturating_sub(from.cpu)) / turns(from, to)).collect();
    let rate = windows().map(|(from, to)| turns(from, to) / (to.at - from.at).as_secs_f64()).collect();
    times.sort_unstable();
    let figures = median(cpu).zip(median(rate)).zip(percentile(&times, 50.0).zip(percentile(&times, 99.0)));
    let ((cpu, rate), (p50, p99)) = figures.ok_or_else(|| Problem::new("nothing was done while it was watched"))?;
    Ok(Measured { cpu, rate, p50, p99 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figure_is_the_median_of_the_windows() {
        let start = Instant::now();
        let mark = |second: u64, turns: u64, cpu: u64| Mark {
            turns,
            cpu: Duration::from_micros(cpu),
            at: start + Duration::from_secs(second),
        };
        let marks = [mark(0, 100, 1_000), mark(1, 200, 2_000), mark(2, 300, 4_000), mark(3, 310, 9_000)];
        let times = vec![Duration::from_micros(30), Duration::from_micros(10), Duration::from_micros(20)];

        let measured = measured(&marks, times).unwrap();

        assert_eq!(measured.cpu, 20.0);
        assert_eq!(measured.rate, 100.0);
        assert_eq!(measured.p50, Duration::from_micros(20));
        assert_eq!(measured.p99, Duration::from_micros(30));
    }

    #[test]
    fn a_run_in_which_nothing_was_done_has_no_figure() {
        assert!(measured(&[], Vec::new()).is_err());
    }
}
