//! What somebody typed about an app, and where on the form a mistake in it is.

use latchkey_identity::client::metadata::BadMetadata;
use latchkey_identity::client::registration::{Registration, RegistrationError};
use latchkey_identity::client::{ClientKind, LogoutUris, Metadata, Profile, RedirectUri};
use latchkey_identity::scope::ScopeSet;

use super::visit::Visit;
use crate::pages::{Problem, Problems};

/// Redirect URIs as they are typed, one a line.
pub(super) fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Redirect URIs as they are shown, one a line.
pub(super) fn shown(uris: &[RedirectUri]) -> String {
    uris.iter().map(RedirectUri::as_str).collect::<Vec<_>>().join("\n")
}

/// What the form of a new app says. An unknown kind or profile is no choice.
pub(super) fn typed(visit: &Visit) -> Option<Registration> {
    let text = |name: &str| visit.posted(name).unwrap_or_default();
    let (scopes, required_scopes) = scopes(visit);
    Some(Registration {
        name: text("name").to_owned(),
        kind: ClientKind::parse(text("kind"))?,
        profile: Profile::parse(text("profile"))?,
        redirect_uris: lines(text("redirect_uris")),
        logout: LogoutUris::default(),
        device_code: false,
        pushed_only: false,
        scopes,
        required_scopes,
        metadata: Metadata::default(),
        multi_tenant: false,
        pkce_optional: visit.posted("without_pkce").is_some(),
    })
}

/// The scopes that were ticked and those of other apps, and those of them marked as required.
pub(super) fn scopes(visit: &Visit) -> (ScopeSet, ScopeSet) {
    let of_apps = lines(visit.posted("app_scopes").unwrap_or_default());
    let asked: ScopeSet = visit.all_posted("scope").collect();
    (asked.union(&of_apps.into_iter().collect()), visit.all_posted("required").collect())
}

/// An address that may be left out.
pub(super) fn one(visit: &Visit, field: &str) -> Option<String> {
    visit.posted(field).map(str::trim).filter(|typed| !typed.is_empty()).map(str::to_owned)
}

/// What the form says of the end of a sign-in.
pub(super) fn logout(visit: &Visit) -> LogoutUris<String> {
    LogoutUris {
        post_logout_redirect_uris: lines(visit.posted("post_logout_redirect_uris").unwrap_or_default()),
        backchannel_logout_uri: one(visit, "backchannel_logout_uri"),
        frontchannel_logout_uri: one(visit, "frontchannel_logout_uri"),
    }
}

/// A mistake, at the field where it can be mended.
pub(super) fn problems(error: &RegistrationError) -> Problems {
    use RegistrationError as E;
    let field = match error {
        E::Name | E::ReservedName | E::TakenId | E::NotYours | E::TooManyApps => "name",
        E::RedirectUri { .. } | E::NoRedirectUri | E::DaemonRedirects | E::TooManyRedirectUris => "redirect-uris",
        E::PostLogoutRedirectUri { .. } | E::PostLogoutRedirectUris => "post-logout-uris",
        E::BackchannelLogoutUri(_) => "backchannel-logout-uri",
        E::FrontchannelLogoutUri(_) => "frontchannel-logout-uri",
        E::DeviceCodes => "device-code",
        E::PushedOnly => "pushed-only",
        E::Metadata(BadMetadata::ExposedScopes | BadMetadata::NothingExposed) => "api",
        E::Metadata(BadMetadata::Callers) => "callers",
        E::Metadata(BadMetadata::CertificateName) => "certificate-name",
        E::Metadata(BadMetadata::JwksUri) => "jwks-uri",
        E::Metadata(BadMetadata::Presentation) => "presentation",
        E::Metadata(BadMetadata::TwoConstraints) => "binding",
        E::Metadata(BadMetadata::Value(field)) => field,
        E::Metadata(_) => "answers",
        E::UnknownScope(_) | E::RequiredScope(_) => "scopes",
        E::PkceNeeded => "without-pkce",
        E::NoNewLegacyApps | E::Fapi2(_) => "profile",
        E::Key(_) => "key",
        E::Federation(_) => "federation-name",
        E::Method | E::CertificateNameNeeded => "method",
        E::LegacyStaysAsItIs | E::DescribesItself | E::KindStays => "name",
        E::SecretLifetime
        | E::LegacySecretLifetime
        | E::TooManySecrets
        | E::PublicClient
        | E::WeakSecret
        | E::SecretMadeHere => "secret-expires",
    };
    at(field, error.to_string())
}

/// One thing that is wrong.
pub(super) fn at(field: &str, sentence: String) -> Problems {
    Problems(vec![Problem { field: field.to_owned(), sentence }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_uris_are_typed_one_a_line() {
        let typed = " https://a.test/one \r\n\r\nhttps://a.test/two";
        assert_eq!(lines(typed), ["https://a.test/one", "https://a.test/two"]);
        let uris = lines(typed).into_iter().map(RedirectUri::from_stored).collect::<Vec<_>>();
        assert_eq!(shown(&uris), "https://a.test/one\nhttps://a.test/two");
    }

    #[test]
    fn a_mistake_is_told_at_its_field_in_the_words_of_the_rule() {
        let problems = problems(&RegistrationError::NoRedirectUri);
        assert_eq!(problems.of("redirect-uris"), Some(RegistrationError::NoRedirectUri.to_string().as_str()));
        assert_eq!(problems.of("name"), None);
    }
}
