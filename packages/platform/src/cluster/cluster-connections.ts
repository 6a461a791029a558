import { AppError, type CallOptions, type Clock, hasStatus, Lifetime, type Logger, sleep } from '@cardea/core';
import {
  bindingTimers,
  closeCodes,
  conforms,
  type ParamsOf,
  type ResultOf,
  type RpcDefinition,
  vdMessageOf,
  vdTimers,
} from '@cardea/protocol';
import { type Static, Type } from 'typebox';
import type { Exchange } from '../store/ports.ts';
import type { NodeRegistry } from './node-registry.ts';
import type { DetachedConnection, LocalConnections, Presence } from './ports.ts';

const PresenceReport = Type.Object({
  node: Type.String(),
  /** False in a reply to a process that asked, which is no proof against what that one knows better. */
  isNews: Type.Boolean(),
  devices: Type.Array(
    Type.Object({
      deviceId: Type.String(),
      presence: Type.Enum(['online', 'suspect', 'asleep', 'offline'] as const),
      heardAt: Type.Optional(Type.Integer()),
    }),
  ),
});
type PresenceReport = Static<typeof PresenceReport>;

const DeviceRequest = Type.Object({
  act: Type.Enum(['call', 'detach', 'close'] as const),
  method: Type.Optional(Type.String()),
  params: Type.Optional(Type.Unknown()),
  timeoutMs: Type.Optional(Type.Number()),
  code: Type.Optional(Type.Integer()),
  reason: Type.Optional(Type.String()),
});
type DeviceRequest = Static<typeof DeviceRequest>;

/** Where a device that is not here was said to be. */
interface Sighting {
  readonly node: string;
  readonly presence: Presence;
  readonly heardAt: number | undefined;
}

export interface ClusterConnectionsOptions {
  readonly local: LocalConnections;
  readonly nodes: NodeRegistry;
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly logger: Logger;
}

const PRESENCE = 'presence';
const PRESENCE_WANTED = 'presence.wanted';
const REPORT_BATCH = 500;
/** The way there and back, beside the time the device has. */
const EXCHANGE_MARGIN_MS = 2_000;
/** Between two looks for a device that is about to come back or on its way to another process. */
const LOOK_AGAIN_MS = 50;
/** The others report their devices at once when asked. */
const REPORTS_MS = 1_000;
const CONTROL_TIMEOUT_MS = 5_000;
const FAREWELL_MS = 3 * bindingTimers.farewellMs;

/**
 * The connected devices of all processes. Each process serves one subject per device it holds; a message for a device that
 * is elsewhere is a request on that subject. While a device moves, callers wait for it instead of failing.
 */
export class ClusterConnections implements AsyncDisposable {
  private readonly options: ClusterConnectionsOptions;
  private readonly lifetime: Lifetime;
  private readonly served = new Map<string, Disposable>();
  private readonly elsewhere = new Map<string, Sighting>();
  private readonly arrivals = new Set<(deviceId: string) => void>();

  constructor(options: ClusterConnectionsOptions) {
    this.options = options;
    this.lifetime = new Lifetime(options.logger);
  }

  start(): void {
    const { exchange, local, nodes } = this.options;
    this.lifetime.own(exchange.listen(PRESENCE, (body) => conforms(PresenceReport, body) && this.onReport(body)));
    this.lifetime.own(exchange.listen(PRESENCE_WANTED, () => this.report(local.known(), { isNews: false })));
    this.lifetime.own(local.watch(({ deviceId }) => this.onLocalChange(deviceId)));
    this.lifetime.own(nodes.watch({ onCome: () => this.compare(), onGone: (node) => this.onNodeGone(node) }));
    this.lifetime.own(exchange.watchReturn(() => this.compare()));
    this.compare();
  }

  /** @throws AppError DEVICE_OFFLINE | DEVICE_ASLEEP | TIMEOUT | CANCELLED | GOING_AWAY | what the device answered, in `remote` */
  async call<D extends RpcDefinition>(
    deviceId: string,
    definition: D,
    params: ParamsOf<D>,
    options: CallOptions = {},
  ): Promise<ResultOf<D>> {
    const { clock } = this.options;
    const endsAtMs = clock.monotonicMs() + vdTimers.suspectWaitMs;
    for (;;) {
      try {
        return await this.callOnce(deviceId, definition, params, options);
      } catch (error) {
        // Thrown before anything was sent to the device, so it may be tried again.
        if (!hasStatus(error, 'DEVICE_OFFLINE') || error.remote !== undefined) throw error;
        if (this.presenceOf(deviceId) === 'offline' || clock.monotonicMs() > endsAtMs) throw error;
      }
      await sleep(clock, LOOK_AGAIN_MS, { ...(options.signal && { signal: options.signal }) });
    }
  }

  presenceOf(deviceId: string): Presence {
    const here = this.options.local.presenceOf(deviceId);
    return here === 'offline' ? (this.elsewhere.get(deviceId)?.presence ?? 'offline') : here;
  }

  lastHeardAt(deviceId: string): number | undefined {
    return this.options.local.lastHeardAt(deviceId) ?? this.elsewhere.get(deviceId)?.heardAt;
  }

  /** Changes of the devices of this process; every process sees its own. */
  watch(onChange: (change: { readonly deviceId: string; readonly presence: Presence }) => void): Disposable {
    return this.options.local.watch(onChange);
  }

  /** Changes of the devices of this process, and the arrivals of devices at others. */
  watchAll(onChange: (change: { readonly deviceId: string; readonly presence: Presence }) => void): Disposable {
    const onArrival = (deviceId: string): void => onChange({ deviceId, presence: 'online' });
    const stack = new DisposableStack();
    stack.use(this.options.local.watch(onChange));
    stack.defer(() => this.arrivals.delete(onArrival));
    this.arrivals.add(onArrival);
    return stack;
  }

  /** Awaits those of the devices that no other process reports. */
  expect(deviceIds: readonly string[]): void {
    const { clock, local } = this.options;
    this.lifetime.run('wait for reports of other processes', async (signal) => {
      await sleep(clock, REPORTS_MS, { signal });
      local.expect(deviceIds.filter((deviceId) => !this.elsewhere.has(deviceId)));
    });
  }

  announceSleep(deviceId: string, silentMs?: number): void {
    this.options.local.announceSleep(deviceId, silentMs);
  }

  detach(deviceId: string): DetachedConnection | undefined {
    if (!this.elsewhere.has(deviceId)) return this.options.local.detach(deviceId);
    // Sent before anything that is published afterwards, so that no revocation overtakes it.
    const done = this.control(subjectOf(deviceId), { act: 'detach' });
    const farewell = farewellSubjectOf(deviceId);
    return {
      call: async (definition, params, options = {}) => {
        await done;
        return await this.ask(farewell, definition, params, options);
      },
      close: (code, reason) => void done.then(() => this.control(farewell, { act: 'close', code, reason })),
    };
  }

  dismiss(deviceId: string, code: number, reason: string): void {
    if (this.elsewhere.has(deviceId)) void this.control(subjectOf(deviceId), { act: 'close', code, reason });
    else this.options.local.dismiss(deviceId, code, reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const serving of this.served.values()) serving[Symbol.dispose]();
    await this.lifetime[Symbol.asyncDispose]();
  }

  private async callOnce<D extends RpcDefinition>(
    deviceId: string,
    definition: D,
    params: ParamsOf<D>,
    options: CallOptions,
  ): Promise<ResultOf<D>> {
    const { local } = this.options;
    if (local.presenceOf(deviceId) !== 'offline') return await local.call(deviceId, definition, params, options);
    if (!this.elsewhere.has(deviceId)) throw new AppError('DEVICE_OFFLINE');
    return await this.ask(subjectOf(deviceId), definition, params, options);
  }

  private async ask<D extends RpcDefinition>(
    subject: string,
    definition: D,
    params: ParamsOf<D>,
    { signal, timeoutMs }: CallOptions,
  ): Promise<ResultOf<D>> {
    const waitMs = (timeoutMs ?? definition.timeoutMs) + vdTimers.suspectWaitMs + EXCHANGE_MARGIN_MS;
    const request: DeviceRequest = { act: 'call', method: definition.method, params, ...(timeoutMs !== undefined && { timeoutMs }) };
    try {
      const options = { timeoutMs: waitMs, ...(signal && { signal }) };
      // The process that holds the connection has validated the result.
      return (await this.options.exchange.request(subject, request, options)) as ResultOf<D>;
    } catch (error) {
      throw hasStatus(error, 'NOT_FOUND') && error.remote === undefined ? new AppError('DEVICE_OFFLINE') : error;
    }
  }

  private async control(subject: string, request: DeviceRequest): Promise<void> {
    try {
      await this.options.exchange.request(subject, request, { timeoutMs: CONTROL_TIMEOUT_MS });
    } catch (error) {
      this.options.logger.info({ err: error, subject }, 'a device on another server could not be reached');
    }
  }

  /** Answers another process about a device that is here. */
  private async answer(deviceId: string, body: unknown): Promise<unknown> {
    const { local } = this.options;
    if (!conforms(DeviceRequest, body)) throw new AppError('INVALID_PARAMS');
    if (body.act === 'call') return await callAsked((...asked) => local.call(deviceId, ...asked), body);
    if (body.act === 'close') {
      local.dismiss(deviceId, body.code ?? closeCodes.TOKEN_EXPIRED.code, body.reason ?? '');
      return {};
    }
    const connection = local.detach(deviceId);
    if (connection !== undefined) this.serveFarewell(deviceId, connection);
    return {};
  }

  /** Lets the process that unbinds the device speak to it once more; ends when that closes the connection, or is late. */
  private serveFarewell(deviceId: string, connection: DetachedConnection): void {
    const { clock, exchange } = this.options;
    const end = (code: number, reason: string): void => {
      serving[Symbol.dispose]();
      patience[Symbol.dispose]();
      connection.close(code, reason);
    };
    const serving = exchange.serve(farewellSubjectOf(deviceId), async (body) => {
      if (!conforms(DeviceRequest, body)) throw new AppError('INVALID_PARAMS');
      if (body.act === 'call') return await callAsked((...asked) => connection.call(...asked), body);
      end(body.code ?? closeCodes.DELETED.code, body.reason ?? '');
      return {};
    });
    const patience = clock.setTimer(FAREWELL_MS, () => end(closeCodes.DELETED.code, 'the device was unbound'));
  }

  /** Tells the others which devices are here and asks which are with them. */
  private compare(): void {
    const { exchange, local } = this.options;
    this.report(local.known(), { isNews: false });
    exchange.announce(PRESENCE_WANTED, {});
  }

  private onLocalChange(deviceId: string): void {
    const { exchange, local } = this.options;
    if (local.presenceOf(deviceId) === 'offline') this.stopServing(deviceId);
    else {
      this.elsewhere.delete(deviceId);
      if (!this.served.has(deviceId))
        this.served.set(
          deviceId,
          exchange.serve(subjectOf(deviceId), (body) => this.answer(deviceId, body)),
        );
    }
    this.report([deviceId], { isNews: true });
  }

  private stopServing(deviceId: string): void {
    this.served.get(deviceId)?.[Symbol.dispose]();
    this.served.delete(deviceId);
  }

  private report(deviceIds: readonly string[], { isNews }: { readonly isNews: boolean }): void {
    const { exchange, local, nodes } = this.options;
    const node = nodes.self().id;
    for (let start = 0; start < deviceIds.length; start += REPORT_BATCH) {
      const devices = deviceIds.slice(start, start + REPORT_BATCH).map((deviceId) => {
        const heardAt = local.lastHeardAt(deviceId);
        return { deviceId, presence: local.presenceOf(deviceId), ...(heardAt !== undefined && { heardAt }) };
      });
      exchange.announce(PRESENCE, { node, isNews, devices } satisfies PresenceReport);
    }
  }

  private onReport({ devices, isNews, node }: PresenceReport): void {
    const { local } = this.options;
    for (const { deviceId, heardAt, presence } of devices) {
      const isHere = local.presenceOf(deviceId) !== 'offline';
      // Old news does not count against a device that is online here.
      if (presence === 'online' && (isNews || local.presenceOf(deviceId) !== 'online')) {
        this.elsewhere.set(deviceId, { node, presence, heardAt });
        for (const onArrival of this.arrivals) onArrival(deviceId);
        if (!isHere) continue;
        local.handOver(deviceId);
        this.stopServing(deviceId);
      } else if (presence === 'offline') {
        if (this.elsewhere.get(deviceId)?.node === node) this.elsewhere.delete(deviceId);
      } else if ((this.elsewhere.get(deviceId)?.node ?? node) === node && !isHere) {
        this.elsewhere.set(deviceId, { node, presence, heardAt });
      }
    }
  }

  /** One of the processes that are left awaits the devices of the one that is gone. */
  private onNodeGone(node: string): void {
    const { local, nodes } = this.options;
    const orphans = [...this.elsewhere].filter(([, sighting]) => sighting.node === node);
    const [heir = node] = nodes
      .nodes()
      .filter(({ roles }) => roles.includes('access'))
      .map(({ id }) => id)
      .toSorted();
    if (heir === nodes.self().id) {
      for (const [deviceId] of orphans) this.elsewhere.delete(deviceId);
      local.expect(orphans.map(([deviceId]) => deviceId));
    } else for (const [deviceId, sighting] of orphans) this.elsewhere.set(deviceId, { ...sighting, node: heir, presence: 'suspect' });
  }
}

function subjectOf(deviceId: string): string {
  return `device.${deviceId}`;
}

function farewellSubjectOf(deviceId: string): string {
  return `farewell.${deviceId}`;
}

/** Makes the call another process asks for. */
async function callAsked(
  call: (definition: RpcDefinition, params: ParamsOf<RpcDefinition>, options: CallOptions) => Promise<unknown>,
  { method = '', params, timeoutMs }: DeviceRequest,
): Promise<unknown> {
  const definition = vdMessageOf(method);
  if (definition === undefined) throw new AppError('METHOD_NOT_FOUND', { method });
  // Params were validated where the command came in.
  return await call(definition, params as ParamsOf<RpcDefinition>, { ...(timeoutMs !== undefined && { timeoutMs }) });
}
