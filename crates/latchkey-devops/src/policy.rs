//! What an organization's administrators decide: who may authorize services for it, which services, for how long.

mod prerequisite;
mod preview;

use std::collections::BTreeSet;
use std::time::Duration;

use latchkey_jose::Timestamp;
use latchkey_jose::time::days;

pub use prerequisite::{MissingPrerequisite, Prerequisite};
pub use preview::{AppCalls, GivenAuthorization, PolicyPreview};

use crate::access_level::AccessLevel;
use crate::approval_request::{self, AppShown, ApprovalRequest};
use crate::ids::{AppId, OrganizationId};
use crate::membership::Member;
use crate::organization::Organization;
use crate::scope::Scopes;
use crate::sunset::Sunset;

/// The longest cap on authorizations that can be set, in days. Without a cap an authorization lives until it is revoked.
pub const LONGEST_CAP_DAYS: u32 = 3_650;

/// Who may authorize services for an organization.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum AuthorizePolicy {
    /// Project members with Basic access who are in Project Collection Administrators.
    #[default]
    Administrators,
    /// Project members with Basic access.
    Members,
    /// Project members with Basic access ask, and an administrator approves.
    Approval,
    /// Nobody.
    Nobody,
}

impl AuthorizePolicy {
    /// Every policy, from the default on.
    pub const ALL: [Self; 4] = [Self::Administrators, Self::Members, Self::Approval, Self::Nobody];

    /// Its word, in the database and the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Administrators => "administrators",
            Self::Members => "members",
            Self::Approval => "approval",
            Self::Nobody => "nobody",
        }
    }

    /// Finds a policy by its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.word() == word)
    }
}

/// What an organization's administrators decided about services.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrganizationPolicy {
    /// Who may authorize services.
    pub authorize: AuthorizePolicy,
    /// How long an authorization may live at most, in days.
    pub longest_authorization_days: Option<u32>,
    /// Whether services are let in at all. Switching it off stops those that are in.
    pub third_party_apps: bool,
    /// Whether services of the older OAuth kind are let in.
    pub legacy_apps: bool,
    /// When those of the older OAuth kind end.
    pub sunset: Sunset,
    /// Services that are stopped for everybody in the organization.
    pub blocked_apps: BTreeSet<AppId>,
}

impl OrganizationPolicy {
    /// How long an authorization may live at most that is given now.
    pub fn longest_authorization(&self) -> Option<Duration> {
        self.longest_authorization_days.map(|count| days(count.min(LONGEST_CAP_DAYS)))
    }

    /// Why calls of an app are refused, if they are. `actors` act with its token, and `legacy` is the moment of the call of an app of the
    /// older OAuth kind.
    pub fn keeps_out<'a>(
        &self,
        app: AppId,
        actors: impl IntoIterator<Item = &'a AppId>,
        legacy: Option<Timestamp>,
    ) -> Option<&'static str> {
        let blocked = |id: &AppId| self.blocked_apps.contains(id);
        if blocked(&app) || actors.into_iter().any(blocked) {
            Some("An administrator of the organization has stopped this service for everybody in it.")
        } else if !self.third_party_apps {
            Some("The organization lets no services in. An administrator of it can change that.")
        } else if legacy.is_some() && !self.legacy_apps {
            Some(
                "The organization lets no services of the older OAuth kind in. An administrator of it can change that.",
            )
        } else if legacy.is_some_and(|now| self.sunset.refuses(now)) {
            Some(
                "The time of services of the older OAuth kind is over in the organization. The service has to move to the identity platform.",
            )
        } else {
            None
        }
    }
}

/// What a new organization starts with.
impl Default for OrganizationPolicy {
    fn default() -> Self {
        Self {
            authorize: AuthorizePolicy::Administrators,
            longest_authorization_days: None,
            third_party_apps: true,
            legacy_apps: false,
            sunset: Sunset::NONE,
            blocked_apps: BTreeSet::new(),
        }
    }
}

/// What a person wants to authorize, and what their administrators approved of it. An app alone is everything it could ever
/// ask for, with nothing approved.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The app.
    pub app: AppId,
    /// What the app is to those who look at it now.
    pub shown: AppShown,
    /// What it could do afterwards.
    pub scopes: Scopes,
    /// What the person asked their administrators to approve, and what they were answered.
    pub requests: &'a [ApprovalRequest],
}

impl From<AppId> for Wanted<'_> {
    fn from(app: AppId) -> Self {
        Self { app, shown: AppShown::NOTHING, scopes: Scopes::EVERYTHING, requests: &[] }
    }
}

/// Proof that a person may authorize services for an organization. Only [`may_authorize`] makes one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MayAuthorize {
    organization: OrganizationId,
    longest: Option<Duration>,
}

impl MayAuthorize {
    /// The organization.
    pub fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// How long an authorization for it may live at most.
    pub fn longest_authorization(&self) -> Option<Duration> {
        self.longest
    }
}

/// Says whether a person may authorize a service for an organization, or everything they lack.
///
/// Somebody who does not belong to the organization learns that and nothing more of it.
pub fn may_authorize<'a>(
    organization: &Organization,
    member: Option<&Member>,
    wanted: impl Into<Wanted<'a>>,
) -> Result<MayAuthorize, Vec<MissingPrerequisite>> {
    let wanted: Wanted<'_> = wanted.into();
    let missing = |prerequisite| MissingPrerequisite { prerequisite, organization: organization.name.clone() };
    let Some(member) = member else {
        return Err(vec![missing(Prerequisite::OrganizationMember)]);
    };
    let policy = &organization.policy;
    let administrator = member.administers(organization);

    let mut lacking = Vec::new();
    if !policy.third_party_apps {
        lacking.push(Prerequisite::ThirdPartyApps);
    }
    if policy.blocked_apps.contains(&wanted.app) {
        lacking.push(Prerequisite::AppNotBlocked);
    }
    if policy.authorize == AuthorizePolicy::Nobody {
        lacking.push(Prerequisite::AllowedByPolicy);
    }
    if member.projects.is_empty() {
        lacking.push(Prerequisite::ProjectMember);
    }
    if member.access_level < AccessLevel::Basic {
        lacking.push(Prerequisite::BasicAccess { present: member.access_level });
    }
    match policy.authorize {
        AuthorizePolicy::Administrators if !administrator => lacking.push(Prerequisite::Administrator),
        AuthorizePolicy::Approval if !administrator => {
            let approved = approval_request::approved(wanted, organization.id, member.person);
            if approved.is_empty() || !approved.implies_all(wanted.scopes) {
                lacking.push(Prerequisite::AdministratorApproval);
            }
        }
        _ => {}
    }

    if lacking.is_empty() {
        Ok(MayAuthorize { organization: organization.id, longest: policy.longest_authorization() })
    } else {
        Err(lacking.into_iter().map(missing).collect())
    }
}

/// The same for an app of the older OAuth kind, which takes more: that the organization lets them in, still, and took this one over.
/// Of the older kind only what exists already goes on.
pub fn may_authorize_legacy<'a>(
    organization: &Organization,
    member: Option<&Member>,
    wanted: impl Into<Wanted<'a>>,
    taken_over: bool,
    now: Timestamp,
) -> Result<MayAuthorize, Vec<MissingPrerequisite>> {
    let may = may_authorize(organization, member, wanted);
    if member.is_none() {
        return may;
    }
    let policy = &organization.policy;
    let ended = policy.sunset.refuse_from().filter(|_| policy.sunset.refuses(now));
    let lacking = [
        (!policy.legacy_apps).then_some(Prerequisite::LegacyApps),
        ended.map(|end| Prerequisite::BeforeSunset { end }),
        (!taken_over).then_some(Prerequisite::LegacyAppImported),
    ];
    let mut missing: Vec<MissingPrerequisite> = lacking
        .into_iter()
        .flatten()
        .map(|prerequisite| MissingPrerequisite { prerequisite, organization: organization.name.clone() })
        .collect();
    match may {
        Ok(may) if missing.is_empty() => Ok(may),
        Ok(_) => Err(missing),
        Err(others) => {
            missing.extend(others);
            Err(missing)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{a_member, an_app, an_organization, owner};
    use crate::group::OrganizationGroup;

    fn lacks(organization: &Organization, member: Option<&Member>) -> Vec<&'static str> {
        match may_authorize(organization, member, an_app()) {
            Ok(_) => Vec::new(),
            Err(missing) => missing.iter().map(|missing| missing.prerequisite.code()).collect(),
        }
    }

    #[test]
    fn by_default_it_takes_a_project_member_with_basic_access_who_administers() {
        let harbor = an_organization();
        assert_eq!(lacks(&harbor, Some(&owner())), [""; 0]);
        assert_eq!(lacks(&harbor, Some(&a_member())), ["administrator"]);
        let administrator =
            Member { groups: [OrganizationGroup::ProjectCollectionAdministrators].into(), ..a_member() };
        assert_eq!(lacks(&harbor, Some(&administrator)), [""; 0]);
        assert_eq!(lacks(&harbor, None), ["organization_member"]);
    }

    #[test]
    fn whoever_lacks_several_prerequisites_is_told_all_of_them() {
        let stranger = Member { access_level: AccessLevel::Stakeholder, projects: [].into(), ..a_member() };
        let missing = may_authorize(&an_organization(), Some(&stranger), an_app()).unwrap_err();
        let codes: Vec<_> = missing.iter().map(|missing| missing.prerequisite.code()).collect();
        assert_eq!(codes, ["project_member", "basic_access", "administrator"]);
        assert_eq!(missing[1].what(), "Your access level in harbor is Stakeholder; it takes at least Basic.");
        assert_eq!(missing[1].what_to_do(&["Ana".into()]), "Ask Ana to give you Basic access.");
        assert_eq!(missing[0].what_to_do(&[]), "Ask an administrator of harbor to add you to a project.");
    }

    #[test]
    fn an_owner_who_is_in_no_project_is_told_so() {
        let owner = Member { projects: [].into(), ..owner() };
        assert_eq!(lacks(&an_organization(), Some(&owner)), ["project_member"]);
    }

    #[test]
    fn an_organization_can_relax_or_tighten_the_rule() {
        let with = |authorize| {
            let harbor = an_organization();
            Organization { policy: OrganizationPolicy { authorize, ..harbor.policy.clone() }, ..harbor }
        };
        let stakeholder = Member { access_level: AccessLevel::Stakeholder, ..a_member() };
        for (policy, member, administrator, lowly) in [
            (AuthorizePolicy::Administrators, &["administrator"][..], &[][..], &["basic_access", "administrator"][..]),
            (AuthorizePolicy::Members, &[], &[], &["basic_access"]),
            (AuthorizePolicy::Approval, &["administrator_approval"], &[], &["basic_access", "administrator_approval"]),
            (
                AuthorizePolicy::Nobody,
                &["allowed_by_policy"],
                &["allowed_by_policy"],
                &["allowed_by_policy", "basic_access"],
            ),
        ] {
            let harbor = with(policy);
            assert_eq!(lacks(&harbor, Some(&a_member())), member, "{policy:?}");
            assert_eq!(lacks(&harbor, Some(&owner())), administrator, "{policy:?}");
            assert_eq!(lacks(&harbor, Some(&stakeholder)), lowly, "{policy:?}");
        }
    }

    #[test]
    fn an_app_of_the_older_kind_is_authorized_where_it_was_taken_over_and_until_the_end() {
        let (mut harbor, end) = (an_organization(), Timestamp::from_secs(1_000));
        let lacks = |harbor: &Organization, taken_over, now| match may_authorize_legacy(
            harbor,
            Some(&owner()),
            an_app(),
            taken_over,
            Timestamp::from_secs(now),
        ) {
            Ok(_) => vec![],
            Err(missing) => missing.iter().map(|missing| missing.prerequisite.code()).collect(),
        };
        harbor.policy.sunset = Sunset::new(None, Some(end)).unwrap();
        assert_eq!(lacks(&harbor, true, 999), [""; 0]);
        assert_eq!(lacks(&harbor, true, 1_000), ["before_sunset"]);
        assert_eq!(lacks(&harbor, false, 999), ["legacy_app_imported"]);
        harbor.policy.legacy_apps = false;
        assert_eq!(lacks(&harbor, true, 999), ["legacy_apps"]);
        let stranger = may_authorize_legacy(&harbor, None, an_app(), true, end).unwrap_err();
        assert_eq!(stranger.len(), 1, "a stranger learns nothing of the organization");
    }

    #[test]
    fn a_stopped_service_can_be_authorized_by_nobody() {
        let mut harbor = an_organization();
        harbor.policy.blocked_apps.insert(an_app());
        assert_eq!(lacks(&harbor, Some(&owner())), ["app_not_blocked"]);
        harbor.policy.third_party_apps = false;
        assert_eq!(lacks(&harbor, Some(&owner())), ["third_party_apps", "app_not_blocked"]);
    }

    #[test]
    fn the_organization_caps_how_long_an_authorization_lives() {
        let mut harbor = an_organization();
        harbor.policy.longest_authorization_days = Some(7);
        let may = may_authorize(&harbor, Some(&owner()), an_app()).unwrap();
        assert_eq!(may.longest_authorization(), Some(Duration::from_secs(7 * 86_400)));
        harbor.policy.longest_authorization_days = None;
        let may = may_authorize(&harbor, Some(&owner()), an_app()).unwrap();
        assert_eq!(may.longest_authorization(), None);
    }

    #[test]
    fn policies_are_found_by_their_word() {
        for policy in AuthorizePolicy::ALL {
            assert_eq!(AuthorizePolicy::from_word(policy.word()), Some(policy));
        }
    }
}
