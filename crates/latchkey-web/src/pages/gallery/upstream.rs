//! The pages of sign-in at other providers.

use super::{DAY, Invent, Shown, before};
use crate::pages::Problems;
use crate::pages::onward::Onward;
use crate::pages::sign_in_ways::{LinkRow, PasswordWay, SignInWays};
use crate::pages::upstreams::{Known, UpstreamForm, UpstreamRow, UpstreamTyped, Upstreams};

const ID: &str = "0b7d5c8e-6a51-4d0b-9a54-3f3a1f5c2d11";
const ISSUER: &str = "https://login.harbor.example/realms/harbor";

pub(super) fn pages(invent: &Invent<'_>) -> Vec<Shown> {
    vec![
        Shown::new(
            "onward",
            &Onward {
                frame: invent.nobodys_frame(),
                to: invent.say("Harbor Login"),
                location: invent.say("https://login.harbor.example/authorize?client_id=latchkey"),
            },
        ),
        Shown::new("sign-in-ways", &invent.ways(PasswordWay::Counts)),
        Shown::new("sign-in-ways-without-passwords", &invent.ways(PasswordWay::DoesNotCount)),
        Shown::new(
            "sign-in-ways-none",
            &SignInWays {
                done: Some((false, "Nothing was changed.")),
                links: Vec::new(),
                ..invent.ways(PasswordWay::None)
            },
        ),
        Shown::new("upstreams", &invent.upstreams()),
        Shown::new("upstreams-empty", &Upstreams { rows: Vec::new(), ..invent.upstreams() }),
        Shown::new("upstream-new", &UpstreamForm { known: None, ..invent.upstream(&[]) }),
        Shown::new("upstream", &invent.upstream(&[])),
        Shown::new(
            "upstream-problems",
            &invent.upstream(&[
                ("name", "A name has 1 to 60 characters."),
                ("issuer", "The issuer stays."),
                ("client-id", "A client id has 1 to 256 characters."),
                ("secret", "A secret has visible characters."),
                ("upstream-scopes", "Scopes are words."),
                ("home-realm", "Another provider has the domain."),
            ]),
        ),
    ]
}

impl Invent<'_> {
    fn ways(&self, password: PasswordWay) -> SignInWays {
        SignInWays {
            frame: self.frame(),
            done: Some((true, "Your account is linked.")),
            password,
            email: self.say("ana@harbor.test"),
            services: 4,
            links: vec![LinkRow {
                name: self.say("Harbor Login"),
                issuer: self.say(ISSUER),
                subject: self.say("248289761001"),
                since: before(DAY),
            }],
            providers: vec![(self.say(ID), self.say("Shore Login"))],
        }
    }

    fn upstreams(&self) -> Upstreams {
        let row = |name: &str, home_realm| UpstreamRow {
            id: self.say(ID),
            name: self.say(name),
            issuer: self.say(ISSUER),
            home_realm,
            without_passwords: home_realm,
        };
        Upstreams {
            frame: self.frame(),
            done: Some("Saved. It holds from now on."),
            directory: self.say("harbor.test"),
            rows: vec![row("Harbor Login", true), row(&"Lighthouse".repeat(6), false)],
            may_add: true,
        }
    }

    fn upstream(&self, problems: &[(&str, &str)]) -> UpstreamForm {
        UpstreamForm {
            frame: self.frame(),
            known: Some(Known {
                id: self.say(ID),
                redirect_uri: self.say(&format!("https://id.example/upstream/callback/{ID}")),
                has_secret: true,
            }),
            domain: self.say("harbor.test"),
            key_set: self.say("https://id.example/9188040d-6c67-4c5b-b112-36a304b66dad/discovery/v2.0/keys"),
            problems: if problems.is_empty() { Problems::default() } else { self.problems(problems) },
            typed: UpstreamTyped {
                name: self.say("Harbor Login"),
                issuer: self.say(ISSUER),
                client_id: self.say("latchkey"),
                scopes: self.say("openid profile email"),
                home_realm: true,
                makes_accounts: true,
                passwords: false,
            },
        }
    }
}
