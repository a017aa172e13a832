//! Flows: authorization requests that wait for a person. The browser holds an id that is worth nothing without its cookie.

use std::convert::Infallible;

use crate::account::AccountId;
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

impl Flow {
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
    use crate::grant::device_code::user_code::UserCode;

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
