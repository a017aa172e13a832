//! The rules of the identity platform, without I/O: no clock, no randomness, no database, no HTTP.
//!
//! | term | module | specification |
//! |---|---|---|
//! | tenant, tenant segment | [`tenant`] | OpenID Connect Core §2 (`iss`) |
//! | account | [`account`] | OpenID Connect Core §5.1 |
//! | what administrators of a tenant do | [`administration`] | |
//! | the first administrator | [`set_up`] | |
//! | session, browser | [`session`] | OpenID Connect Core §3.1.2.3 |
//! | password sign-in | [`sign_in`] | RFC 9106 (Argon2id) |
//! | sign-in at another OpenID provider | [`sign_in::upstream`] | OpenID Connect Core §3.1.3.7, RFC 9207 |
//! | what happens so often in a while: guesses; requests, devices and registrations | [`throttle`], [`sign_in::throttle`], [`authorize::throttle`] | |
//! | scopes that an app exposes | [`client::exposed_api`] | RFC 6749 §3.3 |
//! | client, redirect URI, client secret | [`client`] | RFC 6749 §2, RFC 8252 §7.3 |
//! | client authentication | [`client_auth`] | RFC 6749 §2.3, RFC 7523, OpenID Connect Core §9 |
//! | scope, resource | [`scope`], [`resource`] | RFC 6749 §3.3 |
//! | authorization request | [`authorize`] | RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1 and §5.5, RFC 9101, RFC 9207, RFC 9126, RFC 9396, JARM |
//! | approval | [`consent`] | OpenID Connect Core §3.1.2.4 |
//! | authorization | [`authorization`] | what a person approved for one app: `ARCHITECTURE.md` |
//! | grants | [`grant`] | RFC 6749 §4.1.3, §4.4, §6; OpenID Connect Core §3.2, §3.3; RFC 7636; RFC 8628; RFC 8693; RFC 7523 §2.1; RFC 9700 §4.14 |
//! | tokens | [`token`] | RFC 9068, OpenID Connect Core §2 |
//! | tokens bound to a key or a certificate: `cnf`, DPoP proofs and nonces | [`token::confirmation`], [`dpop`] | RFC 7800 §3.1, RFC 9449, RFC 8705 §3 |
//! | giving tokens back, asking what they are worth | [`token::revocation`], [`token::introspection`] | RFC 7009, RFC 7662 |
//! | the older OAuth kind | [`legacy`] | Azure DevOps: `docs/divergences.md` |
//! | apps are told of a sign-out | [`logout_notice`] | Back-Channel Logout, Front-Channel Logout |
//! | sign-out that an app asks for | [`logout`] | RP-Initiated Logout §2, §3 |
//! | signing keys | [`key_rotation`] | OpenID Connect Core §10.1.1 |
//! | metadata | [`discovery`] | OpenID Connect Discovery §3, RFC 8414 §2 |
//! | claims about people | [`claims`] | OpenID Connect Core §5.1, §5.4, §5.5 |
//! | UserInfo | [`userinfo`] | OpenID Connect Core §5.3 |
//! | where the server itself may send a request | [`outbound`] | RFC 6890, RFC 7591 §5 |
//! | security events | [`event`] | |

pub mod account;
pub mod administration;
pub mod authorization;
pub mod authorize;
pub mod change;
pub mod claims;
pub mod client;
pub mod client_auth;
pub mod consent;
pub mod decision;
pub mod discovery;
pub mod dpop;
pub mod entropy;
pub mod error;
pub mod event;
pub mod grant;
mod host_name;
pub mod key_rotation;
pub mod legacy;
pub mod limits;
pub mod logout;
pub mod logout_notice;
pub mod outbound;
pub mod parameters;
pub mod resource;
pub mod scope;
pub mod secret;
pub mod session;
pub mod set_up;
pub mod sign_in;
pub mod tenant;
pub mod throttle;
pub mod time;
pub mod token;
pub mod userinfo;

pub use change::Change;
pub use decision::Decision;
pub use entropy::Entropy;
pub use error::OAuthError;
pub use time::Timestamp;
