// oidc-client-ts in Chromium: a page without a server signs a person in by redirect, reads UserInfo and the API, renews by its refresh
// token, signs in silently in a frame, gives its tokens back, and signs out.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { complaints, freshPage, launch } from '../browser/chromium.mjs';
import { account, demo, latchkey } from '../lib/demo.mjs';
import { done, test } from '../lib/tap.mjs';

const LIBRARY = join(dirname(createRequire(import.meta.url).resolve('oidc-client-ts/package.json')), 'dist/browser/oidc-client-ts.js');
const PROJECTS = `${demo.origin}/${demo.organization}/_apis/projects`;

const ana = account('owner');
const server = createServer(serve).listen(0, 'localhost');
await once(server, 'listening');
// One site with the server, as `wallboard.example.com` and `latchkey.example.com` are: a frame carries the person's session.
const wallboard = `http://localhost:${server.address().port}`;
// The demo's own single-page app has a fixed port, and no address for after sign-out. An administrator vouches for this one, too: what a
// person approved is not asked again, though on loopback other programs could pose as it.
const client_id = crypto.randomUUID();
await declare({
  client_id, name: 'Wallboard by oidc-client-ts', kind: 'spa', owner: ana.email, scopes: ['vso.project'], administrator_approved: true,
  redirect_uris: [`${wallboard}/callback`], post_logout_redirect_uris: [`${wallboard}/signed-out`],
});

const browser = await test('Chromium starts', launch);
if (browser) {
  const page = await freshPage(browser);
  await story(page);
  await browser.close();
  await test('no page broke its own security policy, threw, or met a failing server', () => {
    assert.deepEqual(complaints, []);
  });
}
done();

async function story(page) {
  const signedIn = `Signed in as ${ana.email}`;

  await test('a person signs in by redirect, approves, and the page has read UserInfo and their projects', async () => {
    await page.goto(wallboard);
    await arrives(page, 'Signed out');
    await page.locator('#sign-in').click();
    await page.getByLabel('Email', { exact: true }).fill(ana.email);
    await page.getByLabel('Password', { exact: true }).fill(ana.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
    await arrives(page, signedIn);
    assert.equal(page.url(), `${wallboard}/`);
    assert.deepEqual(await page.locator('#projects li').allTextContents(), demo.projects.toSorted());
  });

  await test('it has a refresh token and no secret, and the access token lives 90 minutes at the most', async () => {
    const user = await kept(page);
    assert.ok(user.refresh_token);
    assert.ok(user.expires_at * 1000 - Date.now() <= 90 * 60_000);
    assert.equal(user.profile.iss, demo.issuer);
  });

  await test('it renews by its refresh token, and a replaced one is kept', async () => {
    const before = await kept(page);
    const [asked] = await Promise.all([
      page.waitForRequest((request) => request.url().endsWith('/oauth2/v2.0/token')),
      page.locator('#renew').click(),
    ]);
    const sent = new URLSearchParams(asked.postData());
    assert.equal(sent.get('grant_type'), 'refresh_token');
    assert.equal(sent.get('client_secret'), null);
    await page.waitForFunction((old) => !JSON.stringify(sessionStorage).includes(old), before.refresh_token);
    const after = await kept(page);
    assert.notEqual(after.access_token, before.access_token);
    assert.equal(after.profile.sub, before.profile.sub);
    await page.reload();
    await arrives(page, signedIn);
  });

  await test('in another tab it signs the same person in silently, by a frame with prompt=none', async () => {
    const tab = await page.context().newPage();
    await tab.goto(wallboard);
    await arrives(tab, 'Signed out');
    const [asked] = await Promise.all([
      tab.waitForRequest((request) => request.url().includes('/oauth2/v2.0/authorize')),
      tab.locator('#renew').click(),
    ]);
    assert.equal(new URL(asked.url()).searchParams.get('prompt'), 'none');
    await arrives(tab, signedIn);
    assert.equal((await kept(tab)).profile.sub, (await kept(page)).profile.sub);
    await tab.close();
  });

  await test('it gives its tokens back and signs the person out, and they come back to it', async () => {
    const { access_token, refresh_token } = await kept(page);
    await page.locator('#sign-out').click();
    await page.waitForURL(`${wallboard}/signed-out?*`);
    await arrives(page, 'Signed out');
    assert.equal(await kept(page), undefined);
    const answer = await fetch(PROJECTS, { headers: { authorization: `Bearer ${access_token}` } });
    assert.equal(answer.status, 401);
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token, client_id });
    const endpoint = `${demo.origin}/${demo.tenant_id}/oauth2/v2.0/token`;
    const refreshed = await fetch(endpoint, { method: 'POST', body, headers: { origin: wallboard } });
    assert.equal((await refreshed.json()).error, 'invalid_grant');
  });

  await test('after that a silent request is told that a person has to sign in', async () => {
    await page.locator('#renew').click();
    await arrives(page, 'Failed: login_required');
  });

  await page.context().close();
}

/** Brings an app in as a file declares it. */
async function declare(app) {
  const file = join(demo.data_dir, 'wallboard.json');
  await writeFile(file, JSON.stringify([app]));
  await latchkey('app', 'import', file, '--apply');
}

function arrives(page, words) {
  return page.locator('#state').getByText(words, { exact: true }).waitFor();
}

/** What the library keeps of the person in the page's own storage. */
function kept(page) {
  return page.evaluate((key) => JSON.parse(sessionStorage.getItem(key) ?? 'null') ?? undefined, `oidc.user:${demo.issuer}:${client_id}`);
}

/** The page's files. Whatever else is asked for is the page, which reads its own address. */
async function serve(request, response) {
  const files = {
    '/oidc-client-ts.js': ['text/javascript', LIBRARY],
    '/wallboard.js': ['text/javascript', join(import.meta.dirname, 'page/wallboard.js')],
  };
  const [path] = request.url.split('?');
  if (path === '/settings.json') {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ authority: demo.issuer, client_id, projects: PROJECTS }));
    return;
  }
  const [type, file] = files[path] ?? ['text/html', join(import.meta.dirname, 'page/index.html')];
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8` });
  response.end(await readFile(file));
}
