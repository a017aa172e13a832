//! Authorizations: what people approved. The table is called `service_authorization`, because SQL keeps the word to itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use latchkey_identity::Timestamp;
use latchkey_identity::account::AccountId;
use latchkey_identity::authorization::{Authorization, AuthorizationId, Elsewhere, EndReason, Lifetime, Place, Places};
use latchkey_identity::client::ClientId;
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::session::SessionId;
use latchkey_identity::tenant::TenantId;
use latchkey_jose::base64url;
use uuid::Uuid;

use super::scope_sets::scope_set;
use super::{clients, counted, meaningless, sessions, token_families};
use crate::Store;
use crate::error::StoreError;
use crate::feed::Notice;
use crate::statement::{Changes, Sql};
use crate::value::Row;

/// The columns that [`from_row`] reads, of the table as `a`. Every statement names them first.
macro_rules! columns {
    () => {
        "a.id, a.tenant, a.account, a.client, a.version, a.scopes, a.asked, a.places, a.lifetime, a.expires_at, a.session, \
         a.shown, a.created_at, a.changed_at, a.ended_at, a.end_reason, a.paused_at, \
         a.asked_places, a.elsewhere"
    };
}

pub(super) use columns;

/// How many they are: where the other columns of a statement begin.
pub(super) const WIDTH: usize = 19;

/// Fails on the unique index when the person has one for the client that has not ended.
const AUTHORIZE: Sql = Sql::guarded(
    "authorizations.authorize",
    "INSERT INTO service_authorization (id, tenant, account, client, version, scopes, asked, places, lifetime, expires_at,
                                        session, shown, created_at, changed_at, ended_at, end_reason,
                                        paused_at, asked_places, elsewhere)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
);

const CHANGE: Sql = Sql::guarded(
    "authorizations.change",
    "UPDATE service_authorization
        SET version = $3, scopes = $4, asked = $5, places = $6, lifetime = $7, expires_at = $8, session = $9, shown = $10,
            changed_at = $11, paused_at = $12, asked_places = $13, elsewhere = $15
      WHERE id = $1 AND version = $2 AND tenant = $14 AND ended_at IS NULL",
);

const END: Sql = Sql::guarded(
    "authorizations.end",
    "UPDATE service_authorization SET ended_at = $2, end_reason = $3 WHERE id = $1 AND ended_at IS NULL",
)
.by_key();

/// Ends what was given for the time of one session.
const END_FOR_SESSION: Sql = Sql::write(
    "authorizations.end_for_session",
    "UPDATE service_authorization SET ended_at = $2, end_reason = $3
      WHERE session = $1 AND lifetime = 'session' AND ended_at IS NULL",
)
.by_owner();

/// Ends what was given for the time of any session of an account.
const END_FOR_SESSIONS_OF: Sql = Sql::write(
    "authorizations.end_for_sessions_of",
    "UPDATE service_authorization SET ended_at = $2, end_reason = $3
      WHERE account = $1 AND lifetime = 'session' AND ended_at IS NULL",
)
.by_owner();

const END_FOR_CLIENT: Sql = Sql::write(
    "authorizations.end_for_client",
    "UPDATE service_authorization SET ended_at = $2, end_reason = $3 WHERE client = $1 AND ended_at IS NULL",
)
.by_owner();

const ADD_ORGANIZATION: Sql = Sql::write(
    "authorizations.add_organization",
    "INSERT INTO authorization_organization (organization, authorization_id) VALUES ($1, $2)",
);

const REMOVE_ORGANIZATIONS: Sql = Sql::write(
    "authorizations.remove_organizations",
    "DELETE FROM authorization_organization WHERE authorization_id = $1",
)
.by_key();

const BY_ID: Sql =
    Sql::read("authorizations.by_id", concat!("SELECT ", columns!(), " FROM service_authorization a WHERE a.id = $1"))
        .by_key();

const CURRENT: Sql = Sql::read(
    "authorizations.current",
    concat!(
        "SELECT ",
        columns!(),
        " FROM service_authorization a
         WHERE a.tenant = $1 AND a.account = $2 AND a.client = $3 AND a.ended_at IS NULL"
    ),
);

pub(super) const ALL: &[&Sql] = &[
    &AUTHORIZE,
    &CHANGE,
    &END,
    &END_FOR_SESSION,
    &END_FOR_SESSIONS_OF,
    &END_FOR_CLIENT,
    &ADD_ORGANIZATION,
    &REMOVE_ORGANIZATIONS,
    &BY_ID,
    &CURRENT,
];

pub(super) fn authorize(changes: &mut Changes, authorization: &Authorization) {
    must_have_its_session(changes, authorization);
    clients::must_be_there(changes, authorization.client);
    let (ended_at, reason) = authorization.ended.unzip();
    let values = vec![
        authorization.id.0.into(),
        authorization.tenant.0.into(),
        authorization.account.0.into(),
        authorization.client.0.into(),
        authorization.version.into(),
        authorization.scopes.to_string().into(),
        authorization.asked.to_string().into(),
        places_text(&authorization.places).into(),
        authorization.lifetime.name().into(),
        authorization.expires_at.into(),
        authorization.session.0.into(),
        authorization.shown.into(),
        authorization.created_at.into(),
        authorization.changed_at.into(),
        ended_at.into(),
        reason.map(EndReason::name).into(),
        authorization.paused_at.into(),
        some_places(&authorization.asked_places).into(),
        elsewhere_text(&authorization.elsewhere).into(),
    ];
    changes.write(&AUTHORIZE, values);
    add_organizations(changes, authorization);
    changes.notice(Notice::Authorization(authorization.id.0));
}

pub(super) fn change(changes: &mut Changes, authorization: &Authorization, from_version: u32) {
    must_have_its_session(changes, authorization);
    let values = vec![
        authorization.id.0.into(),
        from_version.into(),
        authorization.version.into(),
        authorization.scopes.to_string().into(),
        authorization.asked.to_string().into(),
        places_text(&authorization.places).into(),
        authorization.lifetime.name().into(),
        authorization.expires_at.into(),
        authorization.session.0.into(),
        authorization.shown.into(),
        authorization.changed_at.into(),
        authorization.paused_at.into(),
        some_places(&authorization.asked_places).into(),
        authorization.tenant.0.into(),
        elsewhere_text(&authorization.elsewhere).into(),
    ];
    changes.write(&CHANGE, values).write(&REMOVE_ORGANIZATIONS, vec![authorization.id.0.into()]);
    add_organizations(changes, authorization);
    token_families::pause_or_resume_below(changes, authorization);
    changes.notice(Notice::Authorization(authorization.id.0));
}

pub(super) fn end(changes: &mut Changes, authorization: AuthorizationId, at: Timestamp, reason: EndReason) {
    changes
        .write(&END, vec![authorization.0.into(), at.into(), reason.name().into()])
        .notice(Notice::Authorization(authorization.0));
    token_families::end_all_below(changes, authorization, at);
}

/// Ends what was given for the time of `session`. The caches hear of the session.
pub(super) fn end_those_for(changes: &mut Changes, session: SessionId, at: Timestamp) {
    changes.write(&END_FOR_SESSION, vec![session.0.into(), at.into(), EndReason::SessionEnded.name().into()]);
    token_families::end_with_session(changes, session, at);
}

/// Ends what an account gave for the time of its sessions. The caches hear of the account.
pub(super) fn end_those_for_sessions_of(changes: &mut Changes, account: AccountId, at: Timestamp) {
    changes.write(&END_FOR_SESSIONS_OF, vec![account.0.into(), at.into(), EndReason::SessionEnded.name().into()]);
    token_families::end_with_account(changes, account, at);
}

/// Ends what anybody gave to a client. The caches hear of the client.
pub(super) fn end_all_for(changes: &mut Changes, client: ClientId, at: Timestamp) {
    changes.write(&END_FOR_CLIENT, vec![client.0.into(), at.into(), EndReason::AppDeleted.name().into()]);
    token_families::end_with_client(changes, client, at);
}

/// Nothing is given for the time of a session that is over: its end would not find it.
fn must_have_its_session(changes: &mut Changes, authorization: &Authorization) {
    if authorization.lifetime == Lifetime::ThisSession {
        sessions::must_go_on(changes, authorization.session);
    }
}

fn add_organizations(changes: &mut Changes, authorization: &Authorization) {
    let organizations: BTreeSet<Uuid> = authorization.places.iter().map(|place| place.organization).collect();
    for organization in organizations {
        changes.write(&ADD_ORGANIZATION, vec![organization.into(), authorization.id.0.into()]);
    }
}

/// Places that are seldom there.
fn some_places(places: &Places) -> Option<String> {
    (!places.is_empty()).then(|| places_text(places))
}

/// Places as one text: `organization[/project[/repository]]`, separated by spaces.
pub(super) fn places_text(places: &Places) -> String {
    let place_text = |place: &Place| {
        let ids = [Some(place.organization), place.project, place.repository];
        ids.into_iter().map_while(|id| Some(id?.simple().to_string())).collect::<Vec<_>>().join("/")
    };
    places.iter().map(place_text).collect::<Vec<_>>().join(" ")
}

pub(super) fn places(text: &str) -> Result<Places, StoreError> {
    let place = |text: &str| {
        let mut ids = text.split('/').map(|id| Uuid::try_parse(id).map_err(|_| meaningless("place", text)));
        let organization = ids.next().ok_or_else(|| meaningless("place", text))??;
        Ok(Place { organization, project: ids.next().transpose()?, repository: ids.next().transpose()? })
    };
    text.split_ascii_whitespace().map(place).collect()
}

/// Other destinations as one text, a line each: the digest of what the page said, and what was asked about.
fn elsewhere_text(elsewhere: &Elsewhere) -> Option<String> {
    let line = |(shown, asked): (&[u8; 32], &ScopeSet)| format!("{} {asked}", base64url::encode(shown));
    (!elsewhere.is_empty()).then(|| elsewhere.iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn elsewhere(text: &str) -> Result<Elsewhere, StoreError> {
    let line = |line: &str| {
        let (shown, asked) = line.split_once(' ')?;
        Some((base64url::decode(shown).ok()?.try_into().ok()?, scope_set(asked)))
    };
    text.lines().map(|read| line(read).ok_or_else(|| meaningless("destination", read))).collect()
}

/// The lifetime of a stored name, also one that pages do not offer any more.
fn lifetime(name: &str) -> Result<Lifetime, StoreError> {
    let days = name.strip_suffix("-days").and_then(|days| days.parse().ok()).map(Lifetime::Days);
    days.or_else(|| Lifetime::parse(name)).ok_or_else(|| meaningless("lifetime", name))
}

pub(super) fn from_row(row: &Row) -> Result<Authorization, StoreError> {
    let ended = match (row.opt_time(14)?, row.opt_text(15)?) {
        (Some(at), Some(reason)) => {
            Some((at, EndReason::parse(reason).ok_or_else(|| meaningless("reason of an end", reason))?))
        }
        _ => None,
    };
    Ok(Authorization {
        id: AuthorizationId(row.uuid(0)?),
        tenant: TenantId(row.uuid(1)?),
        account: AccountId(row.uuid(2)?),
        client: ClientId(row.uuid(3)?),
        version: counted(row, 4, "version")?,
        scopes: scope_set(row.text(5)?),
        asked: scope_set(row.text(6)?),
        places: places(row.text(7)?)?,
        asked_places: row.opt_text(17)?.map(places).transpose()?.unwrap_or_default(),
        lifetime: lifetime(row.text(8)?)?,
        expires_at: row.opt_time(9)?,
        session: SessionId(row.uuid(10)?),
        shown: row.array(11)?,
        elsewhere: row.opt_text(18)?.map(elsewhere).transpose()?.unwrap_or_default(),
        created_at: row.time(12)?,
        changed_at: row.time(13)?,
        paused_at: row.opt_time(16)?,
        ended,
    })
}

impl Store {
    /// An authorization, ended or not.
    pub async fn authorization(&self, id: AuthorizationId) -> Result<Option<Arc<Authorization>>, StoreError> {
        let found = self.remembered_authorization(id).await?;
        let Some(given) = &found else { return Ok(None) };
        // The end of a session is told of as that, and not as the ends of what was given for its time.
        let depends = given.lifetime == Lifetime::ThisSession && given.ended.is_none();
        if depends && self.session_is_over(given.session).await? {
            self.memory.authorizations.forget(&id);
            return self.remembered_authorization(id).await;
        }
        Ok(found)
    }

    async fn remembered_authorization(&self, id: AuthorizationId) -> Result<Option<Arc<Authorization>>, StoreError> {
        let find = async || {
            self.read_one(&BY_ID, vec![id.0.into()]).await?.map(|row| from_row(&row).map(Arc::new)).transpose()
        };
        self.memory.authorizations.get_or_find(id, find).await
    }

    /// The authorization that a person has for a client and that has not ended. It may have run out.
    pub async fn authorization_for(
        &self,
        tenant: TenantId,
        account: AccountId,
        client: ClientId,
    ) -> Result<Option<Authorization>, StoreError> {
        let values = vec![tenant.0.into(), account.0.into(), client.0.into()];
        self.read_one(&CURRENT, values).await?.as_ref().map(from_row).transpose()
    }

    /// The same, by what is remembered. There is one at the most that has not ended, so one that is remembered and has not is the one.
    pub async fn remembered_authorization_for(
        &self,
        tenant: TenantId,
        account: AccountId,
        client: ClientId,
    ) -> Result<Option<Authorization>, StoreError> {
        let key = (tenant, account, client);
        if let Some(id) = self.memory.current_authorizations.get(&key)
            && let Some(given) = self.authorization(id).await?
            && given.ended.is_none()
        {
            return Ok(Some(Arc::unwrap_or_clone(given)));
        }
        let before = self.memory.current_authorizations.before_load(&key);
        let found = self.authorization_for(tenant, account, client).await?;
        if let Some(given) = &found {
            self.memory.current_authorizations.keep(key, given.id, before);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_one_text_and_come_back() {
        let [organization, project, repository] = [1, 2, 3].map(Uuid::from_u128);
        let chosen: Places = [
            Place { organization, project: None, repository: None },
            Place { organization, project: Some(project), repository: None },
            Place { organization, project: Some(project), repository: Some(repository) },
        ]
        .into();
        assert_eq!(places(&places_text(&chosen)), Ok(chosen));
        assert_eq!(places(&places_text(&Places::new())), Ok(Places::new()));
        assert!(places("somewhere").is_err());
    }

    #[test]
    fn what_was_asked_elsewhere_is_one_text_and_comes_back() {
        let asked =
            Elsewhere::from([([1; 32], ScopeSet::from_text("openid vso.work")), ([2; 32], ScopeSet::default())]);
        assert_eq!(elsewhere(&elsewhere_text(&asked).unwrap()), Ok(asked));
        assert_eq!(elsewhere_text(&Elsewhere::new()), None);
        assert!(elsewhere("somewhere").is_err());
    }

    #[test]
    fn every_lifetime_comes_back() {
        for stored in [Lifetime::UntilRemoved, Lifetime::Days(30), Lifetime::Days(90), Lifetime::ThisSession] {
            assert_eq!(lifetime(&stored.name()), Ok(stored));
        }
        assert!(lifetime("for ever").is_err());
    }

    #[test]
    fn statements_know_the_lifetime_of_a_session_by_its_name() {
        assert_eq!(Lifetime::ThisSession.name(), "session");
    }
}
