import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { CardeaProcess } from '../e2e/cardea-process.ts';
import { eventually } from '../e2e/eventually.ts';
import { setUpOwner } from '../e2e/owner.ts';
import { makeFilm } from '../support/film.ts';
import { recorded, SegmentDevice } from '../support/segment-device.ts';
import { expectMovingPicture } from './moving-picture.ts';

const PIECE_SEC = 10;
const PIECES = 12;
/** Of the second camera these are missing, counted from the newest. */
const MISSING = [9, 10, 11];
const HOUR_MS = 3_600_000;

test('recordings of several cameras play on one clock, wait for each other over gaps, and show small pictures to find a moment', async ({
  page,
}) => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-timeline-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const platform = stack.use(
    new CardeaProcess(['serve', '--data', join(directory, 'data'), '--listen', '127.0.0.1:0', '--log-level', 'error']),
  );
  const owner = await setUpOwner(platform);
  const film = recorded(await makeFilm({ seconds: PIECE_SEC, kbps: 300 }), PIECE_SEC * 1_000);
  let gapAt = 0;
  for (const missing of [[], MISSING]) {
    using device = await SegmentDevice.bind(owner);
    for (let piece = 0; piece < PIECES; piece += 1) {
      if (missing.includes(piece)) gapAt = device.announcement(film).startAt;
      else await device.store(film);
    }
  }
  await eventually('two cameras', async () => {
    const { items } = await owner.client.call('device.list');
    return items.filter(({ channels }) => channels.length === 1).length === 2 ? true : undefined;
  });

  await page.goto(`${owner.url}/timeline`);
  await page.getByLabel('E-mail').fill('owner@example.org');
  await page.getByLabel(/^Password/).fill('correct horse battery');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('link', { name: 'Timeline' }).click();
  const videos = page.locator('video');
  await expect(videos).toHaveCount(2);
  await page.getByRole('button', { name: 'Play' }).click();
  for (const index of [0, 1]) await expectMovingPicture(videos.nth(index));

  // Where one has nothing it says so, and the other one goes on.
  const slider = page.getByRole('slider', { name: 'Time on show' }).first();
  await slider.fill(String(Math.floor((gapAt % HOUR_MS) / 1_000) + 3));
  await expect(page.getByText('Nothing was recorded here.')).toHaveCount(1, { timeout: 20_000 });
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect.poll(() => videos.evaluateAll((all) => all.every((video) => (video as HTMLVideoElement).paused))).toBe(true);

  const band = page.getByRole('slider', { name: 'Time on show' }).first();
  const box = await band.boundingBox();
  const part = (Number(await band.inputValue()) + 20) / 3_600;
  await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) * part, (box?.y ?? 0) + 10);
  const picture = page.locator('output img').first();
  await expect
    .poll(() => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth), { timeout: 15_000 })
    .toBeGreaterThanOrEqual(160);
});
