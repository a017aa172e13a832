//! The older OAuth kind, of Azure DevOps: apps that exist already go on working, and no new ones are made.
//!
//! | what | where |
//! |---|---|
//! | what is known of such an app, and the one way in: the import | [`registration`] |
//! | the client secret, a JWT that is sent as it is | [`secret`] |
//! | the authorization request | [`authorize`] |
//! | the token request, with a code or a refresh token as `assertion` | [`token`] |
//! | the two secrets, one in the place of the other | [`rotation`] |
//! | the way out, to an app of the identity platform | [`moving`] |
//! | how refusals are told | [`error`] |
//!
//! What such an app gets hangs below the same authorization as everything else, and its tokens come out of the same funnel. Its codes and
//! refresh tokens are of a form of their own, so that neither counts at the newer endpoints, nor the newer ones here.

pub mod authorize;
pub mod error;
pub mod moving;
pub mod registration;
pub mod rotation;
pub mod secret;
pub mod token;

pub use error::{LegacyError, Reason};
pub use registration::{ImportError, ImportGate, Imported, LegacyApp, LegacyRegistration, import};

use crate::client::Profile;
use crate::entropy::Entropy;
use crate::secret::Secret;

/// What everybody is told who tries to make a new app of this kind, wherever they try.
pub const NO_NEW_ONES: &str = "No new apps of the older OAuth kind are made. Register an app of the identity platform instead, at /apps/new: \
     it asks for the same vso.* scopes and lets people approve it in the same way.";

/// What codes of this kind begin with. The dot keeps them apart from all others, in which there is none.
const CODE_PREFIX: &str = "lkl.";

/// The text of a new code.
pub(crate) fn code_text(profile: Profile, entropy: &mut Entropy) -> Secret {
    let text = Secret::generate(entropy);
    if profile == Profile::Legacy { Secret::new(format!("{CODE_PREFIX}{}", text.reveal())) } else { text }
}

/// Whether a code is of this kind, by its text alone.
pub(crate) fn is_code(text: &str) -> bool {
    text.starts_with(CODE_PREFIX)
}
