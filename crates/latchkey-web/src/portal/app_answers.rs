//! How an app asks and is answered, as its owner sets it.

use latchkey_identity::client::{Metadata, SubjectType};
use latchkey_jose::Algorithm;

use super::app::{Shown, edited, refused};
use super::registration::lines;
use super::visit::{Answer, Visit};
use crate::pages::app_answers::AnswersForm;

/// `POST /apps/{id}/answers`
pub(super) async fn save(visit: Visit) -> Answer {
    match edited(&visit, |registration| read(&visit, &mut registration.metadata)).await? {
        Ok(client) => visit.go_to(&format!("/apps/{}?done=answers", client.id)),
        Err(error) => {
            let mut typed = Metadata::default();
            read(&visit, &mut typed);
            refused(&visit, &error, Shown::with_answers(AnswersForm::of(&typed))).await
        }
    }
}

/// What the form says. What it does not show stays as it is.
fn read(visit: &Visit, metadata: &mut Metadata) {
    let text = |name: &str| visit.posted(name).map(str::trim).filter(|text| !text.is_empty());
    let algorithm = |name: &str| text(name).and_then(|text| text.parse::<Algorithm>().ok());
    metadata.subject_type = match text("subject_type") {
        Some("pairwise") => SubjectType::Pairwise,
        _ => SubjectType::Public,
    };
    metadata.id_token_signed_response_alg = algorithm("id_token_signed_response_alg");
    metadata.userinfo_signed_response_alg = algorithm("userinfo_signed_response_alg");
    metadata.authorization_signed_response_alg = algorithm("authorization_signed_response_alg");
    metadata.introspection_signed_response_alg = algorithm("introspection_signed_response_alg");
    metadata.request_object_signing_alg = algorithm("request_object_signing_alg");
    metadata.require_signed_request_object = text("require_signed_request_object").is_some();
    metadata.request_uris = lines(visit.posted("request_uris").unwrap_or_default());
    metadata.default_max_age = text("default_max_age").and_then(|text| text.parse().ok());
    metadata.initiate_login_uri = text("initiate_login_uri").map(str::to_owned);
}
