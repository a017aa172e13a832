//! How sure a sign-in makes us, told to clients as `acr` and `amr`, [OpenID Connect Core §2], [RFC 8176].

/// An authentication context: what a person showed when they signed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AuthenticationContext {
    /// A password, over a protected transport.
    #[default]
    Password,
    /// What an upstream provider says that they showed there.
    Upstream(Methods),
}

/// The class of a password over a protected transport.
const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
/// The class of what is not known.
const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified";

impl AuthenticationContext {
    /// Every class that can be asked for, as `acr_values_supported` lists them.
    pub const CLASSES: [&str; 1] = [PASSWORD];

    /// The value of `acr`.
    pub fn class(self) -> &'static str {
        match self {
            Self::Password => PASSWORD,
            Self::Upstream(methods) if methods.contains("pwd") => PASSWORD,
            Self::Upstream(_) => UNSPECIFIED,
        }
    }

    /// The value of `amr`.
    pub fn methods(self) -> Vec<&'static str> {
        match self {
            Self::Password => vec!["pwd"],
            Self::Upstream(methods) => methods.names(),
        }
    }

    /// The form it is kept in: nothing for a password.
    pub fn stored(self) -> Option<i64> {
        match self {
            Self::Password => None,
            Self::Upstream(Methods(methods)) => Some(methods.into()),
        }
    }

    /// Takes it from storage.
    pub fn from_stored(stored: Option<i64>) -> Self {
        stored.map_or(Self::Password, |methods| Self::Upstream(Methods(u32::try_from(methods).unwrap_or_default())))
    }
}

/// Authentication methods, of those that are registered. What others call differently is left out. [RFC 8176 §2]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Methods(u32);

/// Their names. A place in this list is how one is kept, so it only grows.
const NAMES: [&str; 19] = [
    "face", "fpt", "geo", "hwk", "iris", "kba", "mca", "mfa", "otp", "pin", "pop", "pwd", "rba", "retina", "sc", "sms",
    "swk", "user", "vbm",
];

impl Methods {
    /// Whether this one is among them.
    pub fn contains(self, name: &str) -> bool {
        self.names().contains(&name)
    }

    /// Their names.
    pub fn names(self) -> Vec<&'static str> {
        NAMES.into_iter().enumerate().filter(|(place, _)| self.0 & (1 << place) != 0).map(|(_, name)| name).collect()
    }
}

impl<'a> FromIterator<&'a str> for Methods {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let place = |name: &str| NAMES.iter().position(|known| *known == name);
        Self(names.into_iter().filter_map(place).fold(0, |methods, place| methods | (1 << place)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(names: &[&str]) -> AuthenticationContext {
        AuthenticationContext::Upstream(names.iter().copied().collect())
    }

    #[test]
    fn what_an_upstream_says_is_told_as_far_as_it_is_registered() {
        assert_eq!(upstream(&["pwd", "magic", "mfa"]).methods(), ["mfa", "pwd"]);
        assert_eq!(upstream(&[]).methods(), [""; 0]);
        assert_eq!(AuthenticationContext::Password.methods(), ["pwd"]);
    }

    #[test]
    fn the_class_of_passwords_is_told_where_a_password_was_shown() {
        assert_eq!(upstream(&["pwd", "otp"]).class(), PASSWORD);
        assert_eq!(upstream(&["hwk"]).class(), UNSPECIFIED);
    }

    #[test]
    fn it_comes_back_from_storage_as_it_was() {
        for context in [AuthenticationContext::Password, upstream(&[]), upstream(&NAMES)] {
            assert_eq!(AuthenticationContext::from_stored(context.stored()), context);
        }
    }
}
