// openid-client for Node.js: discovery, code with PKCE, refresh, UserInfo, pushed requests, device codes, and the end of all
// that by revocation; then client credentials, sign-out, introspection and revocation by the client.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as oidc from 'openid-client';

import { CALLBACK, PROJECT, account, client, demo, latchkey } from '../lib/demo.mjs';
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

await test('a pushed request is approved like any other, and its reference counts once', async () => {
  const [parameters, expected] = await newRequest();
  const request = await oidc.buildAuthorizationUrlWithPAR(configuration, parameters);
  assert.deepEqual([...request.searchParams.keys()].sort(), ['client_id', 'request_uri']);
  const answer = await oidc.authorizationCodeGrant(configuration, await person.approve(request, CALLBACK), expected);
  assert.ok(answer.access_token);
  await assert.rejects(person.approve(request, CALLBACK), /invalid_request_uri|answered/);
});

await test('a device gets its tokens when the person has typed its code', async () => {
  const lamp = demo.clients.find((each) => each.name === 'Buildlight');
  const device = await oidc.discovery(new URL(demo.https_issuer), lamp.client_id, undefined, oidc.None());
  const scope = ['openid', 'offline_access', ...lamp.scopes].join(' ');
  const asked = await oidc.initiateDeviceAuthorization(device, { scope });
  const page = await person.approveDevice(asked.verification_uri_complete);
  assert.equal(page.heading, 'You can go back to your device');
  const answer = await oidc.pollDeviceAuthorizationGrant(device, asked);
  assert.ok(answer.refresh_token && answer.claims().sub === tokens.claims().sub);
  await refused(oidc.pollDeviceAuthorizationGrant(device, asked), 'invalid_grant');
});

await test('a token that is bound to a key opens nothing without its proof', async () => {
  const DPoP = oidc.getDPoPHandle(configuration, await oidc.randomDPoPKeyPair());
  const [address, expected] = await askForApproval();
  const checks = { ...expected, idTokenExpected: true };
  const bound = await oidc.authorizationCodeGrant(configuration, address, checks, undefined, { DPoP });
  assert.equal(bound.token_type, 'dpop');
  const { sub } = bound.claims();
  assert.equal((await oidc.fetchUserInfo(configuration, bound.access_token, sub, { DPoP })).sub, sub);
  const projects = new URL(`${demo.https_origin}/${demo.organization}/_apis/projects`);
  const answer = await oidc.fetchProtectedResource(configuration, bound.access_token, projects, 'GET', undefined, undefined, { DPoP });
  assert.equal(answer.status, 200);
  assert.equal(await reads(`${demo.organization}/_apis/projects`, bound), 401);
  await refused(oidc.refreshTokenGrant(configuration, bound.refresh_token), 'invalid_grant');
  assert.equal((await oidc.refreshTokenGrant(configuration, bound.refresh_token, undefined, { DPoP })).token_type, 'dpop');
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

const daemon = client('daemon');
const [itself, own] =
  (await test('a daemon that harbor took in acts by itself, within its scopes', async () => {
    const itself = await oidc.discovery(new URL(demo.https_issuer), daemon.client_id, daemon.client_secret);
    const own = await oidc.clientCredentialsGrant(itself, { scope: 'vso.project vso.work' });
    assert.ok(own.expires_in > 0 && own.expires_in <= 90 * 60, `expires_in is ${own.expires_in}`);
    assert.equal(own.refresh_token, undefined);
    assert.equal(own.id_token, undefined);
    assert.equal(await reads(`${demo.organization}/_apis/projects`, own), 200);
    assert.equal(await reads(`${demo.organization}/${PROJECT}/_apis/git/repositories`, own), 401);
    return [itself, own];
  })) ?? [];

await test('introspection tells a client what its own tokens are worth', async () => {
  const worth = await oidc.tokenIntrospection(itself, own.access_token);
  assert.equal(worth.active, true);
  assert.equal(worth.client_id, daemon.client_id);
  assert.equal(worth.scope, 'vso.project vso.work');
  const [address, expected] = await askForApproval();
  const foreign = await oidc.authorizationCodeGrant(configuration, address, { ...expected, idTokenExpected: true });
  assert.deepEqual(await oidc.tokenIntrospection(itself, foreign.access_token), { active: false });
  const mine = await oidc.tokenIntrospection(configuration, foreign.refresh_token);
  assert.equal(mine.active, true);
  assert.equal(mine.username, ana.email);
});

await test('a token that is given back ends with its family', async () => {
  const [address, expected] = await askForApproval();
  const given = await oidc.authorizationCodeGrant(configuration, address, { ...expected, idTokenExpected: true });
  await oidc.tokenRevocation(configuration, given.refresh_token);
  await refused(oidc.refreshTokenGrant(configuration, given.refresh_token), 'invalid_grant');
  assert.deepEqual(await oidc.tokenIntrospection(configuration, given.access_token), { active: false });
  await oidc.tokenRevocation(itself, own.access_token);
  assert.equal(await reads(`${demo.organization}/_apis/projects`, own), 401);
});

await test('the end session URL signs the person out and leads back', async () => {
  const to = 'http://127.0.0.1:4289/signed-out';
  const state = oidc.randomState();
  const parameters = { post_logout_redirect_uri: to, id_token_hint: tokens.id_token, state };
  const back = await person.approve(oidc.buildEndSessionUrl(configuration, parameters), to);
  assert.equal(back.href, `${to}?state=${state}`);
  const silent = await oidc.buildAuthorizationUrl(configuration, { ...(await newRequest())[0], prompt: 'none' });
  assert.equal((await person.approve(silent, CALLBACK)).searchParams.get('error'), 'login_required');
});

await test('an app signs with a key of its own, at every endpoint that it asks in the background', async () => {
  const { publicKey, privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-key-'));
  const file = join(folder, 'key.json');
  await writeFile(file, JSON.stringify(await crypto.subtle.exportKey('jwk', publicKey)));
  const made = await latchkey('app', 'create', '--name', 'Signer', '--kind', 'web', '--owner', ana.email,
    '--redirect-uri', CALLBACK, '--scope', 'vso.project');
  await latchkey('app', 'key', 'add', made.client_id, file);
  await latchkey('app', 'method', made.client_id, 'private_key_jwt');
  await rm(folder, { recursive: true });
  const signer = await oidc.discovery(new URL(demo.https_issuer), made.client_id, undefined, oidc.PrivateKeyJwt(privateKey));
  const own = await oidc.clientCredentialsGrant(signer, { scope: 'vso.project' });
  assert.equal((await oidc.tokenIntrospection(signer, own.access_token)).active, true);
  const [parameters] = await newRequest();
  await oidc.buildAuthorizationUrlWithPAR(signer, { ...parameters, scope: 'openid vso.project' });
  await oidc.tokenRevocation(signer, own.access_token);
  assert.equal((await oidc.tokenIntrospection(signer, own.access_token)).active, false);
  const bySecret = await oidc.discovery(new URL(demo.https_issuer), made.client_id, made.client_secret);
  await refused(oidc.clientCredentialsGrant(bySecret, { scope: 'vso.project' }), 'invalid_client');
});

await test('a request is signed, and so is everything that comes of it', async () => {
  const { publicKey, privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-key-'));
  const file = join(folder, 'key.json');
  await writeFile(file, JSON.stringify(await crypto.subtle.exportKey('jwk', publicKey)));
  const made = await latchkey('app', 'create', '--name', 'Sealed', '--kind', 'web', '--owner', ana.email, '--redirect-uri', CALLBACK,
    '--metadata', JSON.stringify({ require_signed_request_object: true, id_token_signed_response_alg: 'ES256',
      userinfo_signed_response_alg: 'EdDSA', authorization_signed_response_alg: 'PS256', subject_type: 'pairwise' }));
  await latchkey('app', 'key', 'add', made.client_id, file);
  await rm(folder, { recursive: true });
  const sealed = await oidc.discovery(new URL(demo.https_issuer), made.client_id, {
    client_secret: made.client_secret, id_token_signed_response_alg: 'ES256', userinfo_signed_response_alg: 'EdDSA',
    authorization_signed_response_alg: 'PS256',
  });
  oidc.useJwtResponseMode(sealed);
  oidc.enableNonRepudiationChecks(sealed);
  const [parameters, expected] = await newRequest();
  const claims = JSON.stringify({ userinfo: { name: { essential: true } }, id_token: { email: null } });
  const request = await oidc.buildAuthorizationUrlWithJAR(sealed, { ...parameters, scope: 'openid', claims }, privateKey);
  assert.deepEqual([...request.searchParams.keys()].sort(), ['client_id', 'request']);
  const back = await person.approve(request, CALLBACK);
  assert.deepEqual([...back.searchParams.keys()], ['response']);
  const answer = await oidc.authorizationCodeGrant(sealed, back, { ...expected, idTokenExpected: true });
  assert.equal(answer.claims().email, ana.email);
  const { sub } = answer.claims();
  assert.ok(!/^[0-9a-f-]{36}$/.test(sub), 'a subject of its own');
  const told = await oidc.fetchUserInfo(sealed, answer.access_token, sub);
  assert.ok(told.name);
  assert.equal(told.email, undefined);
});

done();

async function reads(path, { access_token }) {
  const answer = await fetch(`${demo.https_origin}/${path}`, { headers: { authorization: `Bearer ${access_token}` } });
  return answer.status;
}

async function askForApproval() {
  const [parameters, expected] = await newRequest();
  return [await person.approve(oidc.buildAuthorizationUrl(configuration, parameters), CALLBACK), expected];
}

async function newRequest() {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const expectedState = oidc.randomState();
  const expectedNonce = oidc.randomNonce();
  const parameters = {
    redirect_uri: CALLBACK,
    scope: [...new Set(['openid', 'profile', 'email', 'offline_access', ...scopes])].join(' '),
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  };
  return [parameters, { pkceCodeVerifier, expectedState, expectedNonce }];
}

async function refused(attempt, code) {
  await assert.rejects(attempt, (error) => {
    assert.equal(error.error, code, String(error));
    return true;
  });
}
