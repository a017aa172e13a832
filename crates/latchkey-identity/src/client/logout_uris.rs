//! The addresses that a client registers for the end of a sign-in.

use crate::client::redirect_uri::RedirectUri;

/// Who hears of the end of a sign-in, and where people go on after it. `Uri` is the text of an address as long as nobody has checked it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogoutUris<Uri = RedirectUri> {
    /// Where people may be sent after they signed out. [RP-Initiated Logout §3.1]
    pub post_logout_redirect_uris: Vec<Uri>,
    /// Where the server tells the client that a session ended. [Back-Channel Logout §2.2]
    pub backchannel_logout_uri: Option<Uri>,
    /// What the page that says so loads in a frame. [Front-Channel Logout §2]
    pub frontchannel_logout_uri: Option<Uri>,
}

/// Those of an app that is told of nothing.
impl<Uri> Default for LogoutUris<Uri> {
    fn default() -> Self {
        Self { post_logout_redirect_uris: Vec::new(), backchannel_logout_uri: None, frontchannel_logout_uri: None }
    }
}

impl LogoutUris {
    /// As they would be typed.
    pub fn typed(&self) -> LogoutUris<String> {
        let typed = |uri: &RedirectUri| uri.as_str().to_owned();
        LogoutUris {
            post_logout_redirect_uris: self.post_logout_redirect_uris.iter().map(typed).collect(),
            backchannel_logout_uri: self.backchannel_logout_uri.as_ref().map(typed),
            frontchannel_logout_uri: self.frontchannel_logout_uri.as_ref().map(typed),
        }
    }
}
