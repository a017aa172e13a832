//! What was measured, as a table for people and as JSON for programs.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::arithmetic::millis;
use crate::calibrate::Limits;
use crate::generator::Measured;
use crate::problem::{Outcome, Problem};
use crate::scenarios::Scenario;
use crate::scenarios::revocation_lag::Lag;
use crate::start::Starts;

/// A machine with more load than this on each core measures its neighbours.
const NOISY: f64 = 1.5;
/// The cost with many authorizations, by the cost with few.
const GROWTH: f64 = 1.25;
/// Milliseconds from the start of the program to its first answer.
const FIRST_ANSWER_MS: f64 = 50.0;
/// MiB of an idle server.
const IDLE_MIB: f64 = 25.0;
/// MiB of the program.
const BINARY_MIB: f64 = 25.0;

/// All that was measured in one run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The day.
    pub(crate) date: String,
    /// Processor, cores, kernel.
    pub(crate) machine: String,
    /// Whether server and generator had a core each.
    pub(crate) cores_apart: bool,
    /// Cores of the machine.
    pub(crate) cores: usize,
    /// Load average before the run and after it.
    pub(crate) load: [f64; 2],
    /// Connections at once.
    pub(crate) connections: usize,
    /// Seconds of each scenario.
    pub(crate) seconds: u64,
    /// What the parts cost at least, the mean of the whole run. Each scenario is compared with what was measured around it.
    pub(crate) limits: Limits,
    /// What was measured with each number of authorizations, smallest first.
    pub(crate) worlds: Vec<Size>,
    /// How starts went, with the largest number of authorizations.
    pub(crate) starts: Option<Starts>,
}

/// What was measured with one number of authorizations.
#[derive(Debug, Serialize)]
pub(crate) struct Size {
    /// How many.
    pub(crate) authorizations: usize,
    /// The scenarios.
    pub(crate) scenarios: Vec<Line>,
    /// Revocations.
    pub(crate) revocation: Option<Lag>,
}

/// What was measured of one scenario.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    scenario: String,
    formula: &'static str,
    limit_us: f64,
    measured_us: f64,
    efficiency: f64,
    goal: f64,
    passes: bool,
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    memory_mib: f64,
}

impl Line {
    /// Compares a measurement with the limit and the goal of its scenario.
    pub(crate) fn new(scenario: Scenario, measured: Measured, limits: &Limits, memory_mib: f64) -> Self {
        let (limit, goal) = (scenario.limit(limits), scenario.goal());
        let efficiency = limit / measured.cpu;
        Self {
            scenario: scenario.name(),
            formula: scenario.formula(),
            limit_us: limit,
            measured_us: measured.cpu,
            efficiency,
            goal,
            passes: efficiency >= goal,
            per_second: measured.rate,
            p50_ms: millis(measured.p50),
            p99_ms: millis(measured.p99),
            memory_mib,
        }
    }
}

impl Report {
    /// Writes `results.json` and `results.md` into a folder.
    pub(crate) fn write(&self, folder: &Path) -> Outcome<()> {
        let files = [("results.json", serde_json::to_string_pretty(self)?), ("results.md", self.to_string())];
        for (name, text) in files {
            let path = folder.join(name);
            fs::write(&path, text).map_err(Problem::at("write", &path))?;
        }
        Ok(())
    }

    /// Whether the machine had too much else to do for a figure to be believed.
    fn is_noisy(&self) -> bool {
        self.load.iter().any(|load| load / self.cores as f64 > NOISY)
    }

    /// The cost with most authorizations by the cost with fewest, of each scenario that was run with both; each by the limit of its
    /// minutes, so that a machine that became slower in between is not taken for growth.
    fn growth(&self) -> Vec<(&str, f64)> {
        let Some((few, many)) = self.worlds.first().zip(self.worlds.last()) else { return Vec::new() };
        if few.authorizations == many.authorizations {
            return Vec::new();
        }
        let of_few = |line: &Line| few.scenarios.iter().find(|other| other.scenario == line.scenario);
        let ratio = |line| Some((line, of_few(line)?));
        let pairs = many.scenarios.iter().filter_map(ratio);
        pairs.map(|(many, few)| (many.scenario.as_str(), few.efficiency / many.efficiency)).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [before, after] = self.load;
        let noisy = if self.is_noisy() { ", **noisy**: compare efficiencies only" } else { "" };
        let apart = if self.cores_apart { "a core each" } else { "one core together" };
        writeln!(f, "# Measurements of {}\n", self.date)?;
        writeln!(f, "{}; load average {before:.2} before, {after:.2} after{noisy}.", self.machine)?;
        writeln!(
            f,
            "Server and generator have {apart}; {} connections, kept alive, plain HTTP/1.1 on loopback, {} s for each scenario; \
             SQLite with synchronous=FULL. The limits were measured before and after each scenario; this is their mean.\n",
            self.connections, self.seconds
        )?;
        let Limits { http, sign_es256, sign_rs256, verify_es256, verify_rs256, tx, read, seen_token } = self.limits;
        writeln!(
            f,
            "| limit | T_http | T_sign\\[ES256] | T_sign\\[RS256] | T_verify\\[ES256] | T_verify\\[RS256] | T_tx | T_read | T_seen |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|---|")?;
        writeln!(
            f,
            "| µs | {http:.1} | {sign_es256:.1} | {sign_rs256:.1} | {verify_es256:.1} | {verify_rs256:.1} | {tx:.1} | {read:.1} | {seen_token:.1} |\n"
        )?;
        for size in &self.worlds {
            size.fmt(f)?;
        }
        let growth = self.growth();
        if !growth.is_empty() {
            writeln!(f, "| cost with most authorizations / with fewest | ratio | goal | |\n|---|---|---|---|")?;
            for (scenario, ratio) in growth {
                writeln!(f, "| {scenario} | {ratio:.2} | <= {GROWTH} | {} |", verdict(ratio <= GROWTH))?;
            }
            f.write_char('\n')?;
        }
        if let Some(starts) = &self.starts {
            starts.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## {} authorizations\n", self.authorizations)?;
        writeln!(
            f,
            "| scenario | limit µs | server CPU µs | efficiency | goal | | per second | p50 ms | p99 ms | RSS MiB |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|---|---|")?;
        for line in &self.scenarios {
            let Line { scenario, limit_us, measured_us, efficiency, goal, passes, .. } = line;
            let Line { per_second, p50_ms, p99_ms, memory_mib, .. } = line;
            let verdict = verdict(*passes);
            write!(
                f,
                "| {scenario} | {limit_us:.1} | {measured_us:.1} | **{efficiency:.2}** | {goal:.2} | {verdict} "
            )?;
            writeln!(f, "| {per_second:.0} | {p50_ms:.2} | {p99_ms:.2} | {memory_mib:.1} |")?;
        }
        f.write_char('\n')?;
        if let Some(lag) = &self.revocation {
            let Lag { revocations, p99_ms, served_after } = lag;
            writeln!(
                f,
                "Revocation: {revocations} times, first call refused {p99_ms:.2} ms after the click (p99), \
                 {served_after} calls served after the acknowledgement: {}.\n",
                verdict(lag.passes())
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Starts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { starts, median_ms, slowest_ms, idle_mib, binary_mib } = self;
        writeln!(f, "| size | measured | goal | |\n|---|---|---|---|")?;
        writeln!(
            f,
            "| first answer on existing data, median of {starts} (slowest {slowest_ms:.1}) | {median_ms:.1} ms \
             | <= {FIRST_ANSWER_MS} ms | {} |",
            verdict(*median_ms <= FIRST_ANSWER_MS)
        )?;
        writeln!(f, "| memory, idle | {idle_mib:.1} MiB | <= {IDLE_MIB} MiB | {} |", verdict(*idle_mib <= IDLE_MIB))?;
        writeln!(f, "| program | {binary_mib:.1} MiB | <= {BINARY_MIB} MiB | {} |", verdict(*binary_mib <= BINARY_MIB))
    }
}

const fn verdict(passes: bool) -> &'static str {
    if passes { "pass" } else { "**FAIL**" }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn a_line(scenario: Scenario, cpu: f64) -> Line {
        let time = Duration::from_millis(1);
        Line::new(scenario, Measured { cpu, rate: 1_000.0, p50: time, p99: time }, &Limits::EXAMPLE, 20.0)
    }

    fn a_report(few: f64, many: f64) -> Report {
        let size = |authorizations, cpu| Size {
            authorizations,
            scenarios: vec![a_line(Scenario::Refresh, cpu)],
            revocation: None,
        };
        Report {
            date: "2026-11-22".into(),
            machine: "2 x processor".into(),
            cores_apart: true,
            cores: 2,
            load: [0.5, 2.0],
            connections: 64,
            seconds: 12,
            limits: Limits::EXAMPLE,
            worlds: vec![size(1_000, few), size(100_000, many)],
            starts: None,
        }
    }

    #[test]
    fn efficiency_is_the_limit_by_what_was_measured() {
        let line = a_line(Scenario::Refresh, 74.0);
        assert_eq!((line.efficiency, line.passes), (0.5, true));
        assert!(!a_line(Scenario::Refresh, 74.1).passes);
    }

    #[test]
    fn growth_compares_most_with_fewest() {
        assert_eq!(a_report(60.0, 75.0).growth(), [("refresh", 1.25)]);
        assert!(a_report(60.0, 75.0).to_string().contains("| refresh | 1.25 | <= 1.25 | pass |"));
        assert!(a_report(60.0, 76.0).to_string().contains("| refresh | 1.27 | <= 1.25 | **FAIL** |"));
    }

    #[test]
    fn a_busy_machine_is_called_noisy() {
        assert!(!a_report(1.0, 1.0).is_noisy());
        assert!(Report { load: [3.1, 0.1], ..a_report(1.0, 1.0) }.to_string().contains("noisy"));
    }
}
