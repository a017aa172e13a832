//! Where the objects of a push wait until the push is accepted.

use std::io;
use std::path::Path;

use tempfile::TempDir;
use tokio::process::Command;

use crate::repository::{INCOMING, sync_folder};

/// A folder of objects beside the repository's own. Git programs that [enter](Self::enter) it see both and write only here.
/// Dropping it leaves nothing of them.
pub(crate) struct Quarantine {
    folder: TempDir,
}

impl Quarantine {
    /// An empty one for the repository in this folder.
    pub(crate) fn beside(repository: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(INCOMING).tempdir_in(repository.join("objects"))?;
        Ok(Self { folder })
    }

    /// Lets a command of this repository write here, and read here and there.
    pub(crate) fn enter(&self, command: &mut Command) {
        let here = Path::new("objects").join(self.folder.path().file_name().unwrap_or_default());
        command
            .env("GIT_OBJECT_DIRECTORY", &here)
            .env("GIT_QUARANTINE_PATH", &here)
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", "objects");
    }

    /// Moves the objects into the repository; when this returns they are there for good. Blocking.
    pub(crate) fn release(self, repository: &Path) -> io::Result<()> {
        let packs = repository.join("objects/pack");
        std::fs::create_dir_all(&packs)?;
        let mut files = std::fs::read_dir(self.folder.path().join("pack"))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()?;
        // A pack is found by its index, so the index comes last.
        files.sort_by_key(|path| path.extension().is_some_and(|extension| extension == "idx"));
        for file in files {
            std::fs::rename(&file, packs.join(file.file_name().unwrap_or_default()))?;
        }
        sync_folder(&packs)
    }
}
