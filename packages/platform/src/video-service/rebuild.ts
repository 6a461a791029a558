import { type Clock, hasStatus } from '@cardea/core';
import { recipientsOf } from '@cardea/media';
import type { Db, ObjectStore } from '../store/ports.ts';
import { formatHashOf } from './format-hash.ts';
import { checkMedia } from './media-check.ts';
import { digestOf } from './object-probe.ts';
import { judgeFiles } from './reconciliation.ts';
import { SegmentCatalogue } from './segment-catalogue.ts';
import { readFacts } from './segment-facts.ts';
import { segmentPlaceOf } from './segment-key.ts';

/** What came of the recordings no row knew of. */
export interface RebuildReport {
  /** In the catalogue again, marked as recovered. */
  readonly restored: number;
  /** No whole segment, or its time is covered by another one; left where it is. */
  readonly refused: number;
}

type Stores = { readonly db: Db; readonly objects: ObjectStore; readonly clock: Clock };
type Outcome = keyof RebuildReport;

/**
 * Makes rows for the segments among the objects that have none: home, device, channel and time are told by the key, length and
 * codecs by the bytes, the rest by the facts the store keeps, or else it is continuous recording of the main stream.
 */
export async function rebuild(stores: Stores): Promise<RebuildReport> {
  const counts = { restored: 0, refused: 0 };
  const catalogue = new SegmentCatalogue(stores.db, stores.clock);
  for await (const { key, verdict } of judgeFiles(stores)) {
    if (verdict === 'unknown') counts[await restore(key, stores, catalogue)] += 1;
  }
  return counts;
}

async function restore(key: string, { objects, clock }: Stores, catalogue: SegmentCatalogue): Promise<Outcome> {
  const place = segmentPlaceOf(key);
  if (place === undefined) return 'refused';
  const { homeId, deviceId, channel, startAt, segmentId } = place;
  try {
    const { durationMs, codecs, tracks } = await checkMedia(objects, key, clock);
    const [{ sizeBytes, facts }, sha256] = [await objects.stat(key), await digestOf(objects, key)];
    const told = readFacts(facts);
    const request = {
      ...told,
      clientSegmentId: told.clientSegmentId ?? segmentId,
      channel,
      startAt,
      durationMs,
      container: 'fmp4',
      codecs,
      ...((await isEncrypted(objects, key)) && { encryption: { scheme: 'aes-256-gcm' as const } }),
    } as const;
    const announced = { id: segmentId, request, createHash: '', objectKey: key, createdAt: clock.now(), confirmBefore: clock.now() };
    const bytes = { sizeBytes, sha256, formatHash: formatHashOf(tracks) };
    const restored = await catalogue.restore({ deviceId, homeId, epoch: 0 }, announced, bytes);
    return restored ? 'restored' : 'refused';
  } catch (error) {
    if (hasStatus(error, 'OBJECT_MISMATCH', 'NOT_FOUND')) return 'refused';
    throw error;
  }
}

/** The envelope stands before moov, and is smaller than this for as many recipients as there can be. */
const HEAD_BYTES = 16 * 1024;

async function isEncrypted(objects: ObjectStore, key: string): Promise<boolean> {
  await using object = await objects.open(key);
  return recipientsOf(await object.read(0, Math.min(HEAD_BYTES, object.sizeBytes))) !== undefined;
}
