import { CELL_STRIP, encodeFrameCells, FRAMES_PER_SECOND } from './frame-cells.ts';

/** What a camera burns into its picture: clock of the running minute and name in the corner viewers keep free, and the frame cells. */
export function drawOverlay(context: CanvasRenderingContext2D, frameIndex: number, scene: { id: number; name: string }): void {
  drawLabel(context, frameIndex / FRAMES_PER_SECOND, scene.name);
  drawCells(context, encodeFrameCells(frameIndex, scene.id));
}

function drawLabel(context: CanvasRenderingContext2D, secondOfMinute: number, name: string): void {
  context.save();
  context.translate(24, 24);
  context.font = '600 26px "DejaVu Sans", sans-serif';
  const nameWidth = context.measureText(name).width;
  context.fillStyle = 'rgba(12, 16, 22, 0.62)';
  context.beginPath();
  context.roundRect(0, 0, 208 + nameWidth + 22, 72, 14);
  context.fill();
  drawDial(context, secondOfMinute);
  context.textBaseline = 'middle';
  context.fillStyle = '#ffffff';
  context.fillText(name, 208, 37);
  context.font = '600 30px "DejaVu Sans Mono", monospace';
  context.fillText(`:${secondOfMinute.toFixed(2).padStart(5, '0')}`, 72, 37);
  context.restore();
}

function drawDial(context: CanvasRenderingContext2D, secondOfMinute: number): void {
  context.save();
  context.translate(40, 36);
  context.strokeStyle = 'rgba(255, 255, 255, 0.9)';
  context.lineWidth = 2.5;
  context.beginPath();
  context.arc(0, 0, 26, 0, 2 * Math.PI);
  context.stroke();
  context.lineWidth = 2;
  for (let tick = 0; tick < 12; tick += 1) {
    const angle = (tick * Math.PI) / 6;
    const inner = tick % 3 === 0 ? 18 : 21;
    context.beginPath();
    context.moveTo(inner * Math.sin(angle), -inner * Math.cos(angle));
    context.lineTo(23 * Math.sin(angle), -23 * Math.cos(angle));
    context.stroke();
  }
  context.rotate((secondOfMinute * Math.PI) / 30);
  context.strokeStyle = '#ffb14a';
  context.lineWidth = 3;
  context.lineCap = 'round';
  context.beginPath();
  context.moveTo(0, 6);
  context.lineTo(0, -20);
  context.stroke();
  context.fillStyle = '#ffb14a';
  context.beginPath();
  context.arc(0, 0, 3.5, 0, 2 * Math.PI);
  context.fill();
  context.restore();
}

function drawCells(context: CanvasRenderingContext2D, cells: readonly boolean[]): void {
  cells.forEach((cell, index) => {
    context.fillStyle = cell ? '#f4f4f4' : '#0c0c0c';
    context.fillRect(CELL_STRIP.left + index * CELL_STRIP.sizePx, CELL_STRIP.top, CELL_STRIP.sizePx, CELL_STRIP.sizePx);
  });
}
