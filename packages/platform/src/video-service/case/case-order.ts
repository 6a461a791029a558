import type { SegmentRow } from '../segment-catalogue.ts';

/**
 * Rows in the order of recording: by their places in the chain, which a clock that was set does not touch, and by time where
 * there is no chain or its numbers begin anew within one binding.
 */
export function inOrderOfRecording(rows: readonly SegmentRow[]): readonly SegmentRow[] {
  const byTime = rows.toSorted((one, other) => one.start_at - other.start_at);
  const signed = byTime.filter(({ chain_number: number }) => number !== null);
  const places = new Set(signed.map(({ binding_epoch: epoch, chain_number: number }) => `${epoch} ${number}`));
  if (places.size < signed.length) return byTime;
  const ordered = signed.toSorted(
    (one, other) => one.binding_epoch - other.binding_epoch || Number(one.chain_number) - Number(other.chain_number),
  );
  for (const row of byTime.filter(({ chain_number: number }) => number === null)) {
    const behind = ordered.findIndex((other) => other.start_at > row.start_at);
    ordered.splice(behind < 0 ? ordered.length : behind, 0, row);
  }
  return ordered;
}
