//! Approval requests: where the policy is `approval`, a member asks, and an administrator answers.
//!
//! What is approved is one app with its scopes, for one person, in one organization.

mod answer;

use std::time::Duration;

use latchkey_jose::time::days;
use latchkey_jose::{Timestamp, is_hidden};

pub use answer::{CannotAnswer, answer, take_back};

use crate::ids::{AppId, ApprovalRequestId, OrganizationId, PersonId};
use crate::membership::Member;
use crate::organization::Organization;
use crate::policy::{MissingPrerequisite, Prerequisite, Wanted, may_authorize};
use crate::scope::Scopes;

/// A request that nobody answers ends after this time: by then it is forgotten, and may be made anew.
pub const LIFETIME: Duration = days(30);
/// Requests of one person that wait in one organization at once; more is nobody's reading.
const MOST_WAITING: usize = 20;
/// Characters of the sentence that says what it is for.
const SENTENCE_CHARACTERS: usize = 500;

/// Digest of what people are told of an app: its name, its publisher, its directory, where it sends people back to. What is approved is that
/// app, and not another of the same id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AppShown(pub [u8; 32]);

impl AppShown {
    /// The digest of no app at all.
    pub const NOTHING: Self = Self([0; 32]);
}

/// A member's request that an administrator approve an app for them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApprovalRequest {
    /// Its id.
    pub id: ApprovalRequestId,
    /// Where.
    pub organization: OrganizationId,
    /// Who asks.
    pub person: PersonId,
    /// For which app.
    pub app: AppId,
    /// What the app was when they asked.
    pub shown: AppShown,
    /// For which scopes.
    pub scopes: Scopes,
    /// What it is for, in the person's words. May be empty.
    pub sentence: String,
    /// When.
    pub asked_at: Timestamp,
    /// What an administrator answered.
    pub answer: Option<Answer>,
}

/// What an administrator answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// Yes or no.
    pub verdict: Verdict,
    /// Who.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

/// Yes or no.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The person may authorize the app with these scopes.
    Approved,
    /// They may not. Also what an approval becomes that was taken back.
    Denied,
}

impl Verdict {
    /// Its word, in the database and in forms.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Denied => "denied",
        }
    }

    /// Finds a verdict by its word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Approved, Self::Denied].into_iter().find(|verdict| verdict.word() == word)
    }
}

/// How a request stands at a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// An administrator has yet to answer.
    Waiting,
    /// Nobody answered in time.
    Expired,
    /// It was approved.
    Approved,
    /// It was denied.
    Denied,
}

impl ApprovalRequest {
    /// How it stands.
    pub fn state(&self, now: Timestamp) -> State {
        match self.answer.map(|answer| answer.verdict) {
            Some(Verdict::Approved) => State::Approved,
            Some(Verdict::Denied) => State::Denied,
            None if self.asked_at + LIFETIME <= now => State::Expired,
            None => State::Waiting,
        }
    }

    /// Whether the app is still what it was when the person asked. The request and its answer count for nothing else.
    pub fn is_about(&self, shown: AppShown) -> bool {
        self.shown == shown && shown != AppShown::NOTHING
    }
}

/// What an administrator approved for this person and app in this organization: nothing, if nothing was.
/// What was approved for an app that is another by now was not approved for this one.
pub fn approved(wanted: Wanted<'_>, organization: OrganizationId, person: PersonId) -> Scopes {
    let here = |request: &&ApprovalRequest| {
        (request.organization, request.person, request.app) == (organization, person, wanted.app)
            && request.is_about(wanted.shown)
            && request.answer.is_some_and(|answer| answer.verdict == Verdict::Approved)
    };
    wanted.requests.iter().filter(here).flat_map(|request| request.scopes.iter()).collect()
}

/// What a person asks to have approved.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Where.
    pub organization: &'a Organization,
    /// Who asks, as a member there.
    pub member: Option<&'a Member>,
    /// For which app.
    pub app: AppId,
    /// What the app is to those who look at it now.
    pub shown: AppShown,
    /// For which scopes.
    pub scopes: Scopes,
    /// What it is for.
    pub sentence: &'a str,
}

/// What is known before somebody asks.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The requests of this person for this app there.
    pub requests: &'a [ApprovalRequest],
    /// How many requests of this person wait there, for whatever app.
    pub waiting: usize,
}

/// Why a request was not made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CannotAsk {
    /// The person may authorize the app already.
    #[error("You do not need an approval for this. Go on.")]
    NotNeeded,
    /// An approval alone would not be enough, or is not what the organization wants.
    #[error("An administrator's approval is not what is missing here.")]
    NotEnough(Vec<MissingPrerequisite>),
    /// The same was asked, and waits.
    #[error("You asked for this already. It waits for an administrator.")]
    Waiting,
    /// Too much waits.
    #[error("{MOST_WAITING} of your requests wait in this organization. Ask again when some were answered.")]
    TooMany,
    /// The sentence is too long.
    #[error("Say what it is for in {SENTENCE_CHARACTERS} characters or less.")]
    TooLong,
}

/// Makes a request, if an administrator's approval is all that the person lacks.
pub fn ask(
    asked: Asked<'_>,
    known: Known<'_>,
    id: ApprovalRequestId,
    now: Timestamp,
) -> Result<ApprovalRequest, CannotAsk> {
    let Asked { organization, member, app, shown, scopes, sentence } = asked;
    let wanted = Wanted { app, shown, scopes, requests: known.requests };
    let Err(missing) = may_authorize(organization, member, wanted) else {
        return Err(CannotAsk::NotNeeded);
    };
    let is_enough = missing.iter().all(|missing| missing.prerequisite == Prerequisite::AdministratorApproval);
    let Some(member) = member.filter(|_| is_enough) else {
        return Err(CannotAsk::NotEnough(missing));
    };
    let waits = |request: &ApprovalRequest| {
        (request.organization, request.person, request.app) == (organization.id, member.person, app)
            && request.state(now) == State::Waiting
            && request.is_about(shown)
    };
    if known.requests.iter().any(waits) {
        return Err(CannotAsk::Waiting);
    }
    if known.waiting >= MOST_WAITING {
        return Err(CannotAsk::TooMany);
    }
    let sentence = one_line(sentence);
    if sentence.chars().count() > SENTENCE_CHARACTERS {
        return Err(CannotAsk::TooLong);
    }
    Ok(ApprovalRequest {
        id,
        organization: organization.id,
        person: member.person,
        app,
        shown,
        scopes,
        sentence,
        asked_at: now,
        answer: None,
    })
}

/// A text in one line, without what cannot be seen or turns the direction: an administrator reads what was written.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words = words.map(|word| word.chars().filter(|c| !is_hidden(*c)).collect::<String>());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::access::{Action, Caller, InOrganization, OrganizationAccess, Standing, to_organization};
    use crate::fixtures::{ANA, BEN, NOW, a_member, an_app, an_organization, owner};
    use crate::policy::{AuthorizePolicy, OrganizationPolicy};
    use crate::scope::Scope;

    pub(super) fn harbor() -> Organization {
        let harbor = an_organization();
        let policy = OrganizationPolicy { authorize: AuthorizePolicy::Approval, ..harbor.policy.clone() };
        Organization { policy, ..harbor }
    }

    pub(super) fn work() -> Scopes {
        Scope::WorkRead.into()
    }

    fn asks(organization: &Organization, member: &Member, known: Known<'_>) -> Result<ApprovalRequest, CannotAsk> {
        let sentence = "  For the\r\n\u{7}sprint \u{202e}re\u{200b}port\u{e0041}. \u{2066}";
        let asked = Asked { organization, member: Some(member), app: an_app(), shown: SHOWN, scopes: work(), sentence };
        ask(asked, known, ApprovalRequestId(Uuid::from_u128(9)), NOW)
    }

    pub(super) const SHOWN: AppShown = AppShown([7; 32]);
    const NOTHING: Known<'static> = Known { requests: &[], waiting: 0 };

    pub(super) fn a_request() -> ApprovalRequest {
        asks(&harbor(), &a_member(), NOTHING).unwrap()
    }

    pub(super) fn ana_may(action: Action) -> OrganizationAccess {
        let (harbor, ana) = (harbor(), owner());
        let within = InOrganization::new("harbor", Some(&harbor), Some(&ana));
        to_organization(&Caller::in_person(ANA, Standing::Live), within, action).unwrap()
    }

    pub(super) fn approval() -> ApprovalRequest {
        answer(&ana_may(Action::AdministerOrganization), Some(&a_request()), SHOWN, Verdict::Approved, NOW).unwrap()
    }

    #[test]
    fn a_member_who_lacks_nothing_but_an_approval_asks_for_it() {
        let request = a_request();
        assert_eq!((request.person, request.app, request.scopes), (BEN, an_app(), work()));
        assert_eq!(request.sentence, "For the sprint report.");
        assert_eq!(request.state(NOW), State::Waiting);
        assert_eq!(request.state(NOW + LIFETIME), State::Expired);
    }

    #[test]
    fn an_approval_is_for_this_person_this_app_these_scopes_and_this_organization() {
        let approved = [approval()];
        let may = |organization: &Organization, member: &Member, app, scopes| {
            may_authorize(organization, Some(member), Wanted { app, shown: SHOWN, scopes, requests: &approved }).is_ok()
        };
        let everybody_else = Member { person: PersonId(Uuid::from_u128(0xcc)), ..a_member() };
        let elsewhere = Organization { id: OrganizationId(Uuid::from_u128(2)), ..harbor() };
        assert!(may(&harbor(), &a_member(), an_app(), work()));
        assert!(!may(&harbor(), &a_member(), an_app(), work().with(Scope::CodeRead)));
        assert!(!may(&harbor(), &a_member(), AppId(Uuid::from_u128(0xc2)), work()));
        assert!(!may(&harbor(), &everybody_else, an_app(), work()));
        assert!(!may(&elsewhere, &a_member(), an_app(), work()));
        assert!(may_authorize(&harbor(), Some(&a_member()), an_app()).is_err());
    }

    #[test]
    fn what_is_approved_is_the_app_that_was_shown() {
        let other = AppShown([8; 32]);
        let approved = [approval()];
        let wanted = |shown| Wanted { app: an_app(), shown, scopes: work(), requests: &approved };
        assert!(may_authorize(&harbor(), Some(&a_member()), wanted(SHOWN)).is_ok());
        assert!(may_authorize(&harbor(), Some(&a_member()), wanted(other)).is_err());
        let may = ana_may(Action::AdministerOrganization);
        let late = answer(&may, Some(&a_request()), other, Verdict::Approved, NOW);
        assert_eq!(late, Err(CannotAnswer::AppChanged));
        assert!(answer(&may, Some(&a_request()), other, Verdict::Denied, NOW).is_ok());
        // One that counts no more is in nobody's way, and one that says of no app what it was counts for none.
        let old = [ApprovalRequest { shown: other, ..a_request() }];
        assert!(asks(&harbor(), &a_member(), Known { requests: &old, waiting: 1 }).is_ok());
        assert!(!ApprovalRequest { shown: AppShown::NOTHING, ..a_request() }.is_about(AppShown::NOTHING));
    }

    #[test]
    fn an_approval_takes_the_place_of_nothing_else() {
        let approved = [approval()];
        let wanted = Wanted { app: an_app(), shown: SHOWN, scopes: work(), requests: &approved };
        let mut closed = harbor();
        closed.policy.blocked_apps.insert(an_app());
        assert!(may_authorize(&closed, Some(&a_member()), wanted).is_err());
        let administrators = an_organization();
        assert!(may_authorize(&administrators, Some(&a_member()), wanted).is_err());
        let in_no_project = Member { projects: [].into(), ..a_member() };
        assert!(may_authorize(&harbor(), Some(&in_no_project), wanted).is_err());
    }

    #[test]
    fn whoever_needs_no_approval_or_lacks_more_is_not_heard() {
        assert_eq!(asks(&harbor(), &owner(), NOTHING), Err(CannotAsk::NotNeeded));
        let known = [approval()];
        let known = Known { requests: &known, waiting: 0 };
        assert_eq!(asks(&harbor(), &a_member(), known), Err(CannotAsk::NotNeeded));
        let in_no_project = Member { projects: [].into(), ..a_member() };
        assert!(matches!(asks(&harbor(), &in_no_project, NOTHING), Err(CannotAsk::NotEnough(_))));
        assert!(matches!(asks(&an_organization(), &a_member(), NOTHING), Err(CannotAsk::NotEnough(_))));
        let harbor = harbor();
        let asked =
            Asked { organization: &harbor, member: None, app: an_app(), shown: SHOWN, scopes: work(), sentence: "" };
        let stranger = ask(asked, NOTHING, ApprovalRequestId(Uuid::nil()), NOW);
        assert!(matches!(stranger, Err(CannotAsk::NotEnough(_))), "who does not belong there may not go on");
    }

    #[test]
    fn one_request_waits_for_a_person_and_an_app_and_not_too_many_for_a_person() {
        let waiting = [a_request()];
        let known = Known { requests: &waiting, waiting: 1 };
        assert_eq!(asks(&harbor(), &a_member(), known), Err(CannotAsk::Waiting));
        let expired = [ApprovalRequest { asked_at: NOW - LIFETIME, ..a_request() }];
        assert!(asks(&harbor(), &a_member(), Known { requests: &expired, waiting: 0 }).is_ok());
        let known = Known { requests: &[], waiting: MOST_WAITING };
        assert_eq!(asks(&harbor(), &a_member(), known), Err(CannotAsk::TooMany));
        let (harbor, member, long) = (harbor(), a_member(), "x".repeat(SENTENCE_CHARACTERS + 1));
        let asked = Asked {
            organization: &harbor,
            member: Some(&member),
            app: an_app(),
            shown: SHOWN,
            scopes: work(),
            sentence: &long,
        };
        assert_eq!(ask(asked, NOTHING, ApprovalRequestId(Uuid::nil()), NOW), Err(CannotAsk::TooLong));
    }

    #[test]
    fn verdicts_are_found_by_their_word() {
        for verdict in [Verdict::Approved, Verdict::Denied] {
            assert_eq!(Verdict::from_word(verdict.word()), Some(verdict));
        }
    }
}
