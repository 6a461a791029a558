import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type AmfValue, bytesReader, FlvMuxer, Mp4File, rtmpCommand, writeChunks } from '@cardea/media';

const CHUNK_BYTES = 128;
const FRAME_MS = 40;
const HANDSHAKE_BYTES = 1_536;

/** A message as it stands on the wire, but for its time, which is patched in. */
interface Frame {
  readonly bytes: Uint8Array;
  readonly atMs: number;
}

/** A film as the RTMP messages of one publisher, made once for all of them. */
export interface RtmpFilm {
  readonly head: Uint8Array;
  readonly frames: readonly Frame[];
  readonly durationMs: number;
}

export async function readRtmpFilm(file: Uint8Array): Promise<RtmpFilm> {
  const film = await Mp4File.open(bytesReader(file));
  const muxer = new FlvMuxer(film.tracks);
  const message = (type: number, data: Uint8Array): Uint8Array =>
    writeChunks({ type, streamId: 1, timestampMs: 0, data }, { chunkStreamId: 4, chunkSizeBytes: CHUNK_BYTES });
  const frames: Frame[] = [];
  for (const { id } of film.tracks) {
    for (const index of film.samples(id).keys()) {
      const { head, data, type, timestampMs } = muxer.message(await film.readSample(id, index));
      frames.push({ bytes: message(type, Buffer.concat([head, data])), atMs: timestampMs });
    }
  }
  frames.sort((a, b) => a.atMs - b.atMs);
  const head = Buffer.concat(muxer.headers().map(({ type, data }) => message(type, data)));
  return { head, frames, durationMs: (frames.at(-1)?.atMs ?? 0) + FRAME_MS };
}

/** Publishes the film over and over, in its own time, until `signal` aborts. */
export async function publishFilm(film: RtmpFilm, address: string, signal: AbortSignal): Promise<void> {
  const socket = await openPublisher(new URL(address));
  signal.addEventListener('abort', () => socket.destroy(), { once: true });
  socket.write(film.head);
  const startedMs = performance.now();
  for (let round = 0; !signal.aborted; round += 1) {
    for (const { bytes, atMs } of film.frames) {
      const timeMs = round * film.durationMs + atMs;
      const waitMs = timeMs - (performance.now() - startedMs);
      if (waitMs > 1) await delay(waitMs, undefined, { signal }).catch(() => {});
      if (signal.aborted || socket.destroyed) return;
      const timed = bytes.slice();
      timed.set([timeMs >> 16, timeMs >> 8, timeMs], 1);
      socket.write(timed);
    }
  }
}

async function openPublisher(url: URL): Promise<Socket> {
  const [, app = '', key = ''] = /^\/([^/]*)\/(.*)$/.exec(url.pathname) ?? [];
  const client = await openRtmp(url, app);
  await client.call('NetStream.Publish.Start', 'publish', null, key + url.search, 'live');
  return client.socket;
}

/** A connection on which `connect` and `createStream` were answered. */
export async function openRtmp(
  url: URL,
  app: string,
): Promise<{ readonly socket: Socket; call(answer: string, name: string, ...values: readonly AmfValue[]): Promise<void> }> {
  const socket = connect(Number(url.port), url.hostname);
  socket.on('error', () => {});
  let text = '';
  const onData = (bytes: Buffer): void => {
    text += bytes.toString('latin1');
  };
  socket.on('data', onData);
  await once(socket, 'connect');
  const heard = async (answered: () => boolean): Promise<void> => {
    while (!answered()) await once(socket, 'data');
    text = '';
  };
  const call = async (answer: string, name: string, ...values: readonly AmfValue[]): Promise<void> => {
    socket.write(writeChunks(rtmpCommand({ name, transactionId: 1, values }), { chunkStreamId: 3, chunkSizeBytes: CHUNK_BYTES }));
    await heard(() => text.includes(answer));
  };
  socket.write(Uint8Array.of(3, ...new Uint8Array(HANDSHAKE_BYTES)));
  await heard(() => text.length >= 1 + 2 * HANDSHAKE_BYTES);
  socket.write(new Uint8Array(HANDSHAKE_BYTES));
  await call('_result', 'connect', { app, tcUrl: `rtmp://${url.host}/${app}` });
  await call('_result', 'createStream', null);
  return { socket, call };
}
