// Just enough of HTML to fill in a form as a person would, without a browser.

const TAG = /<!--[\s\S]*?-->|<(script|style)\b[\s\S]*?<\/\1\s*>|<(\/?)([a-z][a-z0-9-]*)((?:\s+[^\s=>"'/]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"']+))?)*)\s*\/?>/gi;
const ATTRIBUTE = /([^\s=>"'/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?/g;
const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** A page that was received: its words and its forms. */
export class Page {
  constructor(url, status, html) {
    this.url = url;
    this.status = status;
    this.words = '';
    this.heading = '';
    this.errorCode = '';
    this.controls = [];
    this.html = html;
    this.#read(html);
  }

  /** The control with this id, button, input or link, if the page has it. */
  control(id) {
    return this.controls.find((control) => control.id === id);
  }

  /** The text of the element with this id that holds nothing but text. */
  text(id) {
    const found = new RegExp(`\\bid="${id}"[^>]*>([^<]*)<`).exec(this.html);
    if (!found) throw new Error(`there is no ${id} on ${this}`);
    return decoded(found[1]);
  }

  /** The last preformatted text inside the element with this id. */
  code(id) {
    const [, rest] = this.html.split(`id="${id}"`);
    const blocks = [...(rest ?? '').split('</details>')[0].matchAll(/<pre[^>]*>([^<]*)<\/pre>/g)];
    if (blocks.length === 0) throw new Error(`there is no code at ${id} on ${this}`);
    return decoded(blocks.at(-1)[1]);
  }

  /** All controls whose id starts like this. */
  controlsLike(start) {
    return this.controls.filter((control) => control.id?.startsWith(start));
  }

  /** A control of a form whose action is this address, if the page is one that posts itself onwards. */
  formTo(address) {
    return this.controls.find((control) => control.form?.action === address && control.form.method === 'post');
  }

  /** What a browser would send if this button of a form were pressed. */
  filled(button, values = {}) {
    const fields = new URLSearchParams();
    for (const control of this.controls.filter((each) => each.form === button.form && each.name)) {
      if (control.disabled || (control.isButton && control !== button)) continue;
      if (control.type === 'checkbox' || control.type === 'radio') {
        const ticked = values[control.id] ?? values[`every ${control.type}`] ?? control.checked;
        if (ticked) fields.append(control.name, control.value ?? 'on');
      } else {
        fields.append(control.name, values[control.id] ?? control.value ?? '');
      }
    }
    return fields;
  }

  toString() {
    const code = this.errorCode ? ` (${this.errorCode})` : '';
    return `${this.status} "${this.heading}"${code} at ${this.url}: ${this.words.slice(0, 600)}`;
  }

  #read(html) {
    const forms = [];
    const reading = []; // elements whose text is wanted and that are not closed yet
    let form;
    let select;
    let position = 0;
    for (const match of html.matchAll(TAG)) {
      this.#text(reading, html.slice(position, match.index));
      position = match.index + match[0].length;
      const tag = match[3]?.toLowerCase();
      if (!tag) continue;
      if (match[2]) {
        if (tag === 'form') form = undefined;
        if (tag === 'select') select = undefined;
        const open = reading.findLastIndex((element) => element.tag === tag);
        if (open >= 0) reading.splice(open, 1);
        continue;
      }
      const has = attributes(match[4]);
      const element = { tag, id: has.id, name: has.name, text: '' };
      if (tag === 'form') {
        form = { id: has.id, action: new URL(has.action || this.url, this.url).href, method: (has.method ?? 'get').toLowerCase() };
        forms.push(form);
      } else if (tag === 'option' && select) {
        if (select.value === undefined || 'selected' in has) select.value = has.value ?? '';
      } else if (['input', 'button', 'select', 'textarea', 'a'].includes(tag)) {
        const type = (has.type ?? (tag === 'button' ? 'submit' : 'text')).toLowerCase();
        const isButton = tag === 'button' || (tag === 'input' && ['submit', 'image', 'button'].includes(type));
        const owner = has.form ? { named: has.form } : form;
        const target = { value: has.value, href: has.href, action: has.formaction, checked: 'checked' in has, disabled: 'disabled' in has };
        Object.assign(element, target, { type, isButton, form: owner });
        this.controls.push(element);
        if (tag === 'select') select = element;
        if (tag === 'button' || tag === 'a') reading.push(element);
      } else if (tag === 'h1' || has.id === 'error-code') {
        reading.push(Object.assign(element, { isHeading: tag === 'h1', isErrorCode: has.id === 'error-code' }));
      }
    }
    for (const control of this.controls) {
      if (control.form?.named) control.form = forms.find((each) => each.id === control.form.named);
    }
    this.words = this.words.replace(/\s+/g, ' ').trim();
    this.heading = this.heading.replace(/\s+/g, ' ').trim();
  }

  #text(reading, source) {
    const text = decoded(source);
    this.words += `${text} `;
    for (const element of reading) {
      element.text += text;
      if (element.isHeading) this.heading += text;
      if (element.isErrorCode) this.errorCode += text.trim();
    }
  }
}

function attributes(source) {
  const found = {};
  for (const [, name, double, single, bare] of source.matchAll(ATTRIBUTE)) {
    found[name.toLowerCase()] = decoded(double ?? single ?? bare ?? '');
  }
  return found;
}

function decoded(text) {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi, (whole, decimal, hexadecimal, name) => {
    if (name) return ENTITIES[name.toLowerCase()] ?? whole;
    return String.fromCodePoint(Number.parseInt(decimal ?? hexadecimal, decimal ? 10 : 16));
  });
}
