//! A token of another issuer in place of an assertion of the client's own: the issuer vouches for the workload. [RFC 7521 §3],
//! [RFC 7523 §3], and Entra's workload identity federation.

use latchkey_jose::assertion::{Assertion, Reading};

use super::{AuthenticatedClient, ClientAssertion, Facts, Method, Proved};
use crate::client::Client;
use crate::client::federated_credential::FederatedCredential;
use crate::error::OAuthError;
use crate::limits;
use crate::time::Timestamp;

/// The federated credential that an assertion may be for, by its issuer: the one of its subject, if there is one.
pub fn meant<'a>(client: &'a Client, assertion: &Assertion) -> Option<&'a FederatedCredential> {
    let claims = &assertion.claims;
    let held = &client.authentication.federated;
    held.iter().find(|held| {
        claims.iss.as_deref() == Some(held.issuer.as_str()) && claims.sub.as_deref() == Some(held.subject.as_str())
    })
}

/// Checks a token of another issuer against the federated credentials of the client.
///
/// Issuer, subject and the one audience are those that were registered, letter by letter; a key of that issuer signed it; it has an end,
/// within a day. It may come again until then: a workload is handed one token for a while, and cannot make another.
pub(super) fn authenticate<'a>(
    presented: &ClientAssertion,
    client: &'a Client,
    facts: Facts<'_>,
    now: Timestamp,
) -> Result<Proved<'a>, OAuthError> {
    let assertion = presented.signed(Reading::Strict)?;
    let held = meant(client, assertion).ok_or_else(|| nothing_fits(client, assertion))?;
    if assertion.claims.aud != [held.audience.as_str()] {
        return Err(
            OAuthError::invalid_client("aud of the federated token is not the one of the credential").numbered(700_213)
        );
    }
    let keys = if held.pinned.is_empty() { facts.issuers } else { &held.pinned };
    if !keys.iter().any(|key| key.is_live(now) && key.is_meant_by(assertion) && key.signed(assertion)) {
        return Err(OAuthError::invalid_client("no key of its issuer signed the federated token").numbered(700_027));
    }
    is_of_now(assertion, now)?;
    client.may_act()?;
    let credential = Some(held.credential());
    let client = AuthenticatedClient { client, method: Method::PrivateKeyJwt, credential, confirmation: None };
    Ok(Proved { client, spends: None })
}

/// What of the registration the token does not fit.
fn nothing_fits(client: &Client, assertion: &Assertion) -> OAuthError {
    let is_known = |held: &FederatedCredential| assertion.claims.iss.as_deref() == Some(held.issuer.as_str());
    if client.authentication.federated.iter().any(is_known) {
        return OAuthError::invalid_client("no federated credential of this client has the subject of the token")
            .numbered(700_212);
    }
    OAuthError::invalid_client("no federated credential of this client has the issuer of the token").numbered(700_211)
}

fn is_of_now(assertion: &Assertion, now: Timestamp) -> Result<(), OAuthError> {
    let (claims, leeway) = (&assertion.claims, limits::ASSERTION_LEEWAY);
    let outside = |description: &'static str| OAuthError::invalid_client(description).numbered(700_024);
    let exp = claims.exp.ok_or_else(|| outside("the federated token has no exp"))?;
    if exp + leeway <= now {
        return Err(outside("the federated token has expired"));
    }
    if [claims.nbf, claims.iat].into_iter().flatten().any(|begins| begins > now + leeway) {
        return Err(outside("the federated token is not valid yet"));
    }
    if exp > now + limits::FEDERATED_TOKEN_LIFETIME + leeway {
        return Err(outside("exp of the federated token is too far away"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use latchkey_jose::{Algorithm, SigningKey};
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::super::{ASSERTION_TYPE, CalledAt, Presented};
    use super::*;
    use crate::client::ClientKey;
    use crate::client::federated_credential::USUAL_AUDIENCE;
    use crate::client::registration::tests::a_client;
    use crate::parameters::tests::parameters;
    use crate::secret::{Purpose, PurposeKey};
    use crate::tenant::Audience;

    const NOW: Timestamp = Timestamp::from_secs(10_000);
    const ISSUER: &str = "https://ci.test";
    const SUBJECT: &str = "repo:harbor/lighthouse:ref:refs/heads/main";

    fn keys_of(pair: &SigningKey) -> Vec<ClientKey> {
        let text = serde_json::to_string(&pair.public_jwk()).unwrap();
        FederatedCredential::read_pinned(&text, Uuid::nil(), NOW).unwrap()
    }

    fn federated(pinned: Vec<ClientKey>) -> Client {
        let mut client = a_client();
        client.authentication.federated.push(FederatedCredential {
            id: Uuid::from_u128(7),
            name: "main branch".into(),
            issuer: ISSUER.into(),
            subject: SUBJECT.into(),
            audience: USUAL_AUDIENCE.into(),
            pinned,
            created_at: NOW,
        });
        client
    }

    fn claims() -> Value {
        json!({"iss": ISSUER, "sub": SUBJECT, "aud": USUAL_AUDIENCE, "exp": 10_300, "iat": 9_990, "jti": "one"})
    }

    fn shows(client: &Client, pair: &SigningKey, claims: &Value, issuers: &[ClientKey]) -> Result<Uuid, u32> {
        let text = pair.sign_jwt("JWT", claims).unwrap();
        let id = client.id.to_string();
        let form = [("client_id", id.as_str()), ("client_assertion", &text), ("client_assertion_type", ASSERTION_TYPE)];
        let presented = Presented::read(None, &parameters(&form)).unwrap();
        let called =
            CalledAt { origin: "https://id.test", path: "/common/oauth2/v2.0/token", audience: &Audience::Anyone };
        let key = PurposeKey::derive(&[0; 32], Purpose::ClientSecret).unwrap();
        let facts = Facts { key: &key, called, published: &[], issuers };
        let proved = super::super::authenticate(&presented, Some(client), facts, NOW).map_err(|error| error.number)?;
        let proof = proved.with(None).map_err(|error| error.number)?;
        Ok(proof.credential().unwrap().id)
    }

    #[test]
    fn a_token_of_the_issuer_stands_for_the_app_by_pinned_and_by_published_keys() {
        for algorithm in Algorithm::ALL {
            let pair = SigningKey::generate(algorithm).unwrap();
            let id = Ok(Uuid::from_u128(7));
            assert_eq!(shows(&federated(keys_of(&pair)), &pair, &claims(), &[]), id, "{algorithm}");
            assert_eq!(shows(&federated(Vec::new()), &pair, &claims(), &keys_of(&pair)), id, "{algorithm}");
            assert_eq!(shows(&federated(Vec::new()), &pair, &claims(), &[]), Err(700_027), "{algorithm}");
        }
    }

    #[test]
    fn issuer_subject_audience_and_time_have_to_fit_letter_by_letter() {
        let pair = SigningKey::generate(Algorithm::Es256).unwrap();
        let client = federated(keys_of(&pair));
        for (name, value, number) in [
            ("iss", json!("https://ci.test/"), 700_211),
            ("iss", json!("https://CI.test"), 700_211),
            ("sub", json!("repo:harbor/lighthouse:ref:refs/heads/Main"), 700_212),
            ("sub", json!(""), 700_212),
            ("aud", json!("api://azureadtokenexchange"), 700_213),
            ("aud", json!([USUAL_AUDIENCE, "https://other.test"]), 700_213),
            ("aud", json!([]), 700_213),
            ("exp", json!(9_000), 700_024),
            ("exp", json!(200_000), 700_024),
            ("iat", json!(10_100), 700_024),
            ("nbf", json!(10_100), 700_024),
        ] {
            let mut claims = claims();
            claims[name] = value.clone();
            assert_eq!(shows(&client, &pair, &claims, &[]), Err(number), "{name}={value}");
        }
        let mut endless = claims();
        endless.as_object_mut().unwrap().remove("exp");
        assert_eq!(shows(&client, &pair, &endless, &[]), Err(700_024));
    }

    #[test]
    fn the_issuers_key_says_nothing_in_the_apps_own_name() {
        let pair = SigningKey::generate(Algorithm::Es256).unwrap();
        let client = federated(keys_of(&pair));
        let id = client.id.to_string();
        let own = json!({"iss": id, "sub": id, "aud": "https://id.test/common/oauth2/v2.0/token", "exp": 10_300, "jti": "one"});
        assert_eq!(shows(&client, &pair, &own, &keys_of(&pair)), Err(700_027));
        let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
        assert_eq!(shows(&client, &stranger, &claims(), &keys_of(&stranger)), Err(700_027), "pinned is pinned");
    }
}
