import type { SegmentLink } from '@cardea/protocol';
import type { SegmentRow } from './segment-catalogue.ts';

/** What the device signed of a segment, as a part of what is said of it; empty when it signed nothing. */
export function linkOf(row: SegmentRow): { readonly chain?: SegmentLink } {
  const { chain_number: number, chain_previous: previous, chain_signature: signature } = row;
  if (number === null || signature === null) return {};
  return { chain: { number, ...(previous !== null && { previous }), signature } };
}
