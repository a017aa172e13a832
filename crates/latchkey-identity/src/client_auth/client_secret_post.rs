//! `client_secret_post`: id and secret in the form, [RFC 6749 §2.3.1].

use super::{Method, Presentable, Presented};
use crate::error::OAuthError;
use crate::parameters::Parameters;
use crate::secret::Secret;

/// Reads `client_id` and `client_secret` from the form.
pub fn read(form: &Parameters) -> Result<Presented, OAuthError> {
    let client_id = form.require("client_id")?.to_owned();
    let proof = Presentable::Secret(Secret::new(form.require("client_secret")?));
    Ok(Presented { client_id, method: Method::ClientSecretPost, proof })
}
