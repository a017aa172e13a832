// The guided walk, in one window while everything happens in another: it ticks by itself, and nobody who reads there loses their place.

import assert from 'node:assert/strict';

import { account, demo } from '../lib/demo.mjs';
import { test } from '../lib/tap.mjs';
import { freshPage } from './chromium.mjs';
import { inspect } from './inspect.mjs';
import { burndownsRow, confirm, connectAs, openAuthorizations } from './steps.mjs';

export async function walk(browser) {
  const guide = await freshPage(browser);
  const page = await guide.context().newPage();
  const ticked = (number) => guide.locator(`#step-${number}.done`).waitFor();

  await test('walk: nothing has happened yet', async () => {
    await guide.goto(`${demo.origin}/demo`);
    assert.match(await guide.locator('#progress').innerText(), /^0 of 12/);
    await inspect(guide, 'demo-start');
  });

  await test('walk: while ana signs in and approves in another window, the steps tick by themselves', async () => {
    await connectAs(page, account('owner'));
    await ticked(2);
    await page.locator('#approve').click();
    await page.locator('#connected').waitFor();
    await ticked(5);
    await guide.locator('#step-6.next').waitFor();
    assert.match(await guide.locator('#progress').innerText(), /^5 of 12/);
  });

  await test('walk: who reads a message keeps it open, and the focus, while more come in', async () => {
    const messages = guide.locator('#walk-wire > li');
    await messages.first().locator('summary').click();
    const before = await messages.count();
    await openAuthorizations(page);
    await ticked(6);
    assert.ok((await messages.count()) > before, 'more came in');
    assert.ok(await messages.first().locator('details').evaluate((one) => one.open && one.contains(document.activeElement)));
    await inspect(guide, 'demo');
  });

  await test('walk: taken back, and its next call fails: that is told, too', async () => {
    await burndownsRow(page).getByRole('button', { name: /^Revoke/ }).click();
    await confirm(page);
    await page.goto(demo.service_url);
    await page.locator('#access-ended').waitFor();
    await ticked(9);
  });

  await test('walk: as the owner she finds all of it in the audit log', async () => {
    await page.goto(`${demo.origin}/audit`);
    await page.getByRole('heading', { name: 'Audit log of harbor.test', level: 1 }).waitFor();
    await page.locator('[data-kind=authorization_revoked]').first().waitFor();
    await inspect(page, 'audit');
    await ticked(10);
  });

  await test('walk: secrets of a message are shown to who asks for them', async () => {
    const link = guide.locator('#walk-wire a').first();
    assert.doesNotMatch(await guide.content(), /client_secret = [^…]/);
    await guide.goto(new URL(await link.getAttribute('href'), demo.origin).href);
    assert.doesNotMatch(await guide.locator('#whole').innerText(), /…\w{4}$/m);
    await inspect(guide, 'demo-message');
  });

  await test('walk: without script a second look says the same', async () => {
    const plain = await freshPage(browser, { javaScriptEnabled: false });
    await plain.goto(`${demo.origin}/demo`);
    assert.match(await plain.locator('#progress').innerText(), /^9 of 12/);
    await plain.getByRole('link', { name: 'Look again' }).click();
    assert.equal(await plain.locator('li.done').count(), 9);
    await plain.context().close();
  });

  await guide.context().close();
}
