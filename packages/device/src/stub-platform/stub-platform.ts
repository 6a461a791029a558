import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '@cardea/core';
import { WebSocketServer } from 'ws';
import { StubPush } from './stub-push.ts';
import { type Json, StubVd } from './stub-vd.ts';
import { StubVideoService } from './stub-video-service.ts';

export interface StubAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ScheduleSeen {
  readonly path: string;
  readonly bearer: string;
  readonly body: Json;
}

/**
 * The least a platform has to be for a device, written from the wire profile alone and on purpose without the product's own
 * codecs: Vs, Vd, Vm and Vr on one loopback port, everything it saw, and a handle on every answer.
 */
export class StubPlatform implements AsyncDisposable {
  readonly schedules: ScheduleSeen[] = [];
  readonly released: string[] = [];
  readonly vd: StubVd[] = [];
  readonly vdBearers: string[] = [];
  readonly pushes: StubPush[] = [];
  readonly video: StubVideoService;
  /** What the device is told about itself. */
  bound = true;
  keepAliveSec = 30;
  vdToken = 'vd-token-1';
  /** Replaces the answer to a schedule request; `undefined` gives the usual one. */
  onSchedule: (seen: ScheduleSeen) => StubAnswer | undefined = () => undefined;
  /** Refuses an upgrade with an HTTP status. */
  onUpgrade: (path: string, bearer: string) => StubAnswer | undefined = () => undefined;
  /** Called with each new Vd connection before anything is read from it. */
  onVd: (vd: StubVd) => void = () => {};
  /** What a media server says to a start frame. */
  onPush: (push: StubPush) => Json | undefined = (push) => ({ type: 'started', sessionId: push.sessionId, idleTimeoutSec: 10 });
  private readonly clock: Clock;
  private readonly server: Server;
  private readonly sockets = new Set<Duplex>();
  private readonly webSockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered][0] ?? false });

  private constructor(clock: Clock) {
    this.clock = clock;
    this.video = new StubVideoService(clock, () => this.url);
    this.server = createServer((request, response) => {
      // A device that stops in the middle of a request is nothing the stub has to handle.
      this.serve(request, response).catch(() => response.destroy());
    });
    this.server.on('connection', (socket) => this.sockets.add(socket));
    this.server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
  }

  static async start(clock: Clock): Promise<StubPlatform> {
    const platform = new StubPlatform(clock);
    await new Promise<void>((resolve) => platform.server.listen(0, '127.0.0.1', resolve));
    return platform;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get wsUrl(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** The newest connection. */
  get device(): StubVd {
    const newest = this.vd.at(-1);
    if (newest === undefined) throw new Error('no device has connected');
    return newest;
  }

  /** The usual answer to a schedule request. */
  schedule(): Json {
    const now = this.clock.now();
    return {
      scheduleId: `01KDVAF02W6Y8B0D1F3H5K${String(1_000 + this.schedules.length)}`,
      serverTime: now,
      ttlSec: 86_400,
      vd: {
        urls: [`${this.wsUrl}/vd/v1`],
        subprotocol: 'hss.vd.v1.json',
        token: this.vdToken,
        tokenExpiresAt: now + 600_000,
        keepAliveSec: this.keepAliveSec,
        keepAliveMissed: 3,
      },
      ...(this.bound && { vr: this.video.access() }),
      retry: { baseMs: 2_000, maxMs: 30_000 },
      bound: this.bound,
    };
  }

  /** Parameters of a live.push to this platform's media server. */
  livePush(sessionId: string, more: Json = {}): Json {
    const target = {
      protocol: 'wss-fmp4',
      url: `${this.wsUrl}/vm/v1/sessions/${sessionId}`,
      token: `push-${sessionId}`,
      expiresAt: this.clock.now() + 60_000,
    };
    return { sessionId, channel: 1, stream: 'sub', target, ttlSec: 60, ...more };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.webSockets.close();
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    if (request.method === 'PUT') await this.video.uplink(request.url ?? '', bytes.length);
    const answer = this.answer(request, bytes);
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
  }

  private answer(request: IncomingMessage, bytes: Buffer): StubAnswer {
    const path = new URL(request.url ?? '/', this.url).pathname;
    const bearer = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    if (request.method === 'POST' && path.endsWith('/schedule')) {
      const seen = { path, bearer, body: JSON.parse(bytes.toString('utf8')) };
      this.schedules.push(seen);
      return this.onSchedule(seen) ?? { status: 200, body: this.schedule() };
    }
    if (request.method === 'DELETE' && path.includes('/schedules/')) {
      this.released.push(path.split('/').at(-1) ?? '');
      return { status: 204 };
    }
    return this.video.answer({ method: request.method ?? '', path, bearer, headers: request.headers, bytes });
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? '/', this.url);
    const bearer = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    const refusal = this.onUpgrade(url.pathname, bearer);
    if (refusal !== undefined) {
      const headers = Object.entries(refusal.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.end(`HTTP/1.1 ${refusal.status} Refused\r\n${headers.join('')}content-length: 0\r\nconnection: close\r\n\r\n`);
      return;
    }
    this.webSockets.handleUpgrade(request, socket, head, (ws) => {
      if (url.pathname === '/vd/v1') {
        this.vdBearers.push(bearer);
        const vd = new StubVd(ws, url.searchParams.get('deviceId') ?? '', this.clock);
        this.onVd(vd);
        this.vd.push(vd);
      } else {
        this.pushes.push(new StubPush(ws, { bearer, path: url.pathname, subprotocol: ws.protocol, onStart: (push) => this.onPush(push) }));
      }
    });
  }
}
