import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { eventually } from '../eventually.ts';

const bin = join(import.meta.dirname, '..', '..', '..', 'packages', 'cli', 'bin', 'cardea.js');
const DESCRIPTORS = 256;
const CONNECTIONS = 300;

interface Server extends AsyncDisposable {
  readonly url: URL;
  /** What it said on stderr so far. */
  readonly said: readonly string[];
}

/** A platform that may open as few files and sockets as a careful system allows. */
async function serve(): Promise<Server> {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-many-'));
  const ports = ['--rtmp', 'off', '--rtsp', 'off', '--webrtc', 'off'];
  const command = [process.execPath, bin, 'serve', '--data', directory, '--listen', '127.0.0.1:0', ...ports];
  const child = spawn('prlimit', [`--nofile=${DESCRIPTORS}:${DESCRIPTORS}`, ...command], {
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  createInterface(child.stderr).on('line', (line) => said.push(line));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(directory, { recursive: true, force: true });
  };
  for await (const line of createInterface(child.stdout)) {
    const [, url] = /^Cardea is ready at (.+)$/.exec(line) ?? [];
    if (url === undefined) continue;
    child.stdout.resume();
    return { url: new URL(url), said, [Symbol.asyncDispose]: stop };
  }
  await stop();
  throw new Error(`the platform did not start: ${said.join('\n')}`);
}

async function status(url: URL, agent: Agent): Promise<number | undefined> {
  const asked = get(new URL('/readyz', url), { agent });
  const [response] = await once(asked, 'response');
  await response.toArray();
  return response.statusCode;
}

test('more connections than the process has descriptors for are turned away, and whoever was there goes on being served', async () => {
  await using server = await serve();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  assert.equal(await status(server.url, agent), 200);
  const crowd: Socket[] = [];
  let refused = 0;
  try {
    for (let count = 0; count < CONNECTIONS; count += 1) {
      const socket = connect(Number(server.url.port), server.url.hostname);
      socket.on('error', () => {});
      socket.once('close', () => {
        refused += 1;
      });
      // A socket that nobody reads from does not learn of its end.
      socket.resume();
      crowd.push(socket);
    }
    await eventually('those there is no room for are turned away', async () => (refused >= CONNECTIONS - DESCRIPTORS ? true : undefined));
    assert.ok(refused < CONNECTIONS, 'some were let in');
    assert.equal(await status(server.url, agent), 200);
  } finally {
    for (const socket of crowd) socket.destroy();
    agent.destroy();
  }
  await eventually('new ones are let in again', async () =>
    (await fetch(new URL('/readyz', server.url))).status === 200 ? true : undefined,
  );
  assert.deepEqual(
    server.said.filter((line) => /EMFILE|"level":(50|60)/.test(line)),
    [],
  );
});
