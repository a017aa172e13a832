// Registering an app, up to the secret that is shown once.

import assert from 'node:assert/strict';

import { account, demo } from '../lib/demo.mjs';
import { test } from '../lib/tap.mjs';
import { freshPage } from './chromium.mjs';
import { inspect } from './inspect.mjs';
import { signIn, words } from './steps.mjs';

export async function apps(browser) {
  const page = await freshPage(browser);

  await test('apps: a redirect URI that cannot be is refused while it is typed, with the reason', async () => {
    await page.goto(`${demo.origin}/apps/new`);
    await signIn(page, account('owner'));
    await page.getByLabel('Name', { exact: true }).fill('Tide Table');
    await page.getByLabel('Redirect URIs').fill('http://tides.example/back\nhttps://tides.example/back');
    const report = page.locator('#redirect-uris-report li');
    await report.first().filter({ hasText: 'http://tides.example/back' }).waitFor();
    const [wrong, right] = await report.allInnerTexts();
    assert.match(wrong, /^✗ .*: .+/, 'the first one is wrong, for a reason');
    assert.match(right, /^✓ /);
    await inspect(page, 'apps-new-typing');
  });

  await test('apps: the form comes back with what is wrong, and with what was typed', async () => {
    await page.getByRole('button', { name: 'Register', exact: true }).click();
    await page.getByRole('alert').waitFor();
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Tide Table');
    await inspect(page, 'apps-new-wrong');
  });

  await test('apps: registered, with the scopes that were ticked', async () => {
    await page.getByLabel('Redirect URIs').fill('https://tides.example/back');
    const scope = page.locator('[name=scope][value="vso.work"]');
    if (!(await scope.isVisible())) await page.locator('summary', { hasText: 'Read' }).click();
    await scope.check();
    await page.getByRole('button', { name: 'Register', exact: true }).click();
    await page.getByRole('heading', { name: 'Tide Table', level: 1 }).waitFor();
    assert.equal(await page.locator('[name=scope][value="vso.work"]').isChecked(), true);
    assert.equal(await page.locator('[name=scope]:checked').count(), 1);
  });

  await test('apps: a secret is shown once', async () => {
    await page.locator('#add-secret').click();
    const secret = await page.locator('#client-secret').innerText();
    assert.ok(secret.trim().length >= 43, '256 bits');
    assert.match(await words(page), /the only time it is shown/);
    await inspect(page, 'apps-secret');
    await page.getByRole('link', { name: 'I have kept it' }).click();
    await page.getByRole('heading', { name: 'Tide Table', level: 1 }).waitFor();
    assert.ok(!(await page.content()).includes(secret.trim()), 'never again');
  });

  await page.context().close();
}
