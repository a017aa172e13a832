//! The doors beside sign-in that a client uses, because it registered them: sign-out, device codes, pushed requests.

use crate::client::redirect_uri::RedirectUri;

/// What a client registered beside its redirect URIs. `Uri` is the text of an address as long as nobody has checked it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Doors<Uri = RedirectUri> {
    /// Where people may be sent after they signed out. [RP-Initiated Logout §3.1]
    pub post_logout_redirect_uris: Vec<Uri>,
    /// It asks for device codes, although it keeps a secret. A native app may without. [RFC 8628 §3.1]
    pub device_code: bool,
    /// It makes its requests by pushing them, and in no other way. [RFC 9126 §6]
    pub pushed_only: bool,
}

/// Those of an app that only signs people in.
impl<Uri> Default for Doors<Uri> {
    fn default() -> Self {
        Self { post_logout_redirect_uris: Vec::new(), device_code: false, pushed_only: false }
    }
}

impl Doors {
    /// As they would be typed.
    pub fn typed(&self) -> Doors<String> {
        let uris = self.post_logout_redirect_uris.iter().map(|uri| uri.as_str().to_owned());
        Doors {
            post_logout_redirect_uris: uris.collect(),
            device_code: self.device_code,
            pushed_only: self.pushed_only,
        }
    }
}
