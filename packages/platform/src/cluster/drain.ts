import { AppError, type Clock, Lifetime, type Logger, sleep } from '@cardea/core';
import { closeCodes, rescheduleDevice, rescheduleTimers, vsTimers } from '@cardea/protocol';
import type { TokenIssuer } from '../tokens/token-issuer.ts';
import type { ClusterServers } from './cluster-servers.ts';
import type { NodeRegistry } from './node-registry.ts';
import type { LiveDevice, LocalConnections } from './ports.ts';

export interface DrainOptions {
  readonly local: LocalConnections;
  readonly nodes: NodeRegistry;
  readonly servers: ClusterServers;
  readonly tokens: TokenIssuer;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Time over which devices are moved, in seconds. */
  readonly windowSec: number;
}

const ASKING_AT_ONCE = 32;
const LOOK_AGAIN_MS = 250;
/** A device that could not be asked is asked again, as it may have been busy. */
const MAX_TRIES = 3;

/**
 * Moves every device of this process, to which nobody is sent any more, to others: each device is given another server
 * and a moment within the window, opens the new connection and leaves this one when that works (C2).
 * @see H.627.2 9.3.1.2 (title only)
 */
export class Drain implements AsyncDisposable {
  private readonly options: DrainOptions;
  private readonly lifetime: Lifetime;
  private readonly tries = new Map<string, number>();
  private running: Promise<void> | undefined;

  constructor(options: DrainOptions) {
    this.options = options;
    this.lifetime = new Lifetime(options.logger);
  }

  /** Resolves when no device is left or the time is over; then those left are closed with 4010. Repeating it joins the first. */
  run(): Promise<void> {
    this.running ??= this.drain();
    return this.running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
  }

  private async drain(): Promise<void> {
    const { clock, local, logger, nodes, windowSec } = this.options;
    const { id } = nodes.self();
    const others = nodes.nodes().some((node) => node.id !== id && node.state === 'serving' && node.roles.includes('access'));
    if (!others) return;
    local.stopAdmitting();
    logger.info({ devices: local.connectionCount }, 'moving the devices to other servers');
    const endsAtMs = clock.monotonicMs() + windowSec * 1_000 + rescheduleTimers.inFlightGraceMs;
    while (local.connectionCount > 0 && clock.monotonicMs() < endsAtMs && !this.lifetime.signal.aborted) {
      await this.askAll();
      await sleep(clock, LOOK_AGAIN_MS, { signal: this.lifetime.signal }).catch(() => {});
    }
    for (const device of local.live()) device.close(closeCodes.RESCHEDULE.code, 'this server stops');
  }

  private async askAll(): Promise<void> {
    const due = this.options.local
      .live()
      .filter(({ deviceId }) => (this.tries.get(deviceId) ?? 0) < MAX_TRIES)
      .values();
    const worker = async (): Promise<void> => {
      for (const device of due) await this.ask(device);
    };
    await Promise.all(Array.from({ length: ASKING_AT_ONCE }, worker));
  }

  private async ask({ deviceId, heldToken, scheduleId }: LiveDevice): Promise<void> {
    const { local, logger, servers, tokens, windowSec } = this.options;
    this.tries.set(deviceId, (this.tries.get(deviceId) ?? 0) + 1);
    try {
      const { vdUrls } = await servers.pick({ excludeServers: [] });
      const { token, expiresAt } = await tokens.mint('vd', { deviceId, epoch: heldToken.epoch, scheduleId }, vsTimers.vdTokenTtlMs);
      const { accepted } = await local.call(deviceId, rescheduleDevice, {
        reason: 'maintenance',
        mode: 'graceful',
        deadlineSec: Math.max(windowSec, rescheduleTimers.deadlineMinSec),
        jitterSec: windowSec / 2,
        keepMedia: true,
        target: { vdUrls: [...vdUrls], token, tokenExpiresAt: expiresAt },
      });
      if (accepted) this.tries.set(deviceId, MAX_TRIES);
    } catch (error) {
      logger.info({ status: AppError.from(error).status, deviceId }, 'a device could not be asked to move');
    }
  }
}
