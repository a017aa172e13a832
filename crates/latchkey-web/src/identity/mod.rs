//! The identity platform over HTTP: one file per endpoint.

pub mod approval_request;
pub mod authorize;
pub mod consent;
pub mod documents;
pub mod flow;
pub mod instance_discovery;
pub mod offer;
pub mod own_form;
pub mod problem;
pub mod problem_page;
pub mod select;
pub mod sign_in;
pub mod sign_out;
pub mod tenants;
pub mod token;
pub mod userinfo;
