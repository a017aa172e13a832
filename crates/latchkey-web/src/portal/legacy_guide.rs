//! What the code of an app of the older OAuth kind must change, with the app's own values in place.

use latchkey_identity::client::{Client, ClientId, RedirectUri};
use latchkey_identity::legacy::LegacyApp;

use super::snippets::Values;
use crate::pages::legacy_app::CodeChange;

/// The two apps, side by side.
pub(super) struct SideBySide<'a> {
    /// Where both are asked for.
    pub(super) origin: &'a str,
    /// The client id of the older one.
    pub(super) older: ClientId,
    /// What else is known of it.
    pub(super) app: &'a LegacyApp,
    /// The new one.
    pub(super) newer: &'a Client,
}

/// The changes, in the order in which a developer comes to them.
pub(super) fn changes(both: &SideBySide<'_>) -> Vec<CodeChange> {
    let SideBySide { origin, older, app, newer } = both;
    let callback = newer.redirect_uris.first().map_or("(your redirect URI)", RedirectUri::as_str);
    let tenant = if newer.multi_tenant { "common".to_owned() } else { newer.tenant.to_string() };
    let id = newer.id;
    let (old_scope, scope) = (app.scopes.to_string(), newer.scopes.to_string());
    let values = Values::of(origin, newer);
    vec![
        CodeChange {
            id: "authorize",
            title: "Where people are sent: the authorize URL",
            before: Some(format!(
                "{origin}/oauth2/authorize\n  ?client_id={older}\n  &response_type=Assertion\n  &scope={old_scope}\n  \
                 &redirect_uri={callback}\n  &state=(random)"
            )),
            after: format!(
                "{origin}/{tenant}/oauth2/v2.0/authorize\n  ?client_id={id}\n  &response_type=code\n  \
                 &scope=offline_access {scope}\n  &redirect_uri={callback}\n  &state=(random)\n  \
                 &code_challenge=(BASE64URL(SHA256(code_verifier)))\n  &code_challenge_method=S256"
            ),
        },
        CodeChange {
            id: "token",
            title: "The token request, with the code",
            before: Some(format!(
                "POST {origin}/oauth2/token\n\n\
                 client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer\n\
                 client_assertion=(client secret)\ngrant_type=urn:ietf:params:oauth:grant-type:jwt-bearer\n\
                 assertion=(code)\nredirect_uri={callback}"
            )),
            after: format!(
                "POST {origin}/{tenant}/oauth2/v2.0/token\n\nclient_id={id}\nclient_secret=(new client secret)\n\
                 grant_type=authorization_code\ncode=(code)\ncode_verifier=(the random text behind code_challenge)\n\
                 redirect_uri={callback}\n\n\
                 The code lives 60 seconds, not 15 minutes. expires_in is a number, and varies: read it.\n\
                 Errors are told as error and error_description."
            ),
        },
        CodeChange {
            id: "refresh",
            title: "The refresh",
            before: Some(format!(
                "POST {origin}/oauth2/token\n\n\
                 client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer\n\
                 client_assertion=(client secret)\ngrant_type=refresh_token\nassertion=(refresh token)\n\
                 redirect_uri={callback}"
            )),
            after: format!(
                "POST {origin}/{tenant}/oauth2/v2.0/token\n\nclient_id={id}\nclient_secret=(new client secret)\n\
                 grant_type=refresh_token\nrefresh_token=(refresh token)\n\n\
                 Each answer brings a new refresh token, as before: keep the newest."
            ),
        },
        CodeChange { id: "msal", title: "The same with MSAL (Python)", before: None, after: values.msal_python() },
        CodeChange {
            id: "openid-client",
            title: "The same with openid-client (Node)",
            before: None,
            after: values.openid_client(),
        },
    ]
}
