//! The files of a commit that is being made: those of the commit before it, read as far as changes reach into them.

use std::collections::BTreeMap;

use gix::bstr::BString;
use gix::objs::Kind;
use gix::objs::tree::{Entry, EntryKind, EntryMode};

use crate::browse::Browse;
use crate::limits::MAX_EDITED;
use crate::pack::Pack;
use crate::{GitError, path};

/// A root folder as it is being changed.
pub(crate) struct TreeEdit<'a> {
    reader: Reader<'a>,
    root: Folder,
}

/// What is in a folder.
enum Node {
    File(EntryMode, gix::ObjectId),
    Unread(gix::ObjectId),
    Folder(Folder),
}

#[derive(Default)]
struct Folder {
    entries: BTreeMap<BString, Node>,
    /// The object that is known to hold this, or something before it.
    kept: Option<gix::ObjectId>,
}

struct Reader<'a> {
    browse: &'a Browse,
    /// How many more entries may be read.
    rest: usize,
}

impl<'a> TreeEdit<'a> {
    /// The files of a tree, or none.
    pub(crate) fn of(browse: &'a Browse, tree: Option<gix::ObjectId>) -> Result<Self, GitError> {
        let mut reader = Reader { browse, rest: MAX_EDITED };
        let root = tree.map(|tree| reader.folder(tree)).transpose()?.unwrap_or_default();
        Ok(Self { reader, root })
    }

    /// Adds a file where there is nothing.
    pub(crate) fn add(&mut self, path: &str, content: gix::ObjectId) -> Result<(), GitError> {
        self.put(path, Node::File(EntryKind::Blob.into(), content))
    }

    /// Gives a file other content. What kind of file it is stays.
    pub(crate) fn edit(&mut self, path: &str, content: gix::ObjectId) -> Result<(), GitError> {
        let (folder, name) = self.folder_of(path, false)?;
        match folder.entries.get_mut(&name) {
            Some(Node::File(mode, id)) if !mode.is_commit() => {
                *id = content;
                Ok(())
            }
            Some(_) => Err(impossible(path, "is not a file")),
            None => Err(absent(path)),
        }
    }

    /// Removes a file, or a folder with everything in it.
    pub(crate) fn delete(&mut self, path: &str) -> Result<(), GitError> {
        self.take(path).map(drop)
    }

    /// Puts a file or folder elsewhere, where there is nothing.
    pub(crate) fn rename(&mut self, from: &str, to: &str) -> Result<(), GitError> {
        let moved = self.take(from)?;
        self.put(to, moved)
    }

    /// Writes what has changed, and tells the name of the tree.
    pub(crate) fn write(&mut self, pack: &mut Pack) -> Result<gix::ObjectId, GitError> {
        self.root.write(pack).map(|(tree, _)| tree)
    }

    fn put(&mut self, path: &str, node: Node) -> Result<(), GitError> {
        let (folder, name) = self.folder_of(path, true)?;
        if folder.entries.contains_key(&name) {
            return Err(impossible(path, "exists already"));
        }
        folder.entries.insert(name, node);
        Ok(())
    }

    fn take(&mut self, path: &str) -> Result<Node, GitError> {
        let (folder, name) = self.folder_of(path, false)?;
        folder.entries.remove(&name).ok_or_else(|| absent(path))
    }

    /// The folder that a path is in, and its name there. `make`: folders that are missing on the way are made.
    fn folder_of(&mut self, path: &str, make: bool) -> Result<(&mut Folder, BString), GitError> {
        let names = path::names(path)?;
        let (name, folders) = names.split_last().ok_or_else(|| absent(path))?;
        let mut here = &mut self.root;
        for name in folders {
            let name = BString::from(*name);
            if make && !here.entries.contains_key(&name) {
                here.entries.insert(name.clone(), Node::Folder(Folder::default()));
            }
            let node = here.entries.get_mut(&name).ok_or_else(|| absent(path))?;
            if let Node::Unread(id) = node {
                *node = Node::Folder(self.reader.folder(*id)?);
            }
            here = match node {
                Node::Folder(folder) => folder,
                Node::File(..) | Node::Unread(_) => return Err(impossible(path, "leads through a file")),
            };
        }
        Ok((here, BString::from(*name)))
    }
}

impl Folder {
    /// Writes this folder if it is another one than before. Also tells whether there is anything in it: git knows no empty folders.
    fn write(&mut self, pack: &mut Pack) -> Result<(gix::ObjectId, bool), GitError> {
        let mut entries = Vec::with_capacity(self.entries.len());
        for (name, node) in &mut self.entries {
            let (mode, oid) = match node {
                Node::File(mode, id) => (*mode, *id),
                Node::Unread(id) => (EntryKind::Tree.into(), *id),
                Node::Folder(folder) => match folder.write(pack)? {
                    (id, true) => (EntryKind::Tree.into(), id),
                    (_, false) => continue,
                },
            };
            entries.push(Entry { mode, filename: name.clone(), oid });
        }
        // Git orders folders as if their names ended with a slash.
        entries.sort_unstable();
        let mut data = Vec::new();
        for Entry { mode, filename, oid } in &entries {
            data.extend_from_slice(mode.as_bytes(&mut [0; 6]));
            data.push(b' ');
            data.extend_from_slice(filename);
            data.push(0);
            data.extend_from_slice(oid.as_slice());
        }
        let mut id = crate::pack::hash(Kind::Tree, &data)?;
        let has_entries = !entries.is_empty();
        if self.kept != Some(id) {
            id = pack.add(Kind::Tree, &data)?;
            self.kept = Some(id);
        }
        Ok((id, has_entries))
    }
}

impl Reader<'_> {
    fn folder(&mut self, tree: gix::ObjectId) -> Result<Folder, GitError> {
        let found = self.browse.entries(tree)?;
        let too_large =
            GitError::TooLarge("the folders that this changes hold more than fits into one request, use git");
        self.rest = self.rest.checked_sub(found.len() + 1).ok_or(too_large)?;
        let node = |entry: Entry| {
            let node = if entry.mode.is_tree() { Node::Unread(entry.oid) } else { Node::File(entry.mode, entry.oid) };
            (entry.filename, node)
        };
        Ok(Folder { entries: found.into_iter().map(node).collect(), kept: Some(tree) })
    }
}

fn absent(path: &str) -> GitError {
    impossible(path, "does not exist")
}

fn impossible(path: &str, why: &str) -> GitError {
    GitError::Impossible(format!("the path /{path} {why}"))
}
