import { FRAMES_PER_LOOP, FRAMES_PER_SECOND } from './frame-cells.ts';
import { frontDoor } from './front-door.ts';
import { garden } from './garden.ts';
import { drawLens } from './lens.ts';
import { Mesh } from './mesh.ts';
import { drawOverlay } from './overlay.ts';
import { Renderer } from './renderer.ts';

const scene = new URLSearchParams(location.search).get('scene') === 'garden' ? garden : frontDoor;
const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 });
document.body.append(canvas);
const context = canvas.getContext('2d');
if (context === null) throw new Error('this browser draws no canvas');
const still = new Mesh();
scene.buildStill(still);
const renderer = new Renderer({ width: canvas.width, height: canvas.height }, still, scene.view, scene.daylight);
const moving = new Mesh();

function paint(target: CanvasRenderingContext2D, frameIndex: number): void {
  moving.clear();
  scene.buildMoving(moving, frameIndex / FRAMES_PER_SECOND);
  renderer.draw(moving, (2 * Math.PI * frameIndex) / FRAMES_PER_LOOP);
  target.drawImage(renderer.canvas, 0, 0);
  drawLens(target);
  drawOverlay(target, frameIndex, scene);
}

/** Draws frames `from` up to but not including `to` and posts each as JPEG to the script that opened the page. */
async function renderFrames(target: CanvasRenderingContext2D, from: number, to: number, quality: number): Promise<void> {
  for (let frameIndex = from; frameIndex < to; frameIndex += 1) {
    paint(target, frameIndex);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality));
    await fetch(`/frames/${frameIndex}`, { method: 'POST', body: blob });
  }
}

Object.assign(globalThis, { renderFrames: (from: number, to: number, quality: number) => renderFrames(context, from, to, quality) });
