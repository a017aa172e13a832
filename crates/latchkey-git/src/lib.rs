//! Repositories on disk and git's smart HTTP.
//!
//! | what | module |
//! |---|---|
//! | where repositories live, how they are made | [`repository`] |
//! | the `git` program, with nothing of its surroundings | [`program`] |
//! | how many requests run it at once, in all and for one person | `slots` |
//! | `info/refs` | [`advertise`] |
//! | clone and fetch | [`upload_pack`] |
//! | push | [`receive_pack`] |
//! | moving references, with the question asked just before they move | [`ref_update`] |
//! | names of references, and which of them nobody outside sees | [`ref_name`] |
//! | reading: references, commits, items, changes | [`browse`] |
//! | whether two commits can be merged | `merge` |
//! | making commits from data | [`import`] |
//! | making the commits that the API is asked for, and pushing them | [`commit_push`] |
//! | the files of such a commit, and the pack they travel in | `tree_edit`, `pack` |
//! | the framing of git's protocol | `pkt_line` |
//! | how much is too much | [`limits`] |
//!
//! This crate knows no HTTP framework, no tokens and no rights. Whoever calls it has decided who may read; who may move a
//! reference is asked for, by a callback, at the moment the references would move.
//!
//! The protocol: `gitprotocol-http(5)`, `gitprotocol-pack(5)`, `gitprotocol-v2(5)`.

pub mod advertise;
pub mod browse;
pub mod commit_push;
mod error;
pub mod import;
pub mod limits;
mod merge;
mod object_id;
mod pack;
mod path;
mod patience;
mod pkt_line;
pub mod program;
mod quarantine;
pub mod receive_pack;
pub mod ref_name;
pub mod ref_update;
pub mod repository;
mod running;
mod signature;
mod slots;
mod tree_edit;
pub mod upload_pack;

pub use advertise::Service;
pub use browse::{Browse, BrowseError, Version};
pub use commit_push::{CommitPush, CommitsPushed};
pub use error::GitError;
pub use object_id::ObjectId;
pub use program::GitProgram;
pub use receive_pack::Push;
pub use ref_name::RefName;
pub use ref_update::{RefChange, RefCommand, RefMoves, RefOutcome, RefUpdate};
pub use repository::{Repositories, Repository};
pub use signature::Signature;
pub use upload_pack::{Encoding, PackStream};
