//! The pages of a sign-out.

use super::{Invent, Shown};
use crate::pages::sign_out::{Onward, SignOut, SignedIn};
use crate::pages::signed_out::SignedOut;

pub(super) fn pages(invent: &Invent<'_>) -> Vec<Shown> {
    let sign_out = |accounts| SignOut {
        frame: invent.frame(),
        app: None,
        request: None,
        onward: None,
        others: 0,
        elsewhere: true,
        accounts,
    };
    let one = || vec![SignedIn { id: invent.say("1"), person: invent.ana() }];
    let asked = || Some((invent.say("harbor.test"), invent.say("client_id=c1&state=s")));
    let mut two = one();
    two.push(SignedIn { id: invent.say("2"), person: invent.pat() });
    vec![
        Shown::new("sign-out", &sign_out(one())),
        Shown::new("sign-out-all", &SignOut { app: Some(invent.say("Burndown")), request: asked(), ..sign_out(two) }),
        Shown::new(
            "sign-out-one-of-two",
            &SignOut { app: Some(invent.say("Burndown")), request: asked(), others: 1, ..sign_out(one()) },
        ),
        Shown::new(
            "sign-out-nobody-onward",
            &SignOut {
                app: Some(invent.say("Burndown")),
                request: asked(),
                onward: Some(Onward {
                    href: invent.say("https://burndown.test/bye?state=s"),
                    host: invent.say("burndown.test"),
                }),
                ..sign_out(Vec::new())
            },
        ),
        Shown::new("sign-out-nobody", &sign_out(Vec::new())),
        Shown::new(
            "signed-out",
            &SignedOut {
                frame: invent.nobodys_frame(),
                accounts: vec![invent.say("ana@harbor.test")],
                frames: Vec::new(),
                onward: None,
                remaining: 0,
            },
        ),
        Shown::new(
            "signed-out-others-left",
            &SignedOut {
                frame: invent.frame(),
                accounts: vec![invent.say("pat@personal.test")],
                frames: vec!["https://ci.contoso.example/signed-out?iss=a&sid=b".to_owned()],
                onward: Some(Onward {
                    href: "https://ci.contoso.example/bye".to_owned(),
                    host: invent.say("ci.contoso.example"),
                }),
                remaining: 2,
            },
        ),
    ]
}
