//! One of each, and ways to store them.

use std::time::Duration;

use latchkey_identity::account::{Account, AccountId, AccountState};
use latchkey_identity::authorization::{Authorization, AuthorizationId, Lifetime, Place};
use latchkey_identity::authorize::flow::{Flow, FlowId};
use latchkey_identity::authorize::pushed::PushedRequest;
use latchkey_identity::client::key::Thumbprints;
use latchkey_identity::client::{
    Authentication, Client, ClientId, ClientKey, ClientKind, ClientSecret, ClientState, FederatedCredential,
    LogoutUris, Profile, Publisher, RedirectUri,
};
use latchkey_identity::client_auth::Method;
use latchkey_identity::grant::authorization_code::{AuthorizationCode, CodeChallenge};
use latchkey_identity::grant::device_code::DeviceCode;
use latchkey_identity::grant::device_code::user_code::UserCode;
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::secret::TokenHash;
use latchkey_identity::session::{BrowserHash, Session, SessionId};
use latchkey_identity::tenant::{Tenant, TenantId, TenantKind};
use latchkey_identity::token::confirmation::{Confirmation, Thumbprint};
use latchkey_identity::token::family::{FamilyId, TokenFamily};
use latchkey_identity::{Change, Decision, Timestamp};
use latchkey_store::{CommitError, Decided, Store};
use uuid::Uuid;

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

pub(crate) fn later(secs: u64) -> Timestamp {
    NOW + Duration::from_secs(secs)
}

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) fn harbor() -> Tenant {
    Tenant { id: TenantId(id(1)), kind: TenantKind::Work, name: "Harbor".into(), domain: "harbor.test".into() }
}

pub(crate) fn shore() -> Tenant {
    Tenant { id: TenantId(id(2)), name: "Shore".into(), domain: "shore.test".into(), ..harbor() }
}

pub(crate) fn ana() -> Account {
    Account {
        id: AccountId(id(0xa)),
        tenant: harbor().id,
        email: "Ana@Harbor.test".into(),
        email_verified: true,
        name: "Ana".into(),
        state: AccountState::Active,
        tenant_administrator: true,
        created_at: NOW,
        changed_at: later(1),
        claims: [("nickname".to_owned(), "Anita".to_owned()), ("address.country".to_owned(), "Portugal".to_owned())]
            .into_iter()
            .collect(),
    }
}

pub(crate) fn ben() -> Account {
    Account { id: AccountId(id(0xb)), email: "ben@harbor.test".into(), name: "Ben".into(), ..ana() }
}

pub(crate) fn burndown() -> Client {
    Client {
        id: ClientId(id(0xc1)),
        tenant: harbor().id,
        name: "Burndown".into(),
        kind: ClientKind::Web,
        profile: Profile::Microsoft,
        publisher: Publisher::Verified("burndown.test".into()),
        administrator_approved: true,
        multi_tenant: true,
        metadata: latchkey_identity::client::Metadata {
            default_max_age: Some(60),
            request_uris: vec!["https://burndown.test/request.jwt#v1".into()],
            ..Default::default()
        },
        pkce_optional: true,
        state: ClientState::Active,
        owner: Some(ana().id),
        redirect_uris: ["https://b.test/2", "https://b.test/1"].map(|uri| RedirectUri::from_stored(uri.into())).into(),
        logout: LogoutUris {
            post_logout_redirect_uris: vec![RedirectUri::from_stored("https://b.test/bye".into())],
            ..LogoutUris::default()
        },
        device_code: true,
        pushed_only: true,
        scopes: ScopeSet::from_text("vso.code vso.work"),
        required_scopes: ScopeSet::from_text("vso.work"),
        secrets: vec![a_secret(1), a_secret(2)],
        authentication: an_authentication(),
        version: 1,
        document: None,
        created_at: NOW,
    }
}

/// A method, a bare key and a certificate, and two federated credentials, of which one pins a key.
pub(crate) fn an_authentication() -> Authentication {
    let jwk = |text: &str| serde_json::from_str::<latchkey_jose::Jwk>(text).unwrap();
    let p256 = jwk(
        r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"1"}"#,
    );
    let ed25519 = jwk(r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#);
    let named = Thumbprints { sha1: [1; 20], sha256: [2; 32] };
    let key = |number, jwk, certificate| ClientKey::stored(id(number), jwk, certificate, NOW, later(60)).unwrap();
    let federated = |number: u128, pinned: Option<&str>| FederatedCredential {
        id: id(number),
        name: format!("job {number}"),
        issuer: "https://ci.test".into(),
        subject: number.to_string(),
        audience: "api://AzureADTokenExchange".into(),
        pinned: pinned.map(|text| FederatedCredential::read_pinned(text, id(number), NOW).unwrap()).unwrap_or_default(),
        created_at: NOW,
    };
    let pinned = format!(r#"{{"keys":[{}]}}"#, serde_json::to_string(&ed25519).unwrap());
    Authentication {
        method: Some(Method::PrivateKeyJwt),
        keys: vec![key(0x6e1, p256, None), key(0x6e2, ed25519, Some(named))],
        federated: vec![federated(0xfe1, None), federated(0xfe2, Some(&pinned))],
    }
}

pub(crate) fn a_bare_client() -> Client {
    Client {
        id: ClientId(id(0xc2)),
        name: "Ant".into(),
        kind: ClientKind::Native,
        profile: Profile::Standard,
        publisher: Publisher::Unverified,
        owner: None,
        redirect_uris: vec![],
        logout: LogoutUris::default(),
        device_code: false,
        pushed_only: false,
        secrets: vec![],
        authentication: Authentication::default(),
        ..burndown()
    }
}

/// An app of this number.
pub(crate) fn an_app(number: u128) -> Client {
    Client { id: ClientId(id(number)), ..a_bare_client() }
}

pub(crate) fn a_secret(number: u8) -> ClientSecret {
    ClientSecret {
        id: id(number.into()),
        mac: [number; 32],
        sealed: number.is_multiple_of(2).then(|| vec![number; 40]),
        hint: format!("lks_{number}"),
        created_at: later(number.into()),
        expires_at: later(1_000),
    }
}

pub(crate) fn a_browser(number: u8) -> BrowserHash {
    BrowserHash(TokenHash([number; 32]))
}

pub(crate) fn a_session() -> Session {
    Session {
        id: SessionId(id(0x5e)),
        browser: a_browser(1),
        account: ana().id,
        tenant: harbor().id,
        authenticated_at: NOW,
        context: latchkey_identity::sign_in::context::AuthenticationContext::Password,
        used_at: later(60),
        ended_at: None,
        address: "192.0.2.1".into(),
        user_agent: "Browser/1".into(),
    }
}

pub(crate) fn a_flow() -> Flow {
    Flow {
        rehearsed_by: None,
        id: FlowId(TokenHash([0xf; 32])),
        browser: a_browser(1),
        client: burndown().id,
        segment: "common".into(),
        origin: "https://id.test".into(),
        parameters: "client_id=1&state=%20".into(),
        device: Some(TokenHash([0xd; 32])),
        session: None,
        started_at: NOW,
        ended_at: None,
    }
}

pub(crate) fn a_device() -> DeviceCode {
    DeviceCode {
        hash: TokenHash([0xd; 32]),
        user_code: UserCode::parse("WDXB-MXHT").unwrap(),
        client: burndown().id,
        segment: "common".into(),
        origin: "https://id.test".into(),
        scope: "openid vso.work".into(),
        details: Some(r#"[{"type":"devops","organization":"harbor","actions":["work"]}]"#.into()),
        client_info: true,
        address: "192.0.2.1".into(),
        started_at: NOW,
        answered_at: None,
        approved: false,
    }
}

pub(crate) fn a_pushed_request() -> PushedRequest {
    PushedRequest {
        hash: TokenHash([0x9; 32]),
        client: burndown().id,
        segment: "common".into(),
        parameters: "client_id=1&state=%20".into(),
        pushed_at: NOW,
        used_at: None,
    }
}

pub(crate) fn an_authorization() -> Authorization {
    let place = |organization, project, repository| Place { organization: id(organization), project, repository };
    Authorization {
        id: AuthorizationId(id(0xa1)),
        tenant: harbor().id,
        account: ana().id,
        client: burndown().id,
        version: 1,
        scopes: ScopeSet::from_text("offline_access openid vso.work"),
        asked: ScopeSet::from_text("offline_access openid vso.code vso.work"),
        places: [place(0x01, None, None), place(0x02, Some(id(3)), None), place(0x02, Some(id(4)), Some(id(5)))].into(),
        asked_places: [place(0x02, Some(id(3)), None)].into(),
        lifetime: Lifetime::Days(30),
        expires_at: Some(later(30 * 86_400)),
        session: a_session().id,
        shown: [9; 32],
        elsewhere: [([8; 32], ScopeSet::from_text("openid vso.build")), ([7; 32], ScopeSet::default())].into(),
        created_at: NOW,
        changed_at: NOW,
        paused_at: None,
        ended: None,
    }
}

pub(crate) fn for_this_session() -> Authorization {
    Authorization { lifetime: Lifetime::ThisSession, expires_at: None, ..an_authorization() }
}

pub(crate) fn a_code() -> AuthorizationCode {
    AuthorizationCode {
        hash: TokenHash([0xc; 32]),
        client: burndown().id,
        tenant: harbor().id,
        account: ana().id,
        session: a_session().id,
        auth_time: later(2),
        context: latchkey_identity::sign_in::context::AuthenticationContext::Password,
        authorization: an_authorization().id,
        family: a_family().id,
        redirect_uri: "https://b.test/1".into(),
        challenge: Some(CodeChallenge::from_stored("challenge".into())),
        scopes: ScopeSet::from_text("openid vso.work"),
        scope_text: "openid 499b84ac/vso.work".into(),
        places: Some(an_authorization().asked_places),
        nonce: Some("n-1".into()),
        client_info: true,
        origin: "https://id.test".into(),
        issued_at: later(5),
        redeemed_at: None,
        dpop_jkt: Some(Thumbprint([3; 32])),
    }
}

pub(crate) fn a_family() -> TokenFamily {
    TokenFamily {
        id: FamilyId(id(0xf1)),
        authorization: an_authorization().id,
        tenant: harbor().id,
        account: ana().id,
        client: burndown().id,
        session: a_session().id,
        auth_time: later(2),
        context: latchkey_identity::sign_in::context::AuthenticationContext::Password,
        scopes: ScopeSet::from_text("offline_access openid vso.work"),
        scope_text: "openid offline_access 499b84ac/vso.work".into(),
        places: Some(an_authorization().asked_places),
        client_info: true,
        origin: "https://id.test".into(),
        refreshable: true,
        generation: 0,
        created_at: later(6),
        rotated_at: later(6),
        access_expires_at: later(3_606),
        ended_at: None,
        confirmation: Some(Confirmation::Key(Thumbprint([3; 32]))),
    }
}

pub(crate) fn register(client: &Client) -> Change {
    Change::RegisterClient { client: Box::new(client.clone()) }
}

pub(crate) fn create(account: &Account, password: Option<&str>) -> Change {
    Change::CreateAccount { account: Box::new(account.clone()), password: password.map(str::to_owned) }
}

pub(crate) fn authorize(authorization: &Authorization) -> Change {
    Change::Authorize(Box::new(authorization.clone()))
}

pub(crate) fn start_family(family: &TokenFamily) -> Change {
    Change::StartFamily(Box::new(family.clone()))
}

pub(crate) fn rotate(generation: u32, at: Timestamp) -> Change {
    let access_expires_at = at + Duration::from_secs(3_600);
    Change::RotateFamily { family: a_family().id, generation, next: generation + 1, at, access_expires_at }
}

/// Commits changes as a rule's decision is committed.
pub(crate) async fn commit(store: &Store, changes: Vec<Change>) -> Result<(), CommitError> {
    let decision: Decision<()> = Decision::grant(()).and_all(changes);
    store.commit(decision.into_parts().1).await
}

/// The same, for what cannot be lost.
pub(crate) async fn with(store: &Store, changes: Vec<Change>) {
    assert_eq!(commit(store, changes).await, Ok(()));
}

/// Ana, signed in, authorized Burndown, which holds a token family.
pub(crate) async fn with_everything(store: &Store, authorization: &Authorization) {
    with(store, vec![Change::CreateTenant(harbor()), create(&ana(), Some("$argon2id$")), register(&burndown())]).await;
    with(store, vec![Change::StartSession(Box::new(a_session())), authorize(authorization)]).await;
    with(store, vec![Change::IssueCode(Box::new(a_code())), start_family(&a_family())]).await;
}
