// What a person does around their account: goes back after an answer, pauses a service and lets it go on, changes their password, reads why
// their own app is refused.

import assert from 'node:assert/strict';

import { CALLBACK, account, client, demo } from '../lib/demo.mjs';
import { test } from '../lib/tap.mjs';
import { freshPage } from './chromium.mjs';
import { inspect } from './inspect.mjs';
import { burndownsRow, connectAs, openAuthorizations, signIn, words } from './steps.mjs';

// Nobody else in this story is Pat, so whatever ends here ends for nobody else.
const pat = account('personal');
const NEW = 'a lighthouse is no lamp';

export async function ownAccount(browser) {
  const page = await freshPage(browser);

  await test('account: Approve that is pressed twice is sent once, and the service hears of it', async () => {
    await connectAs(page, pat);
    let goOn;
    const pressedAgain = new Promise((resolve) => { goOn = resolve; });
    let sent = 0;
    const isConsent = (url) => url.pathname === '/consent';
    await page.route(isConsent, async (route) => {
      if (route.request().method() === 'POST') sent += 1;
      await pressedAgain;
      await route.continue();
    });
    await page.locator('#approve').click({ noWaitAfter: true });
    await page.mouse.down();
    await page.mouse.up();
    goOn();
    await page.getByRole('heading', { name: /^Hello, /, level: 1 }).waitFor();
    await page.unroute(isConsent);
    assert.equal(sent, 1);
  });

  await test('account: whoever goes back after Approve reads that it was answered, and where to go', async () => {
    await page.goBack();
    await page.getByRole('heading', { name: 'You have answered this already', level: 1 }).waitFor();
    assert.equal(await page.locator('#error-code').innerText(), 'flow_answered');
    await inspect(page, 'flow-answered');
    await page.getByRole('link', { name: 'Manage authorizations' }).click();
    await burndownsRow(page).waitFor();
  });

  await test('account: Burndown goes on after Resume with the key it has, and nobody is asked again', async () => {
    await burndownsRow(page).getByRole('button', { name: /^Pause/ }).click();
    await page.goto(demo.service_url);
    await page.locator('#access-ended').waitFor();
    await openAuthorizations(page);
    await burndownsRow(page).getByRole('button', { name: /^Resume/ }).click();
    await page.goto(demo.service_url);
    await page.getByRole('heading', { name: /^Hello, /, level: 1 }).waitFor();
  });

  await test('account: a wrong password changes nothing, and is said so', async () => {
    await changePassword(page, 'wrong horse battery staple', NEW);
    assert.match(await page.getByRole('alert').innerText(), /That was not your password\. Nothing was changed\./);
    await inspect(page, 'sign-in-ways');
  });

  await test('account: a new password signs out every other browser and takes back what services may do', async () => {
    const other = await freshPage(browser);
    await other.goto(`${demo.origin}/me`);
    await signIn(other, pat);
    await changePassword(page, pat.password, NEW);
    assert.match(await page.getByRole('status').innerText(), /^Your password was changed\./);
    await other.goto(`${demo.origin}/me`);
    await other.getByLabel('Password', { exact: true }).waitFor();
    await signIn(other, { ...pat, password: NEW });
    await other.getByRole('heading', { level: 1 }).waitFor();
    await page.goto(demo.service_url);
    await page.locator('#access-ended').waitFor();
    await page.goto(`${demo.origin}/profile/activity`);
    assert.match(await words(page), /Password changed/);
    await inspect(page, 'activity-password');
    // The others in this story know the one before.
    await changePassword(page, NEW, pat.password);
    await other.context().close();
  });

  await test('account: whoever may change an app reads what came and what is registered, and others do not', async () => {
    const wrong = new URL(`${demo.origin}/${demo.tenant_id}/oauth2/v2.0/authorize`);
    const query = { client_id: client('web').client_id, response_type: 'code', redirect_uri: `${CALLBACK}/`, scope: 'openid' };
    wrong.search = new URLSearchParams(query);
    await page.goto(wrong.href);
    assert.equal(await page.locator('#for-owner').count(), 0, 'Pat administers the organization and not the directory');
    const owner = await freshPage(browser);
    await owner.goto(`${demo.origin}/me`);
    await signIn(owner, account('owner'));
    await owner.goto(wrong.href);
    assert.match(await owner.locator('#for-owner').innerText(), /in the slash at its end alone/);
    assert.ok((await owner.locator('#expected').innerText()).split(/\s+/).includes(CALLBACK));
    await inspect(owner, 'error-for-owner');
    await owner.locator('#open-registration').click();
    await owner.getByRole('heading', { level: 1 }).waitFor();
    assert.match(new URL(owner.url()).pathname, /^\/apps\//);
  });
}

async function changePassword(page, now, next) {
  await page.goto(`${demo.origin}/profile/sign-in`);
  await page.getByLabel('Your password now').fill(now);
  await page.getByLabel('New password', { exact: true }).fill(next);
  await page.getByLabel('New password, once more').fill(next);
  await page.locator('#change-password').click();
}
