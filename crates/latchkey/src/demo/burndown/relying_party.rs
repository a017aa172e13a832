//! Burndown as a relying party: what it asks for, and what it believes of the answers.
//!
//! [OpenID Connect Core §3.1], [RFC 7636], [RFC 9207]

use std::time::Duration;

use latchkey_jose::{Claims, JwkSet, KeySet, Timestamp, base64url, digest};
use latchkey_web::app::random;
use serde::Deserialize;
use tokio::sync::OnceCell;
use url::Url;

use super::AGENT;
use crate::demo::wire::{self, Credential, WireError};

/// What Burndown asks for: to know who it is, to go on while they are away, and to read.
const SCOPE: &str = "openid profile offline_access vso.work vso.code vso.build";
/// How far clocks may differ.
const LEEWAY: Duration = Duration::from_secs(60);

/// What Burndown was told when it was registered.
#[derive(Clone)]
pub(crate) struct Registered {
    /// Whom it trusts to say who people are.
    pub(crate) issuer: String,
    /// Its id there.
    pub(crate) client_id: String,
    /// Its secret there.
    pub(crate) client_secret: String,
    /// Where answers come back to.
    pub(crate) redirect_uri: String,
}

/// The issuer, as its metadata describes it.
#[derive(Clone, Debug, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
}

/// A request that has not been answered yet.
#[derive(Clone)]
pub(crate) struct Asked {
    /// Comes back with the answer, and is this browser's.
    pub(crate) state: String,
    nonce: String,
    code_verifier: String,
}

/// What came of an answer: somebody, and a key to their resources.
pub(crate) struct Connected {
    /// The person's name.
    pub(crate) person: String,
    /// The key.
    pub(crate) key: Key,
}

/// Tokens, as Burndown holds them.
#[derive(Clone)]
pub(crate) struct Key {
    /// Opens the API until [`Key::expires_at`].
    pub(crate) access_token: String,
    /// Gets the next key.
    pub(crate) refresh_token: Option<String>,
    /// When it ends.
    pub(crate) expires_at: Timestamp,
    /// What it is for.
    pub(crate) scope: String,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The server said no, by this code.
    #[error("{0}")]
    Told(String),
    /// The answer is not to be believed.
    #[error("{0}")]
    NotBelieved(&'static str),
    /// There was no answer.
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// Burndown's side of the protocol.
pub(crate) struct RelyingParty {
    registered: Registered,
    metadata: OnceCell<Metadata>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: String,
    expires_in: u64,
    refresh_token: Option<String>,
    id_token: Option<String>,
    scope: Option<String>,
}

#[derive(Deserialize)]
struct IdClaims {
    nonce: Option<String>,
    #[serde(flatten)]
    registered: Claims,
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    name: Option<String>,
}

impl RelyingParty {
    /// A relying party that knows no more than what it was told at its registration.
    pub(crate) fn new(registered: Registered) -> Self {
        Self { registered, metadata: OnceCell::new() }
    }

    /// Where to send the browser, and what to remember until it comes back.
    pub(crate) async fn ask(&self) -> Result<(String, Asked), Trouble> {
        let metadata = self.metadata().await?;
        let word = || base64url::encode(random::<32>());
        let asked = Asked { state: word(), nonce: word(), code_verifier: word() };
        let challenge = base64url::encode(digest::sha256(&asked.code_verifier));
        let wrong = |_| Trouble::NotBelieved("the authorization endpoint is no address");
        let mut url = Url::parse(&metadata.authorization_endpoint).map_err(wrong)?;
        url.query_pairs_mut().extend_pairs([
            ("client_id", self.registered.client_id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", &self.registered.redirect_uri),
            ("scope", SCOPE),
            ("state", &asked.state),
            ("nonce", &asked.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        Ok((url.into(), asked))
    }

    /// Whether an answer comes from whom it was asked of. [RFC 9207 §2.4]
    pub(crate) fn is_from_the_issuer(&self, iss: Option<&str>) -> bool {
        iss == Some(self.registered.issuer.as_str())
    }

    /// Exchanges a code for a key, and believes the ID token only after it was verified.
    pub(crate) async fn redeem(&self, code: &str, asked: &Asked, now: Timestamp) -> Result<Connected, Trouble> {
        let answer = self
            .token(&[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", &self.registered.redirect_uri),
                ("code_verifier", &asked.code_verifier),
            ])
            .await?;
        let id_token = answer.id_token.as_deref().ok_or(Trouble::NotBelieved("there is no ID token in the answer"))?;
        let subject = self.verify(id_token, &asked.nonce, now).await?;
        let person = self.name_of(&subject, &answer.access_token).await?;
        Ok(Connected { person, key: key(answer, None, now) })
    }

    /// Exchanges a refresh token for the next key.
    pub(crate) async fn refresh(&self, key_before: &Key, now: Timestamp) -> Result<Key, Trouble> {
        let Some(refresh_token) = key_before.refresh_token.as_deref() else {
            return Err(Trouble::NotBelieved("there is no refresh token to ask with"));
        };
        let answer = self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await?;
        Ok(key(answer, Some(key_before), now))
    }

    async fn token(&self, fields: &[(&str, &str)]) -> Result<TokenAnswer, Trouble> {
        let metadata = self.metadata().await?;
        let credential = Credential::Basic(&self.registered.client_id, &self.registered.client_secret);
        let answer = wire::post_form(AGENT, &metadata.token_endpoint, credential, fields).await?;
        if !answer.status.is_success() {
            return Err(Trouble::Told(answer.error_code()));
        }
        let tokens: TokenAnswer = answer.json()?;
        if tokens.token_type.eq_ignore_ascii_case("bearer") {
            Ok(tokens)
        } else {
            Err(Trouble::NotBelieved("the token is of a type that Burndown cannot use"))
        }
    }

    /// Whom an ID token is about. [OpenID Connect Core §3.1.3.7]
    async fn verify(&self, id_token: &str, nonce: &str, now: Timestamp) -> Result<String, Trouble> {
        let metadata = self.metadata().await?;
        let published: serde_json::Value = wire::get(AGENT, &metadata.jwks_uri, Credential::None).await?.json()?;
        let published = JwkSet::parse(published.to_string().as_bytes());
        let keys = published.map_err(|_| Trouble::NotBelieved("the issuer's keys cannot be read"))?;
        believe(id_token, &KeySet::from_jwks(&keys), &self.registered, nonce, now)
    }

    /// What to call whom the ID token is about: the ID token itself does not tell. [OpenID Connect Core §5.3]
    async fn name_of(&self, subject: &str, access_token: &str) -> Result<String, Trouble> {
        let metadata = self.metadata().await?;
        let answer = wire::get(AGENT, &metadata.userinfo_endpoint, Credential::Bearer(access_token)).await?;
        if !answer.status.is_success() {
            return Err(Trouble::Told(answer.error_code()));
        }
        let person: UserInfo = answer.json()?;
        if person.sub == subject {
            Ok(person.name.unwrap_or_else(|| "somebody".to_owned()))
        } else {
            Err(Trouble::NotBelieved("UserInfo is about somebody else than the ID token"))
        }
    }

    async fn metadata(&self) -> Result<&Metadata, Trouble> {
        self.metadata.get_or_try_init(async || self.discover().await).await
    }

    /// [OpenID Connect Discovery §4]
    async fn discover(&self) -> Result<Metadata, Trouble> {
        let url = format!("{}/.well-known/openid-configuration", self.registered.issuer);
        let answer = wire::get(AGENT, &url, Credential::None).await?;
        if !answer.status.is_success() {
            return Err(Trouble::Told(answer.status.as_str().to_owned()));
        }
        let metadata: Metadata = answer.json()?;
        if metadata.issuer == self.registered.issuer {
            Ok(metadata)
        } else {
            Err(Trouble::NotBelieved("the metadata are those of another issuer"))
        }
    }
}

fn believe(
    id_token: &str,
    keys: &KeySet,
    registered: &Registered,
    nonce: &str,
    now: Timestamp,
) -> Result<String, Trouble> {
    let verified = latchkey_jose::verify::<IdClaims>(id_token, keys, &["JWT", latchkey_jose::verify::NO_TYP])
        .map_err(|_| Trouble::NotBelieved("the ID token is not signed by the issuer"))?;
    let claims = verified.into_claims();
    claims
        .registered
        .check_issuer(&registered.issuer)
        .and_then(|()| claims.registered.check_only_audience(&registered.client_id))
        .and_then(|()| claims.registered.check_time(now, LEEWAY))
        .map_err(|_| Trouble::NotBelieved("the ID token is not for Burndown, or not for now"))?;
    if claims.nonce.as_deref() != Some(nonce) {
        return Err(Trouble::NotBelieved("the ID token answers another request"));
    }
    claims.registered.sub.ok_or(Trouble::NotBelieved("the ID token is about nobody"))
}

fn key(answer: TokenAnswer, before: Option<&Key>, now: Timestamp) -> Key {
    Key {
        access_token: answer.access_token,
        // Who gets no new refresh token keeps the old one, and the same holds for the scope. [RFC 6749 §6]
        refresh_token: answer.refresh_token.or_else(|| before.and_then(|key| key.refresh_token.clone())),
        expires_at: now + Duration::from_secs(answer.expires_in),
        scope: answer.scope.or_else(|| before.map(|key| key.scope.clone())).unwrap_or_else(|| SCOPE.to_owned()),
    }
}

impl Key {
    /// Whether it is for this.
    pub(crate) fn is_for(&self, scope: &str) -> bool {
        self.scope.split_ascii_whitespace().any(|one| one == scope || one.ends_with(&format!("/{scope}")))
    }
}

#[cfg(test)]
mod tests {
    use latchkey_jose::{Algorithm, SigningKey};
    use serde_json::{Value, json};

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn registered() -> Registered {
        Registered {
            issuer: "http://localhost:4280/t/v2.0".into(),
            client_id: "burndown".into(),
            client_secret: "secret".into(),
            redirect_uri: "http://127.0.0.1:4281/callback".into(),
        }
    }

    fn claims() -> Value {
        json!({
            "iss": registered().issuer, "aud": "burndown", "sub": "ana", "nonce": "n",
            "iat": NOW.as_secs(), "exp": NOW.as_secs() + 3_600,
        })
    }

    fn believed(changed: Value) -> Result<String, String> {
        let signing = SigningKey::generate(Algorithm::Es256).unwrap();
        let keys = KeySet::new([signing.verifying_key().unwrap()]);
        let mut claims = claims();
        claims.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        let token = signing.sign_jwt("JWT", &claims).unwrap();
        believe(&token, &keys, &registered(), "n", NOW).map_err(|trouble| trouble.to_string())
    }

    #[test]
    fn an_id_token_is_believed_only_from_the_issuer_for_burndown_now_and_for_this_request() {
        assert_eq!(believed(json!({})), Ok("ana".to_owned()));
        let wrong = [
            json!({"iss": "http://localhost:4280/other/v2.0"}),
            json!({"aud": "somebody else"}),
            json!({"aud": ["burndown", "somebody else"]}),
            json!({"exp": NOW.as_secs() - 61}),
            json!({"iat": NOW.as_secs() + 61}),
            json!({"nonce": "of another request"}),
            json!({"sub": null}),
        ];
        for changed in wrong {
            assert!(believed(changed.clone()).is_err(), "{changed}");
        }
    }

    #[test]
    fn somebody_elses_signature_counts_for_nothing() {
        let (ours, theirs) =
            (SigningKey::generate(Algorithm::Es256).unwrap(), SigningKey::generate(Algorithm::Es256).unwrap());
        let token = theirs.sign_jwt("JWT", &claims()).unwrap();
        let keys = KeySet::new([ours.verifying_key().unwrap()]);
        assert!(believe(&token, &keys, &registered(), "n", NOW).is_err());
    }

    #[test]
    fn a_refresh_that_brings_no_new_refresh_token_keeps_the_old_one() {
        let answer = |refresh_token: Option<&str>| TokenAnswer {
            access_token: "a".into(),
            token_type: "Bearer".into(),
            expires_in: 60,
            refresh_token: refresh_token.map(str::to_owned),
            id_token: None,
            scope: None,
        };
        let first = key(answer(Some("r1")), None, NOW);
        assert_eq!(key(answer(None), Some(&first), NOW).refresh_token.as_deref(), Some("r1"));
        assert_eq!(key(answer(Some("r2")), Some(&first), NOW).refresh_token.as_deref(), Some("r2"));
    }

    #[test]
    fn a_key_is_for_a_scope_by_its_short_or_its_long_name() {
        let answer = TokenAnswer {
            access_token: "a".into(),
            token_type: "bearer".into(),
            expires_in: 60,
            refresh_token: None,
            id_token: None,
            scope: Some("openid vso.work 499b84ac-1321-427f-aa17-267ca6975798/vso.build".into()),
        };
        let key = key(answer, None, NOW);
        assert!(key.is_for("vso.work") && key.is_for("vso.build") && !key.is_for("vso.code"));
    }

    #[test]
    fn an_answer_without_iss_or_with_another_is_not_the_issuers() {
        let party = RelyingParty::new(registered());
        assert!(party.is_from_the_issuer(Some("http://localhost:4280/t/v2.0")));
        assert!(!party.is_from_the_issuer(Some("http://localhost:4280/u/v2.0")));
        assert!(!party.is_from_the_issuer(None));
    }
}
