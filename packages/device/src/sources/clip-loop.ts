import { type Clock, sleep } from '@cardea/core';
import type { AccessUnit, Track } from '@cardea/media';
import type { MediaReceiver, MediaRun, ReadOptions } from '../camera.ts';
import type { Clip, ClipEntry } from './clip.ts';

/** When the wall clock moved by more than this against the monotonic one, an aligned loop is lined up again. */
const TOLERATED_DRIFT_MS = 250;

export interface ClipLoopOptions {
  /** Show at wall time t what stands at t modulo the length of the clip, so that a clock in the picture is right. */
  readonly alignToClock: boolean;
}

/** Plays `clip` over and over in real time until `signal` aborts. The first key frame may lie up to one interval back. */
export async function playClipLoop(
  clip: Clip,
  receiver: MediaReceiver,
  { clock, signal }: ReadOptions,
  options: ClipLoopOptions,
): Promise<void> {
  let start = firstStart(clip, clock, options);
  while (!signal.aborted) {
    const run = new LoopRun(clip, start, clock);
    receiver.begin(run.media);
    try {
      await run.play(receiver, signal, options);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    start = nextStart(clip, clock);
  }
}

interface LoopStart {
  readonly entryIndex: number;
  /** The monotonic clock at the moment of that entry. */
  readonly monotonicMs: number;
}

/** At the key frame before the present position: whoever waits gets a picture at once. */
function firstStart(clip: Clip, clock: Clock, { alignToClock }: ClipLoopOptions): LoopStart {
  if (!alignToClock) return { entryIndex: 0, monotonicMs: clock.monotonicMs() };
  const positionMs = clock.now() % clip.durationMs;
  const entryIndex = clip.entries.findLastIndex((entry) => entry.startable && entry.timeMs <= positionMs);
  return { entryIndex, monotonicMs: clock.monotonicMs() - positionMs + (clip.entries[entryIndex]?.timeMs ?? 0) };
}

/** At the key frame after the present position: time must not run back for those who already receive. */
function nextStart(clip: Clip, clock: Clock): LoopStart {
  const positionMs = clock.now() % clip.durationMs;
  const found = clip.entries.findIndex((entry) => entry.startable && entry.timeMs >= positionMs);
  const timeMs = found < 0 ? clip.durationMs : (clip.entries[found]?.timeMs ?? 0);
  return { entryIndex: Math.max(0, found), monotonicMs: clock.monotonicMs() + timeMs - positionMs };
}

/** One unbroken time line through the repeated clip. */
class LoopRun {
  readonly media: MediaRun;
  private readonly clip: Clip;
  private readonly clock: Clock;
  private readonly firstEntry: number;
  private readonly originMs: number;
  private readonly wallAheadMs: number;

  constructor(clip: Clip, start: LoopStart, clock: Clock) {
    this.clip = clip;
    this.clock = clock;
    this.firstEntry = start.entryIndex;
    this.originMs = clip.entries[start.entryIndex]?.timeMs ?? 0;
    this.wallAheadMs = clock.now() - clock.monotonicMs();
    this.media = { tracks: clip.tracks, startMonotonicMs: start.monotonicMs };
  }

  /** Resolves when the loop has to be lined up again. @throws AppError CANCELLED when `signal` aborts */
  async play(receiver: MediaReceiver, signal: AbortSignal, { alignToClock }: ClipLoopOptions): Promise<void> {
    for (let position = this.firstEntry; ; position += 1) {
      const turn = Math.floor(position / this.clip.entries.length);
      const entry = this.clip.entries[position % this.clip.entries.length];
      if (entry === undefined || signal.aborted) return;
      const elapsedMs = turn * this.clip.durationMs + entry.timeMs - this.originMs;
      const unit = this.shifted(await this.clip.readSample(entry), entry, turn);
      const aheadMs = this.media.startMonotonicMs + elapsedMs - this.clock.monotonicMs();
      if (aheadMs > 0) await sleep(this.clock, aheadMs, { signal });
      if (alignToClock && entry.startable && this.drifted()) return;
      receiver.unit(unit);
    }
  }

  private drifted(): boolean {
    return Math.abs(this.clock.now() - this.clock.monotonicMs() - this.wallAheadMs) > TOLERATED_DRIFT_MS;
  }

  private shifted(unit: AccessUnit, entry: ClipEntry, turn: number): AccessUnit {
    const { timescale } = this.trackOf(entry);
    // Rounded from the start each time, so that the turns of a clip of uneven length do not add up an error.
    const byTicks = Math.round(((turn * this.clip.durationMs - this.originMs) / 1_000) * timescale);
    return { ...unit, dts: unit.dts + byTicks, pts: unit.pts + byTicks };
  }

  private trackOf(entry: ClipEntry): Pick<Track, 'timescale'> {
    return this.clip.tracks.find((track) => track.id === entry.trackId) ?? { timescale: 1 };
  }
}
