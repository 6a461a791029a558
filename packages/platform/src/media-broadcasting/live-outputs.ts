import { HlsOutput } from './hls/hls-output.ts';
import { HttpFlvOutput } from './http-flv/http-flv-output.ts';
import type { LiveOutput, LiveOutputContext } from './live-output.ts';
import { RtspOutput } from './rtsp/rtsp-output.ts';

/** The ways to watch live besides WebSocket: one line each. */
export function createLiveOutputs(context: LiveOutputContext): readonly LiveOutput[] {
  return [new HttpFlvOutput(context), new HlsOutput(context), new RtspOutput(context)];
}
