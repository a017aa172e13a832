//! One PostgreSQL for all tests of a run: in a folder of its own, on a unix socket, gone afterwards.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::problem::{Outcome, Problem};
use crate::process;
use crate::tools;
use crate::workspace::Workspace;

/// The variable that tells the tests where PostgreSQL's socket is. They connect as the superuser `latchkey`.
pub(crate) const VARIABLE: &str = "LATCHKEY_TEST_POSTGRES";

/// Serves until its standard input closes, which it does however this program ends, then removes everything.
/// Durability is off: these tests cut the server's clients short, never the database's own machine.
const GUARDIAN: &str = r#"
"$1/initdb" --username=latchkey --auth=trust --encoding=UTF8 --locale=C --no-sync --pgdata="$2/data" >"$2/log" 2>&1
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c max_connections=400 \
    -c fsync=off -c full_page_writes=off >>"$2/log" 2>&1 &
server=$!
cat >/dev/null
kill -TERM $server  # ends a server that is only starting
kill -INT $server   # ends one that is ready, without waiting for its clients
wait $server
rm -rf "$2"
"#;

/// A PostgreSQL server that lives as long as this value, and no longer than this process.
pub(crate) struct Cluster {
    socket: PathBuf,
    guardian: Option<Child>,
}

impl Cluster {
    /// Starts a new, empty server; or uses the one that the variable already names.
    pub(crate) fn start(workspace: &Workspace) -> Outcome<Self> {
        if let Some(socket) = env::var_os(VARIABLE) {
            return Ok(Self { socket: socket.into(), guardian: None });
        }
        let programs =
            tools::postgres_folder(workspace).ok_or_else(|| Problem::new("the PostgreSQL server is not installed"))?;
        let user = if tools::is_root() { Some(User::unprivileged()?) } else { None };
        let folder = env::temp_dir().join(format!("latchkey-postgres-{}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&folder).map_err(Problem::at("create", &folder))?;
        if let Some(user) = &user {
            chown(&folder, Some(user.id), Some(user.group)).map_err(Problem::at("hand over", &folder))?;
        }

        let mut guardian = command_as(user.as_ref(), "sh", &folder);
        guardian.args(["-c", GUARDIAN, "sh"]).arg(&programs).arg(&folder);
        // In a group of its own, so that Ctrl-C in the terminal ends us, and our end ends it.
        let guardian = guardian.stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0).spawn();
        let guardian = guardian.map_err(|error| Problem::new(format!("PostgreSQL could not be started: {error}")))?;
        let cluster = Self { socket: folder, guardian: Some(guardian) };
        cluster.wait_until_ready(&programs)?;
        Ok(cluster)
    }

    /// The folder of its socket.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    fn wait_until_ready(&self, programs: &Path) -> Outcome<()> {
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            if process::succeeds(Command::new(programs.join("pg_isready")).arg("-h").arg(&self.socket)) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.socket.join("log")).unwrap_or_default();
        Err(Problem::new(format!("PostgreSQL did not become ready within 30 s. Its log:\n{log}")))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(guardian) = &mut self.guardian {
            drop(guardian.stdin.take());
            // The guardian ends by itself; there is nothing left to do if it cannot be waited for.
            let _ = guardian.wait();
        }
    }
}

/// Somebody with fewer rights than root.
struct User {
    name: &'static str,
    id: u32,
    group: u32,
}

impl User {
    /// The user that Debian's package made for PostgreSQL, or nobody in particular.
    fn unprivileged() -> Outcome<Self> {
        let user = ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| Some(Self { name, id: number_of(name, "-u")?, group: number_of(name, "-g")? }));
        user.ok_or_else(|| Problem::new("there is no user `postgres` or `nobody` to run PostgreSQL as"))
    }
}

fn number_of(user: &str, which: &str) -> Option<u32> {
    process::answer(Command::new("id").args([which, user])).ok()?.parse().ok()
}

fn command_as(user: Option<&User>, program: impl Into<OsString>, folder: &Path) -> Command {
    let program = program.into();
    let mut command = match user {
        None => Command::new(program),
        Some(user) => {
            let mut command = Command::new("runuser");
            command.args(["-u", user.name, "--"]).arg(program);
            command
        }
    };
    command.current_dir(folder);
    command
}
