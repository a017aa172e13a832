//! What administrators answer to those who ask.

use latchkey_jose::Timestamp;

use super::{Answer, AppShown, ApprovalRequest, State, Verdict};
use crate::access::{Action, OrganizationAccess};

/// Why an answer did not count.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CannotAnswer {
    /// There is no such request in this organization.
    #[error("There is no such request.")]
    NotThere,
    /// It takes somebody who administers the organization.
    #[error("Only administrators of the organization answer requests.")]
    NotAdministrator,
    /// Somebody answered before.
    #[error("The request was answered already.")]
    Answered(Answer),
    /// It waited too long.
    #[error("The request has expired. Whoever asked can ask again.")]
    Expired,
    /// The app is not what it was when the person asked.
    #[error("The app changed since the person asked, so the request counts no more. They can ask again.")]
    AppChanged,
    /// There is no approval to take back.
    #[error("There is no approval to take back.")]
    NotApproved,
}

/// Answers a request, once. `shown` is what the app is now: nobody approves an app by the looks of what it was.
pub fn answer(
    access: &OrganizationAccess,
    request: Option<&ApprovalRequest>,
    shown: AppShown,
    verdict: Verdict,
    now: Timestamp,
) -> Result<ApprovalRequest, CannotAnswer> {
    let request = administered(access, request)?;
    match (request.answer, request.state(now)) {
        (Some(answer), _) => Err(CannotAnswer::Answered(answer)),
        (None, State::Expired) => Err(CannotAnswer::Expired),
        (None, _) if verdict == Verdict::Approved && !request.is_about(shown) => Err(CannotAnswer::AppChanged),
        (None, _) => Ok(answered(request, access, verdict, now)),
    }
}

/// Takes an approval back. Authorizations that were given under it stay as they are: an administrator stops the service to
/// end those.
pub fn take_back(
    access: &OrganizationAccess,
    request: Option<&ApprovalRequest>,
    now: Timestamp,
) -> Result<ApprovalRequest, CannotAnswer> {
    let request = administered(access, request)?;
    match request.state(now) {
        State::Approved => Ok(answered(request, access, Verdict::Denied, now)),
        _ => Err(CannotAnswer::NotApproved),
    }
}

fn administered<'a>(
    access: &OrganizationAccess,
    request: Option<&'a ApprovalRequest>,
) -> Result<&'a ApprovalRequest, CannotAnswer> {
    if access.action() != Action::AdministerOrganization {
        return Err(CannotAnswer::NotAdministrator);
    }
    request.filter(|request| request.organization == access.organization()).ok_or(CannotAnswer::NotThere)
}

fn answered(
    request: &ApprovalRequest,
    access: &OrganizationAccess,
    verdict: Verdict,
    at: Timestamp,
) -> ApprovalRequest {
    ApprovalRequest { answer: Some(Answer { verdict, by: access.person(), at }), ..request.clone() }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::tests::{SHOWN, a_request, ana_may, approval, harbor, work};
    use super::super::{LIFETIME, approved};
    use super::*;
    use crate::fixtures::{ANA, BEN, NOW, an_app};
    use crate::ids::OrganizationId;
    use crate::policy::Wanted;

    #[test]
    fn a_request_is_answered_once_by_an_administrator_of_its_organization() {
        let may = ana_may(Action::AdministerOrganization);
        let approval = approval();
        let given = Answer { verdict: Verdict::Approved, by: ANA, at: NOW };
        assert_eq!(approval.answer, Some(given));
        let late = answer(&may, Some(&approval), SHOWN, Verdict::Denied, NOW);
        assert_eq!(late, Err(CannotAnswer::Answered(given)));
        let looks = ana_may(Action::ListProjects);
        assert_eq!(
            answer(&looks, Some(&a_request()), SHOWN, Verdict::Approved, NOW),
            Err(CannotAnswer::NotAdministrator)
        );
        let elsewhere = ApprovalRequest { organization: OrganizationId(Uuid::from_u128(2)), ..a_request() };
        for request in [None, Some(&elsewhere)] {
            assert_eq!(answer(&may, request, SHOWN, Verdict::Approved, NOW), Err(CannotAnswer::NotThere));
        }
        let old = ApprovalRequest { asked_at: NOW - LIFETIME, ..a_request() };
        assert_eq!(answer(&may, Some(&old), SHOWN, Verdict::Approved, NOW), Err(CannotAnswer::Expired));
    }

    #[test]
    fn an_approval_can_be_taken_back() {
        let may = ana_may(Action::AdministerOrganization);
        let gone = take_back(&may, Some(&approval()), NOW).unwrap();
        assert_eq!(gone.state(NOW), State::Denied);
        let wanted = Wanted { app: an_app(), shown: SHOWN, scopes: work(), requests: &[gone] };
        assert!(approved(wanted, harbor().id, BEN).is_empty());
        assert_eq!(take_back(&may, Some(&a_request()), NOW), Err(CannotAnswer::NotApproved));
    }
}
