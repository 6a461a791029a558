import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encodeG711, Fmp4Splitter, type G711Law, parseFragment, parseInitSegment } from '@cardea/media';
import { WebSocket } from 'ws';

/** In the state directory of a simulated camera. */
export const HEARD_FILE = 'heard.mp4';

const run = promisify(execFile);
const SAMPLE_RATE = 8_000;
const FRAME_SAMPLES = 160;

/** Somebody at the microphone, on the address of a talk. */
export class Talker implements Disposable {
  /** What the platform said, newest last. */
  readonly states: string[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  private readonly socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    socket.on('message', (data: Buffer) => this.states.push(JSON.parse(data.toString()).state));
  }

  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Talker> {
    const socket = new WebSocket(url, { headers });
    const talker = new Talker(socket);
    await once(socket, 'open');
    return talker;
  }

  /** Hums a tone of `hertz` for as many frames of 20 ms. */
  hum(law: G711Law, hertz: number, frames: number): void {
    for (let frame = 0; frame < frames; frame += 1) {
      const tone = Int16Array.from({ length: FRAME_SAMPLES }, (_, index) => {
        const seconds = (frame * FRAME_SAMPLES + index) / SAMPLE_RATE;
        return Math.round(10_000 * Math.sin(2 * Math.PI * hertz * seconds));
      });
      this.socket.send(encodeG711(law, tone));
    }
  }

  /** Says what is coded already, a frame of 20 ms. */
  say(frame: Uint8Array): void {
    this.socket.send(frame);
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}

/** A tone of `hertz` in Opus, in as many frames of 20 ms. */
export async function opusTone(hertz: number, frames: number): Promise<readonly Uint8Array[]> {
  const tone = ['-f', 'lavfi', '-i', `sine=frequency=${hertz}:sample_rate=48000`, '-frames:a', `${frames}`];
  const fragmented = ['-f', 'mp4', '-movflags', 'empty_moov+default_base_moof', '-'];
  const coded = await run('ffmpeg', ['-v', 'error', ...tone, '-c:a', 'libopus', ...fragmented], { encoding: 'buffer' });
  const [init, ...fragments] = new Fmp4Splitter().push(coded.stdout);
  const tracks = parseInitSegment(init?.bytes ?? new Uint8Array());
  return fragments.flatMap(({ bytes }) => parseFragment(bytes, tracks)).map(({ data }) => data);
}

/** What a simulated loudspeaker kept of the last talk. */
export interface Heard {
  /** As ffprobe calls it. */
  readonly codec: string;
  readonly durationMs: number;
  /** Of the strongest tone, to 10 Hz. */
  readonly hertz: number;
}

/** Reads what the camera with this state directory heard last; `undefined` before its first talk is over. */
export async function heardBy(stateDirectory: string): Promise<Heard | undefined> {
  const path = join(stateDirectory, HEARD_FILE);
  if (!existsSync(path)) return undefined;
  const probed = await run('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', path]);
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', path, '-f', 's16le', '-ar', `${SAMPLE_RATE}`, '-'], { encoding: 'buffer' });
  const samples = Array.from({ length: stdout.length / 2 }, (_, index) => stdout.readInt16LE(2 * index));
  const tones = Array.from({ length: 200 }, (_, index) => 10 * (index + 1));
  const strengths = tones.map((hertz) => strengthOf(samples, hertz));
  return {
    codec: probed.stdout.trim(),
    durationMs: (samples.length / SAMPLE_RATE) * 1_000,
    hertz: tones[strengths.indexOf(Math.max(...strengths))] ?? 0,
  };
}

/** How much of a tone is in the samples. */
function strengthOf(samples: readonly number[], hertz: number): number {
  let sine = 0;
  let cosine = 0;
  for (const [index, sample] of samples.entries()) {
    const angle = (2 * Math.PI * hertz * index) / SAMPLE_RATE;
    sine += sample * Math.sin(angle);
    cosine += sample * Math.cos(angle);
  }
  return sine ** 2 + cosine ** 2;
}
