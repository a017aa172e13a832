//! Changes: what a commit did to a file, or is to do.

use crate::item::ObjectType;
use crate::word::words;

words! {
    /// What was done to a file. The numbers are sets of bits.
    ChangeType {
        /// It is new.
        Add "add" = 1,
        /// It has other content.
        Edit "edit" = 2,
        /// It was elsewhere.
        Rename "rename" = 8,
        /// It was elsewhere, and has other content.
        EditRename "edit, rename" = 10,
        /// It is gone.
        Delete "delete" = 16,
        /// It is elsewhere now.
        DeleteSourceRename "delete, sourceRename" = 1040,
    }
}

/// What was done to a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// What was done.
    pub change: ChangeType,
    /// Where the file is, or was, from the root on, beginning with `/`.
    pub path: String,
    /// Where it was, if it is elsewhere now.
    pub from: Option<String>,
    /// What kind of object it is.
    pub kind: ObjectType,
    /// The object id that it has now.
    pub object_id: Option<String>,
    /// The object id that it had before.
    pub original_object_id: Option<String>,
    /// A commit in which it is: for one that is gone, a commit before.
    pub commit_id: String,
}

/// The changes between two commits, or a part of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changes {
    /// Those of this part.
    pub part: Vec<Change>,
    /// How many files were changed in which way, in all parts together.
    pub counts: Counts,
    /// Whether this part has the last of them.
    pub complete: bool,
}

/// How many files were changed in which way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// New files.
    pub added: usize,
    /// Files with other content.
    pub edited: usize,
    /// Files that are gone.
    pub deleted: usize,
    /// Files that are elsewhere.
    pub renamed: usize,
}

impl Changes {
    /// `top` of all changes, after the first `skip`. `tell` describes the one at an index. `complete`: whether `all` are really all of them.
    pub fn part(
        all: &[ChangeType],
        skip: usize,
        top: usize,
        complete: bool,
        tell: impl Fn(usize) -> Option<Change>,
    ) -> Self {
        let counts = all.iter().fold(Counts::default(), Counts::with);
        let complete = complete && all.len() <= skip.saturating_add(top);
        Self { part: (0..all.len()).skip(skip).take(top).filter_map(tell).collect(), counts, complete }
    }
}

impl Counts {
    fn with(mut self, change: &ChangeType) -> Self {
        match change {
            ChangeType::Add => self.added += 1,
            ChangeType::Edit => self.edited += 1,
            ChangeType::Delete => self.deleted += 1,
            ChangeType::Rename | ChangeType::EditRename => self.renamed += 1,
            // It is counted where it is now.
            ChangeType::DeleteSourceRename => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_change(change: ChangeType) -> Change {
        Change {
            change,
            path: "/a".to_owned(),
            from: None,
            kind: ObjectType::Blob,
            object_id: None,
            original_object_id: None,
            commit_id: String::new(),
        }
    }

    #[test]
    fn a_part_counts_all_changes_and_a_renamed_file_once() {
        let part = |skip, top, complete| {
            let told = std::cell::Cell::new(0);
            let tell = |place: usize| {
                told.set(told.get() + 1);
                Some(a_change(ChangeType::ALL[place]))
            };
            let part = Changes::part(ChangeType::ALL, skip, top, complete, tell);
            assert_eq!(told.get(), part.part.len(), "nothing else is told");
            part
        };
        let some = part(1, 2, true);
        assert_eq!((some.part.len(), some.complete), (2, false));
        assert_eq!(some.counts, Counts { added: 1, edited: 1, deleted: 1, renamed: 2 });
        assert!(part(4, 2, true).complete);
        assert!(!part(4, 2, false).complete);
        assert!(part(9, usize::MAX, true).part.is_empty());
    }
}
