//! How an answer travels, [OAuth 2.0 Multiple Response Types §2.1], [Form Post Response Mode].

/// How an answer travels back to the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResponseMode {
    /// In the query of the redirect URI: the default for codes.
    Query,
    /// In its fragment: for pages.
    Fragment,
    /// As a form that the browser posts.
    FormPost,
    /// To a device that asks for it: the browser stays here. No request can name it. [RFC 8628]
    Device,
}

impl ResponseMode {
    /// Every mode that a request can name, as `response_modes_supported` lists them.
    pub const ALL: [Self; 3] = [Self::Query, Self::Fragment, Self::FormPost];

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
            Self::Device => "device",
        }
    }

    /// The mode of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}
