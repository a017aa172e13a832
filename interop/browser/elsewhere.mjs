// Signing in elsewhere: people of harbor sign in at a second Latchkey, from the first page to the session.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { account, demo, latchkey } from '../lib/demo.mjs';
import { second } from '../lib/second.mjs';
import { test } from '../lib/tap.mjs';
import { freshPage } from './chromium.mjs';
import { inspect } from './inspect.mjs';
import { signIn, words } from './steps.mjs';

const ZOE = { email: 'zoe@harbor.test', password: 'a gull on every bollard' };
const NAME = 'Harbor Login';

export async function elsewhere(browser) {
  const other = await test('elsewhere: a second Latchkey is trusted with saying who people are', trusted);
  if (!other) return;
  const options = { ignoreHTTPSErrors: true }; // nobody has to trust the demo's authority to run this
  let page = await freshPage(browser, options);

  await test('elsewhere: the address alone leads there', async () => {
    await page.goto(`${demo.origin}/me`);
    await page.getByLabel('Email', { exact: true }).fill(ZOE.email);
    await inspect(page, 'sign-in-elsewhere');
    await page.locator('#by-address').click();
    await page.waitForURL((url) => url.origin === other.said.https_origin);
    assert.equal(await page.getByLabel('Email', { exact: true }).inputValue(), ZOE.email, 'typed once is enough');
  });

  await test('elsewhere: the second one asks what the first may learn, and she comes back with an account', async () => {
    await signIn(page, ZOE);
    assert.match(await words(page), /Harbor wants to sign you in/);
    await inspect(page, 'consent-identity');
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
    await page.waitForURL(`${demo.origin}/me`);
    assert.match(await words(page), /Zoe Quay/);
    await inspect(page, 'me-elsewhere');
  });

  await test('elsewhere: how she signs in is on her page', async () => {
    await page.goto(`${demo.origin}/profile/sign-in`);
    assert.match(await words(page), /Your account has no password/);
    assert.match(await words(page), new RegExp(NAME));
    await inspect(page, 'profile-sign-in-elsewhere');
    await page.context().close();
  });

  page = await freshPage(browser, options);
  await test('elsewhere: ana has an account, and links it with her password', async () => {
    await page.goto(`${demo.origin}/profile/sign-in`);
    await signIn(page, account('owner'));
    await inspect(page, 'profile-sign-in');
    await page.locator('#password').fill(account('owner').password);
    await page.getByRole('button', { name: `Link ${NAME}` }).click();
    await page.waitForURL((url) => url.origin === other.said.https_origin);
    await signIn(page, other.said.accounts.find(({ role }) => role === 'owner'));
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
    await page.waitForURL((url) => url.origin === demo.origin && url.pathname === '/profile/sign-in');
    assert.match(await words(page), /linked just now|linked \d/i);
    await inspect(page, 'profile-sign-in-linked');
    await page.context().close();
  });

  page = await freshPage(browser, options);
  await test('elsewhere: from then on a button is enough, and Burndown asks her as always', async () => {
    await page.goto(demo.service_url);
    await page.locator('#connect').click();
    await inspect(page, 'sign-in-button');
    await page.getByRole('button', { name: `Sign in with ${NAME}` }).click();
    await page.waitForURL((url) => url.origin === other.said.https_origin);
    await signIn(page, other.said.accounts.find(({ role }) => role === 'owner'));
    await page.waitForURL((url) => url.origin === demo.origin && url.pathname === '/consent');
    assert.match(await words(page), /ana@harbor\.test/);
    await page.context().close();
  });

  await test('elsewhere: who says no there is back at the first page, and told so', async () => {
    page = await freshPage(browser, options);
    await page.goto(`${demo.origin}/me`);
    await page.getByLabel('Email', { exact: true }).fill('max@harbor.test');
    await page.locator('#by-address').click();
    await page.waitForURL((url) => url.origin === other.said.https_origin);
    await signIn(page, other.said.accounts.find(({ role }) => role === 'administrator'));
    await page.getByRole('button', { name: 'Deny', exact: true }).click();
    await page.waitForURL((url) => url.origin === demo.origin);
    assert.ok((await page.getByRole('heading', { level: 1 }).innerText()).length > 0);
    await inspect(page, 'elsewhere-denied');
    await page.context().close();
  });

  await latchkey('upstream', 'remove', 'harbor.test', other.provider);
  await other.close();
}

/** Starts it and makes each known to the other. */
async function trusted() {
  const other = await second();
  const provider = ['harbor.test', '--name', NAME, '--issuer', other.said.https_issuer, '--home-realm', '--make-accounts'];
  const added = await latchkey('upstream', 'add', ...provider, '--client-id', 'not-registered-yet');
  const redirects = added.redirect_uris.flatMap((uri) => ['--redirect-uri', uri]);
  const app = ['app', 'create', '--name', 'Harbor', '--kind', 'web', '--owner', 'ana@harbor.test', ...redirects];
  const registered = await other.order(app);
  const secret = join(demo.data_dir, 'harbor-login.txt');
  await writeFile(secret, registered.client_secret);
  await latchkey('upstream', 'change', added.id, ...provider, '--client-id', registered.client_id, '--secret-file', secret);
  await other.order(['account', 'create', '--email', ZOE.email, '--name', 'Zoe Quay'], `${ZOE.password}\n`);
  return { ...other, provider: added.id };
}
