//! Telling apps that a session has ended: by a request of the server's own, and by a frame on the page that says so.
//! [Back-Channel Logout], [Front-Channel Logout]

use std::time::Duration;

use serde::Serialize;
use url::Url;

use crate::account::AccountId;
use crate::client::{Client, ClientId, ClientState};
use crate::entropy::Entropy;
use crate::secret::PurposeKey;
use crate::session::SessionId;
use crate::tenant::TenantId;
use crate::time::{Timestamp, days};
use crate::token::issuer;
use crate::token::sid::sid;
use crate::token::subject::subject;

/// The `typ` of a logout token. [Back-Channel Logout §2.4]
pub const TYP: &str = "logout+jwt";
/// The member of `events`. [Back-Channel Logout §2.4]
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How long a logout token counts: it is read on arrival. [Back-Channel Logout §2.4]
const LIFETIME: Duration = Duration::from_secs(120);

/// How long to wait after the first try. Each wait is twice the one before.
const FIRST_WAIT: Duration = Duration::from_secs(10);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// Given up after a day: an app's own sign-in is over by then.
pub const GIVEN_UP_AFTER: Duration = days(1);

/// An app that somebody signed in to within a session, and where its ID tokens come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedInTo {
    /// The session.
    pub session: SessionId,
    /// The app.
    pub client: ClientId,
    /// Whose issuer signs.
    pub tenant: TenantId,
    /// Who is signed in.
    pub account: AccountId,
    /// The origin of the issuer.
    pub origin: String,
}

/// The claims of a logout token. There is no `nonce`, so that it passes for no ID token. [Back-Channel Logout §2.4]
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[allow(missing_docs, reason = "named by Back-Channel Logout §2.4")]
pub struct LogoutTokenClaims {
    pub iss: String,
    pub sub: String,
    pub aud: String,
    pub iat: i64,
    pub exp: i64,
    pub jti: String,
    pub events: Events,
    pub sid: String,
}

/// The one event, with nothing to say about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Events;

impl Serialize for Events {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(EVENT, std::collections::BTreeMap::<(), ()>::new())])
    }
}

impl Client {
    /// Whether it registered to be told when a session ends.
    pub fn hears_of_sign_outs(&self) -> bool {
        self.logout.backchannel_logout_uri.is_some() || self.logout.frontchannel_logout_uri.is_some()
    }
}

impl SignedInTo {
    /// What the app is told, in the words of its ID tokens. Each try is a token of its own.
    pub fn logout_token(
        &self,
        client: &Client,
        key: &PurposeKey,
        now: Timestamp,
        entropy: &mut Entropy,
    ) -> LogoutTokenClaims {
        LogoutTokenClaims {
            iss: issuer(&self.origin, self.tenant),
            sub: subject(client, self.account, key),
            aud: client.identifier().to_string(),
            iat: now.as_secs(),
            exp: (now + LIFETIME).as_secs(),
            jti: entropy.uuid().to_string(),
            events: Events,
            sid: sid(self.session, &client.identifier().to_string(), key),
        }
    }

    /// What a frame of the page loads: the app's own page, with `iss` and `sid` and nothing else. [Front-Channel Logout §2]
    pub fn frame(&self, client: &Client, key: &PurposeKey) -> Option<String> {
        if client.state == ClientState::Suspended {
            return None;
        }
        let mut frame = Url::parse(client.logout.frontchannel_logout_uri.as_ref()?.as_str()).ok()?;
        frame
            .query_pairs_mut()
            .append_pair("iss", &issuer(&self.origin, self.tenant))
            .append_pair("sid", &sid(self.session, &client.identifier().to_string(), key));
        Some(frame.into())
    }
}

/// What came of telling an app.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It has taken notice.
    Told,
    /// Nothing more is done: it refused, or it is too late.
    GivenUp,
    /// It is told again then.
    Again(Timestamp),
}

/// Whether an answer is one to the notice. An app that gives none is likely to give none to its other notices.
pub const fn is_answered(status: Option<u16>) -> bool {
    matches!(status, Some(200 | 204 | 400))
}

/// What comes of an answer, or of none. 400 says that the app will not take this token, whenever it comes. [Back-Channel Logout §2.8]
pub fn outcome(status: Option<u16>, attempts: u32, queued_at: Timestamp, now: Timestamp) -> Outcome {
    match status {
        Some(200 | 204) => Outcome::Told,
        Some(400) => Outcome::GivenUp,
        _ => {
            let doublings = attempts.saturating_sub(1).min(16);
            let then = now + FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
            if then <= queued_at + GIVEN_UP_AFTER { Outcome::Again(then) } else { Outcome::GivenUp }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::client::registration::tests::a_client;
    use crate::client::{LogoutUris, Profile, RedirectUri};
    use crate::token::tests::a_key;

    fn signed_in() -> SignedInTo {
        SignedInTo {
            session: SessionId(Uuid::from_u128(1)),
            client: a_client().id,
            tenant: TenantId(Uuid::from_u128(2)),
            account: AccountId(Uuid::from_u128(3)),
            origin: "https://id.test".into(),
        }
    }

    #[test]
    fn a_logout_token_says_who_and_which_session_and_has_one_empty_event_and_no_nonce() {
        let now = Timestamp::from_secs(1_000);
        let claims = signed_in().logout_token(&a_client(), &a_key(), now, &mut Entropy::seeded(1));
        let told = serde_json::to_value(&claims).unwrap();
        assert_eq!(told["iss"], issuer("https://id.test", signed_in().tenant));
        let known_by = sid(signed_in().session, &a_client().id.to_string(), &a_key());
        assert_eq!((&told["sub"], &told["sid"]), (&signed_in().account.to_string().into(), &known_by.into()));
        assert_eq!(told["aud"], a_client().id.to_string());
        assert_eq!((told["iat"].as_i64(), told["exp"].as_i64()), (Some(1_000), Some(1_120)));
        assert_eq!(told["events"], serde_json::json!({ EVENT: {} }));
        assert!(told.get("nonce").is_none() && told["jti"].is_string());
        let again = signed_in().logout_token(&a_client(), &a_key(), now, &mut Entropy::seeded(2));
        assert_ne!(again.jti, claims.jti);
    }

    #[test]
    fn the_subject_is_that_of_the_id_token() {
        let microsoft = Client { profile: Profile::Microsoft, ..a_client() };
        let claims = signed_in().logout_token(&microsoft, &a_key(), Timestamp::from_secs(1), &mut Entropy::seeded(1));
        assert_eq!(claims.sub, subject(&microsoft, signed_in().account, &a_key()));
        assert_ne!(claims.sub, signed_in().account.to_string());
    }

    #[test]
    fn a_frame_loads_the_apps_page_with_iss_and_sid_and_nothing_else() {
        let registered = RedirectUri::from_stored("https://burndown.test/bye?from=here".into());
        let logout = LogoutUris { frontchannel_logout_uri: Some(registered), ..LogoutUris::default() };
        let client = Client { logout, ..a_client() };
        let frame = Url::parse(&signed_in().frame(&client, &a_key()).unwrap()).unwrap();
        let pairs: Vec<(String, String)> = frame.query_pairs().into_owned().collect();
        let expected = [
            ("from".to_owned(), "here".to_owned()),
            ("iss".to_owned(), issuer("https://id.test", signed_in().tenant)),
            ("sid".to_owned(), sid(signed_in().session, &client.id.to_string(), &a_key())),
        ];
        assert_eq!(pairs, expected);
        assert_eq!(signed_in().frame(&a_client(), &a_key()), None);
        let suspended = Client { state: ClientState::Suspended, ..client };
        assert_eq!(signed_in().frame(&suspended, &a_key()), None);
    }

    #[test]
    fn an_app_that_does_not_answer_is_told_again_for_a_day() {
        let queued = Timestamp::from_secs(1_000_000);
        assert_eq!(outcome(Some(200), 1, queued, queued), Outcome::Told);
        assert_eq!(outcome(Some(204), 1, queued, queued), Outcome::Told);
        assert_eq!(outcome(Some(400), 1, queued, queued), Outcome::GivenUp);
        let (mut now, mut tries) = (queued, 1);
        while let Outcome::Again(then) = outcome(None, tries, queued, now) {
            (now, tries) = (then, tries + 1);
        }
        assert!((20..40).contains(&tries), "{tries}");
        assert!(now <= queued + GIVEN_UP_AFTER);
        assert!(matches!(outcome(Some(302), u32::MAX, queued, queued), Outcome::Again(_)), "no overflow, no redirects");
    }
}
