//! `client_secret_jwt`: the client authenticates an assertion with its secret. [OpenID Connect Core §9], [RFC 7523 §2.2 and §3]
//!
//! To check it the server reads the secret, so only secrets that were made for this method count: they are kept sealed as well. An app has to be
//! fixed to the method, so that nothing that is public of it can be mistaken for a secret.

use latchkey_jose::assertion::Reading;

use super::{AuthenticatedClient, ClientAssertion, Facts, Method, Proved, client_assertion};
use crate::client::{Client, ClientSecret};
use crate::error::OAuthError;
use crate::time::Timestamp;

/// Checks an assertion against the registration: authenticated by a live secret of the client's, and otherwise as one that is signed with a key.
/// Its `jti` counts once for everybody.
pub(super) fn authenticate<'a>(
    presented: &ClientAssertion,
    client: &'a Client,
    facts: Facts<'_>,
    now: Timestamp,
) -> Result<Proved<'a>, OAuthError> {
    if client.authentication.method != Some(Method::ClientSecretJwt) {
        return Err(OAuthError::invalid_client("this client is not registered for client_secret_jwt"));
    }
    let assertion = presented.authenticated()?;
    let made = |secret: &&ClientSecret| {
        let shared = secret.shared(client.id, facts.key);
        shared.is_some_and(|shared| assertion.is_authenticated_by(&shared))
    };
    let secret = client.secrets.iter().rfind(made).ok_or_else(|| {
        OAuthError::invalid_client("the client is unknown, or no secret of it made the assertion").numbered(7_000_215)
    })?;
    if !secret.is_live(now) {
        return Err(OAuthError::invalid_client("the client secret has expired").numbered(7_000_222));
    }
    let spent = client_assertion::holds(&assertion.claims, client, facts.called, Reading::Strict, now)?;
    let credential = Some(secret.credential());
    let client = AuthenticatedClient { client, method: Method::ClientSecretJwt, credential, confirmation: None };
    Ok(Proved { client, spends: spent })
}

#[cfg(test)]
mod tests {
    use latchkey_jose::mac::MacAlgorithm;
    use latchkey_jose::{Algorithm, SigningKey};
    use serde_json::{Value, json};

    use super::super::{ASSERTION_TYPE, CalledAt, Presented, Spent};
    use super::*;
    use crate::client::Profile;
    use crate::client::key::tests::a_key_of;
    use crate::client::registration::tests::a_client;
    use crate::entropy::Entropy;
    use crate::parameters::tests::parameters;
    use crate::secret::{Purpose, PurposeKey, Secret};
    use crate::tenant::Audience;

    const NOW: Timestamp = Timestamp::from_secs(10_000);
    const ISSUER: &str = "https://id.test/00000000-0000-0000-0000-000000000001/v2.0";

    fn key() -> PurposeKey {
        PurposeKey::derive(&[0; 32], Purpose::ClientSecret).unwrap()
    }

    fn owner() -> (Client, Secret) {
        let mut client = a_client();
        client.authentication.method = Some(Method::ClientSecretJwt);
        let until = Timestamp::from_secs(20_000);
        let (secret, kept) = ClientSecret::generate_shared(client.id, until, &key(), NOW, &mut Entropy::seeded(1));
        client.secrets.push(kept);
        (client, secret)
    }

    fn claims(client: &Client) -> Value {
        let id = client.id.to_string();
        json!({"iss": id, "sub": id, "aud": ISSUER, "exp": 10_300, "iat": 10_000, "jti": "one"})
    }

    fn made(algorithm: &str, claims: &Value, secret: &[u8]) -> String {
        let header = json!({"alg": algorithm, "typ": "JWT"});
        let encode = |value: &Value| latchkey_jose::base64url::encode(value.to_string());
        let start = format!("{}.{}", encode(&header), encode(claims));
        let algorithm: MacAlgorithm = algorithm.parse().unwrap_or(MacAlgorithm::Hs256);
        let tag = algorithm.authenticate(secret, start.as_bytes());
        format!("{start}.{}", latchkey_jose::base64url::encode(tag))
    }

    /// How many assertions are spent.
    fn presents(client: &Client, text: &str, before: bool, now: Timestamp) -> Result<usize, u32> {
        let form = parameters(&[("client_assertion", text), ("client_assertion_type", ASSERTION_TYPE)]);
        let called =
            CalledAt { origin: "https://id.test", path: "/common/oauth2/v2.0/token", audience: &Audience::Anyone };
        let key = key();
        let facts = Facts { key: &key, called, published: &[], issuers: &[] };
        let proved = Presented::read(None, &form)
            .and_then(|presented| super::super::authenticate(&presented, Some(client), facts, now));
        let proved = proved.map_err(|error| error.number)?;
        let count = usize::from(proved.spends().is_some());
        let first = proved.spends().filter(|_| !before).map(Spent::for_the_first_time);
        let client = proved.with(first).map_err(|error| error.number)?;
        assert_eq!(client.method(), Method::ClientSecretJwt);
        Ok(count)
    }

    #[test]
    fn a_client_proves_who_it_is_with_its_secret_without_showing_it() {
        let (client, secret) = owner();
        for algorithm in MacAlgorithm::ALL {
            let text = made(algorithm.name(), &claims(&client), secret.reveal().as_bytes());
            assert_eq!(presents(&client, &text, false, NOW), Ok(1), "{algorithm:?}: a jti is spent");
            assert!(presents(&client, &text, true, NOW).is_err(), "{algorithm:?}: and counts once");
        }
        let shown = format!("{:?}", client.secrets);
        assert!(!shown.contains(secret.reveal()), "{shown}");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (client, secret) = owner();
        let own = secret.reveal().as_bytes();
        let with = |name: &str, value: Value| {
            let mut claims = claims(&client);
            claims[name] = value;
            made("HS256", &claims, own)
        };
        for (name, value) in [
            ("iss", json!("other")),
            ("sub", json!("other")),
            ("aud", json!("https://elsewhere.test")),
            ("aud", json!([ISSUER, "https://elsewhere.test"])),
            ("exp", json!(9_000)),
            ("exp", json!(99_000)),
            ("jti", json!("")),
        ] {
            assert!(presents(&client, &with(name, value.clone()), false, NOW).is_err(), "{name} {value}");
        }
        assert_eq!(presents(&client, &made("HS256", &claims(&client), b"another"), false, NOW), Err(7_000_215));
        let later = Timestamp::from_secs(20_000);
        let mut fresh = claims(&client);
        (fresh["iat"], fresh["exp"]) = (json!(20_000), json!(20_100));
        assert_eq!(presents(&client, &made("HS256", &fresh, own), false, later), Err(7_000_222));
    }

    #[test]
    fn no_public_key_and_no_unsealed_secret_stands_for_the_secret() {
        let (client, secret) = owner();
        let pair = SigningKey::generate(Algorithm::Es256).unwrap();
        let public = serde_json::to_string(&pair.public_jwk()).unwrap();
        let mut keyed = client.clone();
        keyed.authentication.keys = vec![a_key_of(&pair)];
        for method in [Some(Method::ClientSecretJwt), Some(Method::PrivateKeyJwt), None] {
            keyed.authentication.method = method;
            assert!(presents(&keyed, &made("HS256", &claims(&client), public.as_bytes()), false, NOW).is_err());
        }
        // A signature in place of a MAC, and a name of an algorithm that it is not.
        keyed.authentication.method = Some(Method::ClientSecretJwt);
        assert!(presents(&keyed, &pair.sign_jwt("JWT", &claims(&client)).unwrap(), false, NOW).is_err());
        assert!(presents(&client, &made("none", &claims(&client), secret.reveal().as_bytes()), false, NOW).is_err());
        // Only an app that is fixed to the method uses it, and never one of the FAPI 2.0 profile.
        let text = made("HS256", &claims(&client), secret.reveal().as_bytes());
        for method in [None, Some(Method::ClientSecretPost)] {
            let mut other = client.clone();
            other.authentication.method = method;
            assert!(presents(&other, &text, false, NOW).is_err(), "{method:?}");
        }
        assert!(presents(&Client { profile: Profile::Fapi2, ..client.clone() }, &text, false, NOW).is_err());
        let mut usual = client.clone();
        let until = Timestamp::from_secs(20_000);
        let (secret, kept) = ClientSecret::generate(usual.id, until, &key(), NOW, &mut Entropy::seeded(2));
        usual.secrets = vec![kept];
        let text = made("HS256", &claims(&client), secret.reveal().as_bytes());
        assert_eq!(presents(&usual, &text, false, NOW), Err(7_000_215), "of it only an HMAC is kept");
    }
}
