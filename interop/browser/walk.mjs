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
    assert.match(await guide.locator('#progress').innerText(), /^0 of 10/);
    await inspect(guide, 'demo-start');
  });

  await test('walk: while ana signs in and approves in another window, the steps tick by themselves', async () => {
    await connectAs(page, account('owner'));
    await ticked(2);
    await page.locator('#approve').click();
    await page.locator('#connected').waitFor();
    await ticked(5);
    await guide.locator('#step-6.next').waitFor();
    assert.match(await guide.locator('#progress').innerText(), /^5 of 10/);
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
    await ticked(8);
  });

  await test('walk: without script a second look says the same', async () => {
    const plain = await freshPage(browser, { javaScriptEnabled: false });
    await plain.goto(`${demo.origin}/demo`);
    assert.match(await plain.locator('#progress').innerText(), /^8 of 10/);
    await plain.getByRole('link', { name: 'Look again' }).click();
    assert.equal(await plain.locator('li.done').count(), 8);
    await plain.context().close();
  });

  await guide.context().close();
}
