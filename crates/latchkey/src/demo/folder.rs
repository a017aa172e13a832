//! The demo's folder: what it remembers from one start to the next, and starting over.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::failure::{Exit, Failure};
use crate::place::Place;

/// What marks a folder as a demo's, and holds what only the demo may keep in the clear.
const FILE: &str = "demo.json";

/// What the demo remembers: passwords and secrets that a real server would show once, or never.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Keepsake {
    /// Whether the sample data was made to its end.
    pub(crate) complete: bool,
    /// Who can sign in.
    pub(crate) accounts: Vec<KeptAccount>,
    /// The registered clients, the demo service last.
    pub(crate) clients: Vec<KeptClient>,
    /// The registered clients of the older OAuth kind.
    #[serde(default)]
    pub(crate) legacy_clients: Vec<KeptLegacyClient>,
    /// Where it listened the last time.
    pub(crate) https_origin: Option<String>,
}

/// An account of the demo.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct KeptAccount {
    /// Its email address.
    pub(crate) email: String,
    /// Its password.
    pub(crate) password: String,
    /// What its holder is: `owner`.
    pub(crate) role: String,
}

/// A registered client of the demo.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct KeptClient {
    /// Its name.
    pub(crate) name: String,
    /// Its id.
    pub(crate) client_id: Uuid,
    /// Its secret, if it keeps one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) client_secret: Option<String>,
    /// What sort of program it is: `web`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Where answers may be sent.
    pub(crate) redirect_uris: Vec<String>,
    /// The scopes it may ask for.
    pub(crate) scopes: Vec<String>,
}

/// A registered client of the older OAuth kind.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct KeptLegacyClient {
    /// Its id.
    pub(crate) client_id: Uuid,
    /// Its secret, a JWT.
    pub(crate) client_secret: String,
    /// An address, of those that answers may be sent to, at which nothing listens.
    pub(crate) redirect_uri: String,
    /// Its scopes: a request names exactly these.
    pub(crate) scopes: Vec<String>,
}

impl Keepsake {
    /// What is remembered while the sample data is being made: that it is not there yet.
    pub(crate) fn begun() -> Self {
        Self {
            complete: false,
            accounts: Vec::new(),
            clients: Vec::new(),
            legacy_clients: Vec::new(),
            https_origin: None,
        }
    }

    /// The client of that name.
    pub(crate) fn client(&self, name: &str) -> Option<&KeptClient> {
        self.clients.iter().find(|client| client.name == name)
    }

    /// What is remembered in a folder; nothing if no demo was ever there.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, Failure> {
        let path = folder.join(FILE);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| unusable(&path, error))?,
        };
        serde_json::from_slice(&text).map(Some).map_err(|error| unusable(&path, error))
    }

    /// Remembers it, for the folder's owner alone.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let (path, beside) = (folder.join(FILE), folder.join("demo.json.new"));
        let write = || {
            let mut options = OpenOptions::new();
            let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.sync_all()?;
            fs::rename(&beside, &path)
        };
        write().map_err(|error| unusable(&path, error))
    }
}

fn unusable(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, format!("the demo's {} cannot be used", path.display()))
        .because(error)
        .remedy("start over with `latchkey demo --fresh`, or name another folder with `--data`")
}

/// Makes the folder ready: for a demo that goes on, what it remembers; for a new one, nothing, and the folder is empty of demos.
pub(crate) fn prepare(place: &Place, fresh: bool) -> Result<Option<Keepsake>, Failure> {
    place.make_folder()?;
    let marked = place.folder.join(FILE).exists();
    if !marked && present(place).next().is_some() {
        return Err(Failure::refused(format!("{} holds a server that is not a demo", place.folder.display()))
            .because("the demo would put its sample data, and passwords that anybody can read, into it")
            .remedy("name another folder with `--data`"));
    }
    let kept = if fresh { None } else { Keepsake::read(&place.folder)?.filter(|kept| kept.complete) };
    if kept.is_none() {
        // A first start that was cut off is begun again.
        for path in present(place) {
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(|error| unusable(&path, error))?;
        }
        Keepsake::begun().write(&place.folder)?;
    }
    Ok(kept)
}

/// What of a server's own files is there. Nothing else in the folder is ever touched.
fn present(place: &Place) -> impl Iterator<Item = PathBuf> {
    let database = ["latchkey.db", "latchkey.db-wal", "latchkey.db-shm"].map(|name| place.folder.join(name));
    let rest = [place.repositories.clone(), place.master_key.clone()];
    database.into_iter().chain(rest).filter(|path| path.exists())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn a_demo() -> Keepsake {
        let account = KeptAccount { email: "ana@harbor.test".into(), password: "p".into(), role: "owner".into() };
        Keepsake { complete: true, accounts: vec![account], ..Keepsake::begun() }
    }

    #[test]
    fn what_is_remembered_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        a_demo().write(folder.path()).unwrap();
        assert_eq!(Keepsake::read(folder.path()).unwrap(), Some(a_demo()));
        assert_eq!(fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_second_start_goes_on_and_a_fresh_one_starts_over() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::in_folder(folder.path());
        assert_eq!(prepare(&place, false).unwrap(), None);
        a_demo().write(folder.path()).unwrap();
        fs::write(folder.path().join("latchkey.db"), "").unwrap();
        fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        assert_eq!(prepare(&place, false).unwrap(), Some(a_demo()));
        assert!(folder.path().join("latchkey.db").exists());
        assert_eq!(prepare(&place, true).unwrap(), None);
        assert!(!folder.path().join("latchkey.db").exists());
        assert!(folder.path().join("notes.txt").exists(), "it was never ours");
    }

    #[test]
    fn a_first_start_that_was_cut_off_is_begun_again() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::in_folder(folder.path());
        prepare(&place, false).unwrap();
        fs::write(folder.path().join("latchkey.db"), "half").unwrap();
        assert_eq!(prepare(&place, false).unwrap(), None);
        assert!(!folder.path().join("latchkey.db").exists());
    }

    #[test]
    fn a_real_servers_folder_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("latchkey.db"), "years of work").unwrap();
        for fresh in [false, true] {
            assert_eq!(prepare(&Place::in_folder(folder.path()), fresh).unwrap_err().exit(), Exit::Refused);
        }
        assert!(folder.path().join("latchkey.db").exists());
    }
}
