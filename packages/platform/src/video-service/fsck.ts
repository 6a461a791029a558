import type { Db, ObjectStore } from '../store/ports.ts';
import { judgeFiles, judgeRows } from './reconciliation.ts';

/** How catalogue and objects agree; `differences` is 0 when they do. */
export interface FsckReport {
  /** Stored segments in the catalogue. */
  readonly stored: number;
  /** Of these, with bytes that agree. */
  readonly intact: number;
  /** Without bytes. */
  readonly missing: number;
  /** With bytes of another size. */
  readonly wrongSize: number;
  /** With bytes that are not the confirmed ones; looked for when `deep`. */
  readonly wrongDigest: number;
  /** Files of segments that are being uploaded or removed; not a difference. */
  readonly pending: number;
  /** Files no row knows of. */
  readonly unknown: number;
  /** Files that were put aside before; not a difference. */
  readonly quarantined: number;
  readonly differences: number;
}

export interface FsckOptions {
  readonly deep: boolean;
  readonly onChecked?: ((count: number) => void) | undefined;
}

/**
 * Compares catalogue and objects, both ways. Reads only, and may run while a platform works on them.
 * @param options.deep reads every byte and compares digests
 * @param options.onChecked hears how many segments were looked at so far
 */
export async function fsck(
  stores: { readonly db: Db; readonly objects: ObjectStore },
  { deep, onChecked = () => {} }: FsckOptions,
): Promise<FsckReport> {
  const files = { stored: 0, pending: 0, torn: 0, unknown: 0 };
  for await (const { verdict } of judgeFiles(stores)) files[verdict] += 1;
  const rows = { intact: 0, missing: 0, wrongSize: 0, wrongDigest: 0 };
  let checked = 0;
  for await (const { verdict } of judgeRows(stores, { deep })) {
    rows[verdict] += 1;
    checked += 1;
    onChecked(checked);
  }
  let quarantined = 0;
  for await (const _file of stores.objects.list('quarantine')) quarantined += 1;
  const faulty = rows.missing + rows.wrongSize + rows.wrongDigest;
  return {
    stored: rows.intact + faulty,
    ...rows,
    pending: files.pending + files.torn,
    unknown: files.unknown,
    quarantined,
    differences: faulty + files.unknown,
  };
}
