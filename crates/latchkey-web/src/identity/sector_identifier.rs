//! The lists of redirect URIs that apps name as their `sector_identifier_uri`. [OpenID Connect Registration §5]

use latchkey_identity::client::Client;
use latchkey_identity::client::metadata::Metadata;
use latchkey_identity::client::sector::{DOCUMENT_BYTES, SectorDocument};

use crate::app::App;

impl App {
    /// The list that an app names which is about to be registered or changed, if it names one and it can be read. What was read when the
    /// app was registered as `before` is not asked for again as long as it is enough.
    pub async fn sector_document(
        &self,
        metadata: &Metadata,
        redirect_uris: &[String],
        before: Option<&Client>,
    ) -> Option<SectorDocument> {
        let uri = metadata.sector_identifier_uri.as_deref()?;
        let known = before.and_then(SectorDocument::of);
        if known.as_ref().is_some_and(|known| known.lists(uri, redirect_uris.iter().map(String::as_str))) {
            return known;
        }
        let document = self.outbound.document(uri, "application/json", DOCUMENT_BYTES).await?;
        SectorDocument::read(uri, &document)
    }
}
