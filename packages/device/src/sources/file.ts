import { basename, resolve } from 'node:path';
import type { Clock } from '@cardea/core';
import type { Camera } from '../camera.ts';
import { Clip } from './clip.ts';
import { playClipLoop } from './clip-loop.ts';
import { grabFrame } from './frame-grab.ts';

const FIRMWARE = '1.0.0';

/**
 * A camera that plays an MP4 file with H.264 or H.265 video over and over in real time. Pictures need ffmpeg on the PATH.
 * @throws AppError INVALID_STATE (unreadable file) | CODEC_UNSUPPORTED
 */
export async function createFileCamera({ path, clock }: { readonly path: string; readonly clock: Clock }): Promise<Camera> {
  const clip = await Clip.open(resolve(path));
  let startedMs = clock.monotonicMs();
  return {
    about: { vendor: 'Cardea', model: 'Video file', productId: 'cardea-file', serial: basename(path).slice(0, 64), firmware: FIRMWARE },
    channels: [
      {
        channel: 1,
        name: basename(path).slice(0, 64),
        streams: [
          {
            name: 'main',
            video: clip.video,
            gopSec: clip.gopSec,
            ...(clip.audio && { audio: clip.audio }),
            read: (receiver, options) => {
              startedMs = clock.monotonicMs();
              return playClipLoop(clip, receiver, options, { alignToClock: false });
            },
          },
        ],
        takePicture: async ({ width, height, quality }, options) => ({
          capturedAt: options.clock.now(),
          jpeg: await grabFrame(
            { path: clip.path, atMs: (clock.monotonicMs() - startedMs) % clip.durationMs, width, height, quality },
            options,
          ),
        }),
        detections: ['motion'],
      },
    ],
    power: () => ({ present: false, source: 'mains' }),
    [Symbol.asyncDispose]: () => clip[Symbol.asyncDispose](),
  };
}
