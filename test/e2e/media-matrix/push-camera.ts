import { AppError } from '@cardea/core';
import { type CapabilitySet, pushLiveVideo, stopLiveVideo } from '@cardea/protocol';
import { LightDevice } from '../../support/light-device.ts';
import type { Owner } from '../owner.ts';
import type { Film } from './film.ts';
import type { SentAt } from './film-player.ts';
import type { Pusher, PushRequest } from './pushers.ts';

export type Carrier = 'wss-fmp4' | 'rtmp' | 'whip';

export interface PushCameraOptions {
  readonly owner: Owner;
  readonly carrier: Carrier;
  readonly film: Film;
  readonly push: Pusher;
}

/** A camera of the owner's home that knows one carrier and shows one film. */
export class PushCamera implements AsyncDisposable {
  readonly sentAt: SentAt = new Map();
  private readonly options: PushCameraOptions;
  private readonly device: LightDevice;
  private readonly stopped = new AbortController();
  private pushing: Promise<void> | undefined;

  private constructor(options: PushCameraOptions) {
    this.options = options;
    this.device = new LightDevice({
      platformUrl: options.owner.url,
      methods: [pushLiveVideo.method, stopLiveVideo.method],
      announced: { channels: [channelOf(options)] },
      answer: async (definition, params) => {
        if (definition.method === pushLiveVideo.method) return this.start(params as PushRequest);
        if (definition.method === stopLiveVideo.method) return { stopped: [(params as { sessionId: string }).sessionId] };
        throw new AppError('NOT_SUPPORTED');
      },
    });
  }

  static async bind(options: PushCameraOptions): Promise<PushCamera> {
    const { client, homeId } = options.owner;
    const camera = new PushCamera(options);
    await camera.device.start();
    await camera.device.bind((await client.call('bindingCode.create', { params: { id: homeId }, body: {} })).code);
    return camera;
  }

  get id(): string {
    return this.device.id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopped.abort();
    await this.pushing;
    await this.device.stop();
  }

  private start(request: PushRequest): unknown {
    const { film, push } = this.options;
    const options = { deviceId: this.id, signal: this.stopped.signal, sentAt: this.sentAt };
    // A push that fails shows in what the viewers get.
    this.pushing ??= push(request, film, options).catch(() => {});
    const video = { codec: film.kind.video, width: film.width, height: film.height, fps: 25, kbps: 500 };
    return { sessionId: request.sessionId, state: 'connecting', video };
  }
}

function channelOf({ carrier, film: { kind, width, height } }: PushCameraOptions): CapabilitySet['channels'][number] {
  return {
    channel: 1,
    video: [
      { stream: 'main', codecs: [kind.video], resolutions: [[width, height]], fps: [1, 25], bitrateKbps: [50, 2_000], gopSec: [1, 4] },
    ],
    audio: { codecs: [kind.audio], sampleRates: [kind.audio.startsWith('g711') ? 8_000 : 48_000], talk: 'none' },
    live: { protocols: [carrier], maxSessions: 1 },
    detections: [],
  };
}
