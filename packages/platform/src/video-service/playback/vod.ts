import type { VodRequest, VodSession } from '@cardea/api';
import { AppError, type Clock, type Logger, type Random } from '@cardea/core';
import { codecsOf, Fmp4Muxer, type HlsSegment, placeSegment, writeMasterPlaylist, writeMediaPlaylist } from '@cardea/media';
import type { DeviceProof } from '../../authorization/proof.ts';
import type { Db, ObjectStore } from '../../store/ports.ts';
import type { TokenIssuer } from '../../tokens/token-issuer.ts';
import type { DamageRecord } from '../damage-record.ts';
import { clipOf } from './clip.ts';
import { formatsOf, type PlayedSegment } from './play-order.ts';
import { type KeyFrame, Scrubbing } from './scrubbing.ts';
import { ffmpegSprites, type SpriteMaker } from './sprite-maker.ts';
import { assertReadable, StoredMedia, type StoredSegment } from './stored-media.ts';
import { type PlayRange, StoredSegments } from './stored-segments.ts';

export interface VodOptions {
  readonly db: Db;
  readonly objects: ObjectStore;
  /** Hears of stored segments that are not what was confirmed. */
  readonly damage: Pick<DamageRecord, 'found'>;
  readonly tokens: TokenIssuer;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly publicUrl: () => string;
  /** By default ffmpeg, where it is installed. */
  readonly sprites?: SpriteMaker;
}

/** What is played: one channel between two instants (Unix ms). */
export type VodRange = Omit<PlayRange, 'homeId' | 'deviceId'>;

type Right = DeviceProof<'view.recordings'>;

/** The rights of who made it are read again at each use; this bounds what a leaked address is good for. */
const TOKEN_TTL_MS = 4 * 3_600_000;
/** One playlist; players go on with another. */
const MAX_PLAYLIST_MS = 24 * 3_600_000;
/** Of key frames one asks for at once. */
const MAX_SCRUBBED_MS = 3_600_000;
/** Decoding may begin this much before presentation: times of media count from here so that none is negative. */
const MEDIA_ORIGIN_MS = 1_000;
/** Clips up to this size are made before they are sent, so that they have a length and can be read in ranges. */
const WHOLE_CLIP_BYTES = 32 * 1024 * 1024;

/** Plays what is stored, in any player: HLS of fragmented MP4, or one file. Nothing is decoded. */
export class Vod {
  private readonly options: VodOptions;
  private readonly media: StoredMedia;
  private readonly segments: StoredSegments;
  private readonly scrubbing: Scrubbing;

  constructor(options: VodOptions) {
    this.options = options;
    this.media = new StoredMedia(options);
    this.segments = new StoredSegments(options.db);
    this.scrubbing = new Scrubbing({ ...options, media: this.media, maker: options.sprites ?? ffmpegSprites(options) });
  }

  /** Addresses that carry their own right. @throws AppError INVALID_PARAMS when `to` is not after `from` */
  async open({ deviceId, epoch, action, principal }: Right, { channel, from, to }: VodRequest): Promise<VodSession> {
    if (to <= from) throw new AppError('INVALID_PARAMS', undefined, { message: '`to` has to be after `from`' });
    const { publicUrl, random, tokens } = this.options;
    const { userId, userSessionId } = principal;
    const claims = { userId, userSessionId, deviceId, epoch, channel, action, sessionId: random.ulid() };
    const { token, expiresAt } = await tokens.mint('vod', claims, TOKEN_TTL_MS);
    const base = `${publicUrl()}/vod/${deviceId}/${channel}/start/${from}/end/${to}`;
    const urlOf = (name: string): string => `${base}/${name}?token=${token}`;
    return {
      urls: { hls: urlOf('index.m3u8'), multivariant: urlOf('multivariant.m3u8'), clip: urlOf('clip.mp4') },
      token,
      expiresAt,
    };
  }

  /**
   * The playlist of one stream. `query` goes into every address.
   * @throws AppError RECORD_NOT_FOUND when nothing is stored there; INVALID_PARAMS for more than a day; INVALID_STATE with `encryption`
   *   when the first segment is encrypted
   */
  async playlist(right: Right, range: VodRange, { stream, query }: { readonly stream: string; readonly query: string }): Promise<string> {
    if (range.to - range.from > MAX_PLAYLIST_MS) throw new AppError('INVALID_PARAMS', { maxMs: MAX_PLAYLIST_MS });
    const segments: HlsSegment[] = [];
    let begin: number | undefined;
    let mapUri = '';
    for await (const { row, from, to, breaks } of this.segments.inOrder(placed(right, range), stream)) {
      // What comes before the first encrypted segment can be played here; the rest is for whoever can open it.
      if (row.encryption !== null && segments.length > 0) break;
      assertReadable(row);
      begin ??= from;
      if (mapUri === '' || breaks) mapUri = `init-${row.id}.mp4${query}`;
      const uri = `${row.start_at - begin}-${row.id}.m4s${query}`;
      segments.push({
        uri,
        durationSec: (to - row.start_at) / 1_000,
        mapUri,
        startAt: row.start_at,
        ...(breaks && { discontinuity: true }),
      });
    }
    if (segments.length === 0) throw new AppError('RECORD_NOT_FOUND', undefined, { httpStatus: 404 });
    // A segment that began before is whole: players begin within it.
    const earlyMs = Math.max(0, range.from - (segments[0]?.startAt ?? range.from));
    const start = earlyMs > 0 ? { startOffsetSec: earlyMs / 1_000 } : {};
    return writeMediaPlaylist({ segments, type: 'VOD', ended: true, independentSegments: true, ...start });
  }

  /** The playlist of all streams, the smallest first. @throws AppError RECORD_NOT_FOUND */
  async multivariant(right: Right, range: VodRange, { uriOf }: { readonly uriOf: (stream: string) => string }): Promise<string> {
    const streams = await this.segments.streams(placed(right, range));
    if (streams.length === 0) throw new AppError('RECORD_NOT_FOUND', undefined, { httpStatus: 404 });
    const variants = streams.map(async ({ stream, first, bitsPerSecond }) => {
      const { tracks } = await this.media.read(first);
      const video = tracks.find((track) => track.kind === 'video');
      const size = video === undefined ? {} : { width: video.width, height: video.height };
      return { uri: uriOf(stream), bandwidthBps: bitsPerSecond, codecs: codecsOf(tracks), ...size };
    });
    return writeMasterPlaylist({ variants: await Promise.all(variants), independentSegments: true });
  }

  /** What a player needs before the first segment. @throws AppError NOT_FOUND */
  async init(right: Right, range: VodRange, segmentId: string): Promise<Uint8Array> {
    return new Fmp4Muxer((await this.segment(right, range, segmentId)).tracks).initSegment();
  }

  /** One segment, its first picture `offsetMs` after the beginning of the playlist. @throws AppError NOT_FOUND */
  async fragments(right: Right, range: VodRange, { segmentId, offsetMs }: { readonly segmentId: string; readonly offsetMs: number }) {
    const segment = await this.segment(right, range, segmentId);
    const muxer = new Fmp4Muxer(segment.tracks);
    const placedFragments = placeSegment(segment, offsetMs + MEDIA_ORIGIN_MS);
    return Buffer.concat(placedFragments.flatMap((units, index) => muxer.fragmentParts(inTime(units), index + 1)));
  }

  /**
   * The range as one MP4: as a whole when it is short, else in pieces as they are made.
   * @throws AppError INVALID_STATE with the `parts` of the range that can be had one by one when its format changes within, so
   *   that nobody gets the beginning of a file and then no more; as `clipOf`
   */
  async clip(right: Right, range: VodRange, stream: string): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
    const own = placed(right, range);
    await this.assertOneFormat(own, stream);
    const pieces = clipOf(this.segments.inOrder(own, stream), own, this.media);
    const begun: Uint8Array[] = [];
    let sizeBytes = 0;
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
      begun.push(next.value);
      sizeBytes += next.value.length;
      if (sizeBytes > WHOLE_CLIP_BYTES) return joined(begun, pieces);
    }
    return Buffer.concat(begun);
  }

  /** How a recording of the range is encrypted, in any stream, which can then not be played here; `undefined` when none is. */
  async encryptionIn(right: Right, range: VodRange): Promise<string | undefined> {
    return await this.segments.encryptionIn(placed(right, range));
  }

  /** Where the key frames of at most an hour are. @throws AppError INVALID_PARAMS for a longer range */
  async keyFrames(right: Right, range: VodRange, stream: string): Promise<readonly KeyFrame[]> {
    if (range.to - range.from > MAX_SCRUBBED_MS) throw new AppError('INVALID_PARAMS', { maxMs: MAX_SCRUBBED_MS });
    return await this.scrubbing.keyFrames(this.segments.inOrder(placed(right, range), stream));
  }

  /** The key frames of a segment side by side, as JPEG. @throws AppError NOT_FOUND; NOT_SUPPORTED where nothing can decode */
  async sprite(right: Right, range: VodRange, segmentId: string): Promise<Uint8Array> {
    return await this.scrubbing.sprite(await this.row(right, range, segmentId));
  }

  /** The right a token of `open` stands for. @throws AppError UNAUTHORIZED whatever is wrong with it */
  async assertTokenFor(token: string, deviceId: string, channel: number) {
    const claims = await this.options.tokens.verify('vod', token);
    if (claims.deviceId !== deviceId || claims.channel !== channel) throw new AppError('UNAUTHORIZED');
    return claims;
  }

  private async assertOneFormat(range: PlayRange, stream: string): Promise<void> {
    const parts = await formatsOf(readable(this.segments.inOrder(range, stream)), range);
    if (parts.length <= 1) return;
    throw new AppError('INVALID_STATE', { parts }, { message: 'the format of the recording changes within this range' });
  }

  private async segment(right: Right, range: VodRange, segmentId: string) {
    return await this.media.read(await this.row(right, range, segmentId));
  }

  private async row(right: Right, range: VodRange, segmentId: string): Promise<StoredSegment> {
    const row = await this.segments.find(placed(right, range), segmentId);
    if (row === undefined) throw new AppError('NOT_FOUND');
    return row;
  }
}

/** The same segments, as long as all of them can be opened here. @throws AppError INVALID_STATE with `encryption` */
async function* readable(segments: AsyncIterable<PlayedSegment>): AsyncIterable<PlayedSegment> {
  for await (const played of segments) {
    assertReadable(played.row);
    yield played;
  }
}

/** A right may end where less is recorded than is asked for. */
function placed({ homeId, deviceId, recorded }: Right, range: VodRange): PlayRange {
  const { from = range.from, to = range.to } = recorded ?? {};
  return { homeId, deviceId, ...range, from: Math.max(from, range.from), to: Math.min(to, range.to) };
}

/** Sound that comes long before the pictures would have times before the beginning. */
function inTime<U extends { readonly dts: number }>(units: readonly U[]): readonly U[] {
  return units.every(({ dts }) => dts >= 0) ? units : units.filter(({ dts }) => dts >= 0);
}

async function* joined(begun: readonly Uint8Array[], rest: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  yield* begun;
  yield* rest;
}
