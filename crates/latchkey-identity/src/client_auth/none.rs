//! `none`: a public client names itself, [RFC 6749 §3.2.1].

use super::{Method, Presentable, Presented};
use crate::error::OAuthError;
use crate::parameters::Parameters;

/// Reads `client_id` from the form.
pub fn read(form: &Parameters) -> Result<Presented, OAuthError> {
    Ok(Presented {
        client_id: form.require("client_id")?.to_owned(),
        method: Method::None,
        proof: Presentable::Nothing,
    })
}
