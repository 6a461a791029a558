import { cancelVideoSegment } from './cancel-video-segment.ts';
import { confirmVideoSegment } from './confirm-video-segment.ts';
import { createVideoSegment } from './create-video-segment.ts';
import { getVideoServerInformation } from './get-video-server-information.ts';
import { reportStatistics } from './report-statistics.ts';

/** The HTTPS exchanges of Vr, in the order of Appendix I.3. */
export const vrExchanges = [
  createVideoSegment,
  confirmVideoSegment,
  cancelVideoSegment,
  getVideoServerInformation,
  reportStatistics,
] as const;
