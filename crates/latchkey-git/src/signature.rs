//! Who made a commit, and when.

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
