// What the running demo said about itself. `with-demo.mjs` starts it.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

if (!process.env.LATCHKEY_DEMO) throw new Error('start this by interop/lib/with-demo.mjs');

/** The line of `latchkey demo --json`. */
export const demo = JSON.parse(process.env.LATCHKEY_DEMO);

/** The account with this role: owner, administrator, member, stakeholder, outsider, personal, other_tenant. */
export function account(role) {
  const found = demo.accounts.find((each) => each.role === role);
  if (!found) throw new Error(`the demo has no account with the role ${role}`);
  return found;
}

/** The first registered client of this type: web, native, spa, daemon. */
export function client(type) {
  const found = demo.clients.find((each) => each.type === type);
  if (!found) throw new Error(`the demo has no client of the type ${type}`);
  return found;
}

/** What the program answers to an order, as JSON, if it answers with data. The running demo carries it out. */
export async function latchkey(...order) {
  const program = process.env.LATCHKEY_BIN;
  const { stdout } = await promisify(execFile)(program, [...order, '--data', demo.data_dir, '--output', 'json', '--yes']);
  return stdout ? JSON.parse(stdout) : undefined;
}

/** The web client's address at which nothing listens, for scripts that read the answer off the redirect. */
export const CALLBACK = 'http://127.0.0.1:4289/callback';

/** The project every account of harbor can see something of. */
export const PROJECT = 'lighthouse';
