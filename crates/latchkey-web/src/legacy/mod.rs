//! The endpoints of the older OAuth kind, at the paths that its clients know.
//!
//! | what | where |
//! |---|---|
//! | `GET /oauth2/authorize` | [`authorize`] |
//! | `POST /oauth2/token` | [`token`] |
//! | every attempt to make a new app | [`no_new_ones`] |
//! | the headers that tell of the end, and the end itself | [`notice`] |

pub mod authorize;
pub mod no_new_ones;
pub mod notice;
pub mod token;

/// What stands in the place of the tenant segment in a flow of the older kind. No URL has an empty segment.
pub const SEGMENT: &str = "";
