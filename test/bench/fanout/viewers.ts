import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { answerRequests } from '../gateway/requests.ts';
import { openRtmp } from './rtmp-source.ts';

export type ViewerProtocol = 'flv' | 'ws' | 'rtmp' | 'raw';

export interface ViewerReport {
  readonly bytes: number;
  /** Viewers that got nothing for two seconds, of those that read. */
  readonly stalled: number;
  readonly p99GapMs: number;
}

/** A process that watches. */
export type ViewerRequests = {
  open: [{ readonly protocol: ViewerProtocol; readonly url: string; readonly count: number; readonly reading: boolean }, null];
  measure: [{ readonly forMs: number }, ViewerReport];
  close: [null, null];
};

const STALLED_MS = 2_000;
const OPENED_TOGETHER = 50;

interface Viewer {
  readonly socket: Socket;
  lastMs: number;
  longestGapMs: number;
}

const viewers: Viewer[] = [];
const deaf: Socket[] = [];
let bytes = 0;
let gaps: number[] = [];

async function openSocket(protocol: ViewerProtocol, url: URL): Promise<Socket> {
  if (protocol === 'rtmp') {
    const [, app = '', name = ''] = /^\/([^/]*)\/(.*)$/.exec(url.pathname) ?? [];
    const { socket, call } = await openRtmp(url, app);
    await call('NetStream.Play', 'play', null, name);
    socket.removeAllListeners('data');
    return socket;
  }
  const isSecure = url.protocol === 'https:' || url.protocol === 'wss:';
  const at = { port: Number(url.port), host: url.hostname };
  const socket = isSecure ? connectTls({ ...at, rejectUnauthorized: false }) : connect(at);
  socket.on('error', () => {});
  await once(socket, isSecure ? 'secureConnect' : 'connect');
  const upgrade =
    'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  if (protocol !== 'raw')
    socket.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n${protocol === 'ws' ? upgrade : ''}\r\n`);
  return socket;
}

function watch(socket: Socket): void {
  const viewer: Viewer = { socket, lastMs: performance.now(), longestGapMs: 0 };
  viewers.push(viewer);
  socket.on('data', ({ length }) => {
    const nowMs = performance.now();
    const gapMs = nowMs - viewer.lastMs;
    viewer.lastMs = nowMs;
    viewer.longestGapMs = Math.max(viewer.longestGapMs, gapMs);
    bytes += length;
    // What the network delivers in pieces is one arrival.
    if (gapMs > 1) gaps.push(gapMs);
  });
}

answerRequests<ViewerRequests>({
  open: async ({ protocol, url, count, reading }) => {
    for (let left = count; left > 0; left -= OPENED_TOGETHER) {
      const opening = Array.from({ length: Math.min(left, OPENED_TOGETHER) }, () => openSocket(protocol, new URL(url)));
      for (const socket of await Promise.all(opening)) {
        if (reading) watch(socket);
        else deaf.push(socket.pause());
      }
    }
    return null;
  },
  measure: async ({ forMs }) => {
    bytes = 0;
    gaps = [];
    for (const viewer of viewers) Object.assign(viewer, { lastMs: performance.now(), longestGapMs: 0 });
    await new Promise((resolve) => setTimeout(resolve, forMs));
    const nowMs = performance.now();
    const stalled = viewers.filter(({ lastMs, longestGapMs }) => Math.max(longestGapMs, nowMs - lastMs) > STALLED_MS).length;
    const sorted = gaps.toSorted((a, b) => a - b);
    return { bytes, stalled, p99GapMs: sorted[Math.floor(0.99 * sorted.length)] ?? Number.NaN };
  },
  close: async () => {
    for (const { socket } of viewers.splice(0)) socket.destroy();
    for (const socket of deaf.splice(0)) socket.destroy();
    return null;
  },
});
