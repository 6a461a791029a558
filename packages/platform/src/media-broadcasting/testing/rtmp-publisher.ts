import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import {
  type AmfValue,
  ChunkReader,
  FlvMuxer,
  flvType,
  parseRtmpCommand,
  type RtmpCommand,
  rtmpCommand,
  rtmpType,
  type Track,
  writeChunks,
} from '@cardea/media';
import type { Clip } from './media.ts';

const DEFAULT_CHUNK_BYTES = 128;
const HELLO_BYTES = 1_536;

/** An encoder as OBS is one: it publishes a clip to an address as far as it is told. */
export class RtmpPublisher {
  /** Codes of `onStatus`, in order. */
  readonly statuses: string[] = [];
  isClosed = false;
  private readonly socket: Socket;
  private readonly clip: Clip;
  private readonly muxer: FlvMuxer;
  private readonly timescales: ReadonlyMap<number, number>;
  private readonly reader = new ChunkReader(({ type, data, ...rest }) => {
    if (type === rtmpType.command) this.onCommand(parseRtmpCommand({ type, data, ...rest }));
  });
  private helloBytes = 1 + 2 * HELLO_BYTES;
  private waiting: { readonly name: string; readonly resolve: (command: RtmpCommand) => void } | undefined;
  private next = 0;
  private publishedSec = 0;

  private constructor(socket: Socket, clip: Clip) {
    this.socket = socket;
    this.clip = clip;
    this.muxer = new FlvMuxer(clip.tracks);
    this.timescales = new Map(clip.tracks.map(({ id, timescale }: Track) => [id, timescale]));
    socket.on('data', (bytes) => this.receive(bytes));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      this.waiting?.resolve({ name: 'closed', transactionId: 0, values: [] });
    });
  }

  /** Connects and asks to publish; resolves with the answer's code, after which metadata and configurations were sent. */
  static async connect(address: string, clip: Clip): Promise<RtmpPublisher> {
    const url = new URL(address);
    const to = { host: url.hostname, port: Number(url.port) };
    const socket = url.protocol === 'rtmps:' ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
    const publisher = new RtmpPublisher(socket, clip);
    await publisher.publish(url);
    return publisher;
  }

  /** Sends what lies in the next seconds of the clip. */
  publishMore(seconds: number): void {
    this.publishedSec += seconds;
    for (;;) {
      const unit = this.clip.units[this.next];
      if (unit === undefined || unit.dts / (this.timescales.get(unit.trackId) ?? 1) >= this.publishedSec) return;
      const { head, data, ...place } = this.muxer.message(unit);
      this.send(place.type, Buffer.concat([head, data]), place.timestampMs);
      this.next += 1;
    }
  }

  /** Ends as encoders do. */
  unpublish(): void {
    this.say('FCUnpublish', null, 'KEY');
    this.say('deleteStream', null, 1);
    this.socket.end();
  }

  /** Ends without a word. */
  drop(): void {
    this.socket.destroy();
  }

  private async publish(url: URL): Promise<void> {
    const [, app = '', key = ''] = /^\/([^/]*)\/(.*)$/.exec(url.pathname) ?? [];
    const hello = new Uint8Array(HELLO_BYTES);
    this.socket.write(Uint8Array.of(3, ...hello, ...hello));
    this.say('connect', { app, type: 'nonprivate', flashVer: 'FMLE/3.0', tcUrl: `${url.protocol}//${url.host}/${app}` });
    await this.answer('_result');
    this.say('releaseStream', null, key + url.search);
    this.say('FCPublish', null, key + url.search);
    await this.answer('onFCPublish');
    this.say('createStream', null);
    await this.answer('_result');
    this.say('publish', null, key + url.search, 'live');
    await this.answer('onStatus');
    if (this.statuses.at(-1) !== 'NetStream.Publish.Start') return;
    for (const { type, data } of this.muxer.headers()) this.send(type, type === flvType.script ? setDataFrame(data) : data, 0);
  }

  private onCommand(command: RtmpCommand): void {
    const [, information] = command.values;
    if (command.name === 'onStatus') this.statuses.push(String(Object(information).code));
    if (this.waiting?.name === command.name) this.waiting.resolve(command);
  }

  private async answer(name: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<RtmpCommand>();
    this.waiting = { name, resolve };
    await promise;
    this.waiting = undefined;
  }

  private receive(bytes: Buffer): void {
    const skipped = Math.min(this.helloBytes, bytes.length);
    this.helloBytes -= skipped;
    this.reader.push(bytes.subarray(skipped));
  }

  private say(name: string, ...values: readonly AmfValue[]): void {
    this.write(rtmpCommand({ name, transactionId: 1, values }), 3);
  }

  private send(type: number, data: Uint8Array, timestampMs: number): void {
    this.write({ type, streamId: 1, timestampMs, data }, 4);
  }

  private write(message: Parameters<typeof writeChunks>[0], chunkStreamId: number): void {
    this.socket.write(writeChunks(message, { chunkStreamId, chunkSizeBytes: DEFAULT_CHUNK_BYTES }));
  }
}

/** `@setDataFrame` before the metadata, as encoders send them. */
function setDataFrame(metadata: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(2, 0, 13), Buffer.from('@setDataFrame'), metadata]);
}
