//! Request objects: a request that its client signed. What stands beside one does not count. [RFC 9101], [OpenID Connect Core §6]

use std::time::Duration;

use latchkey_jose::Algorithm;
use latchkey_jose::assertion::{Assertion, Reading};
use serde_json::Value;

use crate::authorize::error::AuthorizeError;
use crate::authorize::request::{self, CameBy, Context};
use crate::client::{Client, Profile, fapi2};
use crate::client_auth::is_issuer;
use crate::error::OAuthError;
use crate::limits;
use crate::parameters::Parameters;
use crate::time::Timestamp;

/// What a request object may say that it is, if it says so. [RFC 9101 §10.8]
const TYPES: [&str; 2] = ["oauth-authz-req+jwt", "JWT"];

/// What a request object says of itself, and is no part of the request.
const OF_THE_TOKEN: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// The longest that a request object of the FAPI world lives, and the oldest that it is. [FAPI 2.0 Message Signing §5.3.1]
const LONGEST: Duration = Duration::from_secs(3_600);

/// A request object that somebody signed. Nothing of it is believed yet.
pub struct Signed(Assertion);

impl Signed {
    /// The key that it names, so that it can be looked for among those that the client publishes.
    pub fn kid(&self) -> Option<&str> {
        self.0.kid.as_deref()
    }
}

/// The request object among the parameters, if there is one that can be read.
pub fn signed(parameters: &Parameters) -> Option<Signed> {
    Assertion::read_as(parameters.get("request")?, Reading::Strict, &TYPES).ok().map(Signed)
}

/// Where the request object is to be fetched from: only where the client registered it. [RFC 9101 §5.2 and §10.4]
pub fn address<'a>(
    parameters: &'a Parameters,
    client: &Client,
    context: Context<'_>,
) -> Result<Option<&'a str>, AuthorizeError> {
    let Some(uri) = parameters.get("request_uri") else { return Ok(None) };
    let registered = client.metadata.request_uris.iter().any(|registered| registered == uri);
    if registered && parameters.get("request").is_none() && !parameters.repeats("request_uri") {
        // What follows a hash tells versions of the object apart and is no part of where it is.
        return Ok(uri.split('#').next());
    }
    Err(not_there(parameters, client, context))
}

/// The request with the object that was fetched, if one was.
pub fn fetched(
    parameters: &Parameters,
    object: Option<&str>,
    client: &Client,
    context: Context<'_>,
) -> Result<Parameters, AuthorizeError> {
    let object = object.ok_or_else(|| not_there(parameters, client, context))?;
    let beside = parameters.iter().filter(|(name, _)| *name != "request_uri").chain([("request", object.trim())]);
    Parameters::from_pairs(beside).map_err(|error| request::refused(parameters, client, context, error))
}

fn not_there(parameters: &Parameters, client: &Client, context: Context<'_>) -> AuthorizeError {
    let error =
        OAuthError::invalid_request_uri("request_uri is not registered for this client, or gives no request object");
    request::refused(parameters, client, context, error)
}

/// The parameters that count: those of the request object, if there is one. `now` is when the browser came with it.
pub fn opened(
    parameters: Parameters,
    client: &Client,
    context: Context<'_>,
    now: Timestamp,
) -> Result<Parameters, AuthorizeError> {
    open(&parameters, client, context, now).map_err(|error| request::refused(&parameters, client, context, error))
}

/// The parameters that count, for a client that is told itself.
pub(crate) fn open(
    parameters: &Parameters,
    client: &Client,
    context: Context<'_>,
    now: Timestamp,
) -> Result<Parameters, OAuthError> {
    let Some(text) = parameters.get("request") else {
        return match client.metadata.require_signed_request_object && context.came_by != CameBy::Rehearsal {
            true => Err(OAuthError::invalid_request("this client has to sign its requests: request is missing")),
            false => Ok(parameters.clone()),
        };
    };
    if parameters.repeats("request") || parameters.get("request_uri").is_some() {
        return Err(OAuthError::invalid_request("request stands twice, or beside request_uri"));
    }
    let object = Assertion::read_as(text, Reading::Strict, &TYPES);
    let object = object.map_err(|_| wrong("the request object is not a signed JWT with an algorithm of ours"))?;
    if !may_sign_by(client, object.algorithm) {
        return Err(wrong("the request object is signed by an algorithm that this client may not use"));
    }
    let mut keys = client.authentication.keys.iter().chain(context.published);
    if !keys.any(|key| key.is_live(now) && key.is_meant_by(&object) && key.signed(&object)) {
        return Err(wrong("no key of the client signed the request object"));
    }
    let id = client.identifier().to_string();
    let names = [object.claims.iss.as_deref(), object.members.get("client_id").and_then(Value::as_str)];
    if names.iter().flatten().any(|name| *name != id) || object.members.get("client_id").is_none() {
        return Err(wrong("client_id or iss of the request object is not the client that asks"));
    }
    check_audience(&object, client, context)?;
    check_times(&object, client, now)?;
    let inside = inside(object)?;
    if ["request", "request_uri"].iter().any(|name| inside.get(name).is_some()) {
        return Err(wrong("a request object contains no other"));
    }
    Ok(inside)
}

fn may_sign_by(client: &Client, algorithm: Algorithm) -> bool {
    let agreed = client.metadata.request_object_signing_alg;
    let weak = client.profile == Profile::Fapi2 && !fapi2::ALGORITHMS.contains(&algorithm);
    agreed.is_none_or(|agreed| agreed == algorithm) && !weak
}

/// It is for us: for the issuer of the tenant that was asked, or of the client's own where none is named. [RFC 9101 §4]
fn check_audience(object: &Assertion, client: &Client, context: Context<'_>) -> Result<(), OAuthError> {
    let is_ours = |named: &String| is_issuer(named, context.origin, context.audience, client);
    let audiences = &object.claims.aud;
    match audiences.is_empty() {
        true if client.profile == Profile::Fapi2 => Err(wrong("the request object has no aud")),
        true => Ok(()),
        false if audiences.iter().any(is_ours) => Ok(()),
        false => Err(wrong("the request object is for somebody else: aud is not the issuer")),
    }
}

fn check_times(object: &Assertion, client: &Client, now: Timestamp) -> Result<(), OAuthError> {
    let claims = &object.claims;
    let leeway = limits::ASSERTION_LEEWAY;
    if claims.exp.is_some_and(|exp| exp <= now) {
        return Err(wrong("the request object has expired"));
    }
    if [claims.nbf, claims.iat].into_iter().flatten().any(|begins| begins > now + leeway) {
        return Err(wrong("the request object is not valid yet"));
    }
    if client.profile == Profile::Fapi2 {
        let (Some(exp), Some(nbf)) = (claims.exp, claims.nbf) else {
            return Err(wrong("the request object has no exp, or no nbf"));
        };
        if exp > nbf + LONGEST || now.since(nbf) > LONGEST {
            return Err(wrong("the request object lives for longer than an hour, or is older"));
        }
    }
    Ok(())
}

/// The parameters in a request object. What is no text there is written as a link would have it: numbers as digits, objects as JSON, and
/// each resource of a list by itself.
fn inside(object: Assertion) -> Result<Parameters, OAuthError> {
    let mut pairs = Vec::new();
    for (name, value) in object.members {
        match value {
            _ if OF_THE_TOKEN.contains(&name.as_str()) => {}
            Value::String(text) => pairs.push((name, text)),
            Value::Number(_) | Value::Object(_) | Value::Bool(_) => pairs.push((name, value.to_string())),
            Value::Array(many) if name == "resource" => {
                let each = many.iter().map(|one| one.as_str().map(|text| (name.clone(), text.to_owned())));
                let each: Option<Vec<_>> = each.collect();
                pairs.extend(each.ok_or_else(|| wrong("resource in the request object is not a list of texts"))?);
            }
            Value::Array(many) => pairs.push((name, Value::Array(many).to_string())),
            Value::Null => return Err(wrong("a parameter of the request object is null")),
        }
    }
    Parameters::from_pairs(pairs)
}

fn wrong(description: &'static str) -> OAuthError {
    OAuthError::invalid_request_object(description)
}

#[cfg(test)]
mod tests;
