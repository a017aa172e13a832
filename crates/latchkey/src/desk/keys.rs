//! `latchkey key`.

use clap::Subcommand;
use latchkey_identity::key_rotation::{Key, KeyProblem, Rotation};
use latchkey_jose::Algorithm;
use latchkey_web::App;
use latchkey_web::key_rotation::KeysError;
use serde::{Deserialize, Serialize};

use super::report::{Report, Row, row};
use super::{CONSOLE, moment};
use crate::failure::{Exit, Failure};

/// What can be done with the keys that tokens are signed with.
#[derive(Subcommand, Serialize, Deserialize)]
pub(crate) enum KeyOrder {
    /// List the signing keys: which one signs, which one follows, which are kept for what they signed
    List,
    /// Let the next keys sign: at once, or as soon as everybody can know them
    #[command(after_help = "Examples:\n  latchkey key rotate\n  latchkey key rotate --algorithm RS256\n\n\
        Keys are rotated by themselves each quarter. Clients keep the key set for a while, so a key is published for ten minutes before it\n\
        signs: where the next one has not been, another one is published in its place, unless an earlier order waits. What the earlier key signed goes on to count.")]
    Rotate {
        /// One algorithm; all if left out
        #[arg(long, value_parser = algorithm)]
        algorithm: Option<Algorithm>,
    },
    /// In an emergency: nothing that a key signed is accepted any more, from now on
    #[command(after_help = "Example:\n  latchkey key revoke kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\n\n\
        Services get new tokens by their refresh tokens, and notice nothing else.")]
    Revoke {
        /// The key's id, as `latchkey key list` has it; after `--` if it begins with a hyphen
        kid: String,
    },
}

fn algorithm(text: &str) -> Result<Algorithm, String> {
    text.parse().map_err(|error: latchkey_jose::algorithm::UnknownAlgorithm| error.to_string())
}

impl KeyOrder {
    pub(super) fn question(&self) -> Option<String> {
        match self {
            Self::Revoke { kid } => Some(format!("Revoke the key {kid}, and every token that it signed?")),
            Self::List | Self::Rotate { .. } => None,
        }
    }
}

const LISTED: [&str; 6] = ["kid", "algorithm", "state", "published", "signs_from", "stopped"];
const ROTATED: [&str; 3] = ["kid", "algorithm", "signs_from"];

fn row(key: &Key) -> Row {
    row! {
        "kid": key.kid,
        "algorithm": key.algorithm.name(),
        "state": key.state.name(),
        "published": moment(key.published_at),
        "signs_from": moment(key.active_from),
        "stopped": key.stopped_at.map(moment),
    }
}

fn rotated(rotation: &Rotation) -> Row {
    row! {
        "kid": rotation.kid,
        "algorithm": rotation.algorithm.name(),
        "signs_from": moment(rotation.active_from),
    }
}

pub(super) async fn perform(app: &App, order: KeyOrder) -> Result<Report, Failure> {
    match order {
        KeyOrder::List => Ok(Report::list(&LISTED, app.signing_keys().await?.iter().map(row).collect())),
        KeyOrder::Rotate { algorithm } => {
            let rotations = app.rotate_keys(algorithm, CONSOLE).await?;
            if let Some(algorithm) = algorithm.filter(|_| rotations.is_empty()) {
                return Err(Failure::not_found(format!("there is no key of {algorithm}"))
                    .because("the first key of an algorithm is made with the first app that registers for it"));
            }
            let waits = rotations.iter().any(|rotation| rotation.active_from > app.now());
            let report = Report::list(&ROTATED, rotations.iter().map(rotated).collect());
            Ok(match waits {
                true => report.note("A key that was published just now signs when everybody can know it."),
                false => report,
            })
        }
        KeyOrder::Revoke { kid } => {
            app.revoke_key(&kid, CONSOLE).await?;
            Ok(Report::done("The key is revoked: nothing that it signed is accepted any more."))
        }
    }
}

impl From<KeysError> for Failure {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Refused(KeyProblem::Unknown) => {
                Self::not_found("there is no such key").remedy("`latchkey key list` shows those there are")
            }
            KeysError::Refused(KeyProblem::RevokedAlready) => Self::conflict("this key is revoked already"),
            KeysError::Unfinished(error) => {
                Self::new(Exit::Failed, "it is done and stored, but the keys could not be read again afterwards")
                    .because(error)
                    .remedy(
                        "a server that runs reads them by itself in a moment; `latchkey key list` shows how they are",
                    )
            }
            KeysError::Failed(error) => Self::new(Exit::Failed, "the keys stay as they are").because(error),
        }
    }
}
