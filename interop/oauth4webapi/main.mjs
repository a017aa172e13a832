// oauth4webapi for Node.js, an app of the FAPI 2.0 profile: pushed requests, authentication by a key, tokens bound to another one by DPoP
// with nonces of the server, refresh, introspection, revocation; then device codes, bound too.

import assert from 'node:assert/strict';
import { generateKeyPair } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import * as oauth from 'oauth4webapi';

import { PROJECT, account, demo, latchkey } from '../lib/demo.mjs';
import { Person } from '../lib/person.mjs';
import { done, test } from '../lib/tap.mjs';

const CALLBACK = 'https://127.0.0.1:4289/callback';
const PROJECTS = new URL(`${demo.https_origin}/${demo.organization}/_apis/projects`);

const ana = account('owner');
const person = new Person(ana);
const issuer = new URL(demo.https_issuer);

const as = await test('discovery names what the profile needs', async () => {
  const found = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer));
  assert.ok(found.pushed_authorization_request_endpoint);
  assert.ok(found.dpop_signing_alg_values_supported.includes('ES256'));
  assert.ok(found.token_endpoint_auth_methods_supported.includes('private_key_jwt'));
  return found;
});

const [client, authentication] = await test('an app of the profile is registered with a key', async () => {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  const file = join(demo.data_dir, 'vault.pem');
  await writeFile(file, publicKey.export({ type: 'spki', format: 'pem' }));
  const app = await latchkey('app', 'create', '--name', 'Vault', '--kind', 'web', '--profile', 'fapi2', '--owner', ana.email,
    '--redirect-uri', CALLBACK, '--scope', 'vso.project', '--scope', 'vso.work');
  assert.equal(app.client_secret, undefined, 'it has no secret');
  await latchkey('app', 'key', 'add', app.client_id, file);
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  const signing = await crypto.subtle.importKey('pkcs8', pkcs8, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  const [{ kid }] = await latchkey('app', 'key', 'list', app.client_id);
  const registered = { client_id: app.client_id, id_token_signed_response_alg: 'ES256' };
  return [registered, oauth.PrivateKeyJwt({ key: signing, kid })];
});

const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
let challenged = 0;

const [tokens, verifier] = await test('a pushed request becomes tokens that are bound to a key', async () => {
  const code_verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const parameters = {
    response_type: 'code', redirect_uri: CALLBACK, scope: 'openid offline_access vso.project vso.work', state, nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(code_verifier), code_challenge_method: 'S256',
  };
  const pushed = await withNonce(async () => {
    const answer = await oauth.pushedAuthorizationRequest(as, client, authentication, parameters, { DPoP });
    return oauth.processPushedAuthorizationResponse(as, client, answer);
  });
  const request = new URL(as.authorization_endpoint);
  request.searchParams.set('client_id', client.client_id);
  request.searchParams.set('request_uri', pushed.request_uri);
  const arrived = oauth.validateAuthResponse(as, client, await person.approve(request, CALLBACK), state);
  const granted = await withNonce(async () => {
    const answer = await oauth.authorizationCodeGrantRequest(as, client, authentication, arrived, CALLBACK, code_verifier, { DPoP });
    return oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: nonce, requireIdToken: true });
  });
  assert.equal(granted.token_type, 'dpop');
  return [granted, code_verifier];
});

await test('the server asked for its nonce once, and gave the next ones in time', () => {
  assert.ok(verifier);
  assert.equal(challenged, 1);
});

await test('a request without pushing is refused', async () => {
  const request = new URL(as.authorization_endpoint);
  const parameters = { client_id: client.client_id, redirect_uri: CALLBACK, response_type: 'code', scope: 'openid', state: 's' };
  for (const [name, value] of Object.entries(parameters)) request.searchParams.set(name, value);
  const back = await person.approve(request, CALLBACK);
  assert.equal(back.searchParams.get('error'), 'invalid_request');
});

await test('UserInfo and the API take the token with its proof', async () => {
  const { sub } = oauth.getValidatedIdTokenClaims(tokens);
  const userinfo = await withNonce(async () => {
    const answer = await oauth.userInfoRequest(as, client, tokens.access_token, { DPoP });
    return oauth.processUserInfoResponse(as, client, sub, answer);
  });
  assert.equal(userinfo.sub, sub);
  const projects = await (await ask(PROJECTS, { DPoP })).json();
  assert.ok(projects.value.some(({ name }) => name === PROJECT));
});

await test('without its proof, or with that of another key, the token opens nothing', async () => {
  for (const headers of [{ authorization: `Bearer ${tokens.access_token}` }, { authorization: `DPoP ${tokens.access_token}` }]) {
    const answer = await fetch(PROJECTS, { headers });
    assert.equal(answer.status, 401);
    assert.match(answer.headers.get('www-authenticate'), /DPoP /);
  }
  const stolen = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
  await assert.rejects(ask(PROJECTS, { DPoP: stolen }), (error) => {
    assert.equal(error.status, 401);
    return true;
  });
});

await test('the refresh token stays as it is, and works with another key', async () => {
  const other = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
  for (const proof of [DPoP, DPoP, other]) {
    const next = await withNonce(async () => {
      const answer = await oauth.refreshTokenGrantRequest(as, client, authentication, tokens.refresh_token, { DPoP: proof });
      return oauth.processRefreshTokenResponse(as, client, answer);
    });
    assert.equal(next.refresh_token, tokens.refresh_token);
    assert.notEqual(next.access_token, tokens.access_token);
  }
});

await test('introspection says what the token is bound to, and revocation ends it', async () => {
  const worth = async () => {
    const answer = await oauth.introspectionRequest(as, client, authentication, tokens.access_token);
    return oauth.processIntrospectionResponse(as, client, answer);
  };
  const before = await worth();
  assert.equal(before.active, true);
  assert.equal(before.token_type, 'DPoP');
  assert.equal(before.cnf.jkt, await DPoP.calculateThumbprint());
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, authentication, tokens.refresh_token));
  assert.deepEqual(await worth(), { active: false });
});

await test('a device gets tokens that are bound to its key', async () => {
  const { client_id, scopes } = demo.clients.find((each) => each.name === 'Buildlight');
  const lamp = { client_id };
  const scope = ['openid', 'offline_access', ...scopes].join(' ');
  const begun = await oauth.deviceAuthorizationRequest(as, lamp, oauth.None(), { scope });
  const device = await oauth.processDeviceAuthorizationResponse(as, lamp, begun);
  await person.approveDevice(device.verification_uri_complete);
  const proof = oauth.DPoP(lamp, await oauth.generateKeyPair('ES256'));
  const polled = await oauth.deviceCodeGrantRequest(as, lamp, oauth.None(), device.device_code, { DPoP: proof });
  const granted = await oauth.processDeviceCodeResponse(as, lamp, polled);
  assert.equal(granted.token_type, 'dpop');
  const elsewhere = oauth.DPoP(lamp, await oauth.generateKeyPair('ES256'));
  const moved = await oauth.refreshTokenGrantRequest(as, lamp, oauth.None(), granted.refresh_token, { DPoP: elsewhere });
  await assert.rejects(oauth.processRefreshTokenResponse(as, lamp, moved), (error) => {
    assert.equal(error.error, 'invalid_grant');
    return true;
  });
  const own = await oauth.refreshTokenGrantRequest(as, lamp, oauth.None(), granted.refresh_token, { DPoP: proof });
  assert.equal((await oauth.processRefreshTokenResponse(as, lamp, own)).token_type, 'dpop');
});

done();

/** Makes a request, and once more if the server wants its nonce in the proof. The library keeps the nonce of each answer. */
async function withNonce(attempt) {
  try {
    return await attempt();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    challenged += 1;
    return attempt();
  }
}

function ask(url, options) {
  return withNonce(() => oauth.protectedResourceRequest(tokens.access_token, 'GET', url, undefined, undefined, options));
}
