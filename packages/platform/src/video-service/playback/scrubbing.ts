import { AppError } from '@cardea/core';
import { Fmp4Muxer, Mp4File, placeSegment } from '@cardea/media';
import type { ObjectStore } from '../../store/ports.ts';
import type { PlayedSegment } from './play-order.ts';
import type { SpriteMaker } from './sprite-maker.ts';
import type { StoredMedia, StoredSegment } from './stored-media.ts';

/** A picture one can go to. */
export interface KeyFrame {
  /** Unix milliseconds. */
  readonly at: number;
  readonly segmentId: string;
  /** Its place in the pictures of its segment, from 0. */
  readonly tile: number;
  /** Only members who hold a key can open it: there are no pictures. */
  readonly encrypted?: true;
}

/** Tiles of one picture; more key frames than that are left out evenly. */
const MAX_TILES = 12;
const MAX_SPRITES = 200;
/** Decoders at work at once. */
const MAX_DECODERS = 1;
/** Whoever drags along an hour asks for more than anybody looks at. */
const MAX_WAITING = 32;

/** Helps to find a moment: where the key frames are, and small pictures of them, made when somebody looks. */
export class Scrubbing {
  private readonly objects: ObjectStore;
  private readonly media: StoredMedia;
  private readonly maker: SpriteMaker;
  private readonly sprites = new Map<string, Promise<Uint8Array>>();
  private readonly waiting: (() => void)[] = [];
  private decoders = 0;

  constructor({ objects, media, maker }: { readonly objects: ObjectStore; readonly media: StoredMedia; readonly maker: SpriteMaker }) {
    this.objects = objects;
    this.media = media;
    this.maker = maker;
  }

  /** Key frames of these segments, in order; reads headers only. */
  async keyFrames(segments: AsyncIterable<PlayedSegment>): Promise<readonly KeyFrame[]> {
    const frames: KeyFrame[] = [];
    for await (const { row } of segments) {
      await using object = await this.objects.open(row.object_key);
      const file = await Mp4File.open({ sizeBytes: object.sizeBytes, read: (offset, length) => object.read(offset, length) });
      const video = file.tracks.find(({ kind }) => kind === 'video');
      const samples = video === undefined ? [] : file.samples(video.id);
      const [first] = samples;
      if (video === undefined || first === undefined) continue;
      for (const [tile, { pts }] of samples
        .filter(({ keyframe }) => keyframe)
        .slice(0, MAX_TILES)
        .entries()) {
        const at = Math.round(row.start_at + ((pts - first.pts) / video.timescale) * 1_000);
        frames.push({ at, segmentId: row.id, tile, ...(row.encryption !== null && { encrypted: true }) });
      }
    }
    return frames;
  }

  /** The key frames of a segment side by side, as JPEG. @throws AppError as `SpriteMaker.make`; LIMIT_EXCEEDED when too many wait */
  async sprite(row: StoredSegment): Promise<Uint8Array> {
    const known = this.sprites.get(row.id);
    if (known !== undefined) return await known;
    const sprite = this.inTurn(() => this.make(row));
    this.sprites.set(row.id, sprite);
    const [oldest] = this.sprites.keys();
    if (this.sprites.size > MAX_SPRITES && oldest !== undefined) this.sprites.delete(oldest);
    try {
      return await sprite;
    } catch (error) {
      this.sprites.delete(row.id);
      throw error;
    }
  }

  private async make(row: StoredSegment): Promise<Uint8Array> {
    const segment = await this.media.read(row);
    const video = segment.tracks.find(({ kind }) => kind === 'video');
    if (video === undefined) throw new AppError('NOT_FOUND');
    const muxer = new Fmp4Muxer([video]);
    // Not at 0: decoding may begin before the first picture.
    const fragments = placeSegment(segment, 1_000).map((units) => units.filter(({ trackId }) => trackId === video.id));
    const count = fragments.flat().filter(({ keyframe }) => keyframe).length;
    const pieces = fragments.filter((units) => units.length > 0).map((units, index) => muxer.fragment(units, index + 1));
    return await this.maker.make(Buffer.concat([muxer.initSegment(), ...pieces]), Math.min(count, MAX_TILES));
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.decoders >= MAX_DECODERS) {
      if (this.waiting.length >= MAX_WAITING) throw new AppError('LIMIT_EXCEEDED', undefined, { retryAfterMs: 1_000 });
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    this.decoders += 1;
    try {
      return await work();
    } finally {
      this.decoders -= 1;
      this.waiting.shift()?.();
    }
  }
}
