import { once } from 'node:events';
import type { WebSocket } from 'ws';
import { type Json, numberAt, objectAt, parseObject, Refusal, textAt } from './json.ts';
import { openSocket } from './open-socket.ts';
import { fps, gopSec, height, type Piece, pictures, width } from './picture-source.ts';

const STARTED_TIMEOUT_MS = 5_000;
const MAX_QUEUED_BYTES = 512 * 1024;
const PUSH_CONNECT_FAILED = 1103;
const PUSH_REJECTED = 1104;

/** What the encoder of the one stream makes. */
export const video = { codec: 'h264', width, height, fps, kbps: 500 };

/** One live session pushed to a media server over the carrier `wss-fmp4` (B6). */
export class LivePush {
  state: 'connecting' | 'publishing' | 'error' = 'connecting';
  /** Why the push is in the state `error`, as section B1 numbers it. */
  failure: number | undefined;
  private readonly sessionId: string;
  private readonly deviceId: string;
  private readonly ended = new AbortController();
  private socket: WebSocket | undefined;
  private expiry: NodeJS.Timeout | undefined;
  private sequence = 0;
  private keyFrameWanted = false;

  constructor(sessionId: string, deviceId: string) {
    this.sessionId = sessionId;
    this.deviceId = deviceId;
  }

  /** Connects to `target` and pushes until the session is stopped; a failure shows in `state`. */
  async run(target: Json): Promise<void> {
    try {
      await this.publish(textAt(target, 'url'), textAt(target, 'token'));
    } catch (error) {
      if (this.ended.signal.aborted) return;
      this.state = 'error';
      this.failure = error instanceof Refusal && error.code === PUSH_REJECTED ? PUSH_REJECTED : PUSH_CONNECT_FAILED;
    } finally {
      this.stop('error');
    }
  }

  /** Keeps the session for `ttlSec` from now; unless renewed it stops by itself then. */
  renew(ttlSec: number): void {
    clearTimeout(this.expiry);
    this.expiry = setTimeout(() => this.stop('ttl'), ttlSec * 1000);
  }

  /** Says why, and ends the push. Idempotent. */
  stop(reason: string): void {
    clearTimeout(this.expiry);
    if (this.ended.signal.aborted) return;
    this.ended.abort();
    this.socket?.send(JSON.stringify({ type: 'stop', sessionId: this.sessionId, reason }));
    this.socket?.close(1000);
  }

  private async publish(url: string, token: string): Promise<void> {
    const socket = await openSocket(url, 'hss.vm.v1', token);
    if (this.ended.signal.aborted) return socket.close(1000);
    this.socket = socket;
    socket.once('close', () => this.ended.abort());
    socket.send(JSON.stringify(this.startMessage(token)));
    const [answer]: readonly unknown[] = await once(socket, 'message', { signal: AbortSignal.timeout(STARTED_TIMEOUT_MS) });
    if (parseObject(String(answer)).type !== 'started') throw new Refusal(PUSH_REJECTED, 'the media server refused');
    socket.on('message', (data: Buffer) => {
      if (parseObject(data.toString('utf8')).type === 'stop') this.stop('command');
    });
    this.state = 'publishing';
    for await (const piece of pictures()) {
      if (this.ended.signal.aborted) break;
      this.send(socket, piece);
    }
  }

  /** What does not fit is dropped up to the next key frame, so that a slow line shows fewer pictures and never a broken one. */
  private send(socket: WebSocket, { kind, key, bytes }: Piece): void {
    if (key) this.keyFrameWanted = false;
    if (socket.bufferedAmount > MAX_QUEUED_BYTES) this.keyFrameWanted = true;
    if (kind === 'fragment' && this.keyFrameWanted) return;
    const header = Buffer.alloc(8);
    header.writeUInt8(kind === 'init' ? 0 : 1, 0);
    header.writeUInt8(key ? 1 : 0, 1);
    header.writeUInt16BE(kind === 'init' ? 0 : 1, 2);
    header.writeUInt32BE(this.sequence, 4);
    this.sequence += 1;
    socket.send(Buffer.concat([header, bytes]));
  }

  private startMessage(token: string): Json {
    const { sessionId, deviceId } = this;
    const stream = { channel: 1, stream: 'main', kind: 'live', video: { ...video, gopSec } };
    return { type: 'start', sessionId, deviceId, ...stream, token, startAt: Date.now() };
  }
}

/** The live sessions of the device: one encoder, one session at a time (B5.12, B5.13). */
export class LiveSessions {
  /** How many pushes were ever begun. */
  started = 0;
  private readonly deviceId: string;
  private readonly pushes = new Map<string, LivePush>();

  constructor(deviceId: string) {
    this.deviceId = deviceId;
  }

  /** The sessions as device.getStatus shows them. */
  get status(): readonly Json[] {
    return [...this.pushes].map(([sessionId, { state }]) => ({ sessionId, stream: 'main', state }));
  }

  /** Answers live.push: begins a session, or renews it. @throws Refusal 1100, 1101, 1103, 1104, 1107 */
  push(params: Json): Json {
    if (numberAt(params, 'channel') !== 1) throw new Refusal(1100, 'CHANNEL_NOT_FOUND');
    if (textAt(params, 'stream') !== 'main') throw new Refusal(1101, 'STREAM_NOT_FOUND');
    const sessionId = textAt(params, 'sessionId');
    const push = this.pushes.get(sessionId) ?? this.begin(sessionId, objectAt(params, 'target'));
    if (push.failure !== undefined) {
      this.pushes.delete(sessionId);
      throw new Refusal(push.failure, 'the push failed');
    }
    push.renew(numberAt(params, 'ttlSec', 60));
    return { sessionId, state: push.state === 'publishing' ? 'publishing' : 'connecting', video };
  }

  /** Answers live.stop; without a session id everything stops. */
  stop({ sessionId }: Json): Json {
    const stopped = [...this.pushes.keys()].filter((id) => sessionId === undefined || id === sessionId);
    for (const id of stopped) {
      this.pushes.get(id)?.stop('command');
      this.pushes.delete(id);
    }
    return { stopped };
  }

  private begin(sessionId: string, target: Json): LivePush {
    if ([...this.pushes.values()].some(({ failure }) => failure === undefined)) throw new Refusal(1107, 'TOO_MANY_SESSIONS');
    const push = new LivePush(sessionId, this.deviceId);
    this.pushes.set(sessionId, push);
    this.started += 1;
    void push.run(target).finally(() => {
      if (push.failure === undefined) this.pushes.delete(sessionId);
    });
    return push;
  }
}
