// @azure/msal-node: the code flow with PKCE, the interactive flow of a native app, silent refresh, the device flow, the end of all that
// by revocation; an app that is called and goes on on behalf of the person; then an app by itself, with its secret and with a certificate.

import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ConfidentialClientApplication, CryptoProvider, InteractionRequiredAuthError, PublicClientApplication } from '@azure/msal-node';

import { certificateOf } from '../lib/certificate.mjs';
import { CALLBACK, account, client, demo, latchkey } from '../lib/demo.mjs';
import { Person } from '../lib/person.mjs';
import { done, test } from '../lib/tap.mjs';

// The DevOps side as a resource, as Microsoft's clients name it.
const scopes = ['499b84ac-1321-427f-aa17-267ca6975798/.default'];
const authority = `${demo.https_origin}/${demo.tenant_id}`;

const ana = account('owner');
const person = new Person(ana);
// Registered with the profile for Microsoft's clients: their tokens carry the claims that msal reads.
const web = named('Dashboard for MSAL');
const native = named('Pocket Tools');

const app = confidential(web);

const tokens = await test('the code flow with PKCE gives tokens with the claims that msal reads', async () => {
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const request = { scopes, redirectUri: CALLBACK, state: 'here', nonce: 'once' };
  const address = await app.getAuthCodeUrl({ ...request, codeChallenge: challenge, codeChallengeMethod: 'S256' });
  const { code, state, client_info } = Object.fromEntries((await person.approve(address, CALLBACK)).searchParams);
  const arrived = { code, state, nonce: request.nonce, client_info };
  const answer = await app.acquireTokenByCode({ ...request, code, codeVerifier: verifier }, arrived);
  assert.equal(answer.account.username, ana.email);
  assert.equal(answer.tenantId, demo.tenant_id);
  assert.ok(answer.expiresOn - Date.now() <= 90 * 60_000, String(answer.expiresOn));
  assert.equal(await readsProjects(answer), 200);
  return answer;
});

await test('a silent call is answered from the cache, and a forced one refreshes', async () => {
  const [mine] = await app.getTokenCache().getAllAccounts();
  const cached = await app.acquireTokenSilent({ scopes, account: mine });
  assert.equal(cached.fromCache, true);
  assert.equal(cached.accessToken, tokens.accessToken);
  const fresh = await app.acquireTokenSilent({ scopes, account: mine, forceRefresh: true });
  assert.equal(fresh.fromCache, false);
  assert.equal(await readsProjects(fresh), 200);
});

const pocket = publicApp(native);

await test('the interactive flow of a native app comes back to its loopback port by form post', async () => {
  const answer = await pocket.acquireTokenInteractive({ scopes, openBrowser: answerIn });
  assert.equal(answer.account.username, ana.email);
  assert.equal(await readsProjects(answer), 200);
});

await test('the native app refreshes without a secret', async () => {
  const [mine] = await pocket.getAllAccounts();
  const fresh = await pocket.acquireTokenSilent({ scopes, account: mine, forceRefresh: true });
  assert.equal(fresh.fromCache, false);
  assert.equal(await readsProjects(fresh), 200);
});

await test('the device flow gives tokens once the person has typed the code', async () => {
  let typed;
  const answer = await publicApp(native).acquireTokenByDeviceCode({
    scopes,
    deviceCodeCallback: ({ userCode, verificationUri, message }) => {
      assert.ok(message.includes(userCode) && message.includes(verificationUri), message);
      typed = person.approveDevice(`${verificationUri}?user_code=${userCode}`);
    },
  });
  assert.equal((await typed).heading, 'You can go back to your device');
  assert.equal(answer.account.username, ana.email);
  assert.equal(await readsProjects(answer), 200);
});

const board = await test('an app that was called goes on on behalf of the person, once they have signed in to it', async () => {
  const made = (...order) => latchkey('app', 'create', '--profile', 'microsoft', '--owner', ana.email, ...order);
  const api = await made('--name', 'Board API', '--kind', 'web', '--redirect-uri', CALLBACK, '--scope', 'vso.project',
    '--metadata', JSON.stringify({ exposed_scopes: ['access_as_user'] }));
  const scope = `api://${api.client_id}/access_as_user`;
  const caller = publicApp(await made('--name', 'Board', '--kind', 'native', '--redirect-uri', 'http://localhost', '--scope', scope));
  const called = await caller.acquireTokenInteractive({ scopes: [scope], openBrowser: answerIn });
  assert.equal(await readsProjects(called), 401);
  const behalf = { oboAssertion: called.accessToken, scopes };
  const middle = confidential(api);
  await assert.rejects(middle.acquireTokenOnBehalfOf(behalf), InteractionRequiredAuthError);
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const request = { scopes, redirectUri: CALLBACK };
  const address = await middle.getAuthCodeUrl({ ...request, codeChallenge: challenge, codeChallengeMethod: 'S256' });
  const { code } = Object.fromEntries((await person.approve(address, CALLBACK)).searchParams);
  await middle.acquireTokenByCode({ ...request, code, codeVerifier: verifier });
  const answer = await middle.acquireTokenOnBehalfOf(behalf);
  assert.equal(answer.account.username, ana.email);
  assert.equal(await readsProjects(answer), 200);
  assert.equal((await middle.acquireTokenOnBehalfOf(behalf)).fromCache, true);
  return answer;
});

await test('after the person revokes it, msal knows that it has to ask the person again', async () => {
  await person.revokeAll(demo.https_origin);
  for (const [each, [mine]] of [[app, await app.getTokenCache().getAllAccounts()], [pocket, await pocket.getAllAccounts()]]) {
    await assert.rejects(each.acquireTokenSilent({ scopes, account: mine, forceRefresh: true }), (error) => {
      assert.ok(error instanceof InteractionRequiredAuthError, String(error));
      return true;
    });
  }
  assert.equal(await readsProjects(tokens), 401);
  assert.equal(await readsProjects(board), 401);
});

await test('a daemon acts by itself with its secret, where an organization took it in', async () => {
  const daemon = confidential(client('daemon'));
  const answer = await daemon.acquireTokenByClientCredential({ scopes });
  assert.equal(await readsProjects(answer), 200);
  assert.equal((await daemon.acquireTokenByClientCredential({ scopes })).fromCache, true);
});

await test('a wrong secret is refused by its number', async () => {
  await refused(confidential({ ...web, client_secret: 'lks_wrong' }), 7000215);
});

const certified = await test('a daemon signs with its certificate, by either thumbprint', async () => {
  const { privateKey, certificate, sha1, sha256 } = certificateOf('interop');
  const file = join(demo.data_dir, 'msal-node.pem');
  await writeFile(file, certificate);
  const { client_id } = await latchkey('app', 'create', '--name', 'MSAL for Node', '--kind', 'daemon', '--profile', 'microsoft',
    '--owner', ana.email, '--scope', 'vso.project', '--scope', 'vso.work');
  await latchkey('app', 'key', 'add', client_id, file);
  await rm(file);
  // PS256 with x5t#S256 and x5c, then RS256 with x5t.
  for (const named of [{ thumbprintSha256: sha256, x5c: certificate }, { thumbprint: sha1 }]) {
    const daemon = withCertificate(client_id, { privateKey, ...named });
    // msal keeps its assertion for ten minutes and sends it again.
    for (const scope of ['.default', 'vso.work', 'vso.project']) {
      const [resource] = scopes[0].split('/');
      assert.ok((await daemon.acquireTokenByClientCredential({ scopes: [`${resource}/${scope}`] })).accessToken);
    }
  }
  return client_id;
});

await test('another certificate is refused by its number', async () => {
  const { privateKey, certificate, sha256 } = certificateOf('interop');
  await refused(withCertificate(certified, { privateKey, thumbprintSha256: sha256, x5c: certificate }), 700027);
});

done();

function named(name) {
  return demo.clients.find((each) => each.name === name);
}

function confidential({ client_id: clientId, client_secret: clientSecret }) {
  return new ConfidentialClientApplication({ auth: { ...trusted(clientId), clientSecret } });
}

function withCertificate(clientId, clientCertificate) {
  return new ConfidentialClientApplication({ auth: { ...trusted(clientId), clientCertificate } });
}

function publicApp({ client_id: clientId }) {
  return new PublicClientApplication({ auth: trusted(clientId) });
}

/** An authority that is none of Microsoft's has to be named as known. */
function trusted(clientId) {
  return { clientId, authority, knownAuthorities: [new URL(authority).host] };
}

/** What msal opens instead of a window: the person answers, and their browser posts the answer to the port where msal listens. */
async function answerIn(address) {
  const listening = new URL(new URL(address).searchParams.get('redirect_uri')).href;
  const back = await person.approve(address, listening);
  await fetch(listening, { method: 'POST', body: back.searchParams });
}

/** The server refuses the app, and says so by the number that Microsoft gave to this case. */
async function refused(daemon, number) {
  await assert.rejects(daemon.acquireTokenByClientCredential({ scopes }), (error) => {
    assert.equal(error.errorCode, 'invalid_client');
    assert.match(error.errorMessage, new RegExp(`Error\\(s\\): ${number} `));
    return true;
  });
}

async function readsProjects({ accessToken }) {
  const projects = `${demo.https_origin}/${demo.organization}/_apis/projects`;
  const answer = await fetch(projects, { headers: { authorization: `Bearer ${accessToken}` } });
  return answer.status;
}
