//! Long lists come in pages. A token says where the next page begins, and counts for nobody and nothing else.

use std::time::Duration;

use latchkey_devops::error::DevOpsError;
use latchkey_identity::Timestamp;
use latchkey_identity::secret::PurposeKey;
use latchkey_identity::time::days;
use latchkey_jose::base64url;

use super::call::Call;
use super::error::ApiError;
use crate::bearer::Holder;

/// How long a token counts: far longer than anybody takes from one page to the next.
const LIFETIME: Duration = days(1);

/// Bytes of the code that authenticates a token.
const MAC_BYTES: usize = 32;

/// What a token is bound to.
struct Binding<'a> {
    key: &'a PurposeKey,
    /// The authorization that asks: it stands for person, app and tenant. For an app by itself it is the app.
    holder: [u8; 16],
    /// The list, by the ids of what it belongs to.
    list: &'a str,
    filter: String,
}

impl Call {
    /// The position that the request's token holds, if it has one, in a list that is called by the ids of what it belongs to.
    pub(super) fn continuation(&self, list: &str) -> Result<Option<String>, ApiError> {
        let Some(token) = self.query.get("continuationToken") else { return Ok(None) };
        let position = self.binding(list).open(token, self.now);
        position.map(Some).ok_or_else(|| {
            DevOpsError::bad_request(
                "The continuationToken is not one of this list, or it is too old. Begin with the first page.",
            )
            .into()
        })
    }

    /// The token for the position where the next page begins.
    pub(super) fn continue_at(&self, list: &str, position: &str) -> String {
        self.binding(list).seal(position, self.now + LIFETIME)
    }

    fn binding<'a>(&'a self, list: &'a str) -> Binding<'a> {
        Binding {
            key: &self.app.keys.continuation,
            holder: match &self.identified.holder {
                Holder::Person(bearer) => bearer.authorization.id.0.into_bytes(),
                Holder::App(bearer) => bearer.client.id.0.into_bytes(),
            },
            list,
            filter: self.query.filter(),
        }
    }
}

impl Binding<'_> {
    fn seal(&self, position: &str, end: Timestamp) -> String {
        let end = end.as_secs().to_be_bytes();
        let mac = self.key.mac(&self.parts(&end, position));
        base64url::encode([&end[..], &mac[..], position.as_bytes()].concat())
    }

    fn open(&self, token: &str, now: Timestamp) -> Option<String> {
        let bytes = base64url::decode(token).ok()?;
        let (end, rest) = bytes.split_first_chunk::<8>()?;
        let (mac, position) = rest.split_first_chunk::<MAC_BYTES>()?;
        let position = std::str::from_utf8(position).ok()?;
        let holds = self.key.verify(&self.parts(end, position), mac) && now.as_secs() < i64::from_be_bytes(*end);
        holds.then(|| position.to_owned())
    }

    fn parts<'a>(&'a self, end: &'a [u8], position: &'a str) -> [&'a [u8]; 5] {
        [&self.holder, self.list.as_bytes(), self.filter.as_bytes(), end, position.as_bytes()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_identity::secret::Purpose;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    #[test]
    fn a_token_counts_for_its_list_and_caller_only_and_not_for_ever() {
        let key = PurposeKey::derive(&[7; 32], Purpose::Continuation).unwrap();
        let of =
            |holder, list, filter: &str| Binding { key: &key, holder: [holder; 16], list, filter: filter.to_owned() };
        let mine = of(1, "projects of 1", "a=b");
        let token = mine.seal("refs/heads/main", NOW + LIFETIME);
        assert_eq!(mine.open(&token, NOW).as_deref(), Some("refs/heads/main"));
        assert_eq!(of(2, "projects of 1", "a=b").open(&token, NOW), None);
        assert_eq!(of(1, "projects of 2", "a=b").open(&token, NOW), None);
        assert_eq!(of(1, "projects of 1", "a=c").open(&token, NOW), None);
        assert_eq!(mine.open(&token, NOW + LIFETIME), None);
    }

    #[test]
    fn a_token_with_another_bit_is_none() {
        let key = PurposeKey::derive(&[7; 32], Purpose::Continuation).unwrap();
        let mine = Binding { key: &key, holder: [1; 16], list: "", filter: String::new() };
        let bytes = base64url::decode(&mine.seal("41", NOW + LIFETIME)).unwrap();
        for place in 0..bytes.len() {
            let mut other = bytes.clone();
            other[place] ^= 1;
            assert_eq!(mine.open(&base64url::encode(other), NOW), None, "byte {place}");
        }
        for token in ["", "A", "!!", "AAAA"] {
            assert_eq!(mine.open(token, NOW), None);
        }
    }
}
