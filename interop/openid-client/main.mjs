// openid-client for Node.js: discovery, code with PKCE, refresh, UserInfo, and the end of all that by revocation.

import assert from 'node:assert/strict';

import * as oidc from 'openid-client';

import { CALLBACK, account, client, demo } from '../lib/demo.mjs';
import { Person } from '../lib/person.mjs';
import { done, test } from '../lib/tap.mjs';

const ana = account('owner');
const person = new Person(ana);
const { client_id, client_secret, scopes } = client('web');

const configuration = await test('discovery finds the https issuer', async () => {
  const found = await oidc.discovery(new URL(demo.https_issuer), client_id, client_secret);
  const metadata = found.serverMetadata();
  assert.equal(metadata.issuer, demo.https_issuer);
  assert.ok(metadata.supportsPKCE());
  assert.equal(metadata.authorization_response_iss_parameter_supported, true);
  return found;
});

const [tokens, answered, checks] =
  (await test('a code with PKCE becomes an ID token, an access token and a refresh token', async () => {
    const [address, expected] = await askForApproval();
    const answer = await oidc.authorizationCodeGrant(configuration, address, { ...expected, idTokenExpected: true });
    const { iss, aud, email } = answer.claims();
    assert.equal(iss, demo.https_issuer);
    assert.equal(aud, client_id);
    assert.equal(email, undefined, 'who it is, UserInfo tells: the ID token carries what the protocol needs');
    assert.ok(answer.refresh_token, 'a refresh token');
    return [answer, address, expected];
  })) ?? [];

await test('an access token lives 90 minutes at the most', () => {
  assert.ok(tokens.expires_in > 0 && tokens.expires_in <= 90 * 60, `expires_in is ${tokens.expires_in}`);
});

await test('UserInfo tells who it is', async () => {
  const { sub } = tokens.claims();
  const person = await oidc.fetchUserInfo(configuration, tokens.access_token, sub);
  assert.equal(person.sub, sub);
  assert.equal(person.email, ana.email);
});

await test('a code is not redeemed with another verifier', async () => {
  const [address, expected] = await askForApproval();
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  await refused(oidc.authorizationCodeGrant(configuration, address, { ...expected, pkceCodeVerifier }), 'invalid_grant');
});

const refreshed = await test('a refresh token gives new tokens and is replaced', async () => {
  const answer = await oidc.refreshTokenGrant(configuration, tokens.refresh_token);
  assert.notEqual(answer.access_token, tokens.access_token);
  assert.ok(answer.refresh_token);
  assert.notEqual(answer.refresh_token, tokens.refresh_token);
  return answer;
});

await test('the client may authenticate by HTTP Basic too', async () => {
  const basic = await oidc.discovery(new URL(demo.https_issuer), client_id, {}, oidc.ClientSecretBasic(client_secret));
  const answer = await oidc.refreshTokenGrant(basic, refreshed.refresh_token);
  assert.ok(answer.access_token);
  refreshed.refresh_token = answer.refresh_token;
});

await test('a replayed code is refused, and ends what it produced', async () => {
  const [address, expected] = await askForApproval();
  const first = await oidc.authorizationCodeGrant(configuration, address, expected);
  await refused(oidc.authorizationCodeGrant(configuration, address, expected), 'invalid_grant');
  await refused(oidc.refreshTokenGrant(configuration, first.refresh_token), 'invalid_grant');
});

await test('after the person revokes it nothing works', async () => {
  await person.revokeAll(demo.https_origin);
  await refused(oidc.refreshTokenGrant(configuration, refreshed.refresh_token), 'invalid_grant');
  await assert.rejects(oidc.fetchUserInfo(configuration, refreshed.access_token, oidc.skipSubjectCheck), (error) => {
    assert.equal(error.status ?? error.cause?.status, 401, String(error));
    return true;
  });
});

await test('a code from before does not come back to life', async () => {
  await refused(oidc.authorizationCodeGrant(configuration, answered, checks), 'invalid_grant');
});

done();

async function askForApproval() {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const expectedState = oidc.randomState();
  const expectedNonce = oidc.randomNonce();
  const request = oidc.buildAuthorizationUrl(configuration, {
    redirect_uri: CALLBACK,
    scope: [...new Set(['openid', 'profile', 'email', 'offline_access', ...scopes])].join(' '),
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  });
  return [await person.approve(request, CALLBACK), { pkceCodeVerifier, expectedState, expectedNonce }];
}

async function refused(attempt, code) {
  await assert.rejects(attempt, (error) => {
    assert.equal(error.error, code, String(error));
    return true;
  });
}
