//! The pages of the flow.

use super::{Invent, Shown, now};
use crate::pages::error::ErrorPage;
use crate::pages::for_owner::ForOwner;
use crate::pages::form_post::FormPost;
use crate::pages::interstitial::Interstitial;
use crate::pages::legacy::Legacy;
use crate::pages::select::{AccountChoice, Select};
use crate::pages::set_up::{SetUp, Typed};
use crate::pages::sign_in::{Asking, Provider, SignIn, SignInTrouble};
use crate::pages::wrong_tenant::WrongTenant;
use crate::pages::{Person, Remaining};

pub(super) fn pages(invent: &Invent<'_>) -> Vec<Shown> {
    vec![
        Shown::new("sign-in", &invent.sign_in(None)),
        Shown::new("sign-in-no-match", &invent.sign_in(Some(SignInTrouble::NoMatch))),
        Shown::new("sign-in-throttled", &invent.sign_in(Some(SignInTrouble::Throttled(Remaining(27))))),
        Shown::new("sign-in-busy", &invent.sign_in(Some(SignInTrouble::Busy))),
        Shown::new("sign-in-expired", &invent.sign_in(Some(SignInTrouble::Expired))),
        Shown::new("sign-in-lost-a-form", &invent.sign_in(Some(SignInTrouble::SignedOut))),
        Shown::new("sign-in-no-provider", &invent.sign_in(Some(SignInTrouble::NoProvider))),
        Shown::new("sign-in-unreachable", &invent.sign_in(Some(SignInTrouble::ProviderUnreachable))),
        Shown::new(
            "sign-in-direct",
            &SignIn {
                flow: None,
                next: Some(invent.say("/me")),
                asking: None,
                email: String::new(),
                has_accounts: false,
                ..invent.sign_in(None)
            },
        ),
        Shown::new(
            "sign-in-own-pages",
            &SignIn { asking: Some(Asking { pages: invent.own_pages(), ..invent.asking() }), ..invent.sign_in(None) },
        ),
        Shown::new("select", &invent.select()),
        Shown::new("set-up", &invent.set_up(None)),
        Shown::new("set-up-problem", &invent.set_up(Some(invent.say("This is no domain: for example example.com.")))),
        Shown::new("wrong-tenant", &invent.wrong_tenant()),
        Shown::new("legacy", &invent.legacy(false)),
        Shown::new("legacy-refused", &invent.legacy(true)),
        Shown::new("interstitial", &invent.interstitial()),
        Shown::new("form-post", &invent.form_post()),
        Shown::new("error", &invent.error()),
        Shown::new("error-for-owner", &ErrorPage { owner: Some(invent.for_owner()), ..invent.error() }),
        Shown::new(
            "interstitial-for-owner",
            &Interstitial { owner: Some(invent.for_owner()), ..invent.interstitial() },
        ),
    ]
}

impl Invent<'_> {
    fn asking(&self) -> Asking {
        Asking { name: self.say("Burndown"), host: self.say("127.0.0.1:4281"), logo: None, pages: Vec::new() }
    }

    pub(super) fn pat(&self) -> Person {
        Person {
            name: self.say("Pat Lindqvist"),
            email: self.say("pat@personal.test"),
            directory: self.say("Personal accounts"),
        }
    }

    fn sign_in(&self, trouble: Option<SignInTrouble>) -> SignIn {
        SignIn {
            frame: self.nobodys_frame(),
            flow: Some(self.say("flow-1")),
            next: None,
            asking: Some(self.asking()),
            email: self.say("ana@harbor.test"),
            has_accounts: true,
            elsewhere: vec![Provider { id: self.say("p1"), name: self.say("Harbor Login") }],
            by_address: true,
            trouble,
        }
    }

    fn select(&self) -> Select {
        let account = |id: &str, person: Person| AccountChoice {
            id: self.say(id),
            name: person.name,
            email: person.email,
            directory: person.directory,
        };
        Select {
            frame: self.nobodys_frame(),
            flow: self.say("flow-1"),
            asking: self.asking(),
            accounts: vec![
                account("1", self.ana()),
                account("2", self.pat()),
                account("3", Person { name: self.say("Eve"), ..self.pat() }),
            ],
        }
    }

    fn legacy(&self, refused: bool) -> Legacy {
        Legacy { frame: self.nobodys_frame(), refused, sentence: latchkey_identity::legacy::NO_NEW_ONES }
    }

    fn set_up(&self, trouble: Option<String>) -> SetUp {
        let typed = Typed {
            domain: self.say("harbor.test"),
            tenant_name: self.say("Harbor"),
            email: self.say("ana@harbor.test"),
            name: self.say("Ana Moreira"),
        };
        SetUp { frame: self.nobodys_frame(), token: self.say("t0ken"), typed, trouble }
    }

    fn wrong_tenant(&self) -> WrongTenant {
        WrongTenant {
            frame: self.nobodys_frame(),
            flow: self.say("flow-1"),
            asking: self.asking(),
            account: self.pat(),
            wanted: self.say("harbor.test"),
        }
    }

    fn interstitial(&self) -> Interstitial {
        Interstitial {
            frame: self.nobodys_frame(),
            flow: self.say("flow-1"),
            app: self.burndown(),
            host: self.say("burndown.example"),
            reason: self.say("the scope vso.nothing does not exist"),
            code: self.say("invalid_scope"),
            owner: None,
        }
    }

    fn form_post(&self) -> FormPost {
        FormPost {
            frame: self.nobodys_frame(),
            action: self.say("https://app.example/callback?tenant=1"),
            app: self.say("Contoso CI"),
            fields: self.pairs(&[
                ("code", "SplxlOBeZQQYbYS6WxSbIA"),
                ("state", "af0ifjsldkj"),
                ("iss", "https://id.example"),
            ]),
        }
    }

    fn error(&self) -> ErrorPage {
        ErrorPage {
            frame: self.nobodys_frame(),
            heading: self.say("This link does not work"),
            sentence: self.say("The address that the app wants you sent back to is not registered for it."),
            mend: self.say("Nothing is wrong with your account. Tell the people who run the app."),
            code: self.say("invalid_redirect_uri"),
            correlation_id: self.say("0b7c1a9e-2f6d-4a55-9c1f-7d0f3f1f2a11"),
            at: now(),
            owner: None,
        }
    }

    fn for_owner(&self) -> ForOwner {
        ForOwner {
            app: self.say("Burndown"),
            registration: self.say("/apps/31359c7f-bd7e-475c-86db-fdb8c937548e"),
            cause: self.say("The redirect_uri is not registered for this client, so you are not sent there."),
            received: self.pairs(&[("redirect_uri", "https://burndown.example/callback/")]),
            expected: vec![self.say("https://burndown.example/callback"), self.say("http://localhost:8000/callback")],
        }
    }
}
