// What the running demo said about itself. `with-demo.mjs` starts it.

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

/** The web client's address at which nothing listens, for scripts that read the answer off the redirect. */
export const CALLBACK = 'http://127.0.0.1:4289/callback';

/** The project every account of harbor can see something of. */
export const PROJECT = 'lighthouse';
