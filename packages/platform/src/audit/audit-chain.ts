import { createHash } from 'node:crypto';
import type { Row } from '../store/ports.ts';

/** One entry as it is kept. */
export type AuditRow = Row<'audit'>;

/** Where the chain ends. Kept elsewhere, it shows later that nothing was cut off. */
export interface ChainHead {
  /** Number of the newest entry; 0 for an empty chain. */
  readonly seq: number;
  /** SHA-256, lower-case hex. */
  readonly hash: string;
}

/** What comes before the first entry. */
export const EMPTY_CHAIN: ChainHead = { seq: 0, hash: '0'.repeat(64) };

/** The entry behind `head`. */
export function chained(head: ChainHead, content: Omit<AuditRow, 'seq' | 'previous_hash' | 'hash'>): AuditRow {
  const linked = { ...content, seq: head.seq + 1, previous_hash: head.hash };
  return { ...linked, hash: hashOf(linked) };
}

/** What is wrong with `row` as the entry behind `head`, or `undefined` when it is sound. */
export function faultOf(head: ChainHead, row: AuditRow): 'missing' | 'changed' | undefined {
  if (row.seq !== head.seq + 1) return 'missing';
  return row.previous_hash === head.hash && row.hash === hashOf(row) ? undefined : 'changed';
}

/** Over everything the entry says, and through `previous_hash` over everything before it. */
function hashOf({ seq, at, user_id, home_id, device_id, action, detail, previous_hash }: Omit<AuditRow, 'hash'>): string {
  const said = [previous_hash, seq, at, user_id, home_id, device_id, action, detail];
  return createHash('sha256').update(JSON.stringify(said)).digest('hex');
}
