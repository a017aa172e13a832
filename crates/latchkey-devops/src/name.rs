//! Names of organizations, projects and repositories.
//!
//! Names are compared without regard to case and appear in URLs, so they keep to a safe alphabet, and a name that would
//! shadow one of the server's own paths is reserved.

use std::fmt;

use serde::Serialize;
use uuid::Uuid;

/// The longest name, in characters.
const LONGEST_NAME: usize = 64;

/// First path segments that are the server's own; no organization can be called like one of them.
const RESERVED_ORGANIZATIONS: &[&str] = &[
    "account",
    "accounts",
    "admin",
    "api",
    "apps",
    "assets",
    "audit",
    "common",
    "consent",
    "consumers",
    "defaultcollection",
    "demo",
    "device",
    "docs",
    "error",
    "healthz",
    "help",
    "legacy",
    "login",
    "logout",
    "mail",
    "metrics",
    "oauth2",
    "oidc",
    "organizations",
    "profile",
    "readyz",
    "register",
    "scim",
    "security",
    "select",
    "settings",
    "signin",
    "signout",
    "signup",
    "static",
    "trust",
    "upstream",
    "www",
];

/// Names no project or repository can have: file systems or the older URL form give them a meaning.
const RESERVED_PROJECTS: &[&str] =
    &["aux", "bin", "con", "defaultcollection", "nul", "prn", "server", "signalr", "web", "web.config"];

/// Why a name cannot be used. The text completes "The name …".
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NameError {
    /// Nothing, or too many characters.
    #[error("must have between 1 and {LONGEST_NAME} characters")]
    Length,
    /// A character outside the alphabet.
    #[error("may hold only the letters A to Z, digits, and {0}")]
    Alphabet(&'static str),
    /// It begins or ends with a mark.
    #[error("must begin and end with a letter or a digit")]
    Edge,
    /// It would shadow a path, or means something to a file system.
    #[error("is reserved")]
    Reserved,
    /// It looks like an id, and ids are accepted wherever names are.
    #[error("must not look like an id")]
    LooksLikeAnId,
}

/// The key under which a name is found: names differ by more than case.
pub fn key(name: &str) -> String {
    name.to_lowercase()
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident: $check:path;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes a name that may be used, as it was written.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                $check(text).map(|()| Self(text.to_owned()))
            }

            /// The name as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The key under which the name is found: its lower case.
            pub fn key(&self) -> String {
                key(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// The name of an organization: the first segment of its URLs. Letters, digits and hyphens.
    OrganizationName: check_organization;
    /// The name of a project. Letters, digits, spaces, hyphens, underscores and dots.
    ProjectName: check_project;
    /// The name of a repository. As a project's, and without `.git` at its end.
    RepositoryName: check_repository;
}

fn check_organization(name: &str) -> Result<(), NameError> {
    check(name, |c| c == '-', "hyphens", RESERVED_ORGANIZATIONS)
}

fn check_project(name: &str) -> Result<(), NameError> {
    check(name, |c| matches!(c, ' ' | '-' | '_' | '.'), "spaces, hyphens, underscores and dots", RESERVED_PROJECTS)?;
    if name.contains("..") || name.contains("  ") { Err(NameError::Reserved) } else { Ok(()) }
}

fn check_repository(name: &str) -> Result<(), NameError> {
    check_project(name)?;
    let lower = key(name);
    if lower.ends_with(".git") || lower.ends_with(".lock") { Err(NameError::Reserved) } else { Ok(()) }
}

fn check(name: &str, mark: fn(char) -> bool, marks: &'static str, reserved: &[&str]) -> Result<(), NameError> {
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(NameError::Length);
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || mark(c)) {
        return Err(NameError::Alphabet(marks));
    }
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if !edge(name.chars().next()) || !edge(name.chars().next_back()) {
        return Err(NameError::Edge);
    }
    if reserved.contains(&key(name).as_str()) {
        return Err(NameError::Reserved);
    }
    if Uuid::try_parse(name).is_ok() {
        return Err(NameError::LooksLikeAnId);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_taken_as_they_are_written() {
        assert_eq!(OrganizationName::parse("Harbor-2").unwrap().as_str(), "Harbor-2");
        assert_eq!(ProjectName::parse("Light House 2.0").unwrap().key(), "light house 2.0");
        assert_eq!(RepositoryName::parse("web_app").unwrap().to_string(), "web_app");
    }

    #[test]
    fn a_name_that_would_shadow_a_path_is_reserved() {
        for name in ["common", "Consumers", "ORGANIZATIONS", "oauth2", "signin", "healthz"] {
            assert_eq!(OrganizationName::parse(name), Err(NameError::Reserved), "{name}");
        }
        for name in ["_apis", "_git", ".", "..", ".git", "a/b", "a\\b", "%2e", "a\u{0}", "-rf", "a ", " a", "café", ""]
        {
            assert!(ProjectName::parse(name).is_err(), "{name}");
            assert!(OrganizationName::parse(name).is_err(), "{name}");
            assert!(RepositoryName::parse(name).is_err(), "{name}");
        }
        assert_eq!(RepositoryName::parse("lamp.GIT"), Err(NameError::Reserved));
        assert_eq!(ProjectName::parse("a..b"), Err(NameError::Reserved));
    }

    #[test]
    fn a_name_that_looks_like_an_id_is_refused_because_ids_stand_where_names_do() {
        let id = "6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c";
        assert_eq!(ProjectName::parse(id), Err(NameError::LooksLikeAnId));
        assert_eq!(OrganizationName::parse(&id.replace('-', "")), Err(NameError::LooksLikeAnId));
    }

    #[test]
    fn names_have_at_most_64_characters() {
        assert!(ProjectName::parse(&"a".repeat(64)).is_ok());
        assert_eq!(ProjectName::parse(&"a".repeat(65)), Err(NameError::Length));
    }
}
