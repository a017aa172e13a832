//! What a client shows of itself to people: its pages and its logo. [OpenID Connect Registration §2], [RFC 7591 §2]

use url::Url;

use crate::client::metadata::Metadata;
use crate::client::registration::Client;
use crate::limits;

/// A page of a client's own, as people are led to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientPage {
    /// What it is about, as in "Its privacy policy".
    pub about: &'static str,
    /// Its address.
    pub address: String,
    /// The host of the address: all that is sure of it.
    pub host: String,
}

impl Metadata {
    /// Whether everything that is shown has an address.
    pub(super) fn is_presentable(&self) -> bool {
        [&self.client_uri, &self.logo_uri, &self.policy_uri, &self.tos_uri]
            .into_iter()
            .flatten()
            .all(|address| host(address).is_some())
    }
}

impl Client {
    /// Its pages that people may read before they approve anything.
    pub fn pages(&self) -> Vec<ClientPage> {
        let Metadata { client_uri, policy_uri, tos_uri, .. } = &self.metadata;
        let page = |about, address: &Option<String>| {
            let address = address.clone()?;
            Some(ClientPage { about, host: host(&address)?, address })
        };
        let pages = [
            page("Its web site", client_uri),
            page("Its privacy policy", policy_uri),
            page("Its terms of service", tos_uri),
        ];
        pages.into_iter().flatten().collect()
    }

    /// Where its logo is, if it is at a host that people are sent back to: anybody can name the logo of somebody else.
    /// [OpenID Connect Registration §9.1]
    pub fn logo_uri(&self) -> Option<&str> {
        let logo = self.metadata.logo_uri.as_deref()?;
        let at = Some(host(logo)?);
        self.redirect_uris.iter().any(|uri| host(uri.as_str()) == at).then_some(logo)
    }

    /// All of it, for the digest of what a page shows.
    pub(crate) fn presented(&self) -> String {
        let pages = self.pages();
        let pages = pages.iter().map(|page| (page.about, page.address.as_str()));
        let logo = self.logo_uri().map(|address| ("Its logo", address));
        pages.chain(logo).map(|(about, address)| format!("{about} {address}\n")).collect()
    }
}

/// The host of an address that people can be led to. A user name or password in it would hide which one it is.
fn host(address: &str) -> Option<String> {
    let url = Url::parse(address).ok().filter(|_| address.len() <= limits::REDIRECT_URI_BYTES)?;
    let is_bare = url.username().is_empty() && url.password().is_none();
    (matches!(url.scheme(), "https" | "http") && is_bare).then(|| url.host_str().map(str::to_owned))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::RedirectUri;
    use crate::client::registration::tests::a_client;

    fn shows(metadata: Metadata) -> Client {
        let redirect_uris = vec![RedirectUri::from_stored("https://app.test/callback".into())];
        Client { metadata, redirect_uris, ..a_client() }
    }

    #[test]
    fn pages_are_told_by_their_host() {
        let policy_uri = Some("https://app.test/policy?x=1".into());
        let client = shows(Metadata { policy_uri, tos_uri: Some("http://law.test/".into()), ..Metadata::default() });
        let told: Vec<_> = client.pages().into_iter().map(|page| (page.about, page.host)).collect();
        let expected = [("Its privacy policy", "app.test"), ("Its terms of service", "law.test")];
        assert_eq!(told, expected.map(|(about, host)| (about, host.to_owned())));
    }

    #[test]
    fn an_address_is_of_a_page_and_shows_its_host() {
        let sound = |uri: &str| Metadata { policy_uri: Some(uri.into()), ..Metadata::default() }.is_presentable();
        assert!(sound("https://app.test/policy#part"));
        for bad in ["javascript:alert(1)", "data:text/html,x", "https://bank.test@evil.test/", "policy", "https://", ""]
        {
            assert!(!sound(bad), "{bad}");
        }
        assert!(!sound(&format!("https://app.test/{}", "x".repeat(limits::REDIRECT_URI_BYTES))));
    }

    #[test]
    fn a_logo_is_shown_if_it_is_at_a_host_that_people_are_sent_back_to() {
        let at = |uri: &str| shows(Metadata { logo_uri: Some(uri.into()), ..Metadata::default() });
        assert_eq!(at("https://app.test/logo.png").logo_uri(), Some("https://app.test/logo.png"));
        assert_eq!(at("https://bank.test/logo.png").logo_uri(), None, "somebody else's");
    }

    #[test]
    fn whatever_is_shown_is_in_the_digest() {
        let page = |uri: &str| shows(Metadata { tos_uri: Some(uri.into()), ..Metadata::default() }).presented();
        assert_ne!(page("https://app.test/a"), page("https://app.test/b"));
        assert_eq!(shows(Metadata::default()).presented(), "");
        let elsewhere = Metadata { logo_uri: Some("https://bank.test/logo.png".into()), ..Metadata::default() };
        assert_eq!(shows(elsewhere).presented(), "", "what is not shown is not");
    }
}
