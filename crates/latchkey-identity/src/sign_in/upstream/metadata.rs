//! What an upstream provider publishes about itself, and how long that counts. [OpenID Connect Discovery §3 and §4], [RFC 8414 §2]

use std::time::Duration;

use latchkey_jose::Algorithm;
use serde::Deserialize;

use crate::time::Timestamp;

/// What was fetched is fetched again after this long.
const FRESH_FOR: Duration = Duration::from_secs(15 * 60);
/// Where nothing comes any more, what came last counts for this long.
const COUNTS_FOR: Duration = Duration::from_secs(6 * 3_600);
/// However often nothing came, nobody is asked more often than this.
const NO_SOONER_THAN: Duration = Duration::from_secs(30);

/// The metadata of a provider, as far as we read them.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct ProviderMetadata {
    issuer: String,
    /// Where people are sent.
    pub authorization_endpoint: String,
    /// Where codes are redeemed.
    pub token_endpoint: String,
    /// Where more is told of people, if anywhere.
    #[serde(default)]
    pub userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    token_endpoint_auth_signing_alg_values_supported: Option<Vec<String>>,
    /// Whether each answer says by `iss` whose it is. [RFC 9207 §3]
    #[serde(default, rename = "authorization_response_iss_parameter_supported")]
    pub names_itself: bool,
}

impl ProviderMetadata {
    /// Reads the document at `issuer`; `None` if it is none, or that of another issuer. [OpenID Connect Discovery §4.3]
    pub fn parse(document: &[u8], issuer: &str) -> Option<Self> {
        let read: Self = serde_json::from_slice(document).ok()?;
        (read.issuer == issuer).then_some(read)
    }

    /// Whether a secret goes into the form, and not into the header, which is usual. [OpenID Connect Core §9]
    pub fn takes_secret_in_form(&self) -> bool {
        let takes = |method: &str| {
            let supported = self.token_endpoint_auth_methods_supported.as_ref();
            supported.is_some_and(|supported| supported.iter().any(|one| one == method))
        };
        takes("client_secret_post") && !takes("client_secret_basic")
    }

    /// By what we sign our assertions: RS256, unless it takes ES256 alone.
    pub fn assertion_algorithm(&self) -> Algorithm {
        let takes = |algorithm: Algorithm| {
            let supported = self.token_endpoint_auth_signing_alg_values_supported.as_ref();
            supported.is_some_and(|supported| supported.iter().any(|one| one == algorithm.name()))
        };
        if takes(Algorithm::Es256) && !takes(Algorithm::Rs256) { Algorithm::Es256 } else { Algorithm::Rs256 }
    }
}

/// Where the metadata of an issuer are. [OpenID Connect Discovery §4.1]
pub fn address(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer))
}

/// What is known of the metadata of one issuer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KnownMetadata {
    metadata: Option<ProviderMetadata>,
    fetched_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
}

impl KnownMetadata {
    /// The metadata, as long as they count.
    pub fn metadata(&self, now: Timestamp) -> Option<&ProviderMetadata> {
        self.metadata.as_ref().filter(|_| self.fetched_at.is_some_and(|fetched| now < fetched + COUNTS_FOR))
    }

    /// Whether the issuer is to be asked.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let tried = self.tried_at.is_some_and(|tried| now < tried + NO_SOONER_THAN);
        !tried && self.fetched_at.is_none_or(|fetched| now >= fetched + FRESH_FOR)
    }

    /// The issuer was asked, and gave this, or nothing.
    pub fn took(&mut self, metadata: Option<ProviderMetadata>, now: Timestamp) {
        self.tried_at = Some(now);
        if metadata.is_some() {
            self.metadata = metadata;
            self.fetched_at = Some(now);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::super::tests::ISSUER;
    use super::*;

    const START: Timestamp = Timestamp::from_secs(10_000);

    fn document() -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{ISSUER}/authorize"),
            "token_endpoint": format!("{ISSUER}/token"),
            "jwks_uri": format!("{ISSUER}/keys"),
        })
    }

    fn read(document: &Value) -> Option<ProviderMetadata> {
        ProviderMetadata::parse(document.to_string().as_bytes(), ISSUER)
    }

    pub(crate) fn some_metadata() -> ProviderMetadata {
        read(&document()).unwrap()
    }

    #[test]
    fn metadata_are_those_of_the_issuer_byte_for_byte() {
        assert!(read(&document()).is_some());
        for other in ["https://login.upstream.test/", "https://LOGIN.upstream.test", "https://evil.test"] {
            let mut document = document();
            document["issuer"] = other.into();
            assert_eq!(read(&document), None, "{other}");
        }
        for missing in ["issuer", "authorization_endpoint", "token_endpoint"] {
            let mut document = document();
            document.as_object_mut().unwrap().remove(missing);
            assert_eq!(read(&document), None, "{missing}");
        }
        assert_eq!(ProviderMetadata::parse(b"<html>", ISSUER), None);
    }

    #[test]
    fn metadata_are_found_below_the_issuer() {
        assert_eq!(address("https://a.test"), "https://a.test/.well-known/openid-configuration");
        assert_eq!(address("https://a.test/t/"), "https://a.test/t/.well-known/openid-configuration");
    }

    #[test]
    fn we_authenticate_as_the_provider_takes_it() {
        let with = |name: &str, value: Value| {
            let mut document = document();
            document[name] = value;
            read(&document).unwrap()
        };
        let methods = |methods: Value| with("token_endpoint_auth_methods_supported", methods).takes_secret_in_form();
        assert!(!some_metadata().takes_secret_in_form(), "the header is what is meant where nothing is said");
        assert!(!methods(json!(["client_secret_post", "client_secret_basic"])));
        assert!(methods(json!(["client_secret_post"])));
        let algorithms =
            |names: Value| with("token_endpoint_auth_signing_alg_values_supported", names).assertion_algorithm();
        assert_eq!(some_metadata().assertion_algorithm(), Algorithm::Rs256);
        assert_eq!(algorithms(json!(["ES256", "PS256"])), Algorithm::Es256);
        assert_eq!(algorithms(json!(["RS256", "ES256"])), Algorithm::Rs256);
    }

    #[test]
    fn what_came_counts_for_a_while_and_nobody_is_asked_again_and_again() {
        let mut known = KnownMetadata::default();
        assert!(known.is_due(START) && known.metadata(START).is_none());
        known.took(None, START);
        assert!(!known.is_due(START), "that nothing came is kept, too");
        known.took(Some(some_metadata()), START + NO_SOONER_THAN);
        let fetched = START + NO_SOONER_THAN;
        assert!(!known.is_due(fetched + NO_SOONER_THAN) && known.is_due(fetched + FRESH_FOR));
        known.took(None, fetched + FRESH_FOR);
        assert!(known.metadata(fetched + FRESH_FOR).is_some(), "an outage is survived");
        assert!(known.metadata(fetched + COUNTS_FOR).is_none());
    }
}
