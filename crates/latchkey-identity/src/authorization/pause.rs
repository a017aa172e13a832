//! Pausing what was approved, and letting it go on. Nothing below a paused authorization opens anything, and nothing of it is lost: codes and
//! refresh tokens are not used up meanwhile, and whatever is still alive at the end of the pause works again.

use super::{Authorization, NotChanged};
use crate::account::AccountId;
use crate::change::Change;
use crate::decision::Decision;
use crate::event::{Event, EventKind};
use crate::session::SessionId;
use crate::time::Timestamp;

/// Pauses an authorization. Only the person who gave it; pausing a paused one changes nothing.
pub fn pause(
    authorization: Option<&Authorization>,
    by: AccountId,
    session: SessionId,
    now: Timestamp,
) -> Decision<(), NotChanged> {
    set_pause(Some(now), authorization, by, session, now)
}

/// Lets a paused authorization go on as it was. Only the person who gave it; one that is not paused stays as it is.
pub fn resume(
    authorization: Option<&Authorization>,
    by: AccountId,
    session: SessionId,
    now: Timestamp,
) -> Decision<(), NotChanged> {
    set_pause(None, authorization, by, session, now)
}

fn set_pause(
    paused_at: Option<Timestamp>,
    authorization: Option<&Authorization>,
    by: AccountId,
    session: SessionId,
    now: Timestamp,
) -> Decision<(), NotChanged> {
    let authorization = match Authorization::to_be_changed(authorization, by, now) {
        Ok(authorization) => authorization,
        Err(error) => return Decision::refuse(error),
    };
    if authorization.paused_at.is_some() == paused_at.is_some() {
        return Decision::grant(());
    }
    let kind = if paused_at.is_some() { EventKind::AuthorizationPaused } else { EventKind::AuthorizationResumed };
    let event = Event::new(kind, authorization.tenant, now, authorization.scopes.to_string());
    let changed = Authorization { paused_at, ..authorization.clone() };
    Decision::grant(())
        .and(Change::Record(event.by(by).within(session).about(authorization)))
        .and(changed.in_place_of(authorization))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::authorization::EndReason;
    use crate::authorization::tests::an_authorization;

    const NOW: Timestamp = Timestamp::from_secs(5_000);

    /// What becomes of it, if anything.
    fn changed(decision: &Decision<(), NotChanged>) -> Option<&Authorization> {
        assert_eq!(decision.answer, Ok(()));
        decision.changes.iter().find_map(|change| match change {
            Change::ChangeAuthorization { authorization, .. } => Some(&**authorization),
            _ => None,
        })
    }

    fn recorded(decision: &Decision<(), NotChanged>) -> Vec<EventKind> {
        let kind = |change: &Change| match change {
            Change::Record(event) => Some(event.kind),
            _ => None,
        };
        decision.changes.iter().filter_map(kind).collect()
    }

    #[test]
    fn what_is_paused_and_resumed_is_as_it_was() {
        let given = an_authorization();
        let pausing = pause(Some(&given), given.account, given.session, NOW);
        let paused = changed(&pausing).unwrap();
        assert_eq!((paused.paused_at, paused.version), (Some(NOW), given.version + 1));
        assert_eq!(recorded(&pausing), [EventKind::AuthorizationPaused]);
        let resuming = resume(Some(paused), given.account, given.session, NOW);
        let resumed = changed(&resuming).unwrap();
        assert_eq!(recorded(&resuming), [EventKind::AuthorizationResumed]);
        assert_eq!(*resumed, Authorization { version: given.version + 2, ..given });
    }

    #[test]
    fn pausing_twice_and_resuming_twice_changes_nothing() {
        let given = an_authorization();
        let paused = Authorization { paused_at: Some(Timestamp::from_secs(1)), ..an_authorization() };
        for nothing in [
            pause(Some(&paused), given.account, given.session, NOW),
            resume(Some(&given), given.account, given.session, NOW),
        ] {
            assert_eq!((nothing.answer, nothing.changes), (Ok(()), vec![]));
        }
    }

    #[test]
    fn nobody_pauses_for_somebody_else_and_nothing_that_has_ended() {
        let given = an_authorization();
        let stranger = AccountId(Uuid::nil());
        assert_eq!(pause(Some(&given), stranger, given.session, NOW).answer, Err(NotChanged::NotYours));
        assert_eq!(resume(None, given.account, given.session, NOW).answer, Err(NotChanged::NotYours));
        let ended = Authorization { ended: Some((NOW, EndReason::Revoked)), ..an_authorization() };
        let ran_out = Authorization { expires_at: Some(NOW), ..an_authorization() };
        for over in [ended, ran_out] {
            let decided = pause(Some(&over), over.account, over.session, NOW);
            assert_eq!((decided.answer, decided.changes), (Err(NotChanged::Ended), vec![]));
        }
    }
}
