use serde_json::{Value, json};

use super::*;
use crate::base64url;
use crate::{Jwk, JwkSet, SigningKey};

#[derive(Deserialize, PartialEq, Debug)]
struct AccessToken {
    sub: String,
    scp: String,
}

/// A signer, and the ring that has its key and another one.
struct Issuer {
    key: SigningKey,
    keys: KeySet,
}

fn an_issuer(algorithm: Algorithm) -> Issuer {
    let key = SigningKey::generate(algorithm).unwrap();
    let other = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let keys = KeySet::new([other.verifying_key().unwrap(), key.verifying_key().unwrap()]);
    Issuer { key, keys }
}

impl Issuer {
    fn header(&self) -> Value {
        json!({"alg": self.key.algorithm(), "kid": self.key.kid(), "typ": "at+jwt"})
    }

    fn header_with(&self, member: &str, value: Value) -> String {
        let mut header = self.header();
        header[member] = value;
        header.to_string()
    }

    fn header_without(&self, member: &str) -> String {
        let mut header = self.header();
        header.as_object_mut().unwrap().remove(member);
        header.to_string()
    }

    /// Signs whatever it is given: what a careless or hostile owner of the key could do.
    fn signs(&self, header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", base64url::encode(header), base64url::encode(payload));
        let signature = base64url::encode(self.key.sign(signed.as_bytes()).unwrap());
        format!("{signed}.{signature}")
    }

    fn verifies(&self, token: &str) -> Result<Verified<AccessToken>, VerifyError> {
        verify(token, &self.keys, &["at+jwt"])
    }
}

const PAYLOAD: &str = r#"{"sub":"ana","scp":"vso.work","aud":"devops","exp":1000}"#;

#[test]
fn a_token_of_each_algorithm_is_verified() {
    for algorithm in Algorithm::ALL {
        let issuer = an_issuer(algorithm);
        let token = issuer
            .key
            .sign_jwt("at+jwt", &json!({"sub": "ana", "scp": "vso.work", "aud": "devops", "exp": 1000}))
            .unwrap();

        let verified = issuer.verifies(&token).unwrap();

        assert_eq!(verified.claims(), &AccessToken { sub: "ana".to_owned(), scp: "vso.work".to_owned() });
        assert_eq!(verified.registered().aud, ["devops"]);
        assert_eq!(verified.registered().exp, Some(crate::Timestamp::from_secs(1_000)));
    }
}

#[test]
fn a_relying_party_verifies_with_the_published_keys() {
    let issuer = an_issuer(Algorithm::Rs256);
    let document = serde_json::to_vec(&JwkSet { keys: vec![issuer.key.public_jwk()] }).unwrap();
    let keys = KeySet::from_jwks(&JwkSet::parse(&document).unwrap());
    let token = issuer.key.sign_jwt("JWT", &json!({"iss": "https://issuer.test", "nonce": "n"})).unwrap();

    let verified: Verified<Value> = verify(&token, &keys, &["JWT", NO_TYP]).unwrap();

    assert_eq!(verified.registered().check_issuer("https://issuer.test"), Ok(()));
    assert_eq!(verified.into_claims()["nonce"], "n");
}

#[test]
fn the_type_may_be_written_as_a_media_type_in_any_case() {
    let issuer = an_issuer(Algorithm::EdDsa);
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/at+JWT"] {
        assert!(issuer.verifies(&issuer.signs(&issuer.header_with("typ", json!(typ)), PAYLOAD)).is_ok(), "{typ}");
    }
}

#[test]
fn a_header_that_we_do_not_read_does_no_harm() {
    let issuer = an_issuer(Algorithm::EdDsa);
    let header = issuer.header_with("x5t", json!("AA"));

    assert!(issuer.verifies(&issuer.signs(&header, PAYLOAD)).is_ok());
}

#[test]
fn a_token_that_is_signed_but_not_as_it_should_be_is_refused() {
    use VerifyError::*;

    let issuer = an_issuer(Algorithm::Es256);
    let sound = issuer.header().to_string();
    let with = |member: &str, value: Value| issuer.header_with(member, value);
    let duplicate_kid = sound.replace(r#""typ""#, r#""kid":"x","typ""#);
    let duplicate_by_escape = sound.replace(r#""typ""#, r#""\u0061lg":"none","typ""#);
    let headers = [
        ("alg none", with("alg", json!("none")), UnsupportedAlgorithm),
        ("alg none in other letters", with("alg", json!("nOnE")), UnsupportedAlgorithm),
        ("alg empty", with("alg", json!("")), UnsupportedAlgorithm),
        ("alg HS256", with("alg", json!("HS256")), UnsupportedAlgorithm),
        ("alg ES384", with("alg", json!("ES384")), UnsupportedAlgorithm),
        ("alg of another key", with("alg", json!("RS256")), AlgorithmMismatch),
        ("alg EdDSA with an EC key", with("alg", json!("EdDSA")), AlgorithmMismatch),
        ("alg a list", with("alg", json!(["ES256"])), MalformedHeader),
        ("alg null", with("alg", Value::Null), MalformedHeader),
        ("alg missing", issuer.header_without("alg"), MalformedHeader),
        ("kid unknown", with("kid", json!("x")), UnknownKey),
        ("kid empty", with("kid", json!("")), UnknownKey),
        ("kid missing", issuer.header_without("kid"), UnknownKey),
        ("kid a number", with("kid", json!(1)), MalformedHeader),
        ("kid null", with("kid", Value::Null), MalformedHeader),
        ("typ another", with("typ", json!("JWT")), WrongType),
        ("typ a suffix", with("typ", json!("x/at+jwt")), WrongType),
        ("typ with parameters", with("typ", json!("at+jwt;v=1")), WrongType),
        ("typ empty", with("typ", json!("")), WrongType),
        ("typ missing", issuer.header_without("typ"), WrongType),
        ("typ null", with("typ", Value::Null), MalformedHeader),
        ("crit", with("crit", json!(["exp"])), ForbiddenHeader("crit")),
        ("crit empty", with("crit", json!([])), ForbiddenHeader("crit")),
        ("crit null", with("crit", Value::Null), ForbiddenHeader("crit")),
        ("b64 false", with("b64", json!(false)), ForbiddenHeader("b64")),
        ("b64 true", with("b64", json!(true)), ForbiddenHeader("b64")),
        ("jku", with("jku", json!("https://evil.test/keys")), ForbiddenHeader("jku")),
        ("jwk", with("jwk", json!(issuer.key.public_jwk())), ForbiddenHeader("jwk")),
        ("x5u", with("x5u", json!("https://evil.test/cert")), ForbiddenHeader("x5u")),
        ("x5c", with("x5c", json!(["AA"])), ForbiddenHeader("x5c")),
        ("kid twice", duplicate_kid, DuplicateMember),
        ("alg twice, once escaped", duplicate_by_escape, DuplicateMember),
        ("a list", "[]".to_owned(), MalformedHeader),
        ("empty", String::new(), MalformedHeader),
        ("two objects", format!("{sound}{sound}"), MalformedHeader),
        ("byte order mark", format!("\u{feff}{sound}"), MalformedHeader),
    ];
    for (name, header, reason) in headers {
        assert_eq!(issuer.verifies(&issuer.signs(&header, PAYLOAD)), Err(reason), "header: {name}");
    }

    let deep = format!(r#"{{"sub":"ana","scp":"","x":{}{}}}"#, "[".repeat(2_000), "]".repeat(2_000));
    let payloads = [
        ("exp a text", r#"{"sub":"ana","scp":"","exp":"1000"}"#, WrongClaimType),
        ("exp too large", r#"{"sub":"ana","scp":"","exp":9223372036854775808}"#, WrongClaimType),
        ("exp null", r#"{"sub":"ana","scp":"","exp":null}"#, WrongClaimType),
        ("exp a list", r#"{"sub":"ana","scp":"","exp":[1000]}"#, WrongClaimType),
        ("nbf a text", r#"{"sub":"ana","scp":"","nbf":"1"}"#, WrongClaimType),
        ("nbf true", r#"{"sub":"ana","scp":"","nbf":true}"#, WrongClaimType),
        ("iat a text", r#"{"sub":"ana","scp":"","iat":"1"}"#, WrongClaimType),
        ("iss a list", r#"{"sub":"ana","scp":"","iss":["https://issuer.test"]}"#, WrongClaimType),
        ("iss null", r#"{"sub":"ana","scp":"","iss":null}"#, WrongClaimType),
        ("sub a number", r#"{"sub":1,"scp":""}"#, WrongClaimType),
        ("aud a number", r#"{"sub":"ana","scp":"","aud":1}"#, WrongClaimType),
        ("aud null", r#"{"sub":"ana","scp":"","aud":null}"#, WrongClaimType),
        ("aud a list with a number", r#"{"sub":"ana","scp":"","aud":["a",1]}"#, WrongClaimType),
        ("aud an object", r#"{"sub":"ana","scp":"","aud":{"a":1}}"#, WrongClaimType),
        ("jti a number", r#"{"sub":"ana","scp":"","jti":7}"#, WrongClaimType),
        ("exp twice", r#"{"sub":"ana","scp":"","exp":1,"exp":9000000000}"#, DuplicateMember),
        ("own claim twice", r#"{"sub":"ana","scp":"a","scp":"b"}"#, DuplicateMember),
        ("sub twice, once escaped", r#"{"sub":"ana","scp":"","\u0073ub":"eve"}"#, DuplicateMember),
        ("twice further down", r#"{"sub":"ana","scp":"","cnf":{"jkt":"a","jkt":"b"}}"#, DuplicateMember),
        ("own claim missing", r#"{"sub":"ana"}"#, WrongShape),
        ("a list", "[]", MalformedPayload),
        ("a text", r#""sub""#, MalformedPayload),
        ("empty", "", MalformedPayload),
        ("cut off", r#"{"sub":"ana""#, MalformedPayload),
        ("trailing text", r#"{"sub":"ana","scp":""} x"#, MalformedPayload),
        ("a nested token", issuer_token(), MalformedPayload),
        ("too deep", &deep, MalformedPayload),
    ];
    for (name, payload, reason) in payloads {
        assert_eq!(issuer.verifies(&issuer.signs(&sound, payload)), Err(reason), "payload: {name}");
    }
}

/// A token where claims should be.
fn issuer_token() -> &'static str {
    "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJldmUifQ.AAAA"
}

#[test]
fn a_token_that_was_changed_on_its_way_is_refused() {
    use VerifyError::*;

    let issuer = an_issuer(Algorithm::Es256);
    let token = issuer.signs(&issuer.header().to_string(), PAYLOAD);
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let other_payload = base64url::encode(PAYLOAD.replace("ana", "eve"));
    let other_signature = {
        let mut bytes = base64url::decode(signature).unwrap();
        bytes[40] ^= 1;
        base64url::encode(bytes)
    };
    let zero_signature = base64url::encode([0; 64]);
    let vectors = [
        ("nothing", String::new(), NotThreeParts),
        ("one part", header.to_owned(), NotThreeParts),
        ("two parts", format!("{header}.{payload}"), NotThreeParts),
        ("four parts", format!("{token}."), NotThreeParts),
        ("five parts, as encrypted ones have", format!("{token}.{header}.{payload}"), NotThreeParts),
        ("empty parts", "..".to_owned(), MalformedHeader),
        ("no signature", format!("{header}.{payload}."), WrongSignature),
        ("another payload", format!("{header}.{other_payload}.{signature}"), WrongSignature),
        ("another signature", format!("{header}.{payload}.{other_signature}"), WrongSignature),
        ("a signature of zeros", format!("{header}.{payload}.{zero_signature}"), WrongSignature),
        ("a longer signature", format!("{header}.{payload}.{signature}AAAA"), WrongSignature),
        ("padded", format!("{token}=="), NotBase64Url),
        ("padded header", format!("{header}=.{payload}.{signature}"), NotBase64Url),
        ("blank before", format!(" {token}"), NotBase64Url),
        ("line end after", format!("{token}\n"), NotBase64Url),
        ("other alphabet", format!("{header}.{payload}.{}+/", &signature[2..]), NotBase64Url),
        ("not ASCII", format!("é{token}"), NotBase64Url),
        ("too long", format!("{header}.{payload}.{}", "A".repeat(MAX_TOKEN_LEN)), TooLong),
    ];
    for (name, token, reason) in vectors {
        assert_eq!(issuer.verifies(&token), Err(reason), "{name}");
    }
    for spare in ['A', 'Q', 'g', 'w', 'B'] {
        // 64 bytes leave four spare bits in the last character: only one of its spellings is canonical.
        let respelled = format!("{}{spare}", &token[..token.len() - 1]);
        assert_eq!(issuer.verifies(&respelled).is_ok(), respelled == token, "{spare}");
    }
}

#[test]
fn a_token_signed_by_a_key_of_the_same_name_is_refused() {
    let (ours, theirs) = (an_issuer(Algorithm::Es256), an_issuer(Algorithm::Es256));

    let forged = theirs.signs(&ours.header().to_string(), PAYLOAD);

    assert_eq!(ours.verifies(&forged), Err(VerifyError::WrongSignature));
    assert_eq!(ours.verifies(&theirs.signs(&theirs.header().to_string(), PAYLOAD)), Err(VerifyError::UnknownKey));
}

#[test]
fn a_public_key_does_not_serve_as_the_secret_of_an_hmac() {
    let issuer = an_issuer(Algorithm::Rs256);
    let header = base64url::encode(issuer.header_with("alg", json!("HS256")));
    let signed = format!("{header}.{}", base64url::encode(PAYLOAD));
    let secret = serde_json::to_vec(&issuer.key.public_jwk()).unwrap();
    let signature = base64url::encode(crate::digest::hmac_sha256(&secret, signed.as_bytes()));

    assert_eq!(issuer.verifies(&format!("{signed}.{signature}")), Err(VerifyError::UnsupportedAlgorithm));
}

#[test]
fn rsa_with_the_other_padding_is_refused() {
    let issuer = an_issuer(Algorithm::Rs256);
    let other = SigningKey::from_pkcs8(Algorithm::Ps256, &issuer.key.to_pkcs8().unwrap()).unwrap();

    let token = other.sign_jwt("at+jwt", &json!({"sub": "ana", "scp": ""})).unwrap();

    assert_eq!(other.kid(), issuer.key.kid());
    assert_eq!(issuer.verifies(&token), Err(VerifyError::AlgorithmMismatch));
}

#[test]
fn two_kinds_of_key_may_share_a_name_in_a_foreign_set() {
    let (one, two) = (an_issuer(Algorithm::Es256), an_issuer(Algorithm::EdDsa));
    let named = |issuer: &Issuer| Jwk { kid: Some("1".to_owned()), ..issuer.key.public_jwk() };
    let keys = KeySet::from_jwks(&JwkSet { keys: vec![named(&one), named(&two)] });

    for issuer in [&one, &two] {
        let token = issuer.signs(&issuer.header_with("kid", json!("1")), PAYLOAD);
        assert!(verify::<AccessToken>(&token, &keys, &["at+jwt"]).is_ok());
    }
}

#[test]
fn a_foreign_token_may_leave_out_kid_and_typ_where_that_is_expected() {
    let issuer = an_issuer(Algorithm::Es256);
    let keys = KeySet::from_jwks(&JwkSet { keys: vec![issuer.key.public_jwk()] });
    let token = issuer.signs(r#"{"alg":"ES256"}"#, PAYLOAD);

    assert!(verify::<AccessToken>(&token, &keys, &["JWT", NO_TYP]).is_ok());
    assert_eq!(verify::<AccessToken>(&token, &keys, &["JWT"]), Err(VerifyError::WrongType));
}
