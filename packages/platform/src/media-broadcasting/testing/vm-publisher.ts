import { Fmp4Muxer, type Track } from '@cardea/media';
import { encodeMediaFrame } from '@cardea/protocol';
import { WebSocket } from 'ws';
import type { MediaSource } from '../ports.ts';
import type { Clip } from './media.ts';
import { camera } from './rig.ts';

export interface PushTarget {
  readonly url: string;
  readonly token: string;
}

/** The media side of a camera, written from the profile: it publishes a clip as far as it is told. */
export class VmPublisher {
  readonly texts: unknown[] = [];
  closeCode: number | undefined;
  private readonly socket: WebSocket;
  private readonly clip: Clip;
  private readonly muxer: Fmp4Muxer;
  private readonly timescales: ReadonlyMap<number, number>;
  private seq = 0;
  private next = 0;
  private publishedSec = 0;

  private constructor(socket: WebSocket, clip: Clip) {
    this.socket = socket;
    this.clip = clip;
    this.muxer = new Fmp4Muxer(clip.tracks);
    this.timescales = new Map(clip.tracks.map(({ id, timescale }: Track) => [id, timescale]));
    socket.on('message', (data) => this.texts.push(JSON.parse(String(data))));
    socket.on('close', (code) => {
      this.closeCode = code;
    });
  }

  /** Connects, announces itself and sends the init segment; resolves when the platform accepted. */
  static async connect({ url, token }: PushTarget, clip: Clip, source: MediaSource = camera): Promise<VmPublisher> {
    const socket = new WebSocket(url, 'hss.vm.v1', { headers: { authorization: `Bearer ${token}` } });
    const publisher = new VmPublisher(socket, clip);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const accepted = new Promise((resolve) => socket.once('message', resolve));
    const video = { codec: 'h264', width: 320, height: 180, fps: 25, kbps: 500, gopSec: 1 };
    const sessionId = url.split('/').at(-1);
    publisher.say({ type: 'start', sessionId, ...source, kind: 'live', token, startAt: 0, video });
    await accepted;
    publisher.send('init', publisher.muxer.initSegment());
    return publisher;
  }

  /** Sends one fragment for each frame of the clip that lies before `second`. */
  publishUntil(second: number): void {
    for (;;) {
      const unit = this.clip.units[this.next];
      if (unit === undefined || unit.dts / (this.timescales.get(unit.trackId) ?? 1) >= second) return;
      this.send('fragment', this.muxer.fragment([unit], this.next));
      this.next += 1;
    }
  }

  /** Sends as much more of the clip. */
  publishMore(seconds: number): void {
    this.publishedSec += seconds;
    this.publishUntil(this.publishedSec);
  }

  say(frame: object): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** Ends without a word. */
  drop(): void {
    this.socket.terminate();
  }

  private send(kind: 'init' | 'fragment', payload: Uint8Array): void {
    this.socket.send(encodeMediaFrame({ kind, key: false, track: 0, seq: this.seq, payload }));
    this.seq += 1;
  }
}
