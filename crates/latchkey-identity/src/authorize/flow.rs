//! Flows: authorization requests that wait for a person. The browser holds an id that is worth nothing without its cookie.

use std::convert::Infallible;

use crate::account::AccountId;
use crate::authorize::prompt::SignedIn;
use crate::change::Change;
use crate::client::ClientId;
use crate::decision::Decision;
use crate::grant::device_code::DeviceCode;
use crate::limits;
use crate::secret::TokenHash;
use crate::session::{BrowserHash, SessionId};
use crate::time::Timestamp;

/// The hash of a flow's id. The id itself is in the URL of the flow's pages.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FlowId(pub TokenHash);

/// An authorization request that waits for a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flow {
    /// What we keep of its id.
    pub id: FlowId,
    /// The browser it belongs to. It cannot be carried to another.
    pub browser: BrowserHash,
    /// The client that asks.
    pub client: ClientId,
    /// The tenant segment of the URL it came to.
    pub segment: String,
    /// The origin it came to, which settles the issuer.
    pub origin: String,
    /// The parameters, form-urlencoded, just as they came. They are read and checked anew at every step.
    pub parameters: String,
    /// The device that is answered, if there is one.
    pub device: Option<TokenHash>,
    /// Whose rehearsal it is, if it is one: nothing is kept of what comes of it.
    pub rehearsed_by: Option<AccountId>,
    /// The session that the person picked or made in this flow.
    pub session: Option<SessionId>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was answered.
    pub ended_at: Option<Timestamp>,
}

/// Nobody is signed in by this session in this browser.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("nobody is signed in by this session in this browser")]
pub struct NotSignedIn;

/// What is kept of a request while it waits for a person.
pub struct Kept<'a> {
    /// The client that asks.
    pub client: ClientId,
    /// The tenant segment of the URL it came to.
    pub segment: &'a str,
    /// The parameters as they came.
    pub parameters: &'a str,
    /// The origin it came to.
    pub origin: &'a str,
    /// The device that it is for, if it is for one.
    pub device: Option<TokenHash>,
    /// Whose rehearsal it is, if it is one.
    pub rehearsed_by: Option<AccountId>,
}

impl Flow {
    /// Keeps a request for the pages that it needs, in the browser where it waits.
    pub fn begin(id: FlowId, browser: BrowserHash, kept: &Kept<'_>, now: Timestamp) -> Decision<(), Infallible> {
        let flow = Self {
            id,
            browser,
            client: kept.client,
            segment: kept.segment.to_owned(),
            origin: kept.origin.to_owned(),
            parameters: kept.parameters.to_owned(),
            device: kept.device,
            rehearsed_by: kept.rehearsed_by,
            session: None,
            started_at: now,
            ended_at: None,
        };
        Decision::grant(()).and(Change::StartFlow(Box::new(flow)))
    }

    /// The person picks who answers, among those who are signed in in this browser. [OpenID Connect Core §3.1.2.1] (`select_account`)
    pub fn choose(&self, signed_in: &[SignedIn], session: SessionId) -> Decision<(), NotSignedIn> {
        if !signed_in.iter().any(|one| one.session.id == session) {
            return Decision::refuse(NotSignedIn);
        }
        Decision::grant(()).and(Change::ChooseSession { flow: self.id, session })
    }

    /// Whether it was answered, or ended otherwise, and `browser` is where.
    pub fn has_ended_in(&self, browser: BrowserHash) -> bool {
        self.browser == browser && self.ended_at.is_some()
    }

    /// Whether `browser` may go on with it.
    pub fn is_open_to(&self, browser: BrowserHash, now: Timestamp) -> bool {
        self.browser == browser && self.ended_at.is_none() && now < self.started_at + limits::FLOW_LIFETIME
    }
}

/// Ends a flow that nobody answers, if it is open still. A device that waits for it is told no. [RFC 8628 §3.5]
pub fn abandon(flow: &Flow, device: Option<&DeviceCode>, now: Timestamp) -> Decision<(), Infallible> {
    if flow.ended_at.is_some() {
        return Decision::grant(());
    }
    let device = device.filter(|device| flow.device == Some(device.hash) && device.is_open(now));
    Decision::grant(())
        .and(Change::EndFlow { flow: flow.id, at: now })
        .and_all(device.map(|device| Change::AnswerDevice { device: device.hash, approved: false, at: now }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorize::request::tests::harbor;
    use crate::grant::device_code::user_code::UserCode;
    use crate::sign_in::tests::{a_session, an_account};

    const NOW: Timestamp = Timestamp::from_secs(1_000);
    const DEVICE: TokenHash = TokenHash([2; 32]);

    fn a_flow() -> Flow {
        Flow {
            id: FlowId(TokenHash([1; 32])),
            browser: BrowserHash(TokenHash([0; 32])),
            client: ClientId(uuid::Uuid::nil()),
            segment: "harbor.test".into(),
            origin: "https://id.test".into(),
            parameters: String::new(),
            device: Some(DEVICE),
            rehearsed_by: None,
            session: None,
            started_at: NOW,
            ended_at: None,
        }
    }

    fn a_device() -> DeviceCode {
        DeviceCode {
            hash: DEVICE,
            user_code: UserCode::parse("BCDF-GHJK").unwrap(),
            client: a_flow().client,
            segment: a_flow().segment,
            origin: a_flow().origin,
            scope: String::new(),
            details: None,
            client_info: false,
            address: String::new(),
            started_at: NOW,
            answered_at: None,
            approved: false,
        }
    }

    #[test]
    fn whoever_is_picked_is_signed_in_in_this_browser() {
        let one = SignedIn { session: a_session(), account: an_account(), home: harbor(), guest_of: vec![] };
        let chosen = Change::ChooseSession { flow: a_flow().id, session: one.session.id };
        assert_eq!(a_flow().choose(std::slice::from_ref(&one), one.session.id), Decision::grant(()).and(chosen));
        let elsewhere = SessionId(uuid::Uuid::from_u128(0x99));
        assert_eq!(a_flow().choose(&[one], elsewhere), Decision::refuse(NotSignedIn));
    }

    #[test]
    fn a_flow_that_nobody_answers_ends_and_its_device_is_told_no() {
        let end = Change::EndFlow { flow: a_flow().id, at: NOW };
        let no = Change::AnswerDevice { device: DEVICE, approved: false, at: NOW };
        assert_eq!(abandon(&a_flow(), Some(&a_device()), NOW).changes, [end.clone(), no]);
        let answered = DeviceCode { answered_at: Some(NOW), ..a_device() };
        assert_eq!(abandon(&a_flow(), Some(&answered), NOW).changes, std::slice::from_ref(&end), "somebody was first");
        let other = DeviceCode { hash: TokenHash([3; 32]), ..a_device() };
        assert_eq!(abandon(&a_flow(), Some(&other), NOW).changes, [end]);
        let ended = Flow { ended_at: Some(NOW), ..a_flow() };
        assert_eq!(abandon(&ended, Some(&a_device()), NOW).changes, []);
    }
}
