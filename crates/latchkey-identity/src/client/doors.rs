//! The doors beside sign-in that a client uses, because it registered them: sign-out, device codes, pushed requests.

use crate::client::redirect_uri::RedirectUri;

/// What a client registered beside its redirect URIs. `Uri` is the text of an address as long as nobody has checked it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Doors<Uri = RedirectUri> {
    /// Where people may be sent after they signed out. [RP-Initiated Logout §3.1]
    pub post_logout_redirect_uris: Vec<Uri>,
    /// Where the server tells it that a session ended. [Back-Channel Logout §2.2]
    pub backchannel_logout_uri: Option<Uri>,
    /// What the page that says so loads in a frame. [Front-Channel Logout §2]
    pub frontchannel_logout_uri: Option<Uri>,
    /// It asks for device codes. [RFC 8628 §3.1]
    pub device_code: bool,
    /// It makes its requests by pushing them, and in no other way. [RFC 9126 §6]
    pub pushed_only: bool,
}

/// Those of an app that only signs people in.
impl<Uri> Default for Doors<Uri> {
    fn default() -> Self {
        Self {
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            frontchannel_logout_uri: None,
            device_code: false,
            pushed_only: false,
        }
    }
}

impl Doors {
    /// As they would be typed.
    pub fn typed(&self) -> Doors<String> {
        let typed = |uri: &RedirectUri| uri.as_str().to_owned();
        Doors {
            post_logout_redirect_uris: self.post_logout_redirect_uris.iter().map(typed).collect(),
            backchannel_logout_uri: self.backchannel_logout_uri.as_ref().map(typed),
            frontchannel_logout_uri: self.frontchannel_logout_uri.as_ref().map(typed),
            device_code: self.device_code,
            pushed_only: self.pushed_only,
        }
    }
}
