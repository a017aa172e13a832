//! `private_key_jwt`: the client signs an assertion with its own key. [OpenID Connect Core §9], [RFC 7523 §2.2 and §3]

use latchkey_jose::Algorithm;
use latchkey_jose::assertion::Reading;

use super::{AuthenticatedClient, ClientAssertion, Facts, Method, Proved, client_assertion};
use crate::client::{Client, Profile, fapi2};
use crate::error::OAuthError;
use crate::time::Timestamp;

/// Checks an assertion against the registration. What it spends is for the caller to keep.
///
/// It is signed by a live key of the client's, names the client as issuer and subject and us as its one audience, and lives for an hour at
/// most. A `jti` counts once ([RFC 7523 §3], 7), except from clients of the Microsoft world, which send an assertion again and again:
/// theirs count for ten minutes.
pub(super) fn authenticate<'a>(
    presented: &ClientAssertion,
    client: &'a Client,
    facts: Facts<'_>,
    now: Timestamp,
) -> Result<Proved<'a>, OAuthError> {
    let wrong =
        || OAuthError::invalid_client("the client is unknown, or no key of it signed the assertion").numbered(700_027);
    let reading = if client.profile == Profile::Microsoft { Reading::Tolerant } else { Reading::Strict };
    let assertion = presented.signed(reading)?;
    if !algorithms(client.profile).contains(&assertion.algorithm) {
        return Err(OAuthError::invalid_client(
            "the client assertion is signed by an algorithm that this client may not use",
        ));
    }
    let meant = || client.authentication.keys.iter().chain(facts.published).filter(|key| key.is_meant_by(assertion));
    let key = meant().find(|key| key.signed(assertion)).ok_or_else(wrong)?;
    if !key.is_live(now) {
        return Err(
            OAuthError::invalid_client("the key that signed the client assertion has expired").numbered(7_000_222)
        );
    }
    let spends = client_assertion::holds(&assertion.claims, client, facts.called, reading, now)?;
    let credential = Some(key.credential());
    let client = AuthenticatedClient { client, method: Method::PrivateKeyJwt, credential, confirmation: None };
    Ok(Proved { client, spends })
}

/// The algorithms of a client's assertions, by its world.
const fn algorithms(profile: Profile) -> &'static [Algorithm] {
    match profile {
        Profile::Standard | Profile::Microsoft => &Algorithm::ALL,
        Profile::Fapi2 => &fapi2::ALGORITHMS,
        Profile::Legacy => &[],
    }
}

#[cfg(test)]
mod tests;
