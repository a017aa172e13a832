//! Which builds and definitions a list is about, as its query says.

use latchkey_jose::Timestamp;
use uuid::Uuid;

use crate::build::{BuildReason, BuildResult, BuildStatus};
use crate::date;
use crate::error::{DevOpsError, Shown};
use crate::ids::{PersonId, RepositoryId};
use crate::repository::branch_ref;
use crate::word::words;

/// How many entries a page has unless less is asked for.
pub const PAGE: u32 = 1_000;
/// The most ids that a query may name.
const MOST_IDS: usize = 500;

words! {
    /// In which order builds are listed.
    BuildQueryOrder {
        /// Finished first, first.
        FinishTimeAscending "finishTimeAscending" = 2,
        /// Finished last, first.
        FinishTimeDescending "finishTimeDescending" = 3,
        /// Queued last, first.
        QueueTimeDescending "queueTimeDescending" = 4,
        /// Queued first, first.
        QueueTimeAscending "queueTimeAscending" = 5,
        /// Begun last, first.
        StartTimeDescending "startTimeDescending" = 6,
        /// Begun first, first.
        StartTimeAscending "startTimeAscending" = 7,
    }
}

words! {
    /// Whether deleted builds are listed.
    DeletedOption {
        /// They are not.
        ExcludeDeleted "excludeDeleted" = 0,
        /// They are, too.
        IncludeDeleted "includeDeleted" = 1,
        /// Only they are.
        OnlyDeleted "onlyDeleted" = 2,
    }
}

/// Which builds a list is about. Empty lists mean: any.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BuildFilter {
    /// Of these definitions.
    pub definitions: Vec<i64>,
    /// These builds.
    pub build_ids: Vec<i64>,
    /// With this number; a `*` at its end stands for the rest.
    pub build_number: Option<String>,
    /// Not before this moment, by the time that orders the list.
    pub min_time: Option<Timestamp>,
    /// Not after this moment.
    pub max_time: Option<Timestamp>,
    /// For this person.
    pub requested_for: Option<PersonRequested>,
    /// Queued for one of these reasons.
    pub reasons: Vec<BuildReason>,
    /// In one of these states.
    pub statuses: Vec<BuildStatus>,
    /// With one of these results.
    pub results: Vec<BuildResult>,
    /// With all of these tags.
    pub tags: Vec<String>,
    /// Of this branch, as its ref.
    pub branch: Option<String>,
    /// Of this repository.
    pub repository: Option<RepositoryId>,
    /// At most so many of each definition.
    pub most_per_definition: Option<u32>,
    /// In this order.
    pub order: BuildQueryOrder,
    /// Deleted or not.
    pub deleted: DeletedOption,
    /// At most so many.
    pub top: u32,
}

/// For whom builds were queued, as a query says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PersonRequested {
    /// By id.
    Id(PersonId),
    /// By name or sign-in name.
    Named(String),
}

impl Default for BuildFilter {
    fn default() -> Self {
        Self {
            definitions: Vec::new(),
            build_ids: Vec::new(),
            build_number: None,
            min_time: None,
            max_time: None,
            requested_for: None,
            reasons: Vec::new(),
            statuses: Vec::new(),
            results: Vec::new(),
            tags: Vec::new(),
            branch: None,
            repository: None,
            most_per_definition: None,
            order: BuildQueryOrder::QueueTimeDescending,
            deleted: DeletedOption::ExcludeDeleted,
            top: PAGE,
        }
    }
}

impl BuildFilter {
    /// Reads the pairs of a query. Names are matched in any case; those of no meaning here are left alone, and an empty
    /// value is as good as none.
    pub fn parse<'a>(query: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, DevOpsError> {
        let mut filter = Self::default();
        for (name, value) in query {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            let wrong = || wrong(name, value);
            match name.to_ascii_lowercase().as_str() {
                "definitions" => filter.definitions = ids(name, value)?,
                "buildids" => filter.build_ids = ids(name, value)?,
                "buildnumber" => filter.build_number = Some(value.to_owned()),
                "mintime" => filter.min_time = Some(date::parse(value).ok_or_else(wrong)?),
                "maxtime" => filter.max_time = Some(date::parse_last(value).ok_or_else(wrong)?),
                "requestedfor" => {
                    filter.requested_for = Some(match Uuid::try_parse(value) {
                        Ok(id) => PersonRequested::Id(PersonId(id)),
                        Err(_) => PersonRequested::Named(value.to_owned()),
                    });
                }
                "reasonfilter" => filter.reasons = BuildReason::parse_set(value).ok_or_else(wrong)?,
                "statusfilter" => filter.statuses = BuildStatus::parse_set(value).ok_or_else(wrong)?,
                "resultfilter" => filter.results = BuildResult::parse_set(value).ok_or_else(wrong)?,
                "tagfilters" => {
                    filter.tags =
                        value.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
                }
                "branchname" => filter.branch = Some(branch_ref(value)?),
                "repositoryid" => {
                    filter.repository = Some(RepositoryId(Uuid::try_parse(value).map_err(|_| wrong())?));
                }
                "maxbuildsperdefinition" => filter.most_per_definition = Some(count(name, value)?),
                "queryorder" => filter.order = BuildQueryOrder::parse(value).ok_or_else(wrong)?,
                "deletedfilter" => filter.deleted = DeletedOption::parse(value).ok_or_else(wrong)?,
                "$top" => filter.top = count(name, value)?.min(PAGE),
                _ => {}
            }
        }
        Ok(filter)
    }
}

/// Which definitions a list is about. Empty lists mean: any.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DefinitionFilter {
    /// With this name; `*` stands for anything.
    pub name: Option<String>,
    /// These definitions.
    pub ids: Vec<i64>,
    /// In this folder.
    pub path: Option<String>,
    /// Of this repository.
    pub repository: Option<RepositoryId>,
    /// At most so many.
    pub top: u32,
}

impl Default for DefinitionFilter {
    fn default() -> Self {
        Self { name: None, ids: Vec::new(), path: None, repository: None, top: PAGE }
    }
}

impl DefinitionFilter {
    /// Reads the pairs of a query, as [`BuildFilter::parse`] does.
    pub fn parse<'a>(query: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, DevOpsError> {
        let mut filter = Self::default();
        for (name, value) in query {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            match name.to_ascii_lowercase().as_str() {
                "name" => filter.name = Some(value.to_owned()),
                "definitionids" => filter.ids = ids(name, value)?,
                "path" => filter.path = Some(value.to_owned()),
                "repositoryid" => {
                    filter.repository = Some(RepositoryId(Uuid::try_parse(value).map_err(|_| wrong(name, value))?));
                }
                "$top" => filter.top = count(name, value)?.min(PAGE),
                _ => {}
            }
        }
        Ok(filter)
    }
}

/// Whether a name is meant by a pattern in which `*` stands for anything. Case does not count.
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        match left.find(part).and_then(|at| left.get(at + part.len()..)) {
            Some(after) => left = after,
            None => return false,
        }
    }
    true
}

fn ids(name: &str, value: &str) -> Result<Vec<i64>, DevOpsError> {
    let ids: Option<Vec<i64>> = value.split(',').map(|id| id.trim().parse().ok()).take(MOST_IDS + 1).collect();
    ids.filter(|ids| ids.len() <= MOST_IDS).ok_or_else(|| wrong(name, value))
}

fn count(name: &str, value: &str) -> Result<u32, DevOpsError> {
    value.parse().ok().filter(|count| *count > 0).ok_or_else(|| wrong(name, value))
}

fn wrong(name: &str, value: &str) -> DevOpsError {
    DevOpsError::bad_request(format!("The value '{}' of {} cannot be read.", Shown(value), Shown(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_mean_the_same() {
        let by_word = BuildFilter::parse([
            ("statusFilter", "completed,inProgress"),
            ("resultFilter", "failed"),
            ("reasonFilter", "individualCI"),
            ("queryOrder", "startTimeAscending"),
            ("deletedFilter", "excludeDeleted"),
        ]);
        let by_number = BuildFilter::parse([
            ("statusFilter", "3"),
            ("resultFilter", "8"),
            ("reasonFilter", "2"),
            ("queryOrder", "7"),
            ("deletedFilter", "0"),
        ]);
        assert_eq!(by_word, by_number);
        assert_eq!(by_word.unwrap().statuses, [BuildStatus::InProgress, BuildStatus::Completed]);
        let all = BuildFilter::parse([("statusFilter", "all"), ("reasonFilter", "all")]).unwrap();
        assert_eq!(all.statuses.len(), BuildStatus::ALL.len());
        assert_eq!(all.reasons.len(), BuildReason::ALL.len());
    }

    #[test]
    fn a_query_is_read_with_dates_of_both_kinds_and_bounded_pages() {
        let filter = BuildFilter::parse([
            ("minTime", "2026-11-22T07:00:00Z"),
            ("maxTime", "Sun, 22 Nov 2026 07:00:00 GMT"),
            ("$top", "999999"),
            ("branchName", "main"),
            ("definitions", "1, 2"),
            ("unheardOf", "x"),
            ("resultFilter", ""),
        ])
        .unwrap();
        assert!(filter.min_time < filter.max_time, "the whole of the last millisecond");
        assert_eq!((filter.top, filter.branch.as_deref()), (PAGE, Some("refs/heads/main")));
        assert_eq!(filter.definitions, [1, 2]);
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_name() {
        let too_many = "1,".repeat(600) + "1";
        for (name, value) in [
            ("$top", "0"),
            ("$top", "-1"),
            ("$top", "99999999999999999999"),
            ("statusFilter", "sleeping"),
            ("minTime", "soon"),
            ("definitions", "1,x"),
            ("definitions", too_many.as_str()),
            ("repositoryId", "lamp"),
            ("queryOrder", "1"),
        ] {
            let error = BuildFilter::parse([(name, value)]).unwrap_err();
            assert!(error.status() == 400 && error.message.contains(name), "{name}");
        }
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name) in
            [("ci", "CI"), ("ci*", "ci-main"), ("*main", "ci-main"), ("c*m*n", "ci-main"), ("*", ""), ("a*a", "aa")]
        {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("ci", "ci-main"), ("ci*x", "ci-main"), ("a*a", "a"), ("é*é", "é")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
