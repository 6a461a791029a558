import { type Clock, type Link, type LinkHandlers, type Random, sleep, type Timer } from '@cardea/core';
import { type AnswerOf, closeCodes, type HttpDefinition, paths } from '@cardea/protocol';
import { type Network, plainNetwork } from '../net/network.ts';
import { type ExchangeRequest, PlatformHttp } from '../net/platform-http.ts';
import type { SocketConnector } from '../net/socket-connector.ts';

/** What goes wrong in a fleet on purpose. */
export const fleetFaults = ['flaky-network', 'clock-skew', 'slow-upload', 'drop-acks'] as const;
export type FleetFault = (typeof fleetFaults)[number];

/** How often each fault struck. */
export type FaultCounts = Record<'cuts' | 'lostAnswers' | 'delays', number>;

export interface FaultOptions {
  readonly faults: readonly FleetFault[];
  readonly random: Random;
  readonly counts: FaultCounts;
}

/** A connection is cut after 10 to 60 s. */
const CUT_AFTER_MS = { min: 10_000, max: 60_000 };
const LOST_ANSWERS = 0.1;
const DELAY_MS = { min: 1_000, max: 5_000 };
const MAX_SKEW_MS = 10 * 60_000;

/** The way of one device to the platform, with the faults it is to have. */
export function faultyNetwork(options: FaultOptions): (clock: Clock) => Network {
  const has = (fault: FleetFault): boolean => options.faults.includes(fault);
  return (clock) => {
    const { connect, http } = plainNetwork(clock);
    return {
      connect: has('flaky-network') || has('drop-acks') ? faultyConnector(connect, clock, options) : connect,
      http: has('slow-upload') ? new SlowHttp(clock, options) : http,
    };
  };
}

/** A clock that is wrong by up to ten minutes, either way. */
export function skewedClock(clock: Clock, random: Random): Clock {
  const skewMs = Math.round((random.fraction() * 2 - 1) * MAX_SKEW_MS);
  return {
    now: () => clock.now() + skewMs,
    monotonicMs: () => clock.monotonicMs(),
    setTimer: (delayMs, action) => clock.setTimer(delayMs, action),
  };
}

function between(random: Random, { min, max }: { readonly min: number; readonly max: number }): number {
  return min + random.fraction() * (max - min);
}

function faultyConnector(connect: SocketConnector, clock: Clock, options: FaultOptions): SocketConnector {
  return async (request, how) => new FaultyLink(await connect(request, how), clock, options);
}

/** A connection that breaks after a while, or on which answers of the platform are lost. */
class FaultyLink implements Link {
  private readonly inner: Link;
  private readonly clock: Clock;
  private readonly options: FaultOptions;
  private cut: Timer | undefined;
  private isOver = false;

  constructor(inner: Link, clock: Clock, options: FaultOptions) {
    this.inner = inner;
    this.clock = clock;
    this.options = options;
  }

  get bufferedBytes(): number {
    return this.inner.bufferedBytes;
  }

  open(handlers: LinkHandlers): void {
    const { counts, faults, random } = this.options;
    const end = (code: number, reason: string): void => {
      this.cut?.[Symbol.dispose]();
      if (this.isOver) return;
      this.isOver = true;
      handlers.onClose(code, reason);
    };
    if (faults.includes('flaky-network')) {
      this.cut = this.clock.setTimer(between(random, CUT_AFTER_MS), () => {
        counts.cuts += 1;
        end(closeCodes.ABNORMAL.code, 'the line was cut');
        this.inner.close(closeCodes.GOING_AWAY.code, 'the line was cut');
      });
    }
    this.inner.open({
      onText: (text) => {
        if (!this.isOver && !this.loses(text)) handlers.onText(text);
      },
      onBinary: (bytes) => this.isOver || handlers.onBinary(bytes),
      onClose: end,
    });
  }

  sendText(text: string): void {
    if (!this.isOver) this.inner.sendText(text);
  }

  sendBinary(bytes: Uint8Array): void {
    if (!this.isOver) this.inner.sendBinary(bytes);
  }

  close(code: number, reason: string): void {
    this.inner.close(code, reason);
  }

  private loses(text: string): boolean {
    const { counts, faults, random } = this.options;
    if (!faults.includes('drop-acks') || text.includes('"method"') || random.fraction() >= LOST_ANSWERS) return false;
    counts.lostAnswers += 1;
    return true;
  }
}

/** The video service takes its time. */
class SlowHttp extends PlatformHttp {
  private readonly waits: Clock;
  private readonly options: FaultOptions;

  constructor(clock: Clock, options: FaultOptions) {
    super(clock);
    this.waits = clock;
    this.options = options;
  }

  override async exchange<D extends HttpDefinition>(definition: D, request: ExchangeRequest<D>): Promise<AnswerOf<D>> {
    if (definition.path.startsWith(paths.vr)) {
      this.options.counts.delays += 1;
      await sleep(this.waits, between(this.options.random, DELAY_MS), { signal: request.signal });
    }
    return await super.exchange(definition, request);
  }
}
