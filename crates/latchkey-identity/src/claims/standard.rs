//! What people tell of themselves: the standard claims that can be set, and the form that each of them has.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::account;
use crate::limits;

/// What an account tells of its holder beside name and email address: texts by the name of their claim, the parts of an address as
/// `address.locality`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct StandardClaims(BTreeMap<&'static str, String>);

/// Why a value is none of its claim, in a sentence for the person who typed it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadClaim {
    /// There is no such claim to be set.
    #[error("there is no claim {0} to be set")]
    Unknown(String),
    /// The value does not have the form of the claim.
    #[error("{0} does not have the form that OpenID Connect Core 5.1 gives it")]
    Form(&'static str),
}

impl StandardClaims {
    /// What can be set.
    pub const NAMES: [&str; 19] = [
        "given_name",
        "family_name",
        "middle_name",
        "nickname",
        "profile",
        "picture",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "phone_number",
        "phone_number_verified",
        "address.formatted",
        "address.street_address",
        "address.locality",
        "address.region",
        "address.postal_code",
        "address.country",
    ];

    /// Sets one. An empty value takes it away.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), BadClaim> {
        let known = Self::NAMES.into_iter().find(|known| *known == name);
        let name = known.ok_or_else(|| BadClaim::Unknown(name.to_owned()))?;
        let value = value.trim();
        if value.is_empty() {
            self.0.remove(name);
            return Ok(());
        }
        if !is_of_its_form(name, value) {
            return Err(BadClaim::Form(name));
        }
        self.0.insert(name, value.to_owned());
        Ok(())
    }

    /// Those that are set, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a claim, as text.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// Takes what was stored. What has no meaning any more is left out.
impl FromIterator<(String, String)> for StandardClaims {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(stored: I) -> Self {
        let mut claims = Self::default();
        for (name, value) in stored {
            drop(claims.set(&name, &value));
        }
        claims
    }
}

fn is_of_its_form(name: &str, value: &str) -> bool {
    let tag = |c: char| c.is_ascii_alphanumeric() || c == '-';
    match name {
        "profile" | "picture" | "website" => {
            value.len() <= limits::REDIRECT_URI_BYTES
                && url::Url::parse(value).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
        }
        "birthdate" => is_birthdate(value),
        "zoneinfo" => value.len() <= 64 && value.chars().all(|c| tag(c) || matches!(c, '_' | '/' | '+')),
        "locale" => value.len() <= 35 && value.chars().all(tag),
        "phone_number_verified" => matches!(value, "true" | "false"),
        // An address is written on several lines.
        "address.formatted" | "address.street_address" => {
            value.lines().count() <= 10 && value.lines().all(account::is_presentable)
        }
        _ => account::is_presentable(value),
    }
}

/// `YYYY-MM-DD`, with the year 0000 if it is not told, or the year alone.
fn is_birthdate(value: &str) -> bool {
    let number = |text: Option<&str>, digits: usize| {
        text.filter(|text| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse::<u16>().ok())
    };
    let mut parts = value.split('-');
    let year = number(parts.next(), 4).is_some();
    let day = match (parts.next(), parts.next()) {
        (None, None) => true,
        (month, day) => {
            number(month, 2).is_some_and(|month| (1..=12).contains(&month))
                && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
        }
    };
    year && day && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_the_form_of_its_claim() {
        let mut claims = StandardClaims::default();
        for (name, value) in [
            ("birthdate", "28.2.1990"),
            ("birthdate", "1990-13-01"),
            ("birthdate", "1990-01"),
            ("website", "javascript:alert(1)"),
            ("zoneinfo", "Europe Lisbon"),
            ("locale", "pt_PT!"),
            ("phone_number_verified", "yes"),
            ("nickname", "a\u{202e}b"),
        ] {
            assert_eq!(claims.set(name, value), Err(BadClaim::Form(name)), "{value}");
        }
        assert!(
            matches!(claims.set("email", "x@y.test"), Err(BadClaim::Unknown(_))),
            "it is the address of the account"
        );
        for value in ["1990", "0000-02-28", "1990-02-28"] {
            assert_eq!(claims.set("birthdate", value), Ok(()));
        }
        assert_eq!(claims.set("birthdate", ""), Ok(()));
        assert!(claims.is_empty());
    }
}
