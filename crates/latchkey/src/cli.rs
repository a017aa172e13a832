//! The command line: noun, then verb.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use latchkey_store::Role;

use crate::config::show::ConfigCommand;
use crate::config::{self, plan::Plan};
use crate::desk::Order;
use crate::desk::report::{Output, Report};
use crate::failure::{Exit, Failure};
use crate::give::{self, Given, give};
use crate::place::Place;
use crate::{audit, bootstrap, check, demo, init, logging, out, serve, trust};

/// Lets services work with people's DevOps resources, shows every key that is out, and takes any of them back.
#[derive(Parser)]
#[command(name = "latchkey", version, propagate_version = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    whereabouts: Whereabouts,

    /// How data is written
    #[arg(short, long, global = true, default_value = "table")]
    output: Output,

    /// Do not ask before something that cannot be undone
    #[arg(short, long, global = true)]
    yes: bool,

    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  latchkey demo                         look around; nothing needs to be set up
  latchkey init --url https://id.example.com
  latchkey check && latchkey serve
  latchkey app list -o json

Exit codes: 0 done, 1 failed, 2 not asked rightly, 3 not found, 4 refused, 5 conflict, 6 unreachable.";

/// Which server a command is about.
#[derive(Args)]
pub(crate) struct Whereabouts {
    /// The configuration [default: $LATCHKEY_CONFIG, ./latchkey.toml, /etc/latchkey/latchkey.toml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,

    /// The folder of a demo, which needs no configuration [default of the demo: latchkey-demo]
    #[arg(long, global = true, value_name = "FOLDER", conflicts_with = "config")]
    data: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Run a server with sample data, and a service to try it with
    Demo(DemoArguments),
    /// Write a configuration and a master key
    Init(init::Arguments),
    /// What is configured, and where it is from
    #[command(subcommand)]
    Config(ConfigCommand),
    /// See whether a server could start from the configuration, and what is wrong if not
    Check,
    /// Run the server
    Serve,
    #[command(flatten)]
    Order(Order),
    /// The record of what happened
    #[command(subcommand)]
    Audit(AuditCommand),
    /// The demo's certificate authority, for clients that insist on https
    #[command(subcommand)]
    Trust(trust::Action),
}

/// How the demo is run.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  latchkey demo --fresh\n  latchkey demo --json --port 0\n  eval \"$(latchkey demo env)\""
)]
pub(crate) struct DemoArguments {
    /// The port for people; the others come after it. 0 picks free ones
    #[arg(long, default_value_t = 4280)]
    pub(crate) port: u16,
    /// Start over: drop the data of an earlier demo
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Print one line of JSON on standard output when ready
    #[arg(long)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Option<DemoCommand>,
}

/// What else there is about the demo.
#[derive(Subcommand)]
pub(crate) enum DemoCommand {
    /// Print the variables by which clients trust the demo's certificates
    Env,
    /// Give git a key, after somebody approved it: a credential helper, as the page of the demo shows it
    Credential {
        /// What git wants: get, store or erase
        operation: String,
    },
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Find edited, missing and reordered events
    #[command(after_help = "Example:\n  latchkey audit verify && echo intact")]
    Verify {
        /// One tenant's record, by its id; all if left out
        #[arg(long)]
        tenant: Option<uuid::Uuid>,
    },
    /// Print the events, the oldest first, each a line of JSON
    #[command(after_help = "Example:\n  latchkey audit export > record.jsonl")]
    Export {
        /// One tenant's record, by its id; all if left out
        #[arg(long)]
        tenant: Option<uuid::Uuid>,
    },
}

/// The folder of the demo, unless another one is named.
pub(crate) const DEMO_FOLDER: &str = "latchkey-demo";

/// Reads the command line and does what it says.
pub(crate) fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            drop(error.print());
            return if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS };
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&Failure::new(Exit::Failed, "no threads can be started").because(error)),
    };
    let ended = runtime.block_on(cli.run());
    // What still runs by now is nobody's any more.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(&failure),
    }
}

fn fail(failure: &Failure) -> ExitCode {
    out::note(failure);
    failure.exit().into()
}

impl Cli {
    async fn run(self) -> Result<(), Failure> {
        let Self { whereabouts, output, yes, command } = self;
        match command {
            Command::Demo(arguments) => {
                let folder = whereabouts.demo_folder();
                match &arguments.command {
                    Some(DemoCommand::Env) => demo::env(&folder),
                    Some(DemoCommand::Credential { operation }) => demo::credential(&folder, operation).await,
                    None => demo::run(&folder, &arguments).await,
                }
            }
            Command::Init(arguments) => init::init(&arguments),
            Command::Config(ConfigCommand::Show(arguments)) => {
                let source = config::Source::find(whereabouts.config.as_deref())?;
                show(&config::show::show(&source, &arguments)?, output);
                Ok(())
            }
            Command::Check => {
                let plan = whereabouts.plan()?;
                let (report, healthy) = check::check(&plan).await;
                show(&report, output);
                if healthy { Ok(()) } else { Err(Failure::new(Exit::Failed, "a server would not run well like this")) }
            }
            Command::Serve => {
                let plan = whereabouts.plan()?;
                let logging = logging::start(&plan.log);
                serve::serve(plan, whereabouts.config, logging).await
            }
            Command::Order(order) => {
                let Given { report, ended, when_shown } = give(&whereabouts, order, yes).await?;
                let shown = show(&report, output);
                if let Some(order) = when_shown.and_then(|when_shown| when_shown(&report)).filter(|_| shown) {
                    give::acknowledge(&whereabouts, order).await;
                }
                ended
            }
            Command::Audit(command) => {
                let options = latchkey_store::Options { role: Role::Reader, ..Default::default() };
                let store = bootstrap::open_store(&whereabouts.place()?, options).await?;
                match command {
                    AuditCommand::Verify { tenant } => drop(show(&audit::verify(&store, tenant).await?, output)),
                    AuditCommand::Export { tenant } => audit::export(&store, tenant).await?,
                }
                Ok(())
            }
            Command::Trust(action) => trust::act(&whereabouts.demo_folder(), action),
        }
    }
}

/// Prints an answer. Whether all of it was taken.
fn show(report: &Report, output: Output) -> bool {
    let shown = report.write(output).is_none_or(out::data);
    for note in report.notes() {
        out::note(note);
    }
    shown
}

impl Whereabouts {
    /// The configuration, checked whole.
    pub(crate) fn plan(&self) -> Result<Plan, Failure> {
        match &self.data {
            Some(_) => Err(Failure::new(Exit::Usage, "--data names the folder of a demo, which has no configuration")
                .remedy("run `latchkey demo`, or name a configuration by --config")),
            None => config::load(self.config.as_deref()),
        }
    }

    /// The same, if there is one: a demo has none.
    pub(crate) fn configured(&self) -> Result<Option<Plan>, Failure> {
        match self.data {
            Some(_) => Ok(None),
            None => self.plan().map(Some),
        }
    }

    /// Where everything is kept.
    pub(crate) fn place(&self) -> Result<Place, Failure> {
        match &self.data {
            Some(folder) => Ok(Place::in_folder(folder)),
            None => Ok(self.plan()?.place),
        }
    }

    fn demo_folder(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| Path::new(DEMO_FOLDER).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_for_all_commands_may_stand_at_the_end() {
        let cli = parse("latchkey app list --tenant example.com -o json --config a.toml").unwrap();
        assert_eq!(cli.output, Output::Json);
        assert_eq!(cli.whereabouts.config.as_deref(), Some(Path::new("a.toml")));
        let cli = parse("latchkey demo --data x env").unwrap();
        assert_eq!(cli.whereabouts.demo_folder(), Path::new("x"));
        assert!(matches!(cli.command, Command::Demo(DemoArguments { command: Some(DemoCommand::Env), .. })));
    }

    #[test]
    fn a_command_is_about_one_server() {
        let error = parse("latchkey app list --config a.toml --data b").err().unwrap();
        assert_eq!(error.kind(), clap::error::ErrorKind::ArgumentConflict);
    }

    #[test]
    fn what_cannot_be_undone_is_asked_for_first() {
        let question = |line: &str| match parse(line).unwrap().command {
            Command::Order(order) => order.question(),
            _ => None,
        };
        assert!(question("latchkey app delete 00000000-0000-0000-0000-000000000000").is_some());
        assert!(question("latchkey account disable ana@harbor.test").is_some());
        assert!(question("latchkey member remove harbor ben@harbor.test").is_some());
        assert!(question("latchkey legacy close-import harbor").is_some());
        assert!(question("latchkey app list").is_none());
    }

    #[test]
    fn a_password_is_never_an_argument() {
        assert!(parse("latchkey account create --email a@b.test --name A --password x").is_err());
        let Command::Order(mut order) = parse("latchkey account create --email a@b.test --name A").unwrap().command
        else {
            panic!("not an order");
        };
        assert!(order.wants_password().is_some());
    }

    #[test]
    fn an_end_is_set_or_taken_away_and_not_both() {
        assert!(parse("latchkey legacy sunset harbor --warn-from 2027-01-01 --refuse-from 2027-06-01").is_ok());
        assert!(parse("latchkey legacy sunset harbor --none --refuse-from 2027-06-01").is_err());
        assert!(parse("latchkey legacy sunset harbor --refuse-from soon").is_err());
    }

    #[test]
    fn every_command_has_help() {
        fn walk(command: &clap::Command) {
            for sub in command.get_subcommands() {
                assert!(sub.get_about().is_some(), "{}", sub.get_name());
                for argument in
                    sub.get_arguments().filter(|argument| argument.get_id() != "help" && argument.get_id() != "version")
                {
                    assert!(argument.get_help().is_some(), "{} {}", sub.get_name(), argument.get_id());
                }
                walk(sub);
            }
        }
        walk(&Cli::command());
    }
}
