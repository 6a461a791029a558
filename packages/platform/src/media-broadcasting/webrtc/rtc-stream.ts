import type { Clock, Random, Timer } from '@cardea/core';
import { type AccessUnit, MediaError, RtpPacketiser, type Track } from '@cardea/media';
import type { Broadcast, BroadcastPart } from '../broadcast.ts';
import type { MediaBatch, MediaSink } from '../live-stream.ts';
import { WallClockLine } from '../wall-clock-line.ts';
import type { RtcKind, RtcUnit, RtcViewer } from './rtc-viewer.ts';

export interface RtcStreamOptions {
  readonly broadcast: Broadcast;
  readonly clock: Clock;
  readonly random: Random;
}

/** Somebody who watches, and is told when the pictures are of a kind that was not agreed on, or come no more. */
export interface RtcWatcher {
  readonly viewer: RtcViewer;
  readonly onForeignTracks: () => void;
}

interface Lane {
  readonly track: Track;
  readonly packetiser: RtpPacketiser;
}

const REPORT_MS = 1_000;
/** More than this at once would be a second of waiting in most networks: the next key frame is waited for instead. */
const BURST_MAX_BYTES = 2 * 1024 * 1024;

/** The tracks of a stream that go over WebRTC: browsers take H.264 and Opus. */
export function rtcTracksOf(tracks: readonly Track[]): Readonly<Partial<Record<RtcKind, Track>>> {
  const video = tracks.find(({ codec }) => codec === 'h264');
  const audio = tracks.find(({ codec }) => codec === 'opus');
  return { ...(video && { video }), ...(audio && { audio }) };
}

/** One broadcast as RTP, packetised once for all who watch over WebRTC. It takes part in the stream only while somebody does. */
export class RtcStream implements BroadcastPart, MediaSink {
  readonly ssrcs: Readonly<Record<RtcKind, number>>;
  private readonly options: RtcStreamOptions;
  private readonly watchers = new Set<RtcWatcher>();
  private readonly timestampOffset: number;
  private readonly lanes = new Map<RtcKind, Lane>();
  private attachment: Disposable | undefined;
  private reporting: Timer | undefined;
  private readonly line: WallClockLine;
  private newestTimestamp = 0;
  private kept: readonly RtcUnit[] | undefined;

  constructor(options: RtcStreamOptions) {
    this.options = options;
    this.line = new WallClockLine(options.clock);
    const [video = 0, audio = 0, offset = 0] = new Uint32Array(options.random.bytes(12).slice().buffer);
    this.ssrcs = { video, audio };
    this.timestampOffset = offset;
  }

  get viewers(): number {
    return this.watchers.size;
  }

  /** Sends to the watcher from now on, beginning at the newest key frame. Dispose to stop. */
  join(watcher: RtcWatcher): Disposable {
    this.watchers.add(watcher);
    this.attachment ??= this.options.broadcast.stream.attach(this);
    this.reporting ??= this.reportLater();
    watcher.viewer.restart();
    return { [Symbol.dispose]: () => this.leave(watcher) };
  }

  onTracks(tracks: readonly Track[]): void {
    const { video, audio } = rtcTracksOf(tracks);
    this.lanes.clear();
    this.line.reset();
    this.kept = undefined;
    if (video === undefined) for (const { onForeignTracks } of [...this.watchers]) onForeignTracks();
    for (const [kind, track] of [['video', video] as const, ['audio', audio] as const]) {
      if (track !== undefined) this.lanes.set(kind, { track, packetiser: this.packetiserOf(kind, track) });
    }
  }

  onBatch({ units }: MediaBatch): void {
    this.kept = undefined;
    for (const unit of units) {
      const made = this.unitOf(unit);
      if (made === undefined) continue;
      if (made.kind === 'video') this.newestTimestamp = made.timestamp;
      for (const { viewer } of this.watchers) viewer.take(made);
    }
  }

  onDropped(): void {
    this.attachment = undefined;
    for (const { onForeignTracks } of [...this.watchers]) onForeignTracks();
  }

  /**
   * The pictures since the newest key frame, for viewers that begin: a tick apart behind the newest one, so that they are shown
   * at once and not at the pace at which they were taken. Empty when they are not kept, or too much to send in one go.
   */
  burst(): readonly RtcUnit[] {
    this.kept ??= this.makeBurst();
    return this.kept;
  }

  [Symbol.dispose](): void {
    for (const watcher of [...this.watchers]) this.leave(watcher);
  }

  private makeBurst(): readonly RtcUnit[] {
    const lane = this.lanes.get('video');
    const units = this.options.broadcast.stream.gop.filter(({ trackId }) => trackId === lane?.track.id);
    if (lane === undefined || units.reduce((sum, { data }) => sum + data.length, 0) > BURST_MAX_BYTES) return [];
    const newest = units.at(-1);
    if (newest !== undefined) this.newestTimestamp = lane.packetiser.timestampAt(newest.pts);
    return units.flatMap((unit, index) => {
      const made = this.unitOf(unit);
      return made === undefined ? [] : [{ ...made, timestamp: (this.newestTimestamp + 1 + index) >>> 0 }];
    });
  }

  private packetiserOf(kind: RtcKind, track: Track): RtpPacketiser {
    return new RtpPacketiser(track, { payloadType: 0, ssrc: this.ssrcs[kind], timestampOffset: this.timestampOffset });
  }

  /** A unit that is malformed is the publisher's fault and no viewer's: it is left out. */
  private unitOf(unit: AccessUnit): RtcUnit | undefined {
    for (const [kind, { track, packetiser }] of this.lanes) {
      if (track.id !== unit.trackId) continue;
      this.line.begin(unit.dts / track.timescale);
      try {
        const packets = packetiser.packets(unit).map(({ buffer, byteOffset, length }) => Buffer.from(buffer, byteOffset, length));
        return { kind, packets, timestamp: packetiser.timestampAt(unit.pts), isKeyframe: unit.keyframe };
      } catch (error) {
        if (error instanceof MediaError) return undefined;
        throw error;
      }
    }
    return undefined;
  }

  private reportLater(): Timer {
    return this.options.clock.setTimer(REPORT_MS, () => {
      this.report();
      this.reporting = this.reportLater();
    });
  }

  private report(): void {
    const at = this.options.clock.now();
    const sec = this.line.secondAt(at);
    if (sec === undefined) return;
    const timestamps = Object.fromEntries(
      [...this.lanes].map(([kind, { track, packetiser }]) => [kind, packetiser.timestampAt(sec * track.timescale)]),
    );
    for (const { viewer } of this.watchers) viewer.report(at, timestamps);
  }

  private leave(watcher: RtcWatcher): void {
    watcher.viewer[Symbol.dispose]();
    if (!this.watchers.delete(watcher) || this.watchers.size > 0) return;
    this.attachment?.[Symbol.dispose]();
    this.attachment = undefined;
    this.reporting?.[Symbol.dispose]();
    this.reporting = undefined;
    this.lanes.clear();
    this.kept = undefined;
  }
}
