// Every page that can be reached by links: they all keep what every page must keep.

import assert from 'node:assert/strict';

import { account, demo } from '../lib/demo.mjs';
import { test } from '../lib/tap.mjs';
import { freshPage } from './chromium.mjs';
import { inspect } from './inspect.mjs';
import { signIn } from './steps.mjs';

const MOST_PAGES = 40;
const FIRST = ['/demo', '/me', '/profile/authorizations', '/Profile/View', '/profile/sessions', '/apps', '/apps/new', '/signout'];

export async function pages(browser) {
  const page = await freshPage(browser);

  await test('a request of an app that nobody knows ends on a page with a code', async () => {
    const query = new URLSearchParams({ client_id: crypto.randomUUID(), response_type: 'code', redirect_uri: 'https://elsewhere.test/' });
    await page.goto(`${demo.origin}/${demo.tenant_id}/oauth2/v2.0/authorize?${query}`);
    assert.equal(new URL(page.url()).origin, demo.origin, 'the browser is not sent to an address that is not the app\'s');
    assert.ok(await page.locator('#error-code').innerText());
    await inspect(page, 'error');
  });

  await test('a page that does not exist says so', async () => {
    const response = await page.goto(`${demo.origin}/no/such/page`);
    assert.equal(response.status(), 404);
    await inspect(page, 'not-found');
  });

  await test('every page that links lead to can be looked at', async () => {
    await page.goto(`${demo.origin}/profile/authorizations`);
    await signIn(page, account('owner'));
    const todo = FIRST.map((path) => new URL(path, demo.origin).href);
    // A message of the guided walk goes when others have come; the walk looks at one while it is there.
    const known = new Set([...todo, `${demo.origin}/demo/messages/1`].map(kindOf));
    const broken = [];
    for (let number = 0; number < todo.length && number < MOST_PAGES; number += 1) {
      const response = await page.goto(todo[number]);
      if (response.status() >= 400) {
        broken.push(`${todo[number]} answered ${response.status()}`);
        continue;
      }
      await inspect(page, kindOf(page.url()));
      for (const link of await page.locator('a[href]:not([download])').evaluateAll((links) => links.map((each) => each.href))) {
        if (new URL(link).origin !== demo.origin || known.has(kindOf(link))) continue;
        known.add(kindOf(link));
        todo.push(link);
      }
    }
    assert.deepEqual(broken, []);
  });

  await test('without script: from sign-in to Manage authorizations', async () => {
    const plain = await freshPage(browser, { javaScriptEnabled: false });
    await plain.goto(`${demo.origin}/profile/authorizations`);
    await plain.locator('#email').fill(account('owner').email);
    await plain.locator('#password').fill(account('owner').password);
    await plain.locator('#sign-in').click();
    await plain.getByRole('heading', { name: 'Manage authorizations', level: 1 }).waitFor();
    await plain.context().close();
  });

  await page.context().close();
}

/** Pages that differ in an id only are one kind. The name is fit for a file. */
function kindOf(address) {
  const path = new URL(address).pathname.toLowerCase();
  const kind = path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id').replace(/\d+/g, 'n');
  return kind.split('/').filter(Boolean).join('-') || 'home';
}
