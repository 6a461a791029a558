import type { SampleEntry, Track } from './access-unit.ts';
import { codecsOf } from './access-unit.ts';
import { BoxReader, maxBoxHeaderBytes, readBoxHeader } from './box-reader.ts';
import { ByteCursor } from './byte-cursor.ts';
import type { ByteReader } from './byte-reader.ts';
import { bytesReader, readExactly } from './byte-reader.ts';
import { maxBoxes, maxInitBytes, maxMoofBytes } from './limits.ts';
import { MediaError, malformed } from './media-error.ts';
import { readMovieFragment } from './movie-fragment.ts';
import { readMovieHeader } from './movie-header.ts';

export interface FragmentedMp4Report {
  readonly ok: boolean;
  /** Why not, when not `ok`. */
  readonly reason?: string;
  /** RFC 6381, comma separated. */
  readonly codecs: string;
  /** The longest track, from its first decode time to the end of its last sample. */
  readonly durationMs: number;
  readonly fragments: number;
  /** Those this package can carry. */
  readonly tracks: readonly Track[];
  /** The first video sample is a key frame; false without video. */
  readonly keyframeFirst: boolean;
}

/**
 * Structural check of a recorded object: ftyp, moov, then fragments, every box inside its parent, every sample inside
 * the object. Reads headers only, never the payload, and nothing larger than 1 MiB at a time.
 * Malformed input is a report that is not `ok` and tells what was found before the fault; a failing reader rejects.
 */
export async function checkFragmentedMp4(source: Uint8Array | ByteReader): Promise<FragmentedMp4Report> {
  const walk = new BoxWalk(source instanceof Uint8Array ? bytesReader(source) : source);
  try {
    await walk.run();
    return { ok: true, ...walk.findings() };
  } catch (error) {
    if (error instanceof MediaError) return { ok: false, reason: error.message, ...walk.findings() };
    throw error;
  }
}

class BoxWalk {
  readonly #reader: ByteReader;
  #tracks: readonly Track[] | undefined;
  #fragments = 0;
  #fileTypeSeen = false;
  /** A moof waits for its mdat. */
  #moofOpen = false;
  #firstVideoSample: SampleEntry | undefined;
  readonly #spans = new Map<number, { start: number; end: number }>();

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  findings(): Omit<FragmentedMp4Report, 'ok' | 'reason'> {
    const tracks = this.#tracks ?? [];
    const durationsMs = tracks.map(({ id, timescale }) => {
      const span = this.#spans.get(id);
      return span === undefined ? 0 : ((span.end - span.start) / timescale) * 1000;
    });
    return {
      codecs: codecsOf(tracks),
      durationMs: Math.round(Math.max(0, ...durationsMs)),
      fragments: this.#fragments,
      tracks,
      keyframeFirst: this.#firstVideoSample?.keyframe ?? false,
    };
  }

  async run(): Promise<void> {
    let offset = 0;
    for (let count = 0; offset < this.#reader.sizeBytes; count += 1) {
      if (count >= maxBoxes) throw malformed('too many boxes');
      const left = this.#reader.sizeBytes - offset;
      const header = readBoxHeader(new ByteCursor(await readExactly(this.#reader, offset, Math.min(maxBoxHeaderBytes, left))));
      if (header === undefined) throw malformed('a box header is cut short');
      const { type, sizeBytes } = header;
      if (sizeBytes === 0 || sizeBytes > left) throw malformed(`${type} reaches beyond the end`);
      await this.#visit(type, offset, sizeBytes);
      offset += sizeBytes;
    }
    if (this.#tracks === undefined) throw malformed('no moov');
    if (this.#moofOpen) throw malformed('the last moof has no mdat');
    if (this.#fragments === 0) throw malformed('no fragment');
  }

  async #visit(type: string, offset: number, sizeBytes: number): Promise<void> {
    switch (type) {
      case 'ftyp':
        this.#fileTypeSeen = true;
        return;
      case 'moov':
        return this.#visitMovie(offset, sizeBytes);
      case 'moof':
        return this.#visitFragment(offset, sizeBytes);
      case 'mdat':
        if (!this.#moofOpen) throw malformed('mdat without a moof before it');
        this.#moofOpen = false;
        this.#fragments += 1;
    }
  }

  async #visitMovie(offset: number, sizeBytes: number): Promise<void> {
    if (!this.#fileTypeSeen) throw malformed('moov comes before ftyp');
    if (this.#tracks !== undefined) throw malformed('a second moov');
    if (sizeBytes > maxInitBytes) throw malformed('moov is too large');
    const boxes = new BoxReader(await readExactly(this.#reader, offset, sizeBytes));
    for (const moov of boxes.top()) this.#tracks = readMovieHeader(boxes, moov).map(({ track }) => track);
    if (this.#tracks?.length === 0) throw malformed('no track that can be carried');
  }

  async #visitFragment(offset: number, sizeBytes: number): Promise<void> {
    if (this.#tracks === undefined) throw malformed('moof comes before moov');
    if (this.#moofOpen) throw malformed('a moof without mdat');
    if (sizeBytes > maxMoofBytes) throw malformed('moof is too large');
    this.#moofOpen = true;
    const boxes = new BoxReader(await readExactly(this.#reader, offset, sizeBytes));
    const place = { tracks: this.#tracks, moofOffset: offset, endOffset: this.#reader.sizeBytes };
    for (const moof of boxes.top()) {
      for (const { track, samples } of readMovieFragment(boxes, moof, place)) this.#note(track, samples);
    }
  }

  #note(track: Track, samples: readonly SampleEntry[]): void {
    const [first] = samples;
    const last = samples.at(-1);
    if (first === undefined || last === undefined) return;
    if (track.kind === 'video') this.#firstVideoSample ??= first;
    const span = this.#spans.get(track.id) ?? { start: first.dts, end: 0 };
    this.#spans.set(track.id, { start: Math.min(span.start, first.dts), end: Math.max(span.end, last.dts + last.duration) });
  }
}
