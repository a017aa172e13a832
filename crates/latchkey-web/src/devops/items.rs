//! Files and folders of a repository: what is known of them, and they themselves as text, bytes or an archive.

use axum::body::Body;
use http::Response;
use latchkey_devops::error::{DevOpsError, ErrorType};
use latchkey_devops::item::{self, Item, ObjectType, Recursion, VersionType};
use latchkey_devops::wire;
use latchkey_git::browse::ItemKind;
use latchkey_git::limits::MAX_CONTENT_BYTES;
use latchkey_git::{Browse, BrowseError, ObjectId, Version};

use super::accept::Format;
use super::answer::{attach, file, text};
use super::call::{Call, InRepository};
use super::error::ApiError;
use super::repositories::browse;
use super::room::{held, room};
use super::table::Answer;
use super::zip::Archive;

/// The longest text that is put into JSON.
const MOST_TEXT: u64 = 4 << 20;

/// `GET /{organization}[/{project}]/_apis/git/repositories/{repository}/items[/{path}]`.
pub(super) async fn read(call: Call) -> Answer {
    let format = call.format()?;
    let named =
        version(&call, &["versionDescriptor.version", "version"], &["versionDescriptor.versionType", "versionType"])?;
    let inside = call.repository().await?;
    let at = in_git(&named)?;
    let path = call.query.get("path").or_else(|| call.path.get("path")).map(str::to_owned);
    match (path, format) {
        (Some(path), None | Some(Format::Json)) => one(&call, &inside, named, at, path).await,
        (None, None | Some(Format::Json)) => several(&call, &inside, named, at).await,
        (path, Some(format)) => {
            let path = path.or_else(|| call.query.get("scopePath").map(str::to_owned)).unwrap_or_default();
            content(call, inside, at, path, format).await
        }
    }
}

async fn one(call: &Call, inside: &InRepository, named: item::Version, at: Version, path: String) -> Answer {
    let with_content = call.query.flag("includeContent");
    let shown = browse(&call.app, inside, move |browse| {
        let found = browse.item(&at, &path)?;
        let readable = with_content && is_file(found.kind) && browse.size(&found)? <= MOST_TEXT;
        let content = if readable { as_text(browse.content(&found)?) } else { None };
        Ok(Item { content, ..known(found) })
    });
    let shown = shown.await?;
    let urls = call.urls(&inside.facts.organization);
    let mut response = call.json(&wire::item::item(&urls, &inside.repository, &named, &shown))?;
    if call.query.flag("download") {
        attach(&mut response, file_name(&shown.path));
    }
    Ok(response)
}

async fn several(call: &Call, inside: &InRepository, named: item::Version, at: Version) -> Answer {
    let scope = call.query.get("scopePath").unwrap_or("/").to_owned();
    let recursion = match call.query.get("recursionLevel") {
        None => Recursion::None,
        Some(text) => Recursion::parse(text)
            .ok_or_else(|| DevOpsError::bad_request("The recursionLevel must be none, oneLevel or full."))?,
    };
    let recursion = match recursion {
        Recursion::None => latchkey_git::browse::Recursion::None,
        Recursion::OneLevel => latchkey_git::browse::Recursion::OneLevel,
        Recursion::OneLevelPlusNestedEmptyFolders => latchkey_git::browse::Recursion::OneLevelPlusNestedEmptyFolders,
        Recursion::Full => latchkey_git::browse::Recursion::Full,
    };
    let listing = browse(&call.app, inside, move |browse| browse.items(&at, &scope, recursion)).await?;
    let urls = call.urls(&inside.facts.organization);
    call.list(listing.items.into_iter().map(|found| wire::item::item(&urls, &inside.repository, &named, &known(found))))
}

/// The item itself.
async fn content(call: Call, inside: InRepository, at: Version, path: String, format: Format) -> Answer {
    if format == Format::Zip {
        return archive(call, inside, at, path).await;
    }
    let found = browse(&call.app, &inside, move |browse| {
        let found = browse.item(&at, &path)?;
        Ok((browse.size(&found)?, found))
    });
    let (size, found) = found.await?;
    let room = room(&call.app, size)?;
    let path = found.path.clone();
    let bytes = browse(&call.app, &inside, move |browse| browse.content(&found)).await?;
    let name = file_name(&path);
    let download = call.query.flag("download");
    let bytes = call.body_while_allowed(inside, held(bytes, room));
    let mut response: Response<Body> = match format {
        Format::Bytes => file("application/octet-stream", name, bytes),
        _ => text(bytes),
    };
    if download {
        attach(&mut response, name);
    }
    Ok(response)
}

async fn archive(call: Call, inside: InRepository, at: Version, path: String) -> Answer {
    // The files and the archive of them are in memory together.
    let room = room(&call.app, 2 * MAX_CONTENT_BYTES)?;
    let packed = browse(&call.app, &inside, move |browse| pack(browse, &at, &path)).await?;
    let Some((bytes, name)) = packed else {
        let message = "The folder holds more than fits into one archive; use git.";
        return Err(DevOpsError::new(ErrorType::TooLarge, message).into());
    };
    let name = if name.is_empty() { inside.repository.name.to_string() } else { name };
    let bytes = call.body_while_allowed(inside, held(bytes, room));
    Ok(file("application/zip", &format!("{name}.zip"), bytes))
}

/// The files at and below a path, and the name of the path; nothing if they are too much.
fn pack(browse: &Browse, at: &Version, path: &str) -> Result<Option<(Vec<u8>, String)>, BrowseError> {
    let listing = browse.items(at, path, latchkey_git::browse::Recursion::Full)?;
    let Some(scope) = listing.items.first().filter(|_| listing.complete) else { return Ok(None) };
    let folder = scope.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut archive = Archive::default();
    let mut size = 0;
    for found in listing.items.iter().filter(|found| is_file(found.kind)) {
        size += browse.size(found)?;
        if size > MAX_CONTENT_BYTES {
            return Ok(None);
        }
        let name = found.path.strip_prefix(folder).unwrap_or(&found.path).trim_start_matches('/');
        if !archive.add(name, &browse.content(found)?) {
            return Ok(None);
        }
    }
    Ok(Some((archive.finish(), file_name(&scope.path).to_owned())))
}

/// The version that a query names, under any of these names.
pub(super) fn version(call: &Call, names: &[&str], kinds: &[&str]) -> Result<item::Version, ApiError> {
    let kind = match call.query.any(kinds) {
        None => None,
        Some(text) => {
            let kind = VersionType::parse(text);
            Some(kind.ok_or_else(|| DevOpsError::bad_request("The versionType must be branch, tag or commit."))?)
        }
    };
    let options = call.query.any(&["versionDescriptor.versionOptions", "versionOptions"]);
    if options.is_some_and(|options| !options.eq_ignore_ascii_case("none") && options != "0") {
        return Err(DevOpsError::bad_request("This server knows no versionOptions but none.").into());
    }
    Ok(item::Version { name: call.query.any(names).map(str::to_owned), kind })
}

/// The same as git finds it.
pub(super) fn in_git(version: &item::Version) -> Result<Version, ApiError> {
    let Some(name) = &version.name else { return Ok(Version::Default) };
    Ok(match version.kind() {
        VersionType::Branch => Version::Branch(name.strip_prefix("refs/heads/").unwrap_or(name).to_owned()),
        VersionType::Tag => Version::Tag(name.strip_prefix("refs/tags/").unwrap_or(name).to_owned()),
        VersionType::Commit => {
            let id = name.parse::<ObjectId>();
            Version::Commit(id.map_err(|_| DevOpsError::bad_request("A version of type commit is a whole commit id."))?)
        }
    })
}

pub(super) fn object_type(kind: ItemKind) -> ObjectType {
    match kind {
        ItemKind::Folder => ObjectType::Tree,
        ItemKind::File | ItemKind::Executable | ItemKind::Link => ObjectType::Blob,
        ItemKind::Submodule => ObjectType::Commit,
    }
}

fn known(found: latchkey_git::browse::Item) -> Item {
    Item {
        kind: object_type(found.kind),
        symlink: found.kind == ItemKind::Link,
        path: found.path,
        object_id: found.id.to_string(),
        commit_id: found.commit.to_string(),
        content: None,
    }
}

fn is_file(kind: ItemKind) -> bool {
    matches!(kind, ItemKind::File | ItemKind::Executable | ItemKind::Link)
}

/// Bytes as text, if they are one.
fn as_text(bytes: Vec<u8>) -> Option<String> {
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
