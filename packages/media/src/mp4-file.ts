import type { AccessUnit, SampleEntry, Track } from './access-unit.ts';
import { BoxReader, maxBoxHeaderBytes, readBoxHeader } from './box-reader.ts';
import { ByteCursor } from './byte-cursor.ts';
import type { ByteReader } from './byte-reader.ts';
import { readExactly } from './byte-reader.ts';
import { maxFileBoxes, maxFileMoovBytes, maxMoofBytes, maxSampleBytes, maxSamplesPerTrack } from './limits.ts';
import { MediaError, malformed } from './media-error.ts';
import { readMovieFragment } from './movie-fragment.ts';
import { readMovieHeader } from './movie-header.ts';
import type { TrackSamples } from './presentation-timeline.ts';
import { alignPresentation } from './presentation-timeline.ts';
import { readSampleTable } from './sample-table.ts';

/**
 * An MP4 file, progressive or fragmented, read by random access (ISO/IEC 14496-12). Only headers are read on opening.
 * Times of all tracks share one timeline that begins at 0; edit lists are applied to it. A fragmented file that ends too
 * early is read up to its last whole fragment.
 */
export class Mp4File {
  readonly tracks: readonly Track[];
  /** From the first picture or sound to the end of the last. */
  readonly durationMs: number;
  readonly #reader: ByteReader;
  readonly #samples: ReadonlyMap<number, readonly SampleEntry[]>;

  private constructor(reader: ByteReader, tracks: readonly TrackSamples[]) {
    this.#reader = reader;
    this.tracks = tracks.map(({ track }) => track);
    this.#samples = new Map(tracks.map(({ track, samples }) => [track.id, samples]));
    this.durationMs = spanMs(tracks);
  }

  /**
   * Tracks nothing here can carry are left out, as is G.711 sound outside fragments.
   * @throws MediaError OBJECT_MISMATCH when it is no MP4 file; CODEC_UNSUPPORTED without a video track left
   */
  static async open(reader: ByteReader): Promise<Mp4File> {
    const { moov, moofs } = await findMovie(reader);
    const boxes = new BoxReader(moov);
    const [moovBox] = boxes.top();
    if (moovBox === undefined) throw malformed('moov is empty');
    const movieTracks = readMovieHeader(boxes, moovBox);
    const fragmented = await readFragments(
      reader,
      moofs,
      movieTracks.map(({ track }) => track),
    );
    const all = movieTracks.map(({ track, presentationOffset, stbl }) => {
      const isG711 = track.codec === 'g711a' || track.codec === 'g711u';
      const progressive = isG711 ? [] : readSampleTable(boxes, stbl, { track, fileBytes: reader.sizeBytes });
      return { track, presentationOffset, samples: progressive.concat(fragmented.get(track.id) ?? []) };
    });
    const used = all.filter(({ samples }) => samples.length > 0);
    if (!used.some(({ track }) => track.kind === 'video'))
      throw new MediaError('CODEC_UNSUPPORTED', 'the file has no video that can be used');
    return new Mp4File(reader, alignPresentation(used));
  }

  /** In decode order. @throws MediaError INVALID_REQUEST for an unknown track */
  samples(trackId: number): readonly SampleEntry[] {
    const samples = this.#samples.get(trackId);
    if (samples === undefined) throw new MediaError('INVALID_REQUEST', `the file has no track ${trackId}`);
    return samples;
  }

  /** Reads the sample at `index` of `samples(trackId)`. @throws MediaError INVALID_REQUEST, OBJECT_MISMATCH when the file shrank */
  async readSample(trackId: number, index: number): Promise<AccessUnit> {
    const sample = this.samples(trackId)[index];
    if (sample === undefined) throw new MediaError('INVALID_REQUEST', `track ${trackId} has no sample ${index}`);
    const { dts, pts, duration, keyframe, offset, sizeBytes } = sample;
    if (sizeBytes > maxSampleBytes) throw malformed(`a sample has ${sizeBytes} bytes`);
    return { trackId, dts, pts, duration, keyframe, data: await readExactly(this.#reader, offset, sizeBytes) };
  }
}

function spanMs(tracks: readonly TrackSamples[]): number {
  let startSec = Number.POSITIVE_INFINITY;
  let endSec = 0;
  for (const { track, samples } of tracks) {
    for (const { pts, duration } of samples) {
      startSec = Math.min(startSec, pts / track.timescale);
      endSec = Math.max(endSec, (pts + duration) / track.timescale);
    }
  }
  return Math.round((endSec - startSec) * 1000);
}

interface Span {
  readonly offset: number;
  readonly sizeBytes: number;
}

interface Movie {
  readonly moov: Uint8Array;
  /** Every moof whose mdat is there. */
  readonly moofs: readonly Span[];
}

async function findMovie(reader: ByteReader): Promise<Movie> {
  let moov: Uint8Array | undefined;
  let moof: Span | undefined;
  const moofs: Span[] = [];
  let offset = 0;
  for (let count = 0; offset < reader.sizeBytes; count += 1) {
    if (count >= maxFileBoxes) throw malformed('too many boxes');
    const left = reader.sizeBytes - offset;
    const header = readBoxHeader(new ByteCursor(await readExactly(reader, offset, Math.min(maxBoxHeaderBytes, left))));
    // A recording cut short ends inside a box: what is whole before it counts.
    if (header === undefined || header.sizeBytes > left) break;
    const sizeBytes = header.sizeBytes === 0 ? left : header.sizeBytes;
    if (header.type === 'moof') moof = { offset, sizeBytes };
    if (header.type === 'mdat' && moof !== undefined) {
      moofs.push(moof);
      moof = undefined;
    }
    if (header.type === 'moov') {
      if (sizeBytes > maxFileMoovBytes) throw malformed('moov is too large');
      moov = await readExactly(reader, offset, sizeBytes);
    }
    offset += sizeBytes;
  }
  if (moov === undefined) throw malformed('the file has no moov');
  return { moov, moofs };
}

async function readFragments(
  reader: ByteReader,
  moofs: readonly Span[],
  tracks: readonly Track[],
): Promise<ReadonlyMap<number, SampleEntry[]>> {
  const decodeTimes = new Map(tracks.map(({ id }) => [id, 0]));
  const all = new Map<number, SampleEntry[]>(tracks.map(({ id }) => [id, []]));
  let bytesLeft = reader.sizeBytes;
  for (const { offset, sizeBytes } of moofs) {
    if (sizeBytes > maxMoofBytes) throw malformed('moof is too large');
    const boxes = new BoxReader(await readExactly(reader, offset, sizeBytes));
    const [moof] = boxes.top();
    if (moof === undefined) throw malformed('moof is empty');
    const place = { tracks, moofOffset: offset, endOffset: reader.sizeBytes, decodeTimes };
    for (const { track, samples } of readMovieFragment(boxes, moof, place)) {
      const ofTrack = all.get(track.id);
      for (const sample of samples) {
        ofTrack?.push(sample);
        bytesLeft -= sample.sizeBytes;
      }
      if (bytesLeft < 0) throw malformed('the samples are larger than their file');
      if (ofTrack !== undefined && ofTrack.length > maxSamplesPerTrack) throw malformed('a track has too many samples');
    }
  }
  return all;
}
