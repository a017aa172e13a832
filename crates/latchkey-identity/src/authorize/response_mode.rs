//! How an answer travels, [OAuth 2.0 Multiple Response Types §2.1], [Form Post Response Mode], [JARM §2.3].

/// How an answer travels back to the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResponseMode {
    /// In the query of the redirect URI: the default for codes.
    Query,
    /// In its fragment: for pages.
    Fragment,
    /// As a form that the browser posts.
    FormPost,
    /// Signed, in the query.
    QueryJwt,
    /// Signed, in the fragment.
    FragmentJwt,
    /// Signed, as a form.
    FormPostJwt,
    /// Signed, in the query as well: what a code has by default.
    Jwt,
    /// To a device that asks for it: the browser stays here. No request can name it. [RFC 8628]
    Device,
}

impl ResponseMode {
    /// Every mode that a request can name, as `response_modes_supported` lists them.
    pub const ALL: [Self; 7] =
        [Self::Query, Self::Fragment, Self::FormPost, Self::QueryJwt, Self::FragmentJwt, Self::FormPostJwt, Self::Jwt];

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
            Self::QueryJwt => "query.jwt",
            Self::FragmentJwt => "fragment.jwt",
            Self::FormPostJwt => "form_post.jwt",
            Self::Jwt => "jwt",
            Self::Device => "device",
        }
    }

    /// The mode of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// Whether the answer is signed.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::QueryJwt | Self::FragmentJwt | Self::FormPostJwt | Self::Jwt)
    }

    /// How it travels, signed or not.
    #[must_use]
    pub const fn carrier(self) -> Self {
        match self {
            Self::Query | Self::QueryJwt | Self::Jwt => Self::Query,
            Self::Fragment | Self::FragmentJwt => Self::Fragment,
            Self::FormPost | Self::FormPostJwt => Self::FormPost,
            Self::Device => Self::Device,
        }
    }
}
