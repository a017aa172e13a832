//! How much is too much. Every bound says why it is where it is.

use std::time::Duration;

/// The largest pack that a push may bring: a large repository's first push fits, a full disk takes several of them.
pub const MAX_PACK_BYTES: u64 = 2 << 30;

/// Objects in one pushed pack. The index of a pack takes about 50 bytes of memory per object while it is made; this keeps it
/// below half a gibibyte, and the largest public repositories have fewer.
pub const MAX_PACK_OBJECTS: u32 = 10_000_000;

/// References that one push may create, move or delete. Each moved branch costs one ancestry question; mirrors of busy
/// repositories push some hundreds at a time.
pub const MAX_COMMANDS: usize = 2_000;

/// The commands of a push, in bytes: [`MAX_COMMANDS`] with the longest names, and some to spare. They are read before the push
/// takes room of its own, so those of many pushes have to fit into memory.
pub const MAX_COMMAND_BYTES: usize = 1 << 20;

/// The request of a fetch: what the client wants and has, 50 bytes each. Git sends at most 16,384 `have` lines at a time and
/// one `want` per reference, so this is a clone of a repository with 150,000 references. A push that its client has packed is held
/// in memory, too, and as large at the most; those who pack pushes do it with those below 1 MiB.
pub const MAX_FETCH_REQUEST_BYTES: u64 = 8 << 20;

/// One reference name in bytes. File systems end a name at 255, and the lock beside it needs `.lock`.
pub const MAX_REF_NAME_BYTES: usize = 240;

/// How long a clone or fetch may run: 2 GiB at 600 kB/s.
pub const UPLOAD_TIME: Duration = Duration::from_secs(60 * 60);

/// How long a push may run, from its first byte to its report: 2 GiB at 600 kB/s.
pub const RECEIVE_TIME: Duration = Duration::from_secs(60 * 60);

/// Half-received objects that nothing was added to for so long belong to no push: twice as long as one may run, so that the clocks of servers
/// that share a folder need not agree.
pub const RECEIVING_FOR: Duration = RECEIVE_TIME.saturating_mul(2);

/// A lock that is older belongs to nobody: ten times as long as one of the short questions may take that hold one.
pub const LOCKED_FOR: Duration = QUESTION_TIME.saturating_mul(10);

/// How long a client may take to say what it wants: the commands of a push, or the whole request of a fetch, at 600 kB/s and
/// with time to spare.
pub const ASKING_TIME: Duration = Duration::from_secs(30);

/// How long a client may send nothing of a pack, or take nothing of one. What it holds up meanwhile is wanted by others.
pub const STALL_TIME: Duration = Duration::from_secs(60);

/// How long one of our own short questions to git may take (references, ancestry): thousands of times what they need.
pub const QUESTION_TIME: Duration = Duration::from_secs(60);

/// Requests that run a `git` program at the same time; further ones wait. A clone at full speed takes a core,
/// and each one holds a few file handles and tens of megabytes.
pub const MAX_RUNNING: usize = 64;

/// How many of them may be for one person: enough for a build that clones several repositories at once, too few to keep
/// everybody else waiting.
pub const MAX_RUNNING_FOR_ONE: usize = 8;

/// How long a request waits for room before it is told to come back: git itself does not ask again.
pub const WAITING_TIME: Duration = Duration::from_secs(20);

/// Processor time of one git program: what stops a pack that is made to be slow, not what a person waits for.
pub const MAX_CPU_SECONDS: u64 = 15 * 60;

/// Private memory of one git program: what stops a pack that unfolds to far more than was sent.
pub const MAX_MEMORY_BYTES: u64 = 2 << 30;

/// What is kept of a git program's complaints: enough to read, too little to fill a log.
pub const MAX_COMPLAINT_BYTES: u64 = 16 << 10;

/// A file that is read into memory to be shown or downloaded through the API. Larger ones are for `git`.
pub const MAX_CONTENT_BYTES: u64 = 64 << 20;

/// What is read of a commit's message: more than people write, and not so much that a page of commits fills the memory.
pub const MAX_MESSAGE_BYTES: usize = 64 << 10;

/// What is read of the name or the address under a commit.
pub const MAX_SIGNATURE_BYTES: usize = 1 << 10;

/// How many commits one commit is said to follow. The largest merges that people made had some sixty.
pub const MAX_PARENTS: usize = 100;

/// Items of one listing, and changed paths of one commit: what an answer in one piece can reasonably hold.
pub const MAX_LISTED: usize = 50_000;

/// Commits that are looked at for one page of history: some tens of milliseconds of a warm repository per ten thousand.
pub const MAX_WALKED: usize = 200_000;

/// Commits that are still looked at when a walk through history is past the moment it looks for: clocks have been wrong, and
/// histories were joined.
pub const MAX_MISDATED: usize = 10_000;

/// Entries of folders that are compared to tell what differs between two commits: the largest repositories that people made have fewer
/// files. Long names count as several.
pub const MAX_COMPARED: usize = 1_000_000;

/// Commits that one request of the API may make.
pub const MAX_NEW_COMMITS: usize = 100;

/// What the folders that one request of the API changes take in memory while it makes commits, [`EDITED_ENTRY_BYTES`] and its name for
/// each entry: folders with some hundred thousand files in all.
pub const MAX_EDITED_BYTES: usize = 32 << 20;

/// What an entry of a folder that is being changed takes beside its name.
pub const EDITED_ENTRY_BYTES: usize = 96;

/// What a folder that is made takes beside its entries.
pub const MADE_FOLDER_BYTES: usize = 1 << 10;

/// The pack that the server makes for a request of the API: several times what one may bring.
pub const MAX_MADE_PACK_BYTES: usize = 32 << 20;

/// What is hashed and packed to make it. A hundred commits in the largest folder that people made fit; it takes some seconds.
pub const MAX_MADE_BYTES: usize = 128 << 20;

/// Requests of the API whose commits are made at the same time; further ones wait. Each may take the memory of the bounds above.
pub const MAX_MAKING: usize = 4;

/// Paths of one listing or comparison, and the names that are read for it, in bytes: three times the longest lists of usual paths. An
/// answer names each of them several times.
pub const MAX_PATH_BYTES: usize = 16 << 20;

/// The largest object that is read into memory: a file of [`MAX_CONTENT_BYTES`] and what it is packed as a difference to.
pub const MAX_OBJECT_BYTES: u64 = 2 * MAX_CONTENT_BYTES;

/// How long it may take to find out whether git merges two commits: what takes longer is not known.
pub const MERGING_TIME: Duration = Duration::from_secs(5);

/// Private memory of git while it finds that out.
pub const MERGING_MEMORY_BYTES: u64 = 256 << 20;

/// How deep folders may lie in each other when they are listed, compared or made. Paths of people's systems end long before it.
pub const MAX_DEPTH: usize = 128;
