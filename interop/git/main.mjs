// git: clone, commit and push with a token, as the password of any user name and as a Bearer header.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { PROJECT, account, demo } from '../lib/demo.mjs';
import { Person } from '../lib/person.mjs';
import { done, test } from '../lib/tap.mjs';
import { tokensOf } from '../lib/token.mjs';

// Nothing of the person who runs this: no configuration, no prompts, no stored passwords.
const QUIET = { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };

const person = new Person(account('owner'));
const folder = await mkdtemp(join(tmpdir(), 'latchkey-git-'));

const { name } = demo.repositories.find((each) => each.project === PROJECT);
const remote = `${demo.https_origin}/${demo.organization}/${PROJECT}/_git/${name}`;

const token = await test('a person authorizes it', async () => (await tokensOf(person)).access_token);

// A credential helper hands git the token as a password, so that it stands in no command line and no configuration.
const asPassword = ['-c', 'credential.helper=', '-c', 'credential.helper=!f() { echo username=anybody; echo "password=$TOKEN"; }; f'];

await test('clone with the token as the password of any user name', async () => {
  await git(folder, ...asPassword, 'clone', remote, 'by-password');
  const { stdout } = await git(join(folder, 'by-password'), 'log', '--oneline');
  assert.ok(stdout.trim().split('\n').length > 1, 'real commits');
});

await test('push with the token as the password', async () => {
  const clone = join(folder, 'by-password');
  await commit(clone, 'keeper.txt', 'The lamp is lit at dusk.\n');
  await git(clone, ...asPassword, 'push', 'origin', 'HEAD:refs/heads/keeper');
  const { stdout } = await git(clone, ...asPassword, 'ls-remote', 'origin', 'refs/heads/keeper');
  const { stdout: head } = await git(clone, 'rev-parse', 'HEAD');
  assert.equal(stdout.split('\t')[0], head.trim());
});

await test('push of more than a megabyte', async () => {
  const clone = join(folder, 'by-password');
  await commit(clone, 'noise.bin', randomBytes(2_500_000)); // does not compress, so git sends it in chunks
  await git(clone, ...asPassword, 'push', 'origin', 'HEAD:refs/heads/charts');
});

await test('the line of the demo page clones, after a person approved it by a code', async () => {
  const page = await (await fetch(`${demo.origin}/demo`)).text();
  const line = /id="clone-line">([^<]*)</.exec(page)[1].replaceAll('&#34;', '"').replaceAll('&quot;', '"').replaceAll('&#39;', "'");
  const clone = spawn('sh', ['-c', `${line} by-code`], { cwd: folder, env: QUIET, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(clone, 'exit');
  for await (const said of createInterface(clone.stderr)) {
    const [link] = /http:\S+user_code=\S+/.exec(said) ?? [];
    if (link) await person.approveDevice(link);
  }
  const [code] = await ended;
  assert.equal(code, 0);
  const { stdout } = await git(join(folder, 'by-code'), 'log', '--oneline');
  assert.ok(stdout.trim().split('\n').length > 1, 'real commits');
  assert.match(await (await fetch(`${demo.origin}/demo`)).text(), /class="done".*\s+.*git clones with a key/, 'the walk has ticked it');
});

await test('clone with the token as a Bearer header', async () => {
  await git(folder, ...bearer(token), 'clone', '--branch', 'keeper', remote, 'by-header');
  assert.equal(await readFile(join(folder, 'by-header', 'keeper.txt'), 'utf8'), 'The lamp is lit at dusk.\n');
});

await test('push with the token as a Bearer header', async () => {
  const clone = join(folder, 'by-header');
  await commit(clone, 'keeper.txt', 'The lamp is lit at dusk and put out at dawn.\n');
  await git(clone, ...bearer(token), 'push', 'origin', 'HEAD:refs/heads/keeper');
});

await test('a push that would lose commits is refused', async () => {
  const clone = join(folder, 'by-password');
  await git(clone, 'checkout', '--quiet', '--detach', 'origin/HEAD');
  await commit(clone, 'other.txt', 'Another story.\n');
  await refused(git(clone, ...asPassword, 'push', 'origin', 'HEAD:refs/heads/keeper'), /rejected/);
});

// What git says when the server answers 401: with a password, that it was wrong; without one, that it could not ask for one.
const WRONG_PASSWORD = /Authentication failed/;
const WANTS_A_PASSWORD = /could not read Username/;

await test('a wrong token is refused, as the password and as a Bearer header', async () => {
  const wrong = asPassword.map((argument) => argument.replace('$TOKEN', 'no-such-token'));
  await refused(git(folder, ...wrong, 'clone', remote, 'by-nobody'), WRONG_PASSWORD);
  await refused(git(folder, ...bearer('no-such-token'), 'clone', remote, 'by-nobody'), WANTS_A_PASSWORD);
});

await test('no token is refused', async () => {
  await refused(git(folder, '-c', 'credential.helper=', 'clone', remote, 'by-anybody'), WANTS_A_PASSWORD);
});

await test('after the person revokes it neither clone nor push works', async () => {
  await person.revokeAll(demo.https_origin);
  await refused(git(folder, ...asPassword, 'clone', remote, 'too-late'), WRONG_PASSWORD);
  const clone = join(folder, 'by-header');
  await commit(clone, 'keeper.txt', 'The lamp stays dark.\n');
  await refused(git(clone, ...bearer(token), 'push', 'origin', 'HEAD:refs/heads/keeper'), WANTS_A_PASSWORD);
});

await rm(folder, { recursive: true, force: true });
done();

function bearer(secret) {
  return ['-c', 'credential.helper=', '-c', `http.extraHeader=Authorization: Bearer ${secret}`];
}

async function commit(clone, file, content) {
  await writeFile(join(clone, file), content);
  await git(clone, 'add', '--all');
  await git(clone, '-c', 'user.name=Ana', '-c', 'user.email=ana@harbor.test', 'commit', '--quiet', '--message', `Write ${file}`);
}

async function refused(attempt, words) {
  await assert.rejects(attempt, (error) => {
    assert.match(`${error.stderr}`, words);
    return true;
  });
}

function git(cwd, ...args) {
  const env = { ...QUIET, TOKEN: token };
  return new Promise((resolve, reject) => {
    execFile('git', args, { cwd, env, timeout: 60_000, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      if (error) reject(Object.assign(error, { stderr }));
      else resolve({ stdout, stderr });
    });
  });
}
