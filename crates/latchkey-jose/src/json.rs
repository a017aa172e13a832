//! JSON read with suspicion: an object with a member twice means two things to two readers, so it means nothing here.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Why a text is not JSON that we read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Malformed {
    /// Not one JSON object.
    NotAnObject,
    /// An object names a member twice, at whatever depth. [RFC 7515 §4], [RFC 7519 §4]
    DuplicateMember,
}

/// Checks that bytes are one JSON object in which no object has a member twice.
pub(crate) fn check_object(bytes: &[u8]) -> Result<(), Malformed> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Malformed::NotAnObject);
    }
    let duplicate = Cell::new(false);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    Unique { duplicate: &duplicate }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .map_err(|_| if duplicate.get() { Malformed::DuplicateMember } else { Malformed::NotAnObject })
}

/// Reads any value and keeps nothing of it; stops at a member named twice, and notes that this was why.
#[derive(Clone, Copy)]
struct Unique<'a> {
    duplicate: &'a Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(name) = members.next_key::<Name<'de>>()? {
            if !seen.insert(name) {
                self.duplicate.set(true);
                return Err(A::Error::custom("a member twice"));
            }
            members.next_value_seed(self)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A member's name, borrowed from the text unless it is written with escapes.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;

        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }

        deserializer.deserialize_str(NameVisitor)
    }
}

/// A member that is there, whatever its value. Unlike `Option<IgnoredAny>` it does not take `null` for absence.
#[derive(Default)]
pub(crate) struct Present(pub(crate) bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|IgnoredAny| Self(true))
    }
}

/// For `#[serde(default, deserialize_with = "present")]`: a member may be absent, but if it is there it has its type, so `null` is an
/// error and not an absence.
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_objects_pass() {
        for text in ["{}", r#"{"a":1,"b":[{"a":null},{"a":-1.5}],"c":{"a":true,"b":"x"},"d":18446744073709551615}"#] {
            assert_eq!(check_object(text.as_bytes()), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_member_twice_is_found_at_any_depth_and_in_any_spelling() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"x":[{"y":{"a":1,"b":2,"a":3}}]}"#] {
            assert_eq!(check_object(text.as_bytes()), Err(Malformed::DuplicateMember), "{text}");
        }
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(1_000), "]".repeat(1_000));
        for text in ["", "[]", "1", "\"{}\"", "{} {}", "{", "{\"a\":}", "\u{feff}{}", "{\"a\":1,}", "null", &deep] {
            assert_eq!(check_object(text.as_bytes()), Err(Malformed::NotAnObject), "{text:.40}");
        }
        assert_eq!(check_object(b"{\"a\":\"\xff\"}"), Err(Malformed::NotAnObject));
    }
}
