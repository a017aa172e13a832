//! The framing of git's protocol: four hexadecimal digits of length, then the line. [gitprotocol-common(5)]

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::GitError;

/// The end of a section: `0000`.
pub(crate) const FLUSH: &[u8] = b"0000";

/// The largest line with its length: what every git accepts.
const MAX_LINE: usize = 65_520;

/// What stands between two lengths.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    /// A line, without its length.
    Line(&'a [u8]),
    /// `0000`: the end of a section.
    Flush,
    /// `0001` or `0002`: marks inside a protocol v2 request.
    Mark,
}

/// The channels of a side-band answer. [gitprotocol-pack(5)]
#[derive(Clone, Copy)]
pub(crate) enum Band {
    /// What the client was asking for.
    Data = 1,
    /// What it prints after `remote:`.
    Message = 2,
}

const NO_LENGTH: GitError = GitError::Malformed("a line does not start with its length");

/// What four digits say.
enum Length {
    /// There is no line: they are the whole packet.
    Whole(Packet<'static>),
    /// A line of so many bytes follows.
    Line(usize),
}

fn length(digits: [u8; 4]) -> Result<Length, GitError> {
    let value =
        digits.iter().try_fold(0, |sum: usize, digit| char::from(*digit).to_digit(16).map(|d| sum * 16 + d as usize));
    match value {
        Some(0) => Ok(Length::Whole(Packet::Flush)),
        Some(1 | 2) => Ok(Length::Whole(Packet::Mark)),
        Some(length @ 4..=MAX_LINE) => Ok(Length::Line(length - 4)),
        _ => Err(NO_LENGTH),
    }
}

/// Reads the next packet into `line`. The end of the input is an error here: a section ends with a flush.
pub(crate) async fn read<'a>(
    input: &mut (impl AsyncRead + Unpin),
    line: &'a mut Vec<u8>,
) -> Result<Packet<'a>, GitError> {
    let mut digits = [0; 4];
    input.read_exact(&mut digits).await.map_err(cut_short)?;
    match length(digits)? {
        Length::Whole(packet) => Ok(packet),
        Length::Line(length) => {
            line.clear();
            line.resize(length, 0);
            input.read_exact(line).await.map_err(cut_short)?;
            Ok(Packet::Line(line))
        }
    }
}

fn cut_short(error: std::io::Error) -> GitError {
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        GitError::Malformed("it ends before its last line does")
    } else {
        error.into()
    }
}

/// Takes the next packet from the front of `input`; `None` at its end.
pub(crate) fn split<'a>(input: &mut &'a [u8]) -> Result<Option<Packet<'a>>, GitError> {
    if input.is_empty() {
        return Ok(None);
    }
    let (digits, rest) = input.split_first_chunk::<4>().ok_or(NO_LENGTH)?;
    let (packet, rest) = match length(*digits)? {
        Length::Whole(packet) => (packet, rest),
        Length::Line(length) => {
            let (line, rest) = rest.split_at_checked(length).ok_or(NO_LENGTH)?;
            (Packet::Line(line), rest)
        }
    };
    *input = rest;
    Ok(Some(packet))
}

/// Appends one line. What does not fit one line is cut; nothing that we write comes near it.
pub(crate) fn write(out: &mut Vec<u8>, line: impl AsRef<[u8]>) {
    let line = line.as_ref();
    let line = line.get(..MAX_LINE - 4).unwrap_or(line);
    out.extend_from_slice(format!("{:04x}", line.len() + 4).as_bytes());
    out.extend_from_slice(line);
}

/// Appends bytes to a channel, in as many lines as they need.
pub(crate) fn write_band(out: &mut Vec<u8>, band: Band, bytes: &[u8]) {
    for part in bytes.chunks(MAX_LINE - 5) {
        out.extend_from_slice(format!("{:04x}", part.len() + 5).as_bytes());
        out.push(band as u8);
        out.extend_from_slice(part);
    }
}

/// A line without the newline that git puts at the end of most.
pub(crate) fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut bytes = Vec::new();
        write(&mut bytes, "want\n");
        bytes.extend_from_slice(b"0001");
        write(&mut bytes, "");
        bytes.extend_from_slice(FLUSH);
        assert_eq!(bytes, b"0009want\n000100040000");

        let mut rest = bytes.as_slice();
        let mut packets = Vec::new();
        while let Some(packet) = split(&mut rest).unwrap() {
            packets.push(packet);
        }
        assert_eq!(packets, [Packet::Line(b"want\n"), Packet::Mark, Packet::Line(b""), Packet::Flush]);
    }

    #[tokio::test]
    async fn a_length_that_is_none_is_refused_in_both_ways_of_reading() {
        for wrong in ["000", "0003", "000g", "+005a", "ffff", "0009want", "fff1"] {
            assert!(split(&mut wrong.as_bytes()).is_err(), "{wrong}");
            assert!(read(&mut wrong.as_bytes(), &mut Vec::new()).await.is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_long_message_takes_several_lines_of_its_channel() {
        let mut bytes = Vec::new();
        write_band(&mut bytes, Band::Data, &vec![b'x'; 70_000]);
        let mut rest = bytes.as_slice();
        let mut carried = 0;
        while let Some(Packet::Line(line)) = split(&mut rest).unwrap() {
            assert_eq!(line[0], 1);
            carried += line.len() - 1;
        }
        assert_eq!(carried, 70_000);
    }
}
