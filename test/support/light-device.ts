import {
  AppError,
  Backoff,
  type CallOptions,
  type Clock,
  createRandom,
  hasStatus,
  type Random,
  RpcPeer,
  SystemClock,
  silentLogger,
  sleep,
  WebSocketLink,
} from '@cardea/core';
import {
  type AnswerOf,
  bindingReport,
  type CapabilitySet,
  getCapabilityList,
  keepAliveReport,
  type ParamsOf,
  PROFILE,
  paths,
  type ResultOf,
  type RpcDefinition,
  rescheduleDevice,
  schedule,
  subprotocols,
  type VrAccess,
  validateAnswer,
  vdMessageOf,
} from '@cardea/protocol';
import { WebSocket } from 'ws';
import { DeviceKey } from './device-key.ts';

/** Answers a message of the platform that the device does not answer by itself. */
export type Answer = (definition: RpcDefinition, params: unknown, device: LightDevice) => Promise<unknown>;

export interface LightDeviceOptions {
  /** Origin of the scheduling service. */
  readonly platformUrl: string;
  readonly answer?: Answer;
  /** The address to dial instead of the one that was told. */
  readonly route?: (vdUrl: string) => string;
  /** Instead of the back-off that was told. */
  readonly retry?: { readonly baseMs: number; readonly maxMs: number };
  /** What the device announces beside what every light device does. */
  readonly methods?: readonly string[];
  /** What it announces instead of next to nothing. */
  readonly announced?: Partial<Pick<CapabilitySet, 'channels' | 'storage'>>;
  readonly clock?: Clock;
}

type ScheduleReason = 'boot' | 'reconnect' | 'reschedule';

interface Vd {
  readonly urls: readonly string[];
  readonly token: string;
  readonly keepAliveSec: number;
}

/** A connection whose first keep-alive was answered. */
interface Line {
  readonly peer: RpcPeer;
  readonly url: string;
  readonly ended: Promise<void>;
  readonly isOpen: () => boolean;
  /** Drops the connection as when the network fails. */
  readonly cut: () => void;
}

const CALL_TIMEOUT_MS = 2_000;
const OPEN_TIMEOUT_MS = 10_000;
/** The platform may have sent something before it knew of the new connection. */
const DRAIN_MS = 1_000;

/**
 * A device without camera: identity, schedule, one Vd connection that it restores and moves as the profile asks. Light
 * enough for thousands in one process.
 */
export class LightDevice {
  readonly key = new DeviceKey();
  /** Times it tried to open a connection. */
  attempts = 0;
  /** Times it moved to another server because it was asked to. */
  moves = 0;
  private readonly options: LightDeviceOptions;
  private readonly clock: Clock;
  private readonly random: Random;
  private backoff: Backoff;
  private readonly stopped = new AbortController();
  private vd: Vd | undefined;
  private scheduleId: string | undefined;
  private line: Line | undefined;
  private running: Promise<void> | undefined;

  constructor(options: LightDeviceOptions) {
    this.options = options;
    this.clock = options.clock ?? new SystemClock();
    this.random = createRandom(this.clock);
    this.backoff = this.backoffOf({ baseMs: 2_000, maxMs: 30_000 });
  }

  get id(): string {
    return this.key.deviceId;
  }

  get online(): boolean {
    return this.line !== undefined;
  }

  /** What it shows to be let in to that server. */
  get accessToken(): string | undefined {
    return this.vd?.token;
  }

  /** Address of the server it is connected to. */
  get serverUrl(): string | undefined {
    return this.line?.url;
  }

  /** Requests of this device that wait for an answer. */
  get pendingCount(): number {
    return this.line?.peer.pendingCount ?? 0;
  }

  /** Connects, and from then on restores the connection until `stop`. Resolves when it is online first. */
  async start(): Promise<void> {
    await this.establish();
    this.running = this.keepOnline();
  }

  /** @throws AppError DEVICE_OFFLINE without connection, else as `RpcPeer.call` */
  async call<D extends RpcDefinition>(definition: D, params: ParamsOf<D>, options: CallOptions = {}): Promise<ResultOf<D>> {
    if (this.line === undefined) throw new AppError('DEVICE_OFFLINE');
    return await this.line.peer.call(definition, params, { timeoutMs: CALL_TIMEOUT_MS, ...options });
  }

  /** Sends an event again and again until it is acknowledged; `onTry` is told how each try ended. */
  async report<D extends RpcDefinition>(definition: D, params: ParamsOf<D>, onTry: (outcome: string) => void = () => {}): Promise<void> {
    while (!this.stopped.signal.aborted) {
      try {
        await this.call(definition, params);
        return onTry('acknowledged');
      } catch (thrown) {
        const error = AppError.from(thrown);
        onTry(error.status);
        const retryAfterMs = Number(isRecord(error.remote?.data) ? (error.remote.data.retryAfterMs ?? 0) : 0);
        await sleep(this.clock, Math.max(retryAfterMs, 50 + this.random.fraction() * 100), this.stopped).catch(() => {});
      }
    }
  }

  async bind(bindToken: string): Promise<void> {
    await this.report(bindingReport, { ...this.eventFields(), state: 'requested', bindToken });
    // The answer brings the token of the new binding.
    await this.keepAlive(1);
  }

  /** Where it may store video now, asked anew. @throws AppError INVALID_STATE while it belongs to no home */
  async videoService(): Promise<VrAccess> {
    const { vr } = await this.askSchedule('reconnect');
    if (vr === undefined) throw new AppError('INVALID_STATE', undefined, { message: 'the schedule names no video service' });
    return vr;
  }

  eventFields(): { readonly eventId: string; readonly occurredAt: number } {
    return { eventId: this.random.ulid(), occurredAt: this.clock.now() };
  }

  async keepAlive(seq: number): Promise<void> {
    if (this.line !== undefined) await this.greet(this.line.peer, seq);
  }

  /** Loses the connection without a closing handshake. */
  cut(): void {
    this.line?.cut();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    this.line?.peer.close(1001, 'the device stops');
    await this.running;
  }

  private async keepOnline(): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      const { line } = this;
      if (line === undefined) await this.establish().catch(() => {});
      else {
        await line.ended;
        if (this.line !== line) continue;
        this.line = undefined;
        // All that were cut at once come back apart (C3 step 3).
        this.backoff.reset();
        await sleep(this.clock, this.backoff.next(), this.stopped).catch(() => {});
      }
    }
  }

  /** Tries until it is online. @throws AppError CANCELLED after `stop` */
  private async establish(): Promise<void> {
    const { signal } = this.stopped;
    while (this.line === undefined) {
      try {
        this.vd ??= await this.schedule(this.scheduleId === undefined ? 'boot' : 'reconnect');
        this.line = await this.open(this.vd);
      } catch (thrown) {
        const error = AppError.from(thrown);
        if (signal.aborted) throw error;
        if (hasStatus(error, 'UNAUTHORIZED') || this.backoff.attempts >= 2) this.vd = undefined;
        await sleep(this.clock, Math.max(error.retryAfterMs ?? 0, this.backoff.next()), { signal });
      }
    }
  }

  /** Opens a connection beside the present one and leaves that only when the new one works (C2). */
  private async move(target: ParamsOf<typeof rescheduleDevice>['target']): Promise<void> {
    const old = this.line;
    if (old === undefined) return;
    try {
      const told = target !== undefined && 'vdUrls' in target ? { ...target, urls: target.vdUrls, keepAliveSec: 30 } : undefined;
      const vd = told ?? (await this.schedule('reschedule', [old.url]));
      const line = await this.open(vd);
      if (this.line !== old) {
        line.peer.close(1000, 'not needed');
        return;
      }
      this.vd = vd;
      this.line = line;
      this.moves += 1;
      await sleep(this.clock, DRAIN_MS, this.stopped);
      while (old.peer.pendingCount > 0 && old.isOpen()) await sleep(this.clock, 50, this.stopped);
      old.peer.close(1000, 'moved to another server');
    } catch {
      // The old connection stays; the platform asks again or closes it.
    }
  }

  private async schedule(reason: ScheduleReason, excludeServers: readonly string[] = []): Promise<Vd> {
    const { retry, scheduleId, vd } = await this.askSchedule(reason, excludeServers);
    if (vd === undefined) throw new AppError('UNSPECIFIED');
    this.scheduleId = scheduleId;
    this.backoff = this.backoffOf(retry);
    return vd;
  }

  private backoffOf(told: { readonly baseMs: number; readonly maxMs: number }): Backoff {
    return new Backoff({ ...told, ...this.options.retry, random: () => this.random.fraction() });
  }

  private async askSchedule(reason: ScheduleReason, excludeServers: readonly string[] = []): Promise<AnswerOf<typeof schedule>> {
    const body = {
      requestId: this.random.ulid(),
      deviceId: this.id,
      productId: 'light',
      vendor: 'Test',
      model: 'Light 1',
      serial: this.id.slice(0, 8),
      firmware: '1.0.0',
      profiles: [PROFILE],
      reason,
      ...(this.scheduleId !== undefined && { previousScheduleId: this.scheduleId }),
      excludeServers: [...excludeServers],
    };
    const response = await fetch(`${this.options.platformUrl}${paths.vs}/schedule`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.key.proof(this.random.ulid(), this.clock.now())}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw refusal(response.status, response.headers.get('retry-after'));
    const checked = validateAnswer(schedule, answer);
    if (!checked.ok) throw new AppError('UNSPECIFIED', { answer });
    return checked.value;
  }

  /** Tries each address once. */
  private async open(vd: Vd): Promise<Line> {
    let failure: unknown;
    for (const url of vd.urls) {
      try {
        return await this.openAt(url, vd);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  private async openAt(told: string, { keepAliveSec, token }: Vd): Promise<Line> {
    const url = this.options.route?.(told) ?? told;
    this.attempts += 1;
    const socket = await openSocket(`${url}?deviceId=${this.id}`, token);
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    let open = true;
    const peer: RpcPeer = new RpcPeer({
      link: new WebSocketLink(socket, this.clock),
      accepts: (method) => {
        const definition = vdMessageOf(method);
        return definition?.sender === 'platform' ? definition : undefined;
      },
      handle: (definition, params) => this.handle(definition, params),
      clock: this.clock,
      logger: silentLogger,
      onClose: () => {
        open = false;
        resolve();
      },
    });
    peer.start();
    try {
      await this.greet(peer, 0);
    } catch (error) {
      peer.close(1001, 'no answer to the first keep-alive');
      throw error;
    }
    const line: Line = { peer, url: told, ended, isOpen: () => open, cut: () => socket.terminate() };
    this.keepAliveLater(line, keepAliveSec, 1);
    return line;
  }

  private keepAliveLater(line: Line, keepAliveSec: number, seq: number): void {
    const timer = this.clock.setTimer(keepAliveSec * (900 + this.random.fraction() * 200), () => {
      this.greet(line.peer, seq)
        .then(() => this.keepAliveLater(line, keepAliveSec, seq + 1))
        .catch(() => line.peer.close(1001, 'keep-alives are not answered'));
    });
    void line.ended.then(() => timer[Symbol.dispose]());
  }

  private async greet(peer: RpcPeer, seq: number): Promise<void> {
    const info = {
      firmware: '1.0.0',
      model: 'Light 1',
      channels: 1,
      capHash: capabilitySet({}).hash,
      configVersion: 1,
      bootReason: 'powerUp',
      bootId: '01KDVAF400H3S7TVJ0D4G8QX5N',
    } as const;
    const { token } = await peer.call(keepAliveReport, { seq, uptimeSec: 1, ...(seq === 0 && { info }) }, { timeoutMs: OPEN_TIMEOUT_MS });
    if (token !== undefined && this.vd !== undefined) this.vd = { ...this.vd, token: token.value };
  }

  private async handle(definition: RpcDefinition, params: unknown): Promise<unknown> {
    if (definition.method === getCapabilityList.method) return capabilitySet(this.options);
    if (definition.method === rescheduleDevice.method) return this.reschedule(params as ParamsOf<typeof rescheduleDevice>);
    const { answer } = this.options;
    if (answer === undefined) throw new AppError('NOT_SUPPORTED');
    return await answer(definition, params, this);
  }

  private reschedule({ jitterSec = 30, mode, target }: ParamsOf<typeof rescheduleDevice>): ResultOf<typeof rescheduleDevice> {
    const jitterMs = mode === 'immediate' ? 0 : Math.round(this.random.fraction() * jitterSec * 1000);
    this.clock.setTimer(jitterMs, () => void this.move(target));
    return { accepted: true, switchAt: this.clock.now() + jitterMs };
  }
}

async function openSocket(url: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(url, [subprotocols.vd], {
    headers: { authorization: `Bearer ${token}` },
    perMessageDeflate: false,
    handshakeTimeout: OPEN_TIMEOUT_MS,
  });
  return await new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      reject(refusal(response.statusCode ?? 0, response.headers['retry-after'] ?? null));
    });
    socket.once('error', (cause) => reject(new AppError('NO_CAPACITY', undefined, { cause })));
  });
}

function refusal(status: number, retryAfter: string | null): AppError {
  const retryAfterMs = Number(retryAfter ?? 0) * 1000;
  return new AppError(status === 401 ? 'UNAUTHORIZED' : 'NO_CAPACITY', { httpStatus: status }, { retryAfterMs });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function capabilitySet({ methods = [], announced }: Pick<LightDeviceOptions, 'methods' | 'announced'>): CapabilitySet {
  return {
    profile: PROFILE,
    hash: 'light-1',
    methods: ['capability.get', 'device.reschedule', ...methods],
    events: ['alarm.notify'],
    channels: [{ channel: 1, video: [], live: { protocols: [], maxSessions: 0 }, detections: ['motion'] }],
    storage: {
      disks: 0,
      localModes: ['off'],
      cloudModes: ['off'],
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
    ...announced,
  };
}
