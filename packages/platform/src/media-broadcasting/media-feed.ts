import type { AccessUnit, Track } from '@cardea/media';
import type { LiveStream, MediaSink } from './live-stream.ts';

/** The media of a stream as an output takes it. */
export interface MediaFeed {
  readonly tracks: readonly Track[];
  /** From the last key frame until now; empty when nothing is kept. */
  readonly gop: readonly AccessUnit[];
  /** Time between key frames, as far as it is known. */
  readonly gopSec: number | undefined;
  attach(sink: MediaSink): Disposable;
}

/** A stream without its sound. */
export class SilentFeed implements MediaFeed {
  private readonly stream: LiveStream;

  constructor(stream: LiveStream) {
    this.stream = stream;
  }

  get tracks(): readonly Track[] {
    return picturesOf(this.stream.tracks);
  }

  get gop(): readonly AccessUnit[] {
    return this.onlyPictures(this.stream.gop);
  }

  get gopSec(): number | undefined {
    return this.stream.gopSec;
  }

  attach(sink: MediaSink): Disposable {
    return this.stream.attach({
      onTracks: (tracks) => sink.onTracks(picturesOf(tracks)),
      onBatch: (batch) => {
        const units = this.onlyPictures(batch.units);
        if (units.length > 0) sink.onBatch({ ...batch, units });
      },
      onDropped: () => sink.onDropped?.(),
    });
  }

  private onlyPictures(units: readonly AccessUnit[]): readonly AccessUnit[] {
    const { tracks } = this;
    return units.filter(({ trackId }) => tracks.some(({ id }) => id === trackId));
  }
}

function picturesOf(tracks: readonly Track[]): readonly Track[] {
  return tracks.filter(({ kind }) => kind === 'video');
}

/** Whether the viewer at `url` wants sound: all do but those who say `audio=off`. */
export function wantsSound(url: URL): boolean {
  return url.searchParams.get('audio') !== 'off';
}
