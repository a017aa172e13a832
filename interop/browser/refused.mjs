// Who may not authorize a service for harbor, and what they are told.

import assert from 'node:assert/strict';

import { account, demo } from '../lib/demo.mjs';
import { test } from '../lib/tap.mjs';
import { freshPage } from './chromium.mjs';
import { inspect } from './inspect.mjs';
import { connectAs, openAuthorizations, words } from './steps.mjs';

/** Each role, what keeps it from approving, and what its page must say. */
const STOPPED = [
  ['member', 'is not in the administrators group', [/Project Collection Administrators/, /harbor/, /Nothing was granted/]],
  ['stakeholder', 'has less than Basic access', [/Basic/, /harbor/, /Nothing was granted/]],
  ['outsider', 'is a member of no project', [/member of (a|any) project/i, /Nothing was granted/]],
  ['other_tenant', 'is in another directory', [/not in that directory/, /harbor\.test/, /shore\.test/]],
];

export async function refused(browser) {
  for (const [role, reason, expected] of STOPPED) {
    const page = await freshPage(browser);
    await test(`${role}: is stopped, because this person ${reason}`, async () => {
      await connectAs(page, account(role));
      const shown = await words(page);
      for (const sentence of expected) assert.match(shown, sentence);
      assert.equal(await page.locator('#approve').count(), 0, 'there is nothing to approve');
      await inspect(page, `stopped-${role}`);
    });

    await test(`${role}: Burndown is told no, and has nothing`, async () => {
      await page.locator('#return-without-approving, #cancel').first().click();
      await page.getByRole('alert').waitFor();
      assert.equal(new URL(page.url()).origin, new URL(demo.service_url).origin);
      assert.equal(await page.locator('#error-code').innerText(), 'access_denied');
      await openAuthorizations(page);
      assert.equal(await page.locator('[data-authorization]').count(), 0);
    });
    await page.context().close();
  }

  const page = await freshPage(browser);
  await test('a wrong password and an unknown account get the same answer', async () => {
    await connectAs(page, { ...account('owner'), password: 'not-the-password' });
    const wrong = await page.getByRole('alert').innerText();
    await inspect(page, 'sign-in-wrong');
    await page.getByLabel('Email', { exact: true }).fill('nobody@harbor.test');
    await page.getByLabel('Password', { exact: true }).fill('not-the-password');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    assert.equal(await page.getByRole('alert').innerText(), wrong, 'whether the account exists is not told');
  });
  await page.context().close();
}
