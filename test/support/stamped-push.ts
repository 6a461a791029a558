import { once } from 'node:events';
import { type AccessUnit, Fmp4Muxer, type Mp4File, type Track } from '@cardea/media';
import { encodeMediaFrame } from '@cardea/protocol';
import { WebSocket } from 'ws';

interface Target {
  readonly url: string;
  readonly token: string;
}

export interface StampedPushOptions {
  readonly film: Mp4File;
  readonly fps: number;
  readonly gopSec: number;
  /** What the start frame says beside `type`, `token` and `startAt`. */
  readonly start: Readonly<Record<string, unknown>> & { readonly sessionId: string };
  readonly stamp: (unit: AccessUnit) => AccessUnit;
}

/** One session on carrier `wss-fmp4`, which goes where it is led (B6.2): the new connection gets the running group of pictures first. */
export class StampedPush {
  private readonly options: StampedPushOptions;
  private readonly track: Track;
  private line: Line | undefined;
  private group: AccessUnit[] = [];

  constructor(options: StampedPushOptions) {
    const [track] = options.film.tracks;
    if (track === undefined) throw new Error('a film without pictures');
    this.options = options;
    this.track = track;
  }

  /** Resolves when `signal` aborts or the connection is over. */
  async run(target: Target, signal: AbortSignal): Promise<void> {
    const { film, fps, gopSec, stamp } = this.options;
    const samples = film.samples(this.track.id);
    const ticks = this.track.timescale / fps;
    this.line = await this.connect(target);
    for (let number = 0; !signal.aborted && this.line.isOpen; number += 1) {
      const unit = await film.readSample(this.track.id, number % samples.length);
      const dts = number * ticks;
      if (number % (fps * gopSec) === 0) this.group = [];
      const picture = stamp({ ...unit, dts, pts: dts, duration: ticks });
      this.group.push(picture);
      this.line.send(picture);
      await nextBeat(fps);
    }
    this.line.close();
  }

  private async connect({ url, token }: Target): Promise<Line> {
    const socket = new WebSocket(url, 'hss.vm.v1', { headers: { authorization: `Bearer ${token}` }, perMessageDeflate: false });
    socket.on('error', () => {});
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'start', ...this.options.start, token, startAt: Date.now() }));
    await once(socket, 'message');
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString());
      if (frame.type === 'redirect') void this.follow(frame);
    });
    return new Line(socket, this.track);
  }

  private async follow(target: Target): Promise<void> {
    const next = await this.connect(target);
    for (const picture of this.group) next.send(picture);
    const before = this.line;
    this.line = next;
    before?.stop(this.options.start.sessionId);
  }
}

/** One connection of a push. */
class Line {
  private readonly socket: WebSocket;
  private readonly muxer: Fmp4Muxer;
  private seq = 0;

  constructor(socket: WebSocket, track: Track) {
    this.socket = socket;
    this.muxer = new Fmp4Muxer([track]);
    this.sendFrame('init', this.muxer.initSegment());
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  send(picture: AccessUnit): void {
    this.sendFrame('fragment', this.muxer.fragment([picture], this.seq));
  }

  stop(sessionId: string): void {
    this.socket.send(JSON.stringify({ type: 'stop', sessionId, reason: 'reschedule' }));
    this.socket.close();
  }

  close(): void {
    this.socket.close();
  }

  private sendFrame(kind: 'init' | 'fragment', payload: Uint8Array): void {
    this.socket.send(encodeMediaFrame({ kind, key: false, track: 0, seq: this.seq, payload }));
    this.seq += 1;
  }
}

/** Waits for the next picture to be due, whatever the work before it took. */
function nextBeat(fps: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_000 / fps - (performance.now() % (1_000 / fps))));
}
