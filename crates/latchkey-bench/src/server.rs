//! The servers that are measured: programs of their own, on a core of their own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use crate::cores::Cores;
use crate::home::Home;
use crate::http::{Connection, Requests};
use crate::kernel::Process;
use crate::problem::{Outcome, Problem};

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server. It ends with the value.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) port: u16,
}

impl Server {
    /// Starts Latchkey and waits for its first answer. Tells how long that took, from before the start of the program.
    pub(crate) async fn latchkey(binary: &Path, home: &Home, cores: Cores) -> Outcome<(Self, Duration)> {
        let start = Instant::now();
        let mut server = cores.on_the_servers(|| Self::launch(binary, home))?;
        let request = Requests::to(home.port).get(DISCOVERY, &[]);
        while start.elapsed() < PATIENCE {
            if let Some(status) = server.child.try_wait()? {
                return Err(Problem::new(format!("the server ended with {status}:\n{}", last_words(home))));
            }
            if let Ok(mut connection) = Connection::open(home.port).await {
                connection.ask(&request).await?.expect(200)?;
                return Ok((server, start.elapsed()));
            }
            sleep(Duration::from_micros(200)).await;
        }
        Err(Problem::new(format!("the server does not answer:\n{}", last_words(home))))
    }

    /// Starts the bare server that is the limit of what HTTP can be.
    pub(crate) fn bare(cores: Cores) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("bare-http");
        let (server, line) = Self::announced(command, cores)?;
        Ok(server.at(line.trim().parse()?))
    }

    /// Starts a program that says a line when it listens, and tells that line.
    pub(crate) fn announced(mut command: Command, cores: Cores) -> Outcome<(Self, String)> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = cores.on_the_servers(|| Ok(command.spawn()?))?;
        let output = child.stdout.take().ok_or_else(|| Problem::new("a server says nothing"))?;
        let (server, mut line) = (Self { child, port: 0 }, String::new());
        if BufReader::new(output).read_line(&mut line)? == 0 {
            return Err(Problem::new("a server ended before it listened"));
        }
        Ok((server, line))
    }

    /// The same server, which listens there.
    pub(crate) fn at(self, port: u16) -> Self {
        let mut server = self;
        server.port = port;
        server
    }

    /// The process.
    pub(crate) fn process(&self) -> Process {
        Process(self.child.id())
    }

    /// Ends it as an operator does, and waits for that.
    pub(crate) fn stop(mut self) -> Outcome<()> {
        self.end()
    }

    fn launch(binary: &Path, home: &Home) -> Outcome<Self> {
        let log = fs::File::create(home.log())?;
        let child = Command::new(binary)
            .args(["serve", "--config"])
            .arg(home.configuration())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .map_err(Problem::at("start", binary))?;
        Ok(Self { child, port: home.port })
    }

    fn end(&mut self) -> Outcome<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM)?;
        }
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.end().is_err() {
            let _ = self.child.kill();
        }
    }
}

/// A document that needs nothing but a running server.
pub(crate) const DISCOVERY: &str = "/common/v2.0/.well-known/openid-configuration";

fn last_words(home: &Home) -> String {
    let log = fs::read_to_string(home.log()).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    lines.get(lines.len().saturating_sub(20)..).unwrap_or_default().join("\n")
}
