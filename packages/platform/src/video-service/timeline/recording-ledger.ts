import type { GapReason } from '@cardea/api';
import type { Clock } from '@cardea/core';
import type { Db } from '../../store/ports.ts';
import { writeWish } from './recording-wish.ts';
import type { Span } from './spans.ts';

/** One lens in a home, or with channel 0 the device as a whole. */
export interface Place {
  readonly homeId: string;
  readonly deviceId: string;
  readonly channel: number;
}

/** What can hold of a place for a while, with its values. */
export interface Facts {
  /** `record.cloud.mode` as last known; `none` once the device left the home. */
  policy: string;
  /** Id of a recording to the video service that a user asked for, or `off`. */
  task: string;
  privacy: string;
  presence: 'online' | 'asleep' | 'offline';
  /** Whether the camera of the channel sends pictures. */
  signal: 'there' | 'lost';
  /** What the platform wants the device to record, as `writeWish` has it. */
  wish: string;
  /** The wish that the device took over last. */
  applied: string;
  /** Whether what was to be recorded arrives, as `recordingStopped` tells it. */
  arrival: 'running' | 'stopped';
}

export type FactName = keyof Facts;

const WHOLE_DEVICE = 0;
/** Gaps of one reason this near are one. */
const JOIN_MS = 15_000;
const MAX_REMEMBERED = 20_000;
/** A clock that is wrong is noticed this late. */
const NOTICED_MS = 60_000;
const MAX_CLOCK_GAP_MS = 2 * 86_400_000;
const ALIVE_SETTING = 'video.aliveAt';
/** A platform that was away for less was not missed: devices keep what they record. */
const DOWN_MS = 60_000;

/**
 * The ledger of what was to be recorded and why it was not (reliability.md C-28): whoever learns something writes it here at
 * once. Instants are wall time; when the clock goes back, what comes later by the clock and earlier by order is struck out.
 */
export class RecordingLedger {
  private readonly db: Db;
  private readonly clock: Clock;
  /** Gaps written last, so that a failure that repeats is not written each time. */
  private readonly written = new Map<string, Span>();

  constructor({ db, clock }: { readonly db: Db; readonly clock: Clock }) {
    this.db = db;
    this.clock = clock;
  }

  /** From `at` on `fact` has this value; true when it had another before. */
  async set<F extends FactName>({ homeId, deviceId, channel }: Place, fact: F, value: Facts[F], at = this.clock.now()): Promise<boolean> {
    const key = { home_id: homeId, device_id: deviceId, channel, fact };
    // Most notes say what is known: they take no turn among the writers.
    const known = await this.latest({ homeId, deviceId, channel }, fact);
    if (known !== undefined && known.at <= at && known.value === value) return false;
    return await this.db.transaction().execute(async (tx) => {
      const rows = tx.selectFrom('recording_fact').where((e) => e.and(key));
      const before = await rows.select('value').where('at', '<=', at).orderBy('at', 'desc').limit(1).executeTakeFirst();
      await tx
        .deleteFrom('recording_fact')
        .where((e) => e.and(key))
        .where('at', '>', at)
        .execute();
      if (before?.value === value) return false;
      await tx
        .insertInto('recording_fact')
        .values({ ...key, at, value })
        .onConflict((c) => c.columns(['home_id', 'device_id', 'channel', 'fact', 'at']).doUpdateSet({ value }))
        .execute();
      return true;
    });
  }

  /** What was noted last, for whatever instant. */
  async latest({ homeId, deviceId, channel }: Place, fact: FactName): Promise<{ readonly at: number; readonly value: string } | undefined> {
    return await this.db
      .selectFrom('recording_fact')
      .select(['at', 'value'])
      .where((e) => e.and({ home_id: homeId, device_id: deviceId, channel, fact }))
      .orderBy('at', 'desc')
      .limit(1)
      .executeTakeFirst();
  }

  /** Nothing was recorded in `span`, or it is kept no more. What was recorded all the same counts as recorded. */
  async gap({ homeId, deviceId, channel }: Place, reason: GapReason, span: Span): Promise<void> {
    const name = `${homeId} ${deviceId} ${channel} ${reason}`;
    const known = this.written.get(name);
    if (span.to <= span.from || (known !== undefined && known.from <= span.from && span.to <= known.to)) return;
    const key = { home_id: homeId, device_id: deviceId, channel, reason };
    const joined = await this.db.transaction().execute(async (tx) => {
      const near = await tx
        .selectFrom('recording_gap')
        .select(['from_at', 'to_at'])
        .where((e) => e.and(key))
        .where('from_at', '<=', span.to + JOIN_MS)
        .orderBy('from_at', 'desc')
        .limit(2)
        .execute();
      const touched = near.filter(({ to_at: to }) => to + JOIN_MS >= span.from);
      const from = Math.min(span.from, ...touched.map((row) => row.from_at));
      const to = Math.max(span.to, ...touched.map((row) => row.to_at));
      await tx
        .deleteFrom('recording_gap')
        .where((e) => e.and(key))
        .where('from_at', '>=', from)
        .where('from_at', '<=', to)
        .execute();
      await tx
        .insertInto('recording_gap')
        .values({ ...key, from_at: from, to_at: to })
        .execute();
      return { from, to };
    });
    this.remember(name, joined);
  }

  /** A recording to the video service that a user asked for began; `endsAt`: it ends by itself. */
  async taskStarted(place: Place, taskId: string, endsAt: number | undefined): Promise<void> {
    const now = this.clock.now();
    await this.set(place, 'task', taskId, now);
    if (endsAt !== undefined) await this.set(place, 'task', 'off', Math.max(endsAt, now));
  }

  /** Recordings that users asked for ended: all of the device, or those of a channel, or one. */
  async tasksEnded(
    { homeId, deviceId }: Omit<Place, 'channel'>,
    which: { readonly taskId?: string | undefined; readonly channel?: number | undefined },
  ): Promise<void> {
    const at = this.clock.now();
    for (const channel of which.channel === undefined ? await this.channels(homeId, deviceId) : [which.channel]) {
      const place = { homeId, deviceId, channel };
      if (which.taskId === undefined || (await this.valueOf(place, 'task', at)) === which.taskId) await this.set(place, 'task', 'off', at);
    }
  }

  /** The clock of the device was off by so much until now: what it recorded carries other times. */
  async clockWasOff(device: Omit<Place, 'channel'>, offsetMs: number): Promise<void> {
    const to = this.clock.now();
    const from = to - Math.min(Math.abs(offsetMs) + NOTICED_MS, MAX_CLOCK_GAP_MS);
    await this.gap({ ...device, channel: WHOLE_DEVICE }, 'clock', { from, to });
  }

  /** Whether it was ever learnt what the device is to record in this home. */
  async knowsPolicy(homeId: string, deviceId: string): Promise<boolean> {
    const row = await this.db
      .selectFrom('recording_fact')
      .select('at')
      .where((e) => e.and({ home_id: homeId, device_id: deviceId, fact: 'policy' }))
      .where('value', '<>', 'none')
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** The device left the home: nothing of it is to be recorded there any more. */
  async release(homeId: string, deviceId: string): Promise<void> {
    const at = this.clock.now();
    for (const channel of await this.channels(homeId, deviceId)) {
      await this.set({ homeId, deviceId, channel }, 'policy', 'none', at);
      await this.set({ homeId, deviceId, channel }, 'task', 'off', at);
    }
    const whole = { homeId, deviceId, channel: WHOLE_DEVICE };
    if ((await this.latest(whole, 'wish')) !== undefined) await this.set(whole, 'wish', writeWish({ mode: 'off' }), at);
  }

  /** Nothing is to be told of the device in this home any more. */
  async forget(homeId: string, deviceId: string): Promise<void> {
    for (const table of ['recording_fact', 'recording_gap'] as const) {
      await this.db.deleteFrom(table).where('home_id', '=', homeId).where('device_id', '=', deviceId).execute();
    }
  }

  /** The device started anew; until it is heard again it was without power, since it was last there. */
  async restarted(
    homeId: string,
    deviceId: string,
    { silentMs, uptimeMs }: { readonly silentMs: number; readonly uptimeMs: number },
  ): Promise<void> {
    const now = this.clock.now();
    const to = Math.round(now - uptimeMs);
    const presence = await this.db
      .selectFrom('recording_fact')
      .select(['at', 'value'])
      .where((e) => e.and({ home_id: homeId, device_id: deviceId, channel: WHOLE_DEVICE, fact: 'presence' }))
      .orderBy('at', 'desc')
      .limit(2)
      .execute();
    const [latest, earlier] = presence;
    const away = latest?.value === 'online' && latest.at > now - silentMs ? earlier : latest;
    const from = away?.value === 'offline' ? Math.min(away.at, to - silentMs) : to - silentMs;
    await this.gap({ homeId, deviceId, channel: WHOLE_DEVICE }, 'restarted', { from, to });
    for (const channel of await this.channels(homeId, deviceId)) await this.forgetLoss({ homeId, deviceId, channel }, to);
  }

  /** A device that starts anew tells of a camera that is lost, and not of one that is there. */
  private async forgetLoss(place: Place, at: number): Promise<void> {
    const signal = await this.latest(place, 'signal');
    if (signal?.value === 'lost' && signal.at < at) await this.set(place, 'signal', 'there', at);
  }

  /** Says that the video service works; call more often than every minute. After a time of silence that time is noted. */
  async alive(): Promise<void> {
    const now = this.clock.now();
    const row = await this.db.selectFrom('setting').select('value').where('name', '=', ALIVE_SETTING).executeTakeFirst();
    const last = row === undefined ? now : Number(row.value);
    if (now - last > DOWN_MS) await this.gap({ homeId: '', deviceId: '', channel: WHOLE_DEVICE }, 'platformDown', { from: last, to: now });
    await this.db
      .insertInto('setting')
      .values({ name: ALIVE_SETTING, value: String(now) })
      .onConflict((c) => c.column('name').doUpdateSet({ value: String(now) }))
      .execute();
  }

  private async valueOf({ homeId, deviceId, channel }: Place, fact: FactName, at: number): Promise<string | undefined> {
    const row = await this.db
      .selectFrom('recording_fact')
      .select('value')
      .where((e) => e.and({ home_id: homeId, device_id: deviceId, channel, fact }))
      .where('at', '<=', at)
      .orderBy('at', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.value;
  }

  private async channels(homeId: string, deviceId: string): Promise<readonly number[]> {
    const rows = await this.db
      .selectFrom('recording_fact')
      .select('channel')
      .distinct()
      .where('home_id', '=', homeId)
      .where('device_id', '=', deviceId)
      .where('channel', '>', WHOLE_DEVICE)
      .execute();
    return rows.map(({ channel }) => channel);
  }

  private remember(name: string, span: Span): void {
    this.written.delete(name);
    this.written.set(name, span);
    const [oldest] = this.written.keys();
    if (this.written.size > MAX_REMEMBERED && oldest !== undefined) this.written.delete(oldest);
  }
}
