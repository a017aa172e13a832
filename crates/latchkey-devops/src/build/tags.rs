//! Tags of builds. Two that differ in case only are one.

use std::collections::BTreeSet;

use latchkey_jose::Timestamp;
use serde_json::Value;

use super::body::invalid;
use super::{Build, BuildPatch, update};
use crate::error::DevOpsError;
use crate::ids::PersonId;

/// The longest tag of a build, in characters.
const LONGEST_TAG: usize = 255;
/// The most tags of one build.
const MOST_TAGS: usize = 100;

/// Adds a tag to a build.
pub fn add_tag(build: &Build, tag: &str, by: PersonId, now: Timestamp) -> Result<Build, DevOpsError> {
    let mut tags = build.tags.clone();
    insert(&mut tags, tag)?;
    tagged(build, tags, by, now)
}

/// Takes a tag from a build. A tag it does not have is no error.
pub fn remove_tag(build: &Build, tag: &str, by: PersonId, now: Timestamp) -> Result<Build, DevOpsError> {
    let tags = build.tags.iter().filter(|own| !same(own, tag)).cloned().collect();
    tagged(build, tags, by, now)
}

/// Adds and takes tags as a request says: an array of tags to add, or `{tagsToAdd, tagsToRemove}`.
pub fn change_tags(build: &Build, body: &Value, by: PersonId, now: Timestamp) -> Result<Build, DevOpsError> {
    let listed = |key: &str| match body.get(key) {
        None | Some(Value::Null) => Ok(BTreeSet::new()),
        Some(tags) => read(tags),
    };
    let (add, remove) = match body {
        Value::Array(_) => (read(body)?, BTreeSet::new()),
        Value::Object(_) => (listed("tagsToAdd")?, listed("tagsToRemove")?),
        _ => return Err(invalid("The body must be an array of tags, or an object with tagsToAdd and tagsToRemove.")),
    };
    let mut tags = build.tags.clone();
    tags.retain(|own| !remove.iter().any(|tag| same(own, tag)));
    for tag in &add {
        insert(&mut tags, tag)?;
    }
    tagged(build, tags, by, now)
}

fn tagged(build: &Build, tags: BTreeSet<String>, by: PersonId, now: Timestamp) -> Result<Build, DevOpsError> {
    update(build, &BuildPatch { tags: Some(tags), ..BuildPatch::default() }, by, now)
}

pub(super) fn read(tags: &Value) -> Result<BTreeSet<String>, DevOpsError> {
    let wrong = || invalid("Tags must be an array of texts.");
    let mut read = BTreeSet::new();
    for tag in tags.as_array().ok_or_else(wrong)? {
        insert(&mut read, tag.as_str().ok_or_else(wrong)?)?;
    }
    Ok(read)
}

fn insert(tags: &mut BTreeSet<String>, tag: &str) -> Result<(), DevOpsError> {
    let tag = tag.trim();
    if tag.is_empty() || tag.chars().count() > LONGEST_TAG || tag.contains(char::is_control) {
        return Err(invalid(&format!("A tag has between 1 and {LONGEST_TAG} characters on one line.")));
    }
    if !tags.iter().any(|own| same(own, tag)) {
        tags.insert(tag.to_owned());
    }
    if tags.len() > MOST_TAGS { Err(invalid(&format!("A build has at most {MOST_TAGS} tags."))) } else { Ok(()) }
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.trim().to_lowercase()
}
