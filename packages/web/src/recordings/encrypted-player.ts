import type { Client, Segment } from '@cardea/api';
import type { RecipientKey } from '@cardea/media';
import type { StreamName } from '../api/queries.ts';

export interface EncryptedSource {
  readonly deviceId: string;
  readonly channel: number;
  readonly stream: StreamName;
}

export interface EncryptedPlayerOptions {
  readonly api: Client;
  readonly keys: readonly RecipientKey[];
  readonly fetch?: typeof fetch;
}

/** What of a video element is used. */
type Picture = Pick<HTMLVideoElement, 'src' | 'currentTime'>;

/** Segments of all streams among which the next one is looked for. */
const LIST_LIMIT = 200;
/** A longer gap ends the playback. */
const LIST_MS = 6 * 3_600_000;

interface Opened {
  readonly segment: Segment;
  readonly bytes: Uint8Array;
}

/**
 * Plays recordings that only this browser can open, one segment after the other: each is fetched as the camera made it and opened
 * here, while the one before it plays.
 */
export class EncryptedPlayer {
  private readonly video: Picture;
  private readonly api: Client;
  private readonly keys: readonly RecipientKey[];
  private readonly fetch: (address: string) => Promise<Response>;
  private source: EncryptedSource | undefined;
  private playing: Segment | undefined;
  private ahead: Promise<Opened | undefined> | undefined;
  private address: string | undefined;
  private ended = false;

  constructor(video: Picture, { api, keys, fetch: fetcher = fetch }: EncryptedPlayerOptions) {
    this.video = video;
    this.api = api;
    this.keys = keys;
    this.fetch = (address) => fetcher(address, { credentials: 'same-origin' });
  }

  /** The instant on show, Unix ms; `undefined` before the first picture. */
  get instant(): number | undefined {
    return this.playing === undefined ? undefined : this.playing.startAt + this.video.currentTime * 1_000;
  }

  /** The end of what is on show, Unix ms. */
  get end(): number | undefined {
    return this.playing?.endAt;
  }

  /**
   * Plays what was recorded at `from`, or next after it; false when nothing encrypted is there.
   * @throws MediaError when it was encrypted for others or was changed; ApiProblem
   */
  async play(source: EncryptedSource, from: number): Promise<boolean> {
    this.source = source;
    return this.show(await this.open(source, from), from);
  }

  /** Goes on with what follows on what was played; false when that is nothing encrypted. @throws as `play` */
  async next(): Promise<boolean> {
    const { source, playing, ahead } = this;
    if (source === undefined || playing === undefined) return false;
    // What was not there yet when it was looked for may have come since.
    return this.show((await ahead) ?? (await this.open(source, playing.endAt)), playing.endAt);
  }

  close(): void {
    this.ended = true;
    this.forget();
  }

  private async open({ deviceId, channel, stream }: EncryptedSource, from: number): Promise<Opened | undefined> {
    const query = { channel, from: Math.floor(from), to: Math.floor(from) + LIST_MS, limit: LIST_LIMIT };
    const { items } = await this.api.call('segment.list', { params: { id: deviceId }, query });
    const segment = items.find((item) => item.stream === stream && item.endAt > from);
    if (segment?.encryption === undefined) return undefined;
    const response = await this.fetch(this.api.urlOf('segment.media', { params: { id: segment.id } }));
    if (!response.ok) return undefined;
    // Loaded by those who need it only.
    const { openSegment } = await import('@cardea/media');
    const { bytes, subject } = await openSegment(new Uint8Array(await response.arrayBuffer()), this.keys);
    // Whoever keeps recordings might show one in the place of another.
    const isTheOne = subject.deviceId === deviceId && subject.channel === channel && subject.startAt === segment.startAt;
    return isTheOne ? { segment, bytes } : undefined;
  }

  private show(opened: Opened | undefined, from: number): boolean {
    const { source } = this;
    if (opened === undefined || source === undefined || this.ended) return false;
    const { segment, bytes } = opened;
    this.forget();
    this.playing = segment;
    this.address = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: 'video/mp4' }));
    this.video.src = this.address;
    this.video.currentTime = Math.max(0, from - segment.startAt) / 1_000;
    // Why it fails is told when its turn comes.
    this.ahead = this.open(source, segment.endAt).catch(() => undefined);
    return true;
  }

  private forget(): void {
    if (this.address !== undefined) URL.revokeObjectURL(this.address);
    this.address = undefined;
  }
}

/** Why a recording was not opened: for `others`, since somebody `changed` it, or for a reason that has nothing to do with keys. */
export function whyNotOpened(error: unknown): 'others' | 'changed' | 'failed' {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'INVALID_REQUEST') return 'others';
  return code === 'OBJECT_MISMATCH' ? 'changed' : 'failed';
}
