//! Protocol errors, [RFC 6749 §4.1.2.1 and §5.2], [OpenID Connect Core §3.1.2.6].

use std::borrow::Cow;

/// An error that a client is told. The description names the parameter and what was expected; it never repeats a secret and never says
/// whether an account exists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OAuthError {
    /// The registered code.
    pub code: &'static str,
    /// A sentence for the client's developer, in the characters that RFC 6749 allows there.
    pub description: Cow<'static, str>,
    /// The number by which Microsoft's world knows this error, as in `AADSTS70008`.
    pub number: u32,
    /// What Microsoft's clients decide by, beside the code: `bad_token`, `consent_required`, ...
    pub suberror: Option<&'static str>,
}

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        $($(#[$doc])*
        pub fn $name(description: impl Into<Cow<'static, str>>) -> Self {
            Self::new(stringify!($name), $number, description)
        })*
    };
}

impl OAuthError {
    fn new(code: &'static str, number: u32, description: impl Into<Cow<'static, str>>) -> Self {
        Self { code, description: presentable(description.into()), number, suberror: None }
    }

    errors! {
        /// The request is malformed, or doubles or lacks a parameter.
        invalid_request = 90_023;
        /// The client is unknown, or did not authenticate by its method.
        invalid_client = 70_002;
        /// The code or refresh token does not hold.
        invalid_grant = 70_000;
        /// The client may not use this grant.
        unauthorized_client = 70_001;
        /// There is no such grant here.
        unsupported_grant_type = 70_003;
        /// There is no such response type here.
        unsupported_response_type = 70_005;
        /// A scope does not exist, or is beyond what may be asked.
        invalid_scope = 70_011;
        /// What is asked for in detail is not of its type, or is beyond what may be asked, [RFC 9396 §5].
        invalid_authorization_details = 70_011;
        /// The person, or a rule of their organization, said no.
        access_denied = 65_004;
        /// Nobody is signed in, and no page may be shown.
        login_required = 50_058;
        /// Several are signed in, and no page may be shown.
        account_selection_required = 16_000;
        /// An approval is needed, and no page may be shown.
        consent_required = 65_001;
        /// Some other page is needed, and none may be shown.
        interaction_required = 50_158;
        /// The request object does not hold, [RFC 9101 §6].
        invalid_request_object = 90_101;
        /// The request object is nowhere where it could be fetched, [RFC 9101 §7].
        invalid_request_uri = 90_102;
        /// No sign-in here is as sure as the client needs it, [OpenID Connect Core Unmet Authentication Requirements §2].
        unmet_authentication_requirements = 50_074;
        /// We cannot answer now; nothing was changed.
        temporarily_unavailable = 90_033;
        /// The token does not hold, [RFC 6750 §3.1].
        invalid_token = 50_027;
        /// The token is for less than this, [RFC 6750 §3.1].
        insufficient_scope = 65_002;
        /// Nobody has answered for the device yet, [RFC 8628 §3.5].
        authorization_pending = 70_016;
        /// The device asks too often, [RFC 8628 §3.5].
        slow_down = 90_055;
        /// The device code ran out, [RFC 8628 §3.5].
        expired_token = 70_019;
        /// The person said no to a device, in the words of the Microsoft world.
        authorization_declined = 70_017;
        /// A device code that does not hold, in the words of the Microsoft world.
        bad_verification_code = 70_018;
        /// The DPoP proof is missing or does not hold, [RFC 9449 §5].
        invalid_dpop_proof = 90_023;
        /// The DPoP proof has to carry the nonce of the answer, [RFC 9449 §8].
        use_dpop_nonce = 90_023;
        /// The resource is not one that tokens are issued for, [RFC 8707 §2].
        invalid_target = 50_001;
    }

    /// The same error with the number of a more particular one.
    #[must_use]
    pub fn numbered(self, number: u32) -> Self {
        Self { number, ..self }
    }

    /// The same error with what Microsoft's clients decide by.
    #[must_use]
    pub fn because(self, suberror: &'static str) -> Self {
        Self { suberror: Some(suberror), ..self }
    }
}

/// Keeps a description within 0x20-0x21, 0x23-0x5B, 0x5D-0x7E, [RFC 6749 §5.2].
fn presentable(text: Cow<'static, str>) -> Cow<'static, str> {
    let allowed = |c: char| matches!(c, '\x20' | '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
    if text.chars().all(allowed) && text.len() <= 500 {
        return text;
    }
    Cow::Owned(text.chars().map(|c| if allowed(c) { c } else { '?' }).take(500).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_keeps_to_the_characters_of_the_specification() {
        let error = OAuthError::invalid_scope("the scope \"ü\\\r\n\" does not exist");
        assert_eq!((error.code, &*error.description), ("invalid_scope", "the scope ?????? does not exist"));
        assert_eq!(OAuthError::invalid_scope("x".repeat(501)).description, "x".repeat(500));
    }
}
