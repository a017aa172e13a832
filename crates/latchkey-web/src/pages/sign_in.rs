//! Sign-in: where credentials are typed, and the only kind of page where they are.

use askama::Template;
use latchkey_identity::client::presentation::ClientPage;

use super::{Frame, Remaining};

/// The sign-in page. Posts `flow`, `email`, `password` to `/signin`; Cancel posts `flow` to `/signin/cancel`.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// What every page needs.
    pub frame: Frame,
    /// The flow this sign-in belongs to; none when a person signs in to Latchkey itself.
    pub flow: Option<String>,
    /// The page of ours that comes after it, when a person signs in to Latchkey itself.
    pub next: Option<String>,
    /// The app that asked, if one did.
    pub asking: Option<Asking>,
    /// What the email field holds at first.
    pub email: String,
    /// Whether this browser holds other accounts to pick from.
    pub has_accounts: bool,
    /// The providers at which people of the directory sign in.
    pub elsewhere: Vec<Provider>,
    /// Whether an address may lead to one.
    pub by_address: bool,
    /// Why the last attempt did not succeed.
    pub trouble: Option<SignInTrouble>,
}

/// A provider at which people of a directory sign in. Its button posts `upstream` to `/signin/elsewhere`.
pub struct Provider {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// The app that sent the person here.
pub struct Asking {
    /// Its name.
    pub name: String,
    /// The host the person goes back to.
    pub host: String,
    /// Where its logo is, at an address of ours, if it has one.
    pub logo: Option<String>,
    /// The pages of its own that people may read first.
    pub pages: Vec<ClientPage>,
}

/// Why a sign-in did not succeed. Wrong and unknown are one and the same to whoever asks.
pub enum SignInTrouble {
    /// The email and the password do not go together.
    NoMatch,
    /// Too many attempts; the next one is possible after this time.
    Throttled(Remaining),
    /// Too many sign-ins at once; this one was not tried.
    Busy,
    /// The flow or the form has expired.
    Expired,
    /// A form was sent after the session had ended, and nothing of it was done.
    SignedOut,
    /// The address leads to no provider.
    NoProvider,
    /// The provider does not answer.
    ProviderUnreachable,
}
