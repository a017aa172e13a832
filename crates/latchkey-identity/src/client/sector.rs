//! The sector of a client: whom pairwise subjects are for. [OpenID Connect Core §8.1], [OpenID Connect Registration §5]
//!
//! Two clients of one sector know a person by the same subject, so a sector is a host that a client has shown to be its own: answers about
//! people go there and nowhere else, or a page there lists the client's redirect URIs. Every other client is a sector of its own.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::client::metadata::{BadMetadata, Metadata, SubjectType, is_page};
use crate::client::redirect_uri::RedirectUri;
use crate::client::registration::Client;

/// Bytes of a list of redirect URIs: as many as one client has, and those of its siblings.
pub const DOCUMENT_BYTES: usize = 131_072;

/// The list of redirect URIs at a `sector_identifier_uri`, as it was read there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SectorDocument {
    uri: String,
    listed: BTreeSet<String>,
}

impl SectorDocument {
    /// Reads what was fetched from `uri`: a JSON array of strings. [OpenID Connect Registration §5]
    pub fn read(uri: &str, document: &[u8]) -> Option<Self> {
        Some(Self { uri: uri.to_owned(), listed: serde_json::from_slice(document).ok()? })
    }

    /// What was read when a client was registered, as far as it matters: it lists what the client has.
    pub fn of(client: &Client) -> Option<Self> {
        let uri = client.metadata.sector_identifier_uri.clone()?;
        Some(Self { uri, listed: client.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect() })
    }

    /// Whether it is the list at `uri`, and names all of these.
    pub fn lists<'a>(&self, uri: &str, mut redirect_uris: impl Iterator<Item = &'a str>) -> bool {
        self.uri == uri && redirect_uris.all(|uri| self.listed.contains(uri))
    }
}

/// That a client proposes a sector that is its own: the list at its `sector_identifier_uri` has to be there and to name each redirect URI.
pub(super) fn check(
    metadata: &Metadata,
    redirect_uris: &[RedirectUri],
    document: Option<&SectorDocument>,
) -> Result<(), BadMetadata> {
    let Some(uri) = &metadata.sector_identifier_uri else {
        let hosts: BTreeSet<&str> = redirect_uris.iter().map(|uri| host(uri.as_str())).collect();
        return match metadata.subject_type == SubjectType::Pairwise && hosts.len() > 1 {
            true => Err(BadMetadata::SeveralSectors),
            false => Ok(()),
        };
    };
    if !is_page(uri) {
        return Err(BadMetadata::SectorIdentifierUri);
    }
    match document.is_some_and(|document| document.lists(uri, redirect_uris.iter().map(RedirectUri::as_str))) {
        true => Ok(()),
        false => Err(BadMetadata::SectorDocument),
    }
}

/// The sector of a client: a host, or the client itself, by its id behind a space, which no host has.
///
/// Whoever asks with device codes, or on behalf of who called it, is answered without anybody being sent anywhere; anything on a person's
/// machine can have a redirect URI there; and one that describes itself may describe itself in another way tomorrow. None of it shows that
/// a host is a client's own.
pub fn sector(client: &Client) -> Cow<'_, str> {
    if let Some(uri) = &client.metadata.sector_identifier_uri {
        return Cow::Borrowed(host(uri));
    }
    let sent_to = client.redirect_uris.first().map(RedirectUri::as_str).filter(|uri| uri.starts_with("https://"));
    let sends =
        !client.may_use_device_codes() && client.metadata.exposed_scopes.is_empty() && client.document.is_none();
    match sent_to.filter(|_| sends) {
        Some(uri) => Cow::Borrowed(host(uri)),
        None => Cow::Owned(format!("client {}", client.id)),
    }
}

/// That a change brings nobody into a sector who did not show that it is theirs: what was approved before, and sent elsewhere, would count for
/// the new one.
pub(super) fn may_become(before: &Client, after: &Client) -> Result<(), BadMetadata> {
    let proved = after.metadata.sector_identifier_uri.is_some() || after.metadata.subject_type == SubjectType::Public;
    let (was, becomes) = (sector(before), sector(after));
    if proved || was == becomes || matches!(becomes, Cow::Owned(_)) { Ok(()) } else { Err(BadMetadata::SectorChanged) }
}

/// The host of an address as it was registered.
fn host(uri: &str) -> &str {
    let Some((_, rest)) = uri.split_once("://") else { return uri };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::registration::tests::a_client;
    use crate::client::{ClientId, ClientKind};
    use uuid::Uuid;

    const LIST: &str = "https://sector.test/uris.json";

    fn uris(uris: &[&str]) -> Vec<RedirectUri> {
        uris.iter().map(|uri| RedirectUri::from_stored((*uri).to_owned())).collect()
    }

    fn pairwise(sector: Option<&str>) -> Metadata {
        let sector_identifier_uri = sector.map(str::to_owned);
        Metadata { subject_type: SubjectType::Pairwise, sector_identifier_uri, ..Metadata::default() }
    }

    /// OpenID Connect Core §8.1 and Registration §5: the list names every redirect URI.
    #[test]
    fn a_list_elsewhere_names_every_redirect_uri() {
        let document = SectorDocument::read(LIST, br#"["https://a.test/cb","https://b.test/cb","https://c.test/"]"#);
        let document = document.as_ref();
        let (listed, unlisted) = (uris(&["https://a.test/cb", "https://b.test/cb"]), uris(&["https://a.test/other"]));
        assert_eq!(check(&pairwise(Some(LIST)), &listed, document), Ok(()));
        assert_eq!(check(&pairwise(Some(LIST)), &unlisted, document), Err(BadMetadata::SectorDocument));
        assert_eq!(check(&pairwise(Some(LIST)), &listed, None), Err(BadMetadata::SectorDocument), "nobody looked");
        let other = pairwise(Some("https://sector.test/other.json"));
        assert_eq!(check(&other, &listed, document), Err(BadMetadata::SectorDocument), "the list of another address");
        for address in
            ["http://sector.test/uris.json", "https://u@sector.test/", "https://sector.test/#x", "sector.test"]
        {
            assert_eq!(check(&pairwise(Some(address)), &listed, document), Err(BadMetadata::SectorIdentifierUri));
        }
        for bad in ["", "{}", "[1]", r#"{"redirect_uris":[]}"#, r#"["https://a.test/cb""#] {
            assert_eq!(SectorDocument::read(LIST, bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(check(&pairwise(None), &listed, None), Err(BadMetadata::SeveralSectors));
        assert_eq!(check(&Metadata::default(), &listed, None), Ok(()), "public subjects are for everybody");
    }

    #[test]
    fn nobody_changes_into_a_sector_of_others() {
        let app = |uri: &str, metadata: Metadata| Client { redirect_uris: uris(&[uri]), metadata, ..a_client() };
        let (own, other) = (app("https://own.test/", pairwise(None)), app("https://victim.test/", pairwise(None)));
        assert_eq!(may_become(&own, &other), Err(BadMetadata::SectorChanged));
        assert_eq!(may_become(&app("https://own.test/", Metadata::default()), &other), Err(BadMetadata::SectorChanged));
        assert_eq!(may_become(&own, &app("https://own.test/two", pairwise(None))), Ok(()));
        assert_eq!(may_become(&own, &app("https://victim.test/", pairwise(Some(LIST)))), Ok(()), "the list was read");
        let device = Client { device_code: true, ..other.clone() };
        assert_eq!(may_become(&other, &device), Ok(()), "it is by itself then");
        assert_eq!(may_become(&device, &other), Err(BadMetadata::SectorChanged));
    }

    #[test]
    fn a_sector_is_a_host_that_a_client_has_shown_to_be_its_own() {
        let web = |uri: &str| Client { redirect_uris: uris(&[uri]), metadata: pairwise(None), ..a_client() };
        assert_eq!(sector(&web("https://a.test:8443/cb")), "a.test");
        let listed = Client { metadata: pairwise(Some(LIST)), ..web("https://a.test/cb") };
        assert_eq!(sector(&listed), "sector.test");
        // Nobody is sent to the host of an app with device codes, so it says nothing of who the app is.
        let device = Client { device_code: true, ..web("https://a.test/cb") };
        let own = format!("client {}", device.id);
        assert_eq!(sector(&device), own);
        assert_eq!(sector(&Client { device_code: true, ..listed }), "sector.test");
        for at_home in ["http://localhost:5000/cb", "http://[::1]/cb", "org.example.app:/cb"] {
            assert_eq!(sector(&Client { kind: ClientKind::Native, ..web(at_home) }), own, "{at_home}");
        }
        let other = Client { id: ClientId(Uuid::from_u128(9)), ..device };
        assert_ne!(sector(&other), own);
    }
}
