// The TypeScript SDK of the Model Context Protocol, as a tool of an AI agent uses it: it knows an address of the API and one of its own,
// `clientMetadataUrl`, at which it describes itself. Nobody registered it anywhere.

import assert from 'node:assert/strict';

import { auth, extractWWWAuthenticateParams } from '@modelcontextprotocol/sdk/client/auth.js';

import { account, demo } from '../lib/demo.mjs';
import { Person } from '../lib/person.mjs';
import { publisher } from '../lib/publisher.mjs';
import { done, test } from '../lib/tap.mjs';

const CALLBACK = 'http://127.0.0.1:3118/callback';
const SERVER = `${demo.https_origin}/${demo.organization}`;
const PROJECTS = `${SERVER}/_apis/projects`;

const person = new Person(account('owner'));
const host = await publisher();
const clientMetadataUrl = `${host.origin}/oauth/agent.json`;

/** What the SDK asks its user for, kept in memory. */
const provider = {
  clientMetadataUrl,
  redirectUrl: CALLBACK,
  clientMetadata: {
    client_id: clientMetadataUrl,
    client_name: 'Harbour pilot',
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  },
  kept: {},
  state: () => 'state-of-the-agent',
  clientInformation: () => provider.kept.client,
  saveClientInformation: (client) => (provider.kept.client = client),
  tokens: () => provider.kept.tokens,
  saveTokens: (tokens) => (provider.kept.tokens = tokens),
  codeVerifier: () => provider.kept.verifier,
  saveCodeVerifier: (verifier) => (provider.kept.verifier = verifier),
  redirectToAuthorization: (url) => (provider.kept.request = url),
  invalidateCredentials: (scope) => {
    if (scope === 'all' || scope === 'tokens') delete provider.kept.tokens;
  },
};
host.documents.set('/oauth/agent.json', provider.clientMetadata);

const asked = await test('a call without a token is answered with where to get one', async () => {
  const answer = await fetch(PROJECTS);
  assert.equal(answer.status, 401);
  const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(answer);
  assert.equal(resourceMetadataUrl.origin, demo.https_origin);
  assert.equal(scope, 'vso.project');
  return { serverUrl: SERVER, resourceMetadataUrl, scope: `${scope} offline_access` };
});

await test('it finds the authorization server, and asks there under the address of its own document', async () => {
  assert.equal(await auth(provider, asked), 'REDIRECT');
  const { searchParams, origin } = provider.kept.request;
  assert.equal(origin, demo.https_origin);
  assert.equal(searchParams.get('client_id'), clientMetadataUrl);
  assert.equal(searchParams.get('resource'), SERVER);
  assert.equal(searchParams.get('code_challenge_method'), 'S256');
  assert.equal(provider.kept.client.client_id, clientMetadataUrl, 'it did not register itself');
});

await test('a person approves it, and the SDK gets its tokens', async () => {
  const back = await person.approve(provider.kept.request.href, CALLBACK);
  assert.deepEqual(host.asked, ['/oauth/agent.json'], 'the document was fetched once');
  assert.equal(back.searchParams.get('state'), 'state-of-the-agent');
  assert.equal(await auth(provider, { ...asked, authorizationCode: back.searchParams.get('code') }), 'AUTHORIZED');
  assert.equal(provider.kept.tokens.token_type, 'Bearer');
});

await test('the token opens what was approved, and nothing else', async () => {
  assert.equal(await call(PROJECTS), 200);
  assert.equal(await call(`${SERVER}/_apis/wit/workitems/1`), 401, 'work items were not asked for');
});

await test('the SDK gets the next tokens by itself', async () => {
  const { access_token } = provider.kept.tokens;
  assert.equal(await auth(provider, asked), 'AUTHORIZED');
  assert.notEqual(provider.kept.tokens.access_token, access_token);
  assert.equal(await call(PROJECTS), 200);
});

await test('taken back, it has to ask the person again', async () => {
  await person.revokeAll(demo.https_origin);
  assert.equal(await call(PROJECTS), 401);
  assert.equal(await auth(provider, asked), 'REDIRECT');
  assert.equal(provider.kept.tokens, undefined);
});

await test('a document that names another address is nobody\'s', async () => {
  host.documents.set('/oauth/other.json', provider.clientMetadata);
  const request = new URL(provider.kept.request);
  request.searchParams.set('client_id', `${host.origin}/oauth/other.json`);
  const answer = await fetch(request, { redirect: 'manual' });
  assert.equal(answer.status, 400);
});

host.close();
done();

async function call(address) {
  const headers = { authorization: `Bearer ${provider.kept.tokens.access_token}` };
  return (await fetch(address, { headers })).status;
}
