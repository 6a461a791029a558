import { AppError } from '@cardea/core';
import { type CapabilitySet, type ParamsOf, pushLiveVideo, type RpcDefinition, stopLiveVideo } from '@cardea/protocol';
import { LightDevice } from './light-device.ts';

export interface WhipTarget {
  readonly url: string;
  readonly token: string;
}

const video = { codec: 'h264', width: 640, height: 360, fps: 25, kbps: 1_000 } as const;

/** A device that publishes over WebRTC alone, by way of a browser: it tells where, and the browser does it. */
export class BrowserCamera {
  readonly device: LightDevice;
  /** Resolves when the platform wants its pictures. */
  readonly wanted: Promise<WhipTarget>;
  private readonly want: (target: WhipTarget) => void;

  constructor(platformUrl: string) {
    const { promise, resolve } = Promise.withResolvers<WhipTarget>();
    this.wanted = promise;
    this.want = resolve;
    this.device = new LightDevice({
      platformUrl,
      methods: [pushLiveVideo.method, stopLiveVideo.method],
      announced: { channels: [channel] },
      answer: async (definition, params) => this.answer(definition, params),
    });
  }

  private answer({ method }: RpcDefinition, params: unknown): unknown {
    if (method === stopLiveVideo.method) return { stopped: true };
    if (method !== pushLiveVideo.method) throw new AppError('NOT_SUPPORTED');
    const { sessionId, target } = params as ParamsOf<typeof pushLiveVideo>;
    if (target.protocol !== 'whip') throw new AppError('NOT_SUPPORTED', { protocol: target.protocol });
    this.want({ url: target.url, token: target.token ?? '' });
    return { sessionId, state: 'publishing', video };
  }
}

const channel: CapabilitySet['channels'][number] = {
  channel: 1,
  video: [{ stream: 'main', codecs: ['h264'], resolutions: [[640, 360]], fps: [25, 25], bitrateKbps: [1, 4_000], gopSec: [1, 60] }],
  live: { protocols: ['whip'], maxSessions: 1 },
  detections: [],
};
