//! What handlers take in: read whole, bounded, and refused in the words of the protocol it came by.

mod authorization;
mod form;
mod json;
mod media_type;

pub use authorization::authorization;
pub use form::{FormError, Pairs, client_form, form, parameters};
pub use json::{JsonError, json};
pub use media_type::{is_form, media_type};
