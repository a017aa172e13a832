//! Files and folders of a repository, as answers show them.

use serde::Serialize;

use crate::item::{self, ObjectType, Version};
use crate::repository::Repository;
use crate::wire::{Urls, encoded};

/// A file or folder.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// Its object id.
    pub object_id: String,
    /// What kind of object it is.
    pub git_object_type: ObjectType,
    /// The commit it was read at.
    pub commit_id: String,
    /// Where it is in the repository.
    pub path: String,
    /// Whether it is a folder.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_folder: bool,
    /// Whether it points to another.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_sym_link: bool,
    /// What it holds, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Where it is.
    pub url: String,
}

/// Shows a file or folder at a version.
pub fn item(urls: &Urls, repository: &Repository, version: &Version, item: &item::Item) -> Item {
    Item {
        object_id: item.object_id.clone(),
        git_object_type: item.kind,
        commit_id: item.commit_id.clone(),
        path: item.path.clone(),
        is_folder: item.kind == ObjectType::Tree,
        is_sym_link: item.symlink,
        content: item.content.clone(),
        url: item_url(urls, repository, version, &item.path),
    }
}

/// Where a path can be read at a version.
pub(super) fn item_url(urls: &Urls, repository: &Repository, version: &Version, path: &str) -> String {
    let path: String = path.split('/').map(encoded).collect::<Vec<_>>().join("/");
    let mut query = format!("items{path}?versionType={}", title_case(version.kind().word()));
    if let Some(name) = &version.name {
        query.push_str("&version=");
        query.push_str(&encoded(name));
    }
    query.push_str("&versionOptions=None");
    urls.repository(repository.project, repository.id, &query)
}

fn title_case(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
