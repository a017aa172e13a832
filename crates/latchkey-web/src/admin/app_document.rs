//! An app as a document: what files declare and the admin API speaks. Names are those of the registration, and of client metadata where
//! these have one. [RFC 7591 §2]

use latchkey_identity::Timestamp;
use latchkey_identity::client::declaration::{Declaration, GivenSecret};
use latchkey_identity::client::registration::{Registration, RegistrationError};
use latchkey_identity::client::sector::SectorDocument;
use latchkey_identity::client::{Client, ClientId, ClientKind, ClientState, LogoutUris, Metadata, Profile};
use latchkey_identity::client_auth::Method;
use latchkey_identity::limits::CLIENT_SECRET_LIFETIME;
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::secret::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// An app as a document.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AppDocument {
    /// The id that clients know it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Uuid>,
    /// What people call it.
    pub name: String,
    /// `web`, `native`, `spa` or `daemon`.
    pub kind: String,
    /// `standard`, `microsoft` or `fapi2`.
    #[serde(default = "standard")]
    pub profile: String,
    /// The address of the account that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Where people are sent back to.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where people may be sent after they signed out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where the server tells it that a session ended. [Back-Channel Logout §2.2]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// What the page that says so loads in a frame. [Front-Channel Logout §2]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_uri: Option<String>,
    /// The scopes that it may ask for.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Those without which it does not work.
    #[serde(default)]
    pub required_scopes: Vec<String>,
    /// People of other tenants may authorize it.
    #[serde(default)]
    pub multi_tenant: bool,
    /// It may leave out PKCE.
    #[serde(default)]
    pub pkce_optional: bool,
    /// It may ask for device codes.
    #[serde(default)]
    pub device_code: bool,
    /// It makes its requests by pushing them only. [RFC 9126 §6]
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    /// The one method that it authenticates by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<String>,
    /// An administrator vouches for it: what people approved is not asked again.
    #[serde(default)]
    pub administrator_approved: bool,
    /// Its public keys, a JSON Web Key Set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<KeyDocuments>,
    /// Certificates with its public keys, in PEM.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<String>,
    /// Its secrets. They are written and never read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub client_secrets: Vec<SecretDocument>,
    /// How it asks and is answered.
    #[serde(flatten)]
    pub metadata: Metadata,
}

/// A JSON Web Key Set, unread. [RFC 7517 §5]
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyDocuments {
    /// Its keys.
    pub keys: Vec<Value>,
}

/// A secret that was made elsewhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretDocument {
    /// The secret.
    pub secret: String,
    /// When it ends, as a date; two years from now if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

impl std::fmt::Debug for SecretDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

fn standard() -> String {
    Profile::Standard.name().to_owned()
}

/// Why a document is none of an app, in a sentence for whoever wrote it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadDocument {
    /// It is not an object of the right members.
    #[error("{0}")]
    Malformed(String),
    /// A member that does not exist.
    #[error("There is no member `{0}`.")]
    UnknownMember(String),
    /// A word that is none of those that a member takes.
    #[error("`{member}` is one of {known}.")]
    UnknownWord {
        /// The member.
        member: &'static str,
        /// What it takes.
        known: String,
    },
    /// A date that is none.
    #[error("`expires` is a date: 2027-06-01 or 2027-06-01T08:00:00Z.")]
    Date,
    /// The registration is not accepted.
    #[error(transparent)]
    Registration(#[from] RegistrationError),
}

/// The members of the document itself. Those of [`Metadata`] stand beside them.
pub(crate) const MEMBERS: [&str; 20] = [
    "client_id",
    "name",
    "kind",
    "profile",
    "owner",
    "redirect_uris",
    "post_logout_redirect_uris",
    "scopes",
    "required_scopes",
    "multi_tenant",
    "pkce_optional",
    "device_code",
    "require_pushed_authorization_requests",
    "backchannel_logout_uri",
    "frontchannel_logout_uri",
    "token_endpoint_auth_method",
    "administrator_approved",
    "jwks",
    "certificates",
    "client_secrets",
];

impl AppDocument {
    /// Reads a document. A member that does not exist is no slip to be passed over: it would be believed to hold.
    pub fn read(value: Value) -> Result<Self, BadDocument> {
        let unknown = |members: &Map<String, Value>| {
            members.keys().find(|name| !MEMBERS.iter().chain(&Metadata::NAMES).any(|known| known == name)).cloned()
        };
        if let Some(unknown) = value.as_object().and_then(unknown) {
            return Err(BadDocument::UnknownMember(unknown));
        }
        serde_json::from_value(value).map_err(|error| BadDocument::Malformed(error.to_string()))
    }

    /// An app as it is registered. Nothing secret is in it.
    pub fn of(client: &Client, owner: Option<String>) -> Self {
        let words = |scopes: &ScopeSet| scopes.iter().map(str::to_owned).collect();
        let logout = client.logout.typed();
        let keys: Vec<Value> = client.authentication.keys.iter().map(|key| json!(key.jwk)).collect();
        Self {
            client_id: Some(client.id.0),
            name: client.name.clone(),
            kind: client.kind.name().to_owned(),
            profile: client.profile.name().to_owned(),
            owner,
            redirect_uris: client.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect(),
            post_logout_redirect_uris: logout.post_logout_redirect_uris,
            backchannel_logout_uri: logout.backchannel_logout_uri,
            frontchannel_logout_uri: logout.frontchannel_logout_uri,
            scopes: words(&client.scopes),
            required_scopes: words(&client.required_scopes),
            multi_tenant: client.multi_tenant,
            pkce_optional: client.pkce_optional,
            device_code: client.device_code,
            require_pushed_authorization_requests: client.pushed_only,
            token_endpoint_auth_method: client.authentication.method.map(|method| method.name().to_owned()),
            administrator_approved: client.administrator_approved,
            jwks: (!keys.is_empty()).then_some(KeyDocuments { keys }),
            certificates: Vec::new(),
            client_secrets: Vec::new(),
            metadata: client.metadata.clone(),
        }
    }

    /// What is said of an app beside its registration.
    pub fn with_state(client: &Client, owner: Option<String>) -> Value {
        let mut value = json!(Self::of(client, owner));
        if let Some(members) = value.as_object_mut() {
            members.insert("active".to_owned(), json!(client.state == ClientState::Active));
            let secrets: Vec<Value> = client
                .secrets
                .iter()
                .map(|secret| json!({ "id": secret.id, "hint": secret.hint, "expires": date(secret.expires_at) }))
                .collect();
            members.insert("secrets".to_owned(), json!(secrets));
            members.insert("created".to_owned(), json!(date(client.created_at)));
        }
        value
    }

    /// What is declared by it, for an app of this id, with what is at its `sector_identifier_uri`.
    pub fn declaration(
        &self,
        id: ClientId,
        sector: Option<&SectorDocument>,
        known_scopes: &[String],
        now: Timestamp,
    ) -> Result<Declaration, BadDocument> {
        let secret = |given: &SecretDocument| {
            let expires_at = match &given.expires {
                None => now + CLIENT_SECRET_LIFETIME,
                Some(text) => latchkey_devops::date::parse(text).ok_or(BadDocument::Date)?,
            };
            Ok(GivenSecret { secret: Secret::new(given.secret.clone()), expires_at })
        };
        let keys = self.jwks.iter().flat_map(|set| &set.keys).map(|key| json!({ "keys": [key] }).to_string());
        Ok(Declaration {
            id,
            registration: self.registration()?.check_with(sector, known_scopes)?,
            method: self.method()?,
            keys: keys.chain(self.certificates.iter().cloned()).collect(),
            secrets: self.client_secrets.iter().map(secret).collect::<Result<_, BadDocument>>()?,
            administrator_approved: self.administrator_approved,
        })
    }

    fn registration(&self) -> Result<Registration, BadDocument> {
        Ok(Registration {
            name: self.name.clone(),
            kind: word("kind", &self.kind, ClientKind::parse, ClientKind::ALL.map(ClientKind::name))?,
            profile: word("profile", &self.profile, Profile::parse, Profile::ALL.map(Profile::name))?,
            redirect_uris: self.redirect_uris.clone(),
            logout: LogoutUris {
                post_logout_redirect_uris: self.post_logout_redirect_uris.clone(),
                backchannel_logout_uri: self.backchannel_logout_uri.clone(),
                frontchannel_logout_uri: self.frontchannel_logout_uri.clone(),
            },
            device_code: self.device_code,
            pushed_only: self.require_pushed_authorization_requests,
            metadata: self.metadata.clone(),
            scopes: ScopeSet::from_text(&self.scopes.join(" ")),
            required_scopes: ScopeSet::from_text(&self.required_scopes.join(" ")),
            multi_tenant: self.multi_tenant,
            pkce_optional: self.pkce_optional,
        })
    }

    fn method(&self) -> Result<Option<Method>, BadDocument> {
        let Some(name) = &self.token_endpoint_auth_method else { return Ok(None) };
        word("token_endpoint_auth_method", name, Method::parse, Method::ALL.map(Method::name)).map(Some)
    }
}

fn word<T, const N: usize>(
    member: &'static str,
    text: &str,
    parse: fn(&str) -> Option<T>,
    known: [&str; N],
) -> Result<T, BadDocument> {
    parse(text).ok_or_else(|| BadDocument::UnknownWord { member, known: known.join(", ") })
}

/// A moment for programs.
pub(crate) fn date(at: Timestamp) -> String {
    latchkey_devops::date::format(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_document() -> Value {
        json!({
            "client_id": "11111111-2222-3333-4444-555555555555",
            "name": "Examiner",
            "kind": "web",
            "redirect_uris": ["https://examiner.test/callback"],
            "scopes": ["vso.work"],
            "subject_type": "pairwise",
            "client_secrets": [{ "secret": "cJ5nT0qLx8sV2wYbR7eKfGh3uPzA9mDi", "expires": "2027-06-01" }],
        })
    }

    fn known() -> Vec<String> {
        vec!["vso.work".to_owned()]
    }

    fn declared(edit: impl FnOnce(&mut Map<String, Value>)) -> Result<Declaration, BadDocument> {
        let mut document = a_document();
        edit(document.as_object_mut().unwrap());
        let id = ClientId(Uuid::from_u128(1));
        AppDocument::read(document)?.declaration(id, None, &known(), Timestamp::from_secs(1_700_000_000))
    }

    #[test]
    fn a_document_says_what_a_form_would() {
        let declaration = declared(|_| ()).unwrap();
        assert_eq!(declaration.secrets.len(), 1);
        assert_eq!(declaration.registration.kind(), ClientKind::Web);
    }

    #[test]
    fn scopes_of_people_themselves_may_be_written_along() {
        let with =
            |scopes: Value| declared(move |document| drop(document.insert("scopes".to_owned(), scopes))).unwrap();
        let (all, alone) =
            (with(json!(["openid", "address", "offline_access", "vso.work"])), with(json!(["vso.work"])));
        assert_eq!(format!("{:?}", all.registration), format!("{:?}", alone.registration));
    }

    #[test]
    fn what_does_not_exist_is_named_and_not_passed_over() {
        let set = |name: &'static str, value: Value| {
            declared(move |document| drop(document.insert(name.to_owned(), value))).unwrap_err().to_string()
        };
        assert_eq!(set("redirect_uri", json!("https://a.test/")), "There is no member `redirect_uri`.");
        assert_eq!(set("kind", json!("mobile")), "`kind` is one of web, native, spa, daemon.");
        assert!(set("profile", json!("hipster")).contains("standard, microsoft, fapi2"));
        assert!(set("token_endpoint_auth_method", json!("client_secret_something")).contains("client_secret_basic"));
        assert!(set("scopes", json!(["vso.nonsense"])).contains("vso.nonsense"));
        assert!(set("multi_tenant", json!("yes")).contains("invalid type"));
        let secrets = json!([{ "secret": "x", "expires": "soon" }]);
        assert!(set("client_secrets", secrets).contains("is a date"));
        assert!(matches!(
            declared(|document| drop(document.insert("profile".into(), json!("legacy")))),
            Err(BadDocument::Registration(RegistrationError::NoNewLegacyApps))
        ));
    }

    #[test]
    fn its_secrets_do_not_print() {
        let document = AppDocument::read(a_document()).unwrap();
        assert!(!format!("{document:?}").contains("cJ5n"));
    }

    #[test]
    fn every_member_is_known() {
        let full = json!(AppDocument {
            owner: Some(String::new()),
            backchannel_logout_uri: Some(String::new()),
            frontchannel_logout_uri: Some(String::new()),
            token_endpoint_auth_method: Some(String::new()),
            jwks: Some(KeyDocuments { keys: vec![] }),
            certificates: vec![String::new()],
            ..AppDocument::read(a_document()).unwrap()
        });
        let own = full.as_object().unwrap().keys().filter(|name| !Metadata::NAMES.contains(&name.as_str()));
        let mut names: Vec<&str> = own.map(String::as_str).collect();
        let mut members = MEMBERS.to_vec();
        names.sort_unstable();
        members.sort_unstable();
        assert_eq!(names, members);
    }
}
