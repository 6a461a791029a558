import { type FileHandle, open } from 'node:fs/promises';
import { AppError } from '@cardea/core';
import { type AccessUnit, type ByteReader, MediaError, Mp4File, type Track } from '@cardea/media';
import type { VideoFormat } from '@cardea/protocol';
import type { CameraAudio } from '../camera.ts';

/** One sample of any track, in order of decoding. */
export interface ClipEntry {
  readonly trackId: number;
  readonly index: number;
  /** From the start of the clip. */
  readonly timeMs: number;
  /** A key frame of the video track: one can start here. */
  readonly startable: boolean;
}

/** An MP4 file whose samples of all tracks stand in one order, to be played as a camera would send them. */
export class Clip implements AsyncDisposable {
  readonly path: string;
  readonly tracks: readonly Track[];
  readonly entries: readonly ClipEntry[];
  /** Length of the video track; the clip repeats after it. */
  readonly durationMs: number;
  readonly video: VideoFormat;
  readonly audio: CameraAudio | undefined;
  /** Longest time between two key frames. */
  readonly gopSec: number;
  private readonly file: Mp4File;
  private readonly handle: FileHandle;

  private constructor(path: string, handle: FileHandle, file: Mp4File) {
    this.path = path;
    this.handle = handle;
    this.file = file;
    this.tracks = file.tracks;
    const video = file.tracks.find((track) => track.kind === 'video');
    if (video === undefined) throw new AppError('CODEC_UNSUPPORTED', { file: path });
    const samples = file.samples(video.id);
    const last = samples.at(-1);
    if (last === undefined || samples[0]?.keyframe !== true) throw new AppError('CODEC_UNSUPPORTED', { file: path });
    this.durationMs = ((last.dts + last.duration) / video.timescale) * 1_000;
    this.entries = orderedEntries(file, this.durationMs);
    this.gopSec = longestGap(this.entries, this.durationMs) / 1_000;
    const bytes = samples.reduce((sum, sample) => sum + sample.sizeBytes, 0);
    this.video = {
      codec: video.codec,
      width: video.width,
      height: video.height,
      fps: Math.round((samples.length / this.durationMs) * 100_000) / 100,
      kbps: Math.round((bytes * 8) / this.durationMs),
    };
    const audio = file.tracks.find((track) => track.kind === 'audio');
    this.audio = audio && { codec: audio.codec, sampleRate: audio.sampleRate, channels: audio.channels };
  }

  /** @throws AppError INVALID_STATE when the file cannot be read, CODEC_UNSUPPORTED when it is no MP4 with H.264 or H.265 video */
  static async open(path: string): Promise<Clip> {
    const handle = await open(path, 'r').catch((cause: unknown) => {
      throw new AppError('INVALID_STATE', { file: path }, { cause, message: `${path} cannot be read` });
    });
    try {
      const { size } = await handle.stat();
      return new Clip(path, handle, await Mp4File.open(fileReader(handle, size)));
    } catch (error) {
      await handle.close();
      if (error instanceof MediaError)
        throw new AppError('CODEC_UNSUPPORTED', { file: path }, { cause: error, message: `${path}: ${error.message}` });
      throw error;
    }
  }

  /** The sample of `entry`; its times are ticks from the start of the clip. */
  readSample(entry: ClipEntry): Promise<AccessUnit> {
    return this.file.readSample(entry.trackId, entry.index);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handle.close();
  }
}

function fileReader(handle: FileHandle, sizeBytes: number): ByteReader {
  return {
    sizeBytes,
    read: async (offset, length) => {
      const { bytesRead, buffer } = await handle.read(new Uint8Array(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
  };
}

function orderedEntries(file: Mp4File, durationMs: number): readonly ClipEntry[] {
  const entries: ClipEntry[] = [];
  for (const track of file.tracks) {
    for (const [index, sample] of file.samples(track.id).entries()) {
      const timeMs = (sample.dts / track.timescale) * 1_000;
      if (timeMs < durationMs) entries.push({ trackId: track.id, index, timeMs, startable: track.kind === 'video' && sample.keyframe });
    }
  }
  // A key frame stands before sound of the same instant, so that a run can begin with it.
  return entries.sort((a, b) => a.timeMs - b.timeMs || Number(b.startable) - Number(a.startable));
}

function longestGap(entries: readonly ClipEntry[], durationMs: number): number {
  let longest = 0;
  let previous = 0;
  for (const { timeMs, startable } of entries) {
    if (!startable) continue;
    longest = Math.max(longest, timeMs - previous);
    previous = timeMs;
  }
  return Math.max(longest, durationMs - previous);
}
