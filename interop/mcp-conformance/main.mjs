// The conformance tests of the Model Context Protocol, in their mode for authorization servers: metadata, and the code flow of a public
// client with PKCE and without a secret.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

import { account, demo, latchkey } from '../lib/demo.mjs';
import { Person } from '../lib/person.mjs';
import { done, skip, test } from '../lib/tap.mjs';

const PACKAGE = dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json'));
const owner = account('owner');
const person = new Person(owner);
const results = join(demo.data_dir, 'mcp-conformance');

await test('the conformance tests run, and a person approves where they ask for one', run);
for (const { description, status, errorMessage } of (await test('both of their scenarios left their checks', checks)) ?? []) {
  // A warning is about what a server should have, and may not.
  if (status === 'WARNING') skip(description, errorMessage);
  else await test(description, () => assert.equal(status, 'SUCCESS', errorMessage));
}
done();

async function run() {
  const port = await freePort();
  const { client_id } = await latchkey('app', 'create', '--name', 'Conformance', '--kind', 'native', '--owner', owner.email,
    '--redirect-uri', 'http://127.0.0.1/callback', '--scope', 'vso.project');
  const order = ['authorization', '--url', demo.https_issuer, '--client-id', client_id, '--port', port, '--output-dir', results];
  const node = ['--import', join(import.meta.dirname, 'node20.mjs'), join(PACKAGE, 'dist/index.js')];
  const conformance = spawn(process.execPath, [...node, ...order], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(conformance, 'exit');
  try {
    for await (const line of createInterface(conformance.stdout)) {
      // The tests print an address for a person to open.
      if (line.startsWith(demo.https_origin)) await fetch(await person.approve(line, `http://127.0.0.1:${port}/callback`));
    }
  } catch (error) {
    conformance.kill(); // it would wait for minutes
    throw error;
  }
  const [code] = await ended;
  assert.ok(code === 0 || code === 1, `it ended with ${code}`); // 1: it says below what failed
}

/** Everything that the tests checked, by the files that they leave. */
async function checks() {
  const folders = await readdir(results);
  assert.equal(folders.length, 2);
  const files = await Promise.all(folders.sort().map((folder) => readFile(join(results, folder, 'checks.json'), 'utf8')));
  return files.flatMap((file) => JSON.parse(file));
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
