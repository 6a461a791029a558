import type { Retention } from '@cardea/api';
import { type Clock, Lifetime, type Logger, sleep } from '@cardea/core';
import type { SegmentKind } from '@cardea/protocol';
import { sql } from 'kysely';
import type { Bus, Db } from '../../store/ports.ts';
import type { SegmentCatalogue, SegmentRow } from '../segment-catalogue.ts';
import type { SegmentKeeper } from '../segment-keeper.ts';
import type { SegmentLocks } from '../segment-locks.ts';
import type { RecordingLedger } from '../timeline/recording-ledger.ts';
import type { Span } from '../timeline/spans.ts';
import type { RetentionPolicies } from './retention-policies.ts';
import type { CameraUsage, StorageUsage } from './storage-usage.ts';
import { FREED_FROM, FREED_TO, levelOf, usedPart, type Volume } from './volume.ts';

export interface RetentionOptions {
  readonly db: Db;
  readonly bus: Bus;
  readonly catalogue: SegmentCatalogue;
  readonly keeper: SegmentKeeper;
  readonly locks: SegmentLocks;
  readonly ledger: RecordingLedger;
  readonly policies: RetentionPolicies;
  readonly usage: StorageUsage;
  readonly volume: Volume;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Camera = Omit<CameraUsage, 'usedBytes'>;

const segmentKinds: readonly SegmentKind[] = ['continuous', 'backfill', 'event', 'manual'];
/** Kinds that something or somebody asked for. */
const occasional: readonly SegmentKind[] = ['event', 'manual'];
const PASS_MS = 60_000;
/** Between the counts that also see what other processes stored. */
const COUNT_MS = 10 * 60_000;
const DAY_MS = 86_400_000;
const BATCH = 50;
/** Of a large quota a little more goes at once, so that not every segment makes another one go. */
const LARGE_QUOTA_BYTES = 1_000_000_000;
const QUOTA_FREED_TO = 0.995;

/**
 * Removes recordings that are too old, beyond a quota, or in the way of new ones on a full volume: always the oldest of a
 * camera first, never a locked one, never those of one home for another that has its share already (reliability.md P6, P31).
 * What is removed is written down as a gap before its bytes go.
 */
export class RetentionKeeper implements AsyncDisposable {
  private readonly options: RetentionOptions;
  private readonly lifetime: Lifetime;
  private pass: Promise<void> | undefined;
  private again = false;
  /** Of cameras of which nothing else is stored, the one encoding that is kept. */
  private readonly streamsOf = new Map<string, string>();
  /** What may be stored before anything has to go, as far as this process knows. */
  private headroomBytes = 0;

  constructor(options: RetentionOptions) {
    this.options = options;
    this.lifetime = new Lifetime(options.logger);
  }

  start(): void {
    const { bus, clock } = this.options;
    this.lifetime.own(bus.subscribe('revoked', ({ scope }) => scope === 'device' && this.wake()));
    this.lifetime.run('retention', async (signal) => {
      for (let countedMs = Number.NEGATIVE_INFINITY; !signal.aborted; await sleep(clock, PASS_MS, { signal })) {
        if (clock.monotonicMs() - countedMs >= COUNT_MS) {
          countedMs = clock.monotonicMs();
          await this.options.usage.count();
        }
        await this.run();
      }
    });
  }

  /** Something was stored: looks when it is what makes something go. */
  stored({ size_bytes: sizeBytes, stream, home_id: homeId, device_id: deviceId }: SegmentRow): void {
    const key = `${homeId} ${deviceId}`;
    if (this.streamsOf.get(key) !== stream) this.streamsOf.delete(key);
    this.headroomBytes -= sizeBytes ?? 0;
    if (this.headroomBytes < 0) this.wake();
  }

  /** Looks soon: a rule changed. */
  wake(): void {
    if (this.lifetime.signal.aborted) return;
    if (this.pass !== undefined) this.again = true;
    else this.lifetime.run('retention', () => this.run());
  }

  /** One pass; of several calls at once one runs, and one more after it. */
  async run(): Promise<void> {
    if (this.pass !== undefined) {
      this.again = true;
      return await this.pass;
    }
    this.pass = this.passes();
    await this.pass;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
  }

  private async passes(): Promise<void> {
    try {
      do {
        this.again = false;
        await this.onePass();
      } while (this.again && !this.lifetime.signal.aborted);
    } catch (error) {
      this.options.logger.error({ err: error }, 'retention could not be kept');
    } finally {
      this.pass = undefined;
    }
  }

  private async onePass(): Promise<void> {
    const { usage } = this.options;
    this.headroomBytes = Number.MAX_SAFE_INTEGER;
    for (const camera of usage.all()) {
      if (!(await this.belongs(camera))) await this.removeAll(camera);
      else await this.keepCamera(camera);
    }
    for (const homeId of new Set(usage.all().map((camera) => camera.homeId))) await this.keepHome(homeId);
    await this.keepVolume();
  }

  /** Age, what is kept at all, and the quota of one camera. */
  private async keepCamera(camera: CameraUsage): Promise<void> {
    const { clock, policies, usage } = this.options;
    const { days, eventDays = days, streams, quotaBytes } = await policies.of(camera);
    for (const kind of segmentKinds) {
      const before = clock.now() - (occasional.includes(kind) ? eventDays : days) * DAY_MS;
      await this.removeWhile(camera, (row) => (row.end_at ?? row.start_at) <= before, kind);
    }
    await this.removeStreams(camera, streams);
    if (quotaBytes === undefined) return;
    const used = (): number => usage.of(camera.homeId, camera.deviceId);
    if (used() > quotaBytes) await this.removeWhile(camera, () => used() > freedTo(quotaBytes));
    this.leave(quotaBytes - used());
  }

  /** The quota of a home: the oldest of all its cameras first. */
  private async keepHome(homeId: string): Promise<void> {
    const { policies, usage } = this.options;
    const { quotaBytes } = await policies.of({ homeId });
    if (quotaBytes === undefined) return;
    const used = (): number => usage.ofHome(homeId);
    const over = (): boolean => used() > freedTo(quotaBytes);
    if (used() > quotaBytes) while (over() && (await this.removeOldestOf(homeId, over)));
    this.leave(quotaBytes - used());
  }

  /** Room on the volume: taken from the home that has most, until the volume is free enough or only locked recordings are left. */
  private async keepVolume(): Promise<void> {
    const { usage, volume } = this.options;
    const room = await volume.room();
    this.leave(room.totalBytes * FREED_FROM - (room.totalBytes - room.freeBytes));
    if (levelOf(room) === 'normal') return;
    const spent = new Set<string>();
    while (usedPart(await volume.room()) > FREED_TO) {
      const homes = [...new Set(usage.all().map(({ homeId }) => homeId))].filter((homeId) => !spent.has(homeId));
      const [largest] = homes.toSorted((one, other) => usage.ofHome(other) - usage.ofHome(one));
      if (largest === undefined) return;
      // One at a time: what a removal frees is measured, not guessed (ZoneMinder removed too much that way).
      let removed = false;
      if (
        !(await this.removeOldestOf(
          largest,
          () => !removed,
          () => (removed = true),
        ))
      )
        spent.add(largest);
    }
  }

  private leave(bytes: number): void {
    // A limit that cannot be kept, since all is locked, is looked at again with every pass and not with every segment.
    if (bytes >= 0) this.headroomBytes = Math.min(this.headroomBytes, bytes);
  }

  /** Removes the oldest of a home while `wanted`; false when nothing can be removed. */
  private async removeOldestOf(homeId: string, wanted: () => boolean, onRemoved: () => void = () => {}): Promise<boolean> {
    const cameras = this.options.usage.all().filter((camera) => camera.homeId === homeId && camera.usedBytes > 0);
    const oldest = await Promise.all(cameras.map(async (camera) => ({ camera, rows: await this.oldest(camera) })));
    const rows = oldest.flatMap(({ rows: found }) => found).toSorted((one, other) => one.start_at - other.start_at);
    let any = false;
    for (const row of rows.slice(0, BATCH)) {
      if (!wanted()) break;
      if (!(await this.remove(row, 'expired'))) continue;
      any = true;
      onRemoved();
    }
    return any;
  }

  private async removeWhile(camera: Camera, wanted: (row: SegmentRow) => boolean, kind?: SegmentKind): Promise<void> {
    for (;;) {
      const rows = await this.oldest(camera, kind);
      let removed = 0;
      for (const row of rows) {
        if (!wanted(row)) return;
        if (await this.remove(row, 'expired')) removed += 1;
      }
      if (removed === 0 || rows.length < BATCH) return;
    }
  }

  /** Lets go of encodings that are not kept: once when that is new, and again when one of them came. */
  private async removeStreams(camera: Camera, kept: Retention['streams']): Promise<void> {
    const key = `${camera.homeId} ${camera.deviceId}`;
    if (kept === 'all' || this.streamsOf.get(key) === kept) return;
    for (;;) {
      const rows = await this.unlocked(camera).where('stream', '<>', kept).orderBy('start_at').limit(BATCH).execute();
      let removed = 0;
      for (const row of rows) if (await this.remove(row, 'notKept')) removed += 1;
      if (removed === 0 || rows.length < BATCH) break;
    }
    this.streamsOf.set(key, kept);
  }

  /** The camera left the home, and nobody can see its recordings any more: locked or not, they go (reliability.md P30). */
  private async removeAll(camera: CameraUsage): Promise<void> {
    const { db, ledger, logger, policies, usage } = this.options;
    let count = 0;
    for (;;) {
      const rows = await db
        .selectFrom('segment')
        .selectAll()
        .where('home_id', '=', camera.homeId)
        .where('device_id', '=', camera.deviceId)
        .where('state', '=', 'stored')
        .limit(BATCH)
        .execute();
      for (const row of rows) if (await this.removeBytes(row)) count += 1;
      if (rows.length < BATCH) break;
    }
    await ledger.forget(camera.homeId, camera.deviceId);
    await policies.forget(camera);
    usage.forget(camera);
    this.streamsOf.delete(`${camera.homeId} ${camera.deviceId}`);
    logger.info({ deviceId: camera.deviceId, count }, 'the recordings of a camera that left its home are removed');
  }

  private async belongs({ homeId, deviceId }: Camera): Promise<boolean> {
    const device = await this.options.db.selectFrom('device').select('home_id').where('id', '=', deviceId).executeTakeFirst();
    return device?.home_id === homeId;
  }

  private async oldest(camera: Camera, kind?: SegmentKind): Promise<readonly SegmentRow[]> {
    if (kind === undefined) return await this.unlocked(camera).orderBy('start_at').limit(BATCH).execute();
    const { homeId, deviceId } = camera;
    // Named, since without statistics the database would walk through what is stored of other kinds.
    const { rows } = await sql<SegmentRow>`select * from segment indexed by segment_kind
      where home_id = ${homeId} and device_id = ${deviceId} and state = 'stored' and locked = 0 and kind = ${kind}
      order by start_at limit ${BATCH}`.execute(this.options.db);
    return rows;
  }

  private unlocked({ homeId, deviceId }: Camera) {
    return (
      this.options.db
        .selectFrom('segment')
        .selectAll()
        .where('home_id', '=', homeId)
        .where('device_id', '=', deviceId)
        // As a literal, so that the indexes of what is stored serve.
        .where('state', '=', sql.lit('stored'))
        .where('locked', '=', 0)
    );
  }

  private async remove(row: SegmentRow, reason: 'expired' | 'notKept'): Promise<boolean> {
    const place = { homeId: row.home_id, deviceId: row.device_id, channel: row.channel };
    const span: Span = { from: row.start_at, to: row.end_at ?? row.start_at };
    await this.options.ledger.gap(place, reason, span);
    return await this.removeBytes(row, 0);
  }

  /** False when the row changed meanwhile: it was locked, or deleted by somebody else. */
  private async removeBytes({ id, device_id: deviceId }: SegmentRow, lockedAtMost = 1): Promise<boolean> {
    const { catalogue, keeper, locks } = this.options;
    return await locks.run(deviceId, async () => {
      const row = await catalogue.find(id);
      if (row?.state !== 'stored' || row.locked > lockedAtMost || !(await catalogue.move(row, 'garbage'))) return false;
      keeper.announce(row);
      await keeper.finishGarbage({ ...row, state: 'garbage' });
      return true;
    });
  }
}

function freedTo(quotaBytes: number): number {
  return quotaBytes >= LARGE_QUOTA_BYTES ? quotaBytes * QUOTA_FREED_TO : quotaBytes;
}
