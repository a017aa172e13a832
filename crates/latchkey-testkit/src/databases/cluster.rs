//! A PostgreSQL server for tests, from the server binaries of the system.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use latchkey_store::DatabaseUrl;
use tempfile::TempDir;
use tokio_postgres::NoTls;

use super::runtime;

/// Names the folder of the socket of a cluster that runs already.
pub const SHARED_CLUSTER: &str = "LATCHKEY_TEST_POSTGRES";

/// The superuser of a test cluster. It trusts whoever can reach its socket.
const USER: &str = "latchkey";

/// What a cluster asks of whoever comes by TCP.
pub const PASSWORD: &str = "an-open-secret";

const POSTGRES_PORT: u16 = 5432;

const START: Duration = Duration::from_secs(60);

/// A PostgreSQL server in a temporary folder, listening on a socket there. It ends, and the folder goes, with the value, or
/// with the process, however that ends.
#[derive(Debug)]
pub struct Cluster {
    socket: PathBuf,
    port: u16,
    /// Nothing when the cluster belongs to someone else.
    server: Option<Server>,
}

/// What a server shows to whoever comes by TLS, as PEM.
#[derive(Debug)]
pub struct Certificate {
    /// The certificate and its chain.
    pub chain: String,
    /// Its private key.
    pub key: String,
}

impl Cluster {
    /// Starts a server, or says what is missing.
    pub fn start() -> Result<Self, String> {
        Self::start_as(None)
    }

    /// Starts a server that listens on 127.0.0.1, too, and asks [`PASSWORD`] of whoever comes that way.
    pub fn start_with_tls(certificate: &Certificate) -> Result<Self, String> {
        Self::start_as(Some(certificate))
    }

    fn start_as(certificate: Option<&Certificate>) -> Result<Self, String> {
        let binaries = binaries()?;
        // Sockets have short names, so the folder lies directly in the temporary one.
        let folder = tempfile::Builder::new().prefix("latchkey-pg-").tempdir().map_err(|error| error.to_string())?;
        let user = unprivileged()?;
        if let Some((user, group)) = user {
            chown(folder.path(), Some(user), Some(group)).map_err(|error| error.to_string())?;
        }
        let data = folder.path().join("data");
        let private = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
            user.map_or(Ok(()), |(user, group)| chown(&path, Some(user), Some(group)))?;
            Ok::<_, io::Error>(path)
        };
        let password = private("password", PASSWORD).map_err(|error| error.to_string())?;
        let made = as_user(Command::new(binaries.join("initdb")), user)
            .current_dir(folder.path())
            .args([
                "--no-sync",
                "--no-instructions",
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--username",
                USER,
            ])
            .arg("--pwfile")
            .arg(&password)
            .arg("--pgdata")
            .arg(&data)
            .output()
            .map_err(|error| format!("initdb: {error}"))?;
        if !made.status.success() {
            return Err(format!("initdb: {}", String::from_utf8_lossy(&made.stderr)));
        }
        let mut port = POSTGRES_PORT;
        let mut settings = vec!["listen_addresses=".to_owned()];
        if let Some(certificate) = certificate {
            let chain = private("chain.pem", &certificate.chain).map_err(|error| error.to_string())?;
            let key = private("key.pem", &certificate.key).map_err(|error| error.to_string())?;
            port = a_free_port().map_err(|error| error.to_string())?;
            settings = vec![
                "listen_addresses=127.0.0.1".to_owned(),
                format!("port={port}"),
                "ssl=on".to_owned(),
                format!("ssl_cert_file={}", chain.display()),
                format!("ssl_key_file={}", key.display()),
            ];
        }
        let server = Server::start(&binaries, folder, &data, user, &settings)?;
        Ok(Self { socket: server.folder.path().to_owned(), port, server: Some(server) })
    }

    /// The port that is in the name of its socket, and that one with TLS listens on.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its socket, for [`SHARED_CLUSTER`].
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    pub(super) fn restart(&self) {
        self.own().again(|server| server.ask_for_another());
    }

    pub(super) fn crash(&self, url: &DatabaseUrl) {
        let DatabaseUrl::Postgres(address) = url else { panic!("it is SQLite") };
        let (_, name) = address.rsplit_once('/').expect("a database");
        let crash = format!(
            "DO $$ DECLARE victim INTEGER; BEGIN
                 SELECT pid INTO STRICT victim FROM pg_stat_activity
                  WHERE datname = '{name}' AND backend_type = 'client backend' LIMIT 1;
                 EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'kill -KILL ' || victim);
             END $$"
        );
        // Whoever asks for it is ended, too.
        self.own().again(|_| drop(self.administer(vec![crash])));
    }

    fn own(&self) -> &Server {
        self.server.as_ref().expect("a cluster of our own")
    }

    pub(super) fn of_this_process() -> Arc<Self> {
        static CLUSTER: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());

        if let Some(socket) = env::var_os(SHARED_CLUSTER) {
            return Arc::new(Self { socket: socket.into(), port: POSTGRES_PORT, server: None });
        }
        let mut running = CLUSTER.lock().unwrap_or_else(PoisonError::into_inner);
        running.upgrade().unwrap_or_else(|| {
            let cluster = Arc::new(Self::start().unwrap_or_else(|error| panic!("no PostgreSQL to test on: {error}")));
            *running = Arc::downgrade(&cluster);
            cluster
        })
    }

    fn address(&self, database: &str) -> String {
        format!("postgres://{USER}@{}:{}/{database}", self.socket.display().to_string().replace('/', "%2F"), self.port)
    }

    /// A new, empty database.
    pub fn create_database(&self) -> DatabaseUrl {
        static COUNT: AtomicU32 = AtomicU32::new(0);

        let name = format!("test_{}_{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let left_behind = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        self.administer(vec![left_behind, format!("CREATE DATABASE {name}")]).expect("a test database is created");
        DatabaseUrl::Postgres(self.address(&name))
    }

    /// A cluster of our own goes as a whole.
    pub(super) fn drop_database(&self, url: &DatabaseUrl) {
        if let (None, DatabaseUrl::Postgres(address)) = (&self.server, url)
            && let Some((_, name)) = address.rsplit_once('/')
        {
            // What cannot be dropped now is replaced by the next test of that name.
            let _ = self.administer(vec![format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")]);
        }
    }

    fn administer(&self, statements: Vec<String>) -> Result<(), tokio_postgres::Error> {
        let address = self.address("postgres");
        let work = async move {
            let (client, connection) = tokio_postgres::connect(&address, NoTls).await?;
            tokio::spawn(connection);
            for statement in statements {
                client.batch_execute(&statement).await?;
            }
            Ok(())
        };
        // On a thread of its own, because a runtime cannot be started inside another.
        thread::spawn(|| runtime().block_on(work)).join().expect("the thread ends")
    }
}

/// The running server. A shell holds it: at each line of the shell's input it ends the server and starts it again, and when our end of the input
/// closes, for whatever reason, it ends the server and removes the folder.
#[derive(Debug)]
struct Server {
    shell: Child,
    said: Mutex<Receiver<String>>,
    folder: TempDir,
}

const HOLD: &str = r#"
postgres=$1 data=$2 folder=$3
shift 3
start() {
    "$postgres" -D "$data" -k "$folder" -c fsync=off -c max_connections=400 -c shared_buffers=64MB \
         -c log_min_messages=log -c lc_messages=C "$@" </dev/null &
    server=$!
}
end() {
    kill -QUIT $server
    wait $server
}
start "$@"
while read -r again; do
    end
    start "$@"
done
end
rm -rf "$folder"
"#;

impl Server {
    fn start(
        binaries: &Path,
        folder: TempDir,
        data: &Path,
        user: Option<(u32, u32)>,
        settings: &[String],
    ) -> Result<Self, String> {
        let mut shell = as_user(Command::new("sh"), user)
            .current_dir(folder.path())
            .args(["-c", HOLD, "sh"])
            .args([&binaries.join("postgres"), data, folder.path()])
            .args(settings.iter().flat_map(|setting| ["-c", setting]))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| format!("postgres: {error}"))?;
        let log = shell.stderr.take().ok_or("postgres has no log")?;
        let (says, said) = mpsc::channel();
        // Reads to the end, so that the server never waits for a reader.
        thread::spawn(move || BufReader::new(log).lines().map_while(Result::ok).for_each(|line| drop(says.send(line))));
        let server = Self { shell, said: Mutex::new(said), folder };
        server.hear_that_it_is_ready()?;
        Ok(server)
    }

    /// Waits until it is ready again after what ends it.
    fn again(&self, end: impl FnOnce(&Self)) {
        // What it said of itself before is not what is waited for.
        self.said.lock().unwrap_or_else(PoisonError::into_inner).try_iter().for_each(drop);
        end(self);
        self.hear_that_it_is_ready().unwrap_or_else(|error| panic!("{error}"));
    }

    fn ask_for_another(&self) {
        self.shell.stdin.as_ref().expect("an input").write_all(b"again\n").expect("the shell reads");
    }

    fn hear_that_it_is_ready(&self) -> Result<(), String> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let mut heard = String::new();
        loop {
            match said.recv_timeout(START) {
                Ok(line) if line.contains("ready to accept connections") => return Ok(()),
                Ok(line) => heard.extend([line.as_str(), "\n"]),
                Err(RecvTimeoutError::Timeout) => return Err(format!("postgres does not get ready:\n{heard}")),
                Err(RecvTimeoutError::Disconnected) => return Err(format!("postgres ended:\n{heard}")),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // The shell has removed the folder when it ends.
        let _ = self.shell.wait();
    }
}

/// Where `initdb` and `postgres` are.
fn binaries() -> Result<PathBuf, String> {
    let on_path = env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    let mut of_debian: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    of_debian.sort_by_key(|path: &PathBuf| version(path));
    let mut folders = of_debian.into_iter().rev().chain(on_path);
    folders.find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists()).ok_or_else(|| {
        "initdb and postgres are neither on the PATH nor in /usr/lib/postgresql: install the package postgresql"
            .to_owned()
    })
}

fn version(binaries: &Path) -> Option<u32> {
    binaries.parent()?.file_name()?.to_str()?.parse().ok()
}

/// PostgreSQL refuses to run as root; then it runs as `postgres` or `nobody`. Everyone else runs it as themselves.
fn unprivileged() -> Result<Option<(u32, u32)>, String> {
    let root = fs::metadata("/proc/self").map_err(|error| error.to_string())?.uid() == 0;
    if !root {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").map_err(|error| error.to_string())?;
    let ids = |name: &str| {
        let mut fields = users.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?.split(':').skip(1);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    ids("postgres").or_else(|| ids("nobody")).map(Some).ok_or_else(|| "there is no user postgres or nobody".to_owned())
}

/// A port that nobody listens on at this moment.
fn a_free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn as_user(mut command: Command, user: Option<(u32, u32)>) -> Command {
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
    command
}
