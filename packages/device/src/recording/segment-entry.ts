import { CreateSegment, conforms, Sha256Hex } from '@cardea/protocol';

/**
 * recording -> recorded -> created (the platform expects it) -> uploaded (the bytes are there, not confirmed) -> done.
 * Only `done`, after the platform said `stored` or the segment was given up, lets the local file go.
 */
export type SegmentState = 'recording' | 'recorded' | 'created' | 'uploaded' | 'done';

/** One video segment on its way from the camera to the platform, as the journal keeps it. */
export interface SegmentEntry {
  readonly create: CreateSegment;
  readonly state: SegmentState;
  readonly endAt?: number;
  readonly sizeBytes?: number;
  readonly sha256?: string;
  /** The platform's name for it. */
  readonly segmentId?: string;
}

/** A segment whose file is whole. */
export type RecordedSegment = SegmentEntry & Required<Pick<SegmentEntry, 'endAt' | 'sizeBytes' | 'sha256'>>;

const states: readonly string[] = ['recording', 'recorded', 'created', 'uploaded', 'done'] satisfies SegmentState[];

export function isRecorded(entry: SegmentEntry): entry is RecordedSegment {
  return entry.endAt !== undefined && entry.sizeBytes !== undefined && entry.sha256 !== undefined;
}

export function decodeSegmentEntry(value: unknown): SegmentEntry | undefined {
  return isSegmentEntry(value) ? value : undefined;
}

function isSegmentEntry(value: unknown): value is SegmentEntry {
  if (typeof value !== 'object' || value === null || !('create' in value) || !conforms(CreateSegment, value.create)) return false;
  if (!('state' in value) || typeof value.state !== 'string' || !states.includes(value.state)) return false;
  const { endAt, sizeBytes, sha256, segmentId }: Partial<Record<keyof SegmentEntry, unknown>> = value;
  return (
    isOptional(endAt, 'number') &&
    isOptional(sizeBytes, 'number') &&
    isOptional(segmentId, 'string') &&
    (sha256 === undefined || conforms(Sha256Hex, sha256))
  );
}

function isOptional(value: unknown, type: 'number' | 'string'): boolean {
  return value === undefined || typeof value === type;
}
