//! The registered claims and what a reader of a token asks of them. [RFC 7519 §4.1]

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Number;

use crate::Timestamp;
use crate::json::present;

/// The registered claims of a token. Each may be absent; none may have another type than its own: an `exp` that is a text or `null` is an
/// error, not an absence.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub struct Claims {
    /// Who issued it.
    #[serde(default, deserialize_with = "present")]
    pub iss: Option<String>,
    /// Whom it is about.
    #[serde(default, deserialize_with = "present")]
    pub sub: Option<String>,
    /// Whom it is for: written as one text or as a list.
    #[serde(default, deserialize_with = "one_or_many")]
    pub aud: Vec<String>,
    /// From when on it is no longer accepted.
    #[serde(default, deserialize_with = "seconds")]
    pub exp: Option<Timestamp>,
    /// Before when it is not yet accepted.
    #[serde(default, deserialize_with = "seconds")]
    pub nbf: Option<Timestamp>,
    /// When it was issued.
    #[serde(default, deserialize_with = "seconds")]
    pub iat: Option<Timestamp>,
    /// Its own name.
    #[serde(default, deserialize_with = "present")]
    pub jti: Option<String>,
}

/// Which check a token's claims failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ClaimError {
    /// A claim that is asked for is not there.
    #[error("the token has no {0}")]
    Missing(&'static str),
    /// `exp` is now or was before.
    #[error("the token has expired")]
    Expired,
    /// `nbf` is yet to come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` is yet to come.
    #[error("the token was issued in the future")]
    IssuedInTheFuture,
    /// `iss` is someone else.
    #[error("the token was issued by someone else")]
    WrongIssuer,
    /// `aud` names someone else, or others too.
    #[error("the token is meant for someone else")]
    WrongAudience,
}

impl Claims {
    /// Asks that the token is valid now: it has an end, the end is not reached, and neither `nbf` nor `iat` is yet to come. Clocks may
    /// differ by `leeway`.
    pub fn check_time(&self, now: Timestamp, leeway: Duration) -> Result<(), ClaimError> {
        self.check_expiry(now, leeway)?;
        self.check_not_before(now, leeway)?;
        if self.iat.is_some_and(|issued| issued > now + leeway) {
            return Err(ClaimError::IssuedInTheFuture);
        }
        Ok(())
    }

    /// Asks that there is an `exp` and that it is not reached. [RFC 7519 §4.1.4]
    pub fn check_expiry(&self, now: Timestamp, leeway: Duration) -> Result<(), ClaimError> {
        let expires = self.exp.ok_or(ClaimError::Missing("exp"))?;
        if expires + leeway <= now { Err(ClaimError::Expired) } else { Ok(()) }
    }

    /// Asks that `nbf`, if there is one, is reached. [RFC 7519 §4.1.5]
    pub fn check_not_before(&self, now: Timestamp, leeway: Duration) -> Result<(), ClaimError> {
        if self.nbf.is_some_and(|begins| begins > now + leeway) { Err(ClaimError::NotYetValid) } else { Ok(()) }
    }

    /// Asks that `iss` is this issuer, character by character.
    pub fn check_issuer(&self, issuer: &str) -> Result<(), ClaimError> {
        match self.iss.as_deref() {
            None => Err(ClaimError::Missing("iss")),
            Some(iss) if iss == issuer => Ok(()),
            Some(_) => Err(ClaimError::WrongIssuer),
        }
    }

    /// Asks that this audience is among those named. [RFC 7519 §4.1.3]
    pub fn check_audience(&self, audience: &str) -> Result<(), ClaimError> {
        if self.aud.is_empty() {
            return Err(ClaimError::Missing("aud"));
        }
        if self.aud.iter().any(|aud| aud == audience) { Ok(()) } else { Err(ClaimError::WrongAudience) }
    }

    /// Asks that this audience is the only one named: an access token is for one resource.
    pub fn check_only_audience(&self, audience: &str) -> Result<(), ClaimError> {
        self.check_audience(audience)?;
        if self.aud.len() == 1 { Ok(()) } else { Err(ClaimError::WrongAudience) }
    }
}

/// A `NumericDate`: a number of seconds, of which a fraction does not count. [RFC 7519 §2]
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let number = Number::deserialize(deserializer)?;
    let seconds = whole_seconds(&number).ok_or_else(|| D::Error::custom("not a number of seconds"))?;
    Ok(Some(Timestamp::from_secs(seconds)))
}

/// The whole part of a number of seconds.
pub(crate) fn whole_seconds(number: &Number) -> Option<i64> {
    number.as_i64().or_else(|| written_seconds(&number.to_string()))
}

/// The same of a number as it is written: `1600`, or `1600.966`.
pub(crate) fn written_seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    fraction.bytes().all(|digit| digit.is_ascii_digit()).then(|| whole.parse().ok()).flatten()
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }

    OneOrMany::deserialize(deserializer).map(|audience| match audience {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);
    const LEEWAY: Duration = Duration::from_secs(60);

    fn claims(json: &str) -> Claims {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn an_audience_is_one_or_many() {
        assert_eq!(claims(r#"{"aud":"a"}"#).aud, ["a"]);
        assert_eq!(claims(r#"{"aud":["a","b"]}"#).aud, ["a", "b"]);
        assert_eq!(claims("{}"), Claims::default());
    }

    #[test]
    fn a_time_may_have_a_fraction_which_does_not_count() {
        assert_eq!(claims(r#"{"iat":1000.966}"#).iat, Some(NOW));
        assert_eq!(claims(r#"{"iat":1e3}"#).iat, Some(NOW));
        for wrong in ["\"1000\"", "null", "[1000]", "true", "1e300", "1.5e300", "1.5e-7", "9223372036854775808"] {
            assert!(serde_json::from_str::<Claims>(&format!(r#"{{"iat":{wrong}}}"#)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_token_ends_at_the_second_it_names() {
        let ends_now = claims(r#"{"exp":1000}"#);

        assert_eq!(ends_now.check_time(NOW, Duration::ZERO), Err(ClaimError::Expired));
        assert_eq!(ends_now.check_time(Timestamp::from_secs(999), Duration::ZERO), Ok(()));
        assert_eq!(ends_now.check_time(Timestamp::from_secs(1_059), LEEWAY), Ok(()));
        assert_eq!(ends_now.check_time(Timestamp::from_secs(1_060), LEEWAY), Err(ClaimError::Expired));
        assert_eq!(claims("{}").check_time(NOW, LEEWAY), Err(ClaimError::Missing("exp")));
    }

    #[test]
    fn a_token_from_the_future_is_refused_beyond_the_leeway() {
        assert_eq!(claims(r#"{"exp":2000,"nbf":1060}"#).check_time(NOW, LEEWAY), Ok(()));
        assert_eq!(claims(r#"{"exp":2000,"nbf":1061}"#).check_time(NOW, LEEWAY), Err(ClaimError::NotYetValid));
        assert_eq!(claims(r#"{"exp":2000,"iat":1060}"#).check_time(NOW, LEEWAY), Ok(()));
        assert_eq!(claims(r#"{"exp":2000,"iat":1061}"#).check_time(NOW, LEEWAY), Err(ClaimError::IssuedInTheFuture));
    }

    #[test]
    fn times_at_the_ends_of_the_range_do_not_wrap() {
        assert_eq!(claims(r#"{"exp":9223372036854775807}"#).check_time(NOW, LEEWAY), Ok(()));
        assert_eq!(claims(r#"{"exp":-9223372036854775808}"#).check_time(NOW, LEEWAY), Err(ClaimError::Expired));
    }

    #[test]
    fn the_issuer_is_compared_character_by_character() {
        let token = claims(r#"{"iss":"https://a.test"}"#);

        assert_eq!(token.check_issuer("https://a.test"), Ok(()));
        assert_eq!(token.check_issuer("https://a.test/"), Err(ClaimError::WrongIssuer));
        assert_eq!(claims("{}").check_issuer("https://a.test"), Err(ClaimError::Missing("iss")));
    }

    #[test]
    fn the_audience_is_among_those_named_or_the_only_one() {
        let (one, two) = (claims(r#"{"aud":"a"}"#), claims(r#"{"aud":["a","b"]}"#));

        assert_eq!((one.check_audience("a"), one.check_only_audience("a")), (Ok(()), Ok(())));
        assert_eq!((two.check_audience("b"), two.check_only_audience("b")), (Ok(()), Err(ClaimError::WrongAudience)));
        assert_eq!(one.check_audience("b"), Err(ClaimError::WrongAudience));
        assert_eq!(claims(r#"{"aud":[]}"#).check_audience("a"), Err(ClaimError::Missing("aud")));
    }
}
