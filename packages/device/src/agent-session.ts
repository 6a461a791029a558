import type { CallHandler, Lifetime } from '@cardea/core';
import type { CapabilitySet } from '@cardea/protocol';
import type { AgentState } from './agent-state.ts';
import { Binding } from './binding.ts';
import type { Boot } from './boot.ts';
import type { Camera } from './camera.ts';
import type { Configuration } from './configuration.ts';
import type { Power } from './power/power.ts';
import { Connection } from './vd/connection.ts';
import { EventQueue, type MessageSender } from './vd/event-queue.ts';
import { type Schedule, SchedulingClient, schedulingAddress } from './vd/scheduling-client.ts';
import type { SelfReport } from './vd/vd-session.ts';
import { VrAccessKeeper } from './vd/vr-access-keeper.ts';

export interface AgentSessionOptions {
  readonly state: AgentState;
  readonly boot: Boot;
  readonly config: Pick<Configuration, 'version'>;
  readonly capabilities: () => CapabilitySet;
  readonly liveCount: () => number;
  /** Answers what the platform asks. */
  readonly handle: CallHandler;
  readonly power: () => Pick<Power, 'setWakeService' | 'learnWakeService'>;
  readonly onOnline: () => void;
  /** The video service can be reached, perhaps for the first time. */
  readonly onVideoService: () => void;
  readonly onBinding: (bound: boolean, wipe: boolean) => Promise<void>;
  /** The platform has switched the device off. */
  readonly onPowerDown: () => void;
  readonly lifetime: Lifetime;
}

/** What the device and the platform know of each other: the connection, the binding, the way to the video service, the events. */
export class AgentSession implements AsyncDisposable {
  readonly sender: MessageSender = {
    call: (definition, params, options) => this.connection.call(definition, params, options),
    notify: (definition, params) => this.connection.notify(definition, params),
  };
  readonly binding: Binding;
  readonly vrAccess: VrAccessKeeper;
  readonly events: EventQueue;
  readonly connection: Connection;
  private readonly options: AgentSessionOptions;

  constructor(options: AgentSessionOptions) {
    const { store, bindingCode, eventJournal, clock, random } = options.state;
    const { sender } = this;
    const { call } = sender;
    const logger = options.state.logger.child({ log: 'network' });
    this.options = options;
    this.binding = new Binding({
      store,
      code: bindingCode,
      call,
      onChange: options.onBinding,
      clock,
      random,
      logger: options.state.logger.child({ log: 'security' }),
    });
    this.vrAccess = new VrAccessKeeper({ call, onRefused: () => this.connection.renew('expired') });
    this.events = new EventQueue(
      { sender, maySend: () => this.connection.online && this.binding.bound, clock, random, logger },
      eventJournal,
    );
    this.connection = this.createConnection(logger);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.events[Symbol.asyncDispose]();
  }

  private createConnection(logger: AgentState['logger']): Connection {
    const { handle, onPowerDown } = this.options;
    const { camera, identity, store, platformUrl, firmware, network, clock, random } = this.options.state;
    const scheduling = new SchedulingClient({
      identity,
      about: { ...camera.about, firmware: firmware.slots.version },
      channels: camera.channels.length,
      lowPower: camera.power().present,
      vsUrl: () => store.record.vsUrl ?? schedulingAddress(platformUrl),
      onMoved: (vsUrl) => store.update({ vsUrl }),
      http: network.http,
      clock,
      random,
      logger,
    });
    return new Connection({
      deviceId: identity.deviceId,
      scheduling,
      connect: network.connect,
      self: this.selfReport(),
      handle,
      lastGood: () => store.record.access,
      firstReason: this.binding.wanted ? 'pairing' : 'boot',
      onAccess: (access) => store.update({ access }),
      onSchedule: (schedule) => this.scheduled(schedule),
      onOnline: () => this.cameOnline(),
      onForget: () => this.binding.forget(),
      onPowerDown,
      clock,
      random,
      logger,
    });
  }

  private selfReport(): SelfReport {
    const { boot, config, capabilities, liveCount } = this.options;
    const { camera, firmware } = this.options.state;
    return {
      uptimeSec: () => boot.uptimeSec(),
      info: () => ({
        firmware: firmware.slots.version,
        ...(camera.about.hardware !== undefined && { hardware: camera.about.hardware }),
        model: camera.about.model,
        channels: camera.channels.length,
        capHash: capabilities().hash,
        configVersion: config.version,
        bootReason: boot.reason,
        bootId: boot.bootId,
        ...(boot.lastUpgradeTaskId !== undefined && { lastUpgradeTaskId: boot.lastUpgradeTaskId }),
      }),
      status: () => ({ liveSessions: liveCount(), ...batteryOf(camera) }),
    };
  }

  private async scheduled(schedule: Schedule): Promise<void> {
    const { power, onVideoService } = this.options;
    if (schedule.vr !== undefined) this.vrAccess.set(schedule.vr);
    power().setWakeService(schedule.wake);
    await this.binding.agreeWith(schedule.bound);
    onVideoService();
  }

  private cameOnline(): void {
    const { state, lifetime, power, onOnline } = this.options;
    state.logger.info({ bound: this.binding.bound }, 'the device is online');
    this.events.wake();
    onOnline();
    lifetime.run('binding', async (signal) => {
      await this.binding.present(signal);
      if (!this.binding.bound) return;
      await power().learnWakeService(signal);
      await this.reachVideoService(signal);
    });
  }

  private async reachVideoService(signal: AbortSignal): Promise<void> {
    const { state, onVideoService } = this.options;
    if (this.vrAccess.current === undefined) {
      await this.vrAccess.ask(signal).catch((error: unknown) => state.logger.warn({ err: error }, 'the video service is not known yet'));
    }
    onVideoService();
  }
}

function batteryOf(camera: Camera): { readonly batteryPct?: number } {
  const { levelPct } = camera.power();
  return levelPct === undefined ? {} : { batteryPct: levelPct };
}
