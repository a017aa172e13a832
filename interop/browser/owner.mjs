// The story: the owner gives Burndown a part of what it asks for, sees what it does with it, and takes it back.

import assert from 'node:assert/strict';

import { PROJECT, account, demo } from '../lib/demo.mjs';
import { test } from '../lib/tap.mjs';
import { freshPage } from './chromium.mjs';
import { inspect } from './inspect.mjs';
import { burndownsRow, confirm, connectAs, openAuthorizations, words } from './steps.mjs';

const LEFT_OUT = 'drydock';
const LAST_USE_WITHIN = 70_000;

export async function owner(browser) {
  const page = await freshPage(browser);

  await test('owner: Burndown asks, ana signs in and meets the approval page', async () => {
    await connectAs(page, account('owner'));
    await page.getByRole('heading', { name: 'Burndown wants to access your DevOps resources', level: 1 }).waitFor();
    assert.match(await words(page), /127\.0\.0\.1/, 'it says where she will be sent back to');
    assert.match(await words(page), /ana@harbor\.test/, 'it says as whom');
    await inspect(page, 'consent');
  });

  await test('owner: Approve and Deny are alike in size', async () => {
    const [approve, deny] = await Promise.all(['#approve', '#deny'].map((id) => page.locator(id).boundingBox()));
    assert.ok(Math.abs(approve.width - deny.width) < 2 && Math.abs(approve.height - deny.height) < 2);
  });

  await test('owner: she unticks drydock, approves, and Burndown shows work items of lighthouse only', async () => {
    await page.locator('label').filter({ hasText: LEFT_OUT }).getByRole('checkbox').uncheck();
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
    await page.locator('#connected').waitFor();
    assert.equal(new URL(page.url()).origin, new URL(demo.service_url).origin);
    await page.getByRole('heading', { name: 'Hello, Ana Moreira', level: 1 }).waitFor();
    const projects = await page.locator('main h2').allInnerTexts();
    assert.deepEqual(projects, [PROJECT]);
    assert.ok((await page.locator('.work-items li').count()) > 0, 'work items');
    assert.ok((await page.locator('.commits li').count()) > 0, 'commits');
    assert.ok((await page.locator('.builds li').count()) > 0, 'builds');
    assert.doesNotMatch(await words(page), new RegExp(LEFT_OUT));
    await inspect(page, 'burndown-dashboard');
  });

  await test('owner: asked again for the same, she is not asked again', async () => {
    const again = await page.context().newPage();
    await again.goto(new URL('/connect', demo.service_url).href);
    if (await again.locator('#use-another-account').count()) {
      await inspect(again, 'select');
      await again.getByRole('button', { name: /ana@harbor\.test/ }).first().click();
    }
    await again.locator('#connected').waitFor();
    await again.close();
  });

  await test('owner: Manage authorizations shows it, with its last use', async () => {
    await openAuthorizations(page);
    const row = burndownsRow(page);
    assert.equal(await row.count(), 1);
    const deadline = Date.now() + LAST_USE_WITHIN;
    while (/Last used\s+never/i.test(await row.innerText())) {
      assert.ok(Date.now() < deadline, 'the last use is at most 60 s late');
      await page.waitForTimeout(2_000);
      await page.reload();
    }
    const shown = (await row.innerText()).replace(/\s+/g, ' ');
    assert.match(shown, /Last used .* from (127\.0\.0\.1|::1)/);
    assert.match(shown, new RegExp(PROJECT));
    assert.doesNotMatch(shown, new RegExp(LEFT_OUT));
    await inspect(page, 'authorizations');
  });

  await test('owner: the details tell how long its keys still live', async () => {
    await burndownsRow(page).getByRole('link', { name: /^Details/ }).click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    assert.match(await words(page), /Burndown/);
    assert.match(await words(page), /\d+ (min|h|second)/);
    await inspect(page, 'authorization');
  });

  await test('owner: as an administrator she sees it among the services of harbor', async () => {
    await page.goto(`${demo.origin}/organizations/${demo.organization}/services`);
    const service = page.getByRole('region', { name: 'Burndown', exact: true });
    assert.match(await service.innerText(), /Ana Moreira/);
    assert.match(await service.innerText(), new RegExp(PROJECT));
    await inspect(page, 'organization-services');
  });

  await test('owner: she is asked before all of them are revoked, and may keep them', async () => {
    await openAuthorizations(page);
    await page.getByRole('link', { name: 'Revoke all', exact: true }).click();
    await page.locator('#revoke-confirm').waitFor();
    assert.match(await words(page), /Burndown/);
    await inspect(page, 'revoke');
    await page.locator('#revoke-cancel').click();
    assert.equal(await burndownsRow(page).count(), 1);
  });

  await test('owner: she revokes it, and the page says what has ended', async () => {
    await openAuthorizations(page);
    await burndownsRow(page).getByRole('button', { name: /^Revoke/ }).click();
    await confirm(page);
    await page.getByRole('heading', { name: 'Access has ended', level: 1 }).waitFor();
    assert.match(await words(page), /Burndown can no longer reach your DevOps resources/);
    await inspect(page, 'revoked');
  });

  await test('owner: Burndown\'s next call fails, and it says plainly that its access has ended', async () => {
    await page.goto(demo.service_url);
    await page.locator('#access-ended').waitFor();
    assert.match(await words(page), /access has ended/i);
    assert.equal(await page.locator('.work-items').count(), 0);
    await inspect(page, 'burndown-ended');
  });

  await test('owner: nothing is listed any more', async () => {
    await openAuthorizations(page);
    assert.equal(await burndownsRow(page).count(), 0);
    await inspect(page, 'authorizations-none');
  });

  await test('owner: asked again, she switches the account, and meets the picker', async () => {
    await page.goto(new URL('/connect', demo.service_url).href);
    await page.locator('#switch-account').click();
    await page.getByRole('heading', { name: 'Pick an account', level: 1 }).waitFor();
    assert.equal(await page.locator('[data-account]').count(), 1);
    await inspect(page, 'select');
    await page.locator('[data-account="ana@harbor.test"]').click();
    await page.locator('#approve').waitFor();
  });

  await test('owner: she denies it, and Burndown is told so', async () => {
    await page.getByRole('button', { name: 'Deny', exact: true }).click();
    await page.getByRole('alert').waitFor();
    assert.equal(await page.locator('#error-code').innerText(), 'access_denied');
    await inspect(page, 'burndown-refused');
  });

  await page.context().close();
}
