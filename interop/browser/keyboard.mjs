// The main flow with the keyboard alone, and with the focus in sight at every stop.

import assert from 'node:assert/strict';

import { account, demo } from '../lib/demo.mjs';
import { test } from '../lib/tap.mjs';
import { freshPage } from './chromium.mjs';
import { openAuthorizations } from './steps.mjs';

const MOST_STOPS = 150;

export async function keyboard(browser) {
  const page = await freshPage(browser);
  const ana = account('owner');

  await test('keyboard: from Burndown to the approval page', async () => {
    await page.goto(demo.service_url);
    await tabTo(page, '#connect');
    await pressAndGo(page, 'Enter');
    await page.locator('#email:focus').waitFor();
    await page.keyboard.type(ana.email);
    await tabTo(page, '#password');
    await page.keyboard.type(ana.password);
    await pressAndGo(page, 'Enter');
    await page.locator('#approve').waitFor();
  });

  await test('keyboard: untick a project and approve', async () => {
    await tabTo(page, 'input[name=project]', 'drydock');
    await page.keyboard.press('Space');
    assert.equal(await page.locator(':focus').isChecked(), false);
    await page.locator('#approve:enabled').waitFor();
    await tabTo(page, '#approve');
    await pressAndGo(page, 'Enter');
    await page.locator('#connected').waitFor();
  });

  await test('keyboard: revoke it', async () => {
    await openAuthorizations(page);
    await tabTo(page, '[data-authorization] [id^="revoke-"]');
    await pressAndGo(page, 'Enter');
    if (await page.locator('#revoke-confirm').count()) {
      await tabTo(page, '#revoke-confirm');
      await pressAndGo(page, 'Enter');
    }
    await page.getByRole('heading', { name: 'Access has ended', level: 1 }).waitFor();
  });

  await page.context().close();
}

/** Presses Tab until the focus is on such an element, in a label with these words if they are given. */
async function tabTo(page, selector, label) {
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    await page.keyboard.press('Tab');
    const { there, visible, element } = await page.evaluate(focus, { selector, label });
    assert.ok(visible, `the focus cannot be seen on ${element}`);
    if (there) return;
  }
  throw new Error(`Tab never comes to ${selector}`);
}

function focus({ selector, label }) {
  const element = document.activeElement;
  if (!element || element === document.body) return { there: false, visible: true, element: 'body' };
  const there = element.matches(selector) && (!label || (element.closest('label')?.textContent ?? '').includes(label));
  const shows = (one) => {
    const { outlineStyle, outlineWidth, boxShadow } = one ? getComputedStyle(one) : {};
    return one && ((outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none');
  };
  const visible = Boolean(shows(element) || shows(element.closest('label')));
  return { there, visible, element: element.outerHTML.slice(0, 200) };
}

async function pressAndGo(page, key) {
  await Promise.all([page.waitForEvent('load'), page.keyboard.press(key)]);
}
