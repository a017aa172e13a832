//! What of a message may be shown: everything but secrets. Of those, enough to tell two apart, until somebody asks for all of it.

use latchkey_jose::unverified;
use serde_json::Value;

/// Parameters and members that are secrets, or as good as one.
const SECRET: [&str; 13] = [
    "access_token",
    "refresh_token",
    "id_token",
    "id_token_hint",
    "client_secret",
    "client_assertion",
    // The code or the refresh token, in the older kind.
    "assertion",
    "code",
    "code_verifier",
    "csrf",
    "flow",
    "password",
    "session",
];
/// What opens somebody's browser rather than a service: shown to nobody, asked for or not.
const NEVER: [&str; 4] = ["csrf", "flow", "password", "session"];
/// A text has to be this long before its end is shown.
const LONG_ENOUGH: usize = 20;
/// The most of one message that is shown.
const SHOWN: usize = 4_096;

/// How much of a message is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Extent {
    /// Secrets by their end.
    Masked,
    /// All of it, because somebody asked.
    Whole,
}

impl Extent {
    fn secret(self, text: &str) -> String {
        match self {
            Self::Masked => secret(text),
            Self::Whole => text.to_owned(),
        }
    }
}

/// A secret as it is shown.
pub(crate) fn secret(text: &str) -> String {
    let end = text.char_indices().rev().nth(3).map_or(0, |(place, _)| place);
    match text.get(end..) {
        // The end of a short one would give away too much of it.
        Some(end) if text.len() >= LONG_ENOUGH => format!("…{end}"),
        _ => "…".to_owned(),
    }
}

fn is_secret(name: &str) -> bool {
    SECRET.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

/// One parameter, as it is shown. People's passwords show nothing at all.
fn parameter(name: &str, value: &str, extent: Extent) -> String {
    match name {
        "password" => "…".to_owned(),
        _ if NEVER.iter().any(|never| name.eq_ignore_ascii_case(never)) => secret(value),
        _ if is_secret(name) => extent.secret(value),
        _ => value.to_owned(),
    }
}

/// A query or a form: a line for each parameter.
pub(crate) fn form(text: &str, extent: Extent) -> String {
    let pairs = url::form_urlencoded::parse(text.as_bytes());
    let lines: Vec<String> =
        pairs.map(|(name, value)| format!("{name} = {}", parameter(&name, &value, extent))).collect();
    bounded(&lines.join("\n"))
}

/// An address with a query: the address on one line, a line for each parameter below.
pub(crate) fn address(text: &str, extent: Extent) -> String {
    match text.split_once(['?', '#']) {
        Some((path, query)) if query.contains('=') => format!("{path}\n{}", form(query, extent)),
        _ => bounded(text),
    }
}

/// JSON, laid out to be read; nothing if it is none.
pub(crate) fn json(bytes: &[u8], extent: Extent) -> Option<String> {
    let mut value: Value = serde_json::from_slice(bytes).ok()?;
    mask(&mut value, extent);
    serde_json::to_string_pretty(&value).ok().map(|text| bounded(&text))
}

fn mask(value: &mut Value, extent: Extent) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) => *text = parameter(name, text, extent),
                    other => mask(other, extent),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, extent)),
        _ => {}
    }
}

/// The `Authorization` header.
pub(crate) fn authorization(text: &str, extent: Extent) -> String {
    match text.split_once(' ') {
        Some((scheme, credential)) => format!("{scheme} {}", extent.secret(credential)),
        None => extent.secret(text),
    }
}

/// The tokens among the members of an answer, decoded: a name, and what is in it.
pub(crate) fn decoded(bytes: &[u8]) -> Vec<(String, String)> {
    let Ok(Value::Object(members)) = serde_json::from_slice(bytes) else { return Vec::new() };
    let tokens = members.iter().filter_map(|(name, member)| Some((name, member.as_str()?)));
    tokens.filter(|(name, _)| is_secret(name)).filter_map(|(name, text)| Some((name.clone(), token(text)?))).collect()
}

/// What is in a token; nothing if it is none that can be read.
pub(crate) fn token(text: &str) -> Option<String> {
    let found = unverified::decode_for_display(text)?;
    let (header, payload) =
        (serde_json::to_string_pretty(&found.header).ok()?, serde_json::to_string_pretty(&found.payload).ok()?);
    Some(bounded(&format!("{header}\n.\n{payload}")))
}

/// A text that is not endless.
fn bounded(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use latchkey_jose::base64url;
    use serde_json::json;

    use super::*;

    #[test]
    fn of_a_secret_four_characters_are_shown_and_of_a_short_one_none() {
        assert_eq!(secret("lks_0123456789abcdefghijkl"), "…ijkl");
        assert_eq!(secret("short-secret"), "…");
        assert_eq!(secret(""), "…");
        assert_eq!(secret("äöüäöüäöüäöüäöüäöüäöü"), "…üäöü");
    }

    #[test]
    fn a_form_shows_what_was_asked_and_hides_what_opens_something() {
        let shown = form(
            "grant_type=authorization_code&code=0123456789012345678901234&code_verifier=v&password=correct-horse-battery-staple&scope=openid+vso.work",
            Extent::Masked,
        );
        assert_eq!(
            shown,
            "grant_type = authorization_code\ncode = …1234\ncode_verifier = …\npassword = …\nscope = openid vso.work"
        );
    }

    #[test]
    fn an_address_shows_its_parameters_and_hides_the_code() {
        let shown =
            address("http://127.0.0.1:4281/callback?code=0123456789012345678901234&iss=http%3A%2F%2Fx", Extent::Masked);
        assert_eq!(shown, "http://127.0.0.1:4281/callback\ncode = …1234\niss = http://x");
        assert_eq!(address("/profile/authorizations", Extent::Masked), "/profile/authorizations");
    }

    #[test]
    fn tokens_are_masked_wherever_they_are_and_decoded_beside() {
        let token = format!(
            "{}.{}.{}",
            base64url::encode(r#"{"alg":"ES256"}"#),
            base64url::encode(r#"{"sub":"ana"}"#),
            "c2lnbmF0dXJl"
        );
        let answer = json!({"access_token": token, "expires_in": 60, "more": [{"refresh_token": "r".repeat(40)}]});
        let bytes = answer.to_string().into_bytes();
        let shown = json(&bytes, Extent::Masked).unwrap();
        assert!(
            !shown.contains(&token) && shown.contains("…dXJl") && shown.contains("…rrrr") && !shown.contains("rrrrr")
        );
        let decoded = decoded(&bytes);
        assert_eq!(decoded.len(), 1);
        assert!(decoded[0].1.contains(r#""sub": "ana""#) && !decoded[0].1.contains("c2lnbmF0dXJl"));
    }

    #[test]
    fn a_credential_shows_its_scheme() {
        assert_eq!(authorization("Bearer 0123456789012345678901234", Extent::Masked), "Bearer …1234");
        assert_eq!(authorization("Basic abc", Extent::Masked), "Basic …");
    }

    #[test]
    fn who_asks_sees_all_but_what_opens_somebodys_browser() {
        let text = "code=0123456789&password=correct-horse&csrf=01234567890123456789&session=s&flow=f";
        let shown = form(text, Extent::Whole);
        assert_eq!(shown, "code = 0123456789\npassword = …\ncsrf = …6789\nsession = …\nflow = …");
        assert_eq!(authorization("Bearer 0123456789", Extent::Whole), "Bearer 0123456789");
        assert!(json(br#"{"access_token":"0123456789"}"#, Extent::Whole).unwrap().contains("0123456789"));
    }

    #[test]
    fn nothing_is_endless() {
        assert_eq!(form(&"a".repeat(10_000), Extent::Masked).chars().count(), SHOWN + 1);
        assert!(json(b"not json", Extent::Masked).is_none());
    }
}
