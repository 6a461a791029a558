import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';

type Json = Record<string, unknown>;

export interface ProofOverrides {
  readonly claims?: Json;
  readonly header?: Json;
  readonly key?: KeyObject;
}

/** Every member a Vs answer may have; a test that reads one that is absent fails. */
interface VsBody extends Json {
  readonly scheduleId: string;
  readonly serverTime: number;
  readonly bound: boolean;
  readonly vd: Json & { readonly token: string };
  readonly vr: Json & { readonly token: string; readonly baseUrl: string };
  readonly wake: Json & { readonly port: number; readonly authB64: string; readonly heartbeatB64: string; readonly wakeB64: string };
  readonly error: {
    readonly code: number;
    readonly data: { readonly name: string; readonly details: { readonly problems: readonly { readonly path: string }[] } };
  };
}

export interface VsAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: VsBody;
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** A device written by hand after the profile, sharing no code with the device package. */
export class RawDevice {
  readonly id: string;
  private readonly privateKey: KeyObject;
  private readonly jwk: Json;
  /** Where the platform is; another one may take over. */
  platformUrl: string;
  private readonly now: () => number;
  private counter = 0;

  constructor(platformUrl: string, now: () => number) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    this.privateKey = privateKey;
    this.jwk = { ...publicKey.export({ format: 'jwk' }) };
    this.platformUrl = platformUrl;
    this.now = now;
    const digest = createHash('sha256')
      .update(Buffer.from(String(this.jwk.x), 'base64url'))
      .digest();
    const bits = [...digest].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    this.id = Array.from({ length: 26 }, (_, i) => ALPHABET[Number.parseInt(bits.slice(i * 5, i * 5 + 5), 2)]).join('');
  }

  /** Raw, base64url. */
  get publicKey(): string {
    return String(this.jwk.x);
  }

  ulid(): string {
    this.counter += 1;
    return `01KDVAEZ8T${this.id.slice(0, 8).toUpperCase()}${String(this.counter).padStart(8, '0')}`;
  }

  async proof({ claims = {}, header = {}, key = this.privateKey }: ProofOverrides = {}): Promise<string> {
    const iat = Math.floor(this.now() / 1000);
    return new SignJWT({ sub: this.id, aud: 'vs', iat, exp: iat + 120, jti: this.ulid(), ...claims })
      .setProtectedHeader({ alg: 'EdDSA', jwk: this.jwk, ...header })
      .sign(key);
  }

  scheduleBody(overrides: Json = {}): Json {
    return {
      requestId: this.ulid(),
      deviceId: this.id,
      productId: 'raw',
      vendor: 'Example',
      model: 'Raw 1',
      serial: 'R-1',
      firmware: '1.0.0',
      profiles: ['hss-open-1'],
      reason: 'boot',
      ...overrides,
    };
  }

  async schedule(overrides: Json = {}, jwt?: string): Promise<VsAnswer> {
    return this.send('POST', '/vs/v1/schedule', jwt ?? (await this.proof()), JSON.stringify(this.scheduleBody(overrides)));
  }

  async release(scheduleId: string): Promise<VsAnswer> {
    return this.send('DELETE', `/vs/v1/schedules/${scheduleId}`, await this.proof());
  }

  async send(method: string, path: string, jwt: string, body?: string): Promise<VsAnswer> {
    const headers = { authorization: `Bearer ${jwt}`, ...(body !== undefined && { 'content-type': 'application/json' }) };
    const response = await fetch(this.platformUrl + path, { method, headers, ...(body !== undefined && { body }) });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }

  /** Opens Vd; rejects with the HTTP status of a refusal. */
  async open(
    token: string,
    { deviceId = this.id, subprotocol = 'hss.vd.v1.json' }: { deviceId?: string; subprotocol?: string } = {},
  ): Promise<RawConnection> {
    const url = `${this.platformUrl.replace('http', 'ws')}/vd/v1?deviceId=${deviceId}`;
    const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
    const socket = new WebSocket(url, subprotocol === '' ? [] : [subprotocol], { headers });
    const connection = new RawConnection(socket, this);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('unexpected-response', (_request, response) => {
        response.resume();
        reject(new Refused(response.statusCode ?? 0, response.headers['retry-after']));
      });
    });
    return connection;
  }

  /** Schedules, opens Vd and sends the first keep-alive. */
  async connect(): Promise<RawConnection> {
    const { status, body } = await this.schedule();
    assert.equal(status, 200);
    const connection = await this.open(body.vd.token);
    await connection.keepAlive();
    return connection;
  }
}

export class Refused extends Error {
  readonly status: number;
  readonly retryAfter: string | undefined;

  constructor(status: number, retryAfter: string | undefined) {
    super(`refused with ${status}`);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

type Answer = { readonly result?: Json; readonly error?: { readonly code: number; readonly data?: Json } };

/** One Vd connection. Requests of the platform are answered by `answers`, keyed by method. */
export class RawConnection {
  readonly socket: WebSocket;
  readonly closed: Promise<number>;
  /** Requests of the platform, as received. */
  readonly received: { readonly method: string; readonly params: Json }[] = [];
  /** Messages without a matching request of ours. */
  readonly unmatched: Json[] = [];
  answers: Record<string, (params: Json) => Answer | Promise<Answer> | undefined> = {};
  private readonly device: RawDevice;
  private readonly pending = new Map<number, (answer: Answer) => void>();
  private seq = 0;
  private lastId = 0;

  constructor(socket: WebSocket, device: RawDevice) {
    this.socket = socket;
    this.device = device;
    this.closed = once(socket, 'close').then(([code]) => Number(code));
    socket.on('error', () => {});
    socket.on('message', (data) => void this.onMessage(JSON.parse(String(data))));
    this.answers['capability.get'] = () => ({ result: capabilities });
  }

  request(method: string, params?: Json | null): Promise<Answer> {
    this.lastId += 1;
    const id = this.lastId;
    const answer = new Promise<Answer>((resolve) => this.pending.set(id, resolve));
    this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, ...(params !== undefined && { params }) }));
    return answer;
  }

  notify(method: string, params: Json): void {
    this.socket.send(JSON.stringify({ jsonrpc: '2.0', method, params }));
  }

  async keepAlive(overrides: Json = {}): Promise<Answer> {
    const seq = this.seq;
    this.seq += 1;
    const info = {
      firmware: '1.0.0',
      model: 'Raw 1',
      channels: 1,
      capHash: 'cap-1',
      configVersion: 1,
      bootReason: 'powerUp',
      bootId: '01KDVAF400H3S7TVJ0D4G8QX5N',
    };
    return this.request('device.keepAlive', { seq, uptimeSec: 10 + seq, ...(seq === 0 && { info }), ...overrides });
  }

  event(method: string, params: Json): Promise<Answer> {
    return this.request(method, { eventId: this.device.ulid(), occurredAt: 1_767_225_600_000, ...params });
  }

  private async onMessage(message: Json & { id?: number; method?: string }): Promise<void> {
    if (message.method === undefined) {
      const resolve = this.pending.get(Number(message.id));
      if (resolve === undefined || message.id === null) this.unmatched.push(message);
      else resolve(message as Answer);
      return;
    }
    this.received.push({ method: message.method, params: message.params as Json });
    const answer = await this.answers[message.method]?.(message.params as Json);
    if (answer !== undefined) this.socket.send(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer }));
  }
}

/** A camera with a head: what it announces. */
export const capabilities: Json = {
  profile: 'hss-open-1',
  hash: 'cap-1',
  methods: [
    'capability.get',
    'ptz.control',
    'config.set',
    'config.reset',
    'device.getStatus',
    'device.reboot',
    'live.push',
    'snapshot.capture',
    'record.start',
  ],
  events: ['alarm.notify', 'power.batteryChanged'],
  channels: [
    {
      channel: 1,
      name: 'Lens',
      video: [{ stream: 'main', codecs: ['h264'], resolutions: [[1920, 1080]], fps: [1, 30], bitrateKbps: [256, 6000], gopSec: [1, 4] }],
      live: { protocols: ['wss-fmp4'], maxSessions: 2 },
      ptz: { actions: ['continuous', 'stop'], axes: ['pan', 'tilt'], maxPresets: 8, maxTimeoutMs: 10_000 },
      detections: ['motion'],
    },
  ],
  storage: {
    disks: 0,
    localModes: ['off'],
    cloudModes: ['off', 'continuous'],
    containers: ['fmp4'],
    maxSegmentSec: 60,
    preRollSecMax: 0,
    encryption: ['none'],
    playback: { speeds: [1], reverse: false, maxSessions: 0 },
  },
  power: { lowPower: false, sources: ['mains'] },
  firmware: { modes: [], signatures: [], abSlots: false },
  configKeys: ['device'],
  limits: { maxMessageBytes: 65_536, maxInflight: 16 },
};
