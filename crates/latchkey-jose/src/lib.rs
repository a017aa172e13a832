//! Keys and signatures: what the identity platform signs with and the DevOps side verifies with.
//!
//! | term | module | specification |
//! |---|---|---|
//! | algorithm (`alg`) | [`algorithm`] | RFC 7518 §3.1, RFC 8037 §3.1 |
//! | public key (JWK), key document (JWKS) | [`jwk`] | RFC 7517, RFC 7518 §6, RFC 8037 §2 |
//! | thumbprint, which is our `kid` | [`thumbprint`] | RFC 7638 |
//! | the key we sign with, the key we verify with | [`key`] | RFC 7515 |
//! | the keys a token may be signed by | [`key_set`] | |
//! | making a JSON Web Token | [`sign`] | RFC 7519 §7.1 |
//! | verifying one | [`mod@verify`] | RFC 7519 §7.2, RFC 8725 |
//! | verifying one that brings its own key | [`proof`] | RFC 9449 §4.3 |
//! | client assertions, as they really come | [`assertion`] | RFC 7521 §4.2, RFC 7523 §3 |
//! | assertions that a shared secret authenticates | [`mac`] | RFC 7518 §3.2 |
//! | certificates in place of bare keys | [`certificate`] | RFC 7515 §4.1.7 |
//! | whom a certificate names | [`certificate_names`], [`distinguished_name`] | RFC 5280 §4.2.1.6, RFC 4514 |
//! | registered claims and their checks | [`claims`] | RFC 7519 §4.1 |
//! | decoding one for people, trusting nothing | [`unverified`] | |
//! | hashes and MACs | [`digest`] | OpenID Connect Core §3.1.3.6 (`at_hash`) |
//! | keys derived from the server's secret: MAC, seal, open | [`derived_key`] | RFC 5869, AES-256-GCM |
//! | characters that nobody sees, kept out by both halves | [`hidden`] | Unicode TR36 §2.5 |
//!
//! There is no clock, no storage and no network here. Chance is drawn in two places only: a new key and what a signature or a
//! seal needs by itself.

pub mod algorithm;
pub mod assertion;
pub mod base64url;
pub mod certificate;
pub mod certificate_names;
pub mod claims;
mod compact;
pub mod derived_key;
pub mod digest;
pub mod distinguished_name;
pub mod hidden;
mod json;
pub mod jwk;
pub mod key;
pub mod key_set;
pub mod mac;
pub mod proof;
pub mod sign;
pub mod thumbprint;
pub mod time;
pub mod unverified;
pub mod verify;

pub use algorithm::Algorithm;
pub use certificate_names::CertificateNames;
pub use claims::{ClaimError, Claims};
pub use derived_key::DerivedKey;
pub use distinguished_name::DistinguishedName;
pub use hidden::is_hidden;
pub use jwk::{Jwk, JwkSet, PublicKey};
pub use key::{KeyError, SigningKey, VerifyingKey};
pub use key_set::KeySet;
pub use proof::{Proof, verify_proof};
pub use sign::SignError;
pub use time::Timestamp;
pub use verify::{Verified, VerifyError, verify, verify_whole};
