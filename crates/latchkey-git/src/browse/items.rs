//! Files and folders.

use gix::bstr::ByteSlice;
use gix::objs::tree::{Entry, EntryKind};

use super::{Browse, BrowseError, Version, from_gix, to_gix};
use crate::ObjectId;
use crate::limits::{MAX_CONTENT_BYTES, MAX_DEPTH, MAX_LISTED, MAX_PATH_BYTES};

/// What an item is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ItemKind {
    /// A folder.
    Folder,
    /// A file.
    File,
    /// A file that may be run.
    Executable,
    /// A symbolic link: its content is where it leads.
    Link,
    /// A commit of another repository.
    Submodule,
}

/// A file or folder at one commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// The path, from the root: `/src/main.rs`; the root is `/`.
    pub path: String,
    /// What it is.
    pub kind: ItemKind,
    /// The name of its object.
    pub id: ObjectId,
    /// The commit at which it was looked at.
    pub commit: ObjectId,
}

/// How far below a folder a listing goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recursion {
    /// The item itself.
    None,
    /// What is in it.
    OneLevel,
    /// What is in it, and below folders that hold nothing but one folder.
    OneLevelPlusNestedEmptyFolders,
    /// Everything.
    Full,
}

/// A listing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Items {
    /// The items: the scope first, then what is below it, each folder before what it holds.
    pub items: Vec<Item>,
    /// Whether these are all; a listing ends at [`MAX_LISTED`], and at [`MAX_PATH_BYTES`].
    pub complete: bool,
}

impl Browse {
    /// The file or folder at a path.
    pub fn item(&self, version: &Version, path: &str) -> Result<Item, BrowseError> {
        let commit = self.resolve(version)?;
        let root = self.repo.find_commit(to_gix(commit))?.tree()?;
        let names = names(path);
        if names.is_empty() {
            return Ok(Item { path: "/".to_owned(), kind: ItemKind::Folder, id: from_gix(&root.id), commit });
        }
        let path = format!("/{}", names.join("/"));
        match root.lookup_entry(names.iter().map(|name| name.as_bytes()))? {
            Some(entry) => Ok(Item { path, kind: kind(entry.mode().kind()), id: from_gix(entry.oid()), commit }),
            None => Err(BrowseError::PathNotFound { path, version: version.to_string() }),
        }
    }

    /// How large a file is.
    pub fn size(&self, item: &Item) -> Result<u64, BrowseError> {
        match item.kind {
            ItemKind::Folder | ItemKind::Submodule => Err(BrowseError::NotAFile(item.path.clone())),
            ItemKind::File | ItemKind::Executable | ItemKind::Link => {
                Ok(self.repo.find_header(to_gix(item.id))?.size())
            }
        }
    }

    /// What is in a file. Its size is looked at first: see [`MAX_CONTENT_BYTES`].
    pub fn content(&self, item: &Item) -> Result<Vec<u8>, BrowseError> {
        if self.size(item)? > MAX_CONTENT_BYTES {
            return Err(BrowseError::TooLarge);
        }
        Ok(self.repo.find_blob(to_gix(item.id))?.take_data())
    }

    /// What is at and below a path.
    pub fn items(&self, version: &Version, scope: &str, recursion: Recursion) -> Result<Items, BrowseError> {
        let scope = self.item(version, scope)?;
        let mut listing = Items { items: vec![scope.clone()], complete: true };
        if scope.kind == ItemKind::Folder && recursion != Recursion::None {
            let mut rest = MAX_PATH_BYTES;
            self.list(&scope, recursion, 0, &mut rest, &mut listing)?;
        }
        Ok(listing)
    }

    /// The root folder of a commit.
    pub(crate) fn root(&self, commit: ObjectId) -> Result<gix::ObjectId, BrowseError> {
        Ok(self.repo.find_commit(to_gix(commit))?.tree_id()?.detach())
    }

    /// What is in a folder, as git keeps it; nothing if that takes more bytes than `most`.
    pub(crate) fn entries(&self, folder: gix::ObjectId, most: usize) -> Result<Option<Vec<Entry>>, BrowseError> {
        if self.repo.find_header(folder)?.size() > most as u64 {
            return Ok(None);
        }
        Ok(Some(self.repo.find_tree(folder)?.decode()?.to_owned().entries))
    }

    /// Lists what is in a folder, and below it. `rest`: how many bytes of names and paths may still be kept.
    fn list(
        &self,
        folder: &Item,
        recursion: Recursion,
        depth: usize,
        rest: &mut usize,
        listing: &mut Items,
    ) -> Result<(), BrowseError> {
        let tree = self.repo.find_tree(to_gix(folder.id))?;
        let most = MAX_LISTED.saturating_sub(listing.items.len()) + 1;
        let mut children = Vec::new();
        for entry in gix::objs::TreeRefIter::from_bytes(&tree.data, tree.id.kind()).take(most) {
            let entry = entry?;
            let Some(left) = rest.checked_sub(CHILD_BYTES + entry.filename.len()) else {
                listing.complete = false;
                break;
            };
            *rest = left;
            children.push((entry.filename.to_owned(), entry.mode, entry.oid.to_owned()));
        }
        // The folders below are read one after the other, each while those above it are in memory.
        drop(tree);
        let only_child = children.len() == 1;
        for (name, mode, id) in children {
            if listing.items.len() >= MAX_LISTED || depth > MAX_DEPTH {
                listing.complete = false;
                return Ok(());
            }
            let kind = kind(mode.kind());
            // Below the first level only chains of folders are followed.
            if depth > 0 && recursion != Recursion::Full && (!only_child || kind != ItemKind::Folder) {
                return Ok(());
            }
            let parent = folder.path.trim_end_matches('/');
            let Some(left) = rest.checked_sub(parent.len() + 1 + name.len()) else {
                (*rest, listing.complete) = (0, false);
                return Ok(());
            };
            *rest = left;
            let path = format!("{parent}/{}", name.to_str_lossy());
            let child = Item { path, kind, id: from_gix(&id), commit: folder.commit };
            listing.items.push(child.clone());
            if child.kind == ItemKind::Folder && recursion != Recursion::OneLevel {
                self.list(&child, recursion, depth + 1, rest, listing)?;
            }
        }
        Ok(())
    }
}

/// What an entry of a folder takes beside its name while the folders below it are read.
const CHILD_BYTES: usize = 64;

/// The names that a path is made of: nothing in it is special, `..` is a name that no folder has.
pub(super) fn names(path: &str) -> Vec<&str> {
    path.split('/').filter(|name| !name.is_empty()).collect()
}

pub(super) fn kind(kind: EntryKind) -> ItemKind {
    match kind {
        EntryKind::Tree => ItemKind::Folder,
        EntryKind::Blob => ItemKind::File,
        EntryKind::BlobExecutable => ItemKind::Executable,
        EntryKind::Link => ItemKind::Link,
        EntryKind::Commit => ItemKind::Submodule,
    }
}
