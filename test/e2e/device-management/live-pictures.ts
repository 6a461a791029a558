import { once } from 'node:events';
import { WebSocket } from 'ws';

const TIMEOUT_MS = 20_000;

/** Somebody who watches a live address. */
export interface LivePictures extends AsyncDisposable {
  /** Resolves when `count` more fragments have come. @throws Error when the stream ends before, or after 20 s */
  pictures(count: number): Promise<void>;
}

export async function openViewer(url: string, headers: Readonly<Record<string, string>> = {}): Promise<LivePictures> {
  const socket = new WebSocket(url, { headers: { ...headers } });
  await once(socket, 'open');
  let came = 0;
  const listeners = new Set<() => void>();
  socket.on('message', (_data, isBinary) => {
    if (isBinary) came += 1;
    for (const listener of listeners) listener();
  });
  return {
    pictures: (count) => {
      const wanted = came + count;
      return new Promise<void>((resolve, reject) => {
        const end = (error?: Error): void => {
          listeners.delete(check);
          socket.off('close', closed);
          timeout.removeEventListener('abort', late);
          if (error === undefined) resolve();
          else reject(error);
        };
        const check = (): void => void (came >= wanted && end());
        const closed = (): void => end(new Error('the stream ended early'));
        const late = (): void => end(new Error('no picture came'));
        const timeout = AbortSignal.timeout(TIMEOUT_MS);
        timeout.addEventListener('abort', late, { once: true });
        socket.once('close', closed);
        listeners.add(check);
      });
    },
    [Symbol.asyncDispose]: async () => {
      socket.terminate();
    },
  };
}
