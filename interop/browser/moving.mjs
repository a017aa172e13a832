// The story of the way out: Oldtimer's owner moves it, both work beside each other, and the old one is retired.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';

import { CALLBACK, account, demo } from '../lib/demo.mjs';
import { test } from '../lib/tap.mjs';
import { freshPage } from './chromium.mjs';
import { inspect } from './inspect.mjs';
import { signIn, words } from './steps.mjs';

export async function moving(browser) {
  const page = await freshPage(browser);
  const [older] = demo.legacy_clients;
  const newer = {};
  let oldtimer;

  await test('moving: Oldtimer is connected by the older way', async () => {
    await page.goto(`${demo.origin}/demo`);
    await page.getByRole('link', { name: 'Open Oldtimer' }).click();
    oldtimer = page.url();
    await page.locator('#connect').click();
    await signIn(page, account('owner'));
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
    await page.locator('#connected').waitFor();
  });

  await test('moving: its owner moves it, and reads what the code must change', async () => {
    await page.goto(`${demo.origin}/apps/${older.client_id}`);
    await inspect(page, 'legacy-app');
    await page.getByRole('button', { name: 'Move this app', exact: true }).click();
    await page.getByRole('heading', { name: 'Oldtimer has a new app beside it', level: 1 }).waitFor();
    newer.client_id = (await page.locator('#new-client-id').innerText()).trim();
    newer.client_secret = (await page.locator('#client-secret').innerText()).trim();
    assert.notEqual(newer.client_id, older.client_id);
    await page.locator('#change-authorize summary').click();
    newer.authorize = (await page.locator('#change-authorize pre').last().innerText()).split('\n')[0].trim();
    newer.scope = /scope=(.*)/.exec(await page.locator('#change-authorize pre').last().innerText())[1].trim();
    await inspect(page, 'legacy-moved');
    await page.locator('#to-older').click();
    await page.locator('#moved-to').waitFor();
    await inspect(page, 'legacy-app-moved');
  });

  await test('moving: the new one asks once, and its key opens what the old one opened', async () => {
    const code_verifier = randomBytes(32).toString('base64url');
    const request = new URL(newer.authorize);
    request.search = new URLSearchParams({
      client_id: newer.client_id,
      response_type: 'code',
      scope: newer.scope,
      redirect_uri: CALLBACK,
      state: 'moved',
      code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    // Nothing listens there: the browser is answered here.
    await page.route(`${CALLBACK}*`, (route) => route.fulfill({ contentType: 'text/html', body: '<title>back</title>' }));
    await page.goto(request.href);
    await page.getByRole('heading', { name: 'Oldtimer wants to access your DevOps resources', level: 1 }).waitFor();
    await inspect(page, 'consent-moved');
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
    await page.waitForURL(`${CALLBACK}*`);
    const code = new URL(page.url()).searchParams.get('code');
    const { client_id, client_secret } = newer;
    const form = { grant_type: 'authorization_code', client_id, client_secret, code, code_verifier, redirect_uri: CALLBACK };
    const answer = await fetch(newer.authorize.replace(/authorize$/, 'token'), { method: 'POST', body: new URLSearchParams(form) });
    assert.equal(answer.status, 200, await answer.clone().text());
    newer.token = (await answer.json()).access_token;
    assert.equal(await projects(newer.token), 200);
  });

  await test('moving: the old one goes on working beside it', async () => {
    await page.goto(oldtimer);
    await page.locator('#refresh').click();
    await page.locator('#connected').waitFor();
    assert.ok((await page.locator('#work-items li').count()) > 0, 'work items');
  });

  await test('moving: what was approved was told by mail, which the demo captures', async () => {
    await page.goto(`${demo.origin}/demo`);
    await page.locator('#mail').click();
    await page.getByRole('heading', { name: 'Captured mail', level: 1 }).waitFor();
    assert.match(await words(page), /Oldtimer can now act for you to ana@harbor\.test/);
    await inspect(page, 'demo-mail');
  });

  await test('moving: nobody is left on the old way, and it is retired; the new one goes on', async () => {
    await page.goto(`${demo.origin}/apps/${older.client_id}`);
    assert.match(await words(page), /Approved the new app/);
    await page.locator('#retire').click();
    await inspect(page, 'legacy-retire');
    await page.locator('#confirm').click();
    await page.getByRole('status').waitFor();
    assert.match(await words(page), /The old app was retired/);
    assert.equal(await projects(newer.token), 200);
    await page.goto(oldtimer);
    assert.match(await words(page), /Our access has ended/);
    assert.equal(await page.locator('#work-items').count(), 0);
    await inspect(page, 'oldtimer-retired');
  });

  await page.context().close();
}

async function projects(token) {
  const answer = await fetch(`${demo.origin}/${demo.organization}/_apis/projects`, { headers: { authorization: `Bearer ${token}` } });
  return answer.status;
}
