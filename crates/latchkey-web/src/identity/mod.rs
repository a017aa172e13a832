//! The identity platform over HTTP: one file per endpoint.

pub mod approval_request;
pub mod asked;
pub mod authorize;
mod client_request;
pub mod consent;
pub mod device;
pub mod documents;
pub mod flow;
pub mod instance_discovery;
pub mod introspect;
pub mod logout;
pub mod offer;
pub mod own_form;
pub mod par;
pub mod posted;
pub mod problem;
pub mod problem_page;
mod redeem;
mod refresh;
mod remembered;
pub mod revoke;
pub mod select;
pub mod sign_in;
pub mod sign_out;
pub mod tenants;
pub mod token;
pub mod userinfo;
