import { once } from 'node:events';
import { WebSocket } from 'ws';

const TIMEOUT_MS = 20_000;

/** Watches a live address until `fragments` have come and returns everything as one fragmented MP4. */
export async function watch(url: string, fragments: number): Promise<{ readonly mime: string; readonly bytes: Buffer }> {
  const socket = new WebSocket(url);
  const parts: Buffer[] = [];
  let mime = '';
  const done = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) parts.push(data);
      else mime = (JSON.parse(data.toString('utf8')) as { mime: string }).mime;
      if (parts.length > fragments) resolve();
    });
  });
  try {
    await Promise.race([done, once(socket, 'close').then(() => Promise.reject(new Error('the stream ended early'))), timeout()]);
    return { mime, bytes: Buffer.concat(parts) };
  } finally {
    socket.close();
  }
}

function timeout(): Promise<never> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('no picture came')), { once: true }));
}
