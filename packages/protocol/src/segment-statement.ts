/** What a device says about a video segment it recorded, and signs. */
export interface SegmentStatement {
  readonly deviceId: string;
  readonly channel: number;
  readonly stream: string;
  readonly kind: string;
  readonly clientSegmentId: string;
  /** Unix milliseconds. */
  readonly startAt: number;
  readonly endAt: number;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Place in the chain of the channel and stream, from 0. */
  readonly number: number;
  /** `sha256` of the segment one place before. */
  readonly previous?: string | undefined;
}

/** First line of every statement: what it is, so that no signature made for anything else passes for one. */
export const STATEMENT_HEADING = 'hss-open-1 video segment';
/** Stands for the `previous` of the first segment of a chain. */
const NO_PREVIOUS = '-';

/**
 * The statement as it is signed, in UTF-8: the heading and one member a line, each line ended by one line feed, numbers in
 * decimal. The same statement always gives the same text, and no two statements give the same.
 */
export function segmentStatement(statement: SegmentStatement): string {
  const { deviceId, channel, stream, kind, clientSegmentId, startAt, endAt, sizeBytes, sha256, number, previous } = statement;
  const members = [deviceId, channel, stream, kind, clientSegmentId, startAt, endAt, sizeBytes, sha256, number, previous ?? NO_PREVIOUS];
  return [STATEMENT_HEADING, ...members].map((line) => `${line}\n`).join('');
}
