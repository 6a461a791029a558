import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createRandom, SystemClock, silentLogger } from '@cardea/core';
import { createPlatform, loadConfig } from '@cardea/platform';
import { WebSocketServer } from 'ws';
import { unlimited } from '../../support/platform-process.ts';
import { answerRequests, cpuMs, type Memory, measureMemory } from './requests.ts';

interface Transport {
  readonly tls: boolean;
}

/** How much later than it should a process came to what was next: so long what devices sent waited to be read. */
export interface LoopDelay {
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** A server under load: the platform, or a bare WebSocket server that sends back what it gets. */
export type ServerRequests = {
  platform: [Transport, { readonly url: string }];
  echo: [Transport, { readonly url: string }];
  cpuMs: [null, number];
  memory: [null, Memory];
  watchLoop: [null, null];
  /** Since `watchLoop`. */
  loopDelay: [null, LoopDelay];
  stop: [null, null];
};

const LOOK_MS = 5;
const NS_PER_MS = 1_000_000;
let loop: ReturnType<typeof monitorEventLoopDelay> | undefined;

const stack = new AsyncDisposableStack();
const data = await mkdtemp(join(tmpdir(), 'cardea-bench-'));
stack.defer(() => rm(data, { recursive: true, force: true }));

/** Files of a certificate that nobody has reason to trust. */
function makePair(): { readonly cert: string; readonly key: string } {
  const cert = join(data, 'cert.pem');
  const key = join(data, 'key.pem');
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', ['req', ...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { cert, key };
}

async function openEcho({ tls }: Transport): Promise<string> {
  const pair = tls ? makePair() : undefined;
  const http = pair ? createSecureServer({ cert: readFileSync(pair.cert), key: readFileSync(pair.key) }) : createServer();
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
  sockets.on('connection', (socket) => socket.on('message', (message, binary) => socket.send(message, { binary })));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return `${tls ? 'wss' : 'ws'}://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

answerRequests<ServerRequests>({
  platform: async ({ tls }) => {
    const clock = new SystemClock();
    const pair = tls ? makePair() : undefined;
    const secure = pair && { 'tls.mode': 'files', 'tls.cert': pair.cert, 'tls.key': pair.key };
    const config = loadConfig({ flags: { data: join(data, 'data'), listen: '127.0.0.1:0', ...unlimited, ...secure } });
    const platform = stack.use(await createPlatform({ config, clock, random: createRandom(clock), logger: silentLogger }));
    return { url: platform.url };
  },
  echo: async (transport) => ({ url: await openEcho(transport) }),
  cpuMs: async () => cpuMs(),
  memory: () => measureMemory(),
  watchLoop: async () => {
    loop = monitorEventLoopDelay({ resolution: LOOK_MS });
    loop.enable();
    return null;
  },
  loopDelay: async () => {
    loop?.disable();
    const ms = (ns = Number.NaN): number => ns / NS_PER_MS - LOOK_MS;
    return { medianMs: ms(loop?.percentile(50)), p99Ms: ms(loop?.percentile(99)), maxMs: ms(loop?.max) };
  },
  stop: async () => {
    await stack.disposeAsync();
    return null;
  },
});
