import { join } from 'node:path';
import type { SegmentEntry } from '../recording/segment-entry.ts';

/** Fragmented, it is what the file of `unfinishedSegment` holds. */
export const RECORDED_FILM: string = join(import.meta.dirname, '..', '..', 'assets', 'front-door-sub.mp4');

/** A segment of which the device did not come to the end. */
export const unfinishedSegment: SegmentEntry = {
  create: {
    clientSegmentId: '01KDVBW3GQ2T4W6Y8B0D1F3H50',
    channel: 1,
    stream: 'sub',
    kind: 'continuous',
    startAt: 1_767_225_600_000,
    container: 'fmp4',
    codecs: 'avc1.42c01f',
  },
  target: 'local',
  state: 'recording',
};
