//! What a policy would do, before it is decided: the rules that enforce it are asked about what is on record.

use std::time::Duration;

use latchkey_jose::Timestamp;

use super::{AuthorizePolicy, OrganizationPolicy, may_authorize, may_authorize_legacy};
use crate::ids::AppId;
use crate::membership::Member;
use crate::organization::Organization;

/// What is on record of an organization.
#[derive(Clone, Debug)]
pub struct PolicyPreview {
    /// The organization, with the policy that holds.
    pub organization: Organization,
    /// The authorizations that are alive.
    pub given: Vec<GivenAuthorization>,
    /// The calls that services were answered.
    pub calls: Vec<AppCalls>,
    /// When it is asked.
    pub now: Timestamp,
}

/// An authorization that is alive.
#[derive(Clone, Debug)]
pub struct GivenAuthorization {
    /// Who gave it, if they are a member still.
    pub member: Option<Member>,
    /// The app that has it.
    pub app: AppId,
    /// Whether that is of the older OAuth kind.
    pub is_legacy: bool,
    /// How long it was given for, if it ends by itself.
    pub lasts: Option<Duration>,
}

/// Calls that an app was answered.
#[derive(Clone, Copy, Debug)]
pub struct AppCalls {
    /// The app.
    pub app: AppId,
    /// Whether it is of the older OAuth kind.
    pub is_legacy: bool,
    /// How many.
    pub count: i64,
}

impl PolicyPreview {
    /// How many calls there were.
    pub fn all_calls(&self) -> i64 {
        sum(self.calls.iter())
    }

    /// How many of them a policy would have refused that differs in one thing.
    pub fn refused_calls(&self, differ: impl FnOnce(&mut OrganizationPolicy)) -> i64 {
        let policy = self.policy(differ);
        let is_refused =
            |calls: &&AppCalls| policy.keeps_out(calls.app, [], calls.is_legacy.then_some(self.now)).is_some();
        sum(self.calls.iter().filter(is_refused))
    }

    /// How many authorizations could not be given again, by who may authorize services.
    pub fn not_given_again(&self, authorize: AuthorizePolicy) -> usize {
        let policy = self.policy(|policy| policy.authorize = authorize);
        let organization = Organization { policy, ..self.organization.clone() };
        let is_lost = |given: &&GivenAuthorization| match given.is_legacy {
            true => may_authorize_legacy(&organization, given.member.as_ref(), given.app, true, self.now).is_err(),
            false => may_authorize(&organization, given.member.as_ref(), given.app).is_err(),
        };
        self.given.iter().filter(is_lost).count()
    }

    /// How many authorizations last longer than so many days.
    pub fn lasting_longer_than(&self, days: Option<u32>) -> usize {
        let cap = self.policy(|policy| policy.longest_authorization_days = days).longest_authorization();
        let is_longer =
            |given: &&GivenAuthorization| cap.is_some_and(|cap| given.lasts.is_none_or(|lasts| lasts > cap));
        self.given.iter().filter(is_longer).count()
    }

    fn policy(&self, differ: impl FnOnce(&mut OrganizationPolicy)) -> OrganizationPolicy {
        let mut policy = self.organization.policy.clone();
        differ(&mut policy);
        policy
    }
}

fn sum<'a>(calls: impl Iterator<Item = &'a AppCalls>) -> i64 {
    calls.fold(0, |sum, calls| sum.saturating_add(calls.count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{NOW, a_member, an_organization};
    use latchkey_jose::time::days;

    fn a_preview() -> PolicyPreview {
        let app = |number: u128| AppId(uuid::Uuid::from_u128(number));
        let given = |number, is_legacy, lasts| GivenAuthorization {
            member: Some(a_member()),
            app: app(number),
            is_legacy,
            lasts,
        };
        let calls = |number, is_legacy, count| AppCalls { app: app(number), is_legacy, count };
        PolicyPreview {
            organization: an_organization(),
            given: vec![given(1, false, Some(days(30))), given(1, false, None), given(2, true, Some(days(7)))],
            calls: vec![calls(1, false, 10), calls(1, false, 5), calls(2, true, 3)],
            now: NOW,
        }
    }

    #[test]
    fn calls_are_counted_that_another_policy_would_have_refused() {
        let preview = a_preview();
        assert_eq!(preview.all_calls(), 18);
        assert_eq!(preview.refused_calls(|_| ()), 0);
        assert_eq!(preview.refused_calls(|policy| policy.legacy_apps = false), 3);
        assert_eq!(preview.refused_calls(|policy| policy.third_party_apps = false), 18);
    }

    #[test]
    fn authorizations_are_counted_that_nobody_could_give_again() {
        let preview = a_preview();
        assert_eq!(preview.not_given_again(AuthorizePolicy::Members), 0);
        assert_eq!(preview.not_given_again(AuthorizePolicy::Nobody), 3);
        let strangers = preview.given.iter().map(|given| GivenAuthorization { member: None, ..given.clone() });
        let preview = PolicyPreview { given: strangers.collect(), ..preview };
        assert_eq!(preview.not_given_again(AuthorizePolicy::Members), 3);
    }

    #[test]
    fn authorizations_are_counted_that_last_longer_than_a_bound() {
        let longer = [None, Some(90), Some(30), Some(7), Some(1)].map(|days| a_preview().lasting_longer_than(days));
        assert_eq!(longer, [0, 1, 1, 2, 3], "what does not end by itself lasts longer than any bound");
    }
}
