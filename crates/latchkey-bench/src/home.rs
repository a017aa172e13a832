//! A folder with everything that one server under test needs, gone when the run is over.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use latchkey_identity::Entropy;
use latchkey_jose::base64url;
use latchkey_store::{DatabaseUrl, Store};
use tempfile::TempDir;

use crate::problem::{Outcome, Problem};

/// Where a server under test keeps everything, and where it listens.
pub(crate) struct Home {
    folder: TempDir,
    master: [u8; 32],
    /// The port that it listens on.
    pub(crate) port: u16,
}

impl Home {
    /// Makes a folder with a configuration and a master key.
    pub(crate) fn make(below: &Path) -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("data-").tempdir_in(below).map_err(Problem::at("use", below))?;
        let home = Self { folder, master: seed()?, port: free_port()? };
        let key = home.path("master.key");
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&key)?;
        writeln!(file, "{}", base64url::encode(home.master))?;
        let (origin, listen) = (home.origin(), format!("127.0.0.1:{}", home.port));
        let configuration = format!(
            "[server]\norigins = [{{ url = {origin:?}, listen = {listen:?} }}]\n\n\
             [storage]\nfolder = \"data\"\n\n[keys]\nmaster = \"master.key\"\n"
        );
        fs::write(home.configuration(), configuration)?;
        fs::create_dir(home.path("data"))?;
        Ok(home)
    }

    /// The origin that the server answers at.
    pub(crate) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The file of the configuration.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.path("latchkey.toml")
    }

    /// The file that the server's own words go to.
    pub(crate) fn log(&self) -> PathBuf {
        self.path("server.log")
    }

    /// The secret that all keys of the server come from.
    pub(crate) const fn master(&self) -> &[u8; 32] {
        &self.master
    }

    /// Opens the database, while no server runs.
    pub(crate) async fn open(&self) -> Outcome<Store> {
        Ok(Store::open(&DatabaseUrl::Sqlite(self.path("data/latchkey.db"))).await?)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Fresh chance.
pub(crate) fn entropy() -> Outcome<Entropy> {
    Ok(Entropy::from_seed(&seed()?))
}

fn seed() -> Outcome<[u8; 32]> {
    let mut seed = [0; 32];
    fs::File::open("/dev/urandom")?.read_exact(&mut seed)?;
    Ok(seed)
}

/// A port that nobody listens on at this moment.
fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
