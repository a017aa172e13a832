// A person with a browser, played over plain HTTP: a cookie jar that fills in Latchkey's own forms.

import { Page } from './page.mjs';

const MOST_STEPS = 25;

/** Somebody with an account of the demo and a browser of their own. */
export class Person {
  #account;
  #cookies = new Map();

  constructor(account) {
    this.#account = account;
  }

  /**
   * Opens an authorization request, signs in, approves all of it, and answers the address that the browser was
   * sent back to, with what a form post carried in its query. Throws with the page's words if it ends elsewhere.
   */
  async approve(request, redirectUri) {
    let step = await this.#request(request);
    for (let steps = 0; steps < MOST_STEPS; steps += 1) {
      if (step.location) {
        if (step.location.href.startsWith(redirectUri)) return step.location;
        step = await this.#request(step.location);
        continue;
      }
      const { page } = step;
      const posted = page.formTo(redirectUri);
      if (posted) return new URL(`${redirectUri}?${page.filled(posted)}`);
      step = await this.#act(page);
    }
    throw new Error(`still not back at ${redirectUri} after ${MOST_STEPS} steps`);
  }

  /** Opens one of Latchkey's pages, signing in on the way if asked to. */
  async open(address) {
    let step = await this.#request(address);
    for (let steps = 0; steps < MOST_STEPS; steps += 1) {
      if (step.location) step = await this.#request(step.location);
      else if (isSignIn(step.page) || isPicker(step.page)) step = await this.#act(step.page);
      else return step.page;
    }
    throw new Error(`${address} leads in circles`);
  }

  /** Presses the button with this id on a page that was opened, and answers the page that follows. */
  async press(page, id, values) {
    const button = page.control(id);
    if (!button) throw new Error(`there is no ${id} on ${page}`);
    let step = await this.#press(page, button, values);
    for (let steps = 0; step.location && steps < MOST_STEPS; steps += 1) step = await this.#request(step.location);
    return step.page;
  }

  /** Types the code of a device, which its link brings along, says that it is theirs, and approves all that it asks for. */
  async approveDevice(link) {
    const typed = await this.press(await this.open(link), 'device-next');
    let step = { page: await this.press(typed, 'device-continue') };
    for (let steps = 0; steps < MOST_STEPS; steps += 1) {
      if (step.location) step = await this.#request(step.location);
      else if (new URL(step.page.url).pathname === '/device/done') return step.page;
      else step = await this.#act(step.page);
    }
    throw new Error(`${link} leads in circles`);
  }

  /** Ends every authorization, on the page that people use for it. */
  async revokeAll(origin) {
    const address = new URL('/profile/authorizations', origin);
    for (let steps = 0; steps < MOST_STEPS; steps += 1) {
      const page = await this.open(address);
      const [button] = page.controlsLike('revoke-').filter((control) => control.id !== 'revoke-all');
      if (!button) return;
      let { page: answer } = await this.#press(page, button);
      const confirm = answer?.control('revoke-confirm');
      if (confirm) ({ page: answer } = await this.#press(answer, confirm));
      if (answer?.status >= 400) throw new Error(`revoking ended at ${answer}`);
    }
    throw new Error('there is always one more authorization to revoke');
  }

  async #act(page) {
    if (isSignIn(page)) {
      const button = page.control('sign-in');
      return this.#press(page, button, { email: this.#account.email, password: this.#account.password });
    }
    if (isPicker(page)) {
      const mine = page.controls.find((control) => control.isButton && control.text.includes(this.#account.email));
      return this.#press(page, mine ?? page.control('use-another-account'));
    }
    const approve = page.control('approve');
    if (approve && !approve.disabled) return this.#press(page, approve, { 'every checkbox': true });
    throw new Error(`stopped at ${page}`);
  }

  async #press(page, control, values) {
    if (control.href) return this.#request(new URL(control.href, page.url));
    if (!control.form) throw new Error(`${control.id ?? control.text} is in no form, on ${page}`);
    const target = new URL(control.action ?? control.form.action, page.url);
    const fields = page.filled(control, values);
    if (control.form.method === 'post') return this.#request(target, fields, new URL(page.url).origin);
    target.search = fields;
    return this.#request(target);
  }

  async #request(address, fields, origin) {
    const url = new URL(address);
    const headers = { accept: 'text/html', cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
    if (origin) headers.origin = origin;
    const method = fields ? 'POST' : 'GET';
    const response = await fetch(url, { method, headers, body: fields, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) this.#keep(cookie);
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location) return { location: new URL(location, url) };
    return { page: new Page(url.href, response.status, await response.text()) };
  }

  #keep(cookie) {
    const [, name, value, rest] = /^([^=]+)=([^;]*)(.*)$/s.exec(cookie);
    const ended = /;\s*max-age=0*(;|$)/i.test(rest) || /;\s*max-age=-/i.test(rest);
    if (ended) this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}

function isSignIn(page) {
  return page.control('password') !== undefined && page.control('sign-in') !== undefined;
}

function isPicker(page) {
  return page.control('use-another-account') !== undefined && !page.errorCode;
}
