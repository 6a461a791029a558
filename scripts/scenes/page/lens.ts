import { createSequence } from './math3d.ts';

const GRAIN_SIZE_PX = 256;
let grain: CanvasPattern | undefined;

/** Darkens the corners and lays the fixed grain of a sensor over the picture; fixed, because changing grain would cost most of the bit rate. */
export function drawLens(context: CanvasRenderingContext2D): void {
  const { width, height } = context.canvas;
  context.save();
  const shade = context.createRadialGradient(width / 2, height / 2, height * 0.45, width / 2, height / 2, width * 0.62);
  shade.addColorStop(0, 'rgba(0, 0, 0, 0)');
  shade.addColorStop(1, 'rgba(0, 0, 8, 0.34)');
  context.fillStyle = shade;
  context.fillRect(0, 0, width, height);
  grain ??= createGrain(context);
  context.globalCompositeOperation = 'overlay';
  context.globalAlpha = 0.1;
  context.fillStyle = grain;
  context.fillRect(0, 0, width, height);
  context.restore();
}

function createGrain(context: CanvasRenderingContext2D): CanvasPattern {
  const next = createSequence(9);
  const pixels = new ImageData(GRAIN_SIZE_PX, GRAIN_SIZE_PX);
  for (let offset = 0; offset < pixels.data.length; offset += 4) {
    pixels.data.fill(128 + 90 * (next() + next() - 1), offset, offset + 3);
    pixels.data[offset + 3] = 255;
  }
  const tile = Object.assign(document.createElement('canvas'), { width: GRAIN_SIZE_PX, height: GRAIN_SIZE_PX });
  tile.getContext('2d')?.putImageData(pixels, 0, 0);
  const pattern = context.createPattern(tile, 'repeat');
  if (pattern === null) throw new Error('no pattern');
  return pattern;
}
