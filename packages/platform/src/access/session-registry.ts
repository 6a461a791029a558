import { AppError, type CallOptions, type Clock, hasStatus, Lifetime, type Logger, sleep, type Timer, withDeadline } from '@cardea/core';
import { closeCodes, type ParamsOf, type ResultOf, type RpcDefinition, sleepTimers, vdTimers } from '@cardea/protocol';
import type { Bus, Db } from '../store/ports.ts';
import type { DeviceSession, SessionObserver } from './device-session.ts';
import { PresenceRecorder } from './presence-recorder.ts';

/** `suspect`: not heard for a while, may come back. `asleep`: said that it would go. */
export type Presence = 'online' | 'suspect' | 'asleep' | 'offline';

export interface PresenceChange {
  readonly deviceId: string;
  readonly presence: Presence;
}

/** What is known of one device that has, had or awaits a connection. */
interface Seat {
  readonly deviceId: string;
  presence: Presence;
  /** The connection in use; absent while the device is away. */
  current: DeviceSession | undefined;
  /** Every open connection, oldest first. */
  readonly sockets: DeviceSession[];
  /** Set once the device said that it goes to sleep, which it may yet think better of. */
  announced: { readonly silentMs: number; readonly validUntilMs: number } | undefined;
  heardAt: number | undefined;
  giveUp: Timer | undefined;
  readonly waiting: Set<() => void>;
}

const RECORD_INTERVAL_MS = 60_000;
/** A connection that closes later than this after the announcement was lost like any other. */
const ANNOUNCED_MS = 10_000;
const HEARTBEATS_MISSING_MS = sleepTimers.heartbeatDefaultSec * sleepTimers.heartbeatsMissedMax * 1_000;

/**
 * Which device is reachable, and on which connection. One per device: the newest wins once its first keep-alive is answered.
 * A lost device stays `suspect` for 90 s, and whoever calls it meanwhile waits up to 10 s for its return.
 * @see profile hss-open-1 B3, C2, C3
 */
export class SessionRegistry implements SessionObserver, AsyncDisposable {
  private readonly bus: Bus;
  private readonly clock: Clock;
  private readonly recorder: PresenceRecorder;
  private readonly lifetime: Lifetime;
  private readonly seats = new Map<string, Seat>();
  private readonly sockets = new Set<DeviceSession>();
  private readonly watchers = new Set<(change: PresenceChange) => void>();
  private isAdmitting = true;

  constructor({ db, bus, clock, logger }: { readonly db: Db; readonly bus: Bus; readonly clock: Clock; readonly logger: Logger }) {
    this.bus = bus;
    this.clock = clock;
    this.lifetime = new Lifetime(logger);
    this.recorder = new PresenceRecorder({ db, bus, clock, logger });
  }

  start(): void {
    this.lifetime.own(this.recorder);
    this.lifetime.own(this.bus.subscribe('revoked', ({ scope, id }) => scope === 'device' && this.revoke(id)));
    this.lifetime.run('record of devices online', async (signal) => {
      for (;;) {
        await sleep(this.clock, RECORD_INTERVAL_MS, { signal });
        this.noteOnline();
      }
    });
  }

  /** Connections that are open. */
  get connectionCount(): number {
    return this.sockets.size;
  }

  /** Requests to devices that wait for an answer. */
  get pendingCalls(): number {
    let count = 0;
    for (const session of this.sockets) count += session.pendingCount;
    return count;
  }

  /** Whether further devices may connect. */
  get admitting(): boolean {
    return this.isAdmitting && !this.stopping;
  }

  /** True once the platform stops: no more connections. */
  get stopping(): boolean {
    return this.lifetime.signal.aborted;
  }

  presenceOf(deviceId: string): Presence {
    return this.seats.get(deviceId)?.presence ?? 'offline';
  }

  /** When a device that is connected or suspect was heard last; the store knows it for the others. */
  lastHeardAt(deviceId: string): number | undefined {
    const seat = this.seats.get(deviceId);
    return seat?.current?.lastHeardAt ?? seat?.heardAt;
  }

  hasConnection(deviceId: string): boolean {
    return (this.seats.get(deviceId)?.sockets.length ?? 0) > 0;
  }

  /** Calls `onChange` at every change of presence until disposed. */
  watch(onChange: (change: PresenceChange) => void): Disposable {
    this.watchers.add(onChange);
    return { [Symbol.dispose]: () => void this.watchers.delete(onChange) };
  }

  /**
   * Sends a request to a device.
   * @throws AppError DEVICE_OFFLINE | DEVICE_ASLEEP | as `DeviceSession.call`
   */
  async call<D extends RpcDefinition>(
    deviceId: string,
    definition: D,
    params: ParamsOf<D>,
    options: CallOptions = {},
  ): Promise<ResultOf<D>> {
    const session = await this.reach(deviceId, options);
    return session.call(definition, params, options);
  }

  /** Counts devices that were connected before the platform restarted as `suspect`, since they are about to come back. */
  expect(deviceIds: readonly string[]): void {
    for (const deviceId of deviceIds) {
      const seat = this.seat(deviceId);
      if (seat.presence === 'offline') this.suspect(seat);
    }
  }

  /** The device said that it is about to sleep: when its connection closes it is `asleep` and not lost, for `silentMs`. */
  announceSleep(deviceId: string, silentMs: number = HEARTBEATS_MISSING_MS): void {
    const seat = this.seats.get(deviceId);
    if (seat !== undefined) seat.announced = { silentMs, validUntilMs: this.clock.monotonicMs() + ANNOUNCED_MS };
  }

  /** The radio of a device that has no connection was heard; it is offline after `silentMs` without another sign. */
  heardSleeping(deviceId: string, silentMs: number): void {
    const seat = this.seat(deviceId);
    if (seat.current !== undefined) return;
    seat.heardAt = this.clock.now();
    this.sleeps(seat, silentMs);
  }

  /**
   * Takes the connection of a device out of use and gives it to the caller, who closes it. The device counts as offline
   * at once, whatever it still sends.
   */
  detach(deviceId: string): DeviceSession | undefined {
    const { current, sockets } = this.seats.get(deviceId) ?? {};
    if (current !== undefined) sockets?.splice(sockets.indexOf(current), 1);
    this.dismiss(deviceId, closeCodes.DELETED.code, 'the device was removed');
    return current;
  }

  /** Closes what connections a device has. It counts as offline at once, whatever it still sends. */
  dismiss(deviceId: string, code: number, reason: string): void {
    const seat = this.seats.get(deviceId);
    if (seat === undefined) return;
    const open = seat.sockets.splice(0);
    seat.current = undefined;
    this.offline(seat);
    for (const session of open) session.close(code, reason);
  }

  /** A connection passed authentication. */
  add(session: DeviceSession): void {
    this.sockets.add(session);
    this.seat(session.deviceId).sockets.push(session);
  }

  onLive(session: DeviceSession): void {
    const seat = this.seat(session.deviceId);
    if (!seat.sockets.includes(session)) return;
    // Newer is who connected later, not whose keep-alive came later.
    if (seat.current !== undefined && seat.sockets.indexOf(seat.current) > seat.sockets.indexOf(session)) {
      session.retire();
      return;
    }
    seat.current = session;
    seat.announced = undefined;
    this.setPresence(seat, 'online');
    this.retireOlder(seat, session);
  }

  onOverdue(session: DeviceSession): void {
    const seat = this.seats.get(session.deviceId);
    if (seat?.sockets.includes(session)) this.retireOlder(seat, session);
  }

  onQuiet(session: DeviceSession): void {
    const seat = this.seatOfCurrent(session);
    if (seat !== undefined) this.setPresence(seat, 'suspect');
  }

  onHeard(session: DeviceSession): void {
    const seat = this.seatOfCurrent(session);
    if (seat !== undefined) this.setPresence(seat, 'online');
  }

  onLost(session: DeviceSession): void {
    const seat = this.seatOfCurrent(session);
    if (seat === undefined) return;
    seat.heardAt = session.lastHeardAt;
    seat.current = undefined;
    this.offline(seat);
  }

  onClosed(session: DeviceSession): void {
    this.sockets.delete(session);
    const seat = this.seats.get(session.deviceId);
    if (seat === undefined) return;
    const index = seat.sockets.indexOf(session);
    if (index >= 0) seat.sockets.splice(index, 1);
    if (seat.current === session) this.leave(seat, session);
    else this.forgetIfAway(seat);
  }

  /** Devices with any presence but offline. */
  known(): readonly string[] {
    return [...this.seats.values()].filter(({ presence }) => presence !== 'offline').map(({ deviceId }) => deviceId);
  }

  /** The connections in use. */
  live(): readonly DeviceSession[] {
    return [...this.seats.values()].flatMap(({ current }) => current ?? []);
  }

  /** Lets no further device in. */
  stopAdmitting(): void {
    this.isAdmitting = false;
  }

  /**
   * The device is connected to another server now: requests in flight may finish, then its connections here close, if the
   * device does not close them first. Nobody is told, since the device did not go away.
   */
  handOver(deviceId: string): void {
    const seat = this.seats.get(deviceId);
    if (seat === undefined) return;
    seat.giveUp?.[Symbol.dispose]();
    seat.current = undefined;
    seat.presence = 'offline';
    for (const session of seat.sockets.splice(0)) session.retireLater();
    this.forgetIfAway(seat);
  }

  /** Closes every connection with 1012, so that devices come back by themselves, and waits until they are gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.noteOnline();
    const stopped = this.lifetime[Symbol.asyncDispose]();
    const open = [...this.sockets];
    for (const session of open) session.close(closeCodes.SERVICE_RESTART.code, 'the platform restarts');
    await Promise.all(open.map((session) => session.closed));
    for (const { giveUp } of this.seats.values()) giveUp?.[Symbol.dispose]();
    await stopped;
  }

  private noteOnline(): void {
    for (const { deviceId, current } of this.seats.values()) {
      if (current !== undefined) this.recorder.note(deviceId, { heardAt: current.lastHeardAt, announce: false });
    }
  }

  private seat(deviceId: string): Seat {
    const known = this.seats.get(deviceId);
    if (known !== undefined) return known;
    const seat: Seat = {
      deviceId,
      presence: 'offline',
      current: undefined,
      sockets: [],
      announced: undefined,
      heardAt: undefined,
      giveUp: undefined,
      waiting: new Set(),
    };
    this.seats.set(deviceId, seat);
    return seat;
  }

  private seatOfCurrent(session: DeviceSession): Seat | undefined {
    const seat = this.seats.get(session.deviceId);
    return seat?.current === session ? seat : undefined;
  }

  private retireOlder(seat: Seat, session: DeviceSession): void {
    const older = seat.sockets.slice(0, seat.sockets.indexOf(session));
    if (seat.current !== undefined && older.includes(seat.current)) {
      seat.heardAt = seat.current.lastHeardAt;
      seat.current = undefined;
      this.suspect(seat);
    }
    for (const replaced of older) replaced.retire();
  }

  private leave(seat: Seat, session: DeviceSession): void {
    seat.current = undefined;
    seat.heardAt = session.lastHeardAt;
    const { announced } = seat;
    if (announced === undefined || announced.validUntilMs < this.clock.monotonicMs()) this.suspect(seat);
    else this.sleeps(seat, announced.silentMs);
  }

  private sleeps(seat: Seat, silentMs: number): void {
    this.setPresence(seat, 'asleep');
    seat.giveUp = this.clock.setTimer(silentMs, () => this.offline(seat));
  }

  private suspect(seat: Seat): void {
    this.setPresence(seat, 'suspect');
    seat.giveUp = this.clock.setTimer(vdTimers.suspectMs, () => this.offline(seat));
  }

  private offline(seat: Seat): void {
    this.setPresence(seat, 'offline');
    this.forgetIfAway(seat);
  }

  private forgetIfAway(seat: Seat): void {
    if (seat.presence !== 'offline' || seat.sockets.length > 0) return;
    this.seats.delete(seat.deviceId);
    for (const wake of seat.waiting) wake();
  }

  private setPresence(seat: Seat, presence: Presence): void {
    seat.giveUp?.[Symbol.dispose]();
    seat.giveUp = undefined;
    if (presence !== 'suspect') for (const wake of seat.waiting) wake();
    if (seat.presence === presence || this.stopping) return;
    seat.presence = presence;
    const heardAt = seat.current?.lastHeardAt ?? seat.heardAt;
    if (heardAt !== undefined) this.recorder.note(seat.deviceId, { heardAt, announce: true });
    for (const onChange of this.watchers) onChange({ deviceId: seat.deviceId, presence });
  }

  private async reach(deviceId: string, { signal }: CallOptions): Promise<DeviceSession> {
    const known = this.seats.get(deviceId);
    if (known !== undefined && mayComeBack(known)) await this.waitForReturn(known, signal);
    const seat = this.seats.get(deviceId);
    // A silent connection is still the shortest way to a device that merely missed a keep-alive.
    if (seat?.current !== undefined) return seat.current;
    throw new AppError(seat?.presence === 'asleep' ? 'DEVICE_ASLEEP' : 'DEVICE_OFFLINE');
  }

  private async waitForReturn(seat: Seat, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    seat.waiting.add(resolve);
    try {
      await withDeadline(this.clock, vdTimers.suspectWaitMs, () => promise, { ...(signal && { signal }) });
    } catch (error) {
      if (!hasStatus(error, 'TIMEOUT')) throw error;
    } finally {
      seat.waiting.delete(resolve);
    }
  }

  /** The rights of the device ended: its connections end too, and the scheduling service tells it what holds now. */
  private revoke(deviceId: string): void {
    this.detach(deviceId)?.finish(closeCodes.TOKEN_EXPIRED.code, 'the rights of the device changed');
  }
}

/** Lost a moment ago, or connected and not yet heard. */
function mayComeBack({ current, presence, sockets }: Seat): boolean {
  return current === undefined && (presence === 'suspect' || sockets.length > 0);
}
