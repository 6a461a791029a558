import { FRAMES_PER_SECOND } from './frame-cells.ts';
import { drawOverlay } from './overlay.ts';

const SCENES = { 'front-door': { id: 1, name: 'Front door', hue: 30 }, garden: { id: 2, name: 'Garden', hue: 110 } } as const;

const name = new URLSearchParams(location.search).get('scene') === 'garden' ? 'garden' : 'front-door';
const scene = SCENES[name];
const canvas = document.querySelector('canvas') as HTMLCanvasElement;
const context = canvas.getContext('2d') as CanvasRenderingContext2D;

function paint(frameIndex: number): void {
  const phase = (frameIndex / FRAMES_PER_SECOND / 60) * 2 * Math.PI;
  const sky = context.createLinearGradient(0, 0, 0, 720);
  sky.addColorStop(0, `hsl(${scene.hue + 180} 50% 70%)`);
  sky.addColorStop(0.5, `hsl(${scene.hue} 50% 80%)`);
  sky.addColorStop(0.51, `hsl(${scene.hue} 35% 40%)`);
  sky.addColorStop(1, `hsl(${scene.hue} 35% 30%)`);
  context.fillStyle = sky;
  context.fillRect(0, 0, 1280, 720);
  for (let ball = 0; ball < 5; ball += 1) {
    const turn = phase * (ball * 4 + 10) + ball;
    context.fillStyle = `hsl(${scene.hue + ball * 40} 60% ${40 + ball * 8}%)`;
    context.beginPath();
    context.ellipse(640 + 200 * ball * Math.cos(turn), 400 + 30 * ball * Math.sin(turn), 40, 40, 0, 0, 2 * Math.PI);
    context.fill();
  }
  drawOverlay(context, frameIndex, scene);
}

async function renderFrames(from: number, to: number, quality: number): Promise<void> {
  for (let frameIndex = from; frameIndex < to; frameIndex += 1) {
    paint(frameIndex);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality));
    await fetch(`/frames/${frameIndex}`, { method: 'POST', body: blob });
  }
}

Object.assign(globalThis, { renderFrames });
