//! Narrowing what was approved: fewer scopes, fewer places, an earlier end. Never more. What is out already counts for the rest only, from
//! the next request on; the app is not told, and is not asked about again.

use super::{Authorization, Lifetime, NotChanged, Places};
use crate::account::AccountId;
use crate::change::Change;
use crate::decision::Decision;
use crate::event::{Event, EventKind};
use crate::scope::ScopeSet;
use crate::session::SessionId;
use crate::time::{self, Timestamp};

/// The ends that a page offers, in days from now: those that come before the present one.
pub const ENDS_OFFERED: [u16; 4] = [90, 30, 7, 1];

/// What a person leaves of an authorization.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Narrowing {
    /// The version that the page showed: the answer counts for that one.
    pub version: u32,
    /// The scopes that stay. Those that cannot be taken away stay in any case.
    pub scopes: ScopeSet,
    /// The places that stay.
    pub places: Places,
    /// In how many days it ends, if it is to end earlier than it would.
    pub days: Option<u16>,
}

/// Why an authorization was not narrowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NarrowError {
    /// It is not there to be changed.
    #[error(transparent)]
    NotChanged(#[from] NotChanged),
    /// It is not what it was when the page was made.
    #[error("This authorization changed since you looked at it. Please read it again.")]
    Changed,
    /// A scope, a place or an end that it does not have.
    #[error("An authorization can only be narrowed here. The app has to ask you for more.")]
    Wider,
    /// Nothing of what it may do would be left.
    #[error("Leave at least one thing that the app may do, or revoke the authorization.")]
    NothingLeft,
    /// Nowhere would be left.
    #[error("Leave at least one organization or project, or revoke the authorization.")]
    NowhereLeft,
}

/// Narrows an authorization. Only the person who gave it; `required` are the scopes that its app cannot do without.
pub fn narrow(
    authorization: Option<&Authorization>,
    required: &ScopeSet,
    narrowing: &Narrowing,
    by: AccountId,
    session: SessionId,
    now: Timestamp,
) -> Decision<(), NarrowError> {
    match narrowed(authorization, required, narrowing, by, now) {
        Err(error) => Decision::refuse(error),
        Ok((before, after)) if *before == after => Decision::grant(()),
        Ok((before, after)) => {
            let subject = after.scopes.to_string();
            let event = Event::new(EventKind::AuthorizationNarrowed, before.tenant, now, subject);
            Decision::grant(())
                .and(Change::Record(event.by(by).within(session).about(before)))
                .and(Authorization { changed_at: now, ..after }.in_place_of(before))
        }
    }
}

/// What it is, and what it becomes.
fn narrowed<'a>(
    authorization: Option<&'a Authorization>,
    required: &ScopeSet,
    narrowing: &Narrowing,
    by: AccountId,
    now: Timestamp,
) -> Result<(&'a Authorization, Authorization), NarrowError> {
    let before = Authorization::to_be_changed(authorization, by, now)?;
    if before.version != narrowing.version {
        return Err(NarrowError::Changed);
    }
    let scopes = narrowing.scopes.union(&fixed(before, required));
    if !scopes.difference(&before.scopes).is_empty() {
        return Err(NarrowError::Wider);
    }
    if scopes.of_resources().is_empty() && !before.scopes.of_resources().is_empty() {
        return Err(NarrowError::NothingLeft);
    }
    if !narrowing.places.iter().all(|place| before.places.iter().any(|given| given.holds(place))) {
        return Err(NarrowError::Wider);
    }
    if narrowing.places.is_empty() && !before.places.is_empty() {
        return Err(NarrowError::NowhereLeft);
    }
    let mut after = Authorization { scopes, places: narrowing.places.clone(), ..before.clone() };
    if let Some(days) = narrowing.days {
        let end = end_in(days, now);
        if !ENDS_OFFERED.contains(&days) || before.expires_at.is_some_and(|present| end >= present) {
            return Err(NarrowError::Wider);
        }
        after.expires_at = Some(end);
        // What was given for a session still ends with it.
        if before.lifetime != Lifetime::ThisSession {
            after.lifetime = Lifetime::Days(days);
        }
    }
    Ok((before, after))
}

/// The scopes of an authorization that cannot be taken from it one by one: who the person is, and what the app cannot do without.
pub fn fixed(authorization: &Authorization, required: &ScopeSet) -> ScopeSet {
    authorization.scopes.identity().union(&authorization.scopes.intersection(required))
}

/// The ends, in days from now, that come before the present one.
pub fn earlier_ends(authorization: &Authorization, now: Timestamp) -> impl Iterator<Item = u16> {
    let present = authorization.expires_at;
    ENDS_OFFERED.into_iter().filter(move |days| present.is_none_or(|present| end_in(*days, now) < present))
}

fn end_in(days: u16, now: Timestamp) -> Timestamp {
    now + time::days(days.into())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::authorization::tests::an_authorization;
    use crate::authorization::{EndReason, Place};

    const NOW: Timestamp = Timestamp::from_secs(5_000);
    const HARBOR: Uuid = Uuid::from_u128(0xa);
    const LIGHTHOUSE: Uuid = Uuid::from_u128(0xb);
    const LAMP: Uuid = Uuid::from_u128(0xc);

    fn place(project: Option<Uuid>, repository: Option<Uuid>) -> Place {
        Place { organization: HARBOR, project, repository }
    }

    fn given() -> Authorization {
        Authorization { places: [place(None, None)].into(), ..an_authorization() }
    }

    fn as_it_is(given: &Authorization) -> Narrowing {
        Narrowing { version: given.version, scopes: given.scopes.clone(), places: given.places.clone(), days: None }
    }

    fn decide(given: &Authorization, edit: impl FnOnce(&mut Narrowing)) -> Decision<(), NarrowError> {
        let mut narrowing = as_it_is(given);
        edit(&mut narrowing);
        narrow(Some(given), &ScopeSet::from_text("vso.code"), &narrowing, given.account, given.session, NOW)
    }

    fn becomes(given: &Authorization, edit: impl FnOnce(&mut Narrowing)) -> Authorization {
        let decision = decide(given, edit);
        assert_eq!(decision.answer, Ok(()));
        let changed = decision.changes.into_iter().find_map(|change| match change {
            Change::ChangeAuthorization { authorization, from_version } => Some((*authorization, from_version)),
            _ => None,
        });
        let (authorization, from_version) = changed.unwrap();
        assert_eq!((from_version, authorization.version), (given.version, given.version + 1));
        authorization
    }

    fn refused(given: &Authorization, edit: impl FnOnce(&mut Narrowing)) -> NarrowError {
        let decision = decide(given, edit);
        assert_eq!(decision.changes, []);
        decision.answer.unwrap_err()
    }

    #[test]
    fn what_is_unticked_is_gone_and_is_not_asked_about_again() {
        let given = given();
        let narrowed = becomes(&given, |left| {
            left.scopes = ScopeSet::from_text("vso.code");
            left.places = [place(Some(LIGHTHOUSE), Some(LAMP))].into();
            left.days = Some(7);
        });
        assert_eq!(narrowed.scopes.to_string(), "offline_access openid vso.code", "who the person is stays known");
        assert_eq!((&narrowed.asked, narrowed.places.len()), (&given.asked, 1));
        assert_eq!((narrowed.lifetime, narrowed.expires_at), (Lifetime::Days(7), Some(end_in(7, NOW))));
        let kept = decide(&given, |left| left.scopes = ScopeSet::from_text("vso.work"));
        assert_eq!((kept.answer, kept.changes), (Ok(()), vec![]), "what the app cannot do without stays");
    }

    #[test]
    fn nothing_unticked_changes_nothing() {
        let decision = decide(&given(), |_| ());
        assert_eq!((decision.answer, decision.changes), (Ok(()), vec![]));
    }

    #[test]
    fn nothing_gets_wider() {
        let part = Authorization { places: [place(Some(LIGHTHOUSE), None)].into(), ..given() };
        assert_eq!(refused(&part, |left| left.scopes = ScopeSet::from_text("vso.code vso.build")), NarrowError::Wider);
        assert_eq!(refused(&part, |left| left.scopes = ScopeSet::from_text("profile vso.code")), NarrowError::Wider);
        for wider in
            [place(None, None), place(Some(LAMP), None), Place { organization: LAMP, ..place(Some(LIGHTHOUSE), None) }]
        {
            assert_eq!(refused(&part, |left| left.places = [wider].into()), NarrowError::Wider, "{wider:?}");
        }
        let ends = Authorization { expires_at: Some(end_in(7, NOW)), lifetime: Lifetime::Days(7), ..given() };
        for days in [7, 30, 90, 5, 0] {
            assert_eq!(refused(&ends, |left| left.days = Some(days)), NarrowError::Wider, "{days}");
        }
        assert_eq!(becomes(&ends, |left| left.days = Some(1)).expires_at, Some(end_in(1, NOW)));
        assert_eq!(earlier_ends(&ends, NOW).collect::<Vec<_>>(), [1]);
        assert_eq!(earlier_ends(&given(), NOW).collect::<Vec<_>>(), ENDS_OFFERED);
    }

    #[test]
    fn a_whole_holds_its_parts_and_a_repository_holds_the_project_without_any() {
        let (whole, project) = (place(None, None), place(Some(LIGHTHOUSE), None));
        let repository = place(Some(LIGHTHOUSE), Some(LAMP));
        let none = place(Some(LIGHTHOUSE), Some(Place::NO_REPOSITORY));
        assert!(whole.holds(&project) && project.holds(&repository) && repository.holds(&none) && none.holds(&none));
        assert!(!project.holds(&whole) && !repository.holds(&project) && !none.holds(&repository));
    }

    #[test]
    fn something_is_left_or_it_is_a_revocation() {
        let without = |required: &str| {
            let left = Narrowing { scopes: ScopeSet::default(), ..as_it_is(&given()) };
            narrow(Some(&given()), &ScopeSet::from_text(required), &left, given().account, given().session, NOW).answer
        };
        assert_eq!(without(""), Err(NarrowError::NothingLeft));
        assert_eq!(without("vso.code"), Ok(()));
        assert_eq!(refused(&given(), |left| left.places.clear()), NarrowError::NowhereLeft);
        let signs_in = Authorization { scopes: ScopeSet::from_text("openid"), places: Places::new(), ..given() };
        assert_eq!(becomes(&signs_in, |left| left.days = Some(1)).expires_at, Some(end_in(1, NOW)));
    }

    #[test]
    fn what_was_given_for_a_session_still_ends_with_it() {
        let given = Authorization { lifetime: Lifetime::ThisSession, expires_at: Some(end_in(2, NOW)), ..given() };
        let narrowed = becomes(&given, |left| left.days = Some(1));
        assert_eq!((narrowed.lifetime, narrowed.expires_at), (Lifetime::ThisSession, Some(end_in(1, NOW))));
    }

    #[test]
    fn the_answer_counts_for_the_version_that_the_page_showed_and_for_its_own_person() {
        assert_eq!(refused(&given(), |left| left.version = 2), NarrowError::Changed);
        let (ended, left) = (Authorization { ended: Some((NOW, EndReason::Revoked)), ..given() }, as_it_is(&given()));
        assert_eq!(refused(&ended, |_| ()), NarrowError::NotChanged(NotChanged::Ended));
        let stranger = AccountId(Uuid::nil());
        let theirs = narrow(Some(&given()), &ScopeSet::default(), &left, stranger, given().session, NOW);
        assert_eq!(theirs.answer, Err(NarrowError::NotChanged(NotChanged::NotYours)));
    }
}
