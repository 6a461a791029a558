import { type Clock, Lifetime, type Logger, sleep } from '@cardea/core';
import type { Bus, Db } from '../../store/ports.ts';
import type { FactName, Place, RecordingLedger } from './recording-ledger.ts';
import { readWish, wantedBy } from './recording-wish.ts';
import { lengthMs } from './spans.ts';

/** Tells the members of a home. */
export interface RecordingNotices {
  stopped(place: Place, occurredAt: number): Promise<void>;
}

export interface RecordingWatchOptions {
  readonly db: Db;
  readonly bus: Bus;
  readonly ledger: RecordingLedger;
  readonly notices: RecordingNotices;
  readonly clock: Clock;
  readonly logger: Logger;
}

const PASS_MS = 5_000;
/** Of what is to be watched, and of the sign of life. */
const REFRESH_MS = 30_000;
/** Together with a pass and the length of a segment this stays within a minute. */
const SILENCE_MS = 45_000;
/** So long a camera records without a pause before another stop of it is news. */
const STEADY_MS = 5 * 60_000;

interface Watched {
  readonly place: Place;
  /** When a segment came last, monotonic. */
  heardMs: number;
  /** Since when they have come without a pause. */
  sinceMs: number;
  stopped: boolean;
}

/**
 * Tells when a camera that is to record all the time stops doing so, whatever the reason, once until it records steadily
 * again. Goes by what arrives and by the monotonic clock, so a clock that jumps raises no alarm.
 */
export class RecordingWatch implements AsyncDisposable {
  private readonly options: RecordingWatchOptions;
  private readonly lifetime: Lifetime;
  private readonly watched = new Map<string, Watched>();
  /** Something came from a camera that is not watched yet. */
  private stale = false;

  constructor(options: RecordingWatchOptions) {
    this.options = options;
    this.lifetime = new Lifetime(options.logger);
  }

  start(): void {
    const { bus, clock, logger } = this.options;
    this.lifetime.own(bus.subscribe('segment', ({ segmentId }) => this.lifetime.run('arrival of video', () => this.onSegment(segmentId))));
    this.lifetime.run('watch over recordings', async (signal) => {
      for (let refreshedMs = Number.NEGATIVE_INFINITY; !signal.aborted; await sleep(clock, PASS_MS, { signal })) {
        try {
          if (this.stale || clock.monotonicMs() - refreshedMs >= REFRESH_MS) {
            this.stale = false;
            refreshedMs = clock.monotonicMs();
            await this.options.ledger.alive();
            await this.refresh();
          }
          for (const watched of this.watched.values()) await this.look(watched);
        } catch (error) {
          logger.warn({ err: error }, 'the watch over recordings could not look');
        }
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
  }

  private async refresh(): Promise<void> {
    const { clock, db } = this.options;
    const rows = await db
      .selectFrom('recording_fact as latest')
      .select(['home_id', 'device_id', 'channel', 'value'])
      .where('fact', '=', 'policy')
      .where((e) =>
        e.not(
          e.exists(
            e
              .selectFrom('recording_fact as later')
              .select('later.at')
              .where('later.fact', '=', 'policy')
              .whereRef('later.home_id', '=', 'latest.home_id')
              .whereRef('later.device_id', '=', 'latest.device_id')
              .whereRef('later.channel', '=', 'latest.channel')
              .whereRef('later.at', '>', 'latest.at'),
          ),
        ),
      )
      .execute();
    const wanted = new Map(
      rows.filter(({ value }) => value === 'continuous' || value === 'schedule').map((row) => [keyOf(toPlace(row)), toPlace(row)]),
    );
    for (const key of this.watched.keys()) if (!wanted.has(key)) this.watched.delete(key);
    for (const [key, place] of wanted) {
      if (this.watched.has(key)) continue;
      const now = clock.monotonicMs();
      this.watched.set(key, { place, heardMs: now, sinceMs: now, stopped: (await this.latest(place, 'arrival'))?.value === 'stopped' });
    }
  }

  private async onSegment(segmentId: string): Promise<void> {
    const { clock, db } = this.options;
    const row = await db
      .selectFrom('segment')
      .select(['home_id', 'device_id', 'channel', 'kind'])
      .where('id', '=', segmentId)
      .where('state', '=', 'stored')
      .executeTakeFirst();
    const watched = row === undefined ? undefined : this.watched.get(keyOf(toPlace(row)));
    if (row !== undefined && watched === undefined) this.stale = true;
    if (watched === undefined || row?.kind === 'backfill') return;
    const now = clock.monotonicMs();
    if (now - watched.heardMs > SILENCE_MS) watched.sinceMs = now;
    watched.heardMs = now;
  }

  private async look(watched: Watched): Promise<void> {
    const { clock, ledger, notices } = this.options;
    const now = clock.monotonicMs();
    const silentMs = now - watched.heardMs;
    if (watched.stopped) {
      if (silentMs > SILENCE_MS || watched.heardMs - watched.sinceMs < STEADY_MS) return;
      watched.stopped = false;
      await ledger.set(watched.place, 'arrival', 'running');
      return;
    }
    if (silentMs <= SILENCE_MS) return;
    if (!(await this.isMissed(watched.place))) {
      watched.heardMs = now;
      watched.sinceMs = now;
      return;
    }
    watched.stopped = true;
    // Of several servers that watch one is first.
    if (await ledger.set(watched.place, 'arrival', 'stopped')) await notices.stopped(watched.place, Math.round(clock.now() - silentMs));
  }

  /** Whether video was to come all this time: nobody switched recording off, and the camera is awake and may look. */
  private async isMissed(place: Place): Promise<boolean> {
    const whole = { ...place, channel: 0 };
    const [policy, privacy, presence, wish] = await Promise.all([
      this.latest(place, 'policy'),
      this.latest(place, 'privacy'),
      this.latest(whole, 'presence'),
      this.latest(whole, 'wish'),
    ]);
    const to = this.options.clock.now();
    const hours = wish && wantedBy(readWish(wish.value), { from: to - SILENCE_MS, to });
    const isWanted = hours === undefined ? policy?.value === 'continuous' : lengthMs(hours) === SILENCE_MS;
    const isNew = [policy, privacy, wish].some((fact) => fact !== undefined && Math.abs(to - fact.at) < SILENCE_MS);
    return isWanted && !isNew && privacy?.value !== 'on' && presence?.value !== 'asleep';
  }

  private async latest(place: Place, fact: FactName) {
    return await this.options.ledger.latest(place, fact);
  }
}

function toPlace(row: { readonly home_id: string; readonly device_id: string; readonly channel: number }): Place {
  return { homeId: row.home_id, deviceId: row.device_id, channel: row.channel };
}

function keyOf({ homeId, deviceId, channel }: Place): string {
  return `${homeId} ${deviceId} ${channel}`;
}
