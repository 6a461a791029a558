import { WebSocket } from 'ws';

/** A viewer as a browser is one: it opens an address and keeps what comes. */
export class WsViewer {
  readonly texts: string[] = [];
  readonly binaries: Buffer[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  readonly socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer, isBinary) => (isBinary ? this.binaries.push(data) : this.texts.push(String(data))));
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) };
    });
  }

  /** @throws the HTTP status as an Error when the upgrade is refused */
  static async open(url: string, { bearer }: { readonly bearer?: string } = {}): Promise<WsViewer> {
    const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
    const socket = new WebSocket(url, { headers, perMessageDeflate: true });
    const viewer = new WsViewer(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('unexpected-response', (_, { statusCode }) => reject(new Error(String(statusCode))));
      socket.once('error', reject);
    });
    return viewer;
  }

  /** Everything received as one fragmented MP4. */
  get media(): Buffer {
    return Buffer.concat(this.binaries);
  }

  close(): void {
    this.socket.close();
  }
}

/** Lets sockets work until `holds`; fails after five seconds. Other programs may take longer to start. */
export async function until(holds: () => boolean, withinMs = 5_000): Promise<void> {
  const startedAt = performance.now();
  while (!holds()) {
    if (performance.now() - startedAt > withinMs) throw new Error(`waited in vain until ${String(holds)}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
