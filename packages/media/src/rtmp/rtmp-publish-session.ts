import { type AmfValue, isAmfObject } from '../flv/amf0.ts';
import { type FlvTag, flvType } from '../flv/flv-tag.ts';
import { malformed } from '../media-error.ts';
import { ChunkReader, type CreateBytes } from './chunk-reader.ts';
import { writeChunks } from './chunk-writer.ts';
import { type RtmpHandshakeOptions, RtmpServerHandshake } from './rtmp-handshake.ts';
import {
  parseRtmpCommand,
  type RtmpCommand,
  type RtmpMessage,
  rtmpCommand,
  rtmpControl,
  rtmpType,
  rtmpUserControl,
  userControl,
} from './rtmp-message.ts';

/** What somebody wants to publish. */
export interface RtmpPublishWish {
  /** Path of the application and its query as the client sent them, e.g. `vm` or `vm?token=x`. */
  readonly app: string;
  /** Name of the stream and its query, e.g. `01JC...?token=x`. */
  readonly streamKey: string;
}

export interface RtmpPublishSessionOptions extends RtmpHandshakeOptions {
  /** Bytes for the client. */
  readonly send: (bytes: Uint8Array) => void;
  /** Answer with `accept` or `refuse`; until then media are dropped. */
  readonly onPublish: (wish: RtmpPublishWish) => void;
  /** Sound, pictures and metadata of the accepted publisher. */
  readonly onMedia: (tag: FlvTag) => void;
  /** The publisher said that it ends. */
  readonly onUnpublish: () => void;
  /** Room for a message; without it, memory of its own that is cleared first. */
  readonly createBytes?: CreateBytes;
}

/** Why a publisher is not wanted, in the words of `onStatus`. */
export type RtmpRefusal = 'NetStream.Publish.BadName' | 'NetStream.Publish.Denied';

const WINDOW_BYTES = 2_500_000;
const CHUNK_BYTES = 4_096;
const DYNAMIC_LIMIT = 2;
const CONTROL_CHUNKS = 2;
const COMMAND_CHUNKS = 3;
const STREAM_ID = 1;

/**
 * The server's side of one connection on which one stream is published; whoever wants to play is refused. It keeps no time:
 * whoever owns it decides how long to wait for what. After a MediaError of `push` the connection cannot go on.
 * @see RTMP 1.0, 7.2
 */
export class RtmpPublishSession {
  private readonly options: RtmpPublishSessionOptions;
  private readonly handshake: RtmpServerHandshake;
  private readonly chunks: ChunkReader;
  private state: 'handshake' | 'connected' | 'asked' | 'publishing' | 'over' = 'handshake';
  private app = '';
  private receivedBytes = 0;
  private acknowledgedBytes = 0;
  private windowBytes = WINDOW_BYTES;

  constructor(options: RtmpPublishSessionOptions) {
    this.options = options;
    this.handshake = new RtmpServerHandshake(options);
    this.chunks = new ChunkReader((message) => this.onMessage(message), options.createBytes);
  }

  /** @throws MediaError OBJECT_MISMATCH for what is no RTMP, or beyond a limit */
  push(bytes: Uint8Array): void {
    if (this.state === 'over') return;
    this.receivedBytes += bytes.length;
    if (this.state !== 'handshake') this.chunks.push(bytes);
    else this.shakeHands(bytes);
    if (this.receivedBytes - this.acknowledgedBytes < this.windowBytes) return;
    this.acknowledgedBytes = this.receivedBytes;
    this.sendControl(rtmpControl(rtmpType.acknowledgement, this.receivedBytes % 0x1_0000_0000));
  }

  /** What the publisher asked for is granted. */
  accept(): void {
    if (this.state !== 'asked') return;
    this.state = 'publishing';
    this.sendControl(rtmpUserControl(userControl.streamBegin, STREAM_ID));
    this.sendStatus('status', 'NetStream.Publish.Start', 'publishing');
  }

  /** The client is told why; close the connection afterwards. */
  refuse(code: RtmpRefusal, description: string): void {
    this.sendStatus('error', code, description);
    this.state = 'over';
  }

  /** Tells an accepted publisher that its stream is over; close the connection afterwards. */
  end(description: string): void {
    if (this.state === 'publishing') this.sendStatus('status', 'NetStream.Unpublish.Success', description);
    this.state = 'over';
  }

  private shakeHands(bytes: Uint8Array): void {
    const { answer, rest } = this.handshake.push(bytes);
    if (answer !== undefined) this.options.send(answer);
    if (rest === undefined) return;
    this.state = 'connected';
    this.chunks.push(rest);
  }

  private onMessage(message: RtmpMessage): void {
    switch (message.type) {
      case rtmpType.command:
      case rtmpType.commandAmf3:
        this.onCommand(parseRtmpCommand(message));
        break;
      case rtmpType.windowSize:
        this.onWindowSize(message);
        break;
      case rtmpType.userControl:
        this.onUserControl(message);
        break;
      case rtmpType.dataAmf3:
        this.onMedia({ ...message, type: flvType.script, data: message.data.subarray(1) });
        break;
      default:
        this.onMedia(message);
        break;
    }
  }

  private onMedia(tag: FlvTag): void {
    if (this.state === 'publishing') this.options.onMedia(tag);
  }

  private onCommand(command: RtmpCommand): void {
    switch (command.name) {
      case 'connect':
        this.onConnect(command);
        break;
      case 'createStream':
        this.sendResult(command, [null, STREAM_ID]);
        break;
      case 'releaseStream':
        this.sendResult(command, [null, undefined]);
        break;
      case 'FCPublish':
        this.onFcPublish(command);
        break;
      case 'publish':
        this.onPublish(command);
        break;
      case 'play':
        this.refuse('NetStream.Publish.Denied', 'nothing is played here');
        break;
      case 'FCUnpublish':
      case 'closeStream':
      case 'deleteStream':
        this.onUnpublish();
        break;
      default:
        // Clients ask for more than a publisher needs and go on without an answer; those that wait are told.
        if (command.transactionId !== 0 && !command.name.startsWith('_')) this.sendError(command);
    }
  }

  private onConnect(command: RtmpCommand): void {
    const [connect] = command.values;
    this.app = textMember(connect, 'app') || applicationOf(textMember(connect, 'tcUrl'));
    // Some clients put the query into the address alone.
    const query = /\?.*$/s.exec(textMember(connect, 'tcUrl'))?.[0] ?? '';
    if (!this.app.includes('?')) this.app += query;
    this.sendControl(rtmpControl(rtmpType.windowSize, WINDOW_BYTES));
    this.sendControl(rtmpControl(rtmpType.peerBandwidth, WINDOW_BYTES, DYNAMIC_LIMIT));
    this.sendControl(rtmpControl(rtmpType.setChunkSize, CHUNK_BYTES));
    const information = { level: 'status', code: 'NetConnection.Connect.Success', description: 'connected', objectEncoding: 0 };
    this.sendResult(command, [
      { fmsVer: 'FMS/3,0,1,123', capabilities: 31, fourCcList: ['hvc1', 'av01', 'avc1', 'Opus', 'mp4a'] },
      information,
    ]);
  }

  private onFcPublish(command: RtmpCommand): void {
    this.sendResult(command, [null, undefined]);
    this.sendCommand({
      name: 'onFCPublish',
      transactionId: 0,
      values: [null, { code: 'NetStream.Publish.Start', description: 'publishing' }],
    });
  }

  private onPublish({ values }: RtmpCommand): void {
    const [, streamKey] = values;
    if (this.state !== 'connected' || this.app === '') throw malformed('publish came out of turn');
    if (typeof streamKey !== 'string') throw malformed('publish names no stream');
    this.state = 'asked';
    this.options.onPublish({ app: this.app, streamKey });
  }

  private onUnpublish(): void {
    if (this.state !== 'publishing' && this.state !== 'asked') return;
    this.sendCommand({
      name: 'onFCUnpublish',
      transactionId: 0,
      values: [null, { code: 'NetStream.Unpublish.Success', description: 'ended' }],
    });
    this.end('ended');
    this.options.onUnpublish();
  }

  private onWindowSize({ data }: RtmpMessage): void {
    if (data.length < 4) throw malformed('a window size is cut short');
    const sizeBytes = new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(0);
    // A tiny window would make us answer every byte.
    this.windowBytes = Math.max(sizeBytes, CHUNK_BYTES);
  }

  private onUserControl({ data }: RtmpMessage): void {
    if (data.length < 6) return;
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    if (view.getUint16(0) === userControl.pingRequest) this.sendControl(rtmpUserControl(userControl.pingResponse, view.getUint32(2)));
  }

  private sendStatus(level: 'status' | 'error', code: string, description: string): void {
    this.sendCommand({ name: 'onStatus', transactionId: 0, values: [null, { level, code, description }] }, STREAM_ID);
  }

  private sendResult({ transactionId }: RtmpCommand, values: readonly AmfValue[]): void {
    this.sendCommand({ name: '_result', transactionId, values });
  }

  private sendError({ name, transactionId }: RtmpCommand): void {
    const information = { level: 'error', code: 'NetConnection.Call.Failed', description: `there is no ${name.slice(0, 32)}` };
    this.sendCommand({ name: '_error', transactionId, values: [null, information] });
  }

  private sendCommand(command: RtmpCommand, streamId = 0): void {
    this.options.send(
      writeChunks(rtmpCommand(command, streamId), { chunkStreamId: COMMAND_CHUNKS, chunkSizeBytes: this.outgoingChunkBytes() }),
    );
  }

  private sendControl(message: RtmpMessage): void {
    this.options.send(writeChunks(message, { chunkStreamId: CONTROL_CHUNKS, chunkSizeBytes: CHUNK_BYTES }));
  }

  /** Commands come after our chunk size was told, which is the first thing that answers `connect`. */
  private outgoingChunkBytes(): number {
    return this.app === '' ? 128 : CHUNK_BYTES;
  }
}

function textMember(value: AmfValue, member: string): string {
  const text = isAmfObject(value) ? value[member] : undefined;
  return typeof text === 'string' ? text : '';
}

function applicationOf(tcUrl: string): string {
  return /^rtmps?:\/\/[^/]*\/(.*)$/s.exec(tcUrl)?.[1] ?? '';
}
