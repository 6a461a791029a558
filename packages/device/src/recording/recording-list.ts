import type { listRecordings, ParamsOf, RecordKind, ResultOf } from '@cardea/protocol';
import type { RecordedSegment } from './segment-entry.ts';
import type { SegmentRing } from './segment-ring.ts';

type Span = ResultOf<typeof listRecordings>['spans'][number];

const DEFAULT_LIMIT = 100;

/** Answers record.list: what belongs on the disk, as spans without a gap, oldest first. */
export function recordingList(
  ring: SegmentRing,
  { channel, fromAt, toAt, types, cursor, limit = DEFAULT_LIMIT }: ParamsOf<typeof listRecordings>,
): ResultOf<typeof listRecordings> {
  const all = ring.local({ channel, fromAt: 0, toAt: Number.POSITIVE_INFINITY });
  const spans = spansOf(ring.local({ channel, fromAt, toAt }), ring.protected()).filter(({ type }) => types?.includes(type) ?? true);
  const from =
    cursor === undefined
      ? 0
      : Math.max(
          0,
          spans.findIndex((span) => positionOf(span) >= cursor),
        );
  const page = spans.slice(from, from + limit);
  const next = spans[from + limit];
  const [oldest] = all;
  return {
    spans: page,
    ...(next !== undefined && { next: positionOf(next) }),
    ...(oldest !== undefined && { oldestAt: oldest.create.startAt, newestAt: Math.max(...all.map(({ endAt }) => endAt)) }),
  };
}

/** What a recording is by its marks; being uploaded late does not change that. */
export function recordKindOf({ create }: RecordedSegment): RecordKind {
  if (create.eventId !== undefined) return 'event';
  return create.taskId === undefined ? 'continuous' : 'manual';
}

/** Where a file id points. */
export function readFileId(fileId: string): { readonly stream: string; readonly startAt: number } {
  const [, stream = '', startAt] = fileId.split('/');
  return { stream, startAt: Number(startAt) };
}

function spansOf(segments: readonly RecordedSegment[], kept: ReadonlySet<RecordedSegment>): readonly Span[] {
  const spans: Span[] = [];
  const newest = new Map<string, { readonly span: Span; readonly last: RecordedSegment }>();
  for (const segment of segments) {
    const { create, endAt, sizeBytes } = segment;
    const before = newest.get(create.stream);
    const isProtected = kept.has(segment);
    if (before !== undefined && before.span.protected === isProtected && follows(before.last, segment)) {
      before.span.endAt = endAt;
      before.span.sizeBytes += sizeBytes;
      newest.set(create.stream, { span: before.span, last: segment });
      continue;
    }
    const span: Span = {
      fileId: `${create.channel}/${create.stream}/${create.startAt}`,
      startAt: create.startAt,
      endAt,
      type: recordKindOf(segment),
      stream: create.stream,
      sizeBytes,
      ...(create.eventId !== undefined && { eventId: create.eventId }),
      protected: isProtected,
    };
    spans.push(span);
    newest.set(create.stream, { span, last: segment });
  }
  return spans;
}

function follows(before: RecordedSegment, { create }: RecordedSegment): boolean {
  return (
    before.create.spanId === create.spanId &&
    before.endAt === create.startAt &&
    before.create.eventId === create.eventId &&
    before.create.taskId === create.taskId
  );
}

/** Rises in the order of the list. */
function positionOf({ startAt, stream }: Span): string {
  return `${String(startAt).padStart(15, '0')}/${stream}`;
}
