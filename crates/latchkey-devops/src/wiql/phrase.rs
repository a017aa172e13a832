//! Words that stand behind each other, and how they are found in a text: nothing is copied, and a text is read once.

/// The words of a text, as they are written. Markup has none.
struct Words<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            let start = self.rest.find(|c: char| c.is_alphanumeric() || c == '<')?;
            self.rest = self.rest.get(start..)?;
            match self.rest.strip_prefix('<') {
                Some(inside) if inside.starts_with(|c: char| c.is_ascii_alphabetic() || "/!".contains(c)) => {
                    let (_, rest) = inside.split_once('>')?;
                    self.rest = rest;
                }
                Some(rest) => self.rest = rest,
                None => {
                    let end = self.rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(self.rest.len());
                    let (word, rest) = self.rest.split_at_checked(end)?;
                    self.rest = rest;
                    return Some(word);
                }
            }
        }
    }
}

/// A text without its case, one character after the other. Both small sigmas are one.
fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c })
}

/// Whether two texts are the same but for their case.
pub(super) fn same(one: &str, other: &str) -> bool {
    folded(one).eq(folded(other))
}

/// Words that are looked for behind each other. The last one may only begin so.
#[derive(Debug)]
pub(super) struct Phrase {
    words: Vec<String>,
    open_ended: bool,
    /// How many of the first words are found still, when the next one is not the one behind so many.
    kept: Vec<usize>,
}

impl Phrase {
    /// The words of a text. An asterisk behind the last one leaves its end open.
    pub(super) fn of(text: &str) -> Self {
        let plain = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let words: Vec<String> = plain.map(|word| folded(word).collect()).collect();
        // Of the beginning of the words that is `found` long, the longest shorter one that is its end too: Knuth, Morris and Pratt.
        let mut kept = vec![0; words.len()];
        let mut found = 0;
        for (place, word) in words.iter().enumerate().skip(1) {
            if let Some(kept) = kept.get_mut(place) {
                *kept = found;
            }
            while found > 0 && words.get(found) != Some(word) {
                found = kept.get(found).copied().unwrap_or(0);
            }
            found += usize::from(words.get(found) == Some(word));
        }
        Self { words, open_ended: text.trim_end().ends_with('*'), kept }
    }

    /// How many words there are.
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether a text has them.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let mut found = 0;
        for word in (Words { rest: text }) {
            while found > 0 && !self.fits(found, word) {
                found = self.kept.get(found).copied().unwrap_or(0);
            }
            found += usize::from(self.fits(found, word));
            if found == self.words.len() {
                return true;
            }
        }
        false
    }

    /// Whether a word is the one at a place.
    fn fits(&self, place: usize, word: &str) -> bool {
        let Some(wanted) = self.words.get(place) else { return false };
        let mut word = folded(word);
        let begins = wanted.chars().all(|c| word.next() == Some(c));
        begins && ((self.open_ended && place + 1 == self.words.len()) || word.next().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_behind_each_other_and_not_in_markup() {
        for (text, phrase, expected) in [
            ("<p>It <b>flickers</b> when", "it flickers when", true),
            ("<p class=\"it flickers\">It", "flickers", false),
            ("a < b and c<d > e", "a b and c e", true),
            ("1 <2 3", "1 2 3", true),
            ("cut off <b here", "here", false),
            ("cut off <", "cut off", true),
            ("It is windy", "is wind", false),
            ("It is windy", "is wind*", true),
            ("It is windy", "i* windy", false),
            ("ΟΔΟΣ ΟΔΟΣ", "οδος οδοσ", true),
            ("ÄPFEL", "äpfel", true),
            ("a a b a a a b", "a a a b", true),
            ("a b a b a c", "a b a c", true),
            ("a b a b a c", "a b a b a b*", false),
            ("x y x y x yes", "x y x y*", true),
            ("", "a", false),
        ] {
            assert_eq!(Phrase::of(phrase).is_in(text), expected, "{phrase} in {text}");
        }
    }

    /// What is found in one pass is what is found by trying everywhere.
    #[test]
    fn no_place_is_passed_over() {
        let made = |bits: u32, length: usize| {
            let words = (0..length).map(|place| if bits >> place & 1 == 0 { "a" } else { "ab" });
            words.collect::<Vec<_>>()
        };
        for phrase in (1..=5).flat_map(|length| (0..1 << length).map(move |bits| made(bits, length))) {
            for open_ended in [false, true] {
                let written = format!("{}{}", phrase.join(" "), if open_ended { "*" } else { "" });
                let known = Phrase::of(&written);
                for text in (0..128).map(|bits| made(bits, 7)) {
                    let expected = text.windows(phrase.len()).any(|window| {
                        let (last, first) = (phrase.len() - 1, &phrase[..phrase.len() - 1]);
                        window[..last] == *first
                            && (window[last] == phrase[last] || open_ended && window[last].starts_with(phrase[last]))
                    });
                    assert_eq!(known.is_in(&text.join(" ")), expected, "{written} in {text:?}");
                }
            }
        }
    }
}
