//! Password hashing on threads of its own: a bounded number at once, a bounded number waiting, memory used again.
//!
//! A flood of sign-ins costs these threads and nothing else: beyond the bound the answer is 429, and token requests go on.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use latchkey_identity::sign_in::password::Comparison;
use subtle::ConstantTimeEq as _;
use tokio::sync::oneshot;

/// What a hash costs.
#[derive(Clone, Copy)]
struct Costs {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Argon2id with 19 MiB, two passes, one lane: OWASP's first choice.
const USUAL: Costs = Costs { memory_kib: 19_456, passes: 2, lanes: 1 };
/// Parameters beyond these in a stored hash are not ours.
const MOST_MEMORY_KIB: u32 = 262_144;
const HASH_BYTES: usize = 32;

/// More sign-ins at once than may wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("too many sign-ins at once")]
pub struct Busy;

/// The pool.
pub struct HashingPool {
    jobs: mpsc::SyncSender<Job>,
}

enum Job {
    Hash { password: String, salt: [u8; 16], answer: oneshot::Sender<String> },
    Compare { password: String, phc: Option<String>, answer: oneshot::Sender<Comparison> },
}

impl HashingPool {
    /// Starts `permits` threads; `queue` more jobs may wait.
    pub fn start(permits: usize, queue: usize) -> Self {
        let (jobs, waiting) = mpsc::sync_channel::<Job>(queue);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..permits.max(1) {
            let waiting = Arc::clone(&waiting);
            let name = format!("hashing-{number}");
            // Without a thread the queue fills up and every sign-in is answered 429; the log says why.
            if let Err(error) = thread::Builder::new().name(name).spawn(move || work(&waiting)) {
                tracing::error!(%error, "a hashing thread could not be started");
            }
        }
        Self { jobs }
    }

    /// What is kept of a new password, a PHC string.
    pub async fn hash(&self, password: String, salt: [u8; 16]) -> Result<String, Busy> {
        let (answer, hashed) = oneshot::channel();
        self.jobs.try_send(Job::Hash { password, salt, answer }).map_err(|_| Busy)?;
        hashed.await.map_err(|_| Busy)
    }

    /// Compares a password with what is kept of it; with an invented hash, at the same price, if nothing is.
    pub async fn compare(&self, password: String, phc: Option<String>) -> Result<Comparison, Busy> {
        let (answer, compared) = oneshot::channel();
        self.jobs.try_send(Job::Compare { password, phc, answer }).map_err(|_| Busy)?;
        compared.await.map_err(|_| Busy)
    }
}

fn work(waiting: &Mutex<mpsc::Receiver<Job>>) {
    let mut memory = Vec::new();
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            // Everyone who could ask is gone.
            Err(mpsc::RecvError) => return,
            // Whoever asked may be gone by now: the answer then goes nowhere.
            Ok(Job::Hash { password, salt, answer }) => {
                let _ = answer.send(phc(&password, &salt, &mut memory));
            }
            Ok(Job::Compare { password, phc, answer }) => {
                let _ = answer.send(compare(&password, phc.as_deref(), &mut memory));
            }
        }
    }
}

fn phc(password: &str, salt: &[u8], memory: &mut Vec<Block>) -> String {
    let Costs { memory_kib, passes, lanes } = USUAL;
    let hash = argon2id(password, salt, USUAL, memory).unwrap_or_default();
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${hash}")
}

fn compare(password: &str, phc: Option<&str>, memory: &mut Vec<Block>) -> Comparison {
    let kept = phc.and_then(Kept::read);
    let invented = Kept { salt: vec![0; 16], hash: vec![0; HASH_BYTES], costs: USUAL };
    let known = kept.is_some();
    let kept = kept.unwrap_or(invented);
    let hash = argon2id(password, &kept.salt, kept.costs, memory);
    let same = hash.is_some_and(|hash| hash.as_slice().ct_eq(&kept.hash).into());
    if same && known { Comparison::Matches } else { Comparison::Differs }
}

/// A PHC string taken apart.
struct Kept {
    salt: Vec<u8>,
    hash: Vec<u8>,
    costs: Costs,
}

impl Kept {
    fn read(phc: &str) -> Option<Self> {
        let mut fields = phc.strip_prefix("$argon2id$v=19$")?.split('$');
        let (costs, salt, hash) = (fields.next()?, fields.next()?, fields.next()?);
        let mut costs = costs.split(',');
        let mut cost = |name| costs.next()?.strip_prefix(name)?.parse::<u32>().ok();
        let costs = Costs { memory_kib: cost("m=")?, passes: cost("t=")?, lanes: cost("p=")? };
        let (salt, hash) = (STANDARD_NO_PAD.decode(salt).ok()?, STANDARD_NO_PAD.decode(hash).ok()?);
        let ours = costs.memory_kib <= MOST_MEMORY_KIB && hash.len() == HASH_BYTES && fields.next().is_none();
        ours.then_some(Self { salt, hash, costs })
    }
}

fn argon2id(
    password: &str,
    salt: &[u8],
    Costs { memory_kib, passes, lanes }: Costs,
    memory: &mut Vec<Block>,
) -> Option<[u8; HASH_BYTES]> {
    let params = Params::new(memory_kib, passes, lanes, Some(HASH_BYTES)).ok()?;
    let blocks = params.block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::default());
    }
    let mut hash = [0; HASH_BYTES];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut hash, memory.get_mut(..blocks)?).ok()?;
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_what_is_kept_of_it_and_nothing_else_does() {
        let pool = HashingPool::start(1, 4);
        let kept = pool.hash("correct horse battery".into(), [7; 16]).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let compare =
            async |password: &str, phc: Option<&str>| pool.compare(password.into(), phc.map(str::to_owned)).await;
        assert_eq!(compare("correct horse battery", Some(&kept)).await, Ok(Comparison::Matches));
        assert_eq!(compare("correct horse batterz", Some(&kept)).await, Ok(Comparison::Differs));
        assert_eq!(compare("correct horse battery", None).await, Ok(Comparison::Differs));
        for broken in ["", "$argon2id$v=19$m=9999999,t=2,p=1$AAAA$AAAA", "$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA"] {
            assert_eq!(compare("x", Some(broken)).await, Ok(Comparison::Differs));
        }
    }

    #[tokio::test]
    async fn beyond_the_bound_the_answer_is_busy_at_once() {
        let pool = Arc::new(HashingPool::start(1, 1));
        let attempts: Vec<_> = (0..8)
            .map(|_| {
                let pool = Arc::clone(&pool);
                tokio::spawn(async move { pool.compare("x".into(), None).await })
            })
            .collect();
        let mut busy = 0;
        for attempt in attempts {
            busy += usize::from(attempt.await.unwrap() == Err(Busy));
        }
        assert!((1..8).contains(&busy), "{busy}");
    }
}
