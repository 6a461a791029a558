import { once } from 'node:events';
import { Fmp4Splitter, parseFragment, parseInitSegment, type Track } from '@cardea/media';
import { WebSocket } from 'ws';

/** One picture as it came to a viewer. */
export interface ShownPicture {
  /** Its time in the media: Unix milliseconds of the recording. */
  readonly atMs: number;
  readonly key: boolean;
}

/** Somebody who watches a playback and notes the times of the pictures. */
export class PlaybackViewer implements AsyncDisposable {
  readonly pictures: ShownPicture[] = [];
  /** Why the connection ended, once it has. */
  closeReason: string | undefined;
  private readonly socket: WebSocket;
  private readonly received: Buffer[] = [];
  private tracks: readonly Track[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('close', (_code, reason) => {
      this.closeReason = reason.toString();
    });
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.take(data);
    });
  }

  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<PlaybackViewer> {
    const socket = new WebSocket(url, { headers });
    const viewer = new PlaybackViewer(socket);
    await once(socket, 'open');
    return viewer;
  }

  /** Everything that came, as one file. */
  get file(): Buffer {
    return Buffer.concat(this.received);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate();
  }

  private take(bytes: Buffer): void {
    this.received.push(bytes);
    if (bytes.subarray(4, 8).toString() === 'ftyp') {
      const [init] = new Fmp4Splitter().push(bytes);
      if (init !== undefined) this.tracks = parseInitSegment(init.bytes);
      return;
    }
    for (const { trackId, pts, keyframe } of parseFragment(bytes, this.tracks)) {
      const track = this.tracks.find(({ id }) => id === trackId);
      if (track?.kind === 'video') this.pictures.push({ atMs: Math.round((pts / track.timescale) * 1_000), key: keyframe });
    }
  }
}
