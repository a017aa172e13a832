//! Who must hear of a change: after its commit, and before the one who made it is answered.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use latchkey_identity::Timestamp;
use uuid::Uuid;

/// Something that caches hold has changed: drop what you keep of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Notice {
    /// A work item was changed, or its comments were.
    WorkItem {
        /// Its organization.
        organization: Uuid,
        /// Its number there.
        id: i64,
    },
    /// A refresh token was used: what is kept of its family goes on with the generation that is next.
    Rotation {
        /// The family.
        family: Uuid,
        /// The generation that is next to be used.
        next: u32,
        /// When.
        at: Timestamp,
        /// When the access token that came of it ends.
        access_expires_at: Timestamp,
    },
    /// An authorization was narrowed, widened, suspended or revoked.
    Authorization(Uuid),
    /// A token family was ended.
    TokenFamily(Uuid),
    /// An account was changed or disabled, or its rights were.
    Account(Uuid),
    /// An app was changed, suspended or deleted.
    Client(Uuid),
    /// An organization's members, groups, projects or policy changed.
    Organization(Uuid),
    /// A session ended or changed.
    Session(Uuid),
    /// A session began in a browser, known by the hash of its cookie, or went to another or came from one.
    Browser([u8; 32]),
    /// The signing keys changed.
    Keys,
    /// Nobody knows what changed: drop everything.
    Everything,
}

impl Notice {
    /// Whether a work item was changed.
    pub(crate) const fn is_of_a_work_item(&self) -> bool {
        matches!(self, Self::WorkItem { .. })
    }
}

type Subscriber = Arc<dyn Fn(Notice) + Send + Sync>;

/// Hands every notice to every subscriber. Subscribers are parts of the same process and live as long as it does.
#[derive(Default)]
pub struct Feed {
    subscribers: RwLock<Vec<Subscriber>>,
}

impl Feed {
    /// From now on `hear` is called with every notice, on the thread that committed: it must be quick and must not wait.
    pub fn subscribe(&self, hear: impl Fn(Notice) + Send + Sync + 'static) {
        self.subscribers.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(hear));
    }

    pub(crate) fn publish(&self, notices: &[Notice]) {
        if notices.is_empty() {
            return;
        }
        let subscribers = self.subscribers.read().unwrap_or_else(PoisonError::into_inner);
        for notice in notices {
            for hear in subscribers.iter() {
                hear(*notice);
            }
        }
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}
