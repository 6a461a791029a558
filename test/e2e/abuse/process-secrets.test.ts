import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { createClient } from '@cardea/api';
import { eventually } from '../eventually.ts';

const bin = join(import.meta.dirname, '..', '..', '..', 'packages', 'cli', 'bin', 'cardea.js');
const SECRETS = {
  CARDEA_SECRETS_KEY: 'canary-of-the-environment',
  CARDEA_OBJECTS_SECRET_KEY: 'canary-of-the-object-store',
};
const IN_FILE = 'canary-of-a-file';
const PASSWORD = 'canary-password-of-the-owner';

/** What other users of this machine see of a process and of those it started. */
async function commandLines(pid: number): Promise<readonly string[]> {
  const own = (await readFile(`/proc/${pid}/cmdline`, 'latin1')).replaceAll('\0', ' ');
  const tasks = await readdir(`/proc/${pid}/task`);
  const children = await Promise.all(tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '')));
  const ids = children.flatMap((line) => line.split(' ').filter((id) => id !== ''));
  return [own, ...(await Promise.all(ids.map((id) => commandLines(Number(id)).catch(() => [])))).flat()];
}

test('a platform shows no secret in its arguments, on its output or in what it serves to browsers', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-secrets-'));
  const [data, config] = [join(directory, 'data'), join(directory, 'cardea.yaml')];
  await writeFile(config, `objects:\n  accessKey: ${IN_FILE}\n`, { mode: 0o600 });
  const flags = ['--data', data, '--config', config, '--listen', '127.0.0.1:0', '--log-level', 'debug', '--rtmp', 'off', '--rtsp', 'off'];
  const child = spawn(process.execPath, [bin, 'serve', ...flags], {
    env: { ...process.env, ...SECRETS, NODE_TEST_CONTEXT: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', (line) => output.push(line));
  try {
    const find = async (pattern: RegExp): Promise<string> =>
      await eventually(
        String(pattern),
        async () => output.map((line) => pattern.exec(line)?.[1]).find((found) => found !== undefined),
        90_000,
      );
    const url = await find(/^Cardea is ready at (.+)$/);
    const setupToken = new URL(await find(/^Set-up link: (.+)$/)).searchParams.get('token') ?? '';
    const account = { setupToken, email: 'owner@example.org', password: PASSWORD, name: 'Owner' };
    const { token } = await createClient({ baseUrl: url }).call('setup.create', { body: account });
    await fetch(`${url}/api/v1/devices?token=${token}`, { headers: { authorization: `Bearer ${token}x` } });
    const page = await (await fetch(url)).text();
    const assets = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path);
    assert.ok(assets.length > 0, 'the web app is built');
    const served = await Promise.all(assets.map(async (path) => await (await fetch(url + path)).text()));
    const [own = '', ...others] = await commandLines(child.pid ?? -1);
    assert.match(own, /serve --data/);
    const secrets = [...Object.values(SECRETS), IN_FILE, PASSWORD, token];
    // The set-up link is printed for whoever starts the platform, and is worth nothing by now.
    const printed = output.filter((line) => !line.startsWith('Set-up link: '));
    for (const text of [own, ...others, page, ...served, ...printed]) {
      for (const secret of secrets) assert.equal(text.includes(secret), false, `${text.slice(0, 300)} holds ${secret}`);
    }
    for (const text of [own, ...others, page, ...served, ...printed]) assert.equal(text.includes(setupToken), false);
  } finally {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await rm(directory, { recursive: true, force: true });
  }
});
