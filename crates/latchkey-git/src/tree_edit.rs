//! The files of a commit that is being made: those of the commit before it, read as far as changes reach into them.

use std::collections::BTreeMap;

use gix::bstr::BString;
use gix::objs::Kind;
use gix::objs::tree::{Entry, EntryKind, EntryMode, EntryRef};

use crate::browse::Browse;
use crate::limits::{EDITED_ENTRY_BYTES, MADE_FOLDER_BYTES, MAX_DEPTH, MAX_EDITED_BYTES};
use crate::pack::Pack;
use crate::patience::Awaited;
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

impl Node {
    /// Whether there is nothing: git knows no empty folders, and one whose last file went is gone.
    fn is_nothing(&self) -> bool {
        match self {
            Self::File(..) | Self::Unread(_) => false,
            Self::Folder(folder) => folder.entries.values().all(Self::is_nothing),
        }
    }
}

#[derive(Default)]
struct Folder {
    entries: BTreeMap<BString, Node>,
    /// The object that it was read from, or last written as.
    kept: Option<gix::ObjectId>,
    /// Whether it may differ from that object.
    changed: bool,
    /// How many folders lay in each other below this one, at the deepest so far. Folders that are not read count as none: whatever is in
    /// them, they are written by their ids.
    height: usize,
}

struct Reader<'a> {
    browse: &'a Browse,
    /// How many more bytes may be taken.
    rest: usize,
    awaited: &'a Awaited,
}

impl<'a> TreeEdit<'a> {
    /// The files of a tree, or none; for as long as that is waited for.
    pub(crate) fn of(browse: &'a Browse, tree: Option<gix::ObjectId>, awaited: &'a Awaited) -> Result<Self, GitError> {
        let mut reader = Reader { browse, rest: MAX_EDITED_BYTES, awaited };
        let root = tree.map(|tree| reader.folder(tree)).transpose()?.unwrap_or_default();
        Ok(Self { reader, root })
    }

    /// Adds a file where there is nothing.
    pub(crate) fn add(&mut self, path: &str, content: gix::ObjectId) -> Result<(), GitError> {
        self.put(path, Node::File(EntryKind::Blob.into(), content))
    }

    /// Gives a file other content. What kind of file it is stays.
    pub(crate) fn edit(&mut self, path: &str, content: gix::ObjectId) -> Result<(), GitError> {
        let (folder, name) = self.folder_of(path, false, 0)?;
        match folder.entries.get_mut(&name) {
            Some(Node::File(mode, id)) if !mode.is_commit() => {
                *id = content;
                Ok(())
            }
            Some(node) if !node.is_nothing() => Err(impossible(path, "is not a file")),
            _ => Err(absent(path)),
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
        self.root.write(pack, self.reader.awaited)
    }

    fn put(&mut self, path: &str, node: Node) -> Result<(), GitError> {
        let below = match &node {
            Node::Folder(folder) => folder.height + 1,
            Node::File(..) | Node::Unread(_) => 0,
        };
        let (folder, name) = self.folder_of(path, true, below)?;
        if folder.entries.get(&name).is_some_and(|node| !node.is_nothing()) {
            return Err(impossible(path, "exists already"));
        }
        folder.entries.insert(name, node);
        Ok(())
    }

    fn take(&mut self, path: &str) -> Result<Node, GitError> {
        let (folder, name) = self.folder_of(path, false, 0)?;
        folder.entries.remove(&name).filter(|node| !node.is_nothing()).ok_or_else(|| absent(path))
    }

    /// The folder that a path is in, and its name there. `make`: folders that are missing on the way are made. `below`: how many folders
    /// lie in each other in what will have the name.
    fn folder_of(&mut self, path: &str, make: bool, below: usize) -> Result<(&mut Folder, BString), GitError> {
        let names = path::names(path)?;
        let (name, folders) = names.split_last().ok_or_else(|| absent(path))?;
        let mut height = folders.len() + below;
        if height >= MAX_DEPTH {
            return Err(impossible(path, "would lie too deep, or what it holds"));
        }
        self.reader.take(EDITED_ENTRY_BYTES + name.len())?;
        let mut here = &mut self.root;
        for name in folders {
            here.step(height);
            height -= 1;
            let name = BString::from(*name);
            if make && !here.entries.contains_key(&name) {
                self.reader.take(MADE_FOLDER_BYTES + name.len())?;
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
        here.step(height);
        Ok((here, BString::from(*name)))
    }
}

impl Folder {
    /// Notes that something in it is about to change, and that folders lie so deep in each other below it then.
    fn step(&mut self, height: usize) {
        self.changed = true;
        self.height = self.height.max(height);
    }

    /// Writes this folder if it is another one than before.
    fn write(&mut self, pack: &mut Pack, awaited: &Awaited) -> Result<gix::ObjectId, GitError> {
        if let Some(kept) = self.kept.filter(|_| !self.changed) {
            return Ok(kept);
        }
        awaited.check()?;
        for node in self.entries.values_mut() {
            if let Node::Folder(folder) = node {
                folder.write(pack, awaited)?;
            }
        }
        let mut entries: Vec<EntryRef<'_>> = self.entries.iter().filter_map(entry).collect();
        // Git orders folders as if their names ended with a slash.
        entries.sort_unstable();
        let mut data = Vec::new();
        for EntryRef { mode, filename, oid } in &entries {
            data.extend_from_slice(mode.as_bytes(&mut [0; 6]));
            data.push(b' ');
            data.extend_from_slice(filename);
            data.push(0);
            data.extend_from_slice(oid.as_bytes());
        }
        let id = pack.add_unless(Kind::Tree, &data, self.kept)?;
        (self.kept, self.changed) = (Some(id), false);
        Ok(id)
    }
}

/// What git writes of a node, when what is below it has been written. It knows no empty folders.
fn entry<'a>((name, node): (&'a BString, &'a Node)) -> Option<EntryRef<'a>> {
    let (mode, oid) = match node {
        Node::File(mode, id) => (*mode, id),
        Node::Unread(id) => (EntryKind::Tree.into(), id),
        Node::Folder(folder) => (EntryKind::Tree.into(), folder.kept.as_ref().filter(|id| !id.is_empty_tree())?),
    };
    Some(EntryRef { mode, filename: name.as_ref(), oid })
}

impl Reader<'_> {
    fn folder(&mut self, tree: gix::ObjectId) -> Result<Folder, GitError> {
        self.awaited.check()?;
        // An entry takes more than it has bytes.
        let found = self.browse.entries(tree, self.rest)?.ok_or(TOO_LARGE)?;
        self.take(
            EDITED_ENTRY_BYTES + found.iter().map(|entry| EDITED_ENTRY_BYTES + entry.filename.len()).sum::<usize>(),
        )?;
        let node = |entry: Entry| {
            let node = if entry.mode.is_tree() { Node::Unread(entry.oid) } else { Node::File(entry.mode, entry.oid) };
            (entry.filename, node)
        };
        let entries = found.into_iter().map(node).collect();
        Ok(Folder { entries, kept: Some(tree), ..Folder::default() })
    }

    fn take(&mut self, bytes: usize) -> Result<(), GitError> {
        self.rest = self.rest.checked_sub(bytes).ok_or(TOO_LARGE)?;
        Ok(())
    }
}

const TOO_LARGE: GitError =
    GitError::TooLarge("the folders that this changes hold more than fits into one request, use git");

fn absent(path: &str) -> GitError {
    impossible(path, "does not exist")
}

fn impossible(path: &str, why: &str) -> GitError {
    GitError::Impossible(format!("the path /{path} {why}"))
}
