// Tokens for the examples that are about what tokens open: the code flow with PKCE, by hand.

import { createHash, randomBytes } from 'node:crypto';

import { CALLBACK, client, demo } from './demo.mjs';

/** The demo's web client asks this person for all its scopes. Answers the token response. */
export async function tokensOf(person) {
  const { client_id, client_secret, scopes } = client('web');
  const issuer = demo.https_issuer;
  const metadata = await json(await fetch(`${issuer}/.well-known/openid-configuration`));

  const code_verifier = randomBytes(32).toString('base64url');
  const request = new URL(metadata.authorization_endpoint);
  request.search = new URLSearchParams({
    client_id,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: [...new Set(['openid', 'profile', 'email', 'offline_access', ...scopes])].join(' '),
    state: randomBytes(16).toString('base64url'),
    nonce: randomBytes(16).toString('base64url'),
    code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const answer = await person.approve(request, CALLBACK);
  const code = answer.searchParams.get('code');
  if (!code) throw new Error(`no code came back: ${answer.search}`);

  const exchange = { grant_type: 'authorization_code', client_id, client_secret, code, redirect_uri: CALLBACK, code_verifier };
  return json(await fetch(metadata.token_endpoint, { method: 'POST', body: new URLSearchParams(exchange) }));
}

async function json(response) {
  const body = await response.text();
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${body}`);
  return JSON.parse(body);
}
