//! The little square that stands for an app, a person or an organization: an initial on a colour of its own.

use std::fmt;

use askama::filters::HtmlSafe;

/// The tile of a name. Decoration only: the name itself always stands beside it.
pub(super) struct Tile {
    initial: char,
    tint: u32,
    shape: &'static str,
}

/// The tile of an app or an organization.
pub(super) fn of(name: &str) -> Tile {
    let initial = name.chars().find(|letter| letter.is_alphanumeric()).unwrap_or('?');
    Tile { initial, tint: name.chars().map(u32::from).fold(0, u32::wrapping_add) % 4, shape: "" }
}

/// The tile of a person.
pub(super) fn of_person(name: &str) -> Tile {
    Tile { shape: " round", ..of(name) }
}

impl Tile {
    /// The same, for the head of a page.
    pub(super) fn big(self) -> Self {
        Self { shape: if self.shape.is_empty() { " big" } else { " round big" }, ..self }
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { initial, tint, shape } = self;
        write!(f, "<span class=\"tile{shape} tint-{tint}\" aria-hidden=\"true\">")?;
        for letter in initial.to_uppercase() {
            write!(f, "{letter}")?;
        }
        f.write_str("</span>")
    }
}

// The initial is a letter or a digit, so there is nothing to escape.
impl HtmlSafe for Tile {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_shows_the_first_letter_and_never_markup() {
        assert!(of("burndown").to_string().contains(">B<"));
        assert!(of("\"><").to_string().contains(">?<"));
        assert!(of("").to_string().contains(">?<"));
    }
}
