// @azure/msal-browser in Chromium: a page without a server signs people in by redirect and in a window, keeps tokens and renews them,
// signs in silently in a frame, under every name of the directory and in both of its protocol modes, switches accounts, and signs out.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { complaints, freshPage, launch } from '../browser/chromium.mjs';
import { localhostCertificate } from '../lib/certificate.mjs';
import { account, demo, latchkey } from '../lib/demo.mjs';
import { done, test } from '../lib/tap.mjs';

const LIBRARY = join(dirname(createRequire(import.meta.url).resolve('@azure/msal-browser/package.json')), 'lib');
const MINUTE = 60_000;

const ana = account('owner');
const max = account('administrator');
// One site with the server, as `wallboard.example.com` and `latchkey.example.com` are: a frame carries the person's session. The library
// insists on https for the server, and a page by http would be of another site than that.
const server = https.createServer(await localhostCertificate(demo.data_dir), serve).listen(0, 'localhost');
// Of another site.
const elsewhere = http.createServer(serve).listen(0, '127.0.0.1');
await Promise.all([server, elsewhere].map((each) => once(each, 'listening')));
const wallboard = `https://localhost:${server.address().port}`;
const foreign = `http://127.0.0.1:${elsewhere.address().port}`;
// An administrator vouches for it: what a person approved is not asked again, though on loopback other programs could pose as it.
const client_id = crypto.randomUUID();
await declare({
  client_id, name: 'Wallboard by MSAL', kind: 'spa', profile: 'microsoft', multi_tenant: true, owner: ana.email, scopes: ['vso.project'],
  administrator_approved: true, redirect_uris: [`${wallboard}/callback`, `${foreign}/callback`],
  post_logout_redirect_uris: [`${wallboard}/signed-out`, `${wallboard}/callback`],
});

const browser = await test('Chromium starts', launch);
if (browser) {
  const page = await freshPage(browser, { ignoreHTTPSErrors: true });
  await signedIn(page);
  await silently(page);
  await switched(page);
  await signedOut(page);
  await page.context().close();
  await browser.close();
  await test('no page broke its own security policy, threw, or met a failing server', () => {
    assert.deepEqual(complaints, []);
  });
}
done();

/** Signing in by redirect, and what the library makes of the tokens. */
async function signedIn(page) {
  await test('a person signs in by redirect, approves, and the page has read their projects', async () => {
    await page.goto(wallboard);
    await says(page, 'Signed out');
    await page.locator('#sign-in').click();
    await signIn(page, ana);
    await approve(page);
    await says(page, `Signed in as ${ana.email}`);
    assert.deepEqual(await page.locator('#projects li').allTextContents(), demo.projects.toSorted());
  });

  await test('a silent call is answered from the cache', async () => {
    const asked = [];
    const note = (request) => asked.push(new URL(request.url()).pathname);
    page.on('request', note);
    await page.locator('#silent').click();
    await says(page, `Signed in as ${ana.email}, from the cache`);
    page.off('request', note);
    assert.deepEqual(asked, [`/${demo.organization}/_apis/projects`]);
  });

  await test('a forced one refreshes, without a secret, across origins', async () => {
    const sent = await refreshes(page, '#renew');
    assert.equal(sent.get('client_secret'), null);
    await says(page, `Signed in as ${ana.email}`);
  });

  await test('so does one whose access token has run out', async () => {
    await page.clock.install();
    await page.clock.fastForward(91 * MINUTE);
    await refreshes(page, '#silent');
    await says(page, `Signed in as ${ana.email}`);
  });
}

/** Signing in without a page of the server's. */
async function silently(page) {
  for (const where of ['', '?tenant=common', '?tenant=organizations', '?tenant=harbor.test', '?protocol=OIDC', '?protocol=OIDC&tenant=common']) {
    await test(`in another tab it signs the same person in silently, in a frame${where && `, at ${where}`}`, async () => {
      const tab = await opens(page, `${wallboard}/${where}`);
      const [asked] = await Promise.all([
        tab.waitForRequest((request) => request.url().includes('/oauth2/v2.0/authorize')),
        tab.locator('#sso').click(),
      ]);
      assert.equal(new URL(asked.url()).searchParams.get('prompt'), 'none');
      await says(tab, `Signed in as ${ana.email}`);
      await refreshes(tab, '#renew');
      await says(tab, `Signed in as ${ana.email}`);
      await tab.locator('#silent').click();
      await says(tab, `Signed in as ${ana.email}, from the cache`);
      await tab.close();
    });
  }

  await test('where personal accounts are asked for, it is told that a person has to sign in', async () => {
    const tab = await opens(page, `${wallboard}/?tenant=consumers`);
    await tab.locator('#sso').click();
    await says(tab, 'A person is needed: login_required');
    await tab.close();
  });

  await test('a page of another site has no session in its frame, is told so, and signs in in a window', async () => {
    const tab = await opens(page, foreign);
    await tab.locator('#sso').click();
    await says(tab, 'A person is needed: login_required');
    const popup = await opened(tab, '#sign-in-popup');
    await approve(popup); // where people go back to is another place
    await says(tab, `Signed in as ${ana.email}`);
    assert.ok(popup.isClosed());
    await refreshes(tab, '#renew');
    await says(tab, `Signed in as ${ana.email}`);
    await tab.close();
  });
}

/** `prompt=select_account` in a window. */
async function switched(page) {
  await test('another person signs in in a window, and both stay known', async () => {
    const popup = await opened(page, '#switch-account');
    await popup.getByRole('button', { name: 'Use another account' }).click();
    await signIn(popup, max);
    await approve(popup);
    await says(page, `Signed in as ${max.email}`);
    assert.ok(popup.isClosed());
  });
  await test('and the first one is picked again, who approved both places before and is not asked anew', async () => {
    const popup = await opened(page, '#switch-account');
    await popup.locator(`[data-account="${ana.email}"]`).click();
    await says(page, `Signed in as ${ana.email}`);
  });
}

async function signedOut(page) {
  await test('it signs out by redirect: the library says not who it is, so the person is asked, and comes back to it', async () => {
    await page.locator('#sign-out').click();
    await page.getByRole('button', { name: 'Sign out of all 2 accounts' }).click();
    await page.waitForURL(`${wallboard}/signed-out?*`);
    await says(page, 'Signed out');
  });

  await test('after that a silent request is told that a person has to sign in', async () => {
    await page.locator('#sso').click();
    await says(page, 'A person is needed: login_required');
  });

  await test('it signs in in a window, and out in a window by the ID token it had', async () => {
    const popup = await opened(page, '#sign-in-popup');
    await signIn(popup, ana);
    await says(page, `Signed in as ${ana.email}`);
    assert.ok(popup.isClosed());
    const leaving = await opened(page, '#sign-out-popup');
    await says(page, 'Signed out');
    assert.ok(leaving.isClosed());
    await page.locator('#sso').click();
    await says(page, 'A person is needed: login_required');
  });

  await test('what a person revoked is not renewed: the library knows that it has to ask them', async () => {
    const popup = await opened(page, '#sign-in-popup');
    await signIn(popup, ana);
    await says(page, `Signed in as ${ana.email}`);
    const tab = await page.context().newPage();
    await tab.goto(`${demo.https_origin}/profile/authorizations`);
    await tab.locator('[data-authorization]').filter({ hasText: 'Wallboard by MSAL' }).getByRole('button', { name: 'Revoke' }).click();
    await tab.locator('#what-ended').waitFor();
    await tab.close();
    await page.locator('#renew').click();
    await says(page, 'A person is needed: consent_required');
  });
}

async function signIn(page, { email, password }) {
  await page.getByLabel('Email', { exact: true }).fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

function approve(page) {
  return page.getByRole('button', { name: 'Approve', exact: true }).click();
}

/** Another tab of the same person, which keeps tokens of its own. */
async function opens(page, address) {
  const tab = await page.context().newPage();
  await tab.goto(address);
  await says(tab, 'Signed out');
  return tab;
}

/** The window that a button opens. */
async function opened(page, button) {
  const [popup] = await Promise.all([page.waitForEvent('popup'), page.locator(button).click()]);
  return popup;
}

/** What a button makes the page send to the token endpoint, which is a refresh token. */
async function refreshes(page, button) {
  const [asked] = await Promise.all([
    page.waitForRequest((request) => request.url().includes('/oauth2/v2.0/token')),
    page.locator(button).click(),
  ]);
  const sent = new URLSearchParams(asked.postData());
  assert.equal(sent.get('grant_type'), 'refresh_token');
  return sent;
}

function says(page, words) {
  return page.locator('#state').getByText(words, { exact: true }).waitFor();
}

/** Brings an app in as a file declares it. */
async function declare(app) {
  const file = join(demo.data_dir, 'wallboard-msal.json');
  await writeFile(file, JSON.stringify([app]));
  await latchkey('app', 'import', file, '--apply');
}

/** The page's files, of which two are the library's as it is installed. Whatever else is asked for is the page. */
async function serve(request, response) {
  const own = (file) => join(import.meta.dirname, 'page', file);
  const files = {
    '/msal-browser.js': ['text/javascript', join(LIBRARY, 'msal-browser.min.js')],
    '/msal-redirect-bridge.js': ['text/javascript', join(LIBRARY, 'redirect-bridge/msal-redirect-bridge.min.js')],
    '/wallboard.js': ['text/javascript', own('wallboard.js')],
    '/callback': ['text/html', own('callback.html')],
  };
  const [path] = request.url.split('?');
  if (path === '/settings.json') {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({
      clientId: client_id,
      host: new URL(demo.https_origin).host,
      tenant: demo.tenant_id,
      // The DevOps side as a resource, as Microsoft's clients name it.
      scopes: ['499b84ac-1321-427f-aa17-267ca6975798/.default'],
      projects: `${demo.https_origin}/${demo.organization}/_apis/projects`,
    }));
    return;
  }
  const [type, file] = files[path] ?? ['text/html', own('index.html')];
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8` });
  response.end(await readFile(file));
}
