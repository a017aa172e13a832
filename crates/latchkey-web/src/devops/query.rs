//! The query of a request. Names count in any case, and `$top` may come as `%24top`.

use latchkey_devops::error::DevOpsError;

/// The most parameters of a query.
const MOST_PARAMETERS: usize = 200;

/// The pairs of a query, decoded, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query.
    pub(super) fn read(text: &str) -> Result<Self, DevOpsError> {
        let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).into_owned().take(MOST_PARAMETERS + 1).collect();
        if pairs.len() > MOST_PARAMETERS {
            return Err(DevOpsError::bad_request(format!("A query has at most {MOST_PARAMETERS} parameters.")));
        }
        Ok(Self(pairs))
    }

    /// The first value of that name that says something.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.pairs().find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_empty()).map(|(_, value)| value)
    }

    /// The value of a name that decides what is changed or whose it is: a second one is refused, since somebody may have read only the first.
    pub(super) fn once(&self, name: &str) -> Result<Option<&str>, DevOpsError> {
        if self.pairs().filter(|(key, _)| key.eq_ignore_ascii_case(name)).count() > 1 {
            return Err(DevOpsError::bad_request(format!("The parameter {name} must not be given twice.")));
        }
        Ok(self.get(name))
    }

    /// The first value under any of these names.
    pub(super) fn any(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name))
    }

    /// All pairs, values trimmed.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.trim()))
    }

    /// Whether a parameter says yes.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }

    /// How many, by any of these names; at most `most`.
    pub(super) fn count(&self, names: &[&str], most: u32) -> Result<Option<u32>, DevOpsError> {
        let Some(text) = self.any(names) else { return Ok(None) };
        match text.parse::<u32>() {
            Ok(count) => Ok(Some(count.min(most))),
            Err(_) => {
                let name = names.first().copied().unwrap_or_default();
                Err(DevOpsError::bad_request(format!("The value of {name} must be a number.")))
            }
        }
    }

    /// What a list is about, whatever page of it: the pairs but for those of paging, in one order and one case.
    pub(super) fn filter(&self) -> String {
        const OF_PAGING: &[&str] = &["continuationtoken", "$top", "top", "api-version"];
        let mut pairs: Vec<String> = self
            .pairs()
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .filter(|(name, value)| !OF_PAGING.contains(&name.as_str()) && !value.is_empty())
            .map(|(name, value)| format!("{}:{}:{name}={value}", name.len(), value.len()))
            .collect();
        pairs.sort_unstable();
        pairs.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::read(text).unwrap()
    }

    #[test]
    fn names_count_in_any_case_and_encoded() {
        let query = query("%24top=5&SearchCriteria.Status=1&empty=&flag=True");
        assert_eq!(query.get("$top"), Some("5"));
        assert_eq!(query.get("searchCriteria.status"), Some("1"));
        assert_eq!(query.get("empty"), None);
        assert!(query.flag("FLAG"));
        assert_eq!(query.count(&["$TOP"], 3), Ok(Some(3)));
        assert_eq!(query.count(&["top"], 3), Ok(None));
    }

    #[test]
    fn what_decides_is_not_said_twice() {
        assert_eq!(query("secretType=primary").once("secrettype"), Ok(Some("primary")));
        assert_eq!(query("").once("secretType"), Ok(None));
        for text in
            ["secretType=primary&SecretType=alternative", "secretType=&secretType=a", "secretType=a&%73ecretType=a"]
        {
            assert_eq!(query(text).once("secretType").unwrap_err().status(), 400, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        for text in ["$top=x", "$top=-1", "$top=99999999999", "$top=1.5"] {
            assert_eq!(query(text).count(&["$top"], 10).unwrap_err().status(), 400, "{text}");
        }
        assert_eq!(Query::read(&"a&".repeat(201)).unwrap_err().status(), 400);
    }

    #[test]
    fn pages_of_one_list_have_one_filter() {
        let first = query("statusFilter=2&$top=5&api-version=7.1").filter();
        assert_eq!(query("continuationToken=x&STATUSFILTER=2&$top=9").filter(), first);
        assert_ne!(query("statusFilter=1").filter(), first);
        assert_ne!(query("a=b&c=d").filter(), query("a=b%0A1:1:c=d").filter());
    }
}
