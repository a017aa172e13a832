//! A sign-in that is on its way to an upstream provider: bound to the browser, for ten minutes, once. [OpenID Connect Core §3.1.2.1],
//! [RFC 7636], [RFC 9207], [RFC 9700 §4.4, §4.7]

use std::convert::Infallible;
use std::time::Duration;

use latchkey_jose::base64url;

use super::{Upstream, UpstreamId};
use crate::account::AccountId;
use crate::authorize::flow::FlowId;
use crate::change::Change;
use crate::decision::Decision;
use crate::limits;
use crate::secret::{PurposeKey, Secret, TokenHash, sha256};
use crate::session::BrowserHash;
use crate::tenant::TenantId;
use crate::time::Timestamp;

/// What it is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Somebody signs in.
    SignIn {
        /// The flow it is for, if any.
        flow: Option<FlowId>,
        /// The page of ours that comes after it.
        next: String,
    },
    /// Somebody who is signed in links their account.
    Link {
        /// The account.
        account: AccountId,
    },
}

/// How fresh the person's sign-in there has to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Freshness {
    /// They sign in anew: `prompt=login`.
    pub anew: bool,
    /// No longer ago than so many seconds: `max_age`.
    pub max_age: Option<u64>,
}

/// A sign-in that is on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PendingSignIn {
    /// What we keep of its `state`.
    pub state: TokenHash,
    /// The browser that it belongs to.
    pub browser: BrowserHash,
    /// The provider.
    pub upstream: UpstreamId,
    /// The tenant.
    pub tenant: TenantId,
    /// The provider as it was when this began.
    pub version: i64,
    /// The origin that it began at.
    pub origin: String,
    /// What it is for.
    pub purpose: Purpose,
    /// How fresh it has to be.
    pub freshness: Freshness,
    /// When it began.
    pub started_at: Timestamp,
    /// When it came back.
    pub used_at: Option<Timestamp>,
}

/// The sign-in that somebody comes back with is none that counts: too old, used, begun in another browser or never.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the sign-in was used, is older than ten minutes, or was begun in another browser")]
pub struct Gone;

impl PendingSignIn {
    /// Sends somebody in this browser, from this origin, to a provider as it is now. `state` is what brings them back.
    pub fn begin(
        state: &Secret,
        (browser, origin): (BrowserHash, &str),
        upstream: &Upstream,
        (purpose, freshness): (Purpose, Freshness),
        now: Timestamp,
    ) -> Decision<(), Infallible> {
        let pending = Self {
            state: state.hash(),
            browser,
            upstream: upstream.id,
            tenant: upstream.tenant,
            version: upstream.version,
            origin: origin.to_owned(),
            purpose,
            freshness,
            started_at: now,
            used_at: None,
        };
        Decision::grant(()).and(Change::BeginUpstreamSignIn(Box::new(pending)))
    }

    /// Takes it up, once: the answer to this `state`, in this browser, of this provider, as it is now. Whoever is refused takes nothing from
    /// whom it belongs to.
    pub fn take(
        found: Option<&Self>,
        browser: BrowserHash,
        upstream: Option<&Upstream>,
        now: Timestamp,
    ) -> Decision<Self, Gone> {
        let counts = |pending: &&Self| {
            pending.browser == browser
                && pending.used_at.is_none()
                && now < pending.started_at + limits::UPSTREAM_SIGN_IN_LIFETIME
                && upstream.is_some_and(|upstream| {
                    (upstream.id, upstream.tenant, upstream.version)
                        == (pending.upstream, pending.tenant, pending.version)
                })
        };
        match found.filter(counts) {
            Some(pending) => {
                Decision::grant(pending.clone()).and(Change::UseUpstreamSignIn { state: pending.state, at: now })
            }
            None => Decision::refuse(Gone),
        }
    }
}

/// What else goes along with a `state`. It follows from it, so that nothing of it is kept.
#[derive(Clone, Debug)]
pub struct Companions {
    /// The `nonce`, which the ID token has to carry. [OpenID Connect Core §15.5.2]
    pub nonce: String,
    /// The `code_verifier`. [RFC 7636 §4.1]
    pub code_verifier: Secret,
}

impl Companions {
    /// Those of this `state`.
    pub fn of(state: &Secret, key: &PurposeKey) -> Self {
        let derived = |what: &[u8]| base64url::encode(key.mac(&[what, state.reveal().as_bytes()]));
        Self { nonce: derived(b"nonce"), code_verifier: Secret::new(derived(b"code_verifier")) }
    }

    /// The `code_challenge`, method S256. [RFC 7636 §4.2]
    pub fn code_challenge(&self) -> String {
        base64url::encode(sha256(self.code_verifier.reveal().as_bytes()))
    }
}

/// Where people come back to. Each provider has an address of its own, so that an answer of one cannot be taken for that of another, also
/// where it does not say whose it is. [RFC 9700 §4.4.2]
pub fn redirect_uri(origin: &str, upstream: UpstreamId) -> String {
    format!("{origin}/upstream/callback/{upstream}")
}

/// Why an answer is none that is gone on with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AnswerError {
    /// It says that it is of another issuer, or does not say whose it is although its provider always does. [RFC 9207 §2.4]
    Issuer,
    /// The provider refused: its `error`.
    Refused(String),
    /// There is no code.
    NoCode,
}

/// The answer of a provider as the browser brings it.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "named by RFC 6749 §4.1.2 and RFC 9207 §2")]
pub struct Answer<'a> {
    pub code: Option<&'a str>,
    pub error: Option<&'a str>,
    pub iss: Option<&'a str>,
}

impl Answer<'_> {
    /// The code, if the answer is one of this issuer. `names_itself` says whether its provider always says whose an answer is.
    pub fn code(self, issuer: &str, names_itself: bool) -> Result<Secret, AnswerError> {
        match self.iss {
            Some(iss) if iss != issuer => return Err(AnswerError::Issuer),
            None if names_itself => return Err(AnswerError::Issuer),
            _ => {}
        }
        if let Some(error) = self.error {
            let plain = error.chars().filter(char::is_ascii_graphic).take(64).collect();
            return Err(AnswerError::Refused(plain));
        }
        let code = self.code.filter(|code| (1..=limits::UPSTREAM_CODE_BYTES).contains(&code.len()));
        code.map(Secret::new).ok_or(AnswerError::NoCode)
    }
}

impl Freshness {
    /// What the request asks for.
    pub fn parameters(self) -> Vec<(&'static str, String)> {
        // With `max_age` the provider has to say when somebody signed in. [OpenID Connect Core §3.1.2.1]
        let anew = self.anew.then(|| [("prompt", "login".to_owned()), ("max_age", "0".to_owned())]);
        let max_age = self.max_age.filter(|_| !self.anew).map(|seconds| ("max_age", seconds.to_string()));
        anew.into_iter().flatten().chain(max_age).collect()
    }

    /// When the person signed in, by what the provider says of it: `None` if that is too long ago, or if it has to say so and does not. Clocks
    /// may differ a little. [OpenID Connect Core §3.1.3.7]
    pub fn signed_in_at(self, told: Option<Timestamp>, started_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let earliest = match (self.anew, self.max_age) {
            (true, _) => started_at,
            (false, Some(seconds)) => now - Duration::from_secs(seconds.min(limits::SESSION_LIFETIME.as_secs())),
            (false, None) => return Some(told.unwrap_or(now).min(now)),
        };
        let told = told.filter(|told| *told + limits::ASSERTION_LEEWAY >= earliest)?;
        Some(told.max(earliest).min(now))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ISSUER, an_upstream};
    use super::*;
    use crate::secret;

    const NOW: Timestamp = Timestamp::from_secs(10_000);
    const BROWSER: BrowserHash = BrowserHash(TokenHash([1; 32]));

    fn pending() -> PendingSignIn {
        let (browser, purpose) = ((BROWSER, "https://id.test"), Purpose::SignIn { flow: None, next: "/me".into() });
        let errand = (purpose, Freshness::default());
        let begun = PendingSignIn::begin(&Secret::new("state"), browser, &an_upstream(), errand, NOW);
        let [Change::BeginUpstreamSignIn(pending)] = begun.changes.as_slice() else { panic!("{begun:?}") };
        *pending.clone()
    }

    fn take(pending: Option<&PendingSignIn>, browser: BrowserHash, now: Timestamp) -> Option<Vec<Change>> {
        let decision = PendingSignIn::take(pending, browser, Some(&an_upstream()), now);
        assert_eq!(decision.changes.is_empty(), decision.answer.is_err(), "a stranger uses nothing up");
        decision.answer.ok().map(|_| decision.changes)
    }

    #[test]
    fn a_sign_in_comes_back_once_in_its_browser_within_ten_minutes() {
        let used = Change::UseUpstreamSignIn { state: pending().state, at: NOW };
        assert_eq!(take(Some(&pending()), BROWSER, NOW), Some(vec![used]));
        assert_eq!(take(None, BROWSER, NOW), None);
        assert_eq!(take(Some(&pending()), BrowserHash(TokenHash([2; 32])), NOW), None);
        assert_eq!(take(Some(&pending()), BROWSER, NOW + limits::UPSTREAM_SIGN_IN_LIFETIME), None);
        assert_eq!(take(Some(&PendingSignIn { used_at: Some(NOW), ..pending() }), BROWSER, NOW), None);
    }

    #[test]
    fn a_sign_in_counts_for_the_provider_as_it_was_when_it_began() {
        let after = |upstream: Option<&Upstream>| PendingSignIn::take(Some(&pending()), BROWSER, upstream, NOW).answer;
        assert!(after(Some(&an_upstream())).is_ok());
        assert_eq!(after(None), Err(Gone));
        assert_eq!(after(Some(&Upstream { version: 2, ..an_upstream() })), Err(Gone));
        let other = Upstream { id: UpstreamId(uuid::Uuid::from_u128(1)), ..an_upstream() };
        assert_eq!(after(Some(&other)), Err(Gone), "an answer at the address of another provider");
    }

    #[test]
    fn what_goes_along_follows_from_the_state_and_tells_nothing_of_it() {
        let key = PurposeKey::derive(&[7; 32], secret::Purpose::Upstream).unwrap();
        let of = |state: &str| Companions::of(&Secret::new(state), &key);
        let (one, again, other) = (of("one"), of("one"), of("other"));
        assert_eq!((&one.nonce, &one.code_verifier), (&again.nonce, &again.code_verifier));
        assert!(one.nonce != other.nonce && one.code_verifier != other.code_verifier);
        assert_ne!(one.nonce, one.code_verifier.reveal());
        assert_eq!(one.code_verifier.reveal().len(), 43);
        assert_eq!(one.code_challenge(), base64url::encode(sha256(one.code_verifier.reveal().as_bytes())));
    }

    #[test]
    fn an_answer_is_of_the_issuer_that_was_asked() {
        let answer = Answer { code: Some("code"), error: None, iss: Some(ISSUER) };
        assert_eq!(answer.code(ISSUER, true), Ok(Secret::new("code")));
        assert_eq!(Answer { iss: None, ..answer }.code(ISSUER, false), Ok(Secret::new("code")));
        assert_eq!(Answer { iss: None, ..answer }.code(ISSUER, true), Err(AnswerError::Issuer));
        for names_itself in [true, false] {
            let other = Answer { iss: Some("https://evil.test"), ..answer };
            assert_eq!(other.code(ISSUER, names_itself), Err(AnswerError::Issuer));
            let other = Answer { error: Some("access_denied"), ..other };
            assert_eq!(other.code(ISSUER, names_itself), Err(AnswerError::Issuer), "nor is its error believed");
        }
        let refused = Answer { error: Some("access_denied\u{202e}<b>"), ..answer };
        assert_eq!(refused.code(ISSUER, true), Err(AnswerError::Refused("access_denied<b>".into())));
        assert_eq!(Answer { code: None, ..answer }.code(ISSUER, true), Err(AnswerError::NoCode));
        let long = "x".repeat(limits::UPSTREAM_CODE_BYTES + 1);
        assert_eq!(Answer { code: Some(&long), ..answer }.code(ISSUER, true), Err(AnswerError::NoCode));
    }

    #[test]
    fn a_sign_in_is_as_fresh_as_was_asked_for() {
        let at = Timestamp::from_secs;
        let (anew, young) = (Freshness { anew: true, max_age: None }, Freshness { anew: false, max_age: Some(600) });
        let whatever = Freshness::default();
        assert_eq!(whatever.signed_in_at(Some(at(3)), NOW, NOW), Some(at(3)));
        assert_eq!(whatever.signed_in_at(None, NOW, NOW), Some(NOW));
        assert_eq!(whatever.signed_in_at(Some(at(20_000)), NOW, NOW), Some(NOW), "nobody signs in tomorrow");
        assert_eq!(anew.signed_in_at(None, NOW, NOW), None, "it has to be said");
        assert_eq!(anew.signed_in_at(Some(at(9_000)), NOW, NOW), None);
        assert_eq!(anew.signed_in_at(Some(at(9_970)), NOW, NOW), Some(NOW), "clocks differ a little");
        assert_eq!(young.signed_in_at(Some(at(9_500)), NOW, NOW), Some(at(9_500)));
        assert_eq!(young.signed_in_at(Some(at(9_000)), NOW, NOW), None);
        assert_eq!(young.signed_in_at(None, NOW, NOW), None);
        assert_eq!(anew.parameters(), [("prompt", "login".to_owned()), ("max_age", "0".to_owned())]);
        assert_eq!(young.parameters(), [("max_age", "600".to_owned())]);
        assert!(whatever.parameters().is_empty());
    }
}
