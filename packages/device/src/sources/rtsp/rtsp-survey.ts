import { AppError } from '@cardea/core';
import type { AccessUnit, AudioTrack, Track, VideoTrack } from '@cardea/media';
import { conforms, type VideoFormat, VideoFormat as VideoFormatSchema } from '@cardea/protocol';
import type { CameraAudio, MediaReceiver, MediaRun } from '../../camera.ts';

/** What a stream of a camera is, as far as it is worth saying before it is asked for. */
export interface StreamFacts {
  readonly video: VideoFormat;
  readonly audio?: CameraAudio;
  /** Longest time between two key frames. */
  readonly gopSec: number;
}

/** Finds out what a stream is by watching it from one key frame to the next. */
export class RtspSurvey implements MediaReceiver {
  /** Resolves at the second key frame. */
  readonly done: Promise<void>;
  private readonly finish: () => void;
  private video: VideoTrack | undefined;
  private audio: AudioTrack | undefined;
  private firstDts = 0;
  private lastDts = 0;
  private pictures = 0;
  private sizeBytes = 0;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.done = promise;
    this.finish = resolve;
  }

  begin({ tracks }: MediaRun): void {
    this.video = tracks.find((track) => track.kind === 'video');
    this.audio = tracks.find((track): track is AudioTrack => track.kind === 'audio');
    this.pictures = 0;
    this.sizeBytes = 0;
  }

  unit({ trackId, dts, data, keyframe }: AccessUnit): void {
    if (trackId !== this.video?.id) return;
    if (this.pictures === 0) this.firstDts = dts;
    this.lastDts = dts;
    if (keyframe && this.pictures > 0) {
      this.finish();
      return;
    }
    this.pictures += 1;
    this.sizeBytes += data.length;
  }

  /** What was seen so far; a stream whose second key frame did not come has a longer interval than was waited for. @throws AppError TIMEOUT when it was nothing */
  facts(camera: string): StreamFacts {
    const { video, audio } = this;
    const lengthSec = video === undefined ? 0 : (this.lastDts - this.firstDts) / video.timescale;
    const found = video && formatOf(video, { pictures: this.pictures, sizeBytes: this.sizeBytes, lengthSec });
    if (found === undefined)
      throw new AppError('TIMEOUT', { camera }, { message: `the camera at ${camera} was reached, but sends no pictures` });
    return {
      video: found,
      gopSec: Math.max(1, Math.round(lengthSec * 100) / 100),
      ...(audio && { audio: { codec: audio.codec, sampleRate: audio.sampleRate, channels: audio.channels } }),
    };
  }
}

function formatOf(
  { codec, width, height }: Track & VideoTrack,
  { pictures, sizeBytes, lengthSec }: { readonly pictures: number; readonly sizeBytes: number; readonly lengthSec: number },
): VideoFormat | undefined {
  const fps = Math.round((pictures / lengthSec) * 100) / 100;
  const format = { codec, width, height, fps, kbps: Math.round((sizeBytes * 8) / lengthSec / 1_000) };
  return conforms(VideoFormatSchema, format) ? format : undefined;
}
