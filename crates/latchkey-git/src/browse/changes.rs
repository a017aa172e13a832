//! What differs between two commits.

use std::collections::{BTreeMap, HashMap, VecDeque};

use gix::bstr::{BString, ByteSlice};
use gix::objs::tree::EntryMode;

use super::{Browse, BrowseError, Commit, ItemKind, from_gix, items, to_gix};
use crate::ObjectId;
use crate::limits::{MAX_COMPARED, MAX_DEPTH, MAX_LISTED, MAX_PATH_BYTES};

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
    /// The object that an edited file had before.
    pub before: Option<ObjectId>,
}

/// The changed files, by path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changes {
    /// The files. Folders are not listed, and a renamed file is a deleted and an added one.
    pub changes: Vec<Change>,
    /// Whether these are all; a list ends at [`MAX_LISTED`], at [`MAX_PATH_BYTES`], and where [`MAX_COMPARED`] entries were compared.
    pub complete: bool,
}

impl Changes {
    /// Which files moved: for the index of an added file the index of the deleted one that had the same content and was the same kind of
    /// file. Each deleted file is matched once, and empty files never are.
    pub fn moved(&self) -> BTreeMap<usize, usize> {
        let mut gone: HashMap<(ObjectId, ItemKind), VecDeque<usize>> = HashMap::new();
        let of = |kind: ChangeKind| {
            self.changes.iter().enumerate().filter(move |(_, one)| one.kind == kind && one.id != EMPTY_FILE)
        };
        for (place, one) in of(ChangeKind::Delete) {
            gone.entry((one.id, one.item)).or_default().push_back(place);
        }
        let from = |(place, one): (usize, &Change)| Some((place, gone.get_mut(&(one.id, one.item))?.pop_front()?));
        of(ChangeKind::Add).filter_map(from).collect()
    }
}

/// The object of a file with nothing in it.
const EMPTY_FILE: ObjectId = ObjectId::from_bytes([
    0xe6, 0x9d, 0xe2, 0x9b, 0xb2, 0xd1, 0xd6, 0x43, 0x4b, 0x8b, 0x29, 0xae, 0x77, 0x5a, 0xd8, 0xc2, 0xe4, 0x8c, 0x53,
    0x91,
]);

/// Changes as they are found.
struct Found {
    changes: Changes,
    /// How many entries of folders may still be compared.
    rest: usize,
    /// The path of the folder that is compared.
    folder: String,
    /// How many bytes of paths may still be kept.
    paths: usize,
}

impl Found {
    /// Ends the list here.
    fn end(&mut self) {
        (self.rest, self.paths, self.changes.complete) = (0, 0, false);
    }
}

/// A name counts as one more entry to compare for each of this many bytes.
const NAME_BYTES: usize = 64;

type Entry = (EntryMode, gix::ObjectId);

impl Browse {
    /// What a commit changed, compared with its first parent; for the first commit, everything in it.
    pub fn changes(&self, commit: &Commit) -> Result<Changes, BrowseError> {
        self.changes_between(commit.parents.first().copied(), commit.id)
    }

    /// What differs from one commit, or from nothing, to another.
    pub fn changes_between(&self, from: Option<ObjectId>, to: ObjectId) -> Result<Changes, BrowseError> {
        let tree = |id: ObjectId| Ok::<_, BrowseError>(self.repo.find_commit(to_gix(id))?.tree_id()?.detach());
        let changes = Changes { changes: Vec::new(), complete: true };
        let mut found = Found { changes, rest: MAX_COMPARED, folder: String::new(), paths: MAX_PATH_BYTES };
        self.compare(from.map(tree).transpose()?, Some(tree(to)?), 0, &mut found)?;
        Ok(found.changes)
    }

    fn compare(
        &self,
        old: Option<gix::ObjectId>,
        new: Option<gix::ObjectId>,
        depth: usize,
        found: &mut Found,
    ) -> Result<(), BrowseError> {
        if old == new {
            return Ok(());
        }
        if depth > MAX_DEPTH || found.rest == 0 {
            found.changes.complete = false;
            return Ok(());
        }
        let mut names: BTreeMap<BString, (Option<Entry>, Option<Entry>)> = BTreeMap::new();
        // A folder takes as long to read as some of its entries, and counts even if it is empty: folders can hold each other without end.
        found.rest = found.rest.saturating_sub(10);
        self.each_entry(old, found, |name, entry| names.entry(name).or_default().0 = Some(entry))?;
        self.each_entry(new, found, |name, entry| names.entry(name).or_default().1 = Some(entry))?;
        for (name, (old, new)) in names {
            if old == new {
                continue;
            }
            if found.paths == 0 {
                return Ok(());
            }
            let (old_folder, old_file) = apart(old);
            let (new_folder, new_file) = apart(new);
            let (kind, file) = match (old_file, new_file) {
                (None, Some(new)) => (ChangeKind::Add, Some(new)),
                (Some(_), Some(new)) => (ChangeKind::Edit, Some(new)),
                (old, None) => (ChangeKind::Delete, old),
            };
            if let Some((mode, id)) = file {
                let path = format!("{}/{}", found.folder, name.to_str_lossy());
                found.paths = found.paths.saturating_sub(path.len());
                if found.changes.changes.len() >= MAX_LISTED || found.paths == 0 {
                    found.end();
                    return Ok(());
                }
                let item = items::kind(mode.kind());
                let before = old_file.filter(|_| kind == ChangeKind::Edit).map(|(_, id)| from_gix(&id));
                found.changes.changes.push(Change { path, kind, item, id: from_gix(&id), before });
            }
            if old_folder.is_some() || new_folder.is_some() {
                let above = found.folder.len();
                found.folder.push('/');
                found.folder.push_str(&name.to_str_lossy());
                self.compare(old_folder, new_folder, depth + 1, found)?;
                found.folder.truncate(above);
            }
        }
        Ok(())
    }

    /// What is in a folder, as far as it may still be compared.
    fn each_entry(
        &self,
        tree: Option<gix::ObjectId>,
        found: &mut Found,
        mut tell: impl FnMut(BString, Entry),
    ) -> Result<(), BrowseError> {
        let Some(id) = tree else { return Ok(()) };
        let tree = self.repo.find_tree(id)?;
        for entry in gix::objs::TreeRefIter::from_bytes(&tree.data, id.kind()) {
            let entry = entry?;
            let Some(rest) = found.rest.checked_sub(1 + entry.filename.len() / NAME_BYTES) else {
                found.end();
                return Ok(());
            };
            found.rest = rest;
            tell(entry.filename.to_owned(), (entry.mode, entry.oid.to_owned()));
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
