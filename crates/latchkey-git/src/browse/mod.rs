//! Reading: references, commits, items, changes. The only module that opens repositories with `gix`.
//!
//! Everything here is a plain function that reads the disk: asynchronous callers go through `spawn_blocking`. Opening reads
//! a few small files; what is asked of one [`Browse`] shares what it has read.

mod changes;
mod commits;
mod divergence;
mod items;

use std::collections::HashSet;
use std::path::Path;

use gix::bstr::ByteSlice;
use gix::revision::walk::Sorting;
use gix::traverse::commit::simple::CommitTimeOrder;

use crate::limits::{MAX_MISDATED, MAX_OBJECT_BYTES, MAX_WALKED};
use crate::ref_name::is_hidden;
use crate::repository::blocking;
use crate::{GitError, ObjectId, RefName, Repository};

pub use changes::{Change, ChangeKind, Changes};
pub use commits::{Commit, History};
pub use divergence::Divergence;
pub use items::{Item, ItemKind, Items, Recursion};

/// Memory for objects that are read again and again while one question is answered.
const OBJECT_CACHE_BYTES: usize = 4 << 20;

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BrowseError {
    /// The repository has no commits yet, or its default branch has not been pushed.
    #[error("the default branch has no commits yet")]
    NoCommits,
    /// There is no such branch, tag or commit.
    #[error("{0} does not exist in this repository")]
    VersionNotFound(String),
    /// The version exists and does not have the path.
    #[error("the path {path} does not exist at {version}")]
    PathNotFound {
        /// The path that was asked for.
        path: String,
        /// Where it was looked for.
        version: String,
    },
    /// The path is a folder or a submodule, and has no content of its own.
    #[error("the path {0} is not a file")]
    NotAFile(String),
    /// Whether a reference leads to the commit takes too long to find out.
    #[error("{0} lies too far back to be read this way, use git")]
    TooFarBack(String),
    /// The file is larger than what is read through the API.
    #[error("the file is too large to be read this way, use git")]
    TooLarge,
    /// The repository on disk cannot be read.
    #[error("the repository cannot be read")]
    Unreadable(#[from] gix::Error),
}

/// Which state of a repository is meant: a `versionDescriptor`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Version {
    /// The tip of the default branch.
    Default,
    /// The tip of the branch of this name, without `refs/heads/`.
    Branch(String),
    /// What the tag of this name leads to, without `refs/tags/`.
    Tag(String),
    /// This commit, if a visible reference leads to it: to know its name is no right to read it.
    Commit(ObjectId),
}

/// A reference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ref {
    /// The full name.
    pub name: String,
    /// What it points to.
    pub id: ObjectId,
    /// The commit that an annotated tag leads to.
    pub peeled: Option<ObjectId>,
}

/// What a fetch asks for, compared with what it was offered.
pub(crate) enum Wanted {
    /// Every object was offered.
    Offered,
    /// There is no such object.
    Absent(ObjectId),
    /// These were not offered; all are commits.
    Commits(Vec<ObjectId>),
    /// These were not offered; some are other things than commits.
    Objects(Vec<ObjectId>),
}

/// A repository that is open for reading.
pub struct Browse {
    repo: gix::Repository,
}

impl Repository {
    /// Opens the repository for reading. Blocking, as is everything that is asked of it.
    pub fn browse(&self) -> Result<Browse, BrowseError> {
        Browse::open(&self.folder)
    }

    /// Reads something of the repository, away from the threads that serve requests.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Browse) -> Result<T, BrowseError> + Send + 'static,
    ) -> Result<T, GitError> {
        let folder = self.folder.clone();
        blocking(move || read(&Browse::open(&folder)?)).await
    }
}

impl Browse {
    pub(crate) fn open(folder: &Path) -> Result<Self, BrowseError> {
        // Replacements are pushed like any reference; nobody is shown something else than what an id names.
        let options = gix::open::Options::isolated().open_path_as_is(true).config_overrides([
            "core.useReplaceRefs=false".to_owned(),
            "gitoxide.objects.noReplace=true".to_owned(),
            // A folder or a commit can be made larger than any file, in a pack of a few bytes.
            format!("gitoxide.objects.allocLimit={MAX_OBJECT_BYTES}"),
        ]);
        let mut repo = gix::open_opts(folder, options)?;
        repo.object_cache_size(OBJECT_CACHE_BYTES);
        Ok(Self { repo })
    }

    /// The visible references whose full names start with `refs/` and `filter` (`heads/`, `tags/v1`; empty for all), by name.
    pub fn refs(&self, filter: &str) -> Result<Vec<Ref>, BrowseError> {
        let prefix = format!("refs/{filter}");
        let platform = self.repo.references()?;
        let mut refs = Vec::new();
        // A reference that is removed while it is listed is passed over.
        for mut found in platform.all()?.flatten() {
            let name = found.name().as_bstr().to_str_lossy().into_owned();
            if !name.starts_with(&prefix) || is_hidden(&name) {
                continue;
            }
            let Some(id) = found.try_id().map(|id| from_gix(id.as_ref())) else { continue };
            let peeled = match name.starts_with("refs/tags/") {
                true => found.peel_to_id().ok().map(|id| from_gix(id.as_ref())).filter(|peeled| *peeled != id),
                false => None,
            };
            refs.push(Ref { name, id, peeled });
        }
        refs.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(refs)
    }

    /// The full name of the default branch, whether or not it has commits.
    pub fn default_branch(&self) -> Result<Option<String>, BrowseError> {
        Ok(self.repo.head_name()?.map(|name| name.as_bstr().to_str_lossy().into_owned()))
    }

    /// The commit that is meant.
    pub fn resolve(&self, version: &Version) -> Result<ObjectId, BrowseError> {
        let found = match version {
            Version::Default => match self.default_branch()? {
                Some(name) => self.commit_at(&name)?,
                None => None,
            },
            Version::Branch(name) => match RefName::branch(name) {
                Ok(name) => self.commit_at(name.as_str())?,
                Err(_) => None,
            },
            Version::Tag(name) => match RefName::tag(name) {
                Ok(name) => self.commit_at(name.as_str())?,
                Err(_) => None,
            },
            Version::Commit(id) => (self.is_commit(*id)? && self.is_reachable(*id, MAX_WALKED)?).then_some(*id),
        };
        found.ok_or_else(|| match version {
            Version::Default => BrowseError::NoCommits,
            other => BrowseError::VersionNotFound(other.to_string()),
        })
    }

    fn is_commit(&self, id: ObjectId) -> Result<bool, BrowseError> {
        Ok(self.repo.try_find_header(to_gix(id))?.is_some_and(|header| header.kind().is_commit()))
    }

    /// Whether a visible reference leads to this commit. Most that are asked for are at a tip or close to one. History is walked
    /// from its newest commit, and given up after so many, or when the walk is well past the moment the commit was made.
    fn is_reachable(&self, id: ObjectId, most: usize) -> Result<bool, BrowseError> {
        let mut tips = HashSet::new();
        for found in self.refs("")? {
            let tip = found.peeled.unwrap_or(found.id);
            if tip == id {
                return Ok(true);
            }
            // A tag may stand at a file, and a note's own history is history like any other.
            if self.is_commit(tip)? {
                tips.insert(to_gix(tip));
            }
        }
        let wanted = to_gix(id);
        let made = self.made_at(wanted)?;
        let mut older = 0;
        let walk = self.repo.rev_walk(tips).sorting(Sorting::ByCommitTime(CommitTimeOrder::NewestFirst));
        for (walked, step) in walk.all()?.enumerate() {
            let step = step?;
            if step.id == wanted {
                return Ok(true);
            }
            older += usize::from(step.commit_time.is_some_and(|time| time < made));
            if older > MAX_MISDATED {
                break;
            }
            if walked >= most {
                return Err(BrowseError::TooFarBack(Version::Commit(id).to_string()));
            }
        }
        Ok(false)
    }

    /// Compares what a fetch asks for with what it was offered.
    pub(crate) fn wanted(&self, wants: &[ObjectId]) -> Result<Wanted, BrowseError> {
        let offered: HashSet<ObjectId> =
            self.refs("")?.into_iter().flat_map(|found| [Some(found.id), found.peeled]).flatten().collect();
        let others: Vec<ObjectId> = wants.iter().copied().filter(|id| !offered.contains(id)).collect();
        let mut only_commits = true;
        for id in &others {
            match self.repo.try_find_header(to_gix(*id))? {
                Some(header) => only_commits &= header.kind().is_commit(),
                None => return Ok(Wanted::Absent(*id)),
            }
        }
        Ok(match (others.is_empty(), only_commits) {
            (true, _) => Wanted::Offered,
            (false, true) => Wanted::Commits(others),
            (false, false) => Wanted::Objects(others),
        })
    }

    /// Those of these objects that are here.
    pub(crate) fn present(&self, ids: &[ObjectId]) -> Result<Vec<ObjectId>, BrowseError> {
        let mut here = Vec::new();
        for id in ids {
            if self.repo.try_find_header(to_gix(*id))?.is_some() {
                here.push(*id);
            }
        }
        Ok(here)
    }

    /// The commit that the reference of exactly this name leads to.
    fn commit_at(&self, name: &str) -> Result<Option<ObjectId>, BrowseError> {
        let Some(mut found) = self.repo.try_find_reference(name)? else { return Ok(None) };
        // Short names are looked for in several places; a full name means one.
        if found.name().as_bstr() != name {
            return Ok(None);
        }
        let id = found.peel_to_id()?;
        Ok(id.header()?.kind().is_commit().then(|| from_gix(id.as_ref())))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("the default branch"),
            Self::Branch(name) => write!(f, "the branch {name}"),
            Self::Tag(name) => write!(f, "the tag {name}"),
            Self::Commit(id) => write!(f, "the commit {id}"),
        }
    }
}

pub(crate) fn from_gix(id: &gix::oid) -> ObjectId {
    // Repositories are made with SHA-1 names, which are as long as ours.
    ObjectId::from_bytes(id.as_bytes().try_into().unwrap_or_default())
}

pub(crate) fn to_gix(id: ObjectId) -> gix::ObjectId {
    gix::ObjectId::Sha1(*id.as_bytes())
}

#[cfg(test)]
mod tests;
