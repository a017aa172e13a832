//! Names of references: which there can be, which people may move, and which nobody outside sees.

use std::fmt;

use gix::bstr::ByteSlice;

use crate::limits::MAX_REF_NAME_BYTES;
use crate::{GitError, ObjectId};

/// References below this are the server's own: they are neither shown, fetched nor pushed.
pub(crate) const HIDDEN: &str = "refs/internal";

/// References below this are seen by everybody and written by the server: those of pull requests.
const PULL_REQUESTS: &str = "refs/pull/";

/// Below these people move references: branches, tags, notes, and what `git push --mirror` brings along from an ordinary clone.
const OPEN: [&str; 4] = ["refs/heads/", "refs/tags/", "refs/notes/", "refs/remotes/"];

/// The full name of a reference that people may see: `refs/heads/main`. Checked by git's own rules, so that it can be no path
/// out of its folder, no option and no lock file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RefName(String);

impl RefName {
    /// The reference with this full name, or why there can be none.
    pub fn new(name: &str) -> Result<Self, GitError> {
        if !name.starts_with("refs/") {
            return refuse(name, "is not the full name of a reference: it does not start with refs/");
        }
        if name.len() > MAX_REF_NAME_BYTES {
            return refuse(name, "is too long for the name of a reference");
        }
        if is_hidden(name) {
            return refuse(name, "is reserved for the server");
        }
        if gix::validate::reference::name(name.as_bytes().as_bstr()).is_err() {
            return refuse(name, "is not a valid name of a reference");
        }
        Ok(Self(name.to_owned()))
    }

    /// The reference with this full name, for somebody who wants to make it or move it; or why nobody may.
    pub fn to_move(name: &str) -> Result<Self, GitError> {
        let reference = Self::to_remove(name)?;
        let Some(rest) = OPEN.iter().find_map(|open| name.strip_prefix(open)) else {
            return refuse(
                name,
                "is none that can be pushed: only refs/heads, refs/tags, refs/notes and refs/remotes can",
            );
        };
        // Where a command expects a branch or a tag it would take these for something else.
        if !(reference.is_branch() || name.starts_with("refs/tags/")) {
            return Ok(reference);
        }
        if rest == "HEAD" || rest.starts_with('-') {
            return refuse(name, "is not a valid name of a branch or a tag");
        }
        if ObjectId::from_hex(rest.as_bytes()).is_some() {
            return refuse(name, "is named like an object id, and would be mistaken for one");
        }
        Ok(reference)
    }

    /// The reference with this full name, for somebody who wants it gone; or why nobody may. There may be names from before
    /// that nobody could give today.
    pub fn to_remove(name: &str) -> Result<Self, GitError> {
        let reference = Self::new(name)?;
        if name.starts_with(PULL_REQUESTS) {
            return refuse(name, "cannot be pushed: the server alone writes below refs/pull");
        }
        Ok(reference)
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

    /// Whether this is a branch.
    pub(crate) fn is_branch(&self) -> bool {
        self.0.starts_with("refs/heads/")
    }
}

fn refuse<T>(name: &str, why: &str) -> Result<T, GitError> {
    Err(GitError::InvalidName(format!("{name:?} {why}")))
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
    fn people_move_branches_tags_notes_and_mirrored_remotes_and_nothing_else() {
        for name in ["refs/heads/a/HEAD", "refs/tags/v1", "refs/notes/commits", "refs/remotes/origin/HEAD"] {
            assert_eq!(RefName::to_move(name).unwrap().as_str(), name);
        }
        let id = "00ff10a94a8fe5ccb19ba61c4c0873d391e98798";
        let (branch, tag) = (format!("refs/heads/{id}"), format!("refs/tags/{id}"));
        let odd = [
            "refs/heads/HEAD",
            "refs/tags/HEAD",
            "refs/heads/-d",
            "refs/replace/x",
            "refs/stash",
            "refs/x/y",
            &branch,
            &tag,
        ];
        for name in odd {
            assert!(RefName::to_move(name).is_err(), "{name}");
            assert!(RefName::to_remove(name).is_ok(), "{name} may be there from before");
        }
        for name in ["refs/pull/1/head", "refs/pull/1/merge", "refs/internal/x"] {
            assert!(RefName::to_move(name).is_err() && RefName::to_remove(name).is_err(), "{name}");
        }
    }

    #[test]
    fn ordinary_names_are_names() {
        for name in
            ["refs/heads/main", "refs/heads/feature/ünï-code", "refs/tags/v1.0", "refs/notes/x", "refs/internals/x"]
        {
            assert_eq!(RefName::new(name).unwrap().as_str(), name);
        }
        assert!(RefName::branch("a/b").unwrap().is_branch() && !RefName::tag("a/b").unwrap().is_branch());
    }
}
