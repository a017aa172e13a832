//! A second Latchkey, at which people of the first sign in.

use axum::body::Body;
use http::{Request, Response};
use latchkey_identity::Change;
use latchkey_identity::account::{Account, AccountState};
use latchkey_identity::claims::StandardClaims;
use latchkey_identity::sign_in::upstream::UpstreamId;
use latchkey_identity::sign_in::upstream::pending::redirect_uri;
use latchkey_identity::sign_in::upstream::registration::{Registration, USUAL_SCOPES};
use latchkey_web::Peer;
use latchkey_web::identity::upstream::registration::{Registrar, TypedSecret};
use tokio::runtime::Handle;

use crate::browser::{Boxed, Visit};
use crate::builders::a_web_app;
use crate::databases::TestDatabase;
use crate::relying_party::RelyingParty;
use crate::remote::{Asked, Remote};
use crate::sample;
use crate::server::HOME;
use crate::world::{HTTPS, World};

/// The host of the second Latchkey.
pub const HOST: &str = "upstream.test";
/// Its origin.
const ORIGIN: &str = "https://upstream.test";

/// A second Latchkey, with the same people as the first, by the same clock.
pub struct Upstream {
    /// It.
    pub world: World,
    /// What the first one calls it.
    pub id: UpstreamId,
    /// What it calls the first one.
    pub app: RelyingParty,
    /// How it is reached over the network.
    pub remote: Remote,
    _database: TestDatabase,
}

impl World {
    /// Harbor lets its people sign in at a second Latchkey: by address, with accounts made for who is new, and with passwords beside it,
    /// unless `edit` says otherwise.
    pub async fn trusts_an_upstream(&self, edit: impl Fn(&mut Registration) + Send + Sync) -> Upstream {
        let made: Boxed<'_, Upstream> = Box::pin(self.make_upstream(edit));
        made.await
    }

    async fn make_upstream(&self, edit: impl Fn(&mut Registration) + Send + Sync) -> Upstream {
        let database = TestDatabase::sqlite();
        let world = Self::second(&database, ORIGIN, self).await;
        let answering = world.clone();
        let remote = self.remote(HOST, move |asked| forward(&answering, asked)).await;
        let mut typed = Registration {
            name: "Second".to_owned(),
            issuer: format!("{ORIGIN}/{}/v2.0", world.harbor()),
            client_id: "not registered yet".to_owned(),
            scopes: USUAL_SCOPES.to_owned(),
            home_realm: true,
            makes_accounts: true,
            passwords: true,
        };
        edit(&mut typed);
        let id = self.registers_upstream(&typed, TypedSecret::OwnKey).await;
        let app = a_web_app("quay").and_redirect_uri(&redirect_uri(HTTPS, id));
        let app = world.registers(app).await.asking(USUAL_SCOPES).sending_back_to(&redirect_uri(HTTPS, id));
        typed.client_id = app.client_id();
        self.changes_upstream(id, &typed, TypedSecret::Is(app.secret())).await;
        Upstream { world, id, app, remote, _database: database }
    }

    /// Ana adds a provider to harbor.
    pub async fn registers_upstream(&self, typed: &Registration, secret: TypedSecret<'_>) -> UpstreamId {
        let by = self.administrator().await;
        let registrar = Registrar { by: &by, now: self.now(), seen: &|decision| decision };
        let added: Boxed<'_, _> = Box::pin(self.parts().add_upstream(typed, secret, registrar));
        added.await.expect("the store answers").expect("it is added").id
    }

    /// Ana changes a provider of harbor.
    pub async fn changes_upstream(&self, id: UpstreamId, typed: &Registration, secret: TypedSecret<'_>) {
        let by = self.administrator().await;
        let registrar = Registrar { by: &by, now: self.now(), seen: &|decision| decision };
        let changed: Boxed<'_, _> = Box::pin(self.parts().change_upstream(id, typed, secret, registrar));
        changed.await.expect("the store answers").expect("it is changed");
    }

    async fn administrator(&self) -> Account {
        let found: Boxed<'_, _> = Box::pin(self.store().account(self.account("ana")));
        found.await.expect("the store answers").expect("ana is there").account.clone()
    }
}

impl Upstream {
    /// It gets one more person, with a password like everybody's.
    pub async fn has(&self, name: &str, email: &str, email_verified: bool) {
        let account = Account {
            id: sample::account_id(name),
            tenant: self.world.harbor(),
            email: email.to_owned(),
            email_verified,
            name: format!("{name} of upstream"),
            state: AccountState::Active,
            tenant_administrator: false,
            created_at: self.world.now(),
            changed_at: self.world.now(),
            claims: StandardClaims::default(),
        };
        let password = Some(sample::PASSWORD_HASH.to_owned());
        self.world.becomes([Change::CreateAccount { account: Box::new(account), password }]).await;
    }

    /// Somebody who was sent there signs in and approves: where they are sent back to.
    pub async fn answers(&self, name: &str, sent_to: &str) -> String {
        self.answers_as(&self.world.person(name), sent_to).await
    }

    /// The same, of a person who may have been there before.
    pub async fn answers_as(&self, person: &crate::person::Person, sent_to: &str) -> String {
        let visit = person.browser().open(sent_to).await;
        match person.past_sign_in(visit).await {
            Visit::Left(departure) => departure.url,
            Visit::Page(page) => page.press("approve").await.left().url,
        }
    }
}

/// Hands a request that came over the network to a world.
fn forward(world: &World, asked: &Asked) -> Response<Body> {
    let mut request = Request::new(Body::from(asked.body.clone()));
    *request.method_mut() = asked.head.method.clone();
    *request.uri_mut() = asked.head.uri.clone();
    *request.headers_mut() = asked.head.headers.clone();
    let mut site = world.site();
    let peer = Peer { address: HOME, secure: true };
    tokio::task::block_in_place(|| Handle::current().block_on(site.answer(request, peer)))
}
