//! Where the code says which section of a specification it follows, and which tests name what says so.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::problem::{Outcome, Problem};

/// A section of a specification, in the order of documents and sections.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Section {
    /// `RFC 6749`, `OpenID Connect Core`.
    pub(crate) document: String,
    /// The parts of `4.1.2`: numbers before letters. Empty for the document as a whole.
    pub(crate) number: Vec<(u32, String)>,
}

/// An item of the code that follows a section.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Item {
    /// The file, from the root of the repository.
    pub(crate) file: PathBuf,
    /// The function or type; empty for the file as a whole.
    pub(crate) name: String,
}

/// A test function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Test {
    /// The file, from the root of the repository.
    pub(crate) file: PathBuf,
    /// Its name.
    pub(crate) name: String,
    body: String,
}

/// Everything that was found.
#[derive(Default, Debug)]
pub(crate) struct Citations {
    /// What follows each section.
    pub(crate) sections: BTreeMap<Section, Vec<Item>>,
    /// All tests.
    pub(crate) tests: Vec<Test>,
}

impl Section {
    /// Reads what stands between brackets: `RFC 6749 §4.1.2`, `RFC 9207`. Anything else is not a citation.
    fn read(text: &str) -> Option<Self> {
        let (document, number) = text.split_once(" §").unwrap_or((text, ""));
        let is_rfc = document.strip_prefix("RFC ").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
        let is_named = !number.is_empty() && document.starts_with(|first: char| first.is_ascii_uppercase());
        (is_rfc || is_named).then(|| {
            let part = |part: &str| (part.parse().unwrap_or(u32::MAX), part.to_owned());
            let number = number.split('.').filter(|part| !part.is_empty()).map(part).collect();
            Self { document: document.to_owned(), number }
        })
    }

    /// `§4.1.2`, or nothing for the document as a whole.
    pub(crate) fn title(&self) -> String {
        let parts: Vec<&str> = self.number.iter().map(|(_, part)| part.as_str()).collect();
        if parts.is_empty() { String::new() } else { format!("§{}", parts.join(".")) }
    }
}

impl Item {
    /// Whether a test is about this: it asks the endpoint whose file has the same noun, it stands beside the item and names it, or it
    /// names it in a way that means nothing else.
    pub(crate) fn is_shown_by(&self, test: &Test) -> bool {
        let noun = self.file.file_stem();
        if is_over_http(&test.file) && test.file.file_stem() == noun {
            return true;
        }
        // The same word means something else in another crate.
        let in_its_crate = self.file.components().take(2).eq(test.file.components().take(2));
        if self.name.is_empty() || !in_its_crate || !names(&test.body, &self.name) {
            return false;
        }
        let is_type =
            self.name.starts_with(|first: char| first.is_ascii_uppercase()) && self.name.contains(char::is_lowercase);
        let whole = format!("{}::{}", noun.unwrap_or_default().display(), self.name);
        is_type || self.has_beside(&test.file) || names(&test.body, &whole)
    }

    /// Whether tests are in the file itself, or in the folder that bears its name.
    pub(crate) fn has_beside(&self, tests: &Path) -> bool {
        tests == self.file || tests.starts_with(self.file.with_extension(""))
    }
}

/// Whether tests are of a crate as a whole, from outside.
fn is_over_http(file: &Path) -> bool {
    file.components().nth(2).is_some_and(|folder| folder.as_os_str() == "tests")
}

/// Whether a text has a word in it, as a whole word.
fn names(text: &str, word: &str) -> bool {
    let part_of_a_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(part_of_a_word) && !after.is_some_and(part_of_a_word)
    })
}

impl Citations {
    /// Reads all crates below `root`.
    pub(crate) fn below(root: &Path) -> Outcome<Self> {
        let mut files = Vec::new();
        rust_files(&root.join("crates"), &mut files)?;
        files.sort();
        let mut citations = Self::default();
        for file in files {
            let text =
                fs::read_to_string(&file).map_err(|error| Problem::new(format!("{}: {error}", file.display())))?;
            let file = file.strip_prefix(root).unwrap_or(&file).to_path_buf();
            citations.read(&file, &text);
        }
        for items in citations.sections.values_mut() {
            items.sort();
            items.dedup();
        }
        Ok(citations)
    }

    fn read(&mut self, file: &Path, text: &str) {
        let is_test = file.iter().any(|part| part == "tests" || part == "tests.rs");
        let (mut cited, mut inside, mut testing) = (Vec::new(), String::new(), is_test);
        let mut test = None;
        for line in text.lines() {
            let code = line.trim_start();
            testing |= code.starts_with("#[cfg(test)]");
            if let Some(comment) = code.strip_prefix("//") {
                let found = sections(comment);
                match comment.starts_with('/') && !testing {
                    true => cited.extend(found),
                    // A file as a whole, or a line within a function.
                    false if !testing => found.for_each(|section| self.add(section, file, &inside)),
                    false => {}
                }
            } else if code.starts_with("#[test]") || code.starts_with("#[tokio::test") {
                test = Some(String::new());
            } else if let Some(name) = defined(code) {
                match &mut test {
                    Some(waiting) if waiting.is_empty() => {
                        name.clone_into(waiting);
                        self.tests.push(Test { file: file.to_path_buf(), name: name.to_owned(), body: String::new() });
                    }
                    _ => {}
                }
                name.clone_into(&mut inside);
                cited.drain(..).for_each(|section| self.add(section, file, &inside));
            } else if !code.is_empty() && !code.starts_with('#') {
                // A member of the type that is being defined.
                cited.drain(..).for_each(|section| self.add(section, file, &inside));
            }
            match (&test, self.tests.last_mut()) {
                (Some(name), Some(last)) if !name.is_empty() => {
                    last.body.push_str(line);
                    last.body.push('\n');
                }
                _ => {}
            }
            if line == "}" {
                inside.clear();
            }
            if line == "}" || line == "    }" {
                test = None;
            }
        }
    }

    fn add(&mut self, section: Section, file: &Path, name: &str) {
        let item = Item { file: file.to_path_buf(), name: name.to_owned() };
        self.sections.entry(section).or_default().push(item);
    }
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) -> Outcome<()> {
    let entries = fs::read_dir(folder).map_err(|error| Problem::new(format!("{}: {error}", folder.display())))?;
    for entry in entries {
        let path = entry.map_err(|error| Problem::new(error.to_string()))?.path();
        if path.is_dir() {
            rust_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

/// The sections that a comment cites.
fn sections(comment: &str) -> impl Iterator<Item = Section> {
    comment.split('[').skip(1).filter_map(|rest| Section::read(rest.split_once(']')?.0))
}

/// The name of the function or type that a line begins to define.
fn defined(code: &str) -> Option<&str> {
    let mut words = code.split_ascii_whitespace().skip_while(|word| {
        word.starts_with("pub") || ["const", "async", "unsafe", "(crate)", "(super)"].contains(word)
    });
    let is_constant = code.contains("const ") && !code.contains("const fn");
    let keyword = if is_constant { "const" } else { words.next()? };
    if !["fn", "struct", "enum", "trait", "type", "const"].contains(&keyword) {
        return None;
    }
    let name = words.next()?;
    let end = name.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(name.len());
    name.get(..end).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Citations {
        let mut citations = Citations::default();
        citations.read(Path::new("crates/a/src/code.rs"), text);
        citations
    }

    fn found(citations: &Citations) -> Vec<(String, String, String)> {
        let each = |(section, items): (&Section, &Vec<Item>)| {
            let of = |item: &Item| (section.document.clone(), section.title(), item.name.clone());
            items.iter().map(of).collect::<Vec<_>>()
        };
        citations.sections.iter().flat_map(each).collect()
    }

    #[test]
    fn a_citation_is_a_document_with_its_section() {
        let title = |text| Section::read(text).map(|section| (section.document.clone(), section.title()));
        assert_eq!(title("RFC 6749 §4.1.2"), Some(("RFC 6749".into(), "§4.1.2".into())));
        assert_eq!(title("RFC 9207"), Some(("RFC 9207".into(), String::new())));
        assert_eq!(title("OpenID Connect Core §3.1.2.1"), Some(("OpenID Connect Core".into(), "§3.1.2.1".into())));
        assert_eq!([title("`Signer`"), title("RFC"), title("Store"), title("some text §2")], [None, None, None, None]);
    }

    #[test]
    fn sections_are_in_the_order_of_their_numbers() {
        let section = |text| Section::read(text).unwrap();
        assert!(section("RFC 6749 §4.2") < section("RFC 6749 §4.10"));
        assert!(section("RFC 6749 §10") < section("RFC 6749 §A.1"));
        assert!(section("RFC 6749") < section("RFC 6749 §1"));
    }

    #[test]
    fn what_is_defined_next_follows_the_section_and_a_line_within_it_too() {
        let text = "//! The whole. [RFC 1 §1]\n\n/// One. [RFC 2 §2]\n#[derive(Debug)]\npub struct One {\n    /// A. [RFC 3 §3]\n    a: u8,\n}\n\n\
                    /// Two. [RFC 4 §4], [RFC 5 §5]\npub(crate) async fn two() {\n    // Because. [RFC 6 §6]\n    three();\n}\n";
        let names: Vec<_> = found(&read(text)).into_iter().map(|(document, _, name)| (document, name)).collect();
        let expected =
            [("RFC 1", ""), ("RFC 2", "One"), ("RFC 3", "One"), ("RFC 4", "two"), ("RFC 5", "two"), ("RFC 6", "two")];
        assert_eq!(names, expected.map(|(document, name)| (document.to_owned(), name.to_owned())));
    }

    #[test]
    fn tests_beside_the_code_are_in_its_file_or_in_its_folder() {
        let item = Item { file: "crates/a/src/grant/code.rs".into(), name: "two".into() };
        let beside = |file: &str| item.has_beside(Path::new(file));
        assert!(beside("crates/a/src/grant/code.rs") && beside("crates/a/src/grant/code/tests.rs"));
        assert!(!beside("crates/a/src/grant/tests.rs"));
    }

    #[test]
    fn a_function_of_another_file_is_meant_only_with_the_name_of_its_file() {
        let item = |name: &str| Item { file: "crates/a/src/code.rs".into(), name: name.into() };
        let elsewhere =
            |body: &str| Test { file: "crates/a/src/other.rs".into(), name: String::new(), body: body.into() };
        assert!(item("two").is_shown_by(&elsewhere("code::two()")) && !item("two").is_shown_by(&elsewhere("two()")));
        assert!(item("Two").is_shown_by(&elsewhere("Two::new()")));
        assert!(!item("TWO").is_shown_by(&elsewhere("TWO")) && item("TWO").is_shown_by(&elsewhere("code::TWO")));
    }

    #[test]
    fn a_test_shows_what_it_names_and_what_its_file_is_called_after() {
        let text = "/// Two. [RFC 4 §4]\npub fn two() {}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn it_is_two() {\n        assert_eq!(two(), ());\n    }\n\n    #[test]\n    fn it_is_not() {\n        twofold();\n    }\n}\n";
        let citations = read(text);
        let item = Item { file: "crates/a/src/code.rs".into(), name: "two".into() };
        let shown: Vec<_> = citations.tests.iter().map(|test| (test.name.as_str(), item.is_shown_by(test))).collect();
        assert_eq!(shown, [("it_is_two", true), ("it_is_not", false)]);
        let over_http = |file: &str| Test { file: file.into(), name: String::new(), body: String::new() };
        assert!(item.is_shown_by(&over_http("crates/web/tests/identity/code.rs")));
        assert!(!item.is_shown_by(&over_http("crates/web/tests/identity/other.rs")));
    }
}
