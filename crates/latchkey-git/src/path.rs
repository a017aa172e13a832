//! Paths of files, as people name those that are to be made.

use crate::GitError;
use crate::limits::{MAX_DEPTH, MAX_REF_NAME_BYTES};

/// The names on the way to a file, if the path is one that every file system can hold and that stays in its repository. Whatever else git
/// refuses it refuses when the objects are taken in.
pub(crate) fn names(path: &str) -> Result<Vec<&str>, GitError> {
    let names: Vec<&str> = path.split('/').collect();
    if names.len() <= MAX_DEPTH && names.iter().all(|name| fits(name)) {
        Ok(names)
    } else {
        let shown: String = path.chars().take(MAX_REF_NAME_BYTES).collect();
        Err(GitError::InvalidName(format!("{shown:?} is not a valid path of a file")))
    }
}

fn fits(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_REF_NAME_BYTES
        && !matches!(name, "." | "..")
        && !name.eq_ignore_ascii_case(".git")
        && !name.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_in_its_repository() {
        assert_eq!(names("src/main.rs").unwrap(), ["src", "main.rs"]);
        let long = "x".repeat(MAX_REF_NAME_BYTES + 1);
        let deep = "d/".repeat(MAX_DEPTH) + "f";
        for wrong in
            ["", "/", "/a", "a/", "a//b", ".", "../a", "a/..", ".git/config", "a/.GIT/x", "a\nb", "a\0", &long, &deep]
        {
            assert!(names(wrong).is_err(), "{wrong:?}");
        }
    }
}
