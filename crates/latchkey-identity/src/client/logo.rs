//! The logo of a client: fetched from where it is, kept for a while, and shown from here, so that a page asks nobody else.
//! [OpenID Connect Registration §2]

use std::time::Duration;

use crate::time::Timestamp;

/// Bytes of a logo that are read: a square of a few hundred pixels.
pub const LOGO_BYTES: usize = 65_536;
/// A logo is fetched again after this long.
const FRESH_FOR: Duration = Duration::from_secs(24 * 3_600);
/// Where no image came, nobody is asked more often than this.
const NO_SOONER_THAN: Duration = Duration::from_secs(10 * 60);

/// The images that are shown: pictures, and nothing that could hold a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImageType {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    WebP,
    /// GIF.
    Gif,
}

impl ImageType {
    /// What an image is by how it begins, whatever it came as.
    pub fn of(image: &[u8]) -> Option<Self> {
        match image {
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            _ => None,
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
        }
    }
}

/// What is known of the logo at one address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logo {
    uri: String,
    image: Option<(ImageType, Vec<u8>)>,
    asked_at: Option<Timestamp>,
}

impl Logo {
    /// Nothing is known yet.
    pub fn at(uri: &str) -> Self {
        Self { uri: uri.to_owned(), image: None, asked_at: None }
    }

    /// The address.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Whether the address is to be asked.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let pause = if self.image.is_some() { FRESH_FOR } else { NO_SOONER_THAN };
        self.asked_at.is_none_or(|asked| asked + pause <= now)
    }

    /// The address was asked, and gave this, or nothing. What is no image that is shown is nothing, too.
    pub fn took(&mut self, image: Option<&[u8]>, now: Timestamp) {
        self.asked_at = Some(now);
        self.image = image.and_then(|image| Some((ImageType::of(image)?, image.to_vec())));
    }

    /// The image, if there is one.
    pub fn image(&self) -> Option<(ImageType, &[u8])> {
        self.image.as_ref().map(|(kind, image)| (*kind, image.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_secs(10_000);
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";

    #[test]
    fn an_image_is_what_it_begins_like() {
        assert_eq!(ImageType::of(PNG), Some(ImageType::Png));
        assert_eq!(ImageType::of(b"\xff\xd8\xff\xe0"), Some(ImageType::Jpeg));
        assert_eq!(ImageType::of(b"RIFF\0\0\0\0WEBPVP8 "), Some(ImageType::WebP));
        assert_eq!(ImageType::of(b"GIF89a."), Some(ImageType::Gif));
        for other in [b"<svg xmlns=\"http://www.w3.org/2000/svg\">".as_slice(), b"<html>", b"RIFF\0\0\0\0WAVE", b""] {
            assert_eq!(ImageType::of(other), None);
        }
    }

    #[test]
    fn it_is_fetched_once_a_day_and_after_a_failure_every_ten_minutes() {
        let mut logo = Logo::at("https://app.test/logo.png");
        assert!(logo.is_due(START) && logo.image().is_none());
        logo.took(None, START);
        assert!(!logo.is_due(START) && logo.is_due(START + NO_SOONER_THAN));
        logo.took(Some(b"<svg>"), START);
        assert!(logo.image().is_none());
        logo.took(Some(PNG), START);
        assert_eq!(logo.image(), Some((ImageType::Png, PNG)));
        assert!(!logo.is_due(START + NO_SOONER_THAN) && logo.is_due(START + FRESH_FOR));
    }
}
