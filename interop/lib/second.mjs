// A second Latchkey beside the demo, with data of its own. The same authority vouches for both, so that the first one can ask it.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { demo } from './demo.mjs';

const PROGRAM = process.env.LATCHKEY_BIN;

/** Starts it. `said` is its line of JSON; `order` gives it an order, with what it reads from its input. */
export async function second() {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-second-'));
  const data = join(folder, 'data');
  await mkdir(data);
  await Promise.all(['authority.key', 'authority.pem'].map((file) => copyFile(join(demo.data_dir, file), join(data, file))));
  const server = spawn(PROGRAM, ['demo', '--json', '--port', '0', '--data', data], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(server, 'exit').then(() => { throw new Error('the second Latchkey ended before it was ready'); });
  const [line] = await Promise.race([once(createInterface(server.stdout), 'line'), ended]);
  ended.catch(() => {});

  return {
    said: JSON.parse(line),
    async order(words, input = '') {
      const program = execFile(PROGRAM, [...words, '--data', data, '--output', 'json', '--yes']);
      program.stdin.end(input);
      const [text, [code]] = await Promise.all([program.stdout.toArray(), once(program, 'exit')]);
      if (code !== 0) throw new Error(`${words.slice(0, 2).join(' ')} ended with ${code}`);
      return text.length ? JSON.parse(text.join('')) : undefined;
    },
    async close() {
      server.kill('SIGTERM');
      if (server.exitCode === null) await once(server, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
