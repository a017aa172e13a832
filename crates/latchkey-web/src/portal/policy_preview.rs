//! What a policy would do, told before it is saved: the rules that enforce it are asked with what is on record.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use latchkey_devops::ids::{AppId, PersonId};
use latchkey_devops::membership::Member;
use latchkey_devops::organization::Organization;
use latchkey_devops::policy::{AuthorizePolicy, OrganizationPolicy, may_authorize, may_authorize_legacy};
use latchkey_identity::Timestamp;
use latchkey_identity::authorization::{Authorization, Lifetime};
use latchkey_identity::client::{ClientId, Profile};
use latchkey_store::StoreError;
use latchkey_store::identity::CallsOfDay;

use super::organization::Entered;
use super::use_by_day::calls_in;
use super::visit::Visit;

/// How far back calls are counted.
const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// How many authorizations are asked about: those that were used last.
const MOST: usize = 1_000;

/// What is on record of an organization.
pub(super) struct Preview {
    organization: Organization,
    given: Vec<Given>,
    /// Whether there are more authorizations than are asked about.
    cut: bool,
    /// The calls of each app, if they could be summed up.
    calls: Option<Vec<(AppId, Option<Timestamp>, i64)>>,
    now: Timestamp,
}

/// An authorization that is alive.
struct Given {
    member: Option<Arc<Member>>,
    app: AppId,
    is_legacy: bool,
    /// How long it was given for, if it ends by itself.
    lasts: Option<Duration>,
}

impl Preview {
    /// Reads what services did in the last days, and what people have approved.
    pub(super) async fn read(visit: &Visit, entered: &Entered) -> Result<Self, StoreError> {
        let (store, now, organization) = (&visit.app.store, visit.now(), entered.facts.id());
        let mut given = Vec::new();
        let mut alive = store.authorizations_into(organization.0).await?;
        alive.retain(|one| one.listed.authorization.is_live(now));
        let cut = alive.len() > MOST;
        for one in alive.iter().take(MOST) {
            let authorization = &one.listed.authorization;
            given.push(Given {
                member: store.member(organization, PersonId(authorization.account.0)).await?,
                app: AppId(authorization.client.0),
                is_legacy: one.listed.profile == Profile::Legacy,
                lasts: lasts(authorization),
            });
        }
        let calls = match calls_in(visit, organization.0, now - WEEK).await {
            Some(all) => Some(by_app(visit, &all).await?),
            None => None,
        };
        Ok(Self { organization: entered.facts.organization.clone(), given, cut, calls, now })
    }

    /// What is counted.
    pub(super) fn counted(&self) -> String {
        let (name, count) = (&self.organization.name, self.given.len());
        let given = match self.cut {
            true => format!("of the authorizations that are alive now the {count} that were used last"),
            false => format!("the authorizations that are alive now ({count})"),
        };
        match self.calls {
            Some(_) => format!(
                "Counted are the calls that services were answered in the projects of {name} in the last 7 days, and {given}."
            ),
            None => format!("Counted are {given}. The calls in the projects of {name} could not be counted just now."),
        }
    }

    /// What would have become of the calls under a policy that differs in one thing.
    pub(super) fn calls(&self, differ: impl FnOnce(&mut OrganizationPolicy)) -> String {
        let Some(calls) = &self.calls else { return "The calls could not be counted just now.".into() };
        let policy = self.policy(differ);
        let counts = |refused: bool| {
            let them =
                calls.iter().filter(|(app, legacy, _)| !refused || policy.keeps_out(*app, [], *legacy).is_some());
            them.map(|(_, _, count)| count).sum::<i64>()
        };
        format!("Would have refused {} of {} calls.", counts(true), counts(false))
    }

    /// Which authorizations nobody could give any more, by who may authorize services.
    pub(super) fn authorize(&self, authorize: AuthorizePolicy) -> String {
        let policy = self.policy(|policy| policy.authorize = authorize);
        let organization = Organization { policy, ..self.organization.clone() };
        let may = |given: &&Given| match given.is_legacy {
            true => may_authorize_legacy(&organization, given.member.as_deref(), given.app, true, self.now).is_ok(),
            false => may_authorize(&organization, given.member.as_deref(), given.app).is_ok(),
        };
        let lost = self.given.len() - self.given.iter().filter(may).count();
        let how = if authorize == AuthorizePolicy::Approval { " without an administrator's approval" } else { "" };
        format!("{lost} of {} authorizations could not be given again{how}.", self.given.len())
    }

    /// How many authorizations last longer than so many days.
    pub(super) fn longer(&self, days: Option<u32>) -> usize {
        let cap = self.policy(|policy| policy.longest_authorization_days = days).longest_authorization();
        let is_longer = |given: &&Given| cap.is_some_and(|cap| given.lasts.is_none_or(|lasts| lasts > cap));
        self.given.iter().filter(is_longer).count()
    }

    fn policy(&self, differ: impl FnOnce(&mut OrganizationPolicy)) -> OrganizationPolicy {
        let mut policy = self.organization.policy.clone();
        differ(&mut policy);
        policy
    }
}

/// The calls of each app, with the moment of a call of one of the older kind.
async fn by_app(visit: &Visit, all: &[CallsOfDay]) -> Result<Vec<(AppId, Option<Timestamp>, i64)>, StoreError> {
    let mut counts: BTreeMap<ClientId, i64> = BTreeMap::new();
    for one in all {
        let count = counts.entry(ClientId(one.by)).or_default();
        *count = count.saturating_add(one.count);
    }
    let mut calls = Vec::new();
    for (id, count) in counts {
        let is_legacy = visit.app.store.client(id).await?.is_some_and(|client| client.is_legacy());
        calls.push((AppId(id.0), is_legacy.then_some(visit.now()), count));
    }
    Ok(calls)
}

fn lasts(authorization: &Authorization) -> Option<Duration> {
    match (authorization.expires_at, authorization.lifetime) {
        (Some(end), _) => Some(end.since(authorization.changed_at)),
        // A sign-in ends sooner than any bound.
        (None, Lifetime::ThisSession) => Some(Duration::ZERO),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use latchkey_devops::ids::OrganizationId;
    use latchkey_devops::name::OrganizationName;
    use uuid::Uuid;

    use super::*;

    fn a_preview() -> Preview {
        let organization = Organization {
            id: OrganizationId(Uuid::from_u128(1)),
            tenant: Uuid::from_u128(2),
            name: OrganizationName::parse("harbor").unwrap(),
            owner: PersonId(Uuid::from_u128(3)),
            policy: OrganizationPolicy::default(),
        };
        let given = || Given { member: None, app: AppId(Uuid::from_u128(4)), is_legacy: false, lasts: None };
        Preview {
            organization,
            given: vec![given(), given()],
            cut: false,
            calls: Some(Vec::new()),
            now: Timestamp::from_secs(1_000),
        }
    }

    #[test]
    fn what_is_left_out_of_the_count_is_said() {
        assert!(a_preview().counted().ends_with(", and the authorizations that are alive now (2)."));
        let cut = Preview { cut: true, ..a_preview() };
        let last = ", and of the authorizations that are alive now the 2 that were used last.";
        assert!(cut.counted().ends_with(last), "{}", cut.counted());
    }

    #[test]
    fn calls_that_could_not_be_summed_up_are_not_called_none() {
        let preview = Preview { calls: None, ..a_preview() };
        assert_eq!(
            preview.counted(),
            "Counted are the authorizations that are alive now (2). The calls in the projects of harbor could not be counted just now."
        );
        assert_eq!(preview.calls(|policy| policy.legacy_apps = false), "The calls could not be counted just now.");
    }

    #[test]
    fn under_approval_the_page_says_what_takes_an_administrator() {
        let would = a_preview().authorize(AuthorizePolicy::Approval);
        assert_eq!(would, "2 of 2 authorizations could not be given again without an administrator's approval.");
    }
}
