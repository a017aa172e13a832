//! What the FAPI 2.0 Security Profile asks of a registration. What it asks of requests is asked where they are read.

use latchkey_jose::Algorithm;

use crate::client::metadata::Metadata;
use crate::client::registration::{ClientKind, Registration};
use crate::client_auth::Method;

/// Why an app cannot be one of this profile, in a sentence for the person who asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotFapi2 {
    /// It could not keep a key of its own. [FAPI 2.0 Security Profile §5.3.2.1]
    #[error("An app of the FAPI 2.0 profile keeps a key of its own: it is a web app or a daemon.")]
    Public,
    /// PKCE stands between a stolen code and its use. [FAPI 2.0 Security Profile §5.3.2.2]
    #[error("An app of the FAPI 2.0 profile uses PKCE, always.")]
    WithoutPkce,
    /// The answer would travel in the open. [FAPI 2.0 Security Profile §5.3.2.2]
    #[error("An app of the FAPI 2.0 profile has redirect URIs of https only.")]
    InsecureRedirectUri,
    /// Tokens would travel in the open. [FAPI 2.0 Security Profile §5.3.2.2]
    #[error("An app of the FAPI 2.0 profile asks for codes, and for no token through the browser.")]
    ResponseTypes,
    /// A device pushes no request.
    #[error("An app of the FAPI 2.0 profile asks by pushed requests, not by device codes.")]
    DeviceCodes,
    /// PKCS #1 padding is not what it trusts. [FAPI 2.0 Security Profile §5.4.1]
    #[error("An app of the FAPI 2.0 profile uses PS256, ES256 or EdDSA, not RS256.")]
    Algorithm,
    /// A secret is known to two. [FAPI 2.0 Security Profile §5.3.2.1]
    #[error("An app of the FAPI 2.0 profile authenticates by a key and not by a secret.")]
    Secret,
}

/// The algorithms by which such an app signs, and by which it is answered. RS256 is not among them. [FAPI 2.0 Security Profile §5.4.1]
pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps256];

/// The methods by which such an app authenticates.
pub const fn authenticates_by(method: Method) -> bool {
    matches!(method, Method::PrivateKeyJwt | Method::TlsClientAuth | Method::SelfSignedTlsClientAuth)
}

/// Checks a registration, and says for it what it would otherwise get by default.
pub(super) fn check(registration: &mut Registration) -> Result<(), NotFapi2> {
    if !registration.kind.is_confidential() {
        return Err(NotFapi2::Public);
    }
    if registration.pkce_optional {
        return Err(NotFapi2::WithoutPkce);
    }
    if !registration.redirect_uris.iter().all(|uri| uri.trim_start().starts_with("https://")) {
        return Err(NotFapi2::InsecureRedirectUri);
    }
    if registration.metadata.response_types.iter().any(|one| one.has_tokens()) {
        return Err(NotFapi2::ResponseTypes);
    }
    if registration.device_code {
        return Err(NotFapi2::DeviceCodes);
    }
    // A daemon asks for nothing that would be signed but an answer about its own tokens.
    let signs_people_in = registration.kind != ClientKind::Daemon;
    registration.pushed_only = signs_people_in;
    let Metadata {
        id_token_signed_response_alg: id_token,
        userinfo_signed_response_alg: userinfo,
        introspection_signed_response_alg: introspection,
        authorization_signed_response_alg: response,
        request_object_signing_alg: request_object,
        access_token_signed_response_alg: access_token,
        ..
    } = &mut registration.metadata;
    introspection.get_or_insert(Algorithm::Es256);
    if signs_people_in {
        id_token.get_or_insert(Algorithm::Es256);
        response.get_or_insert(Algorithm::Es256);
    }
    let mut named = [id_token, userinfo, introspection, response, request_object, access_token].into_iter().flatten();
    if named.all(|algorithm| ALGORITHMS.contains(algorithm)) { Ok(()) } else { Err(NotFapi2::Algorithm) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorize::ResponseType;
    use crate::client::Profile;
    use crate::client::registration::RegistrationError;
    use crate::client::registration::tests::{a_registration, known};

    fn checked(edit: impl FnOnce(&mut Registration)) -> Result<Registration, NotFapi2> {
        let mut registration = Registration { profile: Profile::Fapi2, ..a_registration() };
        edit(&mut registration);
        check(&mut registration).map(|()| registration)
    }

    #[test]
    fn an_app_of_the_profile_pushes_its_requests_and_gets_nothing_signed_with_rs256() {
        let registration = checked(|_| ()).unwrap();
        assert!(registration.pushed_only);
        assert_eq!(registration.metadata.id_token_signed_response_alg, Some(Algorithm::Es256));
        let ps256 = checked(|one| one.metadata.id_token_signed_response_alg = Some(Algorithm::Ps256)).unwrap();
        assert_eq!(ps256.metadata.id_token_signed_response_alg, Some(Algorithm::Ps256));
        let daemon = checked(|one| (one.kind, one.redirect_uris) = (ClientKind::Daemon, Vec::new())).unwrap();
        assert!(!daemon.pushed_only && daemon.metadata.id_token_signed_response_alg.is_none());
    }

    #[test]
    fn what_the_profile_does_not_allow_is_refused_at_registration() {
        type Edit = fn(&mut Registration);
        let cases: [(Edit, NotFapi2); 9] = [
            (|one| one.kind = ClientKind::Native, NotFapi2::Public),
            (|one| one.kind = ClientKind::SinglePage, NotFapi2::Public),
            (|one| one.pkce_optional = true, NotFapi2::WithoutPkce),
            (|one| one.redirect_uris = vec!["http://localhost/back".into()], NotFapi2::InsecureRedirectUri),
            (|one| one.device_code = true, NotFapi2::DeviceCodes),
            (|one| one.metadata.response_types = vec![ResponseType::CodeIdToken], NotFapi2::ResponseTypes),
            (|one| one.metadata.id_token_signed_response_alg = Some(Algorithm::Rs256), NotFapi2::Algorithm),
            (|one| one.metadata.request_object_signing_alg = Some(Algorithm::Rs256), NotFapi2::Algorithm),
            (|one| one.metadata.access_token_signed_response_alg = Some(Algorithm::Rs256), NotFapi2::Algorithm),
        ];
        for (edit, why) in cases {
            assert_eq!(checked(edit).unwrap_err(), why);
        }
        let public = Registration { profile: Profile::Fapi2, kind: ClientKind::Native, ..a_registration() };
        let refused = public.check(&known()).unwrap_err();
        assert_eq!(refused, RegistrationError::Fapi2(NotFapi2::Public));
    }

    #[test]
    fn no_secret_is_good_enough() {
        for method in Method::ALL {
            let by_key =
                matches!(method, Method::PrivateKeyJwt | Method::TlsClientAuth | Method::SelfSignedTlsClientAuth);
            assert_eq!(authenticates_by(method), by_key, "{method:?}");
        }
    }
}
