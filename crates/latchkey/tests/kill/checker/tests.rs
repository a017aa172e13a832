use super::*;

/// A history of one lane: each event is over before the next begins.
fn one_after_another(events: impl IntoIterator<Item = Event>) -> Vec<Entry> {
    let span = |index: u64| Span { asked: index * 2, answered: index * 2 + 1 };
    let entry = |(index, event)| Entry { lane: 0, person: 0, span: span(index), event };
    (0..).zip(events).map(entry).collect()
}

/// A history whose last two events ran beside each other.
fn with_a_race_at_the_end(events: impl IntoIterator<Item = Event>) -> Vec<Entry> {
    let mut entries = one_after_another(events);
    let [.., first, second] = entries.as_mut_slice() else { panic!("two events") };
    first.span.answered = second.span.answered + 1;
    entries
}

const A: Uuid = Uuid::from_u128(0xa);

/// The keys of the one family, `generation` refreshes after its code.
fn keys(generation: u8) -> Keys {
    Keys {
        authorization: A,
        family: Uuid::from_u128(0xf),
        access: format!("access-{generation}"),
        refresh: format!("refresh-{generation}"),
    }
}

fn approved() -> Event {
    Event::Approve(Answer::Done("code".into()))
}

fn redeemed() -> Event {
    Event::Redeem("code".into(), Answer::Done(keys(0)))
}

fn replayed() -> Event {
    Event::Redeem("code".into(), refused())
}

fn refreshed(generation: u8) -> Event {
    Event::Refresh(keys(generation).refresh, Answer::Done(keys(generation + 1)))
}

fn refresh(generation: u8, answer: Answer<Keys>) -> Event {
    Event::Refresh(keys(generation).refresh, answer)
}

fn used(answer: Answer<()>) -> Event {
    Event::Use(keys(0), answer)
}

fn revoke(answer: Answer<()>) -> Event {
    Event::Revoke(A, answer)
}

fn listed(authorizations: &[Uuid]) -> Event {
    Event::List(Answer::Done(authorizations.iter().copied().collect()))
}

fn refused<T>() -> Answer<T> {
    Answer::Refused("no".into())
}

fn is_lost(violations: &[Violation]) -> bool {
    violations.iter().any(|violation| matches!(violation, Violation::Lost { .. }))
}

fn is_outlived(violations: &[Violation]) -> bool {
    violations.iter().any(|violation| matches!(violation, Violation::Outlived { .. }))
}

#[test]
fn a_life_as_it_should_be_is_not_objected_to() {
    let history = one_after_another([
        approved(),
        redeemed(),
        listed(&[A]),
        refreshed(0),
        refreshed(0),
        refresh(1, Answer::Unknown),
        refreshed(1),
        used(Answer::Done(())),
        revoke(Answer::Done(())),
        listed(&[]),
        used(refused()),
        refresh(2, refused()),
    ]);
    assert_eq!(check(&history), []);
}

#[test]
fn what_was_on_its_way_at_the_kill_may_have_happened_or_not() {
    let unknown = || Event::Redeem("code".into(), Answer::Unknown);
    assert_eq!(check(&one_after_another([approved(), unknown(), redeemed(), refreshed(0)])), []);
    assert_eq!(check(&one_after_another([approved(), unknown(), replayed()])), []);
    assert_eq!(check(&one_after_another([approved(), redeemed(), revoke(Answer::Unknown), refreshed(0)])), []);
    let gone = [approved(), redeemed(), revoke(Answer::Unknown), listed(&[]), used(refused())];
    assert_eq!(check(&one_after_another(gone)), []);
}

#[test]
fn a_code_that_is_redeemed_twice_is_reported() {
    let violations = check(&with_a_race_at_the_end([approved(), redeemed(), redeemed()]));
    assert_eq!(violations, [Violation::RedeemedTwice { code: "code".into() }]);
}

#[test]
fn a_replayed_code_ends_its_family_for_good() {
    let history = |last| one_after_another([approved(), redeemed(), replayed(), last]);
    assert_eq!(check(&history(refresh(0, refused()))), []);
    assert!(is_outlived(&check(&history(refreshed(0)))));
    assert!(is_outlived(&check(&history(used(Answer::Done(()))))));
}

#[test]
fn a_code_that_was_acknowledged_and_is_gone_is_reported() {
    assert!(is_lost(&check(&one_after_another([approved(), replayed()]))));
}

#[test]
fn a_code_that_was_revoked_may_be_refused_and_one_that_came_later_may_not() {
    let revoked = [approved(), redeemed(), Event::Approve(Answer::Done("second".into()))];
    let second = || Event::Redeem("second".into(), refused());
    let history = one_after_another(revoked.into_iter().chain([revoke(Answer::Done(())), second()]));
    assert_eq!(check(&history), []);
    let later = [approved(), redeemed(), revoke(Answer::Done(())), Event::Approve(Answer::Done("second".into()))];
    assert!(is_lost(&check(&one_after_another(later.into_iter().chain([second()])))));
}

#[test]
fn two_successors_of_one_refresh_token_are_reported() {
    let other = Keys { refresh: "another".into(), ..keys(1) };
    let history = with_a_race_at_the_end([approved(), redeemed(), refreshed(0), refresh(0, Answer::Done(other))]);
    assert_eq!(check(&history), [Violation::Forked { token: keys(0).refresh }]);
}

#[test]
fn a_refresh_token_that_works_after_its_successor_is_reported() {
    let history = one_after_another([approved(), redeemed(), refreshed(0), refreshed(1), refreshed(0)]);
    assert_eq!(check(&history), [Violation::Reused { token: keys(0).refresh }]);
}

#[test]
fn a_reused_refresh_token_ends_its_family_for_good() {
    let history =
        |last| one_after_another([approved(), redeemed(), refreshed(0), refreshed(1), refresh(0, refused()), last]);
    assert_eq!(check(&history(refresh(2, refused()))), []);
    assert!(is_outlived(&check(&history(refreshed(2)))));
}

#[test]
fn keys_that_are_refused_without_a_reason_are_reported() {
    for last in [refresh(0, refused()), used(refused())] {
        assert!(is_lost(&check(&one_after_another([approved(), redeemed(), last]))));
    }
}

#[test]
fn a_successor_that_was_acknowledged_and_is_gone_is_reported() {
    let rolled_back = [approved(), redeemed(), refreshed(0), refresh(1, refused())];
    assert!(is_lost(&check(&one_after_another(rolled_back))));
}

#[test]
fn an_authorization_that_vanished_is_reported() {
    assert!(is_lost(&check(&one_after_another([approved(), redeemed(), listed(&[])]))));
    assert!(is_lost(&check(&one_after_another([approved(), redeemed(), revoke(refused())]))));
}

#[test]
fn a_revocation_that_was_acknowledged_and_is_gone_is_reported() {
    for last in [listed(&[A]), used(Answer::Done(())), refreshed(0)] {
        assert!(is_outlived(&check(&one_after_another([approved(), redeemed(), revoke(Answer::Done(())), last]))));
    }
}

#[test]
fn a_refresh_beside_a_revocation_may_go_either_way() {
    for answer in [Answer::Done(keys(1)), refused()] {
        let events = [approved(), redeemed(), revoke(Answer::Done(())), refresh(0, answer)];
        assert_eq!(check(&with_a_race_at_the_end(events)), []);
    }
}

#[test]
fn a_sign_in_that_is_gone_is_reported() {
    assert!(is_lost(&check(&one_after_another([Event::Approve(refused())]))));
    assert!(is_lost(&check(&one_after_another([Event::List(refused())]))));
}
