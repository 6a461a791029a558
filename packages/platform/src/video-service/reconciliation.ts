import { hasStatus } from '@cardea/core';
import type { Db, ListedObject, ObjectStore } from '../store/ports.ts';
import { digestOf, isThere } from './object-probe.ts';
import { isSegmentPlace, SEGMENT_ROOT, segmentIdOf } from './segment-key.ts';

const BATCH = 500;

/** What a file in a segment's place is, judged by its row. */
export interface JudgedFile {
  readonly key: string;
  /**
   * `stored` belongs to a stored row; `pending` to a segment that is being uploaded or removed; `torn` is an upload no row
   * knows of, of a segment that has one; `unknown` has no row at all.
   */
  readonly verdict: 'stored' | 'pending' | 'torn' | 'unknown';
}

export interface JudgedRow {
  readonly id: string;
  readonly verdict: 'intact' | 'missing' | 'wrongSize' | 'wrongDigest';
}

type Stores = { readonly db: Db; readonly objects: ObjectStore };
type FileRow = { readonly id: string; readonly state: string; readonly object_key: string; readonly upload_key: string | null };

/** Judges every file of the video service. What comes or goes meanwhile is judged as it is in the end. */
export async function* judgeFiles({ db, objects }: Stores): AsyncIterable<JudgedFile> {
  let batch: ListedObject[] = [];
  for await (const file of objects.list(SEGMENT_ROOT)) {
    if (!isSegmentPlace(file.key)) continue;
    batch.push(file);
    if (batch.length < BATCH) continue;
    yield* judgeBatch({ db, objects }, batch);
    batch = [];
  }
  yield* judgeBatch({ db, objects }, batch);
}

async function* judgeBatch({ db, objects }: Stores, files: readonly ListedObject[]): AsyncIterable<JudgedFile> {
  const ids = [...new Set(files.map(({ key }) => segmentIdOf(key) ?? ''))];
  const rows = await db.selectFrom('segment').select(['id', 'state', 'object_key', 'upload_key']).where('id', 'in', ids).execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  for (const file of files) {
    const verdict = judge(file, byId.get(segmentIdOf(file.key) ?? ''), objects.direct !== undefined);
    // A file whose segment was decided after the listing is gone by now.
    if (verdict === 'stored' || (await isThere(objects, file.key))) yield { key: file.key, verdict };
  }
}

function judge({ key, kind }: ListedObject, row: FileRow | undefined, direct: boolean): JudgedFile['verdict'] {
  if (row === undefined) return 'unknown';
  // What a device brought past this platform is known to the row only once it is confirmed.
  const waits = direct && (row.state === 'created' || row.state === 'expired');
  if (kind === 'upload') return waits || key === row.upload_key ? 'pending' : 'torn';
  if (key !== row.object_key) return 'unknown';
  return row.state === 'stored' ? 'stored' : 'pending';
}

/** Judges every stored row by its object; `deep` reads all bytes. */
export async function* judgeRows({ db, objects }: Stores, { deep }: { readonly deep: boolean }): AsyncIterable<JudgedRow> {
  for (let after = ''; ; ) {
    const rows = await storedAfter(db, after);
    for (const row of rows) {
      const verdict = await judgeRow(objects, row, deep);
      if (verdict === 'intact' || (await isStillStored(db, row.id))) yield { id: row.id, verdict };
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

type StoredRow = Awaited<ReturnType<typeof storedAfter>>[number];

function storedAfter(db: Db, after: string) {
  return db
    .selectFrom('segment')
    .select(['id', 'object_key', 'size_bytes', 'sha256'])
    .where('state', '=', 'stored')
    .where('id', '>', after)
    .orderBy('id')
    .limit(BATCH)
    .execute();
}

async function judgeRow(objects: ObjectStore, row: StoredRow, deep: boolean): Promise<JudgedRow['verdict']> {
  try {
    const { sizeBytes } = await objects.stat(row.object_key);
    if (sizeBytes !== row.size_bytes) return 'wrongSize';
    return deep && (await digestOf(objects, row.object_key)) !== row.sha256 ? 'wrongDigest' : 'intact';
  } catch (error) {
    if (hasStatus(error, 'NOT_FOUND')) return 'missing';
    throw error;
  }
}

async function isStillStored(db: Db, id: string): Promise<boolean> {
  const row = await db.selectFrom('segment').select('state').where('id', '=', id).executeTakeFirst();
  return row?.state === 'stored';
}
