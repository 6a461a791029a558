import { CASE_FORMAT, type CaseManifest, type CaseNeighbour, type CaseSegment, type TimelineSpan } from '@cardea/api';
import type { SegmentRow } from '../segment-catalogue.ts';
import { linkOf } from '../segment-link.ts';

export interface CaseFacts {
  readonly exportedAt: number;
  readonly exporter: CaseManifest['exporter'];
  readonly homeId: string;
  readonly device: CaseManifest['device'];
  readonly channel: number;
  readonly stream: CaseManifest['stream'];
  readonly from: number;
  readonly to: number;
  /** In the order of recording. */
  readonly rows: readonly SegmentRow[];
  readonly before: SegmentRow | undefined;
  readonly after: SegmentRow | undefined;
  readonly gaps: readonly TimelineSpan[];
}

/** What a case says about what is in it. */
export function caseManifest({ rows, before, after, gaps, ...facts }: CaseFacts): CaseManifest {
  return {
    format: CASE_FORMAT,
    ...facts,
    segments: rows.map(toCaseSegment),
    ...(before !== undefined && { before: toNeighbour(before) }),
    ...(after !== undefined && { after: toNeighbour(after) }),
    gaps: [...gaps],
  };
}

/** `2026-01-01T12:00:00.000Z` as it may stand in the name of a file. */
export function compactTime(instant: number): string {
  return new Date(instant).toISOString().replace(/[-:]|\.\d+/g, '');
}

function toCaseSegment(row: SegmentRow, index: number): CaseSegment {
  const file = `segments/${String(index + 1).padStart(5, '0')}-${compactTime(row.start_at)}.mp4`;
  return { file, id: row.id, ...toNeighbour(row), ...(row.event_id !== null && { eventId: row.event_id }) };
}

function toNeighbour(row: SegmentRow): CaseNeighbour {
  return {
    clientSegmentId: row.client_segment_id,
    kind: row.kind,
    startAt: row.start_at,
    endAt: row.end_at ?? row.start_at,
    sizeBytes: row.size_bytes ?? 0,
    sha256: row.sha256 ?? '',
    ...linkOf(row),
  };
}
