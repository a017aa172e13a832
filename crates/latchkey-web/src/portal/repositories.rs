//! Repositories: the list, and what is in one of them.

use latchkey_devops::access::Action;
use latchkey_devops::repository::Repository;
use latchkey_git::browse::{Commit, History, Item, ItemKind, Recursion};
use latchkey_git::{Browse, BrowseError, Version};
use latchkey_identity::Timestamp;

use super::problem::Problem;
use super::project::InProject;
use super::visit::{Answer, Visit};
use crate::pages::project::Place;
use crate::pages::repositories::{CommitRow, FileEntry, FileView, Files, Repositories, RepositoryRow};

/// How many repositories are listed.
const MOST_LISTED: usize = 100;
/// How many commits are shown beside the files.
const MOST_COMMITS: usize = 10;
/// How large a text file is shown.
const MOST_SHOWN: u64 = 256 * 1024;

/// `GET /{organization}/{project}/_git`
pub(super) async fn list(visit: Visit) -> Answer {
    let here = InProject::read(&visit).await?;
    here.may(&visit, Action::ReadCode)?;
    let mut rows = Vec::new();
    for repository in here.repositories(&visit).into_iter().take(MOST_LISTED) {
        let last = read(&visit, repository, |browse| commits(browse, &Version::Default, 1)).await?;
        rows.push(RepositoryRow {
            name: repository.name.to_string(),
            default_branch: repository.default_branch.as_deref().map(short),
            clone_url: clone_url(&visit, &here.at(), repository),
            last_commit: last.first().map(|commit| visit.ago(Timestamp::from_secs(commit.committer.seconds))),
        });
    }
    visit.show(&Repositories { frame: visit.frame(), at: here.at(), rows })
}

/// `GET /{organization}/{project}/_git/{repository}?path=..&version=GB..`
pub(super) async fn show(visit: Visit) -> Answer {
    let here = InProject::read(&visit).await?;
    let facts = &here.organization().facts;
    let repository = facts.repository(here.project.id, visit.part("repository")).ok_or(Problem::NotFound)?;
    here.may_read(&visit, repository)?;
    let asked = visit.asked("version").and_then(|version| version.strip_prefix("GB")).filter(|name| !name.is_empty());
    let version = asked.map_or(Version::Default, |name| Version::Branch(name.to_owned()));
    let path = visit.asked("path").unwrap_or_default().trim_matches('/').to_owned();
    let looked = {
        let path = path.clone();
        read(&visit, repository, move |browse| Looked::at(browse, &version, &path)).await?
    };
    let commit = |commit: &Commit| CommitRow {
        id: commit.id.to_string(),
        title: title(commit),
        author: commit.author.name.clone(),
        when: visit.ago(Timestamp::from_secs(commit.committer.seconds)),
    };
    visit.show(&Files {
        frame: visit.frame(),
        at: here.at(),
        repository: repository.name.to_string(),
        branch: asked
            .map_or_else(|| repository.default_branch.as_deref().map(short).unwrap_or_default(), str::to_owned),
        path,
        clone_url: clone_url(&visit, &here.at(), repository),
        view: looked.view,
        commits: looked.commits.iter().map(commit).collect(),
    })
}

/// What `git clone` takes.
fn clone_url(visit: &Visit, at: &Place, repository: &Repository) -> String {
    // Names of repositories have no marks but spaces that an address needs encoded.
    let name = repository.name.as_str().replace(' ', "%20");
    format!("{}{}/_git/{name}", visit.visitor.origin.url, at.path())
}

/// How much of a title is shown.
const TITLE: usize = 200;

/// The first line of its message, as far as it fits.
pub(super) fn title(commit: &Commit) -> String {
    let line = commit.message.lines().next().unwrap_or_default();
    match line.char_indices().nth(TITLE) {
        Some((end, _)) => format!("{}\u{2026}", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

/// The name of a branch as people know it.
pub(super) fn short(branch: &str) -> String {
    branch.strip_prefix("refs/heads/").unwrap_or(branch).to_owned()
}

/// Asks something of a repository on disk, away from the threads that answer requests.
pub(super) async fn read<T: Send + 'static>(
    visit: &Visit,
    repository: &Repository,
    question: impl FnOnce(&Browse) -> Result<T, BrowseError> + Send + 'static,
) -> Result<T, Problem> {
    let on_disk = visit.app.repositories.open(repository.id.0).await?;
    let asked = tokio::task::spawn_blocking(move || question(&on_disk.browse()?));
    let answer = asked.await.map_err(|error| Problem::Unreadable(error.to_string()))?;
    Ok(answer?)
}

/// What one look at a path shows.
struct Looked {
    view: FileView,
    commits: Vec<Commit>,
}

impl Looked {
    fn at(browse: &Browse, version: &Version, path: &str) -> Result<Self, BrowseError> {
        let item = match browse.item(version, path) {
            Err(BrowseError::NoCommits) if path.is_empty() => {
                return Ok(Self { view: FileView::Empty, commits: Vec::new() });
            }
            item => item?,
        };
        let view = match item.kind {
            ItemKind::Folder => FileView::Folder(entries(&browse.items(version, path, Recursion::OneLevel)?.items)),
            ItemKind::File | ItemKind::Executable | ItemKind::Link => file(browse, &item)?,
            ItemKind::Submodule => FileView::Other(0),
        };
        Ok(Self { view, commits: commits(browse, version, MOST_COMMITS)? })
    }
}

fn commits(browse: &Browse, version: &Version, top: usize) -> Result<Vec<Commit>, BrowseError> {
    let history = History { version: version.clone(), without: None, path: None, skip: 0, top };
    match browse.commits(&history) {
        Err(BrowseError::NoCommits) => Ok(Vec::new()),
        commits => commits,
    }
}

fn file(browse: &Browse, item: &Item) -> Result<FileView, BrowseError> {
    let size = browse.size(item)?;
    if size > MOST_SHOWN {
        return Ok(FileView::Other(size));
    }
    let text = String::from_utf8(browse.content(item)?).ok().filter(|text| !text.contains('\0'));
    Ok(text.map_or(FileView::Other(size), FileView::Text))
}

/// What is in a folder, folders first. The folder itself leads its listing.
fn entries(listing: &[Item]) -> Vec<FileEntry> {
    let entry = |item: &Item| {
        let path = item.path.trim_start_matches('/').to_owned();
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        FileEntry { name, path, folder: item.kind == ItemKind::Folder }
    };
    let mut entries: Vec<FileEntry> = listing.iter().skip(1).map(entry).collect();
    entries.sort_by(|one, other| (!one.folder, &one.name).cmp(&(!other.folder, &other.name)));
    entries
}

#[cfg(test)]
mod tests {
    use latchkey_git::ObjectId;

    use super::*;

    #[test]
    fn a_branch_is_shown_by_its_name_whatever_that_is() {
        assert_eq!(short("refs/heads/main"), "main");
        assert_eq!(short("refs/heads/refs/heads/main"), "refs/heads/main");
        assert_eq!(short("refs/tags/v1"), "refs/tags/v1");
    }

    #[test]
    fn a_folder_lists_its_folders_first_and_not_itself() {
        let id = ObjectId::from_bytes([0; 20]);
        let item = |path: &str, kind| Item { path: path.into(), kind, id, commit: id };
        let listing = [
            item("/src", ItemKind::Folder),
            item("/src/main.rs", ItemKind::File),
            item("/src/Zebra", ItemKind::Folder),
            item("/src/lib.rs", ItemKind::File),
        ];
        let shown: Vec<_> = entries(&listing).into_iter().map(|entry| (entry.name, entry.path)).collect();
        let named = |name: &str| (name.to_owned(), format!("src/{name}"));
        assert_eq!(shown, [named("Zebra"), named("lib.rs"), named("main.rs")]);
    }
}
