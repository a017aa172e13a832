//! The file: made for its owner only, used by one server, and noticed when it goes.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{OpenError, StoreError};

/// Makes an empty file, readable by its owner only, where there is none. An empty file is an empty database.
pub(super) fn create_if_missing(path: &Path) -> Result<(), OpenError> {
    open_private(path).map(drop).map_err(|error| in_folder(path, &error))
}

/// Takes the lock that says: a server is at work here. The system lets go of it when the process ends, however it ends.
pub(super) fn lock(path: &Path) -> Result<File, OpenError> {
    let lock_path = beside(path, ".lock");
    let file = open_private(&lock_path).map_err(|error| in_folder(&lock_path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(in_folder(&lock_path, &error)),
    }
}

fn in_folder(path: &Path, error: &io::Error) -> OpenError {
    OpenError::Folder { path: path.to_owned(), reason: error.to_string() }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Which file it is, whatever its name. A file that was deleted can still be written to by those who have it open, and all
/// of it is lost; so the writer looks first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Identity {
    #[cfg(unix)]
    device_and_inode: (u64, u64),
}

impl Identity {
    #[cfg(unix)]
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let metadata = fs::metadata(path)?;
        Ok(Self { device_and_inode: (metadata.dev(), metadata.ino()) })
    }

    #[cfg(not(unix))]
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|_| Self {})
    }

    pub(super) fn must_still_be(&self, path: &Path) -> Result<(), StoreError> {
        match Self::of(path) {
            Ok(now) if now == *self => Ok(()),
            Ok(_) => Err(StoreError::Unavailable("the database file was replaced: start the server again".to_owned())),
            Err(error) => Err(StoreError::Unavailable(format!("the database file: {error}"))),
        }
    }
}
