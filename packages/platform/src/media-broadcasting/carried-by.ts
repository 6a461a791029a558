import type { LiveForm } from '@cardea/api';
import { AppError } from '@cardea/core';
import { flvCarries, type Track } from '@cardea/media';

/** Which ways to watch carry a codec; the tests of each output hold it to its line. */
const carriers: Readonly<Record<Track['codec'], readonly LiveForm[]>> = {
  h264: ['ws', 'hls', 'flv', 'rtsp', 'whep'],
  h265: ['ws', 'hls', 'flv', 'rtsp'],
  av1: ['ws', 'hls', 'flv'],
  aac: ['ws', 'hls', 'flv', 'rtsp'],
  opus: ['ws', 'hls', 'flv', 'rtsp', 'whep'],
  // No browser plays it in a MediaSource, and one that is offered it there plays nothing at all.
  g711a: ['flv', 'rtsp'],
  g711u: ['flv', 'rtsp'],
};

/** A track that a way to watch leaves out, and where it is seen or heard. */
export interface LeftOut {
  readonly codec: Track['codec'];
  readonly outputs: readonly LiveForm[];
}

export function carries(form: LiveForm, track: Track): boolean {
  return outputsOf(track).includes(form);
}

/** FLV knows G.711 at one rate only. */
function outputsOf(track: Track): readonly LiveForm[] {
  return carriers[track.codec].filter((form) => form !== 'flv' || flvCarries(track));
}

/** What viewers of `form` are to be told of `tracks`: of those it does not carry, which others do. */
export function leftOutOf(form: LiveForm, tracks: readonly Track[]): readonly LeftOut[] {
  return tracks.filter((track) => !carries(form, track)).map((track) => ({ codec: track.codec, outputs: outputsOf(track) }));
}

/** Nothing to see for a viewer of `form`; its details say what there is, and where. */
export function unsupported(form: LiveForm, tracks: readonly Track[], message?: string): AppError {
  const [first] = leftOutOf(
    form,
    tracks.filter(({ kind }) => kind === 'video'),
  );
  const where = first && `the camera sends ${first.codec}, which ${form} does not carry; ${first.outputs.join(', ')} do`;
  return new AppError('CODEC_UNSUPPORTED', first && { ...first }, { message: where ?? message ?? 'there is no picture' });
}
