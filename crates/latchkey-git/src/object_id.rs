//! The name of an object.

use std::fmt;
use std::str::FromStr;

use crate::GitError;

/// The name of a commit, tree, blob or tag: the SHA-1 of what it holds, written as 40 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId([u8; 20]);

impl ObjectId {
    /// The name of nothing: what the protocol writes where a reference does not exist.
    pub const ZERO: Self = Self([0; 20]);

    /// Whether this names nothing.
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    /// The name from its 20 bytes.
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The 20 bytes of the name.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// Reads 40 hexadecimal digits of either case, as git does; nothing may follow them.
    pub(crate) fn from_hex(digits: &[u8]) -> Option<Self> {
        let mut bytes = [0; 20];
        let (pairs, rest) = digits.as_chunks::<2>();
        if pairs.len() != bytes.len() || !rest.is_empty() {
            return None;
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = (nibble(*high)? << 4) | nibble(*low)?;
        }
        Some(Self(bytes))
    }
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

impl FromStr for ObjectId {
    type Err = GitError;

    fn from_str(text: &str) -> Result<Self, GitError> {
        Self::from_hex(text.as_bytes()).ok_or(GitError::Malformed("an object id is 40 hexadecimal digits"))
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_id_is_forty_hexadecimal_digits_and_nothing_else() {
        let text = "00ff10a94a8fe5ccb19ba61c4c0873d391e98798";
        assert_eq!(text.parse::<ObjectId>().unwrap().to_string(), text);
        assert_eq!(text.to_uppercase().parse::<ObjectId>().unwrap().to_string(), text);
        for wrong in ["", "00ff", &text[1..], &format!("{text}0"), &text.replace('f', "g"), &text.replace("00", "+0")] {
            assert!(wrong.parse::<ObjectId>().is_err(), "{wrong}");
        }
    }
}
