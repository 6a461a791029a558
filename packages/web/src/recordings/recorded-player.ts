import type Hls from 'hls.js/light';
import type { Fragment } from 'hls.js/light';

export interface RecordedPlayerEvents {
  /** The playback came upon a time without video, and goes on after it. */
  readonly onGap: (lengthMs: number, goesOnAt: number) => void;
  /** Nothing is stored in the range. */
  readonly onNothing: () => void;
  /** What is stored there only those who hold a key can open. */
  readonly onEncrypted: () => void;
  readonly onFailed: () => void;
}

/** A pause in the recordings longer than this is told. */
const GAP_TOLD_MS = 3_000;
/** HTTP status of a playlist that would begin with what the platform cannot open. */
const ENCRYPTED = 409;

/**
 * Plays stored video over gaps and changes of format in one video element, and knows which instant is on show. The library
 * that does so is loaded when it is first used; a browser that plays HLS by itself needs none.
 */
export class RecordedPlayer {
  private readonly video: HTMLVideoElement;
  private readonly events: RecordedPlayerEvents;
  private hls: Hls | undefined;
  private loads = 0;
  private before: Fragment | undefined;

  constructor(video: HTMLVideoElement, events: RecordedPlayerEvents) {
    this.video = video;
    this.events = events;
  }

  /** Unix ms; `undefined` before the first picture. */
  get instant(): number | undefined {
    const native = (this.video as HTMLVideoElement & { getStartDate?: () => Date }).getStartDate?.().getTime();
    if (this.hls !== undefined) return this.hls.playingDate?.getTime();
    return native === undefined || Number.isNaN(native) ? undefined : native + this.video.currentTime * 1_000;
  }

  /** The end of what is loaded, Unix ms. */
  get end(): number | undefined {
    const last = this.fragments().at(-1);
    return last === undefined ? undefined : startOf(last) + last.duration * 1_000;
  }

  /** Plays what is at `address` from where it says. */
  async load(address: string): Promise<void> {
    this.loads += 1;
    const load = this.loads;
    const { default: Library } = await import('hls.js/light');
    if (load !== this.loads) return;
    this.hls?.destroy();
    this.before = undefined;
    if (!Library.isSupported()) {
      this.video.src = address;
      return;
    }
    // Workers need sources that the content security policy does not allow.
    const hls = new Library({ enableWorker: false, maxBufferLength: 20, backBufferLength: 60, maxBufferHole: 1 });
    this.hls = hls;
    hls.on(Library.Events.FRAG_CHANGED, (_event, { frag }) => this.onFragment(frag));
    hls.on(Library.Events.ERROR, (_event, { fatal, response, type }) => {
      if (!fatal) return;
      if (response?.code === 404) this.events.onNothing();
      else if (response?.code === ENCRYPTED) this.events.onEncrypted();
      else if (type === Library.ErrorTypes.MEDIA_ERROR && this.before !== undefined) hls.recoverMediaError();
      else this.events.onFailed();
    });
    hls.loadSource(address);
    hls.attachMedia(this.video);
  }

  /** Goes to an instant of what is loaded, or to what comes after it; false when it is not loaded. */
  seek(instant: number): boolean {
    const fragments = this.fragments();
    const [first] = fragments;
    const wanted = fragments.find((fragment) => startOf(fragment) + fragment.duration * 1_000 > instant);
    if (first === undefined || wanted === undefined || instant < startOf(first)) return false;
    this.before = undefined;
    this.video.currentTime = wanted.start + Math.max(0, instant - startOf(wanted)) / 1_000;
    return true;
  }

  close(): void {
    this.loads += 1;
    this.hls?.destroy();
    this.hls = undefined;
  }

  private onFragment(fragment: Fragment): void {
    const { before } = this;
    this.before = fragment;
    if (before === undefined || fragment.sn !== Number(before.sn) + 1) return;
    const pauseMs = startOf(fragment) - startOf(before) - before.duration * 1_000;
    if (pauseMs > GAP_TOLD_MS) this.events.onGap(pauseMs, startOf(fragment));
  }

  private fragments(): readonly Fragment[] {
    return this.hls?.latestLevelDetails?.fragments ?? [];
  }
}

function startOf(fragment: Fragment): number {
  return fragment.programDateTime ?? 0;
}
