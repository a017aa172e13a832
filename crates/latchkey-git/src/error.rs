//! Why git could not do it.

use std::io;

use crate::limits::MAX_RUNNING_FOR_ONE;

/// Why git could not do what was asked. Texts are for the person at the other end: they name no path of this server.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no repository with this id.
    #[error("the repository does not exist")]
    NotFound,
    /// There already is a repository with this id.
    #[error("the repository already exists")]
    AlreadyExists,
    /// A branch, tag or file name that git or this server does not accept.
    #[error("{0}")]
    InvalidName(String),
    /// A change that does not fit what is there.
    #[error("{0}")]
    Impossible(String),
    /// The request is not what git's protocol says it should be.
    #[error("the request is not valid: {0}")]
    Malformed(&'static str),
    /// The request is larger than [`crate::limits`] allows.
    #[error("{0}")]
    TooLarge(&'static str),
    /// As many git programs run as this server allows; the client may try again in a moment.
    #[error("the server is busy with other git requests, try again in a moment")]
    Busy,
    /// This person has as many git requests running as one person may; the client may try again when one of them has ended.
    #[error("you have {MAX_RUNNING_FOR_ONE} git requests running already, try again when one of them has ended")]
    ShareTaken,
    /// The client took too long to say what it wants, or stopped in the middle of a pack.
    #[error("the request was given up: nothing more of it came for a while")]
    Stalled,
    /// The time of [`crate::limits`] is over.
    #[error("git took too long")]
    TimedOut,
    /// The `git` program is missing or too old.
    #[error("{0}")]
    Program(String),
    /// The `git` program failed at something that should work; `complaint` is for the log.
    #[error("git {command} failed")]
    Failed {
        /// The sub-command.
        command: &'static str,
        /// What it wrote to its standard error.
        complaint: String,
    },
    /// Reading the repository failed.
    #[error(transparent)]
    Browse(#[from] crate::BrowseError),
    /// The disk, the network or the program's pipes failed.
    #[error("reading or writing failed")]
    Io(#[from] io::Error),
}
