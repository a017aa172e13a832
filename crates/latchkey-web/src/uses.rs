//! Bookkeeping that waits: last uses and refusals gather in memory and ride along every few seconds, so no request pays a write for them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use latchkey_devops::access::Refusal;
use latchkey_devops::ids::{OrganizationId, PersonId};
use latchkey_identity::Timestamp;
use latchkey_identity::authorization::AuthorizationId;
use latchkey_identity::session::SessionId;
use latchkey_store::devops::members::ServiceUse;
use latchkey_store::identity::{RefusedUse, Use};
use latchkey_store::{Store, StoreError};
use uuid::Uuid;

/// Entries held between two flushes; what comes beyond is counted with what is there.
const CAPACITY: usize = 50_000;

/// What was used since the last flush.
#[derive(Default)]
pub struct UseRecorder {
    gathered: Mutex<Gathered>,
}

#[derive(Default)]
struct Gathered {
    uses: HashMap<(AuthorizationId, &'static str, Option<Uuid>), Used>,
    refused: HashMap<(AuthorizationId, &'static str, &'static str), Refused>,
    sessions: HashMap<SessionId, Timestamp>,
    services: HashMap<(OrganizationId, PersonId), (Timestamp, IpAddr)>,
}

struct Used {
    count: i64,
    at: Timestamp,
    address: IpAddr,
}

struct Refused {
    count: i64,
    at: Timestamp,
}

impl UseRecorder {
    /// An app acted: by which operation, in which project, from where.
    pub fn acted(
        &self,
        authorization: AuthorizationId,
        operation: &'static str,
        project: Option<Uuid>,
        at: Timestamp,
        address: IpAddr,
    ) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let full = gathered.uses.len() >= CAPACITY;
        match gathered.uses.entry((authorization, operation, project)) {
            Entry::Occupied(mut used) => {
                let used = used.get_mut();
                used.count += 1;
                (used.at, used.address) = (at, address);
            }
            Entry::Vacant(free) if !full => drop(free.insert(Used { count: 1, at, address })),
            Entry::Vacant(_) => {}
        }
    }

    /// An app was refused something, under an authorization that is live. What is not there is refused to nobody.
    pub fn refused(&self, authorization: AuthorizationId, refusal: &Refusal, at: Timestamp) {
        let Some(action) = refusal.action.filter(|_| refusal.keeps_out()) else { return };
        let (operation, reason) = (action.description(), refusal.check.code());
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let full = gathered.refused.len() >= CAPACITY;
        match gathered.refused.entry((authorization, operation, reason)) {
            Entry::Occupied(mut refused) => {
                let refused = refused.get_mut();
                refused.count += 1;
                refused.at = at;
            }
            Entry::Vacant(free) if !full => drop(free.insert(Refused { count: 1, at })),
            Entry::Vacant(_) => {}
        }
    }

    /// An app acted by itself in an organization.
    pub fn acted_by_itself(&self, organization: OrganizationId, app: PersonId, at: Timestamp, address: IpAddr) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let full = gathered.services.len() >= CAPACITY;
        match gathered.services.entry((organization, app)) {
            Entry::Occupied(mut used) => drop(used.insert((at, address))),
            Entry::Vacant(free) if !full => drop(free.insert((at, address))),
            Entry::Vacant(_) => {}
        }
    }

    /// When and from where an app acted by itself in an organization since the last flush.
    pub fn last_use_by_itself(&self, organization: OrganizationId, app: PersonId) -> Option<(Timestamp, IpAddr)> {
        let gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.services.get(&(organization, app)).copied()
    }

    /// A session was used.
    pub fn visited(&self, session: SessionId, at: Timestamp) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        if gathered.sessions.len() < CAPACITY {
            gathered.sessions.insert(session, at);
        }
    }

    /// When and from where an authorization was used since the last flush.
    pub fn last_use(&self, authorization: AuthorizationId) -> Option<(Timestamp, IpAddr)> {
        let gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let of_it = gathered.uses.iter().filter(|((id, ..), _)| *id == authorization);
        of_it.map(|(_, used)| (used.at, used.address)).max_by_key(|(at, _)| *at)
    }

    /// Writes what was gathered. What could not be written is gathered again.
    pub async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        let gathered = std::mem::take(&mut *self.gathered.lock().unwrap_or_else(PoisonError::into_inner));
        let uses: Vec<Use> = gathered
            .uses
            .iter()
            .map(|((authorization, operation, project), used)| Use {
                authorization: *authorization,
                at: used.at,
                address: used.address.to_string(),
                operation: (*operation).to_owned(),
                project: *project,
                count: used.count,
            })
            .collect();
        let refused: Vec<RefusedUse> = gathered
            .refused
            .iter()
            .map(|((authorization, operation, reason), refused)| RefusedUse {
                authorization: *authorization,
                at: refused.at,
                operation: (*operation).to_owned(),
                reason: (*reason).to_owned(),
                count: refused.count,
            })
            .collect();
        let sessions: Vec<(SessionId, Timestamp)> = gathered.sessions.iter().map(|(id, at)| (*id, *at)).collect();
        let service = |(&(organization, app), (at, address)): (&(OrganizationId, PersonId), &(Timestamp, IpAddr))| {
            ServiceUse { organization, app, at: *at, address: address.to_string() }
        };
        let services: Vec<ServiceUse> = gathered.services.iter().map(service).collect();
        let written = async {
            if !services.is_empty() {
                store.record_service_uses(&services).await?;
            }
            if !(uses.is_empty() && refused.is_empty()) {
                store.record_uses_and_refusals(&uses, &refused).await?;
            }
            if !sessions.is_empty() {
                store.touch_sessions(&sessions).await?;
            }
            Ok(())
        };
        let written = written.await;
        if written.is_err() {
            let mut now = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, used) in gathered.uses {
                match now.uses.entry(key) {
                    Entry::Occupied(mut later) => later.get_mut().count += used.count,
                    Entry::Vacant(free) => drop(free.insert(used)),
                }
            }
            for (key, refused) in gathered.refused {
                match now.refused.entry(key) {
                    Entry::Occupied(mut later) => later.get_mut().count += refused.count,
                    Entry::Vacant(free) => drop(free.insert(refused)),
                }
            }
            for (service, used) in gathered.services {
                now.services.entry(service).or_insert(used);
            }
            for (session, at) in gathered.sessions {
                now.sessions.entry(session).or_insert(at);
            }
        }
        written
    }
}
