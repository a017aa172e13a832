//! Names of references, and which of them nobody outside sees.

use std::fmt;

use gix::bstr::ByteSlice;

use crate::GitError;
use crate::limits::MAX_REF_NAME_BYTES;

/// References below this are the server's own: they are neither shown, fetched nor pushed.
pub const HIDDEN: &str = "refs/internal";

/// The full name of a reference that people may see: `refs/heads/main`. Checked by git's own rules, so that it can be no path
/// out of its folder, no option and no lock file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RefName(String);

impl RefName {
    /// The reference with this full name, or why there can be none.
    pub fn new(name: &str) -> Result<Self, GitError> {
        let refuse = |why| Err(GitError::InvalidName(format!("{name:?} {why}")));
        if !name.starts_with("refs/") {
            return refuse("is not the full name of a reference: it does not start with refs/");
        }
        if name.len() > MAX_REF_NAME_BYTES {
            return refuse("is too long for the name of a reference");
        }
        if is_hidden(name) {
            return refuse("is reserved for the server");
        }
        if gix::validate::reference::name(name.as_bytes().as_bstr()).is_err() {
            return refuse("is not a valid name of a reference");
        }
        Ok(Self(name.to_owned()))
    }

    /// The branch of this name: `main` is `refs/heads/main`.
    pub fn branch(name: &str) -> Result<Self, GitError> {
        if name.starts_with('-') || name == "HEAD" {
            return Err(GitError::InvalidName(format!("{name:?} is not a valid name of a branch")));
        }
        Self::new(&format!("refs/heads/{name}"))
    }

    /// The tag of this name: `v1` is `refs/tags/v1`.
    pub fn tag(name: &str) -> Result<Self, GitError> {
        Self::new(&format!("refs/tags/{name}"))
    }

    /// The full name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The branch's own name, if this is a branch.
    pub fn as_branch(&self) -> Option<&str> {
        self.0.strip_prefix("refs/heads/")
    }
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a reference is the server's own.
pub(crate) fn is_hidden(name: &str) -> bool {
    name.strip_prefix(HIDDEN).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_leave_their_folder_or_look_like_something_else_are_refused() {
        for wrong in [
            "main",
            "HEAD",
            "refs/../config",
            "refs/heads/../../config",
            "refs/heads/./x",
            "refs/heads/.x",
            "refs/heads/x.lock",
            "refs/heads/x.lock/y",
            "refs/heads//x",
            "refs/heads/",
            "/refs/heads/x",
            "refs/heads/x y",
            "refs/heads/x\0y",
            "refs/heads/x\ny",
            "refs/heads/x~1",
            "refs/heads/x^",
            "refs/heads/x:y",
            "refs/heads/x?",
            "refs/heads/x*",
            "refs/heads/[x",
            "refs/heads/x\\y",
            "refs/heads/x@{1}",
            "refs/internal",
            "refs/internal/1/merge",
            &format!("refs/heads/{}", "x".repeat(250)),
        ] {
            assert!(RefName::new(wrong).is_err(), "{wrong}");
        }
        assert!(RefName::branch("--upload-pack=x").is_err());
    }

    #[test]
    fn ordinary_names_are_names() {
        for name in
            ["refs/heads/main", "refs/heads/feature/ünï-code", "refs/tags/v1.0", "refs/notes/x", "refs/internals/x"]
        {
            assert_eq!(RefName::new(name).unwrap().as_str(), name);
        }
        assert_eq!(RefName::branch("a/b").unwrap().as_branch(), Some("a/b"));
    }
}
