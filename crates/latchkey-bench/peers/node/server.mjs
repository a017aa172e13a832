// npm oidc-provider as it is measured beside Latchkey: one confidential client, ES256 access tokens, everything in volatile memory
// (its own default store, which holds the 1,000 entries used last). Prints one line of JSON when it listens.

import { generateKeyPair, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { Provider } from 'oidc-provider';

const chains = Number(process.argv[2] ?? 64);
const client_id = randomUUID();
const client_secret = randomUUID() + randomUUID();
const resource = 'urn:bench:devops';
const hour = 3600;

// The standard output is for the one line.
console.info = console.error;

const pair = promisify(generateKeyPair);
const jwk = async (type, options, alg) => {
  const { privateKey } = await pair(type, options);
  return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: alg };
};
const keys = [await jwk('rsa', { modulusLength: 2048 }, 'RS256'), await jwk('ec', { namedCurve: 'P-256' }, 'ES256')];

const provider = new Provider('http://localhost', {
  jwks: { keys },
  clients: [
    {
      client_id,
      client_secret,
      redirect_uris: ['https://burndown.test/callback'],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      token_endpoint_auth_method: 'client_secret_post',
    },
  ],
  findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  rotateRefreshToken: true,
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'vso.work',
        accessTokenFormat: 'jwt',
        accessTokenTTL: hour,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});

const client = await provider.Client.find(client_id);

async function grantOf(accountId) {
  const grant = new provider.Grant({ accountId, clientId: client_id });
  grant.addOIDCScope('offline_access');
  grant.addResourceScope(resource, 'vso.work');
  return grant.save(hour);
}

const iiat = Math.floor(Date.now() / 1000);
const refresh_tokens = [];
for (let chain = 0; chain < chains; chain += 1) {
  const accountId = `person${chain}`;
  const grantId = await grantOf(accountId);
  const token = new provider.RefreshToken({
    accountId,
    client,
    grantId,
    gty: 'authorization_code',
    iiat,
    resource,
    rotations: 0,
    scope: 'offline_access vso.work',
  });
  refresh_tokens.push(await token.save(hour));
}

const access = new provider.AccessToken({
  accountId: 'person',
  client,
  grantId: await grantOf('person'),
  gty: 'authorization_code',
  scope: 'offline_access',
});
const access_token = await access.save(hour);

const server = provider.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  console.log(JSON.stringify({ port, client_id, client_secret, refresh_tokens, access_token }));
});
