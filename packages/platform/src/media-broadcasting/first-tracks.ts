import { AppError, type Clock } from '@cardea/core';
import type { Track } from '@cardea/media';
import { abortable } from './abortable.ts';
import type { LiveStream } from './live-stream.ts';

/** A camera that agreed to push is connected and says what it sends within this time, or not at all (profile hss-open-1, B6). */
const FIRST_TRACKS_MS = 15_000;

/** What a stream is made of, as soon as its publisher said so. @throws AppError TIMEOUT | CANCELLED */
export async function firstTracks(
  stream: LiveStream,
  { clock, signal }: { readonly clock: Clock; readonly signal?: AbortSignal },
): Promise<readonly Track[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Track[]>();
  using _attachment = stream.attach({ onTracks: resolve, onBatch: () => {} });
  using _deadline = clock.setTimer(FIRST_TRACKS_MS, () => reject(new AppError('TIMEOUT')));
  return await abortable(promise, signal);
}
