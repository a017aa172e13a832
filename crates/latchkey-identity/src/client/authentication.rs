//! How a client proves who it is without a secret: with keys of its own. And the one method that counts, if only one does.

use crate::account::Account;
use crate::change::Change;
use crate::client::fapi2::{self, NotFapi2};
use crate::client::federated_credential::FederatedCredential;
use crate::client::key::ClientKey;
use crate::client::metadata::Metadata;
use crate::client::registration::{Client, Profile, RegistrationError, may_be_edited};
use crate::client_auth::Method;
use crate::decision::Decision;
use crate::event::Event;
use crate::time::Timestamp;

/// How a client proves who it is without a secret.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Authentication {
    /// The one method that counts, `token_endpoint_auth_method`. Without it whatever the client has registered counts. [RFC 7591 §2]
    pub method: Option<Method>,
    /// Its public keys, a few at most.
    pub keys: Vec<ClientKey>,
    /// What tokens of other issuers have to say to stand for it.
    pub federated: Vec<FederatedCredential>,
}

/// Fixes a client to one method, or to none in particular.
pub fn fix_method(
    client: &Client,
    method: Option<Method>,
    by: &Account,
    now: Timestamp,
) -> Decision<Client, RegistrationError> {
    if !client.may_be_changed_by(by) {
        return Decision::refuse(RegistrationError::NotYours);
    }
    if let Err(error) = may_be_edited(client) {
        return Decision::refuse(error);
    }
    if client.profile == Profile::Fapi2 && !method.is_none_or(fapi2::authenticates_by) {
        return Decision::refuse(NotFapi2::Secret.into());
    }
    let suits =
        |method: Method| Method::ALL.contains(&method) && (method != Method::None) == client.kind.is_confidential();
    if !method.is_none_or(suits) {
        return Decision::refuse(RegistrationError::Method);
    }
    if let Err(error) = stands_on_a_name(method, &client.metadata) {
        return Decision::refuse(error);
    }
    let authentication = Authentication { method, ..client.authentication.clone() };
    let changed = Client { authentication, version: client.version + 1, ..client.clone() };
    Decision::grant(changed.clone())
        .and(Change::Record(Event::app_changed(&changed, now).by(by.id)))
        .and(Change::FixAuthMethod { client: client.id, method, from_version: client.version })
}

/// A method that goes by the name of a certificate needs one. [RFC 8705 §2.1.2]
pub(super) fn stands_on_a_name(method: Option<Method>, metadata: &Metadata) -> Result<(), RegistrationError> {
    match method {
        Some(Method::TlsClientAuth) if metadata.certificate_name().is_none() => {
            Err(RegistrationError::CertificateNameNeeded)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ClientKind;
    use crate::client::registration::tests::a_client;
    use crate::client_auth::tls_client_auth::NameKind;
    use crate::sign_in::tests::an_account;

    #[test]
    fn an_app_is_fixed_to_a_method_of_its_kind() {
        let now = Timestamp::from_secs(1);
        let client = Client { owner: Some(an_account().id), ..a_client() };
        let public = Client { kind: ClientKind::Native, ..client.clone() };
        let fix = |client: &Client, method| fix_method(client, method, &an_account(), now).answer.map(|_| ());
        for method in Method::PROVING.into_iter().filter(|method| *method != Method::TlsClientAuth) {
            assert_eq!(fix(&client, Some(method)), Ok(()), "{method:?}");
            assert_eq!(fix(&public, Some(method)), Err(RegistrationError::Method), "{method:?}");
        }
        let by_name = Some(Method::TlsClientAuth);
        assert_eq!(fix(&client, by_name), Err(RegistrationError::CertificateNameNeeded));
        let mut named = client.clone();
        named.metadata.set_certificate_name(Some((NameKind::SanDns, "ci.harbor.test".into())));
        assert_eq!(fix(&named, by_name), Ok(()));
        assert_eq!(fix(&client, None), Ok(()));
        assert_eq!(fix(&client, Some(Method::None)), Err(RegistrationError::Method));
        assert_eq!(fix(&public, Some(Method::None)), Ok(()));
        assert_eq!(fix(&client, Some(Method::LegacyAssertion)), Err(RegistrationError::Method));
        assert_eq!(fix(&Client { owner: None, ..client }, None), Err(RegistrationError::NotYours));
    }
}
