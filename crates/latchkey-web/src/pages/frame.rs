//! What every page needs, whatever it is about.

/// What every page needs, whatever it is about.
#[derive(Clone)]
pub struct Frame {
    /// The nonce of this answer's Content-Security-Policy.
    pub nonce: String,
    /// The token that makes forms of this page ours. It goes into a hidden field `csrf` of every form.
    pub csrf: String,
    /// Who is signed in, if anybody.
    pub person: Option<Person>,
    /// The other accounts that are signed in in the same browser: the person goes on as one of them with one press.
    pub others: Vec<OtherAccount>,
    /// The language of the page.
    pub locale: Locale,
}

/// A person, as pages name them.
#[derive(Clone)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// Their email address.
    pub email: String,
    /// The directory that holds the account.
    pub directory: String,
}

/// Another account that is signed in in the browser. Its button posts `session` to `/me/account`.
#[derive(Clone)]
pub struct OtherAccount {
    /// The id that comes back as `session`.
    pub session: String,
    /// Whose it is.
    pub person: Person,
}

/// The language of a page.
#[derive(Clone, Copy, Default)]
pub enum Locale {
    /// English.
    #[default]
    English,
}

impl Locale {
    /// The value of the `lang` attribute.
    pub fn language(self) -> &'static str {
        match self {
            Self::English => "en",
        }
    }

    /// The value of the `dir` attribute.
    pub fn direction(self) -> &'static str {
        match self {
            Self::English => "ltr",
        }
    }
}
