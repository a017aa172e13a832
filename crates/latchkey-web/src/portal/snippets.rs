//! Code to start an app from, with the app's own values in place: for openid-client, msal and oidc-client-ts.

use latchkey_devops::scope::AUDIENCE;
use latchkey_identity::client::{Client, ClientKind, Profile, RedirectUri};
use latchkey_identity::token;

use crate::pages::app::Snippet;

/// An app at one of our origins, as its code names them.
pub(super) struct Values {
    id: String,
    origin: String,
    issuer: String,
    tenant: String,
    callback: String,
    scope: String,
    quoted: String,
}

impl Values {
    /// Those of an app.
    pub(super) fn of(origin: &str, client: &Client) -> Self {
        let scopes = client.scopes.resource();
        let quoted: Vec<String> = scopes.iter().map(|scope| format!("\"{AUDIENCE}/{scope}\"")).collect();
        Self {
            id: client.id.to_string(),
            origin: origin.to_owned(),
            issuer: token::issuer(origin, client.tenant),
            tenant: if client.multi_tenant { "common".to_owned() } else { client.tenant.to_string() },
            callback: client.redirect_uris.first().map_or("(your redirect URI)", RedirectUri::as_str).to_owned(),
            scope: scopes.to_string(),
            quoted: quoted.join(", "),
        }
    }

    /// A web app with openid-client.
    pub(super) fn openid_client(&self) -> String {
        let Self { id, issuer, callback, scope, .. } = self;
        format!(
            "const config = await client.discovery(new URL('{issuer}'), '{id}', CLIENT_SECRET);\n\
             const pkceCodeVerifier = client.randomPKCECodeVerifier();\nconst expectedState = client.randomState();\n\
             // Send the person here, and keep both with their session.\n\
             const url = client.buildAuthorizationUrl(config, {{\n  redirect_uri: '{callback}',\n  \
             scope: 'openid offline_access {scope}',\n  state: expectedState,\n  \
             code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),\n  \
             code_challenge_method: 'S256',\n}});\n\
             // At the redirect URI:\n\
             const tokens = await client.authorizationCodeGrant(config, currentUrl, {{ pkceCodeVerifier, expectedState }});\n\
             // Later:\nconst next = await client.refreshTokenGrant(config, tokens.refresh_token);"
        )
    }

    /// A web app with msal for Python.
    pub(super) fn msal_python(&self) -> String {
        let Self { id, origin, tenant, callback, quoted, .. } = self;
        format!(
            "app = msal.ConfidentialClientApplication(\n    \"{id}\", client_credential=CLIENT_SECRET,\n    \
             authority=\"{origin}/{tenant}\", instance_discovery=False)\nscopes = [{quoted}]\n\n\
             # Send the person to flow[\"auth_uri\"], and keep flow with their session.\n\
             flow = app.initiate_auth_code_flow(scopes, redirect_uri=\"{callback}\")\n\
             # At the redirect URI:\nresult = app.acquire_token_by_auth_code_flow(flow, query_parameters)\n\
             # Later, MSAL refreshes by itself:\n\
             result = app.acquire_token_silent(scopes, account=app.get_accounts()[0])"
        )
    }

    /// A web app with msal for Node.js.
    fn msal_node(&self) -> String {
        let Self { callback, quoted, .. } = self;
        format!(
            "{}\nconst request = {{ scopes: [{quoted}], redirectUri: '{callback}' }};\n\
             const {{ verifier, challenge }} = await new CryptoProvider().generatePkceCodes();\n\
             // Send the person here, and keep verifier with their session.\n\
             const url = await app.getAuthCodeUrl({{ ...request, codeChallenge: challenge, codeChallengeMethod: 'S256' }});\n\
             // At the redirect URI:\n\
             const result = await app.acquireTokenByCode({{ ...request, code, codeVerifier: verifier }});\n\
             // Later, MSAL refreshes by itself:\n\
             const next = await app.acquireTokenSilent({{ scopes: request.scopes, account: result.account }});",
            self.msal_node_app("Confidential", ", clientSecret: CLIENT_SECRET")
        )
    }

    fn msal_node_app(&self, kind: &str, credential: &str) -> String {
        let Self { id, origin, tenant, .. } = self;
        format!(
            "const authority = '{origin}/{tenant}';\nconst app = new {kind}ClientApplication({{\n  \
             auth: {{ clientId: '{id}', authority, knownAuthorities: [new URL(authority).host]{credential} }},\n}});"
        )
    }

    fn native(&self) -> [Snippet; 2] {
        let Self { id, origin, tenant, quoted, .. } = self;
        let python = format!(
            "app = msal.PublicClientApplication(\n    \"{id}\", authority=\"{origin}/{tenant}\", instance_discovery=False)\n\
             # It opens the person's browser and waits for the answer.\n\
             result = app.acquire_token_interactive([{quoted}])"
        );
        let node = format!(
            "{}\n// It waits for the answer at a port of its own.\n\
             const result = await app.acquireTokenInteractive({{ scopes: [{quoted}], openBrowser: async (url) => open(url) }});",
            self.msal_node_app("Public", "")
        );
        [snippet("msal-python", "msal for Python", python), snippet("msal-node", "msal for Node.js", node)]
    }

    fn daemon(&self) -> [Snippet; 2] {
        let Self { id, origin, tenant, .. } = self;
        let python = format!(
            "app = msal.ConfidentialClientApplication(\n    \"{id}\", client_credential=CLIENT_SECRET,\n    \
             authority=\"{origin}/{tenant}\", instance_discovery=False)\n\
             result = app.acquire_token_for_client([\"{AUDIENCE}/.default\"])"
        );
        let node = format!(
            "{}\nconst result = await app.acquireTokenByClientCredential({{ scopes: ['{AUDIENCE}/.default'] }});",
            self.msal_node_app("Confidential", ", clientSecret: CLIENT_SECRET")
        );
        [snippet("msal-python", "msal for Python", python), snippet("msal-node", "msal for Node.js", node)]
    }

    fn openid_client_by_itself(&self) -> String {
        let Self { id, issuer, scope, .. } = self;
        format!(
            "const config = await client.discovery(new URL('{issuer}'), '{id}', CLIENT_SECRET);\n\
             const tokens = await client.clientCredentialsGrant(config, {{ scope: '{scope}' }});"
        )
    }

    fn openid_client_on_a_machine(&self) -> String {
        let Self { id, issuer, scope, .. } = self;
        format!(
            "const config = await client.discovery(new URL('{issuer}'), '{id}', undefined, client.None());\n\
             const pkceCodeVerifier = client.randomPKCECodeVerifier();\nconst expectedState = client.randomState();\n\
             // redirect is where your program listens, on any port of loopback.\n\
             const url = client.buildAuthorizationUrl(config, {{\n  redirect_uri: redirect,\n  \
             scope: 'openid offline_access {scope}',\n  state: expectedState,\n  \
             code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),\n  \
             code_challenge_method: 'S256',\n}});\n\
             const tokens = await client.authorizationCodeGrant(config, currentUrl, {{ pkceCodeVerifier, expectedState }});"
        )
    }

    fn oidc_client_ts(&self) -> String {
        let Self { id, issuer, callback, scope, .. } = self;
        format!(
            "const people = new UserManager({{\n  authority: '{issuer}',\n  client_id: '{id}',\n  \
             redirect_uri: '{callback}',\n  scope: 'openid offline_access {scope}',\n}});\n\
             await people.signinRedirect();\n// At the redirect URI:\nconst user = await people.signinCallback();"
        )
    }
}

/// What an app of this kind and profile starts from. One of the FAPI 2.0 profile brings keys of its own, which no few lines show.
pub(super) fn of(origin: &str, client: &Client) -> Vec<Snippet> {
    let values = Values::of(origin, client);
    match (client.profile, client.kind) {
        (Profile::Fapi2 | Profile::Legacy, _) => Vec::new(),
        (_, ClientKind::SinglePage) => vec![snippet("oidc-client-ts", "oidc-client-ts", values.oidc_client_ts())],
        (Profile::Microsoft, ClientKind::Web) => vec![
            snippet("msal-python", "msal for Python", values.msal_python()),
            snippet("msal-node", "msal for Node.js", values.msal_node()),
        ],
        (Profile::Microsoft, ClientKind::Native) => values.native().into(),
        (Profile::Microsoft, ClientKind::Daemon) => values.daemon().into(),
        (Profile::Standard, kind) => {
            let code = match kind {
                ClientKind::Daemon => values.openid_client_by_itself(),
                ClientKind::Native => values.openid_client_on_a_machine(),
                ClientKind::Web | ClientKind::SinglePage => values.openid_client(),
            };
            vec![snippet("openid-client", "openid-client for Node.js", code)]
        }
    }
}

fn snippet(id: &'static str, title: &'static str, code: String) -> Snippet {
    Snippet { id, title, code }
}
