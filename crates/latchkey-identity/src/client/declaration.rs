//! Apps that are declared whole, in a file: one that is not there is registered, one that is there becomes as it is declared, and one that is
//! there just so stays untouched. The rules of each part are those of registration.

use std::collections::BTreeSet;

use crate::account::Account;
use crate::change::Change;
use crate::client::authentication::{Authentication, fix_method};
use crate::client::key::{KeyError, add_keys};
use crate::client::registration::{
    CheckedRegistration, Client, ClientId, RegistrationError, change, may_hold_secret, new_client,
};
use crate::client::secret::ClientSecret;
use crate::client_auth::Method;
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::event::Event;
use crate::limits;
use crate::secret::{PurposeKey, Secret};
use crate::time::Timestamp;

/// An app as it is declared.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The id that clients know it by: whoever declares it chooses it, so that the same file means the same app.
    pub id: ClientId,
    /// Its registration.
    pub registration: CheckedRegistration,
    /// The one method that it authenticates by, if it is to be fixed.
    pub method: Option<Method>,
    /// Its public keys, each a JSON Web Key Set of one or a certificate.
    pub keys: Vec<String>,
    /// Its secrets.
    pub secrets: Vec<GivenSecret>,
    /// An administrator vouches for it.
    pub administrator_approved: bool,
}

/// A secret that was not made here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GivenSecret {
    /// The secret.
    pub secret: Secret,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl GivenSecret {
    /// Whether nobody guesses it. What we keep of it is not made for secrets of few bits.
    fn is_strong(&self) -> bool {
        let text = self.secret.reveal();
        let distinct: BTreeSet<u8> = text.bytes().collect();
        limits::GIVEN_SECRET_BYTES.contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic())
            && distinct.len() >= limits::GIVEN_SECRET_DISTINCT
    }
}

/// What a declaration came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It is new.
    Registered(Client),
    /// It is another than before: in these parts.
    Changed(Client, Vec<&'static str>),
    /// It is there just so.
    Unchanged(Client),
}

impl Outcome {
    /// The app, as it is now.
    pub const fn client(&self) -> &Client {
        match self {
            Self::Registered(client) | Self::Changed(client, _) | Self::Unchanged(client) => client,
        }
    }
}

/// What a declaration is held against.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The app, if it is there.
    pub before: Option<&'a Client>,
    /// Whether its id means something else: an account, a tenant, a resource, an app that was deleted. Tokens tell who they are about by
    /// such ids. [RFC 9700 §4.15]
    pub taken: bool,
    /// Whose it becomes if it is not. One that is there keeps its owner.
    pub owner: &'a Account,
    /// How many that account owns already.
    pub owned: usize,
    /// Who declares it.
    pub by: &'a Account,
    /// What secrets are kept under.
    pub key: &'a PurposeKey,
    /// The moment.
    pub now: Timestamp,
}

/// Makes true what is declared, all of it or nothing.
pub fn declare(
    declaration: Declaration,
    standing: Standing<'_>,
    entropy: &mut Entropy,
) -> Decision<Outcome, RegistrationError> {
    let decided = match standing.before {
        None => register(&declaration, standing),
        Some(before) => adapt(&declaration, before, standing),
    };
    match decided.and_then(|so_far| credentials(declaration, so_far, standing, entropy)) {
        Err(error) => Decision::refuse(error),
        Ok(SoFar { client, changes, parts }) => {
            let outcome = match standing.before {
                None => Outcome::Registered(client),
                Some(_) if parts.is_empty() => Outcome::Unchanged(client),
                Some(_) => Outcome::Changed(client, parts),
            };
            Decision::grant(outcome).and_all(changes)
        }
    }
}

/// A client on its way, and what makes it so.
struct SoFar {
    client: Client,
    changes: Vec<Change>,
    /// What of it is not as it was before.
    parts: Vec<&'static str>,
}

impl SoFar {
    /// The changes of one more rule, which changed this part of the client.
    fn then<T>(
        &mut self,
        part: &'static str,
        decision: Decision<T, RegistrationError>,
        become_: impl FnOnce(&mut Client, T),
    ) -> Result<(), RegistrationError> {
        become_(&mut self.client, decision.answer?);
        self.changes.extend(decision.changes);
        if !self.parts.contains(&part) {
            self.parts.push(part);
        }
        Ok(())
    }
}

fn register(declaration: &Declaration, standing: Standing<'_>) -> Result<SoFar, RegistrationError> {
    let Standing { owner, owned, by, now, .. } = standing;
    if standing.taken {
        return Err(RegistrationError::TakenId);
    }
    if owned >= limits::APPS_PER_OWNER {
        return Err(RegistrationError::TooManyApps);
    }
    let registered = new_client(declaration.id, declaration.registration.clone(), owner.tenant, Some(owner.id), now);
    let mut client = Client { administrator_approved: declaration.administrator_approved, ..registered };
    if !client.may_be_changed_by(by) {
        return Err(RegistrationError::NotYours);
    }
    if declaration.method.is_some() {
        client = Client { version: client.version, ..fix_method(&client, declaration.method, by, now).answer? };
    }
    let changes = vec![
        Change::Record(Event::app_registered(&client).by(by.id)),
        Change::RegisterClient { client: Box::new(client.clone()) },
    ];
    Ok(SoFar { client, changes, parts: Vec::new() })
}

fn adapt(declaration: &Declaration, before: &Client, standing: Standing<'_>) -> Result<SoFar, RegistrationError> {
    let Standing { owner, by, now, .. } = standing;
    if before.kind != declaration.registration.kind() {
        return Err(RegistrationError::KindStays);
    }
    if before.tenant != owner.tenant {
        return Err(RegistrationError::NotYours);
    }
    // Profile and method may change together.
    let method = declaration.method.or(before.authentication.method);
    let authentication = Authentication { method, ..before.authentication.clone() };
    let about_to = Client { authentication, ..before.clone() };
    let changed = change(&about_to, declaration.registration.clone(), by, now);
    let changed = Client { authentication: before.authentication.clone(), ..changed.answer? };
    let wanted = Client { administrator_approved: declaration.administrator_approved, ..changed };
    let fixed = match declaration.method {
        Some(_) => fix_method(&wanted, declaration.method, by, now).answer?.authentication,
        None => wanted.authentication.clone(),
    };
    let wanted = Client { authentication: fixed, ..wanted };
    let parts: Vec<_> = differences(before, &wanted).collect();
    if parts.is_empty() {
        return Ok(SoFar { client: before.clone(), changes: Vec::new(), parts });
    }
    let changes = vec![
        Change::Record(Event::app_changed(&wanted, now).by(by.id)),
        Change::ChangeClient { client: Box::new(wanted.clone()), from_version: before.version },
    ];
    Ok(SoFar { client: wanted, changes, parts })
}

fn credentials(
    declaration: Declaration,
    mut so_far: SoFar,
    standing: Standing<'_>,
    entropy: &mut Entropy,
) -> Result<SoFar, RegistrationError> {
    let Standing { by, key, now, .. } = standing;
    let known = |so_far: &SoFar, given: &GivenSecret| {
        so_far.client.secrets.iter().any(|kept| kept.matches(so_far.client.id, &given.secret, key))
    };
    for given in declaration.secrets {
        if known(&so_far, &given) {
            continue;
        }
        let decision = keep_given(&so_far.client, given, by, key, now, entropy);
        so_far.then("secrets", decision, |client, kept| {
            client.secrets.push(kept);
            client.version += 1;
        })?;
    }
    for text in declaration.keys {
        let decision = add_keys(&so_far.client, by, &text, now, entropy);
        if decision.answer == Err(RegistrationError::Key(KeyError::Known)) {
            continue;
        }
        so_far.then("keys", decision, |client, keys| {
            client.authentication.keys.extend(keys);
            client.version += 1;
        })?;
    }
    Ok(so_far)
}

/// Keeps a secret that was not made here.
fn keep_given(
    client: &Client,
    given: GivenSecret,
    by: &Account,
    key: &PurposeKey,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<ClientSecret, RegistrationError> {
    if let Err(error) = may_hold_secret(client, now) {
        return Decision::refuse(error);
    }
    if client.authentication.method == Some(Method::ClientSecretJwt) {
        return Decision::refuse(RegistrationError::SecretMadeHere);
    }
    if !given.is_strong() {
        return Decision::refuse(RegistrationError::WeakSecret);
    }
    if given.expires_at <= now || given.expires_at > now + limits::CLIENT_SECRET_LIFETIME {
        return Decision::refuse(RegistrationError::SecretLifetime);
    }
    let kept = ClientSecret::keep(client.id, &given.secret, entropy.uuid(), given.expires_at, key, now);
    // The first characters of a secret that somebody else made are not ours to show.
    let kept = ClientSecret { hint: "given".to_owned(), ..kept };
    Decision::grant(kept.clone())
        .and(Change::Record(Event::secret_added(client, &kept).by(by.id)))
        .and(Change::AddSecret { client: client.id, secret: kept, from_version: client.version })
}

/// The parts of a registration that are not as they were.
fn differences(before: &Client, after: &Client) -> impl Iterator<Item = &'static str> {
    [
        ("name", before.name != after.name),
        ("profile", before.profile != after.profile),
        ("redirect_uris", before.redirect_uris != after.redirect_uris),
        ("scopes", before.scopes != after.scopes || before.required_scopes != after.required_scopes),
        ("multi_tenant", before.multi_tenant != after.multi_tenant),
        ("pkce_optional", before.pkce_optional != after.pkce_optional),
        ("logout", before.logout != after.logout),
        ("device_code", before.device_code != after.device_code),
        ("require_pushed_authorization_requests", before.pushed_only != after.pushed_only),
        ("metadata", before.metadata != after.metadata),
        ("token_endpoint_auth_method", before.authentication.method != after.authentication.method),
        ("administrator_approved", before.administrator_approved != after.administrator_approved),
    ]
    .into_iter()
    .filter_map(|(part, differs)| differs.then_some(part))
}

#[cfg(test)]
mod tests;
