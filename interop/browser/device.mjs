// A device without a browser: a person types its code, reads what asks, and approves; and an app signs them out.

import assert from 'node:assert/strict';

import { account, client, demo } from '../lib/demo.mjs';
import { test } from '../lib/tap.mjs';
import { freshPage } from './chromium.mjs';
import { inspect } from './inspect.mjs';
import { signIn, words } from './steps.mjs';

const LAMP = demo.clients.find((each) => each.name === 'Buildlight');

export async function device(browser) {
  const page = await freshPage(browser);

  await test('a code that no device shows is refused on the same page', async () => {
    await page.goto(`${demo.origin}/device`);
    await inspect(page, 'device');
    await page.getByLabel('Code', { exact: true }).fill('BCDF-GHJK');
    await page.locator('#device-next').click();
    assert.match(await words(page), /No device shows this code/);
    await inspect(page, 'device-unknown');
  });

  await test('a device is connected by its code, and the person is told who asks, from where and when', async () => {
    const asked = await ask('devicecode', { scope: ['openid', ...LAMP.scopes].join(' ') });
    await page.getByLabel('Code', { exact: true }).fill(asked.user_code.toLowerCase());
    await page.locator('#device-next').click();
    assert.match(await words(page), /Is this your device\?.*Buildlight.*127\.0\.0\.1.*just now/);
    await inspect(page, 'device-confirm');
    await page.locator('#device-continue').click();
    await signIn(page, account('owner'));
    assert.ok((await words(page)).includes(asked.user_code), 'the approval page says which device gets the answer');
    await inspect(page, 'consent-device');
    await page.locator('#approve').click();
    await page.getByRole('heading', { name: 'You can go back to your device', level: 1 }).waitFor();
    await inspect(page, 'device-done');
    const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: asked.device_code };
    assert.ok((await ask('token', grant)).access_token);
  });

  await test('an app that asks to sign the person out makes the page ask them first', async () => {
    const query = new URLSearchParams({ client_id: client('web').client_id });
    await page.goto(`${demo.origin}/${demo.tenant_id}/oauth2/v2.0/logout?${query}`);
    assert.match(await words(page), /asks to sign you out here as well/);
    await inspect(page, 'logout');
    await page.locator('#signout-confirm').click();
    await page.getByRole('heading', { name: 'You are signed out', level: 1 }).waitFor();
  });

  await page.context().close();
}

async function ask(endpoint, fields) {
  const body = new URLSearchParams({ client_id: LAMP.client_id, ...fields });
  const answer = await fetch(`${demo.origin}/${demo.tenant_id}/oauth2/v2.0/${endpoint}`, { method: 'POST', body });
  return answer.json();
}
