//! What handlers take in: read whole, bounded, and refused in the words of the protocol it came by.

mod form;

pub use form::{FormError, Pairs, form};
