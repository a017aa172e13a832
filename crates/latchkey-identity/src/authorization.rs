//! Authorizations: what a person approved for one app. The thing that is listed and revoked; codes, token families and tokens hang below it.

mod branch;
pub mod narrow;
pub mod pause;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use uuid::Uuid;

pub use branch::Branch;

use crate::account::AccountId;
use crate::change::Change;
use crate::client::ClientId;
use crate::decision::Decision;
use crate::event::{Event, EventKind};
use crate::limits;
use crate::scope::ScopeSet;
use crate::session::SessionId;
use crate::tenant::TenantId;
use crate::time::{self, Timestamp};

/// The id of an authorization. Every token carries it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct AuthorizationId(pub Uuid);

impl fmt::Display for AuthorizationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// Where an app may act: a whole organization, a whole project of one, or one repository of a project.
/// The identity half knows these by id only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The organization.
    pub organization: Uuid,
    /// One project of it; `None` for all of them, also those to come.
    pub project: Option<Uuid>,
    /// One repository of the project; `None` for all of them.
    pub repository: Option<Uuid>,
}

impl Place {
    /// A project without any of its repositories is the place of this one, which does not exist.
    pub const NO_REPOSITORY: Uuid = Uuid::nil();

    /// Whether `other` is in it, or it is the same. Who reaches a repository of a project reaches the project without any, too.
    pub fn holds(&self, other: &Self) -> bool {
        let within = |whole: Option<Uuid>, part: Option<Uuid>| whole.is_none() || whole == part;
        let no_repository = self.project.is_some() && other.repository == Some(Self::NO_REPOSITORY);
        self.organization == other.organization
            && within(self.project, other.project)
            && (within(self.repository, other.repository) || no_repository)
    }
}

/// The places a person chose. None at all for an app that only signs people in.
pub type Places = BTreeSet<Place>;

/// What a person was asked about by an app, by the digest of what the page said of it.
pub type Elsewhere = BTreeMap<[u8; 32], ScopeSet>;

/// `Keep access for`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Lifetime {
    /// Until the person removes it.
    UntilRemoved,
    /// For so many days.
    Days(u16),
    /// Until the person signs out, or the session ends otherwise.
    ThisSession,
}

impl Lifetime {
    /// What the page offers, longest first.
    pub const OFFERED: [Self; 4] = [Self::UntilRemoved, Self::Days(90), Self::Days(7), Self::ThisSession];

    /// What it offers for an app of the older kind: a year at the most.
    pub const OFFERED_TO_LEGACY: [Self; 4] =
        [Self::Days(limits::LEGACY_AUTHORIZATION_DAYS), Self::Days(90), Self::Days(7), Self::ThisSession];

    /// The value in the form.
    pub fn name(self) -> String {
        match self {
            Self::UntilRemoved => "until-removed".into(),
            Self::Days(days) => format!("{days}-days"),
            Self::ThisSession => "session".into(),
        }
    }

    /// The offered lifetime of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::OFFERED.into_iter().chain(Self::OFFERED_TO_LEGACY).find(|lifetime| lifetime.name() == name)
    }

    /// Whether it is no longer than `cap` days.
    pub fn is_within(self, cap: Option<u16>) -> bool {
        match (self, cap) {
            (_, None) | (Self::ThisSession, _) => true,
            (Self::UntilRemoved, Some(_)) => false,
            (Self::Days(days), Some(cap)) => days <= cap,
        }
    }

    /// When an authorization given `now` in a session that began at `authenticated_at` ends by itself. A session ends when the person
    /// signs out, and at its age if nobody does; so does what was given for its time.
    pub fn end(self, now: Timestamp, authenticated_at: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Days(days) => Some(now + time::days(days.into())),
            Self::ThisSession => Some(authenticated_at + limits::SESSION_LIFETIME),
            Self::UntilRemoved => None,
        }
    }
}

/// Why an authorization ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EndReason {
    /// The person revoked it.
    Revoked,
    /// Whoever administers the tenant revoked it.
    RevokedByAdministrator,
    /// The session it was given for ended.
    SessionEnded,
    /// The app was deleted.
    AppDeleted,
    /// It ran out, and the person approved anew.
    Replaced,
}

impl EndReason {
    const ALL: [Self; 5] =
        [Self::Revoked, Self::RevokedByAdministrator, Self::SessionEnded, Self::AppDeleted, Self::Replaced];

    /// The name in the database and in lists.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::RevokedByAdministrator => "revoked_by_administrator",
            Self::SessionEnded => "session_ended",
            Self::AppDeleted => "app_deleted",
            Self::Replaced => "replaced",
        }
    }

    /// The reason of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// What a person approved for one app.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authorization {
    /// Its id.
    pub id: AuthorizationId,
    /// The tenant that issues its tokens.
    pub tenant: TenantId,
    /// Who approved.
    pub account: AccountId,
    /// For which app.
    pub client: ClientId,
    /// Rises with every change; tokens carry the version they were issued at.
    pub version: u32,
    /// What the app may ask tokens for.
    pub scopes: ScopeSet,
    /// What the person has been asked about by the app of [`Self::shown`], granted or not: the same question is not asked again.
    pub asked: ScopeSet,
    /// Where.
    pub places: Places,
    /// The places that the person was asked about by name, granted or not: the same question is not asked again.
    pub asked_places: Places,
    /// How long, as the person chose it.
    pub lifetime: Lifetime,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// The session it was given in.
    pub session: SessionId,
    /// Digest of what the page said of the app when it last asked: name, publisher, destination.
    pub shown: [u8; 32],
    /// The same of its other destinations where the person answered, with what they were asked about there.
    pub elsewhere: Elsewhere,
    /// When it was first given.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Since when the person has paused it, if they have: it opens nothing meanwhile, and loses nothing.
    pub paused_at: Option<Timestamp>,
    /// When it ended, and why.
    pub ended: Option<(Timestamp, EndReason)>,
}

impl Authorization {
    /// Whether it has neither ended nor run out.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// How long it was given for, if it ends by itself. Zero for one that ends with a sign-in.
    pub fn lasts(&self) -> Option<Duration> {
        match (self.expires_at, self.lifetime) {
            (Some(end), _) => Some(end.since(self.changed_at)),
            (None, Lifetime::ThisSession) => Some(Duration::ZERO),
            (None, _) => None,
        }
    }

    /// Whether nothing was done with it for so many days, and the person did not change it. `used` is its last use.
    pub fn is_unused(&self, used: Option<Timestamp>, now: Timestamp, days: u16) -> bool {
        let last = used.map_or(self.changed_at, |used| used.max(self.changed_at));
        now.since(last) >= time::days(days.into())
    }

    /// What the person was asked about where the page said this of the app, if they answered there.
    pub fn asked_at(&self, shown: &[u8; 32]) -> Option<&ScopeSet> {
        if self.shown == *shown { Some(&self.asked) } else { self.elsewhere.get(shown) }
    }

    /// What the person was asked about, wherever it was.
    pub fn asked_anywhere(&self) -> ScopeSet {
        self.elsewhere.values().fold(self.asked.clone(), |all, asked| all.union(asked))
    }

    /// Whether the person has paused it. It is listed like any other that is live, and opens nothing.
    pub fn is_paused(&self) -> bool {
        self.paused_at.is_some()
    }

    /// The authorization, if it is there for this person to change.
    fn to_be_changed(this: Option<&Self>, by: AccountId, now: Timestamp) -> Result<&Self, NotChanged> {
        let authorization = this.filter(|authorization| authorization.account == by).ok_or(NotChanged::NotYours)?;
        if authorization.is_live(now) { Ok(authorization) } else { Err(NotChanged::Ended) }
    }

    /// The change that puts this in the place of what was read, under the next version.
    fn in_place_of(self, read: &Self) -> Change {
        let next = Self { version: read.version.saturating_add(1), ..self };
        Change::ChangeAuthorization { authorization: Box::new(next), from_version: read.version }
    }
}

/// Revokes an authorization. Only the person who gave it, here; ending an ended one is no error.
pub fn revoke(
    authorization: Option<&Authorization>,
    by: AccountId,
    session: SessionId,
    now: Timestamp,
) -> Decision<(), NotYours> {
    let Some(authorization) = authorization.filter(|authorization| authorization.account == by) else {
        return Decision::refuse(NotYours);
    };
    if authorization.ended.is_some() {
        return Decision::grant(());
    }
    let event =
        Event::new(EventKind::AuthorizationRevoked, authorization.tenant, now, authorization.scopes.to_string());
    Decision::grant(())
        .and(Change::Record(event.by(by).within(session).about(authorization)))
        .and(Change::EndAuthorization { authorization: authorization.id, at: now, reason: EndReason::Revoked })
}

/// Why an authorization was not changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotChanged {
    /// There is no such authorization among the person's own.
    #[error("there is no such authorization")]
    NotYours,
    /// It has ended, or ran out.
    #[error("the authorization has ended")]
    Ended,
}

/// There is no such authorization among the person's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no such authorization")]
pub struct NotYours;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn an_authorization() -> Authorization {
        Authorization {
            id: AuthorizationId(Uuid::from_u128(0xa1)),
            tenant: TenantId(Uuid::from_u128(1)),
            account: AccountId(Uuid::from_u128(0xacc)),
            client: ClientId(Uuid::from_u128(0xc1)),
            version: 1,
            scopes: ScopeSet::from_text("openid offline_access vso.work vso.code"),
            asked: ScopeSet::from_text("openid offline_access vso.work vso.code vso.build"),
            places: [Place { organization: Uuid::from_u128(0x0), project: None, repository: None }].into(),
            asked_places: Places::new(),
            lifetime: Lifetime::UntilRemoved,
            expires_at: None,
            session: SessionId(Uuid::from_u128(0x5e)),
            shown: [0; 32],
            elsewhere: Elsewhere::new(),
            created_at: Timestamp::from_secs(0),
            changed_at: Timestamp::from_secs(0),
            paused_at: None,
            ended: None,
        }
    }

    #[test]
    fn an_authorization_is_live_until_it_ends_or_runs_out() {
        let now = Timestamp::from_secs(100);
        assert!(an_authorization().is_live(now));
        assert!(!Authorization { expires_at: Some(now), ..an_authorization() }.is_live(now));
        assert!(!Authorization { ended: Some((now, EndReason::Revoked)), ..an_authorization() }.is_live(now));
    }

    #[test]
    fn only_the_person_who_gave_it_revokes_it() {
        let (authorization, now) = (an_authorization(), Timestamp::from_secs(5));
        let revoked = revoke(Some(&authorization), authorization.account, authorization.session, now);
        assert!(revoked.changes.contains(&Change::EndAuthorization {
            authorization: authorization.id,
            at: now,
            reason: EndReason::Revoked
        }));
        assert_eq!(revoked.answer, Ok(()));
        let stranger = revoke(Some(&authorization), AccountId(Uuid::nil()), authorization.session, now);
        assert_eq!((stranger.answer, stranger.changes), (Err(NotYours), vec![]));
    }

    #[test]
    fn an_organizations_cap_leaves_only_shorter_lifetimes() {
        let within = |cap| Lifetime::OFFERED.map(|lifetime| lifetime.is_within(cap));
        assert_eq!(within(None), [true; 4]);
        assert_eq!(within(Some(30)), [false, false, true, true]);
        assert_eq!(within(Some(90)), [false, true, true, true]);
    }
}
