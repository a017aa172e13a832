//! How an app asks and is answered, as its form shows it.

use std::collections::BTreeSet;

use latchkey_identity::authorize::ResponseType;
use latchkey_identity::authorize::authorization_details::DetailsType;
use latchkey_identity::client::{Metadata, SubjectType};
use latchkey_jose::Algorithm;

/// How an app asks and is answered. The form posts to `/apps/{client_id}/answers`: `subject_type`, `sector_identifier_uri`, `response_type`, the
/// fields of [`AlgorithmChoice`], `require_signed_request_object`, `request_uris`, `default_max_age`, `initiate_login_uri` and
/// `authorization_details_types` (nothing for any, `none`, or one).
pub struct AnswersForm {
    /// Whether it knows people by a subject of their own.
    pub pairwise: bool,
    /// Where the redirect URIs are listed of all apps that know people by the same subject.
    pub sector_identifier_uri: String,
    /// What is signed, and by what.
    pub algorithms: Vec<AlgorithmChoice>,
    /// The tokens that the browser may carry to it.
    pub response_types: Vec<ResponseType>,
    /// Whether it asks by signed requests only.
    pub signed_requests_only: bool,
    /// Where its request objects are, one a line.
    pub request_uris: String,
    /// The oldest sign-in that is good enough, in seconds, as it is typed.
    pub default_max_age: String,
    /// Where somebody else may begin its sign-in.
    pub initiate_login_uri: String,
    /// The types of authorization details that it uses: any if nothing is said.
    pub details_types: Option<BTreeSet<DetailsType>>,
}

/// What one thing is signed by.
pub struct AlgorithmChoice {
    /// The registered name of the setting, which is the name of the field.
    pub name: &'static str,
    /// What is signed.
    pub label: &'static str,
    /// What it means if nothing is chosen.
    pub otherwise: &'static str,
    /// What is chosen.
    pub chosen: Option<Algorithm>,
}

impl AlgorithmChoice {
    /// What there is to choose from, and whether it is chosen.
    pub fn options(&self) -> impl Iterator<Item = (&'static str, bool)> {
        Algorithm::ALL.into_iter().map(|algorithm| (algorithm.name(), self.chosen == Some(algorithm)))
    }
}

impl AnswersForm {
    /// What it may ask for beside codes, and whether it does.
    pub fn types(&self) -> impl Iterator<Item = (&'static str, bool)> {
        let beside = ResponseType::ALL.into_iter().filter(|one| one.has_tokens());
        beside.map(|one| (one.name(), self.response_types.contains(&one)))
    }

    /// What there is to choose of authorization details, in words for the form and for people, and whether it is chosen.
    pub fn details(&self) -> impl Iterator<Item = (&'static str, String, bool)> {
        let held = self.details_types.as_ref();
        let only = |one: DetailsType| held.is_some_and(|held| held.contains(&one));
        let each = DetailsType::ALL.map(|one| (one.name(), format!("{} only", one.name()), only(one)));
        let none = held.is_some_and(BTreeSet::is_empty);
        let first = [("", "Any type".to_owned(), held.is_none()), ("none", "None".to_owned(), none)];
        first.into_iter().chain(each)
    }

    /// The form of what is registered.
    pub fn of(metadata: &Metadata) -> Self {
        let choice = |name, label, otherwise, chosen| AlgorithmChoice { name, label, otherwise, chosen };
        Self {
            pairwise: metadata.subject_type == SubjectType::Pairwise,
            sector_identifier_uri: metadata.sector_identifier_uri.clone().unwrap_or_default(),
            algorithms: vec![
                choice("id_token_signed_response_alg", "ID tokens", "RS256", metadata.id_token_signed_response_alg),
                choice("userinfo_signed_response_alg", "UserInfo", "Not signed", metadata.userinfo_signed_response_alg),
                choice(
                    "authorization_signed_response_alg",
                    "Answers to the browser, where it asks for signed ones",
                    "RS256",
                    metadata.authorization_signed_response_alg,
                ),
                choice(
                    "introspection_signed_response_alg",
                    "Introspection, where it asks for a signed one",
                    "RS256",
                    metadata.introspection_signed_response_alg,
                ),
                choice(
                    "request_object_signing_alg",
                    "Its own request objects",
                    "Any of these",
                    metadata.request_object_signing_alg,
                ),
            ],
            response_types: metadata.response_types.clone(),
            signed_requests_only: metadata.require_signed_request_object,
            request_uris: metadata.request_uris.join("\n"),
            default_max_age: metadata.default_max_age.map(|age| age.to_string()).unwrap_or_default(),
            initiate_login_uri: metadata.initiate_login_uri.clone().unwrap_or_default(),
            details_types: metadata.authorization_details_types.clone(),
        }
    }
}
