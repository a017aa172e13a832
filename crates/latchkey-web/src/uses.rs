//! Bookkeeping that waits: last uses and refusals gather in memory and are written together from time to time, so no request pays a write
//! for them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::mem;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use latchkey_devops::access::Refusal;
use latchkey_devops::ids::{OrganizationId, PersonId, ProjectId};
use latchkey_identity::Timestamp;
use latchkey_identity::authorization::AuthorizationId;
use latchkey_identity::client::ClientId;
use latchkey_identity::session::SessionId;
use latchkey_store::devops::members::ServiceUse;
use latchkey_store::identity::{RefusedUse, Use};
use latchkey_store::{Store, StoreError};
use tokio::sync::Notify;

/// Entries of a kind held between two flushes; what comes beyond is not counted.
const CAPACITY: usize = 50_000;

/// With so many of a kind the next flush is due at once.
const CROWD: usize = CAPACITY / 2;

/// Kinds of deeds that are told apart of one authorization between two flushes; what comes beyond is not counted.
const KINDS: usize = 200;

/// So many are written in one transaction: whoever else writes waits for no more than that.
const PORTION: usize = 250;

/// What was used since the last flush.
#[derive(Default)]
pub struct UseRecorder {
    gathered: Mutex<Gathered>,
    crowded: Notify,
}

/// When and from where an app acted by itself in an organization, last.
type Served = ((OrganizationId, PersonId), (Timestamp, IpAddr));

/// What was done: an operation, in a project if in one.
type Act = (&'static str, Option<(OrganizationId, ProjectId)>);

#[derive(Default)]
struct Gathered {
    authorizations: HashMap<AuthorizationId, Activity>,
    /// How many entries [`Self::authorizations`] has, of all of them together.
    entries: usize,
    sessions: HashMap<SessionId, Timestamp>,
    services: HashMap<(OrganizationId, PersonId), (Timestamp, IpAddr)>,
}

/// What an authorization was used for, and what was refused under it. Few kinds each.
#[derive(Default)]
struct Activity {
    /// By operation and project.
    uses: Vec<(Act, Used)>,
    /// By operation and reason.
    refused: Vec<((&'static str, &'static str), Refused)>,
}

#[derive(Clone, Copy)]
struct Used {
    app: ClientId,
    count: i64,
    at: Timestamp,
    address: IpAddr,
}

#[derive(Clone, Copy)]
struct Refused {
    count: i64,
    at: Timestamp,
}

impl Gathered {
    fn used(&mut self, authorization: AuthorizationId, what: Act, used: Used) {
        let Some(activity) = activity(&mut self.authorizations, self.entries, authorization) else { return };
        if let Some((_, sum)) = activity.uses.iter_mut().find(|(known, _)| *known == what) {
            sum.count = sum.count.saturating_add(used.count);
            if sum.at <= used.at {
                (sum.at, sum.address) = (used.at, used.address);
            }
        } else if self.entries < CAPACITY && activity.uses.len() < KINDS {
            activity.uses.push((what, used));
            self.entries = self.entries.saturating_add(1);
        }
    }

    fn refused(&mut self, authorization: AuthorizationId, what: (&'static str, &'static str), refused: Refused) {
        let Some(activity) = activity(&mut self.authorizations, self.entries, authorization) else { return };
        if let Some((_, sum)) = activity.refused.iter_mut().find(|(known, _)| *known == what) {
            sum.count = sum.count.saturating_add(refused.count);
            sum.at = sum.at.max(refused.at);
        } else if self.entries < CAPACITY && activity.refused.len() < KINDS {
            activity.refused.push((what, refused));
            self.entries = self.entries.saturating_add(1);
        }
    }

    fn take(&mut self, authorization: AuthorizationId) -> Option<Activity> {
        let activity = self.authorizations.remove(&authorization)?;
        let entries = activity.uses.len().saturating_add(activity.refused.len());
        self.entries = self.entries.saturating_sub(entries);
        Some(activity)
    }

    fn gather_again(&mut self, activity: impl IntoIterator<Item = (AuthorizationId, Activity)>) {
        for (authorization, Activity { uses, refused }) in activity {
            uses.into_iter().for_each(|(what, used)| self.used(authorization, what, used));
            refused.into_iter().for_each(|(what, refused)| self.refused(authorization, what, refused));
        }
    }
}

/// What an authorization did, if it is known or there is room for one more.
fn activity(
    known: &mut HashMap<AuthorizationId, Activity>,
    entries: usize,
    authorization: AuthorizationId,
) -> Option<&mut Activity> {
    match known.entry(authorization) {
        Entry::Occupied(known) => Some(known.into_mut()),
        Entry::Vacant(free) if entries < CAPACITY => Some(free.insert(Activity::default())),
        Entry::Vacant(_) => None,
    }
}

impl UseRecorder {
    /// An app acted: by which operation, in which project, from where.
    pub fn acted(
        &self,
        (authorization, app): (AuthorizationId, ClientId),
        operation: &'static str,
        project: Option<(OrganizationId, ProjectId)>,
        at: Timestamp,
        address: IpAddr,
    ) {
        let mut gathered = self.lock();
        gathered.used(authorization, (operation, project), Used { app, count: 1, at, address });
        self.heed(gathered.entries);
    }

    /// An app was refused something, under an authorization that is live. What is not there is refused to nobody.
    pub fn refused(&self, authorization: AuthorizationId, refusal: &Refusal, at: Timestamp) {
        let Some(action) = refusal.action.filter(|_| refusal.keeps_out()) else { return };
        let mut gathered = self.lock();
        gathered.refused(authorization, (action.description(), refusal.check.code()), Refused { count: 1, at });
        self.heed(gathered.entries);
    }

    /// An app acted by itself in an organization.
    pub fn acted_by_itself(&self, organization: OrganizationId, app: PersonId, at: Timestamp, address: IpAddr) {
        let mut gathered = self.lock();
        let full = gathered.services.len() >= CAPACITY;
        match gathered.services.entry((organization, app)) {
            Entry::Occupied(mut used) => drop(used.insert((at, address))),
            Entry::Vacant(free) if !full => drop(free.insert((at, address))),
            Entry::Vacant(_) => {}
        }
        self.heed(gathered.services.len());
    }

    /// A session was used.
    pub fn visited(&self, session: SessionId, at: Timestamp) {
        let mut gathered = self.lock();
        if gathered.sessions.len() < CAPACITY || gathered.sessions.contains_key(&session) {
            gathered.sessions.insert(session, at);
        }
        self.heed(gathered.sessions.len());
    }

    /// When and from where an app acted by itself in an organization since the last flush.
    pub fn last_use_by_itself(&self, organization: OrganizationId, app: PersonId) -> Option<(Timestamp, IpAddr)> {
        self.lock().services.get(&(organization, app)).copied()
    }

    /// When and from where an authorization was used since the last flush.
    pub fn last_use(&self, authorization: AuthorizationId) -> Option<(Timestamp, IpAddr)> {
        let gathered = self.lock();
        let uses = gathered.authorizations.get(&authorization)?.uses.iter();
        uses.map(|(_, used)| (used.at, used.address)).max_by_key(|(at, _)| *at)
    }

    /// Waits until so much was gathered that it should not wait for the next flush.
    pub async fn crowded(&self) {
        self.crowded.notified().await;
    }

    /// Writes what was gathered. What could not be written is gathered again.
    pub async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        let Gathered { authorizations, sessions, services, .. } = mem::take(&mut *self.lock());
        let mut activity: Vec<_> = authorizations.into_iter().collect();
        let mut sessions: Vec<_> = sessions.into_iter().collect();
        let mut services: Vec<_> = services.into_iter().collect();
        let written = async {
            while !services.is_empty() {
                write_services(store, portion(&services)).await?;
                services.truncate(services.len() - portion(&services).len());
            }
            while !sessions.is_empty() {
                store.touch_sessions(portion(&sessions)).await?;
                sessions.truncate(sessions.len() - portion(&sessions).len());
            }
            while !activity.is_empty() {
                write_activity(store, portion(&activity)).await?;
                activity.truncate(activity.len() - portion(&activity).len());
            }
            Ok(())
        };
        let written = written.await;
        if written.is_err() {
            let mut now = self.lock();
            now.gather_again(activity);
            for (session, at) in sessions {
                now.sessions.entry(session).or_insert(at);
            }
            for (service, used) in services {
                now.services.entry(service).or_insert(used);
            }
        }
        written
    }

    /// Writes what was gathered of one authorization, so that it can be shown. Returns whether there was something.
    pub async fn flush_one(&self, store: &Store, authorization: AuthorizationId) -> Result<bool, StoreError> {
        let Some(activity) = self.lock().take(authorization) else { return Ok(false) };
        let activity = [(authorization, activity)];
        let written = write_activity(store, &activity).await;
        if written.is_err() {
            self.lock().gather_again(activity);
        }
        written.map(|()| true)
    }

    fn heed(&self, entries: usize) {
        if entries == CROWD {
            self.crowded.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn uses(authorization: AuthorizationId, activity: &Activity) -> impl Iterator<Item = Use> {
    activity.uses.iter().map(move |((operation, project), used)| Use {
        authorization,
        app: used.app,
        at: used.at,
        address: used.address.to_string(),
        operation: (*operation).to_owned(),
        project: *project,
        count: used.count,
    })
}

fn refusals(authorization: AuthorizationId, activity: &Activity) -> impl Iterator<Item = RefusedUse> {
    activity.refused.iter().map(move |((operation, reason), refused)| RefusedUse {
        authorization,
        at: refused.at,
        operation: (*operation).to_owned(),
        reason: (*reason).to_owned(),
        count: refused.count,
    })
}

/// What is written next of what is left: the last of it. What was not written when it fails is what is left then.
fn portion<T>(left: &[T]) -> &[T] {
    left.get(left.len().saturating_sub(PORTION)..).unwrap_or_default()
}

async fn write_activity(store: &Store, portion: &[(AuthorizationId, Activity)]) -> Result<(), StoreError> {
    let uses: Vec<Use> = portion.iter().flat_map(|(id, activity)| uses(*id, activity)).collect();
    let refused: Vec<RefusedUse> = portion.iter().flat_map(|(id, activity)| refusals(*id, activity)).collect();
    store.record_uses(&uses, &refused).await
}

async fn write_services(store: &Store, portion: &[Served]) -> Result<(), StoreError> {
    let used = |((organization, app), (at, address)): &Served| ServiceUse {
        organization: *organization,
        app: *app,
        at: *at,
        address: address.to_string(),
    };
    store.record_service_uses(&portion.iter().map(used).collect::<Vec<_>>()).await
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use uuid::Uuid;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const APP: ClientId = ClientId(Uuid::nil());

    fn authorization(number: u128) -> AuthorizationId {
        AuthorizationId(Uuid::from_u128(number))
    }

    fn acted(recorder: &UseRecorder, number: u128, at: i64) {
        recorder.acted((authorization(number), APP), "read work items", None, Timestamp::from_micros(at), HERE);
    }

    #[test]
    fn uses_of_one_kind_are_one_entry_and_the_last_of_them_counts() {
        let recorder = UseRecorder::default();
        for at in [1, 3, 2] {
            acted(&recorder, 1, at);
        }
        assert_eq!(recorder.lock().entries, 1);
        assert_eq!(recorder.last_use(authorization(1)), Some((Timestamp::from_micros(3), HERE)));
        assert_eq!(recorder.last_use(authorization(2)), None);
    }

    #[tokio::test]
    async fn a_crowd_does_not_wait_for_its_time() {
        let recorder = UseRecorder::default();
        for number in 0..CROWD as u128 {
            acted(&recorder, number, 1);
        }
        recorder.crowded().await;
    }

    #[test]
    fn what_is_gathered_is_bounded_and_who_is_in_goes_on_being_counted() {
        let recorder = UseRecorder::default();
        for number in 0..CAPACITY as u128 + 10 {
            acted(&recorder, number, 1);
        }
        assert_eq!(recorder.lock().authorizations.len(), CAPACITY);
        acted(&recorder, 0, 2);
        assert_eq!(recorder.last_use(authorization(0)), Some((Timestamp::from_micros(2), HERE)));
        let session = |number: usize| SessionId(Uuid::from_u128(number as u128));
        for number in 0..=CAPACITY {
            recorder.visited(session(number), Timestamp::from_micros(1));
        }
        recorder.visited(session(0), Timestamp::from_micros(2));
        let gathered = recorder.lock();
        assert_eq!(gathered.sessions.len(), CAPACITY);
        assert_eq!(gathered.sessions.get(&session(0)), Some(&Timestamp::from_micros(2)));
    }

    #[test]
    fn one_authorization_does_not_take_the_room_of_all() {
        let recorder = UseRecorder::default();
        for project in 0..KINDS as u128 + 10 {
            let project = Some((OrganizationId(Uuid::nil()), ProjectId(Uuid::from_u128(project))));
            recorder.acted((authorization(1), APP), "read work items", project, Timestamp::from_micros(1), HERE);
        }
        assert_eq!(recorder.lock().entries, KINDS);
    }

    #[test]
    fn portions_are_taken_from_the_end() {
        let left: Vec<usize> = (0..PORTION + 3).collect();
        assert_eq!(portion(&left), left.get(3..).unwrap());
        assert_eq!(portion(&left[..3]), [0, 1, 2]);
        assert_eq!(portion::<usize>(&[]), [0; 0]);
    }

    #[test]
    fn what_could_not_be_written_is_counted_with_what_came_meanwhile() {
        let recorder = UseRecorder::default();
        acted(&recorder, 1, 5);
        let taken = mem::take(&mut *recorder.lock());
        acted(&recorder, 1, 9);
        recorder.lock().gather_again(taken.authorizations);
        let gathered = recorder.lock();
        let (_, used) = gathered.authorizations[&authorization(1)].uses[0];
        assert_eq!((used.count, used.at), (2, Timestamp::from_micros(9)));
    }
}
