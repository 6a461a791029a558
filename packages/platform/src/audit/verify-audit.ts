import type { Db } from '../store/ports.ts';
import { type ChainHead, EMPTY_CHAIN, faultOf } from './audit-chain.ts';

/** How sound the audit log is. */
export interface AuditReport {
  readonly entries: number;
  readonly head: ChainHead;
  /** The first entry that is not what was written: it is missing, changed or moved, or the log ends before it. */
  readonly fault?: { readonly seq: number; readonly kind: 'missing' | 'changed' | 'cutOff' };
}

const BATCH = 1_000;

/**
 * Reads the whole audit log and finds any entry that was edited, removed, moved or slipped in. Only with `known`, a head that
 * was noted before and kept elsewhere, can it tell that the newest entries were cut off or all of it was written anew.
 */
export async function verifyAudit(db: Db, known: ChainHead = EMPTY_CHAIN): Promise<AuditReport> {
  let head = EMPTY_CHAIN;
  let entries = 0;
  while (true) {
    const rows = await db.selectFrom('audit').selectAll().where('seq', '>', head.seq).orderBy('seq').limit(BATCH).execute();
    for (const row of rows) {
      const kind = faultOf(head, row) ?? (row.seq === known.seq && row.hash !== known.hash ? 'changed' : undefined);
      if (kind !== undefined) return { entries, head, fault: { seq: head.seq + 1, kind } };
      head = { seq: row.seq, hash: row.hash };
      entries += 1;
    }
    if (rows.length < BATCH) break;
  }
  return known.seq > head.seq ? { entries, head, fault: { seq: head.seq + 1, kind: 'cutOff' } } : { entries, head };
}
