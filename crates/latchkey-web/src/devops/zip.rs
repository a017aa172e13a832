//! Archives of files, stored as they are. [APPNOTE.TXT §4.3]
//!
//! Small on purpose: no compression, no encryption, no more than fits the first form of the format.

/// Names are UTF-8.
const UTF8: u16 = 1 << 11;
/// Stored, not packed: version 2.0 of the format knows that.
const VERSION: u16 = 20;
/// 1 January 1980, where the format's time begins: the same files make the same archive.
const DATE: u16 = 0x0021;

/// An archive that is being put together.
#[derive(Default)]
pub(super) struct Archive {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    files: u16,
}

impl Archive {
    /// Adds a file; `false` if the format has no room for it.
    pub(super) fn add(&mut self, name: &str, content: &[u8]) -> bool {
        let (Ok(offset), Ok(size), Ok(name_length), Some(files)) = (
            u32::try_from(self.bytes.len()),
            u32::try_from(content.len()),
            u16::try_from(name.len()),
            self.files.checked_add(1),
        ) else {
            return false;
        };
        self.files = files;
        let mut description = Vec::with_capacity(26);
        for field in [VERSION, UTF8, 0, 0, DATE] {
            description.extend(field.to_le_bytes());
        }
        for field in [crc32(content), size, size] {
            description.extend(field.to_le_bytes());
        }
        description.extend(name_length.to_le_bytes());
        description.extend(0_u16.to_le_bytes());

        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(&description);
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(content);

        self.directory.extend(b"PK\x01\x02");
        self.directory.extend(VERSION.to_le_bytes());
        self.directory.extend(&description);
        // No comment, the first disk, no attributes.
        self.directory.extend([0; 10]);
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(name.as_bytes());
        true
    }

    /// The archive.
    pub(super) fn finish(mut self) -> Vec<u8> {
        // Both are small: files are added up to a bound far below what four bytes count.
        let offset = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        let size = u32::try_from(self.directory.len()).unwrap_or(u32::MAX);
        self.bytes.append(&mut self.directory);
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend(self.files.to_le_bytes());
        self.bytes.extend(self.files.to_le_bytes());
        self.bytes.extend(size.to_le_bytes());
        self.bytes.extend(offset.to_le_bytes());
        self.bytes.extend([0; 2]);
        self.bytes
    }
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            remainder = if remainder & 1 == 1 { (remainder >> 1) ^ 0xedb8_8320 } else { remainder >> 1 };
            bit += 1;
        }
        #[allow(clippy::indexing_slicing, reason = "the loop ends at the table's end")]
        {
            table[byte] = remainder;
        }
        byte += 1;
    }
    table
};

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        let [low, ..] = (crc ^ u32::from(*byte)).to_le_bytes();
        (crc >> 8) ^ CRC_TABLE.get(usize::from(low)).copied().unwrap_or_default()
    };
    !bytes.iter().fold(!0, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_known_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn an_archive_has_its_files_and_says_where_they_are() {
        let mut archive = Archive::default();
        assert!(archive.add("a/lamp.txt", b"on"));
        assert!(archive.add("b", b""));
        let bytes = archive.finish();
        assert_eq!(&bytes[..4], b"PK\x03\x04");
        assert_eq!(&bytes[30..42], b"a/lamp.txton");
        let end = &bytes[bytes.len() - 22..];
        assert_eq!((&end[..4], end[8], end[10]), (&b"PK\x05\x06"[..], 2, 2));
        let directory = u32::from_le_bytes([end[16], end[17], end[18], end[19]]) as usize;
        assert_eq!(&bytes[directory..directory + 4], b"PK\x01\x02");
        let size = u32::from_le_bytes([end[12], end[13], end[14], end[15]]) as usize;
        assert_eq!(directory + size + 22, bytes.len());
    }

    #[test]
    fn a_name_that_does_not_fit_is_not_added() {
        assert!(!Archive::default().add(&"x".repeat(70_000), b""));
    }
}
