//! The `claims` parameter, [OpenID Connect Core §5.5]: single claims, where they are wanted, and what they have to be.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::claims::{Claim, Member};
use crate::error::OAuthError;
use crate::scope::ScopeSet;
use crate::sign_in::context::AuthenticationContext;

/// What a request asks of claims.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClaimsRequest {
    /// The single claims, as the words that a person approves.
    pub singles: ScopeSet,
    /// Who has to answer, by the subject that the client knows. [OpenID Connect Core §3.1.2.2]
    pub subject: Option<String>,
    /// The classes of which the sign-in has to have one, if that is essential. [OpenID Connect Core §5.5.1.1]
    pub acr: Vec<&'static str>,
}

/// One member for each place. Others are ignored.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Parameter {
    userinfo: Option<BTreeMap<String, Option<Wanted>>>,
    id_token: Option<BTreeMap<String, Option<Wanted>>>,
}

/// How one claim is wanted, §5.5.1.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Wanted {
    essential: bool,
    value: Option<Value>,
    values: Option<Vec<Value>>,
}

impl Wanted {
    fn values(&self) -> impl Iterator<Item = &Value> {
        self.value.iter().chain(self.values.iter().flatten())
    }
}

impl ClaimsRequest {
    /// Reads the parameter. A claim that nobody can give is left out and fails nothing; an essential `acr` that no sign-in here reaches
    /// does, since the client would have to refuse the answer (§5.5.1.1).
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let malformed =
            |_| OAuthError::invalid_request("claims is not a JSON object as OpenID Connect Core 5.5 has it");
        let object: Map<String, Value> = serde_json::from_str(text).map_err(malformed)?;
        let Parameter { userinfo, id_token } = serde_json::from_value(object.into()).map_err(malformed)?;
        let (userinfo, id_token) = (userinfo.unwrap_or_default(), id_token.unwrap_or_default());
        let essential = id_token.get("acr").and_then(Option::as_ref).filter(|acr| acr.essential);
        let essential = essential.filter(|acr| acr.values().next().is_some());
        let reached = |acr: &Wanted, known: &str| acr.values().any(|asked| asked == known);
        let acr: Vec<_> = AuthenticationContext::CLASSES
            .into_iter()
            .filter(|known| essential.is_some_and(|acr| reached(acr, known)))
            .collect();
        if essential.is_some() && acr.is_empty() {
            return Err(OAuthError::unmet_authentication_requirements(
                "no sign-in here reaches the acr that is needed",
            ));
        }
        let subject = [&id_token, &userinfo].into_iter().find_map(|place| {
            let wanted = place.get("sub")?.as_ref()?;
            wanted.value.as_ref()?.as_str().map(str::to_owned)
        });
        let words = |place: Member, asked: &BTreeMap<String, Option<Wanted>>| -> Vec<String> {
            asked.keys().filter_map(|name| Claim::parse(name)).map(|claim| place.word(claim)).collect()
        };
        let singles = words(Member::UserInfo, &userinfo).into_iter().chain(words(Member::IdToken, &id_token)).collect();
        Ok(Self { singles, subject, acr })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ClaimsRequest, &'static str> {
        ClaimsRequest::parse(text).map_err(|error| error.code)
    }

    #[test]
    fn single_claims_are_words_and_unknown_ones_fail_nothing() {
        let text = r#"{"userinfo": {"given_name": {"essential": true}, "shoe_size": null, "picture": null},
            "id_token": {"email": null, "auth_time": {"essential": true}, "http://x.test/claim": {"value": 7}}, "other": 1}"#;
        let asked = parse(text).unwrap();
        assert_eq!(asked.singles.to_string(), "id_token:email userinfo:given_name userinfo:picture");
        assert_eq!(parse("{}"), Ok(ClaimsRequest::default()));
        assert_eq!(parse(r#"{"userinfo": null}"#), Ok(ClaimsRequest::default()));
    }

    #[test]
    fn the_subject_can_be_named() {
        assert_eq!(parse(r#"{"id_token": {"sub": {"value": "ana"}}}"#).unwrap().subject.as_deref(), Some("ana"));
        assert_eq!(parse(r#"{"id_token": {"sub": null}}"#).unwrap().subject, None);
    }

    #[test]
    fn an_essential_acr_is_reached_or_the_request_is_refused() {
        let ours = AuthenticationContext::Password.class();
        let acr = |wanted: &str| parse(&format!(r#"{{"id_token": {{"acr": {wanted}}}}}"#)).err();
        assert_eq!(acr(&format!(r#"{{"essential": true, "values": ["1", "{ours}"]}}"#)), None);
        assert_eq!(acr(r#"{"essential": true}"#), None);
        let needs = |wanted: &str| parse(&format!(r#"{{"id_token": {{"acr": {wanted}}}}}"#)).unwrap().acr;
        assert_eq!(needs(&format!(r#"{{"essential": true, "values": ["1", "{ours}"]}}"#)), [ours]);
        assert!(
            needs(&format!(r#"{{"values": ["{ours}"]}}"#)).is_empty() && needs(r#"{"essential": true}"#).is_empty()
        );
        assert_eq!(acr(r#"{"values": ["1", "2"]}"#), None, "a wish fails nothing");
        assert_eq!(acr(r#"{"essential": true, "values": ["1", "2"]}"#), Some("unmet_authentication_requirements"));
        assert_eq!(acr(r#"{"essential": true, "value": "2"}"#), Some("unmet_authentication_requirements"));
    }

    #[test]
    fn what_is_no_json_object_is_refused() {
        for text in ["", "x", "[]", "1", r#"{"userinfo": []}"#, r#"{"userinfo": {"name": 1}}"#, "{\"id_token\":{"] {
            assert_eq!(parse(text), Err("invalid_request"), "{text}");
        }
    }
}
