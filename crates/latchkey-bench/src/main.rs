//! Measures the release build against the limits of the machine: `cargo xtask bench`.
//!
//! The figure to trust is the processor time that the server uses for one successful request. Efficiency is what the parts of
//! the request cost at least, measured in the same run on the same core, by what the request costs.
//!
//! | what | where |
//! |---|---|
//! | the limits | [`calibrate`] |
//! | the load, and watching the server under it | [`generator`] |
//! | what is in the database | [`seed`] |
//! | the ways of using the server | [`scenarios`] |
//! | the start, memory, size | [`start`] |
//! | another server beside it | [`peers`] |
//! | the table | [`report`] |
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "telling a person at a terminal is what this program is for"
)]

mod arithmetic;
mod bare;
mod calibrate;
mod cores;
mod dpop;
mod generator;
mod home;
mod http;
mod kernel;
mod peers;
mod problem;
mod report;
mod scenarios;
mod seed;
mod server;
mod start;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use mimalloc::MiMalloc;

use crate::calibrate::Calibration;
use crate::cores::Cores;
use crate::home::Home;
use crate::problem::{Outcome, Problem};
use crate::report::{Line, Report, Size};
use crate::scenarios::{Bench, Scenario, device_code, revocation_lag};
use crate::server::Server;
use crate::start::Starts;

/// The server's own, so that the limits are measured with it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Parser)]
#[command(name = "latchkey-bench", about)]
struct Cli {
    /// The program to measure: a release build
    #[arg(long, env = "LATCHKEY_BIN")]
    binary: Option<PathBuf>,
    /// Where results and temporary data go; `bench` beside the folder of this program if left out
    #[arg(long)]
    out: Option<PathBuf>,
    /// Seconds of each scenario
    #[arg(long, default_value_t = 12)]
    secs: u64,
    /// Connections at once
    #[arg(long, default_value_t = 64)]
    conns: usize,
    /// Authorizations in the database; the last number is compared with the first
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 100_000])]
    sizes: Vec<usize>,
    /// Only these parts
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// Everything, but briefly: figures within some percent
    #[arg(long)]
    quick: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Beside npm oidc-provider, by turns; installs it first
    Peers,
    /// The bare server that is the limit
    #[command(hide = true)]
    BareHttp,
}

/// A part of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Scenario(Scenario),
    Revocation,
    Start,
}

impl ValueEnum for Part {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Part; 20] = [
            Part::Scenario(Scenario::Discovery),
            Part::Scenario(Scenario::Jwks),
            Part::Scenario(Scenario::ClientCredentials),
            Part::Scenario(Scenario::ClientCredentialsRs256),
            Part::Scenario(Scenario::ClientCredentialsPrivateKeyJwt),
            Part::Scenario(Scenario::ClientCredentialsReusedAssertion),
            Part::Scenario(Scenario::ClientCredentialsDpop),
            Part::Scenario(Scenario::Refresh),
            Part::Scenario(Scenario::RefreshWithIdToken),
            Part::Scenario(Scenario::Userinfo),
            Part::Scenario(Scenario::Introspection),
            Part::Scenario(Scenario::ApiReadWarm),
            Part::Scenario(Scenario::ApiReadCold),
            Part::Scenario(Scenario::ApiReadDpop),
            Part::Scenario(Scenario::TokenExchange),
            Part::Scenario(Scenario::JwtBearer),
            Part::Scenario(Scenario::DeviceCode),
            Part::Scenario(Scenario::CodeFlow),
            Part::Revocation,
            Part::Start,
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        match self {
            Self::Scenario(scenario) => scenario.to_possible_value(),
            Self::Revocation => Some("revocation".into()),
            Self::Start => Some("start".into()),
        }
    }
}

impl Cli {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    fn seconds(&self) -> u64 {
        if self.quick { self.secs.min(3) } else { self.secs }
    }

    const fn starts(&self) -> usize {
        if self.quick { 5 } else { 20 }
    }

    const fn revocations(&self) -> usize {
        if self.quick { 50 } else { 300 }
    }

    fn out(&self) -> Outcome<PathBuf> {
        if let Some(out) = &self.out {
            return Ok(out.clone());
        }
        let program = std::env::current_exe()?;
        let target = program.ancestors().nth(2).ok_or_else(|| Problem::new("say with --out where results go"))?;
        Ok(target.join("bench"))
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ended = match cli.command {
        Some(Command::BareHttp) => serve_bare(),
        Some(Command::Peers) => compare(&cli),
        None => run(&cli),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// On as many threads as the real server would have.
fn serve_bare() -> Outcome<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(bare::serve())
}

/// On one thread, which is the generator.
fn run(cli: &Cli) -> Outcome<()> {
    let binary = cli.binary.as_deref().ok_or_else(|| Problem::new("say with LATCHKEY_BIN what to measure"))?;
    let out = cli.out()?;
    fs::create_dir_all(&out).map_err(Problem::at("make", &out))?;
    let cores = Cores::share_out()?;
    let (cores_here, machine, load_before) = (kernel::cores(), kernel::machine()?, kernel::load_average()?);
    cores.be_the_generator()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let time = Duration::from_secs(cli.seconds());

    let mut calibration = Calibration::new(&out, cores, cli.conns, time);
    let mut worlds = Vec::new();
    let mut starts = None;
    let largest = cli.sizes.iter().max();
    for size in &cli.sizes {
        let counts = largest == Some(size);
        let place = Place { binary, out: &out, cores };
        let (world, started) = runtime.block_on(measure(cli, place, *size, counts, &mut calibration))?;
        worlds.push(world);
        starts = starts.or(started);
    }
    let report = Report {
        date: time::OffsetDateTime::now_utc().date().to_string(),
        machine,
        cores_apart: cores.are_apart(),
        cores: cores_here,
        load: [load_before, kernel::load_average()?],
        connections: cli.conns,
        seconds: cli.seconds(),
        limits: calibration.of_all()?,
        worlds,
        starts,
    };
    report.write(&out)?;
    println!("{report}");
    Ok(())
}

/// On one thread, which is the generator, with the smallest world.
fn compare(cli: &Cli) -> Outcome<()> {
    let binary = cli.binary.as_deref().ok_or_else(|| Problem::new("say with LATCHKEY_BIN what to measure"))?;
    let out = cli.out()?;
    fs::create_dir_all(&out).map_err(Problem::at("make", &out))?;
    let cores = Cores::share_out()?;
    cores.be_the_generator()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let compared = runtime.block_on(async {
        let home = Home::make(&out)?;
        let store = home.open().await?;
        let size = cli.sizes.iter().min().copied().unwrap_or(1_000);
        let world = seed::seed(&store, &home, size, 0).await.map_err(|problem| problem.during("the data"))?;
        drop(store);
        let (server, _) = Server::latchkey(binary, &home, cores).await?;
        let time = peers::TURN.min(Duration::from_secs(cli.seconds()));
        let bench = Bench { server: &server, world: &world, connections: cli.conns, time };
        let compared = peers::compare(&bench, &out, cores).await?;
        server.stop()?;
        Ok::<_, Problem>(compared)
    })?;
    let path = out.join("peers.json");
    fs::write(&path, serde_json::to_string_pretty(&compared)?).map_err(Problem::at("write", &path))?;
    println!("{}", peers::Table(&compared));
    Ok(())
}

/// What to measure, and where.
#[derive(Clone, Copy)]
struct Place<'a> {
    binary: &'a Path,
    out: &'a Path,
    cores: Cores,
}

/// Everything with so many authorizations; starts only where they count.
async fn measure(
    cli: &Cli,
    place: Place<'_>,
    authorizations: usize,
    starts_count: bool,
    calibration: &mut Calibration<'_>,
) -> Outcome<(Size, Option<Starts>)> {
    let Place { binary, out, cores } = place;
    eprintln!("Writing {authorizations} authorizations");
    let home = Home::make(out)?;
    let store = home.open().await?;
    let devices = if cli.wants(Part::Scenario(Scenario::DeviceCode)) { device_code::devices(cli.seconds()) } else { 0 };
    let world =
        seed::seed(&store, &home, authorizations, devices).await.map_err(|problem| problem.during("the data"))?;
    drop(store);

    let starts = if starts_count && cli.wants(Part::Start) {
        eprintln!("Starting {} times", cli.starts());
        Some(start::starts(binary, &home, cores, cli.starts()).await?)
    } else {
        None
    };
    let (server, _) = Server::latchkey(binary, &home, cores).await?;
    let time = Duration::from_secs(cli.seconds());
    let bench = Bench { server: &server, world: &world, connections: cli.conns, time };
    let mut scenarios = Vec::new();
    calibration.again().await?;
    for scenario in Scenario::value_variants().iter().filter(|scenario| cli.wants(Part::Scenario(**scenario))) {
        eprint!("Measuring {}: ", scenario.name());
        let measured = scenario.run(&bench).await?;
        let memory = server.process().memory()?;
        calibration.again().await?;
        let limits = calibration.around()?;
        eprintln!("{:.1} of {:.1} µs", scenario.limit(&limits), measured.cpu);
        scenarios.push(Line::new(*scenario, measured, &limits, memory));
    }
    let revocation = if cli.wants(Part::Revocation) {
        eprintln!("Revoking {} authorizations", cli.revocations());
        Some(revocation_lag::run(&bench, cli.revocations()).await?)
    } else {
        None
    };
    server.stop()?;
    Ok((Size { authorizations, scenarios, revocation }, starts))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
        let cli = Cli::try_parse_from(["latchkey-bench", "--quick", "--only", "refresh,start"]).unwrap();
        assert!(cli.wants(Part::Start) && cli.wants(Part::Scenario(Scenario::Refresh)));
        assert!(!cli.wants(Part::Revocation));
        assert_eq!((cli.seconds(), cli.sizes), (3, vec![1_000, 100_000]));
    }

    #[test]
    fn every_scenario_can_be_chosen() {
        for scenario in Scenario::value_variants() {
            assert!(Part::value_variants().contains(&Part::Scenario(*scenario)));
        }
    }
}
