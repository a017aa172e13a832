//! What a client is called in requests and tokens: the id that it was registered under, or the address of the document that describes it.

use std::fmt;

use url::Url;

use crate::client::registered_client::{Client, ClientId};
use crate::limits;
use crate::secret::PurposeKey;
use crate::tenant::TenantId;

/// The address of a document by which a client describes itself. [Client ID Metadata Document §3]
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DocumentUrl(String);

impl DocumentUrl {
    /// Reads an address as it is written: https, with a path, and without a fragment, a user name or anything that a browser would read as
    /// something else, such as `..`. Two addresses are the same if their bytes are.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("https://")?;
        let (authority, path) = rest.split_at(rest.find('/')?);
        let url = Url::parse(text).ok()?;
        let is_plain = url.as_str() == text
            || authority.strip_suffix(":443").is_some_and(|bare| url.as_str() == format!("https://{bare}{path}"));
        let is_bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        (text.len() <= limits::DOCUMENT_URL_BYTES && is_plain && is_bare).then(|| Self(text.to_owned()))
    }

    /// An address that was read before.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its host, with the port if there is one: what people can know an app by that describes itself.
    pub fn host(&self) -> &str {
        self.0.split('/').nth(2).unwrap_or_default()
    }

    /// The id that the client is kept under in a tenant. Nobody works it out who does not have the key, so nobody takes it first.
    pub fn client(&self, tenant: TenantId, key: &PurposeKey) -> ClientId {
        let mac = key.mac(&[b"client id metadata document", tenant.0.as_bytes(), self.0.as_bytes()]);
        ClientId(uuid::Builder::from_custom_bytes(mac.first_chunk().copied().unwrap_or_default()).into_uuid())
    }
}

impl fmt::Display for DocumentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A `client_id`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ClientIdentifier {
    /// Of a client that was registered here.
    Registered(ClientId),
    /// Of a client that describes itself.
    Described(DocumentUrl),
}

impl ClientIdentifier {
    /// Reads the `client_id` parameter; `None` if it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let registered = ClientId::parse(text).map(Self::Registered);
        registered.or_else(|| DocumentUrl::parse(text).map(Self::Described))
    }

    /// The id of a client that was registered here.
    pub fn registered(&self) -> Option<ClientId> {
        match self {
            Self::Registered(id) => Some(*id),
            Self::Described(_) => None,
        }
    }
}

impl fmt::Display for ClientIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registered(id) => id.fmt(f),
            Self::Described(url) => url.fmt(f),
        }
    }
}

impl Client {
    /// What it is called in requests and tokens.
    pub fn identifier(&self) -> ClientIdentifier {
        match &self.document {
            None => ClientIdentifier::Registered(self.id),
            Some(url) => ClientIdentifier::Described(url.clone()),
        }
    }

    /// Whether this `client_id` means it: a client that describes itself is not known by the id that it is kept under.
    pub fn is_called(&self, identifier: &ClientIdentifier) -> bool {
        self.identifier() == *identifier
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Purpose;
    use uuid::Uuid;

    #[test]
    fn an_address_is_https_with_a_path_and_nothing_that_reads_in_two_ways() {
        for good in [
            "https://client.example/",
            "https://client.example/oauth/client.json",
            "https://client.example:8443/client",
            "https://client.example:443/client",
            "https://client.example/client?for=us",
            "https://xn--80ak6aa92e.example/client",
        ] {
            assert_eq!(DocumentUrl::parse(good).map(|url| url.to_string()).as_deref(), Some(good));
        }
        for bad in [
            "http://client.example/client",
            "HTTPS://client.example/client",
            "https://client.example",
            "https:///client",
            "https://Client.example/client",
            "https://client.example/client#fragment",
            "https://client.example/client#",
            "https://user@client.example/client",
            "https://user:password@client.example/client",
            "https://@client.example/client",
            "https://client.example/a/../client",
            "https://client.example/./client",
            "https://client.example/%2e%2e/client",
            "https://client.example\\@evil.example/client",
            "https://client.example/cli ent",
            " https://client.example/client",
            "https://client.example/client\n",
            // The first letter is Cyrillic: it is shown as it is looked up, or not at all.
            "https://\u{441}lient.example/client",
            "00000000-0000-0000-0000-0000000000c1",
        ] {
            assert_eq!(DocumentUrl::parse(bad), None, "{bad}");
        }
        let long = format!("https://client.example/{}", "x".repeat(limits::DOCUMENT_URL_BYTES));
        assert_eq!(DocumentUrl::parse(&long), None);
    }

    #[test]
    fn addresses_are_compared_byte_by_byte_and_tenants_apart() {
        let key = PurposeKey::derive(&[0; 32], Purpose::ClientSecret).unwrap();
        let (harbor, shore) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let id = |text: &str, tenant| DocumentUrl::parse(text).unwrap().client(tenant, &key);
        let plain = id("https://client.example/client", harbor);
        assert_eq!(plain, id("https://client.example/client", harbor));
        assert_ne!(plain, id("https://client.example:443/client", harbor));
        assert_ne!(plain, id("https://client.example/client", shore));
        let other = PurposeKey::derive(&[1; 32], Purpose::ClientSecret).unwrap();
        assert_ne!(plain, DocumentUrl::parse("https://client.example/client").unwrap().client(harbor, &other));
    }

    #[test]
    fn the_host_is_what_people_are_shown() {
        let host = |text: &str| DocumentUrl::parse(text).unwrap().host().to_owned();
        assert_eq!(host("https://client.example/oauth/client.json?x=/"), "client.example");
        assert_eq!(host("https://client.example:8443/client"), "client.example:8443");
    }
}
