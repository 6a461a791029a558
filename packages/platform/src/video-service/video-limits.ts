import type { Rate } from '@cardea/core';
import { vrLimits, vrTimers } from '@cardea/protocol';

/** What one device may ask of the video service; an operator may change every value. */
export interface VideoLimits {
  readonly maxSegmentBytes: number;
  /** Length devices are asked to cut at. */
  readonly targetSegmentSec: number;
  /** Uploads of one device at once. */
  readonly maxConcurrentUploads: number;
  /** Older continuous recordings are not wanted. */
  readonly maxBacklogSec: number;
  readonly maxUploadKbps?: number;
  /** How long a segment may wait for its confirmation. */
  readonly confirmWithinMs: number;
  /** Segments of one device announced and not yet confirmed. */
  readonly maxOpenSegments: number;
  /** Announcements of one device. */
  readonly createRate: Rate;
  /** Statistics kept of one device. */
  readonly maxStatistics: number;
}

const BACKLOG_MARGIN_MS = 3_600_000;

// A cut waits for the next key frame, so a segment may come out a little longer than the longest a device may aim at.
const CUT_SLACK_MS = 5_000;

/** Longest segment taken. */
export const MAX_SEGMENT_MS = vrTimers.maxSegmentSec * 1_000 + CUT_SLACK_MS;

export const defaultVideoLimits: VideoLimits = {
  maxSegmentBytes: vrLimits.maxSegmentBytes,
  targetSegmentSec: vrTimers.targetSegmentSec,
  maxConcurrentUploads: vrLimits.maxConcurrentUploads,
  // All that is taken: a device that was cut off for days keeps its recordings, and brings them as far as its disk held them. A
  // little less than that, so that the oldest is not refused while it is on its way.
  maxBacklogSec: (vrTimers.maxPastMs - BACKLOG_MARGIN_MS) / 1_000,
  confirmWithinMs: vrTimers.confirmBeforeMs,
  maxOpenSegments: 2_000,
  createRate: { burst: 200, perSecond: 20 },
  maxStatistics: 1_000,
};
