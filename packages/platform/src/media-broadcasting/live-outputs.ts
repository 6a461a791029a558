import { HlsOutput } from './hls/hls-output.ts';
import { HttpFlvOutput } from './http-flv/http-flv-output.ts';
import type { LiveOutput, LiveOutputContext } from './live-output.ts';
import { RtspOutput } from './rtsp/rtsp-output.ts';
import type { RtcPort } from './webrtc/rtc-port.ts';
import { WhepOutput } from './webrtc/whep-output.ts';

/** The ways to watch live besides WebSocket: one line each. */
export function createLiveOutputs(context: LiveOutputContext, rtc: RtcPort): readonly LiveOutput[] {
  return [new HttpFlvOutput(context), new HlsOutput(context), new RtspOutput(context), new WhepOutput(context, rtc)];
}
