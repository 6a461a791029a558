import { once } from 'node:events';
import { AppError } from '@cardea/core';
import { type AccessUnit, bytesReader, Fmp4Muxer, Mp4File } from '@cardea/media';
import { type CapabilitySet, encodeMediaFrame, type ParamsOf, pushLiveVideo, type RpcDefinition, stopLiveVideo } from '@cardea/protocol';
import { WebSocket } from 'ws';
import { LightDevice, type LightDeviceOptions } from './light-device.ts';

const FPS = 25;
const GOP_SEC = 2;
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

export type StampedCameraOptions = Pick<LightDeviceOptions, 'retry'>;

/** A device with one stream of 25 pictures a second, a key frame every two, each picture stamped with the time it is sent. */
export class StampedCamera {
  readonly device: LightDevice;
  private readonly film: Mp4File;
  private readonly pushes = new Map<string, AbortController>();

  private constructor(platformUrl: string, film: Mp4File, options: StampedCameraOptions) {
    this.film = film;
    this.device = new LightDevice({
      ...options,
      platformUrl,
      methods: [pushLiveVideo.method, stopLiveVideo.method],
      announced: { channels: [channelOf(film)] },
      answer: (definition, params) => this.answer(definition, params),
    });
  }

  /** @param film fragmented MP4 with H.264 at 25 pictures a second and a key frame every two seconds */
  static async open(platformUrl: string, film: Uint8Array, options: StampedCameraOptions = {}): Promise<StampedCamera> {
    return new StampedCamera(platformUrl, await Mp4File.open(bytesReader(film)), options);
  }

  /** Pushes that run now. */
  get pushCount(): number {
    return this.pushes.size;
  }

  private async answer({ method }: RpcDefinition, params: unknown): Promise<unknown> {
    const { sessionId, target } = params as ParamsOf<typeof pushLiveVideo>;
    if (method === stopLiveVideo.method) {
      this.pushes.get(sessionId)?.abort();
      return { stopped: true };
    }
    if (method !== pushLiveVideo.method) throw new AppError('NOT_SUPPORTED');
    if (!this.pushes.has(sessionId)) {
      const stopping = new AbortController();
      this.pushes.set(sessionId, stopping);
      void this.push({ url: target.url, token: target.token ?? '' }, sessionId, stopping.signal).finally(() =>
        this.pushes.delete(sessionId),
      );
    }
    return { sessionId, state: 'publishing', video: videoOf(this.film) };
  }

  private async push(
    { url, token }: { readonly url: string; readonly token: string },
    sessionId: string,
    signal: AbortSignal,
  ): Promise<void> {
    const socket = new WebSocket(url, 'hss.vm.v1', { headers: { authorization: `Bearer ${token}` }, perMessageDeflate: false });
    socket.on('error', () => {});
    await once(socket, 'open');
    const start = {
      type: 'start',
      sessionId,
      deviceId: this.device.id,
      channel: 1,
      stream: 'main',
      kind: 'live',
      token,
      startAt: Date.now(),
    };
    socket.send(JSON.stringify({ ...start, video: { ...videoOf(this.film), gopSec: GOP_SEC } }));
    await once(socket, 'message');
    const [track] = this.film.tracks;
    if (track === undefined) throw new Error('a film without pictures');
    const muxer = new Fmp4Muxer([track]);
    let seq = 0;
    const send = (kind: 'init' | 'fragment', payload: Uint8Array): void => {
      socket.send(encodeMediaFrame({ kind, key: false, track: 0, seq, payload }));
      seq += 1;
    };
    send('init', muxer.initSegment());
    const samples = this.film.samples(track.id);
    const ticks = track.timescale / FPS;
    for (let number = 0; !signal.aborted && socket.readyState === WebSocket.OPEN; number += 1) {
      const unit = await this.film.readSample(track.id, number % samples.length);
      const dts = number * ticks;
      const now = stamped({ ...unit, dts, pts: dts, duration: ticks }, performance.now());
      send('fragment', muxer.fragment([now], number));
      await nextBeat();
    }
    socket.close();
  }
}

/** Waits for the next fortieth millisecond, whatever the work before it took. */
function nextBeat(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_000 / FPS - (performance.now() % (1_000 / FPS))));
}

function videoOf({ tracks: [track] }: Mp4File): { codec: 'h264'; width: number; height: number; fps: number; kbps: number } {
  const { width, height } = track?.kind === 'video' ? track : { width: 0, height: 0 };
  return { codec: 'h264', width, height, fps: FPS, kbps: 2_000 };
}

function channelOf(film: Mp4File): CapabilitySet['channels'][number] {
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
    detections: [],
  };
}
