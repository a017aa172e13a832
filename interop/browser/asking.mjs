// Approval pages of apps that ask in other ways: to call another app, under the address of a document, for places that they name.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { CALLBACK, PROJECT, account, client, demo, latchkey } from '../lib/demo.mjs';
import { publisher } from '../lib/publisher.mjs';
import { test } from '../lib/tap.mjs';
import { freshPage } from './chromium.mjs';
import { inspect } from './inspect.mjs';
import { openAuthorizations, signIn, words } from './steps.mjs';

const ana = account('owner');
const ARRIVED = 'The app has its answer.';

export async function asking(browser) {
  const page = await freshPage(browser, { ignoreHTTPSErrors: true });
  // Nothing listens where the apps are, so whoever comes there is met here.
  await page.context().route((url) => url.pathname === '/callback', (route) => route.fulfill({ body: ARRIVED }));

  await test('asking: an app that wants to call another one says so, and no place is opened by it', async () => {
    const app = ['app', 'create', '--kind', 'web', '--owner', ana.email, '--redirect-uri', CALLBACK];
    const api = await latchkey(...app, '--name', 'Tide API', '--metadata', JSON.stringify({ exposed_scopes: ['tides.read'] }));
    const scope = `api://${api.client_id}/tides.read`;
    const front = await latchkey(...app, '--name', 'Tide Board', '--scope', scope);
    await page.goto(request(front.client_id, { scope: `openid offline_access ${scope}` }));
    await signIn(page, ana);
    await page.getByRole('heading', { name: 'Tide Board wants to call other apps as you', level: 1 }).waitFor();
    assert.match(await words(page), /Call Tide API as you/);
    assert.equal(await page.locator('[name=organization]').count(), 0);
    await inspect(page, 'consent-called');
  });

  await test('asking: once approved it is listed with what it may call', async () => {
    await approve(page);
    await openAuthorizations(page);
    const row = page.locator('[data-authorization]').filter({ hasText: 'Tide Board' });
    assert.match(await row.innerText(), /Call other apps as you/);
    await row.getByRole('link', { name: /^Details/ }).click();
    assert.match(await words(page), /Call Tide API as you/);
    await inspect(page, 'authorization-called');
  });

  const host = await publisher();
  const [address, back] = [`${host.origin}/agent.json`, `${host.origin}/back`];
  host.documents.set('/back', ARRIVED);
  const says = (changed = {}) => {
    const document = { client_id: address, client_name: 'Harbour pilot', redirect_uris: [back], token_endpoint_auth_method: 'none', ...changed };
    host.documents.set('/agent.json', document);
  };
  const described = () => page.goto(request(address, { scope: 'openid vso.work', redirect_uri: back, prompt: 'consent' }));

  await test('asking: of an app that nobody registered the page says at which address it describes itself', async () => {
    says();
    await described();
    await page.getByRole('heading', { name: 'Harbour pilot wants to access your DevOps resources', level: 1 }).waitFor();
    assert.match(await page.locator('#described').innerText(), /Nobody registered this app here.*localhost/s);
    assert.equal((await page.locator('#described-at').innerText()).trim(), address);
    await inspect(page, 'consent-described');
    await approve(page);
  });

  await test('asking: and when it says something else than before, that too', async () => {
    says({ client_name: 'Harbour pirate' });
    // Documents are fresh for minutes at the least: the next one is another app's.
    const other = `${host.origin}/other.json`;
    host.documents.set('/other.json', { ...host.documents.get('/agent.json'), client_id: other });
    await page.goto(request(other, { scope: 'openid vso.work', redirect_uri: back }));
    await page.getByRole('heading', { name: 'Harbour pirate wants to access your DevOps resources', level: 1 }).waitFor();
    assert.equal(await page.locator('#described-at').innerText(), other, 'what was allowed to one is not the other\'s');
    await page.locator('#deny').click();
    await page.getByText(ARRIVED).waitFor();
    host.close();
  });

  await test('asking: an app that names places is shown these and no others', async () => {
    const places = { type: 'devops', organization: demo.organization, projects: [PROJECT], actions: ['project', 'code'] };
    const details = { scope: 'openid', authorization_details: JSON.stringify([places]) };
    await page.goto(request(client('web').client_id, details));
    await page.locator('#named-places').waitFor();
    assert.deepEqual(await page.locator('[name=scope]').evaluateAll((boxes) => boxes.map((box) => box.value)), ['vso.code', 'vso.project']);
    assert.equal(await page.locator('[name=project]').count(), 1);
    assert.doesNotMatch(await words(page), /drydock/);
    await inspect(page, 'consent-named-places');
  });

  await test('asking: a repository is left out, and the rest is approved', async () => {
    await page.locator('summary', { hasText: 'Repositories' }).click();
    const repositories = page.locator('[name=repository]');
    assert.equal(await repositories.count(), 2);
    await repositories.last().uncheck();
    await approve(page);
    await openAuthorizations(page);
    assert.match(await page.locator('[data-authorization]').filter({ hasText: client('web').name }).first().innerText(), /lighthouse/);
  });

  await page.context().close();
}

/** An authorization request. */
function request(client_id, parameters) {
  const challenge = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' };
  const usual = { client_id, response_type: 'code', redirect_uri: CALLBACK, state: randomUUID(), ...challenge };
  return `${demo.origin}/${demo.tenant_id}/oauth2/v2.0/authorize?${new URLSearchParams({ ...usual, ...parameters })}`;
}

/** Approves, and comes back to the app. */
async function approve(page) {
  await page.getByRole('button', { name: 'Approve', exact: true }).click();
  await page.getByText(ARRIVED).waitFor();
}
