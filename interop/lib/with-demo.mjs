// Runs a command against a demo of its own:
//
//     LATCHKEY_BIN=target/debug/latchkey node interop/lib/with-demo.mjs python3 interop/msal-python/main.py
//
// The command finds what the demo said about itself in LATCHKEY_DEMO, and trusts its certificate authority. (A second
// process, because Node.js reads NODE_EXTRA_CA_CERTS at its start only.) The demo ends with the command.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const READY_WITHIN = 60_000;
const DONE_WITHIN = 10 * 60_000;

const [program, ...args] = process.argv.slice(2);
const latchkey = process.env.LATCHKEY_BIN;
if (!program) end(`usage: node with-demo.mjs COMMAND [ARGUMENT]...`);
if (!latchkey) end('LATCHKEY_BIN does not say where the latchkey program is');
if (!existsSync(latchkey)) end(`there is no latchkey program at ${latchkey}: cargo build -p latchkey makes it`);

const data = await mkdtemp(join(tmpdir(), 'latchkey-demo-'));
const server = spawn(latchkey, ['demo', '--json', '--port', '0', '--data', join(data, 'data'), '--fresh'], {
  stdio: ['ignore', 'pipe', 'pipe'],
});
let said = '';
server.stderr.on('data', (text) => (said += text));
server.on('error', (error) => end(`${latchkey} could not be started: ${error.message}`));
// Ctrl-C reaches the demo and the command by itself; here it only must not come in the way of the cleaning up.
process.on('SIGINT', () => {});

let status = 1;
try {
  const line = await readyLine();
  status = await run(line, JSON.parse(line));
} catch (error) {
  console.log(`not ok - the demo starts`);
  console.log(`# ${error.message}`);
} finally {
  if (server.exitCode === null && server.signalCode === null) {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
  if (status !== 0) console.error(`The demo said:\n${said.slice(-4000)}`);
  await rm(data, { recursive: true, force: true });
}
process.exit(status);

async function readyLine() {
  const line = once(createInterface(server.stdout), 'line').then(([text]) => text);
  const ended = once(server, 'exit').then(([code, signal]) => {
    throw new Error(`latchkey demo ended (${signal ?? code}) before it was ready`);
  });
  ended.catch(() => {});
  return Promise.race([line, ended, lateAfter(READY_WITHIN, 'latchkey demo was not ready in time')]);
}

async function run(line, demo) {
  const certificates = demo.ca_certificate;
  // Python trusts this file alone, so what reaches it must be reachable with it; Node.js adds it to its own.
  const trust = { NODE_EXTRA_CA_CERTS: certificates, REQUESTS_CA_BUNDLE: certificates, GIT_SSL_CAINFO: certificates };
  const environment = { ...process.env, ...trust, LATCHKEY_DEMO: line };
  const command = spawn(program, args, { stdio: 'inherit', env: environment });
  const late = setTimeout(() => {
    console.log(`not ok - ${args.join(' ')} ends within ${DONE_WITHIN / 60_000} minutes`);
    command.kill('SIGKILL');
  }, DONE_WITHIN);
  const [code] = await once(command, 'exit');
  clearTimeout(late);
  return code ?? 1;
}

function lateAfter(milliseconds, words) {
  return new Promise((_, reject) => setTimeout(() => reject(new Error(words)), milliseconds).unref());
}

function end(words) {
  console.log('not ok - the demo starts');
  console.log(`# ${words}`);
  process.exit(1);
}
