//! Distinguished names, as people write them and as certificates hold them. [RFC 4514 §2 and §3], [RFC 5280 §4.1.2.4]
//!
//! Two names are the same if they have the same parts in the same order, each with the same text: nothing is folded or guessed, so a name
//! that merely looks alike is another one.

use std::collections::BTreeSet;
use std::str::FromStr;

use x509_parser::asn1_rs::{Any, FromDer as _, Tag};
use x509_parser::x509::X509Name;

/// A distinguished name: its parts in the order of the certificate, the most general first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DistinguishedName(Vec<BTreeSet<Attribute>>);

/// The object identifier of a type, and what it says.
type Attribute = (String, Value);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Value {
    /// A text, whichever of the types for texts it has.
    Text(String),
    /// Something else, by its tag.
    Other(u32, Vec<u8>),
}

/// The text is no distinguished name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a distinguished name as RFC 4514 writes it: CN=ci,O=Example,C=DE")]
pub struct NotAName;

/// Types by the short names that people use. Others are written as object identifiers. [RFC 4514 §3], [RFC 4519 §2]
const TYPES: [(&str, &str); 17] = [
    ("CN", "2.5.4.3"),
    ("SN", "2.5.4.4"),
    ("serialNumber", "2.5.4.5"),
    ("C", "2.5.4.6"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("STREET", "2.5.4.9"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("title", "2.5.4.12"),
    ("businessCategory", "2.5.4.15"),
    ("GN", "2.5.4.42"),
    ("givenName", "2.5.4.42"),
    ("organizationIdentifier", "2.5.4.97"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("emailAddress", "1.2.840.113549.1.9.1"),
];

impl DistinguishedName {
    /// The name that stands in a certificate; `None` if one of its texts cannot be decoded.
    pub(crate) fn of(name: &X509Name<'_>) -> Option<Self> {
        let part = |attributes: &x509_parser::x509::RelativeDistinguishedName<'_>| {
            let attribute = |one: &x509_parser::x509::AttributeTypeAndValue<'_>| {
                Some((one.attr_type().to_id_string(), value(one.attr_value())?))
            };
            attributes.iter().map(attribute).collect::<Option<BTreeSet<_>>>()
        };
        name.iter().map(part).collect::<Option<_>>().map(Self)
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a value says, in whichever of the types for texts. [RFC 5280 §4.1.2.4]
fn value(any: &Any<'_>) -> Option<Value> {
    let data = any.data;
    let text = match any.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString => {
            str::from_utf8(data).ok()?.to_owned()
        }
        Tag::T61String => data.iter().copied().map(char::from).collect(),
        Tag::BmpString => {
            let (pairs, []) = data.as_chunks::<2>() else { return None };
            String::from_utf16(&pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect::<Vec<_>>()).ok()?
        }
        other => return Some(Value::Other(other.0, data.to_vec())),
    };
    Some(Value::Text(text))
}

impl FromStr for DistinguishedName {
    type Err = NotAName;

    /// Reads what [RFC 4514 §3] writes, with spaces around the separators let pass.
    fn from_str(text: &str) -> Result<Self, NotAName> {
        let part = |part: &str| split(part, '+').into_iter().map(attribute).collect::<Result<BTreeSet<_>, _>>();
        let mut parts = split(text, ',').into_iter().map(part).collect::<Result<Vec<_>, _>>()?;
        // The text begins with the most particular one.
        parts.reverse();
        Ok(Self(parts))
    }
}

/// The pieces between separators that are not escaped.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut escaped = false;
    text.split(|character| {
        let separates = character == separator && !escaped;
        escaped = character == '\\' && !escaped;
        separates
    })
    .collect()
}

fn attribute(text: &str) -> Result<Attribute, NotAName> {
    let (named, said) = text.split_once('=').ok_or(NotAName)?;
    let named = named.trim();
    let known = TYPES.iter().find(|(short, _)| short.eq_ignore_ascii_case(named)).map(|(_, identifier)| *identifier);
    let identifier = known.or_else(|| is_identifier(named).then_some(named)).ok_or(NotAName)?;
    Ok((identifier.to_owned(), written(said)?))
}

fn is_identifier(text: &str) -> bool {
    text.contains('.') && text.split('.').all(|arc| !arc.is_empty() && arc.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A value as it is written. [RFC 4514 §2.4]
fn written(said: &str) -> Result<Value, NotAName> {
    let said = without_spaces(said);
    if let Some(hexadecimal) = said.strip_prefix('#') {
        let bytes = hexadecimal.as_bytes().chunks(2).map(octet).collect::<Option<Vec<u8>>>().ok_or(NotAName)?;
        let (rest, any) = Any::from_der(&bytes).map_err(|_| NotAName)?;
        return value(&any).filter(|_| rest.is_empty()).ok_or(NotAName);
    }
    let mut bytes = Vec::with_capacity(said.len());
    let mut left = said;
    while let Some(character) = left.chars().next() {
        left = left.strip_prefix(character).unwrap_or_default();
        match character {
            '\\' => match left.chars().next() {
                Some(special @ (' ' | '"' | '#' | '+' | ',' | ';' | '<' | '=' | '>' | '\\')) => {
                    bytes.push(u8::try_from(special).map_err(|_| NotAName)?);
                    left = left.strip_prefix(special).unwrap_or_default();
                }
                _ => {
                    let (pair, rest) = left.split_at_checked(2).ok_or(NotAName)?;
                    bytes.push(octet(pair.as_bytes()).ok_or(NotAName)?);
                    left = rest;
                }
            },
            '"' | '+' | ',' | ';' | '<' | '>' | '\0' => return Err(NotAName),
            plain => bytes.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.is_empty() => Ok(Value::Text(text)),
        _ => Err(NotAName),
    }
}

/// Without the spaces around it; one that is escaped at the end belongs to it.
fn without_spaces(said: &str) -> &str {
    let said = said.trim_start_matches(' ');
    let trimmed = said.trim_end_matches(' ');
    let slashes = trimmed.len() - trimmed.trim_end_matches('\\').len();
    if slashes % 2 == 1 { said.get(..=trimmed.len()).unwrap_or(said) } else { trimmed }
}

fn octet(pair: &[u8]) -> Option<u8> {
    let [high, low] = pair else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<DistinguishedName, NotAName> {
        text.parse()
    }

    fn text(parts: &[(&str, &str)]) -> DistinguishedName {
        let part =
            |(kind, said): &(&str, &str)| BTreeSet::from([((*kind).to_owned(), Value::Text((*said).to_owned()))]);
        DistinguishedName(parts.iter().map(part).collect())
    }

    /// The examples of RFC 4514 §4.
    #[test]
    fn names_are_read_as_the_specification_writes_them() {
        let james = "UID=jsmith,DC=example,DC=net";
        let dc = "0.9.2342.19200300.100.1.25";
        let uid = "0.9.2342.19200300.100.1.1";
        assert_eq!(read(james), Ok(text(&[(dc, "net"), (dc, "example"), (uid, "jsmith")])));
        let both = read("OU=Sales+CN=J.  Smith,DC=example,DC=net").unwrap();
        assert_eq!(both, read("CN=J.  Smith + OU=Sales, DC=example, DC=net").unwrap(), "a set has no order");
        assert_eq!(read(r#"CN=James \"Jim\" Smith\, III"#), Ok(text(&[("2.5.4.3", "James \"Jim\" Smith, III")])));
        assert_eq!(read(r"CN=Before\0dAfter"), Ok(text(&[("2.5.4.3", "Before\rAfter")])));
        assert_eq!(read(r"1.3.6.1.4.1.1466.0=#04024869").unwrap().0.len(), 1);
        assert_eq!(read(r"CN=Lu\C4\8Di\C4\87"), Ok(text(&[("2.5.4.3", "Lučić")])));
        assert_eq!(read("CN=#0C0263 69".replace(' ', "").as_str()), Ok(text(&[("2.5.4.3", "ci")])), "UTF8String");
        assert_eq!(read(r"cn=ends\ ,O=b"), Ok(text(&[("2.5.4.10", "b"), ("2.5.4.3", "ends ")])));
    }

    #[test]
    fn what_merely_looks_alike_is_another_name() {
        for other in ["CN=CI,O=b", "CN=ci,O=b ,O=b", "O=b,CN=ci", "CN=ci", "CN=ci+O=b", "CN=ci ci,O=b", "CN=ci,OU=b"] {
            assert_ne!(read(other), read("CN=ci,O=b"), "{other}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let wrong = [
            "", "ci", "CN=", "CN=a,", "CN=\"a\"", "CN=a;O=b", r"CN=\zz", r"CN=\", "XY=a", "CN=#zz", "CN=#0C", "CN=\\ff",
        ];
        for wrong in wrong {
            assert_eq!(read(wrong), Err(NotAName), "{wrong}");
        }
        assert_eq!(read("CN=#1E020063"), Ok(text(&[("2.5.4.3", "c")])), "a BMPString");
        assert_eq!(read("CN=#1E03006300"), Err(NotAName), "a character and a half of one");
    }
}
