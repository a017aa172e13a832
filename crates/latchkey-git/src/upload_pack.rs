//! Clone and fetch: `POST git-upload-pack`. [gitprotocol-pack(5)], [gitprotocol-v2(5)]
//!
//! Git makes the pack. What a client may ask for is decided here: in version 2 git hands out any object whose name the client
//! knows, and in versions 0 and 1 over HTTP any that is not a commit.

use std::collections::HashSet;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::advertise::Protocol;
use crate::browse::Wanted;
use crate::limits::{MAX_FETCH_REQUEST_BYTES, QUESTION_TIME, UPLOAD_TIME};
use crate::patience::{Patience, within};
use crate::pkt_line::{self, Packet};
use crate::program::speak;
use crate::running::Running;
use crate::{GitError, ObjectId, Repository};

/// Parts of the answer that may wait for the client: the program stops when the client does.
const PARTS_AHEAD: usize = 4;

/// Bytes in one part of the answer.
const PART_BYTES: usize = 64 << 10;

/// How the request is packed: its `Content-Encoding`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// `gzip`: git packs fetch requests of more than 1 KiB, and `JGit` small pushes, too.
    Gzip,
}

/// The answer of a clone or fetch, as it is made. Dropping it ends the program that makes it.
pub struct PackStream(mpsc::Receiver<io::Result<Bytes>>);

impl PackStream {
    /// An answer that is one line: why there is no other.
    fn refusal(reason: &str) -> Self {
        let mut line = Vec::new();
        pkt_line::write(&mut line, format!("ERR {reason}"));
        let (parts, stream) = mpsc::channel(1);
        // There is room for one, and nobody has taken it.
        let _ = parts.try_send(Ok(line.into()));
        Self(stream)
    }
}

impl Stream for PackStream {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

impl Repository {
    /// The answer to `POST git-upload-pack`, for this person. `protocol` is the `Git-Protocol` header. The request is read whole
    /// (it is small, and bounded) before it takes room of its own; the answer is streamed, at the speed of who reads it.
    ///
    /// Content type: `application/x-git-upload-pack-result`, never cached.
    pub async fn upload_pack(
        &self,
        person: Uuid,
        body: impl AsyncRead + Unpin,
        encoding: Encoding,
        protocol: Option<&str>,
    ) -> Result<PackStream, GitError> {
        let protocol = Protocol::asked_for(protocol);
        let patience = self.git.patience;
        let request = patience.for_request(read_request(body, encoding)).await?;
        let asked = Asked::read(&request, protocol)?;
        let slot = self.git.admit(person).await?;
        for ids in [asked.wants, self.present(asked.beyond).await?] {
            if let Some(unknown) = self.first_unreachable(ids).await? {
                return Ok(PackStream::refusal(&format!("upload-pack: not our ref {unknown}")));
            }
        }
        let mut command = self.git.command(&self.folder);
        speak(&mut command, protocol);
        command.env_remove("GIT_DIR").args(["upload-pack", "--strict", "--stateless-rpc", "--", "."]);
        let running = Running::start(command)?;
        let (parts, stream) = mpsc::channel(PARTS_AHEAD + 1);
        // Room for the error, wherever the answer is cut off: one that merely ended would look whole.
        let last = parts.clone().try_reserve_owned().ok();
        tokio::spawn(async move {
            let _slot = slot;
            // What ends first ends the others: the program, the client's interest, or the time.
            let ended = tokio::select! {
                ended = within(UPLOAD_TIME, pump(running, request, &parts, patience)) => ended,
                () = parts.closed() => Ok(()),
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "an upload-pack was cut off");
                if let Some(last) = last {
                    last.send(Err(io::Error::other(error)));
                }
            }
        });
        Ok(PackStream(stream))
    }

    /// The first of these objects that no visible reference reaches, if there is one.
    pub(crate) async fn first_unreachable(&self, wants: Vec<ObjectId>) -> Result<Option<ObjectId>, GitError> {
        if wants.is_empty() {
            return Ok(None);
        }
        match self.read(move |browse| browse.wanted(&wants)).await? {
            Wanted::Offered => Ok(None),
            Wanted::Absent(id) => Ok(Some(id)),
            // A branch has moved since the client read its place, or the client knows an older commit.
            Wanted::Commits(ids) => {
                let mut command = self.git.command(&self.folder);
                command.args(["rev-list", "--max-count=1", "--stdin", "--not", "--exclude-hidden=uploadpack", "--all"]);
                let answer = self.git.ask("rev-list", command, lines(&ids).as_bytes()).await?;
                Ok(if answer.successful()?.is_empty() { None } else { ids.into_iter().next() })
            }
            // A partial clone comes back for blobs.
            Wanted::Objects(ids) => within(QUESTION_TIME, self.first_unlisted(ids)).await,
        }
    }

    /// Those of these objects that are here.
    async fn present(&self, ids: Vec<ObjectId>) -> Result<Vec<ObjectId>, GitError> {
        if ids.is_empty() {
            return Ok(ids);
        }
        self.read(move |browse| browse.present(&ids)).await
    }

    /// The first of these objects that is in no listing of everything that visible references reach.
    async fn first_unlisted(&self, ids: Vec<ObjectId>) -> Result<Option<ObjectId>, GitError> {
        let mut missing: HashSet<ObjectId> = ids.iter().copied().collect();
        let mut command = self.git.command(&self.folder);
        command.args(["rev-list", "--objects", "--no-object-names", "--exclude-hidden=uploadpack", "--all"]);
        let mut running = Running::start(command)?;
        let mut listing = BufReader::new(running.stdout().ok_or(io::Error::from(io::ErrorKind::BrokenPipe))?);
        let mut line = Vec::new();
        while !missing.is_empty() && listing.read_until(b'\n', &mut line).await? > 0 {
            if let Some(id) = ObjectId::from_hex(pkt_line::trimmed(&line)) {
                missing.remove(&id);
            }
            line.clear();
        }
        Ok(ids.into_iter().find(|id| missing.contains(id)))
    }
}

/// Feeds the request to the program and its answer to the client.
async fn pump(
    mut running: Running,
    request: Vec<u8>,
    parts: &mpsc::Sender<io::Result<Bytes>>,
    patience: Patience,
) -> Result<(), GitError> {
    let stdin = running.stdin();
    let stdout = running.stdout();
    let feed = async {
        if let Some(mut stdin) = stdin {
            // The program may have said what it thinks of the request before reading all of it.
            let _ = stdin.write_all(&request).await;
            let _ = stdin.shutdown().await;
        }
    };
    let carry = async {
        let mut carried = false;
        let Some(mut stdout) = stdout else { return Ok(carried) };
        loop {
            let mut part = BytesMut::with_capacity(PART_BYTES);
            if stdout.read_buf(&mut part).await? == 0 {
                return Ok::<_, GitError>(carried);
            }
            let taken = async { Ok::<_, GitError>(parts.send(Ok(part.freeze())).await.is_ok()) };
            if !patience.for_more(taken).await? {
                return Ok(carried);
            }
            carried = true;
        }
    };
    let ((), carried, ended) = tokio::join!(feed, carry, running.end());
    let (carried, (status, complaint)) = (carried?, ended?);
    // A program that fails says so to the client, in the protocol; only silence has to be reported here.
    if !status.success() && !carried {
        return Err(GitError::Failed { command: "upload-pack", complaint });
    }
    Ok(())
}

/// A request that is held in memory, as it was before its client packed it.
pub(crate) async fn read_request(body: impl AsyncRead + Unpin, encoding: Encoding) -> Result<Vec<u8>, GitError> {
    let too_large = GitError::TooLarge("the request is too large");
    let mut sent = Vec::new();
    body.take(MAX_FETCH_REQUEST_BYTES + 1).read_to_end(&mut sent).await?;
    if sent.len() as u64 > MAX_FETCH_REQUEST_BYTES {
        return Err(too_large);
    }
    match encoding {
        Encoding::Identity => Ok(sent),
        Encoding::Gzip => {
            let mut unpacked = Vec::new();
            flate2::read::MultiGzDecoder::new(sent.as_slice())
                .take(MAX_FETCH_REQUEST_BYTES + 1)
                .read_to_end(&mut unpacked)
                .map_err(|_| GitError::Malformed("its gzip encoding is broken"))?;
            if unpacked.len() as u64 > MAX_FETCH_REQUEST_BYTES { Err(too_large) } else { Ok(unpacked) }
        }
    }
}

/// The objects that a request asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    /// By name.
    wants: Vec<ObjectId>,
    /// As what lies before them: a shallow clone that asks for all of history gets the parents of every commit at which it says
    /// it ends, wherever that commit is.
    beyond: Vec<ObjectId>,
}

impl Asked {
    /// Reads a request. Of version 2 only the two commands that fetching needs are let through.
    fn read(mut request: &[u8], protocol: Protocol) -> Result<Self, GitError> {
        if protocol == Protocol::V2 {
            let command = match pkt_line::split(&mut request)? {
                Some(Packet::Line(line)) => pkt_line::trimmed(line),
                _ => return Err(GitError::Malformed("it names no command")),
            };
            if command != b"command=fetch" && command != b"command=ls-refs" {
                return Err(GitError::Malformed("its command is not one of ls-refs and fetch"));
            }
        }
        let mut asked = Self::default();
        let mut all_of_history = false;
        while let Some(packet) = pkt_line::split(&mut request)? {
            let Packet::Line(line) = packet else { continue };
            if line.starts_with(b"command=") {
                return Err(GitError::Malformed("it names two commands"));
            } else if let Some(id) = line.strip_prefix(b"want ") {
                asked.wants.push(first_id(id)?);
            } else if let Some(id) = line.strip_prefix(b"shallow ") {
                asked.beyond.push(first_id(id)?);
            } else if let Some(depth) = line.strip_prefix(b"deepen ") {
                all_of_history |= !is_small(pkt_line::trimmed(depth));
            }
        }
        if !all_of_history {
            asked.beyond.clear();
        }
        Ok(asked)
    }
}

/// The id at the start of a line's arguments; capabilities follow the first one of the older versions.
fn first_id(arguments: &[u8]) -> Result<ObjectId, GitError> {
    let id = arguments.split(u8::is_ascii_whitespace).next().and_then(ObjectId::from_hex);
    id.ok_or(GitError::Malformed("it asks for something that is no object id"))
}

/// Whether this is surely a number below git's infinity, 2147483647. Git reads octal and hexadecimal numbers too.
fn is_small(depth: &[u8]) -> bool {
    depth.len() < 10 && !depth.starts_with(b"0") && depth.iter().all(u8::is_ascii_digit)
}

fn lines(ids: &[ObjectId]) -> String {
    ids.iter().map(|id| format!("{id}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{FileEdit, NewCommit};
    use crate::{GitProgram, Repositories, Signature};

    const ID: &str = "00ff10a94a8fe5ccb19ba61c4c0873d391e98798";

    fn request(lines: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for line in lines {
            match *line {
                "0000" | "0001" => bytes.extend_from_slice(line.as_bytes()),
                line => pkt_line::write(&mut bytes, line),
            }
        }
        bytes
    }

    #[test]
    fn every_want_of_a_request_is_seen() {
        let id: ObjectId = ID.parse().unwrap();
        let want = format!("want {ID}\n");
        let fetch =
            ["command=fetch", "agent=git/2.47.3", "0001", "thin-pack", &want, &want, "have x", "done\n", "0000"];
        assert_eq!(Asked::read(&request(&fetch), Protocol::V2).unwrap().wants, [id, id]);
        let list = ["command=ls-refs\n", "0001", "peel\n", "0000"];
        assert_eq!(Asked::read(&request(&list), Protocol::V2).unwrap(), Asked::default());
        let first = format!("want {ID} side-band-64k agent=git/2.47.3\n");
        let older = request(&[&first, &want, "deepen 1", "0000", "done\n"]);
        assert_eq!(Asked::read(&older, Protocol::V0).unwrap().wants, [id, id]);
    }

    #[test]
    fn the_ends_of_a_shallow_clone_count_when_it_asks_for_all_of_history() {
        let shallow = format!("shallow {ID}\n");
        let beyond = |depth: &str| {
            let lines = ["command=fetch", "0001", &shallow, depth, "0000"];
            Asked::read(&request(&lines), Protocol::V2).unwrap().beyond.len()
        };
        for depth in
            ["deepen 2147483647\n", "deepen 0x7fffffff", "deepen 017777777777", "deepen +2147483647", "deepen x"]
        {
            assert_eq!(beyond(depth), 1, "{depth}");
        }
        assert_eq!(beyond("deepen 10\n"), 0);
        assert_eq!(beyond("deepen-since 10\n"), 0);
    }

    #[test]
    fn other_commands_and_unclear_wants_are_refused() {
        let with_rest = format!("want {ID}x\n");
        let two = ["command=ls-refs", "0000", "command=fetch", "0001", "0000"];
        for wrong in [&[][..], &["0000"], &["command=object-info", "0000"], &["command=fetch", &with_rest], &two] {
            assert!(Asked::read(&request(wrong), Protocol::V2).is_err(), "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn a_small_request_that_unfolds_to_a_large_one_is_refused() {
        let zeros = vec![b'0'; MAX_FETCH_REQUEST_BYTES as usize + 1];
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        io::Write::write_all(&mut packed, &zeros).unwrap();
        let packed = packed.finish().unwrap();
        assert!(packed.len() < 100_000);
        let refused = read_request(packed.as_slice(), Encoding::Gzip).await;
        assert!(matches!(refused, Err(GitError::TooLarge(_))));
        assert!(matches!(read_request(zeros.as_slice(), Encoding::Identity).await, Err(GitError::TooLarge(_))));
        assert!(matches!(read_request(&b"0000"[..], Encoding::Gzip).await, Err(GitError::Malformed(_))));
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_makes_room_for_others() {
        let folder = tempfile::tempdir().unwrap();
        let git = GitProgram::find(std::env::var_os("PATH"), folder.path().join("home")).await.unwrap();
        let all = Repositories::at(folder.path().join("repositories"), git).await.unwrap();
        let mut repository = all.create(Uuid::from_u128(7), "main").await.unwrap();
        repository.git.patience.stalled = std::time::Duration::ZERO;
        // Numbers in a row get no smaller than the parts that may wait, however they are packed.
        let content: String = (0_u64..200_000).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_string()).collect();
        let author = Signature { name: "Ben".into(), email: "ben@harbor.test".into(), seconds: 1, offset_minutes: 0 };
        let files = vec![FileEdit::Write { path: "large".into(), content: content.into() }];
        let (branch, message) = ("main".into(), "large".into());
        let large = NewCommit { branch, from: None, merges: vec![], author, message, files };
        let commit = repository.import_commits(&[large]).await.unwrap()[0];

        let asked = request(&["command=fetch", "0001", &format!("want {commit}\n"), "done\n", "0000"]);
        let fetch = repository.upload_pack(Uuid::nil(), asked.as_slice(), Encoding::Identity, Some("version=2"));
        let PackStream(mut parts) = fetch.await.unwrap();
        let ended = async {
            while !parts.is_closed() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(QUESTION_TIME, ended).await.unwrap();
        let mut left = Vec::new();
        while let Some(part) = parts.recv().await {
            left.push(part.is_ok());
        }
        assert_eq!(left.len(), PARTS_AHEAD + 1);
        assert_eq!(left.pop(), Some(false), "what was cut off does not end as if it were whole");
    }

    #[tokio::test]
    async fn a_client_that_does_not_take_the_end_is_cut_off_although_all_of_it_was_made() {
        let mut command = tokio::process::Command::new("/bin/sh");
        command.args(["-c", "echo end"]).stdout(std::process::Stdio::piped()).process_group(0);
        let running = Running::start(command).unwrap();
        let (parts, _stream) = mpsc::channel(1);
        parts.try_send(Ok(Bytes::new())).unwrap();
        let patience = Patience { stalled: std::time::Duration::ZERO, ..Patience::USUAL };
        assert!(matches!(pump(running, Vec::new(), &parts, patience).await, Err(GitError::Stalled)));
    }
}
