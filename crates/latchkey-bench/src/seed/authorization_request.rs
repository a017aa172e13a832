//! What apps ask for, and what people are asked then, as the rules read it.

use latchkey_devops::scope::{self, Scope};
use latchkey_identity::authorize::AuthorizationRequest;
use latchkey_identity::authorize::request::{self, CameBy, Context};
use latchkey_identity::client::Client;
use latchkey_identity::consent::Approval;
use latchkey_identity::grant::authorization_code::CodeContext;
use latchkey_identity::parameters::Parameters;
use latchkey_identity::resource::ResourceServer;
use latchkey_identity::secret::PurposeKey;
use latchkey_identity::tenant::{Audience, Tenant};

use super::people::Person;
use super::{REDIRECT_URI, challenge};
use crate::problem::{Outcome, Problem};

/// The DevOps side, as the identity side knows it.
pub(super) fn resource() -> ResourceServer {
    ResourceServer {
        audience: scope::AUDIENCE.to_owned(),
        identifiers: Vec::new(),
        origins: Vec::new(),
        scopes: Scope::ALL.iter().map(|scope| scope.name().to_owned()).collect(),
        in_person: vec!["user_impersonation".into()],
        for_administrators: Vec::new(),
        prefix: "vso.".into(),
    }
}

/// The request that every flow makes, as the rules read it.
pub(super) fn authorization_request(
    client: &Client,
    tenant: &Tenant,
    origin: &str,
    scope: &str,
) -> Outcome<AuthorizationRequest> {
    let (id, challenge) = (client.id.to_string(), challenge());
    let pairs = [
        ("client_id", id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT_URI),
        ("scope", scope),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let parameters = Parameters::from_pairs(pairs).map_err(|error| Problem::new(format!("{error:?}")))?;
    let resource = resource();
    let context = Context {
        origin,
        audience: &Audience::Tenant(tenant.clone()),
        resource: &resource,
        published: &[],
        came_by: CameBy::Link,
    };
    request::parse(&parameters, Some(client), context)
        .map_err(|error| Problem::new(format!("the authorization request is refused: {error:?}")))
}

/// What somebody who has approved nothing of the app yet is asked, of an app that calls no other.
pub(super) fn approval<'a>(
    request: &'a AuthorizationRequest,
    client: &'a Client,
    person: &'a Person,
    key: &'a PurposeKey,
) -> Approval<'a> {
    let context = CodeContext {
        request,
        places: None,
        client,
        account: &person.account,
        session: &person.session,
        tenant: client.tenant,
        origin: "",
        key,
        flow: None,
    };
    Approval { context, existing: None, called: None }
}
