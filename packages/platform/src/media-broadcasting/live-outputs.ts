import { HlsOutput } from './hls/hls-output.ts';
import { HttpFlvOutput } from './http-flv/http-flv-output.ts';
import type { LiveOutput, LiveOutputContext } from './live-output.ts';
import { PerBroadcast } from './per-broadcast.ts';
import { RtspFeed } from './rtsp/rtsp-feed.ts';
import { RtspOutput } from './rtsp/rtsp-output.ts';
import type { RtcPort } from './webrtc/rtc-port.ts';
import { WhepOutput } from './webrtc/whep-output.ts';

/** The ways to watch live besides WebSocket: one line each. */
export function createLiveOutputs(context: LiveOutputContext, rtc: RtcPort): readonly LiveOutput[] {
  const feeds = new PerBroadcast(() => new RtspFeed(context));
  return [
    new HttpFlvOutput(context),
    new HlsOutput(context),
    new RtspOutput(context, { name: 'rtsp', feeds }),
    new RtspOutput(context, { name: 'rtsps', feeds }),
    new WhepOutput(context, rtc),
  ];
}
