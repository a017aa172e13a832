//! How a command reaches a running server: a socket in the server's folder, for the same user alone.
//!
//! What a server remembers must hear of every change; so a command does not change the database of a running server behind its back but hands
//! its order in. Servers on other machines that share the database hear of it from there.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use latchkey_web::App;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use crate::desk::report::Report;
use crate::desk::{self, Order};
use crate::failure::{Exit, Failure};

/// Bytes of an order or an answer.
const MESSAGE_BYTES: u64 = 64 * 1_024 * 1_024;

/// What a server answers.
#[derive(Serialize, Deserialize)]
enum Answer {
    Done(Report),
    Failed(Failure),
}

/// The desk of a running server.
pub(crate) struct Control {
    accepting: JoinHandle<()>,
    socket: std::path::PathBuf,
}

impl Control {
    /// Opens the desk. A server without one serves all the same; commands then have to wait for its end.
    pub(crate) fn open(app: App, socket: &Path) -> Option<Self> {
        match listen(socket) {
            Ok((listener, owner)) => {
                Some(Self { accepting: tokio::spawn(accept(app, listener, owner)), socket: socket.to_owned() })
            }
            Err(error) => {
                tracing::warn!(%error, socket = %socket.display(), "commands cannot reach this server while it runs");
                None
            }
        }
    }

    /// Closes the desk.
    pub(crate) fn close(self) {
        self.accepting.abort();
        // If it stays, the next server replaces it.
        drop(std::fs::remove_file(&self.socket));
    }
}

/// The socket, and who runs this server.
fn listen(socket: &Path) -> io::Result<(UnixListener, u32)> {
    // A folder has one server, so a socket that is there was left behind.
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(socket)?;
    Ok((listener, std::fs::symlink_metadata(socket)?.uid()))
}

async fn accept(app: App, listener: UnixListener, owner: u32) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a command could not be heard");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        // The system says who is at the other end; the permissions of a socket are not enough everywhere.
        match stream.peer_cred() {
            Ok(peer) if peer.uid() == owner || peer.uid() == 0 => {
                let app = app.clone();
                tokio::spawn(async move {
                    if let Err(error) = hear(&app, stream).await {
                        tracing::warn!(%error, "a command went away");
                    }
                });
            }
            _ => tracing::warn!("a command of another user was turned away"),
        }
    }
}

async fn hear(app: &App, mut stream: UnixStream) -> io::Result<()> {
    let mut written = Vec::new();
    (&mut stream).take(MESSAGE_BYTES).read_to_end(&mut written).await?;
    let outcome = match serde_json::from_slice::<Order>(&written) {
        Ok(order) => desk::perform(app, order).await,
        Err(_) => Err(Failure::new(Exit::Failed, "the server does not understand this order")
            .because("the command and the running server are of different versions")),
    };
    let answer = match outcome {
        Ok(report) => Answer::Done(report),
        Err(failure) => Answer::Failed(failure),
    };
    stream.write_all(&serde_json::to_vec(&answer)?).await?;
    stream.shutdown().await
}

/// Hands an order in to the server at `socket`. `None` if there is none.
pub(crate) async fn hand_in(socket: &Path, order: &Order) -> Option<Result<Report, Failure>> {
    let stream = UnixStream::connect(socket).await.ok()?;
    let failed = |error: io::Error| Failure::new(Exit::Unreachable, "the running server did not answer").because(error);
    Some(exchange(stream, order).await.map_err(failed).and_then(|answer| match answer {
        Answer::Done(report) => Ok(report),
        Answer::Failed(failure) => Err(failure),
    }))
}

async fn exchange(mut stream: UnixStream, order: &Order) -> io::Result<Answer> {
    stream.write_all(&serde_json::to_vec(order)?).await?;
    stream.shutdown().await?;
    let mut written = Vec::new();
    stream.take(MESSAGE_BYTES).read_to_end(&mut written).await?;
    Ok(serde_json::from_slice(&written)?)
}
