//! The ID token of an upstream provider: everything that a relying party has to check. [OpenID Connect Core §3.1.3.7], [RFC 8725 §3]

use std::time::Duration;

use latchkey_jose::assertion::{Assertion, Reading};
use latchkey_jose::digest::{constant_time_eq, left_half_hash};
use serde_json::{Map, Value};

use crate::account::{is_address, is_presentable};
use crate::client::key::ClientKey;
use crate::limits;
use crate::sign_in::context::Methods;
use crate::time::Timestamp;

/// What an ID token may say that it is, if it says so. [RFC 8725 §3.11]
const TYPES: [&str; 1] = ["JWT"];
/// An ID token is read on arrival: one that was made longer ago was kept by somebody.
const MADE_LATELY: Duration = Duration::from_secs(600);

/// What an ID token has to say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Whose it is.
    pub issuer: &'a str,
    /// Whom it is for.
    pub client_id: &'a str,
    /// What was sent along.
    pub nonce: &'a str,
    /// The access token that came with it.
    pub access_token: Option<&'a str>,
    /// The keys that its issuer publishes.
    pub keys: &'a [ClientKey],
}

/// Proof that a provider says who somebody is, to us and now. Only [`check`] makes one.
#[derive(Clone, PartialEq, Debug)]
pub struct Assured {
    subject: String,
    auth_time: Option<Timestamp>,
    methods: Methods,
    told: ProfileClaims,
}

/// What a provider tells of somebody beside who they are. Nothing of it finds an account.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ProfileClaims {
    /// What people call them.
    pub name: Option<String>,
    /// Their address.
    pub email: Option<String>,
    /// Whether they showed that it is theirs.
    pub email_verified: bool,
}

/// Why an ID token is not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the sentences say it")]
pub enum IdTokenError {
    #[error("the ID token is not a JWT that is signed by RS256, PS256, ES256 or EdDSA")]
    Unreadable,
    #[error("the ID token is of another issuer")]
    Issuer,
    #[error("the ID token is not for us alone")]
    Audience,
    #[error("the ID token is not signed by a key that its issuer publishes")]
    Signature,
    #[error("the ID token has expired, or is not valid yet, or was made long ago")]
    Time,
    #[error("the ID token answers another request")]
    Nonce,
    #[error("the access token is not the one that the ID token was made with")]
    AccessToken,
    #[error("the ID token does not say who it is about")]
    Subject,
}

impl Assured {
    /// What the issuer calls the person. It is theirs alone there, and never given to somebody else.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// When they signed in there, if that is told.
    pub const fn auth_time(&self) -> Option<Timestamp> {
        self.auth_time
    }

    /// What they showed there, if that is told.
    pub const fn methods(&self) -> Methods {
        self.methods
    }

    /// What else is told of them.
    pub const fn told(&self) -> &ProfileClaims {
        &self.told
    }

    /// With what UserInfo tells beside it, if that is about the same person. [OpenID Connect Core §5.3.2]
    #[must_use]
    pub fn and_user_info(self, members: &Map<String, Value>) -> Self {
        if members.get("sub").and_then(Value::as_str) != Some(self.subject.as_str()) {
            return self;
        }
        let (known, more) = (self.told, ProfileClaims::of(members));
        let (email, email_verified) = match known.email {
            Some(email) => (Some(email), known.email_verified),
            None => (more.email, more.email_verified),
        };
        Self { told: ProfileClaims { name: known.name.or(more.name), email, email_verified }, ..self }
    }
}

impl ProfileClaims {
    fn of(members: &Map<String, Value>) -> Self {
        let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            name: text("name").filter(|name| is_presentable(name)),
            email: text("email").filter(|email| is_address(email)),
            email_verified: members.get("email_verified") == Some(&Value::Bool(true)),
        }
    }

    /// Whether UserInfo could tell more.
    pub const fn is_lacking(&self) -> bool {
        self.name.is_none() || self.email.is_none()
    }
}

/// The key that an ID token names, to ask for if it is not known.
pub fn key_named(text: &str) -> Option<String> {
    Assertion::read_as(text, Reading::Strict, &TYPES).ok()?.kid
}

/// Checks an ID token.
pub fn check(text: &str, expected: Expected<'_>, now: Timestamp) -> Result<Assured, IdTokenError> {
    let token = Assertion::read_as(text, Reading::Strict, &TYPES).map_err(|_| IdTokenError::Unreadable)?;
    let text_of = |name: &str| token.members.get(name).and_then(Value::as_str);
    if token.claims.iss.as_deref() != Some(expected.issuer) {
        return Err(IdTokenError::Issuer);
    }
    // We trust no other audience, so there is none. `azp`, if it is there, is then ourselves.
    let azp = token.members.get("azp");
    let for_us = token.claims.aud == [expected.client_id] && azp.is_none_or(|azp| azp == expected.client_id);
    if !for_us {
        return Err(IdTokenError::Audience);
    }
    if !expected.keys.iter().any(|key| key.is_meant_by(&token) && key.signed(&token)) {
        return Err(IdTokenError::Signature);
    }
    let leeway = limits::ASSERTION_LEEWAY;
    let (Some(exp), Some(iat)) = (token.claims.exp, token.claims.iat) else { return Err(IdTokenError::Time) };
    let begins = token.claims.nbf.unwrap_or(iat).max(iat);
    if exp + leeway <= now || begins > now + leeway || iat + MADE_LATELY <= now {
        return Err(IdTokenError::Time);
    }
    if !text_of("nonce").is_some_and(|nonce| constant_time_eq(nonce.as_bytes(), expected.nonce.as_bytes())) {
        return Err(IdTokenError::Nonce);
    }
    if let Some(hash) = token.members.get("at_hash") {
        let fits = |access_token: &str| *hash == left_half_hash(token.algorithm, access_token);
        if !expected.access_token.is_some_and(fits) {
            return Err(IdTokenError::AccessToken);
        }
    }
    let subject = token.claims.sub.as_deref().filter(|subject| is_subject(subject)).ok_or(IdTokenError::Subject)?;
    let amr = token.members.get("amr").and_then(Value::as_array).into_iter().flatten();
    let auth_time = token.members.get("auth_time").and_then(Value::as_i64).filter(|seconds| *seconds >= 0);
    Ok(Assured {
        subject: subject.to_owned(),
        auth_time: auth_time.map(Timestamp::from_secs).filter(|at| *at <= now + leeway),
        methods: amr.filter_map(Value::as_str).collect(),
        told: ProfileClaims::of(&token.members),
    })
}

/// At most 255 characters of ASCII, compared as they are. [OpenID Connect Core §2]
fn is_subject(subject: &str) -> bool {
    (1..=255).contains(&subject.len()) && subject.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

#[cfg(test)]
pub(crate) mod tests {
    use latchkey_jose::{Algorithm, SigningKey, base64url};
    use serde_json::json;
    use uuid::Uuid;

    use super::super::tests::{ISSUER, an_upstream};
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(10_000);
    const NONCE: &str = "the nonce";

    pub(crate) fn assured(subject: &str, told: ProfileClaims) -> Assured {
        Assured { subject: subject.into(), auth_time: None, methods: Methods::default(), told }
    }

    /// Somebody of whom it is told when they signed in there.
    pub(crate) fn assured_at(auth_time: Timestamp) -> Assured {
        Assured { auth_time: Some(auth_time), ..assured("ana", ProfileClaims::default()) }
    }

    fn keys_of(pair: &SigningKey) -> Vec<ClientKey> {
        ClientKey::stored(Uuid::nil(), pair.public_jwk(), None, NOW, NOW + MADE_LATELY).into_iter().collect()
    }

    fn claims() -> Value {
        json!({
            "iss": ISSUER, "sub": "ana", "aud": an_upstream().client_id, "exp": 10_300, "iat": 9_990, "nonce": NONCE,
            "auth_time": 9_000, "amr": ["pwd", "otp", "magic"], "name": "Ana", "email": "ana@harbor.test",
            "email_verified": true,
        })
    }

    fn check_with(text: &str, keys: &[ClientKey], access_token: Option<&str>) -> Result<Assured, IdTokenError> {
        let client_id = &an_upstream().client_id;
        check(text, Expected { issuer: ISSUER, client_id, nonce: NONCE, access_token, keys }, NOW)
    }

    fn check_claims(claims: &Value) -> Result<Assured, IdTokenError> {
        let pair = SigningKey::generate(Algorithm::Es256).unwrap();
        check_with(&pair.sign_jwt("JWT", claims).unwrap(), &keys_of(&pair), None)
    }

    #[test]
    fn an_id_token_of_the_issuer_says_who_somebody_is_by_every_algorithm_of_ours() {
        for algorithm in Algorithm::ALL {
            let pair = SigningKey::generate(algorithm).unwrap();
            let token = pair.sign_jwt("JWT", &claims()).unwrap();
            let assured = check_with(&token, &keys_of(&pair), None).unwrap();
            assert_eq!(assured.subject(), "ana", "{algorithm}");
            assert_eq!(assured.auth_time(), Some(Timestamp::from_secs(9_000)));
            assert_eq!(assured.methods().names(), ["otp", "pwd"], "what is not registered is left out");
            let told =
                ProfileClaims { name: Some("Ana".into()), email: Some("ana@harbor.test".into()), email_verified: true };
            assert_eq!(*assured.told(), told);
        }
    }

    #[test]
    fn each_claim_has_to_fit_letter_by_letter() {
        use IdTokenError as E;
        for (name, value, error) in [
            ("iss", json!("https://login.upstream.test/"), E::Issuer),
            ("iss", json!("https://evil.test"), E::Issuer),
            ("aud", json!("another"), E::Audience),
            ("aud", json!(["latchkey", "another"]), E::Audience),
            ("aud", json!([]), E::Audience),
            ("azp", json!("another"), E::Audience),
            ("exp", json!(9_900), E::Time),
            ("iat", json!(10_100), E::Time),
            ("iat", json!(9_000), E::Time),
            ("nbf", json!(10_100), E::Time),
            ("nonce", json!("another"), E::Nonce),
            ("nonce", json!(7), E::Nonce),
            ("at_hash", json!("nothing"), E::AccessToken),
            ("sub", json!(""), E::Subject),
            ("sub", json!("x".repeat(256)), E::Subject),
            ("sub", json!("\u{e1}na"), E::Subject),
        ] {
            let mut claims = claims();
            claims[name] = value.clone();
            assert_eq!(check_claims(&claims), Err(error), "{name}={value}");
        }
        for (name, error) in [
            ("iss", E::Issuer),
            ("aud", E::Audience),
            ("exp", E::Time),
            ("iat", E::Time),
            ("nonce", E::Nonce),
            ("sub", E::Subject),
        ] {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(name);
            assert_eq!(check_claims(&claims), Err(error), "{name}");
        }
        let mut own = claims();
        own["azp"] = an_upstream().client_id.into();
        own["aud"] = json!([an_upstream().client_id]);
        assert!(check_claims(&own).is_ok());
    }

    #[test]
    fn only_the_issuers_keys_sign_and_never_nobody() {
        let (pair, stranger) =
            (SigningKey::generate(Algorithm::Es256).unwrap(), SigningKey::generate(Algorithm::Es256).unwrap());
        let token = stranger.sign_jwt("JWT", &claims()).unwrap();
        assert_eq!(check_with(&token, &keys_of(&pair), None), Err(IdTokenError::Signature));
        assert_eq!(check_with(&token, &[], None), Err(IdTokenError::Signature));
        let payload = base64url::encode(claims().to_string());
        for alg in ["none", "None", "HS256"] {
            let unsigned = format!("{}.{payload}.", base64url::encode(format!(r#"{{"alg":"{alg}"}}"#)));
            assert_eq!(check_with(&unsigned, &keys_of(&pair), None), Err(IdTokenError::Unreadable), "{alg}");
        }
        let own_type = pair.sign_jwt("logout+jwt", &claims()).unwrap();
        assert_eq!(check_with(&own_type, &keys_of(&pair), None), Err(IdTokenError::Unreadable));
    }

    #[test]
    fn an_access_token_is_the_one_that_the_id_token_was_made_with() {
        let pair = SigningKey::generate(Algorithm::Rs256).unwrap();
        let mut claims = claims();
        claims["at_hash"] = left_half_hash(Algorithm::Rs256, "access").into();
        let token = pair.sign_jwt("JWT", &claims).unwrap();
        assert!(check_with(&token, &keys_of(&pair), Some("access")).is_ok());
        assert_eq!(check_with(&token, &keys_of(&pair), Some("other")), Err(IdTokenError::AccessToken));
        assert_eq!(check_with(&token, &keys_of(&pair), None), Err(IdTokenError::AccessToken));
    }

    #[test]
    fn user_info_adds_what_it_knows_of_the_same_person() {
        let info = |subject: &str| {
            let info = json!({"sub": subject, "name": "Ana", "email": "ana@harbor.test", "email_verified": true});
            info.as_object().unwrap().clone()
        };
        let nothing = assured("ana", ProfileClaims::default());
        assert_eq!(
            nothing.clone().and_user_info(&info("eve")).told(),
            &ProfileClaims::default(),
            "about somebody else"
        );
        assert_eq!(nothing.clone().and_user_info(&Map::new()).told(), &ProfileClaims::default());
        assert_eq!(nothing.and_user_info(&info("ana")).told().name.as_deref(), Some("Ana"));
        let unverified = ProfileClaims { email: Some("eve@harbor.test".into()), ..ProfileClaims::default() };
        let told = assured("ana", unverified).and_user_info(&info("ana")).told().clone();
        assert_eq!((told.email.as_deref(), told.email_verified), (Some("eve@harbor.test"), false), "never mixed");
    }

    #[test]
    fn a_text_that_says_true_verifies_no_address() {
        let mut claims = claims();
        claims["email_verified"] = "true".into();
        claims["name"] = "a\u{202e}b".into();
        let told = check_claims(&claims).unwrap().told().clone();
        assert_eq!((told.email_verified, told.name), (false, None));
    }
}
