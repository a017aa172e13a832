//! The keys themselves, parsed once and held. One key has one algorithm.

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256,
    RsaPublicKeyComponents, RsaSubjectPublicKey,
};
use zeroize::Zeroizing;

use crate::{Algorithm, Jwk, PublicKey};

/// Why a key cannot be made, read or used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// The private key is malformed, too short, or of another kind than its algorithm needs.
    #[error("the private key is not a sound key for its algorithm")]
    BadPrivateKey,
    /// The public key is malformed, not on its curve, or of another kind than its algorithm needs.
    #[error("the public key is not a sound key for its algorithm")]
    BadPublicKey,
    /// The provider of cryptography failed: a broken machine, never bad input.
    #[error("the provider of cryptography failed")]
    ProviderFailed,
}

/// A private key, with the one algorithm that it signs with and the name under which its public part is published.
pub struct SigningKey {
    pair: Pair,
    algorithm: Algorithm,
    jwk: Jwk,
    kid: String,
    /// `{"alg":"..","kid":"..","typ":`, for [`SigningKey::sign_jwt`].
    pub(crate) header_start: String,
}

enum Pair {
    Rsa(rsa::KeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// A new key. RSA keys are 2,048 bits long. Its `kid` does not begin with a hyphen: on a command line that would be an option.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        loop {
            let key = Self::draw(algorithm)?;
            if !key.kid().starts_with('-') {
                return Ok(key);
            }
        }
    }

    fn draw(algorithm: Algorithm) -> Result<Self, KeyError> {
        let pair = match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => rsa::KeyPair::generate(rsa::KeySize::Rsa2048).map(Pair::Rsa),
            Algorithm::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::P256),
            Algorithm::EdDsa => Ed25519KeyPair::generate().map(Pair::Ed25519),
        };
        Self::new(pair.map_err(|_| KeyError::ProviderFailed)?, algorithm)
    }

    /// Reads a key that [`SigningKey::to_pkcs8`] wrote, or any other PKCS #8 document (DER).
    pub fn from_pkcs8(algorithm: Algorithm, document: &[u8]) -> Result<Self, KeyError> {
        let pair = match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => rsa::KeyPair::from_pkcs8(document).map(Pair::Rsa),
            Algorithm::Es256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document).map(Pair::P256),
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(document).map(Pair::Ed25519),
        };
        Self::new(pair.map_err(|_| KeyError::BadPrivateKey)?, algorithm)
    }

    /// The private key as a PKCS #8 document (DER). Seal it before it is stored.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let document = match &self.pair {
            Pair::Rsa(pair) => pair.as_der().map(|document| Zeroizing::new(document.as_ref().to_vec())),
            Pair::P256(pair) => pair.to_pkcs8v1().map(|document| Zeroizing::new(document.as_ref().to_vec())),
            Pair::Ed25519(pair) => pair.to_pkcs8v1().map(|document| Zeroizing::new(document.as_ref().to_vec())),
        };
        document.map_err(|_| KeyError::ProviderFailed)
    }

    /// The algorithm it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its name: the RFC 7638 thumbprint of its public part.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Its public part, as it is published.
    pub fn public_jwk(&self) -> Jwk {
        self.jwk.clone()
    }

    /// Its public part, to verify with.
    pub fn verifying_key(&self) -> Result<VerifyingKey, KeyError> {
        VerifyingKey::from_jwk(&self.jwk)
    }

    /// Signs some bytes. The signature is in the form that JOSE uses.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        // The provider takes its own randomness; the argument is there for the shape of its interface.
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let padding = if self.algorithm == Algorithm::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signature).map(|()| signature)
            }
            Pair::P256(pair) => pair.sign(&random, message).map(|signature| signature.as_ref().to_vec()),
            Pair::Ed25519(pair) => pair.try_sign(message).map(|signature| signature.as_ref().to_vec()),
        }
        .map_err(|_| KeyError::ProviderFailed)
    }

    fn new(pair: Pair, algorithm: Algorithm) -> Result<Self, KeyError> {
        let key = public_key(&pair).ok_or(KeyError::BadPrivateKey)?;
        let jwk = Jwk::new(key, algorithm);
        let kid = jwk.kid.clone().unwrap_or_default();
        let header_start = format!(r#"{{"alg":"{algorithm}","kid":"{kid}","typ":"#);
        Ok(Self { pair, algorithm, jwk, kid, header_start })
    }
}

fn public_key(pair: &Pair) -> Option<PublicKey> {
    Some(match pair {
        Pair::Rsa(pair) => {
            let key: &RsaSubjectPublicKey = pair.public_key();
            PublicKey::Rsa {
                n: key.modulus().big_endian_without_leading_zero().to_vec(),
                e: key.exponent().big_endian_without_leading_zero().to_vec(),
            }
        }
        Pair::P256(pair) => {
            // An uncompressed point: 4, x, y. [SEC 1 §2.3.3]
            let coordinates = pair.public_key().as_ref().strip_prefix(&[4])?;
            let (x, y) = coordinates.split_first_chunk()?;
            PublicKey::P256 { x: *x, y: y.try_into().ok()? }
        }
        Pair::Ed25519(pair) => PublicKey::Ed25519 { x: pair.public_key().as_ref().try_into().ok()? },
    })
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {}, [secret])", self.algorithm, self.kid)
    }
}

/// A public key, with the one algorithm whose signatures it accepts.
pub struct VerifyingKey {
    key: ParsedPublicKey,
    algorithm: Algorithm,
    kid: Option<String>,
}

impl VerifyingKey {
    /// Takes in a published key under its own algorithm.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        Self::for_algorithm(jwk, jwk.algorithm())
    }

    /// Takes in a published key for an algorithm that was agreed on elsewhere, say at registration.
    pub fn for_algorithm(jwk: &Jwk, algorithm: Algorithm) -> Result<Self, KeyError> {
        if jwk.alg.is_some_and(|stated| stated != algorithm) {
            return Err(KeyError::BadPublicKey);
        }
        let key = match (&jwk.key, algorithm) {
            (PublicKey::Rsa { n, e }, Algorithm::Rs256) => {
                RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            }
            (PublicKey::Rsa { n, e }, Algorithm::Ps256) => {
                RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PSS_2048_8192_SHA256)
            }
            (PublicKey::P256 { x, y }, Algorithm::Es256) => {
                let point = [[4].as_slice(), x, y].concat();
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            }
            (PublicKey::Ed25519 { x }, Algorithm::EdDsa) => ParsedPublicKey::new(&ED25519, x),
            _ => return Err(KeyError::BadPublicKey),
        };
        Ok(Self { key: key.map_err(|_| KeyError::BadPublicKey)?, algorithm, kid: jwk.kid.clone() })
    }

    /// The algorithm whose signatures it accepts.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What tokens call it.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether these bytes were signed by the owner of this key.
    pub fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({} {})", self.algorithm, self.kid().unwrap_or("without kid"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64url;

    #[test]
    fn a_key_id_can_be_written_on_a_command_line() {
        for _ in 0..500 {
            assert!(!SigningKey::generate(Algorithm::EdDsa).unwrap().kid().starts_with('-'));
        }
    }

    #[test]
    fn every_kind_of_key_signs_and_verifies_and_survives_storage() {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::generate(algorithm).unwrap();
            let stored = SigningKey::from_pkcs8(algorithm, &key.to_pkcs8().unwrap()).unwrap();
            let signature = stored.sign(b"message").unwrap();

            assert_eq!((stored.kid(), stored.public_jwk()), (key.kid(), key.public_jwk()));
            let published: Jwk = serde_json::from_str(&serde_json::to_string(&key.public_jwk()).unwrap()).unwrap();
            let verifying = VerifyingKey::from_jwk(&published).unwrap();
            assert_eq!((verifying.kid(), verifying.algorithm()), (Some(key.kid()), algorithm));
            assert!(verifying.accepts(b"message", &signature), "{algorithm}");
            assert!(!verifying.accepts(b"massage", &signature), "{algorithm}");
            assert!(!verifying.accepts(b"message", &signature[1..]), "{algorithm}");
            assert!(!verifying.accepts(b"message", b""), "{algorithm}");
        }
    }

    #[test]
    fn a_key_is_read_only_for_an_algorithm_of_its_kind() {
        let document = SigningKey::generate(Algorithm::Es256).unwrap().to_pkcs8().unwrap();

        for algorithm in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::EdDsa] {
            assert_eq!(SigningKey::from_pkcs8(algorithm, &document).unwrap_err(), KeyError::BadPrivateKey);
        }
        assert_eq!(SigningKey::from_pkcs8(Algorithm::Es256, &document[1..]).unwrap_err(), KeyError::BadPrivateKey);
    }

    #[test]
    fn one_key_has_one_algorithm() {
        let key = SigningKey::generate(Algorithm::Rs256).unwrap();
        let signature = key.sign(b"message").unwrap();
        let unstated = Jwk { alg: None, ..key.public_jwk() };

        assert_eq!(
            VerifyingKey::for_algorithm(&key.public_jwk(), Algorithm::Ps256).unwrap_err(),
            KeyError::BadPublicKey
        );
        assert_eq!(VerifyingKey::for_algorithm(&unstated, Algorithm::Es256).unwrap_err(), KeyError::BadPublicKey);
        assert!(!VerifyingKey::for_algorithm(&unstated, Algorithm::Ps256).unwrap().accepts(b"message", &signature));
        assert!(VerifyingKey::for_algorithm(&unstated, Algorithm::Rs256).unwrap().accepts(b"message", &signature));
    }

    #[test]
    fn a_point_off_the_curve_is_no_key() {
        let jwk = Jwk { kid: None, alg: None, key: PublicKey::P256 { x: [1; 32], y: [1; 32] } };

        assert_eq!(VerifyingKey::from_jwk(&jwk).unwrap_err(), KeyError::BadPublicKey);
    }

    #[test]
    fn the_es256_signature_of_rfc_7515_is_accepted() {
        // RFC 7515, appendix A.3.
        let jwk: Jwk = serde_json::from_str(
            r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
        )
        .unwrap();
        let signed = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

        assert!(VerifyingKey::from_jwk(&jwk).unwrap().accepts(signed, &base64url::decode(signature).unwrap()));
    }

    #[test]
    fn the_ed25519_signature_of_rfc_8037_is_made_and_accepted() {
        // RFC 8037, appendix A.4; the PKCS #8 frame is that of RFC 8410 §7.
        let frame = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        let seed = base64url::decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let key = SigningKey::from_pkcs8(Algorithm::EdDsa, &[&frame[..], &seed].concat()).unwrap();
        let signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";

        let signature = key.sign(signed).unwrap();

        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(
            base64url::encode(&signature),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
        assert!(key.verifying_key().unwrap().accepts(signed, &signature));
    }

    #[test]
    fn a_private_key_does_not_print() {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();

        assert_eq!(format!("{key:?}"), format!("SigningKey(ES256 {}, [secret])", key.kid()));
    }
}
