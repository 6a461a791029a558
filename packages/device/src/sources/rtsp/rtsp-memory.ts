import { join } from 'node:path';
import { AudioCodec, AudioFormat, conforms, type StreamName, VideoFormat } from '@cardea/protocol';
import type { CameraAudio } from '../../camera.ts';
import { readFileIfPresent, writeFileDurably } from '../../state/durable-file.ts';
import type { StreamFacts } from './rtsp-survey.ts';

const FILE = 'rtsp.json';

interface Remembered {
  /** Without user and password; facts of another address say nothing. */
  readonly url: string;
  readonly facts: StreamFacts;
}

/** What the streams of a camera were when it was last seen, so that a device comes up while its camera does not. */
export class RtspMemory {
  private readonly path: string;
  private readonly entries = new Map<StreamName, Remembered>();

  private constructor(path: string) {
    this.path = path;
  }

  /** What cannot be read is forgotten: the camera tells again. */
  static async open(stateDirectory: string): Promise<RtspMemory> {
    const memory = new RtspMemory(join(stateDirectory, FILE));
    const members = membersOf(parse((await readFileIfPresent(memory.path)) ?? ''));
    for (const name of ['main', 'sub'] as const) {
      const { url, ...rest } = membersOf(members[name]);
      const facts = decode(rest);
      if (typeof url === 'string' && facts !== undefined) memory.entries.set(name, { url, facts });
    }
    return memory;
  }

  recall(name: StreamName, url: string): StreamFacts | undefined {
    const entry = this.entries.get(name);
    return entry?.url === url ? entry.facts : undefined;
  }

  note(name: StreamName, url: string, facts: StreamFacts): void {
    this.entries.set(name, { url, facts });
  }

  async save(): Promise<void> {
    const entries = [...this.entries].map(([name, { url, facts }]) => [name, { url, ...facts }]);
    await writeFileDurably(this.path, JSON.stringify(Object.fromEntries(entries)));
  }
}

function decode({ video, audio, gopSec }: Readonly<Record<string, unknown>>): StreamFacts | undefined {
  if (!conforms(VideoFormat, video) || typeof gopSec !== 'number') return undefined;
  return { video, gopSec, ...(isCameraAudio(audio) && { audio }) };
}

function isCameraAudio(value: unknown): value is CameraAudio {
  return conforms(AudioFormat, value) && conforms(AudioCodec, value.codec);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
