// What people do on the pages, in the words of the pages.

import assert from 'node:assert/strict';

import { demo } from '../lib/demo.mjs';
import { inspect } from './inspect.mjs';

/** The words in the middle of a page. */
export async function words(page) {
  return (await page.locator('main').innerText()).replace(/\s+/g, ' ');
}

/** From Burndown's first page to Latchkey, as this account, up to the page that follows sign-in. */
export async function connectAs(page, account) {
  await page.goto(demo.service_url);
  await inspect(page, 'burndown-start');
  await page.locator('#connect').click();
  assert.equal(new URL(page.url()).origin, demo.origin, 'Burndown sends the person to Latchkey');
  await signIn(page, account);
}

/** Signs in where Latchkey asks for it, through the account picker if there is one. */
export async function signIn(page, account) {
  const another = page.locator('#use-another-account');
  if (await another.count()) {
    await inspect(page, 'select');
    await another.click();
  }
  await page.getByLabel('Email', { exact: true }).fill(account.email);
  await page.getByLabel('Password', { exact: true }).fill(account.password);
  await inspect(page, 'sign-in');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForLoadState();
}

/** Opens Manage authorizations. The browser is signed in already. */
export async function openAuthorizations(page) {
  await page.goto(`${demo.origin}/profile/authorizations`);
  await page.getByRole('heading', { name: 'Manage authorizations', level: 1 }).waitFor();
}

/** The row of Burndown's authorization under Manage authorizations. */
export function burndownsRow(page) {
  return page.locator('[data-authorization]').filter({ hasText: 'Burndown' });
}

/** Presses the button that asks whether it is meant, on pages that ask. */
export async function confirm(page) {
  const button = page.locator('#revoke-confirm');
  if (await button.count()) {
    await inspect(page, 'revoke');
    await button.click();
  }
}
