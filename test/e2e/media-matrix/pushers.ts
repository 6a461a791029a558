import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Fmp4Muxer } from '@cardea/media';
import { encodeMediaFrame, type ParamsOf, type pushLiveVideo, subprotocols } from '@cardea/protocol';
import { WebSocket } from 'ws';
import { type Film, sliceFilter } from './film.ts';
import { play, type SentAt } from './film-player.ts';

export type PushRequest = ParamsOf<typeof pushLiveVideo>;

export interface PushOptions {
  readonly deviceId: string;
  readonly signal: AbortSignal;
  /** Filled in as pictures leave. */
  readonly sentAt: SentAt;
}

/** Brings a film to where the platform wants it; resolves when `signal` aborts or the film is over. */
export type Pusher = (request: PushRequest, film: Film, options: PushOptions) => Promise<void>;

/** Carrier `wss-fmp4`, one fragment for each picture or frame of sound. */
export const pushOverWebSocket: Pusher = async ({ sessionId, channel, stream, target }, film, { deviceId, signal, sentAt }) => {
  const socket = new WebSocket(target.url, subprotocols.vm, { headers: { authorization: `Bearer ${target.token}` } });
  socket.on('error', () => {});
  await once(socket, 'open');
  const video = { codec: film.kind.video, width: film.width, height: film.height, fps: 25, kbps: 500, gopSec: 1 };
  const start = { type: 'start', sessionId, deviceId, channel, stream, kind: 'live', token: target.token, startAt: 0, video };
  socket.send(JSON.stringify(start));
  await once(socket, 'message');
  const muxer = new Fmp4Muxer(film.tracks);
  let seq = 0;
  let picture = 0;
  const send = (kind: 'init' | 'fragment', payload: Uint8Array): void => {
    if (socket.readyState === socket.OPEN) socket.send(encodeMediaFrame({ kind, key: false, track: 0, seq, payload }));
    seq += 1;
  };
  send('init', muxer.initSegment());
  await play(film, {
    signal,
    onUnit: (unit, track) => {
      if (track.kind === 'video') sentAt.set(picture++, performance.now());
      send('fragment', muxer.fragment([unit], seq));
    },
  });
  socket.terminate();
};

/** Carrier `rtmp`, as ffmpeg publishes it. */
export const pushOverRtmp: Pusher = async ({ target }, film, { signal, sentAt }) => {
  const media = ['-map', '0', '-c', 'copy', '-f', 'flv', target.url];
  const log = ['-map', '0:v', '-c', 'copy', '-bsf:v', sliceFilter[film.kind.video], '-flush_packets', '1', '-f', 'framemd5', 'pipe:1'];
  const ffmpeg = spawn('ffmpeg', ['-v', 'error', '-nostdin', '-re', '-i', film.path, ...media, ...log], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface(ffmpeg.stdout).on('line', (line) => {
    const picture = film.pictureByHash.get(line.split(',').at(-1)?.trim() ?? '');
    if (picture !== undefined) sentAt.set(picture, performance.now());
  });
  await ended(ffmpeg, signal);
};

async function ended(child: ChildProcess, signal: AbortSignal): Promise<void> {
  const stop = (): boolean => child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  await once(child, 'exit');
  signal.removeEventListener('abort', stop);
}
