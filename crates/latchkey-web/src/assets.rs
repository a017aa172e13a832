//! The files that pages link to: our own styles, one script, one icon. Their names carry a hash of what is in them, so
//! a browser may keep them for ever and still never shows an old one.

use std::sync::LazyLock;

/// One embedded file.
pub struct Asset {
    path: String,
    content_type: &'static str,
    bytes: &'static [u8],
}

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        Self { path: format!("/assets/{stem}-{:016x}.{extension}", fingerprint(bytes)), content_type, bytes }
    }

    /// Where it is served, from the root of the origin.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What it is.
    pub fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// What is in it.
    pub fn bytes(&self) -> &'static [u8] {
        self.bytes
    }
}

/// How long a browser may keep an asset: its name changes when it changes.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// The styles of every page.
pub static STYLES: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("latchkey", "css", "text/css; charset=utf-8", include_bytes!("../assets/latchkey.css"))
});

/// The script that enhances pages which work without it.
pub static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("enhance", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/enhance.js"))
});

/// The key mark, as an icon for the browser's tab.
pub static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("mark", "svg", "image/svg+xml", include_bytes!("../assets/mark.svg")));

/// The styles of the demo service, which is another company's site and serves them from its own origin.
pub static BURNDOWN_STYLES: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("burndown", "css", "text/css; charset=utf-8", include_bytes!("../assets/burndown.css"))
});

/// The styles of the demo service of the older OAuth kind.
pub static OLDTIMER_STYLES: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("oldtimer", "css", "text/css; charset=utf-8", include_bytes!("../assets/oldtimer.css"))
});

/// Finds the asset served at a path.
pub fn find(path: &str) -> Option<&'static Asset> {
    [&*STYLES, &*SCRIPT, &*ICON].into_iter().find(|asset| asset.path == path)
}

/// FNV-1a: it names a file that we ship ourselves, so nobody gains from a collision.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSS: &str = include_str!("../assets/latchkey.css");
    const BURNDOWN_CSS: &str = include_str!("../assets/burndown.css");
    const OLDTIMER_CSS: &str = include_str!("../assets/oldtimer.css");

    /// The colour of a token, in the light half of a stylesheet or in the dark one.
    fn colour(css: &str, dark: bool, token: &str) -> [f64; 3] {
        let (light_half, dark_half) = css.split_once("prefers-color-scheme: dark").expect("two themes");
        let half = if dark { dark_half } else { light_half };
        let start =
            half.find(&format!("--{token}: #")).unwrap_or_else(|| panic!("no token --{token}")) + token.len() + 5;
        let hex: String = half[start..].chars().take_while(char::is_ascii_hexdigit).collect();
        let hex = if hex.len() == 3 { hex.chars().flat_map(|digit| [digit, digit]).collect() } else { hex };
        [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal")) / 255.0)
    }

    /// Relative luminance as WCAG 2.2 defines it.
    fn luminance(colour: [f64; 3]) -> f64 {
        let [r, g, b] = colour.map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    fn contrast(css: &str, dark: bool, one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(colour(css, dark, one)), luminance(colour(css, dark, other)));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    fn assert_contrast(css: &str, pairs: &[(&str, &str)], least: f64) {
        for dark in [false, true] {
            for (front, back) in pairs {
                let found = contrast(css, dark, front, back);
                assert!(found >= least, "{front} on {back} is {found:.2}, dark: {dark}");
            }
        }
    }

    #[test]
    fn text_stands_out_from_what_is_behind_it() {
        assert_contrast(
            CSS,
            &[
                ("ink", "paper"),
                ("ink", "surface"),
                ("ink", "sunk"),
                ("muted", "paper"),
                ("muted", "surface"),
                ("muted", "sunk"),
                ("primary", "paper"),
                ("primary", "surface"),
                ("primary-strong", "surface"),
                ("primary", "sunk"),
                ("on-primary", "primary"),
                ("on-primary", "primary-strong"),
                ("danger", "surface"),
                ("on-danger", "danger"),
                ("good", "good-soft"),
                ("warn", "warn-soft"),
                ("bad", "bad-soft"),
                ("bad", "surface"),
                ("bad", "paper"),
                ("info", "info-soft"),
                ("plum", "plum-soft"),
            ],
            4.5,
        );
        assert_contrast(
            BURNDOWN_CSS,
            &[("text", "sky"), ("text", "panel"), ("soft", "sky"), ("soft", "panel"), ("hot", "sky"), ("hot", "panel")],
            4.5,
        );
        assert_contrast(BURNDOWN_CSS, &[("on-hot", "hot")], 4.5);
        let pairs =
            [("text", "page"), ("text", "box"), ("text", "note"), ("soft", "page"), ("soft", "box"), ("soft", "note")];
        assert_contrast(OLDTIMER_CSS, &pairs, 4.5);
        assert_contrast(OLDTIMER_CSS, &[("link", "page"), ("link", "box"), ("link", "note"), ("on-link", "link")], 4.5);
    }

    #[test]
    fn borders_of_fields_and_the_focus_ring_can_be_seen() {
        let pairs = [
            ("control", "surface"),
            ("control", "paper"),
            ("focus", "surface"),
            ("focus", "paper"),
            ("brass", "paper"),
            ("brass", "surface"),
        ];
        assert_contrast(CSS, &pairs, 3.0);
    }

    #[test]
    fn assets_are_small_and_named_by_what_is_in_them() {
        assert!(STYLES.bytes().len() <= 16 * 1024);
        assert!(SCRIPT.bytes().len() <= 8 * 1024);
        assert!(find(STYLES.path()).is_some_and(|asset| asset.content_type().starts_with("text/css")));
        assert!(find("/assets/latchkey.css").is_none());
        assert_ne!(fingerprint(b"one"), fingerprint(b"two"));
    }

    #[test]
    fn nothing_is_fetched_from_another_host() {
        for css in [CSS, BURNDOWN_CSS, OLDTIMER_CSS] {
            assert!(!css.contains("url(") && !css.contains("@import"));
        }
    }
}
