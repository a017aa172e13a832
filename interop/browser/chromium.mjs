// Debian's Chromium, and one browser of its own for each person.

import { chromium } from 'playwright-core';

const QUIET = [
  '--no-sandbox', // a test machine often is a container, where Chromium's own sandbox cannot be set up
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What pages did that no page may do: break their own security policy, throw, or meet a server that fails. */
export const complaints = [];

/** Starts Chromium. */
export function launch() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: QUIET });
}

/** A page in a browser that shares no cookie with any other. */
export async function freshPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error}`));
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 500) complaints.push(`${response.url()} answered ${response.status()}`);
  });
  return page;
}
