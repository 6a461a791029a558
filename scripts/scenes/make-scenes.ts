import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Cue, synthesizeAmbience } from './ambience.ts';
import { FRONT_DOOR_CUES, GARDEN_CUES } from './cues.ts';
import { encodeLoopedSound, encodeRendition, type Rendition } from './encode.ts';
import { renderFrames } from './frame-renderer.ts';
import { FRAMES_PER_LOOP, FRAMES_PER_SECOND } from './page/frame-cells.ts';

const ASSETS = fileURLToPath(new URL('../../packages/device/assets/', import.meta.url));
const RENDITIONS: Readonly<Record<string, Rendition>> = {
  main: { width: 1280, height: 720, level: '3.1', bitrateKbps: 600 },
  sub: { width: 640, height: 360, level: '3.0', bitrateKbps: 170 },
};

const SCENES: Readonly<Record<string, { seed: number; cues: readonly Cue[]; posterSecond: number }>> = {
  'front-door': { seed: 1, posterSecond: 18.8, cues: FRONT_DOOR_CUES },
  garden: { seed: 2, posterSecond: 43, cues: GARDEN_CUES },
};

const { values } = parseArgs({
  options: {
    scene: { type: 'string', multiple: true, default: Object.keys(SCENES) },
    stills: { type: 'string', multiple: true, default: [] },
    work: { type: 'string' },
  },
});
const work = values.work ?? (await mkdtemp(join(tmpdir(), 'scenes-')));
await mkdir(work, { recursive: true });
for (const name of values.scene) await (values.stills.length > 0 ? drawStills(name, values.stills.map(Number)) : makeScene(name));
if (values.work === undefined) await rm(work, { recursive: true });

async function makeScene(name: string): Promise<void> {
  const scene = SCENES[name];
  if (scene === undefined) throw new Error(`no scene is called ${name}`);
  const framesPath = join(work, `${name}.mjpeg`);
  const soundPath = join(work, `${name}.aac`);
  await drawLoop(name, framesPath);
  await encodeLoopedSound(synthesizeAmbience(scene.seed, scene.cues), soundPath);
  for (const [suffix, rendition] of Object.entries(RENDITIONS)) {
    const file = `${name}-${suffix}.mp4`;
    await encodeRendition(framesPath, soundPath, rendition, join(work, file));
    await copyFile(join(work, file), join(ASSETS, file));
  }
  await drawPoster(name, scene.posterSecond);
}

async function drawLoop(name: string, path: string): Promise<void> {
  const file = createWriteStream(path);
  const onFrame = async (jpeg: Buffer, frameIndex: number): Promise<void> => {
    if (!file.write(jpeg)) await once(file, 'drain');
    if (frameIndex % 100 === 0) console.log(`${name}: frame ${frameIndex} of ${FRAMES_PER_LOOP}`);
  };
  await renderFrames({ sceneName: name, from: 0, to: FRAMES_PER_LOOP, quality: 0.95, onFrame });
  file.end();
  await finished(file);
}

async function drawPoster(name: string, second: number): Promise<void> {
  const from = Math.round(second * FRAMES_PER_SECOND);
  await renderFrames({
    sceneName: name,
    from,
    to: from + 1,
    quality: 0.66,
    onFrame: (jpeg) => writeFile(join(ASSETS, `${name}.jpg`), jpeg),
  });
}

async function drawStills(name: string, seconds: readonly number[]): Promise<void> {
  for (const second of seconds) {
    const from = Math.round(second * FRAMES_PER_SECOND);
    const onFrame = (jpeg: Buffer): Promise<void> => writeFile(join(work, `${name}-${second}.jpg`), jpeg);
    await renderFrames({ sceneName: name, from, to: from + 1, quality: 0.95, onFrame });
  }
}
