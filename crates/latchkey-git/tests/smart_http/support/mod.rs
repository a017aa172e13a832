//! A world with one repository, a small HTTP server before it, and the real `git` as its client.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::TryStreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyDataStream, BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, TRANSFER_ENCODING};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use latchkey_git::{
    Encoding, GitError, GitProgram, ObjectId, RefCommand, RefOutcome, Repositories, Repository, Service,
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::io::StreamReader;
use uuid::Uuid;

/// Who does everything here, unless somebody else is named.
pub const ANA: Uuid = Uuid::from_u128(0xa7a);

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// What somebody may push: asked by the server just before references move.
type Rule = Box<dyn FnMut(&[RefCommand]) -> Result<(), String> + Send>;

pub struct World {
    pub folder: TempDir,
    pub repository: Repository,
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    repository: Repository,
    rule: Mutex<Rule>,
    asked: Mutex<Vec<RefCommand>>,
    outcomes: Mutex<Vec<RefOutcome>>,
    requests: Mutex<Vec<Seen>>,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub path: String,
    pub length: Option<String>,
    pub chunked: bool,
    pub gzip: bool,
}

/// What a git command said.
pub struct Said {
    pub ok: bool,
    pub out: String,
    pub err: String,
}

impl World {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let git = GitProgram::find(std::env::var_os("PATH"), folder.path().join("server/home")).await.unwrap();
        let all = Repositories::at(folder.path().join("server/repositories"), git).await.unwrap();
        let repository = all.create(Uuid::from_u128(0x1a7c), "main").await.unwrap();
        let shared = Arc::new(Shared {
            repository: repository.clone(),
            rule: Mutex::new(Box::new(|_| Ok(()))),
            asked: Mutex::default(),
            outcomes: Mutex::default(),
            requests: Mutex::default(),
        });
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}/r", listener.local_addr().unwrap());
        tokio::spawn(serve(listener, Arc::clone(&shared)));
        Self { folder, repository, url, shared }
    }

    /// Sets who may push what, from now on.
    pub fn rule(&self, rule: impl FnMut(&[RefCommand]) -> Result<(), String> + Send + 'static) {
        *self.shared.rule.lock().unwrap() = Box::new(rule);
    }

    /// The moves that the server was asked about since the last time this was called.
    pub fn asked(&self) -> Vec<RefCommand> {
        std::mem::take(&mut self.shared.asked.lock().unwrap())
    }

    /// What became of the pushed references since the last time this was called.
    pub fn outcomes(&self) -> Vec<RefOutcome> {
        std::mem::take(&mut self.shared.outcomes.lock().unwrap())
    }

    /// The requests since the last time this was called.
    pub fn requests(&self) -> Vec<Seen> {
        std::mem::take(&mut self.shared.requests.lock().unwrap())
    }

    /// The repository's folder on the server.
    pub fn server_folder(&self) -> PathBuf {
        self.folder.path().join("server/repositories").join(Uuid::from_u128(0x1a7c).to_string())
    }

    /// Every file of objects on the server, quarantines included.
    pub fn server_objects(&self) -> Vec<PathBuf> {
        fn below(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                found.push(path.clone());
                if path.is_dir() {
                    below(&path, found);
                }
            }
        }
        let mut found = Vec::new();
        below(&self.server_folder().join("objects"), &mut found);
        found.sort();
        found
    }

    /// Visible references and their places, on the server.
    pub fn server_refs(&self) -> Vec<(String, ObjectId)> {
        let refs = self.repository.browse().unwrap().refs("").unwrap();
        refs.into_iter().map(|found| (found.name, found.id)).collect()
    }

    /// A fresh folder of this name with a repository in it that knows the server as `origin`.
    pub async fn checkout(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        self.git(&folder, "init -q -b main").await;
        self.git(&folder, &format!("remote add origin {}", self.url)).await;
        folder
    }

    /// Writes a file and commits it. Returns the commit.
    pub async fn commit(&self, folder: &Path, file: &str, content: &[u8]) -> ObjectId {
        std::fs::write(folder.join(file), content).unwrap();
        self.git(folder, "add -A").await;
        self.git(folder, "commit -q -m change").await;
        self.git(folder, "rev-parse HEAD").await.trim().parse().unwrap()
    }

    /// Runs git; it must succeed. Returns what it printed.
    pub async fn git(&self, folder: &Path, arguments: &str) -> String {
        let said = self.try_git(folder, arguments).await;
        assert!(said.ok, "git {arguments}: {}", said.err);
        said.out
    }

    /// Runs git as a person's machine would.
    pub async fn try_git(&self, folder: &Path, arguments: &str) -> Said {
        let output = tokio::process::Command::new("git")
            .args(arguments.split(' '))
            .current_dir(folder)
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "Ana")))
            .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "ana@harbor.test")))
            .env_remove("http_proxy")
            .output()
            .await
            .unwrap();
        Said {
            ok: output.status.success(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let shared = Arc::clone(&shared);
        let service = service_fn(move |request| {
            let shared = Arc::clone(&shared);
            async move { Ok::<_, Infallible>(answer(&shared, request).await.unwrap_or_else(refusal)) }
        });
        let connection = hyper::server::conn::http1::Builder::new();
        tokio::spawn(async move { connection.serve_connection(TokioIo::new(stream), service).await });
    }
}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Result<Response<Body>, GitError> {
    let path = request.uri().path().to_owned();
    let headers = request.headers().clone();
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let protocol = header("git-protocol");
    shared.requests.lock().unwrap().push(seen(&path, &headers));
    match path.as_str() {
        "/r/info/refs" => {
            let service = Service::named(request.uri().query().unwrap().strip_prefix("service=").unwrap()).unwrap();
            let answer = shared.repository.advertise(ANA, service, protocol.as_deref()).await?;
            Ok(reply(&format!("application/x-{}-advertisement", service.name()), whole(answer.into())))
        }
        "/r/git-upload-pack" => {
            let gzip = header(CONTENT_ENCODING.as_str()).is_some();
            let encoding = if gzip { Encoding::Gzip } else { Encoding::Identity };
            let pack = shared.repository.upload_pack(ANA, reader(request), encoding, protocol.as_deref()).await?;
            let body = StreamBody::new(pack.map_ok(Frame::data)).boxed_unsync();
            Ok(reply("application/x-git-upload-pack-result", body))
        }
        "/r/git-receive-pack" => {
            let authorize = |commands: Vec<RefCommand>| async move {
                shared.asked.lock().unwrap().extend(commands.clone());
                (shared.rule.lock().unwrap())(&commands)
            };
            let push = shared.repository.receive_pack(ANA, reader(request), authorize).await?;
            shared.outcomes.lock().unwrap().extend(push.outcomes);
            Ok(reply("application/x-git-receive-pack-result", whole(push.answer)))
        }
        _ => Err(GitError::NotFound),
    }
}

fn seen(path: &str, headers: &HeaderMap) -> Seen {
    Seen {
        path: path.to_owned(),
        length: headers.get(CONTENT_LENGTH).map(|length| length.to_str().unwrap().to_owned()),
        chunked: headers.get(TRANSFER_ENCODING).is_some_and(|value| value == "chunked"),
        gzip: headers.get(CONTENT_ENCODING).is_some_and(|value| value == "gzip"),
    }
}

fn reader(request: Request<Incoming>) -> impl tokio::io::AsyncRead + Unpin {
    StreamReader::new(BodyDataStream::new(request.into_body()).map_err(io::Error::other))
}

fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

fn reply(kind: &str, body: Body) -> Response<Body> {
    Response::builder().header(CONTENT_TYPE, kind).header("cache-control", "no-cache").body(body).unwrap()
}

fn refusal(error: GitError) -> Response<Body> {
    let mut response = reply("text/plain", whole(error.to_string().into()));
    *response.status_mut() = match error {
        GitError::NotFound => StatusCode::NOT_FOUND,
        _ => StatusCode::BAD_REQUEST,
    };
    response
}
