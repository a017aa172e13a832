//! Push: `POST git-receive-pack`. [gitprotocol-pack(5)]
//!
//! The commands are read and the report is written here, and not by `git receive-pack`, because the question who may move a
//! reference has to be asked when the objects are there and the references are not yet moved: the push began under rights that
//! may have ended since. Git's programs do what takes git: `index-pack` receives and checks the objects in a
//! quarantine, `rev-list` makes sure that nothing is missing, `update-ref` moves the references in one transaction.

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use uuid::Uuid;

use crate::limits::{MAX_COMMAND_BYTES, MAX_COMMANDS, MAX_PACK_BYTES, MAX_PACK_OBJECTS, RECEIVE_TIME};
use crate::patience::{Patience, within};
use crate::pkt_line::{self, Band, FLUSH, Packet};
use crate::quarantine::Quarantine;
use crate::ref_update::{RefCommand, RefOutcome, RefUpdate};
use crate::running::Running;
use crate::upload_pack::{Encoding, read_request};
use crate::{GitError, ObjectId, Repository};

/// Bytes that are passed on at a time.
const PART_BYTES: usize = 64 << 10;

/// What a push came to.
#[derive(Clone, Debug)]
pub struct Push {
    /// The answer to the client. Content type: `application/x-git-receive-pack-result`, never cached.
    pub answer: Bytes,
    /// What became of each reference; empty for the probe that git sends before a large push.
    pub outcomes: Vec<RefOutcome>,
}

impl Repository {
    /// The body of a push that its client has packed by gzip, to be taken in: whole, and bounded like the request of a fetch.
    pub async fn unpacked(&self, body: impl AsyncRead + Unpin) -> Result<Vec<u8>, GitError> {
        self.git.patience.for_request(read_request(body, Encoding::Gzip)).await
    }

    /// Takes in a push of this person. Its commands are read before it takes room of its own, so that whoever is slow to say
    /// what they want keeps nobody waiting. `authorize` is asked once, when every object has arrived and been checked and the references are about
    /// to move, with the moves that can be made. Its refusal, a sentence, is what git prints for every reference; nothing of
    /// the push stays then.
    pub async fn receive_pack<F>(
        &self,
        person: Uuid,
        body: impl AsyncRead + Unpin,
        authorize: impl FnOnce(Vec<RefCommand>) -> F,
    ) -> Result<Push, GitError>
    where
        F: Future<Output = Result<(), String>>,
    {
        let mut body = BufReader::new(body);
        let request = self.git.patience.for_request(Request::read(&mut body)).await?;
        if request.updates.is_empty() {
            return Ok(Push { answer: Bytes::new(), outcomes: Vec::new() });
        }
        let _slot = self.git.admit(person).await?;
        within(RECEIVE_TIME, async {
            let (complaint, outcomes) = match self.unpack(&request, &mut body).await? {
                Ok(incoming) => {
                    let updates = request.updates.clone();
                    (None, self.move_refs(updates, request.atomic, incoming, authorize).await?.outcomes)
                }
                Err(complaint) => {
                    let failed = |update: &RefUpdate| RefOutcome {
                        update: update.clone(),
                        result: Err("the objects were not accepted".to_owned()),
                    };
                    (Some(complaint), request.updates.iter().map(failed).collect())
                }
            };
            Ok(Push { answer: request.report(complaint.as_deref(), &outcomes).into(), outcomes })
        })
        .await
    }

    /// Receives the pack into a quarantine; there is none if the push brings no objects. The inner error is what was wrong with
    /// the pack.
    async fn unpack(
        &self,
        request: &Request,
        body: &mut (impl AsyncRead + Unpin),
    ) -> Result<Result<Option<Quarantine>, String>, GitError> {
        if request.updates.iter().all(|update| update.new.is_zero()) {
            return Ok(Ok(None));
        }
        let mut header = [0; 12];
        let patience = self.git.patience;
        let read = async { body.read_exact(&mut header).await.map_err(|_| GitError::Malformed("it brings no pack")) };
        patience.for_more(read).await?;
        let [b'P', b'A', b'C', b'K', 0, 0, 0, 2 | 3, objects @ ..] = header else {
            return Err(GitError::Malformed("what follows its commands is no pack"));
        };
        match u32::from_be_bytes(objects) {
            0 => {
                drain(body, MAX_PACK_BYTES, patience).await?;
                Ok(Ok(None))
            }
            1..=MAX_PACK_OBJECTS => self.index_pack(&header, body).await,
            _ => Ok(Err("the pack holds more objects than this server takes at once".to_owned())),
        }
    }

    /// Takes in a pack: the bytes of it that were read already, and the rest.
    pub(crate) async fn index_pack(
        &self,
        header: &[u8],
        body: &mut (impl AsyncRead + Unpin),
    ) -> Result<Result<Option<Quarantine>, String>, GitError> {
        let incoming = Quarantine::beside(&self.folder)?;
        let mut command = self.git.command(&self.folder);
        command.args(["index-pack", "--stdin", "--fix-thin", "--strict", "--threads=1"]);
        command.arg(format!("--max-input-size={MAX_PACK_BYTES}"));
        incoming.enter(&mut command);
        let mut running = Running::start(command)?;
        let stdin = running.stdin();
        let mut stdout = running.stdout();
        let feed = async {
            let mut stdin = stdin;
            let mut part = vec![0; PART_BYTES];
            let mut total = header.len() as u64;
            write_on(&mut stdin, header).await;
            loop {
                let read = self.git.patience.for_more(body.read(&mut part)).await?;
                total += read as u64;
                if read == 0 {
                    return Ok(true);
                }
                if total > MAX_PACK_BYTES {
                    return Ok::<_, GitError>(false);
                }
                write_on(&mut stdin, part.get(..read).unwrap_or_default()).await;
            }
        };
        let listen = async {
            if let Some(stdout) = &mut stdout {
                let _ = tokio::io::copy(stdout, &mut tokio::io::sink()).await;
            }
        };
        let (fits, (), ended) = tokio::join!(feed, listen, running.end());
        let (status, complaint) = ended?;
        if !fits? {
            return Ok(Err("the pack is larger than this server takes at once".to_owned()));
        }
        if !status.success() {
            tracing::info!(complaint, "a pack was refused");
            return Ok(Err(if complaint.is_empty() { "the pack was cut off".to_owned() } else { complaint }));
        }
        Ok(Ok(Some(incoming)))
    }
}

/// Writes as long as somebody reads: a program that has seen enough closes its input, and what the client still sends is read
/// away, so that it gets to the report.
async fn write_on(stdin: &mut Option<tokio::process::ChildStdin>, part: &[u8]) {
    if let Some(open) = stdin
        && open.write_all(part).await.is_err()
    {
        *stdin = None;
    }
}

async fn drain(body: &mut (impl AsyncRead + Unpin), most: u64, patience: Patience) -> Result<(), GitError> {
    let mut rest = body.take(most);
    let mut part = [0; 1_024];
    while patience.for_more(rest.read(&mut part)).await? > 0 {}
    Ok(())
}

/// What stands before the pack.
struct Request {
    updates: Vec<RefUpdate>,
    wants_report: bool,
    side_band: bool,
    atomic: bool,
}

impl Request {
    async fn read(body: &mut (impl AsyncRead + Unpin)) -> Result<Self, GitError> {
        let mut request = Self { updates: Vec::new(), wants_report: false, side_band: false, atomic: false };
        let mut buffer = Vec::new();
        let (mut lines, mut bytes) = (0, 0);
        loop {
            let line = match pkt_line::read(body, &mut buffer).await? {
                Packet::Flush => return Ok(request),
                Packet::Mark => return Err(GitError::Malformed("its commands do not end with a flush")),
                Packet::Line(line) => line,
            };
            lines += 1;
            bytes += line.len();
            if lines > MAX_COMMANDS || bytes > MAX_COMMAND_BYTES {
                return Err(GitError::TooLarge("the push moves more references than this server takes at once"));
            }
            // Where a shallow clone ends says nothing here: a push has to bring everything that is missing.
            if line.starts_with(b"shallow ") {
                continue;
            }
            let mut parts = line.splitn(2, |byte| *byte == 0);
            let command = pkt_line::trimmed(parts.next().unwrap_or_default());
            request.updates.push(read_command(command).ok_or(GitError::Malformed("one of its commands is unclear"))?);
            for capability in parts.next().unwrap_or_default().split(|byte| byte.is_ascii_whitespace()) {
                match capability {
                    b"report-status" => request.wants_report = true,
                    b"side-band-64k" => request.side_band = true,
                    b"atomic" => request.atomic = true,
                    _ => {}
                }
            }
        }
    }

    /// What the client is told: for people the refusals, for the program which references moved. `complaint` is what was wrong
    /// with the objects.
    fn report(&self, complaint: Option<&str>, outcomes: &[RefOutcome]) -> Vec<u8> {
        let mut status = Vec::new();
        pkt_line::write(&mut status, format!("unpack {}\n", complaint.map_or("ok", first_line)));
        for RefOutcome { update, result } in outcomes {
            pkt_line::write(
                &mut status,
                match result {
                    Ok(_) => format!("ok {}\n", update.name),
                    Err(reason) => format!("ng {} {}\n", update.name, first_line(reason)),
                },
            );
        }
        status.extend_from_slice(FLUSH);

        let mut answer = Vec::new();
        if self.side_band {
            // The report carries one line; whatever has more to say says it here, once.
            let mut said: Vec<&str> = Vec::new();
            let refusals = outcomes.iter().filter_map(|outcome| outcome.result.as_ref().err().map(String::as_str));
            for reason in complaint.into_iter().chain(refusals).filter(|reason| reason.trim().contains('\n')) {
                if !said.contains(&reason) {
                    pkt_line::write_band(&mut answer, Band::Message, format!("{}\n", reason.trim_end()).as_bytes());
                    said.push(reason);
                }
            }
            if self.wants_report {
                pkt_line::write_band(&mut answer, Band::Data, &status);
            }
            answer.extend_from_slice(FLUSH);
        } else if self.wants_report {
            answer = status;
        }
        answer
    }
}

/// `OLD NEW NAME`.
fn read_command(line: &[u8]) -> Option<RefUpdate> {
    let (old, rest) = line.split_at_checked(40)?;
    let (new, name) = rest.strip_prefix(b" ")?.split_at_checked(40)?;
    let name = std::str::from_utf8(name.strip_prefix(b" ")?).ok()?;
    Some(RefUpdate { name: name.to_owned(), old: ObjectId::from_hex(old)?, new: ObjectId::from_hex(new)? })
}

pub(crate) fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or("refused")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GitProgram, RefChange, Repositories};

    const A: &str = "1111111111111111111111111111111111111111";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    fn body(lines: &[String]) -> Vec<u8> {
        let mut bytes = Vec::new();
        lines.iter().for_each(|line| pkt_line::write(&mut bytes, line));
        bytes.extend_from_slice(FLUSH);
        bytes
    }

    #[tokio::test]
    async fn the_commands_of_a_push_are_read() {
        let bytes = body(&[
            format!("shallow {A}"),
            format!("{ZERO} {A} refs/heads/a b\0 report-status side-band-64k atomic agent=git/2.47.3\n"),
            format!("{A} {ZERO} refs/heads/c"),
        ]);
        let request = Request::read(&mut bytes.as_slice()).await.unwrap();
        assert!(request.wants_report && request.side_band && request.atomic);
        assert_eq!(request.updates.len(), 2);
        assert_eq!(request.updates[0].name, "refs/heads/a b");
        assert!(request.updates[1].new.is_zero());
        assert!(Request::read(&mut &b"0000"[..]).await.unwrap().updates.is_empty());
    }

    #[tokio::test]
    async fn unclear_commands_are_refused() {
        for wrong in [
            format!("{A} {A}"),
            format!("{A} refs/heads/x"),
            format!("{A}  {A} refs/heads/x"),
            "push-cert\0report-status".to_owned(),
            "x".to_owned(),
            String::new(),
        ] {
            let refused = Request::read(&mut body(std::slice::from_ref(&wrong)).as_slice()).await;
            assert!(matches!(refused, Err(GitError::Malformed(_))), "{wrong}");
        }
        let many = vec![format!("{ZERO} {A} refs/heads/x"); MAX_COMMANDS + 1];
        assert!(matches!(Request::read(&mut body(&many).as_slice()).await, Err(GitError::TooLarge(_))));
    }

    #[test]
    fn a_report_says_of_every_reference_what_became_of_it() {
        let request = Request { updates: Vec::new(), wants_report: true, side_band: true, atomic: false };
        let outcome = |name: &str, result: Result<RefChange, &str>| RefOutcome {
            update: RefUpdate { name: name.to_owned(), old: ObjectId::ZERO, new: ObjectId::ZERO },
            result: result.map_err(str::to_owned),
        };
        let outcomes = [
            outcome("refs/heads/a", Ok(RefChange::Create)),
            outcome("refs/heads/b", Err("not you\nask an administrator")),
            outcome("refs/heads/c", Err("not you\nask an administrator")),
        ];
        let report = String::from_utf8(request.report(None, &outcomes)).unwrap();
        assert_eq!(
            report,
            "0022\u{2}not you\nask an administrator\n\
             0063\u{1}000eunpack ok\n0014ok refs/heads/a\n001cng refs/heads/b not you\n001cng refs/heads/c not you\n00000000"
        );
    }

    #[tokio::test]
    async fn a_push_that_stops_is_ended_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let git = GitProgram::find(std::env::var_os("PATH"), folder.path().join("home")).await.unwrap();
        let all = Repositories::at(folder.path().join("repositories"), git).await.unwrap();
        let mut repository = all.create(Uuid::from_u128(7), "main").await.unwrap();
        let commands = body(&[format!("{ZERO} {A} refs/heads/x\0report-status")]);
        let begun = [commands.as_slice(), b"PACK\0\0\0\x02\0\0\0\x01abc"].concat();
        let unfinished = commands.len() - 1;

        repository.git.patience.stalled = std::time::Duration::ZERO;
        for sent in [commands.len(), begun.len() - 9, begun.len()] {
            assert!(is_given_up(&repository, &begun[..sent]).await, "after {sent} bytes");
        }
        repository.git.patience.asking = std::time::Duration::ZERO;
        assert!(is_given_up(&repository, &begun[..unfinished]).await);
        let left: Vec<_> = std::fs::read_dir(repository.folder.join("objects")).unwrap().flatten().collect();
        assert!(left.iter().all(|entry| ["info", "pack"].iter().any(|own| entry.file_name() == *own)), "{left:?}");
    }

    /// Whether a push is ended whose client sends this and then nothing, although it stays.
    async fn is_given_up(repository: &Repository, sent: &[u8]) -> bool {
        let (mut client, server) = tokio::io::duplex(1_024);
        client.write_all(sent).await.unwrap();
        let push = repository.receive_pack(Uuid::nil(), server, |_| async { Ok(()) }).await;
        matches!(push, Err(GitError::Stalled))
    }

    #[tokio::test]
    async fn commands_do_not_fill_the_memory_before_there_is_room_for_the_push() {
        let line = format!("shallow {}", "x".repeat(60_000));
        let bytes = body(&vec![line; 20]);
        assert!(matches!(Request::read(&mut bytes.as_slice()).await, Err(GitError::TooLarge(_))));
    }
}
