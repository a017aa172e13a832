//! Who made a commit, and when.

use crate::GitError;

/// Who made a commit, and when: as the commit says, which nobody has checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: String,
    /// The moment, in seconds since the Unix epoch: git knows no smaller ones.
    pub seconds: i64,
    /// The offset of the person's clock from UTC, in minutes, east positive.
    pub offset_minutes: i32,
}

impl Signature {
    /// As it stands in a commit: `Ana <ana@harbor.test> 1700000000 -0330`. Refused where the name or the address would end it early.
    pub(crate) fn written(&self) -> Result<String, GitError> {
        let Self { name, email, seconds, offset_minutes } = self;
        if [name, email].iter().any(|text| text.contains(['<', '>', '\n', '\r', '\0'])) {
            return Err(GitError::InvalidName("a person's name and address have no <, > and line ends".to_owned()));
        }
        let sign = if *offset_minutes < 0 { '-' } else { '+' };
        let offset = offset_minutes.unsigned_abs();
        Ok(format!("{name} <{email}> {seconds} {sign}{:02}{:02}", offset / 60, offset % 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_one_line_with_one_address() {
        let ana =
            Signature { name: "Ana".into(), email: "ana@harbor.test".into(), seconds: 1_000, offset_minutes: -210 };
        assert_eq!(ana.written().unwrap(), "Ana <ana@harbor.test> 1000 -0330");
        for wrong in ["A\ncommitter x <y>", "A\r", "A\0", "<", ">"] {
            assert!(Signature { name: wrong.into(), ..ana.clone() }.written().is_err(), "{wrong:?}");
            assert!(Signature { email: wrong.into(), ..ana.clone() }.written().is_err(), "{wrong:?}");
        }
    }
}
