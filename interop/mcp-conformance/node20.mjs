// The package imports `fs.globSync`, which Node.js has from version 22 on, for commands that are not used here. This gives the name to
// the package, so that its own code runs on Node.js 20 too. `node --import ./node20.mjs ...`

import * as fs from 'node:fs';
import { register } from 'node:module';

if (!('globSync' in fs)) {
  const names = "export * from 'node:fs'; export { default } from 'node:fs'; export const globSync = undefined;";
  const hooks = `export const resolve = (name, context, next) => name === 'fs' && context.parentURL?.includes('/@modelcontextprotocol/')
    ? { url: ${JSON.stringify(`data:text/javascript,${encodeURIComponent(names)}`)}, shortCircuit: true }
    : next(name, context);`;
  register(`data:text/javascript,${encodeURIComponent(hooks)}`);
}
