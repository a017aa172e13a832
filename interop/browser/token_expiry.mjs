// A key whose time runs out while its person is away, and what the guided walk says of it.

import assert from 'node:assert/strict';

import { account, demo } from '../lib/demo.mjs';
import { test } from '../lib/tap.mjs';
import { freshPage } from './chromium.mjs';
import { connectAs } from './steps.mjs';

const RUNS_OUT_WITHIN = 150_000;
/** How long the walk is looked at before Burndown is opened again. */
const LOOKS_FOR = 2_000;

async function approve(page, as) {
  await connectAs(page, account(as));
  await page.locator('#approve, #connected').first().waitFor();
  if (await page.locator('#approve').count()) await page.locator('#approve').click();
  await page.locator('#connected').waitFor();
}

/** Max connects Burndown, and does something else. What is returned has to be awaited when that has taken a while. */
export async function leaveKey(browser) {
  const page = await freshPage(browser);
  await test('running out: max gives Burndown a key', () => approve(page, 'administrator'));
  return async () => {
    await test('running out: minutes later it is renewed without him, and the walk says so', async () => {
      const other = await freshPage(browser);
      await approve(other, 'owner');
      const guide = await other.context().newPage();
      await guide.goto(`${demo.origin}/demo`);
      const deadline = Date.now() + RUNS_OUT_WITHIN;
      const renewed = () => guide.locator('#step-7.done').waitFor({ timeout: LOOKS_FOR }).then(() => true, () => false);
      do {
        assert.ok(Date.now() < deadline, 'a key of Burndown lives 2 minutes');
        await page.goto(demo.service_url);
        await page.locator('#connected').waitFor();
      } while (!(await renewed()));
      await other.context().close();
    });
    await page.context().close();
  };
}
