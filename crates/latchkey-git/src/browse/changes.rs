//! What differs between two commits.

use std::collections::BTreeMap;

use gix::bstr::{BString, ByteSlice};
use gix::objs::tree::EntryMode;

use super::{Browse, BrowseError, Commit, ItemKind, from_gix, items, to_gix};
use crate::ObjectId;
use crate::limits::{MAX_DEPTH, MAX_LISTED};

/// What happened to a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChangeKind {
    /// It is new.
    Add,
    /// It has other content, or is another kind of file.
    Edit,
    /// It is gone.
    Delete,
}

/// A changed file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The path, from the root: `/src/main.rs`.
    pub path: String,
    /// What happened to it.
    pub kind: ChangeKind,
    /// What it is, or was.
    pub item: ItemKind,
    /// Its object; for a deleted file the one it had.
    pub id: ObjectId,
}

/// The changed files, by path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changes {
    /// The files. Folders are not listed, and a renamed file is a deleted and an added one.
    pub changes: Vec<Change>,
    /// Whether these are all; a list ends at [`MAX_LISTED`].
    pub complete: bool,
}

type Entry = (EntryMode, gix::ObjectId);

impl Browse {
    /// What a commit changed, compared with its first parent; for the first commit, everything in it.
    pub fn changes(&self, commit: &Commit) -> Result<Changes, BrowseError> {
        match commit.parents.first() {
            Some(parent) => self.changes_between(Some(*parent), commit.id),
            None => self.changes_between(None, commit.id),
        }
    }

    /// What differs from one commit, or from nothing, to another.
    pub fn changes_between(&self, from: Option<ObjectId>, to: ObjectId) -> Result<Changes, BrowseError> {
        let tree = |id: ObjectId| Ok::<_, BrowseError>(self.repo.find_commit(to_gix(id))?.tree_id()?.detach());
        let mut found = Changes { changes: Vec::new(), complete: true };
        self.compare(from.map(tree).transpose()?, Some(tree(to)?), "", 0, &mut found)?;
        Ok(found)
    }

    fn compare(
        &self,
        old: Option<gix::ObjectId>,
        new: Option<gix::ObjectId>,
        folder: &str,
        depth: usize,
        found: &mut Changes,
    ) -> Result<(), BrowseError> {
        if old == new {
            return Ok(());
        }
        if depth > MAX_DEPTH {
            found.complete = false;
            return Ok(());
        }
        let mut names: BTreeMap<BString, (Option<Entry>, Option<Entry>)> = BTreeMap::new();
        self.each_entry(old, |name, entry| names.entry(name).or_default().0 = Some(entry))?;
        self.each_entry(new, |name, entry| names.entry(name).or_default().1 = Some(entry))?;
        for (name, (old, new)) in names {
            if old == new {
                continue;
            }
            let path = format!("{folder}/{}", name.to_str_lossy());
            let (old_folder, old_file) = apart(old);
            let (new_folder, new_file) = apart(new);
            let (kind, file) = match (old_file, new_file) {
                (None, Some(new)) => (ChangeKind::Add, Some(new)),
                (Some(_), Some(new)) => (ChangeKind::Edit, Some(new)),
                (old, None) => (ChangeKind::Delete, old),
            };
            if let Some((mode, id)) = file {
                if found.changes.len() >= MAX_LISTED {
                    found.complete = false;
                    return Ok(());
                }
                let item = items::kind(mode.kind());
                found.changes.push(Change { path: path.clone(), kind, item, id: from_gix(&id) });
            }
            self.compare(old_folder, new_folder, &path, depth + 1, found)?;
        }
        Ok(())
    }

    fn each_entry(&self, tree: Option<gix::ObjectId>, mut tell: impl FnMut(BString, Entry)) -> Result<(), BrowseError> {
        if let Some(id) = tree {
            for entry in self.repo.find_tree(id)?.decode()?.entries {
                tell(entry.filename.to_owned(), (entry.mode, entry.oid.to_owned()));
            }
        }
        Ok(())
    }
}

/// An entry as the folder or the file that it is.
fn apart(entry: Option<Entry>) -> (Option<gix::ObjectId>, Option<Entry>) {
    match entry {
        Some((mode, id)) if mode.is_tree() => (Some(id), None),
        file => (None, file),
    }
}
