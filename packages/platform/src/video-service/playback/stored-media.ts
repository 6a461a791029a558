import { webcrypto } from 'node:crypto';
import { AppError, type Clock, hasStatus, type Logger } from '@cardea/core';
import { type RecordedSegment, readRecordedSegment } from '@cardea/media';
import type { ObjectStore } from '../../store/ports.ts';
import type { DamageRecord } from '../damage-record.ts';
import type { SegmentRow } from '../segment-catalogue.ts';
import { devicePrefix } from '../segment-key.ts';
import type { PlayedSegment } from './play-order.ts';

/** What of a row is needed to play its segment. */
export type StoredSegment = Pick<
  SegmentRow,
  | 'id'
  | 'home_id'
  | 'device_id'
  | 'channel'
  | 'stream'
  | 'start_at'
  | 'end_at'
  | 'size_bytes'
  | 'sha256'
  | 'object_key'
  | 'codecs'
  | 'format_hash'
  | 'encryption'
>;

/** Whoever looks for a moment reads the same segments again and again. */
const REMEMBERED_MS = 10 * 60_000;
const MAX_REMEMBERED = 10_000;
/** Segments read before their turn. */
const READ_AHEAD = 2;

/** @throws AppError INVALID_STATE with `encryption` for a segment that the platform cannot open */
export function assertReadable({ id, encryption, start_at: startAt, end_at: endAt }: StoredSegment): void {
  if (encryption === null) return;
  const message = 'this recording is encrypted: only members who hold a key can open it, in the app or with cardea decrypt';
  throw new AppError('INVALID_STATE', { encryption, segmentId: id, startAt, endAt }, { message });
}

export interface StoredMediaOptions {
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly damage: Pick<DamageRecord, 'found'>;
  readonly logger: Logger;
}

/** Reads stored segments to play them, as a whole, so that no byte is played that was not proven within ten minutes. */
export class StoredMedia {
  private readonly objects: ObjectStore;
  private readonly clock: Clock;
  private readonly damage: Pick<DamageRecord, 'found'>;
  private readonly logger: Logger;
  /** Until when the bytes of a segment count as proven, monotonic. */
  private readonly proven = new Map<string, number>();

  constructor({ objects, clock, damage, logger }: StoredMediaOptions) {
    this.objects = objects;
    this.clock = clock;
    this.damage = damage;
    this.logger = logger;
  }

  /** A segment taken apart. @throws AppError as `bytesOf` */
  async read(row: StoredSegment): Promise<RecordedSegment> {
    return readRecordedSegment(await this.bytesOf(row));
  }

  /**
   * The object of a segment, for the caller to keep.
   * @throws AppError OBJECT_MISMATCH when the bytes were damaged since they were confirmed; INTERNAL_ERROR when they are gone;
   *   INVALID_STATE when they are encrypted
   */
  private async bytesOf(row: StoredSegment): Promise<Uint8Array> {
    // The row says whose it is; the place of the bytes has to say the same, or no byte leaves (reliability.md C-27).
    if (!row.object_key.startsWith(devicePrefix(row.home_id, row.device_id))) throw this.fault(row, 'the row names bytes of another home');
    assertReadable(row);
    const bytes = await this.load(row);
    await this.prove(row, bytes);
    return bytes;
  }

  private async prove(row: StoredSegment, bytes: Uint8Array): Promise<void> {
    const now = this.clock.monotonicMs();
    if ((this.proven.get(row.id) ?? Number.NEGATIVE_INFINITY) > now) return;
    // In the thread pool, so that who plays keeps nobody else waiting.
    const sha256 = Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex');
    if (sha256 !== row.sha256) throw await this.damage.found(row, 'damaged');
    this.proven.delete(row.id);
    this.proven.set(row.id, now + REMEMBERED_MS);
    const [oldest] = this.proven.keys();
    if (this.proven.size > MAX_REMEMBERED && oldest !== undefined) this.proven.delete(oldest);
  }

  /** These segments with their bytes; the next ones are read and proven while one is used, so at most three are in memory. */
  async *readAll(segments: AsyncIterable<PlayedSegment>): AsyncGenerator<{ readonly played: PlayedSegment; readonly bytes: Uint8Array }> {
    const ahead: { readonly played: PlayedSegment; readonly reading: Promise<Uint8Array> }[] = [];
    for await (const played of segments) {
      const reading = this.bytesOf(played.row);
      // Heard when its turn comes.
      reading.catch(() => {});
      ahead.push({ played, reading });
      if (ahead.length <= READ_AHEAD) continue;
      const next = ahead.shift();
      if (next !== undefined) yield { played: next.played, bytes: await next.reading };
    }
    for (const { played, reading } of ahead) yield { played, bytes: await reading };
  }

  private async load(row: StoredSegment): Promise<Uint8Array> {
    try {
      await using object = await this.objects.open(row.object_key);
      return await object.read(0, row.size_bytes ?? 0);
    } catch (error) {
      if (hasStatus(error, 'NOT_FOUND')) throw await this.damage.found(row, 'gone');
      throw this.fault(row, 'the bytes of a stored segment cannot be read', error);
    }
  }

  private fault(row: StoredSegment, message: string, cause?: unknown): AppError {
    this.logger.error({ err: cause, segmentId: row.id, deviceId: row.device_id }, message);
    return new AppError('INTERNAL_ERROR', undefined, { cause });
  }
}
