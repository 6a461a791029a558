import { CreateSegment, conforms, RecordTarget, Sha256Hex } from '@cardea/protocol';
import type { ChainPlace } from './segment-chain.ts';

/**
 * recording -> recorded -> created (the platform expects it) -> uploaded (the bytes are there, not confirmed), then kept when
 * it belongs on the disk of the device, or done: only that lets the file go. What is for the disk only goes from recording
 * to kept.
 */
export type SegmentState = 'recording' | 'recorded' | 'created' | 'uploaded' | 'kept' | 'done';

/** One place a recording can go to. */
export type RecordSide = Exclude<RecordTarget, 'both'>;

/** One video segment on the disk, as the journal keeps it. */
export interface SegmentEntry {
  readonly create: CreateSegment;
  readonly state: SegmentState;
  /** Where it belongs. */
  readonly target: RecordTarget;
  /** Somebody asked to have it uploaded afterwards. */
  readonly backfill?: boolean;
  readonly endAt?: number;
  readonly sizeBytes?: number;
  readonly sha256?: string;
  /** The platform's name for it. */
  readonly segmentId?: string;
  /** Since it became whole. */
  readonly place?: ChainPlace;
}

/** A segment whose file is whole. */
export type RecordedSegment = SegmentEntry & Required<Pick<SegmentEntry, 'endAt' | 'sizeBytes' | 'sha256'>>;

const states: readonly string[] = ['recording', 'recorded', 'created', 'uploaded', 'kept', 'done'] satisfies SegmentState[];

export function isRecorded(entry: SegmentEntry): entry is RecordedSegment {
  return entry.endAt !== undefined && entry.sizeBytes !== undefined && entry.sha256 !== undefined;
}

/** Only those it was encrypted for can open it: not the device, not the platform. */
export function isEncrypted({ create }: SegmentEntry): boolean {
  return create.encryption !== undefined && create.encryption.scheme !== 'none';
}

export function includesSide(target: RecordTarget, side: RecordSide): boolean {
  return target === side || target === 'both';
}

/** Both targets together. */
export function joined(a: RecordTarget | undefined, b: RecordTarget): RecordTarget {
  return a === undefined || a === b ? b : 'both';
}

/** The state of a segment whose file has just become whole. */
export function stateWhenWhole(target: RecordTarget): SegmentState {
  return target === 'local' ? 'kept' : 'recorded';
}

export function decodeSegmentEntry(value: unknown): SegmentEntry | undefined {
  return isSegmentEntry(value) ? value : undefined;
}

function isSegmentEntry(value: unknown): value is SegmentEntry {
  if (typeof value !== 'object' || value === null || !('create' in value) || !conforms(CreateSegment, value.create)) return false;
  if (!('state' in value) || typeof value.state !== 'string' || !states.includes(value.state)) return false;
  if (!('target' in value) || !conforms(RecordTarget, value.target)) return false;
  const { endAt, sizeBytes, sha256, segmentId, backfill, place }: Partial<Record<keyof SegmentEntry, unknown>> = value;
  return (
    isOptional(endAt, 'number') &&
    isOptional(sizeBytes, 'number') &&
    isOptional(segmentId, 'string') &&
    isOptional(backfill, 'boolean') &&
    (sha256 === undefined || conforms(Sha256Hex, sha256)) &&
    (place === undefined || isPlace(place))
  );
}

function isPlace(value: unknown): value is ChainPlace {
  if (typeof value !== 'object' || value === null || !('number' in value) || typeof value.number !== 'number') return false;
  return !('previous' in value) || conforms(Sha256Hex, value.previous);
}

function isOptional(value: unknown, type: 'number' | 'string' | 'boolean'): boolean {
  return value === undefined || typeof value === type;
}
