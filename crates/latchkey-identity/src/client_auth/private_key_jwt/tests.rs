use latchkey_jose::{Algorithm, SigningKey};
use serde_json::{Value, json};

use super::super::{ASSERTION_TYPE, CalledAt, CredentialKind, Facts, Presentable, Presented, Spent};
use super::*;
use crate::client::ClientState;
use crate::client::key::tests::a_key_of;
use crate::client::registration::tests::a_client;
use crate::parameters::tests::parameters;
use crate::secret::{Purpose, PurposeKey};
use crate::tenant::Audience;

const NOW: Timestamp = Timestamp::from_secs(10_000);
const ISSUER: &str = "https://id.test/00000000-0000-0000-0000-000000000001/v2.0";

struct Owner {
    pair: SigningKey,
    client: Client,
}

fn owner(algorithm: Algorithm, profile: Profile) -> Owner {
    let pair = SigningKey::generate(algorithm).unwrap();
    let mut client = Client { profile, ..a_client() };
    client.authentication.keys = vec![a_key_of(&pair)];
    Owner { pair, client }
}

impl Owner {
    fn claims(&self) -> Value {
        let id = self.client.id.to_string();
        json!({"iss": id, "sub": id, "aud": ISSUER, "exp": 10_300, "iat": 10_000, "jti": "one"})
    }

    fn with(&self, name: &str, value: Value) -> Value {
        let mut claims = self.claims();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        claims
    }

    /// How many assertions are spent.
    fn presents(&self, claims: &Value, before: bool) -> Result<usize, OAuthError> {
        let text = self.pair.sign_jwt("JWT", claims).unwrap();
        let form = parameters(&[("client_assertion", &text), ("client_assertion_type", ASSERTION_TYPE)]);
        let presented = Presented::read(None, &form)?;
        let called =
            CalledAt { origin: "https://id.test", path: "/common/oauth2/v2.0/token", audience: &Audience::Anyone };
        let key = PurposeKey::derive(&[0; 32], Purpose::ClientSecret).unwrap();
        let proved = super::super::authenticate(
            &presented,
            Some(&self.client),
            Facts { key: &key, called, published: &[], issuers: &[] },
            NOW,
        )?;
        let count = usize::from(proved.spends().is_some());
        let first = proved.spends().filter(|_| !before).map(Spent::for_the_first_time);
        let client = proved.with(first)?;
        assert_eq!((client.method(), client.credential().unwrap().kind), (Method::PrivateKeyJwt, CredentialKind::Key));
        Ok(count)
    }
}

#[test]
fn a_client_proves_who_it_is_with_each_kind_of_key() {
    for algorithm in Algorithm::ALL {
        let owner = owner(algorithm, Profile::Standard);
        assert_eq!(owner.presents(&owner.claims(), false), Ok(1), "{algorithm}: a jti is spent");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let owner = owner(Algorithm::Es256, Profile::Standard);
    for (name, value) in [
        ("iss", Value::Null),
        ("iss", json!("other")),
        ("sub", Value::Null),
        ("aud", Value::Null),
        ("aud", json!("https://elsewhere.test")),
        ("aud", json!([ISSUER, "https://elsewhere.test"])),
        ("exp", Value::Null),
        ("exp", json!(9_700)),
        ("exp", json!(20_000)),
        ("exp", json!("10300")),
        ("nbf", json!(10_100)),
        ("iat", json!(10_100)),
        ("jti", Value::Null),
        ("jti", json!("")),
    ] {
        let refused = owner.presents(&owner.with(name, value.clone()), false).unwrap_err();
        assert_eq!(refused.code, "invalid_client", "{name}={value}");
    }
    let endpoint = json!("https://id.test/common/oauth2/v2.0/token");
    for (name, value) in [("aud", json!([ISSUER])), ("aud", endpoint), ("iat", json!(10_008)), ("iat", Value::Null)] {
        assert_eq!(owner.presents(&owner.with(name, value.clone()), false), Ok(1), "{name}={value}");
    }
}

#[test]
fn an_assertion_counts_once_except_from_the_microsoft_world_and_there_for_ten_minutes() {
    let standard = owner(Algorithm::Ps256, Profile::Standard);
    assert_eq!(standard.presents(&standard.claims(), true).unwrap_err().code, "invalid_client");
    let microsoft = owner(Algorithm::Ps256, Profile::Microsoft);
    assert_eq!(microsoft.presents(&microsoft.claims(), true), Ok(0));
    assert_eq!(microsoft.presents(&microsoft.with("jti", Value::Null), false), Ok(0));
    assert_eq!(microsoft.presents(&microsoft.with("exp", json!("10300")), false), Ok(0));
    let mut long = microsoft.with("iat", json!(9_500));
    long["exp"] = json!(11_300);
    assert_eq!(microsoft.presents(&long, false), Ok(0), "half an hour is taken for ten minutes");
    long["iat"] = json!(9_300);
    assert_eq!(microsoft.presents(&long, false).unwrap_err().code, "invalid_client");
    let mut without = microsoft.with("iat", Value::Null);
    without["exp"] = json!(11_300);
    assert_eq!(microsoft.presents(&without, false).unwrap_err().code, "invalid_client", "nobody knows how old it is");
}

#[test]
fn fapi_takes_the_issuer_as_a_text_and_no_rs256() {
    let fapi = owner(Algorithm::Ps256, Profile::Fapi2);
    assert_eq!(fapi.presents(&fapi.claims(), false), Ok(1));
    let endpoint = |name: &str| json!(format!("https://id.test/common/oauth2/v2.0/{name}"));
    for aud in [json!([ISSUER]), endpoint("token"), endpoint("par"), json!("https://id.test")] {
        let refused = fapi.presents(&fapi.with("aud", aud.clone()), false).unwrap_err();
        assert_eq!(refused.code, "invalid_client", "{aud}");
        assert_eq!(refused.description, "aud of the client assertion is not the issuer, as a text", "{aud}");
    }
    let rs256 = owner(Algorithm::Rs256, Profile::Fapi2);
    assert_eq!(rs256.presents(&rs256.claims(), false).unwrap_err().code, "invalid_client");
}

#[test]
fn only_a_live_key_of_the_client_itself_counts() {
    let (one, other) = (owner(Algorithm::EdDsa, Profile::Standard), owner(Algorithm::EdDsa, Profile::Standard));
    let stranger = Owner { pair: other.pair, client: one.client.clone() };
    assert_eq!(stranger.presents(&stranger.claims(), false).unwrap_err().number, 700_027);
    let mut expired = one;
    expired.client.authentication.keys[0].expires_at = NOW;
    assert_eq!(expired.presents(&expired.claims(), false).unwrap_err().number, 7_000_222);
    let mut suspended = owner(Algorithm::EdDsa, Profile::Standard);
    suspended.client.state = ClientState::Suspended;
    assert_eq!(suspended.presents(&suspended.claims(), false).unwrap_err().code, "unauthorized_client");
}

#[test]
fn a_form_names_one_client_in_one_way() {
    let owner = owner(Algorithm::EdDsa, Profile::Standard);
    let text = owner.pair.sign_jwt("JWT", &owner.claims()).unwrap();
    let read = |more: &[(&str, &str)]| {
        let usual = [("client_assertion", text.as_str()), ("client_assertion_type", ASSERTION_TYPE)];
        Presented::read(None, &parameters(&[&usual, more].concat()))
    };
    let presented = read(&[]).unwrap();
    assert_eq!((presented.client_id, presented.method), (owner.client.id.to_string(), Method::PrivateKeyJwt));
    assert!(matches!(presented.proof, Presentable::Assertion(_)));
    assert_eq!(read(&[("client_secret", "x")]).unwrap_err().code, "invalid_request");
    let alone =
        |name, value| Presented::read(None, &parameters(&[("client_id", "a"), (name, value)])).unwrap_err().code;
    assert_eq!(alone("client_assertion_type", ASSERTION_TYPE), "invalid_request");
    assert_eq!(alone("client_assertion", &text), "invalid_request");
    let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    let form = parameters(&[("client_assertion", &text), ("client_assertion_type", saml)]);
    assert_eq!(Presented::read(None, &form).unwrap_err().code, "invalid_client");
}
