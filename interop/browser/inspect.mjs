// What holds on every page: axe finds nothing in either colour scheme, and 320 pixels are wide enough.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import axe from 'axe-core';

import { test } from '../lib/tap.mjs';

const NARROW = { width: 320, height: 800 };
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const screenshots = process.env.SCREENSHOTS ?? 'target/screenshots';
const seen = new Set();

/** Looks at a page once, under a name that also names its screenshots. Leaves it as it was. */
export async function inspect(page, name) {
  if (seen.has(name)) return;
  seen.add(name);
  await mkdir(screenshots, { recursive: true });
  const wide = page.viewportSize();

  await test(`page ${name}: axe finds nothing, light and dark`, async () => {
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.screenshot({ path: join(screenshots, `${name}-${colorScheme}.png`), fullPage: true });
      assert.deepEqual(await violations(page), [], `in ${colorScheme}`);
    }
  });
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });

  await test(`page ${name}: 320 pixels are wide enough`, async () => {
    await page.setViewportSize(NARROW);
    await page.screenshot({ path: join(screenshots, `${name}-320.png`), fullPage: true });
    const tooWide = await page.evaluate(widerThanTheWindow);
    assert.deepEqual(tooWide, []);
  });
  await page.setViewportSize(wide);

  await test(`page ${name}: one main, one first heading, a title and a language`, async () => {
    assert.equal(await page.locator('main').count(), 1);
    assert.equal(await page.locator('h1').count(), 1);
    assert.ok((await page.title()).length > 0);
    assert.ok(await page.locator('html').getAttribute('lang'));
  });
}

async function violations(page) {
  // Evaluated by the debugger, not by the page: the page's security policy stays as it is.
  await page.evaluate(axe.source);
  const { violations: found } = await page.evaluate((values) => globalThis.axe.run({ runOnly: { type: 'tag', values } }), STANDARDS);
  return found.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' | ')}`);
}

function widerThanTheWindow() {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const wide = [...document.body.querySelectorAll('*')].filter((element) => element.getBoundingClientRect().right > clientWidth + 1);
  return [`the page is ${scrollWidth} wide`, ...wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 200))];
}
