//! Authorizations: what people approved. The table is called `service_authorization`, because SQL keeps the word to itself.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use latchkey_identity::Timestamp;
use latchkey_identity::account::AccountId;
use latchkey_identity::authorization::{Authorization, AuthorizationId, EndReason, Lifetime, Place, Places};
use latchkey_identity::client::{ClientId, Profile, Publisher};
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::session::SessionId;
use latchkey_identity::tenant::TenantId;
use uuid::Uuid;

use super::memory::{Absent, present};
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
         a.shown, a.created_at, a.changed_at, a.ended_at, a.end_reason"
    };
}

pub(super) use columns;

/// How many they are: where the other columns of a statement begin.
pub(super) const WIDTH: usize = 16;

/// The columns that [`listed`] reads, of the client as `c`.
macro_rules! listed_columns {
    () => {
        concat!(columns!(), ", a.last_used_at, a.last_used_address, c.name, c.verified_domain, c.profile")
    };
}

/// Fails on the unique index when the person has one for the client that has not ended.
const AUTHORIZE: Sql = Sql::guarded(
    "authorizations.authorize",
    "INSERT INTO service_authorization (id, tenant, account, client, version, scopes, asked, places, lifetime, expires_at,
                                        session, shown, created_at, changed_at, ended_at, end_reason)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
);

const CHANGE: Sql = Sql::guarded(
    "authorizations.change",
    "UPDATE service_authorization
        SET version = $3, scopes = $4, asked = $5, places = $6, lifetime = $7, expires_at = $8, session = $9, shown = $10,
            changed_at = $11
      WHERE id = $1 AND version = $2 AND ended_at IS NULL",
);

const END: Sql = Sql::guarded(
    "authorizations.end",
    "UPDATE service_authorization SET ended_at = $2, end_reason = $3 WHERE id = $1 AND ended_at IS NULL",
);

/// Ends what was given for the time of one session.
const END_FOR_SESSION: Sql = Sql::write(
    "authorizations.end_for_session",
    "UPDATE service_authorization SET ended_at = $2, end_reason = $3
      WHERE session = $1 AND lifetime = 'session' AND ended_at IS NULL",
);

/// Ends what was given for the time of any session of an account.
const END_FOR_SESSIONS_OF: Sql = Sql::write(
    "authorizations.end_for_sessions_of",
    "UPDATE service_authorization SET ended_at = $2, end_reason = $3
      WHERE account = $1 AND lifetime = 'session' AND ended_at IS NULL",
);

const END_FOR_CLIENT: Sql = Sql::write(
    "authorizations.end_for_client",
    "UPDATE service_authorization SET ended_at = $2, end_reason = $3 WHERE client = $1 AND ended_at IS NULL",
);

const ADD_ORGANIZATION: Sql = Sql::write(
    "authorizations.add_organization",
    "INSERT INTO authorization_organization (organization, authorization_id) VALUES ($1, $2)",
);

const REMOVE_ORGANIZATIONS: Sql = Sql::write(
    "authorizations.remove_organizations",
    "DELETE FROM authorization_organization WHERE authorization_id = $1",
);

const BY_ID: Sql =
    Sql::read("authorizations.by_id", concat!("SELECT ", columns!(), " FROM service_authorization a WHERE a.id = $1"));

const CURRENT: Sql = Sql::read(
    "authorizations.current",
    concat!(
        "SELECT ",
        columns!(),
        " FROM service_authorization a
         WHERE a.tenant = $1 AND a.account = $2 AND a.client = $3 AND a.ended_at IS NULL"
    ),
);

const OF_ACCOUNT: Sql = Sql::read(
    "authorizations.of_account",
    concat!(
        "SELECT ",
        listed_columns!(),
        " FROM service_authorization a
          JOIN client c ON c.id = a.client
         WHERE a.account = $1 AND a.ended_at IS NULL AND c.deleted_at IS NULL"
    ),
);

const INTO_ORGANIZATION: Sql = Sql::read(
    "authorizations.into_organization",
    concat!(
        "SELECT ",
        listed_columns!(),
        ", p.email, p.name AS account_name
          FROM authorization_organization o
          JOIN service_authorization a ON a.id = o.authorization_id
          JOIN client c ON c.id = a.client
          JOIN account p ON p.id = a.account
         WHERE o.organization = $1 AND a.ended_at IS NULL AND c.deleted_at IS NULL"
    ),
);

const FOR_CLIENT: Sql = Sql::read(
    "authorizations.for_client",
    concat!(
        "SELECT ",
        listed_columns!(),
        ", p.email, p.name AS account_name
          FROM service_authorization a
          JOIN client c ON c.id = a.client
          JOIN account p ON p.id = a.account
         WHERE a.client = $1 AND a.ended_at IS NULL AND c.deleted_at IS NULL"
    ),
);

const COUNT_FOR_CLIENT: Sql = Sql::read(
    "authorizations.count_for_client",
    "SELECT count(*) AS people FROM service_authorization WHERE client = $1 AND ended_at IS NULL",
);

pub(super) const ALL: &[&Sql] = &[
    &COUNT_FOR_CLIENT,
    &FOR_CLIENT,
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
    &OF_ACCOUNT,
    &INTO_ORGANIZATION,
];

/// An authorization as lists show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedAuthorization {
    /// The authorization.
    pub authorization: Authorization,
    /// What its app is called.
    pub client_name: String,
    /// Who stands behind the app.
    pub publisher: Publisher,
    /// The app's profile.
    pub profile: Profile,
    /// When it was last used, and from which network address.
    pub last_used: Option<(Timestamp, String)>,
}

/// An authorization with who gave it, as an organization's administrators and an app's owner see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrganizationAuthorization {
    /// The authorization.
    pub listed: ListedAuthorization,
    /// The address of the person who gave it.
    pub account_email: String,
    /// The name of the person who gave it.
    pub account_name: String,
}

pub(super) fn authorize(changes: &mut Changes, authorization: &Authorization) {
    must_have_its_session(changes, authorization);
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
    ];
    changes.write(&CHANGE, values).write(&REMOVE_ORGANIZATIONS, vec![authorization.id.0.into()]);
    add_organizations(changes, authorization);
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

/// Places as one text: `organization[/project[/repository]]`, separated by spaces.
fn places_text(places: &Places) -> String {
    let place_text = |place: &Place| {
        let ids = [Some(place.organization), place.project, place.repository];
        ids.into_iter().map_while(|id| Some(id?.simple().to_string())).collect::<Vec<_>>().join("/")
    };
    places.iter().map(place_text).collect::<Vec<_>>().join(" ")
}

fn places(text: &str) -> Result<Places, StoreError> {
    let place = |text: &str| {
        let mut ids = text.split('/').map(|id| Uuid::try_parse(id).map_err(|_| meaningless("place", text)));
        let organization = ids.next().ok_or_else(|| meaningless("place", text))??;
        Ok(Place { organization, project: ids.next().transpose()?, repository: ids.next().transpose()? })
    };
    text.split_ascii_whitespace().map(place).collect()
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
        scopes: ScopeSet::from_text(row.text(5)?),
        asked: ScopeSet::from_text(row.text(6)?),
        places: places(row.text(7)?)?,
        lifetime: lifetime(row.text(8)?)?,
        expires_at: row.opt_time(9)?,
        session: SessionId(row.uuid(10)?),
        shown: row.array(11)?,
        created_at: row.time(12)?,
        changed_at: row.time(13)?,
        ended,
    })
}

fn listed(row: &Row) -> Result<ListedAuthorization, StoreError> {
    let last_used = row.opt_time(WIDTH)?.zip(row.opt_text(WIDTH + 1)?.map(str::to_owned));
    Ok(ListedAuthorization {
        authorization: from_row(row)?,
        client_name: row.text(WIDTH + 2)?.to_owned(),
        publisher: clients::publisher(row.opt_text(WIDTH + 3)?),
        profile: clients::profile(row.text(WIDTH + 4)?)?,
        last_used,
    })
}

/// Newest use first; those that were never used by their last change.
fn by_use(listed: &ListedAuthorization) -> Reverse<(Timestamp, AuthorizationId)> {
    let authorization = &listed.authorization;
    Reverse((listed.last_used.as_ref().map_or(authorization.changed_at, |(at, _)| *at), authorization.id))
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
        let load = async || {
            let row = self.read_one(&BY_ID, vec![id.0.into()]).await?.ok_or(Absent::Nothing)?;
            Ok(Arc::new(from_row(&row)?))
        };
        present(self.memory.authorizations.get_or_load(id, load).await)
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

    /// How many authorizations of a client have not ended.
    pub async fn count_authorizations_for(&self, client: ClientId) -> Result<u32, StoreError> {
        match self.read_one(&COUNT_FOR_CLIENT, vec![client.0.into()]).await? {
            Some(row) => counted(&row, 0, "count"),
            None => Ok(0),
        }
    }

    /// The authorizations of an account that have not ended, newest use first.
    pub async fn authorizations_of(&self, account: AccountId) -> Result<Vec<ListedAuthorization>, StoreError> {
        let rows = self.read(&OF_ACCOUNT, vec![account.0.into()]).await?;
        let mut found = rows.iter().map(listed).collect::<Result<Vec<_>, _>>()?;
        found.sort_by_key(by_use);
        Ok(found)
    }

    /// The authorizations into an organization that have not ended, newest use first.
    pub async fn authorizations_into(&self, organization: Uuid) -> Result<Vec<OrganizationAuthorization>, StoreError> {
        self.with_people(&INTO_ORGANIZATION, organization).await
    }

    /// The authorizations of a client that have not ended, newest use first.
    pub async fn authorizations_for(&self, client: ClientId) -> Result<Vec<OrganizationAuthorization>, StoreError> {
        self.with_people(&FOR_CLIENT, client.0).await
    }

    async fn with_people(&self, sql: &'static Sql, id: Uuid) -> Result<Vec<OrganizationAuthorization>, StoreError> {
        let with_person = |row: &Row| {
            Ok(OrganizationAuthorization {
                listed: listed(row)?,
                account_email: row.text(WIDTH + 5)?.to_owned(),
                account_name: row.text(WIDTH + 6)?.to_owned(),
            })
        };
        let rows = self.read(sql, vec![id.into()]).await?;
        let mut found = rows.iter().map(with_person).collect::<Result<Vec<_>, StoreError>>()?;
        found.sort_by_key(|found| by_use(&found.listed));
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
