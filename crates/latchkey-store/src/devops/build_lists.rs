//! Lists of builds: a page at a time, in the order and by the filter that was asked for.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use latchkey_devops::access::ProjectAccess;
use latchkey_devops::build::filter::{BuildFilter, BuildQueryOrder, DeletedOption, PersonRequested};
use latchkey_devops::build::{Build, BuildReason, BuildResult, BuildStatus};
use latchkey_jose::Timestamp;

use super::builds::{NOT_YET, read, select};
use crate::Store;
use crate::error::StoreError;
use crate::statement::Sql;
use crate::value::Value;

/// How many builds one statement reads by number.
const AT_ONCE: usize = 40;

/// One page of a list: `$time` orders it, `$behind` says on which side of the last entry it goes on.
macro_rules! list {
    ($place:literal, $time:literal, $behind:literal, $direction:literal) => {
        select!(concat!(
            "WHERE organization = $1 AND project = $2 ",
            $place,
            " AND (",
            $time,
            ", id) ",
            $behind,
            " ($3, $4) AND ",
            $time,
            " >= $5 AND ",
            $time,
            " <= $6
               AND (CAST($7 AS TEXT) IS NULL OR lower(build_number) LIKE $7 ESCAPE '\\')
               AND (CAST($8 AS BLOB) IS NULL OR requested_for = $8)
               AND (CAST($9 AS TEXT) IS NULL OR $9 LIKE '%,' || reason || ',%')
               AND (CAST($10 AS TEXT) IS NULL OR $10 LIKE '%,' || status || ',%')
               AND (CAST($11 AS TEXT) IS NULL OR $11 LIKE '%,' || result || ',%')
               AND (CAST($12 AS TEXT) IS NULL OR tag_keys LIKE $12 ESCAPE '\\')
               AND (CAST($13 AS TEXT) IS NULL OR source_branch = $13)
               AND (CAST($14 AS BLOB) IS NULL OR repository = $14)
             ORDER BY ",
            $time,
            " ",
            $direction,
            ", id ",
            $direction,
            " LIMIT $15"
        ))
    };
}

const BY_IDS: Sql = Sql::read(
    "builds.by_ids",
    select!(
        "WHERE organization = $1 AND project = $2
           AND id IN ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                      $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41,
                      $42)"
    ),
);

const BY_QUEUE_TIME: Sql = Sql::read("builds.by_queue_time", list!("", "queued_at", ">", "ASC"));
const BY_QUEUE_TIME_DOWN: Sql = Sql::read("builds.by_queue_time_down", list!("", "queued_at", "<", "DESC"));
const BY_START_TIME: Sql = Sql::read("builds.by_start_time", list!("", "started_at", ">", "ASC"));
const BY_START_TIME_DOWN: Sql = Sql::read("builds.by_start_time_down", list!("", "started_at", "<", "DESC"));
const BY_FINISH_TIME: Sql = Sql::read("builds.by_finish_time", list!("", "finished_at", ">", "ASC"));
const BY_FINISH_TIME_DOWN: Sql = Sql::read("builds.by_finish_time_down", list!("", "finished_at", "<", "DESC"));

const OF_DEFINITION_BY_QUEUE_TIME: Sql =
    Sql::read("builds.of_definition_by_queue_time", list!("AND definition = $16", "queued_at", ">", "ASC"));
const OF_DEFINITION_BY_QUEUE_TIME_DOWN: Sql =
    Sql::read("builds.of_definition_by_queue_time_down", list!("AND definition = $16", "queued_at", "<", "DESC"));
const OF_DEFINITION_BY_START_TIME: Sql =
    Sql::read("builds.of_definition_by_start_time", list!("AND definition = $16", "started_at", ">", "ASC"));
const OF_DEFINITION_BY_START_TIME_DOWN: Sql =
    Sql::read("builds.of_definition_by_start_time_down", list!("AND definition = $16", "started_at", "<", "DESC"));
const OF_DEFINITION_BY_FINISH_TIME: Sql =
    Sql::read("builds.of_definition_by_finish_time", list!("AND definition = $16", "finished_at", ">", "ASC"));
const OF_DEFINITION_BY_FINISH_TIME_DOWN: Sql =
    Sql::read("builds.of_definition_by_finish_time_down", list!("AND definition = $16", "finished_at", "<", "DESC"));

pub(crate) const ALL: &[&Sql] = &[
    &BY_IDS,
    &BY_QUEUE_TIME,
    &BY_QUEUE_TIME_DOWN,
    &BY_START_TIME,
    &BY_START_TIME_DOWN,
    &BY_FINISH_TIME,
    &BY_FINISH_TIME_DOWN,
    &OF_DEFINITION_BY_QUEUE_TIME,
    &OF_DEFINITION_BY_QUEUE_TIME_DOWN,
    &OF_DEFINITION_BY_START_TIME,
    &OF_DEFINITION_BY_START_TIME_DOWN,
    &OF_DEFINITION_BY_FINISH_TIME,
    &OF_DEFINITION_BY_FINISH_TIME_DOWN,
];

/// One page of a list of builds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BuildPage {
    /// The builds.
    pub builds: Vec<Build>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Continuation>,
}

impl BuildPage {
    fn of(builds: Vec<Build>, order: BuildQueryOrder, more: bool) -> Self {
        let last = builds.last().filter(|_| more);
        let next = last.map(|last| Continuation { time: time(order, last), id: last.id });
        Self { builds, next }
    }
}

/// Where a page of a list of builds ended. As text it is the `continuationToken` of clients.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Continuation {
    time: Timestamp,
    id: i64,
}

impl Continuation {
    /// Reads a token; nothing if it is none of ours.
    pub fn parse(token: &str) -> Option<Self> {
        let (time, id) = token.split_once('.')?;
        Some(Self { time: Timestamp::from_micros(time.parse().ok()?), id: id.parse().ok()? })
    }
}

impl fmt::Display for Continuation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.time.as_micros(), self.id)
    }
}

impl Store {
    /// A page of the builds that a list is about, behind `after`. Builds asked for by number come whatever else the filter
    /// says. A person must be asked for by id: who is only named has queued nothing.
    pub async fn builds(
        &self,
        access: &ProjectAccess,
        filter: &BuildFilter,
        after: Option<Continuation>,
    ) -> Result<BuildPage, StoreError> {
        let nobody = matches!(filter.requested_for, Some(PersonRequested::Named(_)));
        if nobody || filter.deleted == DeletedOption::OnlyDeleted {
            return Ok(BuildPage::of(Vec::new(), filter.order, false));
        }
        let most = usize::try_from(filter.top).unwrap_or(usize::MAX);
        if !filter.build_ids.is_empty() {
            let mut builds = self.builds_by_id(access, &filter.build_ids).await?;
            builds.sort_by(|one, other| in_order(filter.order, one, other));
            builds.truncate(most);
            return Ok(BuildPage::of(builds, filter.order, false));
        }
        let definitions = match (filter.definitions.as_slice(), filter.most_per_definition) {
            ([], None) => return self.page(access, filter, after).await,
            ([], Some(_)) => {
                let every = latchkey_devops::build::DefinitionFilter::default();
                let definitions = self.definitions(access, &every, 0).await?;
                definitions.into_iter().map(|definition| definition.id).collect()
            }
            (ids, _) => ids.iter().copied().collect::<BTreeSet<_>>(),
        };
        let count = filter.most_per_definition.unwrap_or(filter.top).min(filter.top);
        let mut builds: Vec<Build> = Vec::new();
        let mut more = false;
        for definition in definitions {
            let rows = self.list(access, filter, after, Some(definition), count).await?;
            more = more || rows.len() >= most;
            builds.extend(rows);
            builds.sort_by(|one, other| in_order(filter.order, one, other));
            more = more || builds.len() > most;
            builds.truncate(most);
        }
        // A list with a bound for each definition is whole: its next page would count from the beginning.
        let more = more && filter.most_per_definition.is_none();
        Ok(BuildPage::of(builds, filter.order, more))
    }

    async fn page(
        &self,
        access: &ProjectAccess,
        filter: &BuildFilter,
        after: Option<Continuation>,
    ) -> Result<BuildPage, StoreError> {
        let builds = self.list(access, filter, after, None, filter.top).await?;
        let full = builds.len() >= usize::try_from(filter.top).unwrap_or(usize::MAX);
        Ok(BuildPage::of(builds, filter.order, full))
    }

    async fn list(
        &self,
        access: &ProjectAccess,
        filter: &BuildFilter,
        after: Option<Continuation>,
        definition: Option<i64>,
        count: u32,
    ) -> Result<Vec<Build>, StoreError> {
        let first = if is_descending(filter.order) {
            Continuation { time: Timestamp::MAX, id: i64::MAX }
        } else {
            Continuation { time: Timestamp::from_micros(i64::MIN), id: i64::MIN }
        };
        let after = after.unwrap_or(first);
        let requested_for = match filter.requested_for {
            Some(PersonRequested::Id(person)) => Some(person),
            _ => None,
        };
        let mut values: Vec<Value> = vec![
            access.organization().into(),
            access.project().into(),
            after.time.into(),
            after.id.into(),
            filter.min_time.unwrap_or(Timestamp::from_micros(i64::MIN)).into(),
            filter.max_time.unwrap_or(Timestamp::MAX).into(),
            filter.build_number.as_deref().map(number_pattern).into(),
            requested_for.into(),
            set(&filter.reasons, BuildReason::word).into(),
            set(&filter.statuses, BuildStatus::word).into(),
            set(&filter.results, BuildResult::word).into(),
            tag_pattern(&filter.tags).into(),
            filter.branch.as_ref().into(),
            filter.repository.into(),
            count.into(),
        ];
        values.extend(definition.map(Value::from));
        let rows = self.read(statement(filter.order, definition.is_some()), values).await?;
        rows.iter().map(|row| read(row).map(|kept| kept.build)).collect()
    }

    async fn builds_by_id(&self, access: &ProjectAccess, ids: &[i64]) -> Result<Vec<Build>, StoreError> {
        let ids: Vec<i64> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let mut builds = Vec::new();
        for chunk in ids.chunks(AT_ONCE) {
            // The places that are left over ask for the last one again.
            let padded = chunk.iter().chain(std::iter::repeat_n(chunk.last().unwrap_or(&0), AT_ONCE));
            let place: [Value; 2] = [access.organization().into(), access.project().into()];
            let values = place.into_iter().chain(padded.take(AT_ONCE).map(|id| (*id).into()));
            for row in self.read(&BY_IDS, values.collect()).await? {
                builds.push(read(&row)?.build);
            }
        }
        Ok(builds)
    }
}

fn statement(order: BuildQueryOrder, of_definition: bool) -> &'static Sql {
    use BuildQueryOrder as O;
    match (order, of_definition) {
        (O::QueueTimeAscending, false) => &BY_QUEUE_TIME,
        (O::QueueTimeDescending, false) => &BY_QUEUE_TIME_DOWN,
        (O::StartTimeAscending, false) => &BY_START_TIME,
        (O::StartTimeDescending, false) => &BY_START_TIME_DOWN,
        (O::FinishTimeAscending, false) => &BY_FINISH_TIME,
        (O::FinishTimeDescending, false) => &BY_FINISH_TIME_DOWN,
        (O::QueueTimeAscending, true) => &OF_DEFINITION_BY_QUEUE_TIME,
        (O::QueueTimeDescending, true) => &OF_DEFINITION_BY_QUEUE_TIME_DOWN,
        (O::StartTimeAscending, true) => &OF_DEFINITION_BY_START_TIME,
        (O::StartTimeDescending, true) => &OF_DEFINITION_BY_START_TIME_DOWN,
        (O::FinishTimeAscending, true) => &OF_DEFINITION_BY_FINISH_TIME,
        (O::FinishTimeDescending, true) => &OF_DEFINITION_BY_FINISH_TIME_DOWN,
    }
}

const fn is_descending(order: BuildQueryOrder) -> bool {
    use BuildQueryOrder as O;
    matches!(order, O::QueueTimeDescending | O::StartTimeDescending | O::FinishTimeDescending)
}

fn time(order: BuildQueryOrder, build: &Build) -> Timestamp {
    use BuildQueryOrder as O;
    match order {
        O::QueueTimeAscending | O::QueueTimeDescending => build.queued_at,
        O::StartTimeAscending | O::StartTimeDescending => build.started_at.unwrap_or(NOT_YET),
        O::FinishTimeAscending | O::FinishTimeDescending => build.finished_at.unwrap_or(NOT_YET),
    }
}

fn in_order(order: BuildQueryOrder, one: &Build, other: &Build) -> Ordering {
    let up = (time(order, one), one.id).cmp(&(time(order, other), other.id));
    if is_descending(order) { up.reverse() } else { up }
}

/// `,a,b,`, or nothing if any will do.
fn set<T: Copy>(chosen: &[T], word: fn(T) -> &'static str) -> Option<String> {
    let words: Vec<_> = chosen.iter().map(|value| word(*value)).collect();
    (!words.is_empty()).then(|| format!(",{},", words.join(",")))
}

/// The pattern of a build number; a `*` at its end stands for the rest. Letters beyond ASCII have one case only: both databases compare them
/// as they are.
fn number_pattern(number: &str) -> String {
    let number = number.to_ascii_lowercase();
    match number.strip_suffix('*') {
        Some(start) => format!("{}%", literally(start)),
        None => literally(&number),
    }
}

/// The pattern of all [`tag_keys`](super::builds::tag_keys) that hold these tags, or nothing if any will do.
fn tag_pattern(tags: &[String]) -> Option<String> {
    let keys: BTreeSet<String> = tags.iter().map(|tag| tag.to_lowercase()).collect();
    (!keys.is_empty()).then(|| keys.iter().map(|key| format!("%\n{}\n", literally(key))).collect::<String>() + "%")
}

/// A text in a pattern where it stands for itself.
fn literally(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_continuation_is_read_as_it_was_written() {
        let continuation = Continuation { time: Timestamp::from_micros(-7), id: 12 };
        assert_eq!(Continuation::parse(&continuation.to_string()), Some(continuation));
        for token in ["", ".", "1", "1.", "a.1", "1.1.1", "99999999999999999999.1"] {
            assert_eq!(Continuation::parse(token), None, "{token}");
        }
    }

    #[test]
    fn what_a_person_writes_in_a_filter_stands_for_itself() {
        assert_eq!(number_pattern("A_1%*"), "a\\_1\\%%");
        assert_eq!(number_pattern("2026\\"), "2026\\\\");
        assert_eq!(number_pattern("NÄCHTLICH 1"), "nÄchtlich 1");
        assert_eq!(tag_pattern(&["b%".into(), "A".into()]).as_deref(), Some("%\na\n%\nb\\%\n%"));
        assert_eq!(tag_pattern(&[]), None);
        assert_eq!(super::super::builds::tag_keys(&["B".into(), "a".into()].into()), "\na\n\nb\n");
    }
}
