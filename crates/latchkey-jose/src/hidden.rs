//! Characters that nobody sees: both halves keep them out of what people read and decide by.

/// Whether a character cannot be seen, or makes others look like what they are not: controls, marks of direction, spaces without width,
/// fillers, tags. [Unicode TR36 §2.5], [Unicode TR39 §3.1]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}')
        || matches!(c, '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_hidden_and_letters_are_not() {
        for hidden in ['\u{7}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{3164}', '\u{e0041}'] {
            assert!(is_hidden(hidden), "{hidden:?}");
        }
        assert!(!"Burndown \u{2014} \u{c1}bc \u{6f22}\u{5b57} \u{2764}\u{fe0f}".contains(is_hidden));
    }
}
