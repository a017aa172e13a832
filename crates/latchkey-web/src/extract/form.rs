//! Forms: `application/x-www-form-urlencoded`, bounded, names and values decoded.

use axum::body::{Body, Bytes};
use http::header::HeaderMap;
use http_body_util::{BodyExt as _, Limited};
use latchkey_identity::parameters::Parameters;
use latchkey_identity::{OAuthError, limits};

use super::is_form;

/// The pairs of a form, in order.
#[derive(Clone, Debug, Default)]
pub struct Pairs(Vec<(String, String)>);

/// Why a body is no form.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FormError {
    /// Another content type.
    #[error("the body has to be application/x-www-form-urlencoded")]
    ContentType,
    /// Too long, or broken off.
    #[error("the body is longer than 65536 bytes, or broke off")]
    Body,
    /// A null character, which no field of ours has and not every database can hold.
    #[error("the body contains a null character")]
    Null,
}

impl Pairs {
    /// Reads a query, or the text of a form.
    pub fn decode(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The first value of that name.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All pairs.
    pub fn into_vec(self) -> Vec<(String, String)> {
        self.0
    }
}

/// Reads a form of at most 64 KiB.
pub async fn form(headers: &HeaderMap, body: Body) -> Result<Pairs, FormError> {
    let pairs = Pairs::decode(&text(headers, body).await?);
    if pairs.0.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
        return Err(FormError::Null);
    }
    Ok(pairs)
}

/// Reads the form of a client.
pub async fn client_form(headers: &HeaderMap, body: Body) -> Result<Parameters, OAuthError> {
    let text = text(headers, body).await.map_err(|error| OAuthError::invalid_request(error.to_string()))?;
    parameters(&text)
}

/// Reads the query of a client, or the text of its form.
pub fn parameters(text: &[u8]) -> Result<Parameters, OAuthError> {
    Parameters::with_capacity(text.len(), form_urlencoded::parse(text))
}

async fn text(headers: &HeaderMap, body: Body) -> Result<Bytes, FormError> {
    if !is_form(headers) {
        return Err(FormError::ContentType);
    }
    let body = Limited::new(body, limits::FORM_BYTES).collect().await;
    Ok(body.map_err(|_| FormError::Body)?.to_bytes())
}
