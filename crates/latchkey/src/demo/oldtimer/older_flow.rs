//! Oldtimer's side of the older OAuth kind: what it asks for, and what it is told.
//!
//! Written to the public description of that flow: `response_type=Assertion`, the client secret sent as it is, the code or the refresh
//! token as `assertion`, `expires_in` as a text, errors with capitals.

use std::time::Duration;

use latchkey_jose::Timestamp;
use latchkey_web::pages::burndown::Refusal;
use serde::Deserialize;
use url::Url;

use super::AGENT;
use crate::demo::wire::{self, Answer, Credential, WireError};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// What Oldtimer was told when it was registered, years ago.
#[derive(Clone)]
pub(crate) struct Registered {
    /// Where it goes: only this changed when it came here.
    pub(crate) origin: String,
    /// Its `client_id`.
    pub(crate) client_id: String,
    /// Its client secret, a JWT.
    pub(crate) client_secret: String,
    /// Its callback.
    pub(crate) redirect_uri: String,
    /// Its scopes, exactly these for life.
    pub(crate) scope: String,
}

/// Tokens, as Oldtimer holds them.
#[derive(Clone)]
pub(crate) struct Key {
    /// Opens the API until [`Key::expires_at`].
    pub(crate) access_token: String,
    /// Gets the next key.
    pub(crate) refresh_token: String,
    /// When it ends.
    pub(crate) expires_at: Timestamp,
}

/// What it exchanges for a key.
#[derive(Clone, Copy)]
pub(crate) enum Assertion<'a> {
    /// What the browser brought.
    Code(&'a str),
    /// What came with the key before.
    RefreshToken(&'a str),
}

/// What the server said of its end, beside an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Notice {
    /// `Deprecation`, [RFC 9745]: since when.
    pub(crate) deprecated: Option<Timestamp>,
    /// `Sunset`, [RFC 8594]: when it ends.
    pub(crate) sunset: Option<Timestamp>,
    /// Where the way out is shown.
    pub(crate) way_out: String,
}

/// An answer of the token endpoint.
pub(crate) struct Exchanged {
    /// A key, or the error with its description.
    pub(crate) key: Result<Key, Refusal>,
    /// The answer in a line.
    pub(crate) line: String,
    /// What was said of its end.
    pub(crate) notice: Option<Notice>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: String,
    expires_in: String,
    refresh_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorAnswer {
    error: String,
    error_description: String,
}

impl Registered {
    /// Where to send the browser.
    pub(crate) fn ask(&self, state: &str) -> Option<String> {
        let mut url = Url::parse(&format!("{}/oauth2/authorize", self.origin)).ok()?;
        url.query_pairs_mut().extend_pairs([
            ("client_id", self.client_id.as_str()),
            ("response_type", "Assertion"),
            ("state", state),
            ("scope", &self.scope),
            ("redirect_uri", &self.redirect_uri),
        ]);
        Some(url.into())
    }

    /// Exchanges an assertion for a key.
    pub(crate) async fn exchange(&self, assertion: Assertion<'_>, now: Timestamp) -> Result<Exchanged, WireError> {
        let (grant_type, assertion) = match assertion {
            Assertion::Code(code) => (JWT_BEARER, code),
            Assertion::RefreshToken(token) => ("refresh_token", token),
        };
        let fields = [
            ("client_assertion_type", ASSERTION),
            ("client_assertion", self.client_secret.as_str()),
            ("grant_type", grant_type),
            ("assertion", assertion),
            ("redirect_uri", &self.redirect_uri),
        ];
        let url = format!("{}/oauth2/token", self.origin);
        told(&wire::post_form(AGENT, &url, Credential::None, &fields).await?, now)
    }
}

fn told(answer: &Answer, now: Timestamp) -> Result<Exchanged, WireError> {
    let status = answer.status.as_u16();
    let (key, line) = if answer.status.is_success() {
        let tokens: TokenAnswer = answer.json()?;
        let line = format!("{status}: a {} key, expires_in \"{}\"", tokens.token_type, tokens.expires_in);
        let seconds = Duration::from_secs(tokens.expires_in.parse().unwrap_or_default());
        let TokenAnswer { access_token, refresh_token, .. } = tokens;
        (Ok(Key { access_token, refresh_token, expires_at: now + seconds }), line)
    } else {
        let ErrorAnswer { error: code, error_description: sentence } = answer.json()?;
        let line = format!("{status}: {code}, {sentence}");
        (Err(Refusal { code, sentence }), line)
    };
    Ok(Exchanged { key, line, notice: notice(|name| answer.header(name)) })
}

/// What the headers say of the end; nothing if they say nothing.
fn notice<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<Notice> {
    let deprecation = header("deprecation")?;
    let seconds = deprecation.strip_prefix('@').and_then(|seconds| seconds.parse().ok());
    let links = header("link").unwrap_or_default().split(',').map(str::trim);
    let mut ways = links.filter(|link| link.contains("rel=\"deprecation\"") || link.contains("rel=\"sunset\""));
    let way_out = ways.next().and_then(|link| link.strip_prefix('<')?.split_once('>')).map(|(url, _)| url);
    Some(Notice {
        deprecated: seconds.map(Timestamp::from_secs),
        sunset: header("sunset").and_then(latchkey_devops::date::parse),
        way_out: way_out.unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_of_the_older_kind() {
        let registered = Registered {
            origin: "http://localhost:4280".into(),
            client_id: "c".into(),
            client_secret: "s".into(),
            redirect_uri: "http://127.0.0.1:4282/callback".into(),
            scope: "vso.work vso.code".into(),
        };
        assert_eq!(
            registered.ask("x").unwrap(),
            "http://localhost:4280/oauth2/authorize?client_id=c&response_type=Assertion&state=x&scope=vso.work+vso.code\
             &redirect_uri=http%3A%2F%2F127.0.0.1%3A4282%2Fcallback"
        );
    }

    #[test]
    fn the_headers_tell_of_the_end() {
        let header = |name: &str| match name {
            "deprecation" => Some("@1743465600"),
            "sunset" => Some("Mon, 21 Sep 2026 14:13:20 GMT"),
            "link" => {
                Some("</other>; rel=\"next\", <http://localhost:4280/legacy>; rel=\"sunset\"; type=\"text/html\"")
            }
            _ => None,
        };
        let told = notice(header).unwrap();
        assert_eq!(told.deprecated, Some(Timestamp::from_secs(1_743_465_600)));
        assert_eq!(told.sunset, Some(Timestamp::from_secs(1_790_000_000)));
        assert_eq!(told.way_out, "http://localhost:4280/legacy");
        assert_eq!(notice(|_| None), None);
    }
}
