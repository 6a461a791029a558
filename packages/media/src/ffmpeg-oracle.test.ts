// What the tests of this folder share to make inputs and judge outputs; it holds no test of its own.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One decoded frame as ffprobe sees it, times in seconds. */
export interface ProbedFrame {
  readonly kind: 'video' | 'audio';
  readonly timeSec: number;
  readonly keyframe: boolean;
  readonly sizeBytes: number;
  readonly width: number | undefined;
  readonly height: number | undefined;
}

interface ProbeOutput {
  readonly frames: readonly ProbeOutputFrame[];
}

interface ProbeOutputFrame {
  readonly media_type: 'video' | 'audio';
  readonly pts_time: string;
  readonly key_frame: number;
  readonly pkt_size: string;
  readonly width?: number;
  readonly height?: number;
}

function toFrame(frame: ProbeOutputFrame): ProbedFrame {
  return {
    kind: frame.media_type,
    timeSec: Number(frame.pts_time),
    keyframe: frame.key_frame === 1,
    sizeBytes: Number(frame.pkt_size),
    width: frame.width,
    height: frame.height,
  };
}

/** A temporary directory in which ffmpeg makes inputs and ffprobe judges outputs; gone when disposed. */
export class FfmpegOracle {
  readonly directory = mkdtempSync(join(tmpdir(), 'cardea-media-'));

  path(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, bytes: Uint8Array): string {
    const path = this.path(name);
    writeFileSync(path, bytes);
    return path;
  }

  /** Runs ffmpeg with `output` written into the directory; returns its path. */
  make(name: string, options: readonly string[]): string {
    const path = this.path(name);
    execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...options, path], { stdio: ['ignore', 'pipe', 'pipe'] });
    return path;
  }

  /** Decodes everything; frames in the order of the file. @throws when ffprobe finds any fault */
  frames(path: string): readonly ProbedFrame[] {
    const { frames, complaints } = this.probe(path);
    assert.equal(complaints, '');
    return frames;
  }

  /** Decodes what can be decoded; `complaints` is what ffprobe says about the rest. */
  probe(path: string): { readonly frames: readonly ProbedFrame[]; readonly complaints: string } {
    const entries = 'frame=media_type,pts_time,key_frame,pkt_size,width,height';
    const { status, stdout, stderr } = spawnSync(
      'ffprobe',
      ['-v', 'error', '-show_frames', '-show_entries', entries, '-of', 'json', path],
      { encoding: 'utf8', maxBuffer: 64 << 20 },
    );
    assert.equal(status, 0, stderr);
    const { frames } = JSON.parse(stdout) as ProbeOutput;
    return { frames: frames.map(toFrame), complaints: stderr };
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export const testPicture = ['-f', 'lavfi', '-i', 'testsrc2=size=160x120:rate=25:duration=3'] as const;
export const testTone = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=3'] as const;
export const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-threads', '1'] as const;
export const h265 = [
  '-c:v',
  'libx265',
  '-preset',
  'ultrafast',
  '-x265-params',
  'log-level=none:keyint=25:pools=1:frame-threads=1',
] as const;
export const aac = ['-c:a', 'aac', '-b:a', '48k'] as const;
