// The whole story in Chromium: everybody who meets it, every page they meet, and once with the keyboard alone.

import assert from 'node:assert/strict';

import { done, test } from '../lib/tap.mjs';
import { ownAccount } from './account.mjs';
import { apps } from './apps.mjs';
import { asking } from './asking.mjs';
import { complaints, launch } from './chromium.mjs';
import { device } from './device.mjs';
import { elsewhere } from './elsewhere.mjs';
import { keyboard } from './keyboard.mjs';
import { oldtimer } from './oldtimer.mjs';
import { moving } from './moving.mjs';
import { owner } from './owner.mjs';
import { pages } from './pages.mjs';
import { refused } from './refused.mjs';
import { leaveKey } from './token_expiry.mjs';
import { walk } from './walk.mjs';

const browser = await test('Chromium starts', launch);
if (browser) {
  await walk(browser);
  const keyRunsOut = await leaveKey(browser);
  await owner(browser);
  await refused(browser);
  await keyboard(browser);
  await ownAccount(browser);
  await apps(browser);
  await oldtimer(browser);
  await device(browser);
  await asking(browser);
  await elsewhere(browser);
  await pages(browser);
  await keyRunsOut();
  await moving(browser);
  await browser.close();
  await test('no page broke its own security policy, threw, or met a failing server', () => {
    assert.deepEqual(complaints, []);
  });
}
done();
