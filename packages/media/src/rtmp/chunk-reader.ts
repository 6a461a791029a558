import { malformed } from '../media-error.ts';
import { type RtmpMessage, rtmpType } from './rtmp-message.ts';

const DEFAULT_CHUNK_BYTES = 128;
const MAX_CHUNK_BYTES = 0xff_ffff;
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** Encoders use five or so. */
const MAX_CHUNK_STREAMS = 32;
/** Of all messages that are not complete. */
const MAX_UNFINISHED_BYTES = 8 * 1024 * 1024;
const EXTENDED_TIME = 0xff_ffff;
/** Basic header, message header and extended timestamp at their longest. */
const MAX_HEADER_BYTES = 3 + 11 + 4;
const CONTINUATION = 0xc0;
const LAST_SHORT_ID = 0x3f;
const messageHeaderBytes = [11, 7, 3, 0] as const;

/** Makes room for `sizeBytes`; every byte of it is written before anybody reads it. */
export type CreateBytes = (sizeBytes: number) => Uint8Array;

/** What later chunks of a chunk stream leave out. */
interface ChunkStream {
  readonly id: number;
  timestampMs: number;
  deltaMs: number;
  isExtended: boolean;
  lengthBytes: number;
  type: number;
  streamId: number;
  /** The byte that alone begins its further chunks; `undefined` when more bytes do. */
  continuation: number | undefined;
  /** The message that is being put together, and how much of it is there. */
  payload: Uint8Array | undefined;
  filled: number;
}

/**
 * Puts messages together from the chunks of one direction of a connection, and follows what that direction says about
 * its chunk size. Memory: at most 8 MiB of messages that are not complete, none of them above 4 MiB.
 * @see RTMP 1.0, 5.3
 */
export class ChunkReader {
  private readonly onMessage: (message: RtmpMessage) => void;
  private readonly createBytes: CreateBytes;
  private readonly streams = new Map<number, ChunkStream>();
  private chunkSizeBytes = DEFAULT_CHUNK_BYTES;
  private unfinishedBytes = 0;
  /** The beginning of a chunk header that came without its end. */
  private readonly header = new Uint8Array(MAX_HEADER_BYTES);
  private headerBytes = 0;
  /** The chunk stream whose payload comes next, and how much of this chunk. */
  private current: ChunkStream | undefined;
  private leftBytes = 0;

  /** `onMessage` is called synchronously; it owns the data, which `createBytes` may have made as part of something larger. */
  constructor(onMessage: (message: RtmpMessage) => void, createBytes: CreateBytes = (sizeBytes) => new Uint8Array(sizeBytes)) {
    this.onMessage = onMessage;
    this.createBytes = createBytes;
  }

  /** @throws MediaError OBJECT_MISMATCH when the bytes are no chunks, or beyond a limit; the connection cannot go on then */
  push(received: Uint8Array): void {
    // A Buffer takes much longer to cut than what it stands on.
    const bytes = new Uint8Array(received.buffer, received.byteOffset, received.byteLength);
    let at = 0;
    while (at < bytes.length) at = this.current === undefined ? this.readHeader(bytes, at) : this.readPayload(this.current, bytes, at);
  }

  /** Nearly all chunks are of the same message as the one before: they are taken here, without a look at anything else. */
  private readPayload(stream: ChunkStream, bytes: Uint8Array, start: number): number {
    const { payload, lengthBytes } = stream;
    let at = start;
    for (;;) {
      const end = Math.min(bytes.length, at + this.leftBytes);
      payload?.set(bytes.subarray(at, end), stream.filled);
      stream.filled += end - at;
      this.leftBytes -= end - at;
      at = end;
      if (this.leftBytes > 0) return at;
      if (stream.filled >= lengthBytes || stream.continuation === undefined || bytes[at] !== stream.continuation) break;
      at += 1;
      this.leftBytes = Math.min(this.chunkSizeBytes, lengthBytes - stream.filled);
    }
    this.endChunk(stream);
    return at;
  }

  private endChunk(stream: ChunkStream): void {
    this.current = undefined;
    const { filled, payload: data, lengthBytes } = stream;
    if (data === undefined || filled < lengthBytes) return;
    this.drop(stream);
    const { type, streamId, timestampMs } = stream;
    if (type === rtmpType.setChunkSize) this.setChunkSize(data);
    else if (type === rtmpType.abort) this.abort(data);
    else this.onMessage({ type, streamId, timestampMs, data });
  }

  /** Header bytes are gathered until there are enough; usually they are all there. */
  private readHeader(bytes: Uint8Array, at: number): number {
    if (this.headerBytes === 0 && bytes.length - at >= MAX_HEADER_BYTES) {
      const wholeBytes = this.headerLength(bytes, at);
      this.openChunk(bytes, at, wholeBytes);
      return at + wholeBytes;
    }
    const taken = bytes.subarray(at, at + MAX_HEADER_BYTES - this.headerBytes);
    this.header.set(taken, this.headerBytes);
    const availableBytes = this.headerBytes + taken.length;
    const neededBytes = availableBytes < basicHeaderBytes(this.header[0] ?? 0) ? MAX_HEADER_BYTES : this.headerLength(this.header, 0);
    if (neededBytes > availableBytes) {
      this.headerBytes = availableBytes;
      return at + taken.length;
    }
    const end = at + neededBytes - this.headerBytes;
    this.headerBytes = 0;
    this.openChunk(this.header, 0, neededBytes);
    return end;
  }

  /** The length of a chunk header whose basic header is there; more than what is there when its time is not. */
  private headerLength(bytes: Uint8Array, at: number): number {
    const first = bytes[at] ?? 0;
    const time = at + basicHeaderBytes(first);
    const format = first >> 6;
    const length = time - at + (messageHeaderBytes[format] ?? 0);
    const isExtended =
      format === 3
        ? this.streams.get(chunkStreamId(first, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0))?.isExtended === true
        : bytes[time] === 0xff && bytes[time + 1] === 0xff && bytes[time + 2] === 0xff;
    return isExtended ? length + 4 : length;
  }

  private openChunk(bytes: Uint8Array, at: number, headerBytes: number): void {
    const first = bytes[at] ?? 0;
    const format = first >> 6;
    const stream = this.streamOf(chunkStreamId(first, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0), format);
    if (format < 3)
      this.readMessageHeader(
        stream,
        format,
        new DataView(bytes.buffer, bytes.byteOffset + at + basicHeaderBytes(first), headerBytes - basicHeaderBytes(first)),
      );
    else if (stream.payload === undefined) stream.timestampMs = (stream.timestampMs + stream.deltaMs) >>> 0;
    if (stream.payload === undefined) this.openMessage(stream);
    this.current = stream;
    this.leftBytes = Math.min(this.chunkSizeBytes, stream.lengthBytes - stream.filled);
    if (this.leftBytes === 0) this.endChunk(stream);
  }

  private readMessageHeader(stream: ChunkStream, format: number, view: DataView): void {
    if (stream.payload !== undefined) throw malformed('a message began amid another one of its chunk stream');
    const short = view.getUint16(0) * 256 + view.getUint8(2);
    stream.isExtended = short === EXTENDED_TIME;
    stream.continuation = stream.isExtended || stream.id > LAST_SHORT_ID ? undefined : CONTINUATION | stream.id;
    const time = stream.isExtended ? view.getUint32(view.byteLength - 4) : short;
    // The first message of a chunk stream has an absolute time, later ones may only say how much went by.
    stream.deltaMs = format === 0 ? 0 : time;
    stream.timestampMs = format === 0 ? time : (stream.timestampMs + time) >>> 0;
    if (format > 1) return;
    stream.lengthBytes = view.getUint16(3) * 256 + view.getUint8(5);
    stream.type = view.getUint8(6);
    if (format === 0) stream.streamId = view.getUint32(7, true);
  }

  private openMessage(stream: ChunkStream): void {
    const { lengthBytes } = stream;
    if (lengthBytes > MAX_MESSAGE_BYTES || this.unfinishedBytes + lengthBytes > MAX_UNFINISHED_BYTES) {
      throw malformed(`a message of ${lengthBytes} bytes`);
    }
    this.unfinishedBytes += lengthBytes;
    stream.payload = this.createBytes(lengthBytes);
    stream.filled = 0;
  }

  private drop(stream: ChunkStream): void {
    this.unfinishedBytes -= stream.payload?.length ?? 0;
    stream.payload = undefined;
    stream.filled = 0;
  }

  private streamOf(id: number, format: number): ChunkStream {
    const known = this.streams.get(id);
    if (known !== undefined) return known;
    // Some encoders leave the stream out of the first header, which is 0 then.
    if (format > 1) throw malformed('a chunk stream began without a length');
    if (this.streams.size >= MAX_CHUNK_STREAMS) throw malformed('too many chunk streams');
    const stream = {
      id,
      continuation: undefined,
      timestampMs: 0,
      deltaMs: 0,
      isExtended: false,
      lengthBytes: 0,
      type: 0,
      streamId: 0,
      payload: undefined,
      filled: 0,
    };
    this.streams.set(id, stream);
    return stream;
  }

  private setChunkSize(data: Uint8Array): void {
    const size = uint32Of(data);
    if (size < 1 || size > 0x7fff_ffff) throw malformed(`a chunk size of ${size}`);
    this.chunkSizeBytes = Math.min(size, MAX_CHUNK_BYTES);
  }

  private abort(data: Uint8Array): void {
    const stream = this.streams.get(uint32Of(data));
    if (stream !== undefined) this.drop(stream);
  }
}

function uint32Of(data: Uint8Array): number {
  if (data.length < 4) throw malformed('a control message is cut short');
  return new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(0);
}

function basicHeaderBytes(first: number): number {
  const id = first & 0x3f;
  return id === 0 ? 2 : id === 1 ? 3 : 1;
}

function chunkStreamId(first: number, second: number, third: number): number {
  const id = first & 0x3f;
  return id === 0 ? 64 + second : id === 1 ? 64 + second + 256 * third : id;
}
