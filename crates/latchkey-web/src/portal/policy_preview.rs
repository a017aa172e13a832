//! What a policy would do, told before it is saved: the rules that enforce it are asked with what is on record.

use std::time::Duration;

use latchkey_devops::ids::{AppId, PersonId};
use latchkey_devops::policy::{AppCalls, AuthorizePolicy, GivenAuthorization, OrganizationPolicy, PolicyPreview};
use latchkey_identity::client::Profile;
use latchkey_identity::time::days;
use latchkey_store::StoreError;

use super::organization::Entered;
use super::visit::Visit;

/// How far back calls are counted.
const WEEK: Duration = days(7);
/// How many authorizations are asked about: those that were used last.
const MOST: u32 = 1_000;

/// What is on record of an organization, in words.
pub(super) struct Preview {
    on_record: PolicyPreview,
    /// Whether there are more authorizations than are asked about.
    cut: bool,
}

impl Preview {
    /// Reads what services did in the last days, and what people have approved.
    pub(super) async fn read(visit: &Visit, entered: &Entered) -> Result<Self, StoreError> {
        let (store, now, organization) = (&visit.app.store, visit.now(), entered.facts.id());
        let mut alive = store.authorizations_used_last(organization, now, MOST + 1).await?;
        let cut = alive.len() > MOST as usize;
        alive.truncate(MOST as usize);
        let members = store.members_who_authorized(organization, now, MOST).await?;
        let given = alive.iter().map(|(authorization, profile)| GivenAuthorization {
            member: members.get(&PersonId(authorization.account.0)).cloned(),
            app: AppId(authorization.client.0),
            is_legacy: *profile == Profile::Legacy,
            lasts: authorization.lasts(),
        });
        let calls = store.calls_in(organization, now - WEEK).await?;
        let calls = calls.iter().map(|one| AppCalls {
            app: AppId(one.app.0),
            is_legacy: one.profile == Profile::Legacy,
            count: one.count,
        });
        let on_record = PolicyPreview {
            organization: entered.facts.organization.clone(),
            given: given.collect(),
            calls: calls.collect(),
            now,
        };
        Ok(Self { on_record, cut })
    }

    /// What is counted.
    pub(super) fn counted(&self) -> String {
        let (name, count) = (&self.on_record.organization.name, self.on_record.given.len());
        let given = match self.cut {
            true => format!("of the authorizations that are alive now the {count} that were used last"),
            false => format!("the authorizations that are alive now ({count})"),
        };
        format!(
            "Counted are the calls that services were answered in the projects of {name} in the last 7 days, and {given}."
        )
    }

    /// What would have become of the calls under a policy that differs in one thing.
    pub(super) fn calls(&self, differ: impl FnOnce(&mut OrganizationPolicy)) -> String {
        format!("Would have refused {} of {} calls.", self.on_record.refused_calls(differ), self.on_record.all_calls())
    }

    /// Which authorizations nobody could give any more, by who may authorize services.
    pub(super) fn authorize(&self, authorize: AuthorizePolicy) -> String {
        let (lost, of) = (self.on_record.not_given_again(authorize), self.on_record.given.len());
        let how = if authorize == AuthorizePolicy::Approval { " without an administrator's approval" } else { "" };
        format!("{lost} of {of} authorizations could not be given again{how}.")
    }

    /// How many authorizations last longer than so many days.
    pub(super) fn lasting_longer_than(&self, days: Option<u32>) -> usize {
        self.on_record.lasting_longer_than(days)
    }
}

#[cfg(test)]
mod tests {
    use latchkey_devops::ids::OrganizationId;
    use latchkey_devops::name::OrganizationName;
    use latchkey_devops::organization::Organization;
    use latchkey_identity::Timestamp;
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
        let given = GivenAuthorization { member: None, app: AppId(Uuid::from_u128(4)), is_legacy: false, lasts: None };
        let (given, calls) = (vec![given.clone(), given], Vec::new());
        Preview {
            on_record: PolicyPreview { organization, given, calls, now: Timestamp::from_secs(1_000) },
            cut: false,
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
    fn under_approval_the_page_says_what_takes_an_administrator() {
        let would = a_preview().authorize(AuthorizePolicy::Approval);
        assert_eq!(would, "2 of 2 authorizations could not be given again without an administrator's approval.");
    }
}
