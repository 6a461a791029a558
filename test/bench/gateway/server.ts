import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom, SystemClock, silentLogger } from '@cardea/core';
import { createPlatform, loadConfig } from '@cardea/platform';
import { WebSocketServer } from 'ws';
import { unlimited } from '../../support/platform-process.ts';
import { answerRequests, cpuMs, type Memory, measureMemory } from './requests.ts';

/** A server under load: the platform, or a bare WebSocket server that sends back what it gets. */
export type ServerRequests = {
  platform: [null, { readonly url: string }];
  echo: [null, { readonly url: string }];
  cpuMs: [null, number];
  memory: [null, Memory];
  stop: [null, null];
};

const stack = new AsyncDisposableStack();

answerRequests<ServerRequests>({
  platform: async () => {
    const data = await mkdtemp(join(tmpdir(), 'cardea-bench-'));
    stack.defer(() => rm(data, { recursive: true, force: true }));
    const clock = new SystemClock();
    const config = loadConfig({ flags: { data, listen: '127.0.0.1:0', ...unlimited } });
    const platform = stack.use(await createPlatform({ config, clock, random: createRandom(clock), logger: silentLogger }));
    return { url: platform.url };
  },
  echo: async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
    server.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })));
    await once(server, 'listening');
    return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
  },
  cpuMs: async () => cpuMs(),
  memory: () => measureMemory(),
  stop: async () => {
    await stack.disposeAsync();
    return null;
  },
});
