//! Guesses at passwords, counted for all servers that share a database: table `sign_in_count`.
//!
//! A network brings about a hundred in a window at each server, which bounds how many there are until they are swept away.

use latchkey_identity::Timestamp;
use latchkey_identity::sign_in::throttle::Guess;
use latchkey_identity::throttle::WINDOW;

use super::purge::Old;
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};

/// Counts a guess, in a new window if the last one is over. Touches no row where there were as many as there may be.
const COUNT: Sql = Sql::guarded(
    "guesses.count",
    "INSERT INTO sign_in_count (key, times, since) VALUES ($1, 1, $2)
         ON CONFLICT (key) DO UPDATE
        SET times = CASE WHEN sign_in_count.since <= $3 THEN 1 ELSE sign_in_count.times + 1 END,
            since = CASE WHEN sign_in_count.since <= $3 THEN $2 ELSE sign_in_count.since END
      WHERE sign_in_count.since <= $3 OR sign_in_count.times < $4",
)
.by_key();

const SINCE: Sql = Sql::read("guesses.since", "SELECT since FROM sign_in_count WHERE key = $1").by_key();

const TAKE_BACK: Sql =
    Sql::write("guesses.take_back", "UPDATE sign_in_count SET times = times - 1 WHERE key = $1 AND times > 0").by_key();

pub(super) const OLD: Old = Old {
    found: Sql::sweep("guesses.old", "SELECT key, since FROM sign_in_count WHERE since <= $1 LIMIT $2").of_server(),
    delete: Sql::write("guesses.delete", "DELETE FROM sign_in_count WHERE key = $1 AND since = $2").by_key(),
};

pub(super) const ALL: &[&Sql] = &[&COUNT, &SINCE, &TAKE_BACK, &OLD.found, &OLD.delete];

impl Store {
    /// Counts a guess. If there were too many, since when.
    pub async fn count_guess(&self, guess: Guess, now: Timestamp) -> Result<Result<(), Timestamp>, StoreError> {
        let mut changes = Changes::none();
        let values = vec![guess.key.into(), now.into(), (now - WINDOW).into(), i64::from(guess.most).into()];
        changes.write(&COUNT, values);
        if self.commit_if_first(changes).await? {
            return Ok(Ok(()));
        }
        let since = self.read_one(&SINCE, vec![guess.key.into()]).await?;
        Ok(Err(since.map_or(Ok(now), |row| row.time(0))?))
    }

    /// Takes back what was counted once.
    pub async fn take_guess_back(&self, guess: Guess) -> Result<(), StoreError> {
        let mut changes = Changes::none();
        changes.write(&TAKE_BACK, vec![guess.key.into()]);
        self.commit_anyway(&changes).await
    }
}
