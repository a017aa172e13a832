// A page of the Microsoft world that keeps no secret and has no server of its own. Its address says by which tenant it signs people in
// (`?tenant=`) and how its library finds the endpoints (`?protocol=`).

const { InteractionRequiredAuthError, PublicClientApplication } = window.msal;

const { clientId, host, tenant, scopes, projects } = await (await fetch('/settings.json')).json();
const asked = new URLSearchParams(location.search);
const protocolMode = asked.get('protocol') ?? 'AAD';
const authority = `https://${host}/${asked.get('tenant') ?? tenant}${protocolMode === 'OIDC' ? '/v2.0' : ''}`;

const app = new PublicClientApplication({
  auth: {
    clientId,
    authority,
    knownAuthorities: [host],
    redirectUri: `${location.origin}/callback`,
    postLogoutRedirectUri: `${location.origin}/signed-out`,
  },
  system: { protocolMode },
});
await app.initialize();

const actions = {
  'sign-in': () => app.loginRedirect({ scopes }),
  'sign-in-popup': async () => show(await app.loginPopup({ scopes })),
  'switch-account': async () => show(await app.loginPopup({ scopes, prompt: 'select_account' })),
  silent: async () => show(await app.acquireTokenSilent({ scopes })),
  renew: async () => show(await app.acquireTokenSilent({ scopes, forceRefresh: true })),
  sso: async () => show(await app.ssoSilent({ scopes })),
  'sign-out': () => app.logoutRedirect(),
  'sign-out-popup': async () => show(await app.logoutPopup(mine())),
};
for (const [id, action] of Object.entries(actions)) {
  document.querySelector(`#${id}`).addEventListener('click', () => {
    state('Working');
    said(action());
  });
}

await said(arrive());

async function arrive() {
  const answer = await app.handleRedirectPromise();
  await show(answer ?? undefined);
}

/** Who leaves, and that they were here: without it the server asks. The window comes back to the page that tells this one. */
function mine() {
  const account = app.getActiveAccount();
  return { account, idTokenHint: account.idToken, postLogoutRedirectUri: `${location.origin}/callback` };
}

/** The account that was answered is the one from now on. */
async function show(answer) {
  if (answer) app.setActiveAccount(answer.account);
  const account = app.getActiveAccount();
  if (!account) {
    state('Signed out');
    return;
  }
  if (answer) {
    const read = await fetch(projects, { headers: { authorization: `Bearer ${answer.accessToken}` } });
    const names = read.ok ? (await read.json()).value.map(({ name }) => name) : [];
    document.querySelector('#projects').replaceChildren(...names.map(item));
  }
  state(`Signed in as ${account.username}${answer?.fromCache ? ', from the cache' : ''}`);
}

/** Shows what went wrong: whether a person is needed, and the code that the server or the library gave it. */
async function said(attempt) {
  await attempt.catch((error) => {
    console.warn(error);
    state(error instanceof InteractionRequiredAuthError ? `A person is needed: ${error.errorCode}` : `Failed: ${error.errorCode ?? error}`);
  });
}

function state(words) {
  document.querySelector('#state').textContent = words;
}

function item(name) {
  const line = document.createElement('li');
  line.textContent = name;
  return line;
}
