import { type Clock, createRandom, Lifetime, type Logger, type Random, SystemClock, silentLogger, withDeadline } from '@cardea/core';
import { type CapabilitySet, configChange, rebootTimers } from '@cardea/protocol';
import { Alarms, type TimedAlarm } from './alarms/alarms.ts';
import { VideoLoss } from './alarms/video-loss.ts';
import { Binding } from './binding.ts';
import { Boot } from './boot.ts';
import type { Camera } from './camera.ts';
import { cameraFacts } from './camera-facts.ts';
import { CameraStreams } from './camera-streams.ts';
import { capabilitiesOf } from './capabilities.ts';
import { type ConfigChange, Configuration } from './configuration.ts';
import { MotionDetection } from './detection/motion-detection.ts';
import { DeviceClock } from './device-clock.ts';
import { type OpenedFirmware, openFirmware, Upgrades } from './firmware/upgrades.ts';
import { Dispatcher } from './handlers/dispatcher.ts';
import { answeredMethods } from './handlers/index.ts';
import { type DeviceIdentity, loadIdentity } from './identity.ts';
import { LiveSessions } from './live/live-sessions.ts';
import type { DeviceLog } from './logs/device-log.ts';
import { LogUploads } from './logs/log-uploads.ts';
import { type Network, plainNetwork } from './net/network.ts';
import type { PlatformHttp } from './net/platform-http.ts';
import { secureAddress } from './net/secure-address.ts';
import type { SocketConnector } from './net/socket-connector.ts';
import { Playbacks } from './playback/playbacks.ts';
import { Power } from './power/power.ts';
import { SegmentRing } from './recording/segment-ring.ts';
import { VideoStorage } from './recording/video-storage.ts';
import { type Restart, Restarts } from './restarts.ts';
import { Snapshots } from './snapshots.ts';
import { DeviceStore } from './state/device-store.ts';
import { Connection } from './vd/connection.ts';
import { type EventJournal, EventQueue, type MessageSender, openEventJournal } from './vd/event-queue.ts';
import { type Schedule, SchedulingClient, schedulingAddress } from './vd/scheduling-client.ts';
import type { SelfReport } from './vd/vd-session.ts';
import { VrAccessKeeper } from './vd/vr-access-keeper.ts';

export interface AgentOptions {
  /** Origin of the platform, or the base address of its scheduling service. */
  readonly platformUrl: string;
  /** Holds the identity, the configuration and what is not uploaded yet. One agent at a time. */
  readonly stateDirectory: string;
  /** Stays the caller's: dispose it after the agent. */
  readonly camera: Camera;
  /** Binds the device to a home at its first connection. */
  readonly bindingCode?: string;
  /** Public keys, PEM, whose firmware to trust from now on, beside those trusted already. */
  readonly firmwareKeys?: readonly string[];
  /** Size of the disk: room for recordings of its own and for those not uploaded yet; the oldest give way. Default 2 GiB. */
  readonly quotaBytes?: number;
  /** How the platform is reached; for those who disturb it on purpose. */
  readonly network?: (clock: Clock) => Network;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  /** What `logger` writes to, for log.upload; without it the device keeps no logs. Stays the caller's. */
  readonly log?: DeviceLog;
}

const DEFAULT_QUOTA_BYTES = 2 * 1024 ** 3;
const FAREWELL_MS = 3_000;
/** The answer to what brought the reset about goes out before. */
const RESET_DELAY_MS = 500;
const CHANNEL_DOWN_MS = 2_000;

interface OpenedState {
  readonly camera: Camera;
  readonly platformUrl: string;
  readonly bindingCode: string | undefined;
  readonly identity: DeviceIdentity;
  readonly store: DeviceStore;
  readonly eventJournal: EventJournal;
  readonly ring: SegmentRing;
  readonly firmware: OpenedFirmware;
  readonly clock: DeviceClock;
  readonly random: Random;
  readonly logger: Logger;
  readonly log: DeviceLog | undefined;
  readonly network: Network;
}

/**
 * Opens the state of a device and puts the agent together; `start` makes it act.
 * @throws AppError INVALID_STATE when the identity or the state cannot be read, URL_INVALID
 */
export async function createAgent(options: AgentOptions): Promise<Agent> {
  const { platformUrl, stateDirectory, camera, bindingCode, quotaBytes = DEFAULT_QUOTA_BYTES } = options;
  secureAddress(platformUrl);
  const clock = new DeviceClock(options.clock ?? new SystemClock());
  const random = options.random ?? createRandom(clock);
  const identity = await loadIdentity(stateDirectory);
  const logger = (options.logger ?? silentLogger).child({ deviceId: identity.deviceId });
  const store = await DeviceStore.open(stateDirectory);
  const eventJournal = await openEventJournal(stateDirectory);
  const ring = await SegmentRing.open({ stateDirectory, quotaBytes, logger });
  const factory = { factoryVersion: camera.about.firmware, trustedKeys: options.firmwareKeys ?? [] };
  const firmware = await openFirmware({ stateDirectory, ...factory, clock, logger });
  return new Agent({
    firmware,
    camera,
    platformUrl,
    bindingCode,
    identity,
    store,
    eventJournal,
    ring,
    clock,
    random,
    logger,
    log: options.log,
    network: (options.network ?? plainNetwork)(clock),
  });
}

/** A device: a camera that takes part in a platform. */
export class Agent implements AsyncDisposable {
  readonly deviceId: string;
  /** Resolves when the platform has switched the device off. */
  readonly poweredDown: Promise<void>;
  /** Resolves when the device has to restart: whoever runs it disposes this agent and makes another. */
  readonly restart: Promise<Restart>;
  private readonly state: OpenedState;
  private readonly lifetime: Lifetime;
  private readonly boot: Boot;
  private readonly restarts: Restarts;
  private restarting: Restart | undefined;
  private readonly upgrades: Upgrades;
  private readonly streams: CameraStreams;
  private readonly config: Configuration;
  private readonly binding: Binding;
  private readonly vrAccess: VrAccessKeeper;
  private readonly events: EventQueue;
  private readonly logs: LogUploads;
  private readonly live: LiveSessions;
  private readonly storage: VideoStorage;
  private readonly playbacks: Playbacks;
  private readonly snapshots: Snapshots;
  private readonly alarms: Alarms;
  private readonly motion: MotionDetection;
  private readonly power: Power;
  private readonly connection: Connection;
  private readonly powerDown: () => void;

  /** @internal Use `createAgent`. */
  constructor(state: OpenedState) {
    const { camera, identity, store, eventJournal, ring, clock, random, logger } = state;
    const mediaLogger = logger.child({ log: 'media' });
    const networkLogger = logger.child({ log: 'network' });
    const { connect, http } = state.network;
    const isPrivate = (channel: number): boolean => this.config.text('privacy.mode', channel) === 'on';
    const isBound = (): boolean => this.binding.bound;
    const isWatched = (channel: number): boolean => isBound() && !isPrivate(channel);
    const sender: MessageSender = {
      call: (definition, params, options) => this.connection.call(definition, params, options),
      notify: (definition, params) => this.connection.notify(definition, params),
    };
    const power = Promise.withResolvers<void>();
    this.state = state;
    this.deviceId = identity.deviceId;
    this.poweredDown = power.promise;
    this.powerDown = power.resolve;
    this.lifetime = new Lifetime(logger);
    this.boot = new Boot(clock, random, store.record.plannedStart ?? state.firmware.plannedStart);
    this.restarts = new Restarts({ store, clock, logger });
    this.restart = this.restarts.wanted.then((restart) => {
      this.restarting = restart;
      return restart;
    });
    this.streams = new CameraStreams(camera, { clock, random, logger: mediaLogger, onLoss: (loss) => videoLoss.report(loss) });
    this.config = new Configuration({
      store,
      channels: camera.channels.map(({ channel }) => channel),
      initialName: camera.channels[0]?.name ?? camera.about.model,
      hasBattery: camera.power().present,
      facts: (channel) => cameraFacts(camera, channel),
    });
    this.binding = new Binding({
      store,
      code: state.bindingCode,
      call: sender.call,
      onChange: (bound, wipe) => this.bindingChanged(bound, wipe),
      clock,
      random,
      logger: logger.child({ log: 'security' }),
    });
    const mayRecord = (): boolean => isBound() && this.power.mayRecord;
    this.vrAccess = new VrAccessKeeper({ call: sender.call, onRefused: () => this.connection.renew('expired') });
    this.events = new EventQueue(
      { sender, maySend: () => this.connection.online && isBound(), clock, random, logger: networkLogger },
      eventJournal,
    );
    this.logs = new LogUploads({ log: state.log, events: this.events, clock, logger });
    this.live = new LiveSessions({
      deviceId: identity.deviceId,
      streams: this.streams,
      isPrivate,
      connect,
      events: this.events,
      clock,
      logger: mediaLogger,
    });
    this.storage = new VideoStorage({
      camera,
      streams: this.streams,
      config: this.config,
      ring,
      events: this.events,
      access: this.vrAccess,
      http,
      isBound: mayRecord,
      onVacate: (error) => this.playbacks.failAll(error),
      clock,
      random,
      logger: mediaLogger,
    });
    this.playbacks = new Playbacks({
      deviceId: identity.deviceId,
      streams: this.streams,
      ring,
      disk: this.storage.disk,
      connect,
      clock,
      logger: mediaLogger,
    });
    this.snapshots = new Snapshots({ channel: (channel) => this.streams.channel(channel), isPrivate, clock });
    this.alarms = new Alarms({
      events: this.events,
      recording: this.storage.recording,
      snapshots: this.snapshots,
      isWatched,
      clock,
      random,
      logger: mediaLogger,
    });
    const videoLoss = new VideoLoss(this.alarms);
    this.motion = new MotionDetection({
      channels: camera.channels,
      streams: this.streams,
      config: this.config,
      alarms: this.alarms,
      isWatched: (channel) => isWatched(channel) && this.power.mayRecord,
      clock,
      random,
      logger: mediaLogger,
    });
    this.upgrades = new Upgrades({
      ...state.firmware,
      camera,
      sender,
      isOnline: () => this.online,
      quiesce: () => this.quiesce(),
      restarts: this.restarts,
      followsUpgrade: this.boot.lastUpgradeTaskId !== undefined,
      clock,
      random,
      logger,
    });
    this.power = this.createPower(sender);
    this.connection = this.createConnection(http, connect, networkLogger);
    this.config.onChange((change) => this.configChanged(change));
  }

  get online(): boolean {
    return this.connection.online;
  }

  /** On a battery, and saving it. */
  get asleep(): boolean {
    return this.power.asleep;
  }

  get bound(): boolean {
    return this.binding.bound;
  }

  /** Everything this device can do. */
  get capabilities(): CapabilitySet {
    const name = this.config.text('device.name');
    const { camera } = this.state;
    return capabilitiesOf({
      camera,
      methods: answeredMethods(),
      nameOf: (channel) => (channel.channel === FIRST_CHANNEL ? name : channel.name),
    });
  }

  /** Begins to act: connects, records, uploads. */
  start(): void {
    const { logger, camera, store } = this.state;
    logger.info({ model: camera.about.model, bound: this.bound, reason: this.boot.reason }, 'the device starts');
    if (store.record.plannedStart !== undefined) this.lifetime.run('start', async () => await store.update({ plannedStart: undefined }));
    this.upgrades.start();
    if (!this.state.firmware.slots.boots) return;
    this.storage.update();
    this.motion.update();
    this.lifetime.run('events', (signal) => this.events.run(signal));
    this.lifetime.run('storage', (signal) => this.storage.run(signal));
    this.lifetime.run('connection', (signal) => this.power.run(signal));
  }

  /**
   * Reports an alarm of the camera and records it as the configuration says. Resolves with its id when it is certain to be
   * reported, or `undefined` when the device belongs to nobody, is in privacy mode, or the platform has muted that alarm.
   */
  async raiseAlarm(alarm: TimedAlarm): Promise<string | undefined> {
    this.power.wakeUp();
    return await this.alarms.sense(alarm);
  }

  /**
   * Changes the configuration at the device itself, as its buttons would; the platform is told.
   * @throws AppError KEY_UNKNOWN | KEY_READ_ONLY | VALUE_INVALID | CHANNEL_NOT_FOUND
   */
  async configure(patch: Readonly<Record<string, unknown>>, channel = FIRST_CHANNEL): Promise<void> {
    await this.config.change({ channel, patch: { ...patch } }, 'device');
  }

  /** Ends everything cleanly: media is stopped, segments are closed, and unless it restarts the schedule is given back. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { clock, logger, ring } = this.state;
    const { restarting } = this;
    this.restarts[Symbol.dispose]();
    await this.motion[Symbol.asyncDispose]();
    this.alarms.stopAll();
    await this.upgrades[Symbol.asyncDispose]();
    if (restarting?.graceful === false) await this.lifetime[Symbol.asyncDispose]();
    await this.quiesce();
    await this.live[Symbol.asyncDispose]();
    const farewell = async (signal: AbortSignal): Promise<void> => {
      if (this.vrAccess.current !== undefined && this.bound) await this.storage.uploader.report(signal);
      if (this.online && restarting === undefined) await this.connection.release(signal);
    };
    await withDeadline(clock, FAREWELL_MS, farewell).catch((error: unknown) => logger.debug({ err: error }, 'no farewell'));
    this.alarms[Symbol.dispose]();
    await this.logs[Symbol.asyncDispose]();
    await this.lifetime[Symbol.asyncDispose]();
    await this.streams[Symbol.asyncDispose]();
    await this.events[Symbol.asyncDispose]();
    await ring[Symbol.asyncDispose]();
    logger.info({}, 'the device has stopped');
  }

  /** Ends live video and closes what is recorded; what is still open after 30 s is found again at the next start. */
  private async quiesce(): Promise<void> {
    const { clock, logger } = this.state;
    this.live.stopAll('command');
    this.playbacks.stopAll('command');
    await withDeadline(clock, rebootTimers.closeSegmentsMs, () => this.storage.close()).catch((error: unknown) =>
      logger.error({ err: error }, 'open segments could not be closed'),
    );
  }

  private createConnection(http: PlatformHttp, connect: SocketConnector, logger: Logger): Connection {
    const { camera, identity, store, platformUrl, clock, random } = this.state;
    const scheduling = new SchedulingClient({
      identity,
      about: { ...camera.about, firmware: this.state.firmware.slots.version },
      channels: camera.channels.length,
      lowPower: camera.power().present,
      vsUrl: () => store.record.vsUrl ?? schedulingAddress(platformUrl),
      onMoved: (vsUrl) => store.update({ vsUrl }),
      http,
      clock,
      random,
      logger,
    });
    const dispatcher = this.createDispatcher();
    return new Connection({
      deviceId: identity.deviceId,
      scheduling,
      connect,
      self: this.selfReport(),
      handle: (definition, params, call) => {
        // Who only asks how the device is keeps it awake no longer.
        if (definition.delivery !== 'online') this.power.touch();
        return dispatcher.handle(definition, params, call);
      },
      lastGood: () => store.record.access,
      firstReason: this.binding.wanted ? 'pairing' : 'boot',
      onAccess: (access) => store.update({ access }),
      onSchedule: (schedule) => this.scheduled(schedule),
      onOnline: () => this.cameOnline(),
      onForget: () => this.binding.forget(),
      onPowerDown: this.powerDown,
      clock,
      random,
      logger,
    });
  }

  private createPower(sender: MessageSender): Power {
    const { camera, clock, random, logger } = this.state;
    const isRecording = (): boolean => camera.channels.some(({ channel }) => this.storage.recording.activity(channel).active);
    const upgrading = (): boolean => ['downloading', 'installing', 'rebooting'].includes(this.upgrades.status.state);
    return new Power({
      camera,
      config: this.config,
      boot: this.boot,
      events: this.events,
      sender,
      connection: () => this.connection,
      isBound: () => this.bound,
      use: () => (this.live.count + this.playbacks.states.length > 0 ? 'live' : isRecording() ? 'recording' : 'idle'),
      isBusy: () =>
        this.live.count + this.playbacks.states.length > 0 ||
        isRecording() ||
        this.storage.uploader.busy ||
        upgrading() ||
        (this.online && this.events.count > 0),
      onChange: () => this.powerChanged(),
      clock,
      random,
      logger,
    });
  }

  private powerChanged(): void {
    if (this.power.critical) this.live.stopAll('lowPower');
    this.storage.update();
    this.motion.update();
    this.storage.uploader.wake();
  }

  private createDispatcher(): Dispatcher {
    const { camera, clock, logger } = this.state;
    return new Dispatcher({
      camera,
      channel: (channel) => this.streams.channel(channel),
      boot: this.boot,
      capabilities: () => this.capabilities,
      config: this.config,
      binding: this.binding,
      connection: { reschedule: (params) => this.connection.reschedule(params) },
      restarts: this.restarts,
      upgrades: this.upgrades,
      restartChannel: (channel) => this.restartChannel(channel),
      power: this.power,
      logs: this.logs,
      live: this.live,
      recording: this.storage.recording,
      disk: this.storage.disk,
      ring: this.state.ring,
      sync: this.storage.sync,
      playbacks: this.playbacks,
      snapshots: this.snapshots,
      alarms: this.alarms,
      factoryReset: async () => this.forgetSoon(),
      clock,
      logger,
    });
  }

  private selfReport(): SelfReport {
    const { camera } = this.state;
    return {
      uptimeSec: () => this.boot.uptimeSec(),
      info: () => ({
        firmware: this.state.firmware.slots.version,
        ...(camera.about.hardware !== undefined && { hardware: camera.about.hardware }),
        model: camera.about.model,
        channels: camera.channels.length,
        capHash: this.capabilities.hash,
        configVersion: this.config.version,
        bootReason: this.boot.reason,
        bootId: this.boot.bootId,
        ...(this.boot.lastUpgradeTaskId !== undefined && { lastUpgradeTaskId: this.boot.lastUpgradeTaskId }),
      }),
      status: () => ({ liveSessions: this.live.count, ...batteryOf(camera) }),
    };
  }

  private async scheduled(schedule: Schedule): Promise<void> {
    if (schedule.vr !== undefined) this.vrAccess.set(schedule.vr);
    this.power.setWakeService(schedule.wake);
    await this.binding.agreeWith(schedule.bound);
    this.storage.uploader.wake();
  }

  private cameOnline(): void {
    this.state.logger.info({ bound: this.bound }, 'the device is online');
    this.events.wake();
    this.upgrades.cameOnline();
    this.lifetime.run('binding', async (signal) => {
      await this.binding.present(signal);
      if (!this.bound) return;
      await this.power.learnWakeService(signal);
      await this.reachVideoService(signal);
    });
  }

  private async reachVideoService(signal: AbortSignal): Promise<void> {
    const { logger } = this.state;
    if (this.vrAccess.current === undefined) {
      await this.vrAccess.ask(signal).catch((error: unknown) => logger.warn({ err: error }, 'the video service is not known yet'));
    }
    this.storage.uploader.wake();
  }

  private async bindingChanged(bound: boolean, wipe: boolean): Promise<void> {
    // It was made for the binding before.
    this.power.setWakeService(undefined);
    if (bound) {
      this.events.wake();
    } else {
      this.live.stopAll('command');
      this.playbacks.stopAll('command');
      this.vrAccess.set(undefined);
      this.alarms.forget();
      await this.events.clear();
      if (wipe) await this.config.reset({ scope: 'soft' });
    }
    this.storage.update();
    this.motion.update();
    // What was recorded for the former owner is not for the next one.
    if (!bound) await this.storage.clear();
  }

  private configChanged({ channel, keys, by }: ConfigChange): void {
    if (by === 'device')
      this.lifetime.run(
        'config',
        async () => void (await this.events.publish(configChange, { version: this.config.version, keys: [...keys] })),
      );
    if (keys.includes('privacy.mode') && this.config.text('privacy.mode', channel) === 'on') this.live.stopAll('privacy', channel);
    this.storage.update();
    this.motion.update();
    if (keys.some((key) => key.startsWith('record.cloud.')) && this.vrAccess.current !== undefined) {
      this.lifetime.run('plan', async (signal) => void (await this.storage.uploader.askInformation(signal)));
    }
  }

  /** Viewers are told why; the platform asks again for whoever still watches, and recording goes on by itself. */
  private restartChannel(channel: number): number {
    this.state.logger.info({ channel }, 'a channel restarts');
    this.live.stopAll('reschedule', channel, 'channelReboot');
    this.streams.restart(channel, CHANNEL_DOWN_MS);
    return CHANNEL_DOWN_MS;
  }

  /** After a factory reset was answered the device ends its binding, and tells the platform that it did. */
  private forgetSoon(): void {
    this.state.clock.setTimer(RESET_DELAY_MS, () => {
      this.lifetime.run('factory reset', async (signal) => {
        if (this.bound) await this.binding.resign(signal);
        await this.binding.forget();
        this.connection.renew('pairing');
      });
    });
  }
}

const FIRST_CHANNEL = 1;

function batteryOf(camera: Camera): { readonly batteryPct?: number } {
  const { levelPct } = camera.power();
  return levelPct === undefined ? {} : { batteryPct: levelPct };
}
