//! How an app asks and is answered, as its owner sets it.

use std::collections::BTreeSet;
use std::str::FromStr;

use latchkey_identity::authorize::ResponseType;
use latchkey_identity::authorize::authorization_details::DetailsType;
use latchkey_identity::client::metadata::{BadMetadata, Metadata, SubjectType};
use latchkey_identity::client::registration::RegistrationError;
use latchkey_jose::Algorithm;

use super::app::{Shown, back, edited, refused};
use super::registration::lines;
use super::visit::{Answer, Visit};
use crate::pages::app::Part;
use crate::pages::app_answers::AnswersForm;

/// `POST /apps/{id}/answers`
pub(super) async fn save(visit: Visit) -> Answer {
    let (typed, readable) = read(&visit);
    let saved = match readable {
        Ok(()) => edited(&visit, |registration| put(&typed, &mut registration.metadata)).await?,
        Err(error) => Err(RegistrationError::Metadata(error)),
    };
    match saved {
        Ok(client) => back(&visit, client.id, Part::Requests, "answers"),
        Err(error) => {
            let default_max_age = visit.posted("default_max_age").unwrap_or_default().to_owned();
            let form = AnswersForm { default_max_age, ..AnswersForm::of(&typed) };
            refused(&visit, &error, Shown::with_answers(form)).await
        }
    }
}

/// What the form says, and whether all of it can be read.
fn read(visit: &Visit) -> (Metadata, Result<(), BadMetadata>) {
    let mut readable = Ok(());
    let text = |name: &str| visit.posted(name).map(str::trim).filter(|text| !text.is_empty());
    let mut algorithm = |name| value::<Algorithm>(name, text(name), &mut readable);
    let typed = Metadata {
        id_token_signed_response_alg: algorithm("id_token_signed_response_alg"),
        userinfo_signed_response_alg: algorithm("userinfo_signed_response_alg"),
        authorization_signed_response_alg: algorithm("authorization_signed_response_alg"),
        introspection_signed_response_alg: algorithm("introspection_signed_response_alg"),
        request_object_signing_alg: algorithm("request_object_signing_alg"),
        require_signed_request_object: text("require_signed_request_object").is_some(),
        request_uris: lines(visit.posted("request_uris").unwrap_or_default()),
        response_types: response_types(visit),
        default_max_age: value("default_max_age", text("default_max_age"), &mut readable),
        initiate_login_uri: text("initiate_login_uri").map(str::to_owned),
        subject_type: match text("subject_type") {
            Some("pairwise") => SubjectType::Pairwise,
            _ => SubjectType::Public,
        },
        sector_identifier_uri: text("sector_identifier_uri").map(str::to_owned),
        authorization_details_types: text("authorization_details_types").map(details_types),
        ..Metadata::default()
    };
    (typed, readable)
}

/// The types of authorization details that a word stands for: one of them, or none.
fn details_types(word: &str) -> BTreeSet<DetailsType> {
    DetailsType::ALL.into_iter().filter(|one| one.name() == word).collect()
}

/// What it asks for: codes always, and the tokens that are ticked.
fn response_types(visit: &Visit) -> Vec<ResponseType> {
    let ticked = visit.all_posted("response_type").filter_map(ResponseType::parse);
    std::iter::once(ResponseType::Code).chain(ticked).collect()
}

/// The value of a text, if there is one. One that it cannot be is noted.
pub(super) fn value<T: FromStr>(
    name: &'static str,
    text: Option<&str>,
    readable: &mut Result<(), BadMetadata>,
) -> Option<T> {
    let value = text?.parse().ok();
    if value.is_none() {
        *readable = Err(BadMetadata::Value(name));
    }
    value
}

/// Makes it true. What the form does not show stays as it is.
fn put(typed: &Metadata, metadata: &mut Metadata) {
    let typed = typed.clone();
    metadata.subject_type = typed.subject_type;
    metadata.sector_identifier_uri = typed.sector_identifier_uri;
    metadata.response_types = typed.response_types;
    metadata.id_token_signed_response_alg = typed.id_token_signed_response_alg;
    metadata.userinfo_signed_response_alg = typed.userinfo_signed_response_alg;
    metadata.authorization_signed_response_alg = typed.authorization_signed_response_alg;
    metadata.introspection_signed_response_alg = typed.introspection_signed_response_alg;
    metadata.request_object_signing_alg = typed.request_object_signing_alg;
    metadata.require_signed_request_object = typed.require_signed_request_object;
    metadata.request_uris = typed.request_uris;
    metadata.default_max_age = typed.default_max_age;
    metadata.initiate_login_uri = typed.initiate_login_uri;
    metadata.authorization_details_types = typed.authorization_details_types;
}
