//! Where everything is kept, and the master key.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use latchkey_store::DatabaseUrl;

use crate::failure::{Exit, Failure};

/// Bytes of the master key.
const KEY_BYTES: usize = 32;
/// Permissions of other people on a file of ours.
const OTHERS: u32 = 0o077;

/// Where one server keeps everything it knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// The folder of everything that has no place of its own.
    pub(crate) folder: PathBuf,
    /// The database.
    pub(crate) database: DatabaseUrl,
    /// The git repositories.
    pub(crate) repositories: PathBuf,
    /// The file of the master key.
    pub(crate) master_key: PathBuf,
}

impl Place {
    /// Everything in one folder, as the demo has it.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self {
            database: DatabaseUrl::Sqlite(folder.join("latchkey.db")),
            repositories: folder.join("repositories"),
            master_key: folder.join("master.key"),
            folder: folder.to_owned(),
        }
    }

    /// An empty folder that is all that git sees of a home.
    pub(crate) fn git_home(&self) -> PathBuf {
        self.folder.join("git-home")
    }

    /// The socket by which commands reach a running server.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("control.sock")
    }

    /// Makes the folder, for its owner alone, if it is not there.
    pub(crate) fn make_folder(&self) -> Result<(), Failure> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(|error| {
            let what = format!("the folder {} cannot be made", self.folder.display());
            Failure::new(Exit::Unreachable, what).because(error)
        })
    }

    /// Reads the master key.
    pub(crate) fn read_master_key(&self) -> Result<[u8; KEY_BYTES], Failure> {
        read_key(&self.master_key)
    }

    /// Makes the master key if there is none, and reads it.
    pub(crate) fn read_or_make_master_key(&self) -> Result<[u8; KEY_BYTES], Failure> {
        match make_key(&self.master_key) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                let what = format!("the master key {} cannot be made", self.master_key.display());
                Err(Failure::new(Exit::Unreachable, what).because(error))
            }
            _ => self.read_master_key(),
        }
    }
}

/// Writes a new random key to a file that only its owner reads. Never touches a file that is there.
pub(crate) fn make_key(path: &Path) -> io::Result<()> {
    let key = latchkey_jose::base64url::encode(latchkey_web::app::random::<KEY_BYTES>());
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{key}")?;
    file.sync_all()
}

fn read_key(path: &Path) -> Result<[u8; KEY_BYTES], Failure> {
    let shown = path.display();
    let mut file = fs::File::open(path).map_err(|error| {
        Failure::new(Exit::NotFound, format!("the master key {shown} cannot be read"))
            .because(error)
            .remedy("bring back the key that this database was made with; for a new server, `latchkey init` makes one")
    })?;
    let unreadable =
        |error: io::Error| Failure::new(Exit::Failed, format!("the master key {shown} cannot be read")).because(error);
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    if mode & OTHERS != 0 {
        return Err(Failure::refused(format!("the master key {shown} can be read by others"))
            .because(format!("its permissions are {:04o}", mode & 0o7777))
            .remedy(format!("chmod 600 {shown}, and think about who may have read it")));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unreadable)?;
    let useless = |why: &str| {
        Failure::refused(format!("the master key {shown} cannot be used"))
            .because(why)
            .remedy("bring back the file that `latchkey init` wrote")
    };
    let bytes = latchkey_jose::base64url::decode(text.trim()).map_err(|_| useless("it is not base64url"))?;
    let key: [u8; KEY_BYTES] = bytes.as_slice().try_into().map_err(|_| useless("it does not have 256 bits"))?;
    // Whoever typed a key by hand meant well; it still is not one.
    let distinct: std::collections::BTreeSet<u8> = key.iter().copied().collect();
    if distinct.len() < KEY_BYTES / 3 {
        return Err(useless("it is not random"));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_about(text: &str, mode: u32) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        read_key(&path).unwrap_err().to_string()
    }

    #[test]
    fn a_key_is_made_once_and_read_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::in_folder(folder.path());
        let key = place.read_or_make_master_key().unwrap();
        assert_eq!(place.read_or_make_master_key().unwrap(), key);
        let mode = fs::metadata(&place.master_key).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(make_key(&place.master_key).is_err());
    }

    #[test]
    fn a_missing_open_short_or_weak_key_refuses_to_start() {
        let good = latchkey_jose::base64url::encode(latchkey_web::app::random::<32>());
        assert!(said_about(&good, 0o644).contains("can be read by others"));
        assert!(said_about(&good[..40], 0o600).contains("256 bits"));
        assert!(said_about("not a key!", 0o600).contains("base64url"));
        assert!(said_about(&"A".repeat(43), 0o600).contains("not random"));
        let nowhere = read_key(Path::new("/nonexistent/master.key")).unwrap_err();
        assert_eq!(nowhere.exit(), Exit::NotFound);
    }
}
