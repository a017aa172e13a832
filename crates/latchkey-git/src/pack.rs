//! Packs that the server makes. [gitformat-pack(5)]

use std::collections::HashSet;
use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use gix::objs::{Kind, compute_hash};

use crate::GitError;
use crate::limits::{MAX_MADE_BYTES, MAX_MADE_PACK_BYTES};

const TOO_LARGE: GitError = GitError::TooLarge("these commits are larger than fits into one request, use git");

/// A pack that is being put together: every object whole, and each once.
pub(crate) struct Pack {
    bytes: Vec<u8>,
    known: HashSet<gix::ObjectId>,
    /// How many more bytes may be looked at.
    rest: usize,
}

impl Pack {
    /// One without objects.
    pub(crate) fn new() -> Self {
        // How many there are is filled in at the end.
        Self { bytes: b"PACK\0\0\0\x02\0\0\0\0".to_vec(), known: HashSet::new(), rest: MAX_MADE_BYTES }
    }

    /// Adds an object, unless it is there, and tells its name.
    pub(crate) fn add(&mut self, kind: Kind, data: &[u8]) -> Result<gix::ObjectId, GitError> {
        self.add_unless(kind, data, None)
    }

    /// The same, unless it is this one: that is known to be elsewhere.
    pub(crate) fn add_unless(
        &mut self,
        kind: Kind,
        data: &[u8],
        kept: Option<gix::ObjectId>,
    ) -> Result<gix::ObjectId, GitError> {
        self.rest = self.rest.checked_sub(data.len()).ok_or(TOO_LARGE)?;
        let id = hash(kind, data)?;
        if kept != Some(id) && self.known.insert(id) {
            self.bytes.extend(head(kind, data.len()));
            let mut packed = ZlibEncoder::new(&mut self.bytes, Compression::fast());
            packed.write_all(data)?;
            packed.finish()?;
            if self.bytes.len() > MAX_MADE_PACK_BYTES {
                return Err(TOO_LARGE);
            }
        }
        Ok(id)
    }

    /// The pack.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, GitError> {
        let count = u32::try_from(self.known.len()).map_err(|_| GitError::TooLarge("these are too many objects"))?;
        if let Some(place) = self.bytes.get_mut(8..12) {
            place.copy_from_slice(&count.to_be_bytes());
        }
        let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
        hasher.update(&self.bytes);
        let sum = hasher.try_finalize().map_err(refused)?;
        self.bytes.extend_from_slice(sum.as_slice());
        Ok(self.bytes)
    }
}

/// The name of an object.
fn hash(kind: Kind, data: &[u8]) -> Result<gix::ObjectId, GitError> {
    compute_hash(gix::hash::Kind::Sha1, kind, data).map_err(refused)
}

/// What stands before an object: its kind, and its size in groups of bits, the lowest first.
fn head(kind: Kind, size: usize) -> Vec<u8> {
    let kind: u8 = match kind {
        Kind::Commit => 1,
        Kind::Tree => 2,
        Kind::Blob => 3,
        Kind::Tag => 4,
    };
    let low = |bits: usize, mask: u8| bits.to_le_bytes().first().copied().unwrap_or_default() & mask;
    let mut head = vec![kind << 4 | low(size, 0x0f)];
    let mut rest = size >> 4;
    while rest > 0 {
        if let Some(last) = head.last_mut() {
            *last |= 0x80;
        }
        head.push(low(rest, 0x7f));
        rest >>= 7;
    }
    head
}

/// SHA-1 is computed in a way that notices content made to collide.
fn refused(error: impl std::fmt::Display) -> GitError {
    GitError::Io(io::Error::other(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_told_in_groups_of_bits() {
        assert_eq!(head(Kind::Blob, 5), [0x35]);
        assert_eq!(head(Kind::Tree, 15), [0x2f]);
        assert_eq!(head(Kind::Commit, 16), [0x90, 0x01]);
        assert_eq!(head(Kind::Blob, 2_000), [0xb0, 0x7d]);
        assert_eq!(head(Kind::Blob, 1 << 11), [0xb0, 0x80, 0x01]);
    }

    #[test]
    fn an_object_is_in_it_once() {
        let mut pack = Pack::new();
        let name = pack.add(Kind::Blob, b"hello").unwrap();
        assert_eq!(name.to_string(), "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0");
        assert_eq!(pack.add(Kind::Blob, b"hello").unwrap(), name);
        assert_eq!(pack.finish().unwrap()[8..12], [0, 0, 0, 1]);
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let same = vec![0; 1 << 20];
        let mut pack = Pack::new();
        let fits = (0..(2 * MAX_MADE_BYTES) >> 20).take_while(|_| pack.add(Kind::Blob, &same).is_ok()).count();
        assert_eq!(fits, MAX_MADE_BYTES >> 20, "what is there already is looked at all the same");

        let mut pack = Pack::new();
        let mut state = 1_u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        let mut random = || (0..4 << 20).map(|_| noise()).collect::<Vec<u8>>();
        let fits = (0..20).take_while(|_| pack.add(Kind::Blob, &random()).is_ok()).count();
        assert_eq!(fits, 7, "what cannot be packed");
    }
}
