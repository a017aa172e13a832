//! A service of the older OAuth kind, written to the public description of that flow.

use http::Method;
use latchkey_devops::policy::OrganizationPolicy;
use latchkey_devops::sunset::Sunset;
use latchkey_identity::Timestamp;
use latchkey_identity::client::ClientId;
use latchkey_identity::legacy::{ImportError, Imported, LegacyRegistration};
use latchkey_identity::scope::ScopeSet;
use latchkey_store::devops::{Author, organizations};
use latchkey_store::identity::LegacyImport;
use latchkey_web::app::entropy;

use crate::browser::{Boxed, Departure, Visit};
use crate::builders;
use crate::page::Page;
use crate::person::Person;
use crate::relying_party::unpredictable;
use crate::server::{Answer, Ask, encode};
use crate::world::{HTTPS, World};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A service of the older kind at work.
#[derive(Clone)]
pub struct OldApp {
    world: World,
    /// Its `client_id`.
    pub id: ClientId,
    /// Its client secret, a JWT.
    pub secret: String,
    /// Where people are sent back to.
    pub redirect_uri: String,
    /// Its scopes.
    pub scope: String,
}

/// The tokens that it got.
#[derive(Clone)]
pub struct OldTokens {
    app: OldApp,
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
    /// The whole answer.
    pub answer: Answer,
}

/// What it was refused with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OldRefusal {
    /// `Error`
    pub error: String,
    /// `ErrorDescription`
    pub description: String,
}

/// Pairs, with these in place of those of the same name; an empty value leaves one out.
fn edited<'a>(
    own: [(&'a str, &'a str); 5],
    edits: &'a [(&'a str, &'a str)],
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let kept = own.into_iter().filter(|(name, _)| !edits.iter().any(|(edit, _)| edit == name));
    kept.chain(edits.iter().copied().filter(|(_, value)| !value.is_empty()))
}

/// An app as another server would have exported it.
pub fn an_exported_app(name: &str, scope: &str) -> LegacyRegistration {
    LegacyRegistration {
        id: ClientId(builders::id("legacy app", name)),
        name: name.to_owned(),
        description: format!("{name} shows work items."),
        website: format!("https://{name}.test/"),
        company: "Old & Sons".to_owned(),
        redirect_uris: vec![format!("https://{name}.test/oauth/callback")],
        scopes: ScopeSet::from_text(scope),
        owner: None,
    }
}

impl World {
    /// Harbor lets apps of the older kind in and takes this one over.
    pub async fn takes_over(&self, name: &str) -> OldApp {
        if !self.facts().await.organization.policy.legacy_apps {
            self.decides(|policy| policy.legacy_apps = true).await;
        }
        let registration = an_exported_app(name, "vso.work vso.code");
        let imported = self.imports(&registration).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let Imported::Created(client, secret) = imported else { panic!("{name} is there already") };
        OldApp {
            world: self.clone(),
            id: client.id,
            secret: secret.reveal().to_owned(),
            redirect_uri: registration.redirect_uris[0].clone(),
            scope: "vso.work vso.code".to_owned(),
        }
    }

    /// Harbor imports an app.
    pub async fn imports(&self, registration: &LegacyRegistration) -> Result<Imported, ImportError> {
        let parts = self.parts();
        let import = LegacyImport {
            registration,
            organization: self.organization("harbor").0,
            tenant: self.harbor(),
            resource: &parts.resource,
            key: &parts.keys.client_secret,
            address: "console",
            now: self.now(),
        };
        let imported: Boxed<'_, _> = Box::pin(parts.store.import_legacy_app(import, entropy));
        imported.await.expect("the store answers")
    }

    /// Harbor sets the end of apps of the older kind.
    pub async fn ends_older_apps(&self, warn_from: Option<Timestamp>, refuse_from: Option<Timestamp>) {
        let sunset = Sunset::new(warn_from, refuse_from).expect("a sunset");
        let changes = organizations::change_sunset(&*self.facts().await, sunset, &Author::server(self.now()));
        let committed: Boxed<'_, _> = Box::pin(self.store().commit(changes));
        committed.await.expect("harbor changes");
    }

    /// Harbor's policy as it stands.
    pub async fn policy(&self) -> OrganizationPolicy {
        self.facts().await.organization.policy.clone()
    }
}

impl OldApp {
    /// The same service, with another of its secrets.
    #[must_use]
    pub fn with_secret(&self, secret: &str) -> Self {
        Self { secret: secret.to_owned(), ..self.clone() }
    }

    /// The address to send the browser to, with these parameters in place of its own; an empty value leaves one out.
    pub fn url(&self, edits: &[(&str, &str)]) -> String {
        let id = self.id.to_string();
        let own = [
            ("client_id", id.as_str()),
            ("response_type", "Assertion"),
            ("state", "User1"),
            ("scope", &self.scope),
            ("redirect_uri", &self.redirect_uri),
        ];
        format!("{HTTPS}/oauth2/authorize?{}", encode(edited(own, edits)))
    }

    /// The approval page, as this person sees it.
    pub async fn asks(&self, person: &Person) -> Page {
        let visit = person.browser().open(&self.url(&[])).await;
        person.past_sign_in(visit).await.page()
    }

    /// The code, once this person approved everything. Who has approved before is not asked.
    pub async fn approved_by(&self, person: &Person) -> String {
        let state = unpredictable();
        let visit = person.browser().open(&self.url(&[("state", &state)])).await;
        let visit = match person.past_sign_in(visit).await {
            Visit::Page(page) => page.tick_all("scope").press("approve").await,
            left => left,
        };
        let departure = visit.left();
        assert_eq!(departure.parameter("state").as_deref(), Some(state.as_str()));
        self.code_of(&departure)
    }

    /// The code that a browser brings back, with `state` and nothing else.
    pub fn code_of(&self, departure: &Departure) -> String {
        assert!(departure.url.starts_with(&format!("{}?", self.redirect_uri)), "{}", departure.url);
        let names: Vec<String> = departure.parameters().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["code", "state"], "{}", departure.url);
        departure.parameter("code").expect("a code")
    }

    /// The form of a token request, with these fields in place of its own; an empty value leaves one out.
    pub fn form(&self, grant_type: &str, assertion: &str, edits: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = [
            ("client_assertion_type", ASSERTION),
            ("client_assertion", &self.secret),
            ("grant_type", grant_type),
            ("assertion", assertion),
            ("redirect_uri", &self.redirect_uri),
        ];
        edited(own, edits).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Sends a form to the token endpoint.
    pub async fn sends(&self, form: Vec<(String, String)>) -> Result<OldTokens, OldRefusal> {
        self.read(self.world.post("/oauth2/token").form(form).await)
    }

    /// Sends a code.
    pub async fn redeems(&self, code: &str) -> Result<OldTokens, OldRefusal> {
        self.redeems_with(code, &[]).await
    }

    /// Sends a code, with other fields.
    pub async fn redeems_with(&self, code: &str, edits: &[(&str, &str)]) -> Result<OldTokens, OldRefusal> {
        self.sends(self.form(JWT_BEARER, code, edits)).await
    }

    /// Sends a refresh token.
    pub async fn refreshes(&self, token: &str) -> Result<OldTokens, OldRefusal> {
        self.refreshes_with(token, &[]).await
    }

    /// Sends a refresh token, with other fields.
    pub async fn refreshes_with(&self, token: &str, edits: &[(&str, &str)]) -> Result<OldTokens, OldRefusal> {
        self.sends(self.form("refresh_token", token, edits)).await
    }

    /// The tokens that this person's approval brings.
    pub async fn authorized_by(&self, person: &Person) -> OldTokens {
        let code = self.approved_by(person).await;
        self.redeems(&code).await.unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    fn read(&self, answer: Answer) -> Result<OldTokens, OldRefusal> {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(answer.header("deprecation").is_some_and(|date| date.starts_with('@')), "every answer says so");
        assert!(answer.header("link").is_some_and(|link| link.contains("rel=\"deprecation\"")));
        let body = answer.json();
        let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("{name}: {body}")).to_owned();
        if !answer.is_ok() {
            assert_eq!(answer.status.as_u16(), 400);
            assert_eq!(body.as_object().map(serde_json::Map::len), Some(2), "{body}");
            return Err(OldRefusal { error: text("Error"), description: text("ErrorDescription") });
        }
        let seconds: u64 = text("expires_in").parse().expect("a number as text");
        assert!((1..=3_600).contains(&seconds), "an hour at the most");
        assert_eq!(body["token_type"], "jwt-bearer");
        Ok(OldTokens { app: self.clone(), access: text("access_token"), refresh: text("refresh_token"), answer })
    }
}

impl OldTokens {
    /// The service that holds them.
    pub fn app(&self) -> &OldApp {
        &self.app
    }

    /// `GET` with the access token.
    pub fn get(&self, url: &str) -> Ask {
        self.app.world.ask(Method::GET, url).bearer(&self.access)
    }

    /// Sends the refresh token.
    pub async fn refreshed(&self) -> Result<Self, OldRefusal> {
        self.app.refreshes(&self.refresh).await
    }
}

impl OldRefusal {
    /// The name of the reason, at the front of the description.
    pub fn reason(&self) -> &str {
        self.description.split(':').next().unwrap_or_default()
    }
}
