import { once } from 'node:events';
import { WebSocket } from 'ws';

export interface ReadOptions {
  /** Ends the view. */
  readonly signal: AbortSignal;
  /** Every piece of the body as it came, playlists left out. */
  readonly onBytes: (bytes: Uint8Array) => void;
}

/** Watches `url` as one form of live video until `signal`. Rejects when the platform ends or refuses it before. */
export type ReadForm = (url: string, options: ReadOptions) => Promise<void>;

/** The platform said no. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, what = '') {
    super(`status ${status} ${what}`.trimEnd());
    this.status = status;
  }
}

const readSocket: ReadForm = async (url, { signal, onBytes }) => {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on('message', (data: Buffer, isBinary) => isBinary && onBytes(data));
  const stop = (): void => socket.close();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  await once(socket, 'close').catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  signal.removeEventListener('abort', stop);
  if (!signal.aborted) throw new Error('the stream ended early');
};

const readBody: ReadForm = async (url, { signal, onBytes }) => {
  try {
    const { body, status } = await fetch(url, { signal });
    if (status !== 200) throw new Refused(status);
    for await (const chunk of body ?? []) onBytes(chunk);
    throw new Error('the stream ended early');
  } catch (error) {
    if (!signal.aborted) throw error;
  }
};

/** As a player does: the playlist that holds the next part, and that part while it is made. */
const readHls: ReadForm = async (url, { signal, onBytes }) => {
  let asked = '';
  const get = async (address: string | URL): Promise<Response> => {
    const response = await fetch(address, { signal });
    if (response.status !== 200) throw new Refused(response.status, new URL(address).pathname);
    return response;
  };
  try {
    for (;;) {
      const playlist = await (await get(url + asked)).text();
      const [, hinted = '', sequence, part] = /PRELOAD-HINT:TYPE=PART,URI="(part-(\d+)-(\d+)\.m4s[^"]*)"/.exec(playlist) ?? [];
      if (asked === '') {
        const [newest] = [...playlist.matchAll(/^(segment-.*)$/gm)].slice(-1);
        if (newest?.[1] !== undefined) onBytes(await (await get(new URL(newest[1], url))).bytes());
      }
      const next = await fetch(new URL(hinted, url), { signal });
      // What was announced does not come when the camera begins anew: the playlist tells what does.
      asked = next.status === 404 ? '' : `&_HLS_msn=${sequence}&_HLS_part=${part}`;
      if (next.status === 200) onBytes(await next.bytes());
      else if (next.status !== 404) throw new Refused(next.status);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
};

/** The forms a plain program can watch, by their name among the addresses of a live session. */
export const liveForms: Readonly<Record<'ws' | 'flv' | 'hls', ReadForm>> = { ws: readSocket, flv: readBody, hls: readHls };
