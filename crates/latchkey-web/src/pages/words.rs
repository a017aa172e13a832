//! Words as pages put them.

/// The same words, beginning like a sentence.
pub(crate) fn capitalized(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_begins_with_a_capital() {
        assert_eq!(capitalized("can read"), "Can read");
        assert_eq!(capitalized("\u{e9}t\u{e9}"), "\u{c9}t\u{e9}");
        assert_eq!(capitalized(""), "");
    }
}
