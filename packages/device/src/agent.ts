import { Lifetime, withDeadline } from '@cardea/core';
import { type CapabilitySet, configChange } from '@cardea/protocol';
import { AgentMedia } from './agent-media.ts';
import { AgentSession } from './agent-session.ts';
import { type AgentOptions, type AgentState, openAgentState } from './agent-state.ts';
import type { TimedAlarm } from './alarms/alarms.ts';
import { Boot } from './boot.ts';
import { cameraFacts } from './camera-facts.ts';
import { capabilitiesOf } from './capabilities.ts';
import { type ConfigChange, Configuration } from './configuration.ts';
import { Upgrades } from './firmware/upgrades.ts';
import { Dispatcher } from './handlers/dispatcher.ts';
import { answeredMethods } from './handlers/index.ts';
import { LogUploads } from './logs/log-uploads.ts';
import { Power } from './power/power.ts';
import { type Restart, Restarts } from './restarts.ts';

const FAREWELL_MS = 3_000;
/** The answer to what brought the reset about goes out before. */
const RESET_DELAY_MS = 500;
const FIRST_CHANNEL = 1;

/**
 * Opens the state of a device and puts the agent together; `start` makes it act.
 * @throws AppError INVALID_STATE when the identity or the state cannot be read, URL_INVALID
 */
export async function createAgent(options: AgentOptions): Promise<Agent> {
  return new Agent(await openAgentState(options));
}

/**
 * A device: a camera that takes part in a platform. Its rooms: `AgentSession` talks with the platform, `AgentMedia` does what
 * there is to do with pictures; this class joins them with configuration, power, firmware and logs.
 */
export class Agent implements AsyncDisposable {
  readonly deviceId: string;
  /** Resolves when the platform has switched the device off. */
  readonly poweredDown: Promise<void>;
  /** Resolves when the device has to restart: whoever runs it disposes this agent and makes another. */
  readonly restart: Promise<Restart>;
  private readonly state: AgentState;
  private readonly lifetime: Lifetime;
  private readonly boot: Boot;
  private readonly restarts: Restarts;
  private restarting: Restart | undefined;
  private readonly config: Configuration;
  private readonly session: AgentSession;
  private readonly media: AgentMedia;
  private readonly logs: LogUploads;
  private readonly upgrades: Upgrades;
  private readonly power: Power;
  private readonly dispatcher: Dispatcher;

  /** @internal Use `createAgent`. */
  constructor(state: AgentState) {
    const { camera, store, firmware, clock, random, logger } = state;
    const powerDown = Promise.withResolvers<void>();
    this.state = state;
    this.deviceId = state.identity.deviceId;
    this.poweredDown = powerDown.promise;
    this.lifetime = new Lifetime(logger);
    this.boot = new Boot(clock, random, store.record.plannedStart ?? firmware.plannedStart);
    this.restarts = new Restarts({ store, clock, logger });
    this.restart = this.restarts.wanted.then((restart) => {
      this.restarting = restart;
      return restart;
    });
    this.config = new Configuration({
      store,
      channels: camera.channels.map(({ channel }) => channel),
      initialName: camera.channels[0]?.name ?? camera.about.model,
      hasBattery: camera.power().present,
      facts: (channel) => ({ ...cameraFacts(camera, channel), ...fixedEncryption(state.recipients) }),
    });
    this.session = this.createSession(powerDown.resolve);
    const { events, vrAccess, sender } = this.session;
    this.media = new AgentMedia({
      state,
      config: this.config,
      events,
      access: vrAccess,
      capabilities: () => this.capabilities,
      isBound: () => this.bound,
      mayRecord: () => this.power.mayRecord,
      isLow: () => this.power.critical,
    });
    this.logs = new LogUploads({ log: state.log, events, clock, logger });
    this.upgrades = new Upgrades({
      ...firmware,
      camera,
      sender,
      isOnline: () => this.online,
      quiesce: () => this.media.quiesce(),
      restarts: this.restarts,
      followsUpgrade: this.boot.lastUpgradeTaskId !== undefined,
      clock,
      random,
      logger,
    });
    this.power = this.createPower();
    this.dispatcher = this.createDispatcher();
    this.config.onChange((change) => this.configChanged(change));
  }

  get online(): boolean {
    return this.session.connection.online;
  }

  /** On a battery, and saving it. */
  get asleep(): boolean {
    return this.power.asleep;
  }

  get bound(): boolean {
    return this.session.binding.bound;
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
    const { logger, camera, store, firmware } = this.state;
    logger.info({ model: camera.about.model, bound: this.bound, reason: this.boot.reason }, 'the device starts');
    if (store.record.plannedStart !== undefined) this.lifetime.run('start', async () => await store.update({ plannedStart: undefined }));
    this.upgrades.start();
    if (!firmware.slots.boots) return;
    this.media.update();
    this.lifetime.run('events', (signal) => this.session.events.run(signal));
    this.lifetime.run('storage', (signal) => this.media.storage.run(signal));
    this.lifetime.run('connection', (signal) => this.power.run(signal));
  }

  /**
   * Reports an alarm of the camera and records it as the configuration says. Resolves with its id when it is certain to be
   * reported, or `undefined` when the device belongs to nobody, is in privacy mode, or the platform has muted that alarm.
   */
  async raiseAlarm(alarm: TimedAlarm): Promise<string | undefined> {
    this.power.wakeUp();
    return await this.media.alarms.sense(alarm);
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
    const { restarting, session, media } = this;
    this.restarts[Symbol.dispose]();
    await media.stopSensing();
    await this.upgrades[Symbol.asyncDispose]();
    if (restarting?.graceful === false) await this.lifetime[Symbol.asyncDispose]();
    await media.quiesce();
    await media.live[Symbol.asyncDispose]();
    const farewell = async (signal: AbortSignal): Promise<void> => {
      if (session.vrAccess.current !== undefined && this.bound) await media.storage.uploader.report(signal);
      if (this.online && restarting === undefined) await session.connection.release(signal);
    };
    await withDeadline(clock, FAREWELL_MS, farewell).catch((error: unknown) => logger.debug({ err: error }, 'no farewell'));
    await this.logs[Symbol.asyncDispose]();
    await this.lifetime[Symbol.asyncDispose]();
    await media[Symbol.asyncDispose]();
    await session[Symbol.asyncDispose]();
    await ring[Symbol.asyncDispose]();
    logger.info({}, 'the device has stopped');
  }

  private createSession(onPowerDown: () => void): AgentSession {
    const { state, boot, config, lifetime } = this;
    return new AgentSession({
      state,
      boot,
      config,
      capabilities: () => this.capabilities,
      liveCount: () => this.media.live.count,
      handle: (definition, params, call) => {
        // Who only asks how the device is keeps it awake no longer.
        if (definition.delivery !== 'online') this.power.touch();
        return this.dispatcher.handle(definition, params, call);
      },
      power: () => this.power,
      onOnline: () => this.upgrades.cameOnline(),
      onVideoService: () => this.media.storage.uploader.wake(),
      onBinding: (bound, wipe) => this.bindingChanged(bound, wipe),
      onPowerDown,
      lifetime,
    });
  }

  private createPower(): Power {
    const { camera, clock, random, logger } = this.state;
    const { session, media } = this;
    const { events } = session;
    const upgrading = (): boolean => ['downloading', 'installing', 'rebooting'].includes(this.upgrades.status.state);
    return new Power({
      camera,
      config: this.config,
      boot: this.boot,
      events,
      sender: session.sender,
      connection: () => session.connection,
      isBound: () => this.bound,
      use: () => media.use,
      isBusy: () => media.isBusy || upgrading() || (this.online && events.count > 0),
      onChange: () => this.powerChanged(),
      clock,
      random,
      logger,
    });
  }

  private createDispatcher(): Dispatcher {
    const { camera, ring, clock, logger } = this.state;
    const { streams, live, storage, playbacks, snapshots, alarms, talks } = this.media;
    const { recording, disk, sync } = storage;
    const { binding, connection } = this.session;
    return new Dispatcher({
      camera,
      channel: (channel) => streams.channel(channel),
      isChannelOnline: (channel) => this.media.isOnline(channel),
      boot: this.boot,
      capabilities: () => this.capabilities,
      config: this.config,
      binding,
      connection,
      restarts: this.restarts,
      upgrades: this.upgrades,
      restartChannel: (channel) => this.media.restartChannel(channel),
      power: this.power,
      logs: this.logs,
      live,
      recording,
      disk,
      ring,
      sync,
      playbacks,
      snapshots,
      talks,
      alarms,
      factoryReset: async () => this.forgetSoon(),
      clock,
      logger,
    });
  }

  private powerChanged(): void {
    if (this.power.critical) {
      this.media.live.stopAll('lowPower');
      this.media.talks.stopAll();
    }
    this.media.update();
    this.media.storage.uploader.wake();
  }

  private async bindingChanged(bound: boolean, wipe: boolean): Promise<void> {
    const { media, session } = this;
    // It was made for the binding before.
    this.power.setWakeService(undefined);
    if (bound) {
      session.events.wake();
    } else {
      media.stopSessions();
      session.vrAccess.set(undefined);
      media.alarms.forget();
      await session.events.clear();
      if (wipe) await this.config.reset({ scope: 'soft' });
    }
    media.update();
    // What was recorded for the former owner is not for the next one.
    if (!bound) await media.storage.clear();
  }

  private configChanged({ channel, keys, by }: ConfigChange): void {
    const { media, session } = this;
    if (by === 'device')
      this.lifetime.run(
        'config',
        async () => void (await session.events.publish(configChange, { version: this.config.version, keys: [...keys] })),
      );
    if (keys.includes('privacy.mode') && this.config.text('privacy.mode', channel) === 'on') {
      media.live.stopAll('privacy', channel);
      media.talks.stopAll(channel);
    }
    media.update();
    if (keys.some((key) => key.startsWith('record.cloud.')) && session.vrAccess.current !== undefined) {
      this.lifetime.run('plan', async (signal) => void (await media.storage.uploader.askInformation(signal)));
    }
  }

  /** After a factory reset was answered the device ends its binding, and tells the platform that it did. */
  private forgetSoon(): void {
    const { binding, connection } = this.session;
    this.state.clock.setTimer(RESET_DELAY_MS, () => {
      this.lifetime.run('factory reset', async (signal) => {
        if (this.bound) await binding.resign(signal);
        await binding.forget();
        connection.renew('pairing');
      });
    });
  }
}

/** What nobody but whoever runs the device changes. */
function fixedEncryption(recipients: readonly string[] | undefined): Readonly<Record<string, unknown>> {
  return recipients === undefined ? {} : { 'record.encryption.mode': 'on', 'record.encryption.recipients': recipients };
}
