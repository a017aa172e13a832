//! Authorizations as lists show them: with the app, how they were used last, and who gave them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use latchkey_devops::ids::OrganizationId;
use latchkey_identity::Timestamp;
use latchkey_identity::account::AccountId;
use latchkey_identity::authorization::{Authorization, AuthorizationId};
use latchkey_identity::client::{ClientId, Profile, Publisher};
use latchkey_identity::tenant::TenantId;
use uuid::Uuid;

use super::authorizations::{WIDTH, columns, from_row};
use super::{clients, counted};
use crate::Store;
use crate::error::StoreError;
use crate::statement::Sql;
use crate::value::Row;

/// The columns that [`listed`] reads, of the client as `c`.
macro_rules! listed_columns {
    () => {
        concat!(columns!(), ", a.last_used_at, a.last_used_address, c.name, c.verified_domain, c.profile")
    };
}

const OF_ACCOUNT: Sql = Sql::read(
    "authorizations.of_account",
    concat!(
        "SELECT ",
        listed_columns!(),
        " FROM service_authorization a
          JOIN client c ON c.id = a.client
         WHERE a.account = $1 AND a.ended_at IS NULL AND c.deleted_at IS NULL"
    ),
)
.by_owner();

/// One of an account, ended or not.
const ONE_OF_ACCOUNT: Sql = Sql::read(
    "authorizations.one_of_account",
    concat!(
        "SELECT ",
        listed_columns!(),
        " FROM service_authorization a
          JOIN client c ON c.id = a.client
         WHERE a.id = $1 AND a.account = $2"
    ),
)
.by_owner();

/// Those that are alive, of the organization that `o` names.
macro_rules! alive {
    () => {
        "FROM authorization_organization o
         JOIN service_authorization a ON a.id = o.authorization_id
         JOIN client c ON c.id = a.client
        WHERE o.organization = $1 AND a.ended_at IS NULL AND (a.expires_at IS NULL OR a.expires_at > $2)
          AND c.deleted_at IS NULL"
    };
}

pub(crate) use alive;

/// Of each app those that were used last, with how many there are of it: for a page of administrators.
const INTO_ORGANIZATION: Sql = Sql::sweep(
    "authorizations.into_organization",
    concat!(
        "SELECT ",
        listed_columns!(),
        ", p.email, p.name AS account_name, x.of_the_app
          FROM (SELECT a.id, count(*) OVER (PARTITION BY a.client) AS of_the_app,
                       row_number() OVER (PARTITION BY a.client
                                          ORDER BY coalesce(a.last_used_at, a.changed_at) DESC, a.id DESC) AS place ",
        alive!(),
        ") AS x
          JOIN service_authorization a ON a.id = x.id
          JOIN client c ON c.id = a.client
          JOIN account p ON p.id = a.account
         WHERE x.place <= $3"
    ),
);

/// Of all apps those that were used last.
const USED_LAST: Sql = Sql::sweep(
    "authorizations.used_last",
    concat!(
        "SELECT ",
        columns!(),
        ", c.profile ",
        alive!(),
        " ORDER BY coalesce(a.last_used_at, a.changed_at) DESC, a.id DESC LIMIT $3"
    ),
);

/// How many people let which app of the older kind in.
const LEGACY_PEOPLE: Sql = Sql::sweep(
    "authorizations.legacy_people",
    concat!(
        "SELECT a.client, count(DISTINCT a.account) AS people, max(a.last_used_at) AS last_used_at ",
        alive!(),
        " AND c.profile = 'legacy' GROUP BY a.client"
    ),
);

/// Those of apps of the older kind, a page of them.
const LEGACY_INTO_ORGANIZATION: Sql = Sql::read(
    "authorizations.legacy_into_organization",
    concat!(
        "SELECT ",
        columns!(),
        " FROM authorization_organization o
          JOIN service_authorization a ON a.id = o.authorization_id
          JOIN legacy_app l ON l.client = a.client
         WHERE o.organization = $1 AND o.authorization_id > $2 AND a.ended_at IS NULL
         ORDER BY o.authorization_id LIMIT $3"
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
)
.by_owner();

/// A page of those that a tenant issues tokens for.
const OF_TENANT: Sql = Sql::read(
    "authorizations.of_tenant",
    concat!(
        "SELECT ",
        listed_columns!(),
        ", p.email, p.name AS account_name
          FROM service_authorization a
          JOIN client c ON c.id = a.client
          JOIN account p ON p.id = a.account
         WHERE a.tenant = $1 AND (a.account, a.client) > ($2, $3) AND a.ended_at IS NULL AND c.deleted_at IS NULL
         ORDER BY a.account, a.client LIMIT $4"
    ),
);

const COUNT_FOR_CLIENT: Sql = Sql::read(
    "authorizations.count_for_client",
    "SELECT count(*) AS people FROM service_authorization WHERE client = $1 AND ended_at IS NULL",
)
.by_owner();

/// Others in a directory who let a client in, `$5` of them at most. A person has one authorization at the most.
const OTHERS: Sql = Sql::read(
    "authorizations.others",
    "SELECT count(*) AS people
       FROM (SELECT 1 FROM service_authorization
              WHERE client = $1 AND tenant = $2 AND ended_at IS NULL AND account <> $3
                AND (expires_at IS NULL OR expires_at > $4) LIMIT $5) AS others",
);

pub(super) const ALL: &[&Sql] = &[
    &OTHERS,
    &COUNT_FOR_CLIENT,
    &FOR_CLIENT,
    &OF_ACCOUNT,
    &ONE_OF_ACCOUNT,
    &INTO_ORGANIZATION,
    &USED_LAST,
    &LEGACY_PEOPLE,
    &LEGACY_INTO_ORGANIZATION,
    &OF_TENANT,
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
    /// How many authorizations of a client have not ended.
    pub async fn count_authorizations_for(&self, client: ClientId) -> Result<u32, StoreError> {
        match self.read_one(&COUNT_FOR_CLIENT, vec![client.0.into()]).await? {
            Some(row) => counted(&row, 0, "count"),
            None => Ok(0),
        }
    }

    /// How many others in a directory have let a client in; it counts up to `most`.
    pub async fn others_who_authorized(
        &self,
        client: ClientId,
        tenant: TenantId,
        account: AccountId,
        now: Timestamp,
        most: u32,
    ) -> Result<u32, StoreError> {
        let values = vec![client.0.into(), tenant.0.into(), account.0.into(), now.into(), most.into()];
        self.read_one(&OTHERS, values).await?.map_or(Ok(0), |row| counted(&row, 0, "count"))
    }

    /// The authorizations of an account that have not ended, newest use first.
    pub async fn authorizations_of(&self, account: AccountId) -> Result<Vec<ListedAuthorization>, StoreError> {
        let rows = self.read(&OF_ACCOUNT, vec![account.0.into()]).await?;
        let mut found = rows.iter().map(listed).collect::<Result<Vec<_>, _>>()?;
        found.sort_by_key(by_use);
        Ok(found)
    }

    /// One authorization of an account, ended or not, as the database has it.
    pub async fn authorization_of(
        &self,
        account: AccountId,
        id: AuthorizationId,
    ) -> Result<Option<ListedAuthorization>, StoreError> {
        self.read_one(&ONE_OF_ACCOUNT, vec![id.0.into(), account.0.into()]).await?.as_ref().map(listed).transpose()
    }

    /// The authorizations into an organization that are alive, newest use first: at most so many of each app, with how many there are of it.
    pub async fn authorizations_into(
        &self,
        organization: OrganizationId,
        now: Timestamp,
        most_of_an_app: u32,
    ) -> Result<Vec<(OrganizationAuthorization, u32)>, StoreError> {
        let rows = self.read(&INTO_ORGANIZATION, vec![organization.into(), now.into(), most_of_an_app.into()]).await?;
        let one = |row: &Row| Ok((with_person(row)?, counted(row, WIDTH + 7, "count")?));
        let mut found = rows.iter().map(one).collect::<Result<Vec<_>, StoreError>>()?;
        found.sort_by_key(|(found, _)| by_use(&found.listed));
        Ok(found)
    }

    /// The authorizations into an organization that are alive and were used last, `most` of them, each with the profile of its app.
    pub async fn authorizations_used_last(
        &self,
        organization: OrganizationId,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<(Authorization, Profile)>, StoreError> {
        let rows = self.read(&USED_LAST, vec![organization.into(), now.into(), most.into()]).await?;
        rows.iter().map(|row| Ok((from_row(row)?, clients::profile(row.text(WIDTH)?)?))).collect()
    }

    /// Which apps of the older kind people let into an organization: how many people, and when it was last used.
    pub async fn legacy_apps_let_into(
        &self,
        organization: OrganizationId,
        now: Timestamp,
    ) -> Result<BTreeMap<ClientId, (u32, Option<Timestamp>)>, StoreError> {
        let rows = self.read(&LEGACY_PEOPLE, vec![organization.into(), now.into()]).await?;
        rows.iter().map(|row| Ok((ClientId(row.uuid(0)?), (counted(row, 1, "count")?, row.opt_time(2)?)))).collect()
    }

    /// The authorizations of apps of the older kind into an organization that have not ended: `count` of them, behind `after`.
    pub async fn legacy_authorizations_into(
        &self,
        organization: Uuid,
        after: Option<AuthorizationId>,
        count: u32,
    ) -> Result<Vec<Authorization>, StoreError> {
        let after = after.map_or_else(Uuid::nil, |id| id.0);
        let rows = self.read(&LEGACY_INTO_ORGANIZATION, vec![organization.into(), after.into(), count.into()]).await?;
        rows.iter().map(from_row).collect()
    }

    /// The authorizations of a client that have not ended, newest use first.
    pub async fn authorizations_for(&self, client: ClientId) -> Result<Vec<OrganizationAuthorization>, StoreError> {
        let rows = self.read(&FOR_CLIENT, vec![client.0.into()]).await?;
        let mut found = rows.iter().map(with_person).collect::<Result<Vec<_>, StoreError>>()?;
        found.sort_by_key(|found| by_use(&found.listed));
        Ok(found)
    }

    /// The authorizations that a tenant issues tokens for and that have not ended, by account and app: those after one of these, a page of
    /// them.
    pub async fn authorizations_after(
        &self,
        tenant: TenantId,
        (account, client): (AccountId, ClientId),
        most: u32,
    ) -> Result<Vec<OrganizationAuthorization>, StoreError> {
        let values = vec![tenant.0.into(), account.0.into(), client.0.into(), most.into()];
        self.read(&OF_TENANT, values).await?.iter().map(with_person).collect()
    }
}

fn with_person(row: &Row) -> Result<OrganizationAuthorization, StoreError> {
    Ok(OrganizationAuthorization {
        listed: listed(row)?,
        account_email: row.text(WIDTH + 5)?.to_owned(),
        account_name: row.text(WIDTH + 6)?.to_owned(),
    })
}
