//! What an authorization request asks for: a code, or tokens at once, which travel through the browser. [OAuth 2.0 Multiple Response Types
//! §3, §5], [OpenID Connect Core §3]

use serde::{Deserialize, Serialize};

use crate::authorize::response_mode::ResponseMode;
use crate::client::{Client, ClientKind, Profile, RedirectUri};
use crate::error::OAuthError;

/// What an authorization request asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum ResponseType {
    /// A code: what is always there.
    Code,
    /// An ID token. [OpenID Connect Core §3.2]
    IdToken,
    /// An ID token and an access token. [OpenID Connect Core §3.2]
    IdTokenToken,
    /// A code and an ID token. [OpenID Connect Core §3.3]
    CodeIdToken,
    /// A code and an access token. [OpenID Connect Core §3.3]
    CodeToken,
    /// All three. [OpenID Connect Core §3.3]
    CodeIdTokenToken,
}

impl ResponseType {
    /// Every one, as `response_types_supported` lists them.
    pub const ALL: [Self; 6] =
        [Self::Code, Self::IdToken, Self::IdTokenToken, Self::CodeIdToken, Self::CodeToken, Self::CodeIdTokenToken];

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::IdToken => "id_token",
            Self::IdTokenToken => "id_token token",
            Self::CodeIdToken => "code id_token",
            Self::CodeToken => "code token",
            Self::CodeIdTokenToken => "code id_token token",
        }
    }

    /// The one of that name. The order of its words means nothing. [OAuth 2.0 Multiple Response Types §3]
    pub fn parse(name: &str) -> Option<Self> {
        let sorted = |name: &str| {
            let mut words: Vec<String> = name.split(' ').map(str::to_owned).collect();
            words.sort_unstable();
            words
        };
        let asked = sorted(name);
        Self::ALL.into_iter().find(|known| sorted(known.name()) == asked)
    }

    /// Those that a tenant offers. `implicit` is whether it lets tokens travel through browsers.
    pub fn offered(implicit: bool) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |one| implicit || !one.has_tokens())
    }

    /// Whether a code is among what it asks for.
    pub const fn has_code(self) -> bool {
        matches!(self, Self::Code | Self::CodeIdToken | Self::CodeToken | Self::CodeIdTokenToken)
    }

    /// Whether the browser carries an ID token.
    pub const fn has_id_token(self) -> bool {
        matches!(self, Self::IdToken | Self::IdTokenToken | Self::CodeIdToken | Self::CodeIdTokenToken)
    }

    /// Whether the browser carries an access token.
    pub const fn has_access_token(self) -> bool {
        matches!(self, Self::IdTokenToken | Self::CodeToken | Self::CodeIdTokenToken)
    }

    /// Whether the browser carries a token of any kind: what a tenant has to be switched on for.
    pub const fn has_tokens(self) -> bool {
        self.has_id_token() || self.has_access_token()
    }
}

impl From<ResponseType> for &'static str {
    fn from(response_type: ResponseType) -> Self {
        response_type.name()
    }
}

impl TryFrom<String> for ResponseType {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::parse(&name).ok_or_else(|| format!("{name} is no response type that is known here"))
    }
}

/// How an answer travels if the request does not say: tokens never in a query, which servers and proxies write down. A type that is not
/// served here is refused in the place where its tokens would be. [OAuth 2.0 Multiple Response Types §5]
pub fn default_mode(response_type: Option<&str>) -> ResponseMode {
    let has_tokens = |types: &str| types.split(' ').any(|one| matches!(one, "token" | "id_token"));
    if response_type.is_some_and(has_tokens) { ResponseMode::Fragment } else { ResponseMode::Query }
}

/// The mode that a request names, for what it asks. `None` if it is not one of those that this may travel by.
pub(crate) fn mode(named: &str, response_type: Option<&str>) -> Option<ResponseMode> {
    let mode = ResponseMode::parse(named)?;
    match (default_mode(response_type), mode) {
        // Signed, in what is usual for it. [JARM §2.3.4]
        (ResponseMode::Fragment, ResponseMode::Jwt) => Some(ResponseMode::FragmentJwt),
        (ResponseMode::Fragment, ResponseMode::Query | ResponseMode::QueryJwt) => None,
        (_, mode) => Some(mode),
    }
}

/// Checks what an app registers of it: sorted, and nothing where it is the code alone. Tokens are sent to pages of https only.
/// [OpenID Connect Registration §2], [RFC 8252 §8.2]
pub(crate) fn check(
    mut types: Vec<ResponseType>,
    kind: ClientKind,
    redirect_uris: &[RedirectUri],
    without_access_tokens: bool,
) -> Option<Vec<ResponseType>> {
    types.sort_unstable();
    types.dedup();
    if types == [ResponseType::Code] {
        types.clear();
    }
    if !types.iter().any(|one| one.has_tokens()) {
        return Some(types);
    }
    let of_the_web = |uri: &str| {
        let url = url::Url::parse(uri).ok().filter(|url| url.scheme() == "https");
        url.is_some_and(|url| url.host_str() != Some("localhost"))
    };
    let fits = matches!(kind, ClientKind::Web | ClientKind::SinglePage)
        && redirect_uris.iter().all(|uri| of_the_web(uri.as_str()))
        && !(without_access_tokens && types.iter().any(|one| one.has_access_token()));
    fits.then_some(types)
}

impl Client {
    /// What it may ask for. Clients of the Microsoft world ask for codes whatever else they are set to.
    pub fn response_types(&self) -> Vec<ResponseType> {
        let registered = &self.metadata.response_types;
        let always = registered.is_empty() || self.profile == Profile::Microsoft;
        always.then_some(ResponseType::Code).into_iter().chain(registered.iter().copied()).collect()
    }

    /// What a request of it asks for. [RFC 6749 §3.1.1]
    pub(crate) fn response_type(&self, named: &str) -> Result<ResponseType, OAuthError> {
        let refused = |description: String| {
            let error = OAuthError::unsupported_response_type(description);
            if default_mode(Some(named)) == ResponseMode::Fragment { error.numbered(700_054) } else { error }
        };
        let asked = ResponseType::parse(named)
            .ok_or_else(|| refused("response_type is none of those that response_types_supported lists".to_owned()))?;
        match self.response_types().contains(&asked) {
            true => Ok(asked),
            false => Err(refused(format!("the response type {} is not registered for this client", asked.name()))),
        }
    }
}

/// Why a tenant that is not switched on answers no request for tokens.
pub fn switched_off() -> OAuthError {
    OAuthError::unsupported_response_type(
        "response_type has to be code in this directory: tokens through the browser are switched off",
    )
    .numbered(700_054)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_words_means_nothing() {
        assert_eq!(ResponseType::parse("token id_token"), Some(ResponseType::IdTokenToken));
        assert_eq!(ResponseType::parse("token code id_token"), Some(ResponseType::CodeIdTokenToken));
        for not_here in ["", "token", "none", "code code", "code  id_token", "Code"] {
            assert_eq!(ResponseType::parse(not_here), None, "{not_here}");
        }
        for one in ResponseType::ALL {
            assert_eq!(ResponseType::parse(one.name()), Some(one));
        }
    }

    #[test]
    fn tokens_never_travel_in_a_query() {
        for one in ResponseType::ALL {
            let name = Some(one.name());
            let expected = if one.has_tokens() { ResponseMode::Fragment } else { ResponseMode::Query };
            assert_eq!(default_mode(name), expected, "{one:?}");
            assert_eq!(mode("form_post", name), Some(ResponseMode::FormPost));
            assert_eq!(mode("query", name).is_none(), one.has_tokens());
            assert_eq!(mode("query.jwt", name).is_none(), one.has_tokens());
            let signed = if one.has_tokens() { ResponseMode::FragmentJwt } else { ResponseMode::Jwt };
            assert_eq!(mode("jwt", name), Some(signed));
        }
        assert_eq!(default_mode(Some("token")), ResponseMode::Fragment);
        assert_eq!(default_mode(None), ResponseMode::Query);
    }

    #[test]
    fn tokens_are_sent_to_pages_of_https_only_and_never_those_that_are_bound() {
        use ResponseType::{Code, IdToken, IdTokenToken};
        let uris = |uri: &str| [RedirectUri::from_stored(uri.to_owned())];
        let (page, web) = (uris("https://app.test/cb"), ClientKind::Web);
        assert_eq!(check(vec![Code], web, &uris("http://localhost"), true), Some(vec![]));
        assert_eq!(check(vec![IdToken, Code, IdToken], web, &page, true), Some(vec![Code, IdToken]));
        assert_eq!(check(vec![IdTokenToken], web, &page, true), None);
        assert_eq!(check(vec![IdTokenToken], web, &page, false), Some(vec![IdTokenToken]));
        assert_eq!(check(vec![IdToken], ClientKind::Native, &page, false), None);
        for elsewhere in ["http://localhost/cb", "https://localhost/cb", "com.example:/cb"] {
            assert_eq!(check(vec![IdToken], web, &uris(elsewhere), false), None, "{elsewhere}");
        }
    }
}
