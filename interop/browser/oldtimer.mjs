// The story of Oldtimer: an app of the older kind still works, is told of its end, and nobody can make another one.

import assert from 'node:assert/strict';

import { account, demo } from '../lib/demo.mjs';
import { test } from '../lib/tap.mjs';
import { freshPage } from './chromium.mjs';
import { inspect } from './inspect.mjs';
import { confirm, openAuthorizations, signIn, words } from './steps.mjs';

export async function oldtimer(browser) {
  const page = await freshPage(browser);
  let home;

  await test('oldtimer: the guided walk leads there', async () => {
    await page.goto(`${demo.origin}/demo`);
    await page.getByRole('link', { name: 'Open Oldtimer' }).click();
    home = page.url();
    assert.equal(new URL(home).hostname, '127.0.0.1');
    await inspect(page, 'oldtimer-start');
  });

  await test('oldtimer: it asks, and the approval page says that it is of the older kind', async () => {
    await page.locator('#connect').click();
    await signIn(page, account('owner'));
    await page.getByRole('heading', { name: 'Oldtimer wants to access your DevOps resources', level: 1 }).waitFor();
    await page.locator('#older-app').waitFor();
    await inspect(page, 'consent-older');
  });

  await test('oldtimer: once approved it shows work items, and that its time is limited', async () => {
    for (const box of await page.locator('input[name="scope"]:not(:disabled)').all()) await box.check();
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
    await page.locator('#connected').waitFor();
    assert.ok((await page.locator('#work-items li').count()) > 0, 'work items');
    assert.match(await page.locator('#deprecation').innerText(), /deprecated since .* stops working on /);
    await inspect(page, 'oldtimer-connected');
  });

  await test('oldtimer: it gets its next key, and the walk has ticked the step', async () => {
    await page.locator('#refresh').click();
    assert.match(await page.locator('#told').innerText(), /assertion: a refresh token\s+200/);
    await page.goto(`${demo.origin}/demo`);
    await page.getByRole('heading', { name: 'An older app still works (done)' }).waitFor();
    await page.goto(home);
  });

  await test('oldtimer: another one like it cannot be registered, and the page names the way forward', async () => {
    await page.locator('#register-legacy').click();
    assert.equal(await page.locator('#error-code').innerText(), 'no_new_legacy_apps');
    await page.locator('#register-app').waitFor();
    await inspect(page, 'no-new-legacy-apps');
    await page.goto(home);
    await page.locator('#way-out').click();
    await page.getByRole('heading', { name: 'Apps of the older OAuth kind', level: 1 }).waitFor();
  });

  await test('oldtimer: taken back like any other, it says so', async () => {
    await openAuthorizations(page);
    const row = page.locator('[data-authorization]').filter({ hasText: 'Oldtimer' });
    await row.getByRole('button', { name: /^Revoke/ }).click();
    await confirm(page);
    await page.goto(home);
    await page.locator('#connect').waitFor();
    assert.match(await words(page), /Our access has ended/);
    assert.match(await words(page), /GET \/harbor\/_apis\/wit\/workitems 401/);
    await inspect(page, 'oldtimer-ended');
  });
}
