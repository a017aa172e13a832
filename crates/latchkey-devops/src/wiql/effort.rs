//! What a query may spend on comparing.

use super::MOST_EFFORT;

/// What looking up one of the fields of an item takes, beside one unit for each that is passed on the way.
pub(super) const OF_A_LOOK: usize = 16;
/// What it takes to compare the names of somebody.
pub(super) const OF_NAMES: usize = 256;

/// What is left of the effort of a query. A unit is the time in which a byte of plain text is searched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Effort(Option<usize>);

impl Default for Effort {
    fn default() -> Self {
        Self(Some(MOST_EFFORT))
    }
}

impl Effort {
    /// No more than a hundredth, for tests.
    #[cfg(test)]
    pub(super) fn of_a_test() -> Self {
        Self(Some(MOST_EFFORT / 100))
    }

    /// Takes what something will need, before it is done. Nothing if there is not so much: from then on there is nothing at all.
    #[must_use]
    pub(super) fn spend(&mut self, units: usize) -> Option<()> {
        self.0 = self.0.and_then(|left| left.checked_sub(units));
        self.0.map(drop)
    }

    /// Whether more was asked for than there was.
    pub(super) fn is_spent(self) -> bool {
        self.0.is_none()
    }
}

/// What it takes to put a text into lower case and to look for something in it. Letters that are not plain ones take several times as long.
pub(super) fn of_text(text: &str) -> usize {
    text.len().saturating_mul(if text.is_ascii() { 1 } else { 4 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_is_spent() {
        let mut effort = Effort::default();
        assert!(effort.spend(MOST_EFFORT - 1).is_some() && effort.spend(1).is_some() && !effort.is_spent());
        assert!(effort.spend(1).is_none() && effort.is_spent());
        assert!(effort.spend(0).is_none(), "nothing goes on");
        assert_eq!((of_text("abc"), of_text("äb")), (3, 12));
    }
}
