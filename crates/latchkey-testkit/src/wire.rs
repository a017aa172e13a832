//! A wire between a server and PostgreSQL that a test can cut and mend.

use std::path::PathBuf;
use std::sync::Arc;

use latchkey_store::DatabaseUrl;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What a wire carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Whole,
    /// Questions, and no answers.
    OneWay,
    /// Nothing, and nobody is told so.
    Cut,
    /// Connections end.
    Ended,
}

/// Carries everything while it is whole.
#[derive(Debug)]
pub struct Wire {
    url: DatabaseUrl,
    state: Arc<watch::Sender<State>>,
    task: JoinHandle<()>,
    _folder: TempDir,
}

impl Wire {
    /// A wire to the socket of a database.
    pub fn to(database: &DatabaseUrl) -> Self {
        let DatabaseUrl::Postgres(address) = database else { panic!("SQLite has no wire") };
        let (before, rest) = address.split_once('@').expect("a user");
        let (host, name) = rest.split_once('/').expect("a database");
        let (socket, port) = host.rsplit_once(':').expect("a port");
        let file = format!(".s.PGSQL.{port}");
        let there = PathBuf::from(socket.replace("%2F", "/")).join(&file);
        // Sockets have short names, so the folder lies directly in the temporary one.
        let folder = tempfile::Builder::new().prefix("latchkey-wire-").tempdir().expect("a temporary folder");
        let here = folder.path().display().to_string().replace('/', "%2F");
        let listener = UnixListener::bind(folder.path().join(&file)).expect("a socket");
        let state = Arc::new(watch::Sender::new(State::Whole));
        let carrying = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                let Ok(to) = UnixStream::connect(&there).await else { return };
                let ((from, back), (answers, to)) = (from.into_split(), to.into_split());
                let asking = |state: &State| matches!(state, State::Whole | State::OneWay);
                let answering = |state: &State| matches!(state, State::Whole);
                tokio::spawn(carry(from, to, carrying.subscribe(), asking));
                tokio::spawn(carry(answers, back, carrying.subscribe(), answering));
            }
        });
        Self { url: DatabaseUrl::Postgres(format!("{before}@{here}:{port}/{name}")), state, task, _folder: folder }
    }

    /// The address of the database at this end.
    pub const fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Nothing comes through any more, and nobody is told so.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// What is asked comes through, and no answer does.
    pub fn cut_answers(&self) {
        self.state.send_replace(State::OneWay);
    }

    /// What was on its way comes through, and what follows.
    pub fn mend(&self) {
        self.state.send_replace(State::Whole);
    }

    /// Every connection ends, and what was on its way is lost. Mended, the wire carries new ones.
    pub fn end(&self) {
        self.state.send_replace(State::Ended);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<State>,
    carries: impl Fn(&State) -> bool,
) {
    let mut ended = state.clone();
    let carrying = async {
        let mut part = vec![0; 16 << 10];
        while let Ok(read @ 1..) = from.read(&mut part).await {
            if state.wait_for(&carries).await.is_err() || to.write_all(&part[..read]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = carrying => {}
        _ = ended.wait_for(|state| *state == State::Ended) => {}
    }
}
