// An app of the older OAuth kind that moved: its owner presses the button, and the code that the page shows for openid-client runs as it
// stands there, with that page's client id, addresses and scopes. Nothing of it is typed here.

import assert from 'node:assert/strict';

import * as openidClient from 'openid-client';

import { PROJECT, account, demo } from '../lib/demo.mjs';
import { Person } from '../lib/person.mjs';
import { done, test } from '../lib/tap.mjs';

const AsyncFunction = (async () => {}).constructor;
const BACK = '// At the redirect URI:\n';

const ana = new Person(account('owner'));
const [older] = demo.legacy_clients;
let moved;
let tokens;

async function projects(accessToken) {
  const response = await fetch(`${demo.https_origin}/${demo.organization}/_apis/projects`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  return { status: response.status, names: response.ok ? (await response.json()).value.map((project) => project.name) : [] };
}

await test('its owner moves it, and the page shows the secret and what the code must change', async () => {
  const page = await ana.open(`${demo.https_origin}/apps/${older.client_id}`);
  moved = await ana.press(page, 'move-app');
  assert.equal(moved.status, 200, String(moved));
  assert.match(moved.text('client-secret'), /^lks_/);
  assert.notEqual(moved.text('new-client-id'), older.client_id);
  assert.ok(moved.code('change-openid-client').includes(moved.text('new-client-id')));
});

await test('the code of the page, run as it stands there, gets tokens and refreshes them', async () => {
  const [ask, then] = moved.code('change-openid-client').split(BACK);
  assert.ok(then, 'the person goes away between the two parts');
  const visit = 'const currentUrl = await approve(url);\n';
  const run = new AsyncFunction('client', 'CLIENT_SECRET', 'approve', `${ask}${visit}${then}\nreturn { tokens, next };`);
  const callback = /redirect_uri: '([^']+)'/.exec(ask)[1];
  tokens = await run(openidClient, moved.text('client-secret'), (url) => ana.approve(url, callback));
  assert.ok(tokens.tokens.expires_in <= 90 * 60);
  assert.notEqual(tokens.next.access_token, tokens.tokens.access_token);
});

await test('its tokens open what they opened before', async () => {
  const { status, names } = await projects(tokens.next.access_token);
  assert.equal(status, 200);
  assert.ok(names.includes(PROJECT));
});

await test('the older app goes on working beside it', async () => {
  const request = new URL(`${demo.https_origin}/oauth2/authorize`);
  request.search = new URLSearchParams({
    client_id: older.client_id,
    response_type: 'Assertion',
    state: 'beside',
    scope: older.scopes.join(' '),
    redirect_uri: older.redirect_uri,
  });
  const back = await ana.approve(request, older.redirect_uri);
  const response = await fetch(`${demo.https_origin}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: older.client_secret,
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: back.searchParams.get('code'),
      redirect_uri: older.redirect_uri,
    }),
  });
  assert.equal(response.status, 200, await response.clone().text());
  assert.equal((await projects((await response.json()).access_token)).status, 200);
});

await test('retired, the older app is gone and the new one is not', async () => {
  const page = await ana.open(`${demo.https_origin}/apps/${older.client_id}/retire`);
  const after = await ana.press(page, 'confirm');
  assert.match(after.words, /retired/i, String(after));
  assert.equal((await projects(tokens.next.access_token)).status, 200);
  const gone = await fetch(`${demo.https_origin}/oauth2/authorize?client_id=${older.client_id}&response_type=Assertion`, { redirect: 'manual' });
  assert.equal(gone.status, 400);
});

done();
