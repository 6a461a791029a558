import { expect, test } from '@playwright/test';
import { eventually } from '../e2e/eventually.ts';
import { type HomeWithCamera, startHomeWithCamera } from '../support/home-with-camera.ts';
import { playHls } from './hls-page.ts';
import { expectMovingPicture } from './moving-picture.ts';

const LONGEST_KEY_FRAME_INTERVAL_MS = 2_000;

let home: HomeWithCamera;

test.beforeAll(async () => {
  home = await startHomeWithCamera();
});

test.afterAll(async () => {
  await home?.[Symbol.asyncDispose]();
});

/** Records for a few seconds, and nothing else; resolves with the segment that is stored. */
async function recordShortly(count: number) {
  const { owner, deviceId } = home;
  await owner.client.command(deviceId, 'record.start', { channel: 1, target: 'cloud', durationSec: 5, reason: 'manual' });
  return await eventually('a stored segment', async () => {
    const { items } = await owner.client.call('segment.list', { params: { id: deviceId } });
    const manual = items.filter(({ kind, stream }) => kind === 'manual' && stream === 'main');
    return manual.length >= count ? manual.at(-1) : undefined;
  });
}

test('a recording plays on over a gap, at the times it was recorded', async ({ page }) => {
  const { owner, deviceId } = home;
  await owner.client.command(deviceId, 'config.set', { channel: 1, patch: { 'record.cloud.mode': 'off' } });
  const first = await recordShortly(1);
  await expect
    .poll(() => Date.now(), { message: 'a key frame after the end of the first' })
    .toBeGreaterThan(first.endAt + LONGEST_KEY_FRAME_INTERVAL_MS + 1_000);
  const second = await recordShortly(2);
  expect(second.startAt - first.endAt).toBeGreaterThan(500);
  const range = { channel: 1, from: first.startAt, to: second.endAt };
  const { urls } = await owner.client.call('vod.create', { params: { id: deviceId }, body: range });
  await playHls(page, urls.hls);
  await expectMovingPicture(page.locator('video'));
  const shown = (): Promise<number> => page.evaluate(() => window.hls.playingDate?.getTime() ?? 0);
  await expect.poll(shown, { message: 'the time after the gap', timeout: 20_000 }).toBeGreaterThan(second.startAt + 1_000);
  expect(await page.evaluate(() => window.faults)).toEqual([]);
});
