// A client of the older Azure DevOps OAuth kind, as they were written for years: only the host name is another one.
// Written to the public description of that flow (https://learn.microsoft.com/azure/devops/integrate/get-started/authentication/oauth):
// response_type=Assertion, the client secret as client_assertion, the code or the refresh token as assertion. Nothing of ours is in it
// but the person who approves.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { PROJECT, account, demo } from '../lib/demo.mjs';
import { Person } from '../lib/person.mjs';
import { done, test } from '../lib/tap.mjs';

const host = demo.https_origin;
const collection = `${host}/${demo.organization}`;
const [app] = demo.legacy_clients;
const ana = new Person(account('owner'));

/** The address that people are sent to. */
function authorizeUrl(state, edits = {}) {
  const parameters = {
    client_id: app.client_id,
    response_type: 'Assertion',
    state,
    scope: app.scopes.join(' '),
    redirect_uri: app.redirect_uri,
    ...edits,
  };
  return `${host}/oauth2/authorize?${new URLSearchParams(parameters)}`;
}

/** The token request. Answers the status, the body and the headers. */
async function token(grantType, assertion, edits = {}) {
  const body = new URLSearchParams({
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: app.client_secret,
    grant_type: grantType,
    assertion,
    redirect_uri: app.redirect_uri,
    ...edits,
  });
  const response = await fetch(`${host}/oauth2/token`, { method: 'POST', body });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

const redeem = (code, edits) => token('urn:ietf:params:oauth:grant-type:jwt-bearer', code, edits);
const refresh = (refreshToken, edits) => token('refresh_token', refreshToken, edits);

/** What comes back when the person approves. */
async function approved() {
  const state = randomUUID();
  const back = await ana.approve(authorizeUrl(state), app.redirect_uri);
  assert.equal(back.searchParams.get('state'), state);
  return back.searchParams.get('code');
}

async function call(path, accessToken) {
  const response = await fetch(`${collection}/${path}`, { headers: { Authorization: `Bearer ${accessToken}` } });
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
}

let tokens;
let code;

await test('the person approves, and a code comes back', async () => {
  code = await approved();
  assert.ok(code);
});

await test('the code becomes tokens, and expires_in is a text', async () => {
  const { status, body, headers } = await redeem(code);
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(typeof body.expires_in, 'string');
  assert.ok(Number(body.expires_in) > 3000 && Number(body.expires_in) <= 3600, body.expires_in);
  assert.equal(body.access_token.split('.').length, 3);
  assert.ok(body.refresh_token);
  assert.ok(headers.get('deprecation'), 'it is told that its time is over');
  tokens = body;
});

await test('it reads the projects', async () => {
  const { status, body } = await call('_apis/projects?api-version=2.0', tokens.access_token);
  assert.equal(status, 200, JSON.stringify(body));
  assert.ok(body.value.some((project) => project.name === PROJECT));
});

await test('it reads a work item', async () => {
  const { status, body } = await call('_apis/wit/workitems/1?api-version=5.0', tokens.access_token);
  assert.equal(status, 200, JSON.stringify(body));
  assert.ok(body.fields['System.Title']);
});

await test('it reads what is in a repository', async () => {
  const repositories = await call(`${PROJECT}/_apis/git/repositories?api-version=5.0`, tokens.access_token);
  const [repository] = repositories.body.value;
  const items = `${PROJECT}/_apis/git/repositories/${repository.id}/items?recursionLevel=Full&api-version=5.0`;
  const { status, body } = await call(items, tokens.access_token);
  assert.equal(status, 200, JSON.stringify(body));
  assert.ok(body.value.some((item) => item.gitObjectType === 'blob'));
});

await test('it may not write: nobody approved that', async () => {
  const response = await fetch(`${collection}/_apis/wit/workitems/1?api-version=5.0`, {
    method: 'PATCH',
    headers: { Authorization: `Bearer ${tokens.access_token}`, 'Content-Type': 'application/json-patch+json' },
    body: JSON.stringify([{ op: 'add', path: '/fields/System.Title', value: 'x' }]),
  });
  assert.ok([401, 403].includes(response.status), String(response.status));
});

const before = tokens?.refresh_token;

await test('a refresh token brings the next tokens', async () => {
  const first = await refresh(tokens.refresh_token);
  assert.equal(first.status, 200, JSON.stringify(first.body));
  assert.equal(typeof first.body.expires_in, 'string');
  assert.notEqual(first.body.refresh_token, tokens.refresh_token);
  const second = await refresh(first.body.refresh_token);
  assert.equal(second.status, 200, JSON.stringify(second.body));
  tokens = second.body;
  assert.equal((await call('_apis/projects', tokens.access_token)).status, 200);
});

await test('an old refresh token again is refused, and ends the new ones', async () => {
  const replayed = await refresh(before);
  refusedWith(replayed, 'invalid_request');
  refusedWith(await refresh(tokens.refresh_token), 'invalid_request');
});

await test('a code is taken once', async () => {
  const { body } = await redeem(await approved());
  tokens = body;
  refusedWith(await redeem(code), 'invalid_request');
});

await test('a code is no refresh token, and the reverse', async () => {
  const fresh = await approved();
  refusedWith(await refresh(fresh), 'invalid_request');
  refusedWith(await redeem(tokens.refresh_token), 'invalid_request');
  assert.equal((await redeem(fresh)).status, 200, 'and it was not used up');
});

await test('a wrong secret is refused in the words that developers search for', async () => {
  const refused = await refresh(tokens.refresh_token, { client_assertion: 'app-secret' });
  refusedWith(refused, 'invalid_client');
  assert.match(refused.body.ErrorDescription, /Failed to deserialize the JsonWebToken object/);
});

await test('another redirect URI is a page and no redirect', async () => {
  const response = await fetch(authorizeUrl('s', { redirect_uri: 'https://elsewhere.test/' }), { redirect: 'manual' });
  assert.equal(response.status, 400);
  assert.match(response.headers.get('content-type'), /text\/html/);
});

await test('no new app of this kind can be registered', async () => {
  const page = await fetch(`${host}/app/register`);
  assert.equal(page.status, 410);
  assert.match(await page.text(), /\/apps\/new/);
});

await test('after the person takes it back, the next call is a 401 and nothing is refreshed', async () => {
  assert.equal((await call('_apis/projects', tokens.access_token)).status, 200);
  await ana.revokeAll(host);
  assert.equal((await call('_apis/projects', tokens.access_token)).status, 401);
  const refused = await refresh(tokens.refresh_token);
  assert.equal(refused.status, 400, JSON.stringify(refused.body));
});

await test('asked again, the person may approve again', async () => {
  const { status, body } = await redeem(await approved());
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal((await call('_apis/projects', body.access_token)).status, 200);
});

done();

function refusedWith({ status, body }, error) {
  assert.equal(status, 400, JSON.stringify(body));
  assert.deepEqual(Object.keys(body).sort(), ['Error', 'ErrorDescription']);
  assert.equal(body.Error, error, JSON.stringify(body));
}
