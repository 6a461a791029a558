import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';
import { capabilitySet } from './capability-set.ts';
import { Identity } from './identity.ts';
import { isObject, type Json, numberAt, objectAt, Refusal, textAt } from './json.ts';
import { JsonRpcSocket } from './json-rpc-socket.ts';
import { LiveSessions } from './live-push.ts';
import { openSocket } from './open-socket.ts';
import { PtzHead } from './ptz-head.ts';
import { type Schedule, Scheduling } from './scheduling.ts';
import { ulid } from './ulid.ts';
import type { VideoService } from './video-store.ts';

const MAX_MISSED = 2;
const firmware = '0.9.1';
const config: Json = { 'device.name': 'Porch', 'record.cloud.mode': 'off' };

/** A camera made by somebody else, who had nothing but the text of the protocol. */
export class Device {
  readonly identity = new Identity();
  readonly scheduling: Scheduling;
  readonly live = new LiveSessions(this.identity.deviceId);
  /** Emits the name of each request of the platform once it has been answered, with its params. */
  readonly events = new EventEmitter();
  private readonly head = new PtzHead();
  private readonly bootId = ulid();
  private vd: JsonRpcSocket | undefined;
  private vdUrl = '';
  /** Of the schedule, until a keepAlive result brings a newer one. */
  private vdToken = '';
  private keepAliveSec = 30;
  private keepAliveTimer: NodeJS.Timeout | undefined;
  private sequence = 0;
  private missed = 0;

  /** `offsetMs` is how wrong its clock is at power up. */
  constructor(vsUrl: string, offsetMs = 0) {
    this.scheduling = new Scheduling(vsUrl, this.identity, offsetMs);
  }

  /** Opens the Vd connection of `schedule`, and resolves when the platform has answered the first keepAlive. @throws Refusal */
  async connect({ vdUrl, vdToken, keepAliveSec }: Schedule): Promise<JsonRpcSocket> {
    this.vdUrl = vdUrl;
    this.vdToken = vdToken;
    this.keepAliveSec = keepAliveSec;
    return await this.reconnect();
  }

  /** Opens a further connection to the same server with the newest token, as after a loss (C3.3). @throws Refusal */
  async reconnect(): Promise<JsonRpcSocket> {
    const vd = new JsonRpcSocket(await this.openVd(this.vdToken), (method, params) => this.answer(method, params));
    this.vd = vd;
    this.sequence = 0;
    this.missed = 0;
    await this.keepAlive(vd);
    clearInterval(this.keepAliveTimer);
    this.keepAliveTimer = setInterval(() => void this.keepAliveOrLeave(vd), this.keepAliveSec * 1000);
    void vd.closed.then(() => {
      if (this.vd === vd) clearInterval(this.keepAliveTimer);
    });
    return vd;
  }

  /** Presents `token` to the access server. @throws Refusal with the status of the refused upgrade */
  async openVd(token: string): Promise<WebSocket> {
    const url = new URL(this.vdUrl);
    url.searchParams.set('deviceId', this.identity.deviceId);
    return await openSocket(url.href, 'hss.vd.v1.json', token);
  }

  /** Sends one request on the newest connection. @throws Refusal */
  async request(method: string, params: Json): Promise<Json> {
    if (this.vd === undefined) throw new Refusal(1016, 'not connected');
    return await this.vd.request(method, params);
  }

  /** Hands over a binding code (C4) and asks for the tokens of its new home. @throws Refusal 1001, 1008 */
  async bind(code: string): Promise<boolean> {
    const event = { eventId: ulid(), occurredAt: this.scheduling.now() };
    const { bound } = await this.request('binding.report', { ...event, state: 'requested', bindToken: code, via: 'qr' });
    if (bound === true && this.vd !== undefined) await this.keepAlive(this.vd);
    return bound === true;
  }

  /** Where its video goes, asked afresh. @throws Refusal */
  async videoService(): Promise<VideoService> {
    const vr = objectAt(objectAt(await this.request('server.getInfo', { services: ['vr'] }), 'services'), 'vr');
    return { baseUrl: textAt(vr, 'baseUrl'), token: textAt(vr, 'token') };
  }

  /** Switches it off. */
  powerDown(): void {
    clearInterval(this.keepAliveTimer);
    this.live.stop({});
    this.vd?.close(1001);
  }

  private async keepAlive(vd: JsonRpcSocket): Promise<void> {
    const seq = this.sequence;
    this.sequence += 1;
    const boot = { bootReason: 'powerUp', bootId: this.bootId };
    const info = { firmware, model: 'Porch One', channels: 1, capHash: capabilitySet.hash, configVersion: 1, ...boot };
    const common = { seq, sentAt: this.scheduling.now(), uptimeSec: Math.floor(process.uptime()) };
    const result = await vd.request('device.keepAlive', { ...common, ...(seq === 0 && { info }) });
    numberAt(result, 'serverTime');
    if (isObject(result.token)) this.vdToken = textAt(result.token, 'value');
  }

  private async keepAliveOrLeave(vd: JsonRpcSocket): Promise<void> {
    try {
      await this.keepAlive(vd);
      this.missed = 0;
    } catch {
      this.missed += 1;
      if (this.missed >= MAX_MISSED) vd.close(1001);
    }
  }

  private answer(method: string, params: Json): Json {
    setImmediate(() => this.events.emit(method, params));
    switch (method) {
      case 'capability.get':
        return capabilitySet;
      case 'device.getStatus':
        return this.status();
      case 'time.get':
        return this.time();
      case 'config.get':
        return { version: 1, config: configOf(params.keys) };
      case 'config.reset':
        return { version: 1, rebootRequired: false };
      case 'live.push':
        return this.live.push(params);
      case 'live.stop':
        return this.live.stop(params);
      case 'ptz.control':
        return this.head.control(params);
      default:
        throw new Refusal(-32601, 'no such method');
    }
  }

  private time(): Json {
    const utcAt = this.scheduling.now();
    const clock = { timezone: 'Etc/UTC', source: 'platform', synchronized: true };
    return { utcAt, deviceRecvAt: utcAt, deviceSentAt: utcAt, monotonicMs: Math.round(performance.now()), ...clock };
  }

  private status(): Json {
    const recording = { local: 'off', cloud: 'off', active: false };
    const channel = { channel: 1, online: true, live: this.live.status, recording, privacy: false, ptz: this.head.status };
    const system = { uptimeSec: Math.floor(process.uptime()), bootId: this.bootId, firmware };
    const power = { present: false, source: 'mains' };
    const idle = { disks: [], playback: [], upgrade: 'idle', timeSynchronized: true };
    return { ...system, ...idle, network: { type: 'ethernet' }, power, channels: [channel] };
  }
}

/** The settings named by `keys`, each a dotted key or the beginning of some; all of them without `keys`. */
function configOf(keys: unknown): Json {
  if (!Array.isArray(keys)) return config;
  const wanted = keys.map(String);
  const known = Object.keys(config);
  const hit = (key: string, wish: string): boolean => key === wish || key.startsWith(`${wish}.`);
  if (wanted.some((wish) => !known.some((key) => hit(key, wish)))) throw new Refusal(1500, 'KEY_UNKNOWN');
  return Object.fromEntries(Object.entries(config).filter(([key]) => wanted.some((wish) => hit(key, wish))));
}
