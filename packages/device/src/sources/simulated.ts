import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Clock, hasStatus, type Logger } from '@cardea/core';
import type { Camera, CameraStream, Picture, PictureRequest, ReadOptions } from '../camera.ts';
import { SimulatedBattery, type SimulatedBatteryOptions } from '../power/simulated-battery.ts';
import { Clip } from './clip.ts';
import { playClipLoop } from './clip-loop.ts';
import { grabFrame } from './frame-grab.ts';
import { openHead } from './head-memory.ts';
import { createSimulatedSpeaker } from './simulated-speaker.ts';

export type Scene = 'front-door' | 'garden';

export interface SimulatedCameraOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** What it sees. */
  readonly scene?: Scene;
  /** Opened once for many cameras; stays the caller's. */
  readonly clips?: SceneClips;
  /** Tells one simulated camera from another. */
  readonly serial?: string;
  /** Runs on a battery, as these options say, and not on mains. */
  readonly battery?: boolean | Omit<SimulatedBatteryOptions, 'clock'>;
  /** Where the presets of the head are kept, and what was said last; absent: they are lost at the end. */
  readonly stateDirectory?: string;
}

interface SceneStreams {
  readonly main: Clip;
  readonly sub: Clip;
}

/** The recorded scenes, each opened once at the most. */
export class SceneClips implements AsyncDisposable {
  private readonly opened = new Map<Scene, Promise<SceneStreams>>();

  /** @throws AppError as `Clip.open` */
  of(scene: Scene): Promise<SceneStreams> {
    const known = this.opened.get(scene) ?? openScene(scene);
    this.opened.set(scene, known);
    return known;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opening of await Promise.allSettled(this.opened.values())) {
      if (opening.status === 'fulfilled')
        await Promise.all([opening.value.main[Symbol.asyncDispose](), opening.value.sub[Symbol.asyncDispose]()]);
    }
  }
}

async function openScene(scene: Scene): Promise<SceneStreams> {
  const [main, sub] = await Promise.all([Clip.open(assetPath(`${scene}-main.mp4`)), Clip.open(assetPath(`${scene}-sub.mp4`))]);
  return { main, sub };
}

const sceneNames: Record<Scene, string> = { 'front-door': 'Front door', garden: 'Garden' };
const FIRMWARE = '1.0.0';

/**
 * A camera without hardware: it plays a drawn scene lined up with the UTC minute, in two sizes and with sound, takes
 * pictures, and has a head that moves. Everything it sends is real H.264 and AAC.
 */
export async function createSimulatedCamera(options: SimulatedCameraOptions): Promise<Camera> {
  const scene = options.scene ?? 'front-door';
  const library = options.clips ?? new SceneClips();
  const clips = await library.of(scene);
  const { main, sub } = clips;
  return {
    about: {
      vendor: 'Cardea',
      model: 'Simulated camera',
      productId: 'cardea-simulated',
      serial: options.serial ?? scene,
      hardware: 'none',
      firmware: FIRMWARE,
    },
    channels: [
      {
        channel: 1,
        name: sceneNames[scene],
        streams: [streamOf('main', main), streamOf('sub', sub)],
        takePicture: (request, readOptions) => takePicture(request, clips[request.stream === 'sub' ? 'sub' : 'main'], scene, readOptions),
        head: await openHead(options),
        speaker: createSimulatedSpeaker(options),
        detections: ['motion', 'person', 'vehicle', 'pet', 'package', 'sound'],
      },
    ],
    ...powerOf(options),
    [Symbol.asyncDispose]: async () => {
      if (options.clips === undefined) await library[Symbol.asyncDispose]();
    },
  };
}

function powerOf({ battery = false, clock }: SimulatedCameraOptions): Pick<Camera, 'power' | 'setPowerUse'> {
  if (battery === false) return { power: () => ({ present: false, source: 'mains' }) };
  const simulated = new SimulatedBattery({ clock, ...(battery !== true && battery) });
  return { power: () => simulated.state(), setPowerUse: (use) => simulated.setUse(use) };
}

function streamOf(name: 'main' | 'sub', clip: Clip): CameraStream {
  return {
    name,
    video: clip.video,
    gopSec: clip.gopSec,
    ...(clip.audio && { audio: clip.audio }),
    read: (receiver, readOptions) => playClipLoop(clip, receiver, readOptions, { alignToClock: true }),
  };
}

async function takePicture(request: PictureRequest, clip: Clip, scene: Scene, { clock, signal }: ReadOptions): Promise<Picture> {
  const capturedAt = clock.now();
  const { width, height, quality } = request;
  try {
    const jpeg = await grabFrame({ path: clip.path, atMs: capturedAt % clip.durationMs, width, height, quality }, { clock, signal });
    return { jpeg, capturedAt };
  } catch (error) {
    // Without ffmpeg a still of the scene stands in; it shows the scene but not the moment.
    if (hasStatus(error, 'CAPTURE_FAILED') && !signal.aborted) return { jpeg: await readFile(assetPath(`${scene}.jpg`)), capturedAt };
    throw error;
  }
}

function assetPath(name: string): string {
  // By the name of the package, since the bundle of the command is elsewhere.
  return fileURLToPath(new URL(`../assets/${name}`, import.meta.resolve('@cardea/device')));
}
