//! The description of the admin API, made of its table. [OpenAPI 3.1]

use latchkey_devops::scope::Scope;
use latchkey_identity::authorize::ResponseType;
use latchkey_identity::authorize::authorization_details::DetailsType;
use latchkey_identity::claims::StandardClaims;
use latchkey_identity::client::{ClientKind, Metadata, Profile, SubjectType};
use latchkey_identity::client_auth::Method as AuthMethod;
use latchkey_identity::key_rotation::KeyState;
use latchkey_identity::limits::{CLIENT_SECRET_LIFETIME_DAYS, USUAL_SECRET_DAYS};
use latchkey_jose::Algorithm;
use serde_json::{Map, Value, json};

use super::table::{Gives, Operation};

/// The whole description.
pub(super) fn document(operations: &[Operation], origins: &[String]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(operation.method.as_str().to_ascii_lowercase(), described(operation));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Latchkey admin API",
            "version": "1",
            "description": "What programs do in a tenant: the tenant is that of the access token. It needs the scope of administrators, and somebody \
                behind it who administers the tenant at that moment: the person who authorized the app, or, for an app by itself, its owner.",
        },
        "servers": origins.iter().map(|origin| json!({ "url": origin })).collect::<Vec<_>>(),
        "security": [{ "token": [Scope::TenantManage.name()] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
            "schemas": schemas(),
        },
    })
}

fn described(operation: &Operation) -> Value {
    let mut value = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": parameters(operation),
        "responses": responses(operation),
    });
    if let (Some(members), Some(schema)) = (value.as_object_mut(), operation.takes) {
        members.insert(
            "requestBody".to_owned(),
            json!({ "required": schema != "NewSecret", "content": content(&schema_named(schema)) }),
        );
    }
    value
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let named = operation.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let path = named.map(|name| {
        json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } })
    });
    let pages = matches!(operation.gives, Gives::Pages(_)).then(|| {
        [
            json!({ "name": "after", "in": "query", "schema": { "type": "string" }, "description": "`next` of the page before" }),
            json!({ "name": "limit", "in": "query", "schema": { "type": "integer", "minimum": 1, "maximum": 100, "default": 100 } }),
        ]
    });
    path.chain(pages.into_iter().flatten()).collect()
}

fn responses(operation: &Operation) -> Value {
    let problem = json!({ "description": "It was not done", "content": { "application/problem+json": { "schema": schema_named("Problem") } } });
    let (status, response) = match operation.gives {
        Gives::One(schema) => ("200", json!({ "description": "The thing", "content": content(&schema_named(schema)) })),
        Gives::Made(schema) => {
            ("201", json!({ "description": "It was made", "content": content(&schema_named(schema)) }))
        }
        Gives::Pages(schema) | Gives::All(schema) => {
            let mut list = json!({
                "type": "object",
                "required": ["value"],
                "properties": { "value": { "type": "array", "items": schema_named(schema) } },
            });
            let next = list.pointer_mut("/properties").and_then(Value::as_object_mut);
            if let (Gives::Pages(_), Some(properties)) = (operation.gives, next) {
                properties.insert(
                    "next".to_owned(),
                    json!({ "type": ["string", "null"], "description": "`after` of the next page" }),
                );
            }
            ("200", json!({ "description": "The list", "content": content(&list) }))
        }
        Gives::Nothing => ("204", json!({ "description": "It is done" })),
    };
    json!({ status: response, "default": problem })
}

fn content(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

fn schema_named(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn schemas() -> Value {
    let schemas = [
        ("App", app()),
        (
            "NewSecret",
            closed(object(&[(
                "days",
                json!({ "type": "integer", "minimum": 1, "maximum": CLIENT_SECRET_LIFETIME_DAYS, "default": USUAL_SECRET_DAYS }),
            )])),
        ),
        ("Secret", object(&[("id", id()), ("client_secret", text()), ("expires", date())])),
        (
            "NewKeys",
            json!({ "oneOf": [closed(requiring(&["jwks"], object(&[("jwks", jwks())]))), closed(requiring(&["certificate"], object(&[("certificate", text())])))] }),
        ),
        ("AppKeys", object(&[("value", array(object(&[("id", id()), ("kid", text()), ("expires", date())])))])),
        ("Account", account()),
        ("NewAccount", new_account()),
        ("Authorization", authorization()),
        ("Implicit", closed(requiring(&["allowed"], object(&[("allowed", json!({ "type": "boolean" }))])))),
        (
            "Upstream",
            upstream(&[
                ("id", id()),
                ("has_secret", json!({ "type": "boolean" })),
                ("redirect_uris", array(text())),
                ("created", date()),
            ]),
        ),
        (
            "NewUpstream",
            closed(requiring(
                &["name", "issuer", "client_id"],
                upstream(&[("client_secret", marked("writeOnly", text())), ("own_key", marked("writeOnly", flag()))]),
            )),
        ),
        ("SigningKey", signing_key()),
        ("Problem", problem()),
    ];
    Value::Object(schemas.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect())
}

fn app() -> Value {
    let secret = closed(requiring(&["secret"], object(&[("secret", text()), ("expires", text())])));
    let registration = [
        ("client_id", id()),
        ("name", text()),
        ("kind", json!({ "enum": ClientKind::ALL.map(ClientKind::name) })),
        (
            "profile",
            json!({ "enum": Profile::ALL.map(Profile::name), "default": "standard", "description": "`legacy` is read and never written: no such app is made" }),
        ),
        ("owner", json!({ "type": "string", "format": "email" })),
        ("redirect_uris", array(text())),
        ("post_logout_redirect_uris", array(text())),
        ("backchannel_logout_uri", text()),
        ("frontchannel_logout_uri", text()),
        ("scopes", array(text())),
        ("required_scopes", array(text())),
        ("multi_tenant", flag()),
        ("pkce_optional", flag()),
        ("device_code", flag()),
        ("require_pushed_authorization_requests", flag()),
        ("token_endpoint_auth_method", json!({ "enum": AuthMethod::ALL.map(AuthMethod::name) })),
        ("administrator_approved", flag()),
        ("jwks", jwks()),
        ("certificates", array(text())),
        ("client_secrets", marked("writeOnly", array(secret))),
        ("active", marked("readOnly", json!({ "type": "boolean" }))),
        ("secrets", marked("readOnly", array(object(&[("id", id()), ("hint", text()), ("expires", date())])))),
        ("keys", marked("readOnly", array(object(&[("id", id()), ("kid", text())])))),
        ("created", marked("readOnly", date())),
    ];
    let metadata = Metadata::NAMES.map(|name| (name, metadata(name)));
    closed(requiring(&["name", "kind"], object(&[registration.as_slice(), metadata.as_slice()].concat())))
}

/// Client metadata by its registered name.
fn metadata(name: &str) -> Value {
    match name {
        "subject_type" => json!({ "enum": SubjectType::ALL.map(SubjectType::name), "default": "public" }),
        "access_token_lifetime" => json!({ "type": "integer", "minimum": 1, "maximum": 5400 }),
        "default_max_age" => json!({ "type": "integer", "minimum": 0 }),
        name if name.ends_with("_alg") => algorithm(),
        name if name.ends_with("_uri") || name.starts_with("tls_client_auth_") => text(),
        "response_types" => array(json!({ "enum": ResponseType::ALL.map(ResponseType::name) })),
        "request_uris" | "exposed_scopes" => array(text()),
        "callers" => array(id()),
        "authorization_details_types" => array(json!({ "enum": DetailsType::ALL.map(DetailsType::name) })),
        _ => flag(),
    }
}

fn account() -> Value {
    object(&[
        ("id", id()),
        ("email", text()),
        ("name", text()),
        ("administrator", flag()),
        ("active", json!({ "type": "boolean" })),
        ("claims", claims()),
        ("created", date()),
    ])
}

fn new_account() -> Value {
    let members = object(&[
        ("email", json!({ "type": "string", "format": "email" })),
        ("name", text()),
        ("administrator", flag()),
        ("password", marked("writeOnly", text())),
        ("claims", claims()),
    ]);
    closed(requiring(&["email", "name"], members))
}

fn authorization() -> Value {
    object(&[
        ("id", id()),
        ("account", object(&[("id", id()), ("email", text()), ("name", text())])),
        ("client", object(&[("client_id", id()), ("name", text())])),
        ("scopes", array(text())),
        ("created", date()),
        ("expires", maybe_date()),
        ("last_used", maybe_date()),
    ])
}

fn upstream(more: &[(&str, Value)]) -> Value {
    let members = [
        ("name", text()),
        ("issuer", text()),
        ("client_id", text()),
        ("scopes", text()),
        ("home_realm", flag()),
        ("makes_accounts", flag()),
        ("passwords", json!({ "type": "boolean", "default": true })),
    ];
    object(&[members.as_slice(), more].concat())
}

fn signing_key() -> Value {
    object(&[
        ("kid", text()),
        ("algorithm", algorithm()),
        ("state", json!({ "enum": KeyState::ALL.map(KeyState::name) })),
        ("published", date()),
        ("signs_from", date()),
        ("stopped", maybe_date()),
    ])
}

fn problem() -> Value {
    let members = [
        ("type", text()),
        ("title", text()),
        ("status", json!({ "type": "integer" })),
        ("code", text()),
        ("detail", text()),
    ];
    requiring(&["title", "status", "code", "detail"], object(&members))
}

fn object(members: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> =
        members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "properties": properties })
}

/// With no other members than these: what is misspelt is refused, not overlooked.
fn closed(object: Value) -> Value {
    with(object, "additionalProperties", Value::Bool(false))
}

fn requiring(names: &[&str], object: Value) -> Value {
    with(object, "required", json!(names))
}

fn marked(mark: &str, schema: Value) -> Value {
    with(schema, mark, Value::Bool(true))
}

fn with(mut schema: Value, name: &str, value: Value) -> Value {
    if let Some(members) = schema.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    schema
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn array(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn flag() -> Value {
    json!({ "type": "boolean", "default": false })
}

fn id() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

fn date() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn maybe_date() -> Value {
    json!({ "type": ["string", "null"], "format": "date-time" })
}

fn algorithm() -> Value {
    json!({ "enum": Algorithm::ALL.map(Algorithm::name) })
}

fn jwks() -> Value {
    closed(requiring(&["keys"], object(&[("keys", array(json!({ "type": "object" })))])))
}

fn claims() -> Value {
    let properties: Map<String, Value> =
        StandardClaims::NAMES.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

#[cfg(test)]
mod tests {
    use super::super::app_document::MEMBERS;
    use super::super::table::operations;
    use super::*;

    #[test]
    fn every_schema_that_is_named_is_described() {
        let described = document(&operations(), &[]);
        let text = described.to_string();
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(described["components"]["schemas"].get(name).is_some(), "{name}");
        }
    }

    #[test]
    fn an_app_is_described_with_every_member_that_it_is_read_with() {
        let described = schemas();
        for name in MEMBERS.iter().chain(&Metadata::NAMES) {
            assert!(described["App"]["properties"].get(name).is_some(), "{name}");
        }
    }

    #[test]
    fn what_operations_take_has_no_other_members() {
        let described = schemas();
        for schema in operations().iter().filter_map(|operation| operation.takes) {
            let schema = &described[schema];
            let choices = schema["oneOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
            assert!(choices.iter().all(|choice| choice["additionalProperties"] == false), "{schema}");
        }
    }

    #[test]
    fn client_metadata_is_of_the_types_that_it_is_read_with() {
        let described = schemas();
        for name in Metadata::NAMES {
            let schema = &described["App"]["properties"][name];
            let value = match schema["type"].as_str() {
                Some("boolean") => json!(true),
                Some("integer") => json!(600),
                Some("string") => json!("https://crane.test/there"),
                Some("array") if schema["items"]["enum"].is_array() => json!([schema["items"]["enum"][0]]),
                Some("array") => json!(["https://crane.test/request.jwt"]),
                _ => schema["enum"][0].clone(),
            };
            assert!(serde_json::from_value::<Metadata>(json!({ name: value })).is_ok(), "{name}: {schema}");
        }
    }
}
