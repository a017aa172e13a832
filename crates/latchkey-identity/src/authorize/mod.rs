//! The authorization endpoint, step by step, [RFC 6749 §4.1], [OpenID Connect Core §3.1.2].
//!
//! 1. [`request`]: the client and its redirect URI first, then everything else;
//! 2. [`prompt`]: who answers: a signed-in account, the picker, or sign-in;
//! 3. [`crate::consent`]: what is approved, asked again or remembered;
//! 4. [`response`]: the code or the error, to the client's own redirect URI or to our own page.

pub mod authorization_details;
pub mod claims_request;
pub mod error;
pub mod flow;
pub mod prompt;
pub mod pushed;
pub mod request;
pub mod request_object;
pub mod response;
pub mod response_mode;
pub mod response_type;
pub mod throttle;

pub use error::{AuthorizeError, Untrusted};
pub use flow::{Flow, FlowId};
pub use prompt::{Prompt, Step};
pub use request::AuthorizationRequest;
pub use response::{AuthorizationResponse, TrustedRedirect};
pub use response_mode::ResponseMode;
pub use response_type::ResponseType;
