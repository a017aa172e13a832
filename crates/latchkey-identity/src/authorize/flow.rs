//! Flows: authorization requests that wait for a person. The browser holds an id that is worth nothing without its cookie.

use crate::account::AccountId;
use crate::client::ClientId;
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
