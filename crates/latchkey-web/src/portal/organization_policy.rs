//! What an organization's administrators decide about services.

use latchkey_devops::access::Action;
use latchkey_devops::policy::{AuthorizePolicy, LONGEST_CAP_DAYS, OrganizationPolicy};
use latchkey_store::Changes;
use latchkey_store::devops::organizations::change_policy;

use super::organization::Entered;
use super::policy_preview::Preview;
use super::problem::Problem;
use super::visit::{Answer, Visit};
use crate::pages::Count;
use crate::pages::consent::KeepChoice;
use crate::pages::organization::{OrganizationPolicy as PolicyPage, Switch, WhoMayAuthorize};

/// The longest authorizations that the form offers, in days.
const OFFERED: [u32; 5] = [365, 180, 90, 30, 7];
/// The value for no bound at all.
const UNBOUNDED: &str = "until-removed";

/// `GET /organizations/{organization}/policy`
pub(super) async fn show(visit: Visit) -> Answer {
    let entered = Entered::read(&visit).await?;
    entered.may(&visit, Action::AdministerOrganization)?;
    let policy = &entered.facts.organization.policy;
    let preview = Preview::read(&visit, &entered).await?;
    let longest = choices(policy.longest_authorization_days).into_iter().map(|choice| told(&preview, choice));
    visit.show(&PolicyPage {
        frame: visit.frame(),
        name: entered.name().to_owned(),
        saved: visit.asked("saved").is_some(),
        counted: preview.counted(),
        choices: AuthorizePolicy::ALL.map(|policy| (who(policy), preview.authorize(policy))).into(),
        who: who(policy.authorize),
        longest: longest.collect(),
        services: Switch {
            on: policy.third_party_apps,
            would_on: preview.calls(|policy| policy.third_party_apps = true),
            would_off: preview.calls(|policy| policy.third_party_apps = false),
        },
        older: Switch {
            on: policy.legacy_apps,
            would_on: preview.calls(|policy| policy.legacy_apps = true),
            would_off: preview.calls(|policy| policy.legacy_apps = false),
        },
    })
}

/// `POST /organizations/{organization}/policy`
pub(super) async fn save(visit: Visit) -> Answer {
    let authorize = visit.posted("who").and_then(AuthorizePolicy::from_word).ok_or_else(Problem::not_offered)?;
    let longest_authorization_days = visit.posted("longest").and_then(days).ok_or_else(Problem::not_offered)?;
    let third_party_apps = visit.posted("services").and_then(switch).ok_or_else(Problem::not_offered)?;
    let legacy_apps = visit.posted("older").and_then(switch).ok_or_else(Problem::not_offered)?;
    let decided = |policy: &OrganizationPolicy| OrganizationPolicy {
        authorize,
        longest_authorization_days,
        third_party_apps,
        legacy_apps,
        ..policy.clone()
    };
    let entered = change(&visit, decided).await?;
    visit.go_to(&format!("/organizations/{}/policy?saved=1", entered.name()))
}

/// Changes the policy, if the person may at that moment. Saying again what holds already changes nothing.
pub(super) async fn change(
    visit: &Visit,
    edit: impl Fn(&OrganizationPolicy) -> OrganizationPolicy,
) -> Result<Entered, Problem> {
    visit
        .app
        .store
        .decide(|| async {
            let entered = match Entered::administered(visit).await? {
                Ok((entered, _)) => entered,
                Err(problem) => return Ok((Err(problem), Changes::none())),
            };
            let policy = edit(&entered.facts.organization.policy);
            let changes = if policy == entered.facts.organization.policy {
                Changes::none()
            } else {
                change_policy(&entered.facts, &policy, &visit.author())
            };
            Ok((Ok(entered), changes))
        })
        .await?
}

fn who(policy: AuthorizePolicy) -> WhoMayAuthorize {
    match policy {
        AuthorizePolicy::Administrators => WhoMayAuthorize::Administrators,
        AuthorizePolicy::Members => WhoMayAuthorize::Members,
        AuthorizePolicy::Approval => WhoMayAuthorize::Approval,
        AuthorizePolicy::Nobody => WhoMayAuthorize::Nobody,
    }
}

/// What can be chosen, longest first. What holds now is among it, whoever set it.
fn choices(present: Option<u32>) -> Vec<KeepChoice> {
    let unbounded =
        KeepChoice { value: UNBOUNDED.into(), label: "Until the person removes it".into(), chosen: present.is_none() };
    let mut days: Vec<u32> = OFFERED.into_iter().chain(present).collect();
    days.sort_unstable_by(|one, other| other.cmp(one));
    days.dedup();
    let bounded = days.into_iter().map(|days| KeepChoice {
        value: days.to_string(),
        label: Count(days.into(), "day").to_string(),
        chosen: present == Some(days),
    });
    std::iter::once(unbounded).chain(bounded).collect()
}

/// A choice, with how many authorizations last longer than it lets them.
fn told(preview: &Preview, choice: KeepChoice) -> KeepChoice {
    match preview.lasting_longer_than(days(&choice.value).flatten()) {
        0 => choice,
        longer => KeepChoice { label: format!("{} ({longer} last longer)", choice.label), ..choice },
    }
}

/// On or off, and nothing in between: a form that does not say leaves nothing as it is.
fn switch(word: &str) -> Option<bool> {
    match word {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

/// The bound that a choice stands for; `None` if it is no choice.
#[allow(clippy::option_option, reason = "no bound is a choice, too")]
fn days(choice: &str) -> Option<Option<u32>> {
    if choice == UNBOUNDED {
        return Some(None);
    }
    choice.parse().ok().filter(|days| (1..=LONGEST_CAP_DAYS).contains(days)).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_now_is_always_among_the_choices() {
        let chosen = |present| {
            let choices = choices(present);
            let chosen: Vec<_> = choices.iter().filter(|one| one.chosen).map(|one| one.value.clone()).collect();
            (choices.len(), chosen)
        };
        assert_eq!(chosen(None), (6, vec!["until-removed".to_owned()]));
        assert_eq!(chosen(Some(90)), (6, vec!["90".to_owned()]));
        assert_eq!(chosen(Some(45)), (7, vec!["45".to_owned()]));
    }

    #[test]
    fn every_choice_means_what_it_says() {
        for choice in choices(Some(45)) {
            assert!(days(&choice.value).is_some(), "{}", choice.value);
        }
        assert_eq!(days("until-removed"), Some(None));
        assert_eq!(days("90"), Some(Some(90)));
        for nonsense in ["", "0", "-1", "99999", "soon"] {
            assert_eq!(days(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn pages_and_rules_call_policies_by_the_same_names() {
        for policy in AuthorizePolicy::ALL {
            assert_eq!(who(policy).value(), policy.word());
        }
    }
}
