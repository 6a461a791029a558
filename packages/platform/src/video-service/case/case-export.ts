import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type CaseManifest, MANIFEST_FILE, type Timeline, tarEnd, tarHeader, tarPadding } from '@cardea/api';
import { AppError, type Clock, hasStatus } from '@cardea/core';
import type { DeviceProof } from '../../authorization/proof.ts';
import type { Db, ObjectStore } from '../../store/ports.ts';
import type { SegmentRow } from '../segment-catalogue.ts';
import { devicePrefix } from '../segment-key.ts';
import { MAX_SEGMENT_MS } from '../video-limits.ts';
import { CASE_GUIDE } from './case-guide.ts';
import { caseManifest, compactTime } from './case-manifest.ts';
import { inOrderOfRecording } from './case-order.ts';

export interface CaseQuery {
  /** Unix milliseconds; an hour before `to` when absent. */
  readonly from?: number;
  /** Now when absent. */
  readonly to?: number;
  readonly channel?: number;
  readonly stream?: CaseManifest['stream'];
}

export interface ExportedCase {
  /** Of the file, without its ending. */
  readonly name: string;
  readonly segments: number;
  /** SHA-256 of the manifest, lower-case hex: whoever knows it knows the case. */
  readonly manifestSha256: string;
  /** A tar archive, made while it is read. */
  readonly archive: Readable;
}

export interface CaseExportOptions {
  readonly db: Db;
  readonly objects: ObjectStore;
  readonly timelines: {
    timeline(proof: DeviceProof<'view.recordings'>, query: { from: number; to: number; channel: number }): Promise<Timeline>;
  };
  readonly clock: Clock;
}

type Right = DeviceProof<'view.recordings'>;
type Place = Required<CaseQuery>;

const USUAL_MS = 3_600_000;
const MAX_CASE_MS = 86_400_000;

/** Hands out what was recorded together with what proves it: the files, what the camera signed of each, and its public key. */
export class CaseExport {
  private readonly options: CaseExportOptions;

  constructor(options: CaseExportOptions) {
    this.options = options;
  }

  /**
   * The segments of one stream that touch a range, as they lie in the store, damaged ones too: the case shows what they are.
   * @throws AppError INVALID_PARAMS for a range that is empty or longer than a day; RECORD_NOT_FOUND when nothing is stored there
   */
  async export(proof: Right, query: CaseQuery, exporter: CaseManifest['exporter']): Promise<ExportedCase> {
    const { clock, timelines } = this.options;
    const { homeId, deviceId } = proof;
    const place = this.placed(proof, query);
    const { from, to, channel } = place;
    const rows = inOrderOfRecording(await this.rows(proof, place));
    if (rows.length === 0) throw new AppError('RECORD_NOT_FOUND', undefined, { httpStatus: 404 });
    const { spans } = await timelines.timeline(proof, { from, to, channel });
    const manifest = caseManifest({
      ...place,
      exportedAt: clock.now(),
      exporter,
      homeId,
      device: await this.device(deviceId),
      rows,
      before: await this.neighbour(proof, place, { before: Math.min(...rows.map((row) => row.start_at)) }),
      after: await this.neighbour(proof, place, { after: Math.max(...rows.map((row) => row.start_at)) }),
      gaps: spans.filter(({ kind }) => kind === 'gap'),
    });
    const text = Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`);
    const name = `cardea-case-${deviceId.slice(0, 8)}-${compactTime(from)}`;
    return {
      name,
      segments: rows.length,
      manifestSha256: createHash('sha256').update(text).digest('hex'),
      archive: Readable.from(this.archive({ name, text, manifest, rows }), { objectMode: false }),
    };
  }

  private placed({ recorded }: Right, query: CaseQuery): Place {
    const now = this.options.clock.now();
    const { to = now, from = to - USUAL_MS, channel = 1, stream = 'main' } = query;
    // A right may end where less is recorded than is asked for.
    const range = { from: Math.max(from, recorded?.from ?? from), to: Math.min(to, recorded?.to ?? to) };
    if (range.to <= range.from) throw new AppError('INVALID_PARAMS', undefined, { message: '`to` has to be after `from`' });
    if (range.to - range.from > MAX_CASE_MS)
      throw new AppError('INVALID_PARAMS', { maxMs: MAX_CASE_MS }, { message: 'a case is of a day at most' });
    return { ...range, channel, stream };
  }

  private async *archive(parts: {
    readonly name: string;
    readonly text: Uint8Array;
    readonly manifest: CaseManifest;
    readonly rows: readonly SegmentRow[];
  }): AsyncGenerator<Uint8Array> {
    const { name, text, manifest, rows } = parts;
    const pathOf = (file: string): string => `${name}/${file}`;
    const whole = function* (file: string, bytes: Uint8Array): Generator<Uint8Array> {
      yield tarHeader({ name: pathOf(file), sizeBytes: bytes.length }, manifest.exportedAt);
      yield bytes;
      yield tarPadding(bytes.length);
    };
    yield* whole(MANIFEST_FILE, text);
    yield* whole('README.txt', Buffer.from(CASE_GUIDE));
    for (const [index, row] of rows.entries()) yield* this.segment(row, pathOf(manifest.segments[index]?.file ?? row.id));
    yield tarEnd;
  }

  private async *segment(row: SegmentRow, name: string): AsyncGenerator<Uint8Array> {
    const { objects } = this.options;
    // The row says whose it is; the place of the bytes has to say the same, or no byte leaves (reliability.md C-27).
    if (!row.object_key.startsWith(devicePrefix(row.home_id, row.device_id))) throw new AppError('INTERNAL_ERROR');
    const sizeBytes = await this.sizeOf(row);
    if (sizeBytes === undefined) return;
    yield tarHeader({ name, sizeBytes }, row.start_at);
    let sent = 0;
    for await (const chunk of await objects.read(row.object_key)) {
      sent += chunk.length;
      yield chunk;
    }
    if (sent !== sizeBytes) throw new AppError('OBJECT_MISMATCH', { segmentId: row.id });
    yield tarPadding(sizeBytes);
  }

  /** `undefined` for bytes that are gone: the case is told apart from a whole one by what its manifest lists. */
  private async sizeOf(row: SegmentRow): Promise<number | undefined> {
    try {
      return (await this.options.objects.stat(row.object_key)).sizeBytes;
    } catch (error) {
      if (hasStatus(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  }

  private stored({ homeId, deviceId }: Right, { channel, stream }: Place) {
    return this.options.db
      .selectFrom('segment')
      .selectAll()
      .where((e) => e.and({ home_id: homeId, device_id: deviceId, state: 'stored', channel, stream }));
  }

  private async rows(proof: Right, place: Place): Promise<readonly SegmentRow[]> {
    const { from, to } = place;
    // The first bound lets the index skip; the second is exact.
    return await this.stored(proof, place)
      .where('start_at', '>', from - MAX_SEGMENT_MS)
      .where('start_at', '<', to)
      .where('end_at', '>', from)
      .orderBy('start_at')
      .execute();
  }

  /** The segment next to the range, so that nothing can be cut off its ends unnoticed. */
  private async neighbour(proof: Right, place: Place, { before, after }: { before?: number; after?: number }) {
    if (proof.recorded !== undefined) return undefined;
    const near = this.stored(proof, place).where('chain_number', 'is not', null).limit(1);
    if (before !== undefined) return await near.where('start_at', '<', before).orderBy('start_at', 'desc').executeTakeFirst();
    return await near
      .where('start_at', '>', after ?? place.to)
      .orderBy('start_at')
      .executeTakeFirst();
  }

  private async device(deviceId: string): Promise<CaseManifest['device']> {
    const { db } = this.options;
    const { name, public_key: publicKey } = await db
      .selectFrom('device')
      .select(['name', 'public_key'])
      .where('id', '=', deviceId)
      .executeTakeFirstOrThrow();
    return { id: deviceId, name, ...(publicKey !== null && { publicKey }) };
  }
}
