//! The steps of the guided walk: which there are, and which have really happened.

use latchkey_web::pages::demo::{DemoStep, DemoStepState};

/// Something that happened, in the order of the walk.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Happened {
    /// Burndown asked for access.
    Asked,
    /// Somebody picked an account, or signed in.
    SignedIn,
    /// They approved it, or part of it.
    Approved,
    /// Burndown got its keys.
    GotKeys,
    /// It read something with them.
    Read,
    /// The person found it under Manage authorizations.
    WasFound,
    /// A key's time was over, and Burndown got the next one.
    RanOut,
    /// They took it back.
    WasRevoked,
    /// Burndown's next call failed.
    WasRefused,
    /// An administrator found all of it in the record.
    WasAudited,
    /// An app of the older kind got its keys.
    OlderGotKeys,
    /// git got in with a key.
    Cloned,
}

impl Happened {
    const ALL: [Self; 12] = [
        Self::Asked,
        Self::SignedIn,
        Self::Approved,
        Self::GotKeys,
        Self::Read,
        Self::WasFound,
        Self::RanOut,
        Self::WasRevoked,
        Self::WasRefused,
        Self::WasAudited,
        Self::OlderGotKeys,
        Self::Cloned,
    ];
}

/// Which steps have happened.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Steps {
    happened: [bool; Happened::ALL.len()],
}

impl Steps {
    /// Whether something has happened.
    pub(crate) fn have(self, happened: Happened) -> bool {
        self.happened.get(happened as usize).copied().unwrap_or(false)
    }

    /// Notes what happened, if the walk is there yet.
    pub(crate) fn note(&mut self, happened: Happened) {
        use Happened as H;
        match happened {
            // Who begins again after the end walks again.
            H::Asked if self.have(H::WasRefused) => *self = Self::default(),
            H::Asked | H::GotKeys => {}
            H::SignedIn | H::Approved if !self.have(H::Asked) => return,
            H::Read | H::WasFound | H::RanOut | H::WasRevoked if !self.have(H::GotKeys) => return,
            H::WasRefused | H::WasAudited if !self.have(H::WasRevoked) => return,
            _ => {}
        }
        // Whoever is known already is neither asked to sign in nor, for the same again, to approve.
        let until = match happened {
            H::Approved | H::GotKeys => happened as usize,
            _ => 0,
        };
        for (place, flag) in self.happened.iter_mut().enumerate() {
            *flag |= place < until || place == happened as usize;
        }
    }

    /// The steps for the page.
    pub(crate) fn shown(self, service_url: &str, oldtimer_url: &str) -> Vec<DemoStep> {
        let next = Happened::ALL.into_iter().find(|step| !self.have(*step));
        let state = |step| match step {
            step if self.have(step) => DemoStepState::Done,
            step if next == Some(step) => DemoStepState::Next,
            _ => DemoStepState::Later,
        };
        Happened::ALL.into_iter().map(|step| described(step, service_url, oldtimer_url, state(step))).collect()
    }
}

fn described(step: Happened, service_url: &str, oldtimer_url: &str, state: DemoStepState) -> DemoStep {
    let (title, text, specification) = words(step);
    DemoStep {
        title: title.to_owned(),
        text: text.to_owned(),
        happened: explained(step).to_owned(),
        specification: specification.to_owned(),
        link: link(step, service_url, oldtimer_url),
        state,
    }
}

/// What to do: a title, a few sentences, and the specification behind it.
const fn words(step: Happened) -> (&'static str, &'static str, &'static str) {
    match step {
        Happened::Asked => (
            "Burndown asks",
            "It is another company's site. It wants to show your work items, so it sends you here with a request: who it \
             is, what it wants, where to send you back.",
            "RFC 6749 §4.1.1, RFC 7636 §4.3",
        ),
        Happened::SignedIn => (
            "You pick an account",
            "And sign in, on Latchkey's own page. Burndown never sees the password. Start as ana@harbor.test: her password is below.",
            "OpenID Connect Core §3.1.2.3",
        ),
        Happened::Approved => (
            "You approve all of it, or less",
            "Untick the project drydock, or the source code: Burndown gets what is left. Sign in as Ben or Cy instead, and \
             you are told what is missing.",
            "RFC 6749 §3.3",
        ),
        Happened::GotKeys => (
            "Burndown gets its keys",
            "The browser brought it a code. With the code, its own secret and the verifier that only it knows, it gets an ID \
             token, an access token, and a refresh token.",
            "RFC 6749 §4.1.3, OpenID Connect Core §3.1.3",
        ),
        Happened::Read => (
            "It reads what you approved",
            "Each call is checked against what you approved, what you may do now, and what the organization allows.",
            "RFC 6750 §2.1",
        ),
        Happened::WasFound => (
            "You see every key that is out",
            "Who has it, what it opens, until when, and when it was last used.",
            "RFC 6819 §5.1.3",
        ),
        Happened::RanOut => (
            "A key runs out",
            "Access tokens live 90 minutes at the most. Burndown's live 2 minutes, so that you can see it: wait that long, and look at \
             Burndown again.",
            "RFC 6750 §3.1, RFC 6749 §6",
        ),
        Happened::WasRevoked => (
            "You take it back",
            "From then on nothing new is issued, and within a second nothing of it is accepted anywhere.",
            "RFC 6819 §5.2.2.4",
        ),
        Happened::WasRefused => (
            "Its next call fails",
            "Burndown says so plainly. Nothing that it holds works any more: it can only ask you again.",
            "RFC 6750 §3.1, RFC 6749 §5.2",
        ),
        Happened::WasAudited => (
            "An administrator finds all of it",
            "Ana owns harbor and administers its directory: as her, find who signed in, what was approved and what was taken back.",
            "No specification asks for this.",
        ),
        Happened::OlderGotKeys => (
            "An older app still works",
            "Oldtimer was registered years ago, for the older OAuth kind. Approve it: it gets the same short keys, it is in the same \
             list, and every answer tells it when its time is over. Then try to register another one.",
            "RFC 7523 §2.1, RFC 9745, RFC 8594",
        ),
        Happened::Cloned => (
            "git clones with a key",
            "Paste the line below into a terminal. It prints an address: approve Pocket Tools there, and git goes on by itself, \
             with an access token as its password.",
            "RFC 8628 §3.3",
        ),
    }
}

/// What just happened, for who has seen it happen.
const fn explained(step: Happened) -> &'static str {
    match step {
        Happened::Asked => {
            "Burndown made up a state, a nonce and a code verifier, kept them, and sent the hash of the verifier along. Latchkey \
             compared the redirect URI with what Burndown registered, letter by letter, before anything else."
        }
        Happened::SignedIn => {
            "The browser got a session cookie that only Latchkey reads. The request of Burndown waited meanwhile, and went on by itself."
        }
        Happened::Approved => {
            "What you ticked was stored, word for word what the page showed, and your browser took a code to Burndown: it is good \
             once, for a minute."
        }
        Happened::GotKeys => {
            "Whoever had stolen the code could do nothing with it: the verifier never left Burndown. A second use of it would end what \
             it produced."
        }
        Happened::Read => {
            "The key is a signed note of who, for whom, for what and until when. The server checked it, looked up what is true now, and \
             noted the use."
        }
        Happened::WasFound => {
            "The page reads what is stored, and what was used a moment ago. Nothing can hold a key and not be on it."
        }
        Happened::RanOut => {
            "The call came with a key whose time was over, and was refused. Burndown showed its refresh token, and got new ones: an \
             access token, and a refresh token that takes the place of the old one. You were not asked, as what you approved still stands."
        }
        Happened::WasRevoked => {
            "One commit ended the authorization, its refresh token with it. The access token still says that it is good: no server of \
             yours believes it any more."
        }
        Happened::WasRefused => {
            "The access token and the refresh token were both refused: 401 at the API, invalid_grant at the token endpoint."
        }
        Happened::WasAudited => {
            "Each event was written in the transaction that made it true. Each carries a hash of all before it: `latchkey audit verify` \
             finds what was changed since."
        }
        Happened::OlderGotKeys => {
            "Oldtimer showed its secret and its code as assertions. The answer told it in two headers since when its way is deprecated \
             and when it ends."
        }
        Happened::Cloned => {
            "You typed a code that a program without a browser had shown you, and it asked until you had approved it."
        }
    }
}

/// Where to do it, and what the link says.
fn link(step: Happened, service_url: &str, oldtimer_url: &str) -> Option<(String, String)> {
    let burndown = |label: &str| Some((format!("{service_url}/"), label.to_owned()));
    let own = |path: &str, label: &str| Some((path.to_owned(), label.to_owned()));
    match step {
        Happened::Asked => burndown("Open Burndown"),
        Happened::SignedIn | Happened::Approved | Happened::GotKeys => None,
        Happened::Read => burndown("Look at Burndown"),
        Happened::WasFound | Happened::WasRevoked => own("/profile/authorizations", "Manage authorizations"),
        Happened::RanOut | Happened::WasRefused => burndown("Look at Burndown again"),
        Happened::WasAudited => own("/audit", "Open the audit log"),
        Happened::OlderGotKeys => Some((format!("{oldtimer_url}/"), "Open Oldtimer".to_owned())),
        Happened::Cloned => own("#clone", "See the line"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(happened: &[Happened]) -> Vec<Happened> {
        let mut steps = Steps::default();
        happened.iter().for_each(|one| steps.note(*one));
        Happened::ALL.into_iter().filter(|step| steps.have(*step)).collect()
    }

    #[test]
    fn a_step_ticks_when_it_has_happened_in_this_walk() {
        use Happened as H;
        assert_eq!(after(&[H::SignedIn, H::WasFound, H::Read]), []);
        assert_eq!(after(&[H::Asked, H::SignedIn]), [H::Asked, H::SignedIn]);
        assert_eq!(after(&[H::Asked, H::GotKeys]), [H::Asked, H::SignedIn, H::Approved, H::GotKeys]);
        assert_eq!(after(&[H::Asked, H::GotKeys, H::WasRefused, H::WasAudited]).len(), 4, "nothing was revoked yet");
    }

    #[test]
    fn who_begins_again_after_the_end_walks_again() {
        use Happened as H;
        let whole =
            [H::Asked, H::GotKeys, H::Read, H::WasFound, H::RanOut, H::WasRevoked, H::WasRefused, H::WasAudited];
        assert_eq!(after(&whole).len(), 10);
        assert_eq!(after(&[&whole[..], &[H::Asked]].concat()), [H::Asked]);
    }

    #[test]
    fn one_step_is_the_next() {
        let mut steps = Steps::default();
        steps.note(Happened::Asked);
        let states: Vec<_> =
            steps.shown("http://127.0.0.1:4281", "http://127.0.0.1:4282").iter().map(|step| step.state).collect();
        assert!(states[0] == DemoStepState::Done && states[1] == DemoStepState::Next);
        assert!(states[2..].iter().all(|state| *state == DemoStepState::Later));
    }
}
