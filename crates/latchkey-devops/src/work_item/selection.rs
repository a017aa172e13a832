//! Which work items, and how much of each, a request wants to see.

use std::collections::BTreeSet;

use latchkey_jose::Timestamp;
use serde_json::Value;

use crate::date;
use crate::error::{DevOpsError, Shown};
use crate::word::words;
use crate::work_item::Field;

/// The most items of one request.
const MOST_ITEMS: usize = 200;

words! {
    /// How much of a work item an answer holds beside its fields.
    Expand {
        /// Nothing.
        None "none" = 0,
        /// Its relations.
        Relations "relations" = 1,
        /// All of its fields.
        Fields "fields" = 2,
        /// Where its parts are.
        Links "links" = 3,
        /// Everything.
        All "all" = 4,
    }
}

words! {
    /// What a request for several items does about one that is not there.
    ErrorPolicy {
        /// The whole request fails.
        Fail "fail" = 1,
        /// The answer has a gap there.
        Omit "omit" = 2,
    }
}

/// How much of a work item an answer holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shape {
    /// What it holds beside the fields.
    pub expand: Expand,
    /// The reference names of the fields it holds; none named means all.
    pub fields: Option<BTreeSet<&'static str>>,
}

impl Default for Shape {
    fn default() -> Self {
        Self { expand: Expand::None, fields: None }
    }
}

impl Shape {
    /// Everything there is.
    pub fn everything() -> Self {
        Self { expand: Expand::All, fields: None }
    }

    /// Reads `$expand` and `fields` of a query. Both together contradict each other, except for links.
    pub fn parse(expand: Option<&str>, fields: Option<&str>) -> Result<Self, DevOpsError> {
        let names =
            fields.into_iter().flat_map(|fields| fields.split(',')).map(str::trim).filter(|name| !name.is_empty());
        let expand = match expand.map(str::trim).filter(|expand| !expand.is_empty()) {
            Some(text) => Expand::parse(text).ok_or_else(|| wrong("$expand", text))?,
            None => Expand::None,
        };
        Self::of(expand, names)
    }

    fn of<'a>(expand: Expand, names: impl Iterator<Item = &'a str>) -> Result<Self, DevOpsError> {
        let mut fields = BTreeSet::new();
        for name in names {
            let field = Field::find(name).ok_or_else(|| DevOpsError::field_not_found(name))?;
            fields.insert(field.reference_name);
        }
        if !fields.is_empty() && !matches!(expand, Expand::None | Expand::Links) {
            return Err(DevOpsError::bad_request(
                "VS402337: The expand parameter can not be used with the fields parameter.",
            ));
        }
        Ok(Self { expand, fields: (!fields.is_empty()).then_some(fields) })
    }

    /// Whether the answer holds a field.
    pub fn holds(&self, reference_name: &str) -> bool {
        self.fields.as_ref().is_none_or(|fields| fields.contains(reference_name))
    }

    /// Whether the answer holds relations.
    pub fn holds_relations(&self) -> bool {
        matches!(self.expand, Expand::Relations | Expand::All)
    }

    /// Whether the answer holds links to its parts.
    pub fn holds_links(&self) -> bool {
        matches!(self.expand, Expand::Links | Expand::All)
    }
}

/// The work items that a request wants to see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Selection {
    /// Their numbers, in the order of the answer.
    pub ids: Vec<i64>,
    /// How much of each.
    pub shape: Shape,
    /// Whether one that is not there leaves a gap, and does not fail the request.
    pub omit_missing: bool,
    /// The moment as of which to see them.
    pub as_of: Option<Timestamp>,
}

impl Selection {
    /// Reads a query: `ids`, `fields`, `$expand`, `errorPolicy`, `asOf`.
    pub fn parse<'a>(query: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, DevOpsError> {
        let (mut ids, mut fields, mut expand, mut policy, mut as_of) = (None, None, None, None, None);
        for (name, value) in query {
            let value = Some(value.trim()).filter(|value| !value.is_empty());
            match name.to_ascii_lowercase().as_str() {
                "ids" => ids = value,
                "fields" => fields = value,
                "$expand" => expand = value,
                "errorpolicy" => policy = value,
                "asof" => as_of = value,
                _ => {}
            }
        }
        let list = ids.ok_or_else(|| DevOpsError::bad_request("The request must name ids."))?;
        let ids: Option<Vec<i64>> = list.split(',').map(|id| id.trim().parse().ok()).take(MOST_ITEMS + 1).collect();
        let policy = policy.map(|text| ErrorPolicy::parse(text).ok_or_else(|| wrong("errorPolicy", text)));
        Self {
            ids: ids.ok_or_else(|| wrong("ids", list))?,
            shape: Shape::parse(expand, fields)?,
            omit_missing: policy.transpose()? == Some(ErrorPolicy::Omit),
            as_of: as_of.map(|text| date::parse_last(text).ok_or_else(|| wrong("asOf", text))).transpose()?,
        }
        .bounded()
    }

    /// Reads the body of a batch: `{ids, fields, $expand, errorPolicy, asOf}`.
    pub fn read(body: &Value) -> Result<Self, DevOpsError> {
        let ids = body.get("ids").and_then(Value::as_array);
        let ids = ids.ok_or_else(|| DevOpsError::bad_request("The body must be an object with an array of ids."))?;
        let ids: Option<Vec<i64>> = ids.iter().map(Value::as_i64).take(MOST_ITEMS + 1).collect();
        let names = body.get("fields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let given = |key: &str| body.get(key).filter(|value| !value.is_null());
        let expand = match given("$expand") {
            Some(value) => Expand::read(value).ok_or_else(|| wrong("$expand", &value.to_string()))?,
            None => Expand::None,
        };
        let policy = given("errorPolicy")
            .map(|value| ErrorPolicy::read(value).ok_or_else(|| wrong("errorPolicy", &value.to_string())));
        let as_of = given("asOf")
            .map(|value| value.as_str().and_then(date::parse_last).ok_or_else(|| wrong("asOf", &value.to_string())));
        Self {
            ids: ids.ok_or_else(|| wrong("ids", "…"))?,
            shape: Shape::of(expand, names.iter().filter_map(Value::as_str))?,
            omit_missing: policy.transpose()? == Some(ErrorPolicy::Omit),
            as_of: as_of.transpose()?,
        }
        .bounded()
    }

    fn bounded(self) -> Result<Self, DevOpsError> {
        if self.ids.len() > MOST_ITEMS {
            return Err(DevOpsError::bad_request(format!(
                "VS402337: A request may name at most {MOST_ITEMS} work items."
            )));
        }
        Ok(self)
    }
}

fn wrong(name: &str, value: &str) -> DevOpsError {
    DevOpsError::bad_request(format!("The value '{}' of {name} cannot be read.", Shown(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_query_and_a_body_say_the_same() {
        let query =
            Selection::parse([("ids", "3, 1,2"), ("fields", "System.Title,system.state"), ("errorPolicy", "Omit")])
                .unwrap();
        let body =
            Selection::read(&json!({"ids": [3, 1, 2], "fields": ["System.Title", "System.State"], "errorPolicy": 2}))
                .unwrap();
        assert_eq!(query, body);
        assert!(query.shape.holds("System.Title") && !query.shape.holds("System.Rev"));
        assert!(Selection::read(&json!({"ids": [1], "$expand": 4})).unwrap().shape.holds_relations());
    }

    #[test]
    fn fields_and_expand_contradict_each_other_except_for_links() {
        assert_eq!(Shape::parse(Some("relations"), Some("System.Title")).unwrap_err().status(), 400);
        assert!(Shape::parse(Some("links"), Some("System.Title")).unwrap().holds_links());
        assert_eq!(Shape::parse(Some("1"), None), Shape::parse(Some("Relations"), None));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let too_many = vec!["1"; 201].join(",");
        for query in [
            vec![],
            vec![("ids", "")],
            vec![("ids", "1,x")],
            vec![("ids", too_many.as_str())],
            vec![("ids", "1"), ("$expand", "much")],
            vec![("ids", "1"), ("fields", "Made.Up")],
            vec![("ids", "1"), ("asOf", "soon")],
            vec![("ids", "1"), ("errorPolicy", "shrug")],
        ] {
            assert_eq!(Selection::parse(query.clone()).unwrap_err().status(), 400, "{query:?}");
        }
        for body in [
            json!(null),
            json!({}),
            json!({"ids": 1}),
            json!({"ids": ["x"]}),
            json!({"ids": vec![1; 201]}),
            json!({"ids": [1], "$expand": "much"}),
            json!({"ids": [1], "errorPolicy": 3}),
            json!({"ids": [1], "asOf": 5}),
        ] {
            assert_eq!(Selection::read(&body).unwrap_err().status(), 400, "{body}");
        }
    }
}
