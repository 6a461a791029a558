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

/** Segments that are looked for at once; more are asked for when these were played. */
const LIST_LIMIT = 200;
const LIST_MS = 30 * 60_000;

/** Plays recordings that only this browser can open, one segment after the other: each is fetched as the camera made it and opened here. */
export class EncryptedPlayer {
  private readonly video: Picture;
  private readonly api: Client;
  private readonly keys: readonly RecipientKey[];
  private readonly fetch: (address: string) => Promise<Response>;
  private source: EncryptedSource | undefined;
  private playing: Segment | undefined;
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
    const { deviceId, channel, stream } = source;
    const query = { channel, from: Math.floor(from), to: Math.floor(from) + LIST_MS, limit: LIST_LIMIT };
    const { items } = await this.api.call('segment.list', { params: { id: deviceId }, query });
    const next = items.find((segment) => segment.stream === stream && segment.endAt > from);
    if (next?.encryption === undefined || this.ended) return false;
    const response = await this.fetch(this.api.urlOf('segment.media', { params: { id: next.id } }));
    if (!response.ok) return false;
    // Loaded by those who need it only.
    const { openSegment } = await import('@cardea/media');
    const { bytes, subject } = await openSegment(new Uint8Array(await response.arrayBuffer()), this.keys);
    // Whoever keeps recordings might show one in the place of another.
    if (subject.deviceId !== deviceId || subject.channel !== channel || subject.startAt !== next.startAt) return false;
    if (this.ended) return false;
    this.show(next, bytes, from);
    return true;
  }

  /** Goes on with what follows on what was played; false when that is nothing encrypted. */
  async next(): Promise<boolean> {
    const { source, playing } = this;
    return source !== undefined && playing !== undefined && (await this.play(source, playing.endAt));
  }

  close(): void {
    this.ended = true;
    this.forget();
  }

  private show(segment: Segment, bytes: Uint8Array, from: number): void {
    this.forget();
    this.playing = segment;
    this.address = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: 'video/mp4' }));
    this.video.src = this.address;
    this.video.currentTime = Math.max(0, from - segment.startAt) / 1_000;
  }

  private forget(): void {
    if (this.address !== undefined) URL.revokeObjectURL(this.address);
    this.address = undefined;
  }
}
