//! The pages of those who run apps.

use latchkey_identity::client::Metadata;
use latchkey_jose::Algorithm;

use super::{CLIENT_ID, DAY, Invent, Shown, after, before};
use crate::pages::Problems;
use crate::pages::app::{AppDetails, Part, SecretRow, SignOutAndRequests, Snippet, TookOver};
use crate::pages::app_answers::{AlgorithmChoice, AnswersForm};
use crate::pages::app_api::ApiForm;
use crate::pages::app_federation::{FederationForm, FederationRow, FederationTyped};
use crate::pages::app_keys::{CertificateNameForm, KeyRow, MethodChoice, ProofForm};
use crate::pages::app_new::{AppNew, AppProfile, ScopeOption};
use crate::pages::app_presentation;
use crate::pages::app_secret::AppSecret;
use crate::pages::app_tokens::{Binding, TokensForm};
use crate::pages::apps::{AppKind, AppRow, Apps};
use crate::pages::consent::Reach;
use crate::pages::implicit::Implicit;
use crate::pages::rehearsal::{Message, Rehearsed};
use crate::pages::self_registration::{Gate, SelfRegistration};

pub(super) fn pages(invent: &Invent<'_>) -> Vec<Shown> {
    vec![
        Shown::new("apps", &invent.apps()),
        Shown::new(
            "apps-empty",
            &Apps { frame: invent.frame(), done: Some(invent.say("Gone.")), administers: true, rows: Vec::new() },
        ),
        Shown::new("implicit", &invent.implicit()),
        Shown::new("self-registration", &invent.self_registration(Gate::Off)),
        Shown::new(
            "self-registration-token",
            &SelfRegistration {
                saved: true,
                token: Some((invent.say("lki_5tq8Zr0pXk1vB3nC7mD9fG2hJ4kL6wQyEuIoAsDxZcV"), after(7 * DAY))),
                ..invent.self_registration(Gate::InitialToken)
            },
        ),
        Shown::new("app-new", &invent.app_new(&[])),
        Shown::new(
            "app-new-problems",
            &invent.app_new(&[
                ("name", "Give the app a name."),
                ("kind-web", "Choose what kind of app it is."),
                ("redirect-uris", "http://ci.example/callback: http is for localhost only. Use https."),
                ("scopes", "vso.all is not a scope."),
                ("without-pkce", "A native app always uses PKCE."),
            ]),
        ),
        Shown::new("app", &invent.app()),
        Shown::new("app-keys", &AppDetails { part: Part::Keys, ..invent.app() }),
        Shown::new("app-requests", &AppDetails { part: Part::Requests, ..invent.app() }),
        Shown::new(
            "app-keys-problem",
            &AppDetails {
                part: Part::Keys,
                problems: invent.problems(&[("jwks-uri", "jwks_uri has to be an https address of at most 2000 bytes without user name, password or fragment.")]),
                done: None,
                ..invent.app()
            },
        ),
        Shown::new(
            "app-requests-problem",
            &AppDetails {
                part: Part::Requests,
                problems: invent.problems(&[("access_token_lifetime", "access_token_lifetime cannot have this value.")]),
                done: None,
                ..invent.app()
            },
        ),
        Shown::new("rehearsal", &invent.rehearsal()),
        Shown::new(
            "app-suspended",
            &AppDetails {
                kind: AppKind::Native,
                suspended: Some(invent.say("An administrator suspended it on 1 March 2026.")),
                ..invent.app()
            },
        ),
        Shown::new(
            "app-problems",
            &AppDetails {
                kind: AppKind::Daemon,
                secrets: Vec::new(),
                problems: invent.problems(&[("secret-expires", "A secret lasts 365 days at the most.")]),
                done: None,
                ..invent.app()
            },
        ),
        Shown::new(
            "app-presentation-problem",
            &AppDetails {
                problems: invent.problems(&[(
                    "presentation",
                    "client_uri, logo_uri, policy_uri and tos_uri have to be addresses of pages, of at most 2000 bytes.",
                )]),
                done: None,
                ..invent.app()
            },
        ),
        Shown::new(
            "app-secret",
            &AppSecret {
                frame: invent.frame(),
                app: invent.say("Contoso CI"),
                client_id: invent.say(CLIENT_ID),
                secret: invent.say("lks_3f1mWb0sZt8vQ2nXc7hJr5yLk9aPd4eG6uTiO1wR-xE"),
                shared: false,
                expires: after(180 * DAY),
            },
        ),
        Shown::new(
            "app-described",
            &AppDetails { described_at: Some(invent.say("https://agent.test/oauth/client.json")), ..invent.app() },
        ),
        Shown::new("app-took-over", &AppDetails { took_over_from: Some(invent.took_over(false)), ..invent.app() }),
        Shown::new(
            "app-took-over-retired",
            &AppDetails { took_over_from: Some(invent.took_over(true)), ..invent.app() },
        ),
    ]
}

impl Invent<'_> {
    fn implicit(&self) -> Implicit {
        Implicit { frame: self.frame(), saved: true, directory: self.say("harbor.example"), allowed: true }
    }

    fn self_registration(&self, gate: Gate) -> SelfRegistration {
        SelfRegistration {
            frame: self.frame(),
            saved: false,
            directory: self.say("harbor.test"),
            gate,
            endpoint: format!("https://id.example/{CLIENT_ID}/oauth2/v2.0/register"),
            registered: 12,
            lets_described_in: true,
            described: 3,
            token: None,
        }
    }

    fn apps(&self) -> Apps {
        let row = |name: &str, kind, suspended| AppRow {
            client_id: self.say(CLIENT_ID),
            name: self.say(name),
            kind,
            created: before(30 * DAY),
            suspended,
            legacy: suspended,
        };
        Apps {
            administers: false,
            frame: self.frame(),
            done: None,
            rows: vec![
                row("Contoso CI", AppKind::Web, false),
                row("Harbor CLI", AppKind::Native, false),
                row("Nightly report", AppKind::Daemon, true),
                row("Board in the browser", AppKind::SinglePage, false),
            ],
        }
    }

    fn options(&self) -> Vec<ScopeOption> {
        let option = |value: &str, label: &str, reach, high_privilege, asked| ScopeOption {
            value: self.say(value),
            label: self.say(label),
            reach,
            high_privilege,
            asked,
            required: asked && reach == Reach::Read,
        };
        vec![
            option("vso.work", "Read work items", Reach::Read, false, true),
            option("vso.code", "Read source code", Reach::Read, false, false),
            option("vso.build", "Read builds", Reach::Read, false, true),
            option("vso.work_write", "Change work items", Reach::Write, false, true),
            option("vso.code_write", "Push code", Reach::Write, true, false),
            option("vso.code_manage", "Manage repositories", Reach::Administer, true, false),
        ]
    }

    fn app_new(&self, problems: &[(&str, &str)]) -> AppNew {
        AppNew {
            frame: self.frame(),
            problems: self.problems(problems),
            name: self.say("Contoso CI"),
            kind: AppKind::Web,
            redirect_uris: self.say("https://ci.contoso.example/callback"),
            scopes: self.options(),
            app_scopes: String::new(),
            profile: AppProfile::Standard,
            without_pkce: false,
        }
    }

    pub(super) fn app(&self) -> AppDetails {
        let secret = |id: &str, label: &str, expired| SecretRow {
            id: self.say(id),
            label: self.say(label),
            added: before(200 * DAY),
            expires: if expired { before(20 * DAY) } else { after(5 * DAY) },
            expired,
            ends_in: (!expired).then_some(5),
        };
        AppDetails {
            frame: self.frame(),
            done: Some(self.say("The redirect URIs were saved.")),
            problems: Problems::default(),
            part: Part::Overview,
            client_id: self.say(CLIENT_ID),
            described_at: None,
            name: self.say("Contoso CI"),
            kind: AppKind::Web,
            profile: AppProfile::Microsoft,
            suspended: None,
            verified: true,
            owner: self.say("ana@harbor.test"),
            directory: self.say("harbor.test"),
            tenant_id: self.say("5d2f0a5e-8a0c-4b8e-9a70-3f0a4b1f6a01"),
            issuer: self.say("http://localhost:4280/5d2f0a5e-8a0c-4b8e-9a70-3f0a4b1f6a01/v2.0"),
            created: before(200 * DAY),
            people: 12,
            took_over_from: None,
            redirect_uris: self.say("https://ci.contoso.example/callback\nhttp://localhost:8080/callback"),
            answers: AnswersForm::of(&Metadata {
                id_token_signed_response_alg: Some(Algorithm::Es256),
                initiate_login_uri: Some(self.say("https://ci.contoso.example/login")),
                ..Metadata::default()
            }),
            tokens: TokensForm { binding: Binding::Dpop, access_token_lifetime: self.say("600") },
            presentation: app_presentation::fields(&Metadata {
                policy_uri: Some(self.say("https://ci.contoso.example/privacy")),
                ..Metadata::default()
            }),
            sign_out_and_requests: SignOutAndRequests {
                post_logout_redirect_uris: self.say("https://ci.contoso.example/bye"),
                backchannel_logout_uri: self.say("https://ci.contoso.example/signed-out"),
                frontchannel_logout_uri: String::new(),
                device_code: Some(true),
                pushed_only: false,
            },
            api: ApiForm {
                identifier: format!("api://{CLIENT_ID}"),
                exposed_scopes: self.say("access_as_user"),
                full_names: vec![self.say(&format!("api://{CLIENT_ID}/access_as_user"))],
                callers: self.say("5d2f0a5e-8a0c-4b8e-9a70-3f0a4b1f6a01"),
                signed: AlgorithmChoice {
                    name: "access_token_signed_response_alg",
                    label: "Tokens that it is called with are signed by",
                    otherwise: "ES256",
                    chosen: Some(Algorithm::Rs256),
                },
            },
            scopes: self.options(),
            app_scopes: self.say("api://5d2f0a5e-8a0c-4b8e-9a70-3f0a4b1f6a01/access_as_user"),
            secrets: vec![secret("k1", "Production", false), secret("k2", "Old build server", true)],
            proof: self.proof(),
            federation: self.federation(),
            unfit: None,
            snippets: vec![Snippet {
                id: "msal-python",
                title: "msal for Python",
                code: self.say(
                    "app = msal.ConfidentialClientApplication(\n    \"client id\", client_credential=CLIENT_SECRET)",
                ),
            }],
        }
    }

    fn federation(&self) -> FederationForm {
        let held = |name, pinned| FederationRow {
            id: self.say(name),
            name: self.say(name),
            issuer: self.say("https://token.actions.githubusercontent.com"),
            subject: self.say("repo:harbor/lighthouse:ref:refs/heads/main"),
            audience: self.say("api://AzureADTokenExchange"),
            pinned,
            added: before(20 * DAY),
        };
        FederationForm {
            held: vec![held("main branch", false), held("release", true)],
            typed: FederationTyped { audience: self.say("api://AzureADTokenExchange"), ..FederationTyped::default() },
        }
    }

    fn rehearsal(&self) -> Rehearsed {
        Rehearsed {
            frame: self.frame(),
            app: self.say("Nightly CI"),
            client_id: self.say(CLIENT_ID),
            messages: vec![
                Message {
                    title: "The app sends the person here",
                    line: self.say("GET https://id.example.com/harbor/oauth2/v2.0/authorize"),
                    body: self.say("client_id = 4f0c\nscope = openid vso.work\n"),
                    decoded: Vec::new(),
                },
                Message {
                    title: "The app gets them",
                    line: self.say("200 application/json"),
                    body: self.say("{ \"access_token\": \"eyJ0eXAi… (912 characters)\" }"),
                    decoded: vec![("ID token", self.say("{ \"sub\": \"ana\" }"))],
                },
            ],
        }
    }

    fn proof(&self) -> ProofForm {
        let key = |kid, x5t: Option<&str>, expired| KeyRow {
            id: self.say(kid),
            kid: self.say(kid),
            algorithms: self.say("RS256, PS256"),
            x5t: x5t.map(|text| self.say(text)),
            x5t_s256: x5t.map(|_| self.say("8xA4k1Qy8c4hT0bqkqOZK3cFZb0vTjGmZt2mH6r1w3E")),
            added: before(90 * DAY),
            expires: if expired { before(2 * DAY) } else { after(275 * DAY) },
            expired,
        };
        ProofForm {
            keys: vec![key("signer-2026", Some("2jmj7l5rSw0yVb_vlWAYkK_YBwk"), false), key("signer-2025", None, true)],
            typed: String::new(),
            jwks_uri: self.say("https://ci.contoso.example/keys"),
            methods: vec![
                MethodChoice { value: "any", label: "Whatever is registered here", chosen: false },
                MethodChoice { value: "private_key_jwt", label: "A key of its own (private_key_jwt)", chosen: true },
            ],
            certificate_name: Some(CertificateNameForm {
                kinds: vec![MethodChoice { value: "tls_client_auth_san_dns", label: "A host", chosen: true }],
                text: self.say("ci.harbor.test"),
            }),
        }
    }

    fn took_over(&self, retired: bool) -> TookOver {
        TookOver { client_id: self.say(CLIENT_ID), at: before(9 * DAY), retired, people: if retired { 0 } else { 3 } }
    }
}
