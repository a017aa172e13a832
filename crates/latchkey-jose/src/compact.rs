//! The three parts of a token, as it is sent. [RFC 7515 §3.1]

use serde::de::DeserializeOwned;

use crate::base64url;
use crate::json::{self, Malformed, Present};
use crate::verify::{MAX_TOKEN_LEN, VerifyError};

/// A token in its parts. Nothing of it is believed yet.
pub(crate) struct Compact<'a> {
    /// What is signed: header and payload.
    pub(crate) signed: &'a str,
    pub(crate) header: &'a str,
    pub(crate) payload: &'a str,
    pub(crate) signature: &'a str,
}

impl<'a> Compact<'a> {
    pub(crate) fn split(token: &'a str) -> Result<Self, VerifyError> {
        if token.len() > MAX_TOKEN_LEN {
            return Err(VerifyError::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(VerifyError::NotThreeParts)?;
        let (header, payload) = signed.split_once('.').ok_or(VerifyError::NotThreeParts)?;
        if payload.contains('.') {
            return Err(VerifyError::NotThreeParts);
        }
        Ok(Self { signed, header, payload, signature })
    }

    /// The header: one JSON object without a member named twice.
    pub(crate) fn header<T: DeserializeOwned>(&self) -> Result<T, VerifyError> {
        let header = object(self.header, VerifyError::MalformedHeader)?;
        serde_json::from_slice(&header).map_err(|_| VerifyError::MalformedHeader)
    }

    /// The payload: one JSON object without a member named twice.
    pub(crate) fn payload(&self) -> Result<Vec<u8>, VerifyError> {
        object(self.payload, VerifyError::MalformedPayload)
    }

    pub(crate) fn signature(&self) -> Result<Vec<u8>, VerifyError> {
        decode(self.signature)
    }
}

/// Refuses a header with one of these members in it.
pub(crate) fn forbid<const N: usize>(members: [(&'static str, &Present); N]) -> Result<(), VerifyError> {
    match members.into_iter().find(|(_, Present(present))| *present) {
        Some((name, _)) => Err(VerifyError::ForbiddenHeader(name)),
        None => Ok(()),
    }
}

fn object(part: &str, otherwise: VerifyError) -> Result<Vec<u8>, VerifyError> {
    let json = decode(part)?;
    json::check_object(&json).map_err(|malformed| match malformed {
        Malformed::NotAnObject => otherwise,
        Malformed::DuplicateMember => VerifyError::DuplicateMember,
    })?;
    Ok(json)
}

fn decode(part: &str) -> Result<Vec<u8>, VerifyError> {
    base64url::decode(part).map_err(|_| VerifyError::NotBase64Url)
}
