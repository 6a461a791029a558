import { AppError } from '@cardea/core';
import { type AccessUnit, bytesReader, Mp4File } from '@cardea/media';
import { type CapabilitySet, type ParamsOf, pushLiveVideo, type RpcDefinition, stopLiveVideo } from '@cardea/protocol';
import { LightDevice, type LightDeviceOptions } from './light-device.ts';
import { StampedPush } from './stamped-push.ts';

const FPS = 25;
const GOP_SEC = 2;
const STAMPS_KEPT = 10_000;
const MARK = 'cardea-clock:';
const DIGITS = 16;
/** H.264 SEI, user data unregistered: any UUID, then text (ITU-T H.264 D.1.7). Text needs no emulation prevention. */
const SEI_TYPE = 6;
const USER_DATA = 5;
const UUID = 'b57c1e7a9d3f4c68';

/** When the pictures whose first bytes stand in `bytes` were taken, in milliseconds of `performance.now()`. */
export function stampsIn(bytes: Uint8Array): readonly number[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stamps: number[] = [];
  for (let at = buffer.indexOf(MARK); at >= 0; at = buffer.indexOf(MARK, at + MARK.length)) {
    const digits = buffer.toString('latin1', at + MARK.length, at + MARK.length + DIGITS);
    if (digits.length === DIGITS) stamps.push(Number(digits));
  }
  return stamps;
}

function stamped(unit: AccessUnit, atMs: number): AccessUnit {
  const text = Buffer.from(`${UUID}${MARK}${atMs.toFixed(3).padStart(DIGITS, '0')}`, 'latin1');
  const nal = Buffer.concat([Buffer.of(SEI_TYPE, USER_DATA, text.length), text, Buffer.of(0x80)]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(nal.length);
  return { ...unit, data: Buffer.concat([length, nal, unit.data]) };
}

type Channel = CapabilitySet['channels'][number];

/** `methods`, `answer` and `audio` are of what it does beside live video. */
export interface StampedCameraOptions extends Pick<LightDeviceOptions, 'answer' | 'methods' | 'retry'> {
  /** Whether its network leads to a media server; to others it agrees to push and never comes. Default: to all. */
  readonly reaches?: (host: string) => boolean;
  readonly audio?: Channel['audio'];
}

/** A device with one stream of 25 pictures a second, a key frame every two, each picture stamped with the time it is sent. */
export class StampedCamera {
  readonly device: LightDevice;
  /** Stamps of the pictures of the last minutes, oldest first. */
  readonly stamps: number[] = [];
  /** Those of key frames. */
  readonly keyframeStamps: number[] = [];
  /** Pushes that were begun. */
  pushes = 0;
  private readonly film: Mp4File;
  private readonly reaches: (host: string) => boolean;
  private readonly running = new Map<string, AbortController>();

  private constructor(platformUrl: string, film: Mp4File, options: StampedCameraOptions) {
    this.film = film;
    const live: readonly string[] = [pushLiveVideo.method, stopLiveVideo.method];
    const { answer: other = refuse, reaches = () => true } = options;
    this.reaches = reaches;
    this.device = new LightDevice({
      ...options,
      platformUrl,
      methods: [...live, ...(options.methods ?? [])],
      announced: { channels: [{ ...channelOf(film), ...(options.audio && { audio: options.audio }) }] },
      answer: (definition, params, device) =>
        live.includes(definition.method) ? this.answer(definition, params) : other(definition, params, device),
    });
  }

  /** @param film fragmented MP4 with H.264 at 25 pictures a second and a key frame every two seconds */
  static async open(platformUrl: string, film: Uint8Array, options: StampedCameraOptions = {}): Promise<StampedCamera> {
    return new StampedCamera(platformUrl, await Mp4File.open(bytesReader(film)), options);
  }

  /** Pushes that run now. */
  get pushCount(): number {
    return this.running.size;
  }

  private async answer({ method }: RpcDefinition, params: unknown): Promise<unknown> {
    const { sessionId, target } = params as ParamsOf<typeof pushLiveVideo>;
    if (method === stopLiveVideo.method) {
      this.running.get(sessionId)?.abort();
      return { stopped: true };
    }
    if (!this.running.has(sessionId) && this.reaches(new URL(target.url).host)) {
      this.pushes += 1;
      const stopping = new AbortController();
      this.running.set(sessionId, stopping);
      void this.push({ url: target.url, token: target.token ?? '' }, sessionId, stopping.signal).finally(() =>
        this.running.delete(sessionId),
      );
    }
    return { sessionId, state: 'publishing', video: videoOf(this.film) };
  }

  private async push(target: { readonly url: string; readonly token: string }, sessionId: string, signal: AbortSignal): Promise<void> {
    const { film, keyframeStamps, stamps } = this;
    const video = { ...videoOf(film), gopSec: GOP_SEC };
    const start = { sessionId, deviceId: this.device.id, channel: 1, stream: 'main', kind: 'live', video };
    const stamp = (unit: AccessUnit): AccessUnit => {
      const atMs = Number(performance.now().toFixed(3));
      stamps.push(atMs);
      if (unit.keyframe) keyframeStamps.push(atMs);
      for (const all of [stamps, keyframeStamps]) if (all.length > STAMPS_KEPT) all.shift();
      return stamped(unit, atMs);
    };
    await new StampedPush({ film, fps: FPS, gopSec: GOP_SEC, start, stamp }).run(target, signal);
  }
}

async function refuse(): Promise<never> {
  throw new AppError('NOT_SUPPORTED');
}

function videoOf({ tracks: [track] }: Mp4File): { codec: 'h264'; width: number; height: number; fps: number; kbps: number } {
  const { width, height } = track?.kind === 'video' ? track : { width: 0, height: 0 };
  return { codec: 'h264', width, height, fps: FPS, kbps: 2_000 };
}

function channelOf(film: Mp4File): Channel {
  const { height, width } = videoOf(film);
  return {
    channel: 1,
    video: [
      {
        stream: 'main',
        codecs: ['h264'],
        resolutions: [[width, height]],
        fps: [FPS, FPS],
        bitrateKbps: [1, 8_000],
        gopSec: [GOP_SEC, GOP_SEC],
      },
    ],
    live: { protocols: ['wss-fmp4'], maxSessions: 4 },
    snapshot: { maxWidth: width, maxHeight: height },
    detections: [],
  };
}
