import type { Device } from '@cardea/api';
import { AppError, type Clock, Lifetime, type Logger, type Random, sleep, TokenBuckets, withDeadline } from '@cardea/core';
import {
  bindingTimers,
  type ChannelCapability,
  closeCodes,
  type HandlersFor,
  type ParamsOf,
  type ResultOf,
  type RpcDefinition,
  resetDeviceConfiguration,
  type StreamName,
  vdLimits,
  type WakeService,
} from '@cardea/protocol';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { DeviceProof } from '../authorization/proof.ts';
import type { Bus, Db, RowReader } from '../store/ports.ts';
import type { TokenIssuer } from '../tokens/token-issuer.ts';
import { BindingHandler } from './binding-handler.ts';
import { CapabilityCache } from './capability-cache.ts';
import { ClockKeeper } from './clock-keeper.ts';
import { DeviceCommander } from './device-commander.ts';
import { DeviceDirectory } from './device-directory.ts';
import { DeviceRecords } from './device-records.ts';
import { EventFollowUps } from './event-follow-ups.ts';
import { EventHandlers } from './event-handlers.ts';
import { EventJournal, type OwnEventType } from './event-journal.ts';
import { KeepAliveHandler } from './keep-alive-handler.ts';
import { createMessageHandlers, type MessageContext } from './message-handlers.ts';
import type {
  BindingClaims,
  CommandAudit,
  DetachedConnection,
  DeviceConnection,
  DeviceConnections,
  DeviceWaker,
  LogTasks,
  PictureTickets,
  Presence,
  RecordingFacts,
  RecordingRecipients,
  RecordingWishes,
  SendOptions,
  ServerAddresses,
} from './ports.ts';
import { PresenceJournal } from './presence-journal.ts';
import { RecordingPolicies } from './recording-policies.ts';
import { ServerInformation } from './server-information.ts';
import { SleepingDevices } from './sleeping-devices.ts';
import { type CommandFillers, type CommandParams, type RefusalListeners, UserCommands } from './user-commands.ts';

export interface DeviceManagementOptions {
  readonly db: Db;
  readonly rows: Pick<RowReader, 'prepare'>;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly tokens: TokenIssuer;
  readonly authorizer: Authorizer;
  readonly connections: DeviceConnections;
  readonly waker: DeviceWaker;
  /** How the radio of a device that sleeps stays reachable; `undefined`: it cannot be woken. */
  readonly wakeService: (holder: { readonly deviceId: string; readonly epoch: number }) => WakeService | undefined;
  /** Somebody watches what the device sends at present. */
  readonly inUse: (deviceId: string) => boolean | Promise<boolean>;
  readonly claims: BindingClaims;
  readonly servers: ServerAddresses;
  readonly pictures: PictureTickets;
  readonly logs: LogTasks;
  readonly recordings: RecordingFacts;
  readonly wishes: RecordingWishes;
  readonly recipients: RecordingRecipients;
  readonly audit: CommandAudit;
  readonly fillers: CommandFillers;
  readonly onRefused?: RefusalListeners;
  /** `scheme://host[:port]` of every address of the platform a user may name in a command. */
  readonly ownOrigins: () => readonly string[];
  readonly keepAlive: { readonly intervalSec: number };
  readonly server: { readonly id: string; readonly version: string; readonly maxSegmentBytes: number };
}

const EVENTS_KEPT_MS = 90 * 24 * 60 * 60_000;
const PURGE_EVERY_MS = 60 * 60_000;
const PURGE_BATCH = 500;

/**
 * The RPC and Event messages of Vd: answers what devices send, sends what the platform and its users ask of them.
 * @see H.627.2 9.3.2, I.2 (titles only); profile hss-open-1 B5
 */
export class DeviceManagement implements AsyncDisposable {
  private readonly options: DeviceManagementOptions;
  private readonly records: DeviceRecords;
  private readonly commander: DeviceCommander;
  private readonly sleepers: SleepingDevices;
  private readonly userCommands: UserCommands;
  private readonly directory: DeviceDirectory;
  private readonly binding: BindingHandler;
  private readonly presence: PresenceJournal;
  private readonly journal: EventJournal;
  private readonly policies: RecordingPolicies;
  private readonly followUps: EventFollowUps;
  private readonly handlers: HandlersFor<'device', MessageContext>;
  private readonly eventRate: TokenBuckets;
  private readonly lifetime: Lifetime;

  constructor(options: DeviceManagementOptions) {
    const { clock, db, logger, rows, server } = options;
    this.options = options;
    this.lifetime = new Lifetime(logger);
    this.records = new DeviceRecords({ db, rows, clock });
    this.journal = new EventJournal(options);
    const capabilities = new CapabilityCache({ ...options, records: this.records, lifetime: this.lifetime });
    this.policies = new RecordingPolicies({ ...options, records: this.records, lifetime: this.lifetime, capabilities });
    const { policies } = this;
    const shared = { ...options, records: this.records, journal: this.journal, lifetime: this.lifetime, policies };
    this.sleepers = new SleepingDevices(shared);
    this.commander = new DeviceCommander({ ...shared, capabilities, sleepers: this.sleepers });
    this.userCommands = new UserCommands({ ...options, commander: this.commander });
    this.directory = new DeviceDirectory(shared);
    this.binding = new BindingHandler(shared);
    this.presence = new PresenceJournal(shared);
    this.followUps = new EventFollowUps({ ...shared, capabilities });
    this.handlers = createMessageHandlers({
      keepAlive: new KeepAliveHandler({ ...shared, capabilities, clocks: new ClockKeeper({ ...shared, commander: this.commander }) }),
      serverInformation: new ServerInformation({
        ...options,
        serverId: server.id,
        version: server.version,
        maxSegmentBytes: server.maxSegmentBytes,
      }),
      binding: this.binding,
      events: new EventHandlers({ ...shared, followUps: this.followUps }),
    });
    this.eventRate = new TokenBuckets({ burst: vdLimits.eventsPerMin, perSecond: vdLimits.eventsPerMin / 60 }, clock);
  }

  /** Does what was left undone, and begins to note comings and goings of devices. */
  async start(): Promise<void> {
    await this.followUps.resume(this.lifetime.signal);
    await this.presence.start();
    await this.sleepers.start();
    this.policies.start();
    this.lifetime.run('removal of old events', (signal) => this.purgeEvents(signal));
  }

  /**
   * Answers a message of a device; params are validated. An event is durable before this resolves.
   * @throws AppError UNAUTHORIZED | NOT_BOUND | RATE_LIMITED | INVALID_PARAMS | ALREADY_ACTIVE
   */
  async handle(connection: DeviceConnection, definition: RpcDefinition, params: unknown): Promise<unknown> {
    const device = this.records.find(connection.deviceId);
    if (device === undefined || device.disabled === 1) throw new AppError('UNAUTHORIZED');
    if (device.home_id === null && definition.unbound !== true) throw new AppError('NOT_BOUND');
    if (definition.kind === 'event') this.assertEventRate(device.id);
    const handlers: Readonly<Record<string, ((params: never, context: MessageContext) => Promise<unknown>) | undefined>> = this.handlers;
    const handler = handlers[definition.method];
    if (handler === undefined) throw new AppError('METHOD_NOT_FOUND', { method: definition.method });
    // The RPC peer checked params against the schema from which the type of this handler is made.
    return handler(params as never, { device, connection });
  }

  /**
   * Sends a Vd message for a user, who may leave out what the platform fills in.
   * @throws AppError METHOD_NOT_FOUND | INVALID_PARAMS | TOO_LARGE | FORBIDDEN | as `send`
   */
  call(proof: DeviceProof, method: string, params: CommandParams, options: { readonly signal?: AbortSignal } = {}): Promise<unknown> {
    return this.userCommands.call(proof, method, params, options);
  }

  /** Sends a Vd message for the platform itself. @throws AppError as `DeviceCommander.call` */
  send<D extends RpcDefinition>(deviceId: string, definition: D, params: ParamsOf<D>, options: SendOptions = {}): Promise<ResultOf<D>> {
    return this.commander.call(deviceId, definition, params, options);
  }

  /** What the device announced of a channel. @throws AppError CHANNEL_NOT_FOUND, or as `send` when the device has to be asked */
  lensOf(deviceId: string, channel: number): Promise<ChannelCapability> {
    return this.commander.lensOf(deviceId, channel);
  }

  /** @throws AppError CHANNEL_NOT_FOUND | STREAM_NOT_FOUND, or as `send` when the device has to be asked */
  assertSource(source: { readonly deviceId: string; readonly channel: number; readonly stream: StreamName }): Promise<void> {
    return this.commander.assertSource(source);
  }

  /** Tells these devices what they are to record, those that are away when they come back. */
  recordAsWished(deviceIds: readonly string[]): void {
    for (const deviceId of deviceIds) this.policies.followLater(deviceId);
  }

  /** The same for all devices of a home. */
  recordInHome(homeId: string): void {
    this.lifetime.run('recordings of a home', async () => {
      const devices = await this.options.db.selectFrom('device').select('id').where('home_id', '=', homeId).execute();
      this.recordAsWished(devices.map(({ id }) => id));
    });
  }

  presenceOf(deviceId: string): Presence {
    return this.options.connections.presenceOf(deviceId);
  }

  /** Tells the members of the home what happened to a device. */
  async note(
    deviceId: string,
    homeId: string,
    event: { type: OwnEventType; text: string; channel?: number; occurredAt: number },
  ): Promise<void> {
    await this.journal.note(deviceId, homeId, event);
  }

  /** @throws AppError NOT_FOUND */
  describe(proof: DeviceProof): Promise<Device> {
    return this.directory.describe(proof);
  }

  /** @throws AppError NOT_FOUND */
  rename(proof: DeviceProof<'configure'>, name: string): Promise<void> {
    return this.directory.rename(proof, name);
  }

  /** @throws AppError NOT_FOUND */
  setDisabled(proof: DeviceProof<'manage'>, isDisabled: boolean): Promise<void> {
    return this.directory.setDisabled(proof, isDisabled);
  }

  /**
   * Takes the device out of its home. Rights end before this resolves; the device is then told to erase the home's
   * configuration and to forget the binding, as far as it can be reached (C4 step 5).
   * @throws AppError NOT_FOUND
   */
  async unbind({ deviceId, homeId }: DeviceProof<'manage'>): Promise<void> {
    await this.records.ofHome(deviceId, homeId);
    // Out of use first: revocation would close the connection before the farewell.
    const connection = this.options.connections.detach(deviceId);
    if (connection !== undefined) this.lifetime.run('farewell to a device', (signal) => this.bidFarewell(connection, signal));
    if (!(await this.binding.release(deviceId, homeId))) throw new AppError('NOT_FOUND');
    await this.journal.note(deviceId, homeId, { type: 'binding', text: 'unbound', occurredAt: this.options.clock.now() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
  }

  /** What devices may still repeat is a day old at most, so that every repeat is recognised. */
  private async purgeEvents(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.options;
    while (!signal.aborted) {
      try {
        while (!signal.aborted && (await this.journal.purge(clock.now() - EVENTS_KEPT_MS, PURGE_BATCH)) === PURGE_BATCH);
      } catch (error) {
        logger.warn({ err: error }, 'old events could not be removed');
      }
      await sleep(clock, PURGE_EVERY_MS, { signal });
    }
  }

  private assertEventRate(deviceId: string): void {
    const waitMs = this.eventRate.take(deviceId);
    if (waitMs > 0) throw new AppError('RATE_LIMITED', undefined, { retryAfterMs: Math.ceil(waitMs) });
  }

  private async bidFarewell(connection: DetachedConnection, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.options;
    try {
      const reset = (ending: AbortSignal) => connection.call(resetDeviceConfiguration, { scope: 'soft' }, { signal: ending });
      await withDeadline(clock, bindingTimers.farewellMs, reset, { signal });
    } catch (error) {
      logger.info({ err: error }, 'an unbound device did not confirm that it erased its configuration');
    } finally {
      connection.close(closeCodes.DELETED.code, 'the device was unbound');
    }
  }
}
