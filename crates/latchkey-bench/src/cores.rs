//! Which core does what: the server has one for itself, the load generator another.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::problem::Outcome;

/// The cores of this machine, shared out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    /// Server and generator, where there are two cores for them.
    pair: Option<(usize, usize)>,
}

impl Cores {
    /// Shares out the cores that this process may run on.
    pub(crate) fn share_out() -> Outcome<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut usable = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        Ok(Self { pair: usable.next().zip(usable.next()) })
    }

    /// Puts this thread, and the threads and programs that it starts, on the core of the server.
    pub(crate) fn be_the_server(self) -> Outcome<()> {
        self.pair.map_or(Ok(()), |(server, _)| pin(server))
    }

    /// Puts this thread, and the threads and programs that it starts, on the core of the generator.
    pub(crate) fn be_the_generator(self) -> Outcome<()> {
        self.pair.map_or(Ok(()), |(_, generator)| pin(generator))
    }

    /// Starts something on the core of the server, from the thread of the generator.
    pub(crate) fn on_the_servers<T>(self, start: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        self.be_the_server()?;
        let started = start();
        self.be_the_generator()?;
        started
    }

    /// Whether server and generator are kept apart.
    pub(crate) fn are_apart(self) -> bool {
        self.pair.is_some()
    }
}

fn pin(core: usize) -> Outcome<()> {
    let mut only = CpuSet::new();
    only.set(core);
    Ok(sched_setaffinity(None, &only)?)
}
