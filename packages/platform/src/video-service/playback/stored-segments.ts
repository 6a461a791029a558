import { sql } from 'kysely';
import type { Db } from '../../store/ports.ts';
import { MAX_SEGMENT_MS } from '../video-limits.ts';
import { type PlayedSegment, PlayOrder } from './play-order.ts';
import type { StoredSegment } from './stored-media.ts';

/** One stream of one channel, in a stretch of time (Unix ms). */
export interface PlayRange {
  readonly homeId: string;
  readonly deviceId: string;
  readonly channel: number;
  readonly from: number;
  readonly to: number;
}

const PAGE = 500;
/** A stream with less of what the fullest one has would leave out what was recorded. */
const FULL_PART = 0.95;
/** Streams of one channel; the profile has three. */
const STREAMS = ['sub', 'third', 'main'] as const;

const columns = [
  'id',
  'home_id',
  'device_id',
  'channel',
  'stream',
  'start_at',
  'end_at',
  'size_bytes',
  'sha256',
  'object_key',
  'codecs',
  'format_hash',
  'encryption',
] as const;

/** The rows of what is played. */
export class StoredSegments {
  private readonly db: Db;

  constructor(db: Db) {
    this.db = db;
  }

  /** In the order of playing; read in pages, so that a month takes no more memory than an hour. */
  async *inOrder(range: PlayRange, stream: string): AsyncIterable<PlayedSegment> {
    const order = new PlayOrder();
    for (let after = range.from - MAX_SEGMENT_MS; ; ) {
      const rows = await this.page(range, stream, after);
      for (const row of rows) {
        const played = order.next(row);
        if (played !== undefined) yield played;
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) return;
      after = last.start_at;
    }
  }

  /** Streams that have what there is of the range, the smallest first, with what they take: a player may change between them. */
  async streams(
    range: PlayRange,
  ): Promise<readonly { readonly stream: string; readonly first: StoredSegment; readonly bitsPerSecond: number }[]> {
    const covered = await this.coveredMs(range);
    const most = Math.max(0, ...covered.values());
    const full = STREAMS.filter((stream) => (covered.get(stream) ?? 0) >= most * FULL_PART);
    const found = await Promise.all(
      full.map(async (stream) => {
        const rows = await this.page(range, stream, range.from - MAX_SEGMENT_MS, 50);
        const [first] = rows;
        const rates = rows.map((row) => ((row.size_bytes ?? 0) * 8_000) / Math.max(1, (row.end_at ?? row.start_at) - row.start_at));
        return first === undefined ? [] : [{ stream, first, bitsPerSecond: Math.max(1, ...rates) }];
      }),
    );
    return found.flat().toSorted((one, other) => one.bitsPerSecond - other.bitsPerSecond);
  }

  private async coveredMs({ homeId, deviceId, channel, from, to }: PlayRange): Promise<ReadonlyMap<string, number>> {
    const rows = await this.db
      .selectFrom('segment')
      .select('stream')
      .select(sql<number>`sum(min(end_at, ${to}) - max(start_at, ${from}))`.as('covered'))
      .where((e) => e.and({ home_id: homeId, device_id: deviceId, channel }))
      .where('state', '=', sql.lit('stored'))
      .where('start_at', '>', from - MAX_SEGMENT_MS)
      .where('start_at', '<', to)
      .where('end_at', '>', from)
      .where('damaged_at', 'is', null)
      .groupBy('stream')
      .execute();
    return new Map(rows.map(({ stream, covered }) => [stream, covered]));
  }

  /** A segment that touches the range. */
  async find({ homeId, deviceId, channel, from, to }: PlayRange, id: string): Promise<StoredSegment | undefined> {
    return await this.db
      .selectFrom('segment')
      .select(columns)
      .where((e) => e.and({ id, home_id: homeId, device_id: deviceId, channel, state: 'stored' }))
      .where('start_at', '<', to)
      .where('end_at', '>', from)
      .executeTakeFirst();
  }

  /** How the first encrypted segment is that touches the range, if any. */
  async encryptionIn({ homeId, deviceId, channel, from, to }: PlayRange): Promise<string | undefined> {
    const row = await this.db
      .selectFrom('segment')
      .select('encryption')
      .where((e) => e.and({ home_id: homeId, device_id: deviceId, channel }))
      .where('state', '=', sql.lit('stored'))
      .where('start_at', '>', from - MAX_SEGMENT_MS)
      .where('start_at', '<', to)
      .where('end_at', '>', from)
      .where('encryption', 'is not', null)
      .orderBy('start_at')
      .limit(1)
      .executeTakeFirst();
    return row?.encryption ?? undefined;
  }

  /** Segments that begin after `after`; of several that begin together the last pages leave none out, since streams do not overlap. */
  private async page(
    { homeId, deviceId, channel, from, to }: PlayRange,
    stream: string,
    after: number,
    limit = PAGE,
  ): Promise<readonly StoredSegment[]> {
    return await this.db
      .selectFrom('segment')
      .select(columns)
      .where((e) => e.and({ home_id: homeId, device_id: deviceId, channel, stream }))
      .where('state', '=', sql.lit('stored'))
      .where('start_at', '>', after)
      .where('start_at', '<', to)
      .where('end_at', '>', from)
      .where('damaged_at', 'is', null)
      .orderBy('start_at')
      .orderBy('end_at', 'desc')
      .limit(limit)
      .execute();
  }
}
