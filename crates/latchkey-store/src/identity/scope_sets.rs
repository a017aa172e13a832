//! Apps ask for the same few sets of scopes again and again: each is read and kept once.

use std::sync::LazyLock;

use latchkey_identity::scope::ScopeSet;
use quick_cache::sync::Cache;

/// Sets at the most: some hundred bytes each.
const KNOWN: usize = 1_000;

/// A longer text is somebody's own, and not worth a place.
const LONGEST: usize = 1_024;

/// Reads canonical names separated by spaces. The same text brings the same set, which takes no memory of its own.
pub(super) fn scope_set(text: &str) -> ScopeSet {
    static SETS: LazyLock<Cache<Box<str>, ScopeSet>> = LazyLock::new(|| Cache::new(KNOWN));
    if text.len() > LONGEST {
        return ScopeSet::from_text(text);
    }
    SETS.get(text).unwrap_or_else(|| {
        let set = ScopeSet::from_text(text);
        SETS.insert(text.into(), set.clone());
        set
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_as_the_set_that_it_is_each_time() {
        for text in ["openid vso.work", "", "vso.work", "openid vso.work"] {
            assert_eq!(scope_set(text), ScopeSet::from_text(text));
        }
    }

    #[test]
    fn a_text_that_is_too_long_to_be_kept_is_read_all_the_same() {
        let text = (0..200).map(|number| format!("scope-{number}")).collect::<Vec<_>>().join(" ");
        assert_eq!(scope_set(&text).len(), 200);
    }
}
