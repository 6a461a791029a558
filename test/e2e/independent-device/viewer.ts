import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { objectsAt, parseObject, textAt } from './json.ts';

/** Somebody who watches a live address with a plain WebSocket. */
export class Viewer {
  /** What came before the pictures. */
  mime = '';
  /** The init segment and the fragments, as they came. */
  readonly pieces: Buffer[] = [];
  private readonly socket: WebSocket;

  constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.pieces.push(data);
      else this.mime = textAt(parseObject(data.toString('utf8')), 'mime');
    });
  }

  /** Resolves once `count` pieces have come. @throws when the stream ends before */
  async received(count: number): Promise<void> {
    const over = new AbortController();
    this.socket.once('close', () => over.abort(new Error(`the stream ended after ${this.pieces.length} pieces`)));
    while (this.pieces.length < count) await once(this.socket, 'message', { signal: over.signal });
  }

  /** Resolves when the platform has ended the stream. */
  async ended(): Promise<void> {
    if (this.socket.readyState !== WebSocket.CLOSED) await once(this.socket, 'close');
  }
}

/** What a player decodes. */
export interface Played {
  readonly width: unknown;
  readonly height: unknown;
  readonly codec: unknown;
  readonly timesSec: readonly number[];
}

/** Plays `video` with ffprobe: every frame decoded, with its presentation time. @throws when ffprobe complains of anything */
export async function play(video: Buffer): Promise<Played> {
  const entries = 'stream=codec_name,width,height:frame=pts_time';
  const args = ['-v', 'error', '-show_frames', '-show_entries', entries, '-of', 'json', '-'];
  const output = await new Promise<string>((resolve, reject) => {
    const child = execFile('ffprobe', args, { maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error !== null || stderr !== '') reject(new Error(`ffprobe: ${stderr}`, { cause: error }));
      else resolve(stdout);
    });
    child.stdin?.end(video);
  });
  const probed = parseObject(output);
  const [stream = {}] = objectsAt(probed, 'streams');
  const timesSec = objectsAt(probed, 'frames').map(({ pts_time }) => Number(pts_time));
  return { width: stream.width, height: stream.height, codec: stream.codec_name, timesSec };
}
