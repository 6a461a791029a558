import { expect, type Locator } from '@playwright/test';

interface Sample {
  readonly time: number;
  /** Mean brightness, 0..255. */
  readonly brightness: number;
  /** Brightness of a grid of 32 x 18 points. */
  readonly points: readonly number[];
}

/** What a video element shows now, read back from its pixels. */
async function sample(video: Locator): Promise<Sample> {
  return await video.evaluate((element) => {
    if (!(element instanceof HTMLVideoElement)) throw new Error('not a video');
    const canvas = document.createElement('canvas');
    canvas.width = 32;
    canvas.height = 18;
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('no canvas');
    context.drawImage(element, 0, 0, 32, 18);
    const { data } = context.getImageData(0, 0, 32, 18);
    const points = Array.from({ length: 32 * 18 }, (_, index) => {
      const [red = 0, green = 0, blue = 0] = data.subarray(index * 4, index * 4 + 3);
      return (red + green + blue) / 3;
    });
    return { time: element.currentTime, brightness: points.reduce((sum, point) => sum + point, 0) / points.length, points };
  });
}

/** The picture plays, is not black, and shows something else a second later. */
export async function expectMovingPicture(video: Locator): Promise<void> {
  const timeout = 20_000;
  await expect.poll(async () => (await sample(video)).time, { message: 'the picture starts', timeout }).toBeGreaterThan(0.2);
  // A player that moves to another server begins anew, and has nothing to show for a moment.
  await expect.poll(async () => (await sample(video)).brightness, { message: 'not black', timeout }).toBeGreaterThan(20);
  const first = await sample(video);
  await expect.poll(async () => (await sample(video)).time, { message: 'time goes on', timeout }).toBeGreaterThan(first.time + 1);
  const later = await sample(video);
  const changed = later.points.filter((point, index) => Math.abs(point - (first.points[index] ?? 0)) > 4).length;
  expect(changed, 'points of the picture that changed').toBeGreaterThan(2);
}
