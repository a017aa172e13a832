//! Git repositories, as the rules see them. What is inside them is another crate's matter.

use latchkey_jose::Timestamp;

use crate::error::{DevOpsError, Shown};
use crate::ids::{ProjectId, RepositoryId};
use crate::name::RepositoryName;

/// The longest name of a ref.
const LONGEST_REF: usize = 250;

/// A git repository of a project.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repository {
    /// Its id, which also names its folder on disk.
    pub id: RepositoryId,
    /// The project it belongs to.
    pub project: ProjectId,
    /// Its name, looked up and never joined to a path.
    pub name: RepositoryName,
    /// The branch one starts at, as `refs/heads/main`. None before the first push.
    pub default_branch: Option<String>,
    /// How large it is, in bytes.
    pub size: i64,
    /// Whether nobody may use it for now.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Reads a branch as people write it, `main` or `refs/heads/main`, into the name of its ref.
pub fn branch_ref(branch: &str) -> Result<String, DevOpsError> {
    let name = if branch.starts_with("refs/") { branch.to_owned() } else { format!("refs/heads/{branch}") };
    if is_ref_name(&name) {
        Ok(name)
    } else {
        Err(DevOpsError::bad_request(format!("'{}' cannot be the name of a branch.", Shown(branch))))
    }
}

/// Whether a name can be that of a ref, by the rules of `git check-ref-format`.
fn is_ref_name(name: &str) -> bool {
    let forbidden = |c: char| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    name.starts_with("refs/")
        && name.len() <= LONGEST_REF
        && !name.contains(forbidden)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && name.split('/').count() >= 3
        && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock"))
}

/// Whether a text is a whole object id: 40 lower or upper case hexadecimal digits.
pub(crate) fn is_object_id(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_named_shortly_or_in_full() {
        assert_eq!(branch_ref("main").unwrap(), "refs/heads/main");
        assert_eq!(branch_ref("refs/heads/feature/lamp").unwrap(), "refs/heads/feature/lamp");
    }

    #[test]
    fn a_ref_name_that_git_would_refuse_is_refused_here() {
        for name in
            ["", "a b", "a..b", "a.lock", ".a", "a/", "/a", "a//b", "a~1", "a^", "a:b", "a@{1}", "a\u{7f}", "a.", "-\n"]
        {
            assert!(branch_ref(name).is_err(), "{name}");
        }
        assert!(branch_ref(&"a".repeat(300)).is_err());
        assert!(!is_ref_name("refs/heads"));
    }

    #[test]
    fn an_object_id_has_forty_hexadecimal_digits() {
        assert!(is_object_id(&"0a".repeat(20)));
        assert!(!is_object_id(&"0a".repeat(19)) && !is_object_id(&"0g".repeat(20)) && !is_object_id("--upload-pack"));
    }
}
