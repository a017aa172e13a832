//! One person with one service, at work until nobody answers any more. Every request goes into the history.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hyper::header::{AUTHORIZATION, ORIGIN};
use latchkey_identity::token::access_token::TokenId;
use latchkey_jose::digest::sha256;
use serde_json::Value;
use uuid::Uuid;

use crate::browser::{Browser, Visit, attributes, form};
use crate::chance::Chance;
use crate::history::{Answer, Event, History, Keys};
use crate::wire::{Ask, NoAnswer, Reply, Wire};

/// People who may approve, each with each of these services: one of every kind that people sign in to.
pub(crate) const PEOPLE: [&str; 2] = ["ana@harbor.test", "max@harbor.test"];
pub(crate) const SERVICES: [&str; 4] = ["Dashboard", "Dashboard for MSAL", "Pocket Tools", "Wallboard"];
pub(crate) const SCOPES: &str = "openid offline_access vso.project vso.work";
/// Installations of a service that are kept going at once.
const INSTALLATIONS: usize = 3;
/// Dead keys that are tried again after each restart.
const GRAVES: usize = 5;

/// A service as it was announced.
struct Service {
    id: String,
    secret: Option<String>,
    redirect_uri: String,
    single_page: bool,
}

/// A code that was not redeemed yet.
#[derive(Clone)]
struct Code {
    text: String,
    verifier: String,
}

/// An installation of the service: its keys, and the refresh tokens that it held before.
struct Installation {
    keys: Keys,
    spent: Vec<String>,
}

/// One person with one service.
pub(crate) struct Lane {
    number: usize,
    person: usize,
    email: String,
    password: String,
    tenant: String,
    service: Service,
    browser: Browser,
    history: Arc<History>,
    chance: Chance,
    codes: Vec<Code>,
    installations: Vec<Installation>,
    graves: Vec<Keys>,
}

type Step<T> = Result<T, NoAnswer>;

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn named<'a>(announced: &'a Value, list: &str, member: &str, value: &str) -> &'a Value {
    let list = announced[list].as_array().expect("a list");
    list.iter().find(|one| one[member] == value).unwrap_or_else(|| panic!("there is no {value}"))
}

impl Lane {
    /// Every person with every service.
    pub(crate) fn all(announced: &Value, history: &Arc<History>, chance: &mut Chance) -> Vec<Self> {
        let pairs = (0..PEOPLE.len()).flat_map(|person| SERVICES.iter().map(move |service| (person, service)));
        let lane = |(number, (person, service)): (usize, (usize, &&str))| {
            let account = named(announced, "accounts", "email", PEOPLE[person]);
            let client = named(announced, "clients", "name", service);
            Self {
                number,
                person,
                email: text(&account["email"]),
                password: text(&account["password"]),
                tenant: text(&announced["tenant_id"]),
                service: Service {
                    id: text(&client["client_id"]),
                    secret: client["client_secret"].as_str().map(str::to_owned),
                    redirect_uri: text(&client["redirect_uris"][0]),
                    single_page: client["type"] == "spa",
                },
                browser: Browser::default(),
                history: Arc::clone(history),
                chance: Chance::seeded(chance.next()),
                codes: Vec::new(),
                installations: Vec::new(),
                graves: Vec::new(),
            }
        };
        pairs.enumerate().map(lane).collect()
    }

    /// Signs in, once and for all restarts.
    pub(crate) async fn sign_in(&self, wire: &Wire) {
        let _ = self.browser.send(wire, Ask::get("/signin")).await.unwrap();
        let form = vec![pair("email", &self.email), pair("password", &self.password)];
        let reply = self.browser.post(wire, "/signin", form).await.unwrap();
        assert_eq!(reply.location(), Some("/me"), "{} signs in: {}", self.email, reply.text());
    }

    /// Works until nobody answers, and says what was heard last; or until it is enough.
    pub(crate) async fn work(&mut self, wire: &Wire, enough: &AtomicBool) -> Option<NoAnswer> {
        while !enough.load(SeqCst) {
            if let Err(stopped) = self.step(wire).await {
                return Some(stopped);
            }
        }
        None
    }

    async fn step(&mut self, wire: &Wire) -> Step<()> {
        match self.chance.within(0..=99) {
            _ if self.installations.is_empty() && self.codes.is_empty() => self.begin(wire).await,
            0..12 if self.installations.len() < INSTALLATIONS => self.begin(wire).await,
            0..30 if !self.codes.is_empty() => self.redeem_one(wire).await,
            _ if self.installations.is_empty() => self.redeem_one(wire).await,
            0..68 => self.rotate(wire).await,
            68..86 => self.use_one(wire).await,
            86..90 => self.list(wire).await.map(drop),
            _ => self.take_back(wire).await,
        }
    }

    /// The person approves. Most codes are redeemed at once.
    async fn begin(&mut self, wire: &Wire) -> Step<()> {
        if let Some(code) = self.approve(wire).await? {
            self.codes.push(code);
        }
        if self.chance.one_in(4) { Ok(()) } else { self.redeem_one(wire).await }
    }

    /// Redeems a code; now and then twice at the same time.
    async fn redeem_one(&mut self, wire: &Wire) -> Step<()> {
        let Some(code) = self.codes.last().cloned() else { return Ok(()) };
        let twice = self.chance.one_in(8);
        let (first, second) = if twice {
            tokio::join!(self.redeem(wire, &code), self.redeem(wire, &code))
        } else {
            (self.redeem(wire, &code).await, Ok(None))
        };
        // A code with an answer is spent, whatever the answer of its twin.
        if first.is_ok() || (twice && second.is_ok()) {
            self.codes.pop();
        }
        for keys in [&first, &second].into_iter().filter_map(|answer| answer.as_ref().ok()?.clone()) {
            self.installations.push(Installation { keys, spent: Vec::new() });
        }
        first.and(second).map(drop)
    }

    /// Sends a refresh token; now and then twice at the same time, and now and then an old one.
    async fn rotate(&mut self, wire: &Wire) -> Step<()> {
        let place = self.chance.place(self.installations.len());
        let (twice, old) = (self.chance.one_in(5), self.chance.one_in(24));
        let Installation { keys, spent } = &self.installations[place];
        if let (true, [.., before, _]) = (old, spent.as_slice()) {
            let _ = self.refresh(wire, before).await?;
            return self.use_keys(wire, keys, false).await.map(drop);
        }
        let token = &keys.refresh;
        let (first, second) = if twice {
            tokio::join!(self.refresh(wire, token), self.refresh(wire, token))
        } else {
            (self.refresh(wire, token).await, Ok(None))
        };
        let gained = [&first, &second].into_iter().filter_map(|answer| answer.as_ref().ok()?.clone()).next_back();
        match gained {
            Some(keys) => self.installations[place].renew(keys),
            // Its family has ended, as the history has to explain.
            None if first.is_ok() && second.is_ok() => self.bury(place),
            None => {}
        }
        first.and(second).map(drop)
    }

    async fn use_one(&mut self, wire: &Wire) -> Step<()> {
        let place = self.chance.place(self.installations.len());
        let at_userinfo = self.chance.one_in(2);
        let works = self.use_keys(wire, &self.installations[place].keys, at_userinfo).await?;
        if !works {
            self.bury(place);
        }
        Ok(())
    }

    /// The person revokes, now and then while the service refreshes; then nothing works any more.
    async fn take_back(&mut self, wire: &Wire) -> Step<()> {
        let keys = self.installations[0].keys.clone();
        if self.chance.one_in(3) {
            let (revoked, refreshed) =
                tokio::join!(self.revoke(wire, keys.authorization), self.refresh(wire, &keys.refresh));
            if let Ok(Some(keys)) = &refreshed {
                self.installations[0].renew(keys.clone());
            }
            revoked.and(refreshed.map(drop))?;
        } else {
            self.revoke(wire, keys.authorization).await?;
        }
        while let Some(Installation { keys, .. }) = self.installations.first() {
            let _ = self.use_keys(wire, keys, false).await?;
            let _ = self.use_keys(wire, keys, true).await?;
            let _ = self.refresh(wire, &keys.refresh).await?;
            self.bury(0);
        }
        while let Some(code) = self.codes.last() {
            let _ = self.redeem(wire, code).await?;
            self.codes.pop();
        }
        Ok(())
    }

    /// After a restart: looks for everything that was promised, and for everything that was taken back.
    pub(crate) async fn look_around(&mut self, wire: &Wire) {
        self.look(wire).await.unwrap_or_else(|error| panic!("the server does not answer after its restart: {error:?}"));
    }

    async fn look(&mut self, wire: &Wire) -> Step<()> {
        self.list(wire).await?;
        for code in std::mem::take(&mut self.codes) {
            if let Some(keys) = self.redeem(wire, &code).await? {
                self.installations.push(Installation { keys, spent: Vec::new() });
            }
        }
        for keys in &self.graves {
            self.try_dead(wire, keys).await?;
        }
        for mut installation in std::mem::take(&mut self.installations) {
            let _ = self.use_keys(wire, &installation.keys, false).await?;
            let _ = self.use_keys(wire, &installation.keys, true).await?;
            if let Some(keys) = self.refresh(wire, &installation.keys.refresh).await? {
                installation.renew(keys);
                self.installations.push(installation);
            } else {
                self.graves.push(installation.keys);
            }
        }
        let old = self.graves.len().saturating_sub(GRAVES);
        self.graves.drain(..old);
        Ok(())
    }

    async fn try_dead(&self, wire: &Wire, keys: &Keys) -> Step<()> {
        let _ = self.use_keys(wire, keys, false).await?;
        let _ = self.use_keys(wire, keys, true).await?;
        self.refresh(wire, &keys.refresh).await.map(drop)
    }

    fn bury(&mut self, place: usize) {
        let Installation { keys, .. } = self.installations.remove(place);
        self.graves.push(keys);
    }

    /// Writes down what came of a request, and gives what was gained.
    fn note<T: Clone>(
        &self,
        asked: u64,
        got: Step<Result<T, String>>,
        event: impl FnOnce(Answer<T>) -> Event,
    ) -> Step<Option<T>> {
        let (answer, result) = match got {
            Ok(Ok(gained)) => (Answer::Done(gained.clone()), Ok(Some(gained))),
            Ok(Err(why)) => (Answer::Refused(why), Ok(None)),
            Err(nothing) => (Answer::Unknown, Err(nothing)),
        };
        self.history.write(self.number, self.person, asked, event(answer));
        result
    }

    async fn approve(&self, wire: &Wire) -> Step<Option<Code>> {
        let asked = self.history.asking();
        // 43 characters that come once: the clock of the history never stands still.
        let verifier = URL_SAFE_NO_PAD.encode(sha256(format!("verifier {asked}").as_bytes()));
        let got = self.approval(wire, &verifier).await;
        let code = self.note(asked, got, Event::Approve)?;
        Ok(code.map(|text| Code { text, verifier }))
    }

    async fn approval(&self, wire: &Wire, verifier: &str) -> Step<Result<String, String>> {
        let challenge = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("client_id", self.service.id.as_str()),
                ("response_type", "code"),
                ("redirect_uri", &self.service.redirect_uri),
                ("scope", SCOPES),
                ("state", "state"),
                ("nonce", "nonce"),
                ("prompt", "consent"),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        let path = format!("/{}/oauth2/v2.0/authorize?{query}", self.tenant);
        let page = match self.browser.open(wire, &path).await? {
            Visit::Page(page) => page,
            Visit::Left(url) => return Ok(Err(url)),
        };
        let html = page.text();
        let Some(mut form) = form(&html, "/consent") else { return Ok(Err(html)) };
        form.extend([pair("keep", "until-removed"), pair("decision", "approve")]);
        let reply = self.browser.post(wire, "/consent", form).await?;
        let code = reply.location().and_then(|location| {
            let url = url::Url::parse(location).ok()?;
            url.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned())
        });
        Ok(code.ok_or_else(|| reply.text()))
    }

    async fn redeem(&self, wire: &Wire, code: &Code) -> Step<Option<Keys>> {
        let asked = self.history.asking();
        let form = vec![
            pair("grant_type", "authorization_code"),
            pair("code", &code.text),
            pair("redirect_uri", &self.service.redirect_uri),
            pair("code_verifier", &code.verifier),
        ];
        let got = self.token_request(wire, form).await;
        self.note(asked, got, |answer| Event::Redeem(code.text.clone(), answer))
    }

    async fn refresh(&self, wire: &Wire, token: &str) -> Step<Option<Keys>> {
        let asked = self.history.asking();
        let form = vec![pair("grant_type", "refresh_token"), pair("refresh_token", token)];
        let got = self.token_request(wire, form).await;
        self.note(asked, got, |answer| Event::Refresh(token.to_owned(), answer))
    }

    async fn token_request(&self, wire: &Wire, mut form: Vec<(String, String)>) -> Step<Result<Keys, String>> {
        let Service { id, secret, redirect_uri, single_page } = &self.service;
        if secret.is_none() {
            form.push(pair("client_id", id));
        }
        let mut ask = Ask::post(&format!("/{}/oauth2/v2.0/token", self.tenant), form);
        if let Some(secret) = secret {
            ask = ask.header(AUTHORIZATION, format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))));
        }
        if *single_page {
            let page = url::Url::parse(redirect_uri).expect("a URL");
            ask = ask.header(ORIGIN, page.origin().ascii_serialization());
        }
        let reply = wire.send(ask).await?;
        Ok(if reply.status.is_success() { Ok(keys(&reply.json())) } else { Err(reply.text()) })
    }

    /// Uses an access token, at the API or at UserInfo: does it work?
    async fn use_keys(&self, wire: &Wire, keys: &Keys, at_userinfo: bool) -> Step<bool> {
        let asked = self.history.asking();
        let path = if at_userinfo { "/oidc/userinfo" } else { "/harbor/_apis/projects?api-version=7.1" };
        let ask = Ask::get(path).header(AUTHORIZATION, format!("Bearer {}", keys.access));
        let got = wire.send(ask).await.map(|reply| if reply.status.is_success() { Ok(()) } else { Err(said(&reply)) });
        let works = self.note(asked, got, |answer| Event::Use(keys.clone(), answer))?;
        Ok(works.is_some())
    }

    async fn revoke(&self, wire: &Wire, authorization: Uuid) -> Step<()> {
        let asked = self.history.asking();
        let form = vec![pair("authorization", &authorization.to_string())];
        let got = self.browser.post(wire, "/profile/authorizations/revoke", form).await;
        // The list comes back for one that had ended before: that is a yes too.
        let read = |reply: Reply| match reply.location() {
            None if reply.status.is_success() => Ok(()),
            Some("/profile/authorizations") => Ok(()),
            _ => Err(said(&reply)),
        };
        self.note(asked, got.map(read), |answer| Event::Revoke(authorization, answer)).map(drop)
    }

    async fn list(&self, wire: &Wire) -> Step<()> {
        let asked = self.history.asking();
        let read = |reply: Reply| match reply.status.is_success() {
            true => {
                let html = reply.text();
                let ids = attributes(&html, "data-authorization").into_iter();
                Ok(ids.map(|id| id.parse().expect("an id")).collect::<BTreeSet<Uuid>>())
            }
            false => Err(said(&reply)),
        };
        let got = self.browser.send(wire, Ask::get("/profile/authorizations")).await.map(read);
        self.note(asked, got, Event::List).map(drop)
    }
}

impl Installation {
    fn renew(&mut self, keys: Keys) {
        let before = std::mem::replace(&mut self.keys, keys);
        self.spent.push(before.refresh);
    }
}

fn said(reply: &Reply) -> String {
    format!("{} {} {}", reply.status, reply.location().unwrap_or_default(), reply.text())
}

/// Reads the answer of the token endpoint. The access token says below which authorization and in which family it hangs.
fn keys(answer: &Value) -> Keys {
    let access = text(&answer["access_token"]);
    let claims = access.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok()).expect("a JWT");
    let claims: Value = serde_json::from_slice(&claims).expect("claims");
    let id = TokenId::read(claims["jti"].as_str().expect("a jti")).expect("one of ours");
    let (authorization, family) = (id.authorization.0, id.family.0);
    Keys { authorization, family, access, refresh: text(&answer["refresh_token"]) }
}
