import { expect, test } from '@playwright/test';
import { type HomeWithCamera, startHomeWithCamera } from '../support/home-with-camera.ts';
import { playHls } from './hls-page.ts';
import { expectMovingPicture } from './moving-picture.ts';

let home: HomeWithCamera;

test.beforeAll(async () => {
  home = await startHomeWithCamera();
});

test.afterAll(async () => {
  await home?.[Symbol.asyncDispose]();
});

test('a player that knows only the address shows a moving picture about a second behind the camera', async ({ page }) => {
  const { owner, deviceId } = home;
  const { urls } = await owner.client.call('live.create', { params: { id: deviceId }, body: { channel: 1, stream: 'main' } });
  const openedAt = performance.now();
  await playHls(page, urls.hls ?? '', { lowLatencyMode: true, maxLiveSyncPlaybackRate: 1.5 });
  await expectMovingPicture(page.locator('video'));
  const shown = await page.evaluate(() => {
    const { hls, faults } = window;
    const holdBackSec = hls.latestLevelDetails?.partHoldBack;
    return { latencySec: hls.latency, holdBackSec, behindMs: Date.now() - (hls.playingDate?.getTime() ?? 0), faults };
  });
  process.stdout.write(`moving after ${Math.round(performance.now() - openedAt)} ms; ${JSON.stringify(shown)}\n`);
  expect(shown.holdBackSec).toBeLessThan(1);
  expect(shown.faults).toEqual([]);
});
