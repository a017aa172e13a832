//! User codes: short enough to type, too many to guess, [RFC 8628 §6.1].

use std::fmt;

use crate::entropy::Entropy;

/// No vowels, so that no words come about, and no letter that looks like another: the alphabet that the RFC proposes.
const LETTERS: [char; 20] =
    ['B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Z'];

/// Eight of twenty letters: 34 bits, of which ten guesses in a quarter of an hour find nothing.
const LENGTH: usize = 8;

/// A code that a person types. It lives for a quarter of an hour, and what it leads to asks before anything happens.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct UserCode(String);

impl UserCode {
    /// A new one.
    pub fn generate(entropy: &mut Entropy) -> Self {
        let letter = |entropy: &mut Entropy| {
            let index = usize::try_from(entropy.below(LETTERS.len() as u64)).unwrap_or_default();
            LETTERS.get(index).copied().unwrap_or('B')
        };
        Self((0..LENGTH).map(|_| letter(entropy)).collect())
    }

    /// Reads what was typed: in any case, with or without hyphens and spaces.
    pub fn parse(typed: &str) -> Option<Self> {
        let letters = typed.chars().filter(|c| !matches!(c, '-' | ' ')).take(LENGTH + 1);
        let letters: String = letters.map(|c| c.to_ascii_uppercase()).collect();
        let well_formed = letters.chars().count() == LENGTH && letters.chars().all(|c| LETTERS.contains(&c));
        well_formed.then_some(Self(letters))
    }

    /// The letters alone, as they are stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `WDJB-MJHT`
impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_at_checked(LENGTH / 2) {
            Some((one, other)) => write!(f, "{one}-{other}"),
            None => f.write_str(&self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = UserCode::generate(&mut Entropy::seeded(7));
        let shown = code.to_string();
        assert_eq!((shown.len(), shown.as_bytes()[4]), (9, b'-'));
        for typed in
            [shown.clone(), shown.to_lowercase(), shown.replace('-', ""), format!(" {} ", shown.replace('-', " "))]
        {
            assert_eq!(UserCode::parse(&typed), Some(code.clone()), "{typed}");
        }
        for wrong in ["", "BCDF-GHJ", "BCDF-GHJKL", "AEIO-UAEI", "BCDF-GHJ1", "BCDF-GHJ\u{212a}"] {
            assert_eq!(UserCode::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn codes_are_drawn_from_all_letters() {
        let drawn: String = (0..100).map(|seed| UserCode::generate(&mut Entropy::seeded(seed)).0).collect();
        assert!(LETTERS.iter().all(|letter| drawn.contains(*letter)));
    }
}
