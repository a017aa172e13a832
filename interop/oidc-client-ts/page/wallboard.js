// A page that keeps no secret and has no server of its own: it asks for tokens, shows projects, and renews by its refresh token.

const { Log, UserManager } = window.oidc;
Log.setLogger(console);
Log.setLevel(Log.WARN);

const { authority, client_id, projects } = await (await fetch('/settings.json')).json();
const manager = new UserManager({
  authority,
  client_id,
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: `${location.origin}/signed-out`,
  scope: 'openid profile email offline_access vso.project',
  loadUserInfo: true,
  automaticSilentRenew: false,
  revokeTokensOnSignout: true,
});

document.querySelector('#sign-in').addEventListener('click', () => said(manager.signinRedirect({ state: 'from the button' })));
document.querySelector('#renew').addEventListener('click', () => said(manager.signinSilent().then(show)));
document.querySelector('#sign-out').addEventListener('click', () => said(manager.signoutRedirect({ state: 'from the button' })));

await said(arrive());

/** What the address says that has happened; also in the frame that a silent request is made in. */
async function arrive() {
  if (location.pathname === '/callback') {
    const user = await manager.signinCallback();
    if (!user) return; // this is the frame, and the page around it has the answer
    history.replaceState(null, '', '/');
  }
  if (location.pathname === '/signed-out') await manager.signoutCallback();
  await show(await manager.getUser());
}

async function show(user) {
  if (!user) {
    state('Signed out');
    return;
  }
  const answer = await fetch(projects, { headers: { authorization: `Bearer ${user.access_token}` } });
  const names = answer.ok ? (await answer.json()).value.map(({ name }) => name) : [];
  document.querySelector('#projects').replaceChildren(...names.map(item));
  state(`Signed in as ${user.profile.email}`);
}

/** Shows what went wrong by the code that the server gave it. */
async function said(attempt) {
  await attempt.catch((error) => state(`Failed: ${error.error ?? error}`));
}

function state(words) {
  document.querySelector('#state').textContent = words;
}

function item(name) {
  const line = document.createElement('li');
  line.textContent = name;
  return line;
}
