//! Items: files and folders of a repository at a version.

use serde_json::Value;

use crate::word::words;

words! {
    /// What kind of object an item is.
    ObjectType {
        /// A commit.
        Commit "commit" = 1,
        /// A folder.
        Tree "tree" = 2,
        /// A file.
        Blob "blob" = 3,
        /// An annotated tag.
        Tag "tag" = 4,
    }
}

words! {
    /// How far below a folder a list of items goes.
    Recursion {
        /// Not at all.
        None "none" = 0,
        /// What is directly in it.
        OneLevel "oneLevel" = 1,
        /// What is directly in it, and through folders that hold nothing but one folder.
        OneLevelPlusNestedEmptyFolders "oneLevelPlusNestedEmptyFolders" = 4,
        /// Everything.
        Full "full" = 120,
    }
}

words! {
    /// What the name of a version names.
    VersionType {
        /// A branch.
        Branch "branch" = 0,
        /// A tag.
        Tag "tag" = 1,
        /// A commit.
        Commit "commit" = 2,
    }
}

/// A file or folder of a repository at a version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Where it is, from the root on, beginning with `/`.
    pub path: String,
    /// Its object id.
    pub object_id: String,
    /// What kind of object it is.
    pub kind: ObjectType,
    /// Whether it points to another.
    pub symlink: bool,
    /// The commit it was read at.
    pub commit_id: String,
    /// What it holds, if that was asked for and is text.
    pub content: Option<String>,
}

/// A version of a repository as a request names it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Version {
    /// The name of a branch, a tag or a commit; none means the default branch.
    pub name: Option<String>,
    /// What the name names; a branch unless it says otherwise.
    pub kind: Option<VersionType>,
}

impl Version {
    /// What the name names.
    pub fn kind(&self) -> VersionType {
        self.kind.unwrap_or(VersionType::Branch)
    }

    /// Reads a version from JSON, as batch requests carry it.
    pub fn read(value: &Value) -> Self {
        let name = value.get("version").and_then(Value::as_str).map(str::to_owned);
        Self { name, kind: value.get("versionType").and_then(VersionType::read) }
    }
}
