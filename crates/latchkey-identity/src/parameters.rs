//! The parameters of a request as they came: names once, values whole.

use std::ops::Range;

use crate::error::OAuthError;
use crate::limits;

/// Parameters that most requests have at most.
const USUAL: usize = 8;
/// The parameter that may be repeated.
const RESOURCE: &str = "resource";

/// Parameters of a query or a form, in which each known name may stand once, [RFC 6749 §3.1 and §3.2].
#[derive(Clone, Default)]
pub struct Parameters {
    /// All names and values, one after the other.
    text: String,
    /// Where each name stands in it, and its first value, in the order of the names.
    pairs: Vec<(Range<usize>, Range<usize>)>,
    /// Names that stood twice.
    repeated: Vec<Range<usize>>,
    /// Every `resource` but the first: it is the one parameter that may stand more than once. [RFC 8707 §2]
    more_resources: Vec<Range<usize>>,
}

impl Parameters {
    /// Reads decoded pairs. Empty values count as absent, [RFC 6749 §3.1]. A name that stands twice is remembered: see [`Self::once`].
    pub fn from_pairs<Text: AsRef<str>>(pairs: impl IntoIterator<Item = (Text, Text)>) -> Result<Self, OAuthError> {
        Self::with_capacity(0, pairs)
    }

    /// The same, with room to begin with for `bytes` of names and values.
    pub fn with_capacity<Text: AsRef<str>>(
        bytes: usize,
        pairs: impl IntoIterator<Item = (Text, Text)>,
    ) -> Result<Self, OAuthError> {
        let mut parameters =
            Self { text: String::with_capacity(bytes), pairs: Vec::with_capacity(USUAL), ..Self::default() };
        for (index, (name, value)) in pairs.into_iter().enumerate() {
            if index >= limits::PARAMETERS {
                return Err(OAuthError::invalid_request("the request has too many parameters"));
            }
            parameters.add(name.as_ref(), value.as_ref())?;
        }
        Ok(parameters)
    }

    fn add(&mut self, name: &str, value: &str) -> Result<(), OAuthError> {
        if name.contains('\0') || value.contains('\0') {
            return Err(OAuthError::invalid_request("a parameter contains a null character"));
        }
        let (found, name, value) = (self.find(name), self.keep(name), self.keep(value));
        match found {
            Ok(_) if self.at(&name) == RESOURCE => self.more_resources.push(value),
            Ok(_) => self.repeated.push(name),
            Err(place) => self.pairs.insert(place, (name, value)),
        }
        Ok(())
    }

    fn keep(&mut self, text: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(text);
        start..self.text.len()
    }

    fn at(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// The place of a name, or where it would be.
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.pairs.binary_search_by(|(other, _)| self.at(other).cmp(name))
    }

    /// The value, if there is one and it is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.pairs.get(self.find(name).ok()?)?;
        Some(self.at(value)).filter(|value| !value.is_empty())
    }

    /// The value, or an error that names the parameter.
    pub fn require(&self, name: &'static str) -> Result<&str, OAuthError> {
        self.get(name).ok_or_else(|| OAuthError::invalid_request(format!("{name} is missing")).numbered(900_144))
    }

    /// Refuses a request in which any parameter stands twice.
    pub fn once(&self) -> Result<(), OAuthError> {
        match self.repeated.first() {
            None => Ok(()),
            Some(name) => {
                let name = self.at(name);
                Err(OAuthError::invalid_request(format!("the parameter {name} stands more than once")))
            }
        }
    }

    /// Every parameter with its first value, in order of their names, and then every other resource.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let first = self.pairs.iter().map(|(name, value)| (self.at(name), self.at(value)));
        first.chain(self.more_resources.iter().map(|value| (RESOURCE, self.at(value))))
    }

    /// The resources that the client means, [RFC 8707 §2].
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        let more = self.more_resources.iter().map(|value| self.at(value)).filter(|value| !value.is_empty());
        self.get(RESOURCE).into_iter().chain(more)
    }

    /// Whether `name` stood more than once.
    pub fn repeats(&self, name: &str) -> bool {
        self.repeated.iter().any(|repeated| self.at(repeated) == name)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn parameters(pairs: &[(&str, &str)]) -> Parameters {
        Parameters::from_pairs(pairs.iter().copied()).unwrap()
    }

    #[test]
    fn an_empty_parameter_is_an_absent_one() {
        assert_eq!(parameters(&[("state", "")]).get("state"), None);
        assert_eq!(parameters(&[]).require("code").unwrap_err().description, "code is missing");
    }

    #[test]
    fn a_doubled_parameter_is_refused() {
        assert!(parameters(&[("a", "1"), ("b", "1")]).once().is_ok());
        assert_eq!(parameters(&[("a", "1"), ("a", "1")]).once().unwrap_err().code, "invalid_request");
        let resources = parameters(&[("resource", "1"), ("resource", ""), ("resource", "2"), ("a", "1")]);
        assert!(resources.once().is_ok());
        assert_eq!(resources.resources().collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(resources.iter().count(), 4);
    }
}
